"""The examples as data: what each builds, and what every binary must be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

LinkMode = Literal["static", "mostly_static", "dynamic"]

GLIBC_LOADER = "/lib64/ld-linux-x86-64.so.2"
GLIBC_FAMILY = frozenset(
    (
        "libc.so.6",
        "libm.so.6",
        "libpthread.so.0",
        "libdl.so.2",
        "librt.so.1",
        "libresolv.so.2",
        "ld-linux-x86-64.so.2",
    )
)


def musl_loader(cpu: str) -> str:
    """Return the path that a musl binary names as its interpreter."""
    return f"/lib/ld-musl-{cpu}.so.1"


@dataclass(frozen=True)
class Binary:
    """One link_mode_binary of an example, and what it must be whatever linkmode says of it."""

    label: str
    mode: LinkMode
    target: str

    @property
    def path(self) -> str:
        """Where Bazel leaves it, from the workspace."""
        package, _, name = self.label.removeprefix("//").partition(":")
        return "/".join(filter(None, ("bazel-bin", package, name)))

    @property
    def cpu(self) -> str:
        return self.target.partition("-")[0]

    @property
    def glibc(self) -> tuple[int, ...] | None:
        """The newest glibc that it may ask for; None with musl."""
        libc = self.target.rpartition("-")[2]
        return tuple(map(int, libc.removeprefix("gnu.").split("."))) if libc.startswith("gnu") else None

    @property
    def interpreter(self) -> str | None:
        if self.mode == "static":
            return None
        return GLIBC_LOADER if self.glibc else musl_loader(self.cpu)

    @property
    def libc_family(self) -> frozenset[str]:
        """The sonames that mostly_static may need."""
        return GLIBC_FAMILY if self.glibc else frozenset(("libc.so",))


@dataclass(frozen=True)
class Case:
    """One folder of examples/, and in ``example`` its name where the case is another one.

    ``sources`` are the options of `linkmode lock --source` where only package indexes can be reached; ``pins`` the
    archives of ../shared/toolchains to lock in place of a family that no index carries. ``files`` are what the program
    reads, placed in the root of the sandboxes it runs in. ``prints`` is a regular expression for what it prints, and
    ``runs`` names the targets that `bazel run` starts.
    """

    name: str
    binaries: tuple[Binary, ...]
    prints: str
    sources: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    example: str = ""

    @property
    def folder(self) -> str:
        return self.example or self.name


def _modes(prefix: str, targets: Mapping[LinkMode, str]) -> tuple[Binary, ...]:
    return tuple(Binary(prefix + mode, mode, target) for mode, target in targets.items())


_X86_MUSL, _ARM_MUSL = "x86_64-linux-musl", "aarch64-linux-musl"

_C_ZLIB = Case(
    name="c_zlib",
    binaries=(
        *_modes("//:pack_as_", dict.fromkeys(("static", "mostly_static", "dynamic"), _X86_MUSL)),
        Binary("//:pack_static_pie", "static", _X86_MUSL),
        *_modes("//aarch64:pack_", dict.fromkeys(("static", "mostly_static", "dynamic"), _ARM_MUSL)),
    ),
    prints=r"\d+ bytes, \d+ packed, crc32 [0-9a-f]{8}, zlib 1\.3\.\d: the same after unpacking\n",
    sources=("zlib=pypi",),
    pins=("x86_64-linux-musl-cross.tgz", "aarch64-linux-musl-cross.tgz"),
    files=("data/modes.txt",),
    runs=("//:pack_run", "//:pack_as_static"),
)

_CPP_ZIG = Case(
    name="cpp_zig",
    binaries=(
        Binary("//:census_as_static", "static", _X86_MUSL),
        Binary("//:census_as_mostly_static", "mostly_static", "x86_64-linux-gnu.2.17"),
        Binary("//:census_as_dynamic", "dynamic", "x86_64-linux-gnu.2.28"),
        Binary("//aarch64:census_static", "static", _ARM_MUSL),
    ),
    prints=r"6000 words, 3 different\ncaught from a thread: control character 1 in a word\n",
    sources=("zig=pypi",),
    runs=("//:census_as_mostly_static",),
)

# The same program by musl.cc's other kind of archive, whose tools have no prefix.
_C_ZLIB_NATIVE = replace(
    _C_ZLIB,
    name="c_zlib_native",
    example="c_zlib",
    pins=("x86_64-linux-musl-native.tgz", "aarch64-linux-musl-cross.tgz"),
)

CASES = {case.name: case for case in (_C_ZLIB, _CPP_ZIG, _C_ZLIB_NATIVE)}

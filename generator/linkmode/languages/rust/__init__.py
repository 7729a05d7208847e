"""Rust: a compiler for each exec platform, and a standard library (std) for each target, prebuilt or from its sources.

The compiler comes as one archive (``rustc``), or as the parts of one with what unpacks them (``sysroot``, ``zstd``).
Macros are compiled for the compiler's own triple, so its std is needed as well (``host-std``).
"""

from collections.abc import Mapping, Sequence

from linkmode.languages.part import Part
from linkmode.model.components import Layout, Lines, first_two, releases
from linkmode.model.values import ExecPlatform, Pin, Target


class Rust:
    """Which targets are possible depends on the std that there is for them."""

    name = "rust"
    also_called = ("cargo", "rustc")
    marks = ("Cargo.toml",)
    folder = "rust"
    layouts: Mapping[str, Layout] = {
        word: Layout("rust_archive.bzl", macro)
        for word, macro in (
            ("rust-src", "rust_src_archive"),
            ("rust-std", "rust_std_archive"),
            ("rust-sysroot", "rust_part_archive"),
            ("rustc", "rustc_archive"),
            ("rustc-libc", "rustc_libc_archive"),
            ("zstd", "zstd_archive"),
        )
    }
    lines: Lines = releases(__name__)
    cpu_facts: tuple[str, ...] = ("bits", "endianness", "rust", "rust_arch")
    suggested_version = "~=1.98.0"
    compiles_for_exec = True

    def line(self, version: str) -> str:
        """Return the first two numbers."""
        return first_two(version)

    def refuses(self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]) -> str:
        """Refuse a version without a compiler for an exec platform, or without a std for it or for a target."""
        for exec_platform in exec_platforms:
            if not _compiler(pins, exec_platform):
                return f"no rustc that runs on {exec_platform}"
            host = _host(exec_platform)
            if not (_within(pins, exec_platform, host) or _std(pins, host)):
                return f"no std for {host.cpu}-unknown-linux-gnu, which macros are compiled for"
        for target in dict.fromkeys(targets):
            if all(_within(pins, exec_platform, target) for exec_platform in exec_platforms) or _std(pins, target):
                continue
            sources = _of(pins, "rust-src")
            if not sources:
                return (
                    f"no std for {target}, and no rust-src to build it from: give one as a [[pin]] "
                    "(`linkmode catalog add URL` prints one), or lock the Rust project's own archives by "
                    "`linkmode lock --source rust=upstream`"
                )
            if self.line(sources[0].version) not in self.lines:
                return f"no std for {target}, and linkmode builds it from rust-src {', '.join(self.lines)} only"
        return ""

    def parts(
        self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]
    ) -> tuple[Part, ...]:
        """Return the compiler and its own std for each exec platform, then the std or its sources for each target."""
        found: list[Part] = []
        for exec_platform in exec_platforms:
            compiler = _compiler(pins, exec_platform)
            found += [Part(_ROLES[pin.layout], pin, exec=exec_platform) for pin in compiler]
            if not _within(pins, exec_platform, _host(exec_platform)):
                found += [Part("host-std", pin, exec=exec_platform) for pin in _std(pins, _host(exec_platform))]
            found += [Part("libc", pin, exec=exec_platform) for pin in _of(pins, "rustc-libc", exec_platform)[:1]]
        for target in dict.fromkeys(targets):
            if not all(_within(pins, exec_platform, target) for exec_platform in exec_platforms):
                found += [
                    Part("std" if pin.layout == "rust-std" else "src", pin, target=str(target))
                    for pin in _std(pins, target) or _of(pins, "rust-src")[:1]
                ]
        return tuple(found)


LANGUAGE = Rust()


_ROLES = {"rustc": "rustc", "rust-sysroot": "sysroot", "zstd": "zstd"}


def _of(pins: Sequence[Pin], layout: str, exec_platform: str | None = None) -> list[Pin]:
    """Return the pins of ``layout``; of those that name the same file the first, which is the user's own."""
    found: dict[str, Pin] = {}
    for pin in pins:
        if pin.layout == layout and pin.exec == exec_platform:
            found.setdefault(pin.file, pin)
    return list(found.values())


def _compiler(pins: Sequence[Pin], exec_platform: str) -> list[Pin]:
    """Return the archive of the compiler, or its parts in order and then what unpacks them; empty: there is none."""
    whole = _of(pins, "rustc", exec_platform)[:1]
    parts, unpacker = _of(pins, "rust-sysroot", exec_platform), _of(pins, "zstd")[:1]
    return whole or ([*parts, *unpacker] if parts and unpacker else [])


def _host(exec_platform: ExecPlatform) -> Target:
    """Return the target of the compiler itself, which the Rust project builds for glibc 2.17."""
    return Target(f"{exec_platform}-gnu.2.17")


def _within(pins: Sequence[Pin], exec_platform: str, target: Target) -> bool:
    """Whether the parts of the compiler for ``exec_platform`` hold the std of ``target``."""
    compiler = _compiler(pins, exec_platform)
    return any(pin.layout == "rust-sysroot" and _makes(pin, target) for pin in compiler)


def _std(pins: Sequence[Pin], target: Target) -> list[Pin]:
    """Return the archive of the prebuilt std for ``target``, if there is one."""
    return [pin for pin in pins if pin.layout == "rust-std" and _makes(pin, target)][:1]


def _makes(pin: Pin, target: Target) -> bool:
    """Whether code built against the std of ``pin`` runs on ``target``: same libc, and no newer glibc."""
    for made in map(Target, pin.targets):
        if made.cpu == target.cpu and made.is_musl == target.is_musl:
            return made.is_musl or (made.glibc or ()) <= (target.glibc or ())
    return False

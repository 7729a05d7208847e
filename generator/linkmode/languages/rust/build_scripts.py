"""Runs every build script once, in a sandbox without a network, and reads what it printed.

A script sees the workspace, the crates, the Rust toolchain and /usr, with the machine's C compiler and headers. It has
no pkg-config, no network, an empty home, and no variables but cargo's and those that the user gave. What it printed is
written down for review.
"""

import contextlib
import json
import os
import pwd
import tempfile
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

import msgspec

from linkmode.languages.rust.crates import Crate, options
from linkmode.model.vendored import Request, refuse

FILE = "build-scripts.txt"

_SYSTEM = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/etc/alternatives", "/etc/ld.so.cache")
_C = {".a", ".c", ".cc", ".cpp", ".d", ".h", ".hpp", ".i", ".o"}
_LIBC = {"c", "m", "dl", "pthread", "rt", "util", "gcc_s", "gcc"}


class Said(msgspec.Struct):
    """What a script printed, line by line: https://doc.rust-lang.org/cargo/reference/build-scripts.html.

    ``made`` says whether it wrote more into OUT_DIR than what a C compiler reads and writes.
    """

    lines: tuple[str, ...]
    ran: bool = True
    made: bool = False

    def values(self, key: str) -> list[str]:
        """Return the values of a key that cargo knows, such as ``rustc-cfg``."""
        return [value for name, value in self._pairs() if name == key]

    @property
    def libraries(self) -> list[str]:
        """The C libraries that it links, without those of the libc."""
        words = self.values("rustc-link-lib") + [flag[2:].strip() for flag in self._flags() if flag.startswith("-l")]
        names = [word.rpartition("=")[2].partition(":")[0] for word in words]
        return [name for name in dict.fromkeys(names) if name not in _LIBC]

    @property
    def metadata(self) -> dict[str, str]:
        """What other scripts read as ``DEP_<LINKS>_<KEY>``."""
        own = {}
        for name, value in self._pairs():
            if name == "metadata":
                name, _, value = value.partition("=")
            if not name.startswith(("rustc-", "rerun-if-", "warning", "error")):
                own[name] = value
        return own

    def _flags(self) -> list[str]:
        return self.values("rustc-flags")

    def _pairs(self) -> list[tuple[str, str]]:
        texts = map(_key, self.lines)
        return [(name, value) for name, _, value in (text.partition("=") for text in texts)]


def run(request: Request, crates: Mapping[str, Crate], own: Set[Path]) -> dict[str, Said]:
    """Return what each script printed, by package id. Nothing is run where there is none.

    ``own`` are the folders of the user's packages, which the sandbox shows.
    """
    wanted = {key: crate for key, crate in crates.items() if crate.script}
    if not wanted:
        return {}
    sysroot = request.run(("rustc", "--print", "sysroot"), request.folder, {}).strip()
    with tempfile.TemporaryDirectory(prefix="linkmode-") as target:
        printed = request.run(_command(request, own, sysroot, target), request.folder, {})
        found: dict[str, Said] = {}
        for message in map(json.loads, filter(None, printed.splitlines())):
            key = message.get("package_id", "")
            if message.get("reason") == "build-script-executed" and key in wanted:
                folder = Path(target) / Path(message["out_dir"]).relative_to("/target")
                text = folder.with_name("output").read_text(encoding="utf-8", errors="replace")
                made = any(path.is_file() and not _is_of_c(path) for path in folder.rglob("*"))
                found[key] = Said(_own_lines(text, wanted[key], message["out_dir"]), made=made)
    elsewhere = {key: crate for key, crate in wanted.items() if key not in found}
    refuse(
        [
            f"{crate.name}: its build script is for other platforms only"
            for crate in elsewhere.values()
            if crate.package.links
        ],
        expected="a build script of a crate with `links` that runs on this machine, so that its libraries are known",
        hint="write this crate's target by hand, or remove the dependency",
    )
    found |= dict.fromkeys(elsewhere, Said((), ran=False))
    return found


def _is_home(folder: Path) -> bool:
    """Whether a folder is the home of a user of this machine, or contains one."""
    homes = {Path(user.pw_dir) for user in pwd.getpwall()}
    with contextlib.suppress(RuntimeError):  # this user may have none
        homes.add(Path.home())
    return any(folder in (home, *home.parents) for home in homes)


def _shown(own: Set[Path]) -> tuple[Path, list[Path]]:
    """Return the folder that contains the user's packages, and what of it a script may read: never a home around them.

    Cargo reads Cargo.toml in the folders around a package too: the workspace that it belongs to.
    """
    around = Path(os.path.commonpath(list(own)))
    if not _is_home(around):
        return around, [around]
    folders = sorted(folder for folder in own if own.isdisjoint(folder.parents))
    workspaces = {
        place / "Cargo.toml"
        for folder in folders
        for place in folder.parents
        if place.is_relative_to(around) and (place / "Cargo.toml").is_file()
    }
    return around, [*folders, *sorted(workspaces)]


def _command(request: Request, own: Set[Path], sysroot: str, target: str) -> tuple[str, ...]:
    folder = request.folder.absolute()
    around, shown = _shown(own)
    inside = [(str(path), str("/workspace" / path.relative_to(around))) for path in shown]
    machine: list[str] = []
    for path in map(Path, _SYSTEM):
        if path.is_symlink():
            machine += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            machine += ["--ro-bind", str(path), str(path)]
    environment = {
        **request.environment,
        "CARGO_HOME": "/tmp/cargo",  # noqa: S108 - in the sandbox, which has a /tmp of its own
        "CARGO_TARGET_DIR": "/target",
        "HOME": "/tmp",  # noqa: S108
        "LC_ALL": "C",
        "PATH": f"{sysroot}/bin:/usr/bin:/bin",
        "PKG_CONFIG": "/nonexistent/pkg-config",
        **dict.fromkeys(("RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER"), ""),  # a cache such as sccache is not there
    }
    return (
        *("bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"),
        *("--ro-bind", "/usr", "/usr", *machine, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),  # noqa: S108
        *("--ro-bind", sysroot, sysroot),
        *(word for place in inside for word in ("--ro-bind", *place)),
        *("--ro-bind", str(request.sources.absolute()), "/vendored", "--bind", target, "/target"),
        *(word for name, value in environment.items() for word in ("--setenv", name, value)),
        *("--chdir", str("/workspace" / folder.relative_to(around)), "--"),
        *("cargo", "check", "--workspace", "--tests", "--message-format=json-render-diagnostics"),
        *options(request, "/vendored"),
    )


def _is_of_c(path: Path) -> bool:
    # the crate cc tries options with files of that name
    return path.suffix in _C or path.name.startswith("flag_check")


def _own_lines(text: str, crate: Crate, out_dir: str) -> tuple[str, ...]:
    folder = f"/vendored/{crate.folder}"
    lines = (line.replace(out_dir, "$OUT_DIR").replace(folder, "$CARGO_MANIFEST_DIR") for line in text.splitlines())
    own = [line for line in lines if line.startswith("cargo:")]
    return tuple(line for line in own if not _key(line).startswith(("rerun-if-", "warning")))


def _key(line: str) -> str:
    return line.removeprefix("cargo:").removeprefix(":")


_NOT_RUN = "# not run: this machine's platform does not have it"


def record(header: str, crates: Iterable[tuple[Crate, Said]]) -> bytes:
    """Return the file for review: what each script said, by crate."""
    parts = [f"# {header}", "# What each build script printed, run once without a network.", ""]
    for crate, said in crates:
        parts += [f"[{crate.name}]", *([] if said.ran else [_NOT_RUN]), *said.lines, ""]
    return "\n".join(parts).encode()

"""What Rust needs beyond package indexes: the sources of its standard library, from Debian, as a user's own pin.

Debian's package rust-src holds the folder library/ with all that std depends on. Its suite sid moves on; when it no
longer has this release, what needs the sources is skipped and says so.
"""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from harness import debian, own_archive
from harness.cases import Case
from harness.places import EXAMPLES, STORE, WORK
from harness.sandbox import host_glibc
from harness.workspace import linkmode, pin

_PACKAGE = "rust-src=1.97.1+dfsg1-1"
_FILE = f"{_PACKAGE.replace('=', '_')}_all.deb"
_SUITE = "sid"
_SHA256 = "d0637f8f464234ffb12baa55fc0e851f5f9dcfd0199c1a0922e4488a4f591992"
_RELEASE = "1.97.0"
"""The compiler that the sources are for. Debian has those of 1.97.1, which 1.97.0 compiles."""

_FOLDER = WORK / "rust"


def prepare(case: Case, name: str, *, own_libc: bool = False) -> Path:
    """Return a workspace for ``case``, for the Bazel called ``name``: locked to what can be had, fetched, generated.

    With ``case.pins`` GCC links, by the archives of ../shared/toolchains, and otherwise Zig. With ``own_libc`` rustc is
    started by a glibc of its own. Raises MissingToolchainsError where something cannot be had.
    """
    workspace = WORK / "e2e" / name.replace("/", "_") / (case.name + ("_own_libc" if own_libc else ""))
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(EXAMPLES / case.folder, workspace, ignore=shutil.ignore_patterns("bazel-*", "third_party"))
    path = workspace / "linkmode.toml"
    config = tomllib.loads(path.read_text(encoding="utf-8"))
    config["pin"] = [_sources(), *map(pin, case.pins), *([_libc()] if own_libc else [])]
    if case.pins:
        targets = list(dict.fromkeys(binary.target for binary in case.binaries))
        config["toolchain"] = [{"family": "musl.cc", "version": ">=11.2.1", "targets": targets}]
    path.write_text(tomli_w.dumps(config), encoding="utf-8")
    linkmode(workspace, "lock", *(f"--source={source}" for source in case.sources))
    linkmode(workspace, "fetch", f"--store={STORE}")
    linkmode(workspace, "generate")
    return workspace


def _sources() -> dict[str, Any]:
    archive = _FOLDER / f"rust-src-{_RELEASE}.tar.gz"
    if not archive.exists():
        files = debian.files(
            debian.binary(_FOLDER, _SUITE, _PACKAGE, _FILE, _SHA256), r"usr/src/rustc-[\d.]+/(library/.+)"
        )
        own_archive.pack(archive, "rust-src", files)
    return own_archive.describe(archive, "rust", _RELEASE, "rust-src", "rust-src")


def _libc() -> dict[str, Any]:
    """Return a pin for this machine's glibc, libgcc_s and libz, with which rustc 1.97.0 runs."""
    archive = _FOLDER / f"rustc-libc-{_RELEASE}.tar.gz"
    files = {path.name: path.read_bytes() for path in host_glibc().values()}
    folder = next(path.parent for path in host_glibc().values() if path.name == "libc.so.6")
    for soname in ("libgcc_s.so.1", "libz.so.1"):
        files[soname] = (folder / soname).read_bytes()
    own_archive.pack(archive, "rustc-libc", files)
    return {**own_archive.describe(archive, "rust", _RELEASE, "rustc-libc", "rustc-libc"), "exec": "x86_64-linux"}

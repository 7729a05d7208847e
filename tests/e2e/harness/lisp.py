"""What SBCL needs where its own servers cannot be reached: sources and an SBCL from Debian, as a user's own pins.

Debian's source package holds the release as it is, packed again. Its SBCL of another release builds that, started by
this machine's glibc as a pin of its own, so that it runs in an empty sandbox.
"""

import shutil
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from harness import debian, gmp, own_archive
from harness.cases import Case
from harness.places import EXAMPLES, STORE, WORK
from harness.sandbox import host_glibc
from harness.workspace import linkmode, pin

_RELEASE = "2.5.2"
_SOURCES = ("trixie", "sbcl=2:2.5.2-1", "sbcl_2.5.2.orig.tar.xz")
_SOURCES_SHA256 = "eb910435174c8c9f2e5b3f7eb84c9d704cef3ec6d0c4b3ccdc09e51d498d30da"
_HOST = ("bookworm", "sbcl=2:2.2.9-1", "sbcl_2%3a2.2.9-1_amd64.deb")
_HOST_SHA256 = "60a5f82ccad1cdb08bc93a104132b99397bb6672b5a0ce0d50b01d47bd0b4765"

_FOLDER = WORK / "sbcl"


def prepare(case: Case, name: str) -> Path:
    """Return a workspace for ``case``, for the Bazel called ``name``: locked to what can be had, fetched, generated.

    With ``case.pins`` GCC links, by the archives of ../shared/toolchains, and otherwise Zig. Raises
    MissingToolchainsError where something cannot be had.
    """
    workspace = WORK / "e2e" / name.replace("/", "_") / case.name
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(EXAMPLES / case.folder, workspace, ignore=shutil.ignore_patterns("bazel-*", "third_party"))
    path = workspace / "linkmode.toml"
    config = tomllib.loads(path.read_text(encoding="utf-8"))
    config["pin"] = [_sources(), _host(), _libc(), gmp.sources(), *map(pin, case.pins)]
    config["library"]["gmp"] = "~=6.3.0"
    if case.pins:
        targets = list(dict.fromkeys(binary.target for binary in case.binaries))
        config["toolchain"] = [{"family": "musl.cc", "version": ">=11.2.1", "targets": targets}]
    path.write_text(tomli_w.dumps(config), encoding="utf-8")
    linkmode(workspace, "lock", *(f"--source={source}" for source in case.sources))
    linkmode(workspace, "fetch", f"--store={STORE}")
    linkmode(workspace, "generate")
    return workspace


def source(path: str) -> str:
    """Return the text of a file of SBCL's sources, which are here when a workspace is."""
    with tarfile.open(debian.source(_FOLDER, *_SOURCES, _SOURCES_SHA256)) as archive:
        content = archive.extractfile(f"sbcl-{_RELEASE}/{path}")
        assert content
        return content.read().decode()


def _sources() -> dict[str, Any]:
    archive = debian.source(_FOLDER, *_SOURCES, _SOURCES_SHA256)
    return own_archive.describe(archive, "sbcl", _RELEASE, "sbcl", f"sbcl-{_RELEASE}")


def _host() -> dict[str, Any]:
    archive = _FOLDER / "sbcl-host.tar.gz"
    if not archive.exists():
        files = debian.files(debian.binary(_FOLDER, *_HOST, _HOST_SHA256), r"usr/(?:bin|lib/sbcl)/(sbcl|sbcl\.core)")
        own_archive.pack(archive, "sbcl-host", files)
    return {**own_archive.describe(archive, "sbcl", _RELEASE, "sbcl-host", "sbcl-host"), "exec": "x86_64-linux"}


def _libc() -> dict[str, Any]:
    """Return a pin for this machine's glibc and libzstd, with which Debian's SBCL runs."""
    archive = _FOLDER / "sbcl-libc.tar.gz"
    if not archive.exists():
        files = {path.name: path.read_bytes() for path in host_glibc().values()}
        folder = next(path.parent for path in host_glibc().values() if path.name == "libc.so.6")
        files["libzstd.so.1"] = (folder / "libzstd.so.1").read_bytes()
        own_archive.pack(archive, "sbcl-libc", files)
    return {**own_archive.describe(archive, "sbcl", _RELEASE, "sbcl-libc", "sbcl-libc"), "exec": "x86_64-linux"}

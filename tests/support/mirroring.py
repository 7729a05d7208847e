"""A repository whose archives are a few bytes, each from another kind of source, and its locked mirror."""

import contextlib
import hashlib
import io
import os
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import linkmode
from linkmode.cli.main import main

BODIES = {"zig.tar.xz": b"zig" * 50_000, "zlib-9.9.tar.gz": b"zlib" * 40_000}
SHA = hashlib.sha256(BODIES["zig.tar.xz"]).hexdigest()
SHA512 = hashlib.sha512(BODIES["zlib-9.9.tar.gz"]).hexdigest()
TOML = f"""\
[[toolchain]]
family = "zig"
version = "0.15.9"
targets = ["x86_64-linux-musl"]

[library]
zlib = "9.9"

[[pin]]
family = "zig"
version = "0.15.9"
file = "zig.tar.xz"
urls = ["archives/zig.tar.xz"]
sha256 = "{SHA}"
exec = "x86_64-linux"
layout = "zig"
measured = {{ zig = "0.15.9" }}

[[pin]]
family = "zlib"
version = "9.9"
file = "zlib-9.9.tar.gz"
urls = ["pypi:carrier/zlib-9.9.tar.gz"]
sha512 = "{SHA512}"
source = "pypi"
layout = "zlib"
"""
ZIG = f"sha256/{SHA}/zig.tar.xz"
ZLIB = f"sha512/{SHA512}/zlib-9.9.tar.gz"


def repository(folder: Path) -> Path:
    """Write a repository and the archives beside it, and return its folder."""
    (folder / "repository" / "archives").mkdir(parents=True)
    (folder / "repository" / "linkmode.toml").write_text(TOML)
    (folder / "index").mkdir()
    (folder / "repository" / "archives" / "zig.tar.xz").write_bytes(BODIES["zig.tar.xz"])
    (folder / "index" / "zlib-9.9.tar.gz").write_bytes(BODIES["zlib-9.9.tar.gz"])
    return folder / "repository"


def environment(folder: Path) -> dict[str, str]:
    """Return the environment for linkmode: a cache and a store of its own, and a folder as pip's only index."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    return {
        **kept,
        "PYTHONPATH": str(Path(linkmode.__file__).parents[1]),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "LINKMODE_STORE": str(folder / "store"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder / "index"),
    }


class Done(NamedTuple):
    """What one call of linkmode gave."""

    returncode: int
    stdout: str
    stderr: str


def run(folder: Path, *arguments: str, **more: str) -> Done:
    """Run linkmode in the repository below ``folder``; ``more`` is added to its environment."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment(folder) | more, clear=True),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(["-C", "repository", *arguments])
    return Done(code, out.getvalue(), err.getvalue())


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file below ``folder`` with its time and bytes."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in found}

"""Files of Debian's packages, by an apt of its own that knows one suite; nothing is installed.

apt checks them by Debian's signed index, and each is held to a checksum of its own besides.
"""

import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from harness.shared import MissingToolchainsError


def source(folder: Path, suite: str, package: str, file: str, sha256: str) -> Path:
    """Return the upstream archive ``file`` of a source package (``ocaml=5.3.0-3``), kept in ``folder``.

    An empty ``sha256`` stands for a file that is yet to be pinned. Raises MissingToolchainsError without the file.
    """
    return _kept(
        folder, f"deb-src {{mirror}} {suite} main", ("source", "--download-only", "--tar-only", package), file, sha256
    )


def binary(folder: Path, suite: str, package: str, file: str, sha256: str) -> Path:
    """Return ``file``, the .deb of a binary package, kept in ``folder``. Raises as ``source`` does."""
    return _kept(folder, f"deb {{mirror}} {suite} main", ("download", package), file, sha256)


def latest(folder: Path, line: str, package: str, pattern: str) -> Path:
    """Return the .deb of ``package`` that apt has now by a line of sources, kept in ``folder``.

    For what a program is run with, whose bytes decide nothing else. Raises MissingToolchainsError without it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _download(folder, line, ("download", package))
    found = sorted(folder.glob(pattern))
    if not found:
        raise MissingToolchainsError(f"Debian has no {package} here")
    return found[0]


def files(deb: Path, path: str) -> dict[str, bytes]:
    """Return the files of ``deb`` whose whole path fits the pattern ``path``, by what its first group holds.

    A .deb is an ar archive that holds a data.tar (deb(5)).
    """
    data, at = deb.read_bytes(), 8
    while not data[at:].startswith(b"data.tar"):
        size = int(data[at + 48 : at + 58])
        at += 60 + size + size % 2
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data[at + 60 : at + 60 + int(data[at + 48 : at + 58])])) as archive:
        for member in archive:
            fits = re.fullmatch(path, member.name.removeprefix("./"))
            if fits and member.isfile() and (content := archive.extractfile(member)):
                found[fits[1]] = content.read()
    return found


def _kept(folder: Path, line: str, command: tuple[str, ...], file: str, sha256: str) -> Path:
    path = folder / file
    if not path.exists():
        _download(folder, line, command)
    if not path.exists():
        there = ", ".join(sorted(one.name for one in folder.iterdir() if one.is_file()))
        raise MissingToolchainsError(f"Debian's {command[-1]} has no file {file}, only {there or 'none'}")
    if sha256 and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        path.unlink()
        raise MissingToolchainsError(f"Debian's {file} is not the one that was pinned")
    return path


def _download(folder: Path, line: str, command: tuple[str, ...]) -> None:
    """Have apt download what ``command`` names into ``folder``, by a line of sources of its own."""
    if not shutil.which("apt-get"):
        raise MissingToolchainsError(f"{command[-1]} comes by apt-get, which is not here")
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / "apt" / name).mkdir(parents=True, exist_ok=True)
    options = (
        f'Dir::State::Lists "{folder}/apt/lists"; Dir::Cache "{folder}/apt/cache";\n'
        f'Dir::Etc::SourceList "{folder}/apt/sources.list"; Dir::Etc::SourceParts "/dev/null";\n'
        'APT::Sandbox::User "root";\n'
    )
    (folder / "apt/options").write_text(options, encoding="utf-8")
    # from the machine's own configuration, mirror and proxy included
    mirrors = _apt(folder, "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", own=False)
    mirror = next((one for one in mirrors.splitlines() if "debian" in one and "security" not in one), "")
    (folder / "apt/sources.list").write_text(line.format(mirror=mirror) + "\n", encoding="utf-8")
    _apt(folder, "-qq", "update")
    _apt(folder, "-qq", *command)


def _apt(folder: Path, *arguments: str, own: bool = True) -> str:
    environment = {**os.environ, "LC_ALL": "C", **({"APT_CONFIG": str(folder / "apt/options")} if own else {})}
    done = subprocess.run(
        ["apt-get", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MissingToolchainsError(f"apt-get {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout

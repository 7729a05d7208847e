"""Files of package registries, by name, version and checksum, through the registries' own clients."""

import hashlib
import os
import re
import subprocess
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>none</groupId><artifactId>parts</artifactId><version>1</version>
<packaging>pom</packaging><dependencies>
{}
</dependencies></project>
"""
_DEPENDENCY = (
    "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
)
_SUITE = """Types: {kind}
URIs: {mirror}
Suites: {suite}
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


_CLIENTS = "Debian's packages maven and apt have them"


class GoneError(Exception):
    """A file cannot be had from its registry any more, or is another one there; the message says which."""


def pins(path: Path) -> Mapping[str, list[dict[str, str]]]:
    """Return the tables of a pins.toml, by kind: maven, debian, source."""
    read: dict[str, Any] = tomllib.loads(path.read_text())
    return read


def maven(wanted: list[dict[str, str]], folder: Path) -> list[Path]:
    """Bring these jars into ``folder``, and return them in their order. Raises GoneError."""
    files = {f"{pin['artifact']}-{pin['version']}.jar": pin["sha256"] for pin in wanted}
    if not _all_there(files, folder):
        folder.mkdir(parents=True, exist_ok=True)
        pom = folder / "pom.xml"
        pom.write_text(_POM.format("\n".join(_DEPENDENCY.format_map(pin) for pin in wanted)))
        goal = ["dependency:copy-dependencies", "-DexcludeTransitive=true", f"-DoutputDirectory={folder}"]
        _run(["mvn", "--quiet", "--batch-mode", f"--file={pom}", *goal], "Maven Central")
    return _checked(files, folder)


def debian(
    packages: list[dict[str, str]], sources: list[dict[str, str]], folder: Path, suites: tuple[str, str]
) -> tuple[list[Path], list[Path]]:
    """Bring Debian's packages of one suite and sources of another into ``folder``. Raises GoneError.

    Lists and caches are ``folder``'s own: the machine's apt is left as it is, and may be of another release.
    """
    named = {f"{pin['name']}_{pin['version'].replace(':', '%3a')}_amd64.deb": pin["sha256"] for pin in packages}
    orig = {pin["file"]: pin["sha256"] for pin in sources}
    if not _all_there({**named, **orig}, folder):
        apt = _apt(folder, suites)
        _run([*apt, "update"], "Debian", folder)
        _run([*apt, "download", *(f"{pin['name']}={pin['version']}" for pin in packages)], "Debian", folder)
        only = ("source", "--download-only", "--tar-only")
        _run([*apt, *only, *(f"{pin['name']}={pin['version']}" for pin in sources)], "Debian", folder)
    return _checked(named, folder), _checked(orig, folder)


def _apt(folder: Path, suites: tuple[str, str]) -> list[str]:
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    mirrors = [one for one in _run(asked, "Debian").split() if "security" not in one]
    mirror = os.environ.get("DEBIAN_MIRROR") or (mirrors or [""])[0]
    (folder / "parts.sources").write_text(
        "\n".join(
            _SUITE.format(kind=kind, mirror=mirror, suite=suite)
            for kind, suite in zip(("deb", "deb-src"), suites, strict=True)
        )
    )
    options = {
        "Dir::Etc::SourceList": folder / "parts.sources",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
        "APT::Update::Error-Mode": "any",
    }
    return ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]


def _run(command: list[str], registry: str, folder: Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    except OSError as error:
        raise GoneError(f"{registry}: {command[0]}: {error.strerror}; its client is missing: {_CLIENTS}") from error
    if done.returncode:
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr + done.stdout)
        wrong = [line for line in said.splitlines() if line.startswith(("E: ", "[ERROR]"))]
        raise GoneError(f"{registry}: {wrong[0] if wrong else said.strip()}")
    return done.stdout


def _all_there(files: Iterable[str], folder: Path) -> bool:
    return all((folder / file).exists() for file in files)


def _checked(files: Mapping[str, str], folder: Path) -> list[Path]:
    for file, expected in files.items():
        with (folder / file).open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != expected:
            (folder / file).unlink()
            raise GoneError(f"{file}: SHA-256 {found}, expected {expected}")
    return [folder / file for file in files]

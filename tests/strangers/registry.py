"""Fetches a stranger's files by the ordinary client of each registry, holds them to their checksums, and keeps them."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import debian
from harness.places import WORK
from harness.shared import MissingToolchainsError
from harness.untar import untar
from stranger import File, Stranger

from linkmode.fetch import progress, unpinned
from linkmode.fetch.artifacts import Options, fetch_all
from linkmode.messages import LinkmodeError
from linkmode.model.values import Artifact, Checksum
from linkmode.store.files import Store

KEPT = WORK / "strangers" / "files"


class UnavailableError(Exception):
    """A file cannot be had here; the message says which, and why."""


def fetch(file: File) -> Path:
    """Return ``file``, verified. Raises UnavailableError where it cannot be had, or has other bytes."""
    kept = KEPT / file.sha256 / file.file
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=KEPT, ignore_cleanup_errors=True) as part:
            found = bring(file, Path(part))
            got = hashlib.sha256(found.read_bytes()).hexdigest()
            if got != file.sha256:
                raise UnavailableError(f"{file.file}: sha256 mismatch: expected {file.sha256}, got {got}")
            found.rename(kept)
    return kept


def bring(file: File, folder: Path) -> Path:
    """Fetch ``file`` into ``folder`` by the client of its registry; return where it lies. Raises UnavailableError."""
    match file.registry:
        case "debian" | "debian-binary":
            return _debian(file, folder)
        case "pypi":
            return _pypi(file, folder)
        case "cargo":
            (folder / "Cargo.toml").write_text(
                '[package]\nname = "fetching"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n'
                f'[dependencies]\n{file.package} = "={file.version}"\n'
            )
            (folder / "lib.rs").touch()
            _run(folder, "cargo", "fetch", "--quiet")
            home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
            return _copied(next((home / "registry" / "cache").glob(f"*/{file.file}"), None), file, folder)
        case "go":
            _run(folder, "go", "mod", "init", "fetching")
            _run(folder, "go", "mod", "download", f"{file.package}@{file.version}")
            cache = Path(_run(folder, "go", "env", "GOMODCACHE").strip())
            escaped = re.sub("[A-Z]", lambda letter: f"!{letter[0].lower()}", file.package)
            return _copied(cache / "cache" / "download" / escaped / "@v" / f"{file.version}.zip", file, folder)
        case "npm":
            _run(folder, "npm", "pack", "--silent", "--ignore-scripts", f"{file.package}@{file.version}")
            return _copied(next(folder.glob("*.tgz"), None), file, folder)
        case "maven":
            group, _, name = file.package.partition(":")
            wanted = f"{group}:{name}:{file.version}" + (":aar" if file.file.endswith(".aar") else "")
            _run(folder, "mvn", "-q", "-B", "dependency:get", f"-Dartifact={wanted}", "-Dtransitive=false")
            home = Path.home() / ".m2" / "repository"
            return _copied(home.joinpath(*group.split("."), name, file.version, file.file), file, folder)


def unpack(stranger: Stranger, folder: Path) -> None:
    """Lay the project's files out in ``folder``: what was fetched, and what we write beside it."""
    folder.mkdir(parents=True)
    for file in stranger.file:
        kept = fetch(file)
        into = folder / file.into
        into.mkdir(parents=True, exist_ok=True)
        if not file.unpack:
            shutil.copyfile(kept, into / file.file)
        elif kept.suffix in (".zip", ".whl", ".jar"):
            _unzip(kept, into, file.strip)
        else:
            _untar(kept, into, file.strip)
    for path, text in stranger.written.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _untar(archive: Path, into: Path, strip: int) -> None:
    with tarfile.open(archive) as opened:
        members = []
        for member in opened:
            parts = Path(member.name).parts[strip:]
            if parts:
                member.name = str(Path(*parts))
                if member.islnk():
                    member.linkname = str(Path(*Path(member.linkname).parts[strip:]))
                members.append(member)
        untar(opened, into, members)


def _unzip(archive: Path, into: Path, strip: int) -> None:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            # a Go module's zip has module@version/ before each path, and a module's name may hold slashes
            parts = Path(member.filename.partition("@")[2] or member.filename).parts[strip:]
            if parts and not member.is_dir():
                path = into.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(opened.read(member))


def _debian(file: File, folder: Path) -> Path:
    get = debian.source if file.registry == "debian" else debian.binary
    try:
        return get(folder, file.suite, f"{file.package}={file.version}", file.file, file.sha256)
    except MissingToolchainsError as error:
        raise UnavailableError(str(error)) from error


def _pypi(file: File, folder: Path) -> Path:
    url = f"pypi:{file.package}/{file.file}"
    try:
        with progress.on(sys.stderr) as shown:
            if not file.sha256:  # yet to be pinned
                unpinned.gather(url, folder / file.file, base=folder, progress=shown)
                return folder / file.file
            store = Store(folder)
            fetch_all([_artifact(file, url)], store, Options(base=folder), shown)
            return _copied(store.file(Checksum("sha256", file.sha256)), file, folder)
    except LinkmodeError as error:
        raise UnavailableError(str(error)) from error


def _artifact(file: File, url: str) -> Artifact:
    return Artifact(
        name=file.file,
        family=file.package,
        version=file.version,
        source="pypi",
        file=file.file,
        urls=(url,),
        upstream=url,
        sha256=file.sha256,
    )


def _copied(found: Path | None, file: File, folder: Path) -> Path:
    if found is None or not found.is_file():
        raise UnavailableError(f"{file.registry} gave no {file.file}")
    if found.parent == folder and found.name == file.file:
        return found
    shutil.copyfile(found, folder / f"fetched-{file.file}")
    return folder / f"fetched-{file.file}"


def _run(folder: Path, *command: str) -> str:
    if not shutil.which(command[0]):
        raise UnavailableError(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise UnavailableError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout

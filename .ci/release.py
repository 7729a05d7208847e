"""Builds what is published, in a folder: a wheel, an sdist and our own bill of materials. `make release` calls it.

Everything is built twice from the files that Git knows, and has to come out with the same bytes. The wheel that is
built from the sdist has to be the one that is built from the checkout. The core metadata is validated.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import uuid
import zipfile
from pathlib import Path

from packaging.metadata import Metadata

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / ".ci/locks/run.txt"
_REQUIREMENT = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE | re.IGNORECASE)
_BACKEND = ("hatchling", "editables")
"""What only builds linkmode, and is no part of it."""


def main(target: str) -> int:
    """Write the files into ``target``, new or empty; return an exit code."""
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        sys.stderr.write(f"{folder}: is not empty; name another folder, or remove it\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="linkmode-release-") as work:
        built = [_built(_checkout(Path(work) / name), Path(work) / f"{name}-dist") for name in ("one", "two")]
        again = _wheel_of_sdist(next(path for path in built[0] if path.suffix == ".gz"), Path(work) / "three")
        for path, other in zip(*built, strict=True):
            _same(path, other, "built a second time")
        _same(next(path for path in built[0] if path.suffix == ".whl"), again, "built from the sdist")
        for path in built[0]:
            _check_metadata(path)
            (folder / path.name).write_bytes(path.read_bytes())
    wheel = next(folder.glob("*.whl"))
    bill = folder / f"{wheel.name.removesuffix('.whl')}.cdx.json"
    bill.write_text(_bill(wheel), encoding="utf-8")
    for path in sorted(folder.iterdir()):
        sys.stdout.write(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}\n")
    return 0


def _git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout


def _checkout(place: Path) -> Path:
    """Copy what Git has, so that nothing that lies about gets in."""
    for name in filter(None, _git("ls-files", "-z").decode().split("\0")):
        source, copy = ROOT / name, place / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
        copy.chmod(0o755 if os.access(source, os.X_OK) else 0o644)
    return place


def _hatchling(source: Path, into: Path, *kinds: str) -> list[Path]:
    time = _git("log", "-1", "--format=%ct").decode().strip()
    words = [word for kind in kinds for word in ("-t", kind)]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(into), *words],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": time},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return sorted(into.iterdir())


def _built(source: Path, into: Path) -> list[Path]:
    return _hatchling(source, into, "wheel", "sdist")


def _wheel_of_sdist(sdist: Path, place: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # which Debian 12's Python 3.11.2 lacks
        archive.extractall(place)  # noqa: S202 - the line above
    (source,) = place.iterdir()
    (wheel,) = _hatchling(source, place / "dist", "wheel")
    return wheel


def _same(one: Path, other: Path, how: str) -> None:
    if one.read_bytes() != other.read_bytes():
        raise SystemExit(f"{one.name}: has other bytes when it is {how}")


def _check_metadata(path: Path) -> None:
    """Validate the core metadata, and that it says what a package index shows."""
    found = Metadata.from_email(_metadata_of(path), validate=True)
    for field in ("summary", "description", "requires_python", "license_expression", "classifiers"):
        if not getattr(found, field):
            raise SystemExit(f"{path.name}: has no {field} in its metadata")
    if found.description_content_type != "text/markdown":
        raise SystemExit(f"{path.name}: its description is {found.description_content_type}, not text/markdown")


def _metadata_of(path: Path) -> bytes:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")))
    with tarfile.open(path) as sdist:
        member = next(one for one in sdist.getmembers() if one.name.endswith("/PKG-INFO"))
        stream = sdist.extractfile(member)
        return stream.read() if stream else b""


def _bill(wheel: Path) -> str:
    """Return CycloneDX 1.6 of what the wheel needs, as .ci/locks/run.txt has it: the same bytes for the same wheel."""
    _, version, *_ = wheel.name.split("-")
    parts = [
        {"type": "library", "name": name, "version": number, "purl": f"pkg:pypi/{name.lower()}@{number}"}
        for name, number in _REQUIREMENT.findall(LOCK.read_text(encoding="utf-8"))
        if name not in _BACKEND
    ]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "linkmode",
                "version": version,
                "purl": f"pkg:pypi/linkmode@{version}",
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
        },
        "components": [{**one, "bom-ref": one["purl"]} for one in sorted(parts, key=lambda one: one["purl"])],
    }
    return json.dumps(document, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

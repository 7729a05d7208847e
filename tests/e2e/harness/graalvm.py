"""A GraalVM archive to lock, of the replay or of an installed GraalVM."""

import gzip
import hashlib
import io
import re
import tarfile
from pathlib import Path
from typing import Any

from harness.places import ROOT, WORK

REPLAY = ROOT / "tests" / "graalvm_replay"
_PACKED = WORK / "graalvm_replay"


def replay(version: str) -> dict[str, Any]:
    """Pack the replay as a GraalVM archive of that version, and return the `[[pin]]` for it."""
    prefix = f"graalvm-replay-{version}"
    release = re.sub(r'(GRAALVM_VERSION)=".*"', rf'\1="{version}"', (REPLAY / "release").read_text())
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for path in sorted(path for path in REPLAY.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            data = release.encode() if path.name == "release" else path.read_bytes()
            info = tarfile.TarInfo(f"{prefix}/{path.relative_to(REPLAY)}")
            info.size, info.mode = len(data), 0o755 if path.parent.name == "bin" else 0o644
            made.addfile(info, io.BytesIO(data))
    packed = gzip.compress(stream.getvalue(), mtime=0)
    digest = hashlib.sha256(packed).hexdigest()
    file = _PACKED / f"{prefix}-{digest[:8]}.tar.gz"
    _PACKED.mkdir(parents=True, exist_ok=True)
    file.write_bytes(packed)
    return _pin(file, version, prefix, digest)


def _pin(file: Path, version: str, prefix: str, digest: str) -> dict[str, Any]:
    return {
        "family": "graalvm",
        "version": version,
        "file": file.name,
        "urls": [f"https://graalvm.invalid/{file.name}", file.as_uri()],
        "sha256": digest,
        "size": file.stat().st_size,
        "exec": "x86_64-linux",
        "layout": "graalvm",
        "strip-prefix": prefix,
    }


def installed(home: Path) -> dict[str, Any]:
    """Pack an installed GraalVM, and return the `[[pin]]` for it."""
    release = (home / "release").read_text()
    version = re.search(r'^GRAALVM_VERSION="([^"]+)"', release, re.MULTILINE)
    java = re.search(r'^JAVA_VERSION="([^"]+)"', release, re.MULTILINE)
    assert version, f"{home}/release names no GRAALVM_VERSION"
    assert java
    # up to JDK 24 a release is called by its JDK's version
    name = version[1] if int(version[1].partition(".")[0]) >= 25 else java[1]
    file = _PACKED / f"graalvm-{name}.tar"
    _PACKED.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w") as made:
        made.add(home.resolve(), f"graalvm-{name}")
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return _pin(file, name, f"graalvm-{name}", digest)

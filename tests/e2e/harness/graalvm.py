"""A GraalVM archive to lock, of the replay or of an installed GraalVM, and examples/graalvm_envmap locked to it."""

import gzip
import hashlib
import io
import re
import shutil
import tarfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w

from harness import graalvm_home, workspace
from harness.cases import Binary, Case
from harness.places import EXAMPLES, ROOT, STORE, TOOLCHAINS, WORK
from harness.shared import MissingToolchainsError

MUSL, GLIBC = "x86_64-linux-musl", "x86_64-linux-gnu.2.28"
CASE = Case(
    name="graalvm_envmap",
    binaries=(
        Binary("//:envmap_as_static", "static", MUSL),
        Binary("//:envmap_as_mostly_static", "mostly_static", GLIBC),
        Binary("//:envmap_as_dynamic", "dynamic", GLIBC),
    ),
    prints="",
)

REPLAY = ROOT / "tests" / "graalvm_replay"
_PACKED = WORK / "graalvm_replay"


def replay(version: str, *, libcs: Sequence[str] = ("glibc", "musl")) -> dict[str, Any]:
    """Pack the replay as a GraalVM archive of that version, and return the `[[pin]]` for it.

    It seems to have the JDK's static libraries for ``libcs``.
    """
    prefix = f"graalvm-replay-{version}"
    release = re.sub(r'(GRAALVM_VERSION)=".*"', rf'\1="{version}"', (REPLAY / "release").read_text())
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for path in sorted(path for path in REPLAY.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            data = release.encode() if path.name == "release" else path.read_bytes()
            info = tarfile.TarInfo(f"{prefix}/{path.relative_to(REPLAY)}")
            info.size, info.mode = len(data), 0o755 if path.parent.name == "bin" else 0o644
            made.addfile(info, io.BytesIO(data))
        for libc in libcs:
            made.addfile(tarfile.TarInfo(f"{prefix}/lib/static/linux-amd64/{libc}/libjava.a"))
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


class UnfetchedError(MissingToolchainsError):
    """An archive of the lock cannot be had here; the message says which."""


def has_gcc() -> bool:
    """Return whether GCC's archive is beside the repository, which no registry carries."""
    return (TOOLCHAINS / f"{MUSL}-cross.tgz").exists()


def example(name: str, pin: dict[str, Any], *, by_zig: bool = False, version: str = "") -> Path:
    """Return the example for that Bazel, locked to ``pin``; ``by_zig`` without GCC, by its ``version`` if one is named.

    Raises UnfetchedError.
    """
    folder = WORK / "e2e" / name.replace("/", "_") / CASE.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(EXAMPLES / CASE.folder, folder, ignore=shutil.ignore_patterns("bazel-*", "third_party"))
    config = tomllib.loads((folder / "linkmode.toml").read_text())
    _, zig = config["toolchain"]
    zig["targets"] += ["aarch64-linux-musl", "aarch64-linux-gnu.2.28"]  # for what is refused
    config["language"]["graalvm"] = f"=={pin['version']}"
    if version:
        zig["version"] = version
    if by_zig:
        zig["targets"].insert(0, MUSL)
        config |= {"toolchain": [zig], "pin": [pin]}
    else:
        config["pin"] = [workspace.pin(f"{MUSL}-cross.tgz"), pin]
    generate(folder, config)
    return folder


def generate(folder: Path, config: dict[str, Any]) -> None:
    """Lock, fetch and generate by another linkmode.toml. Raises UnfetchedError."""
    (folder / "linkmode.toml").write_text(tomli_w.dumps(config))
    zlib = ["--source=zlib=pypi"] if "library" in config else []
    workspace.linkmode(folder, "lock", "--source=zig=pypi", *zlib)
    fetched = workspace.linkmode(folder, "fetch", f"--store={STORE}", check=False)
    if fetched.returncode == 4:
        raise UnfetchedError(f"not every archive can be had here: {fetched.stderr.strip().splitlines()[-1]}")
    assert fetched.returncode == 0, fetched.stderr
    workspace.linkmode(folder, "generate")


def prepare(case: Case, name: str) -> Path:
    """Return the example for a Bazel, with the real builder, which does its work in half the time. Raises GoneError."""
    del case
    folder = example(name, installed(graalvm_home.home()), by_zig=not has_gcc())
    (folder / ".bazelrc").write_text("build --@linkmode//graalvm:quick_build\n")
    return folder

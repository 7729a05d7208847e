"""Files of package registries: the one that was pinned, or a message that names it."""

import hashlib
from pathlib import Path

import pytest
from harness import registries

pytestmark = pytest.mark.tier("fast")
PIN = {"group": "org.example", "artifact": "tool", "version": "1.0", "sha256": hashlib.sha256(b"tool").hexdigest()}
PACKAGE = {"name": "libtool", "version": "1:2.0-1", "sha256": hashlib.sha256(b"package").hexdigest()}


def test_what_is_there_already_is_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "tool-1.0.jar").write_bytes(b"tool")
    (tmp_path / "libtool_1%3a2.0-1_amd64.deb").write_bytes(b"package")
    assert registries.maven([PIN], tmp_path) == [tmp_path / "tool-1.0.jar"]
    packages, sources = registries.debian([PACKAGE], [], tmp_path, ("trixie", "bookworm"))
    assert packages == [tmp_path / "libtool_1%3a2.0-1_amd64.deb"]
    assert sources == []


def test_another_file_of_that_name_is_refused_and_removed(tmp_path: Path) -> None:
    jar = tmp_path / "tool-1.0.jar"
    jar.write_bytes(b"another")
    with pytest.raises(registries.GoneError, match=f"tool-1.0.jar: SHA-256 [0-9a-f]+, expected {PIN['sha256']}"):
        registries.maven([PIN], tmp_path)
    assert not jar.exists()


def test_what_the_registry_has_not_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\nprintf '\\033[1;31m[ERROR]\\033[m Could not find artifact tool:jar:1.0\\n'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(registries.GoneError, match=r"Maven Central: \[ERROR\] Could not find artifact tool:jar:1\.0"):
        registries.maven([PIN], tmp_path / "jars")


def test_a_client_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(registries.GoneError, match="Maven Central: mvn: No such file or directory"):
        registries.maven([PIN], tmp_path / "jars")

"""What `linkmode audit` says of archives, packages and images that are wrong, and what it never holds whole."""

import gzip
import lzma
import tarfile
from pathlib import Path

import pytest
from archives import deb, tar, zipped
from auditing import STATIC, TAR, modes, report, run

from linkmode.archives import members


def bad_checksum(raw: bytes) -> bytes:
    return raw[:1024] + b"x" + raw[1025:]


def encrypted(raw: bytes) -> bytes:
    at = raw.index(b"PK\1\2")
    return raw[:6] + b"\1" + raw[7 : at + 8] + b"\1" + raw[at + 9 :]


HOSTILE = {
    "cut inside a member": (TAR[:600], "truncated: the archive ends inside a member: 110 bytes are missing"),
    "cut inside a header": (TAR[:1200], "truncated: the archive ends inside a header"),
    "no end mark": (TAR[:2048], "truncated: the archive has no end mark (blocks of zeros)"),
    "a damaged header": (bad_checksum(TAR), "malformed: a header of the archive is damaged: bad checksum"),
    "gzip cut": (gzip.compress(TAR)[:-30], "truncated: its gzip data ends early"),
    "gzip with a wrong checksum": (
        gzip.compress(TAR)[:-8] + bytes(8),
        "malformed: its gzip data is damaged: Error -3 while decompressing data: incorrect data check",
    ),
    "xz cut": (lzma.compress(TAR)[:-30], "truncated: its xz data ends early"),
    "gzip of no tar": (
        gzip.compress(b"text"),
        "gzip data, and neither a tar nor a cpio archive in it; unpack it, and name what it holds",
    ),
    "a deb without files": (deb(b"", "control2.tar"), "malformed: a Debian package without data.tar"),
    "a deb that is cut": (deb(TAR)[:400], "truncated: the package ends inside a member"),
    "a zip that is cut": (zipped(("a", STATIC))[:-9], "malformed: not a whole zip archive: File is not a zip file"),
    "an encrypted member": (encrypted(zipped(("a", STATIC))), "cannot be read: it is encrypted"),
    "no such layer": (
        tar(("manifest.json", b'[{"Config": "c", "Layers": ["../../../etc/passwd"]}]')),
        "malformed: the image has no layer ../../../etc/passwd",
    ),
    "no manifest": (
        tar(("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')),
        "malformed: index.json of the image is missing, or is no index and no manifest",
    ),
    "a digest that is a path": (
        tar(
            ("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
            ("index.json", b'{"manifests": [{"digest": "sha256:../../../../etc/passwd"}]}'),
        ),
        "malformed: the image names a part by something that is not a digest",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_wrong_with_an_archive_is_one_line(here: Path, what: str) -> None:
    raw, words = HOSTILE[what]
    (here / "a").write_bytes(raw)
    result = run("a")
    assert result.exit_code == 3
    problems = [line for line in result.stderr.splitlines() if ": not audited: " in line]
    assert [line.partition(": not audited: ")[2] for line in problems] == [words]


def test_members_before_the_damage_are_told(here: Path) -> None:
    (here / "a.tar").write_bytes(bad_checksum(TAR))
    assert modes(report("a.tar")[1])["a.tar:a"] == "static"


def test_a_bomb_is_refused_before_it_is_unpacked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "_FREE_GAIN", 1 << 20)
    info = tarfile.TarInfo("bomb")
    info.size = 64 << 20
    header = info.tobuf(tarfile.GNU_FORMAT)
    (here / "bomb.tgz").write_bytes(gzip.compress(header + bytes(64 << 20) + bytes(1024)))
    (here / "bomb.zip").write_bytes(zipped(("bomb", b"\x7fELF" + bytes(64 << 20))))
    for name in ("bomb.tgz", "bomb.zip"):
        assert "malformed: it unpacks to more than 7," in run(name).stderr


def test_an_extension_header_is_never_held_whole(here: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 32
    (here / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    assert "malformed: an extension header of 4,294,967,296 bytes; at most 1,048,576 are allowed" in run("a.tar").stderr


def test_a_zip_directory_is_never_held_whole(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkmode.archives.zip._MAX_DIRECTORY", 70000)
    (here / "a.zip").write_bytes(zipped(*((f"{'n' * 200}{at}", b"") for at in range(500))))
    assert "malformed: a table of contents of " in run("a.zip").stderr


def test_a_member_of_a_zip_without_a_name(here: Path) -> None:
    raw = bytearray(zipped(("a", STATIC), ("b", STATIC)))
    raw[raw.index(b"PK\1\2") + 46] = 0  # zipfile ends a name at its first NUL
    (here / "a.zip").write_bytes(raw)
    assert modes(report("a.zip")[1])["a.zip:b"] == "static"

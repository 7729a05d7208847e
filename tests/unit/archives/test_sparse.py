"""Sparse members of tar archives, made by GNU tar itself in each of its formats, and those that are wrong."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from archive_maker import END, header, padded, pax_header

from linkmode.archives import tar
from linkmode.archives.members import BadMember, Bounds, Budget, Policy, Refusal, blocks

FORMATS = (("gnu", ()), ("posix", ("--sparse-version=0.1",)), ("posix", ("--sparse-version=1.0",)))


def contents(raw: bytes) -> dict[str, bytes]:
    found = tar.members(io.BytesIO(raw), Budget(Bounds.to_look(len(raw))), Policy.LOOK)
    return {member.name: b"".join(blocks(member.body)) for member in found if member.kind == "file"}


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar here")
@pytest.mark.parametrize(("form", "options"), FORMATS)
@pytest.mark.parametrize(
    "parts", [((0, 100), (1 << 20, 5)), ((1 << 16, 9),), tuple((at << 14, 4096) for at in range(60))]
)
def test_what_gnu_tar_writes(
    tmp_path: Path, form: str, options: tuple[str, ...], parts: tuple[tuple[int, int], ...]
) -> None:
    path = tmp_path / "holes"
    with path.open("wb") as stream:
        for at, size in parts:
            stream.seek(at)
            stream.write(bytes(at % 251 + 1 for at in range(size)))
        stream.truncate(2 << 20)
    (tmp_path / "after").write_bytes(b"after")
    command = ["tar", "--create", "--sparse", f"--format={form}", *options, "holes", "after"]
    raw = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    assert len(raw) < 1 << 20
    assert contents(raw) == {"holes": path.read_bytes(), "after": b"after"}
    with pytest.raises(Refusal, match="a sparse file, whose bytes do not lie in their order"):
        list(tar.members(io.BytesIO(raw), Budget(Bounds.to_unpack(len(raw))), Policy.UNPACK))


def sparse_pax(**records: str) -> bytes:
    return (
        pax_header(**{f"GNU.sparse.{key}": value for key, value in records.items()})
        + header("s", tarfile.REGTYPE, 4)
        + padded(b"abcd")
        + END
    )


def test_a_file_of_nothing_but_holes_is_not_read_and_what_follows_is() -> None:
    raw = sparse_pax(map="0,4", size=str(1 << 50), name="holes")[: -len(END)]
    raw += header("after", tarfile.REGTYPE, 5) + padded(b"after") + END
    found = {}
    for member in tar.members(io.BytesIO(raw), Budget(Bounds.to_look(len(raw))), Policy.LOOK):
        try:
            found[member.name] = b"".join(blocks(member.body))
        except BadMember as bad:
            found[member.name] = str(bad).encode()
    assert found["after"] == b"after"
    assert found["holes"].startswith(b"malformed: a sparse file of 1,125,899,906,842,624 bytes")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (sparse_pax(map="0,4,2,2", size="9"), "overlap or leave it"),
        (sparse_pax(map="0,40", size="9"), "overlap or leave it"),
        (sparse_pax(map="0,x", size="9"), "a map that is no number"),
        (sparse_pax(offset="0", numbytes="4", size="9"), "format 0.0"),
        (sparse_pax(major="1", minor="0", realsize="9"), "the archive ends"),
    ],
)
def test_maps_that_are_wrong(raw: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        contents(raw)

"""Members of tar archives that lead out of the folder, come twice or are no file, folder or link: refused by name."""

import tarfile
from pathlib import Path

import pytest
from archive_maker import REGULAR, entry, folder, hardlink, packed, symlink, tar
from unpacking import refused

from linkmode.archives.unpack import extract
from linkmode.messages import IntegrityError


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([entry("../beside", b"x")], ("'../beside'", "'..' in it")),
        ([entry("a/../../beside", b"x")], ("'..' in it",)),
        ([entry("a/..", b"x")], ("'..' in it",)),
        ([folder("..")], ("'..' in it",)),
        ([entry("/elsewhere/x", b"x")], ("'/elsewhere/x'", "an absolute path")),
        ([entry("//x", b"x")], ("an absolute path",)),
        ([symlink("../x", "y")], ("'..' in it",)),
        ([hardlink("../x", "y")], ("'..' in it",)),
        ([symlink("a", "/etc")], ("'a'", "a symlink to '/etc'")),
        ([symlink("a", "../beside")], ("leads out of the folder",)),
        ([symlink("a/b", "../../beside")], ("leads out of the folder",)),
        ([symlink("a", "b/../../beside"), entry("b/c")], ("leads out",)),
        ([symlink("a", "nowhere/../../beside")], ("leads out",)),
        ([symlink("a", "..")], ("leads out",)),
        ([folder("d/e"), symlink("l", "d/e"), symlink("m", "l/../../..")], ("'m'", "leads out")),
        ([symlink("d", "."), symlink("m", "d/d/d/..")], ("'m'", "leads out")),
        (
            [symlink("m", "d/../.."), symlink("d", "e/f/g"), folder("e/f/g"), symlink("e/f/g/h", "../../../..")],
            ("leads out",),
        ),
        ([symlink("a", "b"), symlink("b", "a")], ("more than 40 links",)),
        ([symlink("a", "a")], ("more than 40 links",)),
        ([symlink("a", "")], ("expected a path",)),
        ([symlink("a", "."), entry("a/b", b"x")], ("'a/b'", "a path through 'a', which is a symlink")),
        ([symlink("a", "/elsewhere"), entry("a/b", b"x")], ("a path through 'a'",)),
        ([folder("d"), symlink("a", "d"), folder("a/b")], ("a path through 'a'",)),
        ([entry("a", b"x"), entry("a/b", b"x")], ("a path through 'a', which is a file",)),
        ([symlink("a", "b"), folder("a")], ("a path through 'a', which is a symlink",)),
        ([symlink("a", "b"), entry("a", b"x")], ("'a'", "second member of this name", "first is a symlink")),
        ([entry("a", b"x"), symlink("a", "b")], ("second member", "first is a file")),
        ([entry("a", b"1"), entry("a", b"2")], ("second member",)),
        ([entry("a", b"1"), entry("./a", b"2")], ("'./a'", "second member")),
        ([folder("a"), entry("a", b"2")], ("second member", "first is a folder")),
        ([entry("a/b"), symlink("a", "c")], ("second member", "first is a folder")),
        ([entry("a"), folder("a")], ("a path through 'a', which is a file",)),
        ([entry("a"), entry("b"), hardlink("b", "a")], ("second member",)),
        ([hardlink("a", "../beside")], ("'..' in it",)),
        ([hardlink("a", "/etc/passwd")], ("an absolute path",)),
        ([hardlink("a", "b")], ("'a'", "a hard link to 'b'; expected a file that comes before it")),
        ([hardlink("a", "b"), entry("b")], ("a hard link to 'b'",)),
        ([symlink("b", "c"), hardlink("a", "b")], ("a hard link to 'b'",)),
        ([folder("b"), hardlink("a", "b")], ("a hard link to 'b'",)),
        ([hardlink("a", "a")], ("a hard link to 'a'",)),
        ([folder("d"), symlink("l", "d"), entry("d/f"), hardlink("a", "l/f")], ("a hard link to 'l/f'",)),
        ([entry("a", kind=tarfile.CHRTYPE)], ("'a'", "a character device")),
        ([entry("a", kind=tarfile.BLKTYPE)], ("a block device",)),
        ([entry("a", kind=tarfile.FIFOTYPE)], ("a named pipe",)),
        ([entry("a", kind=tarfile.CONTTYPE)], ("a contiguous file",)),
        ([entry("a", kind=b"S")], ("a sparse file",)),
        ([entry("a", kind=b"V")], ("of type b'V'",)),
        ([entry("x" * 256)], ("a name of 256 bytes",)),
        ([entry("é" * 128)], ("a name of 256 bytes",)),
        ([folder("d/" * 2048)], ("a path of 4,096 bytes",)),
        ([folder("d/" * 101)], ("a path of 101 folders; at most 100",)),
        ([entry("x/", b"", kind=REGULAR)], ("a file with the name of a folder",)),
        ([], ("nothing in it",)),
        ([folder("a/..")], ("'..' in it",)),
        ([entry(".", b"x")], ("a file instead of the archive's root",)),
        ([symlink(".", "/elsewhere")], ("a symlink instead of the archive's root",)),
    ],
)
def test_refused(tmp_path: Path, entries: list[tuple[tarfile.TarInfo, bytes]], words: tuple[str, ...]) -> None:
    refused(tmp_path, tar(*entries), *words)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([symlink("t/a", "../b"), entry("b")], ("'t/a'", "leads out")),
        ([entry("b"), hardlink("t/a", "b")], ("'t/a'", "a hard link to 'b'")),
        ([entry("u/f", b"1"), entry("t/f", b"2"), hardlink("t/a", "u/f")], ("'t/a'", "a hard link to 'u/f'")),
        ([entry("t/a"), entry("../x")], ("'..' in it",)),
        ([entry("t/a"), entry("dev", kind=tarfile.BLKTYPE)], ("a block device",)),
        ([entry("t"), entry("t/x")], ("'t'", "instead of the archive's root")),
        ([symlink("t", "/elsewhere"), entry("t/x")], ("'t'", "instead of the archive's root")),
        ([hardlink("t", "u"), entry("t/x")], ("'t'", "instead of the archive's root")),
        ([entry("t-1/a"), entry("t-2/b")], ("nothing in t; it holds t-1, t-2",)),
    ],
)
def test_refused_with_a_prefix(
    tmp_path: Path, entries: list[tuple[tarfile.TarInfo, bytes]], words: tuple[str, ...]
) -> None:
    """What is outside the prefix is not unpacked, and has to be in order all the same."""
    refused(tmp_path, tar(*entries), *words, prefix="t")


@pytest.mark.parametrize("name", ["file", "link", "folder/below"])
def test_what_is_there_already_is_not_written_to(tmp_path: Path, name: str) -> None:
    """Whoever put it there, and as on a filesystem that folds letter case."""
    into, canary = tmp_path / "into", tmp_path / "canary"
    (into / "elsewhere").mkdir(parents=True)
    canary.write_text("untouched")
    (into / "file").write_text("untouched")
    (into / "link").symlink_to(canary)
    (into / "folder").symlink_to(into / "elsewhere")
    (tmp_path / "a.tgz").write_bytes(packed(tar(entry(name, b"x")), "a.tgz"))
    with pytest.raises(IntegrityError, match=f"'{name}': .* takes this name for that of another member"):
        extract(tmp_path / "a.tgz", into, file="a.tgz", strip_prefix="")
    assert canary.read_text() == (into / "file").read_text() == "untouched"
    assert list((into / "elsewhere").iterdir()) == []

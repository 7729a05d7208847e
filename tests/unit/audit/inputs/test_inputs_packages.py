"""RPM packages, cpio archives, Conda packages, jars in jars and standard input."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from stat import S_IFDIR, S_IFLNK, S_IFREG
from tarfile import SYMTYPE

import pytest
from archives import cpio, docker, entry, rpm, tar, zipped, zstd
from auditing import DYNAMIC, STATIC, TAR, modes, report
from click.testing import CliRunner
from elf_maker import DYN, GLIBC_LOADER, Elf

from linkmode.cli.audit import command

FILE = S_IFREG | 0o755
PAYLOAD = cpio(
    ("./usr", b"", S_IFDIR | 0o755, 1, 1),
    ("./usr/bin/app", b"", FILE, 2, 3),  # a file with three names: only the last has its bytes
    ("./usr/bin/other", b"", FILE, 2, 3),
    ("./usr/bin/third", DYNAMIC, FILE, 2, 3),
    ("./usr/bin/link", b"app", S_IFLNK | 0o777, 3, 1),
    ("./usr/bin/static", STATIC, FILE, 4, 1),
    ("./usr/empty", b"", FILE, 5, 2),
    ("./usr/share/readme", b"odd", FILE, 6, 1),
)
SEEN = {"usr/bin/app": "dynamic", "usr/bin/other": "dynamic", "usr/bin/static": "static", "usr/bin/third": "dynamic"}


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress], ids=["plain", "gz", "bz2", "xz", "zst"]
)
@pytest.mark.parametrize("wrap", [rpm, bytes], ids=["rpm", "cpio"])
def test_rpm_and_cpio(here: Path, wrap: Callable[[bytes], bytes], pack: Callable[[bytes], bytes]) -> None:
    (here / "x").write_bytes(wrap(pack(PAYLOAD)))
    code, document = report("x")
    assert (code, modes(document)) == (0, {f"x:{name}": mode for name, mode in SEEN.items()})
    assert {one["path"]: one["reason"] for one in document["passed_over"]} == {
        "x:usr/bin/link": "a symbolic link, which is not followed",
        "x:usr/share/readme": "not an ELF file",
        "x:usr/empty": "an empty file",
    }


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (rpm(PAYLOAD)[:150], "truncated"),
        (rpm(PAYLOAD).replace(b"\x8e\xad\xe8\x01", b"\x8e\xad\xe8\x02"), "malformed: a header of the package (rpm)"),
        (rpm(lzma.compress(PAYLOAD, lzma.FORMAT_ALONE)), "in a way that is not known; unpack it: rpm2archive FILE"),
        (rpm(b"07070X" + PAYLOAD[6:]), "malformed: the package's files are compressed in a way that is not known"),
        (rpm(gzip.compress(b"07070X" + PAYLOAD[6:])), "for files of 4 GiB and more"),
        (rpm(gzip.compress(PAYLOAD[:-500])), "truncated: the archive ends inside a"),
        (PAYLOAD.replace(b"070701", b"07070 "), "not an ELF file"),
        (PAYLOAD[:6] + b"zzzzzzzz" + PAYLOAD[14:], "malformed: a header of the archive (cpio) is damaged"),
        (PAYLOAD[:94] + b"ffffffff" + PAYLOAD[102:], "malformed: a name of 4,294,967,295 bytes"),
    ],
)
def test_what_is_wrong_is_named(here: Path, raw: bytes, words: str) -> None:
    (here / "x").write_bytes(raw)
    code, document = report("x")
    assert code == 3
    assert words in document["files"][-1]["error"]


def test_conda_packages(here: Path) -> None:
    files = tar(("bin/app", DYNAMIC), ("lib/x", STATIC))
    parts = (
        ("metadata.json", b"{}"),
        ("pkg-x-1.tar.zst", zstd.compress(files)),
        ("info-x-1.tar.zst", zstd.compress(TAR)),
    )
    (here / "x.conda").write_bytes(zipped(*parts))
    assert modes(report("x.conda")[1]) == {"x.conda:bin/app": "dynamic", "x.conda:lib/x": "static"}


def test_jars_in_jars(here: Path) -> None:
    inner = zipped(
        ("native/libx.so", Elf(type=DYN, soname="libx.so").build()), ("deep/more.JAR", zipped(("app", STATIC)))
    )
    (here / "app.war").write_bytes(zipped(("WEB-INF/lib/a.jar", inner), ("bin/app", DYNAMIC)))
    code, document = report("app.war")
    assert (code, modes(document)) == (
        0,
        {
            "app.war:WEB-INF/lib/a.jar:native/libx.so": None,
            "app.war:WEB-INF/lib/a.jar:deep/more.JAR:app": "static",
            "app.war:bin/app": "dynamic",
        },
    )


def test_a_jar_that_is_none_is_named(here: Path) -> None:
    (here / "app.jar").write_bytes(zipped(("lib/a.jar", b"no jar"), ("bin/app", DYNAMIC)))
    code, document = report("app.jar")
    assert code == 3
    assert modes(document)["app.jar:lib/a.jar"].startswith("malformed: not a whole zip archive")
    assert modes(document)["app.jar:bin/app"] == "dynamic"


def test_jars_in_jars_without_end_are_a_bomb(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that lies in each other is counted, and a jar at the fifth level is a file like any other."""
    raw = zipped(("app", STATIC))
    for _ in range(6):
        raw = zipped(("a.jar", raw))
    (here / "x.jar").write_bytes(raw)
    assert report("x.jar")[0] == 3
    monkeypatch.setattr("linkmode.archives.members._FREE_GAIN", 0)
    monkeypatch.setattr("linkmode.archives.members._GAIN", 1)
    (here / "x.jar").write_bytes(zipped(("a.jar", zipped(("zeros", bytes(1 << 20))))))
    assert "it unpacks to more than" in report("x.jar")[1]["files"][-1]["error"]


@pytest.mark.parametrize(("raw", "mode"), [(STATIC, {"-": "static"}), (TAR, {"-:a": "static", "-:b": "static"})])
def test_standard_input(here: Path, raw: bytes, mode: dict[str, str]) -> None:
    done = CliRunner().invoke(command, ["--headers-only", "--verbose", "-"], input=BytesIO(raw))
    assert done.exit_code == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("file: ")] == [
        f"file: {name}" for name in mode
    ]


def test_standard_input_may_be_no_elf_file(here: Path) -> None:
    done = CliRunner().invoke(command, ["-"], input=BytesIO(b"text"))
    assert (done.exit_code, done.stderr) == (3, "-: not audited: not an ELF file\n")


SYSTEM = (
    (GLIBC_LOADER.lstrip("/"), Elf(type=DYN, soname="ld-linux-x86-64.so.2").build()),
    ("usr/lib/libc.so.6", Elf(type=DYN, soname="libc.so.6").build()),
    ("usr/lib/libz.so.1.3", Elf(type=DYN, soname="libz.so.1").build()),
    ("bin/app", DYNAMIC),
)


def test_the_tree_of_an_image(here: Path) -> None:
    link = entry("usr/lib/libz.so.1", SYMTYPE, "libz.so.1.3")
    (here / "i.tar").write_bytes(tar(*docker(tar(*SYSTEM[:2], link), tar(*SYSTEM[2:]))))
    done = CliRunner().invoke(command, ["--tree", "i.tar"])
    assert done.exit_code == 0
    assert done.stdout.startswith(
        f"i.tar:bin/app (interpreter {GLIBC_LOADER})\n"
        "├── libz.so.1 => /usr/lib/libz.so.1\n"
        "└── libc.so.6 => /usr/lib/libc.so.6\n"
    )
    (here / "i.tar").write_bytes(tar(*docker(tar(*SYSTEM))))
    done = CliRunner().invoke(command, ["--tree", "i.tar"])
    assert (done.exit_code, done.stderr) == (1, "i.tar:bin/app: libz.so.1 is not found\n")


def test_the_tree_of_an_archive_has_a_root_of_its_own(here: Path) -> None:
    (here / "a.tar").write_bytes(TAR)
    done = CliRunner().invoke(command, ["--tree", "--root", ".", "a.tar"])
    assert "a.tar is an archive: a root of its own" in str(done.exception)
    (here / "a.tar").write_bytes(tar(("x", b"text")))
    assert CliRunner().invoke(command, ["--tree", "a.tar"]).exit_code == 3


def test_the_tree_of_standard_input(here: Path) -> None:
    done = CliRunner().invoke(command, ["--tree", "-"], input=BytesIO(STATIC))
    assert done.stdout == "- (no interpreter)\n"

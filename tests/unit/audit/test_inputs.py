"""What `linkmode audit` finds in folders, archives, packages and images, and what it says of those that are wrong."""

import bz2
import gzip
import json
import lzma
import os
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archives import deb, docker, entry, oci, tar, zipped
from click.testing import CliRunner, Result
from elf_maker import GLIBC_LOADER, MUSL_START, Elf, interp

from linkmode.audit.inputs import members
from linkmode.commands.audit import command

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STATIC = Elf(code=MUSL_START).build()
DYNAMIC = Elf(interp=interp(GLIBC_LOADER), needed=("libz.so.1", "libc.so.6")).build()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["--headers-only", *arguments])


def report(*arguments: str) -> tuple[int, Any]:
    result = run("--json", "--all", *arguments)
    return result.exit_code, json.loads(result.stdout)


def modes(document: Any) -> dict[str, str | None]:
    return {one["path"]: one["verdict"]["mode"] if one["verdict"] else one["error"] for one in document["files"]}


def test_a_folder_is_walked_by_name_and_what_is_not_elf_is_counted(here: Path) -> None:
    for path, raw in {
        "d/b/static": STATIC,
        "d/a": DYNAMIC,
        "d/run.sh": b"#!/bin/sh\n",
        "d/notes.txt": b"notes",
        "d/empty": b"",
        "d/c.o": Elf(type=1).build(),
    }.items():
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        (here / path).write_bytes(raw)
    (here / "d/link").symlink_to("a")
    (here / "d/loop").symlink_to(".")
    os.mkfifo(here / "d/pipe")
    code, document = report("d")
    assert code == 0
    assert modes(document) == {"d/a": "dynamic", "d/b/static": "static"}
    assert [one["path"] for one in document["files"]] == ["d/a", "d/b/static"]
    assert {one["path"]: one["reason"] for one in document["passed_over"]} == {
        "d/c.o": "a relocatable object (.o), not linked yet",
        "d/empty": "an empty file",
        "d/link": "a symbolic link, which is not followed",
        "d/loop": "a symbolic link, which is not followed",
        "d/notes.txt": "not an ELF file",
        "d/pipe": "not a regular file",
        "d/run.sh": "a script (#!), not an ELF file",
    }
    assert document["summary"] == {
        "failed": 0,
        "files": 2,
        "modes": {"dynamic": 1, "mostly_static": 0, "none": 0, "static": 1},
        "not_audited": 0,
        "passed_over": {
            "a relocatable object (.o), not linked yet": 1,
            "a script (#!), not an ELF file": 1,
            "a symbolic link, which is not followed": 2,
            "an empty file": 1,
            "not a regular file": 1,
            "not an ELF file": 1,
        },
    }
    assert json.loads(run("--json", "d").stdout)["passed_over"] == []


def test_text_of_a_folder_ends_with_one_line_of_counts_on_stderr(here: Path) -> None:
    (here / "d").mkdir()
    (here / "d/static").write_bytes(STATIC)
    (here / "d/run.sh").write_text("#!/bin/sh\n")
    result = run("d")
    assert result.stdout.startswith("file: d/static\nmode: static\n")
    assert result.stderr == "1 file: 1 static; 1 passed over\n"
    assert run("--all", "d").stdout.endswith("\n\nfile: d/run.sh\npassed-over: a script (#!), not an ELF file\n")


def test_damage_inside_a_folder_is_an_error_and_the_rest_goes_on(here: Path) -> None:
    (here / "d").mkdir()
    (here / "d/cut").write_bytes(STATIC[:70])
    (here / "d/static").write_bytes(STATIC)
    code, document = report("d")
    assert (code, modes(document)["d/static"]) == (3, "static")
    assert str(modes(document)["d/cut"]).startswith("truncated:")


def test_nothing_to_audit_is_not_success(here: Path) -> None:
    (here / "d").mkdir()
    (here / "d/notes").write_text("x")
    (here / "empty").mkdir()
    (here / "a.tar").write_bytes(tar(("notes", b"x")))
    result = run("--expect", "static", "d", "empty", "a.tar")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[:3] == [
        f"{name}: not audited: no ELF file in it" for name in ("d", "empty", "a.tar")
    ]


def test_expectations_hold_for_every_file_of_a_folder_and_archive(here: Path) -> None:
    (here / "d").mkdir()
    (here / "d/static").write_bytes(STATIC)
    (here / "a.tar").write_bytes(tar(("bin/static", STATIC), ("bin/dynamic", DYNAMIC)))
    assert run("--expect", "static", "d").exit_code == 0
    result = run("--expect", "static", "d", "a.tar")
    assert result.exit_code == 1
    assert "a.tar:bin/dynamic: --expect static does not hold\n" in result.stderr


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress], ids=["plain", "gz", "bz2", "xz", "zst"]
)
def test_tar_archives(here: Path, form: int, pack: Callable[[bytes], bytes]) -> None:
    long = "folder/" * 13 + "n" * 95
    raw = tar(
        entry("./bin", tarfile.DIRTYPE),
        ("./bin/static", STATIC),
        (long, DYNAMIC),
        entry("bin/same", tarfile.LNKTYPE, "bin/static"),
        entry("bin/other", tarfile.SYMTYPE, "static"),
        entry("dev/null", tarfile.CHRTYPE),
        ("readme", b"text"),
        form=form,
    )
    (here / "a").write_bytes(pack(raw))
    code, document = report("a")
    assert code == 0
    assert modes(document) == {"a:bin/static": "static", f"a:{long}": "dynamic"}
    assert {one["path"]: one["reason"] for one in document["passed_over"]} == {
        "a:bin/same": "a symbolic link, which is not followed",
        "a:bin/other": "a symbolic link, which is not followed",
        "a:dev/null": "not a regular file",
        "a:readme": "not an ELF file",
    }


def test_a_large_member_goes_through_a_file_and_is_the_same(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkmode.audit.run._IN_MEMORY", 10)
    (here / "a.tar").write_bytes(tar(("static", STATIC)))
    (here / "static").write_bytes(STATIC)
    _, document = report("a.tar", "static")
    inside, alone = document["files"]
    assert {**inside, "path": ""} == {**alone, "path": ""}


def test_wheels(here: Path) -> None:
    (here / "w.whl").write_bytes(zipped(("pkg/_native.so", Elf(type=3, soname="x").build()), ("pkg/a.py", b"pass")))
    code, document = report("w.whl")
    assert (code, modes(document)) == (0, {"w.whl:pkg/_native.so": None})
    assert [one["reason"] for one in document["passed_over"]] == ["not an ELF file"]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("data.tar", bytes),
        ("data.tar.gz", gzip.compress),
        ("data.tar.xz", lzma.compress),
        ("data.tar.zst", zstd.compress),
        ("data.tar.xz/", lzma.compress),
    ],
)
def test_debian_packages(here: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    (here / "a.deb").write_bytes(deb(pack(tar(("./usr/bin/app", DYNAMIC), ("./usr/share/doc/x", b""))), name))
    code, document = report("a.deb")
    assert (code, modes(document)) == (0, {"a.deb:usr/bin/app": "dynamic"})


LOWER = tar(
    ("bin/app", DYNAMIC),
    ("bin/old", DYNAMIC),
    ("opt/a", DYNAMIC),
    ("opt/sub/b", DYNAMIC),
    ("gone/c", DYNAMIC),
    ("was-file", DYNAMIC),
    ("was-folder/d", DYNAMIC),
    ("kept", DYNAMIC),
)
UPPER = tar(
    ("bin/app", STATIC),
    ("bin/.wh.old", b""),
    ("opt/new", STATIC),
    ("opt/.wh..wh..opq", b""),
    (".wh.gone", b""),
    entry("was-file", tarfile.DIRTYPE),
    ("was-folder", b"now a file"),
)
SEEN = {"bin/app": "static", "kept": "dynamic", "opt/new": "static"}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("pack_layer", [bytes, gzip.compress])
def test_an_image_of_docker_is_what_its_container_sees(
    here: Path, pack: Callable[[bytes], bytes], pack_layer: Callable[[bytes], bytes]
) -> None:
    (here / "i.tar").write_bytes(pack(tar(*docker(pack_layer(LOWER), pack_layer(UPPER)))))
    code, document = report("i.tar")
    assert (code, modes(document)) == (0, {f"i.tar:{name}": mode for name, mode in SEEN.items()})


def test_a_layer_may_be_a_link_to_that_of_another_image(here: Path) -> None:
    parts = docker(LOWER)
    name, raw = parts[0]
    parts[0] = ("other/layer.tar", raw)
    (here / "i.tar").write_bytes(tar(*parts, entry(name, tarfile.SYMTYPE, "../other/layer.tar")))
    assert modes(report("i.tar")[1])["i.tar:bin/app"] == "dynamic"


@pytest.mark.parametrize("as_folder", [True, False])
def test_an_oci_layout_names_each_platform(here: Path, *, as_folder: bool) -> None:
    files = oci({"linux/amd64": [LOWER, gzip.compress(UPPER)], "linux/arm64": [zstd.compress(tar(("app", STATIC)))]})
    if as_folder:
        for name, raw in files.items():
            (here / "i" / name).parent.mkdir(parents=True, exist_ok=True)
            (here / "i" / name).write_bytes(raw)
    else:
        (here / "i").write_bytes(tar(*files.items()))
    code, document = report("i")
    amd = {f"i[linux/amd64]:{name}": mode for name, mode in SEEN.items()}
    assert (code, modes(document)) == (0, {**amd, "i[linux/arm64]:app": "static"})


def test_manifest_json_alone_makes_no_image(here: Path) -> None:
    for pack in (bytes, gzip.compress):
        (here / "a").write_bytes(pack(tar(("manifest.json", b'{"name": "extension"}'), ("app", STATIC))))
        assert modes(report("a")[1]) == {"a:app": "static"}


def test_names_of_members_stay_one_line(here: Path) -> None:
    (here / "a.tar").write_bytes(tar(("bin/a\nmode: static\x1b[31m", STATIC), ("/../../etc/x", STATIC)))
    assert set(modes(report("a.tar")[1])) == {r"a.tar:bin/a\nmode: static\x1b[31m", "a.tar:../../etc/x"}
    assert [path.name for path in here.iterdir()] == ["a.tar"]


def bad_checksum(raw: bytes) -> bytes:
    return raw[:1024] + b"x" + raw[1025:]


def encrypted(raw: bytes) -> bytes:
    at = raw.index(b"PK\1\2")
    return raw[:6] + b"\1" + raw[7 : at + 8] + b"\1" + raw[at + 9 :]


GIB = 1 << 30
TAR = tar(("a", STATIC), ("b", STATIC))
HOSTILE = {
    "cut inside a member": (TAR[:600], "truncated: the archive ends inside a member"),
    "cut inside a header": (TAR[:1200], "truncated: the archive ends inside a header"),
    "no end mark": (TAR[:2048], "truncated: the archive has no end mark (a block of zeros)"),
    "a damaged header": (bad_checksum(TAR), "malformed: a header of the archive is damaged: bad checksum"),
    "gzip cut": (gzip.compress(TAR)[:-30], "truncated: its gzip data ends early"),
    "gzip with a wrong checksum": (
        gzip.compress(TAR)[:-8] + bytes(8),
        "malformed: its gzip data is damaged: Error -3 while decompressing data: incorrect data check",
    ),
    "xz cut": (lzma.compress(TAR)[:-30], "truncated: its xz data ends early"),
    "gzip of no tar": (gzip.compress(b"text"), "gzip data, and no tar archive in it"),
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
        "malformed: the image names a part by what is no digest",
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
    monkeypatch.setattr(members, "FREE_GAIN", 1 << 20)
    info = tarfile.TarInfo("bomb")
    info.size = 64 << 20
    header = info.tobuf(tarfile.GNU_FORMAT)
    (here / "bomb.tgz").write_bytes(gzip.compress(header + bytes(64 << 20) + bytes(1024)))
    (here / "bomb.zip").write_bytes(zipped(("bomb", b"\x7fELF" + bytes(64 << 20))))
    for name in ("bomb.tgz", "bomb.zip"):
        assert "malformed: it unpacks to more than 100 times its " in run(name).stderr


def test_an_extension_header_is_never_held_whole(here: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 32
    (here / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    assert "malformed: an extension header of 4294967296 bytes, at most 1048576 expected" in run("a.tar").stderr


def test_a_zip_directory_is_never_held_whole(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkmode.audit.inputs.zip._MAX_DIRECTORY", 70000)
    (here / "a.zip").write_bytes(zipped(*((f"{'n' * 200}{at}", b"") for at in range(500))))
    assert "not a whole zip archive: a directory of " in run("a.zip").stderr


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_streams_that_follow_each_other_are_one(here: Path, pack: Callable[[bytes], bytes]) -> None:
    (here / "a").write_bytes(pack(TAR[:700]) + pack(TAR[700:]))
    assert modes(report("a")[1]) == {"a:a": "static", "a:b": "static"}


@pytest.mark.parametrize("jobs", ["1", "2", "7"])
def test_the_order_is_the_same_whatever_the_number_of_processes(
    here: Path, jobs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkmode.audit.run._BATCH", {True: 10})
    for at in range(200):
        (here / f"d{at % 3}").mkdir(exist_ok=True)
        (here / f"d{at % 3}/{at}").write_bytes((STATIC, DYNAMIC, b"text")[at % 3])
    result = CliRunner().invoke(command, ["--json", "--jobs", jobs, "d2", "d0", "d1"])
    paths = [one["path"] for one in json.loads(result.stdout)["files"]]
    assert paths == [
        *sorted(f"d0/{at}" for at in range(0, 200, 3)),
        *sorted(f"d1/{at}" for at in range(1, 200, 3)),
        "d2",
    ]

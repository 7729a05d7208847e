"""The script that unpacks archives for Buck2: what comes out, and what does not."""

import io
import os
import re
import stat
import subprocess
import sys
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from buck2.cell import ROOT

SCRIPT = ROOT / "templates" / "buck2" / "core" / "tools" / "unpack.py"


def unpack(archive: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-W", "error", str(SCRIPT), *options, str(archive), str(archive.parent / "out")]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/nonexistent"})


def tar(place: Path, *members: tuple[str, str, int], mode: str = "w:gz", name: str = "a.tgz") -> Path:
    """Write a tar of (name, contents, mode); contents that begin with -> or => are symbolic and hard links."""
    with tarfile.open(place / name, mode) as packed:  # type: ignore[call-overload]
        for path, text, bits in members:
            member = tarfile.TarInfo(path)
            member.mode = bits
            if text[:2] in ("->", "=>"):
                member.type = tarfile.SYMTYPE if text[:2] == "->" else tarfile.LNKTYPE
                member.linkname = text[2:]
            member.size = len(text) if member.isfile() else 0
            packed.addfile(member, io.BytesIO(text.encode()))
    return place / name


def found(place: Path) -> dict[str, str]:
    out = place / "out"
    return {
        str(path.relative_to(out)): f"->{path.readlink()}" if path.is_symlink() else path.read_text()
        for path in sorted(out.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize(
    ("mode", "name"), [("w:gz", "a.tgz"), ("w:xz", "a.tar.xz"), ("w:bz2", "a.tbz"), ("w", "a.tar")]
)
def test_a_tar_without_its_folder(tmp_path: Path, mode: str, name: str) -> None:
    members = [("x/bin/cc", "cc", 0o755), ("x/doc/a", "a", 0o600), ("y/other", "no", 0o644)]
    done = unpack(tar(tmp_path, *members, mode=mode, name=name), "--strip-prefix=x")
    assert (done.returncode, done.stderr) == (0, "")
    assert found(tmp_path) == {"bin/cc": "cc", "doc/a": "a"}
    assert stat.S_IMODE((tmp_path / "out/bin/cc").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "out/doc/a").stat().st_mode) == 0o644


def test_links_stay_inside(tmp_path: Path) -> None:
    members = [
        ("x/bin/cc", "cc", 0o755),
        ("x/t/bin/cc", "=>x/bin/cc", 0o755),
        ("x/lib/z.so", "->z.so.1", 0o777),
        ("x/lib/up", "->../bin/cc", 0o777),
        ("x/lib/ld-musl.so.1", "->/lib/libc.so", 0o777),
        ("x/out", "->../../etc", 0o777),
        ("x/usr", "->.", 0o777),
    ]
    done = unpack(tar(tmp_path, *members), "--strip-prefix=x", "--remove=usr")
    assert (done.returncode, done.stderr) == (0, "")
    assert found(tmp_path) == {"bin/cc": "cc", "t/bin/cc": "cc", "lib/z.so": "->z.so.1", "lib/up": "->../bin/cc"}
    assert os.access(tmp_path / "out/t/bin/cc", os.X_OK)


def test_what_is_removed_goes_with_all_below_it(tmp_path: Path) -> None:
    members = [("x/include/c++/v", "v", 0o644), ("x/include/c++11", "11", 0o644)]
    assert unpack(tar(tmp_path, *members), "--strip-prefix=x", "--remove=include/c++").returncode == 0
    assert found(tmp_path) == {"include/c++11": "11"}


@pytest.mark.parametrize("path", ["../evil", "/evil", "x/../../evil"])
def test_a_member_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    done = unpack(tar(tmp_path, ("x/a", "a", 0o644), (path, "evil", 0o644)), "--strip-prefix=x")
    assert done.returncode == 1
    assert f"{path}: leaves the archive's folder" in done.stderr
    assert not (tmp_path / "evil").exists()


UP = ("x/a/b/up", "->../..", 0o777)
"""A link to the top, so that a path below it has more folders than there are."""


@pytest.mark.parametrize(
    "members",
    [
        [("x/a/up", "->..", 0o777), ("x/a/up/evil", "evil", 0o644)],
        [UP, ("x/a/b/up/out", "->../../evil", 0o777), ("x/a/b/up/out/evil", "evil", 0o644)],
        [UP, ("x/a/b/up/out", "->../../evil", 0o777)],
        [UP, ("x/a/b/up/hard", "=>x/a/b/up", 0o644)],
        [("x/f", "f", 0o644), UP, ("x/h", "=>x/a/b/up/f", 0o644)],
    ],
)
def test_nothing_is_written_or_read_below_a_link(tmp_path: Path, members: list[tuple[str, str, int]]) -> None:
    done = unpack(tar(tmp_path, *members), "--strip-prefix=x")
    assert done.returncode == 1
    assert done.stderr.endswith(": lies below a link\n")
    assert {path.name for path in tmp_path.iterdir()} == {"a.tgz", "out"}
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("first", [True, False])
def test_a_link_that_leads_out_over_another_link_is_left_out(tmp_path: Path, first: bool) -> None:
    """Read word for word it stays inside."""
    (tmp_path / "secret").write_text("secret")
    out = ("x/out", "->a/b/up/../secret", 0o777)
    members = [("x/a/b/c", "c", 0o644), *([out, UP] if first else [UP, out]), ("x/me", "->me", 0o777)]
    assert unpack(tar(tmp_path, *members), "--strip-prefix=x").returncode == 0
    assert found(tmp_path) == {"a/b/c": "c", "a/b/up": "->../.."}
    stolen = [*members[:3], ("x/stolen", "=>x/out", 0o644)]
    (tmp_path / "again").mkdir()
    done = unpack(tar(tmp_path / "again", *stolen), "--strip-prefix=x")
    assert done.returncode == 1
    assert "a link to x/out, which is not unpacked" in done.stderr


CIRCLES = (
    [("x/me", "->me", 0o777)],
    [("x/a", "->b", 0o777), ("x/b", "->a", 0o777)],
    [("x/below", "->below/me", 0o777)],
    [("x/gone", "->nowhere/../me", 0o777), ("x/me", "->me", 0o777)],
)


@pytest.mark.parametrize("circle", CIRCLES)
def test_links_in_a_circle_are_left_out(tmp_path: Path, circle: list[tuple[str, str, int]]) -> None:
    """Python says of them what they lead to, and until 3.13 it raised."""
    done = unpack(tar(tmp_path, ("x/f", "f", 0o644), ("x/dangling", "->f.gone", 0o777), *circle), "--strip-prefix=x")
    assert (done.returncode, done.stderr) == (0, "")
    assert found(tmp_path) == {"f": "f", "dangling": "->f.gone"}


@pytest.mark.parametrize("circle", CIRCLES[:2])
def test_nothing_is_written_below_links_in_a_circle(tmp_path: Path, circle: list[tuple[str, str, int]]) -> None:
    below = (f"{circle[0][0]}/evil", "evil", 0o644)
    done = unpack(tar(tmp_path, *circle, below), "--strip-prefix=x")
    assert done.returncode == 1
    assert done.stderr.endswith(f"{below[0]}: lies below a link\n")


F = ("x/f", "f", 0o644)


@pytest.mark.parametrize(
    "again",
    [
        F,
        ("x/f/below", "g", 0o644),
        ("x/f", "->g", 0o777),
        ("x/f", "=>x/g", 0o777),
        ("x/./f", "g", 0o644),
        ("x/g/../f", "f", 0o644),
    ],
)
def test_a_name_that_stands_twice_is_told_in_one_line(tmp_path: Path, again: tuple[str, str, int]) -> None:
    done = unpack(tar(tmp_path, ("x/g", "g", 0o644), F, again), "--strip-prefix=x")
    assert done.returncode == 1
    assert re.fullmatch(r"\S+/a\.tgz: has \S+/out/f(/below)? twice, or something below a file\n", done.stderr)


def zipped(place: Path, *names: str) -> Path:
    """Write a zip archive of files, each with a byte that is no UTF-8."""
    with zipfile.ZipFile(place / "z.whl", "w") as packed, warnings.catch_warnings(action="ignore"):
        for name in names:
            packed.writestr(name, b"\xff")
    return place / "z.whl"


def test_a_name_that_stands_twice_in_a_wheel_is_told_in_one_line(tmp_path: Path) -> None:
    done = unpack(zipped(tmp_path, "a/b", "a/b"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "out/a/b twice" in done.stderr


def spoilt(raw: bytes, at: int, new: bytes) -> bytes:
    return raw[:at] + new + raw[at + len(new) :]


def marked(at: int, new: bytes) -> Callable[[bytes], bytes]:
    """Return what writes into the first entry of a zip archive's directory."""
    return lambda raw: spoilt(raw, raw.index(b"PK\x01\x02") + at, new)


BROKEN: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "no archive": ("tar", lambda raw: b"text"),
    "a tar that is cut": ("tar", lambda raw: raw[:-200]),
    "other headers": ("tar", lambda raw: spoilt(raw, 2, b"\0\0")),
    "a zip that is cut": ("zip", lambda raw: raw[:-30]),
    "an encrypted member": ("zip", marked(8, b"\1")),
    "a method that is not known": ("zip", marked(10, b"\x63")),
    "another checksum": ("zip", marked(16, b"\0\0\0\0")),
    "another place": ("zip", marked(42, b"\5")),
    "a link in no UTF-8": ("zip", marked(38, (stat.S_IFLNK << 16).to_bytes(4, "little"))),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_archive_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    form, broken = BROKEN[kind]
    archive = zipped(tmp_path, "a") if form == "zip" else tar(tmp_path, ("x/f", "f" * 20_000, 0o644), mode="w:xz")
    archive.write_bytes(broken(archive.read_bytes()))
    done = unpack(archive)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"{archive}: cannot be unpacked: ")


def test_a_prefix_that_the_archive_has_not_is_refused(tmp_path: Path) -> None:
    done = unpack(tar(tmp_path, ("x/a", "a", 0o644)), "--strip-prefix=y")
    assert done.returncode == 1
    assert "has nothing below 'y'" in done.stderr


def test_a_wheel(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.whl", "w", zipfile.ZIP_DEFLATED) as packed:
        for path, mode in (("ziglang/zig", 0o755), ("ziglang/lib/a.h", 0o644)):
            member = zipfile.ZipInfo(path)
            member.external_attr = (stat.S_IFREG | mode) << 16
            packed.writestr(member, path)
    assert unpack(tmp_path / "z.whl", "--strip-prefix=ziglang").returncode == 0
    assert found(tmp_path) == {"lib/a.h": "ziglang/lib/a.h", "zig": "ziglang/zig"}
    assert os.access(tmp_path / "out/zig", os.X_OK)
    assert not os.access(tmp_path / "out/lib/a.h", os.X_OK)

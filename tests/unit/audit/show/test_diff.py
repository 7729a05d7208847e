"""What changed between two files, folders and archives."""

import json
from importlib import resources
from pathlib import Path

from archives import tar
from click.testing import CliRunner, Result
from elf_maker import GLIBC_LOADER, MUSL_START, Elf, interp
from schemas import problems

from linkmode.cli.audit import command
from linkmode.messages import UsageError

STATIC = Elf(code=MUSL_START).build()
LIBC = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",)).build()
MORE = Elf(interp=interp(GLIBC_LOADER), needed=("libz.so.1", "libc.so.6"), runpath="/x").build()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["--diff", *arguments])


def test_two_files(here: Path) -> None:
    (here / "a").write_bytes(LIBC)
    (here / "b").write_bytes(MORE)
    result = run("--headers-only", "a", "b")
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0] == "changed: b"
    assert lines[1:3] == ["  mode: mostly_static -> dynamic", "  needed: +libz.so.1"]
    assert lines[3] == f"  size: {len(LIBC)} -> {len(MORE)} ({len(MORE) - len(LIBC):+})"
    assert "  runpath: +/x" in lines
    assert lines[-1] == "1 changed, 0 added, 0 removed, 0 the same"


def test_what_is_the_same_exits_0_whatever_its_name(here: Path) -> None:
    (here / "a").write_bytes(LIBC)
    (here / "b").write_bytes(LIBC)
    result = run("a", "b")
    assert (result.exit_code, result.stdout) == (0, "0 changed, 0 added, 0 removed, 1 the same\n")


def test_a_folder_and_an_archive_by_the_paths_inside(here: Path) -> None:
    (here / "d/bin").mkdir(parents=True)
    for name, raw in {"same": STATIC, "gone": STATIC, "other": LIBC}.items():
        (here / "d/bin" / name).write_bytes(raw)
    (here / "a.tar").write_bytes(tar(("bin/same", STATIC), ("bin/new", STATIC), ("bin/other", STATIC)))
    result = run("d/", "a.tar")
    assert [line for line in result.stdout.splitlines() if not line.startswith(" ")] == [
        "removed: bin/gone",
        "added: bin/new",
        "changed: bin/other",
        "1 changed, 1 added, 1 removed, 1 the same",
    ]
    assert result.exit_code == 1


def test_order_of_needs_is_a_change(here: Path) -> None:
    (here / "a").write_bytes(Elf(needed=("x", "y")).build())
    (here / "b").write_bytes(Elf(needed=("y", "x")).build())
    assert "  needed: x, y -> y, x\n" in run("a", "b").stdout


def test_what_cannot_be_audited_exits_3(here: Path) -> None:
    (here / "a").write_bytes(STATIC)
    (here / "b").write_bytes(STATIC[:70])
    result = run("a", "b")
    assert result.exit_code == 3
    assert "b: not audited: truncated" in result.stderr


def test_json_follows_the_shipped_schema(here: Path) -> None:
    (here / "a").write_bytes(LIBC)
    (here / "b").write_bytes(MORE)
    document = json.loads(run("--json", "a", "b").stdout)
    shipped = resources.files("linkmode.audit.show").joinpath("audit-diff.schema.json").read_text(encoding="utf-8")
    assert problems(document, json.loads(shipped)) == []
    assert document["differences"][0]["changes"][1] == {"key": "needed", "before": [], "after": ["libz.so.1"]}
    document["differences"][0]["what"] = "moved"
    assert problems(document, json.loads(shipped))


def test_usage(here: Path) -> None:
    assert isinstance(run("a").exception, UsageError)
    assert isinstance(run("--deny-rpath", "a", "b").exception, UsageError)

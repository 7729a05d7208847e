"""docs/tutorial/first-binary.md, followed to the letter: its files, its commands, and the failure that it promises."""

import shutil
import subprocess
import sys
from pathlib import Path

from harness import bazel, sandbox
from harness.pages import Page
from harness.places import STORE, WORK
from harness.workspace import linkmode

IMAGE = 1_000_000
"""Bytes: the page promises an image of less."""

_CRC = "3610a686\n"  # of "hello", as Python's zlib has it
_PAGE = Page("docs/tutorial/first-binary.md")


def _text(first: str) -> str:
    """The block of text that begins with ``first``."""
    return next(block for block in _PAGE.blocks("text") if block.startswith(first))


def _write(folder: Path, builder: bazel.Bazel) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    build, module, _ = _PAGE.blocks("starlark")
    (folder / "crc.c").write_text(_PAGE.blocks("c")[0])
    (folder / "BUILD.bazel").write_text(build)
    if builder.name in ("4.2.3", "7.7.1-workspace"):
        (folder / "WORKSPACE").write_text('workspace(name = "first")\n')  # "instead", as the page says
    else:
        (folder / "MODULE.bazel").write_text(module)
    (folder / ".bazelrc").write_text(_text("build --config=linkmode_hermetic"))


def _add_the_wrong_one(folder: Path) -> None:
    build = (folder / "BUILD.bazel").read_text().replace('"link_modes")', '"link_mode_binary", "link_modes")')
    (folder / "BUILD.bazel").write_text(build + _PAGE.blocks("starlark")[2])


def follow(builder: bazel.Bazel) -> None:
    """Do what the tutorial says, with one Bazel. Raises AssertionError where it does not hold."""
    folder = WORK / "e2e" / builder.name.replace("/", "_") / "tutorial"
    _write(folder, builder)
    try:
        _holds(_ran(folder, builder))
        program = folder / "bazel-bin/crc_as_static"
        assert program.stat().st_size < IMAGE
        _prints_in_an_empty_root(program)
    finally:
        builder.leave(folder)  # and bazel-bin leads nowhere from here on


def _ran(folder: Path, builder: bazel.Bazel) -> list[tuple[list[str], str]]:
    """Run the commands of the page, and return each with what it said."""
    ran = []
    for words, must_fail in _PAGE.commands():
        match words:
            case ["linkmode", *arguments]:
                store = [f"--store={STORE}"] if arguments[0] == "fetch" else []
                said = linkmode(folder, *arguments, *store).stdout
            case ["bazel", *arguments]:
                if must_fail:
                    _add_the_wrong_one(folder)
                done = builder.run(folder, *arguments, check=not must_fail)
                said = done.stdout + done.stderr
                assert done.returncode == (1 if must_fail else 0), said
            case [program, *_]:
                assert program == "bazel-bin/crc_as_static"
                said = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout
        ran.append((words, said))
        if words[0] == "bazel" and not must_fail:
            for mode in ("static", "mostly_static", "dynamic"):
                linkmode(folder, "audit", "--expect", mode, "--max-glibc", "2.28", f"bazel-bin/crc_as_{mode}")
    return ran


def _holds(ran: list[tuple[list[str], str]]) -> None:
    assert [words[:2] for words, _ in ran] == [
        ["linkmode", "init"],
        ["linkmode", "lock"],
        ["linkmode", "fetch"],
        ["linkmode", "generate"],
        ["bazel", "build"],
        ["linkmode", "audit"],
        ["bazel-bin/crc_as_static", "hello"],
        ["bazel", "build"],
        ["linkmode", "audit"],
    ]
    assert "\nmode: static\n" in ran[5][1]
    assert "no interpreter" in ran[5][1].lower()
    assert ran[6][1] == _CRC
    assert "--expect static does not hold" in ran[7][1]
    assert "\nmode: static\n" in ran[8][1]


def _prints_in_an_empty_root(program: Path) -> None:
    try:
        assert sandbox.run_alone(program, {}, arguments=["hello"]) == _CRC
    except sandbox.MissingToolError as error:
        sys.stderr.write(f"not run in an empty root: {error}\n")

"""`make demo`: from nothing to three verified binaries, by the commands that a user would type, in .work/demo."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from harness import bazel, table
from harness.places import EXAMPLES, STORE, WORK

_NO_NETWORK = 4
_MODES = ("static", "mostly_static", "dynamic")
_SOURCES = ("pack.c", "data", "BUILD.bazel", "WORKSPACE", "MODULE.bazel", ".bazelrc", ".bazelignore")


class StepError(Exception):
    """A command of the demonstration failed; what it said is on the terminal already."""


def main() -> int:
    """Run every step; return an exit code."""
    try:
        builder = bazel.at_path(shutil.which("bazel") or "bazel", "demo")
        _demonstrate(builder, _workspace())
    except (StepError, OSError) as error:
        sys.stderr.write(f"\nmake demo: {error}\n")
        return 1
    return 0


def _workspace() -> Path:
    """Return a fresh repository with a C program, its BUILD file and nothing of linkmode."""
    folder = WORK / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in _SOURCES:
        source = EXAMPLES / "c_zlib" / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    return folder


def _demonstrate(builder: bazel.Bazel, folder: Path) -> None:
    def linkmode(*arguments: str) -> int:
        return _show(folder, "linkmode", arguments, [str(Path(sys.executable).with_name("linkmode")), *arguments])

    _must(linkmode("init"))
    _must(linkmode("lock"))
    code = linkmode("fetch", "--store", str(STORE))
    if code == _NO_NETWORK:
        _say(
            "The upstream hosts cannot be reached from here (exit code 4, see above). The Python package index carries "
            "both too: Zig as the project's own wheel, zlib inside a source distribution. Locking those instead."
        )
        _must(linkmode("lock", "--source", "pypi"))
        code = linkmode("fetch", "--store", str(STORE))
    _must(code)
    _must(linkmode("generate"))
    try:
        _say(
            "The first build compiles musl, glibc's stubs and libc++ with Zig, which takes some minutes; "
            "later ones do not."
        )
        command = builder.command("build", "//:pack_as")
        _must(_show(folder, "bazel", ("build", "//:pack_as"), command))
        files = [f"bazel-bin/pack_as_{mode}" for mode in _MODES]
        for mode, file in zip(_MODES, files, strict=True):
            _must(linkmode("audit", "--expect", mode, file))
        for file in files:
            _must(_show(folder, file, ("data/modes.txt",), [file, "data/modes.txt"]))
        rows = [_row(folder, mode, file) for mode, file in zip(_MODES, files, strict=True)]
    finally:
        builder.run(folder, "shutdown", check=False)
    sys.stdout.write(f"\n{table.text(rows)}\n\nAll of it lies in {folder}.\n")


def _row(folder: Path, mode: str, file: str) -> tuple[str, ...]:
    command = [str(Path(sys.executable).with_name("linkmode")), "audit", "--json", "--expect", mode, file]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    return table.row(file, mode, json.loads(said)["files"][0])


def _show(folder: Path, name: str, arguments: tuple[str, ...], command: list[str]) -> int:
    """Print the command as a user would type it, run it with its output on the terminal, and return its exit code."""
    sys.stdout.write(f"\n$ {shlex.join((name, *arguments))}\n")
    sys.stdout.flush()
    return subprocess.run(command, cwd=folder, check=False).returncode


def _must(code: int) -> None:
    if code:
        raise StepError(f"the command above failed with exit code {code}")


def _say(text: str) -> None:
    sys.stdout.write(f"\n# {text}\n")


if __name__ == "__main__":
    sys.exit(main())

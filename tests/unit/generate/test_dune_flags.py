"""What gen-linking-flags.sh prints, run by sh. On macOS nothing was run: its branch is tested as far as text goes."""

import shutil
import subprocess
from pathlib import Path

import pytest

from linkmode.catalog import pins
from linkmode.config.document import parse
from linkmode.generate.render import render
from linkmode.lock.resolve import resolve
from linkmode.model import resources

CONFIG = """
build-systems = ["dune"]

[[toolchain]]
family = "zig"
version = "==0.15.2"
targets = ["x86_64-linux-musl"]

[dune.web]
stubs = ["unix", "web_stubs"]
libraries = { ssl = "libssl", z = "zlib" }

[dune.plain]
"""
GLIBC, MUSL, APPLE = (
    ("linux", "x86_64-pc-linux-gnu"),
    ("linux", "x86_64-pc-linux-musl"),
    ("macosx", "arm64-apple-darwin"),
)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    config = parse(CONFIG, where="linkmode.toml")
    tree = render(config, resolve(config, pins.load(resources.catalogue())), resources.templates())
    path = tmp_path / "gen-linking-flags.sh"
    path.write_bytes(tree["dune/gen-linking-flags.sh"])
    return path


def run(script: Path, *words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    # nothing but the shell itself may be needed
    return subprocess.run(
        [shutil.which("sh") or "/bin/sh", str(script), *words],
        env={"PATH": str(path or "/nonexistent")},
        capture_output=True,
        text=True,
        check=False,
    )


def flags(script: Path, *words: str, path: Path | None = None) -> list[str]:
    done = run(script, *words, path=path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("(", ")")
    return lines[1:-1]


def test_dynamic_is_what_ocaml_does_by_itself(script: Path) -> None:
    for system in (GLIBC, MUSL, APPLE, ("win64", "x86_64-w64-mingw32")):
        assert flags(script, "web", "dynamic", *system, "") == []


@pytest.mark.parametrize("system", [GLIBC, MUSL])
def test_mostly_static_names_everything_and_takes_archives_only(script: Path, system: tuple[str, str]) -> None:
    assert flags(script, "web", "mostly_static", *system, "") == [
        "-noautolink",
        "-cclib -Wl,-Bstatic",
        *("-cclib -lunix", "-cclib -lweb_stubs", "-cclib -lssl", "-cclib -lz"),
        "-cclib -Wl,-Bdynamic",
        "-cclib -lpthread",
    ]


def test_static_is_for_musl(script: Path) -> None:
    assert flags(script, "web", "static", *MUSL, "") == ["-ccopt -static -ccopt -no-pie"]


def test_the_c_compiler_of_the_environment_links(script: Path) -> None:
    assert flags(script, "plain", "dynamic", *GLIBC, "ccache x86_64-linux-gnu-gcc") == [
        '-cc "ccache x86_64-linux-gnu-gcc"'
    ]


def apple(folder: Path, *archives: str) -> Path:
    """Make a folder to be PATH, whose pkg-config knows zlib and libssl, and where these archives lie."""
    (folder / "lib").mkdir()
    for name in archives:
        (folder / "lib" / name).touch()
    tool = folder / "pkg-config"
    tool.write_text(
        f'#!/bin/sh\ncase "$2" in zlib | libssl) echo {folder}/lib ;; *) exit 1 ;; esac\n', encoding="utf-8"
    )
    tool.chmod(0o755)
    return folder


def test_on_macos_archives_are_named_by_their_paths(script: Path, tmp_path: Path) -> None:
    path = apple(tmp_path, "libssl.a", "libz.a")
    assert flags(script, "web", "mostly_static", *APPLE, "", path=path) == [
        "-noautolink",
        *("-cclib -lunix", "-cclib -lweb_stubs"),
        *(f"-cclib {tmp_path}/lib/libssl.a", f"-cclib {tmp_path}/lib/libz.a"),
    ]


def test_on_macos_an_archive_that_is_not_there_is_named(script: Path, tmp_path: Path) -> None:
    done = run(script, "web", "mostly_static", *APPLE, "", path=apple(tmp_path, "libssl.a"))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{tmp_path}/lib/libz.a does not exist" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("web", "static", *GLIBC, ""), 1, "this OCaml is for x86_64-pc-linux-gnu"),
        (("web", "static", *APPLE, ""), 1, "macOS has no static libc"),
        (("web", "mostly_static", "mingw64", "x86_64-w64-mingw32", ""), 1, "no flags are known for mingw64"),
        (("web", "mostly_static", *APPLE, ""), 1, "pkg-config knows no libssl"),
        (("web", "Static", *MUSL, ""), 1, "LINK_MODE=Static: expected static, mostly_static or dynamic"),
        (("web", "dynamic", *GLIBC, 'cc"'), 1, "without quotes"),
        (("other", "dynamic", *GLIBC, ""), 2, "linkmode.toml has no [dune.other]"),
    ],
)
def test_what_is_refused(script: Path, words: tuple[str, ...], code: int, expected: str) -> None:
    done = run(script, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert expected in done.stderr

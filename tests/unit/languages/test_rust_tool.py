"""rust_tool starts rustc and is its linker: compiled by the machine's C compiler, with scripts for rustc and ld."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from c_sources import c_sources
from link_words import explanation

from linkmode.model.link_errors import Fault

SOURCES = ("compile.c", "link.c", "run.c", "rust_tool.c", "script.c")


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        pytest.skip("no C compiler: cc, gcc or clang")
    folder = tmp_path_factory.mktemp("rust_tool")
    program = folder / "rust_tool"
    words = c_sources(folder) / "words"
    options = ("-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror", f"-I{words}", "-o", program)
    subprocess.run([compiler, *options, words / "words.c", *SOURCES], cwd=folder / "private/rust/tool", check=True)
    return program


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def link(tool: Path, folder: Path, ld: str, *words: str, mode: str = "static") -> tuple[int, str, str]:
    """Link as rustc has it done; return the exit code, what was said on stderr, and the linker's arguments."""
    linker = script(folder / "ld", f'printf "%s " "$@" > "{folder}/arguments"\n{ld}')
    target = "x86_64-linux-musl" if mode == "static" else "x86_64-linux-gnu.2.28"
    lines = ["label //a:b", f"mode {mode}", f"target {target}", "provides z", f"arg {linker}", "arg -o", "arg out"]
    (folder / "link").write_text("\n".join([*lines, "rust", "arg libz.a"]) + "\n", encoding="utf-8")
    done = subprocess.run(
        [tool, *words, f"--linkmode={folder / 'link'}"], capture_output=True, text=True, check=False, cwd=folder
    )
    arguments = folder / "arguments"
    return done.returncode, done.stderr, arguments.read_text(encoding="utf-8") if arguments.exists() else ""


def explained(fault: Fault, names: str, mode: str) -> str:
    target = "x86_64-linux-musl" if mode == "static" else "x86_64-linux-gnu.2.28"
    return explanation(fault, names, label="//a:b", mode=mode, target=target, asker="rust")


def test_of_what_rustc_says_objects_crates_and_libraries_that_are_nowhere_else_stay(tool: Path, tmp_path: Path) -> None:
    said = ("-m64", "a.o", "-Wl,-Bstatic", "-lz", "b.rlib", "-lunwind", "-L", "x", "-Lx", "-pie", "-Wl,--gc-sections")
    code, _, arguments = link(tool, tmp_path, "exit 0", *said, "-lcrypt", mode="dynamic")
    assert (code, arguments) == (0, "-o out a.o b.rlib -Wl,--gc-sections -lcrypt libz.a ")


@pytest.mark.parametrize("mode", ["static", "mostly_static"])
def test_a_library_that_no_dependency_gives_is_named_before_anything_is_linked(
    tool: Path, tmp_path: Path, mode: str
) -> None:
    code, said, arguments = link(tool, tmp_path, "exit 0", "a.o", "-lssl", mode=mode)
    assert (code, arguments) == (1, "")
    assert said == explained("library", "ssl", mode)


@pytest.mark.parametrize(
    "saying",
    [
        "ld: cannot find -lssl: No such file or directory",
        "ld: cannot find -lssl",
        "ld.lld: error: unable to find library -lssl",
        "error: unable to find dynamic system library 'ssl' using strategy 'paths_first'. searched paths: none",
    ],
)
def test_one_that_the_linker_does_not_find_in_dynamic_is_explained_in_the_same_words(
    tool: Path, tmp_path: Path, saying: str
) -> None:
    code, said, _ = link(tool, tmp_path, f'echo "{saying}" >&2\nexit 1', "a.o", "-lssl", mode="dynamic")
    assert code == 1
    assert said == f"{saying}\n{explained('library', 'ssl', 'dynamic')}"


@pytest.mark.parametrize(
    ("mode", "symbol", "fault"),
    [("static", "absent", "symbols"), ("static", "__printf_chk", "glibc"), ("dynamic", "__printf_chk", "symbols")],
)
@pytest.mark.parametrize("form", ["ld.lld: error: undefined symbol: {}", "b.c:1: undefined reference to `{}'"])
def test_symbols_that_nobody_defines(
    tool: Path, tmp_path: Path, mode: str, symbol: str, fault: Fault, form: str
) -> None:
    ld = "\n".join([*[f'echo "{form.format(symbol)}" >&2'.replace("`", r"\`")] * 2, "exit 1"])
    code, said, _ = link(tool, tmp_path, ld, "a.o", mode=mode)
    assert code == 1
    assert said.endswith(f"\n{explained(fault, symbol, mode)}")


def test_another_failure_is_the_linkers_own_to_tell(tool: Path, tmp_path: Path) -> None:
    assert link(tool, tmp_path, 'echo "disk full" >&2\nexit 3', "a.o")[:2] == (3, "disk full\n")


def test_a_linker_that_was_killed_is_named(tool: Path, tmp_path: Path) -> None:
    code, said, _ = link(tool, tmp_path, "kill -9 $$", "a.o")
    assert (code, said) == (1, f"linkmode: {tmp_path / 'ld'} was ended by signal 9\n")


def compiled(tool: Path, folder: Path, rustc: str) -> subprocess.CompletedProcess[str]:
    program = script(folder / "rustc", rustc)
    command = [tool, "compile", "//a:b", program, "--crate-name", "b"]
    environment = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


def test_rustc_is_started_with_the_builds_folder_mapped_away(tool: Path, tmp_path: Path) -> None:
    done = compiled(tool, tmp_path, 'echo "$@"; echo "warning: unused" >&2')
    assert (done.returncode, done.stdout) == (0, f"--crate-name b --remap-path-prefix={tmp_path}=.\n")
    assert done.stderr == "warning: unused\n"


def test_a_library_that_a_crate_bundles_and_its_deps_do_not_give_is_explained(tool: Path, tmp_path: Path) -> None:
    saying = r"error: could not find native static library \`ssl\`, perhaps an -L flag is missing?"
    done = compiled(tool, tmp_path, f'echo "{saying}" >&2\nexit 1')
    assert done.returncode == 1
    assert "linkmode: //a:b: the crate asks for the static library ssl (" in done.stderr
    assert "add it to the deps of this very crate" in done.stderr


def test_what_the_linker_had_to_say_comes_last(tool: Path, tmp_path: Path) -> None:
    done = compiled(tool, tmp_path, 'echo "remedy" > "$LINKMODE_MESSAGE"; echo "error: linking failed" >&2; exit 1')
    assert done.stderr == "error: linking failed\n\nremedy\n"
    assert [path.name for path in tmp_path.iterdir()] == ["rustc"]


def test_a_rustc_that_cannot_start_is_named_with_where_to_read_on(tool: Path, tmp_path: Path) -> None:
    command = [tool, "compile", "//a:b", tmp_path / "absent"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "linkmode: rust_tool: cannot start rustc (without glibc's loader where it runs, see docs/how-to/rust.md): "
        f"{tmp_path / 'absent'}\n"
    )


SCRIPT = r"""
echo 'compiling' ; pwd > "$OUT_DIR/place" ; cat input > "$OUT_DIR/copied"
echo "cargo:rustc-cfg=has_$CARGO_CFG_TARGET_ARCH"
echo 'cargo::rustc-check-cfg=cfg(has_x86_64)'
echo 'cargo:rustc-env=SAID=yes it is'
echo "cargo:rustc-env=WHERE=$OUT_DIR/place"
echo "cargo:rustc-link-search=native=$OUT_DIR"
echo 'cargo:rustc-link-lib=static=z'
echo 'cargo:rustc-flags=-l one -L deps'
echo 'cargo:rerun-if-changed=build.rs'
echo "cargo:include-dir=$OUT_DIR/include"
echo 'cargo::metadata=version=3'
echo "cargo:warning=from $DEP_SSL_ROOT"
"""


def script_said(tool: Path, folder: Path, text: str, *others: Path) -> tuple[int, str]:
    """Run a build script in the package `pkg` below ``folder``; return the exit code and what was said on stderr."""
    (folder / "pkg").mkdir(exist_ok=True)
    (folder / "pkg/input").write_text("read", encoding="utf-8")
    script(folder / "build", text)
    words = ("//pkg:build", "build", "out", "flags", "environment", "metadata", "pkg", "my-z", *others)
    environment = {"CARGO_CFG_TARGET_ARCH": "x86_64", "PATH": os.environ["PATH"], "GIVEN": "${pwd}/given"}
    done = subprocess.run(
        [tool, "script", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def test_what_a_build_script_says_is_for_rustc_and_for_the_scripts_of_others(tool: Path, tmp_path: Path) -> None:
    (tmp_path / "of_ssl").write_text("DEP_SSL_ROOT=${pwd}/ssl\n", encoding="utf-8")
    code, said = script_said(tool, tmp_path, SCRIPT, tmp_path / "of_ssl")
    assert (code, said) == (0, f"linkmode: //pkg:build: warning: from {tmp_path}/ssl\n")
    assert (tmp_path / "flags").read_text(encoding="utf-8").splitlines() == [
        *("--cfg", "has_x86_64", "--check-cfg", "cfg(has_x86_64)"),
        *("-L", "native=out", "-l", "static=z", "-l", "one", "-L", "deps"),
    ]
    assert (tmp_path / "environment").read_text(encoding="utf-8") == (
        "OUT_DIR=${pwd}/out\nSAID=yes it is\nWHERE=${pwd}/out/place\n"
    )
    assert (tmp_path / "metadata").read_text(encoding="utf-8") == (
        "DEP_MY_Z_INCLUDE_DIR=${pwd}/out/include\nDEP_MY_Z_VERSION=3\n"
    )
    assert (tmp_path / "out/place").read_text(encoding="utf-8") == f"{tmp_path}/pkg\n"
    assert (tmp_path / "out/copied").read_text(encoding="utf-8") == "read"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("echo 'cargo:rustc-link-search=/usr/lib'", "a folder of the machine. Libraries come from cc_library targets"),
        ("echo 'cargo:rustc-flags=-l z -O'", "expected -l and -L"),
        ("echo 'cargo::rustc-what=1'", "linkmode knows no such instruction"),
        ("echo 'cargo::error=no luck'", "it gives up"),
        ("echo 'cargo:rustc-cfg'", "expected KEY=VALUE"),
        ("exit 3", "the build script failed. It has the files of srcs and data, no network, no C compiler"),
    ],
)
def test_a_build_script_that_asks_for_what_is_not_to_be_had_is_refused(
    tool: Path, tmp_path: Path, text: str, why: str
) -> None:
    code, said = script_said(tool, tmp_path, text)
    assert code == 1
    assert said.startswith("linkmode: //pkg:build: the build script ")
    assert why in said


def test_a_crate_is_compiled_in_the_environment_of_its_build_script(tool: Path, tmp_path: Path) -> None:
    (tmp_path / "environment").write_text("OUT_DIR=${pwd}/out\n", encoding="utf-8")
    rustc = script(tmp_path / "rustc", 'printf %s "$OUT_DIR" > out_dir')
    environment = {**os.environ, "LINKMODE_BUILD_SCRIPT": str(tmp_path / "environment"), "TMPDIR": str(tmp_path)}
    subprocess.run([tool, "compile", "//a:b", rustc, "lib.rs"], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "out_dir").read_text(encoding="utf-8") == f"{tmp_path}/out"

"""What the compiler driver refuses since another program would be started for it, and that it never starts itself."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from driver_toolchain import Toolchain

from linkmode.model import resources

FORTRAN = "f for ftn fpp f77 f90 f95 f03 f08 f18 F FOR FTN FPP F77 F90 F95 F03 F08 F18"
OTHERS = {"adb": "Ada", "ads": "Ada", "d": "D", "go": "Go", "rs": "Rust"}
BY_SUFFIX = [(f"x.{suffix}", "Fortran") for suffix in FORTRAN.split()] + [(f"x.{k}", v) for k, v in OTHERS.items()]
BY_NAME = [
    *((f"-x {name} x.c", "Fortran") for name in ("f77", "f95", "f77-cpp-input", "f95-cpp-input")),
    ("-xf95 x.c", "Fortran"),
    ("--language=f95 x.c", "Fortran"),
    ("--language f95 -", "Fortran"),
    ("x.c -x ada y.c", "Ada"),
    ("-x c x.c -x none y.f90", "Fortran"),
    ("-- x.f", "Fortran"),
    ("@words", "Fortran"),
]


@pytest.mark.parametrize("kind", ["clang", "gcc"])
@pytest.mark.parametrize("action", ["-c", "-E", "-S", "-M", "-fsyntax-only", "-o p", "-shared -o p"])
@pytest.mark.parametrize(("line", "language"), [BY_SUFFIX[0], BY_SUFFIX[-1], BY_NAME[0]])
def test_a_language_without_a_compiler_is_refused_whatever_is_asked(
    make: Callable[..., Toolchain], kind: str, action: str, line: str, language: str
) -> None:
    done = make(kind).run(*action.split(), *line.split())
    assert done.returncode == 1
    assert f"{line.split()[-1]}: it is {language}, and " in done.stderr
    assert "echo" not in done.stdout


@pytest.mark.parametrize("kind", ["clang", "gcc"])
@pytest.mark.parametrize(("line", "language"), BY_SUFFIX + BY_NAME)
def test_a_language_without_a_compiler_is_refused_by_name(
    make: Callable[..., Toolchain], kind: str, line: str, language: str
) -> None:
    made = make(kind)
    (made.root / "project" / "words").write_text("x.f90")
    done = made.run("-c", *line.split())
    assert done.returncode == 1
    assert f": it is {language}, and " in done.stderr
    assert "  expected: a source in C, C++" in done.stderr
    assert "  try:      leave it out, or link, instead, an object that another compiler made" in done.stderr


@pytest.mark.parametrize("kind", ["clang", "gcc"])
@pytest.mark.parametrize(
    "line",
    [
        "-x c x.f",
        "x.o -o p.f90",
        "-c x.c -MF x.d",
        "-I x.f x.c",
        "-include x.f90 -c x.c",
        "x.a x.so",
        "-T x.ads x.o",
        "f",
    ],
)
def test_other_files_pass(make: Callable[..., Toolchain], kind: str, line: str) -> None:
    assert make(kind).run("--linkmode-explain", *line.split()).returncode == 0


def test_a_language_passes_that_the_archive_of_gcc_has_a_compiler_for(make: Callable[..., Toolchain]) -> None:
    made = make("gcc")
    own = made.root / "libexec" / "gcc" / "t" / "12"
    own.mkdir(parents=True)
    configuration = made.root / "driver.conf"
    configuration.write_text(configuration.read_text().replace("cc\t/bin/echo\n", f"cc\t{made.root}/bin/real\n", 1))
    assert made.run("--linkmode-explain", "-c", "x.f").returncode == 1
    (own / "f951").touch()
    assert made.run("--linkmode-explain", "-c", "x.f").returncode == 0
    assert "no cc1obj" in made.run("-c", "x.m").stderr


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("-fno-integrated-as -c x.c", "an assembler"),
        ("-no-integrated-as x.s", "an assembler"),
        ("-fintegrated-as -fno-integrated-as -c x.c", "an assembler"),
        ("--ld-path=gcc x.c", "a linker"),
        ("-ccc-gcc-name x -c x.c", "a compiler"),
        ("--driver-mode=flang -c x.c", "a compiler"),
        ("-emit-interface-stubs x.c", "llvm-ifs"),
        ("--emit-static-lib x.c", "llvm-ar"),
        ("-fopenmp -fopenmp-targets=nvptx64 x.c", "the tools of a GPU"),
    ],
)
def test_an_option_that_has_another_program_started_is_refused(
    make: Callable[..., Toolchain], line: str, program: str
) -> None:
    done = make().run(*line.split())
    assert done.returncode == 1
    assert f": clang would start {program} of the machine's" in done.stderr


@pytest.mark.parametrize("words", ["--config ./x.cfg", "--config=x.cfg", "--config-user-dir=/x"])
def test_words_that_clang_alone_reads_are_refused(make: Callable[..., Toolchain], words: str) -> None:
    done = make().run(*words.split(), "-c", "x.c")
    assert (done.returncode, "a file of clang's own" in done.stderr) == (1, True)
    assert "  try:      @FILE" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "-fno-integrated-as -fintegrated-as -c x.c",
        "-Xclang -no-integrated-as -c x.c",
        "--driver-mode=g++ x.c",
        "-save-temps x.c",
    ],
)
def test_what_starts_no_other_program_passes(make: Callable[..., Toolchain], line: str) -> None:
    assert make().run("--linkmode-explain", *line.split()).returncode == 0


@pytest.mark.parametrize("kind", ["clang", "gcc"])
@pytest.mark.parametrize("line", ["-c x.c", "x.o -o p", "--version"])
def test_a_driver_that_its_compiler_starts_again_ends_at_once(
    make: Callable[..., Toolchain], kind: str, line: str
) -> None:
    made = make(kind)
    compiler, count = made.root / "compiler", made.root / "count"
    # no more than 20 of them, if the driver should let them
    compiler.write_text(
        f"#!/bin/sh\necho x >> {count}\n[ $(wc -l < {count}) -gt 20 ] && exit 3\nexec {made.root}/bin/cc {line}\n"
    )
    compiler.chmod(0o755)
    configuration = made.root / "driver.conf"
    configuration.write_text(configuration.read_text().replace("cc\t/bin/echo\n", f"cc\t{compiler}\n"))
    done = made.run(*line.split())
    assert done.returncode == 1
    assert "the compiler that this driver stands before has started it again" in done.stderr
    assert count.read_text() == "x\n"


def test_the_reference_names_the_variable_of_a_compiler_that_was_started() -> None:
    text = (Path(__file__).parents[3] / "docs" / "reference" / "exec.md").read_text()
    made = (resources.templates() / "common" / "driver" / "programs.h").read_text()
    name = re.findall(r'compiling\[\] = "(\w+)"', made)
    assert [f"`{one}`" in text for one in name] == [True]

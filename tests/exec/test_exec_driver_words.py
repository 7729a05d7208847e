"""Words that only the linker, GCC or the preprocessor reads, and what comes of them with real compilers."""

from pathlib import Path

import pytest
from projects import X86, Project

LIB = "int three(void) { return 3; }\n"
APP = '#include <stdio.h>\nint three(void);\nint main(void) { printf("%d\\n", three()); return 0; }\n'
OPENMP = """\
#include <stdio.h>
int main(void) {
    int sum = 0;
#pragma omp parallel for reduction(+ : sum)
    for (int i = 0; i < 3; i++) sum += 1;
    printf("%d\\n", sum);
    return 0;
}
"""


def programs(project: Project, mode: str, script: str) -> dict[str, str | None]:
    """Build ``app`` and say its mode, and that of ``libthree.so`` where there is one."""
    for name, text in {"lib.c": LIB, "app.c": APP, "openmp.c": OPENMP}.items():
        (project.root / name).write_text(text)
    for old in ("app", "libthree.so"):
        (project.root / old).unlink(missing_ok=True)
    project.exec("sh", "-euc", script, options=("--target", X86, "--mode", mode))
    return project.modes("app")


@pytest.mark.parametrize(
    "script",
    [
        "$CXX -c p.cc; $CC p.o -lstdc++ -o app",
        "$CC -fopenmp openmp.c -o app",
        "$CC app.c lib.c -lquadmath -latomic -o app",
    ],
)
def test_gcc_s_own_libraries_are_archives_in_a_program(gcc: Project, script: str) -> None:
    assert programs(gcc, "mostly_static", script) == {"app": "mostly_static"}
    assert programs(gcc, "static", script) == {"app": "static"}


def test_gcc_s_own_libraries_are_archives_in_a_library(gcc: Project) -> None:
    script = "$CXX -fPIC -c p.cc; $CC -shared p.o -lstdc++ -lgcc_s -o libthree.so; $CC app.c lib.c -o app"
    for mode, has in (("static", False), ("mostly_static", False), ("dynamic", True)):
        programs(gcc, mode, script)
        assert (b"libstdc++.so.6" in (gcc.root / "libthree.so").read_bytes()) == has


def test_relocations_that_the_libc_does_not_know_are_left_out(gcc: Project) -> None:
    """musl 1.2.3, which this GCC has, ends such a program with a segmentation fault."""
    programs(gcc, "static", "$CC -static-pie app.c lib.c -Wl,-z,pack-relative-relocs -o app")
    assert gcc.run("app") == "3\n"


@pytest.mark.parametrize("family", ["gcc", pytest.param("zig", marks=pytest.mark.tier("slow"))])
def test_the_preprocessor_has_the_target_s_headers(request: pytest.FixtureRequest, family: str) -> None:
    project: Project = request.getfixturevalue(family)
    assert programs(project, "static", "cpp app.c app.i; $CC app.i lib.c -o app") == {"app": "static"}
    assert '"/usr/include' not in (project.root / "app.i").read_text()


@pytest.mark.parametrize("family", ["gcc", pytest.param("zig", marks=pytest.mark.tier("slow"))])
def test_what_the_linker_is_told_in_a_file(request: pytest.FixtureRequest, family: str) -> None:
    project: Project = request.getfixturevalue(family)
    script = "echo -shared > words; $CC -fPIC lib.c -Wl,@words -o libthree.so; $CC app.c lib.c -o app"
    programs(project, "static", script)
    assert Path(project.root / "libthree.so").read_bytes()[16] == 3
    merged = "$CC -c app.c lib.c; $CC -nostdlib -Wl,-r app.o lib.o -o both.o; $CC both.o -o app"
    assert programs(project, "static", merged) == {"app": "static"}


def test_what_is_not_a_header_is_not_looked_for(gcc: Project) -> None:
    """The source itself and a file of options can be absent as well, and GCC says so in the same words."""
    (gcc.root / "app.c").write_text(APP)
    for words in ("-c absent.c", "-specs=absent.specs -c app.c"):
        done = gcc.linkmode("exec", "--target", X86, "--", "sh", "-c", f"$CC {words}")
        assert (done.returncode != 0, "looked for" in done.stderr) == (True, False), done.stderr


def test_a_compiler_that_the_build_names_by_its_path_is_told(gcc: Project) -> None:
    (gcc.root / "app.c").write_text("int main(void) { return 0; }\n")
    (gcc.root / "Makefile").write_text("CC = /usr/bin/cc\nbypath: app.c\n\t$(CC) app.c -o bypath\n")
    done = gcc.linkmode("exec", "--target", X86, "--", "make", "bypath")
    assert (done.returncode, "was not checked: bypath; where" in done.stderr) == (0, True), done.stderr
    done = gcc.linkmode("exec", "--target", X86, "--", "make", "bypath", "--always-make", "CC=cc")
    assert (done.returncode, "not checked" in done.stderr) == (0, False), done.stderr

"""What build systems do with a compiler: the mode holds, or the build ends and says why."""

import shutil
import subprocess
from pathlib import Path

import pytest
from projects import GLIBC, X86, Project

LIB = "int three(void) { return 3; }\n"
APP = '#include <stdio.h>\nint three(void);\nint main(void) { printf("%d\\n", three()); return 0; }\n'
CMAKE = """\
cmake_minimum_required(VERSION 3.13)
project(p C)
add_library(three_shared SHARED lib.c)
add_library(three_static STATIC lib.c)
add_executable(app app.c)
target_link_libraries(app three_{kind})
"""
GO = """\
package main

// int three(void);
import "C"
import (
	"fmt"
	"net"
)

func main() {
	_, err := net.LookupPort("tcp", "80")
	fmt.Println(C.three(), err)
}
"""
SETUP = """\
from setuptools import Extension, setup
setup(name="three", version="1", ext_modules=[Extension("three", ["lib.c"], extra_link_args=["-Wl,-rpath,/opt/lib"])])
"""

Case = tuple[Project, tuple[str, ...], str]


@pytest.fixture(params=["gcc", pytest.param("zig", marks=pytest.mark.tier("slow")),
                        pytest.param("zig-glibc", marks=pytest.mark.tier("slow"))])  # fmt: skip
def case(request: pytest.FixtureRequest) -> Case:
    """A project with two files, the options of `exec`, and the mode that programs have then."""
    family, _, glibc = request.param.partition("-")
    project: Project = request.getfixturevalue(family)
    subprocess.run("rm -rf build app libthree* *.o mine go", shell=True, cwd=project.root, check=True)
    (project.root / "lib.c").write_text(LIB)
    (project.root / "app.c").write_text(APP)
    return project, ("--target", GLIBC if glibc else X86), "mostly_static" if glibc else "static"


def sh(case: Case, script: str) -> subprocess.CompletedProcess[str]:
    project, options, _ = case
    return project.linkmode("exec", *options, "--", "sh", "-euc", script)


def holds(case: Case, done: subprocess.CompletedProcess[str], program: str = "app") -> None:
    project, options, mode = case
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"linkmode: {mode} for {options[1]}: {program}" in done.stderr
    assert project.modes(program) == {program: mode}
    assert project.run(program) == "3\n"


def test_libtool_links_with_a_shared_library_that_has_an_archive_beside_it(case: Case) -> None:
    make = "$CC -fPIC -c lib.c; $CC -shared lib.o -o libthree.so; $AR rcs libthree.a lib.o"
    holds(case, sh(case, f"{make}; $CC app.c ./libthree.so -Wl,-rpath -Wl,$PWD -o app"))
    holds(case, sh(case, f"{make}; $CC app.c -L. -lthree -o app"))


def test_a_shared_library_alone_is_refused(case: Case) -> None:
    done = sh(case, "$CC -fPIC -shared lib.c -o libthree.so; $CC app.c -L. -lthree -o app")
    assert done.returncode == 1
    assert f"libthree.so is a shared object, and a {case[2]} program cannot need it" in done.stderr
    assert "--disable-shared" in done.stderr
    assert not (case[0].root / "app").exists()


def test_mode_dynamic_takes_it(case: Case) -> None:
    project, options, _ = case
    script = "$CC -fPIC -shared lib.c -o libthree.so; $CC app.c -L. -lthree -o app"
    done = project.linkmode("exec", *options, "--mode", "dynamic", "--", "sh", "-euc", script)
    assert done.returncode == 0, done.stderr
    assert project.modes("app") == {"app": "dynamic"}


def test_a_shared_library_that_is_linked_with_static_is_one(case: Case) -> None:
    project, _, _ = case
    assert sh(case, "$CC -fPIC -shared -static lib.c -o libthree.so").returncode == 0
    assert project.modes("libthree.so") == {"libthree.so": None}
    assert (project.root / "libthree.so").read_bytes()[:4] == b"\x7fELF"


def test_a_thin_archive(case: Case) -> None:
    holds(case, sh(case, "$CC -c lib.c; $AR rcsT libthree.a lib.o; $CC app.c libthree.a -o app"))


def test_a_makefile_that_says_gcc(case: Case) -> None:
    (case[0].root / "mine").write_text("CC = gcc\napp: app.o lib.o\n\t$(CC) -o $@ $^\n")
    holds(case, sh(case, "make -f mine app"))


def test_a_program_that_is_exchanged_after_its_link_is_found(case: Case) -> None:
    """As by a build that calls another compiler by its path, and copies what it made."""
    done = sh(case, "$CC app.c lib.c -o app; cp /bin/sh app")
    assert done.returncode == 1
    assert f"linkmode: not {case[2]} for {case[1][1]}: app" in done.stderr


@pytest.mark.skipif(not shutil.which("cmake"), reason="cmake is not installed")
def test_cmake_with_shared_and_static_libraries(case: Case) -> None:
    (case[0].root / "mine").mkdir()
    for name in ("app.c", "lib.c"):
        shutil.copy(case[0].root / name, case[0].root / "mine")
    lists = case[0].root / "mine" / "CMakeLists.txt"
    lists.write_text(CMAKE.format(kind="static"))
    holds(case, sh(case, "cmake -S mine -B build >/dev/null; cmake --build build"), "build/app")
    lists.write_text(CMAKE.format(kind="shared"))
    done = sh(case, "cmake -S mine -B build >/dev/null; cmake --build build")
    assert done.returncode != 0
    assert "libthree_shared.so is a shared object" in done.stderr + done.stdout
    assert "-DBUILD_SHARED_LIBS=OFF" in done.stderr + done.stdout


def machine_library() -> str:
    """Return a library of the machine's own with its header, for a project that looks for both; skip without one."""
    if not Path("/usr/include/bzlib.h").exists() or not list(Path("/usr/lib").glob("*/libbz2.so")):
        pytest.skip("the machine has no libbz2 to be found: install libbz2-dev")
    return "bz2"


@pytest.mark.skipif(not shutil.which("meson"), reason="meson is not installed")
def test_meson_does_not_find_the_machine_s_own_libraries(case: Case) -> None:
    project, _, _ = case
    (project.root / "meson.build").write_text(
        "project('p', 'c')\ncc = meson.get_compiler('c')\n"
        f"found = cc.find_library('{machine_library()}', required: false)\n"
        "message('found: ' + found.found().to_string() + ' ' + cc.has_header('bzlib.h').to_string())\n"
        "executable('app', 'app.c', 'lib.c', dependencies: found)\n"
    )
    done = sh(case, "meson setup build; ninja -C build; cp build/app app")
    assert "found: false false" in done.stdout
    holds(case, done, "build/app")


@pytest.mark.skipif(not shutil.which("cmake"), reason="cmake is not installed")
def test_cmake_does_not_find_the_machine_s_own_libraries(case: Case) -> None:
    project, _, _ = case
    (project.root / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(p C)\nfind_package(BZip2)\n"
        f"find_library(FOUND {machine_library()})\n"
        'message(STATUS "found: ${BZIP2_FOUND} ${FOUND}")\nadd_executable(app app.c lib.c)\n'
    )
    done = sh(case, "cmake -S . -B build; cmake --build build; cp build/app app")
    assert "found: FALSE FOUND-NOTFOUND" in done.stdout
    holds(case, done, "build/app")


def test_what_a_build_looked_for_and_did_without_is_told(case: Case) -> None:
    project, _, _ = case
    (project.root / "optional.c").write_text("#include <yaml.h>\n")
    done = sh(case, "$CC -c optional.c || $CC app.c lib.c -o app")
    assert "looked for yaml.h of libyaml, and no library of linkmode.toml has it (optional.c)" in done.stderr
    holds(case, done)


@pytest.mark.skipif(not shutil.which("go"), reason="go is not installed")
def test_cgo_with_net_whatever_flags_are_given(case: Case) -> None:
    project, options, mode = case
    folder = project.root / "go"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/three\n\ngo 1.21\n")
    (folder / "main.go").write_text(GO)
    shutil.copy(project.root / "lib.c", folder)
    done = sh(case, 'cd go; GOCACHE="$PWD/cache" go build -ldflags=-s -o app .')
    assert done.returncode == 0, done.stderr
    assert f"linkmode: {mode} for {options[1]}: example.com/three (go)" in done.stderr
    assert project.modes("go/app") == {"go/app": mode}
    assert project.run("go/app") == "3 <nil>\n"


@pytest.mark.skipif(not shutil.which("go"), reason="go is not installed")
def test_go_without_any_c(case: Case) -> None:
    project, _, mode = case
    folder = project.root / "go"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/three\n\ngo 1.21\n")
    (folder / "main.go").write_text('package main\n\nfunc main() { println("3") }\n')
    done = sh(case, 'cd go; GOCACHE="$PWD/cache" go build -o app .')
    assert done.returncode == 0, done.stderr
    assert project.modes("go/app") == {"go/app": mode}
    own_flags = sh(case, 'cd go; rm app; GOCACHE="$PWD/cache" go build -ldflags=-s -o app .')
    assert (own_flags.returncode == 0) == (mode == "static")
    if mode != "static":
        assert "Go links a program without C by itself, and that is static, not mostly_static" in own_flags.stderr
        assert not (folder / "app").exists()


def test_an_extension_module_has_no_path_of_the_building_machine(case: Case) -> None:
    pytest.importorskip("setuptools")
    project, _, _ = case
    (project.root / "mine").mkdir()
    (project.root / "mine" / "setup.py").write_text(SETUP)
    (project.root / "mine" / "lib.c").write_text(
        "#include <Python.h>\nPyMODINIT_FUNC PyInit_three(void) { return 0; }\n"
    )
    done = sh(case, "cd mine; python3 setup.py -q build_ext --inplace")
    if "Python.h" in done.stderr and "file not found" in done.stderr:
        pytest.skip("Python's headers are not installed, or lie among the machine's own")
    assert done.returncode == 0, done.stdout + done.stderr
    [module] = (project.root / "mine").glob("three.*.so")
    assert b"/opt/lib" not in module.read_bytes()
    assert project.modes(str(module.relative_to(project.root))) == {str(module.relative_to(project.root)): None}


def test_what_zig_cc_did_in_silence(case: Case) -> None:
    """Overflow trapped without -O, and assembly for standard output was lost."""
    (case[0].root / "app.c").write_text(
        "#include <stdio.h>\n"
        'int main(int n, char **v) { int x = 0x7fffffff; x += n; printf("%d\\n", x < 0); return 0; }\n'
    )
    done = sh(case, "$CC app.c -o app; ./app; $CC -S app.c -o - | grep -c main; $CC -E app.c -o /dev/null")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "1"
    assert int(done.stdout.splitlines()[1]) > 0
    assert Path("/dev/null").is_char_device()


def test_a_build_folder_of_another_mode_is_told(case: Case) -> None:
    project, options, mode = case
    saved = sh(case, 'printf %s "$(command -v $CC)" > mine').returncode
    assert saved == 0
    other = project.linkmode(
        "exec", *options, "--mode", "dynamic", "--", "sh", "-euc", '"$(cat mine)" app.c lib.c -o app'
    )
    assert other.returncode == 1
    assert f"app was linked for {options[1]} and {mode}: the build folder comes from another run" in other.stderr

"""`linkmode exec` with real toolchains and real build tools; what comes out is audited, and run where it can be."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from projects import ARM, GLIBC, ZLIB, Project, gcc_pins

CONFIGURE = """\
#!/bin/sh
# What configure scripts do: try the compiler, run what it made, look for a header and a library.
set -e
echo 'int main(void) { return 0; }' > conftest.c
$CC $CPPFLAGS $CFLAGS $LDFLAGS -o conftest conftest.c
./conftest && echo "runs: yes"
echo '#include <zlib.h>' > conftest.c
$CC -E conftest.c > /dev/null && echo "zlib.h: yes"
echo 'char deflate(); int main(void) { return deflate(); }' > conftest.c
$CC -fno-builtin $LDFLAGS -o conftest conftest.c -lz && echo "libz: yes"
$STRIP conftest && echo "strip: yes"
$LD -r -o both.o /dev/null 2>/dev/null || echo "ld: yes"
"""

CONFIGURE_AC = """\
AC_INIT([p], [1.0])
AC_PROG_CC
AC_PROG_CXX
AC_PROG_RANLIB
AC_CHECK_HEADERS([zlib.h])
AC_CHECK_LIB([z], [deflate])
AC_CHECK_FUNCS([pthread_create gnu_get_libc_version])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
"""
MAKEFILE_IN = """\
VPATH = @srcdir@
all: z p
z: z.c
\t@CC@ @CPPFLAGS@ @CFLAGS@ @LDFLAGS@ -o $@ $< @LIBS@
p: p.cc
\t@CXX@ @CPPFLAGS@ @CXXFLAGS@ @LDFLAGS@ -o $@ $<
"""


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make(project: Project) -> None:
    project.exec("make", "-s")
    assert project.modes("z", "p") == {"z": "static", "p": "static"}
    assert (project.run("z"), project.run("p")) == ("zlib 1.2.11\n", "caught\n")


@pytest.mark.skipif(not shutil.which("cmake"), reason="cmake is not installed")
def test_cmake(project: Project) -> None:
    project.exec("cmake", "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=Release")
    project.exec("cmake", "--build", "build")
    assert project.modes("build/z", "build/p") == {"build/z": "static", "build/p": "static"}
    assert (project.run("build/z"), project.run("build/p")) == ("zlib 1.2.11\n", "caught\n")
    cache = (project.root / "build" / "CMakeCache.txt").read_text()
    [library] = [line for line in cache.splitlines() if line.startswith("ZLIB_LIBRARY_RELEASE:")]
    assert str(project.store / "linkmode" / "exec") in library


def test_what_configure_scripts_try(gcc: Project) -> None:
    (gcc.root / "configure").write_text(CONFIGURE)
    said = gcc.exec("sh", "./configure")
    assert said.splitlines()[:4] == ["runs: yes", "zlib.h: yes", "libz: yes", "strip: yes"]


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_zlib_s_own_configure_script_and_tests(tmp_path: Path) -> None:
    """From the locked sources, in a copy, as the unpacked ones are read-only."""
    locked = Project(tmp_path, gcc_pins("x86_64-linux-musl-cross") + ZLIB.replace("1.2.11", "1.3.1"), "zlib=pypi")
    locked.exec("true")
    [unpacked] = (locked.store / "linkmode" / "unpacked").glob("*/configure")
    shutil.copytree(unpacked.parent, tmp_path / "zlib")
    subprocess.run(["chmod", "-R", "u+w", str(tmp_path / "zlib")], check=True)
    said = locked.exec("sh", "-c", "cd zlib && ./configure --static && make test")
    assert "*** zlib test OK ***" in said
    assert "*** zlib 64-bit test OK ***" in said
    assert locked.modes("zlib/example", "zlib/minigzip") == {"zlib/example": "static", "zlib/minigzip": "static"}
    assert locked.run("zlib/example").startswith("zlib version 1.3.1 ")


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.skipif(not shutil.which("autoconf"), reason="autoconf is not installed")
def test_autoconf(project: Project) -> None:
    """A script that autoconf itself makes: its compilers run, and it can be told the host."""
    (project.root / "configure.ac").write_text(CONFIGURE_AC)
    (project.root / "Makefile.in").write_text(MAKEFILE_IN)
    subprocess.run(["autoconf", "-f"], cwd=project.root, check=True)
    for number, options in enumerate(("", "--build=x86_64-pc-linux-gnu --host=x86_64-linux-musl")):
        shutil.rmtree(project.root / "made", ignore_errors=True)
        (project.root / "made").mkdir()
        said = project.exec("sh", "-c", f"cd made && ../configure {options} && make")
        assert f"checking whether we are cross compiling... {'yes' if number else 'no'}" in said
        assert "checking for deflate in -lz... yes" in said
        assert "checking for zlib.h... yes" in said
        assert "checking for pthread_create... yes" in said
        assert "checking for gnu_get_libc_version... no" in said
        assert project.modes("made/z", "made/p") == {"made/z": "static", "made/p": "static"}
        assert (project.run("made/z"), project.run("made/p")) == ("zlib 1.2.11\n", "caught\n")


@pytest.mark.parametrize("family", ["gcc", pytest.param("zig", marks=pytest.mark.tier("slow"))])
def test_another_cpu(request: pytest.FixtureRequest, family: str) -> None:
    project: Project = request.getfixturevalue(family)
    for name, source, more in (("z.arm", "z.c", "-lz"), ("p.arm", "p.cc", "")):
        compiler = "$CC" if source.endswith(".c") else "$CXX"
        project.exec("sh", "-c", f"{compiler} $LDFLAGS -o {name} {source} {more}", options=("--target", ARM))
    assert project.modes("z.arm", "p.arm") == {"z.arm": "static", "p.arm": "static"}
    assert (project.run("z.arm", "aarch64"), project.run("p.arm", "aarch64")) == ("zlib 1.2.11\n", "caught\n")


@pytest.mark.tier("slow")
def test_glibc_of_a_chosen_version(zig: Project) -> None:
    zig.exec("sh", "-c", "$CC -o z.glibc z.c -lz", options=("--target", GLIBC))
    assert zig.modes("z.glibc") == {"z.glibc": "mostly_static"}
    assert zig.linkmode("audit", "--expect", "mostly_static", "--max-glibc", "2.28", "z.glibc").returncode == 0


def test_the_machine_s_own_headers_and_libraries_are_not_found(project: Project, tmp_path: Path) -> None:
    """Neither by the variables of another compiler, nor by pkg-config."""
    (tmp_path / "zlib.h").write_text("#error the wrong zlib.h\n")
    (tmp_path / "libz.a").write_text("no library\n")
    leaks = dict.fromkeys(("CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH"), str(tmp_path))
    project.exec("sh", "-c", "$CC $LDFLAGS -o z z.c -lz", **leaks)
    assert project.run("z") == "zlib 1.2.11\n"
    if shutil.which("pkg-config"):
        assert project.exec("pkg-config", "--modversion", "zlib") == "1.2.11\n"
        listed = project.exec("pkg-config", "--list-all")
        assert [line.split()[0] for line in listed.splitlines()] == ["zlib"]


def test_no_variable_of_the_environment_gets_into_a_binary(project: Project, tmp_path: Path) -> None:
    """LD_RUN_PATH would be a RUNPATH; the others would write files beside, or bring another pkg-config file in."""
    (tmp_path / "zlib.pc").write_text("Name: zlib\nDescription: evil\nVersion: 6.6.6\nLibs: -levil\n")
    steering = {
        "LD_RUN_PATH": "/evil",
        "DEPENDENCIES_OUTPUT": str(tmp_path / "dependencies"),
        "SUNPRO_DEPENDENCIES": str(tmp_path / "sunpro"),
        "GCC_COMPARE_DEBUG": "-gtoggle",
        "LDEMULATION": "elf_i386",
        "OBJC_INCLUDE_PATH": str(tmp_path),
        "PKG_CONFIG_PATH": str(tmp_path),
        "PKG_CONFIG_SYSROOT_DIR": "/evil",
        "PKG_CONFIG_ZLIB_LIBDIR": "/evil",
        "PKG_CONFIG_LOG": str(tmp_path / "log"),
        "GNUTARGET": "binary",
    }
    build = "$CC -o z z.c -lz"
    project.exec("sh", "-c", build, options=("--mode", "dynamic"), **steering)
    raw = (project.root / "z").read_bytes()
    assert b"/evil" not in raw
    assert sorted(path.name for path in tmp_path.iterdir()) == ["zlib.pc"]
    if shutil.which("pkg-config"):
        assert project.exec("pkg-config", "--modversion", "--libs", "zlib", **steering).startswith("1.2.11\n")
        assert "/evil" not in project.exec("pkg-config", "--cflags", "zlib", **steering)
        given = project.exec("sh", "-c", f"export PKG_CONFIG_PATH='{tmp_path}'; pkg-config --modversion zlib")
        assert given == "6.6.6\n"  # set inside, it decides: it is the environment that was clean


def test_no_variable_that_a_command_sets_gets_into_a_binary(project: Project, tmp_path: Path) -> None:
    """A makefile or a script sets them for its own commands; GNUTARGET=binary once made a program of data alone."""
    (tmp_path / "zlib.h").write_text("#error the wrong zlib.h\n")
    (tmp_path / "stdio.h").write_text("#error the wrong stdio.h\n")
    for name in ("as", "ld", "cc1", "collect2", "x86_64-linux-musl-ld"):
        (tmp_path / name).write_text("#!/bin/sh\necho evil >&2; exit 9\n")
        (tmp_path / name).chmod(0o755)
    before = sorted(tmp_path.iterdir())
    folders = ("CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "LD_RUN_PATH", "ZIG_LIB_DIR", "ZIG_LIBC")
    inside = {
        **dict.fromkeys(folders, str(tmp_path)),
        "GCC_EXEC_PREFIX": f"{tmp_path}/",
        "GNUTARGET": "binary",
        "LDEMULATION": "elf_i386",
        "COLLECT_GCC_OPTIONS": "'-static'",
        "COLLECT_LTO_WRAPPER": "/bin/false",
        "DEPENDENCIES_OUTPUT": str(tmp_path / "dependencies"),
        "SUNPRO_DEPENDENCIES": str(tmp_path / "sunpro"),
        "CCC_OVERRIDE_OPTIONS": "+-m32",
        "CC_PRINT_OPTIONS": "1",
        "CC_PRINT_OPTIONS_FILE": str(tmp_path / "options"),
        "LLD_REPRODUCE": str(tmp_path / "reproduce.tar"),
        "LLD_VERSION": "/evil",
        "SDKROOT": str(tmp_path),
    }
    exported = "; ".join(f"export {name}={shlex.quote(value)}" for name, value in inside.items())
    project.exec("sh", "-c", f"{exported}; $CC -o z z.c -lz && $CC -c p.cc && $AR rc libs.a p.o")
    assert project.modes("z") == {"z": "static"}
    assert project.run("z") == "zlib 1.2.11\n"
    archive = subprocess.run(["ar", "t", project.root / "libs.a"], check=True, capture_output=True, text=True)
    assert archive.stdout == "p.o\n"
    project.exec("sh", "-c", f"{exported}; $CC -o z z.c -lz", options=("--mode", "dynamic"))
    assert os.fsencode(tmp_path) not in (project.root / "z").read_bytes()
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_always_cleared_is_said_when_a_build_fails(gcc: Project) -> None:
    done = gcc.linkmode("exec", "--", "sh", "-c", "CPATH=/opt/include $CC -include none.h -c z.c")
    assert done.returncode == 1
    assert "cleared, since it steers the compiler or the linker behind the command line's back: CPATH" in done.stderr
    done = gcc.linkmode("exec", "--", "sh", "-c", "$CC -include none.h -c z.c")
    assert "cleared" not in done.stderr


@pytest.mark.parametrize("flags", ["-Wl,-e,0", "-Wl,-e,environ"])
def test_a_program_that_cannot_be_started_is_removed(gcc: Project, flags: str) -> None:
    """By words of the command line, which the driver passes."""
    done = gcc.linkmode("exec", "--", "sh", "-c", f"$CC -o z z.c -lz {flags}")
    assert done.returncode == 1, done.stderr
    assert "z: --expect static does not hold" in done.stderr
    assert "so that it cannot be started" in done.stderr
    assert not (gcc.root / "z").exists()


def test_the_compiler_needs_nothing_of_the_environment_but_its_path(project: Project) -> None:
    """As for native-image, which clears the environment and looks for x86_64-linux-musl-gcc on PATH."""
    path = project.exec("sh", "-c", 'dirname "$(command -v x86_64-linux-musl-gcc)"').strip()
    command = ["env", "-i", f"PATH={path}:/usr/bin:/bin", "x86_64-linux-musl-gcc", "-static", "-o", "z", "z.c", "-lz"]
    subprocess.run(command, cwd=project.root, check=True)
    assert project.modes("z") == {"z": "static"}
    assert project.run("z") == "zlib 1.2.11\n"


def test_zlib_is_the_same_wherever_it_was_made(gcc: Project, tmp_path: Path) -> None:
    """No path of this machine is in it, and no time."""
    shell = 'cat "$(dirname "$PKG_CONFIG_LIBDIR")/libz.a" > "$0"'
    other = {"LINKMODE_STORE": str(tmp_path / "elsewhere")}
    shutil.copytree(gcc.store / "content_addressable", tmp_path / "elsewhere" / "content_addressable")
    gcc.exec("sh", "-c", shell, str(tmp_path / "one.a"))
    gcc.exec("sh", "-c", shell, str(tmp_path / "other.a"), **other)
    assert (tmp_path / "one.a").read_bytes() == (tmp_path / "other.a").read_bytes()
    assert os.fsencode(tmp_path) not in (tmp_path / "other.a").read_bytes()

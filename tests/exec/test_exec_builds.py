"""`linkmode exec` with real toolchains and real build tools; what comes out is audited, and run where it can be.

GCC comes from ../shared/toolchains, Zig and zlib's sources from the package index that pip is configured for; what is
absent skips its tests. Archives are kept in .work/store, which the end-to-end tests share.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLCHAINS = ROOT.parent / "shared" / "toolchains"
KEPT = ROOT / ".work" / "store"

X86, ARM, GLIBC = "x86_64-linux-musl", "aarch64-linux-musl", "x86_64-linux-gnu.2.28"
SHA256 = {
    "x86_64-linux-musl-cross": "ff2d895c5e32295fa8a5da61057c0f59a5a4b4edf619178992a9b773e36624a7",
    "aarch64-linux-musl-cross": "49126abe5eb289962229afefe130a9722d3ac4468d35058eae1f1a44f2d36b4f",
    "x86_64-linux-musl-native": "1db80c2434ccd522ec52e307ce9abcc599d683f92e3403c9ffe479323f65c7d3",
}

GCC = """\
[[toolchain]]
family = "musl.cc"
version = "==12.2.0"
targets = [{targets}]
"""
PIN = """\
[[pin]]
family = "musl.cc"
version = "12.2.0"
file = "{name}.tgz"
urls = ["{url}"]
sha256 = "{sha256}"
exec = "x86_64-linux"
targets = ["{target}"]
layout = "{layout}"
strip-prefix = "{name}"
measured = {{ gcc = "12.2.0", musl = "1.2.3", binutils = "2.40" }}
"""
ZIG = f"""\
[[toolchain]]
family = "zig"
version = "==0.15.2"
targets = ["{X86}", "{GLIBC}", "{ARM}"]
"""
ZLIB = """\
[library]
zlib = "==1.2.11"
"""

C = """\
#include <stdio.h>
#include <string.h>
#include <zlib.h>
int main(void) {
    unsigned char in[1000], out[2000], back[1000];
    uLongf n = sizeof out, m = sizeof back;
    memset(in, 'x', sizeof in);
    if (compress(out, &n, in, sizeof in) || uncompress(back, &m, out, n)) return 1;
    if (m != sizeof in || memcmp(in, back, m)) return 1;
    printf("zlib %s\\n", zlibVersion());
    return 0;
}
"""
CXX = """\
#include <iostream>
#include <stdexcept>
#include <thread>
int main() {
    std::thread other([] {
        try { throw std::runtime_error("caught"); } catch (const std::exception &e) { std::cout << e.what() << "\\n"; }
    });
    other.join();
}
"""
MAKEFILE = """\
all: z p libs.a
z: LDLIBS = -lz
p: p.o
\t$(CXX) $(LDFLAGS) -o $@ $^
libs.a: p.o
\t$(AR) rc $@ $^
\t$(RANLIB) $@
"""
CMAKE = """\
cmake_minimum_required(VERSION 3.13)
project(p C CXX)
find_package(ZLIB REQUIRED)
add_executable(z z.c)
target_link_libraries(z ZLIB::ZLIB)
add_executable(p p.cc)
"""
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
RUST = """\
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    println!("{}", if std::panic::catch_unwind(|| panic!("p")).is_err() { "caught" } else { "lost" });
}
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


class Project:
    """A folder with a lock, sources, and its archives in a store of its own."""

    def __init__(self, root: Path, toml: str, source: str = "") -> None:
        self.root = root
        self.store = root / "store"
        for name, text in {"z.c": C, "p.cc": CXX, "Makefile": MAKEFILE, "CMakeLists.txt": CMAKE}.items():
            (root / name).write_text(text)
        (root / "linkmode.toml").write_text('output = "out"\nexec-platforms = ["x86_64-linux"]\n' + toml)
        locked = self.linkmode("lock", *(["--source", source] if source else []))
        assert locked.returncode == 0, locked.stderr
        fetched = self.linkmode("fetch", "--store", str(KEPT))
        if fetched.returncode == 4:
            pytest.skip(f"the package index cannot be reached: {fetched.stderr.splitlines()[-1]}")
        assert fetched.returncode == 0, fetched.stderr
        assert self.linkmode("fetch", "--store", str(KEPT), "--offline").returncode == 0
        shutil.copytree(KEPT / "content_addressable", self.store / "content_addressable")

    def linkmode(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        plain = {key: value for key, value in os.environ.items() if key not in {"CC", "CXX", "CFLAGS", "LDFLAGS"}}
        settings = {"PYTHONPATH": str(ROOT / "generator"), "LINKMODE_STORE": str(self.store)}
        # Zig takes minutes to build its C++ library, which no test here is about.
        settings |= {
            "ZIG_GLOBAL_CACHE_DIR": str(ROOT / ".work" / "zig"),
            "ZIG_LOCAL_CACHE_DIR": str(ROOT / ".work" / "zig"),
        }
        return subprocess.run(
            [sys.executable, "-m", "linkmode", *arguments],
            cwd=self.root,
            env=plain | settings | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def exec(self, *command: str, options: tuple[str, ...] = (), **environment: str) -> str:
        done = self.linkmode("exec", *options, "--", *command, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def modes(self, *files: str) -> dict[str, str]:
        report = json.loads(self.linkmode("audit", "--json", *files).stdout)
        return {one["path"]: one["verdict"]["mode"] for one in report["files"]}

    def run(self, file: str, cpu: str = "x86_64") -> str:
        command = [str(self.root / file)]
        if cpu != "x86_64":
            emulator = shutil.which(f"qemu-{cpu}-static")
            if not emulator:
                pytest.skip(f"qemu-{cpu}-static is not installed")
            command = [emulator, *command]
        return subprocess.run(command, env={}, capture_output=True, text=True, check=True).stdout


def gcc_pins(*names: str) -> str:
    missing = [name for name in names if not (TOOLCHAINS / f"{name}.tgz").is_file()]
    if missing:
        pytest.skip(f"../shared/toolchains has no {missing[0]}.tgz")
    made = [(name, *name.rsplit("-", 1)) for name in names]
    return GCC.format(targets=", ".join(f'"{target}"' for _, target, _ in made)) + "".join(
        PIN.format(
            name=name,
            target=target,
            layout=layout,
            sha256=SHA256[name],
            url=(TOOLCHAINS / f"{name}.tgz").as_uri(),
        )
        for name, target, layout in made
    )


@pytest.fixture(scope="session")
def gcc(tmp_path_factory: pytest.TempPathFactory) -> Project:
    pins = gcc_pins("x86_64-linux-musl-cross", "aarch64-linux-musl-cross")
    return Project(tmp_path_factory.mktemp("gcc"), pins + ZLIB, "zlib=pypi")


@pytest.fixture(scope="session")
def native(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("native"), gcc_pins("x86_64-linux-musl-native") + ZLIB, "zlib=pypi")


@pytest.fixture(scope="session")
def zig(tmp_path_factory: pytest.TempPathFactory) -> Project:
    if "LINKMODE_E2E_BAZEL" not in os.environ:
        pytest.skip("Zig builds its own libraries first, for minutes; make e2e-all runs it")
    return Project(tmp_path_factory.mktemp("zig"), ZIG + ZLIB, "pypi")


FAMILIES = ["gcc", "native", "zig"]


@pytest.fixture(params=FAMILIES)
def project(request: pytest.FixtureRequest) -> Project:
    found: Project = request.getfixturevalue(request.param)
    subprocess.run(["rm", "-rf", "z", "p", "p.o", "libs.a", "build"], cwd=found.root, check=True)
    return found


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


@pytest.mark.parametrize("family", ["gcc", "zig"])
def test_another_cpu(request: pytest.FixtureRequest, family: str) -> None:
    project: Project = request.getfixturevalue(family)
    for name, source, more in (("z.arm", "z.c", "-lz"), ("p.arm", "p.cc", "")):
        compiler = "$CC" if source.endswith(".c") else "$CXX"
        project.exec("sh", "-c", f"{compiler} $LDFLAGS -o {name} {source} {more}", options=("--target", ARM))
    assert project.modes("z.arm", "p.arm") == {"z.arm": "static", "p.arm": "static"}
    assert (project.run("z.arm", "aarch64"), project.run("p.arm", "aarch64")) == ("zlib 1.2.11\n", "caught\n")


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


def test_the_compiler_needs_nothing_of_the_environment_but_its_path(project: Project) -> None:
    """As for native-image, which clears the environment and looks for x86_64-linux-musl-gcc on PATH."""
    path = project.exec("sh", "-c", 'dirname "$(command -v x86_64-linux-musl-gcc)"').strip()
    command = ["env", "-i", f"PATH={path}:/usr/bin:/bin", "x86_64-linux-musl-gcc", "-static", "-o", "z", "z.c", "-lz"]
    subprocess.run(command, cwd=project.root, check=True)
    assert project.modes("z") == {"z": "static"}
    assert project.run("z") == "zlib 1.2.11\n"


@pytest.mark.skipif(not shutil.which("cargo"), reason="cargo is not installed")
def test_cargo_links_by_zig_for_an_old_glibc(zig: Project) -> None:
    made = cargo_build(zig, "x86_64-unknown-linux-gnu", GLIBC)
    assert zig.run(made) == "caught\n"
    assert zig.linkmode("audit", "--max-glibc", "2.28", made).returncode == 0


@pytest.mark.skipif(not shutil.which("cargo"), reason="cargo is not installed")
def test_cargo_links_by_gcc_for_musl(gcc: Project) -> None:
    made = cargo_build(gcc, "x86_64-unknown-linux-musl", X86)
    assert gcc.run(made) == "caught\n"
    assert gcc.modes(made) == {made: "static"}


def cargo_build(project: Project, rust: str, target: str) -> str:
    """Build a program that catches a panic of its own, for a target by Rust's name and by ours; return its path."""
    installed = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=False)
    if not list((Path(installed.stdout.strip()) / "lib" / "rustlib" / rust / "lib").glob("libstd-*.rlib")):
        pytest.skip(f"Rust's standard library for {rust} is not installed")
    crate = project.root / "crate"
    (crate / "src").mkdir(parents=True, exist_ok=True)
    (crate / "Cargo.toml").write_text('[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n')
    (crate / "src" / "main.rs").write_text(RUST)
    project.exec("sh", "-c", f"cd crate && cargo build --offline --target {rust}", options=("--target", target))
    return f"crate/target/{rust}/debug/hello"


def test_zlib_is_the_same_wherever_it_was_made(gcc: Project, tmp_path: Path) -> None:
    """No path of this machine is in it, and no time."""
    shell = 'cat "$(dirname "$PKG_CONFIG_LIBDIR")/libz.a" > "$0"'
    other = {"LINKMODE_STORE": str(tmp_path / "elsewhere")}
    shutil.copytree(gcc.store / "content_addressable", tmp_path / "elsewhere" / "content_addressable")
    gcc.exec("sh", "-c", shell, str(tmp_path / "one.a"))
    gcc.exec("sh", "-c", shell, str(tmp_path / "other.a"), **other)
    assert (tmp_path / "one.a").read_bytes() == (tmp_path / "other.a").read_bytes()
    assert os.fsencode(tmp_path) not in (tmp_path / "other.a").read_bytes()


REPLAY = ROOT / "tests" / "graalvm_replay" / "bin" / "native-image"
"""Calls the C compiler as GraalVM's native-image does, and is not GraalVM; see the README beside it."""


def native_image(project: Project, *options: str, target: str = X86) -> str:
    """Compile a class with the machine's javac, and build it; return what it prints of an environment of two."""
    if not shutil.which("javac"):
        pytest.skip("javac is not installed; it is in the package default-jdk-headless")
    shutil.copy(ROOT / "examples" / "graalvm_envmap" / "EnvMap.java", project.root)
    subprocess.run(["javac", "EnvMap.java"], cwd=project.root, check=True)
    command = [str(REPLAY), *options, "-cp", str(project.root), "-o", "envmap", "EnvMap"]
    project.exec(*command, options=("--target", target))
    environment = {"LINKMODE_TEST": "1", "OTHER": "2"}
    ran = [str(project.root / "envmap"), "LINKMODE"]
    return subprocess.run(ran, env=environment, capture_output=True, text=True, check=True).stdout


def test_native_image_static(project: Project) -> None:
    """Also with the script that stands for Zig, which answers `-v` as clang."""
    assert native_image(project, "--static", "--libc=musl") == "LINKMODE_TEST=1\n"
    assert project.modes("envmap") == {"envmap": "static"}


@pytest.mark.parametrize(("option", "mode"), [("--static-nolibc", "mostly_static"), ("--no-fallback", "mostly_static")])
def test_native_image_with_glibc(zig: Project, option: str, mode: str) -> None:
    """A dynamic image needs no more than glibc either, as zlib is there as an archive only."""
    assert native_image(zig, option, target=GLIBC) == "LINKMODE_TEST=1\n"
    assert zig.modes("envmap") == {"envmap": mode}
    assert zig.linkmode("audit", "--max-glibc", "2.28", "envmap").returncode == 0


def test_native_image_is_refused_before_it_starts(gcc: Project) -> None:
    done = gcc.linkmode("exec", "--target", ARM, "--", str(REPLAY), "--static", "--libc=musl", "EnvMap")
    assert done.returncode == 2
    assert "GraalVM has its JDK libraries for musl on x86_64 only" in done.stderr


def test_a_native_image_of_an_unknown_release_is_not_started(gcc: Project, tmp_path: Path) -> None:
    """The file `release` beside it tells, and it is only read; `env` in front is the way past."""
    folder = tmp_path / "graalvm"
    (folder / "bin").mkdir(parents=True)
    (folder / "release").write_text('JAVA_VERSION="26"\nGRAALVM_VERSION="26.0.0"\n')
    program = folder / "bin" / "native-image"
    program.write_text('#!/bin/sh\necho "started: $*"\n')
    program.chmod(0o755)
    done = gcc.linkmode("exec", "--", str(program), "--static", "--libc=musl", "EnvMap")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{program} is of a GraalVM for JDK 26; linkmode knows those for JDK 17, 20, " in done.stderr
    assert gcc.exec("env", str(program), "--static") == "started: --static\n"
    (folder / "release").write_text('JAVA_VERSION="25.0.1"\n')
    assert gcc.exec(str(program), "--static", "--libc=musl") == "started: --static --libc=musl\n"


def test_it_is_said_that_native_image_takes_this_machine_s_gcc(gcc: Project, tmp_path: Path) -> None:
    program = tmp_path / "native-image"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    said = gcc.linkmode("exec", "--", str(program), "-jar", "app.jar").stderr
    assert "native-image takes this machine's gcc, and not musl.cc-12.2.0-x86_64-linux-x86_64-linux-musl" in said
    assert "gcc" not in gcc.linkmode("exec", "--", str(program), "--libc=musl", "-jar", "app.jar").stderr

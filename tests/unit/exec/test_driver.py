"""What the compiler driver makes of a command line. --linkmode-explain prints it, and starts nothing."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from linkmode.exec import driver
from linkmode.exec.rules import Flags
from linkmode.exec.variables import ALWAYS_CLEARED
from linkmode.families.musl_cc.compiler import MuslCcCompiler
from linkmode.families.zig.compiler import ZigCompiler
from linkmode.model.values import LinkMode, Target

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler on this machine: install gcc")

FLAGS = Flags(
    {
        "compile_flags": ("--compile",),
        "cxx_flags": ("-DCXX", "-isystem", "{root}/c++"),
        "include_flags": ("-isystem", "{root}/include"),
        "link_flags": ("--link",),
        "static_flags": ("-static", "-no-pie", "{runtime}/crt1.o"),
        "static_pie_flags": ("-static-pie", "{runtime}/rcrt1.o"),
        "pie_flags": ("-pie", "{runtime}/Scrt1.o"),
        "no_pie_flags": ("-no-pie", "{runtime}/crt1.o"),
        "static_libraries": ("libs-static",),
        "mostly_static_libraries": ("libs-mostly",),
        "dynamic_libraries": ("libs-dynamic",),
    }
)
PLACES = {"root": "/root", "runtime": "/run", "cxx_runtime": "/runxx", "lld": "/lld"}
MUSL, GLIBC = "x86_64-linux-musl", "x86_64-linux-gnu.2.28"

Explain = Callable[..., list[str]]


class Toolchain:
    """A driver for made-up compilers."""

    def __init__(self, root: Path, programs: Path, kind: str, target: str, mode: LinkMode) -> None:
        self.root = root
        self.search = root / "search"
        for folder in ("bin", "search", "project"):
            (root / folder).mkdir(parents=True)
        for name in ("cc", "g++", "go-toolexec", "x86_64-linux-gnu-gcc"):
            os.link(programs / "driver", root / "bin" / name)
        text = driver.configuration(
            kind=kind,
            own={"clang": ZigCompiler, "gcc": MuslCcCompiler}[kind].own,
            target=Target(target),
            mode=mode,
            check=programs / "elfcheck",
            compilers={"cc": ["/bin/echo", "cc"], "cxx": ["/bin/echo", "c++"]},
            flags=FLAGS,
            places=PLACES,
            search=[self.search],
            include=[],
            tools={"ar": ["/bin/echo", "ar"]},
        )
        (root / "driver.conf").write_text(text)

    def run(self, *arguments: str, name: str = "cc") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "bin" / name, *arguments],
            cwd=self.root / "project",
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )

    def explain(self, *arguments: str, name: str = "cc") -> list[str]:
        done = self.run("--linkmode-explain", *arguments, name=name)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if line != f"-L{self.search}"]

    def library(self, name: str, folder: str = "lib") -> None:
        """Make a shared object, an archive, or a text, by its name."""
        path = self.root / "project" / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" if ".so" in name else b"!<arch>\n")


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    driver.build(folder, ("cc", "-Wall", "-Wextra", "-Werror"), os.environ)
    return folder


@pytest.fixture
def make(tmp_path: Path, programs: Path) -> Callable[..., Toolchain]:
    def made(kind: str = "clang", target: str = MUSL, mode: LinkMode = "static") -> Toolchain:
        return Toolchain(tmp_path / f"{kind}-{mode}", programs, kind, target, mode)

    return made


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("-c x.c", "compile"),
        ("-S x.c -o -", "compile"),
        ("-E -", "compile"),
        ("-E -dM -", "compile"),
        ("-M x.c", "compile"),
        ("-fsyntax-only x.c", "compile"),
        ("x.c", "program"),
        ("x.o -o x", "program"),
        ("-o x -lfoo", "program"),
        ("-x c -", "program"),
        ("-v x.c", "program"),
        ("-shared x.o -o libx.so", "shared"),
        ("-Wl,-shared x.o", "shared"),
        ("-Xlinker --shared x.o", "shared"),
        ("-shared -static x.o", "shared"),
        ("-o -shared x.o", "program"),
        ("-r x.o y.o -o z.o", "relocatable"),
        ("-Wl,-r x.o", "relocatable"),
        ("-nostdlib -r x.o", "relocatable"),
        ("--version", "question"),
        ("-v", "question"),
        ("-dumpmachine", "question"),
        ("-print-search-dirs", "question"),
        ("--print-prog-name=ld", "question"),
        ("-Wl,--version", "question"),
        ("-c -shared x.c", "compile"),
        ("@response", "shared"),
    ],
)
@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_what_a_call_is(make: Callable[..., Toolchain], kind: str, line: str, action: str) -> None:
    made = make(kind)
    (made.root / "project" / "response").write_text("'-o' \"libx y.so\"\n-shared\tx\\ y.o\n")
    assert made.explain(*line.split(" "))[0] == action


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x.o", "-static -no-pie /run/crt1.o x.o libs-static"),
        ("-static x.o", "-static -no-pie /run/crt1.o x.o libs-static"),
        ("x.o -pie", "-static-pie /run/rcrt1.o x.o libs-static"),
        ("-static-pie x.o", "-static-pie /run/rcrt1.o x.o libs-static"),
        ("-pie -no-pie x.o", "-static -no-pie /run/crt1.o x.o libs-static"),
        ("-nostartfiles x.o", "-static -no-pie -nostartfiles x.o libs-static"),
        ("-nodefaultlibs x.o", "-static -no-pie /run/crt1.o -nodefaultlibs x.o"),
        ("-nodefaultlibs x.o -lc", "-static -no-pie /run/crt1.o -nodefaultlibs x.o libs-static"),
        ("-nostdlib x.o", "-static -no-pie -nostdlib x.o"),
        ("-Wl,-Bstatic -lm -Wl,-Bdynamic x.o", "-static -no-pie /run/crt1.o x.o libs-static"),
        ("x.o -Wl,-dynamic-linker,/lib/ld.so", "-static -no-pie /run/crt1.o x.o libs-static"),
        ("x.o -Wl,-rpath,/usr/lib -Wl,-rpath=/x", "-static -no-pie /run/crt1.o x.o libs-static"),
        ("x.o -Wl,--defsym,a=b -Wl,-z,now", "-static -no-pie /run/crt1.o x.o -Xlinker --defsym -Xlinker a=b "
         "-Xlinker -z -Xlinker now libs-static"),
        ("x.o -Wl,-rpath,$ORIGIN/lib",
         "-static -no-pie /run/crt1.o x.o -Xlinker -rpath -Xlinker $ORIGIN/lib libs-static"),
        ("x.o -Wl,@words", "-static -no-pie /run/crt1.o x.o -Wl,@words libs-static"),
        ("x.o -Wl,-Ttext-segment=0x1", "-static -no-pie /run/crt1.o x.o -Xlinker --image-base=0x1 libs-static"),
        ("-shared -static x.o", "-shared x.o -Xlinker -Bdynamic libs-dynamic"),
        ("-shared -pie -static-libgcc x.o", "-shared x.o -Xlinker -Bdynamic libs-dynamic"),
        ("-shared -Wl,-Bstatic -lq -Wl,-Bdynamic x.o", "-shared -Xlinker -Bstatic -lq -Xlinker -Bdynamic x.o "
         "-Xlinker -Bdynamic libs-dynamic"),
        ("-shared x.o -Wl,-rpath,/opt/python/lib", "-shared x.o -Xlinker -Bdynamic libs-dynamic"),
        ("-shared x.o -Wl,-rpath,$ORIGIN",
         "-shared x.o -Xlinker -rpath -Xlinker $ORIGIN -Xlinker -Bdynamic libs-dynamic"),
    ],
)  # fmt: skip
def test_links_by_clang_for_static(make: Callable[..., Toolchain], line: str, words: str) -> None:
    assert make().explain(*line.split(" "))[4:] == words.split(" ")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x.o", "-static x.o"),
        ("-pie x.o", "-static-pie x.o"),
        ("-shared -static x.o", "-static-libgcc -shared x.o"),
        ("x.o -lgcc_s -lm", "-static x.o -lgcc_eh -lm"),
        ("-Wl,-Bstatic -lm -Wl,-Bdynamic x.o", "-static -lm x.o"),
        ("-fuse-ld=bfd x.o", "-static x.o"),
    ],
)
def test_links_by_gcc_for_static(make: Callable[..., Toolchain], line: str, words: str) -> None:
    flags = FLAGS.words | {"static_flags": ("-static",), "static_pie_flags": ("-static-pie",)}
    made = make("gcc")
    text = (made.root / "driver.conf").read_text().replace("static\t-no-pie\n", "").replace("static\t/run/crt1.o\n", "")
    (made.root / "driver.conf").write_text(text.replace("static-pie\t/run/rcrt1.o\n", ""))
    assert flags["static_flags"]
    assert made.explain(*line.split(" "))[4:] == words.split(" ")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x.o -static", "-pie /run/Scrt1.o x.o -Xlinker -Bdynamic libs-mostly"),
        ("x.o -no-pie", "-no-pie /run/crt1.o x.o -Xlinker -Bdynamic libs-mostly"),
        ("-Llib x.o -lboth", "-pie /run/Scrt1.o -Llib x.o lib/libboth.a -Xlinker -Bdynamic libs-mostly"),
        ("-L lib x.o -l both", "-pie /run/Scrt1.o -L lib x.o lib/libboth.a -Xlinker -Bdynamic libs-mostly"),
        ("-Llib x.o -l:libboth.a", "-pie /run/Scrt1.o -Llib x.o lib/libboth.a -Xlinker -Bdynamic libs-mostly"),
        ("x.o lib/libboth.so.1", "-pie /run/Scrt1.o x.o lib/libboth.a -Xlinker -Bdynamic libs-mostly"),
        ("x.o -Wl,-lq", "-pie /run/Scrt1.o x.o -Xlinker -lq -Xlinker -Bdynamic libs-mostly"),
        ("x.o -lgcc_s -lpthread -lc", "-pie /run/Scrt1.o x.o -Xlinker -Bdynamic libs-mostly"),
        ("-shared -Llib x.o -lboth", "-shared -Llib x.o -lboth -Xlinker -Bdynamic libs-dynamic"),
        ("-x c x.c", "-pie /run/Scrt1.o -x c x.c -x none -Xlinker -Bdynamic libs-mostly -isystem /root/include"),
    ],
)
def test_links_by_clang_for_mostly_static(make: Callable[..., Toolchain], line: str, words: str) -> None:
    made = make(target=GLIBC, mode="mostly_static")
    made.library("libboth.so")
    made.library("libboth.so.1")
    made.library("libboth.a")
    found = made.explain(*line.split(" "))
    assert found[found.index("--link") + 1 :] == words.split(" ")


def test_a_dynamic_program_keeps_what_it_was_given(make: Callable[..., Toolchain]) -> None:
    made = make(target=GLIBC, mode="dynamic")
    made.library("libboth.so")
    line = ["-Llib", "x.o", "-Wl,-rpath,/x", "-lboth", "lib/libboth.so"]
    words = (
        "-pie /run/Scrt1.o -Llib x.o -Xlinker -rpath -Xlinker /x -lboth lib/libboth.so -Xlinker -Bdynamic libs-dynamic"
    )
    assert made.explain(*line)[4:] == words.split(" ")


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("cc", "-c x.c", "cc --compile -c x.c -isystem /root/include"),
        ("cc", "-c x.cc", "cc --compile -DCXX -c x.cc -isystem /root/c++ -isystem /root/include"),
        ("g++", "-c x.c", "c++ --compile -DCXX -c x.c -isystem /root/c++ -isystem /root/include"),
        ("cc", "-c -x c++ x", "cc --compile -DCXX -c -x c++ x -isystem /root/c++ -isystem /root/include"),
        ("cc", "-c -nostdinc x.c", "cc --compile -c -nostdinc x.c"),
        ("x86_64-linux-gnu-gcc", "-c -nostdinc x.c", "cc --compile -c -nostdinc x.c"),
        ("g++", "-c -nostdinc++ x.c", "c++ --compile -DCXX -c -nostdinc++ x.c -isystem /root/include"),
        ("cc", "-c --target=x86_64-unknown-linux-musl x.c", "cc --compile -c x.c -isystem /root/include"),
        ("cc", "-c -target x86_64-linux-musl x.c", "cc --compile -c x.c -isystem /root/include"),
        ("cc", "-c -I/usr/include -I. x.c", "cc --compile -c -I. x.c -isystem /root/include"),
        ("cc", "-c -isystem /usr/include x.c", "cc --compile -c x.c -isystem /root/include"),
        ("cc", "-c -Wp,-D_FORTIFY_SOURCE=2 x.c", "cc --compile -c -Wp,-D_FORTIFY_SOURCE=2 x.c -isystem /root/include"),
        ("cc", "-c -fsanitize=undefined x.c",
         "cc --compile -c -fsanitize-trap=undefined -fsanitize=undefined x.c -isystem /root/include"),
    ],
)  # fmt: skip
def test_compiles(make: Callable[..., Toolchain], name: str, line: str, words: str) -> None:
    found = make().explain(*line.split(" "), name=name)
    # the driver is one for C and C++: its second word is the made-up compiler's first
    expected = words.split(" ")
    assert found[0] == "compile"
    assert found[2] == ("c++" if "-DCXX" in expected else "cc")
    assert found[3:] == expected[1:]


@pytest.mark.parametrize(
    ("line", "problem", "way"),
    [
        (
            "x.o lib/libonly.so",
            "lib/libonly.so is a shared object, and a static program cannot need it",
            "--disable-shared",
        ),
        ("x.o -Llib -lonly", "lib/libonly.so is a shared object", "-DBUILD_SHARED_LIBS=OFF"),
        ("x.o -Llib -Wl,-lonly", "lib/libonly.so is a shared object", "-Ddefault_library=static"),
        ("-c --target=aarch64-unknown-linux-musl x.c", "makes binaries for x86_64-linux-musl", "--target TRIPLE"),
        (
            "-c --target=x86_64-unknown-linux-gnu x.c",
            "--target=x86_64-unknown-linux-gnu: this compiler",
            "--target TRIPLE",
        ),
        ("-c -target x86_64-apple-darwin x.c", "--target=x86_64-apple-darwin: this compiler", "--target TRIPLE"),
        ("-c -m32 x.c", "-m32: this compiler makes binaries for x86_64-linux-musl", "--target TRIPLE"),
        ("-fuse-ld=gold x.o", "-fuse-ld=gold: the locked toolchain has another linker", "leave it out"),
        ("-c --coverage x.c", "--coverage: Zig has no profile library", "--toolchain musl.cc"),
        ("-c -fsanitize=address x.c", "Zig has no library of this sanitizer", "leave it out"),
    ],
)
def test_refused(make: Callable[..., Toolchain], line: str, problem: str, way: str) -> None:
    made = make()
    made.library("libonly.so")
    done = made.run("--linkmode-explain", *line.split(" "))
    assert done.returncode == 1
    assert problem in done.stderr
    assert way in done.stderr.split("\n  try:")[1]


def test_a_library_of_the_machine_is_refused(make: Callable[..., Toolchain]) -> None:
    folder = next(path for path in ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib") if Path(path).is_dir())
    done = make(target=GLIBC, mode="mostly_static").run("x.o", f"{folder}/libnone.so")
    assert done.returncode == 1
    assert f"{folder}/libnone.so is the machine's own, and not built for {GLIBC}" in done.stderr


def test_a_folder_below_the_machine_s_own_is_a_package_s(make: Callable[..., Toolchain]) -> None:
    assert "-I/usr/include/linux" in make().explain("-c", "-I/usr/include/linux", "x.c")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("-dumpmachine", "x86_64-linux-musl\n"),
        ("-print-file-name=libq.a", "{search}/libq.a\n"),
        ("-print-file-name=none.a", "none.a\n"),
        ("-print-prog-name=none", "none\n"),
        ("--version", "cc --compile --link --version\n"),
    ],
)
def test_questions(make: Callable[..., Toolchain], question: str, answer: str) -> None:
    made = make()
    (made.search / "libq.a").touch()
    assert made.run(question).stdout == answer.format(search=made.search)


def test_a_name_that_is_no_compiler(make: Callable[..., Toolchain], programs: Path) -> None:
    made = make()
    for name in ("x86_64-linux-musl-ar", "x86_64-linux-musl-static-ar", "nm"):
        os.link(programs / "driver", made.root / "bin" / name)
    assert made.run("rcs", "x.a", name="x86_64-linux-musl-ar").stdout == "ar rcs x.a\n"
    assert made.run("t", name="x86_64-linux-musl-static-ar").stdout == "ar t\n"
    assert "called by a name that the driver does not know: nm" in made.run("x", name="nm").stderr


def seen(made: Toolchain, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the driver with programs behind it that print the environment and fail."""
    (made.root / "show").write_text("#!/bin/sh\nenv | grep -v '^_='\nexit 3\n")
    (made.root / "show").chmod(0o755)
    conf = (made.root / "driver.conf").read_text().replace("/bin/echo", str(made.root / "show"))
    (made.root / "driver.conf").write_text(conf)
    return subprocess.run(
        [made.root / "bin" / command[0], *command[1:]],
        cwd=made.root / "project",
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("cc -c x.c", True),
        ("cc x.o -o x", True),
        ("g++ x.o", True),
        ("cc -dumpversion", False),
        ("x86_64-linux-musl-ar t x", False),
    ],
)
@pytest.mark.parametrize("name", [name.replace("*", "X") for name in ALWAYS_CLEARED])
def test_no_program_of_the_toolchain_sees_what_steers_it(
    make: Callable[..., Toolchain], programs: Path, command: str, says: bool, name: str
) -> None:
    """Set by a build system or a script inside of `linkmode exec`."""
    made = make(kind="gcc")
    os.link(programs / "driver", made.root / "bin" / "x86_64-linux-musl-ar")
    done = seen(made, *command.split(), **{name: "/evil", f"{name}_OTHER": "1" if "X" not in name else "", "MINE": "1"})
    assert "PATH=" in done.stdout
    assert "MINE=1" in done.stdout
    assert f"{name}=" not in done.stdout
    if name == "CPATH":
        assert "CPATH_OTHER=1" in done.stdout
    words = f"cleared, since it steers the compiler or the linker behind the command line's back: {name}"
    assert (words in done.stderr) == says


def test_what_is_passed_is_seen_and_nothing_is_said(make: Callable[..., Toolchain]) -> None:
    done = seen(make(kind="gcc"), "cc", "-c", "x.c", SOURCE_DATE_EPOCH="1", TMPDIR="/tmp", LD_LIBRARY_PATH="/l", CC="x")
    assert {"SOURCE_DATE_EPOCH=1", "TMPDIR=/tmp", "LD_LIBRARY_PATH=/l", "CC=x"} <= set(done.stdout.splitlines())
    assert "cleared" not in done.stderr


def test_variables_beside_each_other_and_twice_are_cleared(make: Callable[..., Toolchain]) -> None:
    names = ["COLLECT_A", "COLLECT_B", "CPATH", "GNUTARGET", "LIBRARY_PATH", "LD_RUN_PATH"]
    done = seen(make(kind="gcc"), "cc", "-c", "x.c", **dict.fromkeys(names, "/evil"))
    assert "/evil" not in done.stdout
    assert set(names) <= set(done.stderr.split())


def test_a_configuration_that_is_not_whole(make: Callable[..., Toolchain]) -> None:
    made = make()
    (made.root / "driver.conf").write_text("kind\tclang\n")
    assert "driver.conf is not whole" in made.run("x.c").stderr


def linked(made: Toolchain, what: Path, *arguments: str, note: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Let the driver link, by a compiler that copies ``what`` to where it is told."""
    text = (made.root / "driver.conf").read_text().replace("cc\t/bin/echo\ncc\tcc\n", f"cc\t{made.root}/copy\n")
    (made.root / "driver.conf").write_text(text)
    script = f'#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\ncp "{what}" "$2"\n'
    (made.root / "copy").write_text(script)
    (made.root / "copy").chmod(0o755)
    environment = {"PATH": os.environ["PATH"]} | ({"LINKMODE_NOTE": str(note)} if note else {})
    return subprocess.run(
        [made.root / "bin" / "cc", *arguments],
        cwd=made.root / "project",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_program_that_is_not_of_its_mode_is_removed(
    make: Callable[..., Toolchain], tmp_path: Path, programs: Path
) -> None:
    (tmp_path / "p.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["cc", tmp_path / "p.c", "-o", tmp_path / "dynamic"], check=True)
    made, note = make(), tmp_path / "note"
    note.touch()
    done = linked(made, tmp_path / "dynamic", "x.o", "-o", "p", note=note)
    assert done.returncode == 1
    assert "p: --expect static does not hold" in done.stderr
    assert "p was removed: it is not what --target x86_64-linux-musl and --mode static say" in done.stderr
    assert not (made.root / "project" / "p").exists()
    assert note.read_text() == f"wrong\t{MUSL}\tstatic\t{made.root}/project/p\n"


def test_a_program_of_its_mode_is_noted(make: Callable[..., Toolchain], tmp_path: Path) -> None:
    (tmp_path / "p.c").write_text("void _start(void) { for (;;) {} }\n")
    subprocess.run(["cc", "-static", "-nostdlib", tmp_path / "p.c", "-o", tmp_path / "static"], check=True)
    made, note = make(), tmp_path / "note"
    note.touch()
    done = linked(made, tmp_path / "static", "x.o", "-o", "p", note=note)
    assert (done.returncode, done.stderr) == (0, "")
    assert note.read_text() == f"program\t{MUSL}\tstatic\t{made.root}/project/p\n"


@pytest.mark.parametrize("words", [("-L.", "-lthrows"), ("-L.", "-l:libthrows.so"), ("./libthrows.so",)])
def test_two_cxx_runtimes_of_zig_are_refused(
    make: Callable[..., Toolchain], tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "p.c").write_text(
        'const char text[] = "%s exception of type %s"; int main(void) { return !text[0]; }\n'
    )
    subprocess.run(["cc", tmp_path / "p.c", "-o", tmp_path / "program"], check=True)
    for kind, code in (("clang", 1), ("gcc", 0)):
        made = make(kind=kind, target="x86_64-linux-gnu", mode="dynamic")
        shutil.copy(tmp_path / "program", made.root / "project" / "libthrows.so")
        done = linked(made, tmp_path / "program", "x.o", "-o", "p", *words)
        assert done.returncode == code, done.stderr
        assert ("one in the program, and one in ./libthrows.so: an exception" in done.stderr) == (kind == "clang")
        assert (made.root / "project" / "p").exists() == (kind == "gcc")


def test_what_is_no_elf_file_is_no_shared_object(make: Callable[..., Toolchain], tmp_path: Path) -> None:
    """As an archive that a compiler wrote under the name of a shared object."""
    (tmp_path / "archive").write_bytes(b"!<arch>\n")
    made = make()
    done = linked(made, tmp_path / "archive", "-shared", "x.o", "-o", "libx.so")
    assert done.returncode == 1
    assert "a static library (ar archive), not a linked ELF file" in done.stderr
    assert not (made.root / "project" / "libx.so").exists()


def test_a_call_that_is_too_long_goes_through_a_file(make: Callable[..., Toolchain]) -> None:
    made = make()
    many = [f"-Dname{number}=a value" for number in range(20000)]
    (made.root / "project" / "many").write_text("\n".join(f'"{word}"' for word in many))
    done = made.run("-c", "@many", "x.c")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("cc @/tmp/linkmode-")

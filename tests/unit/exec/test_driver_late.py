"""Libraries of C++ that the compiler driver has built when a link first needs them (templates/common/driver/late.h)."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from linkmode.exec import driver, late
from linkmode.exec.rules import Flags
from linkmode.families.compiler import Tree
from linkmode.families.zig.compiler import ZigCompiler
from linkmode.model.values import LinkMode, Target

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler on this machine: install gcc")

_TARGET = Target("x86_64-linux-musl")

# Links where {late}/libc++.a is among its words; else it says what MISSES holds, as lld does, and fails.
_COMPILER = """#!/bin/sh
echo "$*" >> {root}/calls
case "$*" in *{late}/libc++.a*) ;; *)
    if [ "${{MISSES-}}" ]; then
        echo "ld.lld: $KIND: undefined symbol: $MISSES" >&2
        [ "$KIND" = warning ] || exit 1
    fi
    echo "as it is" >&2
esac
"""
_LATE = """#!/bin/sh
echo built >> {root}/built
{fails}
mkdir {late}
"""


class Late:
    """A driver whose compiler is a script, and whose libraries of C++ are not there yet."""

    def __init__(self, root: Path, programs: Path, mode: LinkMode, *, fails: bool = False) -> None:
        self.root, self.folder = root, root / "late"
        for name in ("bin", "search"):
            (root / name).mkdir(parents=True)
        for name in ("cc", "c++"):
            os.link(programs / "driver", root / "bin" / name)
        for name, text in {"compiler": _COMPILER, "make": _LATE}.items():
            path = root / name
            path.write_text(text.format(root=root, late=self.folder, fails="exit 3" if fails else ""))
            path.chmod(0o755)
        libraries = ("-Wl,--start-group", "{cxx_runtime}/libc++.a", "/run/libc.a", "-Wl,--end-group")
        text = driver.configuration(
            kind="clang",
            own=ZigCompiler.own,
            target=_TARGET,
            mode=mode,
            check=programs / "elfcheck",
            compilers={"cc": [str(root / "compiler")], "cxx": [str(root / "compiler"), "--driver-mode=g++"]},
            flags=Flags({"static_libraries": libraries, "dynamic_libraries": libraries}),
            places={"cxx_runtime": str(self.folder)},
            search=[root / "search"],
            include=[],
            tools={},
            late=driver.Late(self.folder, (str(root / "make"), "words")),
        )
        (root / "driver.conf").write_text(text)

    def link(self, *words: str, name: str = "cc", misses: str = "", kind: str = "error") -> tuple[int, str]:
        done = subprocess.run(
            [self.root / "bin" / name, *words, "-o", "out"],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "MISSES": misses, "KIND": kind},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr

    def calls(self) -> list[bool]:
        """Whether each call of the compiler had the libraries of C++."""
        return [f"{self.folder}/libc++.a" in line for line in (self.root / "calls").read_text().splitlines()]

    def times_built(self) -> int:
        path = self.root / "built"
        return len(path.read_text().splitlines()) if path.exists() else 0


Make = Callable[..., Late]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    driver.build(folder, ("cc", "-Wall", "-Wextra", "-Werror"), os.environ)
    return folder


@pytest.fixture
def make(tmp_path: Path, programs: Path) -> Make:
    def made(mode: LinkMode = "static", *, fails: bool = False) -> Late:
        return Late(tmp_path / mode, programs, mode, fails=fails)

    return made


def test_a_link_of_c_has_nothing_of_cxx_built(make: Make) -> None:
    late = make()
    assert late.link("a.o") == (0, "as it is\n")
    assert late.link("a.o", "-lm", "-lpthread")[0] == 0
    assert late.link("-c", "a.cc", name="c++")[0] == 0, "a compile needs no library"
    assert (late.times_built(), any(late.calls())) == (0, False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("c++", ("a.o",)),
        ("cc", ("a.cc",)),
        ("cc", ("a.o", "-lstdc++")),
        ("cc", ("a.o", "-l", "c++abi")),
        ("cc", ("a.o", "-Wl,-Bstatic", "-lgcc_eh")),
        ("cc", ("a.o", "-lgcc_s")),
        ("cc", ("a.o", "-lunwind")),
    ],
)
def test_a_link_that_asks_for_cxx_has_it_built_before(make: Make, name: str, words: tuple[str, ...]) -> None:
    late = make()
    assert late.link(*words, name=name) == (0, "")
    assert (late.times_built(), late.calls()) == (1, [True])
    assert late.link("a.o")[0] == 0
    assert (late.times_built(), late.calls()) == (1, [True, True]), "once it is there, every link has it, as before"


@pytest.mark.parametrize(
    "symbol",
    [
        "_Unwind_Resume",
        "__cxa_throw",
        "__gxx_personality_v0",
        "std::terminate()",
        "operator new(unsigned long)",
        "vtable for __cxxabiv1::__class_type_info",
        "_ZSt9terminatev",
    ],
)
def test_a_link_of_c_that_misses_something_of_cxx_is_made_again_with_it(make: Make, symbol: str) -> None:
    late = make()
    assert late.link("a.o", misses=symbol) == (0, ""), "nothing is said of the first try"
    assert (late.times_built(), late.calls()) == (1, [False, True])


def test_a_shared_object_says_what_it_misses_when_it_is_asked(make: Make) -> None:
    late = make("dynamic")
    assert late.link("-shared", "a.o", misses="PyList_New", kind="warning")[0] == 0
    assert (late.times_built(), late.calls()) == (0, [False, False]), "a program that loads it has that"
    calls = (late.root / "calls").read_text().splitlines()
    assert ["--warn-unresolved-symbols" in call for call in calls] == [True, False]
    assert late.link("-shared", "a.o", misses="_Unwind_Resume", kind="warning") == (0, "")
    assert (late.times_built(), late.calls()[2:]) == (1, [False, True])


def test_a_source_on_standard_input_is_there_for_each_try(make: Make) -> None:
    late = make("dynamic")
    (late.root / "compiler").write_text(f"#!/bin/sh\ncat >> {late.root}/read\n")
    source = "int three(void) { return 3; }\n"
    for words in (("-shared", "-x", "c", "-"), ("-x", "c", "-")):
        code = subprocess.run(
            [late.root / "bin" / "cc", *words, "-o", "out"], cwd=late.root, input=source, text=True, check=False
        ).returncode
        assert code == 0
    assert (late.root / "read").read_text() == 3 * source, "a shared object is tried with the linker's warnings first"


def test_what_a_link_of_c_misses_of_others_is_an_error_and_nothing_is_built(make: Make) -> None:
    late = make()
    code, said = late.link("a.o", misses="deflate")
    assert code == 1
    assert said.startswith("ld.lld: error: undefined symbol: deflate\n")
    assert (late.times_built(), late.calls()) == (0, [False])


def test_what_cannot_be_built_is_refused(make: Make) -> None:
    late = make(fails=True)
    code, said = late.link("a.o", name="c++")
    assert code == 1
    assert "error: the libraries of C++ for x86_64-linux-musl are not there and cannot be built (exit code 3)" in said
    assert not (late.root / "calls").exists()


def test_the_command_makes_the_folder_by_itself(tmp_path: Path) -> None:
    """In a process of its own, from the words alone; a Zig that is not there is an error in one line."""
    home = tmp_path / "cache"
    home.mkdir(mode=0o700)
    words = late.command(home / "exec" / "0", home, "zig", "0.15.2", _TARGET, Tree(tmp_path / "gone", "zig", "x"))
    zig = tmp_path / "gone/zig"
    zig.parent.mkdir()
    zig.write_text("#!/bin/sh\necho no such target >&2\nexit 1\n")
    zig.chmod(0o755)
    done = subprocess.run(words, cwd="/", env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("linkmode exec: building the C++ run-time files of x86_64-linux-musl, once\n")
    assert "linkmode exec: error: Zig's run-time files cannot be built" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "exec" / "0").exists()
    zig.write_text(
        "#!/bin/sh\nfor name in libc++.a libc++abi.a libunwind.a; do echo x > $name; done\n"
        'echo "ld.lld ./libc++.a ./libc++abi.a ./libunwind.a" >&2\n'
    )
    subprocess.run(words, cwd="/", env={}, check=True, capture_output=True)
    made = home / "exec" / "0"
    assert sorted(path.name for path in made.iterdir()) == ["libc++.a", "libc++abi.a", "libunwind.a"]
    assert made.stat().st_mode & 0o222 == 0

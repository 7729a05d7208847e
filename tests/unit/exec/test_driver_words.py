"""What the compiler driver makes of words that one program alone reads: the linker, GCC, or the preprocessor."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from driver_toolchain import Toolchain

GLIBC = "x86_64-linux-gnu.2.28"


@pytest.mark.parametrize(
    ("mode", "line", "words"),
    [
        ("mostly_static", "x.o -lstdc++", "-L/archives -static-libgcc x.o -lstdc++"),
        ("mostly_static", "-fopenmp x.o", "-L/archives -static-libgcc -fopenmp x.o"),
        ("dynamic", "x.o -lstdc++ -lgcc_s", "x.o -lstdc++ -lgcc_s"),
        ("dynamic", "-shared x.o -lgcc_s", "-shared x.o -lgcc_s"),
    ],
)
def test_links_by_gcc_take_the_compiler_s_own_archives(
    make: Callable[..., Toolchain], mode: str, line: str, words: str
) -> None:
    found = make("gcc", mode=mode).explain(*line.split(" "))
    assert found[found.index("--link") + 1 :][-len(words.split(" ")) :] == words.split(" ")
    assert ("-L/archives" in found) == (mode != "dynamic")


@pytest.mark.parametrize("kind", ["clang", "gcc"])
@pytest.mark.parametrize("line", ["-r x.o y.o", "-Wl,-r x.o y.o", "-nostdlib -Xlinker --relocatable x.o y.o"])
def test_a_relocatable_object_is_the_compiler_s_matter_too(
    make: Callable[..., Toolchain], kind: str, line: str
) -> None:
    """Told the linker alone, a compiler adds -pie, which no linker takes beside it."""
    found = make(kind).explain(*line.split(" "))
    assert found[0] == "relocatable"
    assert "-r" in [word for before, word in itertools.pairwise(found) if before != "-Xlinker"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x.c", "-E x.c"),
        ("-P -DA x.txt y", "-E -P -DA -x c x.txt -o y"),
        ("-x c++ x.txt", "-E -x c++ x.txt"),
        ("-I x x.h -", "-E -I x x.h -o -"),
        ("-dM", "-E -dM -x c -"),
    ],
)
def test_the_preprocessor_by_its_own_name(
    make: Callable[..., Toolchain], programs: Path, line: str, words: str
) -> None:
    made = make()
    os.link(programs / "driver", made.root / "bin" / "cpp")
    found = made.explain(*line.split(" "), name="cpp")
    assert found[0] == "compile"
    assert " ".join(words.split(" ")) in " ".join(found)


def test_sources_are_compiled_for_one_target_in_every_call(make: Callable[..., Toolchain]) -> None:
    made = make(target=GLIBC, mode="mostly_static")
    configuration = made.root / "driver.conf"
    configuration.write_text(f"{configuration.read_text()}compile\t--target=x-gnu2.28\nlink\t--target=x-gnu\n")
    for line, last in (("-c x.c", "x-gnu2.28"), ("x.c", "x-gnu2.28"), ("x.o", "x-gnu")):
        targets = [word for word in made.explain(*line.split(" ")) if word.startswith("--target=")]
        assert targets[-1] == f"--target={last}"


@pytest.mark.parametrize("words", [["-c", "-fsanitize=undefined", "x.c"], ["-fsanitize=address", "x.o"]])
def test_a_gcc_without_sanitizers_refuses_them(make: Callable[..., Toolchain], words: list[str]) -> None:
    made = make("gcc")
    done = made.run(*words)
    assert done.returncode == 1
    assert "this GCC was published without libraries of sanitizers" in done.stderr
    assert made.run(*words, "-fsanitize-undefined-trap-on-error").returncode == 0
    (made.search / "libsanitizer.spec").touch()
    assert made.run(*words).returncode == 0


def test_gprof_is_refused_for_musl(make: Callable[..., Toolchain]) -> None:
    made = make("gcc")
    for words in (["-pg", "-c", "x.c"], ["x.o", "-pg"]):
        done = made.run(*words)
        assert (done.returncode, "-pg: musl has no library of gprof" in done.stderr) == (1, True)
    assert made.run("--coverage", "-c", "x.c").returncode == 0


@pytest.mark.parametrize("kind", ["c-archive", "c-shared"])
def test_a_library_in_go_is_refused_for_musl(make: Callable[..., Toolchain], kind: str) -> None:
    """Go's runtime takes argc and argv from where glibc alone puts them: golang/go#13492."""
    words = ("/bin/link", f"-buildmode={kind}", "-o", "x.a")
    done = make().run(*words, name="go-toolexec")
    assert (done.returncode, f"-buildmode={kind}: Go's library" in done.stderr) == (1, True)
    assert "--target x86_64-linux-gnu.2.28" in done.stderr


@pytest.mark.parametrize("kind", ["c-archive", "c-shared"])
def test_a_library_in_go_for_glibc_is_go_s_matter(make: Callable[..., Toolchain], kind: str) -> None:
    done = make(target=GLIBC, mode="mostly_static").run(
        "/bin/link", f"-buildmode={kind}", "-o", "x.a", name="go-toolexec"
    )
    assert "golang/go#13492" not in done.stderr
    done = make().run("/bin/link", "-buildmode=pie", "-o", "x.a", name="go-toolexec")
    assert "golang/go#13492" not in done.stderr


@pytest.mark.parametrize("kind", ["clang", "gcc"])
@pytest.mark.parametrize("line", ["-shared x.o", "-Wl,-shared x.o", "-Xlinker -Bshareable x.o"])
def test_a_shared_object_is_the_compiler_s_matter_too(make: Callable[..., Toolchain], kind: str, line: str) -> None:
    found = make(kind).explain(*line.split(" "))
    assert found[0] == "shared"
    told = [word for before, word in itertools.pairwise(found) if before != "-Xlinker"]
    assert told.count("-shared") == 1

"""What the compiler driver makes of a command line. --linkmode-explain prints it, and starts nothing."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from driver_toolchain import FLAGS, MUSL, Toolchain

GLIBC = "x86_64-linux-gnu.2.28"


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
        ("x.o -Wl,@words", "shared"),
        ("x.o -Xlinker @words", "shared"),
        ("x.o -Wl,@none", "program"),
        ("-c -- x.c", "compile"),
        ("-o x -- -c", "program"),
        ("-c -o -- x.c", "compile"),
        ("x.h", "compile"),
        ("-O2 x.hpp -o x.hpp.gch -lq", "compile"),
        ("-x c++-header x -o x.gch", "compile"),
        ("x.h -x c y", "program"),
        ("x.h y.o", "program"),
        ("-include x.h y.o", "program"),
        ("-x c x.h", "program"),
    ],
)
@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_what_a_call_is(make: Callable[..., Toolchain], kind: str, line: str, action: str) -> None:
    made = make(kind)
    (made.root / "project" / "response").write_text("'-o' \"libx y.so\"\n-shared\tx\\ y.o\n")
    (made.root / "project" / "words").write_text("-z now\n--shared\n")
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
        ("x.o -Wl,@none", "-static -no-pie /run/crt1.o x.o -Wl,@none libs-static"),
        ("-o x -- -x.o y.o", "-static -no-pie /run/crt1.o -o x ./-x.o y.o libs-static"),
        ("x.o -Wl,--reduce-memory-overheads,--hash-size=31 -Wl,--no-warn-rwx-segments,-O1",
         "-static -no-pie /run/crt1.o x.o -Xlinker -O1 libs-static"),
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
        ("-shared -static x.o", "-L/archives -static-libgcc -shared x.o"),
        ("-shared x.o -lgcc_s -lstdc++", "-L/archives -static-libgcc -shared x.o -lgcc_eh -lstdc++"),
        ("x.o -Wl,-z,pack-relative-relocs,-z,now -Wl,-zpack-relative-relocs", "-static x.o -Xlinker -z -Xlinker now"),
        ("x.o -lgcc_s -lm", "-static x.o -lgcc_eh -lm"),
        ("-Wl,-Bstatic -lm -Wl,-Bdynamic x.o", "-static -lm x.o"),
        ("-fuse-ld=bfd x.o", "-static x.o"),
        ("-Wl,--hash-size=31 x.o", "-static -Xlinker --hash-size=31 x.o"),
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
        ("cc", "-c --sysroot=/ -isysroot / x.c", "cc --compile -c x.c -isystem /root/include"),
        ("cc", "-c -isysroot/ --sysroot /usr/.. x.c", "cc --compile -c x.c -isystem /root/include"),
        ("cc", "-c --sysroot=/mine x.c", "cc --compile -c --sysroot=/mine x.c -isystem /root/include"),
        ("cc", "-c -B/usr/lib -B /usr/lib x.c", "cc --compile -c x.c -isystem /root/include"),
        ("cc", "-c -B. x.c", "cc --compile -c -B. x.c -isystem /root/include"),
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


def test_the_libraries_of_the_machine_s_own_gcc_are_left_out(make: Callable[..., Toolchain]) -> None:
    folder = next(Path("/usr/lib/gcc").glob("*/*/libgcc.a")).parent
    made = make()
    assert made.explain(f"-L{folder}", "x.o", "-lstdc++") == made.explain("x.o", "-lstdc++")
    done = make("gcc").run("x.o", f"{folder}/libgcc.a")
    assert done.returncode == 1
    assert "libgcc.a is the machine's own" in done.stderr


def test_a_response_file_is_read_as_by_gcc_and_clang(make: Callable[..., Toolchain]) -> None:
    """Their libiberty and LLVM take a backslash between single quotes for an escape; Meson doubles it for that."""
    made = make("gcc")
    (made.root / "project" / "inner").write_text("'-DA=\\\\\"x y\\\\\"' \"-DB='\\\"'\" '' -DC=\\ d\n")
    (made.root / "project" / "outer").write_text("-c\n@inner x.c")
    shown = made.explain("@outer")
    assert shown[shown.index("-c") :][:6] == ["-c", '-DA=\\"x y\\"', "-DB='\"'", "", "-DC= d", "x.c"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("-dumpmachine", "x86_64-linux-musl\n"),
        ("-print-file-name=libq.a", "{search}/libq.a\n"),
        ("-print-file-name=none.a", "none.a\n"),
        ("-print-prog-name=none", "none\n"),
        ("-print-resource-dir", "{compiler}\n"),
        ("--version", "cc --compile --version\n"),
        ("-v", "cc --compile -v\n"),
        ("-Wl,--version", "cc --compile --link -Xlinker --version\n"),
    ],
)
def test_questions(make: Callable[..., Toolchain], question: str, answer: str) -> None:
    made = make()
    (made.search / "libq.a").touch()
    headers = made.root / "compiler" / "include"
    headers.mkdir(parents=True)
    (headers / "stddef.h").touch()
    configuration = made.root / "driver.conf"
    configuration.write_text(f"{configuration.read_text()}include\t-isystem\ninclude\t{headers}\n")
    answer = answer.replace("{compiler}", str(headers.parent))
    assert made.run(question).stdout == answer.format(search=made.search)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("clang version 21.1.0", "clang version 21.1.0 (linkmode)"),
        (
            "clang version 20.1.2 (https://example.org/llvm 7ef74e6)",
            "clang version 20.1.2 (https://example.org/llvm 7ef74e6)",
        ),
        ("gcc version 12.2.0", "gcc version 12.2.0"),
    ],
)
def test_native_image_finds_three_numbers_in_a_version(
    make: Callable[..., Toolchain], tmp_path: Path, said: str, answer: str
) -> None:
    compiler = tmp_path / "clang"
    compiler.write_text(f"#!/bin/sh\nprintf '%s\\nTarget: x' '{said}' >&2\nexit 3\n")
    compiler.chmod(0o755)
    made = make()
    configuration = made.root / "driver.conf"
    configuration.write_text(configuration.read_text().replace("/bin/echo", str(compiler)))
    done = made.run("-v")
    assert (done.returncode, done.stderr) == (3, f"{answer}\nTarget: x")


def test_a_name_that_is_no_compiler(make: Callable[..., Toolchain], programs: Path) -> None:
    made = make()
    for name in ("x86_64-linux-musl-ar", "x86_64-linux-musl-static-ar", "nm"):
        os.link(programs / "driver", made.root / "bin" / name)
    assert made.run("rcs", "x.a", name="x86_64-linux-musl-ar").stdout == "ar rcs x.a\n"
    assert made.run("t", name="x86_64-linux-musl-static-ar").stdout == "ar t\n"
    assert "called by a name that the driver does not know: nm" in made.run("x", name="nm").stderr


@pytest.mark.parametrize(
    "name", ["gcc-12", "clang-21", "gcc-4.9", "x86_64-linux-gnu-gcc-12", "musl-gcc", f"{MUSL}-gcc-9"]
)
def test_a_compiler_by_another_name_of_the_machine_s(make: Callable[..., Toolchain], programs: Path, name: str) -> None:
    made = make()
    os.link(programs / "driver", made.root / "bin" / name)
    assert made.explain("x.o", name=name) == made.explain("x.o")


def test_a_compiler_of_cxx_by_its_version(make: Callable[..., Toolchain], programs: Path) -> None:
    made = make()
    for name in ("g++-12", "gcc-ar-12", "gcc-", "12"):
        os.link(programs / "driver", made.root / "bin" / name)
    assert made.explain("x.o", name="g++-12") == made.explain("x.o", name="g++")
    for name in ("gcc-ar-12", "gcc-", "12"):
        assert "called by a name that the driver does not know" in made.run("x.o", name=name).stderr


def test_a_configuration_that_is_not_whole(make: Callable[..., Toolchain]) -> None:
    made = make()
    (made.root / "driver.conf").write_text("kind\tclang\n")
    assert "driver.conf is not whole" in made.run("x.c").stderr


def test_a_call_that_is_too_long_goes_through_a_file(make: Callable[..., Toolchain]) -> None:
    made = make()
    many = [f"-Dname{number}=a value" for number in range(20000)]
    (made.root / "project" / "many").write_text("\n".join(f'"{word}"' for word in many))
    done = made.run("-c", "@many", "x.c")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("cc @/tmp/linkmode-")

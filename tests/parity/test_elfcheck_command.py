"""What only the checker has: its argument files, its report file, its exit codes, and a compile without warnings."""

import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from checker import OF_BUCK2, SOURCES, STRICT

FACTS = ("mode:", "reason:", "elf:", "kind:", "size:", "interpreter:", "needed:")


def run(
    *command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    surroundings = {"PATH": os.environ["PATH"], **(env or {})}
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd=cwd, env=surroundings
    )


@pytest.fixture
def program(elfcheck: Path) -> Path:
    """Some program that is there: the checker itself."""
    return elfcheck


@pytest.mark.parametrize("compiler", ["gcc", "clang", "musl-gcc"])
@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.parametrize("more", [(), OF_BUCK2], ids=["bazel", "buck2"])
def test_compiles_without_a_warning(compiler: str, level: str, more: tuple[str, ...], tmp_path: Path) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    done = run(compiler, *STRICT, *more, level, SOURCES / "elfcheck.c", "-o", tmp_path / "elfcheck")
    assert (done.returncode, done.stderr) == (0, "")


def test_needs_nothing_but_the_c_library() -> None:
    allowed = {"errno", "stdarg", "stdbool", "stddef", "stdint", "stdio", "stdlib", "string"}
    for path in SOURCES.glob("*.[ch]"):
        for line in path.read_text().splitlines():
            if line.startswith("#include <"):
                assert line[10:].removesuffix(".h>") in allowed, f"{path.name}: {line}"


def test_a_report_file_holds_the_label_and_no_path(elfcheck: Path, program: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"
    done = run(elfcheck, "--label", "//app:app", "--output", report, program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = report.read_text().splitlines()
    assert lines[0] == "file: //app:app"
    assert tuple(line.split()[0] for line in lines[1:8]) == FACTS
    assert str(tmp_path) not in report.read_text()


def test_no_report_file_when_an_expectation_fails(elfcheck: Path, program: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"
    done = run(elfcheck, "--expect", "static", "--label", "//app:app", "--output", report, program)
    assert (done.returncode, done.stdout) == (1, "")
    first, *rest = done.stderr.splitlines()
    assert first == "//app:app: --expect static does not hold"
    assert [line.split(":")[0] for line in rest] == ["  expected", "  found", "  fix"]
    assert not report.exists()


def test_bazels_tree_knows_no_validation(cc: str, program: Path, tmp_path: Path) -> None:
    subprocess.run([cc, *STRICT, str(SOURCES / "elfcheck.c"), "-o", str(tmp_path / "elfcheck")], check=True)
    done = run(tmp_path / "elfcheck", "--validation", str(tmp_path / "result.json"), str(program))
    assert done.returncode == 2
    assert done.stderr.startswith("elfcheck: unknown option --validation\n")
    assert "--validation RESULT" not in done.stderr


def test_a_validation_says_that_all_holds(elfcheck: Path, program: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    done = run(elfcheck, "--expect", "dynamic", "--validation", str(result), str(program))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads(result.read_bytes()) == {"version": 1, "data": {"status": "success"}}


def test_a_validation_fails_in_the_same_words_with_exit_code_0(elfcheck: Path, program: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    expected = ("--expect", "static", "--require-relro", "full", "--label", '//:a"b\\\x01\xe9')
    plain = run(elfcheck, *expected, str(program))
    done = run(elfcheck, *expected, "--validation", str(result), str(program))
    assert (plain.returncode, done.returncode, done.stdout, done.stderr) == (1, 0, "", "")
    found = json.loads(result.read_bytes())
    assert found["data"]["status"] == "failure"
    assert found["data"]["message"] == plain.stderr.removesuffix("\n")


def test_a_validation_is_utf_8_whatever_a_name_is(elfcheck: Path, program: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    command = [
        elfcheck,
        b"--label",
        b"a\xff\xc3(\xed\xa0\x80b",
        b"--expect",
        b"static",
        b"--validation",
        result,
        program,
    ]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0
    message = json.loads(result.read_bytes().decode())["data"]["message"]
    assert message.startswith("a\ufffd\ufffd(\ufffd\ufffd\ufffdb: --expect static does not hold")


def test_what_cannot_be_validated_is_an_error(elfcheck: Path, program: Path, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no ELF file\n")
    done = run(elfcheck, "--validation", str(tmp_path / "result.json"), str(text))
    assert done.returncode == 3
    assert "not an ELF file" in done.stderr
    done = run(elfcheck, "--validation", str(tmp_path / "no" / "result.json"), str(program))
    assert done.returncode == 3
    assert "cannot write the validation" in done.stderr
    for other in ("--output", "--place"):
        done = run(elfcheck, other, str(tmp_path / "other"), "--validation", str(text), str(program))
        assert done.returncode == 2
        assert "--validation excludes --output and --place" in done.stderr


def test_arguments_from_a_file(elfcheck: Path, program: Path, tmp_path: Path) -> None:
    arguments = tmp_path / "arguments"
    for text in (f"--expect\nstatic\n--label\n//a b:c\n{program}\n", f"--expect\nstatic\n--label\n//a b:c\n{program}"):
        arguments.write_text(text)
        done = run(elfcheck, f"@{arguments}")
        assert (done.returncode, done.stderr.splitlines()[0]) == (1, "//a b:c: --expect static does not hold")


@pytest.fixture
def bazel_test(elfcheck: Path, tmp_path: Path) -> Path:
    """The checker as a test of Bazel's: its own name, and its arguments beside it."""
    copy = tmp_path / "app_static_test"
    shutil.copy(elfcheck, copy)
    return copy


def test_arguments_beside_the_program(bazel_test: Path, program: Path) -> None:
    Path(f"{bazel_test}.args").write_text(f"--expect\ndynamic\n--label\n//a:t\n{program}\n")
    done = run(bazel_test)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "file: //a:t")


@pytest.mark.parametrize(
    "passed", [("--expect", "dynamic"), ("--verbose",), ("/nonexistent",), ("@/nonexistent",), ("--expect",), ("",)]
)
def test_arguments_beside_the_program_alone_decide(bazel_test: Path, program: Path, passed: tuple[str, ...]) -> None:
    arguments = Path(f"{bazel_test}.args")
    for mode, code in (("dynamic", 0), ("static", 1)):
        arguments.write_text(f"--expect\n{mode}\n--label\n//a:t\n{program}\n")
        bare, more = run(bazel_test), run(bazel_test, *passed)
        assert (more.returncode, more.stdout, more.stderr) == (code, bare.stdout, bare.stderr)
    arguments.write_text("")
    done = run(bazel_test, "--expect", "dynamic", program)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "elfcheck: no FILE")
    arguments.unlink()
    assert run(bazel_test, "--expect", "dynamic", program).returncode == 0


def test_arguments_beside_the_program_that_cannot_be_read_are_an_error(bazel_test: Path, program: Path) -> None:
    arguments = Path(f"{bazel_test}.args")
    looping = f"elfcheck: cannot take arguments from {arguments}"
    arguments.symlink_to(arguments.name)
    done = run(bazel_test, "--expect", "dynamic", program)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[0]) == (2, "", looping)
    arguments.unlink()
    arguments.mkdir()
    done = run(bazel_test, "--expect", "dynamic", program)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[0]) == (2, "", looping)


def test_another_platform_is_refused_by_label(elfcheck: Path, tmp_path: Path) -> None:
    """A header and one PT_LOAD are a static file of any machine; no libc is found in it."""
    made = tmp_path / "other"
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    made.write_bytes(ident + header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 120, 120, 4))
    done = run(elfcheck, "--label", "//a:b", "--machine", "x86_64", "--libc", "musl", made)
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        [
            "//a:b: --machine x86_64 does not hold",
            "  expected: built for x86_64",
            "  found:    built for aarch64 (64-bit little-endian)",
            "  fix:      it was built for another platform, or by a compiler that is not the platform's; see which "
            "toolchain Bazel chose: bazel build --toolchain_resolution_debug=cpp:toolchain_type TARGET",
        ],
    )
    assert run(elfcheck, "--machine", "aarch64", "--libc", "musl", made).returncode == 0


NOTE = """
__attribute__((used, section(".note.linkmode"), aligned(4))) static const struct {{
    unsigned name_size, description_size, type;
    char name[12], description[12];
}} note = {{{note}}};
int main(void) {{ return 0; }}
"""


@pytest.mark.parametrize("link", [("-static",), ("-static", "-s"), ()])
@pytest.mark.parametrize(
    ("note", "holds"),
    [
        ('9, 9, 1, "linkmode", "mimalloc"', True),
        ('9, 9, 2, "linkmode", "mimalloc"', False),
        ('9, 9, 1, "linkmode", "jemalloc"', False),
        ('9, 9, 1, "linkmood", "mimalloc"', False),
        ('9, 8, 1, "linkmode", "mimalloc"', False),
        ('9, 4294967295, 1, "linkmode", "mimalloc"', False),
    ],
)
def test_the_note_of_the_allocator(
    elfcheck: Path, tmp_path: Path, link: tuple[str, ...], note: str, holds: bool
) -> None:
    (tmp_path / "note.c").write_text(NOTE.format(note=note))
    if run("gcc", *link, tmp_path / "note.c", "-o", tmp_path / "app").returncode:
        pytest.skip("no compiler that links so")
    assert "malloc:" not in run(elfcheck, tmp_path / "app").stdout
    done = run(elfcheck, "--malloc", "mimalloc", "--label", "//a:b", tmp_path / "app")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        (0, "malloc: mimalloc") if holds else (1, "malloc: not mimalloc")
    )
    assert done.stderr.startswith(
        "" if holds else "//a:b: --malloc mimalloc does not hold\n  expected: malloc of mimalloc"
    )
    assert bool(done.stderr) != holds


def test_a_relative_file_is_found_in_the_runfiles(bazel_test: Path, program: Path, tmp_path: Path) -> None:
    runfiles = tmp_path / "runfiles"
    (runfiles / "ws" / "app").mkdir(parents=True)
    shutil.copy(program, runfiles / "ws" / "app" / "bin")
    Path(f"{bazel_test}.args").write_text("app/bin\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert run(bazel_test, cwd=runfiles / "ws").returncode == 0
    assert run(bazel_test, cwd=elsewhere, env={"RUNFILES_DIR": str(runfiles), "TEST_WORKSPACE": "ws"}).returncode == 0
    assert run(bazel_test, cwd=elsewhere, env={"TEST_SRCDIR": str(runfiles), "TEST_WORKSPACE": "ws"}).returncode == 0
    assert run(bazel_test, cwd=elsewhere, env={"TEST_SRCDIR": str(runfiles / "ws")}).returncode == 0
    done = run(bazel_test, cwd=elsewhere)
    assert (done.returncode, done.stderr) == (3, "app/bin: not audited: cannot be read: No such file or directory\n")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "no arguments"),
        (("--expect", "static"), "no FILE"),
        (("--expect", "semi", "f"), "--expect takes static, mostly_static or dynamic, not semi"),
        (("--machine", "amd64", "f"), "--machine takes a CPU such as x86_64 or aarch64, not amd64"),
        (("--machine", "", "f"), "--machine takes a CPU such as x86_64 or aarch64, not "),
        (("--libc", "none", "f"), "--libc takes musl or glibc, not none"),
        (("f", "--libc"), "unknown option, or one without its value: --libc"),
        (("--max-glibc", "new", "f"), "--max-glibc takes a release such as 2.28, not new"),
        (("--max-glibc", "2", "f"), "--max-glibc takes a release such as 2.28, not 2"),
        (("--require-relro", "yes", "f"), "--require-relro takes partial or full, not yes"),
        (("--malloc", "jemalloc", "f"), "--malloc takes mimalloc, not jemalloc"),
        (("--verbose", "f"), "unknown option --verbose"),
        (("f", "--allow"), "unknown option, or one without its value: --allow"),
        (("f", "g"), "more than one FILE: g"),
        (("@/nonexistent",), "cannot take arguments from /nonexistent"),
        (("@/",), "cannot take arguments from /"),
    ],
)
def test_a_wrong_command_line(elfcheck: Path, arguments: tuple[str, ...], problem: str) -> None:
    done = run(elfcheck, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == f"elfcheck: {problem}"
    assert "usage: elfcheck" in done.stderr


def test_what_cannot_be_read_or_written(elfcheck: Path, program: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, words in (
        ("absent", "cannot be read: No such file or directory"),
        ("", "cannot be read: Is a directory"),
        ("empty", "an empty file"),
    ):
        done = run(elfcheck, tmp_path / name)
        assert (done.returncode, done.stderr) == (3, f"{tmp_path / name}: not audited: {words}\n")
    done = run(elfcheck, "--output", tmp_path / "no" / "report", program)
    assert done.returncode == 3
    assert "cannot write the report" in done.stderr
    if Path("/dev/full").exists():
        assert run(elfcheck, "--output", "/dev/full", program).returncode == 3


_TRUE = Path("/bin/true")  # and not the checker, which holds the text that it looks for
_RUNTIME = b"libc++abi: terminating due to %s exception of type %s: %s"


def test_two_cxx_runtimes_in_one_process_do_not_hold(elfcheck: Path, tmp_path: Path) -> None:
    both = [tmp_path / name for name in ("program", "library.so")]
    for path in both:  # behind the 64 KiB that are read at once, and across their border
        path.write_bytes(_TRUE.read_bytes().ljust(2**17 - 40, b"\0") + _RUNTIME)
    done = run(elfcheck, "--bazel", "--allow-payload", "--beside", both[1], both[0])
    assert done.returncode == 1
    assert f"one in the program, and one in {both[1]}" in done.stderr
    assert "two_cxx_runtimes" in done.stderr
    assert "BUILD_SHARED_LIBS=OFF" in run(elfcheck, "--beside", both[1], both[0]).stderr


def test_in_bazel_a_fix_is_said_as_build_files_have_it(elfcheck: Path, tmp_path: Path) -> None:
    needy = tmp_path / "needy"
    needy.write_bytes(_TRUE.read_bytes().replace(b"libc.so.6\0", b"libx.so.6\0"))
    plain, bazel = (run(elfcheck, *words, "--expect", "mostly_static", needy).stderr for words in ((), ("--bazel",)))
    assert plain.rstrip().endswith("or allow by name: --allow libx.so.6")
    assert bazel.rstrip().endswith('or allow by name: allow = ["libx.so.6"]')


def test_one_cxx_runtime_holds_wherever_it_is(elfcheck: Path, tmp_path: Path) -> None:
    with_runtime, text = tmp_path / "with", tmp_path / "text"
    with_runtime.write_bytes(_TRUE.read_bytes() + _RUNTIME)
    text.write_bytes(_RUNTIME)
    for one, other in ((_TRUE, with_runtime), (with_runtime, _TRUE), (with_runtime, text)):
        done = run(elfcheck, "--allow-payload", "--beside", other, "--beside", tmp_path / "not there", one)
        assert (done.returncode, done.stderr) == (0, "")

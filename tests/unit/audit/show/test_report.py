"""The report as text, as JSON with its schema, and as tables."""

import json
from importlib import resources
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from elf_maker import ABI_TAG, GLIBC_LOADER, MUSL_START, Elf, interp
from rich.console import Console
from schemas import problems

from linkmode.audit.judge import verdict
from linkmode.audit.read import elf
from linkmode.audit.show import brief, report, table
from linkmode.cli.audit import command
from linkmode.messages import UsageError

STATIC_TEXT = """\
mode: static
reason: no interpreter (PT_INTERP) and no needed library (DT_NEEDED)
elf: 64-bit little-endian x86_64
kind: executable
size: 198
interpreter: none
needed: none
soname: none
rpath: none
runpath: none
libc: musl
libc-evidence: its entry point is musl's _start
glibc-required: none
executable-stack: no
relro: none
bind-now: no
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "static").write_bytes(Elf(code=MUSL_START).build())
    needs = (("libz.so.1", ("ZLIB_1.2",)), ("libc.so.6", ("GLIBC_2.4", "GLIBC_2.34")))
    dynamic = Elf(interp=interp(GLIBC_LOADER), needed=("libz.so.1", "libc.so.6"), runpath="$ORIGIN", needs=needs)
    (tmp_path / "dynamic").write_bytes(dynamic.build())
    (tmp_path / "script").write_text("#!/bin/sh\n")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_text_in_a_pipe(files: Path) -> None:
    result = run("--headers-only", "--verbose", "static")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("file: static\n" + STATIC_TEXT + "os-abi: System V\n")


def test_one_file_is_told_in_few_lines(files: Path) -> None:
    assert run("--headers-only", "static").stdout == (
        "file: static\n"
        "mode: static\n"
        "reason: no interpreter (PT_INTERP) and no needed library (DT_NEEDED)\n"
        "libc: musl\n"
        "needed: none\n"
        "runs-on: scratch, distroless-static, alpine, distroless-base-nossl, distroless-base, distroless-cc, "
        "debian-12, rocky-8: yes: needs no loader and no library\n"
        "elf: 64-bit little-endian x86_64\n"
        "size: 198\n"
    )
    lines = run("--headers-only", "dynamic").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        *("file", "mode", "reason", "libc", "needed", "glibc-required", "interpreter", "runpath"),
        *("runs-on", "runs-on", "elf", "size"),
    ]
    assert [line.split(": ")[2] for line in lines if line.startswith("runs-on")] == ["yes", "no"]


def test_what_every_static_glibc_program_has_is_one_line_and_what_else_is_odd_another() -> None:
    raw = Elf(notes=ABI_TAG, stack=None, code=b"\xc3gconv-modules.cache\0/usr/lib/locale\0locale-archive").build()
    facts = elf.facts(BytesIO(raw), len(raw), with_contents=True)
    text = brief.as_brief(report.Audited(path="p", facts=facts, verdict=verdict.judge(facts)))
    assert [line for line in text.splitlines() if line.startswith("hazard: ")] == [
        "hazard: executable-stack: whether its stack is executable is left to the kernel and the loader",
        "hazard: iconv, locale: glibc's own code for it is inside, as in every static glibc program",
    ]
    assert brief.as_brief(report.Audited(path="p", error="truncated")) == ""


def test_several_files_are_parted_by_an_empty_line(files: Path) -> None:
    blocks = run("--verbose", "static", "dynamic").stdout.split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == ["file: static", "file: dynamic"]
    assert "version-need: libz.so.1 ZLIB_1.2\nversion-need: libc.so.6 GLIBC_2.4, GLIBC_2.34\n" in blocks[1]
    assert "glibc-required: 2.34\n" in blocks[1]


def test_exit_code_and_message_of_an_expectation_that_fails(files: Path) -> None:
    result = run("--expect", "static", "static", "dynamic")
    assert result.exit_code == 1
    assert result.stderr == (
        "dynamic: --expect static does not hold\n"
        "  expected: static: no interpreter (PT_INTERP) and no needed library (DT_NEEDED)\n"
        f"  found:    dynamic: interpreter {GLIBC_LOADER} is glibc's loader; needs libc.so.6 of glibc itself; "
        "needs libz.so.1, not part of glibc\n"
        "  fix:      link for a musl target with -static (or -static-pie), and give every library as an archive (.a)\n"
    )


def test_a_file_that_cannot_be_audited_is_one_line_and_the_rest_goes_on(files: Path) -> None:
    (files / "pipe").symlink_to("/dev/null")
    result = run("--expect", "static", "script", "pipe", "static", "dynamic")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[:2] == [
        "script: not audited: a script (#!), not an ELF file",
        "pipe: not audited: not a regular file",
    ]
    assert "--expect static does not hold" in result.stderr
    assert "\nstatic: static; " in result.stdout


def test_a_path_that_is_not_there_is_a_wrong_command_line(files: Path) -> None:
    result = run("static", "absent", "no/such\n")
    assert isinstance(result.exception, UsageError)
    assert result.exception.problem == r"no such file or folder: absent, no/such\n"
    assert result.stdout == ""


def test_several_files_are_an_overview(files: Path) -> None:
    (files / "cut").write_bytes((files / "static").read_bytes()[:70])
    lines = run("--expect", "static", "static", "dynamic", "cut").stdout.splitlines()
    assert lines[0] == "3 files: 1 static, 1 dynamic; 1 not as expected; 1 not audited"
    assert lines[1] == "does not hold: --expect static: dynamic"
    assert lines[2].startswith("not audited: truncated: ")
    assert lines[-3:] == [
        "static: static; musl; needs no library",
        "dynamic: dynamic; glibc 2.34; needs libz.so.1, libc.so.6",
        "cut: not audited",
    ]


def test_what_is_odd_is_told_once_with_a_few_names(files: Path) -> None:
    for at in range(9):
        (files / f"odd{at}").write_bytes(Elf(code=MUSL_START, stack=7).build())
    lines = run(*(f"odd{at}" for at in range(9)), "static").stdout.splitlines()
    (odd,) = [line for line in lines if line.startswith("hazard: ")]
    assert odd == "hazard: executable-stack: its stack is executable: odd0, odd1, odd2, odd3, odd4 and 4 more"


def test_base_images_with_one_answer_are_one_line(files: Path) -> None:
    lines = [line for line in run("static").stdout.splitlines() if line.startswith("runs-on: ")]
    assert lines == [
        "runs-on: scratch, distroless-static, alpine, distroless-base-nossl, distroless-base, distroless-cc, "
        "debian-12, rocky-8: yes: needs no loader and no library"
    ]


def test_usage(files: Path) -> None:
    assert run().exit_code == 2
    assert run("--expect", "statik", "static").exit_code == 2
    for limit in ("2", "2.x", "newest", "2.3.4.5.6", "2.123456", ""):
        result = run("--max-glibc", limit, "static")
        assert isinstance(result.exception, UsageError), limit
    assert run("--max-glibc", "2.28", "static").exit_code == 0


def test_machine_and_libc(files: Path) -> None:
    assert run("--machine", "x86_64", "--libc", "musl", "static").exit_code == 0
    assert run("--machine", "x86_64", "--libc", "glibc", "static").exit_code == 1
    assert run("--machine", "aarch64", "static").exit_code == 1
    assert run("--libc", "none", "static").exit_code == 2
    misspelt = run("--machine", "x86-64", "static").exception
    assert isinstance(misspelt, UsageError)
    assert misspelt.problem == "--machine takes a CPU, not 'x86-64'; did you mean 'x86_64'?"
    assert "aarch64, " in misspelt.hint


def test_json_follows_the_shipped_schema(files: Path) -> None:
    result = run("--json", "--expect", "static", "static", "dynamic", "script")
    document = json.loads(result.stdout)
    schema = json.loads(resources.files("linkmode.audit.show").joinpath("audit-report.schema.json").read_text())
    assert problems(document, schema) == []
    assert result.exit_code == 3
    assert document["format"] == 1
    static, dynamic, script = document["files"]
    assert (static["verdict"]["mode"], static["failures"], static["error"]) == ("static", [], None)
    assert dynamic["failures"][0]["check"] == "--expect static"
    assert dynamic["facts"]["version_needs"][1] == {"library": "libc.so.6", "versions": ["GLIBC_2.4", "GLIBC_2.34"]}
    assert (script["facts"], script["error"]) == (None, "a script (#!), not an ELF file")
    assert result.stdout == json.dumps(document, indent=2, sort_keys=True) + "\n"


def test_the_schema_refuses_another_shape(files: Path) -> None:
    schema = json.loads(resources.files("linkmode.audit.show").joinpath("audit-report.schema.json").read_text())
    document = json.loads(run("--json", "static").stdout)
    document["summary"]["modes"]["semi"] = 1
    assert "'semi'" in problems(document, schema)[0]
    document = json.loads(run("--json", "static").stdout)
    document["files"][0]["verdict"]["mode"] = "semi"
    assert "'semi'" in problems(document, schema)[0]


def test_a_name_of_any_bytes_stays_one_line_of_text(files: Path) -> None:
    name = b"bad\xff\nmode: dynamic\x1b[31m"
    (files / "static").rename(files / name.decode("utf-8", "surrogateescape"))
    result = run("--json", name.decode("utf-8", "surrogateescape"))
    assert json.loads(result.stdout)["files"][0]["path"] == r"bad\xff\nmode: dynamic\x1b[31m"


def audited(path: str) -> report.Audited:
    facts = elf.read(Path(path))
    judged = verdict.judge(facts)
    failures = verdict.check(facts, judged, verdict.Expectations(mode="static"))
    return report.Audited(path=path, facts=facts, verdict=judged, failures=failures)


def shown(*files: report.Audited, width: int = 120, styled: bool = False) -> str:
    stream = StringIO()
    console = Console(file=stream, width=width, force_terminal=styled, no_color=True)
    table.show(files, report.summarise(files, ()), (), console)
    return stream.getvalue()


def test_table_of_one_file_shows_the_same_lines(files: Path) -> None:
    text = shown(audited("dynamic"), styled=True, width=400)
    for key, value in brief.lines(audited("dynamic")):
        assert key in text
        assert value.split("; ")[0] in text
    assert "\x1b[3" not in text


def test_table_of_several_files_has_a_line_for_each(files: Path) -> None:
    broken = report.Audited(path="script", error="truncated: it ends")
    lines = shown(audited("static"), audited("dynamic"), broken).splitlines()
    assert [line.split() for line in lines] == [
        ["mode", "libc", "size", "file", "needs"],
        ["static", "musl", "198", "static", "nothing"],
        ["dynamic", "glibc", "2.34", "696", "dynamic", "libz.so.1,", "libc.so.6"],
        ["not", "audited", "script", "truncated:", "it", "ends"],
        [],
        ["3", "files", "1", "static", "1", "dynamic", "1", "not", "as", "expected", "1", "not", "audited"],
    ]


def test_on_80_columns_a_long_path_folds_and_the_other_columns_stay(files: Path) -> None:
    long = Path("folder-" * 12)
    long.mkdir()
    Path("dynamic").rename(long / "dynamic")
    lines = shown(audited("static"), audited(str(long / "dynamic")), width=80).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["mode", "libc", "size", "file"]
    assert lines[2].startswith("dynamic  glibc 2.34   696  folder-folder-")
    assert lines[3].startswith(" " * 27)
    assert lines[3].strip().startswith("folder-") or lines[3].strip().endswith("dynamic")

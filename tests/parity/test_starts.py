"""No link mode is told for a program that Linux or its loader does not start; the audit and the checker agree on why.

The programs are made by startable.py, which really start, and changed in one place or several. On x86_64 as root each
that has a mode is run: a static one in an empty root.
"""

from pathlib import Path

import pytest
from checker import CERTAIN, IS_FULL, difference, judged, starts
from elf_maker import GLIBC_LOADER, MUSL_LOADER
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from start_cases import BASES, LATER, NONE, OUTSIDE, REFUSED, TWO_MEANINGS
from start_modes import MODES, UNTRUE
from startable import DATA, PT_DYNAMIC, PT_GNU_RELRO, PT_INTERP, PT_LOAD, PT_PHDR, PT_TLS, Program, Row

from linkmode.audit.read.image import NotAudited
from linkmode.audit.read.memory import DOUBT

OPTIONS = ((), ("--expect", "static"), ("--expect", "mostly_static"), ("--expect", "dynamic", "--allow", "libz.so.1"))


@pytest.mark.parametrize("what", [*NONE, *REFUSED, *MODES])
def test_the_checker_agrees(sanitized: Path, what: str, tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes({**NONE, **REFUSED, **MODES}[what][0].build())
    assert [found for options in OPTIONS if (found := difference(sanitized, path, options))] == []


@pytest.mark.parametrize(
    ("machine", "loader", "mode"), [(62, GLIBC_LOADER, None), (183, "/lib/ld-linux-aarch64.so.1", "mostly_static")]
)
def test_a_page_is_larger_on_some_machines(
    sanitized: Path, machine: int, loader: str, mode: str | None, tmp_path: Path
) -> None:
    """PT_GNU_RELRO ends where a page of 64 KiB does, as lld 14 links with -z common-page-size=65536."""
    program = Program(loader=loader.encode() + b"\0", needed=("libc.so.6",))
    program.rows.append(Row(PT_GNU_RELRO, 4, DATA, DATA, 0x1000, 0x10000 - DATA, 1))
    raw = bytearray(program.build())
    raw[18] = machine
    assert judged(bytes(raw)).mode == mode
    path = tmp_path / "program"
    path.write_bytes(raw)
    assert [found for options in OPTIONS if (found := difference(sanitized, path, options))] == []


@pytest.mark.parametrize("what", NONE)
def test_what_cannot_be_started_has_no_mode(what: str) -> None:
    program, words = NONE[what]
    found = judged(program.build())
    assert found.mode is None
    assert found.reason.startswith(words)
    assert found.reason.endswith((CERTAIN, DOUBT))
    assert {one.answer for one in found.images} == {"no"}


@pytest.mark.parametrize("what", REFUSED)
def test_what_contradicts_itself_is_refused(what: str) -> None:
    program, words = REFUSED[what]
    with pytest.raises(NotAudited) as refused:
        judged(program.build())
    assert refused.value.problem.startswith(words)


@pytest.mark.parametrize("what", MODES)
def test_what_can_be_started_has_its_mode(what: str) -> None:
    program, mode = MODES[what]
    assert judged(program.build()).mode == mode


@pytest.mark.parametrize("what", [name for name, (_, mode) in MODES.items() if mode != "dynamic"])
def test_what_has_a_mode_really_starts(what: str, root: Path) -> None:
    program, mode = MODES[what]
    if "musl" in what and not Path(MUSL_LOADER).exists():
        pytest.skip(f"{MUSL_LOADER} loads it")
    assert starts(root, program.build(), mode == "static") is (what not in UNTRUE)


@pytest.mark.parametrize("what", [name for name in (*NONE, *REFUSED) if "musl" not in name])
def test_what_has_none_really_does_not(what: str, root: Path) -> None:
    program = {**NONE, **REFUSED}[what][0]
    assert starts(root, program.build(), program.loader is None) is (what in (*LATER, *TWO_MEANINGS))


VALUES = (
    *(0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, 0x40, 0x440, 0x700, 0x900, 0xFFF, 0x1000, 0x1001, 0x2000, 0x3000, 0x10000),
    *(0x400000, 0x400900, 0x401000, 2**31, 2**32 - 1, 2**47 - 4096, 2**47, 2**62, 2**63, 2**64 - 4096, 2**64 - 1),
)
KINDS = (PT_LOAD, PT_DYNAMIC, PT_INTERP, 4, PT_PHDR, PT_TLS, PT_GNU_RELRO, 0x6474E553)
AWAY = (0, 0x3000, OUTSIDE, 0x500000, 2**47, 2**63, 2**64 - 8)
TAGS = (
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    12,
    13,
    17,
    18,
    19,
    23,
    25,
    27,
    32,
    33,
    36,
    0x6FFFFEF5,
    0x6FFFFFF0,
    0x6FFFFFFC,
    0x6FFFFFFE,
)


@st.composite
def edited(draw: st.DrawFn) -> Program:
    """Draw a program that starts, with one to three changes: of a header's field, a header or a tag."""
    program = BASES[draw(st.sampled_from(sorted(BASES)))]()
    for _ in range(draw(st.integers(1, 3))):
        match draw(st.integers(0, 5)):
            case 0 | 1 if program.rows:
                row = draw(st.sampled_from(program.rows))
                name = draw(st.sampled_from(sorted(vars(row))))
                value = draw(st.sampled_from(VALUES))
                setattr(row, name, value % 2**32 if name in ("type", "flags") else value)
            case 2:
                at, size = (
                    draw(st.sampled_from((0, 0x700, 0x900, DATA, 0x1800, 0x2000))),
                    draw(st.sampled_from((8, 256))),
                )
                flags, align = draw(st.integers(4, 7)), draw(st.sampled_from((0, 1, 8, 0x1000)))
                row = Row(draw(st.sampled_from(KINDS)), flags, at, at, size, size, align)
                program.rows.insert(draw(st.integers(0, len(program.rows))), row)
            case 3 if program.rows:
                program.rows.pop(draw(st.integers(0, len(program.rows) - 1)))
            case 4 if program.tags:
                program.tags.pop(draw(st.integers(0, len(program.tags) - 1)))
            case _:
                program.tags.append((draw(st.sampled_from(TAGS)), draw(st.sampled_from(AWAY))))
    return program


def is_code_whole(program: Program) -> bool:
    """Whether the code is where it was: what another place of the file has as code, no audit can tell."""
    return all(row.offset == row.address for row in program.rows if row.type == PT_LOAD)


@settings(
    max_examples=5_000 if IS_FULL else 150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(program=edited())
def test_any_change(sanitized: Path, root: Path, program: Program) -> None:
    raw = program.build()
    path = root / "asked"
    path.write_bytes(raw)
    assert difference(sanitized, path, OPTIONS[len(program.rows) % len(OPTIONS)]) == ""
    try:
        found = judged(raw)
    except NotAudited:
        return
    if found.reason.endswith(CERTAIN):
        assert not starts(root, raw, program.loader is None), found.reason
    elif found.mode in ("static", "mostly_static") and is_code_whole(program):
        assert starts(root, raw, found.mode == "static"), found.reason

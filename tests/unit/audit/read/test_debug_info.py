"""Debug information: what real compilers leave, what hostile bytes may cost, and that nothing of it is ever raised."""

import random
import shutil
import struct
import subprocess
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from elf_maker import Elf, with_sections

from linkmode.audit.judge import hazards
from linkmode.audit.judge.verdict import judge
from linkmode.audit.read import debug_info, elf, policy, sections
from linkmode.audit.read.facts import CompileUnits, Contents
from linkmode.audit.read.image import Image
from linkmode.audit.show.report import pairs

SHF_COMPRESSED = 0x800
SOURCE = """
#define _GNU_SOURCE
#include <stdlib.h>
int gaze(const char *name) { return secure_getenv(name) != NULL; }
int main(int count, char **names) { return gaze(names[0]) + count; }
"""
ABBREV = b"\x01\x11\x00\x25\x08\x1b\x08\x03\x08\x11\x01\x12\x06\x00\x00\x00"
"""One kind of entry: a compile unit with producer, folder and name as texts, an address and a length."""


def unit(name: bytes = b"walk.c", folder: bytes = b"/home/eve/walk", low: int = 0x1000) -> bytes:
    body = b"\x01GNU C17 12.2.0 -O2\0" + folder + b"\0" + name + b"\0" + struct.pack("<QI", low, 16)
    head = struct.pack("<HIB", 4, 0, 8) + body
    return struct.pack("<I", len(head)) + head


def contents(info: bytes, abbrev: bytes = ABBREV, *more: tuple[str, int, int, bytes], flags: int = 0) -> Contents:
    raw = with_sections(Elf().build(), ((".debug_info", 1, flags, info), (".debug_abbrev", 1, 0, abbrev), *more))
    found = elf.facts(BytesIO(raw), len(raw), with_contents=True).contents
    assert found is not None
    return found


def test_units_their_folders_and_their_compiler() -> None:
    found = contents(unit() + unit(b"run.c"))
    assert found.problems == ()
    words = "GNU C17 12.2.0 -O2"
    assert found.compile_units == CompileUnits(2, {words: 2}, {"/home/eve/walk": 2}, ("walk.c", "run.c"))
    assert [(one.tool, one.version, one.evidence) for one in found.producers] == [
        ("GCC", "12.2.0", f"debug information of 2 units: {words}")
    ]


def test_the_folder_of_the_build_is_a_hazard_and_a_system_s_is_none() -> None:
    def of(folder: bytes) -> list[str]:
        raw = with_sections(
            Elf(stack=6).build(), ((".debug_info", 1, 0, unit(folder=folder)), (".debug_abbrev", 1, 0, ABBREV))
        )
        facts = elf.facts(BytesIO(raw), len(raw), with_contents=True)
        return [hazard.evidence for hazard in hazards.of(facts) if hazard.kind == "build-path"]

    assert of(b"/home/eve/walk") == ['DW_AT_comp_dir "/home/eve/walk"']
    assert of(b".") == of(b"/proc/self/cwd") == of(b"/usr/src/walk") == []


def test_it_is_told_as_text() -> None:
    raw = with_sections(Elf().build(), ((".debug_info", 1, 0, unit()), (".debug_abbrev", 1, 0, ABBREV)))
    facts = elf.facts(BytesIO(raw), len(raw), with_contents=True)
    told = pairs(facts, judge(facts))
    assert ("compile-units", "1") in told
    assert ("compiled-in", "/home/eve/walk") in told
    assert ("compiled-from", "walk.c") in told
    headers = elf.facts(BytesIO(raw), len(raw))
    assert headers.contents is None
    assert not any(key.startswith("compile") for key, _ in pairs(headers, judge(headers)))


def test_names_are_escaped() -> None:
    found = contents(unit(b"a\nb\x1b[31m", b"/home/\xff"))
    assert found.compile_units is not None
    assert found.compile_units.sources == ("a\\x0ab\\x1b[31m",)
    assert list(found.compile_units.folders) == ["/home/\\xff"]


def test_compressed_sections_and_what_they_may_unpack_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def packed(kind: int, raw: bytes) -> bytes:
        return struct.pack("<IIQQ", kind, 0, len(raw), 1) + zlib.compress(raw)

    found = contents(packed(1, unit()), flags=SHF_COMPRESSED)
    assert found.compile_units is not None
    assert found.compile_units.sources == ("walk.c",)
    other = contents(packed(2, unit()), flags=SHF_COMPRESSED)
    assert other.problems == ("debug information: it is compressed by another method than zlib, and was not read",)
    monkeypatch.setattr(debug_info, "MAX_UNPACKED", 1000)
    bomb = contents(packed(1, bytes(100_000)), flags=SHF_COMPRESSED)
    assert bomb.problems == ("debug information: it unpacks to more than 1000 bytes, and was not read",)


def test_a_unit_that_lies_does_not_hide_the_next() -> None:
    lying = unit()[:11] + b"\x07" + unit()[12:]  # an entry of a kind that is not there
    found = contents(lying + unit(b"run.c"))
    assert found.compile_units is not None
    assert found.compile_units.sources == ("run.c",)
    assert len(found.problems) == 1
    assert found.problems[0].startswith(
        "debug information: units that cannot be read: 1; the first: it contradicts itself ("
    )


@pytest.mark.parametrize(
    ("info", "abbrev"),
    [
        (unit(), b"\x01\x11\x00" + b"\xff" * 3_000_000),  # a number that never ends
        (unit(), b"\x01\x11\x00" + b"\x03\x08" * 1_500_000),  # a million attributes
        (b"\0\0\0\0" * 1_000_000, ABBREV),  # units of no bytes
        (b"", ABBREV),
        (unit()[:20], ABBREV),
        (b"\xff" * 64, ABBREV),
        (unit(), b""),
    ],
    ids=("endless number", "endless attributes", "empty units", "nothing", "cut", "ones", "no kinds"),
)
def test_hostile_tables_are_a_line_and_no_more(info: bytes, abbrev: bytes) -> None:
    found = contents(info, abbrev)
    assert found.compile_units is None
    assert all(line.startswith("debug information: ") and line.isprintable() for line in found.problems)
    assert bool(found.problems) == bool(info)


def test_a_dozen_compilers_are_shown_and_the_rest_counted() -> None:
    many = b"".join(unit().replace(b"-O2", b"-%02d" % number) for number in range(15))
    raw = with_sections(Elf().build(), ((".debug_info", 1, 0, many), (".debug_abbrev", 1, 0, ABBREV)))
    facts = elf.facts(BytesIO(raw), len(raw), with_contents=True)
    told = [value for key, value in pairs(facts, judge(facts)) if key == "producer"]
    assert len(told) == 13
    assert told[-1] == "and 3 more"


def test_no_more_than_so_many_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debug_info, "MAX_UNITS", 3)
    found = contents(unit() * 5)
    assert found.compile_units is not None
    assert found.compile_units.count == 3
    assert found.problems == ("debug information: only the first 3 units were read",)


def compiled(folder: Path, compiler: str, *options: str) -> Path:
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler} here")
    (folder / "walk.c").write_text(SOURCE)
    command = [compiler, "-g", "-O1", "-fno-inline", *options, "walk.c", "-o", "walk"]
    if subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode:
        pytest.skip(f"{compiler} does not take {' '.join(options)}")
    return folder / "walk"


@pytest.mark.parametrize("version", ["-gdwarf-4", "-gdwarf-5"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("more", [(), ("-gz",), ("-ffunction-sections",)])
def test_real_compilers(tmp_path: Path, compiler: str, version: str, more: tuple[str, ...]) -> None:
    facts = elf.read(compiled(tmp_path, compiler, version, *more), with_contents=True, floor="2.2.5")
    assert facts.contents is not None
    assert facts.contents.problems == ()
    units = facts.contents.compile_units
    assert units is not None
    assert "walk.c" in units.sources
    assert str(tmp_path) in units.folders
    tools = {one.tool: one.version for one in facts.contents.producers if one.evidence.startswith("debug information")}
    assert set(tools) == {{"gcc": "GCC", "clang": "clang"}[compiler]}
    assert all(tools.values())
    if facts.machine == "x86_64":  # where the users of a symbol are known, this names the source of global ones
        users = {name: used for one in facts.contents.imports for name, used in one.users.items()}
        assert users["secure_getenv"] == ("gaze (walk.c)",)


@pytest.mark.parametrize("version", ["-gdwarf-4", "-gdwarf-5"])
def test_a_damaged_real_file_is_never_a_traceback(tmp_path: Path, version: str) -> None:
    whole = compiled(tmp_path, "gcc", version).read_bytes()
    image = Image(BytesIO(whole), len(whole), policy.load())
    places = [at for one in sections.read(image) or () if one.name.startswith(".debug_") for at in range(*span(one))]
    chance = random.Random(5)
    for _ in range(60):
        raw = bytearray(whole)
        for _ in range(chance.choice((1, 8, 64, 500))):
            raw[chance.choice(places)] = chance.choice((0, 0x7F, 0x80, 0xFF, 1))
        found = elf.facts(BytesIO(bytes(raw)), len(raw), with_contents=True, floor="2.2.5").contents
        assert found is not None
        assert all(line.isprintable() for line in found.problems)


def span(section: sections.Placed) -> tuple[int, int]:
    return section.offset, section.offset + section.size

"""The audit's record layouts and names against pyelftools', over random bytes."""

import random
from io import BytesIO
from typing import Literal, get_args

import pytest
from elftools.common.utils import struct_parse
from elftools.elf import enums
from elftools.elf.structs import ELFStructs

from linkmode.audit.layout import D_TAG, E_TYPE, P_TYPE, RecordKind, layout
from linkmode.audit.policy import Endianness


def flat(record: dict[str, object]) -> dict[str, object]:
    """Return pyelftools' record without what it splits or doubles: identification and the symbol's bit fields."""
    return {name: value for name, value in record.items() if name not in ("e_ident", "d_ptr", "st_info", "st_other")}


@pytest.mark.parametrize("kind", get_args(RecordKind))
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("endianness", ["little", "big"])
def test_fields_are_those_of_pyelftools(kind: RecordKind, bits: Literal[32, 64], endianness: Endianness) -> None:
    structs = ELFStructs(little_endian=endianness == "little", elfclass=bits)
    structs.create_basic_structs()
    structs.create_advanced_structs(e_machine="EM_X86_64")
    peer, ours = getattr(structs, kind), layout(kind, bits, endianness)
    source = random.Random(7)
    assert ours.size == peer.sizeof()
    for _ in range(200):
        raw = source.randbytes(ours.size)
        if kind == "Elf_Ehdr":
            raw = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + raw[16:]
        found, expected = ours.parse(raw), flat(struct_parse(peer, BytesIO(raw)))
        for name, value in list(expected.items()):
            if isinstance(value, int) and value < 0:  # pyelftools reads d_tag as signed
                expected[name] = value + (1 << bits)
            elif isinstance(value, str) and name not in ("e_type", "p_type", "d_tag"):  # numbers with us
                del expected[name]
        assert {name: found[name] for name in expected} == expected
    table = source.randbytes(3 * ours.size)
    assert ours.parse_all(table) == [ours.parse(table[at : at + ours.size]) for at in range(0, len(table), ours.size)]


@pytest.mark.parametrize(
    ("names", "peer"),
    [(E_TYPE, enums.ENUM_E_TYPE), (P_TYPE, enums.ENUM_P_TYPE_BASE), (D_TAG, enums.ENUM_D_TAG_COMMON)],
)
def test_names_are_those_of_pyelftools(names: dict[int, str], peer: dict[str, int]) -> None:
    unknown = {name for name in names.values() if name not in peer}
    assert {name: peer[name] for name in names.values() if name in peer} == {
        name: number for number, name in names.items() if name not in unknown
    }
    assert unknown <= {"DT_SYMTAB_SHNDX"}

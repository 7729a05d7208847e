"""Dynamic symbols with the versions that they need, and whether there is an indirect function."""

import struct
from typing import Any

import pytest
from elf_maker import BASE, DYN, GLIBC_LOADER, Elf, interp, with_sections
from reading import contents


def dynamic_program(
    rela: bytes = b"", symbols: bytes = b"", versym: bytes = b"", gnu_hash: bytes = b"", loader: str = GLIBC_LOADER
) -> bytes:
    """A PIE with tables of its own behind its code, at addresses that DT_* tags name; a library without ``loader``."""
    base = Elf(
        type=DYN,
        interp=interp(loader) if loader else None,
        needed=("libc.so.6",),
        needs=(("libc.so.6", ("GLIBC_2.34",)),),
    )
    tables = ((7, 8, rela), (6, None, symbols), (0x6FFFFFF0, None, versym), (0x6FFFFEF5, None, gnu_hash))

    def build(places: list[int]) -> bytes:
        tags: list[tuple[int, int]] = []
        for (tag, size_tag, body), place in zip(tables, places, strict=True):
            if body:
                tags.append((tag, BASE + place))
                if size_tag:
                    tags.append((size_tag, len(body)))
        code = b"\xc3" * 8 + b"".join(body + b"\0" * (-len(body) % 8) for _, _, body in tables)
        made = Elf(type=DYN, interp=base.interp, needed=base.needed, needs=base.needs, code=code, tags=tuple(tags))
        return made.build()

    draft = build([0] * 4)
    first = draft.index(b"\xc3" * 8) + 8
    places, at = [], first
    for _, _, body in tables:
        places.append(at)
        at += len(body) + -len(body) % 8
    return build(places)


def hashed(first: int) -> bytes:
    return struct.pack("<IIII", 1, first, 1, 0) + bytes(8) + struct.pack("<I", 0)


def test_symbols_are_named_with_the_version_that_they_need() -> None:
    names = dynamic_program().index(b"libc.so.6\0")
    raw = dynamic_program(
        symbols=struct.pack("<IBBHQQ", 0, 0, 0, 0, 0, 0) + struct.pack("<IBBHQQ", 1, 0x12, 0, 0, 0, 0),
        versym=struct.pack("<HH", 0, 2),
        gnu_hash=hashed(2),
    )
    assert names > 0
    found = contents(raw)
    assert found.problems == ()
    assert [(one.library, one.version, one.symbols) for one in found.imports] == [
        ("libc.so.6", "GLIBC_2.34", ("libc.so.6",))
    ]


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        ({"symbols": bytes(48), "loader": ""}, "dynamic symbols: DT_SYMTAB without a hash table"),
        ({"symbols": bytes(48), "gnu_hash": hashed(1 << 30)}, "dynamic symbols: DT_GNU_HASH is larger than any"),
        ({"symbols": bytes(48), "gnu_hash": hashed(900_000)}, "dynamic symbols: DT_SYMTAB does not lie inside"),
        (
            {
                "symbols": struct.pack("<IBBHQQ", 1 << 30, 0, 0, 0, 0, 0) * 2,
                "gnu_hash": hashed(2),
                "versym": b"\2\0\2\0",
            },
            "symbol versions: a dynamic symbol's name at byte 1073741824 does not end",
        ),
    ],
)
def test_symbol_tables_that_lie_are_a_problem_and_no_refusal(made: dict[str, Any], problem: str) -> None:
    assert contents(dynamic_program(**made)).problems[0].startswith(problem)


@pytest.mark.parametrize(("kind", "answer"), [(37, "yes"), (8, "no"), (37 + 256, "no"), (37 + (1 << 32), "yes")])
def test_indirect_functions_by_their_relocation(kind: int, answer: str) -> None:
    rela = struct.pack("<QQQ", 0, 8, 0) * 3 + struct.pack("<QQQ", 37, kind, 37)
    assert contents(dynamic_program(rela=rela)).ifunc == answer


def test_indirect_functions_of_a_static_program_by_its_sections() -> None:
    rela = struct.pack("<QQQ", 0, 37, 0)
    assert contents(with_sections(Elf().build(), ((".rela.plt", 4, 2, rela),))).ifunc == "yes"
    assert contents(with_sections(Elf().build(), ((".rela.text", 4, 0, rela),))).ifunc == "no"
    assert contents(with_sections(Elf(machine=8).build(), ((".rela.plt", 4, 2, rela),))).ifunc == "unknown"

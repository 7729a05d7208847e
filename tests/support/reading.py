"""What the audit reads from the bytes of a file, and the least file that holds a text."""

from io import BytesIO

from elf_maker import Elf

from linkmode.audit.read import elf
from linkmode.audit.read.facts import Contents, Facts

ZLIB = b"\0 inflate 1.2.11 Copyright 1995-2017 Mark Adler \0"
"""What zlib leaves in every program that it is linked into."""


def facts(raw: bytes) -> Facts:
    return elf.facts(BytesIO(raw), len(raw), with_contents=True)


def contents(raw: bytes) -> Contents:
    found = facts(raw).contents
    assert found is not None
    return found


def holding(text: bytes) -> bytes:
    """Return a program whose code is followed by ``text``."""
    return Elf(code=b"\xc3" * 16 + text).build()


def components(raw: bytes) -> list[tuple[str, str, str | None]]:
    """Return kind, name and version of each library that is found inside."""
    return [(one.kind, one.name, one.version) for one in contents(raw).components]

"""Finds data behind the segments and sections of a file, where self-extracting programs keep it.

The same walk, check by check and in this order, is in templates/common/tools/elfcheck/behind.h.
"""

from linkmode.audit.read.facts import Behind
from linkmode.audit.read.image import Image, NotAudited
from linkmode.audit.read.policy import Policy

MAX_SECTIONS = 4096
MAX_NAMES = 1 << 16
_SHT_NULL, _SHT_NOBITS = 0, 8
_PIECE = 1 << 16

_UPX = b"UPX!"
_UPX_TAIL = 128
"""UPX leaves its mark behind the program headers and in its last header, at the file's end (src/p_lx_elf.cpp)."""

_PYINSTALLER = b"\0pydata\0"
"""The section that PyInstaller gives its bootloader on Linux (PyInstaller/building/api.py)."""


def read(image: Image, known: Policy) -> Behind | None:
    """Return what lies behind the file's own bytes, None when that is nothing or zeros.

    Raises NotAudited for a file that UPX packed: what its headers say is said of the unpacker.
    """
    header = image.header
    tables = header.phoff + header.phnum * header.phentsize
    tail = image.bytes_at(max(image.size - _UPX_TAIL, 0), min(image.size, _UPX_TAIL))
    mark = image.bytes_at(tables + 4, 4) if tables + 8 <= image.size else b""
    if mark == _UPX or (_UPX in tail and not header.shnum):
        raise NotAudited("packed by UPX: its headers are the unpacker's, not the program's; unpack it: upx -d FILE")
    shown, data = _sections(image)
    if shown is None:
        return data
    if data or shown >= image.size:
        return data
    end = max(tables, *(segment.offset + segment.file_size for segment in image.segments))
    return _payload(image, known, max(end, shown))


def _sections(image: Image) -> tuple[int | None, Behind | None]:
    # Where the last section or the table of them ends, None when that cannot be told; and PyInstaller's archive.
    header, entry = image.header, 64 if image.bits == 64 else 40
    if not header.shoff or not header.shnum or header.shentsize != entry:
        return 0, None
    table_end = header.shoff + header.shnum * entry
    if table_end > image.size:
        return 0, None
    if header.shnum > MAX_SECTIONS:
        return None, None
    archive = None
    if 0 < header.shstrndx < header.shnum and (names := _section(image, header.shstrndx)):
        raw = image.bytes_at(names[1], min(names[2], MAX_NAMES))
        if (at := raw.find(_PYINSTALLER)) >= 0:
            archive = _named(image, at + 1)
    if table_end == image.size:
        return table_end, archive  # as nearly every linker leaves it: nothing can follow
    placed = [one for at in range(header.shnum) if (one := _section(image, at))]
    return max([table_end, *(offset + size for _, offset, size in placed)]), archive


def _section(image: Image, number: int) -> tuple[int, int, int] | None:
    # (offset of its name, offset, size) of a section with bytes that lie in the file.
    entry = 64 if image.bits == 64 else 40
    layout = "IIQQQQIIQQ" if image.bits == 64 else "IIIIIIIIII"
    row = image.record(layout, image.header.shoff + number * entry)
    name, kind, offset, size = row[0], row[1], row[4], row[5]
    if kind in (_SHT_NULL, _SHT_NOBITS) or offset + size > image.size:
        return None
    return name, offset, size


def _named(image: Image, name: int) -> Behind | None:
    for at in range(image.header.shnum):
        one = _section(image, at)
        if one and one[0] == name:
            return Behind("a program packed by PyInstaller", "pyi-archive_viewer FILE", one[1], one[2])
    return None


def _payload(image: Image, known: Policy, end: int) -> Behind | None:
    at = end
    while at < image.size:
        piece = image.bytes_at(at, min(_PIECE, image.size - at))
        rest = piece.lstrip(b"\0")
        if rest:
            at += len(piece) - len(rest)
            start = image.bytes_at(at, min(16, image.size - at))
            kind = next((one for one in known.behind if start.startswith(one.bytes)), None)
            words, opens = (kind.words, kind.opens) if kind else ("bytes of an unknown kind", "")
            return Behind(words, opens, at, image.size - at)
        at += len(piece)
    return None

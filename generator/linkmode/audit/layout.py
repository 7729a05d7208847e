"""Record layouts and names of ELF: bytes to fields. No logic; tests/unit/audit/test_layout.py holds it to pyelftools.

Numbers and field orders are those of the System V ABI (https://www.sco.com/developers/gabi/latest/contents.html) and of
glibc's elf.h. pyelftools parses the same at a twentieth of the speed, and takes longer to import than a file to audit.
"""

import functools
import struct
from typing import Any, Literal

from linkmode.audit.policy import Endianness

RecordKind = Literal["Elf_Ehdr", "Elf_Phdr", "Elf_Shdr", "Elf_Dyn", "Elf_Verneed", "Elf_Vernaux", "Elf_Sym"]

E_TYPE = {0: "ET_NONE", 1: "ET_REL", 2: "ET_EXEC", 3: "ET_DYN", 4: "ET_CORE"}

P_TYPE = {
    0: "PT_NULL",
    1: "PT_LOAD",
    2: "PT_DYNAMIC",
    3: "PT_INTERP",
    4: "PT_NOTE",
    5: "PT_SHLIB",
    6: "PT_PHDR",
    7: "PT_TLS",
    0x6474E550: "PT_GNU_EH_FRAME",
    0x6474E551: "PT_GNU_STACK",
    0x6474E552: "PT_GNU_RELRO",
    0x6474E553: "PT_GNU_PROPERTY",
}

_GENERIC_TAGS = (
    *("NULL", "NEEDED", "PLTRELSZ", "PLTGOT", "HASH", "STRTAB", "SYMTAB", "RELA", "RELASZ", "RELAENT", "STRSZ"),
    *("SYMENT", "INIT", "FINI", "SONAME", "RPATH", "SYMBOLIC", "REL", "RELSZ", "RELENT", "PLTREL", "DEBUG", "TEXTREL"),
    *("JMPREL", "BIND_NOW", "INIT_ARRAY", "FINI_ARRAY", "INIT_ARRAYSZ", "FINI_ARRAYSZ", "RUNPATH", "FLAGS"),
)
D_TAG = {number: f"DT_{name}" for number, name in enumerate(_GENERIC_TAGS)} | {
    32: "DT_PREINIT_ARRAY",
    33: "DT_PREINIT_ARRAYSZ",
    34: "DT_SYMTAB_SHNDX",
    35: "DT_RELRSZ",
    36: "DT_RELR",
    37: "DT_RELRENT",
    0x6FFFFEF5: "DT_GNU_HASH",
    0x6FFFFFF0: "DT_VERSYM",
    0x6FFFFFF9: "DT_RELACOUNT",
    0x6FFFFFFA: "DT_RELCOUNT",
    0x6FFFFFFB: "DT_FLAGS_1",
    0x6FFFFFFC: "DT_VERDEF",
    0x6FFFFFFD: "DT_VERDEFNUM",
    0x6FFFFFFE: "DT_VERNEED",
    0x6FFFFFFF: "DT_VERNEEDNUM",
}

_NAMES: dict[str, dict[int, str]] = {"e_type": E_TYPE, "p_type": P_TYPE, "d_tag": D_TAG}

# Fields with their codes of the struct module; W is a word of the file's class. Where the classes order fields apart,
# the second line is that of 32 bits.
_FIELDS: dict[RecordKind, tuple[str, str | None]] = {
    "Elf_Ehdr": (
        "e_ident:16s e_type:H e_machine:H e_version:I e_entry:W e_phoff:W e_shoff:W e_flags:I e_ehsize:H "
        "e_phentsize:H e_phnum:H e_shentsize:H e_shnum:H e_shstrndx:H",
        None,
    ),
    "Elf_Phdr": (
        "p_type:I p_flags:I p_offset:W p_vaddr:W p_paddr:W p_filesz:W p_memsz:W p_align:W",
        "p_type:I p_offset:W p_vaddr:W p_paddr:W p_filesz:W p_memsz:W p_flags:I p_align:W",
    ),
    "Elf_Shdr": (
        "sh_name:I sh_type:I sh_flags:W sh_addr:W sh_offset:W sh_size:W sh_link:I sh_info:I sh_addralign:W "
        "sh_entsize:W",
        None,
    ),
    "Elf_Dyn": ("d_tag:W d_val:W", None),
    "Elf_Verneed": ("vn_version:H vn_cnt:H vn_file:I vn_aux:I vn_next:I", None),
    "Elf_Vernaux": ("vna_hash:I vna_flags:H vna_other:H vna_name:I vna_next:I", None),
    "Elf_Sym": (
        "st_name:I st_info:B st_other:B st_shndx:H st_value:W st_size:W",
        "st_name:I st_value:W st_size:W st_info:B st_other:B st_shndx:H",
    ),
}


class Layout:
    """How one kind of record lies in a file of one class and byte order. ``size`` is in bytes."""

    def __init__(self, kind: RecordKind, bits: Literal[32, 64], endianness: Endianness) -> None:
        wide, narrow = _FIELDS[kind]
        pairs = [field.split(":") for field in (narrow if narrow and bits == 32 else wide).split()]
        codes = "".join(code for _, code in pairs).replace("W", "Q" if bits == 64 else "I")
        self._fields = tuple(name for name, _ in pairs)
        self._named = next(((name, _NAMES[name]) for name in self._fields if name in _NAMES), None)
        self._struct = struct.Struct(("<" if endianness == "little" else ">") + codes)
        self.size = self._struct.size

    def parse(self, raw: bytes) -> dict[str, Any]:
        """Return the fields of ``raw``, which is ``size`` bytes; types and tags by name where they have one."""
        return self._named_fields(self._struct.unpack(raw))

    def parse_all(self, table: bytes) -> list[dict[str, Any]]:
        """Return the records of ``table``, which is a multiple of ``size`` bytes."""
        return [self._named_fields(values) for values in self._struct.iter_unpack(table)]

    def _named_fields(self, values: tuple[Any, ...]) -> dict[str, Any]:
        record = dict(zip(self._fields, values, strict=True))
        if self._named is not None:
            name, names = self._named
            record[name] = names.get(record[name], record[name])
        return record


@functools.cache
def layout(kind: RecordKind, bits: Literal[32, 64], endianness: Endianness) -> Layout:
    """Return the layout of a kind of record."""
    return Layout(kind, bits, endianness)

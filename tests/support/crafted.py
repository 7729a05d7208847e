"""Files that a loader or the kernel takes otherwise than a first look at them says, by what is odd about each."""

import struct

from elf_maker import DYN, GLIBC_LOADER, MUSL_LOADER, MUSL_START, PIE, Elf, interp, with_sections

DT_DEPAUDIT, DT_AUDIT, DT_AUXILIARY, DT_FILTER = 0x6FFFFEFB, 0x6FFFFEFC, 0x7FFFFFFD, 0x7FFFFFFF
LOADS = {"DT_DEPAUDIT": DT_DEPAUDIT, "DT_AUDIT": DT_AUDIT, "DT_AUXILIARY": DT_AUXILIARY, "DT_FILTER": DT_FILTER}
NODEFLIB = (0x6FFFFFFB, 0x800)
STATIC = Elf(code=MUSL_START).build()


def loading(tag: str, name: str, loader: str = GLIBC_LOADER, **more: object) -> bytes:
    """Return a program that needs its libc, and has its loader load ``name`` by another tag."""
    libc = "libc.so" if loader == MUSL_LOADER else "libc.so.6"
    made = Elf(interp=interp(loader), needed=(libc,), **more)  # type: ignore[arg-type]
    made.tags = (*made.tags, (LOADS[tag], made._name(name)))
    return made.build()


def library_loading(tag: str, name: str) -> bytes:
    made = Elf(type=DYN, soname="libodd.so.1", needed=("libc.so.6",))
    made.tags = ((LOADS[tag], made._name(name)),)
    return made.build()


def note(owner: bytes, data: bytes, kind: int = 1) -> bytes:
    """Return a note with its padding."""
    name = owner + b"\0"
    return struct.pack("<III", len(name), len(data), kind) + name + bytes(-len(name) % 4) + data + bytes(-len(data) % 4)


def abi_tag(system: int) -> bytes:
    return note(b"GNU", struct.pack("<IIII", system, 3, 2, 0))


def two_readings() -> bytes:
    """A file that says 32-bit x32, static; Linux reads a 64-bit program with an interpreter from the same bytes."""
    raw = bytearray(1024)
    raw[:16] = b"\x7fELF\x01\x01\x01" + bytes(9)
    raw[16:24] = struct.pack("<HHI", 2, 62, 1)
    # 32-bit: entry, phoff, shoff, flags, ehsize, phentsize, phnum in bytes 24 to 46; 64-bit: entry, phoff, shoff to 48
    raw[24:28] = struct.pack("<I", 0x400200)
    raw[28:32] = struct.pack("<I", 0)  # e_phoff of 32 bits is the high half of e_entry of 64: must be 0 for the kernel
    raw[32:40] = struct.pack("<Q", 0x100)
    raw[42:46] = struct.pack("<HH", 32, 1)
    raw[52:58] = struct.pack("<HHH", 64, 56, 2)
    path = interp(GLIBC_LOADER)
    raw[0x180 : 0x180 + len(path)] = path
    raw[0x100 : 0x100 + 112] = struct.pack("<IIQQQQQQ", 3, 4, 0x180, 0x400180, 0x400180, len(path), len(path), 1)
    raw[0x138 : 0x138 + 56] = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 1024, 1024, 4096)
    return bytes(raw[:1024])


def lying_phdr() -> bytes:
    """A program whose PT_PHDR shifts the place where its loader looks for the dynamic segment."""
    made = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), segments=((6, 0x80, 56),))
    return made.build()


def upx(tail: bool = False) -> bytes:
    """What UPX leaves: its mark behind the program headers, or in its last header."""
    raw = Elf(code=bytes(64) + b"\xc3", stack=6).build()
    if tail:
        return raw + b"UPX!" + bytes(32)
    count = struct.unpack_from("<H", raw, 56)[0]
    at = 64 + 56 * count + 4
    return raw[:at] + b"UPX!" + raw[at + 4 :]


def with_archive() -> bytes:
    """What PyInstaller makes on Linux: a section of its own with the archive."""
    made = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",)).build()
    return with_sections(made, (("pydata", 1, 0, b"archive" * 100),))


def entering(raw: bytes, entry: int) -> bytes:
    """Return a 64-bit file with another entry point (e_entry)."""
    order = "big" if raw[5] == 2 else "little"
    return raw[:24] + entry.to_bytes(8, order) + raw[32:]


def data_alone(made: Elf) -> bytes:
    """Return a file whose one PT_LOAD holds no code, as a link by GNUTARGET=binary leaves it."""
    raw, order = bytearray(made.build()), "big" if made.big else "little"
    raw[68:72] = (6).to_bytes(4, order)
    return bytes(raw)


NEEDING = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",)).build()
UNSTARTABLE = {
    "no entry point": entering(STATIC, 0),
    "an entry point outside": entering(STATIC, 0x10),
    "an entry point behind the last page": entering(STATIC, 0x401000),
    "an entry point without code": data_alone(Elf(code=MUSL_START)),
    "an entry point and a loader without code": entering(NEEDING, 0x500000),
    "no entry point and a loader": entering(NEEDING, 0),
    "static pie without an entry point": entering(Elf(type=DYN, tags=(PIE,), code=MUSL_START).build(), 0),
    "powerpc64 outside": entering(Elf(machine=21, big=True).build(), 0x10),
    "little-endian powerpc64 without code": data_alone(Elf(machine=21)),
}
DOUBTFUL = entering(STATIC, 0x400000 + len(STATIC))
"""Its entry point lies behind its last byte, in a page that has more of the file."""
STARTABLE = {
    "a function descriptor of powerpc64": data_alone(Elf(machine=21, big=True)),
    "the last byte of code": entering(STATIC, 0x400000 + len(STATIC) - 1),
}

CRAFTED: dict[str, bytes] = {
    **UNSTARTABLE,
    **STARTABLE,
    "an entry point behind the last byte": DOUBTFUL,
    "library without an entry point": entering(library_loading("DT_AUDIT", "libm.so.6"), 0),
    **{f"{tag}": loading(tag, "/x/evil.so") for tag in LOADS},
    **{f"{tag} of a libc's own": loading(tag, "libm.so.6") for tag in LOADS},
    **{f"{tag} of what may be allowed": loading(tag, "libz.so.1") for tag in LOADS},
    **{f"{tag} under musl": loading(tag, "/x/evil.so", MUSL_LOADER) for tag in LOADS},
    **{f"{tag} of a library": library_loading(tag, "libx.so.1") for tag in LOADS},
    "static pie with DT_AUDIT": Elf(type=DYN, tags=(PIE, (DT_AUDIT, 0)), code=MUSL_START).build(),
    "no default folders": Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), tags=(NODEFLIB,)).build(),
    "two readings": two_readings(),
    "PT_PHDR": lying_phdr(),
    "UPX": upx(),
    "UPX, told by its end": upx(tail=True),
    "PyInstaller": with_archive(),
    "bytes behind": STATIC + b"secret",
    "zeros and bytes behind": STATIC + bytes(5000) + b"secret",
    "zeros behind": STATIC + bytes(70000),
    "a squashfs image behind": STATIC + b"hsqs" + bytes(100),
    "a zip archive behind": STATIC + b"PK\3\4" + bytes(100),
    "bytes behind sections": with_sections(STATIC, ((".debug_info", 1, 0, b"x" * 64),)) + b"x",
    "sections and nothing behind": with_sections(STATIC, ((".debug_info", 1, 0, b"x" * 64),)),
    "Android, static": Elf(notes=note(b"Android", struct.pack("<I", 21))).build(),
    "Android's library": Elf(
        type=DYN, needed=("libc.so", "libm.so"), notes=note(b"Android", struct.pack("<I", 21))
    ).build(),
    "Android's library without a note": Elf(type=DYN, needed=("liblog.so", "libc.so")).build(),
    "musl's library": Elf(type=DYN, needed=("libc.so",)).build(),
    "Android's program": Elf(interp=interp("/system/bin/linker64"), needed=("libc.so",)).build(),
    "FreeBSD by its note": Elf(interp=interp("/libexec/ld-elf.so.1"), notes=note(b"FreeBSD", bytes(4))).build(),
    "FreeBSD by its libc": Elf(type=DYN, needed=("libc.so.7",)).build(),
    "NetBSD by its loader": Elf(interp=interp("/usr/libexec/ld.elf_so"), needed=("libc.so.12",)).build(),
    "Hurd": Elf(interp=interp("/lib/ld.so"), notes=abi_tag(1), needed=("libc.so.0.3",)).build(),
    "Hurd, static": Elf(notes=abi_tag(1)).build(),
    "Linux, static": Elf(notes=abi_tag(0)).build(),
    "Solaris by its loader": Elf(interp=interp("/lib/amd64/ld.so.1"), needed=("libc.so.1",)).build(),
    "a loader's common name": Elf(interp=interp("/opt/ld.so.1"), needed=("libc.so.6",)).build(),
    "a text as data": Elf(code=b"\xc3GLIBC_TUNABLES\0").build(),
    "all texts of glibc": Elf(code=b"\xc3glibc-ld.so.cache1.1\0GLIBC_TUNABLES\0LD_LIBRARY_PATH\0").build(),
}

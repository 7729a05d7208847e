"""Small archives in every form, from trees that are written down as data."""

import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

Tree = Mapping[str, bytes | str]
"""Path to contents, or to the target of a link: a path that begins with ``>`` is a symlink, with ``=`` a hard link. One
that ends in ``*`` is executable, and is written without it."""

ZLIB = {f"z/{name}": name.encode() for name in ("adler32.c", "crc32.c", "deflate.c", "inflate.c")} | {
    "z/zlib.h": b'/* zlib */\n#define ZLIB_VERSION "1.3.1"\n',
    "z/configure*": b"#!/bin/sh\n",
    ">z/link": "zlib.h",
}


def member(version: str, name: str = "version.lo/") -> bytes:
    """Return a libc.a that holds one member, as musl's Makefile makes it."""
    body = b"\x7fELF\x0a\x00" + version.encode() + b"\0GCC: (GNU) 9.9.9\0"
    return b"!<arch>\n" + f"{name:<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(body):<10}`\n".encode() + body


def musl_cc(prefix: str = "x86_64-linux-musl-cross", **changes: bytes | None) -> dict[str, bytes | str]:
    """Return the tree of a cross compiler; ``changes`` replace or remove what they name."""
    tools = {"gcc": b"ELF gcc", "ld": b"ELF (GNU Binutils) 2.40\0", "libc": member("1.2.3")} | changes
    tree: dict[str, bytes | str | None] = {
        "bin/x86_64-linux-musl-gcc*": tools["gcc"],
        "x86_64-linux-musl/bin/ld*": tools["ld"],
        "=bin/x86_64-linux-musl-ld": f"{prefix}/x86_64-linux-musl/bin/ld".lstrip("/"),
        "x86_64-linux-musl/lib/libc.a": tools["libc"],
        "lib/gcc/x86_64-linux-musl/12.2.0/crtbegin.o": b"object",
        ">x86_64-linux-musl/lib/ld-musl-x86_64.so.1": "/lib/libc.so",
        ">usr": ".",
    }
    marks = {mark: f"{mark}{prefix}/" if prefix else mark for mark in ("", ">", "=")}
    return {
        marks[path[0] if path[0] in ">=" else ""] + path.lstrip(">="): value
        for path, value in tree.items()
        if value is not None
    }


def tar(tree: Tree, *, odd: bool = False) -> bytes:
    """Return a tar archive; an ``odd`` one has another order, other owners and times, and folders."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT if odd else tarfile.PAX_FORMAT) as archive:
        for path, value in sorted(tree.items(), key=lambda item: (item[0][0] == "=", item[0])):
            info = tarfile.TarInfo(("./" if odd else "") + path.lstrip(">=").removesuffix("*"))
            info.mode = 0o755 if path.endswith("*") else 0o644
            if odd:
                info.mtime, info.uid, info.uname, info.mode = 7, 7, "me", info.mode & 0o700
            if isinstance(value, str):
                info.type = tarfile.SYMTYPE if path.startswith(">") else tarfile.LNKTYPE
                info.linkname = value
                archive.addfile(info)
            else:
                info.size = len(value)
                archive.addfile(info, io.BytesIO(value))
    return out.getvalue()


def zipped(tree: Tree) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, value in tree.items():
            info = zipfile.ZipInfo(path.lstrip(">=").removesuffix("*"))
            mode = (
                stat.S_IFLNK | 0o777
                if path.startswith(">")
                else stat.S_IFREG | (0o755 if path.endswith("*") else 0o644)
            )
            info.external_attr = mode << 16
            archive.writestr(info, value)
    return out.getvalue()


def write(folder: Path, name: str, tree: Tree, *, odd: bool = False) -> Path:
    """Write the tree into ``folder`` in the form that ``name`` ends in, and return its path."""
    path = folder / name
    if name.endswith((".zip", ".whl")):
        data = zipped(tree)
    else:
        data = tar(tree, odd=odd)
        data = gzip.compress(data) if name.endswith("gz") else lzma.compress(data)
    path.write_bytes(data)
    return path

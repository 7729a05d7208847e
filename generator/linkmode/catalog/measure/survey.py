"""Reads an archive once: the digest of every member, and the facts that its files state.

Memory is bounded for any archive: a member is hashed block by block, and only small texts, a libc.a and the
compiler's programs are looked at as a whole, one at a time and up to a limit each.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from linkmode.archives.members import Bounds, Member, Refusal, blocks, parts
from linkmode.archives.unpack import members_of
from linkmode.catalog.measure.recognise import PROGRAMS
from linkmode.messages import IntegrityError
from linkmode.model.cpus import CPUS
from linkmode.model.survey import Node, Survey, Tool

_MOST_TEXT = 1 << 20
_MOST_LIBRARY = 32 << 20
_MOST_TOOL = 64 << 20
_MOST_NAMES = 64 << 20
_OVERLAP = 64

_TOOL = re.compile(r"(?:.*-)?(?:gcc|ld|as)|cc1")
_BINUTILS = re.compile(rb"\(GNU Binutils[^)\0]{0,64}\) (\d+\.\d+(?:\.\d+){0,2})\0")
_MUSL = re.compile(rb"(?<![ -~])(\d+\.\d+\.\d+(?:-git-\d+-g[0-9a-f]+)?)\0")
_VERSION_MEMBER = re.compile(rb"(?:version\.o/ {6}|version\.lo/ {5})[ 0-9]{32}([0-9]{1,9}) {1,9}`\n")
"""A member's header in ar's format: 16 bytes of name, 32 of time, owners and mode, 10 of size, 2 at its end."""

_ZLIB = re.compile(rb'(?m)^#define ZLIB_VERSION "([0-9A-Za-z.+-]{1,32})"')
_ELF_MACHINES = {cpu.elf_machine: cpu.name for cpu in CPUS.values() if cpu.exec}
_MACHO_CPUS = {0x01000007: "x86_64", 0x0100000C: "aarch64"}


Judge = Callable[[BinaryIO, int], Tool | None]
"""Reads the program of so many bytes in a stream; None when it has no facts."""


def survey(archive: Path, file: str, *, version: str, judge: Judge) -> Survey:
    """Read the archive at ``archive``, whose name ``file`` says its format; ``version`` is searched in `PROGRAMS`.

    Raises:
        IntegrityError: it is no archive, or one that is not to be trusted; says why, and about which member.
    """
    reader = _Reader(version, judge)
    try:
        with archive.open("rb") as stream:
            bounds = Bounds.to_unpack(os.fstat(stream.fileno()).st_size)
            reader.left = bounds.size
            for member in members_of(stream, file, bounds):
                reader.add(member)
    except Refusal as refusal:
        where = f"{file}: {refusal.member!r}" if refusal.member else file
        raise IntegrityError(
            f"{where}: {refusal.problem}",
            expected="an archive that can be read to its end",
            hint="nothing was kept; look at what the URL really gives",
        ) from refusal
    return Survey(
        file=file,
        nodes=reader.nodes,
        tools=reader.tools,
        binutils=reader.binutils,
        musl=reader.musl,
        zlib=reader.zlib,
        platforms=reader.platforms,
        stated=frozenset(reader.stated),
    )


class _Reader:
    """Takes one member after the other, and keeps of each what a `Survey` has. ``left`` is in bytes unpacked."""

    def __init__(self, version: str, judge: Judge) -> None:
        self.nodes: dict[str, Node] = {}
        self.tools: dict[str, Tool] = {}
        self.binutils: dict[str, str] = {}
        self.musl: dict[str, str] = {}
        self.zlib: dict[str, str] = {}
        self.platforms: dict[str, str] = {}
        self.stated: set[str] = set()
        self.left = 0
        self._names_left = _MOST_NAMES
        self._version = version.encode()
        self._judge = judge

    def add(self, member: Member) -> None:
        """Read one member whole. Raises Refusal when it has no place in a tree, or there is too much of everything."""
        path = "/".join(parts(member.name))
        if member.kind == "folder":
            return
        if path in self.nodes or not path:
            raise Refusal("the same path a second time, or none; expected each once", member.name)
        self.left -= member.size
        self._names_left -= len(path) + len(member.target)
        if self.left < 0 or self._names_left < 0:
            raise Refusal(
                "more in it than an archive of its size can have; expected a toolchain or sources", member.name
            )
        if member.kind == "symlink":
            self.nodes[path] = Node("symlink", False, member.target)
        elif member.kind == "hardlink":
            self.nodes[path] = self._linked(path, member)
        else:
            digest = hashlib.sha256()
            for block in self._watched(path, member, blocks(member.body)):
                digest.update(block)
            self.nodes[path] = Node("file", member.executable, digest.hexdigest())

    def _linked(self, path: str, member: Member) -> Node:
        target = "/".join(parts(member.target))
        node = self.nodes.get(target)
        if node is None or node.kind != "file":
            raise Refusal(f"a hard link to {member.target!r}; expected a file that comes before it", member.name)
        if target in self.tools:
            self.tools[path] = self.tools[target]
        for facts in (self.binutils, self.musl, self.platforms):
            if target in facts:
                facts[path] = facts[target]
        return node

    def _watched(self, path: str, member: Member, body: Iterator[bytes]) -> Iterator[bytes]:
        """The same blocks, looking at those of the few files that state a fact."""
        name = path.rpartition("/")[2]
        whole = _Whole(body)
        if name in PROGRAMS and member.size > _MOST_TEXT:
            yield from self._large(path, body)
        elif name == "zlib.h" and member.size <= _MOST_TEXT:
            yield from whole
            if match := _ZLIB.search(whole.data):
                self.zlib[path] = match[1].decode()
        elif name == "libc.a" and member.size <= _MOST_LIBRARY:
            yield from whole
            if musl := _musl(whole.data):
                self.musl[path] = musl
        elif _TOOL.fullmatch(name) and member.size <= _MOST_TOOL:
            yield from whole
            if match := _BINUTILS.search(whole.data):
                self.binutils[path] = match[1].decode()
            if tool := self._judge(BytesIO(whole.data), len(whole.data)):
                self.tools[path] = tool
        else:
            yield from body

    def _large(self, path: str, body: Iterator[bytes]) -> Iterator[bytes]:
        """A program that is too large to keep: its first bytes name its machine, and its version is somewhere in it."""
        tail, is_first = b"", True
        for block in body:
            if is_first and (platform := _platform(block)):
                self.platforms[path] = platform
            if self._version and self._version in tail + block:
                self.stated.add(path)
            tail, is_first = block[-_OVERLAP:], False
            yield block


class _Whole:
    """Passes blocks on and keeps them; ``data`` is all of them in the end."""

    def __init__(self, body: Iterator[bytes]) -> None:
        self._body = body
        self.data = bytearray()

    def __iter__(self) -> Iterator[bytes]:
        for block in self._body:
            self.data += block
            yield block


def _platform(head: bytes) -> str:
    """The exec platform that a program's header names, for those that there are pins for; else an empty string."""
    if head[:6] == b"\x7fELF\x02\x01":
        cpu = _ELF_MACHINES.get(int.from_bytes(head[18:20], "little"))
        return f"{cpu}-linux" if cpu else ""
    if head[:4] == b"\xcf\xfa\xed\xfe":  # Mach-O, 64 bits, little-endian
        cpu = _MACHO_CPUS.get(int.from_bytes(head[4:8], "little"))
        return f"{cpu}-macos" if cpu else ""
    return ""


def _musl(library: bytes | bytearray) -> str:
    """The version that musl's libc.a states: the string of its member version.o (src/internal/version.c)."""
    header = _VERSION_MEMBER.search(library)
    if not header or not library.startswith(b"!<arch>\n"):
        return ""
    match = _MUSL.search(library, header.end(), header.end() + int(header[1]))
    return match[1].decode() if match else ""

"""Audits the members of one archive, package or container image, and keeps what tells which of them belong together."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

import msgspec

from linkmode.archives.members import BadMember, Member, Refusal, blocks, shown_name
from linkmode.audit.inputs import opened
from linkmode.audit.inputs.find import HARD_LINK, LINK, SPECIAL, Found
from linkmode.audit.inputs.opened import Entry
from linkmode.audit.naming import displayed, misnamed
from linkmode.audit.outcome import Outcome, Package
from linkmode.audit.read import elf
from linkmode.audit.read.image import NotAudited, NothingToAudit
from linkmode.audit.show.report import Audited, PassedOver

_IN_MEMORY = 16 << 20
"""A larger member of an archive, in bytes, goes through a nameless temporary file."""

_START = 64
"""The bytes that identify a member: an ELF header."""

_LOADER_FILES = re.compile(r"etc/(?:ld\.so\.conf|ld\.so\.conf\.d/[^/]+|ld-musl-[\w-]+\.path)")
_MAX_TEXT = 1 << 20

AuditStream = Callable[[str, BinaryIO, int], Audited]
"""Audits one file: the path that is shown, its bytes, how many they are."""


def audit(found: Found, shown: str, audit_stream: AuditStream) -> Outcome:
    """Audit all members of the archive at ``found``. Problems of the archive and of members are in the outcome."""
    try:
        try:
            return _Archive(shown, audit_stream).read(opened.members(Path(found.path), found.kind))
        except opened.IsImage:
            return _Archive(shown, audit_stream).read(opened.image_members(Path(found.path)))
    except OSError as error:
        return Outcome((Audited(path=shown, error=f"cannot be read: {error.strerror}"),))


class _Archive:
    # What was found in one archive so far, by path: a file that a layer holds twice counts once.
    def __init__(self, shown: str, audit_stream: AuditStream) -> None:
        self._shown = shown
        self._audit_stream = audit_stream
        self._audited: dict[str, Audited] = {}
        self._passed_over: dict[str, PassedOver] = {}
        self._packages: dict[str | None, Package] = {}

    def read(self, entries: Iterator[Entry]) -> Outcome:
        broken: tuple[Audited, ...] = ()
        try:
            for entry in entries:
                self._take(entry)
        except Refusal as refusal:
            broken = (Audited(path=self._shown, error=str(refusal)),)
            for package in self._packages.values():
                package.is_whole = False
        in_layers = any(image is not None for image in self._packages)
        # layers are read from the top down
        order = sorted(self._audited) if in_layers else list(self._audited)
        packages = tuple(map(_placed, self._packages.values()))
        return Outcome((*(self._audited[path] for path in order), *broken), tuple(self._passed_over.values()), packages)

    def _take(self, entry: Entry) -> None:
        base = f"{self._shown}{f'[{displayed(entry.image)}]' if entry.image else ''}"
        if entry.member is None:
            self._passed_over[base] = PassedOver(base, entry.absent)
            return
        member, name = entry.member, shown_name(entry.member.name)
        package = self._packages.setdefault(entry.image, Package(shown=base))
        if member.kind == "folder":
            return
        path = f"{base}:{displayed(name)}"
        one = self._linked(base, path, member) if member.kind == "hardlink" else None
        if one is None:
            text = _text(name, member) if member.kind == "file" else None
            if text is not None:
                package.texts["/" + name] = text
            one = PassedOver(path, "not an ELF file") if text is not None else self._member(path, member)
        package.is_wheel |= name.endswith(".dist-info/WHEEL")
        if member.kind == "symlink":
            package.links["/" + name] = member.target
        self._audited.pop(path, None)
        self._passed_over.pop(path, None)
        if isinstance(one, PassedOver):
            self._passed_over[path] = one
            return
        self._audited[path] = msgspec.structs.replace(one, layer=entry.layer)
        package.files["/" + name] = path

    def _linked(self, base: str, path: str, member: Member) -> Audited | PassedOver | None:
        # A hard link is the file that it was made from, under another name.
        target = f"{base}:{displayed(shown_name(member.target))}"
        if target in self._audited:
            return msgspec.structs.replace(self._audited[target], path=path)
        if target in self._passed_over:
            return PassedOver(path, self._passed_over[target].reason)
        return PassedOver(path, HARD_LINK)

    def _member(self, path: str, member: Member) -> Audited | PassedOver:
        if member.kind != "file":
            return PassedOver(path, LINK if member.kind == "symlink" else SPECIAL)
        try:
            start = b""
            while len(start) < min(_START, member.size) and (block := member.body.read(_START - len(start))):
                start += block
            if not start.startswith(b"\x7fELF"):
                elf.facts(BytesIO(start), len(start))  # says what it is
            with SpooledTemporaryFile(_IN_MEMORY) as held:
                held.write(start)
                for block in blocks(member.body):
                    held.write(block)
                return self._audit_stream(path, cast(BinaryIO, held), held.tell())
        except BadMember as refusal:  # any other Refusal ends the archive
            return Audited(path=path, error=str(refusal))
        except NothingToAudit as error:
            if words := misnamed(path, error.problem):
                return Audited(path=path, error=words)
            return PassedOver(path, error.problem)
        except NotAudited as error:
            return Audited(path=path, error=error.problem)


def _text(name: str, member: Member) -> str | None:
    # Files that loaders of the system in the archive would read.
    if not _LOADER_FILES.fullmatch(name) or member.size > _MAX_TEXT:
        return None
    try:
        return b"".join(blocks(member.body)).decode("utf-8", "surrogateescape")
    except BadMember:
        return None


_DATA = re.compile(r"/[^/]+\.data/(?:platlib|purelib)/")


def _placed(package: Package) -> Package:
    # A wheel's data is installed beside its other files:
    # https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    if not package.is_wheel:
        return package
    return msgspec.structs.replace(package, files={_DATA.sub("/", name): at for name, at in package.files.items()})

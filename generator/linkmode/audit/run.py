"""Audits all that a command line names: files, what is in folders, what is in archives; over processes where it pays.

The outcome is in the order of the command line, then of :func:`linkmode.audit.inputs.find.find`, whatever the number
of processes.
"""

import functools
import os
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import msgspec

from linkmode.archives.members import BadMember, Member, Refusal, blocks, shown_name
from linkmode.audit.inputs.find import LINK, SPECIAL, Found, find
from linkmode.audit.judge import verdict
from linkmode.audit.judge.verdict import Expectations
from linkmode.audit.read import elf, policy
from linkmode.audit.read.image import Image, NotAudited, NothingToAudit
from linkmode.audit.show.report import Audited, PassedOver
from linkmode.messages import UsageError

if TYPE_CHECKING:
    from linkmode.audit.inputs.opened import Entry
    from linkmode.audit.load.attribution import Archive

_IN_MEMORY = 16 << 20
"""A member of an archive that is larger than this many bytes goes through a nameless temporary file."""

_START = 64
"""Bytes that tell what a member is: an ELF header's."""

_BATCH = {False: 500, True: 8}
"""Files that a process is given at once, when only headers are read and when all is."""

_SINGLE = ("file", "passed over", "unreadable")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask of each file, and whether to read all of it or its headers only.

    ``archives`` are paths of static libraries whose share of each file is wanted.
    """

    wanted: Expectations
    with_contents: bool
    archives: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """Files that were audited, or should have been, and those that are nothing to audit."""

    audited: tuple[Audited, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()


def run(paths: Iterable[str], settings: Settings, jobs: int) -> Outcome:
    """Audit all that is at ``paths``, in at most ``jobs`` processes. Errors of files are part of the outcome."""
    if settings.archives:
        _archives(settings.archives)  # says what is wrong with one before anything is audited
    batches = _batches(paths, _BATCH[settings.with_contents])
    archives = sum(one.kind not in _SINGLE for _, batch in batches for one in batch)
    # Of headers alone, 62,000 files take one process less time than two: what is shared is most of the work.
    pays = jobs > 1 and (archives > 1 or (settings.with_contents and len(batches) > 1))
    outcomes = _in_processes(batches, settings, jobs) if pays else _in_this(batches, settings)
    audited: list[Audited] = []
    passed_over: list[PassedOver] = []
    elves: dict[str, int] = {}
    for (path, _), outcome in zip(batches, outcomes, strict=True):
        if path is not None:
            elves[path] = elves.get(path, 0) + len(outcome.audited)
        audited += outcome.audited
        passed_over += outcome.passed_over
    # Nothing to audit must not look as if all expectations held.
    audited += [Audited(path=displayed(path), error="no ELF file in it") for path, count in elves.items() if not count]
    return Outcome(tuple(audited), tuple(passed_over))


_Batches = list[tuple[str | None, tuple[Found, ...]]]
"""Files to audit in one go, and the folder or archive that they are of; None for files that were named themselves."""


def _batches(paths: Iterable[str], most: int) -> _Batches:
    batches: _Batches = []
    named: list[Found] = []
    for path in paths:
        found = find(path)
        first = next(found, None)
        if first is not None and first.kind == "file" and not first.is_inside:
            named.append(first)
            if len(named) < most:
                continue
        if named:
            batches.append((None, tuple(named)))
            named = []
        if first is None:
            batches.append((path, ()))  # an empty folder
        elif first.is_inside or first.kind != "file":
            rest = chain([first], found)
            while batch := tuple(islice(rest, most)):
                batches.append((path, batch))
    return [*batches, (None, tuple(named))] if named else batches


def _in_this(batches: _Batches, settings: Settings) -> Iterator[Outcome]:
    return (audit_batch(batch, settings) for _, batch in batches)


def _in_processes(batches: _Batches, settings: Settings, jobs: int) -> Iterator[Outcome]:
    # Processes, for reading is Python's own work; forked, for an import takes as long as a thousand files.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(min(jobs, len(batches)), mp_context=context, initializer=_ignore_interrupts) as pool:
        work = [pool.submit(_packed, batch, settings) for _, batch in batches]
        for done in work:
            yield msgspec.msgpack.decode(done.result(), type=Outcome)


def _ignore_interrupts() -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends them


def _packed(batch: tuple[Found, ...], settings: Settings) -> bytes:
    return msgspec.msgpack.encode(audit_batch(batch, settings))


def audit_batch(batch: tuple[Found, ...], settings: Settings) -> Outcome:
    """Audit files one after the other."""
    audited: list[Audited] = []
    passed_over: list[PassedOver] = []
    for found in batch:
        if found.kind == "passed over":
            passed_over.append(PassedOver(displayed(found.path), found.words))
        elif found.kind == "unreadable":
            audited.append(Audited(path=displayed(found.path), error=found.words))
        elif found.kind == "file":
            one = _audit_file(found, settings)
            if isinstance(one, PassedOver):
                passed_over.append(one)
            else:
                audited.append(one)
        else:
            outcome = _audit_archive(found, settings)
            audited += outcome.audited
            passed_over += outcome.passed_over
    return Outcome(tuple(audited), tuple(passed_over))


def _audit_file(found: Found, settings: Settings) -> Audited | PassedOver:
    shown = displayed(found.path)
    try:
        with elf.opened(Path(found.path)) as (stream, size):
            return _audit_stream(shown, stream, size, settings)
    except NothingToAudit as error:
        return PassedOver(shown, error.problem) if found.is_inside else Audited(path=shown, error=error.problem)
    except NotAudited as error:
        return Audited(path=shown, error=error.problem)


def _audit_stream(shown: str, stream: BinaryIO, size: int, settings: Settings) -> Audited:
    contents, floor = settings.with_contents, settings.wanted.max_glibc
    facts = elf.facts(stream, size, with_contents=contents, floor=floor)
    judged = verdict.judge(facts, settings.wanted.allow)
    failures = verdict.check(facts, judged, settings.wanted)
    libraries = None
    if settings.archives:
        from linkmode.audit.load import attribution  # only who asks for it waits for it

        libraries = attribution.attribute(Image(stream, size, policy.load()), _archives(settings.archives))
    return Audited(path=shown, facts=facts, verdict=judged, failures=failures, libraries=libraries)


@functools.cache
def _archives(paths: tuple[str, ...]) -> "tuple[Archive, ...]":
    from linkmode.audit.load import attribution

    found = []
    for path in paths:
        try:
            with elf.opened(Path(path)) as (stream, size):
                found.append(attribution.read_archive(stream, size, displayed(Path(path).name)))
        except NotAudited as error:
            raise UsageError(
                f"--archive {displayed(path)}: {error.problem}", hint="name a static library (.a)"
            ) from error
    return tuple(found)


def _audit_archive(found: Found, settings: Settings) -> Outcome:
    from linkmode.audit.inputs import opened  # only archives need tarfile and its like

    shown = displayed(found.path)
    try:
        try:
            return _audit_members(shown, opened.members(Path(found.path), found.kind), settings)
        except opened.IsImage:
            return _audit_members(shown, opened.image_members(Path(found.path)), settings)
    except OSError as error:
        return Outcome((Audited(path=shown, error=f"cannot be read: {error.strerror}"),))


def _audit_members(archive: str, entries: "Iterator[Entry]", settings: Settings) -> Outcome:
    audited: dict[str, Audited] = {}  # by path: what a layer holds twice counts once
    passed_over: dict[str, PassedOver] = {}
    in_layers = False
    broken: tuple[Audited, ...] = ()
    try:
        for image, member in entries:
            if member.kind == "folder":
                continue
            in_layers = in_layers or image is not None
            path = f"{archive}{f'[{displayed(image)}]' if image else ''}:{displayed(shown_name(member.name))}"
            one = _audit_member(path, member, settings)
            audited.pop(path, None)
            if isinstance(one, Audited):
                audited[path] = one
            else:
                passed_over[path] = one
    except Refusal as refusal:
        broken = (Audited(path=archive, error=str(refusal)),)
    order = sorted(audited) if in_layers else list(audited)  # layers are read from the uppermost down
    return Outcome((*(audited[path] for path in order), *broken), tuple(passed_over.values()))


def _audit_member(path: str, member: Member, settings: Settings) -> Audited | PassedOver:
    if member.kind != "file":
        return PassedOver(path, SPECIAL if member.kind == "special" else LINK)
    try:
        start = b""
        while len(start) < min(_START, member.size) and (block := member.body.read(_START - len(start))):
            start += block
        if not start.startswith(b"\x7fELF"):
            elf.facts(BytesIO(start), len(start))  # says what it is
        return _audit_body(path, start, member, settings)
    except BadMember as refusal:  # any other Refusal ends the archive
        return Audited(path=path, error=str(refusal))
    except NothingToAudit as error:
        return PassedOver(path, error.problem)
    except NotAudited as error:
        return Audited(path=path, error=error.problem)


def _audit_body(path: str, start: bytes, member: Member, settings: Settings) -> Audited:
    from tempfile import SpooledTemporaryFile

    with SpooledTemporaryFile(_IN_MEMORY) as held:
        held.write(start)
        for block in blocks(member.body):
            held.write(block)
        return _audit_stream(path, cast(BinaryIO, held), held.tell(), settings)


def displayed(path: str) -> str:
    """Return a path as a report shows it: UTF-8 text in one line, other bytes and control characters escaped.

    A backslash is escaped as well, so that no two paths look the same.
    """
    text = os.fsencode(path).replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)

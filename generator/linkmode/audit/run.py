"""Audits everything that a command line names: files, folders and archives, in several processes where that is faster.

The order is that of the command line, then of :func:`linkmode.audit.inputs.find.find`, for any number of processes.
"""

import contextlib
import functools
import gc
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from linkmode.audit.inputs.find import Found, find
from linkmode.audit.judge import platforms, verdict
from linkmode.audit.judge.verdict import Expectations
from linkmode.audit.naming import displayed, misnamed
from linkmode.audit.outcome import Outcome, Package
from linkmode.audit.read import elf, policy
from linkmode.audit.read.image import Image, NotAudited, NothingToAudit
from linkmode.audit.show.report import Audited, PassedOver, Wheel
from linkmode.messages import UsageError

if TYPE_CHECKING:
    from linkmode.audit.load.attribution import Archive

_BATCH = {False: 500, True: 8}
"""Files that a process is given at once, when only headers are read and when all is."""

SINGLE = ("file", "passed over", "unreadable")
"""Kinds of what is found that are no archive."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask of each file, and whether to read all of it or its headers only.

    ``archives`` are paths of static libraries whose share of each file is wanted. ``stdin`` is a file with what the
    path ``-`` stands for. Base images are asked for a single file in any case, and for several ``with_images``: that
    takes a tenth of the time that their headers do.
    """

    wanted: Expectations
    with_contents: bool
    archives: tuple[str, ...] = ()
    stdin: str | None = None
    with_images: bool = True


def run(paths: Iterable[str], settings: Settings, jobs: int) -> Outcome:
    """Audit all that is at ``paths``, in at most ``jobs`` processes. Errors of files are part of the outcome."""
    with _no_cycles():
        return _run(paths, settings, jobs)


@contextlib.contextmanager
def _no_cycles() -> Iterator[None]:
    # Facts are values without cycles. To look for some among those of thousands of files takes an eighth of the time.
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _run(paths: Iterable[str], settings: Settings, jobs: int) -> Outcome:
    if settings.archives:
        _archives(settings.archives)  # a broken archive is an error before anything is audited
    batches = _batches(paths, settings.stdin, _BATCH[settings.with_contents])
    archives = sum(one.kind not in SINGLE for _, batch in batches for one in batch)
    # Of headers alone, 62,000 files take one process less time than two: what is shared is most of the work.
    pays = jobs > 1 and (archives > 1 or (settings.with_contents and len(batches) > 1))
    outcomes = _in_processes(batches, settings, jobs) if pays else _in_this(batches, settings)
    audited: list[Audited] = []
    passed_over: list[PassedOver] = []
    wheels: list[Wheel] = []
    elves: dict[str, int] = {}
    folders: dict[str, dict[str, int]] = {}  # by folder: where in `audited` each of its files stands
    for (path, batch), outcome in zip(batches, outcomes, strict=True):
        first = len(audited)
        audited += outcome.audited
        passed_over += outcome.passed_over
        if path is None:
            continue
        elves[path] = elves.get(path, 0) + len(outcome.audited)
        places = {one.path: at for at, one in enumerate(outcome.audited, first)}
        for package in outcome.packages:
            from linkmode.audit import together  # only files that lie together need it

            if wheel := together.judge(audited, package, places, settings.wanted, with_images=settings.with_images):
                wheels.append(wheel)
        files = ((one.path, displayed(one.path)) for one in batch if one.is_inside and one.kind == "file")
        names = {real: places[shown] for real, shown in files if shown in places}
        folders.setdefault(path, {}).update(names)
    for folder, names in folders.items():
        from linkmode.audit import together

        together.judge_folder(audited, folder, names, settings.wanted, with_images=settings.with_images)
    if len(audited) == 1 and not settings.with_images:
        audited[0] = _with_images(audited[0])
    # An audit of nothing must not look like a success.
    audited += [Audited(path=displayed(path), error="no ELF file in it") for path, count in elves.items() if not count]
    return Outcome(tuple(audited), tuple(passed_over), wheels=tuple(wheels))


def _with_images(audited: Audited) -> Audited:
    # A file that is alone has nothing that comes with it.
    if audited.facts is None or audited.verdict is None:
        return audited
    images = platforms.images(audited.facts)
    return msgspec.structs.replace(audited, verdict=msgspec.structs.replace(audited.verdict, images=images))


_Batches = list[tuple[str | None, tuple[Found, ...]]]
"""Files to audit at once, and the folder or archive that they are from; None for files that were named."""


def _batches(paths: Iterable[str], stdin: str | None, most: int) -> _Batches:
    batches: _Batches = []
    named: list[Found] = []
    for path in paths:
        found = find(path, stdin)
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
    try:
        pool = ProcessPoolExecutor(min(jobs, len(batches)), mp_context=context, initializer=_ignore_interrupts)
    except OSError:  # no semaphores: a container without /dev/shm, or with one that this user may not write to
        yield from _in_this(batches, settings)
        return
    with pool:
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
    packages: list[Package] = []
    for found in batch:
        if found.kind == "passed over":
            passed_over.append(PassedOver(found.shown, found.words))
        elif found.kind == "unreadable":
            audited.append(Audited(path=found.shown, error=found.words))
        elif found.kind == "file":
            one = _audit_file(found, settings)
            if isinstance(one, PassedOver):
                passed_over.append(one)
            else:
                audited.append(one)
        else:
            from linkmode.audit import archived  # only archives need tarfile and its like

            outcome = archived.audit(found, found.shown, functools.partial(_audit_stream, settings=settings))
            audited += outcome.audited
            passed_over += outcome.passed_over
            packages += outcome.packages
    return Outcome(tuple(audited), tuple(passed_over), tuple(packages))


def _audit_file(found: Found, settings: Settings) -> Audited | PassedOver:
    shown = found.shown
    try:
        with elf.opened(found.path) as (stream, size):
            return _audit_stream(shown, stream, size, settings=settings)
    except NothingToAudit as error:
        if found.is_inside and not (words := misnamed(found.path, error.problem)):
            return PassedOver(shown, error.problem)
        return Audited(path=shown, error=words if found.is_inside else error.problem)
    except NotAudited as error:
        return Audited(path=shown, error=error.problem)


def _audit_stream(shown: str, stream: BinaryIO, size: int, *, settings: Settings) -> Audited:
    contents, floor = settings.with_contents, settings.wanted.max_glibc
    facts = elf.facts(stream, size, with_contents=contents, floor=floor)
    judged = verdict.judge(facts, settings.wanted.allow, with_images=settings.with_images)
    failures = verdict.check(facts, judged, settings.wanted)
    libraries = None
    if settings.archives:
        from linkmode.audit.load import attribution  # imported on use: it is slow

        libraries = attribution.attribute(Image(stream, size, policy.load()), _archives(settings.archives))
    return Audited(path=shown, facts=facts, verdict=judged, failures=failures, libraries=libraries)


@functools.cache
def _archives(paths: tuple[str, ...]) -> "tuple[Archive, ...]":
    from linkmode.audit.load import attribution

    found = []
    for path in paths:
        try:
            with elf.opened(path) as (stream, size):
                found.append(attribution.read_archive(stream, size, displayed(path.rpartition("/")[2])))
        except NotAudited as error:
            raise UsageError(
                f"--archive {displayed(path)}: {error.problem}",
                expected="an archive that `ar` wrote (.a)",
                hint="name a static library (.a)",
            ) from error
    return tuple(found)

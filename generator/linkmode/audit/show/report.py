"""Writes verdicts as key-and-value text (the same as elfcheck), as JSON, and as tables for a terminal."""

from collections import Counter
from typing import Final, Literal

import msgspec

from linkmode.audit.judge.verdict import Failure, Verdict
from linkmode.audit.load.loaded import Share, Tree
from linkmode.audit.read.facts import Behind, Facts
from linkmode.audit.show.wording import more_pairs

Mode = Literal["static", "mostly_static", "dynamic", "none"]
MODES: Final[tuple[Mode, ...]] = ("static", "mostly_static", "dynamic", "none")


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a report: either ``error``, why it could not be audited, or ``facts`` and ``verdict``.

    ``libraries`` are the shares of the static libraries that were named; None when none was, or no symbols tell.
    ``layer`` is that of a container image which brought the file.
    """

    path: str
    error: str | None = None
    facts: Facts | None = None
    verdict: Verdict | None = None
    failures: tuple[Failure, ...] = ()
    libraries: tuple[Share, ...] | None = None
    layer: str | None = None


class PassedOver(msgspec.Struct, frozen=True):
    """A file in a folder or archive that is nothing to audit, and why: not ELF, not linked, no regular file."""

    path: str
    reason: str


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    """A Python wheel with the lowest platform tag that all of its files keep, None where one of them keeps none.

    ``decided_by`` is the file that keeps no lower tag, or none, and ``reason`` why it keeps none.
    """

    path: str
    lowest_tag: str | None
    decided_by: str
    reason: str | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How many files there are: of each mode, not audited, failed, passed over.

    ``none`` is the mode of shared objects, and of what cannot be started. ``failed`` counts files for which an
    expectation does not hold. ``passed_over`` counts by reason.
    """

    files: int
    modes: dict[Mode, int]
    not_audited: int
    failed: int
    passed_over: dict[str, int]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What ``linkmode audit --json`` prints. ``format`` changes when a reader would have to.

    ``passed_over`` is empty unless it was asked for with ``--all``; the summary counts them in any case. ``trees`` are
    those of ``--tree``. ``wheels`` has a row for each wheel with files that were audited.
    """

    files: tuple[Audited, ...]
    summary: Summary
    passed_over: tuple[PassedOver, ...] = ()
    trees: tuple[Tree, ...] = ()
    wheels: tuple[Wheel, ...] = ()
    format: Literal[1] = 1


def summarise(files: tuple[Audited, ...], passed_over: tuple[PassedOver, ...]) -> Summary:
    """Return the counts of a report."""
    modes = Counter(one.verdict.mode or "none" for one in files if one.verdict is not None)
    return Summary(
        files=len(files),
        modes={mode: modes[mode] for mode in MODES},
        not_audited=sum(one.error is not None for one in files),
        failed=sum(bool(one.failures) for one in files),
        passed_over=dict(sorted(Counter(one.reason for one in passed_over).items())),
    )


def in_words(summary: Summary) -> str:
    """Return one line such as ``12 files: 3 static, 9 dynamic; 2 not audited; 40 passed over``."""
    counts = ", ".join(
        f"{count:,} {'without a mode' if mode == 'none' else mode}" for mode, count in summary.modes.items() if count
    )
    passed = sum(summary.passed_over.values())
    parts = [f"{summary.files:,} file{'' if summary.files == 1 else 's'}{f': {counts}' if counts else ''}"]
    parts += [f"{summary.failed:,} not as expected"] if summary.failed else []
    parts += [f"{summary.not_audited:,} not audited"] if summary.not_audited else []
    parts += [f"{passed:,} passed over"] if passed else []
    return "; ".join(parts)


def as_json(
    files: tuple[Audited, ...],
    summary: Summary,
    passed_over: tuple[PassedOver, ...] = (),
    wheels: tuple[Wheel, ...] = (),
) -> str:
    """Return the JSON report: sorted keys, two spaces, a newline at the end. Schema: audit-report.schema.json."""
    whole = Report(files=files, summary=summary, passed_over=passed_over, wheels=wheels)
    raw = msgspec.json.encode(whole, order="sorted")
    return msgspec.json.format(raw, indent=2).decode() + "\n"


def trees_as_json(trees: tuple[Tree, ...]) -> str:
    """Return the JSON report of `--tree`, which has trees and no files."""
    summary = summarise((), ())
    raw = msgspec.json.encode(Report(files=(), summary=summary, trees=trees), order="sorted")
    return msgspec.json.format(raw, indent=2).decode() + "\n"


def schema() -> str:
    """Return the JSON schema (draft 2020-12) of :func:`as_json`, as it is shipped in audit-report.schema.json."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:linkmode:audit-report:1"}
    document = {**head, **msgspec.json.schema(Report)}
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2).decode() + "\n"


def pairs(facts: Facts, verdict: Verdict) -> list[tuple[str, str]]:
    """Return the report's keys and values in their order."""
    needs = [("version-need", f"{need.library} {', '.join(need.versions)}") for need in facts.version_needs]
    return [
        ("mode", verdict.mode or "none"),
        ("reason", verdict.reason),
        ("elf", f"{facts.bits}-bit {facts.endianness}-endian {facts.machine}"),
        *([("abi", " ".join(facts.abi))] if facts.abi else []),
        ("kind", facts.kind),
        ("size", str(facts.size)),
        ("interpreter", _or_none(facts.interpreter)),
        ("needed", ", ".join(facts.needed) if facts.needed else "none"),
        *(("also-loads", f"{one.tag} {one.name}") for one in facts.also_loads),
        ("soname", _or_none(facts.soname)),
        ("rpath", _or_none(facts.rpath)),
        ("runpath", _or_none(facts.runpath)),
        ("libc", facts.libc),
        ("libc-evidence", facts.libc_evidence),
        ("glibc-required", _or_none(facts.glibc_required)),
        *needs,
        ("executable-stack", facts.executable_stack),
        ("relro", facts.relro),
        ("bind-now", "yes" if facts.bind_now else "no"),
        *([("behind", _behind(facts.behind))] if facts.behind else []),
        *more_pairs(facts, verdict),
    ]


def _behind(behind: Behind) -> str:
    return f"{behind.words}, {behind.size} bytes from byte {behind.offset} on"


def as_text(audited: Audited) -> str:
    """Return one ``key: value`` a line; nothing for a file that could not be audited."""
    if audited.facts is None or audited.verdict is None:
        return ""
    lines = [("file", audited.path), *pairs(audited.facts, audited.verdict), *libraries(audited.libraries or ())]
    lines += [("layer", audited.layer)] if audited.layer else []
    return "".join(f"{key}: {value}\n" for key, value in lines)


def libraries(shares: tuple[Share, ...]) -> list[tuple[str, str]]:
    """Return a key and value for each static library that has a part in a file."""
    return [("static-library", f"{one.library}: {one.size} bytes of {one.members} members") for one in shares]


def wheel_as_text(wheel: Wheel) -> str:
    """Return which platform tag a wheel keeps, in one line."""
    if wheel.lowest_tag is None:
        return f"{wheel.path}: no platform tag: {wheel.decided_by}: {wheel.reason}\n"
    return f"{wheel.path}: lowest platform tag {wheel.lowest_tag}, by {wheel.decided_by}\n"


def passed_over_as_text(passed: PassedOver) -> str:
    """Return why a file is nothing to audit, in the same form as :func:`as_text`."""
    return f"file: {passed.path}\npassed-over: {passed.reason}\n"


def complaints(audited: Audited) -> str:
    """Return the text for stderr: why the file was not audited, or each expectation that does not hold."""
    if audited.error is not None:
        return f"{audited.path}: not audited: {audited.error}\n"
    return "".join(
        f"{audited.path}: {failure.check} does not hold\n"
        f"  expected: {failure.expected}\n"
        f"  found:    {failure.found}\n"
        + "".join(f"  symbols:  {symbols}\n" for symbols in failure.symbols)
        + f"  fix:      {failure.fix}\n"
        for failure in audited.failures
    )


def _or_none(value: str | None) -> str:
    return "none" if value is None else value

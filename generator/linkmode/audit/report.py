"""Presents verdicts: key-and-value text (the checker in Bazel writes the same), JSON, and tables for a terminal."""

from typing import Literal

import msgspec

from linkmode.audit.facts import Facts
from linkmode.audit.verdict import Failure, Verdict


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a report: either ``error``, why it could not be audited, or ``facts`` and ``verdict``."""

    path: str
    error: str | None = None
    facts: Facts | None = None
    verdict: Verdict | None = None
    failures: tuple[Failure, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What ``linkmode audit --json`` prints. ``format`` changes when a reader would have to."""

    files: tuple[Audited, ...]
    format: Literal[1] = 1


def as_json(files: tuple[Audited, ...]) -> str:
    """Return the JSON report: sorted keys, two spaces, a newline at the end. Schema: audit-report.schema.json."""
    raw = msgspec.json.encode(Report(files=files), order="sorted")
    return msgspec.json.format(raw, indent=2).decode() + "\n"


def schema() -> str:
    """Return the JSON schema (draft 2020-12) of :func:`as_json`, as it is shipped in audit-report.schema.json."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Report)}
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2).decode() + "\n"


def pairs(facts: Facts, verdict: Verdict) -> list[tuple[str, str]]:
    """Return the report's keys and values in their order."""
    needs = [("version-need", f"{need.library} {', '.join(need.versions)}") for need in facts.version_needs]
    return [
        ("mode", verdict.mode or "none"),
        ("reason", verdict.reason),
        ("elf", f"{facts.bits}-bit {facts.endianness}-endian {facts.machine}"),
        ("kind", facts.kind),
        ("size", str(facts.size)),
        ("interpreter", _or_none(facts.interpreter)),
        ("needed", ", ".join(facts.needed) if facts.needed else "none"),
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
    ]


def as_text(audited: Audited) -> str:
    """Return one ``key: value`` a line; nothing for a file that could not be audited."""
    if audited.facts is None or audited.verdict is None:
        return ""
    lines = [("file", audited.path), *pairs(audited.facts, audited.verdict)]
    return "".join(f"{key}: {value}\n" for key, value in lines)


def complaints(audited: Audited) -> str:
    """Return what goes to stderr: why the file could not be audited, or each expectation that does not hold."""
    if audited.error is not None:
        return f"{audited.path}: not audited: {audited.error}\n"
    return "".join(
        f"{audited.path}: {failure.check} does not hold\n"
        f"  expected: {failure.expected}\n"
        f"  found:    {failure.found}\n"
        f"  fix:      {failure.fix}\n"
        for failure in audited.failures
    )


def _or_none(value: str | None) -> str:
    return "none" if value is None else value

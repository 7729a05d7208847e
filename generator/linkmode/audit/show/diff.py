"""Compares two audits: mode, needs, facts, sizes. Files are matched by path."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from linkmode.audit.show.report import Audited


class Change(msgspec.Struct, frozen=True):
    """A key with the values that only the first audit has, and those that only the second has, in their order."""

    key: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True):
    """The change of one file. ``changes`` is for a file on both sides. ``path`` is empty for a single file."""

    path: str
    what: Literal["added", "removed", "changed"]
    changes: tuple[Change, ...] = ()


class DiffReport(msgspec.Struct, frozen=True, kw_only=True):
    """What ``linkmode audit --diff --json`` prints. ``format`` changes when a reader would have to."""

    before: str
    after: str
    same: int
    differences: tuple[Difference, ...]
    format: Literal[1] = 1


def compare(before: str, old: tuple[Audited, ...], after: str, new: tuple[Audited, ...]) -> DiffReport:
    """Compare the audits of what is at the two paths; order is that of paths below them."""
    left, right = _by_path(before, old), _by_path(after, new)
    differences = []
    for path in sorted(left.keys() | right.keys()):
        if path not in right:
            differences.append(Difference(path, "removed"))
        elif path not in left:
            differences.append(Difference(path, "added"))
        elif changes := tuple(_changes(left[path], right[path])):
            differences.append(Difference(path, "changed", changes))
    same = len(left.keys() & right.keys()) - sum(one.what == "changed" for one in differences)
    return DiffReport(before=before, after=after, same=same, differences=tuple(differences))


def _by_path(whole: str, files: tuple[Audited, ...]) -> dict[str, Audited]:
    # Two single files are compared under any names; members and files of folders are matched by the rest of the path.
    base = whole.rstrip("/")
    return {one.path.removeprefix(base).lstrip(":/"): one for one in files}


def _changes(old: Audited, new: Audited) -> Iterator[Change]:
    before, after = dict(_values(old)), dict(_values(new))
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key, ()), after.get(key, ())
        if was != now:
            gone = tuple(value for value in was if value not in now)
            come = tuple(value for value in now if value not in was)
            # The same values in another order: for needed libraries that decides whose symbol counts.
            yield Change(key, gone, come) if gone or come else Change(key, was, now)


def _values(one: Audited) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is compared, without what only says where something lies: offsets move with every change."""
    if one.facts is None or one.verdict is None:
        yield "not audited", (one.error or "",)
        return
    facts, verdict = one.facts, one.verdict
    yield "mode", (verdict.mode or "none",)
    yield "needed", facts.needed
    yield "size", (str(facts.size),)
    yield "elf", (f"{facts.bits}-bit {facts.endianness}-endian {facts.machine}",)
    yield "abi", facts.abi
    for key in ("kind", "interpreter", "soname", "rpath", "runpath", "libc", "glibc_required", "executable_stack"):
        yield key.replace("_", "-"), _one(getattr(facts, key))
    for key in ("relro", "bind_now", "text_relocations", "os_abi", "build_id"):
        yield key.replace("_", "-"), _one(getattr(facts, key))
    yield "version-need", tuple(f"{need.library} {name}" for need in facts.version_needs for name in need.versions)
    yield "hazard", tuple(f"{hazard.kind}: {hazard.words}" for hazard in verdict.hazards)
    yield "advisory", tuple(f"{one.component} {one.version}: {one.id}" for one in verdict.weaknesses)
    yield "runs-on", tuple(f"{image.platform}: {image.answer}" for image in verdict.images)
    if facts.contents is None:
        return
    held = facts.contents
    for key in ("symbol_table", "debug_info", "ifunc", "libc_version"):
        yield key.replace("_", "-"), _one(getattr(held, key))
    yield "producer", tuple(f"{one.tool} {one.version or ''}".rstrip() for one in held.producers)
    yield "component", tuple(f"{one.name} {one.version or ''}".rstrip() for one in held.components)
    yield "import", tuple(f"{name} {one.version} of {one.library}" for one in held.imports for name in one.symbols)
    for section in held.sections:
        if section.name:
            yield f"section {section.name}", (str(section.size),)


def _one(value: str | bool | None) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    return () if value is None else (value,)


def as_json(found: DiffReport) -> str:
    """Return the JSON document: sorted keys, two spaces, a newline at the end. Schema: audit-diff.schema.json."""
    return msgspec.json.format(msgspec.json.encode(found, order="sorted"), indent=2).decode() + "\n"


def schema() -> str:
    """Return the JSON schema (draft 2020-12) of :func:`as_json`, as it is shipped in audit-diff.schema.json."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:linkmode:audit-diff:1"}
    document = {**head, **msgspec.json.schema(DiffReport)}
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2).decode() + "\n"


def as_text(found: DiffReport) -> str:
    """Return a block for each file that differs, what was there after ``-`` and what is there after ``+``."""
    out = []
    for one in found.differences:
        out.append(f"{one.what}: {one.path or found.after}\n")
        for change in one.changes:
            out.append(f"  {change.key}: {_in_words(change)}\n")
    counts = [f"{sum(one.what == what for one in found.differences):,} {what}" for what in _WHAT]
    return "".join([*out, f"{', '.join(counts)}, {found.same:,} the same\n"])


_WHAT = ("changed", "added", "removed")
_SHOWN = 6
"""Values of one key that the text shows on each side; JSON has all."""


def _in_words(change: Change) -> str:
    if len(change.before) == len(change.after) == 1:
        before, after = change.before[0], change.after[0]
        if before.isdigit() and after.isdigit():
            return f"{int(before):,} -> {int(after):,} ({int(after) - int(before):+,})"
        return f"{before} -> {after}"
    if len(change.before) > 1 and sorted(change.before) == sorted(change.after):
        return f"{', '.join(change.before)} -> {', '.join(change.after)}"
    signed = [*_signed("-", change.before), *_signed("+", change.after)]
    return ", ".join(signed)


def _signed(sign: str, values: tuple[str, ...]) -> list[str]:
    more = [f"{sign}{len(values) - _SHOWN} more"] if len(values) > _SHOWN else []
    return [f"{sign}{value}" for value in values[:_SHOWN]] + more

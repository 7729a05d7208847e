"""One file in the lines that a build engineer reads first: what it is, where it runs, what is odd, what is inside.

All facts are in the report with ``--verbose``, and in JSON.
"""

from collections.abc import Iterator

from linkmode.audit.judge.hazards import Hazard
from linkmode.audit.judge.platforms import Suits
from linkmode.audit.show.report import Audited, libraries, pairs

_ALWAYS = ("mode", "reason", "libc", "needed")
_WHERE_THERE = ("glibc-required", "interpreter", "also-loads", "rpath", "runpath", "soname", "behind", "brought")
_INSIDE = ("libc-version", "component", "producer", "unreadable", "lowest-tag", "elf", "size")
_OF_GLIBC = ("iconv", "locale", "dlopen")
"""Hazards of every static glibc program, for its own start needs the code."""

_SHOWN = 3
"""Components and producers that are named; the rest is counted."""


def as_brief(audited: Audited) -> str:
    """Return ``key: value`` lines in the words of the whole report; nothing for a file that could not be audited."""
    return "".join(f"{key}: {value}\n" for key, value in lines(audited))


def lines(audited: Audited) -> Iterator[tuple[str, str]]:
    """Yield keys and values of a file in the order of their weight."""
    if audited.facts is None or audited.verdict is None:
        return
    known: dict[str, list[str]] = {}
    for key, value in pairs(audited.facts, audited.verdict):
        known.setdefault(key, []).append(value)
    yield "file", audited.path
    for key in _ALWAYS:
        yield key, known[key][0]
    for key in _WHERE_THERE:
        yield from ((key, value) for value in known.get(key, ()) if value != "none")
    yield from _runs_on(audited.verdict.images)
    yield from (("hazard", words) for words in _hazards(audited.verdict.hazards))
    yield from (("advisory", words) for words in known.get("advisory", ()))
    for key in _INSIDE:
        values = known.get(key, [])
        yield from ((key, value) for value in values[:_SHOWN])
        if len(values) > _SHOWN:
            yield key, f"and {len(values) - _SHOWN} more"
    yield from libraries(audited.libraries or ())
    if audited.layer:
        yield "layer", audited.layer


def _runs_on(images: tuple[Suits, ...]) -> Iterator[tuple[str, str]]:
    # One line for each answer, with the reason of the platform that has most: it tells what is still in the way.
    for answer in ("yes", "unknown", "no"):
        having = [one for one in images if one.answer == answer]
        if having:
            names, last = ", ".join(one.platform for one in having), having[-1]
            of = "" if all(one.reason == last.reason for one in having) else f"{last.platform} "
            yield "runs-on", f"{names}: {answer}: {of}{last.reason}"


def _hazards(hazards: tuple[Hazard, ...]) -> Iterator[str]:
    usual = [one.kind for one in hazards if one.kind in _OF_GLIBC and "cannot be determined" in one.words]
    yield from (f"{one.kind}: {one.words}" for one in hazards if one.kind not in usual)
    if usual:
        yield f"{', '.join(usual)}: glibc's own code for it is inside, as in every static glibc program"

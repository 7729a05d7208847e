"""Prints many files in few lines: counts, failures, oddities, and then a line for each file."""

from collections.abc import Iterable, Iterator

from linkmode.audit.show.report import Audited, Summary, in_words

_NAMED = 5
"""Files that one line names; the rest is counted."""

_USUAL = ("iconv", "locale", "dlopen", "build-path")
"""Hazards of every static glibc program, or of most programs, that an overview only counts."""


def as_text(files: tuple[Audited, ...], summary: Summary) -> str:
    """Return the overview; every fact of every file is in the report with ``--verbose``, and in JSON."""
    return "".join(f"{line}\n" for line in (in_words(summary), *_troubles(files), *map(line_of, files)))


def _troubles(files: Iterable[Audited]) -> Iterator[str]:
    by_words: dict[str, list[str]] = {}
    for one in files:
        for failure in one.failures:
            by_words.setdefault(f"does not hold: {failure.check}", []).append(one.path)
        if one.error is not None:
            by_words.setdefault(f"not audited: {one.error}", []).append(one.path)
        if one.verdict is None:
            continue
        for hazard in one.verdict.hazards:
            words = hazard.kind if hazard.kind in _USUAL else f"{hazard.kind}: {hazard.words}"
            by_words.setdefault(f"hazard: {words}", []).append(one.path)
        for weakness in one.verdict.weaknesses:
            by_words.setdefault(f"advisory: {weakness.component} {weakness.version}: {weakness.id}", []).append(
                one.path
            )
    order = ("does not hold", "not audited", "hazard", "advisory")
    for words in sorted(by_words, key=lambda text: order.index(text.partition(":")[0])):
        paths = list(dict.fromkeys(by_words[words]))
        if words.removeprefix("hazard: ") in _USUAL:
            yield f"{words}: {len(paths):,} file{'' if len(paths) == 1 else 's'}"
        else:
            more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
            yield f"{words}: {', '.join(paths[:_NAMED])}{more}"


def line_of(one: Audited) -> str:
    """Return a file as one line: its path, mode, libc and what it needs."""
    if one.facts is None or one.verdict is None:
        return f"{one.path}: not audited"
    facts, verdict = one.facts, one.verdict
    libc = f"{facts.libc} {facts.glibc_required}" if facts.glibc_required else facts.libc
    needs = f"needs {', '.join(facts.needed)}" if facts.needed else "needs no library"
    tag = f"; {verdict.lowest_tag}" if verdict.lowest_tag else ""
    none = "shared object" if facts.kind == "shared object" else "cannot be started"
    return f"{one.path}: {verdict.mode or none}; {libc}; {needs}{tag}"

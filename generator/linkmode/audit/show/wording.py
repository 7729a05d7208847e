"""Writes the lines of a report that elfcheck lacks. They follow the facts that both have."""

from collections.abc import Iterable

from linkmode.audit.judge.platforms import Suits
from linkmode.audit.judge.verdict import Verdict
from linkmode.audit.read.facts import CompileUnits, Contents, Facts

_SHOWN = 12


def more_pairs(facts: Facts, verdict: Verdict) -> list[tuple[str, str]]:
    """Return keys and values in their order: further headers, what is inside, hazards, base images, vulnerabilities."""
    return [
        ("os-abi", facts.os_abi),
        ("entry", f"0x{facts.entry:x}"),
        ("text-relocations", "yes" if facts.text_relocations else "no"),
        ("build-id", facts.build_id or (facts.contents and facts.contents.build_id) or "none"),
        *([("cpu", f"{facts.cpu.level} ({facts.cpu.evidence})")] if facts.cpu else []),
        *([("cpu-features", ", ".join(facts.cpu_features))] if facts.cpu_features else []),
        *(_contents(facts.contents) if facts.contents else ()),
        *(("hazard", f"{hazard.kind}: {hazard.words} ({hazard.evidence})") for hazard in verdict.hazards),
        *(
            ("advisory", f"{one.component} {one.version}: {one.id}, fixed in {one.fixed_in}: {one.summary}")
            for one in verdict.weaknesses
        ),
        *(("brought", f"{one.name} at {one.path}") for one in verdict.brought),
        *([("lowest-tag", verdict.lowest_tag)] if verdict.lowest_tag else []),
        *(("runs-on", words) for words in runs_on(verdict.images)),
    ]


def runs_on(images: Iterable[Suits]) -> list[str]:
    """Return the answers for base images, those with one answer and one reason together."""
    names: dict[tuple[str, str], list[str]] = {}
    for one in images:
        names.setdefault((one.answer, one.reason), []).append(one.platform)
    return [f"{', '.join(platforms)}: {answer}: {reason}" for (answer, reason), platforms in names.items()]


def _contents(contents: Contents) -> list[tuple[str, str]]:
    return [
        ("sections", f"{len(contents.sections)}" if contents.sections else "none"),
        ("symbol-table", contents.symbol_table),
        ("debug-info", contents.debug_info),
        ("ifunc", contents.ifunc),
        *((("libc-version", contents.libc_version),) if contents.libc_version else ()),
        *(
            ("producer", f"{one.tool} {one.version or 'of unknown version'} ({one.evidence})")
            for one in contents.producers[:_SHOWN]
        ),
        *_more("producer", len(contents.producers)),
        *(
            ("component", _component(one.kind, one.name, one.version, one.evidence, one.offset))
            for one in contents.components[:_SHOWN]
        ),
        *_more("component", len(contents.components)),
        *(("build-path", f"{one.text} at byte {one.offset}") for one in contents.build_paths),
        *_more("build-path", contents.build_path_count, len(contents.build_paths)),
        *_compiled(contents.compile_units),
        *(("unreadable", problem) for problem in contents.problems),
    ]


def _compiled(units: CompileUnits | None) -> list[tuple[str, str]]:
    if units is None:
        return []
    folders = [("compiled-in", name) for name in list(units.folders)[:_SHOWN]]
    sources = [("compiled-from", name) for name in units.sources[:_SHOWN]]
    return [
        ("compile-units", str(units.count)),
        *folders,
        *_more("compiled-in", len(units.folders)),
        *sources,
        *_more("compiled-from", len(units.sources)),
    ]


def _component(kind: str, name: str, version: str | None, evidence: str, offset: int | None) -> str:
    what = {"library": "", "go": "Go module ", "rust": "Rust crate "}[kind]
    where = f" at byte {offset}" if offset is not None else ""
    return f"{what}{name} {version or 'of unknown version'} ({evidence}{where})"


def _more(key: str, count: int, shown: int = _SHOWN) -> list[tuple[str, str]]:
    return [(key, f"and {count - shown} more")] if count > shown else []

"""Reads a file's sections, symbols and producers, and the libraries inside it.

Nothing here can refuse a file: a table that contradicts itself is named in ``problems`` and left out.
"""

import contextlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from linkmode.audit.read import callers, components, debug_info, golang, notes, policy, sections, symbols, texts
from linkmode.audit.read.dynamic import Dynamic
from linkmode.audit.read.facts import CompileUnits, Component, Contents, Cpu, Facts, Imports, Producer, Text, printable
from linkmode.audit.read.image import Image, NotAudited
from linkmode.audit.read.libc import glibc_number, version_number
from linkmode.audit.read.sections import Contradiction, Placed
from linkmode.audit.read.texts import Asked, Findings
from linkmode.model import one_json

MAX_COMMENT = 64 << 10
MAX_CRATES_JSON = 8 << 20

_TOOLS = (
    (re.compile(r"GCC: \(.*\) (\d+\.\d+\.\d+)"), "GCC"),
    (re.compile(r"GCC: \(.*\) (\d+\.\d+)"), "GCC"),
    (re.compile(r"(?:\w+ )*clang version (\d+\.\d+\.\d+)"), "clang"),
    (re.compile(r"Linker: (?:\w+ )*LLD (\d+\.\d+\.\d+)"), "LLD"),
    (re.compile(r"rustc version (\d+\.\d+\.\d+)"), "rustc"),
    (re.compile(r"GNU (?:\w|\+)+(?: \w+)* (\d+\.\d+\.\d+)"), "GCC"),  # these three as in debug information
    (re.compile(r"GNU AS (\d+\.\d+(?:\.\d+)?)"), "GNU as"),
    (re.compile(r"Go cmd/(?:compile|asm) go(\d+\.\d+(?:\.\d+)?)"), "Go"),
    (re.compile(r"zig (\d+\.\d+\.\d+)"), "Zig"),
    (re.compile(r"mold (\d+\.\d+\.\d+)"), "mold"),
)
_GO, _RUSTC, _GLIBC, _GRAALVM = "go", "rustc", "glibc", "graalvm"
_T = TypeVar("_T")


def read(image: Image, dynamic: Dynamic, facts: Facts, floor: str | None = None) -> Contents:
    """Return the contents of the file whose ``facts`` are known already.

    With ``floor``, a glibc release, it is also asked which functions use symbols of a newer one.
    """
    problems: list[str] = []

    def tried(read: Callable[[], _T], what: str) -> _T | None:
        try:
            return read()
        except (Contradiction, NotAudited) as error:
            problems.append(f"{what}: {error}")
            return None

    held = tried(lambda: sections.read(image), "section headers")
    table = tried(lambda: symbols.Symbols(image, dynamic), "dynamic symbols")
    imports = tried(table.imports, "symbol versions") if table else None
    taken: list[str] = []
    with contextlib.suppress(Contradiction):  # which the imports have told already
        taken = [name for _, name in table.undefined] if table else []
    debug = debug_info.read(image, held or (), with_ranges=floor is not None)
    problems += debug.problems
    if table and imports and floor is not None:
        above = _above(imports, floor)
        users = (
            tried(lambda: callers.users(image, dynamic, table, held or (), above, debug.source_of), "users of symbols")
            or {}
        )
        imports = tuple(
            msgspec.structs.replace(one, users={name: users[name] for name in one.symbols if name in users})
            for one in imports
        )
    ifunc = tried(lambda: symbols.ifunc(image, dynamic, table, held), "relocations")
    findings = texts.search(image, _asked(), components.system_folders())
    if not findings.is_whole:
        bounds = f"the first {texts.MAX_SEARCHED} bytes and {texts.MAX_ANCHORS} places of a text"
        problems.append(f"texts: no more than {bounds} were searched")
    marks = components.marks(findings)
    problems += _contradictions(facts, marks)
    information = _go(image, findings)
    producers = _producers(image, held or (), information, findings, debug.units)
    crates = tried(lambda: _auditable(image, held or ()), ".dep-v0")
    inside = tuple(_with_version(one, producers) for one in components.found(findings))
    if crates:
        inside = (*(one for one in inside if one.kind != "rust"), *crates)
    return Contents(
        problems=tuple(problems),
        build_id=notes.build_id(_section_notes(image, held or ())) if facts.build_id is None else None,
        sections=tuple(section.listed for section in held or ()),
        symbol_table=_told(held, any(section.type == sections.SHT_SYMTAB for section in held or ())),
        debug_info=_debug_info(held),
        ifunc=ifunc or "unknown",
        libc_version=_libc_version(facts, findings),
        producers=producers,
        components=(*inside, *(information.modules if information else ())),
        imports=imports or (),
        build_paths=tuple(Text(printable(hit.text), hit.offset) for hit in findings.paths),
        build_path_count=findings.path_count,
        marks=marks,
        compile_units=debug.units,
        cpu=_cpu(information, findings),
        private_symbols=tuple(sorted(components.private_symbols().intersection(taken))),
        **_guards(image, taken, held or ()),
    )


def _with_version(one: Component, producers: Iterable[Producer]) -> Component:
    # Rust's library says its commit; the compiler that came with it says both, commit and version.
    commit = _COMMIT.search(one.evidence) if one.name == "rust-std" else None
    for producer in producers:
        if commit and producer.tool == "rustc" and producer.version and f"({commit[1]}" in producer.evidence:
            return msgspec.structs.replace(one, version=producer.version)
    return one


def _contradictions(facts: Facts, marks: Iterable[str]) -> list[str]:
    # what native-image says of the libc, held against the headers
    said = [libc for libc in ("glibc", "musl") if f"svm-{libc}" in marks]
    if facts.libc not in ("glibc", "musl") or len(said) != 1 or said == [facts.libc]:
        return []
    return [f"GraalVM's texts: made for {said[0]}, and the headers are {facts.libc}'s"]


_COMMIT = re.compile(r"/rustc/([0-9a-f]{9})")

# What GraalVM's start code says where a feature is missing, with all of them, as its compiler names them.
_GRAALVM_TEXT = b"CPU features that are required by the image: ["
_GRAALVM_LEVELS = (
    ("x86-64-v4", re.compile(r"AVX512")),
    ("x86-64-v3", re.compile(r"\b(?:AVX|AVX2|BMI1|BMI2|FMA|LZCNT)\b")),
    ("x86-64-v2", re.compile(r"\b(?:SSE3|SSSE3|SSE4_1|SSE4_2|POPCNT)\b")),
    ("x86-64", re.compile(r"\bSSE2\b")),
)


def _cpu(go: golang.BuildInformation | None, findings: Findings) -> Cpu | None:
    if go and go.level:
        return Cpu(
            "x86-64" if go.level == "v1" else f"x86-64-{go.level}", f"Go's build information: GOAMD64={go.level}"
        )
    for hit in findings.hits[_GRAALVM]:
        features = printable(hit.group)
        for level, pattern in _GRAALVM_LEVELS:
            if pattern.search(features):
                return Cpu(level, f"GraalVM's list of CPU features at byte {hit.offset}")
    return None


_CHECKED = re.compile(rb"(?:^|\0)__[a-z]+_chk\0")
_CANARY = b"\0__stack_chk_fail"


def _guards(image: Image, taken: Sequence[str], held: Sequence[Placed]) -> dict[str, Literal["yes", "no", "unknown"]]:
    # By the names that a compiler's checks call: those taken from a libc, or all where the file was not stripped.
    names = b"".join(b"\0" + name.encode() for name in taken) + b"\0"
    for section in held:
        if section.name == ".strtab" and section.size <= symbols.MAX_STRINGS:
            names += image.bytes_at(section.offset, section.size)
    if len(names) <= 1:
        return {}
    return {
        "canary": "yes" if _CANARY in names else "no",
        "fortify": "yes" if _CHECKED.search(names) else "no",
    }


def _above(imports: Iterable[Imports], floor: str) -> frozenset[str]:
    known, limit = policy.load(), version_number(floor) or ()
    return frozenset(
        name
        for one in imports
        if one.version.startswith("GLIBC_")
        and (version_number(glibc_number(one.version, known) or "") or (1 << 32,)) > limit
        for name in one.symbols
    )


def _asked() -> dict[str, Asked]:
    return {
        **components.asked(),
        _GO: Asked(golang.MAGIC, re.compile(re.escape(golang.MAGIC))),
        _RUSTC: texts.rust_commit(),
        _GRAALVM: Asked(_GRAALVM_TEXT, re.compile(re.escape(_GRAALVM_TEXT) + rb"([A-Z0-9_, ]{1,230})\]")),
        _GLIBC: Asked(b"\0glibc 2.", re.compile(rb"\0glibc (2\.\d{1,3})\0")),
    }


def _told(held: Sequence[Placed] | None, is_there: bool) -> Literal["yes", "no", "unknown"]:
    return "unknown" if held is None else "yes" if is_there else "no"


def _section_notes(image: Image, held: Iterable[Placed]) -> tuple[notes.Note, ...]:
    return notes.within(image, ((one.offset, one.size, 4) for one in held if one.name == ".note.gnu.build-id"))


def _debug_info(held: Sequence[Placed] | None) -> Literal["yes", "no", "elsewhere", "unknown"]:
    names = {section.name for section in held or () if section.size}
    if names & {".debug_info", ".zdebug_info", ".debug_info.dwo"}:
        return "yes"
    return "elsewhere" if ".gnu_debuglink" in names else _told(held, is_there=False)


def _libc_version(facts: Facts, findings: Findings) -> str | None:
    # What glibc's confstr answers with; a program that is linked to a shared glibc has no such text of its own.
    versions = {hit.group for hit in findings.hits[_GLIBC]}
    is_inside = facts.libc == "glibc" and facts.interpreter is None and not facts.needed
    return printable(versions.pop()) if is_inside and len(versions) == 1 else None


def _go(image: Image, findings: Findings) -> golang.BuildInformation | None:
    # The magic also stands in programs that read it, such as Go's own tools; a record follows it only once.
    read = (golang.read(image, hit.offset) for hit in findings.hits[_GO])
    return next((information for information in read if information), None)


def _producers(
    image: Image,
    held: Iterable[Placed],
    go: golang.BuildInformation | None,
    findings: Findings,
    units: CompileUnits | None,
) -> tuple[Producer, ...]:
    told: list[Producer] = []
    if go:
        told.append(Producer("Go", go.version, f"build information: {go.text}"))
    for section in held:
        if section.name == ".comment" and section.size <= MAX_COMMENT:
            for raw in image.bytes_at(section.offset, section.size).split(b"\0"):
                producer = _producer(printable(raw[:256]), ".comment")
                if raw and producer not in told:
                    told.append(producer)
    for text, count in units.producers.items() if units else ():
        told.append(_producer(text, f"debug information of {count} unit{'' if count == 1 else 's'}"))
    rust = findings.hits[_RUSTC]
    if rust and not any(producer.tool == "rustc" for producer in told):
        told.append(Producer("rustc", None, f'the path "{printable(rust[0].text)}"'))
    return tuple(told)


def _producer(text: str, where: str) -> Producer:
    for pattern, tool in _TOOLS:
        match = pattern.search(text) if where != ".comment" else pattern.match(text)
        if match:
            return Producer(tool, match[1], f"{where}: {text}")
    return Producer("unknown", None, f"{where}: {text}")


def _auditable(image: Image, held: Sequence[Placed]) -> tuple[Component, ...]:
    # What cargo-auditable leaves: https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md
    section = next((one for one in held if one.name == ".dep-v0" and one.size), None)
    if section is None:
        return ()
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(image.bytes_at(section.offset, min(section.size, MAX_CRATES_JSON)), MAX_CRATES_JSON)
        listed: Any = json.loads(raw, object_pairs_hook=one_json.once)["packages"]
        crates = [(str(one["name"]), str(one["version"])) for one in listed if one.get("kind", "runtime") == "runtime"]
    except (zlib.error, ValueError, msgspec.DecodeError, LookupError, TypeError, AttributeError, RecursionError) as bad:
        raise Contradiction(f"no list of crates: {bad}") from bad
    return tuple(
        Component("rust", printable(name.encode()), printable(version.encode()), "section .dep-v0", None)
        for name, version in crates
    )

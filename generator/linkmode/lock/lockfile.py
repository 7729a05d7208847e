"""Reads, writes and compares linkmode.lock. The order is stable, and every read is checked.

Its digest is over its contents as data, so that neither a comment nor line endings count, and an edit by hand or a bad
merge does. It finds accidents, and is no secret: what a lock may say at all is for `lock_rules`, field by field, and
for `derive`. The format is described in docs/reference/lock.md.
"""

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import tomli_w

from linkmode import __version__
from linkmode.lock.lock_rules import lock_problems
from linkmode.lock.resolve import LOCK_VERSION
from linkmode.messages import Message, Run, StaleLockError, plain
from linkmode.model import field_rules as rules
from linkmode.model import toml
from linkmode.model.issues import Issues
from linkmode.model.target import read
from linkmode.model.values import Artifact, Lock, LockedToolchain

FILE = "linkmode.lock"

_HEADER = """\
# Written by linkmode from linkmode.toml and its catalogue. DO NOT EDIT: write it again with `linkmode lock`.
# Commit this file. `linkmode generate` and `linkmode fetch` use exactly what it says.

"""
RELOCK = Message("write it again with: ", Run("lock"))
_TABLES = {"toolchains": "toolchain", "parts": "language", "artifacts": "artifact"}
"""The arrays of tables, by their names in `Lock`: TOML reads better when each table is one."""

_MOST_PROBLEMS = 100
"""A lock of a megabyte can have ten thousand, and each is compared with all of its names."""

_MOST_DIFFERENCES, _LONGEST_LINE = 200, 1000

_INTRODUCTORY = ("version", "digest")
_FOLLOWS = {"name", "upstream"}
"""Fields of an artifact that only repeat others: a diff that showed them would say everything twice."""

_DROPPED = ("inputs-digest",)
_DROPPED_OF_ARTIFACTS = ("confirmations", "confirmed-by")
"""What format 1 had and 2 has not: a second digest, and provenance, which is the catalogue's to say."""


def dumps(lock: Lock) -> str:
    """Return ``lock`` as the text of linkmode.lock. Equal locks give equal text."""
    data = _data(lock)
    head = {key: data[key] for key in _INTRODUCTORY if key in data} | {"digest": _digest(data)}
    return _HEADER + tomli_w.dumps(head | {key: data[key] for key in data if key not in head})


def loads(text: str, where: str) -> Lock:
    """Return the lock that ``text`` holds; ``where`` names it in messages.

    It has the form of a lock, in every field. Whether what it says is true is for `derive` to find out.

    Raises:
        StaleLockError: it is not whole, was edited by hand, was written in a format this linkmode does not know, or
            holds a value that no lock can; with every such value.
    """
    data = _read(text, where)
    if data.pop("digest", None) != _digest(data):
        raise StaleLockError(
            f"{where} was edited by hand: its digest is not that of its contents",
            expected="a lock as `linkmode lock` wrote it",
            hint=RELOCK,
        )
    lock = _lock(data, where)
    issues = Issues(where, text)
    for path, problem in itertools.islice(lock_problems(lock), _MOST_PROBLEMS):
        issues.add(path, problem)
    issues.raise_if_any(hint=RELOCK, error=StaleLockError)
    return lock


def loads_unverified(text: str, where: str) -> Lock | None:
    """Return what can be read of a lock that ``loads`` refuses, so that a new one can keep its choices, else None.

    Its types are those of a lock, and nothing else of it was checked: it may be compared and shown, and not used.

    Raises:
        StaleLockError: a newer linkmode wrote it; it is not for this one to write over.
    """
    try:
        data = _read(text, where)
    except _OlderFormatError as error:
        data = _of_this_format(error.data)
    except _NewerFormatError:
        raise
    except StaleLockError:
        return None
    data.pop("digest", None)
    try:
        return _lock({**data, "version": LOCK_VERSION}, where)
    except StaleLockError:
        return None


def first_differences(old: Lock, new: Lock) -> str:
    """Return the first lines of what `diff` says, and how many more there are: ``old`` may be a stranger's."""
    lines = diff(old, new).splitlines()
    more = len(lines) - _MOST_DIFFERENCES
    shown = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in lines[:_MOST_DIFFERENCES]]
    return "\n".join([*shown, *([f"  and {more:,} more lines"] if more > 0 else [])])


def diff(old: Lock | None, new: Lock) -> str:
    """Return what changes from ``old`` to ``new``: one line for each thing, an empty string when nothing does."""
    before, after = ({} if lock is None else dict(_facts(lock)) for lock in (old, new))
    lines: list[str] = []
    for key in dict.fromkeys([*before, *after]):
        if key not in before:
            lines.append(f"  + {key}: {after[key][0]}")
        elif key not in after:
            lines.append(f"  - {key}: {before[key][0]}")
        elif before[key][1] != after[key][1]:
            lines.append(f"  ~ {key}")
            lines += [f"      {change}" for change in _changes(before[key][1], after[key][1])]
    # what was changed by hand may hold anything, line ends too
    return "".join(plain(line).replace("\n", "\\n") + "\n" for line in lines)


def changes(old: Artifact, new: Artifact) -> list[str]:
    """Return what changes from one artifact to another: one line for each field."""
    return list(_changes(msgspec.to_builtins(old), msgspec.to_builtins(new)))


class _NewerFormatError(StaleLockError):
    """The lock's format version is newer than this linkmode."""


class _OlderFormatError(StaleLockError):
    """The lock's format version is older than this linkmode's; ``data`` is what it holds."""

    def __init__(self, problem: str, *, expected: str, hint: Message, data: dict[str, Any]) -> None:
        super().__init__(problem, expected=expected, hint=hint)
        self.data = data


def _read(text: str, where: str) -> dict[str, Any]:
    try:
        data = toml.loads(text)
    except toml.NotTomlError as error:
        raise StaleLockError(
            f"{where} is not TOML (a merge conflict?): {error}",
            expected="a lock as `linkmode lock` wrote it",
            hint=RELOCK,
        ) from error
    version = data.get("version")
    if isinstance(version, bool) or not isinstance(version, int):
        raise StaleLockError(
            f"{where} has no format version that is known: found {rules.shown(version)}",
            expected=f"format version {LOCK_VERSION}",
            hint=RELOCK,
        )
    if version > LOCK_VERSION:
        raise _NewerFormatError(
            f"{where} has format version {version}; linkmode {__version__} knows version {LOCK_VERSION}",
            expected=f"format version {LOCK_VERSION} or older",
            hint=Message(
                "install the linkmode that wrote it, or a newer one; or delete the file and run `", Run("lock"), "`"
            ),
        )
    if version < LOCK_VERSION:
        raise _OlderFormatError(
            f"{where} has format version {version}; linkmode {__version__} writes version {LOCK_VERSION}",
            expected=f"format version {LOCK_VERSION}",
            hint=RELOCK,
            data=data,
        )
    return data


def _lock(data: Mapping[str, Any], where: str) -> Lock:
    names = {table: name for name, table in _TABLES.items()}
    try:
        return msgspec.convert({names.get(key, key): value for key, value in data.items()}, Lock, dec_hook=read)
    except msgspec.ValidationError as error:
        problem, _, inner = str(error).partition(" - at `")
        path = inner.removesuffix("`").replace("$.", "")
        for name, table in _TABLES.items():
            path = path.replace(f"{name}[", f"{table}[", 1)
        at = f": {path}" if path else ""
        raise StaleLockError(
            f"{where} is not a whole lock{at}: {problem}", expected="a lock as `linkmode lock` wrote it", hint=RELOCK
        ) from error


def _of_this_format(data: dict[str, Any]) -> dict[str, Any]:
    """Return ``data`` of the format before without what this one has not."""
    kept = {key: value for key, value in data.items() if key not in _DROPPED}
    artifacts = kept.get("artifact")
    if isinstance(artifacts, list) and all(isinstance(one, dict) for one in artifacts):
        kept["artifact"] = [
            {key: value for key, value in one.items() if key not in _DROPPED_OF_ARTIFACTS} for one in artifacts
        ]
    return kept


def _without_empty(kind: type[msgspec.Struct], table: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``table`` without empty keys that ``kind`` can do without: a new one changes no lock that lacks it."""
    optional = {field.encode_name for field in msgspec.structs.fields(kind) if not field.required}
    return {key: value for key, value in table.items() if value or key not in optional}


def _data(lock: Lock) -> dict[str, Any]:
    """Return ``lock`` as TOML has it: the short tables first, each table in the order of its fields."""
    builtins: dict[str, Any] = msgspec.to_builtins(lock, enc_hook=str)
    builtins = _without_empty(Lock, builtins)
    builtins["toolchains"] = [_without_empty(LockedToolchain, toolchain) for toolchain in builtins["toolchains"]]
    builtins["artifacts"] = [{"name": artifact["name"], **artifact} for artifact in builtins["artifacts"]]
    last = sorted(builtins, key=lambda key: (key in _TABLES, key == "artifacts"))
    return {_TABLES.get(key, key): builtins[key] for key in last}


def _digest(data: Mapping[str, Any]) -> str:
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _facts(lock: Lock) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """Yield all that a lock says, each under a name that stays when its version changes."""
    for artifact in lock.artifacts:
        key = f"artifact {artifact.name.replace(f'-{artifact.version.lower()}', '', 1)}"
        checksum = f"sha256:{artifact.sha256}" if artifact.sha256 else f"sha512:{artifact.sha512}"
        summary = f"{artifact.version} from {artifact.upstream}, {checksum}"
        facts = msgspec.to_builtins(artifact)
        yield key, (summary, {field: value for field, value in facts.items() if field not in _FOLLOWS})
    for toolchain in lock.toolchains:
        key = f"toolchain {toolchain.family} on {toolchain.exec} for {toolchain.target}"
        yield key, (toolchain.purpose, {"purpose": toolchain.purpose, "without": toolchain.without})
    for part in lock.parts:
        which = "".join(f" {word} {value}" for word, value in (("on", part.exec), ("for", part.target)) if value)
        yield f"{part.language} {part.role}{which}", (part.artifact, {})
    for cpu, modes in lock.link_modes.items():
        for mode, target in modes.items():
            yield f"link mode {mode} on {cpu}", (target, {"target": target})
    for library, name in lock.libraries.items():
        yield f"library {library}", (name, {})
    for platform, properties in lock.exec_properties.items():
        for name, value in properties.items():
            yield f"exec property {name} of {platform}", (value, {"value": value})
    for malloc, allocator in lock.malloc.items():
        yield f"malloc on {malloc}", (allocator, {"allocator": allocator})


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if isinstance(old or new, dict):
            yield from (f"{key}.{change}" for change in _changes(old or {}, new or {}))
        elif old != new and isinstance(old, tuple) and isinstance(new, tuple):
            yield from (f"{key}: - {item}" for item in old if item not in new)
            yield from (f"{key}: + {item}" for item in new if item not in old)
            if sorted(old) == sorted(new):
                yield f"{key}: another order"
        elif old != new:
            yield f"{key}: {'none' if old is None else old} → {'none' if new is None else new}"

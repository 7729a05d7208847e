"""Adds a language, a library or a toolchain to linkmode.toml."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from packaging.version import Version

from linkmode.config import edit
from linkmode.config.document import FILE, Config, parse, specifier
from linkmode.config.words import canonical, guess_name
from linkmode.families import FAMILIES
from linkmode.languages import LANGUAGES
from linkmode.libraries import LIBRARIES, OTHER_LIBRARIES
from linkmode.lock import inputs
from linkmode.lock.inputs import Inputs
from linkmode.messages import ConfigError, Message, Run, UsageError
from linkmode.model import field_rules, textfile
from linkmode.model.values import Target


class Change(msgspec.Struct, frozen=True):
    """The text before and after."""

    before: str
    after: str


def add(root: Path, name: str, version: str | None) -> str:
    """Add a language or a library to linkmode.toml in ``root``; return the change as a unified diff.

    Raises:
        UsageError: linkmode knows no ``name``, or linkmode.toml asks for it already.
        ConfigError: linkmode.toml is wrong, or has a form that cannot be added to.
    """
    return _saved(root, entry(inputs.load(root), name, version))


def add_toolchain(root: Path, family: str, targets: Sequence[str], version: str | None) -> str:
    """Add a ``[[toolchain]]`` to linkmode.toml in ``root``, and do as ``add`` does. The default target is musl's."""
    return _saved(root, toolchain(inputs.load(root), family, targets, version))


def _saved(root: Path, change: Change) -> str:
    textfile.replace(root / FILE, change.after.encode())
    return textfile.unified(FILE, change.before.encode(), change.after.encode())


def entry(given: Inputs, name: str, version: str | None) -> Change:
    """Return linkmode.toml with a language or a library more; raise as ``add`` says."""
    name = canonical(name, [*LANGUAGES, *LIBRARIES])
    table = "language" if name in LANGUAGES else "library"
    known = LANGUAGES if name in LANGUAGES else LIBRARIES
    if name not in known:
        every = [*LANGUAGES, *LIBRARIES]
        raise UsageError(
            f"add: linkmode has no language or library {name!r}{guess_name(name, every)}",
            expected="a language or a library",
            hint=f"one of {', '.join(every)}, or a toolchain: add toolchain FAMILY --target TRIPLE. {OTHER_LIBRARIES}",
        )
    present: dict[str, str] = getattr(given.config, table)
    if name in present:
        raise UsageError(
            f"add: {given.source.where} asks for {name} already: {present[name]!r}",
            expected=f"a name that [{table}] does not have",
            hint=f"change the version in its [{table}]",
        )
    wanted = version or known[name].suggested_version
    after = edit.with_entry(given.source.text, table, name, wanted)
    meant = msgspec.structs.replace(given.config, **{table: {**present, name: wanted}})
    change = _checked(given, after, meant, f'[{table}] {name} = "{wanted}"')
    _require_version(given, name, wanted)
    return change


def toolchain(given: Inputs, family: str, targets: Sequence[str], version: str | None) -> Change:
    """Return linkmode.toml with a ``[[toolchain]]`` more; raise as ``add`` says."""
    family = canonical(family, FAMILIES)
    if family not in FAMILIES:
        raise UsageError(
            f"add toolchain: {family!r} is not a family{guess_name(family, FAMILIES)}",
            expected="the name of a family",
            hint=f"one of {', '.join(FAMILIES)}",
        )
    chosen = FAMILIES[family]
    wanted = list(targets) or [str(platform.musl) for platform in given.config.exec_platforms]
    parsed = [Target(text) for text in wanted if not field_rules.target(text)]
    possible = [target for target in parsed if not chosen.refuses(target)]
    newest = given.catalog.starting_version(
        family, lambda one, _: not any(chosen.refuses(target, one) for target in possible)
    )
    asked = version or f"~={newest}"
    after = edit.with_toolchain(given.source.text, family, asked, wanted)
    made = _parsed(given, after)
    meant = msgspec.structs.replace(given.config, toolchains=(*given.config.toolchains, *made.toolchains[-1:]))
    change = _checked(given, after, meant, f"a [[toolchain]] of {family}")
    _require_version(given, family, asked)
    return change


def _require_version(given: Inputs, name: str, asked: str) -> None:
    """Raise UsageError where no pin has a version that ``asked`` allows; a lock would say so, after it was written."""
    versions = sorted({pin.version for pin in given.catalog.families[name].pins}, key=Version, reverse=True)
    if not list(specifier(asked).filter(versions)):
        raise UsageError(
            f"add {name}: no version satisfies {asked!r}; the catalogue has {', '.join(versions)}",
            expected="versions that the catalogue has",
            hint=Message("nothing was written; see them with `", Run("catalog", f"list --family {name}"), "`"),
        )


def _parsed(given: Inputs, text: str) -> Config:
    try:
        return parse(text, where=f"{given.source.where} with the addition")
    except ConfigError as error:
        raise UsageError(
            error.said, expected="what linkmode.toml admits", hint="nothing was written; correct what was to be added"
        ) from error


def _checked(given: Inputs, after: str, meant: Config, what: str) -> Change:
    if _parsed(given, after) != meant:
        raise ConfigError(
            f"{given.source.where}: has a form that linkmode cannot add to; nothing was written",
            expected="a table of its own for each [section]",
            hint=f"write it yourself: {what}",
        )
    return Change(given.source.text, after)

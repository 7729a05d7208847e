"""Reads and checks linkmode.toml as a whole, and reports every problem at once. Only ``load`` reads the disk.

The keys are described in docs/reference/config.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from linkmode import __version__
from linkmode.config.adapters import adapters
from linkmode.config.bazel_module import BazelModule, bazel_module
from linkmode.config.buck2 import check_buck2
from linkmode.config.dune import DuneExecutable, dune
from linkmode.config.exec_properties import ExecProperties, exec_properties
from linkmode.config.keys import TABLES, TOP_LEVEL
from linkmode.config.malloc import malloc
from linkmode.config.mirrors import mirrors
from linkmode.config.output import output
from linkmode.config.without import check_languages, without
from linkmode.config.words import guess_name, versions_meant
from linkmode.families import FAMILIES
from linkmode.languages import LANGUAGES
from linkmode.messages import ConfigError, Message, Run
from linkmode.model import field_rules as rules
from linkmode.model import textfile, toml
from linkmode.model.issues import Issues
from linkmode.model.target import did_you_mean_target, meant
from linkmode.model.values import EXEC_PLATFORMS, LINK_MODES, ExecPlatform, LinkMode, Pin, Target

FILE = "linkmode.toml"
BUILD_SYSTEMS = ("bazel", "buck2", "dune")
_NO_TARGET = "is not a target of any [[toolchain]]"
_STATIC_GLIBC = (
    "a static binary cannot use {target}: glibc loads NSS, iconv and dlopen modules at run time, which a static "
    "binary cannot do safely, and none of these toolchains carries glibc's libc.a; name a musl target "
    "(to override for a toolchain of your own: link_mode_binary(platform = …, allow_static_glibc = True); "
    "for a file: linkmode audit --allow-static-glibc)"
)


class ToolchainRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[toolchain]]``. ``version`` is a specifier of PEP 440; a bare version stands for ``==`` that version.

    ``without`` names the parts of the compiler that are not wanted (``c++``, ``lto``).
    """

    family: str
    version: str
    targets: tuple[Target, ...]
    without: tuple[str, ...] = ()


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """linkmode.toml, checked. Order is meaning in all but the tables.

    ``link_modes`` holds the targets, at most one for each CPU, that ``[link-modes]`` names for a mode.
    ``exec_properties`` holds those of each exec platform that has any.
    ``malloc`` maps a target to the allocator that its binaries get in place of the libc's.
    ``accepted`` maps the id of an advisory to the reason why it is accepted.
    """

    output: str
    build_systems: tuple[str, ...]
    exec_platforms: tuple[ExecPlatform, ...]
    toolchains: tuple[ToolchainRequest, ...]
    library: dict[str, str]
    language: dict[str, str] = {}
    mirrors: dict[str, tuple[str, ...]]
    pins: tuple[Pin, ...]
    link_modes: dict[LinkMode, tuple[Target, ...]]
    exec_properties: ExecProperties = {}
    adapters: tuple[str, ...] = ()
    bazel_module: BazelModule = BazelModule()
    malloc: dict[str, str] = {}
    dune: tuple[DuneExecutable, ...] = ()
    accepted: dict[str, str] = {}


def load(path: Path) -> Config:
    """Return the configuration in ``path``. Raises ConfigError when it is missing, unreadable or wrong."""
    return load_with_text(path)[0]


def load_with_text(path: Path) -> tuple[Config, str]:
    """Return the configuration in ``path``, and the text that spells it. Raises ConfigError as ``load`` does."""
    try:
        text = textfile.read(path)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} does not exist, nor does one in a folder above",
            expected="linkmode's configuration",
            hint=Message("create it with `", Run("init"), "`, or name its folder: linkmode -C DIR …"),
        ) from error
    except textfile.NoTextError as error:
        raise ConfigError(
            f"{path} {error.problem}",
            expected="a text in UTF-8",
            hint=Message(f"save {path.name} as UTF-8, or write a new one: ", Run("init", "--force")),
        ) from error
    except textfile.UnusableError as error:
        raise ConfigError(
            f"{path} {error.problem}; expected linkmode's configuration",
            hint=Message("move it away, then run: ", Run("init")),
        ) from error
    return parse(text, where=str(path)), text


def parse(text: str, *, where: str, options: Mapping[str, str] | None = None) -> Config:
    """Return the configuration that ``text`` spells; ``where`` names it in messages.

    ``options`` names, by key path, the options of the command line that gave a value: messages name these.

    Raises:
        ConfigError: with every problem there is, each with its line and its key path.
    """
    try:
        raw = toml.loads(text)
    except toml.NotTomlError as error:
        hint = (
            f"line {line} has the marks of a merge conflict: keep one side, and remove the marks"
            if (line := textfile.conflict(text))
            else f"correct {where}: text stands in quotes, and a key once in its table; see https://toml.io"
        )
        raise ConfigError(f"{where} is not TOML: {error}", expected="a file of TOML", hint=hint) from error
    issues = Issues(where, text, options)
    issues.unknown_keys("", raw, TOP_LEVEL)
    build_systems = _build_systems(raw, issues)
    config = Config(
        output=output(raw, issues),
        build_systems=build_systems,
        exec_platforms=_exec_platforms(raw, issues),
        toolchains=_toolchains(raw, issues),
        library=_library(raw, issues),
        language=_language(raw, issues),
        mirrors=mirrors(raw, issues),
        pins=_pins(raw, issues),
        link_modes={},
        accepted=_accepted(raw, issues),
        adapters=adapters(raw, issues),
        bazel_module=bazel_module(raw, issues),
        dune=dune(raw, issues, wanted="dune" in build_systems),
    )
    config = msgspec.structs.replace(
        config,
        link_modes=_link_modes(raw, config, issues),
        exec_properties=exec_properties(raw, config.exec_platforms, issues),
        malloc=malloc(raw, [text for request in config.toolchains for text in request.targets], config.library, issues),
    )
    check_buck2(config.build_systems, config.language, config.library, config.malloc, issues)
    check_languages(config.language, [(request.family, request.without) for request in config.toolchains], issues)
    issues.raise_if_any(hint=Message(f"correct {where}, then run `", Run("lock"), "`"))
    return config


def specifier(version: str) -> SpecifierSet:
    """Return what ``version`` asks for: a specifier set, or exactly the one version that it names.

    It must be one that `rules.versions` lets pass.
    """
    try:
        return SpecifierSet(f"=={Version(version)}")
    except InvalidVersion:
        return SpecifierSet(version)


def _build_systems(raw: Mapping[str, Any], issues: Issues) -> tuple[str, ...]:
    names = issues.value("", raw, "build-systems", tuple[str, ...], BUILD_SYSTEMS[:1])
    for index, name in enumerate(names):
        if name not in BUILD_SYSTEMS:
            known = ", ".join(map(repr, BUILD_SYSTEMS))
            issues.add(f"build-systems[{index}]", f"linkmode {__version__} writes rules for {known} only, not {name!r}")
    _each_once("build-systems", names, issues)
    return names


def _exec_platforms(raw: Mapping[str, Any], issues: Issues) -> tuple[ExecPlatform, ...]:
    names = issues.value("", raw, "exec-platforms", tuple[str, ...], (EXEC_PLATFORMS[0],))
    for index, name in enumerate(names):
        if name not in EXEC_PLATFORMS:
            issues.unknown_value(f"exec-platforms[{index}]", name, EXEC_PLATFORMS, guess=did_you_mean_target)
    _each_once("exec-platforms", names, issues)
    return tuple(map(ExecPlatform, names))


def _toolchains(raw: Mapping[str, Any], issues: Issues) -> tuple[ToolchainRequest, ...]:
    tables = issues.tables(raw, "toolchain")
    if not tables and "toolchain" not in raw:
        from difflib import get_close_matches  # only for who mistyped

        if not get_close_matches("toolchain", raw):
            issues.add("toolchain", "expected at least one [[toolchain]], with family, version and targets")
    requests = tuple(_toolchain(f"toolchain[{index}]", table, issues) for index, table in enumerate(tables))
    seen: dict[tuple[str, str], int] = {}
    for index, request in enumerate(requests):
        for target in dict.fromkeys(request.targets):
            first = seen.setdefault((request.family, target), index)
            if first != index:
                issues.add(
                    f"toolchain[{index}].targets", f"toolchain[{first}] asks {request.family} for {target} already"
                )
    return requests


def _toolchain(at: str, table: Mapping[str, Any], issues: Issues) -> ToolchainRequest:
    issues.unknown_keys(at, table, TABLES["toolchain"])
    family = issues.required(at, table, "family", str, "")
    version = issues.required(at, table, "version", str, "")
    names: tuple[str, ...] = issues.required(at, table, "targets", tuple[str, ...], ())
    if family and family not in FAMILIES:
        issues.unknown_value(f"{at}.family", family, FAMILIES, guess=guess_name)
    if isinstance(table.get("version"), str):
        _check_version(f"{at}.version", version, issues)
    targets = tuple(
        target
        for index, text in enumerate(names)
        if (target := _target(f"{at}.targets[{index}]", family, text, issues)) is not None
    )
    if isinstance(table.get("targets"), list):
        _each_once(f"{at}.targets", names, issues)
    parts = without(at, table, family, issues)
    return ToolchainRequest(family=family, version=version, targets=targets, without=parts)


def _check_version(at: str, version: str, issues: Issues) -> None:
    if problem := rules.versions(version):
        instead = versions_meant(version)
        issues.add(at, f"{problem}; write {instead!r}" if instead else problem)


def _target(at: str, family: str, text: str, issues: Issues) -> Target | None:
    """Return the target that ``text`` spells, None where it spells none; report what is wrong with it."""
    guess = meant(text, lambda target: family not in FAMILIES or not FAMILIES[family].refuses(target))
    instead = f"; did you mean {guess!r}?" if guess not in ("", text) else ""
    try:
        target = Target(text)
    except ConfigError as error:
        issues.add(at, f"{error.problem}{instead}")
        return None
    refusal = FAMILIES[family].refuses(target) if family in FAMILIES else ""
    if refusal:
        issues.add(at, f"{text!r}: {refusal}{'' if guess and guess in refusal else instead}")
    elif target != text:
        issues.add(at, f"expected {str(target)!r}, found {text!r}")
    return target


def _library(raw: Mapping[str, Any], issues: Issues) -> dict[str, str]:
    table = issues.table(raw, "library")
    found = {}
    for name in table:
        version = issues.value("library", table, name, str, "")
        if name in LANGUAGES:
            issues.add(f"library.{name}", "is a language; write it in [language]")
        elif rules.name(name):
            issues.add(f"library.{name}", f"{rules.shown(name)} is not the name of a library")
        elif isinstance(table[name], str):
            _check_version(f"library.{name}", version, issues)
        found[name] = version
    return found


def _language(raw: Mapping[str, Any], issues: Issues) -> dict[str, str]:
    table = issues.table(raw, "language")
    found = {}
    for name in table:
        version = issues.value("language", table, name, str, "")
        if name not in LANGUAGES:
            problem = "is not a language that linkmode has rules for"
            issues.unknown_value(f"language.{name}", name, LANGUAGES, problem, guess_name)
        elif isinstance(table[name], str):
            _check_version(f"language.{name}", version, issues)
        found[name] = version
    return found


def _accepted(raw: Mapping[str, Any], issues: Issues) -> dict[str, str]:
    """Check names and types only: whether there is such an advisory is the catalogue's to say."""
    table = issues.table(raw, "advisories")
    issues.unknown_keys("advisories", table, TABLES["advisories"])
    reasons: dict[str, str] = issues.value("advisories", table, "accept", dict[str, str], {})
    for advisory, reason in reasons.items():
        if not reason.strip() or not reason.isprintable():
            issues.add(f"advisories.accept.{advisory}", "expected the reason why it is accepted, in one line")
    return reasons


def _pins(raw: Mapping[str, Any], issues: Issues) -> tuple[Pin, ...]:
    """Check names and types only: what a pin must hold is the catalogue's to say, once for all pins."""
    pins = []
    fields = msgspec.structs.fields(Pin)
    for index, table in enumerate(issues.tables(raw, "pin")):
        at = f"pin[{index}]"
        before = len(issues)
        issues.unknown_keys(at, table, [field.encode_name for field in fields])
        for field in fields:
            ask = issues.required if field.required else issues.value
            ask(at, table, field.encode_name, field.type, None)
        if len(issues) == before:
            pins.append(msgspec.convert(table, Pin))
    return tuple(pins)


def _link_modes(raw: Mapping[str, Any], config: Config, issues: Issues) -> dict[LinkMode, tuple[Target, ...]]:
    table = issues.table(raw, "link-modes")
    issues.unknown_keys("link-modes", table, LINK_MODES)
    requested = {str(target): target for request in config.toolchains for target in request.targets}
    found: dict[LinkMode, tuple[Target, ...]] = {}
    for mode in LINK_MODES:
        if mode not in table:
            continue
        at = f"link-modes.{mode}"
        given: str | tuple[str, ...] = issues.value("link-modes", table, mode, str | tuple[str, ...], ())
        names = (given,) if isinstance(given, str) else given
        for text in names:
            if text not in requested:
                issues.unknown_value(at, text, requested, _NO_TARGET, did_you_mean_target)
            elif mode == "static" and not requested[text].is_musl:
                issues.add(at, _STATIC_GLIBC.format(target=text))
        targets = tuple(requested[text] for text in names if text in requested)
        if len({target.cpu for target in targets}) != len(targets):
            issues.add(at, f"expected one target for each CPU, found {', '.join(targets)}")
        found[mode] = targets
    return found


def _each_once(at: str, names: tuple[str, ...], issues: Issues) -> None:
    if not names:
        issues.add(at, "expected at least one")
    for name in _repeated(names):
        issues.add(at, f"{name!r} is listed twice; expected each once")


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]

"""``linkmode catalog``: the pins, their confirmations, and their known vulnerabilities.

Tables on a terminal and plain lines in a pipe; ``--json`` gives the same, sorted and with a format version.
"""

import json
from collections.abc import Sequence
from typing import Any

import click
import msgspec
from packaging.version import InvalidVersion, Version
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from linkmode.catalog import pins as catalogs
from linkmode.catalog.pins import Catalog, FamilyEntry
from linkmode.config.words import guess_name
from linkmode.lock import unnamed
from linkmode.messages import Message, Run, UsageError, did_you_mean
from linkmode.model import provenance, resources
from linkmode.model.values import Advisory, Pin

JSON_VERSION = 1
"""The version of what ``--json`` prints; a change that could break a reader raises it."""

_Shown = tuple[FamilyEntry, tuple[Pin, ...]]

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON with sorted keys and a format version.")


class _Group(click.Group):
    """A group that imports what asks the network, and what reads archives, only where it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), "add", "verify"]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-"):
            raise UsageError(
                f"no such command: {name!r}{did_you_mean(name, known)}",
                expected="a command of linkmode catalog",
                hint=Message("see `", Run("catalog", "--help"), "`"),
            )
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ("add", "verify"):
            return super().get_command(ctx, cmd_name)
        from linkmode.cli import catalog_upkeep

        found: click.Command = catalog_upkeep.COMMANDS[cmd_name]
        return found


@click.group(name="catalog", cls=_Group, help="List, search and show pins with their provenance; add and verify pins.")
def command() -> None:
    """Hold the subcommands together."""


@command.command(name="list")
@click.option("--family", default=None, metavar="FAMILY", help="Only this family, for example musl.cc.")
@_json_option
def list_pins(family: str | None, as_json: bool) -> None:
    """List every pin, with the reason where no lock can name it."""
    catalog = catalogs.load(resources.catalogue())
    names = [_family(catalog, family).name] if family is not None else sorted(catalog.families)
    _print_list(catalog, [(catalog.families[name], catalog.families[name].pins) for name in names], as_json=as_json)


@command.command()
@click.argument("text")
@_json_option
def search(text: str, as_json: bool) -> None:
    """List the pins with TEXT in a name, version, target, URL, checksum or note, ignoring case."""
    catalog = catalogs.load(resources.catalogue())
    found = []
    for name in sorted(catalog.families):
        entry = catalog.families[name]
        pins = tuple(pin for pin in entry.pins if _holds(pin, text))
        if pins:
            found.append((entry, pins))
    if not found:
        click.echo(f"no pin contains {text!r}; `linkmode catalog list` shows all pins", err=True)
    if found or as_json:
        _print_list(catalog, found, as_json=as_json)


@command.command()
@click.argument("family")
@click.argument("version", required=False)
@_json_option
def show(family: str, version: str | None, as_json: bool) -> None:
    """Show every detail of the pins of FAMILY, or of one VERSION."""
    catalog = catalogs.load(resources.catalogue())
    entry = _family(catalog, family)
    pins = tuple(pin for pin in entry.pins if version is None or _same_version(pin.version, version))
    if not pins:
        versions = sorted({pin.version for pin in entry.pins}, key=Version, reverse=True)
        raise UsageError(
            f"{entry.name} has no pin of version {version!r}",
            expected="a version that the catalogue has",
            hint=f"use one of: {', '.join(versions)}",
        )
    if as_json:
        _print_json(catalog, [(entry, pins)])
        return
    click.echo(f"{entry.name} ({entry.kind}), {entry.homepage}, license {entry.license}")
    for pin in pins:
        click.echo()
        click.echo(f"{pin.file}")
        details = _details(pin, catalog.advisories_for(entry.name, pin.version, pin.measured))
        why = unnamed.why(pin, entry)
        for key, value in [*details, *([("no lock has it", why)] if why else [])]:
            click.echo(f"  {key + ':':<15}{value}")
    advisories = _advisories(catalog, entry, pins)
    if advisories:
        click.echo()
    for advisory in advisories:
        click.echo(f"{advisory.id}: {advisory.summary}")
        click.echo(f"  affects {advisory.affects}; {fix(advisory)}; {advisory.url}")


def confirmations(pin: Pin) -> str:
    """Return the number of confirmations in words: ``12``, ``1, not independently confirmed``."""
    return str(pin.confirmations) if pin.confirmations > 1 else f"{pin.confirmations}, not independently confirmed"


def fix(advisory: Advisory) -> str:
    """Return where an advisory is fixed, in words."""
    return f"fixed in {advisory.fixed_in}" if advisory.fixed_in else "no version of this family has the fix"


def _family(catalog: Catalog, name: str) -> FamilyEntry:
    if name in catalog.families:
        return catalog.families[name]
    guess = guess_name(name, catalog.families)
    raise UsageError(
        f"{name!r} is not a family of the catalogue{guess}",
        expected="the name of a family",
        hint=f"use one of: {', '.join(sorted(catalog.families))}",
    )


def _same_version(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return False


def _holds(pin: Pin, text: str) -> bool:
    digests = [digest for digest in (pin.sha256, pin.sha512) if digest]
    words = (pin.family, pin.version, pin.file, pin.exec or "", pin.notes)
    lists = (*pin.targets, *pin.urls, *pin.confirmed_by, *pin.contradictions, *pin.measured.values())
    return any(text.casefold() in word.casefold() for word in (*words, *lists, *digests))


def _advisories(catalog: Catalog, entry: FamilyEntry, pins: Sequence[Pin]) -> list[Advisory]:
    affecting = {a.id: a for pin in pins for a in catalog.advisories_for(entry.name, pin.version, pin.measured)}
    return [a for a in entry.advisories if a.id in affecting]


def _details(pin: Pin, advisories: Sequence[Advisory]) -> list[tuple[str, str]]:
    """Return the lines that ``show`` prints of a pin, those that say something."""
    lines = [("version", pin.version), ("source", pin.source), ("runs on", pin.exec or ""), ("layout", pin.layout)]
    lines += [("targets", ", ".join(pin.targets)), ("strip prefix", pin.strip_prefix)]
    lines += [("url", url) for url in pin.urls]
    lines += [("sha256", pin.sha256 or ""), ("sha512", pin.sha512 or "")]
    lines += [("size", f"{pin.size:,} bytes" if pin.size else "")]
    lines += [("measured", ", ".join(f"{name} {value}" for name, value in sorted(pin.measured.items())))]
    lines += [("confirmations", confirmations(pin))]
    lines += [("tree sha256", pin.tree_sha256 or "")]
    for text in pin.confirmed_by:
        found = provenance.confirmation(text)
        lines += [("confirmed by", found.url) if found else ("not counted", text)]
    lines += [("contradiction", text) for text in pin.contradictions]
    lines += [("note", pin.notes)]
    lines += [("advisory", f"{advisory.id}, {fix(advisory)}") for advisory in advisories]
    return [(key, value) for key, value in lines if value]


def _print_list(catalog: Catalog, shown: Sequence[_Shown], *, as_json: bool) -> None:
    if as_json:
        _print_json(catalog, shown)
        return
    console = Console(highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        for entry, pins in shown:
            console.print(_table(catalog, [(entry, pins)], box.SIMPLE_HEAD, title=entry.name))
        return
    # In a pipe there is one table, and a row is one line, however long, with no blanks at its end.
    console.width = 1000
    with console.capture() as capture:
        console.print(_table(catalog, shown, None))
    for line in capture.get().splitlines():
        click.echo(line.rstrip())


def _table(catalog: Catalog, shown: Sequence[_Shown], frame: box.Box | None, title: str = "") -> Table:
    """Return the pins as a table; with a ``title``, which names the family, the column of families is left out."""
    table = Table(
        box=frame, pad_edge=False, padding=(0, 1 if frame else 2, 0, 0), title=title or None, title_justify="left"
    )
    for heading in (() if title else ("family",)) + ("version", "source", "runs on"):
        table.add_column(heading, no_wrap=True)
    table.add_column("file", overflow="fold", min_width=12)
    table.add_column("confirmations", min_width=len("independently"))
    table.add_column("advisories", overflow="fold", min_width=len("CVE-2026-12345"))
    table.add_column("why no lock has it", overflow="fold", min_width=len("why no lock has it"))
    for entry, pins in shown:
        for pin in pins:
            advisories = catalog.advisories_for(entry.name, pin.version, pin.measured)
            confirmed = confirmations(pin) + ("; contradicted" if pin.contradictions else "")
            cells = (
                *(() if title else (entry.name,)),
                *(pin.version, pin.source, pin.exec or "-", pin.file, confirmed),
                ", ".join(advisory.id for advisory in advisories) or "-",
                unnamed.why(pin, entry) or "-",
            )
            table.add_row(*map(Text, cells))
    return table


def _print_json(catalog: Catalog, shown: Sequence[_Shown]) -> None:
    families: dict[str, Any] = {}
    for entry, pins in shown:
        families[entry.name] = {
            "kind": entry.kind,
            "homepage": entry.homepage,
            "license": entry.license,
            "advisories": [msgspec.to_builtins(a) for a in _advisories(catalog, entry, pins)],
            "pins": [
                {
                    **msgspec.to_builtins(pin),
                    # Written out where a TOML file may leave them out, so that a reader finds them on every pin.
                    "source": pin.source,
                    "confirmations": pin.confirmations,
                    "why-no-lock-has-it": unnamed.why(pin, entry),
                    "advisories": [a.id for a in catalog.advisories_for(entry.name, pin.version, pin.measured)],
                }
                for pin in pins
            ],
        }
    click.echo(json.dumps({"version": JSON_VERSION, "families": families}, indent=2, sort_keys=True))

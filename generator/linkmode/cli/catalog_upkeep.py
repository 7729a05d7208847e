"""``linkmode catalog add`` and ``catalog verify``: measure a new archive, and check the URLs and signatures of all."""

import datetime
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import click
import msgspec

from linkmode.catalog import pins as catalogs
from linkmode.catalog.measure import check_family, entry, measure
from linkmode.cli import say
from linkmode.config import find
from linkmode.fetch import recheck, unpinned
from linkmode.lock import own_pins
from linkmode.messages import IntegrityError, NetworkError, UsageError, did_you_mean
from linkmode.model import resources

JSON_VERSION = 1
"""The version of what ``verify --json`` prints; a change that could break a reader raises it."""


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--family", metavar="FAMILY", help="The family of the archive; the default is recognised from its files.")
@click.option("--date", metavar="YYYY-MM-DD", help="The date to record; the default is today.")
@click.option(
    "--write",
    "write_to",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Add the pin to this linkmode.toml or catalogue file.",
)
def add(urls: tuple[str, ...], family: str | None, date: str | None, write_to: Path | None) -> None:
    """Download an archive, compute its checksum, measure it, and print a pin.

    Several URLs must give the same bytes. The archive is read, not unpacked, and nothing in it is run. The pin has no
    confirmation: compare its checksum with the one that upstream publishes before you rely on it.
    """
    day = _day(date)
    check_family(family)
    catalog = catalogs.load(resources.catalogue())
    with (
        tempfile.TemporaryDirectory(prefix="linkmode-") as folder,
        say.progress() as shown,
    ):
        archive = Path(folder) / "archive"
        first = unpinned.gather(urls[0], archive, base=Path(), progress=shown)
        for url in urls[1:]:
            other = unpinned.gather(url, Path(folder) / "other", base=Path(), progress=shown)
            if other.sha256 != first.sha256:
                raise IntegrityError(
                    f"the URLs give different bytes:\n  {first.source}: sha256 {first.sha256}, {first.size:,} bytes\n"
                    f"  {other.source}: sha256 {other.sha256}, {other.size:,} bytes",
                    expected="the same bytes from each URL",
                    hint="name only the URLs of the archive that you mean",
                )
        from linkmode.audit.read.tool import tool  # no other command of this module waits for it

        measured = measure(archive, entry.file_name(urls[0]), family, tool)
    root = write_to.parent if write_to else find.root(Path())
    named = [_as_pinned(url, root) for url in urls]
    made = entry.pin(measured, named, sha256=first.sha256, size=first.size, date=day, catalog=catalog)
    relations = list(entry.relations(made, own_pins.known_pins(root, catalog)))
    for remark in (*measured.remarks, *relations):
        click.echo(f"linkmode: note: {remark}", err=True)
    same_tree = [relation for relation in relations if relation.startswith("same tree")]
    text = entry.toml(msgspec.structs.replace(made, notes="; ".join(same_tree)))
    if write_to:
        own_pins.add_pin(write_to, text, catalog)
    click.echo(text, nl=False)


@click.command()
@click.option("--family", metavar="FAMILY", help="Only this family, for example musl.cc.")
@click.option(
    "--download",
    is_flag=True,
    help="Download every archive, and verify its checksum and minisign signature: gigabytes.",
)
@click.option("--jobs", default=8, type=click.IntRange(1, 64), show_default=True, help="Ask at most N URLs at once.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with sorted keys and a format version.")
def verify(family: str | None, jobs: int, *, download: bool, as_json: bool) -> None:
    """Check that every URL of the catalogue answers with the pinned size, and verify what its publisher signed.

    Signatures need the libraries of linkmode[verify]. Exits with 5 if a URL has other bytes or a signature is wrong,
    and with 4 if no URL is reachable.
    """
    catalog = catalogs.load(resources.catalogue())
    if family is not None and family not in catalog.families:
        guess = did_you_mean(family, catalog.families)
        raise UsageError(
            f"{family!r} is not a family of the catalogue{guess}",
            expected="the name of a family",
            hint=f"use one of: {', '.join(sorted(catalog.families))}",
        )
    families = [row for name, row in catalog.families.items() if family in (None, name)]
    pins = [pin for row in families for pin in row.pins]
    signers = [signer for row in families for signer in row.signers]
    findings = []
    for finding in recheck.recheck(pins, signers, download=download, jobs=jobs):
        findings.append(finding)
        if not as_json:
            detail = f"  ({finding.detail})" if finding.detail else ""
            signature = f"{finding.signature.state}: {finding.signature.detail}"
            click.echo(f"{finding.state:<11}  {finding.pin.family} {finding.pin.version}  {finding.url}{detail}")
            click.echo(f"{'':<11}  {signature}")
    counts = Counter(finding.state for finding in findings)
    if as_json:
        click.echo(json.dumps({"version": JSON_VERSION, "urls": list(map(_row, findings))}, indent=2, sort_keys=True))
    else:
        for what, states in (
            ("URLs", [finding.state for finding in findings]),
            ("signatures", [finding.signature.state for finding in findings]),
        ):
            shown = ", ".join(f"{count} {state}" for state, count in sorted(Counter[str](states).items()))
            click.echo(f"{what}: {shown}", err=True)
    if wrong := [finding for finding in findings if finding.state == "mismatch"]:
        raise IntegrityError(
            "\n".join(["not what was pinned:", *(f"  {one.pin.file}: {one.url}: {one.detail}" for one in wrong)]),
            expected="the bytes of the pinned checksum",
            hint="remove this URL from the pin; pin its present bytes separately",
        )
    if bad := [finding for finding in findings if finding.signature.state == "bad"]:
        raise IntegrityError(
            "\n".join(["wrong signatures:", *(f"  {one.pin.file}: {one.url}: {one.signature.detail}" for one in bad)]),
            expected="a signature by the signer of the catalogue",
            hint="do not use this archive; ask its publisher, or check whether the catalogue has the right signer",
        )
    if counts["unreachable"] == len(findings):
        raise NetworkError(
            "no URL of the catalogue could be reached",
            expected="an answer of at least one of them",
            hint="check the network, the proxy and the CA settings",
        )


def _row(finding: recheck.Finding) -> dict[str, object]:
    pin = finding.pin
    row = {"family": pin.family, "version": pin.version, "file": pin.file, "url": finding.url, "state": finding.state}
    return row | {"detail": finding.detail, "signature": msgspec.to_builtins(finding.signature)}


def _as_pinned(url: str, root: Path) -> str:
    """Return ``url`` as a pin in ``root`` has it: an absolute path as a URL, and another one relative to ``root``."""
    if url.startswith("/"):
        return Path(url).as_uri()
    return url if urlsplit(url).scheme or root == Path() else os.path.relpath(url, root)


def _day(given: str | None) -> str:
    if given is None:
        return datetime.datetime.now(datetime.UTC).date().isoformat()
    try:
        return datetime.date.fromisoformat(given).isoformat()
    except ValueError as error:
        raise UsageError(
            f"--date {given!r}: expected a date such as 2026-11-21",
            hint="correct --date, or leave it out: today is the default",
        ) from error


COMMANDS = {"add": add, "verify": verify}
"""What `linkmode.cli.catalog` offers beside its own."""

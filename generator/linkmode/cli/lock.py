"""``linkmode lock``: resolve linkmode.toml to linkmode.lock."""

from collections import Counter
from pathlib import Path

import click

from linkmode.cli import again, say
from linkmode.cli.outdated import one_line
from linkmode.config import find
from linkmode.config.document import FILE
from linkmode.lock.newer import outdated
from linkmode.lock.relock import EVERYTHING, Relock, relock
from linkmode.messages import CheckError, Message, Run, UsageError, did_you_mean, plain
from linkmode.model.values import DEFAULT_SOURCE, SOURCES, Advisory, Artifact


@click.command("lock")
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 if the lock differs from what would be written."
)
@click.option(
    "--upgrade",
    multiple=True,
    metavar="[NAME]",
    is_flag=False,
    flag_value=EVERYTHING,
    help="Take the newest allowed version of this family, library or language, or of all; repeatable.",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="[NAME=]SOURCE",
    help=f"The source of archives ({' or '.join(SOURCES)}), for one family or for all; repeatable. Later runs keep it.",
)
@click.option(
    "--deny-advisories",
    is_flag=True,
    help="Write nothing and exit with 1 on a known vulnerability that linkmode.toml does not accept.",
)
@say.json_option
def command(
    upgrade: tuple[str, ...], sources: tuple[str, ...], *, check: bool, deny_advisories: bool, as_json: bool
) -> None:
    """Resolve linkmode.toml against the catalogue, and write linkmode.lock.

    Locked versions stay as long as they satisfy linkmode.toml. When nothing changes, nothing is written.
    """
    chosen = [_source(source) for source in sources]
    for family, count in Counter(family for family, _ in chosen).items():
        if count > 1:
            raise UsageError(
                f"--source is given {count} times for {'all families' if family == '*' else family}",
                expected="one source for each family",
                hint="drop all but one of them",
            )
    words = ["--upgrade" if name == EVERYTHING else f"--upgrade={name}" for name in upgrade]
    words += [f"--source={source}" for source in sources]
    with again.repeating({"lock": [*words, *(["--deny-advisories"] if deny_advisories else [])]}):
        _lock(upgrade, dict(chosen), check=check, deny_advisories=deny_advisories, as_json=as_json)


def _lock(
    upgrade: tuple[str, ...], sources: dict[str, str], *, check: bool, deny_advisories: bool, as_json: bool
) -> None:
    root = find.root(Path())
    say.detail(f"using {root / FILE}")
    fresh = relock(root, upgrade=upgrade, sources=sources)
    if fresh.unreadable:
        click.echo(f"linkmode: warning: {plain(fresh.unreadable)}", err=True)
    warnings, notes = _warnings(fresh), _notes(fresh)
    for note in notes:
        say.note(f"note: {note}")
    click.echo("".join(f"linkmode: warning: {warning}\n" for warning in warnings), nl=False, err=True)
    if warnings and deny_advisories:
        known = "1 known vulnerability" if len(warnings) == 1 else f"{len(warnings)} known vulnerabilities"
        raise CheckError(
            f"{known} in the versions to lock; nothing was written",
            expected="versions without a known vulnerability",
            hint="ask for a fixed version in linkmode.toml, or accept a vulnerability by its id, with the reason: "
            '[advisories] accept = { "CVE-…" = "why it does not matter here" }',
        )
    if check:
        fresh.check()
    else:
        fresh.save()
    if as_json:
        _print_json(fresh)
        return
    click.echo(
        f"{fresh.path} written:\n{fresh.changes}" if fresh.changes else f"{fresh.path} is up to date\n", nl=False
    )
    if upgrade and not check:
        for one in outdated(root):
            say.note(f"not upgraded: {one_line(one)}")
    if fresh.changes:
        say.next_step(Message(Run("fetch")))


def _print_json(fresh: Relock) -> None:
    """Print what a lock changes, as lines of the difference, and the vulnerabilities of what is locked."""
    known = [
        {
            "artifact": artifact.name,
            "family": artifact.family,
            "version": artifact.version,
            "id": advisory.id,
            "fixed-in": advisory.fixed_in,
            "url": advisory.url,
            "accepted": fresh.accepted.get(advisory.id, ""),
        }
        for artifact, advisory in fresh.advisories
    ]
    say.as_json(file=str(fresh.path), changes=fresh.changes.splitlines(), advisories=known)


def _source(text: str) -> tuple[str, str]:
    family, equals, source = text.rpartition("=")
    if source not in SOURCES or (equals and not family):
        guess = did_you_mean(source, SOURCES)
        raise UsageError(
            f"--source {text!r}: expected {' or '.join(SOURCES)}, for one family as in zig=pypi{guess}",
            hint="name a source that way, or leave --source out: upstream is the default",
        )
    return family or "*", source


def _warnings(fresh: Relock) -> list[str]:
    """Return one line for each vulnerability of each version that linkmode.toml does not accept."""
    return list(
        dict.fromkeys(
            f"{_vulnerability(artifact, advisory)}: {advisory.summary} {advisory.url}"
            for artifact, advisory in fresh.advisories
            if advisory.id not in fresh.accepted
        )
    )


def _notes(fresh: Relock) -> list[str]:
    """Return a line for each outdated version, accepted vulnerability, and acceptance that nothing needs."""
    accepted = [
        f"{_vulnerability(artifact, advisory)}, accepted in linkmode.toml: {fresh.accepted[advisory.id]}"
        for artifact, advisory in fresh.advisories
        if advisory.id in fresh.accepted
    ]
    affecting = {advisory.id for _, advisory in fresh.advisories}
    idle = [
        f"linkmode.toml accepts {name}, and no locked version has it: remove the line"
        for name in fresh.accepted
        if name not in affecting
    ]
    older = [
        f"{family}: the newest that linkmode.toml allows is {version} from {source}, and {upstream} from upstream: "
        f"linkmode lock --source {family}={DEFAULT_SOURCE}"
        for family, source, version, upstream in fresh.outdone
    ]
    own = [f"--source has no effect on {family}: linkmode.toml pins it with a [[pin]]" for family in fresh.own]
    return list(dict.fromkeys([*own, *older, *accepted, *idle]))


def _vulnerability(artifact: Artifact, advisory: Advisory) -> str:
    fix = f"fixed in {advisory.fixed_in}" if advisory.fixed_in else "no version has the fix"
    return f"{artifact.family} {artifact.version} has {advisory.id} ({fix})"

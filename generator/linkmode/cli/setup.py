"""``linkmode setup``: from nothing to a rule library, in one command."""

from pathlib import Path

import click

from linkmode import pipeline
from linkmode.cli import again, fetch, generate, init, lock, places, say
from linkmode.cli.jobs import jobs as jobs_option
from linkmode.config import bazel, find, surroundings
from linkmode.config.document import FILE
from linkmode.messages import Message
from linkmode.model.values import LINK_MODES


@click.command("setup")
@click.option(
    "--check",
    is_flag=True,
    help="Write and download nothing; exit with 1 if the lock, the rule library or a block of your own files differs "
    "from what would be written.",
)
@click.option("--no-edit", is_flag=True, help="Do not edit your own files; print the blocks that they need.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="[NAME=]SOURCE",
    help="The source of archives, as for `linkmode lock`; repeatable. Later runs keep it.",
)
@jobs_option
@places.store
@places.mirror
@click.pass_context
def command(
    ctx: click.Context,
    sources: tuple[str, ...],
    jobs: int,
    store: Path | None,
    mirror: str | None,
    *,
    check: bool,
    no_edit: bool,
) -> None:
    """Run init, lock, fetch and generate, one after the other.

    A linkmode.toml that is there is used as it is. If a step fails, correct what it names and run setup again: it
    continues there.
    """
    say.as_one_of_several(ctx)
    if check:
        ctx.invoke(lock.command, sources=sources, check=True)
        ctx.invoke(generate.command, check=True, no_edit=no_edit)
        return
    options = [*(f"--source={source}" for source in sources), *again.store(store)]
    with again.repeating({"setup": [*options, *(["--no-edit"] if no_edit else [])]}):
        if not (find.root(Path()) / FILE).exists():
            ctx.invoke(init.command)
        ctx.invoke(lock.command, sources=sources)
        ctx.invoke(fetch.command, jobs=jobs, store=store, mirror=mirror)
        ctx.invoke(generate.command, no_edit=no_edit)
    root = find.root(Path())
    if bazel.is_root(root):  # else generate says what is missing
        say.last_step(_build(root))


def _build(root: Path) -> Message:
    """Return the way to a first binary that is checked, with a program of this repository where one is seen."""
    locked = {mode for modes in pipeline.locked(root).link_modes.values() for mode in modes}
    mode = next((mode for mode in LINK_MODES if mode in locked), LINK_MODES[0])
    seen = surroundings.program(root)
    if seen is None:
        return Message(
            "write a cc_binary and wrap it by link_mode_binary of @linkmode//:defs.bzl, then: bazel build //..."
        )
    package, name, file = seen
    return Message(
        f"add these lines to {file}, then: bazel build //{package}:{name}_{mode}\n"
        '    load("@linkmode//:defs.bzl", "link_mode_binary")\n'
        f'    link_mode_binary(name = "{name}_{mode}", binary = ":{name}", link_mode = "{mode}")'
    )

"""The reference of the command line, from the commands themselves: their help texts, options and exit codes."""

from collections.abc import Iterator
from inspect import cleandoc
from typing import NamedTuple

import click
from mdtable import code, prose, table

from linkmode import messages
from linkmode.cli import main as cli


class Section(NamedTuple):
    """What a command says of itself. ``depth`` is 0 for linkmode, 1 for its commands, 2 for theirs."""

    depth: int
    path: str
    usage: str
    text: str
    options: tuple[tuple[str, str, str], ...]
    """Each with its help and the environment variable that gives it, if one does."""


def sections() -> Iterator[Section]:
    """Yield every command, in the order of ``linkmode --help``, each before its own commands."""
    root = cli._linkmode  # noqa: SLF001 - the root command has no public name
    return _sections(root, click.Context(root, info_name="linkmode"), 0)


def commands() -> str:
    """Return a section for each command."""
    return "\n".join(map(_markdown, sections()))


def exit_codes() -> list[tuple[int, str]]:
    """Return the exit codes with their meanings: one class of error each, and those that are no error of ours."""
    base = messages.LinkmodeError
    kinds = [kind for kind in vars(messages).values() if isinstance(kind, type) and issubclass(kind, base)]
    kinds.remove(base)
    return sorted(
        [
            (0, "Done."),
            *((kind.exit_code, cleandoc(kind.__doc__ or "").partition("\n\n")[0]) for kind in kinds),
            (cli.DEFECT, "A defect of linkmode. A traceback is shown; please report it."),
            (cli.INTERRUPTED, "Interrupted by Ctrl-C."),
            (cli.CLOSED_PIPE, "The reader of the output closed the pipe (`linkmode … | head`)."),
        ]
    )


def exit_code_table() -> str:
    """Return the table of exit codes."""
    return table(("code", "meaning"), [(str(number), prose(meaning)) for number, meaning in exit_codes()])


def _sections(command: click.Command, context: click.Context, depth: int) -> Iterator[Section]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield Section(depth, context.command_path, usage, cleandoc(command.help or ""), tuple(_options(command, context)))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _sections(inner, click.Context(inner, info_name=name, parent=context), depth + 1)


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str, str]]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None and "--help" not in record[0]:
            yield (*record, parameter.envvar if isinstance(parameter.envvar, str) else "")


def _markdown(section: Section) -> str:
    rows = [
        (code(option), prose(text) + (f" Environment: `{variable}`." if variable else ""))
        for option, text, variable in section.options
    ]
    head = f"{'#' * (section.depth + 2)} {section.path}\n\n```text\n{section.usage}\n```\n"
    return f"{head}\n{prose(section.text)}\n\n{table(('option', 'meaning'), rows)}"

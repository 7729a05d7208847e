"""The reference of the command line, from the commands themselves: their help texts, options and exit codes."""

from collections.abc import Iterator
from inspect import cleandoc

import click
from mdtable import code, prose, table

from linkmode import messages
from linkmode.cli import main as cli


def commands() -> str:
    """Return a section for each command, in the order of ``linkmode --help``."""
    root = cli._linkmode  # noqa: SLF001 - the root command has no public name
    return "\n".join(_sections(root, click.Context(root, info_name="linkmode"), 2))


def exit_codes() -> str:
    """Return the table of exit codes: one class of error each, and those that are no error of linkmode's own."""
    base = messages.LinkmodeError
    kinds = [kind for kind in vars(messages).values() if isinstance(kind, type) and issubclass(kind, base)]
    kinds.remove(base)
    rows = [(0, "Done.")]
    rows += [(kind.exit_code, prose(cleandoc(kind.__doc__ or "").partition("\n\n")[0])) for kind in kinds]
    rows += [
        (cli.DEFECT, "A defect of linkmode. A traceback is shown; please report it."),
        (cli.INTERRUPTED, "Interrupted by Ctrl-C."),
        (cli.CLOSED_PIPE, "The reader of the output closed the pipe (`linkmode … | head`)."),
    ]
    return table(("code", "meaning"), [(str(number), meaning) for number, meaning in sorted(rows)])


def _sections(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    yield f"{'#' * level} {context.command_path}\n"
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"```text\n{usage}\n```\n"
    yield f"{prose(command.help or '')}\n"
    yield _options(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _sections(inner, click.Context(inner, info_name=name, parent=context), level + 1)


def _options(command: click.Command, context: click.Context) -> str:
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is None or "--help" in record[0]:
            continue
        variable = parameter.envvar
        more = f" Environment: `{variable}`." if isinstance(variable, str) else ""
        rows.append((code(record[0]), prose(record[1]) + more))
    return table(("option", "meaning"), rows)

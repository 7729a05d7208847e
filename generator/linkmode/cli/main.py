"""The command line: parses, calls, prints, and turns every error into its exit code.

A command's module is imported when the command is called, so that no command waits for what only another needs.
The exit codes are listed in docs/reference/cli.md.
"""

import errno
import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from linkmode import __version__
from linkmode.messages import ConfigError, LinkmodeError, UsageError, did_you_mean, plain

INTERRUPTED = 130
"""Ended by Ctrl-C: 128 and the signal's number, as shells have it."""

CLOSED_PIPE = 141
"""Who read the output has gone: SIGPIPE, counted in the same way, and not 1, which says that a check did not hold."""

DEFECT = 70
"""linkmode itself failed: EX_SOFTWARE of sysexits.h, so that no check is taken for failed because of it."""

_COMMANDS = {
    "init": "Write a commented linkmode.toml for this repository.",
    "lock": "Resolve linkmode.toml against the catalogue to linkmode.lock.",
    "fetch": "Bring every locked archive into the store, verified.",
    "generate": "Write the rule library.",
    "mirror": "Write an air-gap mirror of everything locked.",
    "store": "Show, verify and clear out the store of archives.",
    "audit": "Say what a binary really is.",
    "exec": "Run any build tool with the locked toolchain, without Bazel.",
    "catalog": "List, search and show pins with their provenance.",
}


class _Lazy(click.Group):
    """A group whose commands are known by name and imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"linkmode.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LinkmodeError as error:
            if error.folder == ".":
                error.folder = ctx.params["directory"]
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            raise UsageError(
                f"no such command: {name!r}{did_you_mean(name, _COMMANDS)}", hint="linkmode --help lists all commands"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "directory",
    default=".",
    type=click.Path(exists=True, file_okay=False),
    metavar="DIR",
    help="Do as if linkmode had been started in DIR.",
)
@click.version_option(__version__, prog_name="linkmode", message="%(prog)s %(version)s")
def _linkmode(directory: str) -> None:
    """Pinned C and C++ toolchains and one link mode for each target, as Bazel rules, with proof from the ELF file."""
    os.chdir(directory)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run linkmode with ``arguments``, those of this process by default, and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is no reason to fail
    try:
        code = _linkmode.main(arguments, prog_name="linkmode", standalone_mode=False)
    except LinkmodeError as error:
        return _report(error)
    except click.Abort:
        return INTERRUPTED
    except SystemExit:  # how click answers when who reads our output has gone
        return CLOSED_PIPE
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return UsageError.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "linkmode"
        return _report(UsageError(error.format_message(), hint=f"see `{command} --help`"))
    except click.ClickException as error:
        return _report(UsageError(error.format_message()))
    except OSError as error:
        return _report(_from_system(error))
    except Exception:  # the last resort: what gets here is our defect, and is shown whole
        traceback.print_exc()
        click.echo(
            f"linkmode: this is a defect of linkmode {__version__}; please report it with the lines above", err=True
        )
        return DEFECT
    return code if isinstance(code, int) else 0


def _report(error: LinkmodeError) -> int:
    click.echo(f"linkmode: error: {plain(str(error))}", err=True)
    return error.exit_code


def _from_system(error: OSError) -> ConfigError:
    """Say what the system refused: a missing file, a permission, no space."""
    what = f"{error.filename}: " if error.filename else ""
    hint = "make room there, then run the command again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return ConfigError(f"{what}{error.strerror or error}", hint=hint)

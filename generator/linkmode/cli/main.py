"""The command line: parses, calls, prints, and maps every error to its exit code.

A command's module is imported when the command is called, so that no command waits for what only another needs.
The exit codes are listed in docs/reference/cli.md.
"""

import errno
import functools
import io
import os
import re
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from linkmode import __version__
from linkmode.messages import ConfigError, LinkmodeError, UsageError, did_you_mean, shown

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 plus the number of the signal, as in shells."""

CLOSED_PIPE = 141
"""The exit code when the reader of the output has gone: 128 plus SIGPIPE. Not 1, which means that a check failed."""

DEFECT = 70
"""The exit code of a defect of linkmode: EX_SOFTWARE of sysexits.h. Not 1, which means that a check failed."""

_COMMANDS = {
    "setup": "Run init, lock, fetch and generate, one after the other.",
    "init": "Write a commented linkmode.toml for this repository.",
    "add": "Add a language, a library or a toolchain to linkmode.toml.",
    "lock": "Resolve linkmode.toml and write linkmode.lock.",
    "outdated": "List what is newer than what is locked.",
    "fetch": "Download every locked archive into the store and verify it.",
    "generate": "Write the rule library.",
    "vendor": "Write BUILD files for third-party code of a language.",
    "doctor": "Find what would stop a build here, each with its fix.",
    "mirror": "Write an air-gap mirror of every locked archive.",
    "store": "Show, verify and clean the store of archives.",
    "audit": "Report the link mode, libc and contents of binaries.",
    "exec": "Run a build tool with a locked toolchain, without Bazel.",
    "catalog": "List, search, show, add and verify pins.",
    "schema": "Print the JSON schema of linkmode.toml.",
}


class _Lazy(click.Group):
    """A group that imports a command when it is used."""

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
                f"no such command: {name!r}{did_you_mean(name, _COMMANDS)}",
                expected="a command of linkmode",
                hint="linkmode --help lists all commands",
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
    help="Run as if started in DIR, the folder of linkmode.toml.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print results, warnings and errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Also print which files and folders are used.")
@click.version_option(__version__, prog_name="linkmode", message="%(prog)s %(version)s")
def _linkmode(directory: str, *, quiet: bool, verbose: bool) -> None:
    """Generate Bazel rules with pinned C and C++ toolchains and one link mode for each target, and audit ELF files."""
    if quiet and verbose:
        raise UsageError("--quiet and --verbose exclude each other", expected="one of the two", hint="drop one of them")
    context = click.get_current_context()
    if context.invoked_subcommand != "exec":  # its command inherits the user's
        context.call_on_close(functools.partial(os.umask, _close_to_others()))
    os.chdir(directory)


def _close_to_others() -> int:
    """Let this user alone write what is made; return the umask that there was.

    One that opens files to the group, and not to all, is a team's and is kept. umask 0 is what some containers have,
    and nobody's wish: what is written decides what is built and run.
    """
    before = os.umask(0o022)
    os.umask(before if before & 0o002 else before | 0o022)
    return before


def _open_what_is_closed() -> None:
    """Open /dev/null where a parent closed a standard stream (``>&-``): the next file that is opened would become it.

    A command of ``exec`` would then print into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run linkmode with ``arguments``, those of this process by default, and return the exit code."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is no reason to fail
    # Some parents leave it ignored. Then the system keeps no exit code, and subprocess takes each command's for 0.
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        code = _linkmode.main(arguments, prog_name="linkmode", standalone_mode=False)
    except LinkmodeError as error:
        return _report(error)
    except click.Abort:
        return INTERRUPTED
    except SystemExit as stopped:  # how click ends completion, and answers when who reads our output has gone
        return CLOSED_PIPE if stopped.code else 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return UsageError.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "linkmode"
        return _report(
            UsageError(f"{error.format_message().rstrip('.')}{_meant(error)}", hint=f"see `{command} --help`")
        )
    except click.ClickException as error:
        return _report(UsageError(error.format_message()))
    except OSError as error:
        return _report(_from_system(error))
    except Exception:  # the last resort: what gets here is our defect, and is shown whole
        import traceback

        traceback.print_exc()
        click.echo(
            f"linkmode: this is a defect of linkmode {__version__}; please report it with the lines above", err=True
        )
        return DEFECT
    return code if isinstance(code, int) else 0


def _meant(error: click.UsageError) -> str:
    """Return the choice that is nearest to a word that is none, which click does for the names of options alone."""
    choice = error.param.type if isinstance(error, click.BadParameter) and error.param else None
    found = re.match(r"'(.*?)' is not one of ", error.message)
    if not isinstance(choice, click.Choice) or not found:
        return ""
    return did_you_mean(found[1].replace("-", "_"), map(str, choice.choices))


def _report(error: LinkmodeError) -> int:
    click.echo(f"linkmode: error: {shown(str(error))}", err=True)
    return error.exit_code


def _from_system(error: OSError) -> ConfigError:
    """Return the error for what the system refused: a missing file, a permission, no space."""
    what = f"{error.filename}: " if error.filename else ""
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return ConfigError(
        f"{what}{error.strerror or error}",
        expected="room for what is written" if is_full else "a file that this user may use",
        hint=f"{'make room there' if is_full else 'correct that'}, then run the command again",
    )

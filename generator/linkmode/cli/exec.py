"""``linkmode exec``: run any build tool with the locked toolchain, and no Bazel."""

import os
import platform
import signal
import sys
from pathlib import Path

import click

from linkmode import pipeline
from linkmode.cli import again, places
from linkmode.exec import environment, native_image
from linkmode.messages import CommandNotExecutableError, CommandNotFoundError, Message, Run, UsageError
from linkmode.model.values import ExecPlatform


@click.command("exec", context_settings={"allow_interspersed_args": False})
@click.option("--target", metavar="TRIPLE", help="What to make binaries for; by default what link mode static does.")
@click.option("--toolchain", "family", metavar="FAMILY", help="Of several locked families that make it, this one.")
@click.option("--print-env", is_flag=True, help="Print the environment for a shell to eval; run nothing.")
@places.store
@click.argument("command_line", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
def command(
    target: str | None, family: str | None, store: Path | None, command_line: tuple[str, ...], *, print_env: bool
) -> None:
    """Run COMMAND with CC, CXX, AR, PATH and a sysroot with static zlib set to the locked toolchain.

    Its archives are unpacked on first use, and have to be in the store: linkmode fetch. The exit code is COMMAND's.
    """
    if bool(command_line) == print_env:
        problem = "--print-env runs no command" if print_env else "no command to run"
        raise UsageError(problem, hint=Message("write it as in: ", Run("exec", "-- make CFLAGS=-O2")))
    native_image.check_release(command_line, native_image.installed(command_line))
    host = ExecPlatform(f"{platform.machine()}-{sys.platform}")
    with again.repeating({"fetch": again.store(store)}):
        found = pipeline.tools(
            Path(), host=host, target=target, family=family, store=store, say=_say, command=command_line
        )
    if print_env:
        click.echo(environment.as_shell(found.changes, found.toolchain, found.ready), nl=False)
        return
    for descriptor in found.held:
        os.set_inheritable(descriptor, True)
    if remark := native_image.notice(command_line, found.toolchain):
        _say(remark)
    command_line = native_image.with_compiler(command_line, found.toolchain, found.ready)
    _become(command_line, environment.applied(found.changes, os.environ))


def _say(text: str) -> None:
    click.echo(f"linkmode: {text}", err=True)


def _become(command_line: tuple[str, ...], environment: dict[str, str]) -> None:
    """Replace this process, so that exit code, signals and terminal are the command's own."""
    # Python ignores them, and what is ignored stays so in the command: `yes | head` would not end.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvpe(command_line[0], command_line, environment)  # noqa: S606 - the command is the user's own
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CommandNotFoundError(
            f"{command_line[0]}: no such command", hint="it was looked for on PATH, the toolchain's programs first"
        ) from error
    except OSError as error:
        raise CommandNotExecutableError(f"{command_line[0]}: cannot be run: {error.strerror or error}") from error

"""``linkmode exec``: run any build tool with the locked toolchain, and no Bazel."""

import os
import platform
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from linkmode import pipeline
from linkmode.cli import again, places, say
from linkmode.config import find
from linkmode.exec import build_systems, environment, native_image, session, tools
from linkmode.messages import (
    CheckError,
    CommandNotExecutableError,
    CommandNotFoundError,
    LinkmodeError,
    Message,
    Run,
    UsageError,
)
from linkmode.model.values import LINK_MODES, Artifact, ExecPlatform, LinkMode
from linkmode.store import trees


@click.command("exec", context_settings={"allow_interspersed_args": False})
@click.option("--target", metavar="TRIPLE", help="The target to build for; the default is that of link mode static.")
@click.option(
    "--mode",
    type=click.Choice(LINK_MODES),
    help="The link mode of programs; the default is static with musl, mostly_static with glibc.",
)
@click.option(
    "--toolchain", "family", metavar="FAMILY", help="The family to use, if several are locked for the target."
)
@click.option("--print-env", is_flag=True, help="Print the environment for a shell to eval; run nothing.")
@click.option("--no-verify", is_flag=True, help="Keep programs of another link mode, and print no summary at the end.")
@click.option("--json", "as_json", is_flag=True, help="With --print-env, print JSON instead of lines for a shell.")
@places.store
@click.argument("command_line", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
def command(
    target: str | None,
    mode: LinkMode | None,
    family: str | None,
    store: Path | None,
    command_line: tuple[str, ...],
    *,
    print_env: bool,
    no_verify: bool,
    as_json: bool,
) -> int:
    """Run COMMAND with the locked toolchain: its compiler on PATH, CC, CXX, and a sysroot with static zlib.

    Archives are unpacked on first use. They must be in the store: run linkmode fetch first. Each linked program is
    checked, and the last line names them with their link mode. The exit code is COMMAND's, or 1 if a program has
    another link mode.
    """
    _check_options(command_line, print_env=print_env, as_json=as_json)
    native_image.check_release(command_line, native_image.installed(command_line))
    host = ExecPlatform(f"{platform.machine()}-{sys.platform}")
    own = {key: path for key, name in {"CC": "cc", "CXX": "c++", "AR": "ar"}.items() if (path := shutil.which(name))}
    wanted = tools.Wanted(
        host=host, target=target, family=family, mode=mode, machine_compilers=own, command=command_line
    )
    root = find.root(Path())
    with again.repeating({"fetch": again.store(store)}):
        lock = pipeline.locked(root)
        found = tools.make(lock, wanted, trees.home(store), _unpacking(root, store), say.note)
    variables = environment.applied(found.changes, os.environ)
    if print_env:
        _print_environment(found, variables, as_json=as_json)
        return 0
    for descriptor in found.held:
        os.set_inheritable(descriptor, True)
    if remark := native_image.notice(command_line, found.toolchain):
        say.note(remark)
    command_line = native_image.with_compiler(command_line, found.toolchain, found.ready)
    command_line = build_systems.with_machine_file(
        command_line,
        found.ready.bin.parent,
        is_cross=found.toolchain.target.cpu != host.cpu,
    )
    if dune := build_systems.dune_folder(command_line, Path.cwd(), variables):
        build_systems.claim_dune_folder(dune, str(found.ready.bin))
    if no_verify:
        _become(command_line, variables | {"LINKMODE_VERIFY": "no"})
    return _run(command_line, variables, found)


def _check_options(command_line: tuple[str, ...], *, print_env: bool, as_json: bool) -> None:
    if as_json and not print_env:
        raise UsageError(
            "--json prints the environment, and the output of a command is its own",
            expected="--json beside --print-env",
            hint="add --print-env, or drop it",
        )
    if bool(command_line) == print_env:
        problem = "--print-env runs no command" if print_env else "no command to run"
        raise UsageError(
            problem, expected="a command after --", hint=Message("write it as in: ", Run("exec", "-- make CFLAGS=-O2"))
        )


def _print_environment(found: tools.Tools, variables: Mapping[str, str], *, as_json: bool) -> None:
    if not as_json:
        click.echo(environment.as_shell(found.changes, found.toolchain, found.ready, os.environ), nl=False)
        return
    say.as_json(
        artifact=found.toolchain.artifact,
        target=found.toolchain.target,
        mode=found.ready.mode,
        environment={key: value for key, value in variables.items() if os.environ.get(key) != value},
        unset=found.changes.unset,
    )


def _unpacking(root: Path, store: Path | None) -> tools.Unpack:
    def unpack(artifacts: Sequence[Artifact], home: Path) -> None:
        # Imported where it is needed: what fetch brings along takes longer than all else that a second `exec` does.
        from linkmode.fetch import unpacked

        unpacked.unpack(artifacts, home, root=root, store=store, say=say.note)

    return unpack


def _run(command_line: tuple[str, ...], variables: dict[str, str], found: tools.Tools) -> int:
    """Run the command, say what was linked, and end as the command did; by 1 when something is not of its mode."""
    with tempfile.TemporaryDirectory(prefix="linkmode-") as folder:
        note = Path(folder) / "note"
        note.touch()
        # "yes" also says that an exec --no-verify around this one is not meant.
        told = {"LINKMODE_NOTE": str(note), "LINKMODE_HERE": str(Path.cwd()), "LINKMODE_VERIFY": "yes"}
        began = note.stat().st_mtime
        try:
            code = session.run(command_line, variables | told)
        except OSError as error:
            raise _cannot_start(command_line[0], error) from error
        said = session.parse(note.read_text(encoding="utf-8", errors="replace"))
        verdict = session.judge(said, found.toolchain, found.ready, Path.cwd(), found.libraries)
    if code == 0 and (remark := session.idle(said, command_line, Path.cwd(), began)):
        say.note(remark)
    for line in verdict.lines:
        if verdict.holds:
            say.note(line)
        else:
            click.echo(f"linkmode: {line}", err=True)
    if code < 0:
        session.end_by(-code)
    return CheckError.exit_code if code == 0 and not verdict.holds else code


def _become(command_line: tuple[str, ...], environment: dict[str, str]) -> None:
    """Replace this process, so that exit code, signals and terminal are the command's own."""
    # Python ignores them, and what is ignored stays so in the command: `yes | head` would not end.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvpe(command_line[0], command_line, environment)  # noqa: S606 - the command is the user's own
    except OSError as error:
        raise _cannot_start(command_line[0], error) from error


def _cannot_start(name: str, error: OSError) -> LinkmodeError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return CommandNotFoundError(
            f"{name}: no such command",
            expected="a program on PATH, or a path",
            hint="it was looked for on PATH, the toolchain's programs first",
        )
    return CommandNotExecutableError(
        f"{name}: cannot be run: {error.strerror or error}",
        expected="a program that this user may run",
        hint="correct its permissions, or name another command after --",
    )

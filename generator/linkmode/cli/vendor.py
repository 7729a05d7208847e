"""``linkmode vendor``: third-party code of a language, from its own lock file, as targets of the language's rules."""

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from linkmode import pipeline
from linkmode.cli import again, places, say
from linkmode.config import find
from linkmode.config import words as words_of_others
from linkmode.messages import ConfigError, IntegrityError, Message, Run, UsageError
from linkmode.model.failures import WrongBytesError
from linkmode.model.values import Lock
from linkmode.model.vendored import Request
from linkmode.store import contents, module_digest, trees

_LINES_SHOWN = 5


@click.group(name="vendor")
def command() -> None:
    """Write BUILD files for third-party code, from the lock file of its language.

    The sources are in the repository already; nothing is downloaded. Each file is compared with the checksum in the
    lock file of the language.
    """


def _options(*more: Callable[[Any], Any]) -> Callable[[Any], Any]:
    shared = (
        click.option("--check", is_flag=True, help="Write nothing; print a diff and exit with 1 if a file differs."),
        click.option(
            "--library",
            "libraries",
            multiple=True,
            metavar="NAME=LABEL",
            help="The cc_library for a C library that the code asks for by NAME; repeatable.",
        ),
        say.json_option,
    )

    def decorate(function: Any) -> Any:
        for option in reversed((*shared[:2], *more, *shared[2:])):
            function = option(function)
        return function

    return decorate


_folder = click.argument("folder", default=".", type=places.Folder(), metavar="[FOLDER]")


@command.command("go")
@_options(
    click.option("--no-cgo", is_flag=True, help="Build every package without C, as CGO_ENABLED=0 does."), places.store
)
@_folder
def _go(
    folder: Path, libraries: tuple[str, ...], store: Path | None, *, no_cgo: bool, check: bool, as_json: bool
) -> None:
    """Write FOLDER/vendor/BUILD.bazel for what `go mod vendor` copied there.

    FOLDER contains go.mod and go.sum; the default is the current folder. Each file must equal that of its module in
    Go's module cache, and each module must match go.sum. Runs the locked Go: run linkmode fetch first.
    """
    root = find.root(Path())
    with again.repeating({"fetch": again.store(store)}):
        sdk = _sdk(pipeline.locked(root), root, store)
    words = ["go", *(["--no-cgo"] if no_cgo else []), *_given(folder, libraries)]
    _finish(
        "go", _request(folder, folder / "vendor", libraries, words, pure=no_cgo, home=sdk), check=check, as_json=as_json
    )


@command.command("rust")
@_options(
    click.option(
        "--sources",
        default="vendor",
        type=places.Folder(),
        metavar="DIR",
        help="The folder of the crates, below FOLDER; the default is vendor.",
    )
)
@_folder
def _rust(folder: Path, libraries: tuple[str, ...], sources: Path, *, check: bool, as_json: bool) -> None:
    """Write FOLDER/vendor/BUILD.bazel for what `cargo vendor` copied there, and build-scripts.txt for review.

    FOLDER contains Cargo.toml and Cargo.lock; the default is the current folder. Each file must match
    .cargo-checksum.json, and that file must have the checksum of Cargo.lock. Runs the `cargo` on PATH, and every build
    script once, in a sandbox of bubblewrap without a network.
    """
    words = ["rust", *([f"--sources={sources}"] if sources != Path("vendor") else []), *_given(folder, libraries)]
    _finish("rust", _request(folder, folder / sources, libraries, words), check=check, as_json=as_json)


@command.command("lisp")
@_options(
    click.option(
        "--dist",
        required=True,
        type=places.Folder(),
        metavar="DIR",
        help="A Quicklisp-format dist: releases.txt, systems.txt, and the archives in DIR or DIR/archives.",
    ),
    click.option(
        "--sources",
        default="vendor",
        type=places.Folder(),
        metavar="DIR",
        help="The folder for the sources; the default is vendor.",
    ),
)
@click.argument("systems", nargs=-1, required=True, metavar="SYSTEM...")
def _lisp(
    systems: tuple[str, ...], libraries: tuple[str, ...], dist: Path, sources: Path, *, check: bool, as_json: bool
) -> None:
    """Unpack what the SYSTEMs need from a local dist, and write its targets and the checksums of its archives.

    An archive must have the size and the MD5 of releases.txt. The first run records its SHA-256 in archives.toml, next
    to the targets, and later runs require it. The NAME of --library is the system that calls the C library.
    """
    place = [f"--sources={sources}"] if sources != Path("vendor") else []
    words = ["lisp", f"--dist={dist}", *place, *(f"--library={text}" for text in libraries), *systems]
    request = _request(Path(), sources, libraries, words, names=systems, archives=dist)
    _finish("lisp", request, check=check, as_json=as_json)


def _sdk(lock: Lock, root: Path, store: Path | None) -> Path:
    """Return the folder of the locked Go that runs here, unpacked on first use."""
    host = f"{platform.machine()}-{sys.platform}"
    names = [part.artifact for part in lock.parts if part.language == "go" and part.exec == host]
    if not names:
        raise ConfigError(
            f"linkmode.lock has no Go that runs on {host}",
            expected='[language] with go = "~=1.27.0", and this machine among exec-platforms',
            hint=Message("add it to linkmode.toml, then run: ", Run("lock"), " and ", Run("fetch")),
        )
    [artifact] = (artifact for artifact in lock.artifacts if artifact.name == names[0])
    home = trees.home(store)
    folder = trees.unpacked(home, artifact)
    if not folder.is_dir():
        from linkmode.fetch import unpacked  # not needed once that was done

        unpacked.unpack([artifact], home, root=root, store=store, say=say.note)
    return folder


def _request(folder: Path, sources: Path, libraries: Sequence[str], words: Sequence[str], **more: Any) -> Request:
    lock = pipeline.locked(find.root(Path()))
    known = {name: f"@linkmode//lib:{library}" for name, library in words_of_others.linked_as(lock.libraries).items()}
    for text in libraries:
        name, equals, label = text.partition("=")
        if not (name and equals and label.startswith(("//", "@", ":"))):
            raise UsageError(
                f"--library: {text!r} is no name and label",
                expected="NAME=LABEL, such as z=@linkmode//lib:zlib",
                hint="correct it, then run the command again",
            )
        known[name] = label
    return Request(
        folder=folder,
        sources=sources,
        targets=tuple(dict.fromkeys(one.target for one in lock.toolchains if one.purpose == "target")),
        libraries=known,
        command=Run("vendor", shlex.join(words)),
        run=_run,
        digests=_digests,
        contents=contents.of,
        **more,
    )


def _given(folder: Path, libraries: Sequence[str]) -> list[str]:
    return [*(f"--library={text}" for text in libraries), *([str(folder)] if folder != Path() else [])]


def _finish(language: str, request: Request, *, check: bool, as_json: bool) -> None:
    output = pipeline.vendored(language, request)
    changed = [f"{output.folder}/{name}" for name in output.changed]
    packages, verified = output.found.packages, output.found.verified
    if not check:
        output.save()
    elif not as_json:
        click.echo(output.unified(), nl=False)
    if as_json:
        files = [f"{output.folder}/{name}" for name in sorted(output.files)]
        say.as_json(changed=changed, files=files, packages=packages, verified=verified)
    if check:
        output.check()
    if as_json:
        return
    for name in changed:
        click.echo(f"wrote {name}")
    click.echo(f"{len(packages)} packages of {verified} files, each as its checksum says")
    if changed:
        say.next_step(Message("review and commit what was written"))


def _run(argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Run a program of the language and return what it printed. Raises ConfigError when it fails."""
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise ConfigError(
            f"{argv[0]}: no such command",
            expected=f"{argv[0]} on PATH, which says what was vendored",
            hint=f"install {argv[0]}, or add its folder to PATH; then run this command again",
        ) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        lines = "".join(f"\n  {line}" for line in said[-_LINES_SHOWN:])
        raise ConfigError(
            f"{folder}: `{shlex.join(argv[:4])} …` ended with exit code {done.returncode}:{lines}",
            expected=f"sources that {argv[0]} accepts without a network",
            hint="correct what it says, then run this command again",
        )
    return done.stdout.decode("utf-8", "replace")


def _digests(archive: Path) -> dict[str, str]:
    try:
        return module_digest.of_files(archive)
    except WrongBytesError as error:
        raise IntegrityError(
            f"{archive}: {error.reason}",
            expected="a module's archive, as the go command downloads it",
            hint="run `go clean -modcache` and `go mod download`, then this command again",
        ) from error

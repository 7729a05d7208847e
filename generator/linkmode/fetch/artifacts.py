"""Fetches artifacts into the store: which URL to try, in which order, and the error when none has the file."""

import concurrent.futures
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from linkmode.fetch.progress import Progress
from linkmode.messages import ConfigError, IntegrityError, LinkmodeError, Message, NetworkError, Run
from linkmode.model import mirror_layout
from linkmode.model.failures import OriginError, UnreachableError, WrongBytesError
from linkmode.model.values import Artifact, Checksum
from linkmode.net import reach
from linkmode.net.partial import Partial
from linkmode.net.places import Place, Places
from linkmode.net.reach import Origin
from linkmode.net.transport import Transport
from linkmode.net.web import PER_HOST, Limits
from linkmode.store.files import Store

DEFAULT_JOBS = 4
_SEVERITY: tuple[type[LinkmodeError], ...] = (ConfigError, IntegrityError, NetworkError)
"""The gravest first: a store that cannot be written makes every other trouble moot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to fetch. ``base`` is the folder that the lock's relative paths are relative to.

    ``jobs`` artifacts are fetched at once; one host is asked for at most ``per_host`` things at a time. ``mirror`` is
    the beginning of the URLs of an air-gap mirror (`linkmode.model.mirror_layout`), which then is asked in place of all
    that the lock names.
    """

    base: Path
    offline: bool = False
    mirror: str = ""
    jobs: int = DEFAULT_JOBS
    per_host: int = PER_HOST
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An URL that did not give the file, and why."""

    url: str
    failure: OriginError


@dataclass(frozen=True, slots=True)
class Result:
    """An artifact that is in the store now. ``source`` is the URL that gave it; empty when it was there already."""

    name: str
    checksum: Checksum
    state: Literal["fetched", "stored"]
    source: str = ""
    passed_over: tuple[Attempt, ...] = ()


def fetch_all(artifacts: Iterable[Artifact], store: Store, options: Options, progress: Progress) -> tuple[Result, ...]:
    """Bring every artifact into the store; return one result each, in the order given.

    All are tried before an error is raised, which then names all that failed: IntegrityError when wrong bytes came
    for one of them and the right ones from nowhere, else NetworkError. ConfigError when the store fails.
    """
    wanted = tuple(artifacts)
    if options.offline:
        return _offline(wanted, store)
    run = _Run(store, options, progress)
    with concurrent.futures.ThreadPoolExecutor(options.jobs, "fetch") as pool:
        futures = [pool.submit(run.fetch, artifact) for artifact in wanted]
        try:
            concurrent.futures.wait(futures)
        except BaseException:
            run.transport.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    results, errors = [], []
    for future in futures:
        try:
            results.append(future.result())
        except LinkmodeError as error:
            errors.append(error)
    if errors:
        raise _joined(errors)
    return tuple(results)


def _joined(errors: Sequence[LinkmodeError]) -> LinkmodeError:
    """One error for all: the class and hint of the gravest, the words of each."""
    foremost = min(errors, key=lambda error: _SEVERITY.index(type(error)))
    problem = "\n".join(error.problem for error in errors)
    return type(foremost)(problem, expected=foremost.expected, hint=foremost.advice)


def _offline(wanted: Sequence[Artifact], store: Store) -> tuple[Result, ...]:
    """What the store has; raise NetworkError naming what it has not, IntegrityError where its bytes are wrong."""
    problems: list[LinkmodeError] = []
    for artifact in wanted:
        checksum = artifact.checksum
        lines = f"{artifact.name}: {checksum}\n    {artifact.upstream}"
        match store.state(checksum, artifact.size, artifact.upstream):
            case "absent":
                problems.append(NetworkError(f"not in the store: {lines}"))
            case "unconfirmed":
                problems.append(NetworkError(f"in the store, but never fetched from this URL: {lines}"))
            case "corrupt":
                problems.append(IntegrityError(f"damaged in the store ({store.file(checksum)}): {lines}"))
    if problems:
        kind = IntegrityError if any(isinstance(p, IntegrityError) for p in problems) else NetworkError
        raise kind(
            "\n".join(p.problem for p in problems),
            expected="every archive of the lock in the store, with the bytes that the lock pins",
            hint=Message("with a network, run: ", Run("fetch")),
        )
    return tuple(Result(a.name, a.checksum, "stored") for a in wanted)


class _Run:
    """One call of ``fetch_all``: what its threads share."""

    def __init__(self, store: Store, options: Options, progress: Progress) -> None:
        self.transport = Transport(options.limits, options.per_host)
        self._store = store
        self._options = options
        self._progress = progress
        self._places = Places(self.transport, options.base)

    def fetch(self, artifact: Artifact) -> Result:
        """Bring in one artifact, unless a verified copy is there already."""
        checksum = artifact.checksum
        if self._holds(artifact):
            return Result(artifact.name, checksum, "stored")
        with self._store.lock(checksum, self.transport.stopping, lambda text: self._progress.note(artifact.name, text)):
            # Another run, or another artifact of this one, may have brought it while this one waited.
            if self._holds(artifact):
                return Result(artifact.name, checksum, "stored")
            self._progress.begin(artifact.name, artifact.size)
            try:
                return self._bring(artifact)
            finally:
                self._progress.end(artifact.name)

    def _holds(self, artifact: Artifact) -> bool:
        state = self._store.state(artifact.checksum, artifact.size, artifact.upstream)
        if state == "corrupt":
            self._progress.note(artifact.name, f"damaged in the store, fetched again: {artifact.checksum}")
        return state == "present"

    def _bring(self, artifact: Artifact) -> Result:
        checksum, failed = artifact.checksum, []
        self._store.private("partial")
        with Partial(self._store.partial(checksum), checksum, artifact.size) as partial:
            for shown, origin in self._origins(artifact):
                try:
                    if isinstance(origin, OriginError):
                        raise origin
                    if not partial.complete:
                        self.transport.bring(
                            origin, partial, lambda received: self._progress.advance(artifact.name, received)
                        )
                except OriginError as failure:
                    failed.append(Attempt(shown, failure))
                    # That one of pip's places merely has no such file is worth a line only when all else fails.
                    if isinstance(origin, Origin) or isinstance(failure, WrongBytesError):
                        self._progress.note(artifact.name, f"passed over {shown}: {failure.reason}")
                else:
                    partial.require_in_place()
                    self._store.admit(partial.path, checksum, artifact.upstream)
                    return Result(artifact.name, checksum, "fetched", shown, tuple(failed))
        raise _nowhere(artifact, failed, reach.redacted(self._options.mirror))

    def _origins(self, artifact: Artifact) -> Iterator[Place]:
        """Every place to ask, in the order of the lock's URLs, each with what to call it."""
        only = self._options.mirror
        urls = (mirror_layout.url(only, artifact.checksum, artifact.file),) if only else artifact.urls
        for url in dict.fromkeys(urls):
            yield from self._places.of(url, artifact.checksum)


_AGAIN = (Run("lock"), " && ", Run("fetch"))


def _nowhere(artifact: Artifact, failed: Sequence[Attempt], only: str) -> LinkmodeError:
    """The error of an artifact that no URL gave, with the reason of each; ``only`` is the one mirror that was asked."""
    reasons = "".join(f"\n    {attempt.url}: {attempt.failure.reason}" for attempt in failed)
    is_wrong = any(isinstance(attempt.failure, WrongBytesError) for attempt in failed)
    if only and all(isinstance(attempt.failure, UnreachableError) and attempt.failure.silent for attempt in failed):
        return NetworkError(
            f"{artifact.name}: the mirror cannot be reached:{reasons}",
            expected="an answer with the archive",
            hint=f"start the server of {only}, or correct --mirror (LINKMODE_MIRROR); nothing else was asked",
        )
    if only:
        return (IntegrityError if is_wrong else NetworkError)(
            f"{artifact.name}: the mirror did not give the file with {artifact.checksum}:{reasons}",
            hint=Message(
                f"only {only} was asked; bring the mirror up to date where there is a network: ", Run("mirror", "DIR")
            ),
        )
    if is_wrong:
        return IntegrityError(
            f"{artifact.name}: no URL gave the file with {artifact.checksum}:{reasons}",
            expected="one file with that checksum",
            hint=Message(
                "nothing of it was kept. Add a mirror that has the pinned bytes under [mirrors] in linkmode.toml, "
                "then run: ",
                *_AGAIN,
            ),
        )
    return NetworkError(
        f"{artifact.name}: no URL could be reached:{reasons}",
        expected="one answer with the archive",
        hint=next((attempt.failure.hint for attempt in failed if attempt.failure.hint), "")
        or Message(
            "check the network, the proxy and the CA settings, or add a mirror under [mirrors] in linkmode.toml "
            "and run: ",
            *_AGAIN,
        ),
    )

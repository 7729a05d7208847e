"""Errors that a user can cause: one class and one exit code for each kind. The parts of messages.

A message has four parts: where (file and key, URL, path or option) and what was found, what was expected, what to run
next. A list of problems has the first three in a line for each.
The exit codes are part of the command line's contract (docs/reference/cli.md).
"""

import itertools
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_LONGEST_WORD = 100
_MOST_WORDS = 100
_LONG = re.compile(r"(\S{300})\S{1000,}(\S{100})")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …?`` with the known word that is nearest, or an empty string when none is near."""
    import difflib  # only for who mistyped

    # It takes time for each known word, which may be a file's, and for each character.
    few = list(itertools.islice((one for one in known if len(one) <= _LONGEST_WORD), _MOST_WORDS))
    near = difflib.get_close_matches(word, few, n=1) if len(word) <= _LONGEST_WORD else []
    return f"; did you mean {near[0]!r}?" if near else ""


@dataclass(frozen=True)
class Run:
    """A command of linkmode that a message shows, for example ``Run("lock")``.

    ``words`` are its options and arguments as a shell reads them. A command without words is repeated with the options
    that the failed command had and that it needs again; one with words is shown as it is.
    """

    command: str
    words: str = ""

    def shown(self, folder: str, repeated: Mapping[str, Sequence[str]]) -> str:
        """Return the command line. ``folder`` is that of linkmode.toml, ``repeated`` has options by command."""
        options = self.words or shlex.join(repeated.get(self.command, ()))
        where = f"-C {shlex.quote(folder)} " if folder != "." and self.command not in _OF_NO_FOLDER else ""
        return f"linkmode {where}{self.command}{options and ' '}{options}"


_OF_NO_FOLDER = ("audit", "catalog", "store")
"""The commands that neither read nor write the current folder."""


class Message(tuple[str | Run, ...]):
    """A message of words and commands, which are spelled out when the message is shown."""

    __slots__ = ()

    def __new__(cls, *parts: "str | Run | Message") -> "Message":
        """Join parts; a text among them gives its own parts."""
        return super().__new__(cls, [one for part in parts for one in (part if isinstance(part, Message) else (part,))])

    def shown(self, folder: str = ".", repeated: Mapping[str, Sequence[str]] | None = None) -> str:
        """Return the text, with commands as ``Run.shown`` spells them."""
        return "".join(part if isinstance(part, str) else part.shown(folder, repeated or {}) for part in self)


def plain(text: str) -> str:
    """Return ``text`` with all that a terminal obeys spelled out, but for the ends of its lines.

    Parts of a message may be the words of a file or of a server.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        char if char == "\n" or char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


def shown(text: str) -> str:
    """Return ``text`` as `plain` gives it, without the middle of a word that fills the screen."""
    return _LONG.sub(lambda word: f"{word[1]}…{word[2]}", plain(text))


class LinkmodeError(Exception):
    """Base of every error that is reported without a traceback.

    ``problem`` is one sentence that begins with the place. ``expected`` is the rule with an example, and ``hint`` the
    next command or edit; both may be empty. All are as they are shown.
    ``folder`` is that of linkmode.toml, as the command line named it, and ``repeated`` has, by command, the options to
    show with a command that the message names; both are known to the command line alone, which sets them.
    """

    exit_code = 3

    def __init__(self, problem: str | Message, *, expected: str = "", hint: str | Message = "") -> None:
        super().__init__(problem)
        self.said = Message(problem)
        self.expected = expected
        self.advice = Message(hint)
        self.folder = "."
        self.repeated: dict[str, Sequence[str]] = {}

    @property
    def problem(self) -> str:
        """Where it is and what is wrong, with what was found."""
        return self._shown(self.said)

    @property
    def hint(self) -> str:
        """What to do next; may be empty."""
        return self._shown(self.advice)

    def __str__(self) -> str:
        expected = f"\n  expected: {self.expected}" if self.expected else ""
        hint = f"\n  hint: {self.hint}" if self.advice != ("",) else ""
        return f"{self.problem}{expected}{hint}"

    def _shown(self, text: Message) -> str:
        return text.shown(self.folder, self.repeated)


class CheckError(LinkmodeError):
    """An expectation or check failed: ``audit``, ``doctor``, ``exec``, ``lock --deny-advisories``, any ``--check``."""

    exit_code = 1


class UsageError(LinkmodeError):
    """The command line is wrong."""

    exit_code = 2


class ConfigError(LinkmodeError):
    """linkmode.toml, the catalogue or the machine has a problem, such as a wrong key or a missing permission."""

    exit_code = 3


class NetworkError(LinkmodeError):
    """No URL of an archive was reachable, or an archive is missing and the network may not be used."""

    exit_code = 4


class IntegrityError(LinkmodeError):
    """Bytes differ from the pinned checksum, or an archive cannot be trusted."""

    exit_code = 5


class StaleLockError(LinkmodeError):
    """linkmode.lock is missing, was edited by hand, or does not match linkmode.toml and the catalogue."""

    exit_code = 6


class CommandNotExecutableError(LinkmodeError):
    """The command of ``exec`` cannot be run. Shells and env(1) use the same code."""

    exit_code = 126


class CommandNotFoundError(LinkmodeError):
    """The command of ``exec`` does not exist. Shells and env(1) use the same code."""

    exit_code = 127

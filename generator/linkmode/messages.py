"""Errors a user can cause: one class, and one exit code, per kind.

Every message says where (file and key, or URL), what was expected, what was found, and what to run next.
The exit codes are part of the command line's contract (docs/reference/cli.md).
"""


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


class LinkmodeError(Exception):
    """Base of every error that is reported without a traceback.

    ``problem`` is one sentence; ``hint`` is the next command or edit, and may be empty.
    """

    exit_code = 3

    def __init__(self, problem: str, *, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.problem}\n  hint: {self.hint}" if self.hint else self.problem


class CheckError(LinkmodeError):
    """A check did not hold: ``audit --expect``, ``generate --check``, ``lock --check``."""

    exit_code = 1


class UsageError(LinkmodeError):
    """The command line itself is wrong."""

    exit_code = 2


class ConfigError(LinkmodeError):
    """linkmode.toml, the catalogue or the surroundings are not what they must be; holds every issue found."""

    exit_code = 3


class NetworkError(LinkmodeError):
    """No URL of an artifact could be reached."""

    exit_code = 4


class IntegrityError(LinkmodeError):
    """Bytes are not those that were pinned, or an archive is not to be trusted."""

    exit_code = 5


class StaleLockError(LinkmodeError):
    """linkmode.lock is missing, was edited by hand, or does not answer to its inputs any more."""

    exit_code = 6


class CommandNotExecutableError(LinkmodeError):
    """What ``exec`` was to run is there and cannot be run; the code is that of shells and of env(1)."""

    exit_code = 126


class CommandNotFoundError(LinkmodeError):
    """What ``exec`` was to run is not there; the code is that of shells and of env(1)."""

    exit_code = 127

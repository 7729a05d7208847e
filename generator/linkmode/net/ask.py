"""Asks another tool for its settings: pip and Go know their own better than linkmode could."""

import subprocess
from collections.abc import Mapping, Sequence

from linkmode.messages import ConfigError

_TIMEOUT_SECONDS = 60.0


def ask(
    command: Sequence[str], environment: Mapping[str, str], *, expected: str, hint: str, cwd: str | None = None
) -> subprocess.CompletedProcess[str] | None:
    """Run ``command`` without input; None if it cannot be started: it is gone, or for another machine.

    Raises ConfigError, with ``expected`` and ``hint``, when it does not end.
    """
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT_SECONDS,
            cwd=cwd,
            env=environment,
        )
    except OSError:
        return None
    except subprocess.TimeoutExpired as error:
        raise ConfigError(
            f"`{' '.join(command)}` did not end within {_TIMEOUT_SECONDS:g} seconds", expected=expected, hint=hint
        ) from error

"""Why one URL did not give the pinned file. An error of an artifact lists one for each URL."""


class OriginError(Exception):
    """Base of both: ``reason`` is half a sentence that can stand after the URL and a colon.

    Parts of it may be the server's words, so what a terminal would obey is taken out.
    ``hint`` is the next command or edit where this reason has one of its own, and empty where it has none.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        self.reason = "".join(char if char.isprintable() else "?" for char in reason)
        self.hint = hint
        super().__init__(self.reason)


class UnreachableError(OriginError):
    """No usable bytes came: name, connection, TLS, time, or an HTTP status.

    ``transient`` says that another attempt may do better; ``wait`` is the seconds that the server asked for.
    ``absent`` says that the server itself has no such thing (HTTP 404 or 410), ``silent`` that nothing answered at all.
    """

    def __init__(
        self,
        reason: str,
        *,
        transient: bool = False,
        wait: float | None = None,
        absent: bool = False,
        silent: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(reason, hint)
        self.transient = transient
        self.wait = wait
        self.absent = absent
        self.silent = silent


class WrongBytesError(OriginError):
    """Bytes came, and they are not those that were pinned. Asking the same URL again would not help."""


class Cancelled(Exception):  # noqa: N818 - not an error: the user stopped the run, and nothing is reported
    """The run is being stopped."""

"""An archive with its role for a language."""

import msgspec

from linkmode.model.values import Pin


class Part(msgspec.Struct, frozen=True):
    """``role`` is the language's own word (``sdk``, ``std``), which its rules know.

    ``exec`` and ``target`` say for which of them the archive is; an empty one stands for all.
    """

    role: str
    pin: Pin
    exec: str = ""
    target: str = ""

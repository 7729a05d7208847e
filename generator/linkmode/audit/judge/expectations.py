"""The expectations that a caller may state, and the message when one does not hold."""

from typing import Literal

import msgspec

from linkmode.audit.read.policy import KnownLibc
from linkmode.model.values import LinkMode

Guard = Literal["relro", "nx", "no-textrel", "no-rwx", "canary", "fortify", "cet", "bti", "pie"]
"""What `--require` may name, in checksec's words."""


class Expectations(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asks of a file. ``allow`` names libraries outside libc's own that it may need.

    ``allow_payload`` accepts bytes behind the program as data. ``max_glibc`` is a release such as ``2.28``; ``machine``
    is a name of policy.toml and ``abi`` words of it, ``cpu`` a level such as ``x86-64-v2``.
    """

    machine: str | None = None
    abi: tuple[str, ...] = ()
    libc: KnownLibc | None = None
    mode: LinkMode | None = None
    max_glibc: str | None = None
    allow: tuple[str, ...] = ()
    allow_static_glibc: bool = False
    allow_payload: bool = False
    deny_rpath: bool = False
    require_pie: bool = False
    require_relro: Literal["partial", "full"] | None = None
    policy: str | None = None
    cpu: str | None = None
    require: tuple[Guard, ...] = ()


class Failure(msgspec.Struct, frozen=True):
    """An expectation that does not hold: its option, what was expected, what was found, and how to fix it.

    ``symbols`` names what in the file is to blame, where that can be told: one text for each version.
    """

    check: str
    expected: str
    found: str
    fix: str
    symbols: tuple[str, ...] = ()

"""Targets and exec platforms: parsed once where text comes in, then values."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from linkmode.messages import ConfigError, did_you_mean
from linkmode.model.cpus import CPUS

_TRIPLE = re.compile(
    r"(?P<cpu>[a-z0-9_]+)-(?P<os>[a-z]+)-(?P<libc>[a-z0-9]+)(?:\.(?P<version>[0-9]{1,4}\.[0-9]{1,4}))?"
)
_OTHER_SYSTEM = re.compile(r"\b(?:macos|darwin|windows|freebsd|android|wasi|wasm(?:32|64)?)\b")


class Target(str):
    """A target triple, and its parts. It is its own text, in Zig's notation, wherever one is written or compared.

    ``glibc`` is ``(2, 28)`` for ``…-gnu.2.28`` and None for musl.
    """

    __slots__ = ("cpu", "glibc", "libc", "os")

    cpu: str
    os: str
    libc: str
    glibc: tuple[int, int] | None

    def __new__(cls, text: str) -> "Target":
        """Raise ConfigError when ``text`` is no triple."""
        found = _TRIPLE.fullmatch(text)
        if not found:
            if other := _OTHER_SYSTEM.search(text.lower()):
                raise ConfigError(f"{text!r}: linkmode makes Linux binaries, and none for {other[0]}")
            raise ConfigError(
                f"{text!r} is not a target triple; expected one such as x86_64-linux-musl or x86_64-linux-gnu.2.28"
            )
        major, _, minor = (found["version"] or "").partition(".")
        glibc = (int(major), int(minor)) if minor else None
        suffix = f".{glibc[0]}.{glibc[1]}" if glibc else ""
        self = super().__new__(cls, f"{found['cpu']}-{found['os']}-{found['libc']}{suffix}")
        self.cpu, self.os, self.libc, self.glibc = found["cpu"], found["os"], found["libc"], glibc
        return self

    @property
    def is_musl(self) -> bool:
        """Whether the libc is musl, in any ABI variant (``musl``, ``musleabihf``, ``muslx32``)."""
        return self.libc.startswith("musl")

    @property
    def constraint(self) -> str:
        """The name of the libc constraint value: ``musl`` or ``glibc_2.28``."""
        return f"glibc_{self.glibc[0]}.{self.glibc[1]}" if self.glibc else self.libc

    @property
    def gnu(self) -> str:
        """The triple as GNU tools write it, with the CPU's ABI and without glibc's version: ``x86_64-linux-gnu``."""
        cpu = CPUS.get(self.cpu)
        return cpu.gnu(self.libc) if cpu else f"{self.cpu}-{self.os}-{self.libc}"


class ExecPlatform(str):
    """Where compilers run, such as ``x86_64-linux``."""

    __slots__ = ("cpu",)

    cpu: str

    def __new__(cls, text: str) -> "ExecPlatform":
        """Take any text: what it may be is said where it comes in."""
        self = super().__new__(cls, text)
        self.cpu = text.partition("-")[0]
        return self

    @property
    def musl(self) -> Target:
        """The target of this very platform with musl: what runs there and needs nothing of the machine."""
        return Target(f"{self}-musl")


EXEC_PLATFORMS = tuple(ExecPlatform(f"{cpu.name}-linux") for cpu in CPUS.values() if cpu.exec)
"""Every exec platform."""


_CPU_WORDS: dict[str, str] = {}
"""CPUs by names that other tools have for them, the longest first; of two CPUs with one name the first of the table."""
for _cpu in CPUS.values():
    for _word in filter(None, (*_cpu.words, _cpu.go, _cpu.gcc.partition("-")[0])):
        _CPU_WORDS.setdefault(_word, _cpu.name)
_CPU_WORDS = dict(sorted(_CPU_WORDS.items(), key=lambda pair: -len(pair[0])))
_VENDORS = ("unknown", "pc")


def meant(text: str, possible: Callable[[Target], bool]) -> str:
    """Return the ``possible`` target that ``text`` means in the words of another tool, or almost; empty if none.

    Rust writes ``x86_64-unknown-linux-musl``, Go and Docker say ``arm64``, GNU's tools name no version of glibc.
    """
    words = _words(text)
    if re.search(r"\d\.\d", text):  # it names a version of glibc, and means it
        return ""
    cpus = [words[0]] if words[0] in CPUS else list(CPUS)
    candidates = [f"{cpu}-linux-{libc}" for cpu in cpus for libc in ("musl", f"gnu.{CPUS[cpu].usual_glibc}")]
    plain = "-".join(words)
    usual = CPUS[words[0]].usual_glibc if words[0] in CPUS else ""
    return next(
        (
            one
            for one in itertools.chain((plain, f"{plain}.{usual}"), _near(plain, candidates))
            if _TRIPLE.fullmatch(one) and possible(Target(one))
        ),
        "",
    )


def did_you_mean_target(text: str, known: Iterable[str]) -> str:
    """Do as ``did_you_mean`` among targets: a target of another CPU than the one that is named is not meant."""
    words = _words(text)
    of_cpu = [one for one in known if words[0] not in CPUS or one.partition("-")[0] == words[0]]
    return did_you_mean("-".join(words), of_cpu)


def _words(text: str) -> list[str]:
    lowered = text.lower()
    for other, cpu in _CPU_WORDS.items():
        if re.match(rf"{re.escape(other)}(?![a-z0-9_])", lowered):
            lowered = lowered.replace(other, cpu, 1)
            break
    first, *others = lowered.split("-")
    others = [_without_abi(first, word) for word in others if word not in _VENDORS]
    return [first, *([] if "linux" in others else ["linux"]), *others]


def _without_abi(cpu: str, word: str) -> str:
    """Return a libc without the CPU's ABI behind it, which others have in their triples: ``musleabihf``."""
    abi = CPUS[cpu].gnu("{libc}").rpartition("{libc}")[2] if cpu in CPUS else ""
    libc, dot, version = word.partition(".")
    return libc.removesuffix(abi) + dot + version if abi else word


def _near(text: str, known: Iterable[str]) -> Iterator[str]:
    from difflib import get_close_matches  # only for who mistyped

    yield from get_close_matches(text, list(known), n=1, cutoff=0.9)


def read(kind: type[Any], value: object) -> Any:
    """Make a value of this module from what a file holds, as the ``dec_hook`` of msgspec, which says where it was."""
    if kind in (Target, ExecPlatform) and isinstance(value, str):
        try:
            return kind(value)
        except ConfigError as error:
            raise ValueError(error.problem) from error
    raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")

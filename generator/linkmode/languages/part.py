"""An archive with its role for a language."""

from collections.abc import Sequence

import msgspec

from linkmode.model.values import ExecPlatform, Pin, Target


class Part(msgspec.Struct, frozen=True):
    """``role`` is the language's own word (``sdk``, ``std``), which its rules know.

    ``exec`` and ``target`` say for which of them the archive is; an empty one stands for all.
    """

    role: str
    pin: Pin
    exec: str = ""
    target: str = ""


def for_each_exec(role: str, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform]) -> tuple[Part, ...]:
    """Return, for each exec platform, the first of ``pins`` that runs on it; there must be one."""
    return tuple(Part(role, next(pin for pin in pins if pin.exec == each), exec=each) for each in exec_platforms)


def needs_own_cpu(what: str, exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]) -> str:
    """Return why what makes binaries for its own CPU only has no target to make; an empty string where it has one."""
    cpus = [exec_platform.cpu for exec_platform in exec_platforms]
    if any(target.cpu in cpus for target in targets):
        return ""
    return f"{what} for the CPU that it runs on: add a target for {' or '.join(cpus)} to a [[toolchain]]"

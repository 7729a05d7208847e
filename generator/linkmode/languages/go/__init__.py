"""Go: one SDK for each exec platform compiles for every target; the standard library is compiled from its sources."""

from collections.abc import Mapping, Sequence

from packaging.version import Version

from linkmode.languages.part import Part, for_each_exec
from linkmode.model.components import NO_LINES, Layout
from linkmode.model.values import ExecPlatform, Pin, Target

_OLDEST = (1, 24)
"""The oldest line of Go that templates/common/languages/go/builder was seen to work with; 1.22 lacks an option."""


class Go:
    """Which targets are possible depends on cgo's C toolchain, not on the SDK."""

    name = "go"
    also_called = ("golang",)
    marks = ("go.mod",)
    folder = "go"
    # the tools are there, and built
    layouts: Mapping[str, Layout] = {"go": Layout("go_archive.bzl", "go_archive", ("src/cmd", "test"))}
    lines = NO_LINES
    cpu_facts: tuple[str, ...] = ("go", "go_settings")
    suggested_version = "~=1.27.0"
    compiles_for_exec = False

    def line(self, version: str) -> str:
        """Return nothing: the rules know every release alike."""
        del version
        return ""

    def refuses(self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]) -> str:
        """Refuse a version that cannot compile the rules' own program, or has no SDK for one of the exec platforms."""
        del targets  # an SDK holds the sources of all
        if Version(pins[0].version).release < _OLDEST:
            return f"linkmode's rules need Go {'.'.join(map(str, _OLDEST))} or newer"
        for exec_platform in exec_platforms:
            if not any(pin.exec == exec_platform for pin in pins):
                return f"no SDK that runs on {exec_platform}"
        return ""

    def parts(
        self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]
    ) -> tuple[Part, ...]:
        """Return the first SDK of each exec platform."""
        del targets
        return for_each_exec("sdk", pins, exec_platforms)


LANGUAGE = Go()

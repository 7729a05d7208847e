"""GraalVM: native-image makes executables for the CPU that it runs on, and for no other."""

from collections.abc import Mapping, Sequence

from packaging.version import Version

from linkmode.languages.part import Part, for_each_exec, needs_own_cpu
from linkmode.model.components import Layout, Lines, releases
from linkmode.model.values import ExecPlatform, Pin, Target

_OWN_NUMBERS = (20, 21, 22)
"""Up to 22.3 GraalVM counted by itself: 22.3.1 is for JDK 11 and 17. Releases for these JDKs are 20.0.x and so on."""


_OWN_AGAIN = "25.1"
"""The line of GraalVM 25.1 and newer, which count by themselves again, all for JDK 25."""


class GraalVM:
    """Which link modes a target has is decided when the rule is used: the reasons are in the generated library."""

    name = "graalvm"
    also_called = ("java", "native-image")
    marks: tuple[str, ...] = ()
    folder = "graalvm"
    layouts: Mapping[str, Layout] = {
        "graalvm": Layout("graalvm_archive.bzl", "graalvm_archive", has_whole_folders=True)
    }
    lines: Lines = releases(__name__)
    cpu_facts: tuple[str, ...] = ()
    suggested_version = "~=25.3.4"
    compiles_for_exec = False

    def line(self, version: str) -> str:
        """Return the JDK's feature release; 25.1 for GraalVM 25.1 and newer, which count by themselves."""
        release, minor = (*Version(version).release, 0)[:2]
        return _OWN_AGAIN if release == 25 and minor else str(release)

    def refuses(self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]) -> str:
        """Refuse what the rules do not know, an exec platform without an archive, and targets that none can make."""
        release, minor = (*Version(pins[0].version).release, 0)[:2]
        if release in _OWN_NUMBERS and minor:
            return f"GraalVM {pins[0].version} has native-image as a component of its own, which no archive holds"
        if self.line(pins[0].version) not in self.lines:
            *known, last = [line for line in self.lines if line != _OWN_AGAIN]
            return (
                f"linkmode knows the native-image of GraalVM for JDK {', '.join(known)} and {last}, "
                f"not of {pins[0].version}"
            )
        for exec_platform in exec_platforms:
            if not any(pin.exec == exec_platform for pin in pins):
                return f"no GraalVM that runs on {exec_platform}"
        return needs_own_cpu("native-image makes executables", exec_platforms, targets)

    def parts(
        self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]
    ) -> tuple[Part, ...]:
        """Return the first archive of each exec platform; which targets it can make the rules know by the CPU."""
        del targets
        return for_each_exec("jdk", pins, exec_platforms)


LANGUAGE = GraalVM()

"""SBCL: one archive of sources, and for each exec platform an SBCL of another release that builds it."""

from collections.abc import Mapping, Sequence

from linkmode.languages.part import Part, needs_own_cpu
from linkmode.model.components import Layout, Lines, releases
from linkmode.model.values import ExecPlatform, Pin, Target


class SBCL:
    """A compiler loads what it compiles, so that it makes programs for the CPU that it runs on, and for no other.

    Which of the asked targets that excludes the rules say when it is used: private/lisp/sbcl_toolchain.bzl.
    """

    name = "sbcl"
    also_called = ("lisp", "common-lisp")
    marks = ("?*.asd",)
    folder = "lisp"
    layouts: Mapping[str, Layout] = {
        word: Layout("sbcl_archive.bzl", macro)
        for word, macro in (
            ("sbcl", "sbcl_archive"),
            ("sbcl-host", "sbcl_host_archive"),
            ("sbcl-libc", "sbcl_libc_archive"),
        )
    }
    lines: Lines = releases(__name__)
    cpu_facts: tuple[str, ...] = ("sbcl",)
    suggested_version = "~=2.5.2"
    compiles_for_exec = False

    def line(self, version: str) -> str:
        """Return the version: each release has files of its own."""
        return version

    def refuses(self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]) -> str:
        """Refuse releases that the rules do not know, exec platforms without an SBCL, and targets of other CPUs."""
        version = pins[0].version
        if version not in self.lines:
            return f"linkmode builds SBCL {' and '.join(self.lines)} from its sources, not {version}"
        if not _of(pins, "sbcl"):
            return f"no sources of SBCL {version}"
        for exec_platform in exec_platforms:
            if not _of(pins, "sbcl-host", exec_platform):
                return f"no SBCL that runs on {exec_platform}, to build this one"
        return needs_own_cpu("SBCL makes programs", exec_platforms, targets)

    def parts(
        self, pins: Sequence[Pin], exec_platforms: Sequence[ExecPlatform], targets: Sequence[Target]
    ) -> tuple[Part, ...]:
        """Return the sources, then for each exec platform the SBCL that builds them, with its libc if there is one."""
        del targets
        found = [Part("source", _of(pins, "sbcl")[0])]
        for exec_platform in exec_platforms:
            found.append(Part("host", _of(pins, "sbcl-host", exec_platform)[0], exec=exec_platform))
            found += [Part("libc", pin, exec=exec_platform) for pin in _of(pins, "sbcl-libc", exec_platform)[:1]]
        return tuple(found)


LANGUAGE = SBCL()


def _of(pins: Sequence[Pin], layout: str, exec_platform: str | None = None) -> list[Pin]:
    return [pin for pin in pins if pin.layout == layout and pin.exec == exec_platform]

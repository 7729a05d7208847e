"""The examples from the Buck2 tree: downloads, compiles, links, checks and runs, each by what the rules say.

No program is on PATH; Python is named by its path. A real buck2 on the same projects: tests/e2e/run_buck2.py.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from buck2.building import NO_PATH, build
from buck2.project import BuckError, Project
from harness import buck2, checks, readelf
from harness.buck2 import BUCK2_CASES, Buck2Case
from harness.places import WORK
from harness.workspace import linkmode

from buck2 import cell

HOST = "prelude//platforms:default"
pytestmark = [pytest.mark.tier("bazel"), pytest.mark.timeout(3600)]


@dataclass(frozen=True)
class Driven:
    """A case, its project, and where the server of its archives is."""

    name: str
    case: Buck2Case
    project: Project

    def provider(self, label: str, provider: str) -> str:
        return f"{self.project.analyse(label, self.project.platform(HOST))}.at({provider})"

    def output(self, label: str) -> str:
        [path] = self.project.ask(f"[one.artifact_ for one in {self.provider(label, 'DefaultInfo')}.default_outputs]")
        return str(path)

    def verdict(self, label: str) -> dict[str, str]:
        """Return what the validation of a target says."""
        info = self.provider(label, "ValidationInfo")
        [path] = self.project.ask(f"[one.validation_result.artifact_ for one in {info}.validations]")
        [file] = build(self.project, str(path))
        found = json.loads(file.read_bytes())
        assert found["version"] == 1
        data: dict[str, str] = found["data"]
        return data

    def run(self, label: str) -> str:
        """Run a target as `buck2 run` does; return what it prints."""
        expression = f"flat({self.provider(label, 'RunInfo')}.args)"
        words = self.project.ask(f"{expression}.words")
        build(self.project, *self.project.ask(f"{expression}.inputs"))
        done = subprocess.run(words, cwd=self.project.root, env=NO_PATH, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout


# Zig builds its run-time files in actions of each mode, which takes minutes; GCC's archive has them.
_ROWS = [pytest.param(name, marks=pytest.mark.tier("slow" if name == "cpp_zig" else "bazel")) for name in BUCK2_CASES]


@pytest.fixture(scope="module", params=_ROWS)
def driven(request: pytest.FixtureRequest) -> Iterator[Driven]:
    name, case = request.param, BUCK2_CASES[request.param]
    workspace = WORK / "e2e" / "buck2-driver" / name
    workspace.parent.mkdir(parents=True, exist_ok=True)
    mirror = buck2.prepare(workspace, case)
    with buck2.served(mirror) as url:
        config = {("linkmode", "mirror"): url, ("linkmode", "python"): sys.executable}
        yield Driven(name, case, Project(workspace, cell.cells(workspace), config))


@pytest.mark.parametrize("mode", ["static", "mostly_static", "dynamic"])
def test_each_mode_is_what_it_says_and_runs(driven: Driven, mode: str) -> None:
    binary = driven.case.by_mode()[mode]  # type: ignore[index]
    label = f"root{binary.label}"
    [file] = build(driven.project, driven.output(label))
    assert driven.verdict(label) == {"status": "success"}
    limit = ("--max-glibc", ".".join(map(str, binary.glibc))) if binary.glibc else ()
    linkmode(driven.project.root, "audit", "--expect", mode, *limit, str(file))
    checks.readelf_agrees(file, binary)
    if mode == "static" or binary.glibc:
        assert re.fullmatch(driven.case.case.prints, driven.run(label))
    elif driven.case.case.pins:
        # no musl on this machine: by the archive's own loader, with its own libraries
        assert re.fullmatch(driven.case.case.prints, driven.run(f"{label}[run]"))


def test_a_library_of_the_project_is_shared_where_exceptions_can_cross_it(driven: Driven) -> None:
    binary = driven.case.by_mode()["dynamic"]
    [file] = build(driven.project, driven.output(f"root{binary.label}"))
    elf = readelf.read(file)
    shared = {"c_zlib": "libzlib.so", "cpp_gcc": "libtally.so", "cpp_zig": None}[driven.name]
    assert (shared in elf.needed) if shared else not {name for name in elf.needed if name.startswith("libtally")}
    if driven.name == "cpp_gcc":
        assert "libstdc++.so.6" in elf.needed


def test_a_wrong_mode_fails_with_the_words_of_the_audit(driven: Driven) -> None:
    dynamic = driven.case.by_mode()["dynamic"]
    verdict = driven.verdict("root//wrong:not_static")
    assert verdict["status"] == "failure"
    [file] = build(driven.project, driven.output(f"root{dynamic.label}"))
    said = linkmode(driven.project.root, "audit", "--expect", "static", str(file), check=False)
    lines = [line for line in said.stderr.splitlines() if line.startswith(("  expected:", "  found:", "  fix:"))]
    assert len(lines) >= 2
    for line in lines:
        assert line in verdict["message"].splitlines()
    assert "root//wrong:not_static: --expect static does not hold" in verdict["message"]


def test_the_test_of_a_mode_runs_elfcheck(driven: Driven) -> None:
    [binary, *_] = driven.case.by_mode().values()
    assert "mode: static" in driven.run(f"root{driven.case.program}_static_test")
    assert binary.mode == "static"
    with pytest.raises(AssertionError, match="does not hold"):
        driven.run("root//wrong:not_static_test")


def test_the_report_is_a_sub_target(driven: Driven) -> None:
    label = f"root{driven.case.by_mode()['static'].label}[report]"
    [report] = build(driven.project, driven.output(label))
    assert "mode: static\n" in report.read_text()


def test_what_is_not_the_locked_archive_does_not_get_in(driven: Driven) -> None:
    """Another build of the same project, from a mirror whose archive has one byte more."""
    project = driven.project
    packed = next(path for path, action in project.actions.items() if action["kind"] == "download")
    mirror = project.root.with_name(project.root.name + "-mirror")
    path = str(project.actions[packed]["url"]).split("/", 3)[3]
    kept = (mirror / path).read_bytes()
    (mirror / path).write_bytes(kept + b"\n")
    try:
        with buck2.served(mirror) as url:
            config = {("linkmode", "mirror"): url, ("linkmode", "python"): sys.executable}
            again = Project(project.root, cell.cells(project.root), config)
            again.analyse(f"root{driven.case.program}", again.platform(HOST))
            with pytest.raises(BuckError, match="wrong checksum or size"):
                build(again, packed)
    finally:
        (mirror / path).write_bytes(kept)
        (project.root / packed).write_bytes(kept)


def test_no_program_of_the_machine_is_named(driven: Driven) -> None:
    programs = {action["words"][0] for action in driven.project.actions.values() if action["kind"] == "run"}
    assert {program for program in programs if program.startswith("/")} == {sys.executable}
    assert {program.split("/")[0] for program in programs} <= {"", "buck-out"}

"""`BUCK2=/path/to/buck2 make e2e-buck2`: the examples on a real buck2, in every mode, and what else the rules promise.

No registry carries buck2, so that CI cannot run this. Nothing is needed beside buck2: the prelude is the one that it
has inside, archives come from a server on this machine, and no program of the machine is on the daemon's PATH; Python,
which the prelude needs for its own scripts, is named by its path. Every step is tried, also after one that failed.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from harness import bazel, buck2, checks, readelf, shared, table
from harness.buck2 import BUCK2_CASES, Buck2Case
from harness.places import WORK
from harness.workspace import linkmode

_MINUTES = 60

Step = Callable[[str], AbstractContextManager[None]]
"""Says what is tried; what fails in it is noted, and the next one begins."""


class Buck2:
    """A buck2 at work in one workspace, with a daemon of its own."""

    def __init__(self, program: Path, workspace: Path, mirror: str) -> None:
        self._program, self._workspace = program, workspace
        self._config = ("-c", f"linkmode.mirror={mirror}", "-c", f"linkmode.python={sys.executable}")
        kept = {key: value for key, value in os.environ.items() if key in ("HOME", "USER", "TMPDIR", "LANG")}
        self._environment = buck2.no_path(kept)

    def call(self, command: str, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command; raise AssertionError, with what it said, unless it ends as ``ok`` says."""
        configured = self._config if command in ("build", "run", "test", "targets", "uquery", "audit") else ()
        words = [str(self._program), command, *configured, *arguments]
        done = subprocess.run(
            words, cwd=self._workspace, env=self._environment, capture_output=True, text=True, check=False,
            timeout=60 * _MINUTES,
        )  # fmt: skip
        if (done.returncode == 0) != ok:
            shown = " ".join(words[1:])
            raise AssertionError(f"buck2 {shown}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def built(self, *labels: str, flags: tuple[str, ...] = ()) -> dict[str, str]:
        """Build labels such as ``//:app``; return where each output is, from the workspace."""
        done = self.call("build", *flags, *labels, "--show-full-json-output")
        found = json.loads(done.stdout)
        return {
            re.sub(r"^root", "", label): str(Path(path).relative_to(self._workspace)) for label, path in found.items()
        }


def main() -> int:
    """Run what the command line names; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("buck2", type=Path, help="the program")
    parser.add_argument("cases", nargs="*", help=f"of {', '.join(BUCK2_CASES)}; default: all")
    parser.add_argument("--bazel", help="a Bazel, such as 7.7.1: compare the bytes of what it builds")
    chosen = parser.parse_args()
    if unknown := set(chosen.cases) - BUCK2_CASES.keys():
        parser.error(f"no case {', '.join(sorted(unknown))}")
    program = chosen.buck2.absolute()
    if not os.access(program, os.X_OK) or not program.is_file():
        sys.stderr.write(f"{program} is no program; name a buck2: BUCK2=/path/to/buck2 make e2e-buck2\n")
        return 2
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    sys.stdout.write(f"{version}\n")
    builder = bazel.find(chosen.bazel) if chosen.bazel else None
    failures = [
        failure for name in chosen.cases or BUCK2_CASES for failure in _run(program, name, BUCK2_CASES[name], builder)
    ]
    for failure in failures:
        sys.stderr.write(f"\nFAILED {failure}\n")
    sys.stdout.write(f"\n{len(failures)} failed\n")
    return 1 if failures else 0


def _run(program: Path, name: str, case: Buck2Case, builder: bazel.Bazel | None) -> list[str]:
    """Build and try one case; return what failed."""
    workspace = WORK / "e2e" / "buck2" / name
    workspace.parent.mkdir(parents=True, exist_ok=True)
    failures: list[str] = []

    @contextmanager
    def step(what: str) -> Iterator[None]:
        sys.stdout.write(f"{name}: {what}\n")
        sys.stdout.flush()
        try:
            yield
        except (AssertionError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            failures.append(f"{name}: {what}\n{error}")

    try:
        mirror = buck2.prepare(workspace, case)
    except (AssertionError, OSError, shared.MissingToolchainsError) as error:
        return [f"{name}: the workspace\n{error}"]
    with buck2.served(mirror) as url:
        tool = Buck2(program, workspace, url)
        try:
            _steps(tool, workspace, case, step)
            if builder:
                with step("static, optimised: the bytes are Bazel's"):
                    [path] = tool.built(case.by_mode()["static"].label, flags=("-m", "opt")).values()
                    assert (workspace / path).read_bytes() == buck2.by_bazel(case, builder)
        finally:
            tool.call("kill")
    return failures


def _steps(tool: Buck2, workspace: Path, case: Buck2Case, step: Step) -> None:
    by_mode = case.by_mode()
    rows = []
    built: dict[str, str] = {}
    with step("all three modes in one build"):
        built = tool.built(*(binary.label for binary in by_mode.values()))
    for mode, binary in by_mode.items():
        with step(f"{mode} is what it says, and runs"):
            path = built[binary.label]
            limit = ("--max-glibc", ".".join(map(str, binary.glibc))) if binary.glibc else ()
            report = linkmode(workspace, "audit", "--json", "--expect", mode, *limit, path).stdout
            checks.readelf_agrees(workspace / path, binary)
            rows.append(table.row(binary.label, mode, json.loads(report)["files"][0]))
            has_loader = binary.glibc is None and mode != "static" and case.case.pins
            if has_loader or mode == "static" or binary.glibc:
                label = f"{binary.label}[run]" if has_loader else binary.label
                printed = tool.call("run", label).stdout
                assert re.fullmatch(case.case.prints, printed), printed
    sys.stdout.write(f"\n{table.text(rows)}\n\n")
    if case.shared:
        with step("an exception crosses a shared library of the project"):
            dynamic = by_mode["dynamic"].label
            assert case.shared <= readelf.read(workspace / built[dynamic]).needed
            assert re.fullmatch(case.case.prints, tool.call("run", f"{dynamic}[run]").stdout)
    with step("all of linkmode's cell can be built"):
        tool.call("build", "linkmode//...")
    with step("what is in the cell can be asked for"):
        assert "linkmode//toolchains:cxx" in tool.call("uquery", f"deps({by_mode['static'].label})").stdout
    with step("the daemon sees what generate changed"):
        _regenerates(tool, workspace)
    with step("a second build does nothing, also without the server"):
        assert tool.built(*built) == built
    with step("the group, a sub-target and a report"):
        group = f"{case.program}_as"
        tool.call("build", group, f"{group}[static]", f"{by_mode['static'].label}[report]")
    with step("the tests of the modes"):
        tool.call("test", *(f"{case.program}_{mode}_test" for mode in by_mode))
    with step("a platform is a whole mode"):
        platform = f"linkmode//platforms:{by_mode['static'].target}"
        [path] = tool.built(case.program, flags=("--target-platforms", platform)).values()
        linkmode(workspace, "audit", "--expect", "static", path)
    for mode in by_mode:
        with step(f"the modifier {mode}"):
            [path] = tool.built(case.program, flags=("-m", mode)).values()
            linkmode(workspace, "audit", "--expect", mode, path)
    with step("a wrong mode fails, with the words of the audit"):
        words = linkmode(workspace, "audit", "--expect", "static", built[by_mode["dynamic"].label], check=False)
        said = tool.call("build", "//wrong:not_static", ok=False).stderr
        for line in words.stderr.splitlines():
            if line.startswith(("  expected:", "  found:", "  fix:")):
                assert line.strip() in said, f"no {line.strip()!r} in\n{said}"
    with step("a wrong mode fails what depends on it, and its test"):
        tool.call("build", "//wrong:through", ok=False)
        tool.call("test", "//wrong:not_static_test", ok=False)
    with step("what cannot be kept is refused"):
        assert "position-independent anyway" in tool.call("build", "//wrong:pie", ok=False).stderr
        assert "is no target of linkmode.toml" in tool.call("build", "//wrong:elsewhere", ok=False).stderr


def _regenerates(tool: Buck2, workspace: Path) -> None:
    """Edit a generated file, and let linkmode write it again, while the daemon runs."""
    file = workspace / "third_party" / "linkmode" / "buck2" / "platforms" / "BUCK"
    with file.open("a", encoding="utf-8") as stream:
        stream.write('\nexport_file(name = "edited", src = "BUCK")\n')
    assert "linkmode//platforms:edited" in tool.call("targets", "linkmode//platforms:").stdout
    linkmode(workspace, "generate")
    assert "linkmode//platforms:edited" not in tool.call("targets", "linkmode//platforms:").stdout


if __name__ == "__main__":
    sys.exit(main())

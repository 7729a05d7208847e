"""The tutorial, followed to the letter: its files, its commands, and the failure that it promises."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import tiers
from harness import bazel
from harness.places import ROOT, STORE, WORK
from harness.shared import SHARED
from harness.workspace import linkmode

TUTORIAL = (ROOT / "docs/tutorial/first-binary.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TUTORIAL, re.MULTILINE | re.DOTALL)


def _indented(first: str) -> str:
    """The indented block that begins with ``first``."""
    found = re.search(rf"^    {re.escape(first)}.*\n(?:    .+\n)*", TUTORIAL, re.MULTILINE)
    assert found, first
    return re.sub("^    ", "", found[0], flags=re.MULTILINE)


def _write(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    build, module, _ = _blocks("starlark")
    (folder / "crc.c").write_text(_blocks("c")[0])
    (folder / "BUILD.bazel").write_text(build)
    (folder / "MODULE.bazel").write_text(module)
    (folder / "WORKSPACE").write_text((ROOT / "WORKSPACE.example").read_text())
    (folder / ".bazelrc").write_text(_indented("import %workspace%"))
    (folder / ".bazelignore").write_text(_indented("third_party/linkmode"))


# where there is no GCC, this is the example that `make test` builds: `make demo` has built what takes long of it
FIRST = tiers.BAZEL if SHARED.is_dir() else tiers.EXAMPLE


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.tier(FIRST if name == "4.2.3" else "slow")) for name in bazel.KNOWN]
)
def test_the_tutorial_holds(name: str) -> None:
    try:
        builder = bazel.find(name)
    except bazel.NoBazelError as error:
        pytest.skip(str(error))
    folder = WORK / "e2e" / name.replace("/", "_") / "tutorial"
    _write(folder)
    linkmode(folder, "init")
    linkmode(folder, "lock", "--source", "pypi")
    linkmode(folder, "fetch", f"--store={STORE}")
    linkmode(folder, "generate")
    try:
        builder.run(folder, "build", "//:crc_as")
        said = linkmode(folder, "audit", "bazel-bin/crc_as_static").stdout
        assert "\nmode: static\n" in said
        assert "no interpreter" in said.lower()
        ran = subprocess.run(
            ["bazel-bin/crc_as_static", "hello"], cwd=folder, capture_output=True, text=True, check=True
        )
        assert ran.stdout == "3610a686\n"  # crc32 of "hello", as Python's zlib has it
        for mode in ("static", "mostly_static", "dynamic"):
            linkmode(folder, "audit", "--expect", mode, "--max-glibc", "2.28", f"bazel-bin/crc_as_{mode}")

        build = (folder / "BUILD.bazel").read_text().replace('"link_modes")', '"link_mode_binary", "link_modes")')
        (folder / "BUILD.bazel").write_text(build + _blocks("starlark")[2])
        wrong = builder.run(folder, "build", "//:wrong", check=False)
        assert wrong.returncode == 1, wrong.stderr
        assert "--expect static does not hold" in wrong.stderr
    finally:
        builder.leave(folder)

"""Every command block of the tutorial, the how-tos and README is run, or says why not."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from scenarios import ELSEWHERE, SCENARIOS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in [ROOT / "README.md", *ROOT.glob("docs/tutorial/*.md"), *ROOT.glob("docs/how-to/*.md")]
)

_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<mark>not run|fails): (?P<said>[^\n]+?) -->\n+)?^(?P<indent> *)```(?P<language>\w*)\n"
    r"(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_SHELLS = ("sh", "shell", "bash", "console", "shell-session")


class Block(NamedTuple):
    """A block of commands: its text, and what the comment above it says."""

    body: str
    language: str
    not_run: str
    fails: int


def blocks(text: str) -> list[Block]:
    """Return the command blocks of a page, in order."""
    return [
        Block(
            re.sub(f"^{match['indent']}", "", match["body"], flags=re.MULTILINE),
            match["language"],
            match["said"] if match["mark"] == "not run" else "",
            int(match["said"]) if match["mark"] == "fails" else 0,
        )
        for match in _BLOCK.finditer(text)
        if match["language"] in _SHELLS
    ]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def to_run(name: str) -> list[Block]:
    return [block for block in blocks(page(name)) if not block.not_run]


def test_blocks_and_their_marks_are_found() -> None:
    text = "<!-- not run: no Bazel -->\n```sh\na\n```\n\n```c\nb\n```\n\n1. x\n   ```sh\n   c\n   ```\n"
    first, second = blocks(text)
    assert first == Block("a\n", "sh", "no Bazel", 0)
    assert second == Block("c\n", "sh", "", 0)
    assert blocks("<!-- fails: 3 -->\n```sh\nd\n```\n")[0].fails == 3


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_run_or_says_why_not(name: str) -> None:
    assert not to_run(name) or name in SCENARIOS or name in ELSEWHERE, f"no scenario runs the blocks of {name}"
    for block in blocks(page(name)):
        assert block.language == "sh", f"{name}: write ```sh for commands: {block.body}"
        for test in _tests(block):
            assert (ROOT / test).is_file(), f"{name} names {test}, which is not there"


def test_what_stands_for_a_block_of_exec_runs_the_same_tool() -> None:
    name = "docs/how-to/use-without-bazel.md"
    pairs = [
        (tool, test)
        for block in blocks(page(name))
        for test in _tests(block)
        for tool in re.findall(r"^linkmode exec .*?-- ([\w-]+)", block.body, re.MULTILINE)
        if tool != "sh"
    ]
    assert {tool for tool, _ in pairs} >= {
        "make",
        "cmake",
        "meson",
        "ninja",
        "go",
        "cargo",
        "pip",
        "npm",
        "native-image",
    }
    wrong = [f"{tool}: {test}" for tool, test in pairs if not re.search(rf"\b{tool}\b", page(test))]
    assert not wrong, f"{name} names tests that run no such tool"


def _tests(block: Block) -> list[str]:
    return re.findall(r"tests/[\w/]+\.(?:py|toml)", block.not_run)


@pytest.mark.parametrize("name", PAGES)
def test_no_command_hides_in_another_kind_of_block(name: str) -> None:
    for match in _BLOCK.finditer(page(name)):
        if match["language"] not in _SHELLS:
            assert not re.search(r"^\s*(linkmode|bazel) \w", match["body"], re.MULTILINE), match["body"]
    assert not re.search(r"^\n    (linkmode|bazel|make) ", page(name), re.MULTILINE), f"{name}: an indented command"


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_the_blocks_of_a_page_work(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name](tmp_path)
    assert to_run(name)
    for block in to_run(name):
        body = block.body
        for old, new in scenario.replaced:
            body = body.replace(old, new)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body],
            cwd=scenario.folder,
            env=scenario.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == block.fails, f"{name}:\n{body}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_the_test_of_a_page_reads_it(name: str) -> None:
    assert name in (ROOT / ELSEWHERE[name]).read_text(encoding="utf-8")

"""What is added to linkmode.toml changes nothing else of it."""

import difflib
import tomllib

import pytest

from linkmode.config import edit

TOOLCHAIN = '[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.2"\ntargets = [\n  "x86_64-linux-musl",  # ours\n]\n'


def added(before: str, after: str) -> list[str]:
    """Return the lines that are new; every other line must be as it was, in its place."""
    lines = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    assert not [line for line in lines if line.startswith("- ")]
    return [line[2:] for line in lines if line.startswith("+ ")]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (TOOLCHAIN, ["\n", "[language]\n", 'go = "~=1.27.0"\n']),
        (TOOLCHAIN + '\n[language]\nrust = "1"\n\n# of the next\n[mirrors]\n', ['go = "~=1.27.0"\n']),
        (TOOLCHAIN + "\n[language] # ours\n", ['go = "~=1.27.0"\n']),
        ("[language]\n# kept\n" + TOOLCHAIN, ['go = "~=1.27.0"\n']),
    ],
)
def test_an_entry(before: str, expected: list[str]) -> None:
    after = edit.with_entry(before, "language", "go", "~=1.27.0")
    assert added(before, after) == expected
    assert tomllib.loads(after)["language"]["go"] == "~=1.27.0"


def test_a_proposal_becomes_the_line() -> None:
    before = TOOLCHAIN + '\n# Languages.\n# [language]\n# go = "~=1.20"  # go.mod\n# rust = "1"\n\n# [mirrors]\n'
    after = edit.with_entry(before, "language", "go", "~=1.27.0")
    assert after == before.replace("# [language]", "[language]").replace('# go = "~=1.20"  # go.mod', 'go = "~=1.27.0"')
    again = edit.with_entry(after, "language", "rust", "~=1.98.0")
    assert tomllib.loads(again)["language"] == {"go": "~=1.27.0", "rust": "~=1.98.0"}
    assert "# rust" not in again


def test_a_toolchain_stands_behind_the_last() -> None:
    before = TOOLCHAIN + '# of the library\n[library]\nzlib = "1.3.1"\n'
    after = edit.with_toolchain(before, "musl.cc", "~=11.2.1", ["aarch64-linux-musl"])
    assert len(added(before, after)) == 5
    assert after.index("musl.cc") < after.index("# of the library")
    assert [one["family"] for one in tomllib.loads(after)["toolchain"]] == ["zig", "musl.cc"]


def test_line_endings_stay() -> None:
    before = (TOOLCHAIN + "[language]\n").replace("\n", "\r\n")
    for after in (edit.with_entry(before, "language", "go", "1"), edit.with_toolchain(before, "zig", "1", ["a"])):
        assert after.count("\n") == after.count("\r\n")


def test_a_header_in_a_string_is_none() -> None:
    before = 'output = """\n[language]\n"""\n' + TOOLCHAIN
    after = edit.with_entry(before, "language", "go", "1")
    assert tomllib.loads(after)["language"] == {"go": "1"}

"""The checker of prose: the repository keeps its own rules, and a bad sentence is found."""

import codecs
import subprocess
import sys
from pathlib import Path

import prose
import pytest

ROOT = Path(__file__).resolve().parents[2]
RULES = prose.load()
LONG = "This sentence has a great number of words in it " + "and goes on and on " * 8 + "to its end."


def said(text: str) -> list[str]:
    return [problem.text for problem in prose.problems(text, RULES)]


@pytest.mark.parametrize("path", prose.files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_repository_keeps_the_rules(path: Path) -> None:
    assert prose.problems(path.read_text(encoding="utf-8"), RULES) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "That the rounds come minutes apart is all.",
        "The audit says what it was made of and by.",
        "The counter is set to nought.",
        "It names whose turn it is, redirects, and clocks.",
        "These are clocks that no server can keep from running out.",
        "It is compiled by whatever builds on it.",
        "That is not for args to say.",
        "The lock must answer to its inputs.",
        "Then let the file say what it is.",
        "It goes into the place of another, in its place.",
        "Put it into a directory.",
        "It has a known weakness.",
        "A `dynamic` or mostly-static program.",
        "It takes\n  whatever comes.",
        "There is something to mend.",
        "The signature could not be had.",
        "Its form is for others to say.",
        "Run it again, and that is all.",
        "It resolves the file anew.",
        "It calls a name, which glibc has and musl has not.",
        "It needs modules of the very glibc inside.",
        "Delete it if it is yours to delete.",
        "You must get the right to write there.",
        "It redirects to what is no URL.",
        "Nothing of them was run here.",
        "A remote service is told its properties.",
        "Whether it is called cannot be told.",
        "An option of the command line goes before it.",
        "The test holds it to the tag.",
        "The program has 2.0 MB.",
        "It is linked as the platform has it.",
        "The target stands above the wrapper.",
        "Use our rules, when you have none.",
    ],
)
def test_a_forbidden_phrase_is_found(sentence: str) -> None:
    assert said(f"# Heading\n\nA good one. {sentence}\n"), sentence


@pytest.mark.parametrize("sentence", ["Run `linkmode lock`.", "The central directory of a zip archive.", "`whatever`"])
def test_good_sentences_pass(sentence: str) -> None:
    assert said(sentence) == []


@pytest.mark.parametrize(
    "text",
    [
        "```\nwhatever\n```\n",
        "    ```sh\n    whatever\n    ```\n",
        "A list:\n\n    whatever\n",
        "<!-- whatever -->\n",
        "[here](whatever.md)\n",
        "<https://example.com/whatever>\n",
        "`a ``whatever`\n",
    ],
)
def test_what_is_not_prose_is_not_judged(text: str) -> None:
    assert said(text) == []


def test_the_sources_keep_the_words() -> None:
    assert len(prose.sources()) > 300
    for path in prose.sources():
        assert prose.phrases(path.read_text(encoding="utf-8"), RULES) == [], path


def test_a_phrase_in_a_source_is_found_and_a_term_of_prose_is_not() -> None:
    assert [one.line for one in prose.phrases("x = 1\n# set to nought\n", RULES)] == [2]
    assert prose.phrases("directory = weakness", RULES) == []


def test_code_in_a_list_has_the_spaces_that_the_site_needs() -> None:
    block = "```sh\nmake\n```\n"
    for indent, count in ((0, 0), (2, 1), (3, 1), (4, 0)):
        text = "1. One\n\n" + "".join(f"{' ' * indent}{line}\n" for line in block.splitlines())
        assert len([one for one in said(text) if "four spaces" in one]) == count, indent


def test_a_line_is_named() -> None:
    found = prose.problems("# A\n\n```\nx\n```\n\nSome text.\nAnd whatever.\n", RULES)
    assert [problem.line for problem in found] == [8]


def test_long_sentences_are_found() -> None:
    assert "a sentence of 53 words" in " ".join(said(LONG + " Short. Short. Short. Short."))
    assert any("on average" in text for text in said("word " * 25 + "end."))
    assert said(" ".join(["Word " * 19 + "end."] * 3)) == []


def test_sentences_end_where_they_end() -> None:
    text = "One, e.g. this. `Two` starts with code. Version 2.28 and musl.cc do not end it.\n\n- An item\n- Another\n"
    found = [sentence for _, sentence in prose.sentences(prose.prose(text))]
    assert len(found) == 5
    assert [line for line, _ in prose.sentences("a b\nc d.\n\n| x | y |\n\n# Head\n\ne f")] == [1, 8]


def test_the_command_fails_on_a_bad_file(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.md", tmp_path / "good.md"
    bad.write_text("It is set to nought.\n")
    good.write_text("It is zero.\n")
    done = [
        subprocess.run([sys.executable, ROOT / "docs/site/prose.py", path], capture_output=True, text=True, check=False)
        for path in (bad, good)
    ]
    assert [one.returncode for one in done] == [1, 0]
    assert "bad.md:1: 'set to nought': say zero" in done[0].stdout


def test_misspelled_words_are_found(tmp_path: Path) -> None:
    bad = tmp_path / "bad.md"
    bad.write_text(codecs.decode("Gurer vf n frcnengr jbeq, naq n frcrengr bar.\n", "rot13"))
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib", bad], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0, done.stdout + done.stderr

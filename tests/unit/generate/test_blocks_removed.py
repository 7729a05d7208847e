"""What a block adds to a file of the user's, its removal takes away: each byte."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkmode.generate.blocks import BEGIN, END, Block, edited, removed
from linkmode.messages import ConfigError

END_BLOCK = Block(file=".bazelrc", lines=("x", "", "y"), by_hand=r"never\b")
MODULE_BLOCK = Block(file="MODULE.bazel", lines=("x",), by_hand=r"never\b", after="module")

PIECES = ("a", " ", "\n", "\r\n", "\n\n", "\r", "\x0c", "\u2028", "module(", ")", '"""', "# c", "\t", "e\u0301")


@pytest.mark.parametrize("block", [END_BLOCK, MODULE_BLOCK], ids=["end", "module"])
@given(text=st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
@example(text="")
@example(text="module(\n)\nb\n")
@example(text="module(\n)\n\nb\n")
@example(text='module(name = "x")')
@example(text="a\x0cb\nmodule()\nb")
@example(text="x\r")
@example(text="\r\u2028")
@example(text="# a\u2028b\n\nmodule()\n")
def test_removal_gives_back_each_byte(block: Block, text: str) -> None:
    made = edited(text, block)
    assert made != text
    assert removed(made, block.file) == text
    assert edited(made, block) == made, "a fixpoint"


def test_a_file_that_was_made_is_removed_with_its_block() -> None:
    made = edited(None, END_BLOCK)
    assert made.splitlines()[0] == BEGIN.replace("this block", "this block and made this file")
    assert removed(made, ".bazelrc") is None
    assert removed(f"{made}build --mine\n", ".bazelrc") == "build --mine\n"
    assert removed(edited("", END_BLOCK), ".bazelrc") == "", "an empty file that was there stays"


def test_what_the_user_wrote_beside_a_block_stays() -> None:
    made = edited("a\n", END_BLOCK)
    assert removed(made.replace("a\n\n", "a\nb\n") + "c\n", ".bazelrc") == "a\nb\nc\n"
    assert removed(f"a\n\n{BEGIN}\nx\n{END}\n\nb\n", ".bazelrc") == "a\n\n\nb\n", "no word of empty lines, none removed"
    assert removed("a\n", ".bazelrc") == "a\n"
    with pytest.raises(ConfigError, match=r"\.bazelrc: the marks of linkmode's block do not match"):
        removed(f"{BEGIN}\n", ".bazelrc")

"""Marked blocks in the user's files: linkmode writes between two comments, and touches nothing else. Pure."""

import io
import re
import tokenize

import msgspec

from linkmode.messages import ConfigError, Message, Run

BEGIN = "# linkmode: begin (linkmode generate writes this block; change nothing in it)"
END = "# linkmode: end"
_MARK = "# linkmode: begin"


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """What a file must say. ``file`` is a path relative to the repository, ``lines`` stand between the marks.

    ``by_hand`` is a regular expression of a line, outside a block, by which the user says it already. ``after`` names
    the call of a Starlark file that the block follows; without one the block goes to the end.
    """

    file: str
    lines: tuple[str, ...]
    by_hand: str
    after: str = ""


def edited(text: str, block: Block) -> str:
    """Return ``text`` with the block brought up to date or added, or as it is where the user says the same by hand.

    Line endings stay as they are. Raises ConfigError where a block has a beginning and no end, or the other way round.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    begins = [index for index, line in enumerate(lines) if line.startswith(_MARK)]
    ends = [index for index, line in enumerate(lines) if line.rstrip() == END]
    if len(begins) != len(ends) or len(begins) > 1 or (begins and begins[0] > ends[0]):
        raise ConfigError(
            f"{block.file}: the marks of linkmode's block do not match: {len(begins)} times {_MARK!r}, "
            f"{len(ends)} times {END!r}; expected one of each, in this order",
            hint=Message(f"delete the block and its marks from {block.file}, then run: ", Run("generate")),
        )
    new = [line + newline for line in (BEGIN, *block.lines, END)]
    if begins:
        return "".join([*lines[: begins[0]], *new, *lines[ends[0] + 1 :]])
    if _said(lines, block):
        return text
    at = _after(text, block.after) if block.after else len(lines)
    before = lines[:at]
    if before and not before[-1].endswith("\n"):
        before[-1] += newline
    gap_before = [newline] if before and before[-1].strip() else []
    gap_after = [newline] if at < len(lines) and lines[at].strip() else []
    return "".join([*before, *gap_before, *new, *gap_after, *lines[at:]])


def _said(lines: list[str], block: Block) -> bool:
    return any(re.search(block.by_hand, line.partition("#")[0].strip()) for line in lines)


def _after(text: str, call: str) -> int:
    """Return how many lines there are to the end of the first top-level ``call(…)``, or of the head without one.

    The head is the docstring, or the comments before the first empty line. Starlark's tokens are Python's.
    """
    head, depth, inside = _head(text), 0, False
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if depth == 0 and token.start[1] == 0 and token.string == call:
                inside = True
            if token.type == tokenize.OP and token.string in "([{":
                depth += 1
            elif token.type == tokenize.OP and token.string in ")]}":
                depth -= 1
                if inside and depth == 0:
                    return token.end[0]
            elif token.type == tokenize.STRING and token.start == (1, 0):
                head = token.end[0]
    except (tokenize.TokenError, SyntaxError):
        return head  # Bazel says what is wrong with the file
    return head


def _head(text: str) -> int:
    lines = text.splitlines()
    comments = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return comments if comments == len(lines) or not lines[comments].strip() else 0

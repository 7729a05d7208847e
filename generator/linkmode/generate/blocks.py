"""Marked blocks in the user's files: linkmode writes between two comments, and touches nothing else. Pure."""

import io
import re
import tokenize

import msgspec

from linkmode.messages import ConfigError, Message, Run

BEGIN = "# linkmode: begin (linkmode generate writes this block; change nothing in it)"
END = "# linkmode: end"
_MARK = "# linkmode: begin"
_AROUND = {
    (False, False): "",
    (True, False): " and the empty line above it",
    (False, True): " and the empty line below it",
    (True, True): " and the empty lines above and below it",
}
"""What else the first mark says was added: empty lines (above, below)."""
_MADE = " and made this file"


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """What a file must say. ``file`` is a path relative to the repository, ``lines`` stand between the marks.

    ``by_hand`` is a regular expression of a line, outside a block, by which the user says it already. ``after`` names
    the call of a Starlark file that the block follows; without one the block goes to the end. ``has_comments`` is false
    for a file in which a ``#`` behind a text is a part of it, and a space too.
    """

    file: str
    lines: tuple[str, ...]
    by_hand: str
    after: str = ""
    has_comments: bool = True


def edited(text: str | None, block: Block) -> str:
    """Return ``text`` with the block brought up to date or added, or as it is where the user says the same by hand.

    ``text`` is None for a file that is not there. Line endings stay as they are, and so does a file without one at its
    end. The first mark says what else was added, so that `removed` gives back each byte.
    Raises ConfigError where a block has a beginning and no end, or the other way round.
    """
    lines = _lines(text or "")
    place = _place(lines, block.file)
    newline = _end(lines[place[0]]) if place else "\r\n" if "\r\n" in (text or "") else "\n"
    new = [line + newline for line in (*block.lines, END)]
    if place:
        return "".join([*lines[: place[0] + 1], *new[:-1], *lines[place[1] :]])
    if _said(lines, block):
        return text or ""
    at = _after(text or "", block.after)[0] if block.after else len(lines)
    before = lines[:at]
    if before and not before[-1].endswith("\n"):
        before[-1] += newline
        new[-1] = END
    gaps = bool(before and before[-1].strip()), bool(at < len(lines) and lines[at].strip())
    mark = _mark(_MADE if text is None else _AROUND[gaps]) + newline
    return "".join([*before, newline * gaps[0], mark, *new, newline * gaps[1], *lines[at:]])


def broken(text: str, call: str) -> str:
    """Return why nobody can say where the ``call(…)`` in ``text`` ends; empty where it is not called, or is whole."""
    return _after(text, call)[1] if re.search(rf"^{call}\s*\(", text, re.MULTILINE) else ""


def held(text: str, file: str) -> tuple[str, ...]:
    """Return the lines between the marks; none without a block. Raises ConfigError as `edited` does."""
    lines = _lines(text)
    place = _place(lines, file)
    return tuple(line.rstrip() for line in lines[place[0] + 1 : place[1]]) if place else ()


def removed(text: str, file: str) -> str | None:
    """Return ``text`` as it was before `edited` added a block; None for a file that linkmode made for it.

    Raises ConfigError as `edited` does.
    """
    lines = _lines(text)
    place = _place(lines, file, "--remove")
    if not place:
        return text
    first, last = place
    mark, before, after = lines[first], lines[:first], lines[last + 1 :]
    above, below = next((gaps for gaps, words in _AROUND.items() if mark.rstrip() == _mark(words)), (False, False))
    if above and before and not before[-1].strip():
        before.pop()
    if below and after and not after[0].strip():
        del after[0]
    rest = "".join([*before, *after])
    if mark.rstrip() == _mark(_MADE) and not rest.strip():
        return None
    return rest if lines[last].endswith("\n") else rest.removesuffix(_end(mark))


def _lines(text: str) -> list[str]:
    """Return the lines with their ends, split as `tokenize` and Bazel do: a form feed ends none."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _end(line: str) -> str:
    return line.removeprefix(line.rstrip())


def _mark(around: str) -> str:
    return BEGIN.replace("this block", f"this block{around}")


def _place(lines: list[str], file: str, option: str = "") -> tuple[int, int] | None:
    """Return the indices of the marks; None without any. Raises ConfigError where they do not fit.

    ``option`` is what generate was given.
    """
    begins = [index for index, line in enumerate(lines) if line.startswith(_MARK)]
    ends = [index for index, line in enumerate(lines) if line.rstrip() == END]
    if len(begins) != len(ends) or len(begins) > 1 or (begins and begins[0] > ends[0]):
        raise ConfigError(
            f"{file}: the marks of linkmode's block do not match: {len(begins)} times {_MARK!r}, "
            f"{len(ends)} times {END!r}; expected one of each, in this order",
            hint=Message(f"delete the block and its marks from {file}, then run: ", Run("generate", option)),
        )
    return (begins[0], ends[0]) if begins else None


def _said(lines: list[str], block: Block) -> bool:
    said = [line.partition("#")[0].strip() if block.has_comments else line.rstrip("\r\n") for line in lines]
    return any(re.search(block.by_hand, line) for line in said)


def _after(text: str, call: str) -> tuple[int, str]:
    """Return how many lines there are to the end of the first top-level ``call(…)``, or of the head without one.

    With them comes why the rest cannot be read; empty where the end was found. The head is the docstring, or the
    comments before the first empty line. Starlark's tokens are Python's.
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
                    return token.end[0], ""
            elif token.type == tokenize.STRING and token.start == (1, 0):
                head = token.end[0]
    except tokenize.TokenError:
        return head, "a bracket or a string has no end"
    except SyntaxError as error:
        return head, f"line {error.lineno}: {error.msg}"
    except UnicodeDecodeError:  # from Python 3.12 on, of a CR alone
        pass
    return head, ""


def _head(text: str) -> int:
    lines = _lines(text)
    comments = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return comments if comments == len(lines) or not lines[comments].strip() else 0

"""Names of files: how a report shows them, and what a name promises."""

import os
import re

_LIBRARY = re.compile(r"\.so(?:\.\d+)*$")
_ITS_OWN = ("a separate debug file", "a linker script", "a core dump")


def displayed(path: str) -> str:
    """Return a path as a report shows it: UTF-8 text in one line, other bytes and control characters escaped.

    A backslash is escaped as well, so that no two paths look the same.
    """
    text = os.fsencode(path).replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    if text.isprintable():  # as nearly every path is
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def misnamed(path: str, problem: str) -> str | None:
    """Return what is wrong with a file that is a library by its name and, by ``problem``, none; None when nothing is.

    Debug information, and the scripts that linkers read for a library, rightly have such names.
    """
    if not _LIBRARY.search(path) or problem.startswith(_ITS_OWN):
        return None
    return f"a library by its name, and is {'' if problem.startswith(('a ', 'an ')) else 'no ELF file: '}{problem}"

"""What a page of the documentation tells a reader to write and to run."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from harness.places import ROOT

_COMMANDS = re.compile(r"(<!-- (?:not run|fails): [^\n]*-->\n)?^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """A page by its path in the repository."""

    path: str

    def blocks(self, language: str) -> list[str]:
        """Return the code blocks of a language, in order."""
        text = (ROOT / self.path).read_text(encoding="utf-8")
        return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)

    def commands(self) -> Iterator[tuple[list[str], bool]]:
        """Yield the words of each command that is not marked `not run`, and whether it must fail."""
        for mark, block in _COMMANDS.findall((ROOT / self.path).read_text(encoding="utf-8")):
            if "not run" not in mark:
                yield from ((shlex.split(line), "fails" in mark) for line in block.splitlines())

"""A request of `linkmode vendor` whose programs are made up."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from linkmode.messages import Run
from linkmode.model.target import Target
from linkmode.model.vendored import Request, Rule, Vendored

Answers = Callable[[Sequence[str], Mapping[str, str]], str]


def request(folder: Path, answer: Answers | None = None, **more: Any) -> Request:
    """Return a request for code in ``folder``; ``answer`` is asked what a command prints."""

    def run(argv: Sequence[str], _: Path, environment: Mapping[str, str]) -> str:
        assert answer, argv
        return answer(argv, environment)

    given = {
        "folder": folder,
        "sources": folder / "vendor",
        "targets": (Target("x86_64-linux-musl"), Target("x86_64-linux-gnu.2.28")),
        "libraries": {"z": "@linkmode//lib:zlib"},
        "command": Run("vendor", "it"),
        "run": run,
        "digests": lambda _: {},
        "contents": lambda *_: {},
    }
    return Request(**given | more)


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, by their paths below ``folder``."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def rule(found: Vendored, name: str) -> Rule:
    """Return the target of a name."""
    [one] = (one for one in found.rules if one.name == name)
    return one

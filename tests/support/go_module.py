"""A vendored Go module of two packages, as `linkmode vendor go` finds it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import vendoring

from linkmode.languages.go import vendor as go
from linkmode.model.module_digest import h1
from linkmode.model.vendored import Vendored

MODULE = {"Path": "example.com/one", "Version": "v1.2.3", "GoVersion": "1.20"}
FILES = {"example.com/one/one.go": "package one\n", "example.com/one/in/in.go": "package in\n"}


def digests(files: Mapping[str, str] = FILES) -> dict[str, str]:
    """Return what the module's archive has."""
    return {
        f"example.com/one@v1.2.3/{name.removeprefix('example.com/one/')}": hashlib.sha256(text.encode()).hexdigest()
        for name, text in files.items()
    }


class Project:
    """A vendored module of two packages, of which one may have more."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.folder = folder
        self.unlisted: dict[str, set[str]] = {}
        self.packages: list[dict[str, Any]] = [
            {"ImportPath": "fmt", "Standard": True},
            {
                "ImportPath": "example.com/one",
                "Module": MODULE,
                "Imports": ["fmt", "example.com/one/in"],
                "GoFiles": ["one.go"],
                **more,
            },
            {"ImportPath": "example.com/one/in", "Module": MODULE, "GoFiles": ["in.go"]},
        ]
        self.sum = h1(digests())
        self.asked: list[Mapping[str, str]] = []
        self.commands: list[Sequence[str]] = []
        vendoring.write(folder / "vendor", {"modules.txt": "# example.com/one v1.2.3\nexample.com/one\n", **FILES})
        vendoring.write(folder, {"cache/cache/download/example.com/one/@v/v1.2.3.zip": ""})

    def answer(self, argv: Sequence[str], environment: Mapping[str, str]) -> str:
        self.asked.append(environment)
        self.commands.append(argv)
        if argv[1] == "env":
            return f"{self.folder / 'cache'}\n"
        if argv[1] == "work":
            return '{"Use": [{"DiskPath": "./mine"}]}'
        unlisted = self.unlisted.get(environment["GOARCH"], set())
        kept = [package for package in self.packages if package["ImportPath"] not in unlisted]
        imports = [[path for path in package.get("Imports", ()) if path not in unlisted] for package in kept]
        return "\n".join(
            json.dumps({**package, "Imports": some}, indent=1) for package, some in zip(kept, imports, strict=True)
        )

    def vendor(self, sums: str = "go.sum", **more: Any) -> Vendored:
        vendoring.write(self.folder, {sums: f"example.com/one v1.2.3 {self.sum}\n"})
        given = {"digests": lambda _: digests(), **more}
        return go.vendor(vendoring.request(self.folder, self.answer, **given))

"""What ``linkmode vendor`` writes: a BUILD file beside vendored sources, and what a language writes next to it."""

import os
from importlib import import_module
from pathlib import Path
from typing import Protocol

import msgspec

from linkmode.generate.starlark import literal
from linkmode.languages import LANGUAGES
from linkmode.messages import CheckError, ConfigError, Message, Run
from linkmode.model import textfile
from linkmode.model.vendored import BUILD_FILE, Glob, Request, Rule, Vendored, header


class _Module(Protocol):
    """The module ``vendor`` in the folder of a language."""

    def vendor(self, request: Request) -> Vendored:
        """Return the targets for what is asked."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """Files by their paths below ``folder``, with what is there now, None where there is none."""

    folder: Path
    found: Vendored
    files: dict[str, bytes]
    before: dict[str, bytes | None]
    command: Run

    @property
    def changed(self) -> tuple[str, ...]:
        """The files that are not what they must be."""
        return tuple(sorted(name for name, data in self.files.items() if self.before[name] != data))

    def unified(self) -> str:
        """Return what `save` would write, as a unified diff."""
        return "".join(
            textfile.unified(f"{self.folder}/{name}", self.before[name], self.files[name]) for name in self.changed
        )

    def check(self) -> None:
        """Raise CheckError unless there is nothing to write."""
        if self.changed:
            raise CheckError(
                f"{', '.join(f'{self.folder}/{name}' for name in self.changed)}: not what the vendored sources give",
                expected="the file that the diff makes",
                hint=Message("write it with: ", self.command),
            )

    def save(self) -> None:
        """Write what changed, each file in one step and the BUILD file last."""
        for name in sorted(self.changed, key=lambda name: (name == BUILD_FILE, name)):
            with textfile.system_errors(self.folder / name):
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            textfile.replace(self.folder / name, self.files[name])


def output(language: str, request: Request) -> Output:
    """Return what to write for a language, by the name of its folder of rules.

    Raises:
        ConfigError: something cannot be built by the rules, or a file that linkmode did not generate is in the way.
        IntegrityError: the sources are not those of the language's lock file.
    """
    name = next(name for name, one in LANGUAGES.items() if one.folder == language)
    module: _Module = import_module(f"linkmode.languages.{name}.vendor")
    found = module.vendor(request)
    line = header(language)
    files = {BUILD_FILE: _text(found, f"# {line}").encode(), **found.files}
    before = {name: _before(request.sources / name, line) for name in files}
    before |= {name: _read(request.sources / name) for name in found.sources}
    return Output(
        folder=request.sources, found=found, files=files | found.sources, before=before, command=request.command
    )


def _read(path: Path) -> bytes | None:
    """Return what a file has, and None where there is none. Nothing is written through a link."""
    if not os.path.lexists(path):
        return None
    with textfile.system_errors(path, "read"):
        return b"" if path.is_symlink() else textfile.regular(path)


def _before(path: Path, line: str) -> bytes | None:
    data = _read(path)
    if data is not None and line.encode() not in data[:4096]:
        raise ConfigError(
            f"{path}: linkmode did not generate this file, and would write it",
            expected=f"no file there, or one with the line: {line}",
            hint="move it away, or vendor into another folder; then run this command again",
        )
    return data


def _text(found: Vendored, line: str) -> str:
    loads = [
        f"load({', '.join(literal(word) for word in (file, *sorted(names)))})\n"
        for file, names in sorted(found.loads.items())
    ]
    rules = [_rule(rule) for rule in sorted(found.rules, key=lambda rule: rule.name)]
    package = 'package(default_visibility = ["//visibility:public"])\n'
    title = '"""Third-party code, as it was vendored."""\n'
    return "\n".join([f"{line}\n{title}", "".join(loads), package, *rules])


_SORTED = {"cdeps", "deps", "embedsrcs", "link_deps", "proc_macro_deps", "srcs"}
"""Attributes whose order means nothing."""


def _rule(rule: Rule) -> str:
    given = {"tags": ["manual"], **rule.attributes} if rule.kind != "alias" else rule.attributes
    lines = [f"    name = {literal(rule.name)},\n"]
    for name in sorted(given, key=_order):
        if given[name] not in ("", [], (), {}, None, False):
            lines.append(f"    {name} = {_value(name, given[name])},\n")
    return f"{rule.kind}(\n{''.join(lines)})\n"


def _order(name: str) -> tuple[int, str]:
    """Return the place of an attribute in buildifier's order."""
    return {"package_name": -2, "srcs": -1, "deps": 1}.get(name, 0), name


def _file_order(label: str) -> tuple[int, list[str]]:
    """Return the place of a file or label in buildifier's order."""
    phase = next((phase for start, phase in ((":", 1), ("//", 2), ("@", 3)) if label.startswith(start)), 0)
    return phase, label.replace(":", ".").split(".")


def _value(name: str, value: object) -> str:
    if isinstance(value, list) and name in _SORTED:
        return literal(sorted(value, key=_file_order), 4)
    if not isinstance(value, Glob):
        return literal(value, 4)
    if not value.exclude:
        return f"glob({literal(list(value.include), 4)})"
    include, exclude = literal(list(value.include), 8), literal(list(value.exclude), 8)
    return f"glob(\n        {include},\n        exclude = {exclude},\n    )"

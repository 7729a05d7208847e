"""Reads the tables of the generated rules.

The .bzl files of a toolchain family are plain enough to be Python too (Starlark is a subset of it,
https://github.com/bazelbuild/starlark/blob/master/spec.md). They are loaded here with stand-ins for Bazel's own
functions; the one for ``cc_toolchain_config`` keeps what it is given. They are files of linkmode's own, and never a
user's.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from linkmode.model import resources

_OF_TARGETS = "//private/link_mode:link_mode_values.bzl"
"""What takes targets apart for the rules of all families."""


class _Anything:
    """Stands for what only Bazel has: any attribute of it, and any call, is one more."""

    def __getattr__(self, name: str) -> "_Anything":
        return self

    def __call__(self, *_: object, **__: object) -> "_Anything":
        return self


class _Native(_Anything):
    def glob(self, *_: object, **__: object) -> list[str]:
        return []


def _nothing(**_: object) -> None:
    return None


def tables(path: str, data: Mapping[str, Any], config: Callable[..., None] = _nothing) -> dict[str, Any]:
    """Return the names that a .bzl file below templates/bazel/ or templates/common/ defines.

    ``data`` are the names that rendered files of data define, the lock among them; ``config`` is called for each
    ``cc_toolchain_config``.
    """
    folders = (resources.templates() / name / path for name in ("bazel", "common"))
    file = next(file for file in folders if file.is_file())
    names: dict[str, Any] = {
        "struct": SimpleNamespace,
        "native": _Native(),
        **dict.fromkeys(("rule", "attr", "provider", "Label", "DefaultInfo", "OutputGroupInfo", "depset"), _Anything()),
    }

    def load(label: str, *wanted: str, **renamed: str) -> None:
        renamed |= {name: name for name in wanted}
        if set(renamed.values()) <= set(data):
            found: Mapping[str, Any] = data
        elif label.endswith(":cc_toolchain_config.bzl"):
            found = {**dict.fromkeys(renamed.values(), _Anything()), "cc_toolchain_config": config}
        elif label == _OF_TARGETS:
            found = tables(label.removeprefix("//").replace(":", "/"), data, config)
        elif label.startswith(":"):
            found = tables(str(Path(path).with_name(label[1:])), data, config)
        else:
            found = dict.fromkeys(renamed.values(), _Anything())
        names.update({new: found[old] for new, old in renamed.items()})

    names["load"] = load
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), names)  # noqa: S102 - a file of our own
    return names

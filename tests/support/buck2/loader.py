"""Evaluates the files of a project of Buck2 by the Starlark of Rust, with stand-ins for what Buck2 gives them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import starlark

STUBS = Path(__file__).parent / "stubs"
_EXTENSIONS = ("StructType", "EnumType", "RecordType", "Typing", "Partial")
_BASE = (
    "ConfigurationInfo", "ConstraintSettingInfo", "ConstraintValueInfo", "DefaultInfo", "ExternalRunnerTestInfo",
    "PlatformInfo", "PythonBootstrapToolchainInfo_", "RunInfo", "TransitionInfo", "ValidationInfo", "ValidationSpec",
    "attrs", "cmd_args", "provider", "provider_field", "rule", "select",
)  # fmt: skip
_RULES = ("alias", "cxx_binary", "cxx_library", "export_file", "native", "toolchain_alias")
_CONFIGURATION = ("config_setting", "constraint", "constraint_setting", "constraint_value", "platform")
_INDEXED = re.compile(r"(?<=[\w\])])\[([A-Z]\w*(?:Info|Tools))\]")
_CONTAINED = re.compile(r"\b([A-Z]\w*Info) (not in|in) ([\w.]+)")
_RULE = re.compile(r"^(\w+) = rule\(", re.MULTILINE)


class BuckError(Exception):
    """Buck2 would refuse this."""


@dataclass(frozen=True)
class Target:
    """A call in a BUCK file: the number of the rule, or the name of one of configurations, and attributes."""

    rule: int | str
    attributes: Mapping[str, Any]


@dataclass
class Rule:
    """Where a rule is defined, under which name, and its attributes."""

    schema: Mapping[str, Any]
    module: str = ""
    symbol: str = ""


@dataclass
class Loader:
    """A project in ``root``, with its cells by name, and `[section] key` of its .buckconfig as ``config``."""

    root: Path
    cells: Mapping[str, Path]
    config: Mapping[tuple[str, str], str] = field(default_factory=dict)
    actions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Each action by every output that it makes: paths from ``root``."""

    def __post_init__(self) -> None:
        self._rules: list[Rule] = []
        self._numbers = 0
        self._modules: dict[str, starlark.FrozenModule] = {}
        self._packages: dict[str, dict[str, Target]] = {}
        self._declared: dict[str, str] = {}
        self._named: set[tuple[str, str, str]] = set()
        self._globals = starlark.Globals.extended_by([getattr(starlark.LibraryExtension, name) for name in _EXTENSIONS])
        self._answer: Any = None
        self._analysis = self._module()
        self._load("@stubs//:base.bzl")
        self._evaluate('load("@stubs//:base.bzl", "analyse", "artifact", "collection", "flat", "target_label")')
        self._evaluate(f'load("@stubs//:base.bzl", {_quoted(_BASE)})')

    # --- Files

    def module(self, label: str) -> starlark.FrozenModule:
        """Return a .bzl file, evaluated. Raises starlark.StarlarkError."""
        return self._load(label)

    def package(self, label: str) -> dict[str, Target]:
        """Return the targets of a package, such as ``linkmode//lib``, by name."""
        if label not in self._packages:
            cell, _, folder = label.partition("//")
            file = self.cells[cell] / folder / "BUCK"
            self._packages[label] = {}
            self._run_file(file.read_text(encoding="utf-8"), str(file), cell, folder, self._packages[label])
        return self._packages[label]

    def evaluate_package_file(self, file: Path) -> list[Mapping[str, Any]]:
        """Evaluate a PACKAGE file, and return the calls of set_cfg_constructor by the names of their arguments."""
        calls: list[Mapping[str, Any]] = []
        module = self._module()
        module.add_callable("keep_call", lambda names, aliases: calls.append({"names": names, "aliases": aliases}))
        head = (
            "def _set(**given):\n    keep_call(sorted(given.keys()), given['aliases'])\n"
            "native = struct(set_cfg_constructor = _set)\n"
        )
        text = file.read_text(encoding="utf-8")
        loads = "\n".join(line for line in text.splitlines() if line.startswith("load("))
        rest = "\n".join(line for line in text.splitlines() if not line.startswith("load("))
        self._eval(module, loads + "\n" + head + rest, str(file), "root", "")
        return calls

    def _module(self) -> starlark.Module:
        module = starlark.Module()
        for name, function in {
            "next_number": self._next_number,
            "new_rule": self._new_rule,
            "declare": self._declare,
            "action": self._action,
            "answer": self._keep,
            "read_root_config": lambda section, key, default=None: self.config.get((section, key), default),
        }.items():
            module.add_callable(name, function)
        return module

    def _load(self, label: str) -> starlark.FrozenModule:
        if label in self._modules:
            return self._modules[label]
        cell, _, rest = label.lstrip("@").partition("//")
        folder, _, name = rest.partition(":")
        file = (STUBS if cell == "stubs" else self.cells[cell]) / folder / name
        text = file.read_text(encoding="utf-8")
        starlark.parse(str(file), text, dialect=starlark.Dialect.extended())  # as it is
        module = self._module()
        module.add_callable("declare_target", self._declare_target)
        module.add_callable("declare_configuration", self._declare_configuration)
        head = "" if cell == "stubs" else _head(rules=cell != "prelude")
        symbols = _RULE.findall(text)
        tail = "".join(f"\nRULE_{symbol} = {symbol}" for symbol in symbols)  # a name with _ is not to be loaded
        self._eval(module, head + text + tail, str(file), cell, folder)
        for rule, symbol in zip(self._rules[len(self._rules) - len(symbols) :], symbols, strict=True):
            rule.module, rule.symbol = label, symbol
        self._modules[label] = module.freeze()
        return self._modules[label]

    def _run_file(self, text: str, name: str, cell: str, folder: str, targets: dict[str, Target]) -> None:
        starlark.parse(name, text, dialect=starlark.Dialect.extended())
        module = self._module()
        base = self.cells[cell] / folder

        def glob(patterns: list[str]) -> list[str]:
            return sorted({str(path.relative_to(base)) for pattern in patterns for path in base.glob(pattern)})

        module.add_callable("glob", glob)
        rules = "".join(
            f"\ndef {kind}(**given):\n    declare_configuration('{kind}', given)\n" for kind in _CONFIGURATION
        )
        module.add_callable("declare_configuration", self._declare_configuration)
        loads = re.compile(r"^load\((?:[^()]|\n)*?\)\n", re.MULTILINE)
        found = "".join(loads.findall(text))
        outer, self._current = getattr(self, "_current", None), targets
        try:
            self._eval(module, _head(rules=True) + found + rules + loads.sub("", text), name, cell, folder)
        finally:
            self._current = outer

    def _eval(self, module: starlark.Module, text: str, name: str, cell: str, folder: str) -> None:
        text = _INDEXED.sub(r".at(\1)", text)
        text = _CONTAINED.sub(lambda found: f"{'not ' if 'not' in found[2] else ''}{found[3]}.has({found[1]})", text)
        ast = starlark.parse(name, text, dialect=starlark.Dialect.extended())
        loader = starlark.FileLoader(lambda label: self._load(absolute(label, cell, folder)))
        starlark.eval(module, ast, self._globals, loader)

    # --- What Starlark calls

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _new_rule(self, schema: Mapping[str, Any]) -> int:
        self._rules.append(Rule(schema))
        return len(self._rules) - 1

    def _declare_target(self, rule: int, given: dict[str, Any]) -> None:
        name = given.pop("name")
        given.pop("visibility", None)
        if name in self._current:
            raise BuckError(f"{name} is declared twice")
        schema = self._rules[rule].schema
        for attribute in given.keys() - schema.keys():
            raise BuckError(f"{name}: no attribute {attribute}")
        for attribute, kind in schema.items():
            if not kind["has_default"] and attribute not in given:
                raise BuckError(f"{name}: {attribute} is not given")
        for attribute, value in given.items():
            allowed = schema[attribute]["values"]
            if isinstance(value, str) and allowed and value not in allowed:
                raise BuckError(f"{name}: {attribute} = {value!r}, not one of {', '.join(allowed)}")
        self._current[name] = Target(rule, given)

    def _declare_configuration(self, kind: str, given: dict[str, Any]) -> None:
        given.pop("visibility", None)
        self._current[given.pop("name")] = Target(kind, given)

    def _declare(self, label: str, path: str, _is_folder: bool) -> None:
        if path in self._declared:
            raise BuckError(f"{label}: {path} is declared twice")
        self._declared[path] = label

    def _action(self, label: str, kind: str, given: dict[str, Any]) -> None:
        if kind == "run":
            folder = "".join(given["outputs"][:1]).partition("/__")[0]  # of the target in its configuration
            key = (f"{folder} {label}", given["category"], given["identifier"])
            if key in self._named or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", given["category"]):
                raise BuckError(f"{label}: category {given['category']!r}, identifier {given['identifier']!r}")
            self._named.add(key)
        outputs = list(dict.fromkeys(given["outputs"]))
        if not outputs:
            raise BuckError(f"{label}: an action without an output")
        for path in outputs:
            if path in self.actions or path not in self._declared:
                raise BuckError(f"{label}: {path} is made twice, or was never declared")
            self.actions[path] = {"label": label, "kind": kind, **given, "outputs": outputs}

    def _keep(self, value: Any) -> None:
        self._answer = value

    def _evaluate(self, text: str) -> None:
        self._eval(self._analysis, text, "<analysis>", "root", "")

    def know(self, label: str, *names: str) -> None:
        """Let `ask` know names of a .bzl file."""
        self._evaluate(f'load("{label}", {_quoted(names)})')

    def ask(self, expression: str) -> Any:
        """Return what an expression of the analysis comes to, as plain data."""
        self._evaluate(f"answer({expression})")
        return self._answer


def _head(*, rules: bool) -> str:
    base = f'load("@stubs//:base.bzl", {_quoted(_BASE)}); '
    return base + (f'load("@stubs//:rules.bzl", {_quoted(_RULES)}); ' if rules else "") + "\n"


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def absolute(label: str, cell: str, folder: str) -> str:
    """Return a label as one of any package: with its cell and folder."""
    label = label.lstrip("@")
    if label.startswith(":"):
        return f"{cell}//{folder}{label}"
    if label.startswith("//"):
        return f"{cell}{label}"
    if "//" not in label:
        return f"{cell}//{folder}:{label}"
    return label

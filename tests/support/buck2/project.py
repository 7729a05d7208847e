"""Reads the files of a project, and analyses targets in configurations."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
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
_HASHED = re.compile(r"(.*?)(?:\[(.+)\])?")

Configuration = Mapping[str, str]
"""Constraint values by setting."""


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
class Project:
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
        self._analysed: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
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
        loader = starlark.FileLoader(lambda label: self._load(_absolute(label, cell, folder)))
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

    # --- Configurations

    def platform(self, label: str) -> dict[str, str]:
        """Return the configuration that a platform stands for."""
        return self._constraints(_absolute(label, "root", ""))

    def _target(self, label: str) -> Target:
        package, _, name = label.partition(":")
        try:
            return self.package(package)[name]
        except KeyError:
            raise BuckError(f"no target {label}") from None

    def _constraints(self, label: str) -> dict[str, str]:
        """Return what a constraint value, a config_setting or a platform says: values by setting."""
        found = _HASHED.fullmatch(label)
        assert found
        name, value = found[1], found[2]
        cell, _, rest = name.partition("//")
        folder = rest.partition(":")[0]
        target = self._target(name)
        if target.rule == "constraint" and value in target.attributes["values"]:
            return {name: label}
        if target.rule == "constraint_value":
            return {_absolute(target.attributes["constraint_setting"], cell, folder): name}
        if target.rule in ("config_setting", "platform"):
            constraints: dict[str, str] = {}
            for one in target.attributes["constraint_values"]:
                constraints |= self._constraints(_absolute(one, cell, folder))
            return constraints
        raise BuckError(f"{label} says nothing of a configuration")

    def _chosen(self, value: Any, configuration: Configuration, cell: str, folder: str) -> Any:
        """Return a value with its selects resolved."""
        if isinstance(value, dict) and set(value) == {"select_"}:
            fitting: list[tuple[dict[str, str], Any]] = []
            for key, one in value["select_"].items():
                constraints = {} if key == "DEFAULT" else self._constraints(_absolute(key, cell, folder))
                if constraints.items() <= configuration.items():
                    fitting.append((constraints, one))
            best = [one for one in fitting if all(other[0].items() <= one[0].items() for other in fitting)]
            if len(best) != 1:
                raise BuckError(f"select of {', '.join(value['select_'])}: {len(fitting)} fit {dict(configuration)}")
            return self._chosen(best[0][1], configuration, cell, folder)
        if isinstance(value, dict):
            return {key: self._chosen(one, configuration, cell, folder) for key, one in value.items()}
        if isinstance(value, list):
            return [self._chosen(one, configuration, cell, folder) for one in value]
        return value

    # --- Analysis

    def analyse(self, label: str, configuration: Configuration) -> str:
        """Analyse a target, perhaps a sub-target, and return the name of its providers for `ask`."""
        found = _HASHED.fullmatch(_absolute(label, "root", ""))
        assert found
        name, part = found[1], found[2]
        key = (name, tuple(sorted(configuration.items())))
        if key not in self._analysed:
            target = self._target(name)
            made = (
                self._configuration_providers(name, target)
                if isinstance(target.rule, str)
                else self._providers(name, target, configuration)
            )
            self._analysed[key] = made
        whole = self._analysed[key]
        if part is None:
            return whole
        return (
            f"{whole}_parts[{json.dumps(part)}]"
            if isinstance(self._target(name).rule, str)
            else (f"{whole}.at(DefaultInfo).sub_targets[{json.dumps(part)}]")
        )

    def _configuration_providers(self, name: str, target: Target) -> str:
        symbol = f"t{self._next_number()}"

        def value(setting: str, label: str) -> str:
            return (
                f"ConstraintValueInfo(label = {json.dumps(label)}, "
                f"setting = ConstraintSettingInfo(label = {json.dumps(setting)}))"
            )

        if target.rule == "constraint":
            parts = ", ".join(
                f"{json.dumps(one)}: collection([DefaultInfo(), {value(name, f'{name}[{one}]')}])"
                for one in target.attributes["values"]
            )
            self._evaluate(f"{symbol} = collection([DefaultInfo(), ConstraintSettingInfo(label = {json.dumps(name)})])")
            self._evaluate(f"{symbol}_parts = {{{parts}}}")
            return symbol
        constraints = self._constraints(name)
        made = ", ".join(f"{json.dumps(setting)}: {value(setting, label)}" for setting, label in constraints.items())
        info = f"ConfigurationInfo(constraints = {{{made}}}, values = {{}})"
        if target.rule == "constraint_value":
            [(setting, label)] = constraints.items()
            info = value(setting, label)
        elif target.rule == "platform":
            info = f"PlatformInfo(configuration = {info}, label = {json.dumps(name)})"
        self._evaluate(f"{symbol} = collection([DefaultInfo(), {info}])")
        return symbol

    def _providers(self, name: str, target: Target, configuration: Configuration) -> str:
        assert isinstance(target.rule, int)
        rule = self._rules[target.rule]
        cell, _, rest = name.partition("//")
        folder, _, short = rest.partition(":")
        rule_cell, _, rule_rest = rule.module.lstrip("@").partition("//")
        values = {}
        for attribute, kind in rule.schema.items():
            if attribute in target.attributes:
                given = self._chosen(target.attributes[attribute], configuration, cell, folder)
                place = (cell, folder)
            else:
                given = self._chosen(kind["default"], configuration, rule_cell, rule_rest.partition(":")[0])
                place = (rule_cell, rule_rest.partition(":")[0])
            values[attribute] = (given, kind, place)
        plain = {attribute: given for attribute, (given, _, _) in values.items()}
        written = ", ".join(
            f"{json.dumps(attribute)}: {self._expression(given, kind, place, configuration, plain, name, attribute)}"
            for attribute, (given, kind, place) in values.items()
        )
        symbol, number = f"t{self._next_number()}", _number(configuration)
        prefix = f"buck-out/gen/{cell}/{number}/{folder + '/' if folder else ''}__{short}__/"
        self._load(rule.module)
        self._evaluate(f'load("{rule.module}", RULE_{target.rule} = "RULE_{rule.symbol}")')
        self._evaluate(
            f"{symbol} = analyse(RULE_{target.rule}, {json.dumps(name)}, {{{written}}}, {json.dumps(prefix)})"
        )
        return symbol

    def _expression(
        self,
        value: Any,
        kind: Mapping[str, Any],
        place: tuple[str, str],
        configuration: Configuration,
        plain: Mapping[str, Any],
        name: str,
        attribute: str,
    ) -> str:
        def inner(one: Any, number: int = 0) -> str:
            return self._expression(one, kind["inner"][number], place, configuration, plain, name, attribute)

        match kind["kind"]:
            case "list" if isinstance(value, dict):  # headers by name
                return f"{{{', '.join(f'{json.dumps(key)}: {inner(one)}' for key, one in value.items())}}}"
            case "list":
                return f"[{', '.join(inner(one) for one in value)}]"
            case "dict":
                return f"{{{', '.join(f'{inner(key)}: {inner(one, 1)}' for key, one in value.items())}}}"
            case "option":
                return "None" if value is None else inner(value)
            case "dep" | "toolchain_dep":
                return self.analyse(_absolute(value, *place), configuration)
            case "exec_dep":
                return self.analyse(_absolute(value, *place), self.platform("prelude//platforms:default"))
            case "transition_dep":
                return self.analyse(_absolute(value, *place), self._transition(kind["cfg"], configuration, plain))
            case "source":
                return self._source(value, place, configuration)
            case "enum" if value not in kind["values"]:
                raise BuckError(f"{name}: {attribute} = {value!r}, not one of {', '.join(kind['values'])}")
            case "bool" | "enum" | "int" | "string":
                expected = {"bool": bool, "int": int}.get(kind["kind"], str)
                if type(value) is not expected:
                    raise BuckError(f"{name}: {attribute} = {value!r} is no {kind['kind']}")
                return str(value) if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)
            case other:
                raise BuckError(f"{name}: {attribute}: {other}")

    def _source(self, value: Any, place: tuple[str, str], configuration: Configuration) -> str:
        if ":" in value:
            return f"{self.analyse(_absolute(value, *place), configuration)}.at(DefaultInfo).default_outputs[0]"
        path = self.cells[place[0]] / place[1] / value
        if not path.is_file():
            raise BuckError(f"no source {path}")
        return f"artifact({json.dumps(str(path.relative_to(self.root)))})"

    def _transition(self, label: str, configuration: Configuration, attributes: Mapping[str, Any]) -> dict[str, str]:
        """Return a configuration after a transition, which has to be idempotent."""
        transition = self.analyse(label, {})
        self._evaluate(f"transition = {transition}.at(TransitionInfo)")
        names = self.ask("transition.attrs")
        given = ", ".join(f"{one} = {attributes[one]!r}" for one in names)

        def applied(before: Configuration) -> dict[str, str]:
            constraints = ", ".join(
                f"{json.dumps(setting)}: ConstraintValueInfo(label = {json.dumps(value)}, "
                f"setting = ConstraintSettingInfo(label = {json.dumps(setting)}))"
                for setting, value in before.items()
            )
            self._evaluate(
                f"changed = transition.impl(platform = PlatformInfo(label = 'before', configuration = "
                f"ConfigurationInfo(constraints = {{{constraints}}}, values = {{}})), attrs = struct({given}))"
            )
            return dict(self.ask("{s: v.label for s, v in changed.configuration.constraints.items()}"))

        once = applied(configuration)
        if applied(once) != once:
            raise BuckError(f"{label} is not idempotent")
        return once


def _number(configuration: Configuration) -> str:
    return hashlib.sha256(repr(sorted(configuration.items())).encode()).hexdigest()[:12]


def _head(*, rules: bool) -> str:
    base = f'load("@stubs//:base.bzl", {_quoted(_BASE)}); '
    return base + (f'load("@stubs//:rules.bzl", {_quoted(_RULES)}); ' if rules else "") + "\n"


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _absolute(label: str, cell: str, folder: str) -> str:
    label = label.lstrip("@")
    if label.startswith(":"):
        return f"{cell}//{folder}{label}"
    if label.startswith("//"):
        return f"{cell}{label}"
    if "//" not in label:
        return f"{cell}//{folder}:{label}"
    return label


def labels_of(project: Project) -> Iterator[str]:
    """Yield every target of the cell ``linkmode``."""
    for file in sorted(project.cells["linkmode"].rglob("BUCK")):
        package = f"linkmode//{file.parent.relative_to(project.cells['linkmode'])}".removesuffix("/.").replace(
            "//.", "//"
        )
        for name in project.package(package):
            yield f"{package}:{name}"

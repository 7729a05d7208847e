"""Analyses targets of a project of Buck2 in configurations."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from buck2.loader import STUBS, BuckError, Loader, Target, absolute

__all__ = ["STUBS", "BuckError", "Project", "labels_of"]

_HASHED = re.compile(r"(.*?)(?:\[(.+)\])?")

Configuration = Mapping[str, str]
"""Constraint values by setting."""


@dataclass
class Project(Loader):
    """A project whose targets are analysed, each once for a configuration."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._analysed: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}

    # --- Configurations

    def platform(self, label: str) -> dict[str, str]:
        """Return the configuration that a platform stands for."""
        return self._constraints(absolute(label, "root", ""))

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
            return {absolute(target.attributes["constraint_setting"], cell, folder): name}
        if target.rule in ("config_setting", "platform"):
            constraints: dict[str, str] = {}
            for one in target.attributes["constraint_values"]:
                constraints |= self._constraints(absolute(one, cell, folder))
            return constraints
        raise BuckError(f"{label} says nothing of a configuration")

    def _chosen(self, value: Any, configuration: Configuration, cell: str, folder: str) -> Any:
        """Return a value with its selects resolved."""
        if isinstance(value, dict) and set(value) == {"select_"}:
            fitting: list[tuple[dict[str, str], Any]] = []
            for key, one in value["select_"].items():
                constraints = {} if key == "DEFAULT" else self._constraints(absolute(key, cell, folder))
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
        found = _HASHED.fullmatch(absolute(label, "root", ""))
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
                return self.analyse(absolute(value, *place), configuration)
            case "exec_dep":
                return self.analyse(absolute(value, *place), self.platform("prelude//platforms:default"))
            case "transition_dep":
                return self.analyse(absolute(value, *place), self._transition(kind["cfg"], configuration, plain))
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
            return f"{self.analyse(absolute(value, *place), configuration)}.at(DefaultInfo).default_outputs[0]"
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


def labels_of(project: Project) -> Iterator[str]:
    """Yield every target of the cell ``linkmode``."""
    for file in sorted(project.cells["linkmode"].rglob("BUCK")):
        package = f"linkmode//{file.parent.relative_to(project.cells['linkmode'])}".removesuffix("/.").replace(
            "//.", "//"
        )
        for name in project.package(package):
            yield f"{package}:{name}"

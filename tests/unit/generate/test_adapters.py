"""``[adapters]``: other rule sets, of which nothing is written and nothing loaded unless one is switched on."""

import pytest
from resolving import CATALOG, ZIG_REQUEST, config

from linkmode.config.adapters import ADAPTERS
from linkmode.config.document import Config
from linkmode.generate import render as renders
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model import resources
from linkmode.model.values import Tree


def asks(line: str) -> Config:
    return config(ZIG_REQUEST, more=f"[adapters]\n{line}\n")


def tree(wanted: Config) -> Tree:
    return renders.render(wanted, resolve(wanted, CATALOG), resources.templates())


def test_with_all_of_them_off_no_other_rule_set_is_named_in_what_bazel_loads() -> None:
    for wanted in (config(ZIG_REQUEST), asks("".join(f"{name} = false\n" for name in ADAPTERS))):
        written = tree(wanted)
        assert b"\nADAPTERS = []\n" in written["private/link_mode/adapters.bzl"]
        for path, content in written.items():
            for name in ADAPTERS:
                assert path != f"private/adapters/{name}.bzl"
                assert f"@{name}".encode() not in content, path
                assert f"@io_bazel_{name}".encode() not in content, path
                assert f'"{name}"'.encode() not in content, path


def test_one_that_is_on_is_loaded_and_a_dependency_of_the_module() -> None:
    written = tree(asks("rules_rust = true"))
    assert b'load("//private/adapters:rules_rust.bzl", "rules_rust")\n' in written["private/link_mode/adapters.bzl"]
    assert b"ADAPTERS = [\n    rules_rust,\n]\n" in written["private/link_mode/adapters.bzl"]
    assert b'bazel_dep(name = "rules_rust"' in written["MODULE.bazel"]
    assert b"@rules_rust//rust/settings:extra_rustc_flags" in written["private/adapters/rules_rust.bzl"]


def test_that_of_go_sets_what_rules_go_documents() -> None:
    written = tree(asks("rules_go = true"))
    assert b"ADAPTERS = [\n    rules_go,\n]\n" in written["private/link_mode/adapters.bzl"]
    assert b'name = "rules_go", version = "0.50.1", repo_name = "io_bazel_rules_go"' in written["MODULE.bazel"]
    for setting in (b"static", b"linkmode"):
        assert b"@io_bazel_rules_go//go/config:" + setting in written["private/adapters/rules_go.bzl"]


def test_it_is_no_matter_of_the_lock() -> None:
    assert resolve(asks("rules_rust = true"), CATALOG) == resolve(config(ZIG_REQUEST), CATALOG)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "rules_rst = true",
            "'rules_rst' is not a rule set that linkmode has an adapter for; did you mean 'rules_rust'?",
        ),
        ("rules_rust = 1", "adapters.rules_rust: expected boolean, got integer"),
    ],
)
def test_what_is_no_adapter(line: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        asks(line)
    assert problem in caught.value.problem

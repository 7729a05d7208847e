"""Languages, from linkmode.toml to the lock and to what the templates are given."""

import tomllib

import msgspec
import pytest
from resolving import ARM, CATALOG, X86, ZIG, ZIG_REQUEST, catalog, config, entry, pin

from linkmode.config.document import Config
from linkmode.generate import render as renders
from linkmode.generate.context import bazel_context
from linkmode.lock import lockfile
from linkmode.lock.preference import keep
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model import resources
from linkmode.model.values import Lock, LockedPart


def asks(go: str, execs: str = '["x86_64-linux"]') -> Config:
    return config(ZIG_REQUEST, more=f'[language]\ngo = "{go}"\n', execs=execs)


def locked(go: str, execs: str = '["x86_64-linux"]') -> Lock:
    return resolve(asks(go, execs), CATALOG)


def test_an_sdk_for_each_exec_platform() -> None:
    lock = locked("~=1.27.0", '["x86_64-linux", "aarch64-linux"]')
    assert lock.parts == (
        LockedPart(language="go", role="sdk", artifact="go-1.27.0-x86_64-linux", exec=X86),
        LockedPart(language="go", role="sdk", artifact="go-1.27.0-aarch64-linux", exec=ARM),
    )


def test_a_version_that_one_exec_platform_lacks_is_passed_over_and_named_when_it_is_the_only_one() -> None:
    assert locked("~=1.27.0").parts[0].artifact == "go-1.27.1-x86_64-linux"
    with pytest.raises(ConfigError) as caught:
        locked("==1.27.1", '["x86_64-linux", "aarch64-linux"]')
    assert caught.value.problem == (
        "linkmode.toml: language.go: no version of go that satisfies '==1.27.1' can do all that is asked:\n"
        "  1.27.1: no SDK that runs on aarch64-linux"
    )


def test_a_go_that_cannot_compile_the_rules_own_program_is_refused() -> None:
    old = catalog(ZIG, entry("go", "language", pin("go", "1.22.10", X86, layout="go-sdk")))
    with pytest.raises(ConfigError, match=r"1\.22\.10: linkmode's rules need Go 1\.24 or newer"):
        resolve(asks(">=1"), old)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            'gow = "~=1.27"',
            "line 7: language.gow: 'gow' is not a language that linkmode has rules for; did you mean 'go'?",
        ),
        (
            'go = "latest"',
            "line 7: language.go: expected versions as PEP 440 writes them, such as '~=1.3.1' or '>=11.2,<12'; "
            "found 'latest'",
        ),
        ("go = 1.27", "line 7: language.go: expected string, got float"),
    ],
)
def test_what_is_no_language_or_no_version(line: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(ZIG_REQUEST, more=f"[language]\n{line}\n")
    assert problem in caught.value.problem


def test_a_version_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"language.go: no version of go satisfies '==1.99'") as caught:
        locked("==1.99")
    assert caught.value.hint == "see them with `linkmode catalog list --family go`"


def test_the_lock_says_it_and_is_read_back() -> None:
    lock = locked("~=1.27.0")
    text = lockfile.dumps(lock)
    assert tomllib.loads(text)["language"] == [
        {"language": "go", "role": "sdk", "artifact": "go-1.27.1-x86_64-linux", "exec": "x86_64-linux"}
    ]
    assert lockfile.loads(text, "linkmode.lock") == lock


def test_a_lock_without_languages_is_as_it_was_before_there_were_any() -> None:
    lock = resolve(config(ZIG_REQUEST), CATALOG)
    assert "language" not in lockfile.dumps(lock)
    assert lockfile.loads(lockfile.dumps(lock), "linkmode.lock") == lock


def test_another_version_puts_the_lock_out_of_date_and_is_shown() -> None:
    old = locked("==1.26.7")
    new = resolve(asks("~=1.27.0"), CATALOG, keep(old))
    assert old != new
    assert "  ~ artifact go-x86_64-linux\n      version: 1.26.7 → 1.27.1\n" in lockfile.diff(old, new)
    assert lockfile.diff(None, new).count("  + go sdk on x86_64-linux: go-1.27.1-x86_64-linux\n") == 1


def test_what_was_locked_is_kept_while_it_satisfies() -> None:
    old = locked("==1.27.0")
    assert resolve(asks("~=1.27.0"), CATALOG, keep(old)).parts == old.parts
    assert resolve(asks("~=1.27.0"), CATALOG, keep(old, upgrade=["go"])).parts != old.parts


def test_a_toolchain_for_each_exec_platform_and_target() -> None:
    lock = locked("~=1.27.0")
    given = msgspec.json.decode(msgspec.json.encode(bazel_context(lock), enc_hook=str))
    assert given["languages"] == {
        "go": [
            {
                "name": "go_x86_64-linux_to_x86_64-linux-musl",
                "implementation": "go_x86_64-linux_to_x86_64-linux-musl_implementation",
                "exec": "x86_64-linux",
                "target": "x86_64-linux-musl",
                "exec_cpu": "x86_64",
                "target_cpu": "x86_64",
                "exec_constraints": ["@platforms//cpu:x86_64", "@platforms//os:linux"],
                "target_constraints": ["//constraints:musl", "@platforms//cpu:x86_64", "@platforms//os:linux"],
                "parts": {"sdk": ["linkmode_go-1.27.1-x86_64-linux"]},
                "refused": "",
            }
        ]
    }
    assert "//go:go_x86_64-linux_to_x86_64-linux-musl" in given["toolchain_targets"]


def test_a_tree_has_no_rules_of_a_language_that_is_not_asked_for() -> None:
    without = config(ZIG_REQUEST)
    tree = renders.render(without, resolve(without, CATALOG), resources.templates())
    assert not [path for path in tree if "go" in path.split("/")[:-1]]

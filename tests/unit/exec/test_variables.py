"""The table of variables: the reference says it, and the environment keeps it."""

import fnmatch
from pathlib import Path

import pytest
from test_environment import ALL, ARM_MUSL, GLIBC, HERE, MUSL, ready, toolchain

from linkmode.exec.environment import Environment, applied, environment
from linkmode.exec.variables import ALWAYS_CLEARED, CLEARED, TABLE

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "exec.md"


def names(*fates: str) -> list[str]:
    return [name for row in TABLE if row.fate in fates for name in row.names]


def environments() -> list[Environment]:
    return [
        environment(toolchain("musl.cc", MUSL), ready(MUSL), HERE),
        environment(toolchain("zig", GLIBC), ready(GLIBC, ALL, "mostly_static"), HERE),
        environment(toolchain("zig", ARM_MUSL), ready(ARM_MUSL), HERE),
    ]


def test_the_reference_has_the_table() -> None:
    rows = [line for line in REFERENCE.read_text().splitlines() if line.startswith("| ") and "|---" not in line]
    listed = [
        f"| {row.tool} | {', '.join(f'`{name}`' for name in row.names)} | {row.fate} | {row.why} |" for row in TABLE
    ]
    assert rows == ["| tool | variables | | |", *listed]


def test_nothing_is_in_it_twice() -> None:
    exact = [name for row in TABLE for name in row.names]
    assert sorted(set(exact)) == sorted(exact)


def test_what_is_set_is_in_it_and_what_is_in_it_is_set() -> None:
    for fate, keys in (
        ("set", {key for changes in environments() for key in {**changes.values, **changes.defaults}}),
        ("put before", {key for changes in environments() for key in changes.before}),
    ):
        patterns = names(fate)
        assert [key for key in keys if not any(fnmatch.fnmatchcase(key, pattern) for pattern in patterns)] == []
        assert [pattern for pattern in patterns if not fnmatch.filter(keys, pattern)] == []


@pytest.mark.parametrize("name", [name.replace("*", "ZLIB_LIBDIR") for name in names("cleared", "always cleared")])
def test_what_is_cleared_is_gone(name: str) -> None:
    for changes in environments():
        assert name not in applied(changes, {name: "/evil", "PATH": "/bin"})


def test_what_is_set_is_not_cleared_by_a_pattern() -> None:
    for changes in environments():
        found = applied(changes, {"PKG_CONFIG_LIBDIR": "/evil", "PKG_CONFIG": "mine", "PKG_CONFIG_ALLOW_CROSS": "0"})
        assert found["PKG_CONFIG_LIBDIR"].endswith("/lib/pkgconfig")
        assert found["PKG_CONFIG"] == "mine"
        assert found.get("PKG_CONFIG_ALLOW_CROSS") in (None, "1")


@pytest.mark.parametrize("name", [name for name in names("passed") if "*" not in name])
def test_what_is_passed_stays(name: str) -> None:
    for changes in environments():
        assert applied(changes, {name: "mine"})[name] == "mine"


@pytest.mark.parametrize(
    "name",
    [
        *("PKG_CONFIG_PATH", "PKG_CONFIG_SYSROOT_DIR", "LD_RUN_PATH", "DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES"),
        *("OBJC_INCLUDE_PATH", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "COMPILER_PATH", "LIBRARY_PATH"),
        *("PKG_CONFIG_ZLIB_LIBDIR", "PKG_CONFIG_LOG", "PKG_CONFIG_PATH_x86_64-unknown-linux-musl", "GNUTARGET"),
        *("TARGET_PKG_CONFIG_PATH", "PKG_CONFIG_PRELOADED_FILES", "CONFIG_SITE", "CC_PRINT_INTERNAL_STAT_FILE"),
        *("GCC_EXEC_PREFIX", "GCC_COMPARE_DEBUG", "CCC_OVERRIDE_OPTIONS", "COLLECT_GCC", "LDEMULATION", "ZIG_LIB_DIR"),
    ],
)
def test_what_steers_a_locked_tool_is_cleared(name: str) -> None:
    assert any(fnmatch.fnmatchcase(name, pattern) for pattern in CLEARED)
    is_of_another_program = "PKG_CONFIG" in name or name == "CONFIG_SITE"
    assert any(fnmatch.fnmatchcase(name, pattern) for pattern in ALWAYS_CLEARED) != is_of_another_program


def test_what_only_exec_clears_may_be_set_inside() -> None:
    assert {*CLEARED} - {*ALWAYS_CLEARED} == {"CONFIG_SITE", "PKG_CONFIG_*", "TARGET_PKG_CONFIG_*"}

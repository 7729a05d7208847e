"""[exec-properties] of linkmode.toml: read, merged, refused, and carried to the lock and the platforms."""

import pytest

from linkmode.catalog import pins
from linkmode.config.document import Config, parse
from linkmode.generate.render import render
from linkmode.lock import derive, lockfile
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError, StaleLockError
from linkmode.model import resources

BEGIN = """\
exec-platforms = ["x86_64-linux", "aarch64-linux"]

[[toolchain]]
family = "zig"
version = "==0.15.2"
targets = ["x86_64-linux-musl"]

"""

BOTH = """\
[exec-properties]
container-image = "docker://example.com/worker"
Pool = "default"

[exec-properties.aarch64-linux]
Pool = "arm"
"""


def config(text: str) -> Config:
    return parse(BEGIN + text, where="linkmode.toml")


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config(text)
    assert caught.value.exit_code == 3
    return caught.value.problem


def test_what_holds_for_all_and_what_one_platform_has_of_its_own() -> None:
    assert config(BOTH).exec_properties == {
        "x86_64-linux": {"Pool": "default", "container-image": "docker://example.com/worker"},
        "aarch64-linux": {"Pool": "arm", "container-image": "docker://example.com/worker"},
    }


@pytest.mark.parametrize("text", ["", "[exec-properties]\n", "[exec-properties.x86_64-linux]\n"])
def test_a_platform_without_properties_is_not_listed(text: str) -> None:
    assert config(text).exec_properties == {}


def test_one_platform_alone() -> None:
    assert config('[exec-properties.x86_64-linux]\nOSFamily = ""\n').exec_properties == {
        "x86_64-linux": {"OSFamily": ""}
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exec-properties = 1\n", "exec-properties: expected a table, written [exec-properties]"),
        ("[exec-propertys]\n", "exec-propertys: unknown key; did you mean 'exec-properties'?"),
        (
            "[exec-properties.x86-64-linux]\n",
            "exec-properties.x86-64-linux: is none of exec-platforms; did you mean 'x86_64-linux'? "
            "(one of: x86_64-linux, aarch64-linux)",
        ),
        (
            "[exec-properties.arm64-linux]\n",
            "exec-properties.arm64-linux: is none of exec-platforms; did you mean 'aarch64-linux'? "
            "(one of: x86_64-linux, aarch64-linux)",
        ),
        (
            '[exec-properties]\nx86_64-linux = "amd64"\n',
            "exec-properties.x86_64-linux: expected a table, written [exec-properties.x86_64-linux]",
        ),
        ("[exec-properties]\ncores = 4\n", "exec-properties.cores: expected string, got integer"),
        (
            "[exec-properties.x86_64-linux]\ncores = 4\n",
            "exec-properties.x86_64-linux.cores: expected string, got integer",
        ),
        ('[exec-properties]\nPool = "a\\nb"\n', "exec-properties.Pool: expected a name and a value of one line"),
        ('[exec-properties]\n"" = "a"\n', "exec-properties.: expected a name and a value of one line"),
    ],
)
def test_what_is_refused(text: str, expected: str) -> None:
    # a key of the top level has to come before the first table
    found = problem(text) if text.startswith("[") else _at_top(text)
    assert expected in found


def _at_top(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text + BEGIN, where="linkmode.toml")
    return caught.value.problem


def test_a_platform_that_is_not_asked_for_is_refused() -> None:
    one = BEGIN.replace(', "aarch64-linux"', "")
    with pytest.raises(ConfigError, match="aarch64-linux: is none of exec-platforms"):
        parse(one + BOTH, where="linkmode.toml")


def test_the_lock_carries_them_and_goes_out_of_date_with_them() -> None:
    catalogue = pins.load(resources.catalogue())
    without, with_them = (resolve(config(text), catalogue) for text in ("", BOTH))
    text = lockfile.dumps(with_them)
    assert lockfile.loads(text, "linkmode.lock") == with_them
    assert 'Pool = "arm"' in text
    assert "exec-properties" not in lockfile.dumps(without)
    derive.derived(with_them, config(BOTH), catalogue, "linkmode.lock")
    with pytest.raises(StaleLockError, match=r"~ exec property Pool of aarch64-linux\n *value: arm → arm64"):
        derive.derived(with_them, config(BOTH.replace('"arm"', '"arm64"')), catalogue, "linkmode.lock")
    with pytest.raises(StaleLockError, match=r"\+ exec property Pool of aarch64-linux: arm\n"):
        derive.derived(without, config(BOTH), catalogue, "linkmode.lock")


def test_the_order_of_properties_does_not_matter() -> None:
    catalogue = pins.load(resources.catalogue())
    turned = BOTH.replace('Pool = "default"\n', "").replace(
        "[exec-properties]\n", '[exec-properties]\nPool = "default"\n'
    )
    assert turned != BOTH
    assert lockfile.dumps(resolve(config(turned), catalogue)) == lockfile.dumps(resolve(config(BOTH), catalogue))


def test_the_execution_platforms_have_them() -> None:
    wanted = config(BOTH)
    lock = resolve(wanted, pins.load(resources.catalogue()))
    tree = render(wanted, lock, resources.templates())
    platforms = tree["platforms/BUILD.bazel"].decode()
    arm = platforms[platforms.index('"exec_aarch64-linux"') :].partition("\n)\n")[0]
    assert '"Pool": "arm",' in arm
    assert '"//constraints:musl",' in arm
    assert (
        'build:linkmode_remote --extra_execution_platforms="@linkmode//platforms:exec_x86_64-linux,'
        '@linkmode//platforms:exec_aarch64-linux"\n'
    ) in tree["linkmode.bazelrc"].decode()

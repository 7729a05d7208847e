"""[malloc] of linkmode.toml: read, refused, and carried to the lock and the rules."""

import pytest

from linkmode.catalog import pins
from linkmode.config.document import Config, parse
from linkmode.generate.render import render
from linkmode.lock import derive, lockfile
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError, StaleLockError
from linkmode.model import resources

BEGIN = """\
[[toolchain]]
family = "zig"
version = "==0.15.2"
targets = ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"]

"""
LIBRARY = '[library]\nmimalloc = "~=2.2.4"\n'
MALLOC = '[malloc]\nx86_64-linux-musl = "mimalloc"\n'


def config(text: str) -> Config:
    return parse(BEGIN + text, where="linkmode.toml")


def test_a_target_with_an_allocator() -> None:
    assert config(LIBRARY + MALLOC).malloc == {"x86_64-linux-musl": "mimalloc"}


@pytest.mark.parametrize("text", ["", LIBRARY, LIBRARY + "[malloc]\n"])
def test_off_unless_asked_for(text: str) -> None:
    assert config(text).malloc == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("malloc = 1\n[library]\n", "malloc: expected a table, written [malloc]"),
        ("[mallok]\n", "mallok: unknown key; did you mean 'malloc'?"),
        (
            LIBRARY + '[malloc]\nx86_64-linux-must = "mimalloc"\n',
            "malloc.x86_64-linux-must: 'x86_64-linux-must' is not a target of any [[toolchain]]; "
            "did you mean 'x86_64-linux-musl'?",
        ),
        (
            LIBRARY + '[malloc]\nx86_64-linux-musl = "mimaloc"\n',
            "malloc.x86_64-linux-musl: 'mimaloc' is not known; did you mean 'mimalloc'?",
        ),
        (LIBRARY + "[malloc]\nx86_64-linux-musl = 1\n", "malloc.x86_64-linux-musl: expected string, got integer"),
        (
            MALLOC,
            'malloc.x86_64-linux-musl: mimalloc is not among the libraries; add `mimalloc = "~=2.2"` to [library]',
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_key(text: str, expected: str) -> None:
    top, _, rest = text.partition("[library]\n") if text.startswith("malloc = ") else ("", "", text)
    with pytest.raises(ConfigError) as caught:
        parse(top + BEGIN + rest, where="linkmode.toml")
    assert caught.value.exit_code == 3
    assert expected in caught.value.problem


def test_the_lock_carries_it_and_goes_out_of_date_with_it() -> None:
    catalogue = pins.load(resources.catalogue())
    without, with_it = (resolve(config(text), catalogue) for text in (LIBRARY, LIBRARY + MALLOC))
    text = lockfile.dumps(with_it)
    assert lockfile.loads(text, "linkmode.lock") == with_it
    assert "[malloc]" not in lockfile.dumps(without)
    with pytest.raises(StaleLockError, match=r"\+ malloc on x86_64-linux-musl: mimalloc\n"):
        derive.derived(without, config(LIBRARY + MALLOC), catalogue, "linkmode.lock")
    with pytest.raises(StaleLockError, match="- malloc on x86_64-linux-musl: mimalloc"):
        derive.derived(with_it, config(LIBRARY), catalogue, "linkmode.lock")


def test_the_rules_know_it() -> None:
    catalogue = pins.load(resources.catalogue())
    for text, malloc, libraries in (
        ("", "MALLOC = {}", "LIBRARIES = []"),
        (LIBRARY + MALLOC, 'MALLOC = {"x86_64-linux-musl": "mimalloc"}', 'LIBRARIES = ["mimalloc"]'),
    ):
        wanted = config(text)
        tree = render(wanted, resolve(wanted, catalogue), resources.templates())
        lock = " ".join(tree["lock.bzl"].decode().split()).replace("[ ", "[").replace("{ ", "{").replace(", ]", "]")
        assert malloc in lock.replace(", }", "}")
        assert libraries in lock
        assert (b"@linkmode_mimalloc-2.2.4//:mimalloc" in tree.get("lib/BUILD.bazel", b"")) == bool(text)

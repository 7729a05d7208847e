"""`without` of a [[toolchain]]: read, refused, and carried to the lock and the rules."""

import pytest

from linkmode.catalog import pins
from linkmode.config.document import Config, parse
from linkmode.generate.render import render
from linkmode.lock import derive, lockfile
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError, StaleLockError
from linkmode.model import resources

GCC = '[[toolchain]]\nfamily = "musl.cc"\nversion = "11.2.1"\ntargets = ["x86_64-linux-musl"]\n'
ZIG = '[[toolchain]]\nfamily = "zig"\nversion = "==0.15.2"\ntargets = ["x86_64-linux-gnu.2.28"]\n'
WITHOUT = 'without = ["lto", "c++"]\n'


def config(text: str) -> Config:
    return parse(text, where="linkmode.toml")


def test_what_a_toolchain_does_without() -> None:
    asked = config(GCC + WITHOUT + ZIG)
    assert [request.without for request in asked.toolchains] == [("c++", "lto"), ()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            GCC + 'without = ["cxx"]\n',
            "line 5: toolchain[0].without[0]: 'cxx' is not a part that can be removed from musl.cc; "
            "expected one of c++, lto",
        ),
        (
            ZIG + 'without = ["lto"]\n',
            "toolchain[0].without[0]: 'lto' is not a part that can be removed from zig; expected one of c++",
        ),
        (GCC + 'without = "lto"\n', "toolchain[0].without: expected array, got string; write it in brackets"),
        (GCC + 'witout = ["lto"]\n', "toolchain[0].witout: unknown key; did you mean 'without'?"),
        (
            GCC + ZIG + 'without = ["c++"]\n[language]\nrust = ">=1.90"\n',
            "toolchain[1].without: Rust links libunwind, which zig has among the libraries of C++",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_key(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(text)
    assert caught.value.exit_code == 3
    assert expected in caught.value.problem


def test_rust_with_gcc_needs_no_cxx() -> None:
    assert config(GCC + WITHOUT + '[language]\nrust = ">=1.90"\n').toolchains[0].without == ("c++", "lto")


def test_the_lock_carries_it_and_goes_out_of_date_with_it() -> None:
    catalogue = pins.load(resources.catalogue())
    whole, lean = (resolve(config(text), catalogue) for text in (GCC, GCC + WITHOUT))
    assert [toolchain.without for toolchain in lean.toolchains] == [("c++", "lto")]
    assert lockfile.loads(lockfile.dumps(lean), "linkmode.lock") == lean
    assert "without" not in lockfile.dumps(whole)
    with pytest.raises(StaleLockError, match=r"toolchain musl\.cc .*\n +without: \+ c\+\+\n +without: \+ lto"):
        derive.derived(whole, config(GCC + WITHOUT), catalogue, "linkmode.lock")


def test_what_is_compiled_for_the_build_itself_has_the_whole_compiler() -> None:
    lock = resolve(config(ZIG + 'without = ["c++"]\n'), pins.load(resources.catalogue()))
    assert {toolchain.purpose: toolchain.without for toolchain in lock.toolchains} == {
        "target": ("c++",),
        "exec-tools": (),
    }


def test_the_rules_know_it() -> None:
    catalogue = pins.load(resources.catalogue())
    for text, without in ((GCC, '"without": [],'), (GCC + WITHOUT, '"without": [ "c++", "lto", ],')):
        wanted = config(text)
        tree = render(wanted, resolve(wanted, catalogue), resources.templates())
        assert without in " ".join(tree["lock.bzl"].decode().split())

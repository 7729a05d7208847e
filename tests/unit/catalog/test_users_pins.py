"""The pins of a linkmode.toml, beside those of the catalogue."""

import re
from pathlib import Path

import pytest
from catalogue_files import GOOD, OTHER_SHA, SHA

from linkmode.catalog.pins import Catalog, load, parse, with_pins
from linkmode.config.document import parse as parse_config
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model.values import Pin


@pytest.fixture
def catalog() -> Catalog:
    return Catalog({"musl.cc": parse(GOOD, "musl.cc.toml")})


def user_pin(**changes: object) -> Pin:
    fields: dict[str, object] = {
        "family": "musl.cc",
        "version": "12.2.0",
        "file": "mine.tgz",
        "urls": ("file:///srv/mine.tgz",),
        "sha256": SHA,
        "exec": "x86_64-linux",
        "layout": "cross",
        "targets": ("x86_64-linux-musl",),
    }
    return Pin(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "file:///srv/mine.tgz",
        "file://localhost/srv/mine.tgz",
        "archives/mine.tgz",
        "../mine.tgz",
        "https://example.com/m",
    ],
)
def test_a_users_own_pin_comes_first(catalog: Catalog, url: str) -> None:
    extended = with_pins(catalog, [user_pin(urls=(url,))])
    assert [(pin.file, pin.source) for pin in extended.families["musl.cc"].pins] == [
        ("mine.tgz", "user"),
        ("x86_64-linux-musl-cross.tgz", "upstream"),
    ]
    assert len(catalog.families["musl.cc"].pins) == 1


def test_a_users_pin_of_a_package_index(catalog: Catalog) -> None:
    extended = with_pins(catalog, [user_pin(urls=("pypi:mine/mine.tgz",), source="pypi")])
    assert extended.families["musl.cc"].pins[0].source == "pypi"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sha256": None}, "pin[1].sha256: mine.tgz: neither sha256 nor sha512"),
        ({"sha256": "x" * 64}, "pin[1].sha256: mine.tgz: expected 64"),
        ({"urls": ("http://example.com/mine.tgz",)}, "pin[1].urls[0]: mine.tgz: plain http"),
        ({"urls": ("ftp://example.com/mine.tgz",)}, "pin[1].urls[0]: mine.tgz: expected https"),
        ({"urls": ("/srv/mine.tgz",)}, "file:// before an absolute one"),
        ({"urls": ("file://host/mine.tgz",)}, "expected file:///path"),
        ({"version": "latest"}, "pin[1].version: mine.tgz: expected a version of PEP 440"),
        ({"layout": "crss"}, "pin[1].layout: 'crss' is not a layout of musl.cc; did you mean 'cross'?"),
        ({"family": "musl.c"}, "needs code of its own, not only a pin; did you mean 'musl.cc'?"),
        ({"family": "clang"}, "pin[1].family: 'clang' is not a family of the catalogue"),
        (
            {"urls": ("https://example.com/a/x86_64-linux-musl-cross.tgz",), "sha256": OTHER_SHA},
            "has two checksums",
        ),
        (
            {"confirmations": 1, "confirmed_by": ("who/said:so",)},
            "pin[1].confirmations: mine.tgz: expected 0",
        ),
        ({"file": "good.tgz"}, "good.tgz: version 12.2.0 from user is pinned twice"),
    ],
)
def test_a_users_pin_that_is_refused(catalog: Catalog, changes: dict[str, object], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_pins(catalog, [user_pin(file="good.tgz", urls=("good.tgz",)), user_pin(**changes)])
    assert caught.value.problem.startswith("linkmode.toml: ")
    assert expected in str(caught.value)
    assert "linkmode catalog add" in caught.value.hint


def test_every_issue_of_a_users_pins_is_told_at_once(catalog: Catalog) -> None:
    with pytest.raises(ConfigError) as caught:
        with_pins(catalog, [user_pin(sha256=None), user_pin(family="x"), user_pin(urls=())])
    assert re.findall(r"pin\[(\d)\]", str(caught.value)) == ["0", "1", "2"]


def test_the_pin_of_the_how_to() -> None:
    root = Path(__file__).resolve().parents[3]
    text = (root / "docs" / "how-to" / "add-your-own-pin.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    config = parse_config(example, where="linkmode.toml")
    extended = with_pins(load(root / "toolchains"), config.pins)
    lock = resolve(config, extended)
    (artifact,) = (artifact for artifact in lock.artifacts if artifact.file == "x86_64-linux-musl-cross.tgz")
    assert (artifact.version, artifact.source) == ("12.2.0", "user")
    assert artifact.upstream == config.pins[0].urls[0]
    assert artifact.urls[1] == "archives/x86_64-linux-musl-cross.tgz"

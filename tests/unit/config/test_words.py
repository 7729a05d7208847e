"""Words of other tools, and what linkmode.toml says in their place."""

import pytest
from packaging.specifiers import SpecifierSet

from linkmode.config.words import guess_name, versions_meant
from linkmode.families import FAMILIES
from linkmode.languages import LANGUAGES
from linkmode.model import field_rules


@pytest.mark.parametrize(
    ("text", "meant", "within", "beyond"),
    [
        ("^0.15", "~=0.15.0", "0.15.2", "0.16.0"),
        ("^0.15.1", "~=0.15.1", "0.15.2", "0.15.0"),
        ("^0.0.3", "~=0.0.3.0", "0.0.3", "0.0.4"),
        ("^1.2.3", ">=1.2.3,<2", "1.9", "2.0"),
        ("^1.2", "~=1.2", "1.9", "2.0"),
        ("^1", "~=1.0", "1.9", "2.0"),
        ("~0.15", "~=0.15.0", "0.15.2", "0.16"),
        ("~1.2.3", "~=1.2.3", "1.2.9", "1.3"),
        ("~> 1.2", "~=1.2", "1.9", "2.0"),
        ("*", ">=0", "0.15.2", None),
        ("Latest", ">=0", "0.15.2", None),
        ("0.15.x", "~=0.15.0", "0.15.2", "0.16"),
        ("1.2 - 1.4", ">=1.2,<=1.4", "1.3", "1.5"),
        (">=1.2 <2", ">=1.2,<2", "1.3", "2.0"),
        ("=1.2", "==1.2", "1.2", "1.2.1"),
    ],
)
def test_ranges_of_other_tools(text: str, meant: str, within: str, beyond: str | None) -> None:
    assert versions_meant(text) == meant
    assert field_rules.versions(meant) == ""
    assert within in SpecifierSet(meant)
    assert beyond is None or beyond not in SpecifierSet(meant)


@pytest.mark.parametrize("text", ["", "1.0 || 2", "^^1", "newer", "1" * 9 + ".y", "^a"])
def test_what_nobody_can_tell(text: str) -> None:
    assert versions_meant(text) == ""


@pytest.mark.parametrize(
    ("name", "known", "guess"),
    [
        ("golang", LANGUAGES, "; did you mean 'go'?"),
        ("Rust", LANGUAGES, "; did you mean 'rust'?"),
        ("native-image", LANGUAGES, "; did you mean 'graalvm'?"),
        ("ocmal", LANGUAGES, "; did you mean 'ocaml'?"),
        ("haskell", LANGUAGES, ""),
        ("gcc", FAMILIES, "; did you mean 'musl.cc'?"),
        ("clang", FAMILIES, "; did you mean 'zig'?"),
        ("msvc", FAMILIES, ""),
    ],
)
def test_names_of_other_tools(name: str, known: dict[str, object], guess: str) -> None:
    assert guess_name(name, known) == guess

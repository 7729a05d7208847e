"""Where texts lie, found one by one and all at once: the same places, also where they overlap or are everywhere."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkmode.audit.read import matcher
from linkmode.audit.read.matcher import AllAtOnce, Growing, OneByOne

TEXTS = (b"aba", b"ab", b"\0glibc 2.", b"\xff Go", b".+*", b"a")


def found(one: matcher.Matcher, piece: bytes) -> dict[bytes, list[int]]:
    return {text: at for text, places in one.places(piece).items() if (at := list(places))}


@given(st.lists(st.sampled_from([*TEXTS, b"x", b"\n", b"\0"])).map(b"".join))
def test_both_find_the_same_places(piece: bytes) -> None:
    assert found(AllAtOnce(TEXTS), piece) == found(OneByOne(TEXTS), piece)


def test_a_piece_full_of_matches_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher, "MAX_MATCHES", 100)
    piece = b"aba" * 500
    assert found(AllAtOnce(TEXTS), piece) == found(OneByOne(TEXTS), piece)


def test_what_is_slow_to_import_is_imported_when_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher, "IMPORT_PAYS", 10)
    growing = Growing(TEXTS)
    kinds = []
    for _ in range(3):
        assert found(growing, b"xxabaxx") == {b"aba": [2], b"ab": [2], b"a": [2, 4]}
        kinds.append(type(growing._matcher))
    assert kinds == [OneByOne, AllAtOnce, AllAtOnce]


def test_without_hyperscan_all_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher, "IMPORT_PAYS", 1)
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    growing = Growing(TEXTS)
    assert found(growing, b"aba") == {b"aba": [0], b"ab": [0], b"a": [0, 2]}
    assert type(growing._matcher) is OneByOne

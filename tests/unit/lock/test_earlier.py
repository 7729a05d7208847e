"""A lock that cannot be read whole: what was chosen in it is kept, also where it is two locks with Git's markers."""

import difflib

import pytest
from resolving import CATALOG, MIRRORS, ZIG_REQUEST, config

from linkmode.lock import earlier, lockfile
from linkmode.lock.preference import Preference
from linkmode.lock.resolve import resolve
from linkmode.messages import StaleLockError
from linkmode.model.values import Lock

FAMILIES = ("zig", "zlib")
ASKED = config(ZIG_REQUEST, more='[library]\nzlib = ">=1.2"\n' + MIRRORS)


def locked(sources: dict[str, str], **versions: str) -> Lock:
    return resolve(ASKED, CATALOG, Preference(sources, {name: frozenset({text}) for name, text in versions.items()}))


def merged(ours: str, theirs: str, *, base: bool = False) -> str:
    """Merge as Git does: a conflict for each run of lines that differ, and the lines that both have between them."""
    left, right = ours.splitlines(keepends=True), theirs.splitlines(keepends=True)
    found: list[str] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            found += left[a:b]
        else:
            middle = ["||||||| base\n", "[[artifact]]\n", 'source = "pypi"\n'] if base else []
            found += ["<<<<<<< HEAD\n", *left[a:b], *middle, "=======\n", *right[c:d], ">>>>>>> branch\n"]
    return "".join(found)


def kept(text: str, **sources: str) -> Preference:
    return earlier.preference(earlier.read(text, FAMILIES), upgrade=(), sources=sources)


UPSTREAM = lockfile.dumps(locked({}, zig="0.15.1", zlib="1.2.11"))
PYPI = lockfile.dumps(locked({"zig": "pypi"}, zlib="1.3.1"))


@pytest.mark.parametrize("base", [False, True], ids=["merge", "diff3"])
@pytest.mark.parametrize(("ours", "theirs"), [(UPSTREAM, PYPI), (PYPI, UPSTREAM)], ids=["theirs", "ours"])
def test_a_conflict_keeps_the_source_that_either_side_chose(ours: str, theirs: str, *, base: bool) -> None:
    text = merged(ours, theirs, base=base)
    assert text.count("<<<<<<<") > 1
    found = earlier.read(text, FAMILIES)
    assert "is not TOML (a merge conflict?)" in found.unreadable
    assert found.locks == tuple(lockfile.loads(side, "a side") for side in (ours, theirs))
    assert found.lock == lockfile.loads(ours, "ours")
    assert kept(text).sources == {"zig": "pypi"}
    new = resolve(ASKED, CATALOG, kept(text))
    assert {one.family: (one.version, one.source) for one in new.artifacts} == {
        "zig": ("0.15.2", "pypi"),
        "zlib": ("1.3.1", "upstream"),  # the newer of both sides, and not the newest of the catalogue
    }


def test_what_this_run_asks_for_counts_more_than_both_sides() -> None:
    text = merged(UPSTREAM, PYPI)
    assert kept(text, zig="upstream").sources == {}
    assert kept(text, zig="upstream").versions["zig"] == frozenset({"0.15.1"})
    free = earlier.preference(earlier.read(text, FAMILIES), upgrade=("zlib",), sources={})
    assert "zlib" not in free.versions


def test_a_side_of_a_newer_linkmode_is_not_written_over() -> None:
    newer = PYPI.replace("version = 2\n", "version = 3\n", 1)
    with pytest.raises(StaleLockError, match="format version 3"):
        earlier.read(merged(UPSTREAM, newer), FAMILIES)


def test_one_side_is_enough() -> None:
    start = PYPI.index("[[artifact]]")
    text = f"{PYPI[:start]}<<<<<<< ours\n{PYPI[start:]}=======\n[[broken\n>>>>>>> theirs\n"
    found = earlier.read(text, FAMILIES)
    assert found.locks == (lockfile.loads(PYPI, "ours"),)
    assert kept(text).sources == {"zig": "pypi"}


def test_of_a_lock_that_was_cut_off_the_sources_are_kept() -> None:
    found = earlier.read(PYPI[: PYPI.rindex("sha256 = ") + 15], FAMILIES)
    assert (found.lock, found.sources) == (None, {"zig": "pypi"})
    assert kept(PYPI[: PYPI.rindex("sha256 = ") + 15]) == Preference({"zig": "pypi"})


def test_no_lock_and_a_whole_one() -> None:
    assert earlier.read(None, FAMILIES) == earlier.Earlier()
    assert earlier.read(PYPI, FAMILIES) == earlier.Earlier(locks=(lockfile.loads(PYPI, "it"),))
    assert kept(PYPI) == Preference(
        {"zig": "pypi"},
        {"zig": frozenset({"0.15.2"}), "zlib": frozenset({"1.3.1"})},
        {("zig", "x86_64-linux-musl"): frozenset({"0.15.2"})},
    )

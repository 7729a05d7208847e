"""Whatever becomes of a lock's text, it is either the same lock or refused with exit code 6."""

import contextlib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from linkmode.lock import lockfile
from linkmode.messages import StaleLockError

TEXT = (Path(__file__).resolve().parents[2] / "examples" / "c_zlib" / lockfile.FILE).read_text(encoding="utf-8")
LOCK = lockfile.loads(TEXT, "linkmode.lock")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 5), st.text(max_size=3))
def test_an_edit_anywhere_is_refused_or_means_the_same(at: int, length: int, new: str) -> None:
    edited = TEXT[:at] + new + TEXT[at + length :]
    with contextlib.suppress(StaleLockError):
        assert lockfile.loads(edited, "linkmode.lock") == LOCK


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(TEXT.splitlines()), st.sampled_from(TEXT.splitlines()))
def test_lines_that_were_dropped_or_exchanged(one: str, other: str) -> None:
    for edited in (TEXT.replace(f"{one}\n", ""), TEXT.replace(f"{one}\n", f"{other}\n")):
        with contextlib.suppress(StaleLockError):
            assert lockfile.loads(edited, "linkmode.lock") == LOCK


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_is_no_lock(text: str) -> None:
    with contextlib.suppress(StaleLockError):
        lockfile.loads(text, "linkmode.lock")
        raise AssertionError(text)
    with contextlib.suppress(StaleLockError):
        assert lockfile.loads_unverified(text, "linkmode.lock") is None

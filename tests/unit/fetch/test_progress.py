"""What is printed where: bars only on a terminal, lines elsewhere, no colour where none is wanted."""

import io

import pytest

from linkmode.fetch.bars import Bars
from linkmode.fetch.progress import Lines, on


class Screen(io.StringIO):
    """A terminal, 100 characters wide."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def run(stream: io.StringIO) -> None:
    with on(stream) as progress:
        progress.begin("zig[0]", 93_000_000)
        progress.begin("zlib", None)
        for received in (1_000_000, 93_000_000):
            progress.advance("zig[0]", received)
        progress.note("zlib", "passed over https://a/[b]: HTTP 404 Not Found")
        progress.end("zig[0]")
        progress.end("zlib")


def test_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkmode.fetch.progress._LINE_EVERY_SECONDS", 0.0)
    out = io.StringIO()
    run(out)
    assert out.getvalue().splitlines() == [
        "fetching zig[0] (93.0 MB)",
        "fetching zlib",
        "zig[0]: 1.0 MB of 93.0 MB",
        "zig[0]: 93.0 MB of 93.0 MB",
        "zlib: passed over https://a/[b]: HTTP 404 Not Found",
    ]


def test_lines_are_few() -> None:
    out = io.StringIO()
    run(out)
    assert len(out.getvalue().splitlines()) == 3


def test_bars_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out = Screen()
    run(out)
    text = out.getvalue()
    assert "zig[0]" in text
    assert "total" in text
    assert "MB" in text
    assert "https://a/[b]" in text
    assert "\x1b[" in text


def test_a_total_of_what_is_not_known_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not less than has come already, as in 30/0 bytes."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    both, known = Screen(), Screen()
    run(both)
    with on(known) as progress:
        progress.begin("zig", 93_000_000)
        progress.begin("zlib", 7_000_000)
        progress.advance("zlib", 5_000_000)
    totals = [line for line in both.getvalue().splitlines() if "total" in line]
    assert "93.0/? MB" in totals[-1]
    assert "5.0/100.0 MB" in [line for line in known.getvalue().splitlines() if "total" in line][-1]


def test_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    out = Screen()
    run(out)
    assert "\x1b[38" not in out.getvalue()
    assert "\x1b[3" not in out.getvalue()


def test_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(on(io.StringIO()), Lines)
    assert isinstance(on(Screen()), Bars)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(on(Screen()), Lines)

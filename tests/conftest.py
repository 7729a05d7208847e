"""What all tests share: tiers, an option that rewrites golden files, what is skipped and why, Ctrl-C that works."""

import os
import signal
from collections import Counter
from collections.abc import Generator
from typing import TYPE_CHECKING

import hypothesis
import pytest
import tiers
from harness.shared import MissingSharedError

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

_ID_BYTES = 40
_REASONS = 12
"""So many reasons are told at the end; `-rs` tells all, and where."""


pytest_plugins = ["pytester"]


def pytest_configure(config: pytest.Config) -> None:
    # a shell ignores SIGINT in what it puts in the background, and what is started inherits that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # an example that waits for a busy machine is no failure; all else stays as it is here, or in CI
    hypothesis.settings.register_profile("no clock", hypothesis.settings(), deadline=None)
    hypothesis.settings.load_profile("no clock")
    # what tests put into a store is nobody else's to write, also where a user's umask is 002, as Debian's is
    os.umask(0o022)
    config.addinivalue_line("markers", "tier(name): what it takes to run the test; tests/support/tiers.py")
    for name, meaning in tiers.TIERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the golden files instead of comparing with them"
    )


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Call long bytes by their argument: gzip's have a clock inside, and workers have to give a test the same name."""
    return argname if isinstance(val, bytes) and len(val) > _ID_BYTES else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test its tier, before `-m` chooses."""
    try:
        tiers.assign(items)
    except tiers.WrongTierError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadFileScheduling | None":
    import workers  # which needs pytest-xdist, as what calls this does

    return workers.scheduler(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, object, object]:
    return (yield from _skipped_without_shared())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    return (yield from _skipped_without_shared())


def _skipped_without_shared() -> Generator[None, object, object]:
    """Skip what asks for something of ../shared where there is none: the only place that does."""
    try:
        return (yield)
    except MissingSharedError as error:
        pytest.skip(str(error))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was skipped and why, one line a reason."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ").strip().partition("\n")[0][:160]] += 1
    if reasons:
        terminalreporter.section("skipped, and why")
    for reason, count in reasons.most_common(_REASONS):
        terminalreporter.write_line(f"{count:5d}  {reason}")
    if len(reasons) > _REASONS:
        terminalreporter.write_line(f"       and {len(reasons) - _REASONS} more reasons: -rs tells them")

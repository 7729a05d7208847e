"""What all tests share: the option that rewrites golden files, and Ctrl-C that works."""

import signal

import pytest


def pytest_configure() -> None:
    # a shell ignores SIGINT in what it puts in the background, and what is started inherits that
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the golden files instead of comparing with them"
    )

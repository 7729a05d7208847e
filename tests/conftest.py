"""What all tests share: the option that rewrites golden files, and Ctrl-C that works."""

import signal

import pytest


def pytest_configure() -> None:
    # a shell starts what it puts in the background with SIGINT ignored, and so would we and every program that tests start
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the golden files instead of comparing with them"
    )

"""What bounds native-image itself: native_image_options.bzl, which is also Python."""

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "templates/bazel/languages/graalvm/private/native_image_options.bzl"


def table() -> dict[str, Any]:
    names: dict[str, Any] = {"load": lambda *_: None, "cpu_of": lambda target: target.partition("-")[0]}
    exec(compile(TABLE.read_text(encoding="utf-8"), TABLE, "exec"), names)
    return names


BZL = table()


@pytest.mark.parametrize(
    ("quick", "memory", "parallelism", "options"),
    [
        (False, "", 0, []),
        (True, "", 0, ["-Ob"]),
        (False, "1800m", 0, ["-J-Xmx1800m"]),
        (True, "2g", 3, ["-Ob", "-J-Xmx2g", "--parallelism=3"]),
    ],
)
def test_the_options(quick: bool, memory: str, parallelism: int, options: list[str]) -> None:
    assert BZL["effort_refusal"](memory, parallelism) is None
    assert BZL["effort_options"](quick, memory, parallelism) == options


@pytest.mark.parametrize("memory", ["2", "g", "2 g", "2gb", "-2g", "2G", "2.5g"])
def test_a_size_that_the_jvm_would_not_take(memory: str) -> None:
    assert "is no size: write a number and g or m" in BZL["effort_refusal"](memory, 0)


def test_a_number_of_threads_below_none() -> None:
    assert "parallelism: -1 is no number of threads" in BZL["effort_refusal"]("", -1)


def test_parallelism_has_one_place() -> None:
    assert (
        BZL["option_refusal"]("--parallelism=2")
        == "remove '--parallelism=2': it follows from the attribute parallelism"
    )

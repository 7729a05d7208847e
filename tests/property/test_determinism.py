"""Same input, same bytes: whatever the order of keys, the hash seed, the folder and the clock."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import linkmode
from linkmode.catalog import pins
from linkmode.config import document
from linkmode.generate.render import render
from linkmode.lock import lockfile
from linkmode.lock.resolve import resolve
from linkmode.model import resources
from linkmode.model.values import Tree

SETTINGS: dict[str, Any] = {
    "output": "third_party/linkmode",
    "build-systems": ["bazel"],
    "exec-platforms": ["x86_64-linux", "aarch64-linux"],
    "library": {"zlib": ">=1.2.11,<1.4"},
    "link-modes": {"static": "x86_64-linux-musl", "dynamic": "x86_64-linux-musl"},
    "mirrors": {
        "https://ziglang.org/": ["https://a.example/", "https://b.example/"],
        "https://zlib.net/": ["https://c.example/"],
        "https://github.com/": ["https://d.example/"],
    },
    "toolchain": [
        {"family": "zig", "version": ">=0.15,<0.16", "targets": ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"]},
        {"family": "zig", "version": "~=0.15.2", "targets": ["aarch64-linux-musl"]},
    ],
}


def result(text: str) -> Tree:
    wanted = document.parse(text, where="linkmode.toml")
    lock = resolve(wanted, pins.load(resources.catalogue()))
    return {"linkmode.lock": lockfile.dumps(lock).encode(), **render(wanted, lock, resources.templates())}


@pytest.fixture(scope="module")
def reference() -> Tree:
    return result(tomli_w.dumps(SETTINGS))


def shuffled(draw: st.DrawFn, value: Any) -> Any:
    """Put the keys of every table into another order; arrays, whose order means something, stay."""
    if isinstance(value, dict):
        return {key: shuffled(draw, value[key]) for key in draw(st.permutations(list(value)))}
    return [shuffled(draw, item) for item in value] if isinstance(value, list) else value


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.composite(shuffled)(SETTINGS), st.sampled_from(["", "# a comment\n"]), st.booleans())
def test_the_order_of_keys_and_comments_do_not_matter(
    reference: Tree, given_settings: dict[str, Any], comment: str, wide: bool
) -> None:
    text = comment + tomli_w.dumps(given_settings)
    assert result(text.replace(">=0.15,<0.16", "<0.16,  >=0.15") if wide else text) == reference


def test_the_order_of_toolchains_does_matter(reference: Tree) -> None:
    turned = {**SETTINGS, "toolchain": SETTINGS["toolchain"][::-1]}
    assert result(tomli_w.dumps(turned)) != reference


def test_the_hash_seed_the_folder_and_the_clock_do_not_matter(tmp_path: Path, reference: Tree) -> None:
    for number, folder in enumerate(("one", "another/place with spaces/é")):
        root = tmp_path / folder
        root.mkdir(parents=True)
        (root / "linkmode.toml").write_text(tomli_w.dumps(SETTINGS))
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(linkmode.__file__).parents[1]),
            "PYTHONHASHSEED": str(number * 1000 + 1),
            "XDG_CACHE_HOME": str(tmp_path / f"cache{number}"),
            "TZ": ("UTC", "Asia/Kathmandu")[number],
            "LC_ALL": ("C", "C.UTF-8")[number],
            "SOURCE_DATE_EPOCH": str(number),
        }
        for command in ("lock", "generate"):
            subprocess.run(
                [sys.executable, "-m", "linkmode", "-C", str(root), command],
                env=environment,
                check=True,
                capture_output=True,
            )
        output = root / "third_party/linkmode"
        found = {str(path.relative_to(output)): path.read_bytes() for path in output.rglob("*") if path.is_file()}
        assert {"linkmode.lock": (root / "linkmode.lock").read_bytes(), **found} == reference

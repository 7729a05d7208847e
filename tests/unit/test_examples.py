"""What the examples commit is what linkmode writes today."""

import re
from pathlib import Path

import pytest

from linkmode import pipeline
from linkmode.config import document
from linkmode.lock.relock import relock
from linkmode.messages import LinkmodeError
from linkmode.model import resources

EXAMPLES = sorted(path for path in (Path(__file__).parents[2] / "examples").iterdir() if path.is_dir())
FILES = ("linkmode.toml", "linkmode.lock", "README.md")
OF_BAZEL = ("BUILD.bazel", "WORKSPACE", "MODULE.bazel", ".bazelrc", ".bazelignore")
COMMITTED = ("c_zlib", "ocaml_dune")
"""Those whose generated tree is committed too, as a user would."""
each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)


@each
def test_example_is_complete(example: Path) -> None:
    expected = (*FILES, *(OF_BAZEL if "bazel" in document.load(example / "linkmode.toml").build_systems else ()))
    assert [name for name in expected if not (example / name).is_file()] == []


@each
def test_lock_is_what_would_be_written(example: Path) -> None:
    try:
        relock(example).check()
    except LinkmodeError as error:
        pytest.fail(f"{error}\nwrite it again with: make generated")


@each
def test_lock_names_upstream(example: Path) -> None:
    for artifact in pipeline.locked(example).artifacts:
        assert artifact.source == "upstream"
        assert all(re.match(r"https://", url) for url in artifact.urls)


@pytest.mark.parametrize("name", COMMITTED)
def test_committed_tree_is_what_would_be_written(name: str) -> None:
    example = Path(__file__).parents[2] / "examples" / name
    assert resources.templates().is_dir()
    try:
        pipeline.generated(example).check()
    except LinkmodeError as error:
        pytest.fail(f"{error}\nwrite it again with: make generated")

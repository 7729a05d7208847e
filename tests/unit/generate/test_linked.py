"""What locked archives put into binaries: every family has its line, and every version is told."""

import pytest
from msgspec.structs import replace

from linkmode.families import FAMILIES
from linkmode.generate import linked
from linkmode.languages import LANGUAGES
from linkmode.libraries import LIBRARIES
from linkmode.model.values import Artifact

ZIG = Artifact(
    name="zig-0.15.2-x86_64-linux",
    family="zig",
    version="0.15.2",
    file="zig.whl",
    urls=(),
    upstream="",
    sha256="0" * 64,
)


@pytest.mark.parametrize("name", [*FAMILIES, *LANGUAGES, *LIBRARIES])
def test_every_component_has_a_line(name: str) -> None:
    measured = {"gcc": "11.2.1", "musl": "1.2.2"}
    version = "0.15.2" if name == "zig" else "1.0"
    parts = linked.of(replace(ZIG, family=name, version=version, measured=measured))
    assert parts
    assert all(part.version and part.purl.endswith(f"@{part.version}") for part in parts)


def test_versions_are_the_archives_the_lines_or_measured() -> None:
    assert {part.name: part.version for part in linked.of(ZIG)} == {
        "musl": "1.2.5",
        "compiler-rt": "0.15.2",
        "libc++": "20.1.0",
    }


def test_a_part_whose_version_nothing_tells_is_left_out() -> None:
    assert linked.of(replace(ZIG, family="musl.cc", version="11.2.1")) == ()

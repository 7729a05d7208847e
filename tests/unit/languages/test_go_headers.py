"""`linkmode vendor go`: the files that the C code of a package includes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import vendoring
from go_module import FILES, Project, digests

from linkmode.messages import ConfigError, IntegrityError
from linkmode.model.module_digest import h1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


class Headers:
    """The package `example.com/one` with C, whose folder has more than `go list` names."""

    def __init__(self, folder: Path, files: Mapping[str, str], **more: Any) -> None:
        self.files = {**FILES, **files}
        self.project = Project(folder, CgoFiles=["one.go"], GoFiles=[], **more)
        self.project.sum = h1(digests(self.files))
        vendoring.write(folder / "vendor", self.files)

    def textual(self) -> list[str]:
        found = self.project.vendor(digests=lambda _: digests(self.files))
        attributes = vendoring.rule(found, "example.com/one").attributes
        names = attributes["textual_hdrs"]
        assert isinstance(names, list)
        return [name.removeprefix("example.com/one/") for name in names]


def test_the_files_below_that_c_may_include_are_inputs(folder: Path) -> None:
    files = {"inc/a.h": "", "src/all.c": "", "in/table.inc": "", "README.md": "", "in/more.go": "package in\n"}
    headers = Headers(folder, {f"example.com/one/{name}": text for name, text in files.items()})
    assert headers.textual() == ["in/table.inc", "inc/a.h", "src/all.c"]


def test_a_file_that_c_may_include_is_held_to_its_module(folder: Path) -> None:
    headers = Headers(folder, {"example.com/one/inc/a.h": ""})
    (folder / "vendor/example.com/one/inc/a.h").write_text("int other;\n")
    with pytest.raises(IntegrityError, match=r"inc/a\.h: SHA-256 is"):
        headers.textual()


def test_a_package_without_c_has_no_such_files(folder: Path) -> None:
    project = Project(folder)
    vendoring.write(folder / "vendor", {"example.com/one/inc/a.h": ""})
    assert vendoring.rule(project.vendor(), "example.com/one").attributes["textual_hdrs"] == []


@pytest.mark.parametrize(
    "options",
    [
        ["-I{folder}/vendor/example.com/one/../one/in/sub"],
        ["-I", "sub"],
        ["-DX=a b", "-Isub"],
    ],
)
def test_a_folder_of_headers_beside_the_package_is_searched(folder: Path, options: list[str]) -> None:
    files = {"example.com/one/in/sub/s.h": ""}
    project = Headers(folder, files).project
    project.packages[1].pop("CgoFiles")
    project.packages[1]["GoFiles"] = ["one.go"]
    project.packages[2] |= {
        "CgoFiles": ["in.go"],
        "GoFiles": [],
        "CgoCFLAGS": [option.format(folder=folder) for option in options],
    }
    found = project.vendor(digests=lambda _: digests({**FILES, **files}))
    attributes = vendoring.rule(found, "example.com/one/in").attributes
    assert attributes["textual_hdrs"] == ["example.com/one/in/sub/s.h"]


def test_what_is_included_from_beside_the_package_is_an_input_and_another_modules_is_not(folder: Path) -> None:
    files = {
        "example.com/one/in/in.go": '// #include "../c/c.h"\n// # include "../../../else.com/x.h"\nimport "C"\n',
        "example.com/one/c/c.h": '#include "../d/d.h"\n',
        "example.com/one/d/d.h": "",
    }
    project = Headers(folder, files).project
    project.packages[1].pop("CgoFiles")
    project.packages[1]["GoFiles"] = ["one.go"]
    project.packages[2] |= {"CgoFiles": ["in.go"], "GoFiles": []}
    vendoring.write(folder / "vendor", {"else.com/x.h": ""})
    found = project.vendor(digests=lambda _: digests({**FILES, **files}))
    assert vendoring.rule(found, "example.com/one/in").attributes["textual_hdrs"] == [
        "example.com/one/c/c.h",
        "example.com/one/d/d.h",
    ]


def test_a_library_that_was_compiled_elsewhere_is_refused_with_the_way_on(folder: Path) -> None:
    flags = ["-lz", f"{folder}/vendor/example.com/one/lib/libk_amd64.a", "-Wl,--as-needed"]
    with pytest.raises(ConfigError, match=r"one: #cgo LDFLAGS has the file example\.com/one/lib/lib") as caught:
        Project(folder, CgoFiles=["one.go"], CgoLDFLAGS=flags).vendor()
    assert "--tags TAG --library NAME=LABEL" in caught.value.hint

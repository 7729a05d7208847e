"""`linkmode vendor go`: which go_library a package becomes, go.sum of its files, and what is refused."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import vendoring

from linkmode.languages.go import vendor as go
from linkmode.messages import ConfigError, IntegrityError
from linkmode.model.module_digest import h1

MODULE = {"Path": "example.com/one", "Version": "v1.2.3", "GoVersion": "1.20"}
FILES = {"example.com/one/one.go": "package one\n", "example.com/one/in/in.go": "package in\n"}


def digests(files: Mapping[str, str] = FILES) -> dict[str, str]:
    """Return what the module's archive has."""
    return {
        f"example.com/one@v1.2.3/{name.removeprefix('example.com/one/')}": hashlib.sha256(text.encode()).hexdigest()
        for name, text in files.items()
    }


class Project:
    """A vendored module of two packages, of which one may have more."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.folder = folder
        self.packages = [
            {"ImportPath": "fmt", "Standard": True},
            {
                "ImportPath": "example.com/one",
                "Module": MODULE,
                "Imports": ["fmt", "example.com/one/in"],
                "GoFiles": ["one.go"],
                **more,
            },
            {"ImportPath": "example.com/one/in", "Module": MODULE, "GoFiles": ["in.go"]},
        ]
        self.sum = h1(digests())
        self.asked: list[Mapping[str, str]] = []
        vendoring.write(folder / "vendor", {"modules.txt": "# example.com/one v1.2.3\nexample.com/one\n", **FILES})
        vendoring.write(folder, {"cache/cache/download/example.com/one/@v/v1.2.3.zip": ""})

    def answer(self, argv: Sequence[str], environment: Mapping[str, str]) -> str:
        self.asked.append(environment)
        if argv[1] == "env":
            return f"{self.folder / 'cache'}\n"
        return "\n".join(json.dumps(package, indent=1) for package in self.packages)

    def vendor(self, **more: Any) -> go.Vendored:
        vendoring.write(self.folder, {"go.sum": f"example.com/one v1.2.3 {self.sum}\n"})
        given = {"digests": lambda _: digests(), **more}
        return go.vendor(vendoring.request(self.folder, self.answer, **given))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_a_package_is_a_library_of_its_files_its_imports_and_its_module(folder: Path) -> None:
    project = Project(folder)
    found = project.vendor()
    assert found.packages == ("example.com/one", "example.com/one/in")
    assert found.verified == 2
    assert vendoring.rule(found, "example.com/one").attributes == {
        "srcs": ["example.com/one/one.go"],
        "cgo": False,
        "embedsrcs": [],
        "gc_goopts": ["-lang=go1.20"],
        "importpath": "example.com/one",
        "module": "example.com/one@v1.2.3",
        "module_sum": project.sum,
        "cdeps": [],
        "deps": [":example.com/one/in"],
    }


def test_the_go_command_has_no_network_and_each_architecture_is_asked_with_and_without_cgo(folder: Path) -> None:
    project = Project(folder)
    project.vendor()
    assert all(environment["GOPROXY"] == "off" for environment in project.asked)
    asked = {(one["GOARCH"], one["CGO_ENABLED"]) for one in project.asked if "GOARCH" in one}
    assert asked == {("amd64", "0"), ("amd64", "1")}
    project.asked.clear()
    project.vendor(pure=True)
    assert {one["CGO_ENABLED"] for one in project.asked if "GOARCH" in one} == {"0"}


def test_a_module_that_is_not_what_go_sum_says_is_refused(folder: Path) -> None:
    project = Project(folder)
    project.sum = h1({})
    with pytest.raises(IntegrityError, match=r"go\.sum: example\.com/one@v1\.2\.3: found h1:.* go\.sum has h1:"):
        project.vendor()


def test_a_module_that_go_sum_does_not_name_is_refused(folder: Path) -> None:
    project = Project(folder)
    project.sum = ""
    with pytest.raises(IntegrityError, match="no line for it"):
        project.vendor()


def test_a_file_that_was_changed_after_it_was_vendored_is_refused(folder: Path) -> None:
    project = Project(folder)
    (folder / "vendor/example.com/one/one.go").write_text("package other\n")
    with pytest.raises(IntegrityError, match=r"vendor/example\.com/one/one\.go: SHA-256 is \w{64}; .* has \w{64}"):
        project.vendor()


def test_a_file_that_the_module_does_not_have_is_refused(folder: Path) -> None:
    project = Project(folder, GoFiles=["one.go", "two.go"])
    (folder / "vendor/example.com/one/two.go").write_text("package one\n")
    with pytest.raises(IntegrityError, match=r"two\.go: example\.com/one@v1\.2\.3 has no such file"):
        project.vendor()


def test_the_module_cache_stands_in_for_the_archive(folder: Path) -> None:
    project = Project(folder)
    (folder / "cache/cache/download/example.com/one/@v/v1.2.3.zip").unlink()
    with pytest.raises(IntegrityError, match="is missing, and so is") as caught:
        project.vendor()
    assert "go mod download" in caught.value.hint
    unpacked = {name.removeprefix("example.com/one/"): text for name, text in FILES.items()}
    vendoring.write(folder / "cache/example.com/one@v1.2.3", unpacked)
    assert project.vendor().verified == 2


def test_c_code_is_compiled_and_its_library_comes_from_a_target(folder: Path) -> None:
    project = Project(folder, CgoFiles=["one.go"], GoFiles=[], CgoLDFLAGS=["-lz", "-lm", "-L/usr/lib"])
    attributes = vendoring.rule(project.vendor(), "example.com/one").attributes
    assert (attributes["cgo"], attributes["cdeps"]) == (True, ["@linkmode//lib:zlib"])


def test_a_c_library_that_nothing_is_known_of_is_refused_by_name(folder: Path) -> None:
    project = Project(folder, CgoFiles=["one.go"], CgoLDFLAGS=["-lfoo"], CgoPkgConfig=["bar"])
    with pytest.raises(ConfigError, match="2 problems") as caught:
        project.vendor()
    assert "asks for the C library 'bar'" in str(caught.value)
    assert "asks for the C library 'foo'" in str(caught.value)
    assert "--library NAME=LABEL" in caught.value.hint


def test_other_languages_are_refused_by_name(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"one/a\.f: the rules compile no Objective-C, Fortran or SWIG"):
        Project(folder, FFiles=["a.f"]).vendor()


def test_an_import_that_was_not_vendored_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"example\.com/one: imports example\.com/gone, which is not below"):
        Project(folder, Imports=["example.com/gone"]).vendor()


def test_what_go_list_cannot_find_is_its_own_message_and_what_is_for_others_is_left_out(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"example\.com/one: inconsistent vendoring"):
        Project(folder, Error={"Err": "inconsistent\nvendoring"}).vendor()
    excluded = {"Err": "build constraints exclude all Go files in vendor/example.com/one"}
    found = Project(folder, GoFiles=[], Imports=[], Error=excluded).vendor()
    assert found.packages == ("example.com/one/in",)


def test_a_build_file_of_the_third_partys_is_refused(folder: Path) -> None:
    project = Project(folder)
    (folder / "vendor/example.com/one/BUILD").touch()
    with pytest.raises(ConfigError, match=r"vendor/example\.com/one/BUILD: is a BUILD file of the third party's"):
        project.vendor()


def test_without_vendor_the_next_command_is_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"modules\.txt: is missing") as caught:
        go.vendor(vendoring.request(folder))
    assert caught.value.hint == "run `go mod vendor`, then this command again"


def test_a_replacement_by_a_folder_is_compared_with_it(folder: Path) -> None:
    project = Project(folder, Imports=[])
    for package in project.packages[1:]:
        package["Module"] = {**MODULE, "Replace": {"Path": "./mine"}}
    vendoring.write(folder / "mine", {name.removeprefix("example.com/one/"): text for name, text in FILES.items()})
    assert vendoring.rule(project.vendor(), "example.com/one").attributes["module"] == "example.com/one"
    (folder / "mine/one.go").write_text("package mine\n")
    with pytest.raises(IntegrityError, match=r"one\.go: SHA-256 is"):
        project.vendor()

"""`linkmode vendor go`: which go_library a package becomes, go.sum of its files, and what is refused."""

from pathlib import Path

import pytest
import vendoring
from go_module import FILES, MODULE, Project

from linkmode.languages.go import vendor as go
from linkmode.messages import ConfigError, IntegrityError
from linkmode.model.module_digest import h1
from linkmode.model.target import Target
from linkmode.model.vendored import Select

BOTH = (Target("x86_64-linux-musl"), Target("aarch64-linux-musl"))


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
        "gotags": [],
        "textual_hdrs": [],
    }


def test_the_go_command_has_no_network_and_each_architecture_is_asked_with_and_without_cgo(folder: Path) -> None:
    project = Project(folder)
    project.vendor()
    assert all(environment["GOPROXY"] == "off" for environment in project.asked)
    # the module cache is where the user has it; what is listed is not for the user's settings to say
    assert {"GOARCH" in one: one.get("GOENV") for one in project.asked} == {True: "off", False: None}
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


def test_a_release_candidate_is_the_language_of_its_release(folder: Path) -> None:
    project = Project(folder)
    for package in project.packages[1:]:
        package["Module"] = {**MODULE, "GoVersion": "1.21rc2"}
    assert vendoring.rule(project.vendor(), "example.com/one").attributes["gc_goopts"] == ["-lang=go1.21"]
    for package in project.packages[1:]:
        package["Module"] = {**MODULE, "GoVersion": ""}
    assert vendoring.rule(project.vendor(), "example.com/one").attributes["gc_goopts"] == ["-lang=go1.16"]


def test_what_one_cpu_imports_is_no_dependency_on_another(folder: Path) -> None:
    project = Project(folder)
    assert vendoring.rule(project.vendor(targets=BOTH), "example.com/one").attributes["deps"] == [":example.com/one/in"]
    project.unlisted = {"arm64": {"example.com/one/in"}}
    assert vendoring.rule(project.vendor(targets=BOTH), "example.com/one").attributes["deps"] == Select(
        (),
        {
            "@linkmode//platforms:cpu_aarch64": [],
            "@linkmode//platforms:cpu_x86_64": [":example.com/one/in"],
        },
        (":example.com/one/in",),
    )


def test_what_exists_on_one_cpu_only_needs_no_choice(folder: Path) -> None:
    project = Project(folder)
    project.unlisted = {"arm64": {"example.com/one", "example.com/one/in"}}
    found = project.vendor(targets=BOTH)
    assert vendoring.rule(found, "example.com/one").attributes["deps"] == [":example.com/one/in"]


def test_a_program_among_the_packages_is_a_binary(folder: Path) -> None:
    found = Project(folder, Name="main").vendor()
    assert [(rule.name, rule.kind) for rule in found.rules] == [
        ("example.com/one", "go_binary"),
        ("example.com/one/in", "go_library"),
    ]
    assert found.loads == {"@linkmode//go:defs.bzl": ("go_binary", "go_library")}


def test_an_import_of_the_users_own_package_is_refused_as_that(folder: Path) -> None:
    project = Project(folder, Imports=["example.com/mine"])
    project.packages.append({"ImportPath": "example.com/mine", "Module": {"Path": "example.com/mine", "Main": True}})
    with pytest.raises(
        ConfigError, match=r"example\.com/one: imports example\.com/mine, which is a package of your own"
    ):
        project.vendor()


def test_tags_are_asked_for_and_are_those_of_each_package(folder: Path) -> None:
    project = Project(folder)
    attributes = vendoring.rule(project.vendor(tags=("fts5", "json1")), "example.com/one").attributes
    assert attributes["gotags"] == ["fts5", "json1"]
    assert all("-tags=fts5,json1" in argv for argv in project.commands if argv[1] == "list")
    project.commands.clear()
    project.vendor()
    assert not any(word.startswith("-tags") for argv in project.commands for word in argv)


def test_a_workspace_is_listed_as_one_and_its_checksums_are_those_of_its_modules(folder: Path) -> None:
    project = Project(folder)
    vendoring.write(folder, {"go.work": "go 1.24\nuse ./mine\n"})
    with pytest.raises(
        IntegrityError, match=r"go\.work\.sum: example\.com/one@v1\.2\.3: found h1:.* has no line for it"
    ):
        project.vendor()
    for file in ("go.work.sum", "mine/go.sum"):
        assert project.vendor(file).verified == 2, file
        (folder / file).unlink()
    assert {one["GOWORK"] for one in project.asked} == {str(folder / "go.work")}
    (folder / "go.work").unlink()
    project.asked.clear()
    project.vendor()
    assert {one["GOWORK"] for one in project.asked} == {"off"}


def test_a_folder_of_c_that_no_go_file_is_in_for_a_target_is_no_package(folder: Path) -> None:
    project = Project(folder, Imports=[])
    excluded = {"Err": "build constraints exclude all Go files in vendor/example.com/one/in"}
    project.packages[2] |= {"GoFiles": [], "CFiles": ["in.c"], "Error": excluded}
    assert project.vendor().packages == ("example.com/one",)


def test_a_package_whose_files_all_need_c_is_named_without_it(folder: Path) -> None:
    project = Project(folder)
    project.packages[2] |= {"GoFiles": []}
    with pytest.raises(ConfigError, match=r"one: imports example\.com/one/in, which has no Go file for it") as caught:
        project.vendor(pure=True)
    assert "leave --no-cgo out" in caught.value.hint

"""Every file parses and evaluates by Buck2's own interpreter, and every rule gives its actions. Nothing is built."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import starlark
from buck2.cell import BOTH, ROOT
from buck2.project import BuckError, Project, labels_of

Make = Callable[..., Project]
HOST = "prelude//platforms:default"
OF_THE_MACHINE = {"python3"}
EXAMPLES = ("c_zlib", "cpp_zig")


def analysed(project: Project, label: str, platform: str = HOST) -> str:
    return project.analyse(label, project.platform(platform))


def outputs(project: Project, label: str, platform: str = HOST) -> list[str]:
    target = analysed(project, label, platform)
    found: list[str] = project.ask(f"[one.artifact_ for one in {target}.at(DefaultInfo).default_outputs]")
    return found


def making(project: Project, label: str, platform: str = HOST) -> dict[str, object]:
    """Return the action that makes the output of a target."""
    [output] = outputs(project, label, platform)
    return project.actions[output]


def words(project: Project, label: str, platform: str = HOST) -> list[str]:
    found = making(project, label, platform)["words"]
    assert isinstance(found, list)
    return found


def test_every_file_is_one_that_buck2_can_read(make: Make) -> None:
    project = make()
    cell = project.cells["linkmode"]
    files = sorted(cell.rglob("*.bzl"))
    assert len(files) > 10
    for file in files:
        folder = file.parent.relative_to(cell)
        project.module(f"linkmode//{'' if str(folder) == '.' else folder}:{file.name}")
    assert len(list(labels_of(project))) > 20


def test_a_file_that_it_cannot_read_is_told(make: Make) -> None:
    project = make()
    (project.cells["linkmode"] / "wrong.bzl").write_text("class Wrong:\n    pass\n")
    with pytest.raises(starlark.StarlarkError):
        project.module("linkmode//:wrong.bzl")


@pytest.mark.parametrize(
    "platform", [HOST, *(f"linkmode//platforms:x86_64-linux-{libc}" for libc in ("musl", "gnu.2.17", "gnu.2.28"))]
)
def test_every_target_can_be_analysed_on_every_platform(make: Make, platform: str) -> None:
    project = make()
    for label in labels_of(project):
        # what is for one platform only is not asked for on others, and the machine has no target of its own
        if platform == HOST and label.endswith(":libc_runtime"):
            continue
        analysed(project, label, platform)
    assert {action["kind"] for action in project.actions.values()} >= {"run", "download", "write", "copy"}


def test_no_action_runs_a_program_of_the_machine_but_python(make: Make) -> None:
    project = make()
    for mode in ("static", "mostly_static", "dynamic"):
        analysed(project, f"root//:app_as_{mode}")
    programs = {action["words"][0] for action in project.actions.values() if action["kind"] == "run"}
    assert {program for program in programs if not program.startswith("buck-out/")} == OF_THE_MACHINE
    named = [word for action in project.actions.values() for word in action.get("words", ())]
    assert [word for word in named if re.search(r"(^|=|-I|-L)/(?!proc/self/cwd|nonexistent|=|lib)", word)] == []


def test_each_mode_has_the_target_and_the_flags_of_its_own(make: Make) -> None:
    project = make()
    static = words(project, "root//:app_as_static")
    assert "-static" in static
    assert any(word.endswith("bin/x86_64-linux-musl-gcc") for word in static[:1]), static[0]
    mostly = words(project, "root//:app_as_mostly_static")
    assert any(word.endswith("x86_64-linux-gnu.2.17__/runtime_c/Scrt1.o") for word in mostly)
    dynamic = words(project, "root//:app_as_dynamic")
    assert any(word.endswith("x86_64-linux-gnu.2.28__/runtime_c/Scrt1.o") for word in dynamic)
    assert not {"-static", "-no-pie"} & {*mostly, *dynamic}


@pytest.mark.parametrize(
    ("asked", "platform", "expected"),
    [
        ("static", HOST, "x86_64-linux-musl"),
        ("static", "linkmode//platforms:aarch64-linux-musl", "aarch64-linux-musl"),
        ("static", "linkmode//platforms:x86_64-linux-gnu.2.28", "x86_64-linux-musl"),
        ("mostly_static", HOST, "x86_64-linux-gnu.2.17"),
        ("mostly_static", "linkmode//platforms:x86_64-linux-gnu.2.28", "x86_64-linux-gnu.2.28"),
        ("dynamic", "linkmode//platforms:x86_64-linux-musl", "x86_64-linux-musl"),
    ],
)
def test_the_target_of_a_mode(make: Make, asked: str, platform: str, expected: str) -> None:
    project = make()
    target = analysed(project, f"root//:app_as_{asked}", platform)
    project.know("@linkmode//:defs.bzl", "LinkModeInfo")
    assert project.ask(f"{target}.at(LinkModeInfo).target") == expected


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ('link_mode = "static", target = "x86_64-linux-gnu.2.28"', "glibc inside a static binary still opens NSS"),
        ('link_mode = "dynamic", static_pie = True', "a dynamic binary is position-independent anyway"),
        ('link_mode = "dynamic", target = "riscv64-linux-musl"', "is no target of linkmode.toml; expected one of: x86"),
        ('link_mode = "dynamic", allow = ["a\\nb"]', "a soname has no line breaks"),
        ('link_mode = "shared"', "not one of static, mostly_static, dynamic"),
        ('link_mode = "static", platform = "//:x"', "no attribute platform"),
    ],
)
def test_what_cannot_be_kept_is_refused(make: Make, attributes: str, message: str) -> None:
    project = make(buck=f'\nlink_mode_binary(name = "wrong", binary = ":app", {attributes})\n')
    with pytest.raises((starlark.StarlarkError, BuckError), match=re.escape(message)):
        analysed(project, "root//:wrong")


def test_what_is_no_program_is_refused(make: Make) -> None:
    project = make(buck='\nlink_mode_binary(name = "wrong", binary = "linkmode//lib:zlib", link_mode = "static")\n')
    with pytest.raises(starlark.StarlarkError, match=r"linkmode//lib:zlib is not executable"):
        analysed(project, "root//:wrong")


def test_a_mode_that_no_target_has_is_refused(make: Make) -> None:
    toml = BOTH.partition("[[toolchain]]")[0] + BOTH[BOTH.index('[[toolchain]]\nfamily = "zig"') :]
    project = make(toml.replace('"x86_64-linux-musl", ', ""))
    with pytest.raises(starlark.StarlarkError, match=r"no target of linkmode.toml can be linked static for x86_64"):
        analysed(project, "root//:app_as_static")


def test_the_check_knows_what_the_target_promises(make: Make) -> None:
    project = make()
    target = analysed(project, "root//:app_as_mostly_static")
    [verdict] = project.ask(f"[one.validation_result.artifact_ for one in {target}.at(ValidationInfo).validations]")
    said = " ".join(project.actions[verdict]["words"])
    assert "--expect mostly_static --machine x86_64 --libc glibc --max-glibc 2.17" in said
    assert "--label root//:app_as_mostly_static" in said


def test_the_toolchain_of_a_build_that_says_only_the_mode(make: Make) -> None:
    project = make()
    host = project.platform(HOST)
    chosen = {}
    for mode in ("", "static", "mostly_static", "dynamic"):
        more = {"linkmode//constraints:link_mode": f"linkmode//constraints:link_mode[{mode}]"} if mode else {}
        target = project.analyse("root//:app", host | more)
        [output] = project.ask(f"[one.artifact_ for one in {target}.at(DefaultInfo).default_outputs]")
        chosen[mode] = " ".join(project.actions[output]["words"])
    assert "bin/x86_64-linux-musl-gcc" in chosen[""]
    assert " -static " in chosen[""]
    assert "bin/x86_64-linux-musl-gcc" in chosen["static"]
    assert "x86_64-linux-gnu.2.17__" in chosen["mostly_static"]
    assert "x86_64-linux-gnu.2.28__" in chosen["dynamic"]


def test_static_for_glibc_by_constraints_is_refused_too(make: Make) -> None:
    project = make()
    glibc = project.platform("linkmode//platforms:x86_64-linux-gnu.2.28")
    static = {"linkmode//constraints:link_mode": "linkmode//constraints:link_mode[static]"}
    with pytest.raises(starlark.StarlarkError, match="glibc inside a static binary"):
        project.analyse("root//:app", glibc | static)


def test_attributes_of_a_build_reach_the_flags(make: Make) -> None:
    project = make(
        buck='\nlink_mode_binary(name = "small", binary = ":app", link_mode = "static", '
        "strip = True, static_pie = True)\n"
    )
    linked = words(project, "root//:small")
    assert {"-Wl,--strip-all", "-static-pie"} <= {*linked}
    opt = {"linkmode//constraints:compilation_mode": "linkmode//constraints:compilation_mode[opt]"}
    target = project.analyse("root//:app", project.platform(HOST) | opt)
    [output] = project.ask(f"[one.artifact_ for one in {target}.at(DefaultInfo).default_outputs]")
    assert "-Wl,--gc-sections" in project.actions[output]["words"]


def test_an_archive_is_downloaded_by_checksum_and_size_from_the_mirror_that_is_named(make: Make) -> None:
    project = make()
    name = "musl.cc-11.2.1-x86_64-linux-x86_64-linux-musl"
    [packed] = {path for path in _inputs(project, name) if "/packed/" in path}
    download = project.actions[packed]
    assert download["kind"] == "download"
    assert download["size"] == 115063639
    assert download["url"] == f"http://mirror.invalid/sha256/{download['sha256']}/x86_64-linux-musl-cross.tgz"


def test_an_archive_comes_from_its_first_url_where_no_mirror_is_named(make: Make) -> None:
    project = make(config={("linkmode", "mirror"): ""})
    [packed] = {
        path for path in _inputs(project, "musl.cc-11.2.1-x86_64-linux-x86_64-linux-musl") if "/packed/" in path
    }
    assert str(project.actions[packed]["url"]).startswith("https://")


def test_an_archive_of_a_package_index_asks_for_a_mirror(make: Make) -> None:
    pinned = f"""
[[pin]]
family = "zlib"
version = "9.9"
file = "zlib.tgz"
urls = ["pypi:carrier/zlib.tgz"]
sha256 = "{"9" * 64}"
layout = "zlib"
"""
    project = make(BOTH.replace("~=1.3.1", "9.9") + pinned, config={("linkmode", "mirror"): ""})
    with pytest.raises(starlark.StarlarkError, match=r"which Buck2 cannot ask\. Write a mirror of what is locked"):
        analysed(project, "linkmode//lib:zlib_archive")


def _inputs(project: Project, name: str) -> list[str]:
    [root] = outputs(project, f"linkmode//toolchains:{name}")
    found: list[str] = project.actions[root]["inputs"]
    return found


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_files_of_the_examples_can_be_read(make: Make, example: str, tmp_path: Path) -> None:
    project = make()
    (tmp_path / "BUCK").write_text((ROOT / "examples" / example / "BUCK").read_text())
    assert {"pack_as", "census_as"} & project.package("root//").keys()
    assert set(project.package("toolchains//")) == {"cxx", "cxx_no_default_deps", "python_bootstrap"}
    [call] = project.evaluate_package_file(ROOT / "examples" / example / "PACKAGE")
    assert call["names"] == ["aliases", "extra_data", "key", "stage0", "stage1"]
    for mode in ("static", "mostly_static", "dynamic"):
        assert call["aliases"][mode] == f"linkmode//constraints:link_mode[{mode}]"


@pytest.mark.parametrize("name", ["toolchains/BUCK", "PACKAGE", ".buckconfig"])
def test_both_examples_set_buck2_up_alike(name: str) -> None:
    one, other = ((ROOT / "examples" / example / name).read_text() for example in EXAMPLES)
    assert one == other

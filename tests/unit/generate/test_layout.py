"""What is written: what the lock names, and nothing else."""

import re
import subprocess
from pathlib import Path

import pytest
from resolving import CATALOG, ZIG_REQUEST, config

from linkmode import languages
from linkmode.families import FAMILIES
from linkmode.generate import render as renders
from linkmode.languages import LANGUAGES
from linkmode.libraries import LIBRARIES
from linkmode.lock.resolve import resolve
from linkmode.model import resources
from linkmode.model.values import Tree


def tree(more: str = "", request: tuple[str, str, list[str]] = ZIG_REQUEST) -> Tree:
    wanted = config(request, more=more)
    return renders.render(wanted, resolve(wanted, CATALOG), resources.templates())


def folders(written: Tree) -> set[str]:
    return {path.split("/")[1] for path in written if path.startswith("private/") and path.count("/") > 1}


def test_zig_alone_is_the_core_and_zig() -> None:
    assert folders(tree()) == {"cc", "link_mode", "zig"}


def test_a_tree_for_c_is_small() -> None:
    """docs/decisions/0014-a-folder-for-each.md says what is above 45 files and 3,500 lines. Only a new check adds."""
    written = tree()
    assert len(written) <= 65
    assert sum(data.count(b"\n") for data in written.values()) <= 8_850


TAKES_APART = re.compile(r"""partition\("-"\)|split\("-"\)""")
NO_TARGET = {
    "common/families/zig/zig_tables.bzl": 1,  # a target, but Python reads it too, so that it loads nothing
    "bazel/languages/rust/private/rust_archive.bzl": 1,  # a folder that ends with a version
    "bazel/languages/rust/private/rust_build_script.bzl": 2,  # Rust's own triple, and a version
    "common/private/link_mode/link_mode_values.bzl": 2,  # cpu_of, target_facts
}
"""Where a text with dashes is taken apart, and how often."""


def taken_apart(folder: Path) -> dict[str, int]:
    found = {path: len(TAKES_APART.findall(path.read_text(encoding="utf-8"))) for path in folder.rglob("*.bzl")}
    return {str(path.relative_to(folder)): count for path, count in found.items() if count}


def test_one_file_takes_targets_apart() -> None:
    assert taken_apart(resources.templates()) == NO_TARGET


def test_a_target_that_is_taken_apart_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.bzl").write_text('cpu, _, _ = target.partition("-")\nlibc = target.rpartition("-")[2]\n')
    (tmp_path / "b.bzl").write_text("cpu = cpu_of(target)\n")
    assert taken_apart(tmp_path) == {"a.bzl": 2}


def test_only_buck2s_tree_has_what_only_buck2_reads() -> None:
    template = resources.templates() / "buck2" / "core" / "tools" / "elfcheck" / "validation.h"
    assert template.is_file()
    assert "tools/elfcheck/validation.h" not in tree()


def test_the_core_names_no_language() -> None:
    """A language brings its rules and what its archives put into binaries (linked.toml) in folders of its own."""
    named = re.compile(rf'["_/]({"|".join(LANGUAGES)})["_/]')
    core = resources.templates() / "bazel" / "core"
    for path in sorted(core.rglob("*.bzl")):
        assert not named.search(path.read_text(encoding="utf-8")), path
    assert named.search('_LANGUAGES = {"go_binary": ("go", "_std_with_cgo")}')


def test_the_core_names_no_macro_of_a_family() -> None:
    """What an archive of a family needs of the core stands in its layout."""
    macros = {layout.macro for family in FAMILIES.values() for layout in family.layouts.values()}
    core = resources.templates() / "bazel" / "core"
    assert "zig_archive" in macros
    for path in sorted(core.rglob("*.bzl")):
        text = path.read_text(encoding="utf-8")
        assert [macro for macro in macros if f'"{macro}"' in text] == [], path


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_of_each_language_says_whose_standard_library_it_holds(language: str) -> None:
    rules = resources.templates() / "bazel" / "languages" / language / "private"
    said = re.compile(rf'_linkmode_standard_library"?( =|:) attr\.string\(default = "{language}"\)')
    programs = [path for path in rules.rglob("*.bzl") if said.search(path.read_text(encoding="utf-8"))]
    assert programs
    assert (Path(languages.__path__[0]) / language / "linked.toml").is_file()


def test_each_thing_that_is_locked_adds_its_own_folder() -> None:
    musl = ("musl.cc", "~=11.2.1", ["x86_64-linux-musl"])
    assert folders(tree(request=musl)) == {"cc", "link_mode", "gcc"}
    assert folders(tree('[library]\nzlib = "~=1.3.1"\n')) == {"cc", "link_mode", "zig", "zlib"}
    assert folders(tree('[language]\ngo = "~=1.27.0"\n')) == {"cc", "link_mode", "zig", "go", "words"}
    assert folders(tree("[adapters]\nrules_go = true\n")) == {"cc", "link_mode", "zig", "adapters"}


def test_nothing_loads_what_is_not_written() -> None:
    for more in ("", '[library]\nzlib = "~=1.3.1"\n', '[language]\ngo = "~=1.27.0"\n'):
        written = tree(more)
        for path, content in written.items():
            for line in content.decode().splitlines():
                if line.startswith('load("//'):
                    package, _, file = line.partition('load("//')[2].partition('"')[0].partition(":")
                    assert f"{package}/{file}".removeprefix("/") in written, (path, line)


@pytest.mark.parametrize("kind", ["families", "languages", "libraries"])
def test_every_component_has_templates_of_its_name_and_a_file_of_pins(kind: str) -> None:
    known = {"families": FAMILIES, "languages": LANGUAGES, "libraries": LIBRARIES}[kind]
    own = {path.name for path in (resources.templates() / "bazel" / kind).iterdir()} - {"shared"}
    assert own == set(known)
    assert {path.name for path in (resources.templates() / "common" / kind).iterdir()} - {"shared"} <= own
    for name, component in known.items():
        assert (resources.catalogue() / f"{name}.toml").is_file()
        files = {f"private/{component.folder}/{layout.file}" for layout in component.layouts.values()}
        assert files <= {f"private/{component.folder}/{path.name}" for path in _rules(kind, name)}


def _rules(kind: str, name: str) -> list[Path]:
    folder = resources.templates() / "bazel" / kind / name
    return list((folder / "private" if kind == "languages" else folder).iterdir())


def test_git_is_told_that_it_is_generated(tmp_path: Path) -> None:
    folder = tmp_path / "third_party" / "linkmode"
    folder.mkdir(parents=True)
    (folder / ".gitattributes").write_bytes(tree()[".gitattributes"])
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    ask = ["git", "-C", str(tmp_path), "check-attr", "linguist-generated", "third_party/linkmode/lock.bzl", "app.c"]
    said = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.rpartition(" ")[2] for line in said] == ["set", "unspecified"]

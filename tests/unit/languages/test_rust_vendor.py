"""`linkmode vendor rust`: the targets of a crate, Cargo.lock of its files, build scripts, and what is refused."""

from pathlib import Path

import pytest
import vendoring
from crates import SUM, Workspace, dep

from linkmode.languages.rust import vendor as rust
from linkmode.messages import ConfigError, IntegrityError
from linkmode.model.target import Target
from linkmode.model.vendored import Glob, Select


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_a_crate_is_a_library_with_its_features_edition_and_macros(workspace: Workspace) -> None:
    found = workspace.vendor()
    assert found.packages == ("one-1.2.3", "two-1.2.3")
    assert vendoring.rule(found, "two-1.2.3").kind == "rust_proc_macro"
    assert vendoring.rule(found, "one-1.2.3").attributes == {
        "srcs": Glob(("one/**/*.rs",)),
        "aliases": {},
        "crate_features": ["std"],
        "deps": [],
        "proc_macro_deps": [":two-1.2.3"],
        "build_script": "",
        "compile_data": Glob(("one/**",), ("one/**/*.rs",)),
        "crate_name": "one",
        "crate_root": "one/src/lib.rs",
        "edition": "2021",
        "native_libraries": {},
        "rustc_env": {},
        "rustc_flags": ["--cap-lints=allow"],
    }
    assert found.files == {}, "no script, nothing to review"


def test_what_the_users_packages_name_has_a_short_name(workspace: Workspace) -> None:
    found = workspace.vendor()
    assert vendoring.rule(found, "one").attributes == {"actual": ":one-1.2.3"}
    assert "two" not in {rule.name for rule in found.rules}


def test_cargo_is_asked_for_each_target_without_a_network_and_runs_no_script_where_there_is_none(
    workspace: Workspace,
) -> None:
    workspace.vendor()
    assert {word for argv in workspace.asked for word in argv if word.startswith("--filter-platform")} == {
        "--filter-platform=x86_64-unknown-linux-gnu",
        "--filter-platform=x86_64-unknown-linux-musl",
    }
    assert all("--offline" in argv and "--locked" in argv for argv in workspace.asked)
    assert {argv[0] for argv in workspace.asked} == {"cargo"}


def test_what_is_only_for_the_tests_of_a_crate_is_left_out_and_another_name_is_kept(workspace: Workspace) -> None:
    workspace.add("three", "lib", dep("four", "dev"), dep("one", called="uno"))
    workspace.add("four", "lib")
    workspace.nodes["app"]["deps"].append(dep("three", "dev"))
    found = workspace.vendor()
    assert "four-1.2.3" not in found.packages
    assert vendoring.rule(found, "three-1.2.3").attributes["aliases"] == {":one-1.2.3": "uno"}


def test_the_variables_of_cargo_that_the_sources_name_are_set(workspace: Workspace) -> None:
    workspace.add("two", "proc-macro", text='env!("CARGO_PKG_VERSION_PATCH"); option_env!("CARGO_PKG_NAME");')
    environment = vendoring.rule(workspace.vendor(), "two-1.2.3").attributes["rustc_env"]
    assert environment == {"CARGO_PKG_NAME": "two", "CARGO_PKG_VERSION_PATCH": "3"}


def test_a_build_script_is_a_target_and_what_it_printed_is_written_for_review(workspace: Workspace) -> None:
    said = ["cargo:rerun-if-changed=build.rs", "cargo::rustc-cfg=has_it", "cargo:rustc-env=AT=/target/build/one/out"]
    workspace.add("one", "lib", dep("two", "build"), prints=said)
    found = workspace.vendor()
    script = vendoring.rule(found, "one-1.2.3_build_script")
    assert script.kind == "rust_build_script"
    assert script.attributes["proc_macro_deps"] == [":two-1.2.3"]
    assert (script.attributes["folder"], script.attributes["version"]) == ("one", "1.2.3")
    attributes = vendoring.rule(found, "one-1.2.3").attributes
    assert attributes["build_script"] == ":one-1.2.3_build_script"
    assert attributes["proc_macro_deps"] == []
    text = found.files["build-scripts.txt"].decode()
    assert text.endswith("[one-1.2.3]\ncargo::rustc-cfg=has_it\ncargo:rustc-env=AT=$OUT_DIR\n")


def test_a_c_library_comes_from_a_target_and_the_script_is_not_run(workspace: Workspace) -> None:
    workspace.add("one", "lib", prints=["cargo:rustc-link-lib=static=z", "cargo:rustc-cfg=has_z", "cargo:number=7"])
    workspace.packages["one"]["links"] = "z"
    workspace.add("two", "lib", dep("one"), prints=[])
    workspace.nodes["app"]["deps"].append(dep("two"))
    found = workspace.vendor()
    attributes = vendoring.rule(found, "one-1.2.3").attributes
    assert attributes["native_libraries"] == {"@linkmode//lib:zlib": "z"}
    assert attributes["rustc_flags"] == ["--cap-lints=allow", "--cfg=has_z"]
    assert attributes["build_script"] == ""
    assert vendoring.rule(found, "two-1.2.3_build_script").attributes["env"] == {"DEP_Z_NUMBER": "7"}


def test_metadata_of_a_script_that_is_run_comes_from_its_target(workspace: Workspace) -> None:
    workspace.add("one", "lib", prints=["cargo:number=7"], links="own")
    workspace.add("two", "lib", dep("one"), prints=[])
    workspace.nodes["app"]["deps"].append(dep("two"))
    script = vendoring.rule(workspace.vendor(), "two-1.2.3_build_script")
    assert script.attributes["link_deps"] == [":one-1.2.3_build_script"]
    assert script.attributes["env"] == {}


def test_a_c_library_that_nothing_is_known_of_is_refused_by_name(workspace: Workspace) -> None:
    workspace.add("one", "lib", prints=["cargo:rustc-link-lib=ssl", "cargo:rustc-link-lib=dylib=pthread"])
    with pytest.raises(ConfigError, match=r"one-1\.2\.3: its build script links the C library 'ssl'") as caught:
        workspace.vendor()
    assert "--library NAME=LABEL" in caught.value.hint
    found = workspace.vendor(libraries={"ssl": "//third_party:ssl"})
    assert vendoring.rule(found, "one-1.2.3").attributes["native_libraries"] == {"//third_party:ssl": "ssl"}


def test_a_script_that_links_and_makes_sources_is_refused(workspace: Workspace) -> None:
    text = 'include!(concat!(env!("OUT_DIR"), "/made.rs"));'
    workspace.add("one", "lib", prints=["cargo:rustc-link-lib=z"], text=text)
    workspace.made["one"] = "made.rs"
    with pytest.raises(ConfigError, match="links a C library and makes Rust sources"):
        workspace.vendor()


@pytest.mark.parametrize("made", ["", "one.o", "lib/libone.a", "flag_check", "expanded.i"])
def test_a_script_that_links_and_only_compiles_is_none_that_makes_sources(workspace: Workspace, made: str) -> None:
    text = '#[cfg(bindgen)] include!(concat!(env!("OUT_DIR"), "/made.rs"));'
    workspace.add("one", "lib", prints=["cargo:rustc-link-lib=z"], text=text)
    if made:
        workspace.made["one"] = made
    assert vendoring.rule(workspace.vendor(), "one-1.2.3").attributes["build_script"] == ""


def test_a_file_that_was_changed_added_or_removed_is_refused(workspace: Workspace) -> None:
    folder = workspace.folder / "vendor/one"
    vendoring.write(folder, {"src/lib.rs": "other", "src/more.rs": ""})
    (folder / "Cargo.toml").unlink()
    with pytest.raises(IntegrityError, match="3 problems") as caught:
        workspace.vendor()
    said = str(caught.value)
    assert "Cargo.toml: is missing" in said
    assert "src/more.rs: is not in .cargo-checksum.json" in said
    assert "src/lib.rs: SHA-256 is" in said


def test_a_crate_that_is_not_the_one_of_the_lock_is_refused(workspace: Workspace) -> None:
    path = workspace.folder / "vendor/one/.cargo-checksum.json"
    path.write_text(path.read_text().replace(SUM, "b" * 64))
    with pytest.raises(IntegrityError, match=rf"package: {'b' * 64}; Cargo\.lock has {SUM}"):
        workspace.vendor()


def test_a_crate_of_no_registry_and_a_crate_elsewhere_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    workspace.packages["one"]["manifest_path"] = str(tmp_path / "git/one/Cargo.toml")
    with pytest.raises(ConfigError, match=r"one 1\.2\.3: lies in .*git/one, and not in .*vendor"):
        workspace.vendor()


def test_a_crate_that_needs_the_users_own_package_is_refused(workspace: Workspace) -> None:
    workspace.add("mine", "lib", source=None)
    workspace.nodes["one"]["deps"].append(dep("mine"))
    with pytest.raises(ConfigError, match=r"one 1\.2\.3: depends on your own package mine"):
        workspace.vendor()


def test_a_crate_without_a_library_is_refused(workspace: Workspace) -> None:
    workspace.packages["two"]["targets"][0]["kind"] = ["cdylib"]
    with pytest.raises(ConfigError, match=r"two-1\.2\.3: is no library that a crate can depend on"):
        workspace.vendor()


def test_a_build_file_of_the_third_partys_is_refused(workspace: Workspace) -> None:
    vendoring.write(workspace.folder / "vendor/one", {"src/BUILD.bazel": ""})
    workspace.seal("one")
    with pytest.raises(ConfigError, match=r"one/src/BUILD\.bazel: is a BUILD file of the third party's"):
        workspace.vendor()


def test_without_a_lock_or_sources_the_next_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Cargo\.lock: is missing") as caught:
        rust.vendor(vendoring.request(tmp_path))
    assert "cargo generate-lockfile" in caught.value.hint
    vendoring.write(tmp_path, {"Cargo.lock": ""})
    with pytest.raises(ConfigError, match="vendor: is missing") as caught:
        rust.vendor(vendoring.request(tmp_path))
    assert "cargo vendor" in caught.value.hint


def test_what_cargo_does_not_build_is_left_out_though_its_metadata_has_it(workspace: Workspace) -> None:
    workspace.add("weak", "lib", prints=["cargo:rustc-link-lib=nowhere"])
    workspace.nodes["one"]["deps"].append(dep("weak"))
    workspace.unbuilt = {"weak": "tree"}
    found = workspace.vendor()
    assert found.packages == ("one-1.2.3", "two-1.2.3")
    assert vendoring.rule(found, "one-1.2.3").attributes["deps"] == []


def test_features_are_those_that_cargo_builds_with(workspace: Workspace) -> None:
    workspace.nodes["one"]["features"] = ["default", "fast"]
    assert vendoring.rule(workspace.vendor(), "one-1.2.3").attributes["crate_features"] == ["default", "fast"]
    workspace.nodes["one"]["features"] = []
    assert vendoring.rule(workspace.vendor(), "one-1.2.3").attributes["crate_features"] == []


def test_a_dependency_of_one_cpu_is_none_on_another(workspace: Workspace) -> None:
    workspace.add("three", "lib")
    workspace.nodes["one"]["deps"].append(dep("three"))
    workspace.unbuilt = {"three": "aarch64"}
    targets = (Target("x86_64-linux-musl"), Target("x86_64-linux-gnu.2.28"), Target("aarch64-linux-musl"))
    attributes = vendoring.rule(workspace.vendor(targets=targets), "one-1.2.3").attributes
    assert attributes["deps"] == Select(
        (),
        {"@linkmode//platforms:cpu_aarch64": [], "@linkmode//platforms:cpu_x86_64": [":three-1.2.3"]},
        (":three-1.2.3",),
    )
    assert attributes["proc_macro_deps"] == [":two-1.2.3"]


def test_a_script_of_other_platforms_runs_in_bazel_only_unless_it_links(workspace: Workspace) -> None:
    workspace.add("one", "lib", prints=[])
    workspace.prints.clear()
    found = workspace.vendor()
    assert vendoring.rule(found, "one-1.2.3").attributes["build_script"] == ":one-1.2.3_build_script"
    assert b"[one-1.2.3]\n# not run: this machine's platform does not have it\n" in found.files["build-scripts.txt"]
    workspace.packages["one"]["links"] = "own"
    with pytest.raises(ConfigError, match=r"one-1\.2\.3: its build script is for other platforms only"):
        workspace.vendor()


def test_variables_for_the_scripts_reach_the_sandbox_and_replace_none_of_its_own(workspace: Workspace) -> None:
    workspace.add("one", "lib", prints=[])
    workspace.vendor(environment={"OPENSSL_DIR": "/usr", "HOME": "/root"})
    [argv] = (argv for argv in workspace.asked if argv[0] == "bwrap")
    assert argv[argv.index("OPENSSL_DIR") + 1] == "/usr"
    assert argv[argv.index("HOME") + 1] == "/tmp"


def test_a_link_among_the_files_of_a_crate_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    for name, place in (("src/link.rs", tmp_path / "else.rs"), ("src/folder", tmp_path)):
        (tmp_path / "else.rs").touch()
        link = workspace.folder / "vendor/one" / name
        link.symlink_to(place)
        with pytest.raises(IntegrityError, match=rf"{name}: is not in \.cargo-checksum\.json"):
            workspace.vendor()
        link.unlink()


@pytest.mark.parametrize("text", ["", "[]", '{"files": []}', '{"files": {"a": 1}}', '{"files": {}, "files": {}}'])
def test_a_list_that_cargo_did_not_write_is_refused(workspace: Workspace, text: str) -> None:
    (workspace.folder / "vendor/one/.cargo-checksum.json").write_text(text)
    with pytest.raises(ConfigError, match=r"one/\.cargo-checksum\.json: ") as caught:
        workspace.vendor()
    assert "cargo vendor" in caught.value.hint


@pytest.mark.parametrize(
    ("file", "directory", "named"),
    [
        (".cargo/config.toml", "vendor", "mine"),
        (".cargo/config", "./vendor", "mine"),
        ("../.cargo/config.toml", "workspace/vendor", "mine"),
        (".cargo/config.toml", "elsewhere", "vendored-sources"),
        (".cargo/config.toml", "", "vendored-sources"),
        (".cargo/config.toml", "circle", "vendored-sources"),
    ],
)
def test_the_folder_has_the_name_that_the_settings_of_cargo_give_it(
    tmp_path: Path, file: str, directory: str, named: str
) -> None:
    workspace = Workspace(tmp_path / "workspace")
    (workspace.folder / "circle").symlink_to("circle")
    text = f'[source.crates-io]\nreplace-with = "mine"\n[source.mine]\ndirectory = "{directory}"\n'
    vendoring.write(workspace.folder, {file: text})
    workspace.vendor()
    assert all(f"--config=source.crates-io.replace-with='{named}'" in argv for argv in workspace.asked)
    assert all(f"--config=source.{named}.directory='{workspace.sources}'" in argv for argv in workspace.asked)


@pytest.mark.parametrize("text", ["[source", "source = 1", "[source]\nmine = 1", "[source.mine]\ndirectory = 1"])
def test_settings_that_cargo_would_refuse_are_left_to_cargo(workspace: Workspace, text: str) -> None:
    vendoring.write(workspace.folder, {".cargo/config.toml": text})
    workspace.vendor()
    assert all("--config=source.crates-io.replace-with='vendored-sources'" in argv for argv in workspace.asked)


def test_a_package_in_a_workspace_is_told_where_the_workspace_is(tmp_path: Path) -> None:
    vendoring.write(tmp_path, {"Cargo.lock": "", "member/Cargo.toml": ""})
    with pytest.raises(ConfigError, match=r"member/Cargo\.lock: is missing, and \S+ has one") as caught:
        rust.vendor(vendoring.request(tmp_path / "member"))
    assert "the folder of the workspace" in caught.value.hint

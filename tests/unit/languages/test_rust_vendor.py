"""`linkmode vendor rust`: the targets of a crate, Cargo.lock of its files, build scripts, and what is refused."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import vendoring

from linkmode.languages.rust import vendor as rust
from linkmode.messages import ConfigError, IntegrityError
from linkmode.model.vendored import Glob

REGISTRY = "registry+https://index.example.com"
SUM = "a" * 64


def dep(name: str, *kinds: str | None, called: str = "") -> dict[str, Any]:
    """Return an edge of the graph."""
    return {"name": called or name, "pkg": name, "dep_kinds": [{"kind": kind} for kind in kinds or (None,)]}


class Workspace:
    """The user's package `app`, which needs `one`, which needs the macros `two`; what more there is, tests add."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: dict[str, dict[str, Any]] = {}
        self.nodes: dict[str, dict[str, Any]] = {}
        self.prints: dict[str, list[str]] = {}
        self.asked: list[Sequence[str]] = []
        self.add("app", "bin", dep("one"), source=None)
        self.add("one", "lib", dep("two"))
        self.add("two", "proc-macro")

    def add(
        self, name: str, kind: str, *deps: dict[str, Any], prints: Sequence[str] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Add a package with one target, and a build script that prints these lines."""
        folder = self.folder / "vendor" / name if more.get("source", REGISTRY) else self.folder
        path = folder / ("src/main.rs" if kind == "bin" else "src/lib.rs")
        targets = [{"name": name, "kind": [kind], "src_path": str(path), "edition": "2021"}]
        vendoring.write(folder, {"Cargo.toml": "", str(path.relative_to(folder)): more.pop("text", "")})
        if prints is not None:
            targets.append(
                {"name": "build-script-build", "kind": ["custom-build"], "src_path": str(folder / "build.rs")}
            )
            vendoring.write(folder, {"build.rs": ""})
            self.prints[name] = list(prints)
        self.packages[name] = {
            "id": name,
            "name": name,
            "version": "1.2.3",
            "source": REGISTRY,
            "manifest_path": str(folder / "Cargo.toml"),
            "targets": targets,
            **more,
        }
        self.nodes[name] = {"id": name, "deps": list(deps), "features": ["std"]}
        if self.packages[name]["source"]:
            self.seal(name)
        return self.packages[name]

    def seal(self, name: str) -> None:
        """Write what `cargo vendor` writes of a crate's files."""
        folder = self.folder / "vendor" / name
        paths = [path for path in folder.rglob("*") if path.is_file() and path.name != ".cargo-checksum.json"]
        files = {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        (folder / ".cargo-checksum.json").write_text(json.dumps({"files": files, "package": SUM}))

    def answer(self, argv: Sequence[str], _: Mapping[str, str]) -> str:
        self.asked.append(argv)
        if argv[0] == "rustc":
            return "/usr\n"
        if argv[0] == "cargo":
            return json.dumps(
                {"packages": list(self.packages.values()), "resolve": {"nodes": list(self.nodes.values())}}
            )
        [target] = (argv[at - 1] for at, word in enumerate(argv) if word == "/target" and argv[at - 2] == "--bind")
        messages = []
        for name, lines in self.prints.items():
            vendoring.write(Path(target), {f"build/{name}/output": "\n".join(lines)})
            messages.append(
                {"reason": "build-script-executed", "package_id": name, "out_dir": f"/target/build/{name}/out"}
            )
        return "\n".join(map(json.dumps, messages))

    def vendor(self, **more: Any) -> rust.Vendored:
        text = "".join(
            f'[[package]]\nname = "{name}"\nversion = "1.2.3"\nsource = "{REGISTRY}"\nchecksum = "{SUM}"\n'
            for name, package in self.packages.items()
            if package["source"]
        )
        vendoring.write(self.folder, {"Cargo.lock": text})
        return rust.vendor(vendoring.request(self.folder, self.answer, **more))


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


def test_the_sandbox_has_no_network_and_no_home(workspace: Workspace) -> None:
    workspace.add("one", "lib", prints=[])
    workspace.vendor()
    [argv] = (argv for argv in workspace.asked if argv[0] == "bwrap")
    assert {"--unshare-all", "--clearenv"} < set(argv)
    assert "--share-net" not in argv
    assert argv[argv.index("HOME") + 1] == "/tmp"
    assert not any(word.startswith(str(Path.home())) for word in argv)


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
    with pytest.raises(ConfigError, match="links a C library and makes Rust sources"):
        workspace.vendor()


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

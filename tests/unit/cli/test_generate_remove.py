"""``linkmode generate --remove``: a repository as it was before the first ``generate``, byte by byte."""

from pathlib import Path

import pytest
from calling import TOML, Run

SHAPES: dict[str, dict[str, bytes]] = {
    "module alone": {"MODULE.bazel": b'module(name = "m")\nbazel_dep(name = "rules_cc", version = "0.2.14")\n'},
    "module without an end of line, and empty files": {
        "MODULE.bazel": b'module(name = "m")',
        ".bazelrc": b"",
        ".bazelignore": b"",
    },
    "workspace with CRLF": {
        "WORKSPACE": b'workspace(name = "m")\r\nlocal_repository(name = "a", path = "a")\r\n',
        ".bazelrc": b"try-import %workspace%/user.bazelrc\r\nbuild --x",
        ".bazelignore": b"node_modules\r\n",
    },
    "hybrid": {
        "MODULE.bazel": b"# licence\n\nmodule(\n    name = 'm',\n)\n\n\nbazel_dep(name = 'platforms')\n",
        "WORKSPACE.bazel": b"load(':a.bzl', 'a')\na()\n",
        ".bazelrc": b"common --noenable_workspace\n\n",
    },
    "a Bazel of today": {".bazelversion": b"9.0.0\n", "MODULE.bazel": b'bazel_dep(name = "rules_cc")\n'},
    "another hermetic toolchain": {
        "MODULE.bazel": b'module(name = "m")\n\nbazel_dep(name = "toolchains_llvm", version = "1.4.0")\n'
        b'llvm = use_extension("@toolchains_llvm//toolchain/extensions:llvm.bzl", "llvm")\n'
        b'register_toolchains("@llvm_toolchain//:all")\n',
        "third_party/BUILD": b"",
    },
    "Buck2 beside Bazel": {"MODULE.bazel": b"", ".buckconfig": b"[cells]\nroot = ."},
}


def files(root: Path) -> dict[str, bytes]:
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if name not in ("linkmode.toml", "linkmode.lock")}


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "a repository with spaces"
    root.mkdir()
    (root / "linkmode.toml").write_text(f'build-systems = ["bazel", "buck2"]\n{TOML}')
    for name, data in SHAPES[request.param].items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(data)
    monkeypatch.chdir(root)
    return root


def test_each_byte_comes_back(shape: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, folders = files(shape), {path for path in shape.rglob("*") if path.is_dir()}
    assert Run(capsys, "lock").code == 0
    assert Run(capsys, "generate").code == 0
    assert files(shape) != before
    assert Run(capsys, "generate", "--check").code == 0
    (shape / "linkmode.lock").unlink()  # what is out of date does not keep anyone
    run = Run(capsys, "generate", "--remove")
    assert run.code == 0, run.err
    assert files(shape) == before
    assert {path for path in shape.rglob("*") if path.is_dir()} == folders
    assert "next: delete linkmode.toml and linkmode.lock, and what you load from @linkmode\n" in run.err
    again = Run(capsys, "generate", "--remove")
    assert (again.code, again.out) == (0, "removed 0 files of third_party/linkmode, and the blocks of 0 files\n")


def test_what_is_the_users_stays(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "MODULE.bazel").write_text('module(name = "m")\n')
    assert Run(capsys, "lock").code == 0
    assert Run(capsys, "generate").code == 0
    (repository / "third_party/linkmode/mine.txt").write_text("mine\n")
    with (repository / ".bazelrc").open("a") as stream:
        stream.write("build --mine\n")
    run = Run(capsys, "generate", "--remove")
    assert run.code == 0
    assert "third_party/linkmode keeps what linkmode did not generate: mine.txt" in run.err
    assert [path.name for path in (repository / "third_party/linkmode").iterdir()] == ["mine.txt"]
    assert (repository / ".bazelrc").read_text() == "build --mine\n"
    assert not (repository / ".bazelignore").exists()


@pytest.mark.parametrize("option", ["--check", "--diff", "--no-edit", "--force", "--json"])
def test_it_is_for_itself(repository: Path, capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert (repository / "linkmode.toml").is_file()
    run = Run(capsys, "generate", "--remove", option)
    assert run.code == 2
    assert "--remove is for itself" in run.err


def test_a_file_with_half_a_block_stops_it_before_anything_is_removed(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "MODULE.bazel").write_text('module(name = "m")\n')
    assert Run(capsys, "lock").code == 0
    assert Run(capsys, "generate").code == 0
    (repository / ".bazelrc").write_text("# linkmode: end\n")
    run = Run(capsys, "generate", "--remove")
    assert run.code == 3
    assert "the marks of linkmode's block do not match" in run.err
    assert "then run: linkmode generate --remove\n" in run.err
    assert (repository / "third_party/linkmode/defs.bzl").is_file()
    assert "linkmode: begin" in (repository / "MODULE.bazel").read_text()


def test_modes_of_edited_files_stay(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = repository / "MODULE.bazel"
    module.write_text('module(name = "m")\n')
    module.chmod(0o444)
    assert Run(capsys, "lock").code == 0
    assert Run(capsys, "generate").code == 0
    assert ("linkmode: begin" in module.read_text(), module.stat().st_mode & 0o777) == (True, 0o444)
    assert Run(capsys, "generate", "--remove").code == 0
    assert (module.read_text(), module.stat().st_mode & 0o777) == ('module(name = "m")\n', 0o444)


def test_a_block_for_another_folder_stops_it_before_anything_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "linkmode.toml").write_text(TOML)
    (tmp_path / "MODULE.bazel").write_text('module(name = "m")\n')
    monkeypatch.chdir(tmp_path)
    assert Run(capsys, "lock").code == 0
    assert Run(capsys, "generate").code == 0
    before = files(tmp_path)
    (tmp_path / "linkmode.toml").write_text(f'output = "elsewhere"\n{TOML}')
    run = Run(capsys, "generate", "--remove")
    assert run.code == 3
    assert "MODULE.bazel: linkmode's block does not name elsewhere, the output of linkmode.toml" in run.err
    assert "set output to the folder that the block names, then run: linkmode generate --remove" in run.err
    assert files(tmp_path) == before

"""The sandbox of build scripts: what `linkmode vendor rust` shows them of the machine."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import vendoring
from crates import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_the_sandbox_has_no_network_and_no_home(workspace: Workspace) -> None:
    workspace.add("one", "lib", prints=[])
    workspace.vendor()
    [argv] = (argv for argv in workspace.asked if argv[0] == "bwrap")
    assert {"--unshare-all", "--clearenv"} < set(argv)
    assert "--share-net" not in argv
    assert argv[argv.index("HOME") + 1] == "/tmp"
    assert not any(word.startswith(str(Path.home())) for word in argv)


def test_the_sandbox_has_the_users_packages_beside_the_workspace_and_never_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path / "workspace")
    workspace.add("one", "lib", prints=[])
    assert workspace.shown() == (str(workspace.folder), "/workspace")
    workspace.add("beside", "lib", source=None)
    workspace.packages["beside"]["manifest_path"] = str(tmp_path / "beside/Cargo.toml")
    assert workspace.shown() == (str(tmp_path), "/workspace/workspace")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert workspace.sees() == {
        "/workspace/beside": str(tmp_path / "beside"),
        "/workspace/workspace": str(workspace.folder),
    }


def test_the_sandbox_has_packages_of_two_homes_and_no_more_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root, whose home is elsewhere: the homes of other users are none of a build script's business."""
    users = [SimpleNamespace(pw_dir=str(tmp_path / name)) for name in ("ada", "bob")]
    monkeypatch.setattr("pwd.getpwall", lambda: users)
    workspace = Workspace(tmp_path / "ada/app")
    workspace.add("one", "lib", prints=[])
    workspace.add("lib", "lib", source=None)
    workspace.packages["lib"]["manifest_path"] = str(tmp_path / "bob/all/lib/Cargo.toml")
    vendoring.write(tmp_path / "bob", {"all/Cargo.toml": "[workspace]\n", "secret": ""})
    assert workspace.sees() == {
        "/workspace/ada/app": str(workspace.folder),
        "/workspace/bob/all/lib": str(tmp_path / "bob/all/lib"),
        "/workspace/bob/all/Cargo.toml": str(tmp_path / "bob/all/Cargo.toml"),
    }


def test_a_user_without_a_home_has_a_sandbox_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    workspace = Workspace(tmp_path / "workspace")
    workspace.add("one", "lib", prints=[])
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert workspace.shown() == (str(workspace.folder), "/workspace")


def test_the_sandbox_asks_for_no_wrapper_of_the_compiler_and_for_its_errors(workspace: Workspace) -> None:
    workspace.add("one", "lib", prints=[])
    workspace.vendor()
    [argv] = (argv for argv in workspace.asked if argv[0] == "bwrap")
    assert argv[argv.index("RUSTC_WRAPPER") + 1] == argv[argv.index("RUSTC_WORKSPACE_WRAPPER") + 1] == ""
    assert "--message-format=json-render-diagnostics" in argv, "plain json would say on stdout why a crate fails"

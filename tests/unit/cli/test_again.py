"""The command that an error shows is the one that helps: each is run as it is shown, and then what failed works."""

import contextlib
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from calling import TOML
from mirroring import BODIES, environment
from mirroring import repository as small_repository

from linkmode import pipeline
from linkmode.cli.main import main
from linkmode.messages import ConfigError, Message, Run

FOLDER = "a b"
_SHOWN = re.compile(r"(?:^|: |`)(linkmode [^`\n]*)")

Outside = Callable[..., tuple[int, str]]


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Outside:
    """Run linkmode beside the repository, whose name has a blank; return the exit code and standard error."""
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("LINKMODE_STORE")
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "linkmode.toml").write_text(TOML)

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        with contextlib.chdir(tmp_path):
            code = main(arguments)
        return code, capsys.readouterr().err

    return run


def helped(outside: Outside, *arguments: str, code: int) -> str:
    """Run a command that fails, then what its hint shows, then the same again, which works; return what was shown."""
    found, said = outside(*arguments)
    assert found == code, said
    [shown] = _SHOWN.findall(said.rpartition("  hint: ")[2])
    for command in shown.split(" && "):
        first, *words = shlex.split(command)
        assert first == "linkmode"
        assert outside(*words)[0] == 0, command
    found, said = outside(*arguments)
    assert found == 0, said
    return str(shown)


def sources(folder: Path) -> dict[str, str]:
    return {artifact.family: artifact.source for artifact in pipeline.locked(folder).artifacts}


def test_check_repeats_the_folder_and_what_was_asked(outside: Outside, tmp_path: Path) -> None:
    (tmp_path / FOLDER / "linkmode.toml").write_text(TOML.partition("[library]")[0].replace("~=0.15.1", "0.16.0"))
    shown = helped(outside, "-C", FOLDER, "lock", "--check", "--deny-advisories", code=1)
    assert shown == "linkmode -C 'a b' lock --deny-advisories"
    (tmp_path / FOLDER / "linkmode.toml").write_text(TOML)
    shown = helped(outside, "-C", FOLDER, "lock", "--check", "--upgrade", "zig", "--source", "zlib=pypi", code=1)
    assert shown == "linkmode -C 'a b' lock --upgrade=zig --source=zlib=pypi"
    assert sources(tmp_path / FOLDER) == {"zig": "upstream", "zlib": "pypi"}


@pytest.mark.parametrize("how", ["missing", "out of date", "edited", "conflict", "older", "half"])
def test_every_lock_that_is_refused(outside: Outside, tmp_path: Path, how: str) -> None:
    """What the lock recorded of ``--source`` is kept, as far as the lock holds anything."""
    folder = tmp_path / FOLDER
    lock = folder / "linkmode.lock"
    assert outside("-C", FOLDER, "lock", "--source", "zlib=pypi")[0] == 0
    text = lock.read_text()
    match how:
        case "missing":
            lock.unlink()
        case "out of date":
            (folder / "linkmode.toml").write_text(TOML.replace(">=1.2.11", "<1.3.1"))
        case "edited":
            lock.write_text(text.replace("1.3.1", "1.3.0"))
        case "conflict":
            start = text.index("[[artifact]]")
            lock.write_text(f"{text[:start]}<<<<<<< ours\n{text[start:]}=======\n>>>>>>> theirs\n")
        case "older":
            lock.write_text(text.replace("\nversion = 2\n", "\nversion = 0\nforgotten = 1\n", 1))
        case _:
            lock.write_text(text[: text.rindex("upstream")])
    assert helped(outside, "-C", FOLDER, "generate", code=6) == "linkmode -C 'a b' lock"
    assert sources(folder)["zlib"] == ("upstream" if how == "missing" else "pypi")


def test_a_source_that_not_all_families_have(outside: Outside, tmp_path: Path) -> None:
    toml = tmp_path / FOLDER / "linkmode.toml"
    toml.write_text(TOML.replace('"zig"', '"musl.cc"').replace("~=0.15.1", "~=11.2.1"))
    code, said = outside("-C", FOLDER, "lock", "--source", "pypi")
    assert code == 3
    assert "the catalogue has no musl.cc from source 'pypi', only from upstream" in said
    command = "linkmode -C 'a b' lock --source musl.cc=upstream --source zlib=pypi"
    assert said.endswith(f"hint: choose for each family by itself: {command}\n")
    assert outside(*shlex.split(command)[1:])[0] == 0
    assert sources(tmp_path / FOLDER) == {"musl.cc": "upstream", "zlib": "pypi"}


def test_a_version_that_only_upstream_has(outside: Outside, tmp_path: Path) -> None:
    assert outside("-C", FOLDER, "lock", "--source", "zlib=pypi")[0] == 0
    (tmp_path / FOLDER / "linkmode.toml").write_text(TOML.replace(">=1.2.11", "1.3.2"))
    code, said = outside("-C", FOLDER, "lock")
    assert code == 3
    assert "no version of zlib satisfies '1.3.2'" in said or "no version of zlib satisfies '==1.3.2'" in said
    assert "from pypi, which was chosen with --source" in said
    command = "linkmode -C 'a b' lock --source zlib=upstream"
    assert said.endswith(f"or run: {command}\n")
    assert outside(*shlex.split(command)[1:])[0] == 0


def test_the_source_of_the_others_is_not_lost_over_one_that_lacks_the_version(outside: Outside, tmp_path: Path) -> None:
    (tmp_path / FOLDER / "linkmode.toml").write_text(TOML.replace(">=1.2.11", "1.3.2"))
    code, said = outside("-C", FOLDER, "lock", "--source", "pypi")
    assert code == 3
    command = "linkmode -C 'a b' lock --source zig=pypi --source zlib=upstream"
    assert said.endswith(f"or run: {command}\n")
    assert outside(*shlex.split(command)[1:])[0] == 0
    assert sources(tmp_path / FOLDER) == {"zig": "pypi", "zlib": "upstream"}


def test_a_source_with_older_versions_says_so(outside: Outside, tmp_path: Path) -> None:
    """Only where linkmode.toml allows the newer one; and not for Zig, which both sources have the same versions of."""
    said = outside("-C", FOLDER, "lock", "--source", "pypi")[1]
    note = (
        "linkmode: note: zlib: the newest that linkmode.toml allows is 1.3.1 from pypi, and 1.3.2 from upstream: "
        "linkmode lock --source zlib=upstream"
    )
    assert [line for line in said.splitlines() if "newest" in line] == [note]
    assert note in outside("-C", FOLDER, "lock")[1]
    (tmp_path / FOLDER / "linkmode.toml").write_text(TOML.replace(">=1.2.11", "<1.3.2"))
    assert "newest" not in outside("-C", FOLDER, "lock")[1]
    (tmp_path / FOLDER / "linkmode.toml").write_text(TOML)
    assert "newest" not in outside("-C", FOLDER, "lock", "--source", "upstream")[1]


def test_offline_repeats_store_and_names(outside: Outside, tmp_path: Path) -> None:
    small_repository(tmp_path)
    assert outside("-C", "repository", "lock", "--source", "zlib=pypi")[0] == 0
    store = str(tmp_path / "my store")
    shown = helped(outside, "-C", "repository", "fetch", "--offline", "--store", store, "--only", "zlib-9.9", code=4)
    assert shown == f"linkmode -C repository fetch --store '{store}' --only=zlib-9.9"
    shown = helped(outside, "-C", "repository", "mirror", "--offline", "--store", store, str(tmp_path / "m"), code=4)
    assert shown == f"linkmode -C repository fetch --store '{store}'"


def test_the_store_of_the_environment_needs_no_repeating(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_repository(tmp_path)
    monkeypatch.setenv("LINKMODE_STORE", str(tmp_path / "store"))
    assert outside("-C", "repository", "lock", "--source", "zlib=pypi")[0] == 0
    assert helped(outside, "-C", "repository", "fetch", "--offline", code=4) == "linkmode -C repository fetch"


def test_exec_repeats_the_store(outside: Outside, tmp_path: Path) -> None:
    small_repository(tmp_path)
    assert outside("-C", "repository", "lock", "--source", "zlib=pypi")[0] == 0
    code, said = outside("-C", "repository", "exec", "--store", "here", "--print-env")
    assert code == 4
    assert said.endswith("hint: with a network, run: linkmode -C repository fetch --store here\n")


def test_a_lock_elsewhere(outside: Outside, tmp_path: Path) -> None:
    folder = small_repository(tmp_path)
    assert outside("-C", "repository", "lock", "--source", "zlib=pypi")[0] == 0
    lock = folder / "linkmode.lock"
    whole = lock.read_text()
    lock.write_text(whole.replace("9.9", "9.8"))
    arguments = ("fetch", "--lock", str(lock), "--store", "store")
    assert helped(outside, *arguments, code=6) == f"linkmode -C {folder} lock"
    lock.write_text(whole)
    other = "repository/other.lock"
    lock.rename(tmp_path / other)
    code, said = outside("fetch", "--lock", other, "--offline", "--store", "empty")
    assert code == 4
    assert said.endswith("run: linkmode fetch --store empty --lock repository/other.lock\n")
    assert outside("fetch", "--lock", other, "--store", "empty", "--only", "zlib-9.9")[0] == 0
    assert BODIES["zlib-9.9.tar.gz"] in [path.read_bytes() for path in (tmp_path / "empty").rglob("file")]
    (tmp_path / other).write_text("version = 1\n")
    code, said = outside("fetch", "--lock", other)
    assert code == 6
    assert "linkmode -C" not in said


@pytest.mark.parametrize("folder", ["a\\1b", "$(x)", "a'b", "-C"])
def test_a_folder_with_an_odd_name_is_quoted(folder: str) -> None:
    error = ConfigError(Message("p; `", Run("lock"), "` would change"), hint=Message("then run `", Run("lock"), "`"))
    error.folder = folder
    [shown] = _SHOWN.findall(error.hint)
    assert shlex.split(shown) == ["linkmode", "-C", folder, "lock"]
    assert shown in error.problem

"""What lies where something else is expected: said by name, with what to do, and never as the system's bare word."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import linkmode
from linkmode.cli.main import main

TOML = '[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.1"\ntargets = ["x86_64-linux-musl"]\n'


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "linkmode.toml").write_text(TOML)
    monkeypatch.chdir(folder)
    for name in ("LINKMODE_STORE", "LINKMODE_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    capsys.readouterr()
    found = main(arguments)
    error = capsys.readouterr().err
    assert found == code, error
    assert "Traceback" not in error
    return error


def nobodys_home(user: int) -> object:
    raise KeyError(user)


@pytest.mark.parametrize("home", [None, "relative"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("generate",), 3),
        (("exec", "--", "true"), 3),
        (("fetch", "--offline"), 3),
        (("store", "verify"), 3),
        (("doctor",), 3),
        (("lock", "--check"), 0),
        (("fetch", "--offline", "--store", "../store"), 4),
        (("exec", "--store", "../store", "--", "true"), 4),
    ],
)
def test_a_user_without_a_home_is_told_so_and_gets_no_cache_in_the_repository(
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    home: str | None,
    command: tuple[str, ...],
    code: int,
) -> None:
    """As in a container that runs as a number: what platformdirs then gives or raises depends on its version."""
    said(capsys, "lock", code=0)
    before = sorted(repository.rglob("*"))
    monkeypatch.setenv("USER", "nobody")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("pwd.getpwuid", nobodys_home)
    if home is None:
        monkeypatch.delenv("HOME")
    else:
        monkeypatch.setenv("HOME", home)
    error = said(capsys, *command, code=code)
    if code == 3:
        assert "this user has no home folder that linkmode could keep its cache in" in error
        assert "hint: set XDG_CACHE_HOME to a folder that this user can write" in error
    assert sorted(repository.rglob("*")) == before


@pytest.mark.parametrize("command", [("lock",), ("generate",), ("fetch",), ("exec", "--", "true"), ("lock", "--check")])
def test_a_lock_that_is_a_folder(
    repository: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    (repository / "linkmode.lock").mkdir()
    error = said(capsys, *command, code=3)
    assert error.startswith("linkmode: error: linkmode.lock cannot be read: Is a directory; expected linkmode's lock")
    assert "move it away, then run: linkmode lock" in error


def test_a_lock_that_is_a_link_is_replaced_by_a_file(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it led to stays as it is: it may be another repository's."""
    (repository / "elsewhere").write_text("precious")
    (repository / "linkmode.lock").symlink_to("elsewhere")
    assert "linkmode.lock is not TOML" in said(capsys, "generate", code=6)
    said(capsys, "lock", code=0)
    assert not (repository / "linkmode.lock").is_symlink()
    assert (repository / "elsewhere").read_text() == "precious"
    said(capsys, "lock", "--check", code=0)
    (repository / "linkmode.lock").unlink()
    (repository / "linkmode.lock").symlink_to("linkmode.lock")
    assert "Too many levels of symbolic links" in said(capsys, "lock", code=3)


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (lambda path: path.symlink_to("linkmode.toml"), "a symbolic link"),
        (lambda path: path.symlink_to("nowhere"), "a symbolic link"),
        (Path.mkdir, "a folder"),
        (os.mkfifo, "a pipe or a socket"),
    ],
    ids=["a link", "a link to nothing", "a folder", "a pipe"],
)
def test_what_is_in_the_way_of_a_file_is_told_with_what_to_do(
    repository: Path, capsys: pytest.CaptureFixture[str], plant: Callable[[Path], None], kind: str
) -> None:
    plant(repository / ".linkmode.lock.linkmode-new")
    error = said(capsys, "lock", code=3)
    assert f"linkmode.lock cannot be written: .linkmode.lock.linkmode-new is {kind}\n" in error
    assert "hint: move .linkmode.lock.linkmode-new away, then run again; linkmode writes through no link" in error
    assert (repository / "linkmode.toml").read_text() == TOML


@pytest.mark.parametrize(("umask", "writable"), [(0, 0), (0o002, 0o020), (0o022, 0), (0o077, 0)])
def test_what_is_written_only_this_user_can_change(repository: Path, umask: int, writable: int) -> None:
    """umask 0 is what some containers have. One that is a team's, 002, is kept."""
    made = [repository / "linkmode.lock", repository / "third_party"]
    before = os.umask(umask)
    try:
        assert main(["lock"]) == 0
        assert main(["generate"]) == 0
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    made += [*(repository / "third_party").rglob("*"), *(repository.parent / "cache").rglob("*")]
    found = {path.stat().st_mode & 0o022 for path in made if path.suffix != ".lock" or path in made[:1]}
    assert found == {writable}
    assert not any(path.stat().st_mode & 0o002 for path in made)


@pytest.mark.parametrize(
    ("umask", "used"), [(0, 0o022), (0o020, 0o022), (0o002, 0o002), (0o007, 0o007), (0o070, 0o072), (0o055, 0o077)]
)
def test_no_umask_is_made_wider(monkeypatch: pytest.MonkeyPatch, umask: int, used: int) -> None:
    seen: list[int] = []

    def looked() -> Path:
        seen.append(os.umask(0))
        os.umask(seen[0])
        return Path()

    monkeypatch.setattr("linkmode.cli.store.default_root", looked)
    before = os.umask(umask)
    try:
        assert main(["store", "path"]) == 0
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert seen == [used]


@pytest.mark.parametrize("command", [("lock",), ("generate",), ("fetch",), ("exec", "--", "true"), ("mirror", "m")])
def test_a_configuration_that_is_a_folder(
    repository: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    (repository / "linkmode.toml").unlink()
    (repository / "linkmode.toml").mkdir()
    error = said(capsys, *command, code=3)
    assert error == (
        "linkmode: error: linkmode.toml cannot be read: Is a directory; expected linkmode's configuration\n"
        "  hint: move it away, then run: linkmode init\n"
    )


def test_a_configuration_that_is_not_utf8(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_bytes(b"\xff")
    error = said(capsys, "lock", code=3)
    assert "linkmode.toml is not UTF-8: " in error
    assert "hint: save linkmode.toml as UTF-8" in error


def test_a_mirror_where_a_file_is(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock"]) == 0
    (repository / "file").write_text("precious")
    (repository / "link").symlink_to("nowhere")
    for name, inside in (("file", "file"), ("file/deep", "file"), ("link", "link")):
        error = said(capsys, "mirror", "--offline", name, code=3)
        assert f"error: {name}: cannot be an air-gap mirror: {inside} is no folder" in error
        assert "name a new or an empty folder" in error
    assert (repository / "file").read_text() == "precious"


@pytest.mark.parametrize("command", ["fetch", "store verify", "store gc", "store path", "exec -- true", "mirror out"])
def test_a_store_that_is_empty_or_a_file(repository: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """What `--store "$UNSET"` gives must not mean the current folder."""
    verb, *more = command.split(" ") if command.startswith("store") else [command]
    words = [*verb.split(" "), *more]
    place = words.index("--") if "--" in words else len(words)
    for store, why in (("", "the value is empty; expected a folder"), ("linkmode.toml", "is a file")):
        assert why in said(capsys, *words[:place], "--store", store, *words[place:], code=2)


def test_a_mirror_that_is_empty_does_not_mean_upstream(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock"]) == 0
    assert "--mirror '': the value is empty" in said(capsys, "fetch", "--mirror", "", code=2)
    assert "--mirror 'http:///x': the URL has no host" in said(capsys, "fetch", "--mirror", "http:///x", code=2)


def test_a_lock_without_end(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(repository / "pipe")
    for name in ("/dev/zero", "pipe", "."):
        assert f"{name}: is no regular file" in said(capsys, "fetch", "--lock", name, code=6)


@pytest.mark.parametrize("sources", [("zig=pypi", "zig=upstream"), ("pypi", "upstream"), ("zig=pypi", "zig=pypi")])
def test_two_sources_for_one(repository: Path, capsys: pytest.CaptureFixture[str], sources: tuple[str, str]) -> None:
    error = said(capsys, "lock", *(f"--source={source}" for source in sources), code=2)
    assert f"--source is given 2 times for {'zig' if '=' in sources[0] else 'all families'}" in error
    assert not (repository / "linkmode.lock").exists()


@pytest.mark.parametrize(
    ("url", "why"), [("pypi:zlib", "expected pypi:<project>/<file>"), ("", "'': expected a URL or a path")]
)
def test_catalog_add_of_half_a_url(capsys: pytest.CaptureFixture[str], url: str, why: str) -> None:
    assert why in said(capsys, "catalog", "add", url, code=2)


def closed(repository: Path, words: str) -> subprocess.CompletedProcess[str]:
    """Run linkmode by a shell, which closes standard streams for it."""
    environment = {**os.environ, "PYTHONPATH": str(Path(linkmode.__file__).parents[1])}
    return subprocess.run(
        ["sh", "-c", f'"$0" -m linkmode {words}', sys.executable],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["audit /bin/sh", "catalog list", "lock"])
def test_standard_streams_that_a_parent_closed(repository: Path, command: str, streams: str) -> None:
    done = closed(repository, f"{command} {streams}")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr


def test_a_closed_standard_input_is_empty(repository: Path) -> None:
    done = closed(repository, "audit - <&-")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr

"""Locks as earlier linkmodes wrote them, byte for byte: each is read, or refused with the command that brings it over.

A file in formats/ is never changed. When the format gets a new version, a lock of the present one joins them.
version-1.lock is the first that was ever committed. No linkmode wrote an older format, so version-0.lock is a lock of
that one with a lower number.
"""

import contextlib
import shlex
import tomllib
from pathlib import Path

import pytest

from linkmode import pipeline
from linkmode.cli.main import main
from linkmode.lock import lockfile
from linkmode.lock.resolve import LOCK_VERSION
from linkmode.messages import StaleLockError

FROZEN = {path.name: path.read_text(encoding="utf-8") for path in (Path(__file__).parent / "formats").glob("*.lock")}
PRESENT = {name: text for name, text in FROZEN.items() if f"\nversion = {LOCK_VERSION}\n" in text}
OLDER = {name: text for name, text in FROZEN.items() if name not in PRESENT}
ASKED = {
    "version-0.lock": ("zig", ">=0.15.1", ["x86_64-linux-musl"]),
    "version-1.lock": ("musl.cc", ">=11.2.1", ["x86_64-linux-musl", "aarch64-linux-musl"]),
    "version-2.lock": ("musl.cc", ">=11.2.1", ["x86_64-linux-musl", "aarch64-linux-musl"]),
}
"""What linkmode.toml asked for, with newer versions allowed than were locked."""


def test_both_kinds_are_here_and_their_digests_are_those_of_their_contents() -> None:
    assert PRESENT
    assert OLDER
    for text in FROZEN.values():
        data = tomllib.loads(text)
        assert data.pop("digest") == lockfile._digest(data)


@pytest.mark.parametrize("name", PRESENT)
def test_one_of_the_present_format_is_read_and_would_be_written_the_same(name: str) -> None:
    assert lockfile.dumps(lockfile.loads(PRESENT[name], name)) == PRESENT[name]


@pytest.mark.parametrize("name", OLDER)
def test_one_of_an_older_format_is_refused_by_both_versions(name: str) -> None:
    version = tomllib.loads(OLDER[name])["version"]
    with pytest.raises(StaleLockError) as caught:
        lockfile.loads(OLDER[name], "linkmode.lock")
    assert f"has format version {version}; linkmode " in caught.value.problem
    assert caught.value.problem.endswith(f"writes version {LOCK_VERSION}")
    assert caught.value.hint == "write it again with: linkmode lock"


@pytest.mark.parametrize("name", FROZEN)
def test_the_command_that_is_shown_brings_it_over_with_its_choices(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family, version, targets = ASKED[name]
    (tmp_path / "linkmode.toml").write_text(
        f'[[toolchain]]\nfamily = "{family}"\nversion = "{version}"\ntargets = {targets}\n[library]\nzlib = "~=1.3.0"\n'
    )
    (tmp_path / "linkmode.lock").write_text(FROZEN[name])
    with contextlib.chdir(tmp_path):
        code = main(["generate"])
        # One of the present format is as good as new until the catalogue moves on: never a silent change.
        assert code == 6 or (code == 0 and name in PRESENT)
        if code:
            shown = capsys.readouterr().err.rpartition("write it again with: ")[2]
            assert main(shlex.split(shown)[1:]) == 0
        assert main(["lock", "--check"]) == 0
        made = pipeline.locked(Path()).artifacts
    chosen = {(one["family"], one["version"], one["source"]) for one in map(_with_source, _artifacts(FROZEN[name]))}
    assert {(one.family, one.version, one.source) for one in made} == chosen


def _artifacts(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads(text)["artifact"]
    return found


def _with_source(artifact: dict[str, str]) -> dict[str, str]:
    return {"source": "upstream", **artifact}

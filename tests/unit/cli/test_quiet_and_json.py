"""``--quiet``, ``--verbose`` and ``--json``: what people are spared, what they ask for, and what programs read."""

import json
import os
import re
from pathlib import Path

import pytest
from calling import TOML, Run
from mirroring import environment
from mirroring import repository as small_repository

OLD = TOML.replace("~=0.15.1", "0.15.1")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    folder = small_repository(tmp_path)
    (folder / "MODULE.bazel").touch()
    monkeypatch.chdir(folder)
    return folder


def test_quiet_leaves_results_warnings_and_errors(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_text(OLD)
    loud, quiet = Run(capsys, "lock"), Run(capsys, "--quiet", "lock", "--upgrade")
    assert loud.err.endswith("linkmode: next: linkmode fetch\n")
    assert quiet.out == "linkmode.lock is up to date\n"
    assert [line.partition(" has ")[0] for line in quiet.err.splitlines()] == ["linkmode: warning: zig 0.15.1"]
    assert Run(capsys, "-q", "lock", "nonsense").err.startswith("linkmode: error: ")


def test_quiet_shows_no_progress(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Run(capsys, "lock", "--source", "zlib=pypi")
    run = Run(capsys, "-q", "fetch")
    assert (run.code, len(run.out.splitlines()), run.err) == (0, 2, "")
    assert "fetching zlib-9.9" in Run(capsys, "fetch", "--store", "other").err
    assert Run(capsys, "-q", "generate").err == ""


def test_verbose_names_what_is_used(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "linkmode: using linkmode.toml\n" in Run(capsys, "-v", "lock", "--source", "zlib=pypi").err
    assert "linkmode: using linkmode.lock and the store s\n" in Run(capsys, "-v", "fetch", "--store", "s").err
    assert "linkmode: writing to third_party/linkmode\n" in Run(capsys, "-v", "generate").err
    run = Run(capsys, "-q", "-v", "lock")
    assert (run.code, run.err) == (
        2,
        "linkmode: error: --quiet and --verbose exclude each other\n"
        "  expected: one of the two\n  hint: drop one of them\n",
    )


def test_lock_json(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "linkmode.toml").write_text(OLD + '[advisories]\naccept = { CVE-2026-40200 = "64 bits" }\n')
    document = json.loads(Run(capsys, "lock", "--json").out)
    assert (document["version"], document["file"]) == (1, "linkmode.lock")
    assert document["changes"][0].startswith("  + artifact zig-x86_64-linux: 0.15.1 from https://ziglang.org/")
    assert {(one["id"], one["accepted"]) for one in document["advisories"]} == {("CVE-2026-40200", "64 bits")}
    assert json.loads(Run(capsys, "lock", "--json").out)["changes"] == []
    (repository / "linkmode.toml").write_text(TOML.replace("~=0.15.1", "0.15.2"))
    checked = Run(capsys, "lock", "--json", "--check")
    assert (checked.code, checked.out) == (1, "")


def test_fetch_and_generate_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Run(capsys, "lock", "--source", "zlib=pypi")
    document = json.loads(Run(capsys, "fetch", "--json").out)
    assert [(one["name"], one["state"]) for one in document["artifacts"]] == [
        ("zig-0.15.9-x86_64-linux", "fetched"),
        ("zlib-9.9", "fetched"),
    ]
    assert all(Path(one["file"]).is_file() for one in document["artifacts"])
    document = json.loads(Run(capsys, "generate", "--json", "--no-edit").out)
    assert {edit["file"]: edit["written"] for edit in document["edits"]} == {
        "MODULE.bazel": False,
        ".bazelrc": False,
        ".bazelignore": False,
    }
    assert "defs.bzl" in document["created"]
    assert (place / "MODULE.bazel").read_text() == ""
    document = json.loads(Run(capsys, "generate", "--json").out)
    assert (document["created"], [edit["written"] for edit in document["edits"]]) == ([], [True, True, True])
    assert "linkmode: begin" in (place / "MODULE.bazel").read_text()
    assert Run(capsys, "generate", "--json", "--check").code == 2


def test_exec_json_goes_with_print_env(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "exec", "--json", "--", "true")
    assert (run.code, "--json prints the environment" in run.err) == (2, True)


@pytest.mark.parametrize("command", [("catalog", "list"), ("audit", os.path.realpath("/proc/self/exe"))])
def test_no_color_is_obeyed_on_a_terminal(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    assert not re.search(r"\x1b\[(?:[39][0-7]|4[0-7]|[34]8)\b", Run(capsys, *command).out)

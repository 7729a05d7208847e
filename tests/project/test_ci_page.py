"""The snippets of docs/how-to/ci-systems.md, and the hooks that this repository offers to pre-commit."""

import json
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml
from calling import TOML, Run, parse
from harness.places import ROOT

PAGE = (ROOT / "docs/how-to/ci-systems.md").read_text(encoding="utf-8")
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / "cache"))
    (tmp_path / "linkmode.toml").write_text(TOML)
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    found = [
        line.strip().removeprefix("- ").removeprefix("run: ") for one in blocks("yaml") for line in one.splitlines()
    ]
    found += [line for one in blocks("sh") for line in one.splitlines()]
    return [line for line in found if line.startswith("linkmode ")]


@pytest.mark.parametrize("line", commands())
def test_every_command_parses(line: str) -> None:
    parse(shlex.split(line)[1:])


def test_what_would_not_parse_is_told() -> None:
    with pytest.raises(click.UsageError):
        parse(["lock", "--chek"])


def test_the_jobs_check_before_they_build_and_keep_the_store_by_the_lock() -> None:
    annotations, gitlab, config = (yaml.safe_load(one) for one in blocks("yaml"))
    assert [step.get("uses", "") for step in annotations] == ["", "github/codeql-action/upload-sarif@v3"]
    assert "--sarif " + annotations[1]["with"]["sarif_file"] in annotations[0]["run"]
    job = gitlab["linkmode"]
    assert [line.split()[:2] for line in job["script"]] == [
        ["pip", "install"],
        ["linkmode", "lock"],
        ["linkmode", "generate"],
        ["linkmode", "fetch"],
        ["linkmode", "exec"],
        ["linkmode", "audit"],
    ]
    assert job["cache"]["key"] == {"files": ["linkmode.lock"]}
    assert job["variables"]["LINKMODE_STORE"].endswith(job["cache"]["paths"][0])
    assert f"--junit {job['artifacts']['reports']['junit']} " in job["script"][-1]
    assert [hook["id"] for hook in config["repos"][0]["hooks"]] == [hook["id"] for hook in HOOKS]


def test_the_hooks_hold_and_fail(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = {hook["id"]: shlex.split(hook["entry"])[1:] for hook in HOOKS}
    for command in ("lock", "generate"):
        assert Run(capsys, *entries[f"linkmode-{command}"]).code != 0
        assert Run(capsys, command).code == 0
        assert Run(capsys, *entries[f"linkmode-{command}"]).code == 0
    files = re.compile(next(hook["files"] for hook in HOOKS if hook["id"] == "linkmode-lock"))
    assert [bool(files.search(name)) for name in ("linkmode.toml", "linkmode.lock", "a/linkmode.toml")] == [
        True,
        True,
        False,
    ]


def test_renovate_finds_the_versions_that_init_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Run(capsys, "init").code == 0
    text = (tmp_path / "linkmode.toml").read_text()
    found = {}
    for manager in json.loads(blocks("json")[0])["customManagers"]:
        assert re.search(manager["managerFilePatterns"][0].strip("/"), "linkmode.toml")
        (pattern,) = manager["matchStrings"]
        found[manager["depNameTemplate"]] = re.findall(pattern.replace("(?<", "(?P<"), text)
    assert found == {"ziglang/zig": ["0.16.0"], "madler/zlib": ["1.3.1"]}


def test_the_images_hold_one_file_and_run_nothing_to_make_it() -> None:
    one, several = blocks("dockerfile")
    assert [line.split()[0] for line in one.splitlines()] == ["FROM", "COPY", "ENTRYPOINT"]
    assert [line.split()[0] for line in several.splitlines()] == ["FROM", "ARG", "COPY", "ENTRYPOINT"]
    for text in (one, several):
        assert text.startswith("FROM scratch\n")
        *_, copy, entry = text.splitlines()
        assert json.loads(entry.removeprefix("ENTRYPOINT ")) == [copy.split()[-1]]


def test_no_page_copies_through_the_link_that_leads_out_of_what_docker_sees() -> None:
    for page in sorted((ROOT / "docs").rglob("*.md")):
        assert not re.search(r"^COPY .*bazel-bin", page.read_text(encoding="utf-8"), re.MULTILINE), page

"""``linkmode doctor``: each thing that would stop a build, with its fix, and nothing of it where all is well."""

import json
import os
from collections import namedtuple
from pathlib import Path

import pytest
from calling import Run
from mirroring import environment
from mirroring import repository as small_repository

from linkmode.store import health


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    folder = small_repository(tmp_path)
    monkeypatch.chdir(folder)
    (folder / "MODULE.bazel").touch()
    for command in (("lock", "--source", "zlib=pypi"), ("fetch",), ("generate",)):
        assert Run(capsys, *command).code == 0
    return folder


def problems(capsys: pytest.CaptureFixture[str]) -> list[str]:
    run = Run(capsys, "doctor")
    wrong = [line for line in run.out.splitlines() if line.startswith(("fail", "      fix"))]
    assert run.code == (1 if wrong else 0)
    document = json.loads(Run(capsys, "doctor", "--json").out)
    assert sum(not one["ok"] for one in document["findings"]) == len([one for one in wrong if one.startswith("fail")])
    return wrong


def test_all_is_well(built: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_kind", lambda *_: "ext4")  # a test may run in a container
    assert problems(capsys) == []


def test_each_thing_to_mend(built: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_kind", lambda *_: "overlay")
    (built / ".bazelversion").write_text("3.7.2\n")
    (built / ".bazelrc").unlink()
    (built / "third_party/linkmode/defs.bzl").unlink()
    monkeypatch.setenv("LINKMODE_STORE", str(built / "empty"))
    (built / "empty").mkdir()
    shown = "\n".join(problems(capsys))
    for part in (
        "lacks zig-0.15.9-x86_64-linux, zlib-9.9\n      fix: with a network, run: linkmode fetch",
        ".bazelversion names Bazel 3; linkmode's rules are for Bazel 4 and newer\n      fix: name a newer one",
        "third_party/linkmode is not what linkmode.lock gives: missing: defs.bzl\n      fix: see it with",
        ".bazelrc: linkmode's block is missing or not up to date\n      fix: see it with",
        "is in the layer of a container, and is lost with it\n      fix: mount a volume",
    ):
        assert part in shown


def test_what_stops_all_is_told_once(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (built / "linkmode.lock").unlink()
    assert [one for one in problems(capsys) if "linkmode" in one and "store" not in one] == [
        "fail  linkmode.lock does not exist",
        "      fix: write it with: linkmode lock",
    ]


def test_a_machine_that_no_compiler_runs_on(
    built: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert "fail  no locked compiler runs on this machine, riscv64-linux" in problems(capsys)


def test_disk_and_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(2**40, 2**40, 2**20))
    off = tmp_path / "max_user_namespaces"
    off.write_text("0\n")
    monkeypatch.setattr(health, "_USER_NAMESPACES", ((off, "0"),))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    mounts = tmp_path / "mounts"
    mounts.write_text(f"none / ext4 rw 0 0\nnone {tmp_path} tmpfs rw 0 0\n")
    found = {one.text: one.is_well for one in health.machine(tmp_path / "store", tmp_path, mounts)}
    assert found == {
        f"0.0 GiB free at {tmp_path}": False,
        "the store is on tmpfs": True,
        f"{off} is 0: Bazel's Linux sandbox cannot start, and actions run without one": False,
    }


def test_half_a_block_is_told_once(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = built / "MODULE.bazel"
    file.write_text(file.read_text().replace("# linkmode: end\n", ""))
    assert len([line for line in problems(capsys) if "do not match" in line]) == 1


def test_a_version_without_a_number_is_no_missing_file(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (built / ".bazelversion").write_text("latest\n")
    assert ".bazelversion names no number: the rules are written for any Bazel" in Run(capsys, "doctor").out
    (built / ".bazeliskrc").write_text("USE_BAZEL_VERSION=3.7.2\n")
    assert "fail  .bazeliskrc names Bazel 3;" in Run(capsys, "doctor").out

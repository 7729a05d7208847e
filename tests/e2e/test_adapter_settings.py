"""What is built once for all link modes is built once with an adapter too, whose settings every configuration has."""

import re
import shutil
from pathlib import Path

import languages
import pytest
from harness import bazel, go_wrong
from harness.places import STORE, WORK
from harness.workspace import linkmode

_ZIG = """
[[toolchain]]
family = "zig"
version = "~=0.15.2"
targets = ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"]
"""
_BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_modes")
cc_binary(name = "app", srcs = ["app.cc"], tags = ["manual"])
link_modes(name = "app_as", binary = ":app")
link_mode_binary(name = "app_pie", binary = ":app", link_mode = "static", static_pie = True)
"""


def _runtimes(found: bazel.Bazel, folder: Path, adapters: str) -> list[str]:
    (folder / "linkmode.toml").write_text(f"{_ZIG}{adapters}", encoding="utf-8")
    linkmode(folder, "lock", "--source=zig=pypi")
    linkmode(folder, "fetch", f"--store={STORE}")
    linkmode(folder, "generate")
    query = "mnemonic('ZigC.*Runtime', deps(//:app_as + //:app_pie))"
    return re.findall(r"Outputs: \[(\S+?)[,\]]", found.run(folder, "aquery", query).stdout)


@pytest.mark.tier("bazel")
def test_zigs_runtime_is_built_once_for_a_target_whatever_an_adapter_sets() -> None:
    try:
        found = bazel.find("7.7.1-workspace")
    except bazel.NoBazelError as error:
        pytest.skip(str(error))
    folder = WORK / "e2e" / found.name / "adapters"
    shutil.rmtree(folder, ignore_errors=True)
    files = {**go_wrong.STAND_IN, "BUILD.bazel": _BUILD, "app.cc": "int main() {}\n"}
    languages.write(folder, files)
    try:
        without = _runtimes(found, folder, "")
        assert without
        # static sets one thing, static_pie another, and the other modes a third
        assert len(_runtimes(found, folder, "[adapters]\nrules_go = true\n")) == len(without)
    finally:
        found.leave(folder)

"""zig/releases.toml against what each Zig prints of itself: the macros of libc++, for both libcs."""

import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from harness.places import STORE
from harness.workspace import linkmode

from linkmode.families import FAMILIES
from linkmode.model.cpus import CPUS

VERSIONS = {"0.14": "0.14.1", "0.15": "0.15.2", "0.16": "0.16.0", "0.17": "0.17.1"}
CONFIG = """
[[toolchain]]
family = "zig"
version = "{version}"
targets = ["x86_64-linux-musl"]
"""


def _lines() -> dict[str, Any]:
    return FAMILIES["zig"].lines


def _zig(version: str, folder: Path) -> Path:
    (folder / "linkmode.toml").write_text(CONFIG.format(version=version))
    linkmode(folder, "lock", "--source=pypi")
    fetched = linkmode(folder, "fetch", f"--store={STORE}", check=False)
    if fetched.returncode == 4:
        pytest.skip(f"the package index cannot be reached: {fetched.stderr.strip().splitlines()[-1]}")
    assert fetched.returncode == 0, fetched.stderr
    lock = (folder / "linkmode.lock").read_text()
    sha256 = lock.partition('sha256 = "')[2][:64]
    with zipfile.ZipFile(STORE / "content_addressable" / "sha256" / sha256 / "file") as wheel:
        wheel.extractall(folder, [name for name in wheel.namelist() if name.startswith("ziglang/")])
    zig = folder / "ziglang" / "zig"
    zig.chmod(0o755)
    return zig


@pytest.mark.tier("fast")
def test_every_line_has_a_version_to_compare() -> None:
    assert list(_lines()) == list(VERSIONS)


# 90 MB to download for each
@pytest.mark.parametrize(
    "line", [pytest.param("0.15", marks=pytest.mark.tier("bazel")), *sorted(VERSIONS.keys() - {"0.15"})]
)
def test_the_macros_are_those_that_zig_gives_its_own_compiler(line: str, tmp_path: Path) -> None:
    zig = _zig(VERSIONS[line], tmp_path)
    entry = _lines()[line]
    (tmp_path / "main.cc").write_text("int main() { return 0; }\n")
    cache = str(tmp_path / "cache")
    environment = {
        **os.environ,
        "ZIG_GLOBAL_CACHE_DIR": cache,
        "ZIG_LOCAL_CACHE_DIR": cache,
        "ZIG_VERBOSE_CC": "1",
    }
    for libc, target in (("musl", "x86_64-linux-musl"), ("glibc", "x86_64-linux-gnu.2.28")):
        command = [str(zig), "c++", "-target", target, "-O2", "-c", "main.cc", "-o", f"{libc}.o"]
        said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stderr
        printed = {word.removeprefix("-D") for word in said.split() if word.startswith("-D_LIBC")}
        assert printed == {*entry["libcxx-macros"], *entry[f"libcxx-macros-{libc}"]}
        if libc == "glibc":
            called = getattr(CPUS["x86_64"], entry["glibc-headers"].replace("-", "_"))
            assert f"lib/libc/include/{called}-linux-gnu" in said

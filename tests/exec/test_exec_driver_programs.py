"""A real compiler that would start another one, or be given an older driver: it ends soon, and by a message."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from projects import KEPT, X86, Project

from linkmode.exec import driver
from linkmode.families.compiler import Tree
from linkmode.families.zig.compiler import ZigCompiler
from linkmode.model import resources
from linkmode.model.values import ExecPlatform

pytestmark = pytest.mark.tier("slow")  # Zig builds libraries first


def said(project: Project, line: str) -> str:
    """What a failing compile says within 30 seconds; `timeout` ends all that it started, should there be no end."""
    for name in ("x.c", "x.f", "x.F90", "x.adb"):
        (project.root / name).write_text("\n")
    script = f"timeout -k 1 30 $CC {line}"
    done = project.linkmode("exec", "--target", X86, "--", "sh", "-c", script)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr


@pytest.mark.parametrize("family", ["gcc", "zig"])
@pytest.mark.parametrize("line", ["x.f -o p", "-c x.F90", "-x f95 -E x.c", "-c x.adb"])
def test_a_source_in_fortran_or_ada_is_refused(request: pytest.FixtureRequest, family: str, line: str) -> None:
    assert "has no compiler for that" in said(request.getfixturevalue(family), line)


def test_a_compiler_that_starts_the_driver_again_ends(zig: Project) -> None:
    """clang reads response files of any depth, and the driver those of a depth that nobody needs."""
    for i in range(20):
        (zig.root / f"words{i}").write_text(f"@words{i + 1}\n")
    (zig.root / "words20").write_text("-x f95 x.c\n")
    assert "the compiler that this driver stands before has started it again" in said(zig, "-c @words0")


def test_an_edit_that_zig_s_cache_does_not_see_is_in_the_driver(
    zig: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has the same size, time and inode as before, as another release's may have."""
    zig.exec("true", options=("--target", X86))
    compiler = next(zig.store.glob("linkmode/unpacked/*/zig"))
    shutil.copytree(resources.templates() / "common", tmp_path / "templates" / "common")
    monkeypatch.setattr(resources, "templates", lambda: tmp_path / "templates")
    header = tmp_path / "templates" / "common" / "driver" / "config.h"
    before = header.stat()
    cache = {key: str(KEPT / "linkmode" / "zig") for key in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
    words = ZigCompiler().static(Tree(compiler.parent, "", ""), ExecPlatform("x86_64-linux"))
    for text in (header.read_text(), header.read_text().replace("is not whole", "is no wholes")):
        with header.open("r+") as stream:
            stream.write(text)
        os.utime(header, ns=(before.st_atime_ns, before.st_mtime_ns))
        driver.build(tmp_path, words, {**os.environ, **cache})
    assert (header.stat().st_ino, header.stat().st_size) == (before.st_ino, before.st_size)
    made = subprocess.run(["grep", "-c", "is no wholes", tmp_path / "driver"], check=False, capture_output=True)
    assert made.returncode == 0

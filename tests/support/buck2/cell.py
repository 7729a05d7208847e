"""Cells of Buck2 that linkmode generates, and projects around them."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from buck2.project import STUBS, Project
from linkmode.catalog import pins
from linkmode.config import document
from linkmode.generate.render import render
from linkmode.lock.resolve import resolve
from linkmode.model import resources

ROOT = Path(__file__).resolve().parents[3]
BOTH = """\
build-systems = ["buck2"]

[[toolchain]]
family = "musl.cc"
version = "11.2.1"
targets = ["x86_64-linux-musl", "aarch64-linux-musl"]

[[toolchain]]
family = "zig"
version = "0.15.2"
targets = ["x86_64-linux-musl", "x86_64-linux-gnu.2.17", "x86_64-linux-gnu.2.28"]

[library]
zlib = "~=1.3.1"

[link-modes]
mostly_static = "x86_64-linux-gnu.2.17"
dynamic = "x86_64-linux-gnu.2.28"
"""
BUCK = """\
load("@linkmode//:defs.bzl", "link_mode_binary", "link_mode_test", "link_modes")

cxx_binary(name = "app", srcs = ["app.c"], deps = ["linkmode//lib:zlib"])
link_modes(name = "app_as", binary = ":app")
"""


def cells(root: Path) -> dict[str, Path]:
    """Return where the cells of a project are."""
    return {
        "root": root,
        "toolchains": root / "toolchains",
        "prelude": STUBS / "prelude",
        "linkmode": root / "third_party" / "linkmode" / "buck2",
    }


def write(root: Path, toml: str) -> None:
    """Write what linkmode generates for a linkmode.toml, by the catalogue."""
    wanted = document.parse(toml, where="linkmode.toml")
    lock = resolve(wanted, pins.with_pins(pins.load(resources.catalogue()), wanted.pins))
    for path, data in render(wanted, lock, resources.templates()).items():
        file = root / wanted.output / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def made(
    root: Path, toml: str = BOTH, *, buck: str = "", config: Mapping[tuple[str, str], str] | None = None
) -> Project:
    """Make a project with a cell of linkmode's, an application, and the toolchains of the examples."""
    write(root, toml)
    (root / "BUCK").write_text(BUCK + buck)
    (root / "app.c").write_text("int main(void) { return 0; }\n")
    shutil.copytree(ROOT / "examples" / "c_zlib" / "toolchains", root / "toolchains")
    return Project(root, cells(root), {("linkmode", "mirror"): "http://mirror.invalid"} | dict(config or {}))

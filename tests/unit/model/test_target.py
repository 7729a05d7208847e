"""Targets in the words of other tools, and almost."""

import pytest

from linkmode.families import FAMILIES
from linkmode.model.target import did_you_mean_target, meant


@pytest.mark.parametrize(
    ("text", "family", "expected"),
    [
        ("x86_64-unknown-linux-musl", "zig", "x86_64-linux-musl"),
        ("aarch64-unknown-linux-gnu", "zig", "aarch64-linux-gnu.2.28"),
        ("aarch64-unknown-linux-gnu", "musl.cc", ""),
        ("x86_64-pc-linux-gnu", "zig", "x86_64-linux-gnu.2.28"),
        ("arm64-linux-musl", "musl.cc", "aarch64-linux-musl"),
        ("AMD64-linux-musl", "zig", "x86_64-linux-musl"),
        ("x64-linux-musl", "zig", "x86_64-linux-musl"),
        ("x86-64-linux-musl", "zig", "x86_64-linux-musl"),
        ("x86_64-musl", "zig", "x86_64-linux-musl"),
        ("x86_64-linux-gnu", "zig", "x86_64-linux-gnu.2.28"),
        ("aarch64-linux-mulsl", "musl.cc", "aarch64-linux-musl"),
        ("aarch65-linux-musl", "zig", "aarch64-linux-musl"),
        ("riscv64gc-unknown-linux-musl", "zig", "riscv64-linux-musl"),
        ("riscv64-unknown-linux-gnu", "zig", "riscv64-linux-gnu.2.28"),
        ("loongarch64-unknown-linux-gnu", "zig", "loongarch64-linux-gnu.2.36"),
        ("loong64-linux-musl", "musl.cc", ""),
        ("armv7-unknown-linux-gnueabihf", "zig", "armv7-linux-gnu.2.28"),
        ("armv7l-linux-musleabihf", "musl.cc", "armv7-linux-musl"),
        ("arm-linux-musleabihf", "zig", "armv7-linux-musl"),
        ("arm-linux-musleabi", "zig", ""),
        ("armv6l-linux-musleabihf", "zig", "armv6-linux-musl"),
        ("mips64el-unknown-linux-muslabi64", "zig", "mips64el-linux-musl"),
        ("mips64el-unknown-linux-muslabin32", "zig", ""),
        ("ppc64le-linux-musl", "zig", "powerpc64le-linux-musl"),
        ("i386-linux-musl", "zig", "i686-linux-musl"),
        ("x86-linux-musl", "zig", "i686-linux-musl"),
        ("sparc64-linux-musl", "zig", ""),
        ("x86_64-windows-gnu", "zig", ""),
        ("", "zig", ""),
        ("x86_64-linux-gnu.2.5", "zig", ""),
        ('"]\nfamily = "evil', "zig", ""),
    ],
)
def test_what_is_meant(text: str, family: str, expected: str) -> None:
    assert meant(text, lambda target: not FAMILIES[family].refuses(target)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aarch64-linux-gnu", "; did you mean 'aarch64-linux-musl'?"),
        ("arm64-linux-musl", "; did you mean 'aarch64-linux-musl'?"),
        ("x86_64-linux-gnu", "; did you mean 'x86_64-linux-gnu.2.28'?"),
        ("x86_65-linux-musl", "; did you mean 'aarch64-linux-musl'?"),
        ("x", ""),
    ],
)
def test_another_cpu_is_not_meant(text: str, expected: str) -> None:
    assert did_you_mean_target(text, ["x86_64-linux-gnu.2.28", "aarch64-linux-musl"]) == expected

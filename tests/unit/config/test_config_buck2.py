"""What of linkmode.toml Buck2's rules cannot keep is refused by name."""

import pytest

from linkmode.config.document import parse
from linkmode.messages import ConfigError

ZIG = '[[toolchain]]\nfamily = "zig"\nversion = "0.15.2"\ntargets = ["x86_64-linux-musl"]\n'


def read(systems: str, more: str = "") -> tuple[str, ...]:
    return parse(f"build-systems = {systems}\n{ZIG}{more}", where="linkmode.toml").build_systems


def test_alone_and_beside_bazel() -> None:
    assert read('["buck2"]', '[library]\nzlib = "~=1.3"\n') == ("buck2",)
    assert read('["bazel", "buck2"]', '[language]\ngo = "~=1.27.0"\n[library]\ngmp = "~=6.3"\n') == ("bazel", "buck2")


@pytest.mark.parametrize(
    ("systems", "more", "message"),
    [
        ('["buck2"]', '[language]\ngo = "~=1.27.0"\n', r"language\.go: Buck2's rules are for C and C\+\+"),
        ('["buck2"]', '[library]\ngmp = "~=6.3"\n', r"library\.gmp: Buck2 has no rules for it"),
        (
            '["bazel", "buck2"]',
            '[library]\nmimalloc = "~=3.0"\n[malloc]\n"x86_64-linux-musl" = "mimalloc"\n',
            r"malloc\.x86_64-linux-musl: Buck2's rules link the libc's own malloc",
        ),
    ],
)
def test_what_it_cannot_keep(systems: str, more: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(systems, more)


def test_without_it_nothing_is_refused() -> None:
    more = '[library]\nmimalloc = "~=3.0"\n[malloc]\n"x86_64-linux-musl" = "mimalloc"\n'
    assert read('["bazel"]', more) == ("bazel",)

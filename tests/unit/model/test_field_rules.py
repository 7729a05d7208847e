"""What a field may hold, and what it may not: each rule with values of both kinds."""

from collections.abc import Callable

import pytest

from linkmode.messages import ConfigError
from linkmode.model import field_rules as rules
from linkmode.model.values import Checksum
from linkmode.store.files import Store

NO_TEXT = ["a\nb", "a\0b", "\x1b[31m", "\u202e", "\udcff", "a\u2028b", "x" * 5000]
NO_NAME = ["", ".", "..", "../x", "a/b", "/a", "a\\b", *NO_TEXT]

RULES: dict[Callable[[str], str], tuple[list[str], list[str]]] = {
    rules.name: (["zlib", "musl.cc", "zig-0.15.2-x86_64-linux"], [*NO_NAME, "-x", ".x", "a b", "é"]),
    rules.version: (["1.3.2", "1!2.0rc1+local"], ["", " 1", "1\n", "latest", "1." + "9" * 5000, "1.\u0661"]),
    rules.versions: (["1.3", "~=1.3.1", ">=11.2,<12"], ["", "~=", ">=1\n", "==1." + "9" * 5000, "1.0 || 2"]),
    rules.file_name: (["zig.tar.xz", "a b.tgz", "ä"], [*NO_NAME, "a/", "é" * 200]),
    rules.folder: (["", "zig-1", "a/b/c"], ["..", "a/../b", "/a", "a\\b", *NO_TEXT]),
    rules.layout: (["", "cross", "rust-std"], ["..", "A", "a/b", "-a", "a" * 300, *NO_TEXT]),
    rules.exec_platform: (["x86_64-linux"], ["", "linux", "x86_64-linux/..", "X86-linux", "x86_64-linux-gnu"]),
    rules.target: (
        ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"],
        ["", "x", "x86_64-linux-gnu.2.028", "a-b-c.1." + "9" * 5000],
    ),
    rules.fact: (["1.2.2-git-50-gb76f37fd", "2.37"], ["", "..", "a/b", "../..", *NO_TEXT]),
    rules.line: (["", "linkmode: hashed on 2026-11-21"], NO_TEXT),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_rule(rule: Callable[[str], str]) -> None:
    good, bad = RULES[rule]
    assert {value: rule(value) for value in good} == dict.fromkeys(good, "")
    for value in bad:
        found = rule(value)
        assert found, value
        assert found.isprintable()
        assert len(found) < 600


def test_a_module_of_a_go_proxy() -> None:
    for url in ("goproxy:golang.org/toolchain/@v/v1.zip", "goproxy:!a/b_c~d/v2/@v/v1.zip"):
        assert rules.url(url, "v1.zip", machine=False) == ""
    assert rules.url("goproxy:a/@v/v1.zip", "v2.zip", machine=False).startswith("expected the file that the pin names")
    assert rules.url("goproxy:a/@v/../v1.zip", "v1.zip", machine=True).startswith("expected goproxy:<module>/@v/")


def test_digests_are_lower_case_and_whole() -> None:
    for algorithm, length in (("sha256", 64), ("sha512", 128)):
        assert rules.digest("0a" * (length // 2), algorithm) == ""  # type: ignore[arg-type]
        for bad in ("", "x/../../.bashrc", "0A" * (length // 2), "0a" * (length // 2 - 1), "0a" * (length // 2) + "\n"):
            assert f"expected {length} lower-case" in rules.digest(bad, algorithm)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "machine", "mirror"),
    [
        ("https://example.com/f", False, False),
        ("pypi:ziglang/f", False, False),
        ("http://example.com/f", False, True),
        ("file:///srv/f", True, False),
        ("file:///srv/f%20g", True, False),
        ("archives/f", True, False),
    ],
)
def test_urls_by_who_gives_them(url: str, machine: bool, mirror: bool) -> None:
    assert rules.url(url, "f", machine=machine, mirror=mirror) == ""
    if machine:
        assert "expected https, pypi:<project>/<file> or goproxy:<module>/@v/<version>.zip" in rules.url(
            url, "f", machine=False
        )
    if mirror:
        assert "plain http" in rules.url(url, "f", machine=True)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "https://",
            "https://u:p@example.com/f",
            "http://u@example.com/f",
            "https://[::1/f",
            "ftp://example.com/f",
        ),
        *(
            "https://example.com/a b",
            "https://example.com/\n",
            "https://example.com:99999/f",
            "file://host/f",
            "file:///srv/f%00",
            "/srv/f",
        ),
        *(
            "pypi:../f",
            "pypi:a/b/f",
            "pypi:a/other",
            "goproxy:f",
            "goproxy:a/@v/f",
            "goproxy:../@v/v1.zip",
            "goproxy:a/@v/v1.zip",
            "javascript:x",
            "https://example.com/\x1b",
            "https://" + "x" * 5000,
        ),
    ],
)
def test_urls_that_nobody_gives(url: str) -> None:
    found = rules.url(url, "f", machine=True, mirror=True)
    assert found
    assert "u:p@" not in found
    assert found.isprintable()


@pytest.mark.parametrize("digits", ["", "x/../../../.bashrc", "..", "AB" * 32, "ab" * 31, "ab" * 64, "ab" * 32 + "\n"])
def test_no_path_is_made_of_what_is_no_digest(tmp_path, digits: str) -> None:  # type: ignore[no-untyped-def]
    store, checksum = Store(tmp_path), Checksum("sha256", digits)
    for path in (store.folder, store.file, store.partial):
        with pytest.raises(ConfigError, match="is not a sha256 of 64 hexadecimal digits"):
            path(checksum)
    assert list(tmp_path.iterdir()) == []

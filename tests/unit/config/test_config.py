from pathlib import Path

import pytest
from config_problems import OUTPUT, TOOLCHAIN, problem

from linkmode.config.document import Config, ToolchainRequest, load, parse, specifier
from linkmode.messages import ConfigError

FULL = (
    """\
output = "vendor/link_mode-1.0/"
build-systems = ["bazel"]
exec-platforms = ["x86_64-linux", "aarch64-linux"]

[[toolchain]]
family = "musl.cc"
version = "11.2.1"
targets = ["aarch64-linux-musl"]

"""
    + TOOLCHAIN
    + """
[library]
zlib = "~=1.3.1"

[link-modes]
static = ["x86_64-linux-musl", "aarch64-linux-musl"]
dynamic = "x86_64-linux-musl"

[mirrors]
"https://musl.cc/" = ["http://mirror.example.com/musl.cc/", "file:///srv/mirror/"]

[[pin]]
family = "zlib"
version = "1.3.1"
file = "zlib.tar.gz"
urls = ["archives/zlib.tar.gz"]
sha256 = "9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23"
"""
)


def test_every_key_is_read() -> None:
    config = parse(FULL, where="linkmode.toml")
    assert config.output == "vendor/link_mode-1.0"
    assert config.build_systems == ("bazel",)
    assert config.exec_platforms == ("x86_64-linux", "aarch64-linux")
    assert config.toolchains == (
        ToolchainRequest(family="musl.cc", version="11.2.1", targets=("aarch64-linux-musl",)),
        ToolchainRequest(family="zig", version="~=0.15.2", targets=("x86_64-linux-musl", "x86_64-linux-gnu.2.28")),
    )
    assert config.library == {"zlib": "~=1.3.1"}
    assert config.mirrors == {"https://musl.cc/": ("http://mirror.example.com/musl.cc/", "file:///srv/mirror/")}
    assert config.link_modes == {
        "static": ("x86_64-linux-musl", "aarch64-linux-musl"),
        "dynamic": ("x86_64-linux-musl",),
    }
    assert [pin.urls for pin in config.pins] == [("archives/zlib.tar.gz",)]


def test_all_but_one_toolchain_has_a_default() -> None:
    assert parse(TOOLCHAIN, where="linkmode.toml") == Config(
        output="third_party/linkmode",
        build_systems=("bazel",),
        exec_platforms=parse(FULL, where="x").exec_platforms[:1],
        toolchains=parse(TOOLCHAIN, where="x").toolchains,
        library={},
        mirrors={},
        pins=(),
        link_modes={},
    )


def test_every_problem_is_named_at_once_in_the_order_of_lines() -> None:
    text = """\
exec-platform = ["x86_64-linux"]
output = "../x"

[[toolchain]]
family = "zig"
targets = ["x86_64-linux-gnu"]

[[toolchain]]
family = "gcc"
version = "~="
targets = []
typo = 1
"""
    assert [line.strip() for line in problem(text).splitlines()] == [
        "linkmode.toml has 8 problems:",
        "line 1: exec-platform: unknown key; did you mean 'exec-platforms'?",
        OUTPUT.replace("line 1", "line 2") + "'../x'",
        "line 4: toolchain[0].version: missing",
        "line 6: toolchain[0].targets[0]: 'x86_64-linux-gnu': name the oldest glibc that the binary must run with, "
        "such as x86_64-linux-gnu.2.28",
        "line 9: toolchain[1].family: 'gcc' is not known; did you mean 'musl.cc'?; expected one of musl.cc, zig",
        "line 10: toolchain[1].version: expected versions as PEP 440 writes them, such as '~=1.3.1' or '>=11.2,<12'; "
        "found '~='",
        "line 11: toolchain[1].targets: expected at least one",
        "line 12: toolchain[1].typo: unknown key; expected one of family, version, targets, without",
    ]


def test_text_that_is_not_toml_says_where() -> None:
    assert "is not TOML: " in problem("output = \n")
    assert "line 1" in problem("output = \n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('output = "a"\noutput = "b"\n', "output: the key is in its table twice, first on line 1 (at line 2, "),
        (f'{TOOLCHAIN}[library]\nzlib = "1"\n"zlib" = "1"\n', "library.zlib: the key is in its table twice, first on"),
        ("[a]\nb.c = 1\nb.c = 2\n", "a.b.c: the key is in its table twice, first on line 2 (at line 3, "),
        (
            "x = 1\n[[pin]]\n[[pin]]\nsize = 1\nsize = 2\n",
            "pin[1].size: the key is in its table twice, first on line 4",
        ),
        ('output = "a\n', "output: a text without its closing quote (at line 1, "),
        ('[mirrors]\n"https://a/" = ["b]\n', "mirrors.https://a/: a text without its closing quote (at line 2, "),
        ("[language]\ngo = a\n", "language.go: the value is none of TOML: text stands in quotes (at line 2, "),
        (
            '[[pin]]\nurls = [\n "a",\n\n[library]\n',
            "pin[0].urls: an array without its closing bracket, opened on line 2",
        ),
        ('urls = ["a" "b"]\n', "urls: an array without its closing bracket, or without a comma between two values"),
        ("[language]\ngo = 'a'\ngo: 'b'\n", "\"go: 'b'\": Expected '=' after a key"),
        ("= 1", "'= 1': Invalid statement (at line 1"),
        ('x = """\na\n', "x: Unterminated string (at end of document)"),
        ("x = { a = 1, a = 2 }\n", "x: Duplicate inline table key 'a' (at line 1, "),
    ],
)
def test_text_that_is_not_toml_says_which_key(text: str, said: str) -> None:
    assert f"linkmode.toml is not TOML: {said}" in problem(text)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert parse("\ufeff" + TOOLCHAIN, where="linkmode.toml") == parse(TOOLCHAIN, where="linkmode.toml")
    assert "(at line 2, column 1)" in problem("\ufeff\n=")


@pytest.mark.parametrize("quotes", ['"""', "'''"])
def test_a_string_of_several_lines_moves_no_error(quotes: str) -> None:
    text = f"# \u2028 ends no line\noutput = {quotes}\n[[toolchain]]\nfamily = 'y'\nversion = 1\n{quotes}\n"
    assert "\n  line 8: toolchain[0].family: 'gcc' is not known" in problem(
        text + TOOLCHAIN.replace("'zig'", "'gcc'").replace('"zig"', '"gcc"')
    )


@pytest.mark.parametrize("text", ["x = " + "[" * 20_000, "x = " + "{a=" * 20_000, ".".join(["a"] * 20_000) + " = 1"])
def test_what_is_nested_too_deep_says_where(text: str) -> None:
    assert "is not TOML: nested deeper than 32 levels (at line 2)" in problem(f"output = 'x'\n{text}\n")


def test_numbers_that_no_toml_has() -> None:
    assert "a number has thousands of digits" in problem("x = " + "9" * 6000)
    assert "is not TOML: pin[1].size: a number beyond 64 bits" in problem("[[pin]]\n[[pin]]\nsize = 0x" + "f" * 6000)
    assert "x: unknown key" in problem(f"x = {2**63 - 1}\n" + TOOLCHAIN)


@pytest.mark.parametrize("version", ["1." + "9" * 6000, "==1." + "9" * 6000, ">=1\n", "1.0\u0661"])
def test_versions_that_no_number_can_be_made_of(version: str) -> None:
    text = TOOLCHAIN + f"[library]\nzlib = {version!r}\n".replace("'", '"')
    assert "library.zlib: expected versions as PEP 440 writes them" in problem(text)


def test_a_file_that_is_too_large_or_has_no_end(tmp_path: Path) -> None:
    path = tmp_path / "linkmode.toml"
    path.write_text("#" * (1 << 20) + "\n")
    with pytest.raises(ConfigError, match=r"linkmode\.toml is larger than 1,048,576 bytes"):
        load(path)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match=r"linkmode\.toml is no regular file; expected linkmode's configuration"):
        load(path)


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"linkmode\.toml does not exist") as caught:
        load(tmp_path / "linkmode.toml")
    assert "linkmode init" in caught.value.hint


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "linkmode.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(tmp_path / "linkmode.toml")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [("11.2.1", "11.2.1", "11.2.2"), ("~=1.3.1", "1.3.2", "1.4"), (">=11.2,<12", "11.9", "12")],
)
def test_a_bare_version_is_exact_and_specifiers_are_pep_440(text: str, inside: str, outside: str) -> None:
    assert inside in specifier(text)
    assert outside not in specifier(text)


def test_accepted_advisories() -> None:
    assert parse(TOOLCHAIN, where="linkmode.toml").accepted == {}
    found = parse(TOOLCHAIN + '[advisories]\naccept = { CVE-1 = "why" }\n', where="linkmode.toml")
    assert found.accepted == {"CVE-1": "why"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('acept = { CVE-1 = "why" }', "advisories.acept: unknown key; did you mean 'accept'?"),
        ('accept = ["CVE-1"]', "advisories.accept: expected table, got array"),
        ("accept = { CVE-1 = true }", "expected string, got boolean"),
        ('accept = { CVE-1 = " " }', "advisories.accept.CVE-1: expected the reason why it is accepted"),
        ('accept = { CVE-1 = "a\\nb" }', "advisories.accept.CVE-1: expected the reason why it is accepted"),
    ],
)
def test_advisories_that_are_not_accepted(table: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"{TOOLCHAIN}[advisories]\n{table}\n", where="linkmode.toml")
    assert message in caught.value.problem

from pathlib import Path

import pytest

from linkmode.config.document import Config, ToolchainRequest, load, parse, specifier
from linkmode.messages import ConfigError

CPU_NAMES = "x86_64, aarch64, armv7, armv6, i686, riscv64, powerpc64le, s390x, loongarch64 and mips64el"
TOOLCHAIN = """\
[[toolchain]]
family = "zig"
version = "~=0.15.2"
targets = ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"]
"""

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


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, where="linkmode.toml")
    assert caught.value.exit_code == 3
    return caught.value.problem


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


OUTPUT = (
    "line 1: output: expected a folder inside the repository, such as 'third_party/linkmode': relative, without '.', "
    "'..', backslashes, spaces or quotes; found "
)
MIRROR = "expected https://, http://, file:// and a path that ends in '/'; found "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("outptu = 'x'\n" + TOOLCHAIN, "line 1: outptu: unknown key; did you mean 'output'?"),
        (
            "[languages]\ngo = '1'\n" + TOOLCHAIN,
            "line 1: languages: unknown key; did you mean 'language'?",
        ),
        ("output = 3\n" + TOOLCHAIN, "line 1: output: expected string, got integer; write it in quotes"),
        *(
            (
                f"output = '{first}/x'\n" + TOOLCHAIN,
                f"line 1: output: {first} is not linkmode's to write into; choose another folder",
            )
            for first in (
                ".git",
                "linkmode.toml",
                "linkmode.lock",
                "MODULE.bazel",
                ".bazelrc",
                "BUILD",
                "external",
                "bazel-out",
                "buck-out",
            )
        ),
        *(
            (
                f"output = 'sub/{part}{below}'\n" + TOOLCHAIN,
                f"line 1: output: {part} is not linkmode's to write into; choose another folder",
            )
            for part, below in ((".git", ""), (".git", "/hooks"), (".GIT", ""), (".hg", ""), (".svn", "/x"))
        ),
        *(
            (f"output = {text}\n" + TOOLCHAIN, f"{OUTPUT}{shown}")
            for text, shown in {
                '""': "''",
                '"/"': "'/'",
                '"."': "'.'",
                '"/etc"': "'/etc'",
                '"../x"': "'../x'",
                '"a/../b"': "'a/../b'",
                '"a//b"': "'a//b'",
                '"./a"': "'./a'",
                "'a\\b'": "'a\\\\b'",
                "'a\"b'": "'a\"b'",
                '"a\\nb"': "'a\\nb'",
                '"a\\u0000b"': "'a\\x00b'",
                '"{{ x }}"': "'{{ x }}'",
                '"-rf"': "'-rf'",
            }.items()
        ),
        (
            'build-systems = ["pants"]\n' + TOOLCHAIN,
            "line 1: build-systems[0]: linkmode 0.1.0 writes rules for 'bazel', 'buck2', 'dune' only, not 'pants'",
        ),
        ("build-systems = []\n" + TOOLCHAIN, "line 1: build-systems: expected at least one"),
        (
            'exec-platforms = ["x86-64-linux"]\n' + TOOLCHAIN,
            "line 1: exec-platforms[0]: 'x86-64-linux' is not known; did you mean 'x86_64-linux'?; expected one of "
            "x86_64-linux, aarch64-linux",
        ),
        (
            'exec-platforms = ["x86_64-linux", "x86_64-linux"]\n' + TOOLCHAIN,
            "line 1: exec-platforms: 'x86_64-linux' is listed twice",
        ),
        ("", "toolchain: expected at least one [[toolchain]], with family, version and targets"),
        ("toolchain = 'zig'", "line 1: toolchain: expected tables, written [[toolchain]]"),
        (
            TOOLCHAIN.replace("zig", "zigg"),
            "line 2: toolchain[0].family: 'zigg' is not known; did you mean 'zig'?; expected one of musl.cc, zig",
        ),
        (TOOLCHAIN.replace("family", "famly"), None),
        (
            TOOLCHAIN.replace("~=0.15.2", "latest"),
            "line 3: toolchain[0].version: expected versions as PEP 440 writes them, such as '~=1.3.1' or "
            "'>=11.2,<12'; found 'latest'; write '>=0'",
        ),
        (
            TOOLCHAIN.replace("~=0.15.2", "^0.15"),
            "line 3: toolchain[0].version: expected versions as PEP 440 writes them, such as '~=1.3.1' or "
            "'>=11.2,<12'; found '^0.15'; write '~=0.15.0'",
        ),
        (
            "[[toolchains]]" + TOOLCHAIN.removeprefix("[[toolchain]]"),
            "line 1: toolchains: unknown key; did you mean 'toolchain'?",
        ),
        (
            TOOLCHAIN + '[language]\ngolang = "1.26"\n',
            "line 6: language.golang: 'golang' is not a language that linkmode has rules for; did you mean 'go'?; "
            "expected one of go, graalvm, ocaml, rust, sbcl",
        ),
        (
            TOOLCHAIN + '[language]\n"c++" = "17"\n',
            "line 6: language.c++: 'c++' is not a language that linkmode has rules for; C and C++ need no entry: a "
            "[[toolchain]] compiles them; expected one of go, graalvm, ocaml, rust, sbcl",
        ),
        (
            TOOLCHAIN + '[library]\ngo = "1.26"\n',
            "line 6: library.go: is a language; write it in [language]",
        ),
        (
            TOOLCHAIN.replace("~=0.15.2", ""),
            "line 3: toolchain[0].version: expected versions as PEP 440 writes them, such as '~=1.3.1' or "
            "'>=11.2,<12'; found ''",
        ),
        (
            TOOLCHAIN.replace("x86_64-linux-musl", "x86_64-linux"),
            "line 4: toolchain[0].targets[0]: 'x86_64-linux' is not a target triple such as x86_64-linux-musl or "
            "x86_64-linux-gnu.2.28",
        ),
        (
            TOOLCHAIN.replace("gnu.2.28", "gnu"),
            "line 4: toolchain[0].targets[1]: 'x86_64-linux-gnu': name the oldest glibc that the binary must run with, "
            "such as x86_64-linux-gnu.2.28",
        ),
        (
            TOOLCHAIN.replace("gnu.2.28", "gnu.2.5"),
            "line 4: toolchain[0].targets[1]: 'x86_64-linux-gnu.2.5': for x86_64, linkmode makes programs for "
            "glibc 2.17 and newer",
        ),
        (
            TOOLCHAIN.replace("gnu.2.28", "gnu.2.99"),
            "line 4: toolchain[0].targets[1]: 'x86_64-linux-gnu.2.99': the newest Zig that is known here knows glibc "
            "up to 2.44",
        ),
        (
            TOOLCHAIN.replace("x86_64-linux-musl", "i386-linux-musl"),
            f"line 4: toolchain[0].targets[0]: 'i386-linux-musl': linkmode makes Linux binaries for {CPU_NAMES} with "
            "Zig; did you mean 'i686-linux-musl'?",
        ),
        (
            TOOLCHAIN.replace("zig", "musl.cc"),
            "line 4: toolchain[0].targets[1]: 'x86_64-linux-gnu.2.28': musl.cc's compilers make Linux binaries with "
            "musl only; family 'zig' makes glibc targets",
        ),
        (
            TOOLCHAIN.replace("gnu.2.28", "gnu.2.028"),
            "line 4: toolchain[0].targets[1]: expected 'x86_64-linux-gnu.2.28', found 'x86_64-linux-gnu.2.028'",
        ),
        (
            TOOLCHAIN + TOOLCHAIN.replace(', "x86_64-linux-gnu.2.28"', ""),
            "line 8: toolchain[1].targets: toolchain[0] asks zig for x86_64-linux-musl already",
        ),
        (
            TOOLCHAIN + "[library]\nzlib = 1.3\n",
            "line 6: library.zlib: expected string, got float; write it in quotes",
        ),
        (TOOLCHAIN + '[library]\n"z\\"lib" = "1"\n', "line 5: library.z\"lib: 'z\"lib' is not the name of a library"),
        (
            TOOLCHAIN + "library = 1\n",
            "line 5: toolchain[0].library: unknown key; expected one of family, version, targets, without",
        ),
        (
            TOOLCHAIN + '[mirrors]\n"https://musl.cc" = ["https://a/"]\n',
            "line 6: mirrors.https://musl.cc: the key is the beginning of upstream URLs: expected https:// and a path "
            "that ends in '/'; found 'https://musl.cc'",
        ),
        (
            TOOLCHAIN + '[mirrors]\n"https://musl.cc/" = ["ftp://a/"]\n',
            f"line 6: mirrors.https://musl.cc/[0]: {MIRROR}'ftp://a/'",
        ),
        (
            TOOLCHAIN + '[mirrors]\n"https://musl.cc/" = ["https://a/\\"b/"]\n',
            f"line 6: mirrors.https://musl.cc/[0]: {MIRROR}'https://a/\"b/'",
        ),
        (
            TOOLCHAIN + '[mirrors]\n"https://musl.cc/" = ["https://[/"]\n',
            f"line 6: mirrors.https://musl.cc/[0]: {MIRROR}'https://[/'",
        ),
        (
            TOOLCHAIN + '[mirrors]\n"https://musl.cc/" = ["https://me:pw@a/"]\n',
            "line 6: mirrors.https://musl.cc/[0]: a user or password here would be written to the lock; "
            "put it in ~/.netrc",
        ),
        (
            TOOLCHAIN + '[mirrors]\n"https://musl.cc/" = ["https://me:pw@a"]\n',
            "line 6: mirrors.https://musl.cc/[0]: a user or password here would be written to the lock; "
            "put it in ~/.netrc",
        ),
        (
            TOOLCHAIN + '[mirrors]\n"https://musl.cc/" = []\n',
            "line 6: mirrors.https://musl.cc/: expected at least one mirror",
        ),
        (
            TOOLCHAIN.replace("x86_64-linux-musl", "amd64-linux-musl"),
            f"line 4: toolchain[0].targets[0]: 'amd64-linux-musl': linkmode makes Linux binaries for {CPU_NAMES} with "
            "Zig; did you mean 'x86_64-linux-musl'?",
        ),
        (
            TOOLCHAIN + '[link-modes]\nstatik = "x86_64-linux-musl"\n',
            "line 6: link-modes.statik: unknown key; did you mean 'static'?",
        ),
        (
            TOOLCHAIN + '[link-modes]\ndynamic = "x86_64-linux-gnu.2.27"\n',
            "line 6: link-modes.dynamic: 'x86_64-linux-gnu.2.27' is not a target of any [[toolchain]]; did you mean "
            "'x86_64-linux-gnu.2.28'?; expected one of x86_64-linux-musl, x86_64-linux-gnu.2.28",
        ),
        (
            TOOLCHAIN + '[link-modes]\nstatic = "aarch64-linux-musl"\n',
            "line 6: link-modes.static: 'aarch64-linux-musl' is not a target of any [[toolchain]]; "
            "expected one of x86_64-linux-musl, x86_64-linux-gnu.2.28",
        ),
        (
            TOOLCHAIN + '[link-modes]\nstatic = "x86_64-linux-gnu.2.28"\n',
            "line 6: link-modes.static: a static binary cannot use x86_64-linux-gnu.2.28: glibc loads NSS, iconv and "
            "dlopen modules at run time, which a static binary cannot do safely, and none of these toolchains carries "
            "glibc's libc.a; name a musl target (to override for a toolchain of your own: "
            "link_mode_binary(platform = …, allow_static_glibc = True); for a file: "
            "linkmode audit --allow-static-glibc)",
        ),
        (
            TOOLCHAIN + '[link-modes]\ndynamic = ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"]\n',
            "line 6: link-modes.dynamic: expected one target for each CPU, found x86_64-linux-musl, "
            "x86_64-linux-gnu.2.28",
        ),
        (TOOLCHAIN + "[[pin]]\n", None),
        (
            TOOLCHAIN + '[[pin]]\nfamily = "zlib"\nversion = "1"\nfile = "f"\nurls = "u"\n',
            "line 9: pin[0].urls: expected array, got string; write it in brackets",
        ),
    ],
)
def test_what_is_refused(text: str, message: str | None) -> None:
    found = problem(text)
    if message is not None:
        assert found == f"linkmode.toml: {message}"
    else:  # more than one problem comes of it
        assert " problems:\n  line " in found


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

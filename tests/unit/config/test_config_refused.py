"""What linkmode.toml may not say, and how each refusal is told."""

import pytest
from config_problems import OUTPUT, TOOLCHAIN, problem

CPU_NAMES = "x86_64, aarch64, armv7, armv6, i686, riscv64, powerpc64le, s390x, loongarch64 and mips64el"


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
                f"line 1: output: {first} is no folder for linkmode to write into; expected one such as "
                "third_party/linkmode",
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
                f"line 1: output: {part} is no folder for linkmode to write into; expected one such as "
                "third_party/linkmode",
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
            'exec-platforms = ["amd64-linux"]\n' + TOOLCHAIN,
            "line 1: exec-platforms[0]: 'amd64-linux' is not known; did you mean 'x86_64-linux'?; expected one of "
            "x86_64-linux, aarch64-linux",
        ),
        (
            'exec-platforms = ["x86_64-linux", "x86_64-linux"]\n' + TOOLCHAIN,
            "line 1: exec-platforms: 'x86_64-linux' is listed twice; expected each once",
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
            "line 4: toolchain[0].targets[0]: 'x86_64-linux' is not a target triple; expected one such as "
            "x86_64-linux-musl or x86_64-linux-gnu.2.28",
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

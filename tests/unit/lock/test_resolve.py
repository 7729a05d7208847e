import msgspec
import pytest
from resolving import ARM, CATALOG, MIRRORS, MUSL, X86, ZIG, ZIG_REQUEST, ZLIB, catalog, config, entry, pin

from linkmode.catalog import pins as catalogs
from linkmode.catalog.advisories import advisories
from linkmode.catalog.pins import Catalog
from linkmode.config.document import Config, parse
from linkmode.lock.preference import Preference, keep
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model import resources
from linkmode.model.issues import Source
from linkmode.model.values import Lock


def versions(lock: Lock) -> dict[str, str]:
    return {artifact.family: artifact.version for artifact in lock.artifacts}


def refused(asked: Config, among: Catalog = CATALOG, preference: Preference | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(asked, among, preference)
    return caught.value.problem


def test_the_newest_version_that_satisfies() -> None:
    lock = resolve(config(ZIG_REQUEST, more='[library]\nzlib = ">=1.2"\n'), CATALOG)
    assert versions(lock) == {"zig": "0.15.2", "zlib": "1.3.2"}
    assert lock.libraries == {"zlib": "zlib-1.3.2"}
    assert [artifact.name for artifact in lock.artifacts] == ["zig-0.15.2-x86_64-linux", "zlib-1.3.2"]


def test_prereleases_only_when_asked_for() -> None:
    assert (
        versions(resolve(config(ZIG_REQUEST, more='[library]\nzlib = ">=1.4.0rc1"\n'), CATALOG))["zlib"] == "1.4.0rc1"
    )


def test_every_pair_of_exec_platform_and_target_in_order() -> None:
    asked = config(
        ("musl.cc", ">=10", ["aarch64-linux-musl"]),
        ("zig", "0.14.0", ["x86_64-linux-gnu.2.28", "aarch64-linux-musl"]),
        execs='["aarch64-linux", "x86_64-linux"]',
    )
    lock = resolve(asked, CATALOG)
    assert [(t.family, t.exec, t.target, t.purpose, t.artifact) for t in lock.toolchains] == [
        ("musl.cc", ARM, "aarch64-linux-musl", "target", "musl.cc-11.2.1-aarch64-linux-aarch64-linux-musl"),
        ("musl.cc", X86, "aarch64-linux-musl", "target", "musl.cc-11.2.1-x86_64-linux-aarch64-linux-musl"),
        ("zig", ARM, "x86_64-linux-gnu.2.28", "target", "zig-0.14.0-aarch64-linux"),
        ("zig", ARM, "aarch64-linux-musl", "target", "zig-0.14.0-aarch64-linux"),
        ("zig", X86, "x86_64-linux-gnu.2.28", "target", "zig-0.14.0-x86_64-linux"),
        ("zig", X86, "aarch64-linux-musl", "target", "zig-0.14.0-x86_64-linux"),
        ("musl.cc", X86, "x86_64-linux-musl", "exec-tools", "musl.cc-11.2.1-x86_64-linux-x86_64-linux-musl"),
    ]


def test_the_cross_compiler_is_taken_where_both_are_there() -> None:
    lock = resolve(config(("musl.cc", "11.2.1", ["x86_64-linux-musl"])), CATALOG)
    assert [artifact.file for artifact in lock.artifacts] == ["cross.tgz"]


def test_exec_tools_come_from_the_first_request_that_can_make_them() -> None:
    only_arm = catalog(
        entry("musl.cc", "toolchain", *(p for p in MUSL.pins if p.targets == ("aarch64-linux-musl",))), ZIG
    )
    musl = ("musl.cc", "11.2.1", ["aarch64-linux-musl"])
    lock = resolve(config(musl, ("zig", "0.15.2", ["x86_64-linux-gnu.2.17"])), only_arm)
    assert [t.family for t in lock.toolchains if t.purpose == "exec-tools"] == ["zig"]
    assert refused(config(musl), only_arm) == (
        "linkmode.toml: exec-platforms: no [[toolchain]] makes x86_64-linux-musl on x86_64-linux, and the program that "
        "checks link modes during the build is compiled for it"
    )


@pytest.mark.parametrize("measured", [{}, {"musl": "1.2.3"}, {"gcc": "../../../etc"}, {"gcc": "12"}])
def test_a_pin_without_the_version_that_the_rules_find_files_by_is_refused(measured: dict[str, str]) -> None:
    own = pin("musl.cc", "12.2.0", X86, "x86_64-linux-musl", layout="cross", file="own.tgz", measured=measured)
    with pytest.raises(ConfigError) as caught:
        resolve(config(("musl.cc", "12.2.0", ["x86_64-linux-musl"])), catalog(entry("musl.cc", "toolchain", own)))
    assert caught.value.problem.startswith("own.tgz: measured.gcc: expected a version such as 12.2.0")
    assert repr(measured.get("gcc", "")) in caught.value.problem
    assert "[[pin]]" in caught.value.hint


def test_no_exec_tools_where_a_toolchain_makes_them_already() -> None:
    lock = resolve(config(ZIG_REQUEST), CATALOG)
    assert [t.purpose for t in lock.toolchains] == ["target"]


def test_no_version_satisfies() -> None:
    assert refused(config(("zig", ">=1", ["x86_64-linux-musl"]))) == (
        "linkmode.toml: toolchain[0].version: no version of zig satisfies '>=1'; "
        "the catalogue has 0.15.2, 0.15.1, 0.14.0"
    )
    assert refused(config(ZIG_REQUEST, more='[library]\nzlib = "2"\n')) == (
        "linkmode.toml: library.zlib: no version of zlib satisfies '2'; "
        "the catalogue has 1.4.0rc1, 1.3.2, 1.3.1, 1.2.11"
    )


def test_each_version_that_satisfies_says_why_not() -> None:
    assert refused(config(("zig", "<0.15.2", ["x86_64-linux-gnu.2.42", "x86_64-linux-gnu.2.43"]))) == (
        "linkmode.toml: toolchain[0].version: no version of zig that satisfies '<0.15.2' can do all that is asked:\n"
        "  0.15.1: x86_64-linux-gnu.2.43: Zig 0.15.1 knows glibc up to 2.42\n"
        "  0.14.0: x86_64-linux-gnu.2.42: Zig 0.14.0 knows glibc up to 2.41"
    )
    no_arm = catalog(entry("musl.cc", "toolchain", *(p for p in MUSL.pins if p.targets == ("x86_64-linux-musl",))))
    with pytest.raises(ConfigError) as caught:
        resolve(config(("musl.cc", ">=1", ["aarch64-linux-musl"])), no_arm)
    assert caught.value.problem == (
        "linkmode.toml: toolchain[0].version: no version of musl.cc that satisfies '>=1' can do all that is asked:\n"
        "  11.2.1: no archive that runs on x86_64-linux and makes aarch64-linux-musl\n"
        "  10.2.1: no archive that runs on x86_64-linux and makes aarch64-linux-musl"
    )
    assert "musl.cc makes x86_64-linux-musl;" in caught.value.hint


def test_a_newer_version_that_cannot_is_passed_over() -> None:
    newer = msgspec.structs.replace(ZIG, pins=(*ZIG.pins, pin("zig", "0.15.9", ARM)))
    assert versions(resolve(config(ZIG_REQUEST), catalog(newer)))["zig"] == "0.15.2"


def test_an_unknown_library() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(config(ZIG_REQUEST, more='[library]\nzlb = "1"\n'), CATALOG)
    assert (
        caught.value.problem == "linkmode.toml: library.zlb: the catalogue has no library 'zlb'; did you mean 'zlib'?"
    )
    assert caught.value.hint.startswith("linkmode builds zlib. To link any other: in Bazel, depend on a module or a ")


def test_every_problem_at_once_with_its_line() -> None:
    text = "".join(
        [
            '[[toolchain]]\nfamily = "zig"\nversion = "0.15"\ntargets = ["x86_64-linux-musl"]\n\n',
            '[library]\nzlib = "9"\nopenssl = "3"\n\n[language]\ngo = "1.99"\n',
        ]
    )
    with pytest.raises(ConfigError) as caught:
        resolve(parse(text, where="linkmode.toml"), CATALOG, source=Source("../linkmode.toml", text))
    lines = caught.value.problem.splitlines()
    assert lines[0] == "../linkmode.toml has 4 problems:"
    assert [line.partition("; the catalogue has")[0] for line in lines if line.startswith("  line ")] == [
        "  line 3: toolchain[0].version: no version of zig satisfies '0.15'",
        "  line 7: library.zlib: no version of zlib satisfies '9'",
        "  line 8: library.openssl: the catalogue has no library 'openssl'",
        "  line 11: language.go: no version of go satisfies '1.99'",
    ]
    assert lines[2] == (
        '    try: a bare version means exactly that one; write "~=0.15.0", or see them with '
        "`linkmode catalog list --family zig`"
    )


def test_the_source_is_chosen_and_kept() -> None:
    asked = config(ZIG_REQUEST, more='[library]\nzlib = "~=1.3.1"\n')
    lock = resolve(asked, CATALOG, Preference({"zig": "pypi", "zlib": "pypi"}))
    assert [(a.family, a.version, a.source) for a in lock.artifacts] == [
        ("zig", "0.15.2", "pypi"),
        ("zlib", "1.3.1", "pypi"),
    ]
    assert resolve(asked, CATALOG, keep(lock)) == lock
    back = resolve(asked, CATALOG, keep(lock, sources={"zlib": "upstream"}))
    assert [(a.family, a.version, a.source) for a in back.artifacts] == [
        ("zig", "0.15.2", "pypi"),
        ("zlib", "1.3.2", "upstream"),
    ]


def test_a_source_that_a_family_does_not_have() -> None:
    asked = config(("musl.cc", "11.2.1", ["x86_64-linux-musl"]))
    assert refused(asked, preference=Preference({"musl.cc": "pypi"})) == (
        "linkmode.toml: toolchain[0].version: the catalogue has no musl.cc from source 'pypi', only from upstream"
    )


def test_locked_versions_stay_until_they_are_upgraded() -> None:
    asked = config(ZIG_REQUEST, more='[library]\nzlib = ">=1.2"\n')
    old = resolve(asked, CATALOG, Preference(versions={"zig": frozenset({"0.15.1"}), "zlib": frozenset({"1.2.11"})}))
    assert versions(old) == {"zig": "0.15.1", "zlib": "1.2.11"}
    assert resolve(asked, CATALOG, keep(old)) == old
    assert versions(resolve(asked, CATALOG, keep(old, upgrade=["zlib"]))) == {"zig": "0.15.1", "zlib": "1.3.2"}
    stricter = config(("zig", ">=0.15.2", ["x86_64-linux-musl"]), more='[library]\nzlib = ">=1.2"\n')
    assert versions(resolve(stricter, CATALOG, keep(old))) == {"zig": "0.15.2", "zlib": "1.2.11"}


def test_a_pin_of_the_users_own_wins_while_it_satisfies() -> None:
    own = catalog(
        msgspec.structs.replace(ZLIB, pins=(pin("zlib", "1.3.1", None, source="user", file="own.tgz"), *ZLIB.pins)), ZIG
    )
    asked = config(ZIG_REQUEST, more='[library]\nzlib = "~=1.3.1"\n')
    lock = resolve(asked, own, keep(resolve(asked, CATALOG)))
    assert [(a.version, a.file, a.source) for a in lock.artifacts if a.family == "zlib"] == [
        ("1.3.1", "own.tgz", "user")
    ]
    newer = config(ZIG_REQUEST, more='[library]\nzlib = "~=1.3.2"\n')
    assert versions(resolve(newer, own))["zlib"] == "1.3.2"


def test_a_toolchain_of_the_users_own_for_one_target_goes_with_the_catalogue_for_the_other() -> None:
    own = pin("musl.cc", "11.2.1", X86, "x86_64-linux-musl", layout="native", source="user", file="own.tgz")
    among = catalog(msgspec.structs.replace(MUSL, pins=(own, *MUSL.pins)))
    lock = resolve(config(("musl.cc", "11.2.1", ["x86_64-linux-musl", "aarch64-linux-musl"])), among)
    assert [artifact.source for artifact in lock.artifacts] == ["upstream", "user"]


def test_mirrors_of_the_longest_prefix_come_first_and_the_identity_stays() -> None:
    two = pin("zlib", "9", None, urls=("https://example.com/zlib/a.tgz", "https://other.example/a.tgz"))
    asked = config(ZIG_REQUEST, more='[library]\nzlib = "9"\n' + MIRRORS)
    lock = resolve(asked, catalog(ZIG, entry("zlib", "library", two)))
    zig, zlib = lock.artifacts
    assert zlib.urls == ("http://near.example/z/a.tgz", "https://example.com/zlib/a.tgz", "https://other.example/a.tgz")
    assert zlib.upstream == "https://example.com/zlib/a.tgz"
    assert zig.urls == (
        zig.upstream.replace("https://example.com/", "https://far.example/"),
        zig.upstream.replace("https://example.com/", "file:///srv/"),
        zig.upstream,
    )


def test_names_are_fit_for_a_repository_and_never_shared() -> None:
    odd = pin("zlib", "1.0+Local.1", None)
    assert resolve(
        config(ZIG_REQUEST, more='[library]\nzlib = "==1.0+local.1"\n'), catalog(ZIG, entry("zlib", "library", odd))
    ).libraries == {"zlib": "zlib-1.0_local.1"}
    one = pin("musl.cc", "11.2.1", X86, "x86_64-linux-musl", "i686-linux-musl", layout="cross")
    two = pin("musl.cc", "11.2.1", X86, "aarch64-linux-musl", "arm-linux-musl", layout="cross")
    asked = config(("musl.cc", "11.2.1", ["x86_64-linux-musl", "aarch64-linux-musl"]))
    lock = resolve(asked, catalog(entry("musl.cc", "toolchain", one, two)))
    assert [artifact.name for artifact in lock.artifacts] == [
        "musl.cc-11.2.1-x86_64-linux",
        f"musl.cc-11.2.1-x86_64-linux-{str(two.sha256)[:8]}",
    ]
    assert len(lock.toolchains) == 2


def test_link_modes_by_cpu_in_order_of_first_appearance() -> None:
    asked = config(
        (
            "zig",
            "0.15.2",
            ["aarch64-linux-gnu.2.28", "x86_64-linux-musl", "x86_64-linux-gnu.2.17", "x86_64-linux-gnu.2.28"],
        ),
        ("musl.cc", "11.2.1", ["x86_64-linux-musl"]),
    )
    table = resolve(asked, CATALOG).link_modes
    assert list(table) == ["aarch64", "x86_64"]
    assert table["aarch64"] == {"mostly_static": "aarch64-linux-gnu.2.28", "dynamic": "aarch64-linux-gnu.2.28"}
    assert table["x86_64"] == {
        "static": "x86_64-linux-musl",
        "mostly_static": "x86_64-linux-gnu.2.17",
        "dynamic": "x86_64-linux-gnu.2.17",
    }


def test_link_modes_named_in_the_configuration() -> None:
    targets = ["x86_64-linux-musl", "x86_64-linux-gnu.2.17", "x86_64-linux-gnu.2.28", "aarch64-linux-musl"]
    more = (
        '[link-modes]\nmostly_static = "x86_64-linux-musl"\ndynamic = ["aarch64-linux-musl", "x86_64-linux-gnu.2.28"]\n'
    )
    table = resolve(config(("zig", "0.15.2", targets), more=more), CATALOG).link_modes
    assert table["x86_64"] == {
        "static": "x86_64-linux-musl",
        "mostly_static": "x86_64-linux-musl",
        "dynamic": "x86_64-linux-gnu.2.28",
    }
    assert set(table["aarch64"].values()) == {"aarch64-linux-musl"}


def test_advisories_of_what_is_locked() -> None:
    def found(version: str) -> list[str]:
        lock = resolve(config(ZIG_REQUEST, more=f'[library]\nzlib = "{version}"\n'), CATALOG)
        return [f"{artifact.name} {advisory.id}" for artifact, advisory in advisories(lock, CATALOG)]

    assert found("1.2.11") == ["zlib-1.2.11 CVE-1"]
    assert found("1.3.1") == []


BASE = config(ZIG_REQUEST, more='[library]\nzlib = ">=1.3,<2"\n' + MIRRORS)


@pytest.mark.parametrize(
    "same",
    [
        msgspec.structs.replace(BASE, output="elsewhere"),
        msgspec.structs.replace(BASE, library={"zlib": "<2, >=1.3"}),
        msgspec.structs.replace(BASE, mirrors=dict(reversed(BASE.mirrors.items()))),
        msgspec.structs.replace(BASE, pins=(pin("zig", "9", X86),)),
    ],
)
def test_what_does_not_matter_leaves_the_lock_as_it_is(same: Config) -> None:
    assert resolve(same, CATALOG) == resolve(BASE, CATALOG)


@pytest.mark.parametrize(
    "other",
    [
        config(("zig", "0.15.1", ["x86_64-linux-musl"]), more='[library]\nzlib = ">=1.3,<2"\n' + MIRRORS),
        msgspec.structs.replace(BASE, library={"zlib": "<1.3"}),
        msgspec.structs.replace(BASE, library={}),
        msgspec.structs.replace(BASE, mirrors={}),
    ],
)
def test_what_matters_changes_the_lock(other: Config) -> None:
    assert resolve(other, CATALOG) != resolve(BASE, CATALOG)


def test_provenance_may_grow_without_a_new_lock_and_bytes_may_not() -> None:
    def made(**change: object) -> Lock:
        pins = tuple(msgspec.structs.replace(p, **change) for p in ZLIB.pins)
        return resolve(BASE, catalog(ZIG, msgspec.structs.replace(ZLIB, pins=pins)))

    assert made(confirmations=99, confirmed_by=("x",)) == made()
    assert made(sha256="f" * 64) != made()
    assert made(size=1) != made()
    assert made(strip_prefix="x") != made()


def test_a_toolchain_that_is_added_beside_another_of_its_family_leaves_that_one_as_it_is() -> None:
    first = ("zig", ">=0.14", ["x86_64-linux-musl"])
    second = ("zig", "==0.15.2", ["x86_64-linux-gnu.2.28"])
    old = resolve(config(first), CATALOG, Preference(versions={"zig": frozenset({"0.14.0"})}))
    both = resolve(config(first, second), CATALOG, keep(old))
    assert [one.artifact for one in both.toolchains] == ["zig-0.14.0-x86_64-linux", "zig-0.15.2-x86_64-linux"]
    assert resolve(config(first, second), CATALOG, keep(both)) == both


def test_the_shipped_catalogue_answers_the_architecture_pages_example() -> None:
    asked = config(
        ("musl.cc", ">=11.2,<12", ["x86_64-linux-musl", "aarch64-linux-musl"]),
        ("zig", "~=0.15.2", ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"]),
        more='[library]\nzlib = "~=1.3.1"\n',
    )
    lock = resolve(asked, catalogs.load(resources.catalogue()))
    assert [artifact.name for artifact in lock.artifacts] == [
        "musl.cc-11.2.1-x86_64-linux-aarch64-linux-musl",
        "musl.cc-11.2.1-x86_64-linux-x86_64-linux-musl",
        "zig-0.15.2-x86_64-linux",
        "zlib-1.3.2",
    ]
    assert all(artifact.file.endswith(("-cross.tgz", ".tar.xz", ".tar.gz")) for artifact in lock.artifacts)

"""The resolver over random catalogues and requests, against what is true of every lock."""

from typing import Any
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from linkmode.catalog.pins import Catalog, FamilyEntry
from linkmode.config.document import Config, parse, specifier
from linkmode.lock import derive, lockfile
from linkmode.lock.preference import Preference, keep
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model.values import Pin

VERSIONS = ("0.13.0", "0.14.1", "0.15.1", "0.15.2", "0.16.0", "0.17.0rc1")
TARGETS = ("x86_64-linux-musl", "aarch64-linux-musl", "x86_64-linux-gnu.2.28", "aarch64-linux-gnu.2.42")
EXECS = ("x86_64-linux", "aarch64-linux")
SPECIFIERS = st.sampled_from([">=0.13", "<0.15", "~=0.15.1", "0.16.0", ">=0.17.0rc1", "!=0.16.0"])


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    entries = {}
    for family, kind in (("zig", "toolchain"), ("musl.cc", "toolchain"), ("zlib", "library")):
        rows = st.tuples(
            st.sampled_from(VERSIONS),
            st.sampled_from(EXECS),
            st.sampled_from(TARGETS[:2]),
            st.sampled_from(["upstream", "user"]),
        )
        pins = [
            Pin(
                family=family,
                version=version,
                file=f"{family}-{number}",
                urls=(f"https://example.com/{family}/{number}",),
                sha256=f"{crc32(f'{family}{number}'.encode()):064x}",
                exec=None if kind == "library" else platform,
                targets=(target,) if family == "musl.cc" else (),
                layout="cross",
                measured={"gcc": "11.2.1"} if family == "musl.cc" else {},
                source=source,  # type: ignore[arg-type]
            )
            for number, (version, platform, target, source) in enumerate(draw(st.lists(rows, max_size=12, unique=True)))
        ]
        entries[family] = FamilyEntry(name=family, kind=kind, homepage="", license="", pins=tuple(pins))  # type: ignore[arg-type]
    return Catalog(entries)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    lines = [f"exec-platforms = {draw(st.lists(st.sampled_from(EXECS), min_size=1, unique=True))}"]
    for family in draw(st.lists(st.sampled_from(["zig", "musl.cc"]), min_size=1, unique=True)):
        possible = TARGETS if family == "zig" else TARGETS[:2]
        targets = draw(st.lists(st.sampled_from(possible), min_size=1, unique=True))
        lines += ["[[toolchain]]", f'family = "{family}"', f'version = "{draw(SPECIFIERS)}"', f"targets = {targets}"]
    if draw(st.booleans()):
        lines += ["[library]", f'zlib = "{draw(SPECIFIERS)}"']
    return parse("\n".join(lines), where="linkmode.toml")


def outcome(config: Config, catalog: Catalog, preference: Preference | None = None) -> Any:
    try:
        return resolve(config, catalog, preference)
    except ConfigError as error:
        return error.problem


@given(configs(), catalogs())
def test_a_lock_answers_all_that_was_asked_and_nothing_else(config: Config, catalog: Catalog) -> None:
    lock = outcome(config, catalog)
    if isinstance(lock, str):
        assert lock.startswith(("linkmode.toml: ", "linkmode.toml has "))
        return
    asked = [(r.family, e, t) for r in config.toolchains for e in config.exec_platforms for t in r.targets]
    made = [(t.family, t.exec, t.target) for t in lock.toolchains if t.purpose == "target"]
    assert made == asked
    for platform in config.exec_platforms:
        target = f"{platform.partition('-')[0]}-linux-musl"
        assert any((t.exec, t.target) == (platform, target) for t in lock.toolchains)
    by_name = {artifact.name: artifact for artifact in lock.artifacts}
    assert len(by_name) == len(lock.artifacts)
    assert set(by_name) == {t.artifact for t in lock.toolchains} | set(lock.libraries.values())
    wanted = {r.family: r.version for r in config.toolchains} | config.library
    for artifact in lock.artifacts:
        assert specifier(wanted[artifact.family]).contains(artifact.version, prereleases=True)
    for toolchain in lock.toolchains:
        assert by_name[toolchain.artifact].exec == toolchain.exec


@given(configs(), catalogs())
def test_resolving_again_changes_nothing_and_the_text_is_read_back(config: Config, catalog: Catalog) -> None:
    lock = outcome(config, catalog)
    assert outcome(config, catalog) == lock
    if not isinstance(lock, str):
        assert outcome(config, catalog, keep(lock)) == lock
        assert lockfile.loads(lockfile.dumps(lock), "linkmode.lock") == lock
        assert lockfile.diff(lock, lock) == ""
        assert derive.derived(lock, config, catalog) == lock


@given(
    configs(),
    catalogs(),
    st.dictionaries(st.sampled_from(["zig", "musl.cc", "zlib"]), st.frozensets(st.sampled_from(VERSIONS))),
)
def test_a_preference_never_decides_whether_there_is_a_lock(
    config: Config, catalog: Catalog, versions: dict[str, frozenset[str]]
) -> None:
    free, kept = outcome(config, catalog), outcome(config, catalog, Preference(versions=versions))
    assert isinstance(free, str) == isinstance(kept, str)
    if isinstance(kept, str):
        return
    for new, old in zip(free.artifacts, kept.artifacts, strict=False):
        if new.family == old.family and old.version != new.version:
            assert old.version in versions[old.family]
            assert Version(old.version) < Version(new.version)

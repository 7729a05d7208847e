import tomllib

import msgspec
import pytest
from resolving import CATALOG, MIRRORS, ZIG_REQUEST, config

from linkmode.lock import derive, lockfile
from linkmode.lock.preference import Preference
from linkmode.lock.resolve import resolve
from linkmode.messages import StaleLockError
from linkmode.model.values import Lock, LockedPart

ASKED = config(ZIG_REQUEST, more='[library]\nzlib = "~=1.3.1"\n' + MIRRORS)
LOCK = resolve(ASKED, CATALOG)
TEXT = lockfile.dumps(LOCK)


def refused(text: str) -> StaleLockError:
    with pytest.raises(StaleLockError) as caught:
        lockfile.loads(text, "linkmode.lock")
    assert caught.value.exit_code == 6
    assert "linkmode lock" in caught.value.hint
    return caught.value


def test_what_is_written_is_read_back_the_same() -> None:
    assert lockfile.loads(TEXT, "linkmode.lock") == LOCK
    assert lockfile.dumps(lockfile.loads(TEXT, "linkmode.lock")) == TEXT


def test_it_says_what_it_is_and_begins_with_its_digest() -> None:
    lines = TEXT.splitlines()
    assert lines[0].startswith("# Written by linkmode")
    assert "`linkmode lock`" in lines[0]
    assert lines[3] == "version = 2"
    assert lines[4].startswith('digest = "sha256:')


def test_comments_and_line_endings_are_no_edits() -> None:
    assert lockfile.loads("# mine\n" + TEXT.replace("\n", "\r\n"), "linkmode.lock") == LOCK


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('sha256 = "', 'sha256 = "f'),
        ('version = "1.3.2"', 'version = "1.3.1"'),
        ("https://far.example/", "https://evil.example/"),
        ('target = "x86_64', 'target = "aarch64'),
        ('\ndigest = "sha256:', '\ndigest = "sha256:0'),
        ("[libraries]\n", '[libraries]\nextra = "x"\n'),
    ],
)
def test_an_edit_by_hand_is_seen(old: str, new: str) -> None:
    edited = TEXT.replace(old, new, 1)
    assert edited != TEXT
    assert refused(edited).problem == "linkmode.lock was edited by hand: its digest is not that of its contents"


def test_a_lock_without_its_digest_counts_as_edited() -> None:
    without = "".join(line for line in TEXT.splitlines(keepends=True) if not line.startswith("digest"))
    assert "edited by hand" in refused(without).problem


def test_text_that_is_no_lock() -> None:
    assert "is not TOML (a merge conflict?)" in refused("<<<<<<< HEAD\n" + TEXT).problem
    assert refused("").problem == "linkmode.lock has no format version that is known: found None"
    assert refused('version = "1"\n').problem == "linkmode.lock has no format version that is known: found '1'"


def test_a_whole_digest_over_a_shape_that_is_not_a_locks() -> None:
    data = {"version": 2, "artifact": []}
    text = f'version = 2\nartifact = []\ndigest = "{lockfile._digest(data)}"\n'
    assert "is not a whole lock" in refused(text).problem


def test_a_newer_format_names_both_versions_and_is_never_taken_apart() -> None:
    newer = TEXT.replace("version = 2\n", "version = 3\n", 1)
    error = refused(newer)
    assert error.problem == "linkmode.lock has format version 3; linkmode 0.1.0 knows version 2"
    assert "install" in error.hint
    with pytest.raises(StaleLockError, match="format version 3"):
        lockfile.loads_unverified(newer, "linkmode.lock")


def test_an_older_format_is_refused_and_its_choices_are_kept() -> None:
    older = TEXT.replace("version = 2\n", "version = 0\n", 1)
    assert refused(older).problem == "linkmode.lock has format version 0; linkmode 0.1.0 writes version 2"
    assert lockfile.loads_unverified(older, "linkmode.lock") == LOCK


def test_an_older_format_of_another_shape_keeps_nothing() -> None:
    older = TEXT.replace("version = 2\n", 'version = 0\ngenerator = "x"\n', 1)
    assert "format version 0" in refused(older).problem
    assert lockfile.loads_unverified(older, "linkmode.lock") is None


@pytest.mark.parametrize("version", ["true", '"1"', "1.0", "[1]"])
def test_a_version_that_is_no_number(version: str) -> None:
    text = TEXT.replace("version = 2\n", f"version = {version}\n", 1)
    assert "has no format version that is known" in refused(text).problem
    assert lockfile.loads_unverified(text, "linkmode.lock") is None


def test_choices_can_be_kept_from_a_lock_that_was_edited() -> None:
    edited = TEXT.replace('version = "1.3.2"', 'version = "1.3.1"')
    found = lockfile.loads_unverified(edited, "linkmode.lock")
    assert found is not None
    assert [artifact.version for artifact in found.artifacts] == ["0.15.2", "1.3.1"]
    assert lockfile.loads_unverified("<<<<<<<", "linkmode.lock") is None


def test_inputs_that_answer_pass() -> None:
    derive.derived(LOCK, ASKED, CATALOG)


def test_inputs_that_changed_are_named() -> None:
    with pytest.raises(StaleLockError) as caught:
        derive.derived(LOCK, config(ZIG_REQUEST, more='[library]\nzlib = "1.3.1"\n' + MIRRORS), CATALOG)
    assert caught.value.problem.startswith(
        "linkmode.lock is out of date: linkmode.toml or the catalogue changed\n"
        "  ~ artifact zlib\n      version: 1.3.2 → 1.3.1\n      file: "
    )
    assert caught.value.hint == "write it again with: linkmode lock"


def test_inputs_that_changed_in_words_only_are_answered() -> None:
    asked = config(ZIG_REQUEST, more='[library]\nzlib = "==1.3.2"\n' + MIRRORS)
    assert derive.derived(LOCK, asked, CATALOG) == LOCK


def test_a_catalogue_that_gained_a_newer_version_leaves_the_lock_in_date() -> None:
    old = resolve(ASKED, CATALOG, Preference(versions={"zlib": frozenset({"1.3.1"})}))
    derive.derived(old, ASKED, CATALOG)


def lock_with(*toolchain: object, more: str = "") -> Lock:
    return resolve(config(toolchain or ZIG_REQUEST, more=more), CATALOG)  # type: ignore[arg-type]


def test_diff_of_a_first_lock_lists_everything() -> None:
    found = lockfile.diff(None, lock_with(more='[library]\nzlib = "1.3.1"\n'))
    zig, zlib = lock_with(more='[library]\nzlib = "1.3.1"\n').artifacts
    assert found.splitlines() == [
        f"  + artifact zig-x86_64-linux: 0.15.2 from {zig.upstream}, sha256:{zig.sha256}",
        f"  + artifact zlib: 1.3.1 from {zlib.upstream}, sha256:{zlib.sha256}",
        "  + toolchain zig on x86_64-linux for x86_64-linux-musl: target",
        "  + link mode static on x86_64: x86_64-linux-musl",
        "  + link mode mostly_static on x86_64: x86_64-linux-musl",
        "  + link mode dynamic on x86_64: x86_64-linux-musl",
        "  + library zlib: zlib-1.3.1",
    ]


def test_diff_names_each_change() -> None:
    old = lock_with(more='[library]\nzlib = "1.3.1"\n' + MIRRORS)
    new = lock_with("zig", "0.15.1", ["x86_64-linux-musl", "x86_64-linux-gnu.2.28"])
    before, after = old.artifacts[0], new.artifacts[0]
    assert lockfile.diff(old, new).splitlines() == [
        "  ~ artifact zig-x86_64-linux",
        "      version: 0.15.2 → 0.15.1",
        f"      file: {before.file} → {after.file}",
        *(f"      urls: - {url}" for url in before.urls),
        f"      urls: + {after.upstream}",
        f"      sha256: {before.sha256} → {after.sha256}",
        f"  - artifact zlib: 1.3.1 from {old.artifacts[1].upstream}, sha256:{old.artifacts[1].sha256}",
        "  ~ link mode mostly_static on x86_64",
        "      target: x86_64-linux-musl → x86_64-linux-gnu.2.28",
        "  ~ link mode dynamic on x86_64",
        "      target: x86_64-linux-musl → x86_64-linux-gnu.2.28",
        "  - library zlib: zlib-1.3.1",
        "  + toolchain zig on x86_64-linux for x86_64-linux-gnu.2.28: target",
    ]


def test_diff_has_no_python_in_it() -> None:
    zig, *others = LOCK.artifacts
    old, new = (
        msgspec.structs.replace(LOCK, artifacts=(msgspec.structs.replace(zig, measured=measured), *others))
        for measured in ({"gcc": "11.2.1", "musl": "1.2.2"}, {"gcc": "11.2.1", "musl": "1.2.3", "binutils": "2.37"})
    )
    assert lockfile.diff(old, new) == (
        "  ~ artifact zig-x86_64-linux\n      measured.musl: 1.2.2 → 1.2.3\n      measured.binutils: none → 2.37\n"
    )
    assert "measured.musl: 1.2.2 → none\n" in lockfile.diff(old, LOCK)


def test_diff_of_equal_locks_is_empty_and_an_order_is_a_change() -> None:
    assert lockfile.diff(LOCK, LOCK) == ""
    turned = msgspec.structs.replace(LOCK.artifacts[0], urls=LOCK.artifacts[0].urls[::-1])
    other = msgspec.structs.replace(LOCK, artifacts=(turned, *LOCK.artifacts[1:]))
    assert lockfile.diff(LOCK, other) == "  ~ artifact zig-x86_64-linux\n      urls: another order\n"


FULL = msgspec.structs.replace(
    LOCK,
    parts=(LockedPart(language="go", role="sdk", artifact="go-1.27.0"),),
    exec_properties={"x86_64-linux": {"pool": "large"}},
    malloc={"x86_64-linux-musl": "mimalloc"},
)
"""A lock that says something in each of its tables."""
TABLES = {field.name: field for field in msgspec.structs.fields(Lock) if field.name != "version"}


@pytest.mark.parametrize("name", TABLES)
def test_diff_knows_each_table(name: str) -> None:
    held = getattr(FULL, name)
    assert held
    empty = msgspec.structs.replace(FULL, **{name: type(held)()})
    assert "  + " in lockfile.diff(empty, FULL)
    assert "  - " in lockfile.diff(FULL, empty)


def test_a_table_that_a_lock_can_do_without_is_absent_when_it_is_empty() -> None:
    optional = {name for name, field in TABLES.items() if not field.required}
    assert optional == {"parts", "exec_properties", "malloc"}
    keys = {"language", "exec-properties", "malloc"}
    assert keys <= tomllib.loads(lockfile.dumps(FULL)).keys()
    assert not keys & tomllib.loads(TEXT).keys()
    assert "libraries" in tomllib.loads(lockfile.dumps(msgspec.structs.replace(LOCK, libraries={})))

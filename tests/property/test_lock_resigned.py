"""Every field of a lock, changed by someone who signs it again: refused by name, and nothing is written or asked."""

import datetime
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from resigning import Data, Place, at, changed, leaves, read, signed, without

from linkmode import pipeline
from linkmode.catalog import pins
from linkmode.cli.main import main
from linkmode.config import document
from linkmode.lock import derive, lockfile
from linkmode.lock.resolve import resolve
from linkmode.messages import StaleLockError
from linkmode.model import resources

TOML = f"""\
[[toolchain]]
family = "musl.cc"
version = "~=11.2.1"
targets = ["x86_64-linux-musl"]
without = ["lto"]

[[toolchain]]
family = "zig"
version = "~=0.15.2"
targets = ["x86_64-linux-gnu.2.28", "aarch64-linux-musl"]

[library]
zlib = "9.9"
mimalloc = "~=2.2"

[language]
go = "~=1.27.0"

[malloc]
x86_64-linux-musl = "mimalloc"

[exec-properties]
Pool = "default"

[mirrors]
"https://ziglang.org/" = ["http://mirror.example/zig/"]

[[pin]]
family = "zlib"
version = "9.9"
file = "zlib-9.9.tar.gz"
urls = ["archives/zlib-9.9.tar.gz"]
sha256 = "{"ab" * 32}"
layout = "zlib"
"""
CONFIG = document.parse(TOML, where="linkmode.toml")
CATALOG = pins.with_pins(pins.load(resources.catalogue()), CONFIG.pins)
LOCK = resolve(CONFIG, CATALOG)
DATA: Data = read(lockfile.dumps(LOCK))
PLACES = [place for place in leaves(DATA) if place != ("digest",)]
HOSTILE: list[object] = [
    *("", ".", "..", "../../../../.bashrc", "x/../../../../../../../../../.bashrc", "/etc/passwd", "a/b", "a\\b"),
    *("a\nb", "a\0b", "\x1b[2J", "\u202egnp", "é", "x" * 70_000, "ab" * 32, "AB" * 32, "ab" * 64, "9" * 5000),
    *("http://127.0.0.1:1/f", "https://evil.example/f", "https://user:secret@evil.example/f", "https://[::1/f"),
    *("https://evil.example:99999999/f", "file:///etc/passwd", "ftp://evil.example/f", "pypi:evil/f", "-1", "1.0"),
    *(0, -1, 2**62, 1.5, float("nan"), True, datetime.date(1979, 5, 27)),
    *([], ["x"], [[["x"]]], {}, {"x": "y"}),
]


def kind(place: Place) -> str:
    """The place without its numbers: all rows of a table are read by one rule."""
    return ".".join("*" if isinstance(key, int) else str(key) for key in place)


FIRST = {kind(place): place for place in reversed(PLACES)}
"""One place of each kind, which is given every value; the others get an eighth of them."""


def refused(data: Data) -> StaleLockError:
    text = signed(data)
    with pytest.raises(StaleLockError) as caught:
        derive.derived(lockfile.loads(text, lockfile.FILE), CONFIG, CATALOG)
    assert caught.value.problem.startswith("linkmode.lock")
    assert caught.value.exit_code == 6
    assert caught.value.hint
    if "format version" not in caught.value.problem:
        # What can be made out of it is compared and shown by those that recover, and must not end them either.
        shown = lockfile.diff(lockfile.loads_unverified(text, lockfile.FILE), LOCK)
        assert shown.replace("\n", "").isprintable()
    return caught.value


def test_it_has_every_table_that_a_lock_can_have() -> None:
    known = {"toolchain", "artifact", "language", "libraries", "link-modes", "exec-properties", "malloc"}
    assert DATA.keys() == {"version", "digest", *known}
    assert derive.derived(lockfile.loads(signed(DATA), lockfile.FILE), CONFIG, CATALOG) == LOCK


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_no_field_can_hold_another_value(place: Place) -> None:
    number = PLACES.index(place)
    for value in HOSTILE if FIRST[kind(place)] == place else HOSTILE[number % 8 :: 8]:
        if value == at(DATA, place) and type(value) is type(at(DATA, place)):
            continue
        refused(changed(DATA, place, value))
    if place[-1] != "purpose":  # which is `target` where nothing is said
        refused(without(DATA, place))


def path_of(place: Place) -> str:
    """The place as a message names it."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).removeprefix(".")


CONTROLS = ["a\nb", "a\0b", "\x1b[2J", "\u202egnp", "x" * 70_000]
PATHS = ["../../../../.bashrc", "/etc/passwd", "a/../b"]
TEXTS = [place for place in FIRST.values() if isinstance(at(DATA, place), str)]
PATHS_TOO = {"exec-properties.x86_64-linux.Pool", "artifact.*.urls.*"}
"""What may be any line, and what may be a path: whether linkmode.toml has that one, `derive` says."""
REFERENCES = {
    *(f"toolchain.*.{key}" for key in ("family", "artifact", "exec", "target", "without.*", "purpose")),
    *(f"language.*.{key}" for key in ("language", "artifact", "exec")),
    *(f"link-modes.{cpu}.{mode}" for cpu in ("x86_64", "aarch64") for mode in ("static", "mostly_static", "dynamic")),
    *("libraries.zlib", "libraries.mimalloc", "malloc.x86_64-linux-musl", "artifact.*.upstream", "artifact.*.exec"),
}


@pytest.mark.parametrize("place", TEXTS, ids=kind)
def test_the_reader_alone_refuses_what_no_lock_can_hold(place: Place) -> None:
    """Before anything is derived: `derive` compares, and its message must not be the first to look at a value."""
    values = CONTROLS + ([] if kind(place) in PATHS_TOO else PATHS) + (["nowhere"] if kind(place) in REFERENCES else [])
    for value in values:
        with pytest.raises(StaleLockError) as caught:
            lockfile.loads(signed(changed(DATA, place, value)), lockfile.FILE)
        # a key of a table within a table is not told where the value is no triple at all
        named = ["link-modes[...][...]"] if place[0] == "link-modes" else []
        assert any(path in str(caught.value) for path in [path_of(place), *named])


@pytest.mark.parametrize(
    ("place", "key", "said"),
    [
        (("libraries",), "../zlib", "libraries.../zlib"),
        (("exec-properties",), "x86_64-windows", "exec-properties.x86_64-windows"),
        (("exec-properties", "x86_64-linux"), "a\nb", "exec-properties.x86_64-linux."),
        (("malloc",), "x86_64-linux-gnu.2.17", "malloc.x86_64-linux-gnu.2.17"),
        (("link-modes",), "mips64", "link-modes.mips64.static"),
    ],
)  # fmt: skip
def test_so_it_does_with_keys(place: Place, key: str, said: str) -> None:
    table = at(DATA, place)
    with pytest.raises(StaleLockError) as caught:
        lockfile.loads(signed(changed(DATA, place, {**table, key: next(iter(table.values()))})), lockfile.FILE)
    assert said in str(caught.value)


@pytest.mark.parametrize("allocator", ["zlib", "mimalloc"])
def test_an_allocator_must_be_one_and_locked(allocator: str) -> None:
    data = changed(DATA, ("malloc", "x86_64-linux-musl"), allocator)
    if allocator == "mimalloc":
        data = without(data, ("libraries", "mimalloc"))
    with pytest.raises(StaleLockError, match=f"malloc.x86_64-linux-musl: '{allocator}' is no"):
        lockfile.loads(signed(data), lockfile.FILE)


def test_a_name_stands_for_one_artifact() -> None:
    with pytest.raises(StaleLockError, match="is there twice"):
        lockfile.loads(signed({**DATA, "artifact": [*DATA["artifact"], DATA["artifact"][0]]}), lockfile.FILE)


@pytest.mark.parametrize("table", ["toolchain", "artifact", "language"])
def test_no_row_more_none_less_and_none_with_more_keys(table: str) -> None:
    rows = DATA[table]
    refused({**DATA, table: [*rows, rows[0]]})
    refused({**DATA, table: rows[1:]})
    refused({**DATA, table: [{**rows[0], "post-install": "x"}, *rows[1:]]})
    if table == "toolchain":  # artifacts and languages have an order of their own, which is restored
        refused({**DATA, table: rows[::-1]})
    refused({**DATA, "x": "y"})


def test_what_is_wrong_is_named_with_its_table_and_key() -> None:
    index = next(n for n, one in enumerate(DATA["artifact"]) if one["family"] == "zig")
    error = refused(changed(DATA, ("artifact", index, "sha256"), "../../.bashrc"))
    assert f"artifact[{index}].sha256: zig-0.15.2-x86_64-linux: expected 64 lower-case hexadecimal digits" in str(error)
    assert "found '../../.bashrc'" in str(error)
    error = refused(changed(DATA, ("toolchain", 0, "artifact"), "nowhere"))
    assert "toolchain[0].artifact: 'nowhere' is no artifact here" in str(error)
    error = refused(changed(DATA, ("artifact", index, "sha256"), "ab" * 32))
    assert "neither linkmode.toml nor the catalogue of linkmode 0.1.0 pins zig 0.15.2" in str(error)
    assert f"sha256: {'ab' * 32} → {DATA['artifact'][index]['sha256']}" in str(error)
    error = refused(changed(DATA, ("artifact", index, "urls", 0), "http://evil.example/zig.tar.xz"))
    assert "urls: - http://evil.example/zig.tar.xz" in str(error)
    error = refused(changed(DATA, ("artifact", index, "size"), "many"))
    assert f"linkmode.lock is not a whole lock: artifact[{index}].size: Expected `int | null`" in str(error)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stranger") / "home" / "repository"
    folder.mkdir(parents=True)
    (folder / "linkmode.toml").write_text(TOML)
    return folder


COMMANDS = {
    "fetch": ("fetch", "--store", "../store"),
    "fetch --lock": ("fetch", "--store", "../store", "--lock", "linkmode.lock"),
    "mirror": ("mirror", "--store", "../store", "../mirror"),
    "generate": ("generate",),
    "generate --check": ("generate", "--check"),
    "exec": ("exec", "--store", "../store", "--", "true"),
    "lock --check": ("lock", "--check"),
    "lock": ("lock",),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(PLACES),
    st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30), st.integers(-(2**63), 2**63 - 1)),
    st.sampled_from(sorted(COMMANDS)),
)
def test_every_command_ends_with_a_documented_code_and_touches_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str], place: Place, value: object, command: str
) -> None:
    assume(value != at(DATA, place) or type(value) is not type(at(DATA, place)))
    home = repository.parent
    text = signed(changed(DATA, place, value))
    (repository / lockfile.FILE).write_text(text, encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repository)
        patch.setenv("HOME", str(home))
        patch.delenv("XDG_CACHE_HOME", raising=False)
        code = main(COMMANDS[command])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert (said.out + said.err).replace("\n", "").isprintable()
    names = {path.name for path in home.rglob("*")}
    assert names == {"repository", "linkmode.toml", lockfile.FILE}
    newer = place == ("version",) and isinstance(value, int) and value > 2
    if command == "lock":  # recovers from all but a lock of a newer linkmode, and from a choice that is not to be had
        source = place[-1] == "source" or (place[0], place[-1]) == ("artifact", "family")
        assert code in ({6} if newer else {0, 3} if source else {0})
    elif command == "lock --check":
        assert code in ({6} if newer else {0, 1, 3})
    else:
        only_artifacts = command == "fetch --lock" and place[0] not in ("artifact", "version")
        assert code in ({6, 4} if only_artifacts else {6})


@pytest.mark.parametrize("text", ["x=" + "[" * 20_000, ".".join(["a"] * 20_000) + " = 1", "version = " + "9" * 6000])
@pytest.mark.parametrize("command", ["generate", "fetch", "lock"])
def test_no_text_takes_long_or_ends_in_a_traceback(
    repository: Path, capsys: pytest.CaptureFixture[str], text: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    (repository / lockfile.FILE).write_text(text)
    assert main([command]) == (0 if command == "lock" else 6)
    assert "Traceback" not in capsys.readouterr().err
    if command == "lock":
        assert pipeline.locked(repository) == LOCK


def crowded(artifacts: int, toolchains: int, *, refers: bool) -> str:
    """Return a lock of many rows, signed again. Without ``refers`` no toolchain names an artifact that is there."""
    data: Data = changed(DATA, ("version",), DATA["version"])
    zig = next(one for one in data["artifact"] if one["family"] == "zig")
    names = [f"zig-0.15.2-x86_64-linux-{number}" for number in range(artifacts)]
    data["artifact"] += [{**zig, "name": name} for name in names]
    row = data["toolchain"][0]
    data["toolchain"] += [
        {**row, "artifact": names[number % artifacts] if refers else f"{names[number % artifacts]}-gone"}
        for number in range(toolchains)
    ]
    text = signed(data)
    assert len(text) < 1 << 20
    return text


@pytest.mark.parametrize("refers", [False, True])
@pytest.mark.parametrize("command", ["generate", "fetch --lock", "lock"])
def test_a_lock_of_thousands_of_rows_takes_no_minutes(
    repository: Path, capsys: pytest.CaptureFixture[str], command: str, refers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wrong name was once compared with all names there are, to guess which was meant: hours for a megabyte."""
    monkeypatch.chdir(repository)
    (repository / lockfile.FILE).write_text(crowded(1000, 2500, refers=refers))
    begin = time.process_time()
    assert main(COMMANDS[command]) == (0 if command == "lock" else 6)
    assert time.process_time() - begin < 15
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert command == "lock" or len(said.err) < 100_000


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"key{number} = 1\n" for number in range(60_000)),
        "".join(f"[table{number}]\n" for number in range(60_000)),
        "".join(f'[[toolchain]]\nfamily = "zag{number}"\n' for number in range(20_000)),
        "x" * 1_000_000 + " = 1\n",
        f'[[toolchain]]\nfamily = "{"z" * 1_000_000}"\nversion = "1"\ntargets = ["x86_64-linux-musl"]\n',
        f'[[toolchain]]\nfamily = "zig"\nversion = "{",".join([">=0.1"] * 150_000)}"\ntargets = ["x86_64"]\n',
        '[[toolchain]]\nfamily = "zig"\nversion = "1"\ntargets = [' + '"x86_64-linux-mus",' * 50_000 + "]\n",
    ],
    ids=["keys", "tables", "toolchains", "a long key", "a long value", "a long version", "targets"],
)
def test_a_linkmode_toml_of_thousands_of_problems_is_told_in_some_lines(
    repository: Path, capsys: pytest.CaptureFixture[str], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    (repository / "linkmode.toml").write_text(text)
    begin = time.process_time()
    try:
        assert main(["lock"]) == 3
    finally:
        (repository / "linkmode.toml").write_text(TOML)
    assert time.process_time() - begin < 15
    said = capsys.readouterr().err
    assert "linkmode.toml" in said
    assert len(said) < 250_000
    assert max(map(len, said.splitlines())) < 5_000

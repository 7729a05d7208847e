"""``linkmode catalog add`` and ``verify`` as a user has them."""

import hashlib
import json
import tomllib
from pathlib import Path

import pytest
from calling import Run
from harness.shared import shared
from packing import ZLIB, write

from linkmode import pipeline
from linkmode.catalog.measure import entry
from linkmode.catalog.pins import load, with_pins
from linkmode.config.document import parse
from linkmode.fetch import recheck, signatures
from linkmode.model import resources

TOML = """\
[[toolchain]]
family = "zig"
version = "~=0.15.2"
targets = ["x86_64-linux-musl"]

[library]
zlib = "1.3.1"
"""
ADD = ("catalog", "add", "--date", "2026-11-21")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(tmp_path, "zlib.tar.gz", ZLIB)
    return tmp_path


def test_add_prints_an_entry(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, *ADD, "zlib.tar.gz")
    body = (place / "zlib.tar.gz").read_bytes()
    assert run.code == 0
    assert tomllib.loads(run.out) == {
        "pin": [
            {
                "family": "zlib",
                "version": "1.3.1",
                "file": "zlib.tar.gz",
                "urls": ["zlib.tar.gz"],
                "sha256": hashlib.sha256(body).hexdigest(),
                "size": len(body),
                "tree-sha256": tomllib.loads(run.out)["pin"][0]["tree-sha256"],
                "layout": "zlib",
                "strip-prefix": "z",
                "measured": {"zlib": "1.3.1"},
                "confirmations": 0,
                "confirmed-by": ["hashed by linkmode on 2026-11-21"],
            }
        ]
    }
    assert run.out == Run(capsys, *ADD, "zlib.tar.gz").out
    assert run.err == "fetching zlib.tar.gz\n"


def test_an_absolute_path_is_pinned_as_a_url(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, *ADD, str(place / "zlib.tar.gz"))
    assert (run.code, tomllib.loads(run.out)["pin"][0]["urls"]) == (0, [(place / "zlib.tar.gz").as_uri()])
    (place / "linkmode.toml").write_text(TOML)
    assert Run(capsys, *ADD, str(place / "zlib.tar.gz"), "--write", "linkmode.toml").code == 0
    assert [pin.urls for pin in parse((place / "linkmode.toml").read_text(), where="x").pins] == [
        ((place / "zlib.tar.gz").as_uri(),)
    ]


@pytest.mark.parametrize("name", ["z\udcff", "z\n", "z\x1b[2J"])
def test_an_archive_whose_folder_no_toml_can_hold_makes_no_entry(
    place: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    write(place, "odd.tar.gz", {path.replace("z/", f"{name}/", 1): body for path, body in ZLIB.items()})
    (place / "linkmode.toml").write_text(TOML)
    for more in ((), ("--write", "linkmode.toml")):
        run = Run(capsys, *ADD, "odd.tar.gz", *more)
        assert (run.code, run.out) == (3, "")
        assert "strip-prefix: expected a folder inside the archive, in printable UTF-8, found 'z\\" in run.err
        assert "Traceback" not in run.err
    assert (place / "linkmode.toml").read_text() == TOML


def test_an_entry_fits_into_both_kinds_of_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "linkmode.toml").write_text(TOML)
    assert Run(capsys, *ADD, "zlib.tar.gz", "--write", "linkmode.toml").code == 0
    assert (place / "linkmode.toml").read_text().startswith(TOML)
    assert Run(capsys, "lock").code == 0
    (locked,) = (one for one in pipeline.locked(place).artifacts if one.family == "zlib")
    assert (locked.source, locked.sha256) == ("user", hashlib.sha256((place / "zlib.tar.gz").read_bytes()).hexdigest())
    assert Run(capsys, "fetch", "--only", locked.name, "--store", "store").code == 0

    shipped = (resources.catalogue() / "zlib.toml").read_text()
    text = Run(capsys, *ADD, "zlib.tar.gz").out.replace('"zlib.tar.gz",\n]', '"https://zlib.example/zlib.tar.gz",\n]')
    (place / "toolchains").mkdir()
    (place / "toolchains" / "zlib.toml").write_text(f"{shipped}\n{text}")
    assert load(place / "toolchains").families["zlib"].pins[-1].confirmations == 0


def test_a_wrong_file_is_left_as_it_was(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shipped = (resources.catalogue() / "zlib.toml").read_text()
    for name, text, message in (
        (
            "zlib.toml",
            shipped,
            "expected https, pypi:<project>/<file> or goproxy:<module>/@v/<version>.zip, found 'zlib.tar.gz'",
        ),
        ("linkmode.toml", f"{TOML}[mirrors\n", "linkmode.toml is not TOML"),
        ("linkmode.toml", TOML.replace("zig", "zag"), "'zag' is not known"),
    ):
        (place / name).write_text(text)
        run = Run(capsys, *ADD, "zlib.tar.gz", "--write", name)
        assert run.code == 3
        assert message in run.err
        assert (place / name).read_text() == text
        (place / name).unlink()


def test_a_repacked_archive_is_recognised(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "linkmode.toml").write_text(TOML)
    Run(capsys, *ADD, "zlib.tar.gz", "--write", "linkmode.toml")
    again = Run(capsys, *ADD, "zlib.tar.gz")
    assert (
        "linkmode: note: same bytes as zlib 1.3.1 zlib.tar.gz, which is pinned already (0 confirmations)" in again.err
    )
    write(place, "repacked.zip", {path.replace("z/", "z-1.3.1/"): value for path, value in ZLIB.items()})
    run = Run(capsys, *ADD, "repacked.zip")
    assert "linkmode: note: same tree as zlib 1.3.1 zlib.tar.gz\n" in run.err
    assert tomllib.loads(run.out)["pin"][0]["notes"] == "same tree as zlib 1.3.1 zlib.tar.gz"
    write(place, "changed.zip", {**ZLIB, "z/inflate.c": b"backdoor"})
    assert "same" not in Run(capsys, *ADD, "changed.zip").err


def test_urls_must_agree(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "copy").mkdir()
    copy = write(place / "copy", "zlib.tar.gz", ZLIB)
    copy.write_bytes((place / "zlib.tar.gz").read_bytes())
    assert tomllib.loads(Run(capsys, *ADD, "zlib.tar.gz", "copy/zlib.tar.gz").out)["pin"][0]["urls"] == [
        "zlib.tar.gz",
        "copy/zlib.tar.gz",
    ]
    write(place / "copy", "zlib.tar.gz", ZLIB, odd=True)
    run = Run(capsys, *ADD, "zlib.tar.gz", "copy/zlib.tar.gz")
    assert (run.code, run.out) == (5, "")
    assert "the URLs give different bytes:\n  zlib.tar.gz: sha256 " in run.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("http://h/a.tgz",), 2, "a pin cannot have a URL of the scheme http:"),
        (("zlib.tar.gz", "--date", "yesterday"), 2, "--date 'yesterday': expected a date such as 2026-11-21"),
        (("zlib.tar.gz", "--family", "zlb"), 2, "cannot measure 'zlb'; did you mean 'zlib'?"),
        (
            ("gone.tgz", "--family", "go"),
            2,
            "cannot measure 'go'\n"
            "  expected: one of musl.cc, zig, zlib\n  hint: it can: musl.cc, zig, zlib; a [[pin]] of another",
        ),
        (("zlib.tar.gz", "--family", "zig"), 3, "has not the layout of zig"),
        (("gone.tgz",), 2, "gone.tgz: there is no such file; expected an archive"),
        (("words.tgz",), 5, "words.tgz: gives no archive"),
        (("bad.tgz",), 5, "bad.tgz: its gzip data ends early"),
        (("zlib.tar.gz", "--write", "gone.toml"), 2, "does not exist"),
        ((), 2, "Missing argument 'URL...'"),
    ],
)
def test_what_cannot_be_added(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, message: str
) -> None:
    (place / "bad.tgz").write_bytes((place / "zlib.tar.gz").read_bytes()[:60])
    (place / "words.tgz").write_text("words")
    run = Run(capsys, *ADD, *arguments)
    assert (run.code, run.out) == (code, "")
    assert message in run.err


@pytest.mark.parametrize(
    "file", ["aarch64-linux-musl-cross.tgz", "x86_64-linux-musl-cross.tgz", "x86_64-linux-musl-native.tgz"]
)
def test_a_real_compiler(place: Path, capsys: pytest.CaptureFixture[str], file: str) -> None:
    run = Run(capsys, *ADD, shared(f"toolchains/{file}").as_uri())
    (pin,) = tomllib.loads(run.out)["pin"]
    target, _, layout = file.removesuffix(".tgz").rpartition("-")
    assert pin["measured"] == {"gcc": "12.2.0", "musl": "1.2.3", "binutils": "2.40", "host": "static"}
    assert (pin["layout"], pin["exec"], pin["targets"]) == (layout, "x86_64-linux", [target])
    assert pin["strip-prefix"] == file.removesuffix(".tgz")
    row = next(line for line in shared("toolchains/README.md").read_text().splitlines() if f"| {file} |" in line)
    assert f"| {pin['sha256']} | {pin['size']} |" in row
    text = f'[[toolchain]]\nfamily = "musl.cc"\nversion = "12.2.0"\ntargets = ["{target}"]\n\n{run.out}'
    with_pins(load(resources.catalogue()), parse(text, where="linkmode.toml").pins)


def small_catalogue(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (resources.catalogue() / "zlib.toml").read_text()
    head, _, rest = text.partition("\n[[pin]]")
    (place / "pins").mkdir()
    (place / "pins" / "zlib.toml").write_text(f"{head}\n[[pin]]{rest.partition('[[pin]]')[0]}")
    monkeypatch.setattr(resources, "catalogue", lambda: place / "pins")


@pytest.mark.parametrize(
    ("states", "code", "message"),
    [
        (("reachable", "unreachable", "verified"), 0, "URLs: 1 reachable, 1 unreachable, 1 verified\n"),
        (("unreachable",) * 3, 4, "no URL of the catalogue could be reached"),
        (("unreachable", "mismatch", "unreachable"), 5, "not what was pinned:\n  zlib-1.3.2.tar.gz: https://zlib.net/"),
    ],
)
def test_verify(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    states: tuple[recheck.State, ...],
    code: int,
    message: str,
) -> None:
    small_catalogue(place, monkeypatch)
    urls = [url for pin in load(resources.catalogue()).families["zlib"].pins for url in pin.urls]
    answers = dict(zip(urls, states, strict=True))
    # The network's part is in tests/fault/test_recheck.py: here it is what the command makes of findings.
    monkeypatch.setattr(recheck._Check, "url", lambda _, pin, url: recheck.Finding(pin, url, answers[url], "why"))
    run = Run(capsys, "catalog", "verify")
    assert run.code == code
    assert message in run.err
    assert [line.split()[0] for line in run.out.splitlines()[::2]] == list(states)
    shown = Run(capsys, "catalog", "verify", "--json", "--family", "zlib")
    assert shown.code == code
    found = json.loads(shown.out)
    assert found["version"] == 1
    assert [row["state"] for row in found["urls"]] == list(states)
    assert found["urls"][0] == {
        "family": "zlib",
        "version": "1.3.2",
        "file": "zlib-1.3.2.tar.gz",
        "url": "https://github.com/madler/zlib/releases/download/v1.3.2/zlib-1.3.2.tar.gz",
        "state": states[0],
        "detail": "why",
        "signature": {"state": "unchecked", "detail": "the URL gave no archive"},
    }


@pytest.mark.parametrize(("state", "code"), [("signed", 0), ("unsigned", 0), ("unchecked", 0), ("bad", 5)])
def test_verify_says_of_each_url_what_was_signed(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: signatures.State, code: int
) -> None:
    small_catalogue(place, monkeypatch)
    signature = signatures.Signature(state, "by whom")
    # The signatures themselves are verified in tests/fault/test_signatures.py.
    monkeypatch.setattr(recheck._Check, "url", lambda _, pin, url: recheck.Finding(pin, url, "verified", "", signature))
    run = Run(capsys, "catalog", "verify")
    assert run.code == code
    assert run.out.splitlines()[1::2] == [f"{'':<11}  {state}: by whom"] * 3
    assert f"signatures: 3 {state}\n" in run.err
    assert ("wrong signatures:\n  zlib-1.3.2.tar.gz: https://" in run.err) == (state == "bad")


def test_verify_no_such_family(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "catalog", "verify", "--family", "zlb")
    assert (run.code, run.out) == (2, "")
    assert (
        "'zlb' is not a family of the catalogue; did you mean 'zlib'?\n"
        "  expected: the name of a family\n  hint: use one of: gmp, go, " in run.err
    )


def test_the_name_of_a_file() -> None:
    assert entry.file_name("https://h/a/b%2Bc.tgz?x=1") == "b+c.tgz"
    assert entry.file_name("pypi:zlib/z-1.tar.gz") == "z-1.tar.gz"
    assert entry.file_name("../x.zip") == "x.zip"

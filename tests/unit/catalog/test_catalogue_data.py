"""The shipped catalogue: no checksum of it can change unnoticed, and each has its provenance."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import pytest
from harness.shared import shared
from resolving import ZIG_REQUEST, config

from linkmode.catalog.pins import Catalog, load, parse
from linkmode.lock.preference import Preference, keep
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model import provenance
from linkmode.model.values import Pin

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = ROOT / "toolchains"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pins_sha", ROOT / "tests" / "golden" / "pins_sha.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PINS_SHA = _script()
CATALOG: Catalog = load(CATALOGUE)
TEXTS = {name: (CATALOGUE / f"{name}.toml").read_text(encoding="utf-8") for name in CATALOG.families}
PINS = [(name, index, pin) for name, entry in CATALOG.families.items() for index, pin in enumerate(entry.pins)]
GOLDEN: list[str] = PINS_SHA.GOLDEN.read_text(encoding="utf-8").splitlines()


def each(pins: list[tuple[str, int, Pin]]) -> pytest.MarkDecorator:
    ids = [f"{name}-{pin.version}-{pin.source}-{pin.file}" for name, _, pin in pins]
    return pytest.mark.parametrize(("family", "index", "pin"), pins, ids=ids)


def digests(pin: Pin) -> list[tuple[str, str]]:
    return [(name, value) for name in ("sha256", "sha512") if (value := getattr(pin, name))]


# the checks are of code that does not know one pin from another: of each family one with each set of checksums
KINDS = {(name, tuple(key for key, _ in digests(pin))): (name, index, pin) for name, index, pin in reversed(PINS)}
one_of_each_kind = each(list(KINDS.values()))


def table(family: str, index: int) -> str:
    """Return the text of the pin's own table, which occurs once in the file."""
    found = "[[pin]]" + TEXTS[family].split("\n[[pin]]")[index + 1]
    assert TEXTS[family].count(found) == 1
    return found


def with_table(family: str, index: int, new: str) -> str:
    return TEXTS[family].replace(table(family, index), new)


def refusal(family: str, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, f"toolchains/{family}.toml")
    assert caught.value.exit_code == 3
    return str(caught.value)


def changed(family: str, text: str) -> list[str]:
    """Return the golden lines that a catalogue with ``text`` for ``family`` does not give."""
    edited = Catalog({**CATALOG.families, family: parse(text, family)})
    return sorted(set(GOLDEN) - set(PINS_SHA.lines(edited)))


def test_the_golden_checksums() -> None:
    ours = PINS_SHA.lines(CATALOG)
    differing = "\n".join(sorted(set(ours) ^ set(GOLDEN)))
    assert ours == GOLDEN, f"checksums changed; when that is meant, run: {PINS_SHA.COMMAND}\n{differing}"


def test_the_survey_agrees() -> None:
    shared("facts/pins.json")
    assert PINS_SHA.contradictions(CATALOG) == []
    assert len(list(PINS_SHA.survey())) == 36 + 36 + 12 + 7 + 5 + 12 + 1


def test_a_catalogue_that_the_survey_contradicts() -> None:
    shared("facts/pins.json")
    text = TEXTS["zlib"].replace("bb329a0a", "cb329a0a")
    (found,) = PINS_SHA.contradictions(Catalog({**CATALOG.families, "zlib": parse(text, "zlib")}))
    assert found.startswith("zlib 1.3.2 zlib-1.3.2.tar.gz: the catalogue has {'sha256': 'cb329a0a")


@one_of_each_kind
def test_a_flipped_nibble_changes_the_golden_line(family: str, index: int, pin: Pin) -> None:
    for _, value in digests(pin):
        flipped = f"{int(value[0], 16) ^ 1:x}" + value[1:]
        text = with_table(family, index, table(family, index).replace(value, flipped))
        (line,) = changed(family, text)
        assert pin.file in line.split()
        assert pin.version in line.split()


@one_of_each_kind
def test_a_checksum_that_is_not_hexadecimal_is_refused_by_name(family: str, index: int, pin: Pin) -> None:
    for key, value in digests(pin):
        message = refusal(family, with_table(family, index, table(family, index).replace(value, "g" + value[1:])))
        assert f"pin[{index}].{key}: {pin.file}: expected" in message


@one_of_each_kind
def test_a_dropped_checksum_is_refused_by_name(family: str, index: int, pin: Pin) -> None:
    text = with_table(family, index, re.sub(r"(?m)^sha(256|512) = .*\n", "", table(family, index)))
    assert f"pin[{index}].sha256: {pin.file}: neither sha256 nor sha512" in refusal(family, text)
    if len(digests(pin)) == 2:
        text = with_table(family, index, re.sub(r"(?m)^sha512 = .*\n", "", table(family, index)))
        (line,) = changed(family, text)
        assert pin.file in line.split()


def partner_of(family: str, index: int, pin: Pin) -> tuple[Pin, str] | None:
    """Return another pin of the family, a later one if there is, and the kind of checksum that both have."""
    both = {key for key, _ in digests(pin)}
    ordered = sorted(PINS, key=lambda row: row[1] < index)
    others = [other for its_family, _, other in ordered if its_family == family and other != pin]
    return next(((other, key) for other in others for key, _ in digests(other) if key in both), None)


def test_only_a_family_of_one_pin_has_nothing_to_swap_with() -> None:
    alone = [family for family, index, pin in PINS if partner_of(family, index, pin) is None]
    assert alone == [family for family in CATALOG.families if len(CATALOG.families[family].pins) == 1]


@each([row for row in KINDS.values() if partner_of(*row)])
def test_swapped_checksums_change_both_golden_lines(family: str, index: int, pin: Pin) -> None:
    partner = partner_of(family, index, pin)
    assert partner
    other, key = partner
    one, two = getattr(pin, key), getattr(other, key)
    text = TEXTS[family].replace(one, "?").replace(two, one).replace("?", two)
    assert {line.split()[3] for line in changed(family, text)} == {pin.file, other.file}


@one_of_each_kind
def test_a_plain_http_url_is_refused_by_name(family: str, index: int, pin: Pin) -> None:
    edited = re.sub("https://|pypi:|goproxy:", "http://", table(family, index), count=1)
    assert f"pin[{index}].urls[0]: {pin.file}: plain http" in refusal(family, with_table(family, index, edited))


_LAYOUTS = {
    "musl.cc": {"cross", "native"},
    "rust": {"rustc", "rust-std", "rust-sysroot", "zstd"},
    "sbcl": {"sbcl", "sbcl-host"},
}
"""What the archives of a family can look like, where it is not the one thing that is called like the family."""


@pytest.mark.parametrize("family", CATALOG.families)
def test_what_every_pin_says(family: str) -> None:
    assert CATALOG.families[family].pins
    for pin in CATALOG.families[family].pins:
        what_it_says(family, pin)


def what_it_says(family: str, pin: Pin) -> None:
    assert pin.confirmed_by
    for text in pin.confirmed_by:
        assert provenance.confirmation(text) or text.startswith(("linkmode: ", "the package index: ")), text
    assert pin.confirmations == provenance.count(pin.confirmed_by)
    assert pin.strip_prefix
    assert pin.layout in _LAYOUTS.get(family, {family})
    for source in ("pypi", "goproxy"):
        assert (pin.source == source) == pin.urls[0].startswith(f"{source}:")
    assert all(url.rsplit("/", 1)[1] == pin.file for url in pin.urls)
    # A package index and a Go proxy are named by the configuration of pip and of Go, never by their hosts.
    hosts = {"more.musl.cc", "musl.cc", "github.com", "ziglang.org", "zlib.net", "downloads.sourceforge.net"}
    hosts |= {
        "go.dev",
        "dl.google.com",
        "static.rust-lang.org",
        "caml.inria.fr",
        "ftp.gnu.org",
        "gmplib.org",
    }
    assert {host for url in pin.urls if (host := urlsplit(url).hostname)} <= hosts


def test_musl_cc() -> None:
    pins = CATALOG.families["musl.cc"].pins
    assert len(pins) == 36
    for pin in pins:
        assert pin.version == pin.measured["gcc"] == "11.2.1"
        assert pin.measured["musl"] == "1.2.2-git-50-gb76f37fd"
        assert pin.measured["binutils"] == "2.37"
        assert pin.strip_prefix == pin.file.removesuffix(".tgz") == f"{pin.targets[0]}-{pin.layout}"
        cpu = pin.targets[0].partition("-")[0]
        assert pin.exec == ("x86_64-linux" if pin.layout == "cross" else f"{cpu}-linux")
        # The first URL is the one whose path names the build: the top level has served other bytes.
        assert pin.urls[0] == f"https://more.musl.cc/11.2.1/x86_64-linux-musl/{pin.file}"
        assert f"https://musl.cc/{pin.file}" in pin.urls[1:]
        assert len(pin.urls) == 5
    assert sum(pin.sha256 is None for pin in pins) == 21
    mutable = {pin.file for pin in pins if any("older upload" in text for text in pin.contradictions)}
    assert "x86_64-linux-musl-native.tgz" in mutable
    assert "aarch64-linux-musl-cross.tgz" in mutable


def test_zig() -> None:
    pins = CATALOG.families["zig"].pins
    archives = [pin for pin in pins if pin.source == "upstream"]
    wheels = [pin for pin in pins if pin.source == "pypi"]
    assert (len(archives), len(wheels)) == (36, 10)
    assert {pin.exec for pin in archives} == {"x86_64-linux", "aarch64-linux", "x86_64-macos", "aarch64-macos"}
    assert {(pin.version, pin.exec) for pin in wheels} == {
        (version, cpu)
        for version in ("0.13.0", "0.14.1", "0.15.2", "0.16.0", "0.17.1")
        for cpu in ("x86_64-linux", "aarch64-linux")
    }
    for pin in archives:
        assert pin.strip_prefix == pin.file.removesuffix(".tar.xz")
    for pin in wheels:
        assert pin.strip_prefix == "ziglang"
        assert pin.size is not None
        assert pin.exec is not None
        assert f"_{pin.exec.removesuffix('-linux')}." in pin.file
    assert not any(pin.targets for pin in pins)


def test_go_comes_as_a_module_from_a_go_proxy_too() -> None:
    asked = config(ZIG_REQUEST, more='[language]\ngo = "~=1.27.0"\n')
    lock = resolve(asked, CATALOG, Preference({"go": "goproxy"}))
    [go] = [artifact for artifact in lock.artifacts if artifact.family == "go"]
    url = "goproxy:golang.org/toolchain/@v/v0.0.1-go1.27.3.linux-amd64.zip"
    assert (go.source, go.urls, go.upstream) == ("goproxy", (url,), url)
    assert resolve(asked, CATALOG, keep(lock)) == lock


def test_zlib() -> None:
    pins = CATALOG.families["zlib"].pins
    upstream = [pin for pin in pins if pin.source == "upstream"]
    first = {pin.version: pin.file for pin in reversed(upstream)}
    assert set(first) == {"1.2.11", "1.2.12", "1.2.13", "1.3", "1.3.1", "1.3.2"}
    assert all(file.endswith(".tar.gz") for file in first.values())
    assert {pin.version: pin.strip_prefix for pin in pins if pin.source == "pypi"} == {
        "1.3.1": "numcodecs-0.17.1/c-blosc/internal-complibs/zlib-1.3.1",
        "1.2.13": "grpcio-1.51.3/third_party/zlib",
        "1.2.11": "pyminizip-0.2.6/zlib-1.2.11",
    }


@pytest.mark.parametrize(
    ("family", "version", "expected"),
    [
        ("zlib", "1.2.11", ["CVE-2018-25032", "CVE-2022-37434"]),
        ("zlib", "1.2.12", ["CVE-2022-37434", "CVE-2026-27171"]),
        ("zlib", "1.2.13", ["CVE-2026-27171"]),
        ("zlib", "1.3.1", ["CVE-2026-27171"]),
        ("zlib", "1.3.2", []),
        ("zig", "0.13.0", ["CVE-2025-26519", "CVE-2026-40200"]),
        ("zig", "0.15.2", ["CVE-2026-40200"]),
        ("zig", "0.16.0", []),
        ("musl.cc", "11.2.1", ["CVE-2025-26519", "CVE-2026-40200"]),
    ],
)
def test_advisories(family: str, version: str, expected: list[str]) -> None:
    assert [advisory.id for advisory in CATALOG.advisories_for(family, version)] == expected


def test_musl_is_judged_by_its_own_version() -> None:
    """A pin of a user's own, labelled by a GCC that the catalogue has nothing of, with Debian 12's musl in it."""
    found = CATALOG.advisories_for("musl.cc", "12.2.0", {"gcc": "12.2.0", "musl": "1.2.3"})
    assert [one.id for one in found] == ["CVE-2025-26519", "CVE-2026-40200"]
    assert CATALOG.advisories_for("musl.cc", "11.2.1", {"musl": "1.2.7"}) == ()

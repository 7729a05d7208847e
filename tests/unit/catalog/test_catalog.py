"""Loading and checking the catalogue and a user's own pins."""

from pathlib import Path

import pytest
from catalogue_files import GOOD, OTHER_SHA, REVISION, SHA, refusal

from linkmode.catalog.pins import FamilyEntry, load, on_demand, parse
from linkmode.messages import ConfigError

SECOND = f"""
[[pin]]
version = "11.2.1"
file = "aarch64-linux-musl-cross.tgz"
urls = ["https://example.com/a/aarch64-linux-musl-cross.tgz"]
sha256 = "{OTHER_SHA}"
exec = "x86_64-linux"
layout = "cross"
targets = ["aarch64-linux-musl"]
confirmations = 1
confirmed-by = ["a/one@{REVISION}:f"]
"""


def test_a_good_file() -> None:
    entry = parse(GOOD, "musl.cc.toml")
    assert (entry.name, entry.kind) == ("musl.cc", "toolchain")
    (pin,) = entry.pins
    assert pin.family == "musl.cc"
    assert pin.checksum.hex == SHA
    assert pin.source == "upstream"
    assert pin.measured == {"gcc": "11.2.1"}


MUTATIONS = {
    "unknown key": (
        "strip-prefix =",
        "strip_prefix =",
        ("line 21: pin[0].strip_prefix", "did you mean 'strip-prefix'?"),
    ),
    "unknown key of the file": ("homepage =", "homepag =", ("line 4: homepag:", "did you mean 'homepage'?")),
    "schema": ("schema = 1", "schema = 2", ("schema: expected 1, found 2",)),
    "kind": (
        'kind = "toolchain"',
        'kind = "tool"',
        ("kind: 'tool' is not known", "expected one of toolchain, library"),
    ),
    "no checksum": (f'sha256 = "{SHA}"\n', "", ("pin[0].sha256", "neither sha256 nor sha512")),
    "empty checksum": (SHA, "", ("pin[0].sha256", "neither sha256 nor sha512")),
    "short checksum": (SHA, SHA[:-1], ("pin[0].sha256", "expected 64 lower-case", "63 characters")),
    "checksum not hex": (SHA, "g" + SHA[1:], ("pin[0].sha256", "hexadecimal")),
    "upper-case checksum": (SHA, SHA.upper(), ("pin[0].sha256", "lower-case")),
    "short sha512": (f'sha256 = "{SHA}"', f'sha512 = "{SHA}"', ("pin[0].sha512", "expected 128")),
    "plain http": ("https://example", "http://example", ("pin[0].urls[0]", "plain http", "expected https")),
    "unknown scheme": (
        "https://example",
        "ftp://example",
        ("pin[0].urls[0]", "expected https, pypi:<project>/<file> or goproxy:"),
    ),
    "file URL in the catalogue": ("https://example", "file:///example", ("pin[0].urls[0]", "expected https")),
    "relative path in the catalogue": ("https://example.com/", "../", ("pin[0].urls[0]", "expected https")),
    "password in a URL": ("https://example", "https://me:pw@example", ("pin[0].urls[0]", "~/.netrc")),
    "space in a URL": ("example.com/a/", "example.com/a b/", ("pin[0].urls[0]", "without spaces")),
    "no host": ("https://example.com/", "https:///", ("pin[0].urls[0]", "expected a host")),
    "bad host": ("https://example.com/", "https://[::1/", ("pin[0].urls[0]", "expected a URL")),
    "pypi without a file": (
        '"https://example.com/a/x86_64-linux-musl-cross.tgz"',
        '"pypi:p"',
        ("pypi:<project>/<file>",),
    ),
    "pypi of another file": (
        '"https://example.com/a/',
        '"pypi:project/other-',
        ("expected the file that the pin names",),
    ),
    "no urls": ('["https://example.com/a/x86_64-linux-musl-cross.tgz"]', "[]", ("pin[0].urls", "at least one URL")),
    "type": ('urls = ["https', 'urls = [7, "https', ("pin[0].urls[0]", "expected string, got integer")),
    "missing": ('version = "11.2.1"\n', "", ("pin[0].version: missing",)),
    "version": ('version = "11.2.1"', 'version = "11 (GCC)"', ("pin[0].version", "PEP 440", "'11 (GCC)'")),
    "folder in the file name": ('file = "x86', 'file = "../x86', ("pin[0].file", "without a folder")),
    "size": ('layout = "cross"', 'layout = "cross"\nsize = 0', ("pin[0].size", "number of bytes")),
    "exec": ('exec = "x86_64-linux"', 'exec = "linux"', ("pin[0].exec", "such as x86_64-linux")),
    "exec of a library": ('kind = "toolchain"', 'kind = "library"', ("pin[0].exec", "sources do not run")),
    "prefix": ('strip-prefix = "', 'strip-prefix = "../', ("pin[0].strip-prefix", "inside the archive")),
    "target": ('targets = ["x86_64-linux-musl"]', 'targets = ["musl"]', ("pin[0].targets[0]", "'musl'")),
    "source": ('layout = "cross"', 'layout = "cross"\nsource = "npm"', ("pin[0].source", "npm")),
    "nobody confirms": (
        f'confirmed-by = ["a/one@{REVISION}:f", "b/two@{REVISION}:g", "someone"]',
        "",
        ("pin[0].confirmed-by", "who confirms"),
    ),
    "negative": ("confirmations = 2", "confirmations = -1", ("pin[0].confirmations", "-1")),
    "a statement that nobody can check is counted": (
        "confirmations = 2",
        "confirmations = 3",
        ("pin[0].confirmations", "expected 2, the repositories that confirmed-by names", "found 3"),
    ),
    **{
        f"a repository without {what} is counted": (
            "confirmations = 2\nconfirmed-by = [",
            f'confirmations = 3\nconfirmed-by = ["{text}", ',
            ("pin[0].confirmations", "expected 2, the repositories that confirmed-by names", "found 3"),
        )
        for what, text in {
            "a revision": "c/three:f",
            "a whole revision": f"c/three@{REVISION[:12]}:f",
            "a commit": "c/three@main:f",
            "a file": f"c/three@{REVISION}",
            "another owner": f"A/One@{REVISION}:g",
        }.items()
    },
    "family in a pin": (
        'layout = "cross"',
        'layout = "cross"\nfamily = "zig"',
        ("pin[0].family", "'musl.cc', found 'zig'"),
    ),
    "advisory range": ('affects = "<11.2.1"', 'affects = "below 11"', ("advisory[0].affects: CVE-1: ", "PEP 440")),
    "fix among the affected": ('affects = "<11.2.1"', 'affects = "<12"', ("advisory[0].fixed-in", "affected")),
    "fix not a version": ('fixed-in = "11.2.1"', 'fixed-in = "soon"', ("advisory[0].fixed-in", "'soon'")),
    "advisory URL": ("https://nvd", "http://nvd", ("advisory[0].url", "https")),
    "advisory key": ("summary =", "sumary =", ("advisory[0].sumary", "did you mean 'summary'?")),
    "not TOML": ("schema = 1", "schema = ", ("not TOML",)),
}


@pytest.mark.parametrize("case", MUTATIONS)
def test_what_is_refused(case: str) -> None:
    old, new, expected = MUTATIONS[case]
    assert old in GOOD
    message = refusal(GOOD.replace(old, new, 1))
    assert message.startswith("toolchains/musl.cc.toml")
    for part in expected:
        assert part in message
    assert "Traceback" not in message


def test_pins_must_be_tables() -> None:
    head = GOOD.partition("[[advisory]]")[0]
    assert "pin: expected tables, written [[pin]]" in refusal(head + "pin = 3\n")
    assert "expected at least one [[pin]]" in refusal(head)


def test_every_issue_is_told_at_once() -> None:
    text = GOOD.replace("https://example", "http://example").replace(SHA, "beef") + SECOND.replace(OTHER_SHA, "")
    message = refusal(text)
    assert "toolchains/musl.cc.toml has 3 problems:" in message
    assert "pin[0].sha256: x86_64-linux-musl-cross.tgz: " in message
    assert "pin[0].urls[0]: x86_64-linux-musl-cross.tgz: " in message
    assert "pin[1].sha256: aarch64-linux-musl-cross.tgz: " in message


def test_a_row_given_twice() -> None:
    twice = GOOD + GOOD[GOOD.index("[[pin]]") :]
    assert "x86_64-linux-musl-cross.tgz: version 11.2.1 from upstream is pinned twice" in refusal(twice)
    other_source = twice[: len(GOOD)] + twice[len(GOOD) :].replace("layout", 'source = "pypi"\nlayout')
    assert len(parse(other_source, "x").pins) == 2


def test_one_url_with_two_checksums() -> None:
    same_url = SECOND.replace("a/aarch64", "a/x86_64")
    message = refusal(GOOD + same_url)
    assert "https://example.com/a/x86_64-linux-musl-cross.tgz has two checksums" in message
    assert SHA in message
    assert OTHER_SHA in message
    assert len(parse(GOOD + same_url.replace(OTHER_SHA, SHA), "x").pins) == 2


def test_advisories_for(tmp_path: Path) -> None:
    (tmp_path / "musl.cc.toml").write_text(GOOD)
    catalog = load(tmp_path)
    assert [a.id for a in catalog.advisories_for("musl.cc", "11.2.0")] == ["CVE-1"]
    assert [a.id for a in catalog.advisories_for("musl.cc", "11.2.0rc1")] == ["CVE-1"]
    assert catalog.advisories_for("musl.cc", "11.2.1") == ()


@pytest.mark.parametrize(
    ("musl", "affected"),
    [("1.2.3", True), ("1.2.2-git-50-gb76f37fd", True), ("1.2.6", False), ("unknown", False), (None, False)],
)
def test_what_was_measured_decides_and_not_the_label(tmp_path: Path, musl: str | None, affected: bool) -> None:
    """A label that is not affected, of an archive with an affected musl inside; without a version the label decides."""
    advisory = '\naffects = "<11.2.1"\n'
    assert advisory in GOOD
    (tmp_path / "musl.cc.toml").write_text(GOOD.replace(advisory, advisory + 'measured = { musl = "<=1.2.5" }\n'))
    measured = {"musl": musl} if musl else {}
    found = load(tmp_path).advisories_for("musl.cc", "12.2.0", measured)
    assert [one.id for one in found] == (["CVE-1"] if affected else [])


def test_a_measured_range_is_a_specifier() -> None:
    text = GOOD.replace('affects = "<11.2.1"', 'affects = "<11.2.1"\nmeasured = { musl = "old" }')
    assert "measured.musl: CVE-1: expected a specifier of PEP 440" in refusal(text)


def test_issues_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "musl.cc.toml").write_text(GOOD.replace(SHA, "0"))
    (tmp_path / "zig.toml").write_text(GOOD.replace("https://example", "http://example"))
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    message = str(caught.value)
    assert f"{tmp_path.name}/musl.cc.toml: line 18: pin[0].sha256" in message
    assert f"{tmp_path.name}/zig.toml: line 17: pin[0].urls[0]" in message


def test_a_file_of_another_name(tmp_path: Path) -> None:
    (tmp_path / "zig.toml").write_text(GOOD)
    with pytest.raises(ConfigError, match=r"zig.toml: family: expected 'zig'"):
        load(tmp_path)


def test_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no catalogue file"):
        load(tmp_path)
    (tmp_path / "zig.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="cannot read the catalogue"):
        load(tmp_path)


def test_on_demand_a_family_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "musl.cc.toml").write_text(GOOD)
    (tmp_path / "zig.toml").write_text(GOOD.replace(SHA, "0"))
    found = on_demand(tmp_path).families
    assert list(found) == ["musl.cc", "zig"]
    assert "zig" in found
    assert found["musl.cc"] == load_one(tmp_path)
    assert found["musl.cc"] is found["musl.cc"]
    assert found.get("gcc") is None
    with pytest.raises(ConfigError, match=r"zig\.toml: line 18: pin\[0\]\.sha256"):
        found["zig"]


def load_one(folder: Path) -> FamilyEntry:
    return parse((folder / "musl.cc.toml").read_text(), "musl.cc.toml")


SIGNER = f"""
[[signer]]
urls = "https://example.com/a/"
minisign = "RWSGOq2NVecA2UPNdBUZykf1CCb147pkmdtYxgb3Ti+JO/wCYvhbAb/U"
confirmed-by = ["a/one@{REVISION}:f"]
"""


def test_a_signer() -> None:
    [signer] = parse(GOOD + SIGNER, "toolchains/musl.cc.toml").signers
    assert (signer.urls, signer.minisign[:4], signer.repository) == ("https://example.com/a/", "RWSG", "")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            '"https://example.com/a/"',
            '"https://example.com/a"',
            "urls: 'https://example.com/a': expected https://host/",
        ),
        (
            '"https://example.com/a/"',
            '"http://example.com/a/"',
            "expected https://host/folder/, pypi:<project>/ or goproxy:, found",
        ),
        (
            '"https://example.com/a/"',
            '"https://"',
            "expected https://host/folder/, pypi:<project>/ or goproxy:, found 'https://'",
        ),
        ('"https://example.com/a/"', '""', "expected https://host/folder/, pypi:<project>/ or goproxy:, found ''"),
        (
            '"https://example.com/a/"',
            '"pypi:"',
            "expected https://host/folder/, pypi:<project>/ or goproxy:, found 'pypi:'",
        ),
        ("RWSG", "RUSG", "minisign: 'https://example.com/a/': expected a public key of minisign"),
        ('U"', '"', "expected a public key of minisign, RW and so on, found 'RWSG"),
        ("RWSG", "RW G", "expected a public key of minisign, RW and so on, found 'RW G"),
        (
            "minisign =",
            'repository = "a/b"\nminisign =',
            "minisign: 'https://example.com/a/': expected one of minisign, ",
        ),
        ("minisign =", "repository =", "repository: 'https://example.com/a/': expected owner/name, found 'RWSG"),
        (
            "minisign =",
            "sumdb =",
            "sumdb: 'https://example.com/a/': expected the key of a checksum database, name+number",
        ),
        ("a/one@", "one@", "confirmed-by: 'https://example.com/a/': expected who says that it signs, as owner/name@"),
        ("minisign =", "key =", "signer[0].key: unknown key"),
    ],
)
def test_a_signer_that_cannot_be_one(old: str, new: str, problem: str) -> None:
    assert old in SIGNER
    assert problem in refusal(GOOD + SIGNER.replace(old, new, 1))

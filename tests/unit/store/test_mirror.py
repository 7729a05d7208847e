import json

import pytest
from resolving import CATALOG, ZIG_REQUEST, config

from linkmode.config.document import parse
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model import mirror_layout
from linkmode.model.values import Artifact, Checksum

SHORT, LONG = Checksum("sha256", "ab" * 32), Checksum("sha512", "cd" * 64)


def artifact(upstream: str) -> Artifact:
    return Artifact(
        name="n", family="zig", version="1", file="f", urls=(upstream,), upstream=upstream, sha256=SHORT.hex
    )


def test_a_place_follows_from_checksum_and_name() -> None:
    assert mirror_layout.path(SHORT, "zig-1.tar.xz") == f"sha256/{'ab' * 32}/zig-1.tar.xz"
    assert mirror_layout.path(LONG, "c++_x.tgz") == f"sha512/{'cd' * 64}/c++_x.tgz"
    for root in ("https://h/m", "https://h/m/"):
        assert mirror_layout.url(root, SHORT, "a+b~.whl") == f"https://h/m/sha256/{'ab' * 32}/a+b~.whl"


@pytest.mark.parametrize("file", ["", ".", "..", ".hidden", "a/b", "../a", "a b", "a\nb", "a\\b", "ä", "a%2fb", "*"])
def test_names_that_no_mirror_holds(file: str) -> None:
    with pytest.raises(ConfigError, match="is not a name that a mirror can hold"):
        mirror_layout.path(SHORT, file)


@pytest.mark.parametrize("digits", ["", "..", "AB" * 32, "ab" * 31, "ab" * 64, "/" * 64])
def test_checksums_that_are_none(digits: str) -> None:
    with pytest.raises(ConfigError, match="is not a sha256 of 64 hexadecimal digits"):
        mirror_layout.path(Checksum("sha256", digits), "f")


def test_index_and_checksum_files() -> None:
    one = mirror_layout.entry(artifact("https://b"), 7, None)
    both = mirror_layout.entry(artifact("https://a"), 7, one)
    assert both.upstream == ("https://a", "https://b")
    entries = {mirror_layout.path(LONG, "g"): one, mirror_layout.path(SHORT, "f"): both}
    found = mirror_layout.files(entries)
    assert found["SHA256SUMS"] == f"{'ab' * 32}  sha256/{'ab' * 32}/f\n".encode()
    assert found["SHA512SUMS"] == f"{'cd' * 64}  sha512/{'cd' * 64}/g\n".encode()
    assert json.loads(found[mirror_layout.INDEX])["version"] == 1
    assert mirror_layout.loads(found[mirror_layout.INDEX], "i") == entries
    assert mirror_layout.files(dict(reversed(entries.items()))) == found
    assert mirror_layout.files({})["SHA512SUMS"] == b""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "i is not the index of a mirror"),
        (b"[]", "i is not the index of a mirror"),
        (b'{"version": 1}', "i is not the index of a mirror"),
        (b'{"version": 2, "files": {}}', "i has format version 2; this linkmode knows version 1"),
    ],
)
def test_an_index_that_is_none(data: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        mirror_layout.loads(data, "i")


def test_mirrors_of_everything_come_first_and_serve_every_source() -> None:
    table = '[mirrors]\n"*" = ["file:///srv/m/", "http://near.example/m/"]\n"https://example.com/" = ["https://far/"]\n'
    lock = resolve(config(ZIG_REQUEST, more='[library]\nzlib = "1.3.1"\n' + table), CATALOG)
    plain = resolve(config(ZIG_REQUEST, more='[library]\nzlib = "1.3.1"\n'), CATALOG)
    for one, other in zip(lock.artifacts, plain.artifacts, strict=True):
        place = f"sha256/{one.sha256}/{one.file}"
        assert one.urls[:2] == (f"file:///srv/m/{place}", f"http://near.example/m/{place}")
        assert one.urls[2].startswith("https://far/")
        assert one.urls[3:] == other.urls
        assert one.upstream == other.upstream


def test_a_mirror_of_everything_needs_a_whole_prefix() -> None:
    text = '[[toolchain]]\nfamily = "zig"\nversion = "1"\ntargets = ["x86_64-linux-musl"]\n[mirrors]\n'
    with pytest.raises(ConfigError, match=r"mirrors.\*\[0\]: expected https://, http://, file://"):
        parse(text + '"*" = ["/srv/m"]\n', where="linkmode.toml")
    with pytest.raises(ConfigError, match=r"mirrors.\*\*: the key is the beginning of upstream URLs"):
        parse(text + '"**" = ["https://m/"]\n', where="linkmode.toml")

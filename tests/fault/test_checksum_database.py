"""A checksum database of the test's own: a module is `signed` when its files are in the tree that the key signed."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from faultserver import Answer, FaultServer, Handler, status, whole
from fetching import QUICK

from linkmode.fetch.recheck import recheck
from linkmode.fetch.signatures import Signature
from linkmode.model.values import Pin, Signer

HOST = "sum.example.com"
MODULE, VERSION = "golang.org/toolchain", "v0.0.1-go1.27.3.linux-amd64"
FILES = {f"{MODULE}@{VERSION}/{name}": name.encode() for name in ("bin/go", "go.mod", "LICENSE", "src/a.go")}


def archive(files: dict[str, bytes] = FILES) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return stream.getvalue()


def h1(files: dict[str, bytes] = FILES) -> str:
    lines = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


def record(digest: str, module: str = MODULE, version: str = VERSION) -> bytes:
    return f"{module} {version} {digest}\n{module} {version}/go.mod h1:AAAA=\n".encode()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Database:
    """A log whose tree is computed as RFC 6962 defines it, and not by way of tiles."""

    def __init__(self, records: list[bytes], key: Ed25519PrivateKey | None = None) -> None:
        self.records = records
        self._leaves = [hashlib.sha256(b"\0" + one).digest() for one in records]
        self._key = key or Ed25519PrivateKey.generate()
        public = b"\1" + self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._number = hashlib.sha256(f"{HOST}\n".encode() + public).digest()[:4]
        self.key = f"{HOST}+{self._number.hex()}+{base64.b64encode(public).decode()}"

    def root(self, low: int = 0, high: int | None = None) -> bytes:
        high = len(self._leaves) if high is None else high
        if high - low == 1:
            return self._leaves[low]
        half = 1 << ((high - low - 1).bit_length() - 1)
        return node(self.root(low, low + half), self.root(low + half, high))

    def note(self, root: bytes | None = None, name: str = HOST) -> bytes:
        shown = base64.b64encode(root or self.root()).decode()
        text = f"go.sum database tree\n{len(self.records)}\n{shown}\n"
        signature = base64.b64encode(self._number + self._key.sign(text.encode())).decode()
        return f"{text}\n— {name} {signature}\n".encode()

    def answer(self, number: int) -> bytes:
        return b"%d\n%s\n%s" % (number, self.records[number], self.note())

    def tiles(self) -> Iterator[tuple[str, bytes]]:
        row, level = self._leaves, 0
        while row:
            for first in range(0, len(row), 256):
                width = len(row[first : first + 256])
                number = first // 256
                path = f"{number:03}" if number < 1000 else f"x{number // 1000:03}/{number % 1000:03}"
                ending = "" if width == 256 else f".p/{width}"
                yield f"tile/8/{level}/{path}{ending}", b"".join(row[first : first + 256])
            row = [self.root(n << 8 * (level + 1), (n + 1) << 8 * (level + 1)) for n in range(len(row) // 256)]
            level += 1


def database(size: int, number: int, own: bytes = b"", key: Ed25519PrivateKey | None = None) -> Database:
    records = [b"example.com/m%d v1.0.0 h1:AAAA=\n" % n for n in range(size)]
    records[number] = own or record(h1())
    return Database(records, key)


def look(
    server: FaultServer,
    log: Database,
    answer: bytes | Answer,
    *,
    body: bytes = b"",
    key: str = "",
    download: bool = True,
    tiles: Callable[[str, bytes], bytes] = lambda path, data: data,
    signed: str = "",
    at: str = "",
) -> Signature:
    """What `catalog verify` makes of a module with this answer to the look-up of it.

    ``at`` is how the pin's URL begins, and ``signed`` how those that the key is for begin.
    """
    body = body or archive()
    base = f"/sumdb/{HOST}"
    url = f"{MODULE}/@v/{VERSION}.zip"
    server.routes |= {f"{base}/{path}": whole(tiles(path, data)) for path, data in log.tiles()}
    server.routes[f"{base}/lookup/{MODULE}@{VERSION}"] = answer if callable(answer) else whole(answer)
    server.routes[f"/{url}"] = whole(body)
    pin = Pin(
        family="go",
        version="1.27.3",
        file=f"{VERSION}.zip",
        urls=(f"{at}{url}" if at else server.url(f"/{url}"),),
        sha256=hashlib.sha256(body).hexdigest(),
        source="goproxy",
    )
    signers = [Signer(urls=signed or server.url("/"), sumdb=key or log.key)]
    [found] = recheck([pin], signers, download=download, jobs=1, limits=QUICK)
    return found.signature


@pytest.mark.parametrize(
    ("size", "number"),
    [(1, 0), (2, 1), (255, 254), (256, 0), (257, 256), (300, 299), (700, 3), (700, 511), (700, 512), (1000, 999)],
)
def test_a_module_that_is_in_the_tree(server: FaultServer, size: int, number: int) -> None:
    log = database(size, number)
    assert look(server, log, log.answer(number)) == Signature("signed", f"{HOST}, record {number}: {h1()}")


def test_a_tree_of_three_levels_and_of_thousands_of_tiles(server: FaultServer) -> None:
    log = database(66_000, 65_537)
    assert look(server, log, log.answer(65_537)).state == "signed"


LOG = database(600, 300)


def test_the_database_is_asked_through_the_users_go_proxy(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", f"{server.url('')},direct")
    good = Signature("signed", f"{HOST}, record 300: {h1()}")
    assert look(server, LOG, LOG.answer(300), at="goproxy:", signed="goproxy:") == good
    assert look(server, LOG, LOG.answer(301), at="goproxy:", signed="goproxy:").state == "bad"
    file = tmp_path / f"{MODULE}/@v/{VERSION}.zip"
    file.parent.mkdir(parents=True)
    file.write_bytes(archive())
    monkeypatch.setenv("GOPROXY", tmp_path.as_uri())
    found = look(server, LOG, LOG.answer(300), at="goproxy:", signed="goproxy:")
    assert found == Signature(
        "unchecked", "the checksum database is asked through a Go proxy, and this one is a folder"
    )


def other_files() -> bytes:
    return archive({**FILES, f"{MODULE}@{VERSION}/bin/go": b"evil"})


def forged() -> bytes:
    """A record that is not in the tree, before a note that is whole."""
    evil = h1({**FILES, f"{MODULE}@{VERSION}/bin/go": b"evil"})
    return b"300\n%s\n%s" % (record(evil), LOG.note())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (database(600, 300).answer(300), "the answer is not signed by sum.example.com with the key "),
        (LOG.answer(300).replace(b"\n600\n", b"\n601\n"), "the answer is not signed by sum.example.com"),
        (
            LOG.answer(300).replace(b" h1:", b" h1:A", 1),
            "the record is not in the tree that the checksum database signed",
        ),
        (LOG.answer(301).replace(b"301\n", b"300\n", 1), "the record is not in the tree"),
        (LOG.answer(301), "sum.example.com has other files than these"),
        (LOG.answer(300).replace(b"300\n", b"299\n", 1), "the record is not in the tree"),
        (LOG.answer(300).replace(b"300\n", b"600\n", 1), "the checksum database names a record that its tree does not"),
        (LOG.answer(300).replace(b"300\n", b"-1\n", 1), "the checksum database names a record that its tree does not"),
        (LOG.answer(300).replace(b"300\n", b"9" * 5000 + b"\n", 1), "the checksum database names a record that"),
        (b"300\n%s\n%s" % (LOG.records[300], LOG.note(name="other.example.org")), "the answer is not signed by sum."),
        (LOG.answer(300)[:-10], "the checksum database gives no base64 where it must"),
        (LOG.answer(300).partition("—".encode())[0], "the answer is not signed by sum.example.com"),
        (b"", "the checksum database gives no answer that can be read"),
        (b"\n" * 60_000, "the checksum database gives no answer that can be read"),
        (b"\xff" * 100, "the checksum database gives no answer that can be read"),
    ],
)
def test_an_answer_that_proves_nothing(server: FaultServer, answer: bytes, said: str) -> None:
    found = look(server, LOG, answer or status(200))
    assert found.state == "bad"
    assert found.detail.startswith(said)


def test_other_files_than_the_database_has(server: FaultServer) -> None:
    found = look(server, LOG, LOG.answer(300), body=other_files())
    assert found.state == "bad"
    assert found.detail.startswith("sum.example.com has other files than these, whose digest is h1:")
    found = look(server, LOG, forged(), body=other_files())
    assert (found.state, found.detail) == ("bad", "the record is not in the tree that the checksum database signed")


@pytest.mark.parametrize("what", ["flipped", "short", "long"])
@pytest.mark.parametrize("level", [0, 1])
def test_tiles_that_are_not_those_of_the_tree(server: FaultServer, what: str, level: int) -> None:
    def bent(path: str, data: bytes) -> bytes:
        if not path.startswith(f"tile/8/{level}/"):
            return data
        return {"flipped": bytes(255 - byte for byte in data), "short": data[:-1], "long": data + b"x"}[what]

    found = look(server, LOG, LOG.answer(300), tiles=bent)
    assert found.state == "bad"


def test_a_key_of_another_name_or_number(server: FaultServer) -> None:
    name, _, rest = LOG.key.partition("+")
    for key in (f"{name}+00000000+{rest.partition('+')[2]}", f"{name}+{rest.partition('+')[0]}+{'A' * 44}"):
        found = look(server, LOG, LOG.answer(300), key=key)
        assert (found.state, found.detail) == ("bad", f"the key {key} is not one of a checksum database")


def test_what_the_database_does_not_have_or_does_not_say(server: FaultServer) -> None:
    found = look(server, LOG, status(404))
    assert (found.state, found.detail) == (
        "bad",
        f"the checksum database has no lookup/{MODULE}@{VERSION} (HTTP 404 Not Found)",
    )
    assert look(server, LOG, status(503)).state == "unreachable"
    count = [0]

    def endless(handler: Handler) -> None:
        handler.head(200, {})
        while count[0] < 1 << 30:
            handler.wfile.write(b"1" * 65536)
            count[0] += 65536

    found = look(server, LOG, endless)
    assert found.state == "unreachable"
    assert found.detail.endswith("sends a record of more than 65,536 bytes")
    assert count[0] < 64 << 20


def test_without_the_archive_its_files_are_not_known(server: FaultServer) -> None:
    found = look(server, LOG, LOG.answer(300), download=False)
    assert found == Signature("unchecked", "the checksum database has a digest of the files: --download")


def test_what_is_no_archive_of_a_module(server: FaultServer) -> None:
    found = look(server, LOG, LOG.answer(300), body=b"PK\3\4 and no more")
    assert found.state == "bad"
    assert found.detail.startswith("the module's archive cannot be read: ")

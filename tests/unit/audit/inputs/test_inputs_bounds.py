"""What `linkmode audit` does with archives that ask for more than they are worth: one line, and the rest is told."""

import gzip
import json
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from archives import oci, tar
from auditing import DYNAMIC, STATIC, modes, report

from linkmode.archives import members
from linkmode.archives.members import Bounds, Budget, Refusal

LAYER = gzip.compress(tar(("bin/app", STATIC), ("zeros", bytes(2 << 20))))


def docker_of(images: int, times: int) -> bytes:
    """One layer of two MiB, that each image names so many times."""
    manifest = [{"Config": "c", "RepoTags": [f"app:{at}"], "Layers": ["l"] * times} for at in range(images)]
    return tar(("manifest.json", json.dumps(manifest).encode()), ("l", LAYER))


def test_a_layer_that_an_image_names_again_and_again_is_read_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "_FREE_GAIN", 3 << 20)
    monkeypatch.setattr(members, "_GAIN", 0)
    (here / "i.tar").write_bytes(docker_of(1, 1000))
    code, document = report("i.tar")
    assert (code, modes(document)) == (0, {"i.tar:bin/app": "static"})


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_layers_of_many_images_share_one_bound(
    here: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(members, "_FREE_GAIN", 7 << 20)
    monkeypatch.setattr(members, "_GAIN", 0)
    (here / "i.tar").write_bytes(pack(docker_of(1000, 10)))
    code, document = report("i.tar")
    found = modes(document)
    assert code == 3
    words = str(found.pop("i.tar"))
    assert words.startswith("malformed: it unpacks to more than 7,340,032 bytes, and has ")
    assert found == {f"i.tar[app:{at}]:bin/app": "static" for at in range(len(found))}
    assert 1 < len(found) < 5


def test_a_layer_that_is_not_compressed_is_counted_too(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "_FREE_GAIN", 0)
    monkeypatch.setattr(members, "_GAIN", 2)
    layer = tar(("bin/app", DYNAMIC + bytes(1 << 20)))
    manifest = [{"Config": "c", "RepoTags": [f"app:{at}"], "Layers": ["l"]} for at in range(10)]
    (here / "i.tar").write_bytes(tar(("manifest.json", json.dumps(manifest).encode()), ("l", layer)))
    assert str(modes(report("i.tar")[1])["i.tar"]).startswith("malformed: it unpacks to more than ")


def chained(length: int) -> dict[str, bytes]:
    """An OCI layout whose index names an index, that names an index, and so on to an image."""
    files = oci({"linux/amd64": [tar(("app", STATIC))]})
    for _ in range(length):
        raw = files["index.json"]
        digest = sha256(raw).hexdigest()
        files[f"blobs/sha256/{digest}"] = raw
        files["index.json"] = json.dumps({"manifests": [{"digest": f"sha256:{digest}"}]}).encode()
    return files


@pytest.mark.parametrize("as_folder", [True, False])
def test_indexes_in_indexes_without_end_take_nothing_from_others(here: Path, *, as_folder: bool) -> None:
    (here / "good").write_bytes(STATIC)
    files = chained(3000)
    if as_folder:
        (here / "i/blobs/sha256").mkdir(parents=True)
        for name, raw in files.items():
            (here / "i" / name).write_bytes(raw)
    else:
        (here / "i").write_bytes(tar(*files.items()))
    code, document = report("good", "i")
    assert (code, modes(document)) == (
        3,
        {"good": "static", "i": "malformed: an index of the image in more than 8 others"},
    )


def test_a_few_indexes_in_each_other_are_an_image(here: Path) -> None:
    (here / "i").write_bytes(tar(*chained(3).items()))
    assert modes(report("i")[1]) == {"i:app": "static"}


def test_a_name_of_an_image_without_end(here: Path) -> None:
    files = oci({"linux/amd64": [tar(("app", STATIC))]})
    index = json.loads(files["index.json"])
    index["manifests"][0]["annotations"] = {"org.opencontainers.image.ref.name": "n" * 5000}
    files["index.json"] = json.dumps(index).encode()
    (here / "i").write_bytes(tar(*files.items()))
    assert modes(report("i")[1]) == {"i": "malformed: a name of the image has more than 1024 characters"}


@pytest.mark.parametrize("size", ["9223372036854775808", "9223372036854775807", "999999999999999999", "-1", "1e3"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_member_of_a_size_that_cannot_be(here: Path, size: str, pack: Callable[[bytes], bytes]) -> None:
    raw = tar(("good", STATIC), form=tarfile.PAX_FORMAT).rstrip(b"\0")
    info = tarfile.TarInfo("x")
    info.pax_headers = {"size": size}
    bad = info.tobuf(tarfile.PAX_FORMAT)
    (here / "a").write_bytes(pack(raw + bytes(-len(raw) % 512) + bad + bytes(1024)))
    code, document = report("a")
    found = modes(document)
    assert code == 3
    assert found["a:good"] == "static"
    assert str(found["a"]).startswith(("malformed: a size of ", "truncated: the archive ends inside a member: "))


@pytest.mark.parametrize("size", [(1 << 63) - 1, 1 << 63, 1 << 80])
def test_a_header_of_a_size_that_cannot_be(here: Path, size: int) -> None:
    info = tarfile.TarInfo("x")
    info.size = size
    (here / "a").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert str(modes(report("a")[1])["a"]).startswith("malformed: a header of the archive is damaged: a size of ")


def test_each_bound_names_what_there_was_too_much_of() -> None:
    budget = Budget(Bounds(packed=10, entries=2, size=3, text=4))
    budget.enter(2)
    budget.take(3)
    budget.name("ab", "cd")
    for more, words in (
        (budget.enter, "it has more than 2 headers"),
        (lambda: budget.take(1), "it unpacks to more than 3 bytes"),
        (lambda: budget.name("e"), "its names take more than 4 bytes"),
    ):
        with pytest.raises(Refusal, match=f"{words}, and has 10 itself"):
            more()

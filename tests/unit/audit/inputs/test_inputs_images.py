"""What `linkmode audit` finds in images of containers: what their container would see, for each platform."""

import gzip
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from archives import docker, entry, oci, tar, zstd
from auditing import DYNAMIC, STATIC, modes, report, run

LOWER = tar(
    ("bin/app", DYNAMIC),
    ("bin/old", DYNAMIC),
    ("opt/a", DYNAMIC),
    ("opt/sub/b", DYNAMIC),
    ("gone/c", DYNAMIC),
    ("was-file", DYNAMIC),
    ("was-folder/d", DYNAMIC),
    ("kept", DYNAMIC),
)
UPPER = tar(
    ("bin/app", STATIC),
    ("bin/.wh.old", b""),
    ("opt/new", STATIC),
    ("opt/.wh..wh..opq", b""),
    (".wh.gone", b""),
    entry("was-file", tarfile.DIRTYPE),
    ("was-folder", b"now a file"),
)
SEEN = {"bin/app": "static", "kept": "dynamic", "opt/new": "static"}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("pack_layer", [bytes, gzip.compress])
def test_an_image_of_docker_is_what_its_container_sees(
    here: Path, pack: Callable[[bytes], bytes], pack_layer: Callable[[bytes], bytes]
) -> None:
    (here / "i.tar").write_bytes(pack(tar(*docker(pack_layer(LOWER), pack_layer(UPPER)))))
    code, document = report("i.tar")
    assert (code, modes(document)) == (0, {f"i.tar:{name}": mode for name, mode in SEEN.items()})


def test_a_layer_may_be_a_link_to_that_of_another_image(here: Path) -> None:
    parts = docker(LOWER)
    name, raw = parts[0]
    parts[0] = ("other/layer.tar", raw)
    (here / "i.tar").write_bytes(tar(*parts, entry(name, tarfile.SYMTYPE, "../other/layer.tar")))
    assert modes(report("i.tar")[1])["i.tar:bin/app"] == "dynamic"


@pytest.mark.parametrize("as_folder", [True, False])
def test_an_oci_layout_names_each_platform(here: Path, *, as_folder: bool) -> None:
    files = oci({"linux/amd64": [LOWER, gzip.compress(UPPER)], "linux/arm64": [zstd.compress(tar(("app", STATIC)))]})
    if as_folder:
        for name, raw in files.items():
            (here / "i" / name).parent.mkdir(parents=True, exist_ok=True)
            (here / "i" / name).write_bytes(raw)
    else:
        (here / "i").write_bytes(tar(*files.items()))
    code, document = report("i")
    amd = {f"i[linux/amd64]:{name}": mode for name, mode in SEEN.items()}
    assert (code, modes(document)) == (0, {**amd, "i[linux/arm64]:app": "static"})


def test_manifest_json_alone_makes_no_image(here: Path) -> None:
    for pack in (bytes, gzip.compress):
        (here / "a").write_bytes(pack(tar(("manifest.json", b'{"name": "extension"}'), ("app", STATIC))))
        assert modes(report("a")[1]) == {"a:app": "static"}


def hard(name: str, target: str) -> tarfile.TarInfo:
    return entry(name, tarfile.LNKTYPE, target)


LINKED = tar(("bin/a", DYNAMIC), hard("bin/b", "bin/a"), hard("bin/c", "bin/b"), ("bin/d", STATIC))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("upper", "seen"),
    [
        (tar((".wh.x", b"")), {"bin/a": "dynamic", "bin/b": "dynamic", "bin/c": "dynamic", "bin/d": "static"}),
        (tar(("bin/.wh.a", b"")), {"bin/b": "dynamic", "bin/c": "dynamic", "bin/d": "static"}),
        (tar(("bin/a", STATIC)), {"bin/a": "static", "bin/b": "dynamic", "bin/c": "dynamic", "bin/d": "static"}),
        (tar(("bin/.wh.b", b"")), {"bin/a": "dynamic", "bin/c": "dynamic", "bin/d": "static"}),
        (tar(("bin/.wh.a", b""), ("bin/.wh.b", b"")), {"bin/c": "dynamic", "bin/d": "static"}),
        (tar(("bin/.wh..wh..opq", b""), ("bin/e", STATIC)), {"bin/e": "static"}),
        (tar(hard("bin/e", "bin/d"), ("bin/.wh.d", b"")), dict.fromkeys(("bin/a", "bin/b", "bin/c"), "dynamic")),
    ],
)
def test_a_hard_link_is_a_file_of_its_own(
    here: Path, upper: bytes, seen: dict[str, str], pack: Callable[[bytes], bytes]
) -> None:
    (here / "i.tar").write_bytes(tar(*docker(pack(LINKED), pack(upper))))
    code, document = report("i.tar")
    assert (code, modes(document)) == (0, {f"i.tar:{name}": mode for name, mode in seen.items()})


def test_a_hard_link_may_be_made_from_a_file_of_a_layer_below(here: Path) -> None:
    over = tar(hard("bin/e", "bin/d"))
    (here / "i.tar").write_bytes(tar(*docker(LINKED, over, tar(("bin/.wh.d", b"")))))
    found = modes(report("i.tar")[1])
    assert (found.get("i.tar:bin/e"), "i.tar:bin/d" in found) == ("static", False)


def test_a_difference_of_hard_links_is_none(here: Path) -> None:
    (here / "a.tar").write_bytes(tar(("x", STATIC), hard("y", "x")))
    (here / "b.tar").write_bytes(tar(("y", STATIC), hard("x", "y")))
    done = run("--diff", "a.tar", "b.tar")
    assert (done.exit_code, done.stdout) == (0, "0 changed, 0 added, 0 removed, 2 the same\n")


def test_a_hard_link_to_nothing_is_called_one(here: Path) -> None:
    (here / "a.tar").write_bytes(tar(hard("y", "x"), ("z", STATIC)))
    _, document = report("a.tar")
    assert document["passed_over"] == [
        {"path": "a.tar:y", "reason": "a hard link to a file that the archive does not hold before it"}
    ]


def test_the_layer_that_brought_a_file_is_named(here: Path) -> None:
    parts = docker(LOWER, UPPER)
    (here / "i.tar").write_bytes(tar(*parts))
    layers = {one["path"]: one["layer"] for one in report("i.tar")[1]["files"]}
    assert layers == {"i.tar:bin/app": parts[1][0], "i.tar:kept": parts[0][0], "i.tar:opt/new": parts[1][0]}


def without(files: dict[str, bytes], raw: bytes) -> dict[str, bytes]:
    return {name: body for name, body in files.items() if body != raw}


def test_platforms_that_were_never_pulled_are_told_and_the_others_audited(here: Path) -> None:
    """As `docker save` writes them from the store of containerd: the index names every platform."""
    other = tar(("app", STATIC), ("more", b"x"))
    files = oci({"linux/amd64": [LOWER, UPPER], "linux/arm64": [other]})
    digest = sha256(other).hexdigest().encode()
    manifest = next(raw for raw in files.values() if b'"layers"' in raw and digest in raw)
    for gone in (without(files, other), without(without(files, other), manifest)):
        (here / "i").write_bytes(tar(*gone.items()))
        code, document = report("--all", "i")
        assert (code, modes(document)) == (0, {f"i[linux/amd64]:{name}": mode for name, mode in SEEN.items()})
        (absent,) = [one for one in document["passed_over"] if one["path"] == "i[linux/arm64]"]
        assert absent["reason"].startswith("not in the archive, though its ")
    (here / "i").write_bytes(tar(*without(without(files, other), LOWER).items()))
    assert report("i")[0] == 3  # of a platform that is there, a layer must not be missing


def test_signatures_and_empty_layers_are_no_files(here: Path) -> None:
    files = oci({"linux/amd64": [LOWER, b"", UPPER], "linux/arm64": [b"signature"]})
    digest = sha256(b"signature").hexdigest().encode()
    raw = next(name for name, body in files.items() if b'"layers"' in body and digest in body)
    kind = b'"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json"'
    files[raw] = (
        files[raw]
        .replace(b'"layers": [{', b'"layers": [{' + kind + b", ")
        .replace(b', "mediaType": "application/octet-stream"}]}', b"}]}")
    )
    (here / "i").write_bytes(tar(*files.items()))
    code, document = report("--all", "i")
    assert (code, modes(document)) == (0, {f"i[linux/amd64]:{name}": mode for name, mode in SEEN.items()})
    reasons = {one["path"]: one["reason"] for one in document["passed_over"]}
    assert reasons["i[linux/arm64]"] == "no image of files, but application/vnd.dev.cosign.simplesigning.v1+json"


def test_an_archive_with_nothing_but_signatures_is_no_success(here: Path) -> None:
    files = without(oci({"linux/amd64": [LOWER]}), LOWER)
    (here / "i").write_bytes(tar(*files.items()))
    code, document = report("i")
    assert code == 3
    assert "a container archive without an image: not in the archive" in document["files"][0]["error"]


def test_encrypted_layers_are_named(here: Path) -> None:
    files = oci({"linux/amd64": [LOWER], "linux/arm64": [b"\x8f" * 900]})
    digest = sha256(b"\x8f" * 900).hexdigest().encode()
    raw = next(name for name, body in files.items() if b'"layers"' in body and digest in body)
    at = files[raw].rindex(b"application/octet-stream")
    files[raw] = files[raw][:at] + b"application/vnd.oci.image.layer.v1.tar+gzip+encrypted" + files[raw][at + 24 :]
    (here / "i").write_bytes(tar(*files.items()))
    code, document = report("--all", "i")
    reasons = {one["path"]: one["reason"] for one in document["passed_over"]}
    assert (code, "skopeo copy --decryption-key" in reasons["i[linux/arm64]"]) == (0, True)


def test_hard_links_to_nothing_and_to_links_are_named(here: Path) -> None:
    upper = tar(hard("bin/c", "bin/b"), hard("bin/t", "bin/s"), entry("bin/s", tarfile.SYMTYPE, "kept"))
    (here / "i").write_bytes(tar(*docker(LOWER, upper)))
    reasons = {one["path"]: one["reason"] for one in report("--all", "i")[1]["passed_over"]}
    assert reasons["i:bin/c"] == "a hard link to a file that the archive does not hold before it"
    assert reasons["i:bin/t"] == reasons["i:bin/s"] == "a symbolic link, which is not followed"

"""What `linkmode audit` finds in images of containers: what their container would see, for each platform."""

import gzip
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import docker, entry, oci, tar, zstd
from auditing import DYNAMIC, STATIC, modes, report

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

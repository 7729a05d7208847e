"""What `linkmode audit` says of an image that one program loads in one way, and another in another."""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import docker, entry, oci, tar
from auditing import DYNAMIC, STATIC, modes, report

GOOD, BAD = tar(("bin/app", STATIC)), tar(("bin/app", DYNAMIC))
HELD = {"linux/amd64": [GOOD]}


def changed(files: dict[str, bytes], holds: bytes, old: bytes, new: bytes) -> list[tuple[str, bytes]]:
    """Return the members of an image with one document changed, under the name that it had."""
    return [(name, raw.replace(old, new) if holds in raw and raw[:1] == b"{" else raw) for name, raw in files.items()]


def layers_again(key: str) -> list[tuple[str, bytes]]:
    """Return an image whose manifest has its layers once more, under a key that is nearly the same."""
    empty = f'"{key}": [], "layers": ['.encode()
    return changed(oci(HELD), b'"layers": [{', b'"layers": [', empty)


def appended(*more: tuple[str, bytes] | tarfile.TarInfo) -> Callable[[], list[tuple[str, bytes] | tarfile.TarInfo]]:
    return lambda: [*more, *docker(GOOD)]


LAYER, MANIFEST = docker(GOOD)[0][0], docker(BAD)[-1][1]

AGAIN = "has two meanings: an object has the key 'layers' twice"

TWICE = {
    "a key twice": (lambda: layers_again("layers"), AGAIN),
    "a key in capitals": (lambda: layers_again("Layers"), AGAIN),
    "a letter that folds": (lambda: layers_again("layer\u017f"), AGAIN),
    "a key of Docker's": (
        lambda: [*docker(GOOD)[:-1], ("manifest.json", b'[{"Config": "c", "Layers": [], "layers": ["x"]}]')],
        "manifest.json of the image has two meanings: an object has the key 'layers' twice",
    ),
    "an index that is a manifest": (
        lambda: changed(oci(HELD), b'"layers": [{', b'"layers": [', b'"manifests": [], "layers": ['),
        "has two meanings: it is both an index and a manifest",
    ),
    "a document twice": (
        appended(("manifest.json", MANIFEST)),
        "the image has two meanings: manifest.json is in the archive twice, each time with other bytes",
    ),
    "a layer twice": (
        appended((LAYER, BAD)),
        f"the image has two meanings: {LAYER} is in the archive twice, each time with other bytes",
    ),
    "a layer and a link": (
        appended(("other", BAD), entry(LAYER, tarfile.SYMTYPE, "../other")),
        f"the image has two meanings: {LAYER} is in the archive twice, each time with other bytes",
    ),
}


@pytest.mark.parametrize("what", TWICE)
def test_an_image_with_two_meanings_is_refused(here: Path, what: str) -> None:
    make, said = TWICE[what]
    (here / "i.tar").write_bytes(tar(*make()))
    code, document = report("i.tar")
    [wrong] = [one["error"] for one in document["files"] if one["error"]]
    assert code == 3
    assert wrong.startswith("malformed: ")
    assert wrong.endswith(said)


def test_annotations_may_differ_in_case_alone(here: Path) -> None:
    """Their names are the user's: no program takes one for the other."""
    notes = b'"annotations": {"Maintainer": "a", "maintainer": "b"}, "layers": ['
    (here / "i.tar").write_bytes(tar(*changed(oci(HELD), b'"layers": [{', b'"layers": [', notes)))
    code, document = report("i.tar")
    assert (code, modes(document)) == (0, {"i.tar:bin/app": "static"})


def test_the_same_bytes_twice_have_one_meaning(here: Path) -> None:
    (here / "i.tar").write_bytes(tar(*docker(GOOD), *docker(GOOD)))
    code, document = report("i.tar")
    assert (code, modes(document)) == (0, {"i.tar:bin/app": "static"})


def test_an_image_of_manifest_json_is_loaded_beside_a_layout(here: Path) -> None:
    """`docker load` reads manifest.json, and others the layout: what either finds is audited."""
    (here / "i.tar").write_bytes(tar(*oci(HELD).items(), *docker(BAD)))
    code, document = report("i.tar")
    assert (code, modes(document)) == (
        0,
        {"i.tar[linux/amd64]:bin/app": "static", "i.tar[app:1]:bin/app": "dynamic"},
    )


def test_a_layout_and_a_manifest_json_of_the_same_layers_are_one_image(here: Path) -> None:
    files = oci(HELD)
    layer = next(name for name, raw in files.items() if raw == GOOD)
    manifest = json.dumps([{"Config": "c", "RepoTags": ["app:1"], "Layers": [layer]}]).encode()
    (here / "i.tar").write_bytes(tar(*files.items(), ("manifest.json", manifest)))
    code, document = report("i.tar")
    assert (code, modes(document)) == (0, {"i.tar:bin/app": "static"})


def test_a_plain_archive_may_hold_a_manifest_json_twice(here: Path) -> None:
    one, other = ("manifest.json", b'{"name": "extension"}'), ("manifest.json", b'{"name": "other"}')
    (here / "a").write_bytes(tar(one, ("app", STATIC), other))
    assert modes(report("a")[1]) == {"a:app": "static"}

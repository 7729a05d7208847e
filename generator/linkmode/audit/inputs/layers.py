"""Container images: what `docker save`, `podman save` and `skopeo` write, as the files that a container would see.

Layers lie over each other; a file ``.wh.NAME`` of an upper one hides NAME below, ``.wh..wh..opq`` all that is in its
folder below. Formats: https://github.com/opencontainers/image-spec (image-layout.md, layer.md) and
https://github.com/moby/docker-image-spec. Only names that the archive itself holds are followed.
"""

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, TypeVar

import msgspec

from linkmode.archives import tar
from linkmode.archives.compression import decompressed
from linkmode.archives.members import Bounds, Budget, Counted, Members, Policy, Refusal, shown_name
from linkmode.archives.window import window

MARKS = ("manifest.json", "oci-layout")
"""Members at an archive's root that tell an image from any other archive."""

_MAX_JSON = 4 << 20
_MAX_IMAGES = 1000
_MAX_LAYERS = 1000
_MAX_LABEL = 1024
_DEEPEST = 8
"""Indexes inside of each other. Tools write two: one for the layout, and one for the platforms of an image."""

_DIGEST = re.compile(r"[a-z0-9+._-]{1,32}:[0-9a-f]{32,128}")


class Parts(Protocol):
    """The files of an image's archive or folder, by name."""

    size: int
    """Bytes of all of them, as they lie in the archive or folder."""

    def open(self, name: str) -> tuple[BinaryIO, int] | None:
        """Return a file and its size, None when there is none of this name."""


class Image(NamedTuple):
    """``label`` is the tag or platform that tells it from others of its archive; ``layers`` are names, lowest first."""

    label: str
    layers: tuple[str, ...]


class TarParts:
    """Of an uncompressed tar archive that can be sought in."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.size = size
        self._stream = stream
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        whole = window(stream, 0, size)
        for member in tar.members(whole, Budget(Bounds.to_look(size)), Policy.LOOK):
            name = shown_name(member.name)
            if member.kind == "file":
                self._places[name] = whole.tell(), member.size
            elif member.kind == "symlink":
                self._links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.target))
            elif member.kind == "hardlink":
                self._links[name] = shown_name(member.target)

    def open(self, name: str) -> tuple[BinaryIO, int] | None:
        """Return a member; `docker save` links a layer to the same one of another image."""
        if name not in self._places:
            name = self._links.get(name, "")
        if name not in self._places:
            return None
        start, size = self._places[name]
        return window(self._stream, start, size), size


class FolderParts:
    """Of a folder in the OCI layout. Names are the fixed ones and digests, so none leads out of the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        blobs = (Path(place) / name for place, _, names in os.walk(folder / "blobs") for name in names)
        self.size = sum(path.lstat().st_size for path in blobs)

    def open(self, name: str) -> tuple[BinaryIO, int] | None:
        """Return a file of the folder, which stays open for as long as it is read."""
        path = self._folder / name
        if not path.is_file():
            return None
        return path.open("rb"), path.stat().st_size


class _Docker(msgspec.Struct, frozen=True):
    """An entry of manifest.json, which `docker save` writes."""

    config: str = msgspec.field(name="Config")
    layers: tuple[str, ...] = msgspec.field(name="Layers")
    tags: tuple[str, ...] | None = msgspec.field(name="RepoTags", default=None)


class _Layout(msgspec.Struct, frozen=True, rename="camel"):
    """The file oci-layout."""

    image_layout_version: str


class _Descriptor(msgspec.Struct, frozen=True):
    """A part that is named by its digest."""

    digest: str
    annotations: dict[str, str] | None = None
    platform: dict[str, str | list[str]] | None = None


class _Document(msgspec.Struct, frozen=True):
    """An OCI index, which has manifests, or an OCI manifest, which has layers."""

    manifests: tuple[_Descriptor, ...] | None = None
    layers: tuple[_Descriptor, ...] | None = None


_Json = TypeVar("_Json")


def images(parts: Parts) -> tuple[Image, ...] | None:
    """Return the images, or None when this is no image; raise Refusal when it is one and contradicts itself."""
    if _json(parts, "oci-layout", _Layout) is not None:
        return _checked(tuple(_of_index(parts, "index.json", (), set())))
    manifest = _json(parts, "manifest.json", tuple[_Docker, ...])
    if not manifest:
        return None
    return _checked(
        tuple(
            Image(entry.tags[0] if entry.tags else f"image {at}", entry.layers) for at, entry in enumerate(manifest, 1)
        )
    )


def _checked(found: tuple[Image, ...]) -> tuple[Image, ...]:
    if not found:
        raise Refusal("a container archive without an image")
    if len(found) > _MAX_IMAGES or any(len(image.layers) > _MAX_LAYERS for image in found):
        raise Refusal(f"more than {_MAX_IMAGES} images or {_MAX_LAYERS} layers")
    return found


def _of_index(parts: Parts, name: str, labels: tuple[str, ...], seen: set[str]) -> Iterator[Image]:
    # An index may hold indexes, one for each platform as a rule. Each document is read once: indexes may be cyclic.
    if name in seen:
        return
    seen.add(name)
    label = " ".join(filter(None, labels))
    if len(labels) > _DEEPEST:
        raise Refusal(f"an index of the image in more than {_DEEPEST} others")
    if len(label) > _MAX_LABEL:
        raise Refusal(f"a name of the image has more than {_MAX_LABEL} characters")
    document = _json(parts, name, _Document)
    if document is not None and document.layers is not None:
        yield Image(label, tuple(_blob(layer.digest) for layer in document.layers))
        return
    if document is None or document.manifests is None:
        raise Refusal(f"{name} of the image is missing, or is no index and no manifest")
    for entry in document.manifests[: _MAX_IMAGES + 1]:
        notes, platform = entry.annotations or {}, entry.platform or {}
        if notes.get("vnd.docker.reference.type") == "attestation-manifest":
            continue
        tag = notes.get("io.containerd.image.name") or notes.get("org.opencontainers.image.ref.name")
        machine = "/".join(str(platform[key]) for key in ("os", "architecture", "variant") if platform.get(key))
        below = " ".join(filter(None, (tag, machine)))
        yield from _of_index(parts, _blob(entry.digest), (*labels, below), seen)


def _blob(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise Refusal("the image names a part by what is no digest")
    return "blobs/" + digest.replace(":", "/")


def _json(parts: Parts, name: str, kind: type[_Json]) -> _Json | None:
    found = parts.open(name)
    if found is None:
        return None
    stream, size = found
    with stream:
        if size > _MAX_JSON:
            raise Refusal(f"{name} of the image has {size} bytes, at most {_MAX_JSON} expected")
        try:
            return msgspec.json.decode(stream.read(size), type=kind)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return None


class _View:
    """What upper layers hide of those below."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._opaque: set[str] = set()

    def shows(self, path: str) -> bool:
        """Tell whether a file of the next layer below is to be seen."""
        if path in self._files or path in self._folders:
            return False
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in self._files or folder in self._opaque:
                return False
        return True

    def add(self, files: set[str], folders: set[str], opaque: set[str]) -> None:
        """Lay a whole layer over what comes after. ``files`` has what whiteouts name, too."""
        self._files |= files
        self._folders |= folders
        self._opaque |= opaque


def members(parts: Parts, image: Image, budget: Budget) -> Members:
    """Yield every file that a container of ``image`` sees, from the uppermost layer down; raises Refusal.

    When a layer holds a file twice, it is yielded twice, and the last one counts. A layer that an image names twice
    is read once, where it lies uppermost: below it shows nothing.
    """
    view = _View()
    for layer in dict.fromkeys(reversed(image.layers)):
        found = parts.open(layer)
        if found is None:
            raise Refusal(f"the image has no layer {layer}")
        stream, size = found
        files: set[str] = set()
        folders: set[str] = set()
        opaque: set[str] = set()
        with stream:
            source = decompressed(stream, size, budget) or Counted(stream, budget)
            for member in tar.members(source, budget, Policy.LOOK):
                name = shown_name(member.name)
                folder, _, last = name.rpartition("/")
                if last == ".wh..wh..opq":
                    opaque.add(folder)
                elif last.startswith(".wh."):
                    files.add(f"{folder}/{last[4:]}".lstrip("/"))
                elif member.kind == "folder":
                    folders.add(name)
                else:
                    files.add(name)
                    if view.shows(name):
                        yield member
        view.add(files, folders, opaque)

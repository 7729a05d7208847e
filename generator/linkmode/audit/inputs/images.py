"""Which images a container archive or folder holds: what `docker save`, `podman save` and `skopeo` write.

Formats: https://github.com/opencontainers/image-spec (image-layout.md, manifest.md) and
https://github.com/moby/docker-image-spec. Only names that the archive itself holds are followed.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import msgspec

from linkmode.archives.members import NotAnArchive, Refusal
from linkmode.audit.inputs.parts import Parts
from linkmode.model import one_json

MARKS = ("manifest.json", "oci-layout")
"""Members at an archive's root that only an image has."""

_MAX_JSON = 4 << 20
_MAX_IMAGES = 1000
_MAX_LAYERS = 1000
_MAX_LABEL = 1024
_DEEPEST = 8
"""Indexes inside of each other. Tools write two: one for the layout, and one for the platforms of an image."""

_DIGEST = re.compile(r"[a-z0-9+._-]{1,32}:[0-9a-f]{32,128}")


class Image(NamedTuple):
    """``label`` is the tag or platform that tells it from others of its archive; ``layers`` are names, lowest first.

    ``absent`` says why there is nothing of it to be seen: an index names platforms that were never pulled, and what
    is no image of files, as a signature is.
    """

    label: str
    layers: tuple[str, ...]
    absent: str = ""


class _Docker(msgspec.Struct, frozen=True):
    """An entry of manifest.json, which `docker save` writes."""

    config: str = msgspec.field(name="Config")
    layers: tuple[str, ...] = msgspec.field(name="Layers")
    tags: tuple[str, ...] | None = msgspec.field(name="RepoTags", default=None)


class _Layout(msgspec.Struct, frozen=True, rename="camel"):
    """The file oci-layout."""

    image_layout_version: str


class _Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """A part that is named by its digest."""

    digest: str
    media_type: str = ""
    annotations: dict[str, str] | None = None
    platform: dict[str, str | list[str]] | None = None


class _Document(msgspec.Struct, frozen=True):
    """An OCI index, which has manifests, or an OCI manifest, which has layers."""

    manifests: tuple[_Descriptor, ...] | None = None
    layers: tuple[_Descriptor, ...] | None = None


_Json = TypeVar("_Json")

_FIELDS = frozenset(
    one.encode_name.casefold()
    for kind in (_Docker, _Layout, _Descriptor, _Document)
    for one in msgspec.structs.fields(kind)
)
"""What is read of these documents. Docker and others read the same, in any case."""


def images(parts: Parts) -> tuple[Image, ...] | None:
    """Return the images, or None when this is no image; raise Refusal when it is one and contradicts itself."""
    layout = _json(parts, "oci-layout", _Layout)
    indexed = () if layout is None else tuple(_of_index(parts, "index.json", (), set()))
    manifest = _json(parts, "manifest.json", tuple[_Docker, ...]) or ()
    if layout is None and not manifest:
        return None
    # Tools write the same images into both, and read either: one that is in manifest.json alone is loaded, too.
    known = {image.layers for image in indexed}
    more = (Image(entry.tags[0] if entry.tags else f"image {at}", entry.layers) for at, entry in enumerate(manifest, 1))
    return _checked((*indexed, *(image for image in more if image.layers not in known)))


def _checked(found: tuple[Image, ...]) -> tuple[Image, ...]:
    if not found:
        raise Refusal("a container archive without an image")
    if all(image.absent for image in found):
        raise NotAnArchive(f"a container archive without an image: {found[0].absent}")
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
    if document is not None and None not in (document.layers, document.manifests):
        raise Refusal(f"{name} of the image has two meanings: it is both an index and a manifest")
    if document is not None and document.layers is not None:
        yield _of_manifest(parts, label, document.layers)
        return
    if document is None and labels and not parts.has(name):
        yield Image(label, (), f"not in the archive, though its index names it: {name}")
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


def _of_manifest(parts: Parts, label: str, layers: tuple[_Descriptor, ...]) -> Image:
    # Signatures and other artefacts are manifests too, whose layers have media types of their own.
    encrypted = next((layer.media_type for layer in layers if layer.media_type.endswith("+encrypted")), None)
    if encrypted:
        return Image(
            label, (), f"its layers are encrypted ({encrypted}); skopeo copy --decryption-key KEY decrypts them"
        )
    files = tuple(_blob(layer.digest) for layer in layers if _is_layer(layer.media_type))
    if layers and not files:
        return Image(label, (), f"no image of files, but {layers[0].media_type}")
    if files and not any(map(parts.has, files)):
        return Image(label, (), "not in the archive, though its manifest is: none of its layers")
    return Image(label, files)


def _is_layer(media_type: str) -> bool:
    return ".tar" in media_type or not media_type.startswith("application/vnd.")


def _blob(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise Refusal("the image names a part by something that is not a digest")
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
            document = one_json.decode(stream.read(size), kind, any_case=_FIELDS)
        except one_json.KeyTwiceError as error:
            raise Refusal(f"{name} of the image has two meanings: {error}") from error
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return None
    if parts.is_twice(name):
        raise Refusal(f"the image has two meanings: {name} is in the archive twice, each time with other bytes")
    return document

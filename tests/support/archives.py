"""Makes archives, right or wrong in one chosen way."""

import io
import json
import stat
import sys
import tarfile
import zipfile
from hashlib import sha256

if sys.version_info >= (3, 14):
    from compression import zstd as zstd  # for the tests as well
else:
    from backports import zstd as zstd


def tar(*members: tuple[str, bytes] | tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar archive of files, given by name and bytes, and of other members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return out.getvalue()


def entry(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """Return a member that is no file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(*members: tuple[str, bytes], links: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Return a zip archive; ``links`` are symbolic links with their targets, as `zip -y` writes them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members:
            archive.writestr(name, raw)
        for name, target in links:
            link = zipfile.ZipInfo(name)
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, target)
    return out.getvalue()


def deb(data: bytes, name: str = "data.tar") -> bytes:
    """Return a Debian package whose files are in the archive ``data``."""
    out = b"!<arch>\n"
    for part, raw in (("debian-binary", b"2.0\n"), ("control.tar", tar()), (name, data)):
        out += f"{part:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(raw):<10}`\n".encode() + raw + b"\n" * (len(raw) % 2)
    return out


def docker(*layers: bytes, tag: str = "app:1") -> list[tuple[str, bytes]]:
    """Return the members of what `docker save` wrote before it wrote OCI layouts."""
    names = [f"{sha256(layer).hexdigest()}/layer.tar" for layer in layers]
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [tag], "Layers": names}]).encode()
    return [*zip(names, layers, strict=True), ("config.json", b"{}"), ("manifest.json", manifest)]


def oci(images: dict[str, list[bytes]]) -> dict[str, bytes]:
    """Return the files of an OCI layout with an image of these layers for each platform."""
    files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

    def put(raw: bytes) -> dict[str, object]:
        digest = sha256(raw).hexdigest()
        files[f"blobs/sha256/{digest}"] = raw
        return {"digest": f"sha256:{digest}", "size": len(raw), "mediaType": "application/octet-stream"}

    entries = []
    for platform, layers in images.items():
        system, _, machine = platform.partition("/")
        manifest = json.dumps({"schemaVersion": 2, "config": put(b"{}"), "layers": [put(raw) for raw in layers]})
        entries.append({**put(manifest.encode()), "platform": {"os": system, "architecture": machine}})
    attested = {**put(b'{"layers": []}'), "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    nested = put(json.dumps({"schemaVersion": 2, "manifests": [*entries, attested]}).encode())
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [nested]}).encode()
    return files


def cpio(*members: tuple[str, bytes, int, int, int]) -> bytes:
    """Return a cpio archive in the new ASCII form, of (name, bytes, mode, inode, links)."""
    out = b""
    for name, raw, mode, inode, links in (*members, ("TRAILER!!!", b"", 0, 0, 1)):
        fields = (inode, mode, 0, 0, links, 0, len(raw), 8, 1, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + raw
        out += b"\0" * (-len(out) % 4)
    return out


def rpm(payload: bytes) -> bytes:
    """Return an RPM package with this payload, whose headers have one entry each and say nothing."""
    header = b"\x8e\xad\xe8\x01" + bytes(4) + (1).to_bytes(4, "big") + (5).to_bytes(4, "big") + bytes(16 + 5)
    return b"\xed\xab\xee\xdb" + bytes(92) + header + b"\0" * (-len(header) % 8) + header + payload

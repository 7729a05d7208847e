"""Archives as a test wants them, also those that no tool would make."""

import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

REGULAR, FOLDER, SYMLINK, HARDLINK = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def entry(
    name: str, body: bytes = b"", kind: bytes = REGULAR, target: str = "", mode: int = 0o644
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size = kind, target, mode, len(body)
    return info, body


def folder(name: str, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, kind=FOLDER, mode=mode)


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, kind=SYMLINK, target=target, mode=0o777)


def hardlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, kind=HARDLINK, target=target)


def tar(*entries: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar archive, not compressed."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for info, body in entries:
            archive.addfile(info, io.BytesIO(body))
    return stream.getvalue()


def header(name: str, kind: bytes, size: int = 0, form: int = tarfile.USTAR_FORMAT, **fields: object) -> bytes:
    """One header block, with whatever it says."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    for key, value in fields.items():
        setattr(info, key, value)
    return info.tobuf(form)


def padded(body: bytes) -> bytes:
    return body + bytes(-len(body) % 512)


def pax_header(kind: bytes = tarfile.XHDTYPE, **records: str) -> bytes:
    body = b""
    for key, value in records.items():
        text = f" {key}={value}\n".encode()
        length = len(text) + len(str(len(text)))
        length = len(text) + len(str(length))
        body += str(length).encode() + text
    return header("pax", kind, len(body)) + padded(body)


END = bytes(1024)


def packed(raw: bytes, file: str) -> bytes:
    """``raw`` compressed as the file name says."""
    if file.endswith((".tar.gz", ".tgz")):
        return gzip.compress(raw, mtime=0)
    if file.endswith(".tar.xz"):
        return lzma.compress(raw)
    raise ValueError(file)


def zipped(*entries: tuple[str, bytes, int], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of (name, contents, mode with its type)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, body, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, method
            archive.writestr(info, body)
    return stream.getvalue()


def listing(root: Path) -> dict[str, object]:
    """Everything below a folder: a file's contents and mode, a folder's mode, a link's target."""
    found: dict[str, object] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_dir():
            found[name] = f"{path.stat().st_mode & 0o7777:o}"
        else:
            found[name] = (path.read_bytes(), f"{path.stat().st_mode & 0o7777:o}")
    return found

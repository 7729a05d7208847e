"""The digest of a Go module's files, as in go.sum (``h1:``), in the form of golang.org/x/mod/sumdb/dirhash."""

import base64
import hashlib
from collections.abc import Mapping


def h1(files: Mapping[str, str]) -> str:
    """Return the digest of files, each with its SHA-256 in hexadecimal, by their names: ``path@version/file``."""
    whole = "".join(f"{files[name]}  {name}\n" for name in sorted(files)).encode("utf-8", "surrogateescape")
    return f"h1:{base64.b64encode(hashlib.sha256(whole).digest()).decode()}"

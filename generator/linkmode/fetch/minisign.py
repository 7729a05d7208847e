"""Verifies a minisign signature of an archive, and that it was made for a file of this name.

A valid signature says who signed these bytes, and no more: an older archive under a newer name has one as well. So the
name must stand in the trusted comment, which the signature covers, as Zig writes it.
"""

from pathlib import Path

from linkmode.model.failures import WrongBytesError

SUFFIX = ".minisig"
MOST = 16 << 10
"""Bytes that a signature may have: two lines of base64, and two comments, of which minisign itself reads 8 KiB."""


def verify(archive: Path, signature: bytes, key: str, name: str) -> str:
    """Return what was verified, in words.

    Raises:
        ImportError: py-minisign is not installed.
        WrongBytesError: the signature is not of this key, of these bytes, or of a file of this ``name``.
    """
    from minisign import ParseError, PublicKey, Signature, VerifyError

    try:
        signed = Signature.from_bytes(signature)
    except ParseError as error:
        raise WrongBytesError(f"is no minisign signature: {error}") from error
    if not signed.is_prehashed():
        # It would need the archive in memory, and Zig has none.
        raise WrongBytesError("is a minisign signature of the old kind, which is not of the archive's hash")
    try:
        with archive.open("rb") as stream:
            PublicKey.from_base64(key).verify(stream, signed)
    except VerifyError as error:
        raise WrongBytesError(f"is no signature of this archive by the key {key}: {error}") from error
    names = [word.removeprefix("file:") for word in signed.trusted_comment.split() if word.startswith("file:")]
    if names != [name]:
        raise WrongBytesError(f"was made for {', '.join(names) or 'a file that it does not name'}, expected {name}")
    return f"minisign key {key}, file:{name}"

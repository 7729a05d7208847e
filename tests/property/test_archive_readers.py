"""One reader, two policies: no bytes end in another error than Refusal, and what may be unpacked looks the same."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable

import pytest
from archives import zstd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkmode.archives import tar, zip  # noqa: A004 - modules of ours
from linkmode.archives.compression import decompressed
from linkmode.archives.members import BadMember, Bounds, Budget, Members, Policy, Refusal, blocks, shown_name
from linkmode.audit.inputs import deb, images, layers
from linkmode.audit.inputs.parts import TarParts

Read = Callable[[bytes, Policy], Members]
Found = list[tuple[str, str, bytes, str]]

names = st.text(st.characters(codec="utf-8", exclude_characters="\0\\/"), min_size=1, max_size=120).filter(
    lambda name: name not in {".", ".."}
)
files = st.dictionaries(names, st.binary(max_size=2000), min_size=1, max_size=6)
cuts = st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(max_size=8), st.integers(0, 8)), max_size=4)


def of_tar(raw: bytes, policy: Policy) -> Members:
    stream, budget = io.BytesIO(raw), Budget(Bounds.to_unpack(len(raw)))
    return tar.members(decompressed(stream, len(raw), budget) or stream, budget, policy)


def of_zip(raw: bytes, policy: Policy) -> Members:
    return zip.members(io.BytesIO(raw), Budget(Bounds.to_unpack(len(raw))), policy)


def in_tar(tree: dict[str, bytes], form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, body in tree.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def in_zip(tree: dict[str, bytes], method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in tree.items():
            archive.writestr(zipfile.ZipInfo(name), body, method)
    return out.getvalue()


def changed(raw: bytes, edits: list[tuple[int, bytes, int]]) -> bytes:
    """Bytes put in, left out or replaced at a few places."""
    for place, new, old in edits:
        at = place % (len(raw) + 1)
        raw = raw[:at] + new + raw[at + old :]
    return raw


def read(read: Read, raw: bytes, policy: Policy) -> Found | None:
    """What there is; None where it is refused. Any other error is the test's failure."""
    found = []
    try:
        for member in read(raw, policy):
            try:
                body = b"".join(blocks(member.body)) if member.kind == "file" else b""
            except BadMember:
                if policy is Policy.UNPACK:
                    raise
                body = b""
            found.append((shown_name(member.name), member.kind, body, member.target))
    except Refusal as refusal:
        assert str(refusal).startswith(("malformed: ", "truncated: ", "cannot be read: "))  # noqa: PT017 - either is right
        return None
    return found


@settings(max_examples=150, deadline=None)
@given(
    files,
    st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    st.sampled_from([bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress]),
    st.booleans(),
    cuts,
)
def test_tar(
    tree: dict[str, bytes], form: int, pack: Callable[[bytes], bytes], inside: bool, edits: list[tuple[int, bytes, int]]
) -> None:
    try:
        raw = in_tar(tree, form)
    except (ValueError, UnicodeError):  # ustar has no place for some names
        return
    raw = pack(changed(raw, edits)) if inside else changed(pack(raw), edits)
    strict, lenient = read(of_tar, raw, Policy.UNPACK), read(of_tar, raw, Policy.LOOK)
    if not edits:
        assert strict == [(shown_name(name), "file", body, "") for name, body in tree.items()]
    if strict is not None:
        assert strict == lenient


@settings(max_examples=300, deadline=None)
@given(files, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]), cuts)
def test_zip(tree: dict[str, bytes], method: int, edits: list[tuple[int, bytes, int]]) -> None:
    raw = in_zip(tree, method)
    strict, lenient = read(of_zip, changed(raw, edits), Policy.UNPACK), read(of_zip, changed(raw, edits), Policy.LOOK)
    if not edits:
        assert strict == [(shown_name(name), "file", body, "") for name, body in tree.items()]
    if strict is not None:
        assert strict == lenient


@settings(max_examples=200, deadline=None)
@given(files, st.integers(0, 1 << 20), st.binary(min_size=1, max_size=40))
@example({"a": b"x"}, 0, b"#!/bin/sh\n")
@example({}, 20, b"\x01")
def test_nothing_can_be_put_into_a_zip_to_unpack_beside_its_members(
    tree: dict[str, bytes], place: int, more: bytes
) -> None:
    """Wherever it is put, even where a member's bytes are: it is another archive then, or none.

    The one place is the comment of the archive, where git archive writes the commit: no reader takes it for a member.
    """
    raw = in_zip(tree, zipfile.ZIP_STORED)
    at = place % (len(raw) + 1)
    longer = raw[:at] + more + raw[at:]
    found = read(of_zip, longer, Policy.UNPACK)
    if found is not None:
        assert found == read(of_zip, raw, Policy.UNPACK)
        with zipfile.ZipFile(io.BytesIO(longer)) as archive:
            assert len(archive.comment) == len(more)


@settings(max_examples=100, deadline=None)
@given(files, files)
def test_two_archives_in_one_are_none(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    first, second = in_zip(one, zipfile.ZIP_DEFLATED), in_zip(other, zipfile.ZIP_DEFLATED)
    assert read(of_zip, first + second, Policy.UNPACK) is None
    comment = first[:-2] + len(second).to_bytes(2, "little") + second
    if len(second) < 1 << 16:
        assert read(of_zip, comment, Policy.UNPACK) is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=3000), st.sampled_from([b"", b"\x1f\x8b", b"PK\3\4", deb.MAGIC, b"BZh9", b"\xfd7zXZ\0"]))
def test_no_bytes_at_all_end_in_another_error(raw: bytes, start: bytes) -> None:
    for policy in Policy:
        read(of_tar, start + raw, policy)
        read(of_zip, start + raw, policy)
    read(
        lambda raw, _: deb.members(io.BytesIO(raw), len(raw), Budget(Bounds.to_look(len(raw)))),
        start + raw,
        Policy.LOOK,
    )


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.just("sha256:" + "0" * 64),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["manifests", "layers", "digest", "Config", "Layers", "platform"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(json, json)
def test_no_description_of_an_image_ends_in_another_error(index: object, manifest: object) -> None:
    import json as encoder

    raw = in_tar(
        {
            "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
            "index.json": encoder.dumps(index).encode(),
            "manifest.json": encoder.dumps(manifest).encode(),
            f"blobs/sha256/{'0' * 64}": encoder.dumps(index).encode(),
        },
        tarfile.PAX_FORMAT,
    )
    parts = TarParts(io.BytesIO(raw), len(raw))
    try:
        for image in images.images(parts) or ():
            for _ in layers.members(parts, image, Budget(Bounds.to_look(len(raw)))):
                continue
    except Refusal as refusal:
        assert str(refusal).startswith(("malformed: ", "truncated: "))  # noqa: PT017 - either is right


def test_the_policies_differ_where_the_decision_says_so() -> None:
    """So that the properties above are not about one and the same code."""
    raw = in_tar({"a": b"x"}, tarfile.PAX_FORMAT)
    cut = raw[: len(raw) - 10240 + 1024 + 512]  # one block of zeros, in place of two
    assert read(of_tar, cut, Policy.UNPACK) is None
    assert read(of_tar, cut, Policy.LOOK) == [("a", "file", b"x", "")]
    prefixed = b"#!" + in_zip({"a": b"x"}, zipfile.ZIP_STORED)
    assert read(of_zip, prefixed, Policy.UNPACK) is None
    assert read(of_zip, prefixed, Policy.LOOK) == [("a", "file", b"x", "")]
    with pytest.raises(Refusal):
        Policy.UNPACK.refuse("this")
    Policy.LOOK.refuse("this")

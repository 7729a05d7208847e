"""Reads zip archives with the archives that are installed along with them: jars in jars, and Conda's packages.

A jar may hold jars, which a program reads in place: `Spring Boot
<https://docs.spring.io/spring-boot/specification/executable-jar/nested-jars.html>`_. A ``.conda`` holds its files in
``pkg-*.tar.zst``: https://docs.conda.io/projects/conda/en/stable/dev-guide/specs/package-format.html.
"""

import re
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from linkmode.archives import tar
from linkmode.archives import zip as plain
from linkmode.archives.compression import decompressed
from linkmode.archives.members import BadMember, Budget, Member, Members, Policy, Refusal, blocks

_IN_MEMORY = 16 << 20
_DEEPEST = 4
"""Archives inside of each other: a jar in a web application in an enterprise application, and one more."""

_JAR = re.compile(r".*\.(?:jar|war|ear|aar|jmod)", re.IGNORECASE)
_CONDA = re.compile(r"pkg-[^/]+\.tar\.(?:zst|bz2|xz|gz)")


def members(stream: BinaryIO, budget: Budget, depth: int = 0) -> Members:
    """Yield every member, and after a jar its own, as ``outer.jar:name``; those of a Conda package's archive by name.

    Raises Refusal as :func:`linkmode.archives.zip.members` does. A jar in it that is damaged is a BadMember.
    """
    for member in plain.members(stream, budget, Policy.LOOK):
        is_jar = _JAR.fullmatch(member.name) and depth < _DEEPEST
        if member.kind != "file" or not (is_jar or (_CONDA.fullmatch(member.name) and not depth)):
            yield member
            continue
        with SpooledTemporaryFile(_IN_MEMORY) as held:
            try:
                for block in blocks(member.body):
                    held.write(block)
            except BadMember as refusal:
                yield replace(member, body=_Broken(refusal))
                continue
            size = held.tell()
            held.seek(0)
            whole = cast(BinaryIO, held)
            if not is_jar:
                source = decompressed(whole, size, budget)
                yield from tar.members(source or whole, budget, Policy.LOOK)
                continue
            yield from _of_jar(member, whole, budget, depth)


def _of_jar(jar: Member, whole: BinaryIO, budget: Budget, depth: int) -> Members:
    try:
        for member in members(whole, budget, depth + 1):
            yield replace(member, name=f"{jar.name}:{member.name}")
    except Refusal as refusal:
        if budget.is_spent:
            raise
        yield replace(jar, body=_Broken(BadMember(refusal.problem, jar.name)))


class _Broken:
    """The body of a member that cannot be read."""

    def __init__(self, refusal: BadMember) -> None:
        self._refusal = refusal

    def read(self, size: int, /) -> bytes:
        del size
        raise self._refusal

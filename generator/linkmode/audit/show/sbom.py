"""Writes what is linked into audited files as a bill of materials: CycloneDX 1.6 or SPDX 2.3, both in JSON.

The documents are made by the formats' own libraries (extra ``sbom``), imported only for ``--sbom``. One audit gives the
same bytes at any time: the identifier is a hash of what is listed, the time is the caller's.
"""

import io
import uuid
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from linkmode import __version__
from linkmode.audit.judge.hazards import is_static
from linkmode.audit.read import components
from linkmode.audit.read.components import Weakness
from linkmode.audit.read.facts import Facts
from linkmode.audit.show.report import Audited

Form = Literal["cyclonedx", "spdx"]
_OWN_LICENSES = {
    "LicenseRef-SBCL": "See the file COPYING of SBCL: in the public domain, with parts of MIT and BSD kind."
}
"""Licences that are not on SPDX's list, for which a document must have words of its own."""

_LIBC_LICENSES = {"musl": "MIT", "glibc": "LGPL-2.1-or-later"}


class Part(NamedTuple):
    """Something linked into a file. ``purl`` is a package URL (https://github.com/package-url/purl-spec)."""

    name: str
    version: str | None
    purl: str
    license: str | None
    evidence: str


class Pinned(NamedTuple):
    """A part that a lock has, with what it is linked into: files for ``machine`` with ``libc``, in ``modes``.

    An empty ``machine`` or ``libc`` is any. ``is_needed`` says that it lies in such a file though no text tells it.
    """

    name: str
    version: str
    purl: str
    license: str
    modes: tuple[str, ...]
    machine: str = ""
    libc: str = ""
    is_needed: bool = False


class Listed(NamedTuple):
    """A file with what is inside; ``ref`` is unique in the document.

    ``untold`` are parts of the lock, in words, that may be inside: nothing in the file tells.
    """

    ref: str
    path: str
    is_program: bool
    parts: tuple[Part, ...]
    needed: tuple[str, ...]
    weaknesses: tuple[Weakness, ...]
    untold: tuple[str, ...] = ()


def listed(files: tuple[Audited, ...], pinned: tuple[Pinned, ...] = ()) -> tuple[Listed, ...]:
    """Return the audited files with what is inside each, in their order.

    ``pinned`` tells versions that no text of a file tells, and parts that leave none.
    """
    out = []
    for at, one in enumerate(files, 1):
        if one.facts is not None and one.verdict is not None:
            is_program = one.facts.kind != "shared object"
            fitting = tuple(part for part in pinned if _fits(part, one.facts, one.verdict.mode))
            parts = _completed(tuple(_parts(one.facts)), fitting)
            untold = tuple(_untold(parts, fitting))
            needed, weaknesses = one.facts.needed, one.verdict.weaknesses
            out.append(Listed(f"file-{at}", one.path, is_program, parts, needed, weaknesses, untold))
    return tuple(out)


def _parts(facts: Facts) -> Iterator[Part]:
    if is_static(facts) and facts.libc in _LIBC_LICENSES:
        version = facts.contents.libc_version if facts.contents else None
        yield Part(
            facts.libc, version, _purl("generic", facts.libc, version), _LIBC_LICENSES[facts.libc], facts.libc_evidence
        )
    known = {library.name: library for library in components.load().library}
    for found in facts.contents.components if facts.contents else ():
        kind = {"go": "golang", "rust": "cargo", "library": "generic"}[found.kind]
        is_module = found.kind == "go" and found.name != "stdlib"
        version = f"v{found.version}" if is_module and found.version else found.version
        library = known.get(found.name) if found.kind == "library" else None
        yield Part(
            found.name,
            found.version,
            _purl(kind, found.name, version),
            _license(library, found.version),
            found.evidence,
        )


def _fits(part: Pinned, facts: Facts, mode: str | None) -> bool:
    return mode in part.modes and part.machine in ("", facts.machine) and part.libc in ("", facts.libc)


def _completed(parts: tuple[Part, ...], pinned: tuple[Pinned, ...]) -> tuple[Part, ...]:
    known = {part.name: part for part in pinned}
    out = [
        part._replace(version=pin.version, purl=pin.purl, evidence=f"{part.evidence}; its version is the lock's")
        if part.version is None and (pin := known.get(part.name))
        else part
        for part in parts
    ]
    there = {part.name for part in parts}
    out += [
        Part(pin.name, pin.version, pin.purl, pin.license, "the lock's compiler links what is called of it")
        for pin in known.values()
        if pin.is_needed and pin.name not in there
    ]
    return tuple(out)


def _untold(parts: tuple[Part, ...], pinned: tuple[Pinned, ...]) -> Iterator[str]:
    there = {part.name for part in parts}
    for pin in {pin.name: pin for pin in pinned if pin.name not in there}.values():
        yield f"{pin.name} {pin.version}: the lock has it, and nothing in the file tells whether it is inside"


def _license(library: components.Library | None, version: str | None) -> str | None:
    if library is None:
        return None
    if library.name == "OpenSSL" and version:
        newer, older = library.license.split(" OR ")
        return newer if int(version.partition(".")[0]) >= 3 else older
    return library.license


def _purl(kind: str, name: str, version: str | None) -> str:
    from packageurl import PackageURL

    space, _, last = name.rpartition("/")
    return PackageURL(kind, space or None, last.lower() if kind == "generic" else last, version).to_string()


def render(files: tuple[Listed, ...], form: Form, created: datetime) -> str:
    """Return the document; raise ImportError when the format's library is not installed."""
    digest = sha256(repr(files).encode()).hexdigest()
    return _cyclonedx(files, digest, created) if form == "cyclonedx" else _spdx(files, digest, created)


def _cyclonedx(files: tuple[Listed, ...], digest: str, created: datetime) -> str:
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import LicenseExpression
    from cyclonedx.model.tool import ToolRepository
    from cyclonedx.model.vulnerability import BomTarget, Vulnerability, VulnerabilitySource
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion
    from packageurl import PackageURL

    tool = Component(name="linkmode", version=__version__, type=ComponentType.APPLICATION, bom_ref="linkmode")
    metadata = BomMetaData(timestamp=created, tools=ToolRepository(components=[tool]))
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"linkmode:{digest}"), metadata=metadata)
    for one in files:
        kind = ComponentType.APPLICATION if one.is_program else ComponentType.LIBRARY
        needs = [Property(name="linkmode:needed", value=name) for name in one.needed]
        untold = [Property(name="linkmode:untold", value=words) for words in one.untold]
        whole = Component(name=one.path, type=kind, bom_ref=one.ref, properties=[*needs, *untold])
        bom.components.add(whole)
        inside = []
        for at, part in enumerate(one.parts, 1):
            licenses = [LicenseExpression(part.license)] if part.license else []
            component = Component(
                name=part.name,
                version=part.version,
                purl=PackageURL.from_string(part.purl),
                licenses=licenses,
                bom_ref=f"{one.ref}-{at}",
                properties=[Property(name="linkmode:evidence", value=part.evidence)],
            )
            whole.components.add(component)
            inside.append(component)
            for weakness in one.weaknesses:
                if (weakness.component, weakness.version) == (part.name, part.version):
                    bom.vulnerabilities.add(
                        Vulnerability(
                            id=weakness.id,
                            bom_ref=f"{one.ref}-{at}-{weakness.id}",
                            description=weakness.summary,
                            source=VulnerabilitySource(name=weakness.url),
                            recommendation=f"fixed in {weakness.fixed_in}",
                            affects=[BomTarget(ref=f"{one.ref}-{at}")],
                        )
                    )
        bom.register_dependency(whole, inside)
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def _spdx(files: tuple[Listed, ...], digest: str, created: datetime) -> str:
    from license_expression import get_spdx_licensing
    from spdx_tools.spdx.model import (
        Actor,
        ActorType,
        CreationInfo,
        Document,
        ExternalPackageRef,
        ExternalPackageRefCategory,
        ExtractedLicensingInfo,
        Package,
        Relationship,
        RelationshipType,
        SpdxNoAssertion,
    )
    from spdx_tools.spdx.writer.json.json_writer import write_document_to_stream

    licensing: Any = get_spdx_licensing()
    nothing = SpdxNoAssertion()
    info = CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id="SPDXRef-DOCUMENT",
        name="linkmode audit",
        document_namespace=f"urn:linkmode:sbom:{digest}",
        creators=[Actor(ActorType.TOOL, f"linkmode-{__version__}")],
        created=created,
    )
    document = Document(info)
    for one in files:
        whole = f"SPDXRef-{one.ref}"
        comment = "; ".join(one.untold) or None
        document.packages.append(Package(whole, one.path, nothing, files_analyzed=False, comment=comment))
        document.relationships.append(Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, whole))
        for at, part in enumerate(one.parts, 1):
            inside = f"{whole}-{at}"
            reference = ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", part.purl)
            document.packages.append(
                Package(
                    inside,
                    part.name,
                    nothing,
                    version=part.version,
                    files_analyzed=False,
                    license_declared=licensing.parse(part.license) if part.license else nothing,
                    license_concluded=nothing,
                    comment=part.evidence,
                    external_references=[reference],
                )
            )
            document.relationships.append(Relationship(whole, RelationshipType.STATIC_LINK, inside))
    named = sorted({part.license for one in files for part in one.parts if part.license in _OWN_LICENSES})
    document.extracted_licensing_info = [ExtractedLicensingInfo(name, _OWN_LICENSES[name]) for name in named]
    out = io.StringIO()
    write_document_to_stream(document, out)
    return out.getvalue().rstrip("\n") + "\n"

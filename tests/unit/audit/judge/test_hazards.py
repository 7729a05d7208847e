"""Hazards with their evidence, and weaknesses of what is linked into a file."""

import re
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from elf_maker import ABI_TAG, DYN, GLIBC_LOADER, MUSL_LOADER, MUSL_START, Elf, interp, with_sections
from packaging.specifiers import SpecifierSet

from linkmode.audit.judge import hazards
from linkmode.audit.judge.verdict import Expectations, check, judge
from linkmode.audit.read import components, elf
from linkmode.audit.read.facts import Component, Facts
from linkmode.catalog import pins
from linkmode.cli.audit import command
from linkmode.model import resources
from linkmode.model.values import Advisory


def facts(raw: bytes, *, with_contents: bool = True) -> Facts:
    return elf.facts(BytesIO(raw), len(raw), with_contents=with_contents)


def kinds(raw: bytes, *, with_contents: bool = True) -> list[str]:
    return [hazard.kind for hazard in hazards.of(facts(raw, with_contents=with_contents))]


STATIC_GLIBC = b"\xc3 gconv-modules.cache\0/usr/lib/locale/locale-archive\0invalid mode for dlopen()\0"
SVM = b"\xc3\0com.oracle.svm.core.VM.Target.LibC=com.oracle.svm.hosted.c.libc.Hosted%s\0"
SVM_GLIBC, SVM_MUSL = SVM % b"GLibC", SVM % b"MuslLibC"
SHC = b"\0E: neither argv[0] nor $_ works."
NSS = b"/etc/nsswitch.conf\0libnss_%s.so%s\0"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (Elf(code=MUSL_START).build(), []),
        (Elf(stack=7).build(), ["executable-stack"]),
        (Elf(stack=None).build(), ["executable-stack"]),
        (Elf(tags=((22, 0),), is_dynamic=True).build(), ["text-relocations"]),
        (Elf(notes=ABI_TAG, code=STATIC_GLIBC).build(), ["iconv", "locale", "dlopen"]),
        (Elf(notes=ABI_TAG, code=STATIC_GLIBC + NSS).build(), ["nss", "iconv", "locale", "dlopen"]),
        (Elf(notes=ABI_TAG, code=b"\xc3/etc/nsswitch.conf\0").build(), []),
        (Elf(code=MUSL_START + STATIC_GLIBC + NSS).build(), []),
        (Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), code=STATIC_GLIBC + NSS).build(), []),
        (Elf(code=MUSL_START + b"Dynamic loading not supported\0").build(), ["dlopen"]),
        (Elf(interp=interp(MUSL_LOADER), code=b"\xc3Dynamic loading not supported\0").build(), []),
        (
            with_sections(Elf(code=MUSL_START).build(), ((".rela.plt", 4, 2, bytes(8) + b"\x25" + bytes(15)),)),
            ["ifunc"],
        ),
        (Elf(code=b"\xc3\0/home/me/x/main.c\0").build(), ["build-path"]),
        (Elf(code=MUSL_START + SHC + b"\0").build(), ["payload"]),
        (Elf(code=MUSL_START + SHC + b'"); exit(1);\0').build(), []),
        (Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), code=SVM_GLIBC).build(), ["proc"]),
        (Elf(code=MUSL_START + SVM_MUSL).build(), []),
    ],
)
def test_hazards(raw: bytes, expected: list[str]) -> None:
    assert kinds(raw) == expected


@pytest.mark.parametrize(("more", "is_java"), [(b"", False), (SVM_MUSL, True)])
def test_what_dlopen_means_for_java(more: bytes, is_java: bool) -> None:
    (found,) = hazards.of(facts(Elf(code=MUSL_START + b"Dynamic loading not supported\0" + more).build()))
    assert ("System.loadLibrary" in found.words) == is_java


def test_texts_tell_nothing_when_the_contents_were_not_read() -> None:
    assert kinds(Elf(notes=ABI_TAG, code=STATIC_GLIBC + NSS).build(), with_contents=False) == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("$ORIGIN/../lib", None),
        ("${ORIGIN}", None),
        ("/opt/app/lib", None),
        ("/usr/lib/app", None),
        ("/home/me/build/lib", "in a folder where software is built"),
        ("/build/app-1.0", "in a folder where software is built"),
        ("/proc/1/execroot/ws/bazel-out/k8/bin", "in a folder where software is built"),
        ("", "in the folder that the program is started from"),
        ("lib", "in the folder that the program is started from"),
        ("$ORIGINAL/lib", "in the folder that the program is started from"),
    ],
)
def test_search_paths(entry: str, words: str | None) -> None:
    for made, tag in (
        (Elf(type=DYN, rpath=f"/opt:{entry}"), "DT_RPATH"),
        (Elf(type=DYN, runpath=f"{entry}:$ORIGIN"), "DT_RUNPATH"),
    ):
        found = hazards.of(facts(made.build()))
        assert [hazard.kind for hazard in found] == (["search-path"] if words else [])
        if words:
            assert words in found[0].words
            assert found[0].evidence == f'{tag} has the entry "{entry}"'


def test_an_empty_search_path_is_none() -> None:
    assert hazards.of(facts(Elf(type=DYN, is_dynamic=True, rpath="").build())) == ()


def test_the_evidence_names_the_text_and_the_byte() -> None:
    raw = Elf(notes=ABI_TAG, code=b"\xc3" + NSS).build()
    (nss,) = hazards.of(facts(raw))
    assert nss.evidence == f'the text "/etc/nsswitch.conf" at byte {raw.index(b"/etc/nss")}'


# --- Weaknesses ---------------------------------------------------------------------------------------------------


def holding(*held: tuple[str, str | None]) -> Facts:
    text = {
        "zlib": " inflate %s Copyright 1995-2022 Mark Adler ",
        "expat": "\0expat_%s\0",
        "libgcrypt": "This is Libgcrypt %s - The GNU Crypto Library",
        "OpenSSL": '\0OpenSSL %s 30 Jan 2024\0OPENSSLDIR: "',
    }
    return facts(Elf(code=b"\xc3" + "\0".join(text[name] % version for name, version in held).encode()).build())


ZLIB = {"zlib": (Advisory(id="CVE-X", affects="<1.2.12", fixed_in="1.2.12", summary="s", url="https://x/"),)}


def test_weaknesses_of_what_is_inside() -> None:
    found = judge(holding(("expat", "2.4.8"), ("zlib", "1.2.11")), (), ZLIB).weaknesses
    assert ("expat", "2.4.8", "CVE-2022-40674", "2.4.9") in [(w.component, w.version, w.id, w.fixed_in) for w in found]
    assert [w.id for w in found if w.component == "zlib"] == ["CVE-X"]
    assert judge(holding(("expat", "2.7.1"), ("zlib", "1.3.1")), (), ZLIB).weaknesses == ()
    assert judge(holding(("zlib", "1.2.11"))).weaknesses == ()


@pytest.mark.parametrize(
    ("version", "ids"),
    [
        ("1.0.1f", ["CVE-2014-0160"]),
        ("1.0.1g", []),
        ("1.1.1m", ["CVE-2022-0778", "CVE-2023-0286"]),
        ("1.1.1n", ["CVE-2023-0286"]),
        ("1.1.1w", []),
        ("3.0.1", ["CVE-2022-0778", "CVE-2022-3602", "CVE-2023-0286", "CVE-2024-6119"]),
        ("3.0.19", []),
    ],
)
def test_versions_that_end_in_letters(version: str, ids: list[str]) -> None:
    assert [one.id for one in judge(holding(("OpenSSL", version))).weaknesses] == ids


def test_letters_count_on_after_z() -> None:
    versions = ["1.0.2", "1.0.2a", "1.0.2z", "1.0.2za", "1.0.2zg"]
    assert [components.comparable(version) for version in versions] == [
        "1.0.2", "1.0.2.1", "1.0.2.26", "1.0.2.27", "1.0.2.33",
    ]  # fmt: skip


def test_the_table_of_libraries_is_whole() -> None:
    families = pins.load(resources.catalogue()).families
    for library in components.load().library:
        assert library.anchor
        assert library.seen
        # where no text tells the version, what the pattern finds must not be taken for one
        groups = re.compile(library.pattern.encode()).groups if library.pattern else 0
        assert groups == (library.name not in ("libc++", "libc++abi", "rust-std") and library.pattern is not None)
        assert library.family is None or (library.family in families and not library.advisory)
        for advisory in library.advisory:
            fixed = components.comparable(advisory.fixed_in) if library.letters else advisory.fixed_in
            assert not SpecifierSet(advisory.affects).contains(fixed), advisory.id
            assert advisory.url.startswith("https://")


@pytest.mark.parametrize(
    ("version", "affected"), [("1.8.7", True), ("1.8.8", False), ("1.9.0", True), ("1.9.2", True), ("1.9.3", False)]
)
def test_both_lines_of_libgcrypt(version: str, affected: bool) -> None:
    found = judge(holding(("libgcrypt", version))).weaknesses
    assert [one.id for one in found] == (["CVE-2021-33560"] if affected else [])


def test_the_command_asks_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "app").write_bytes(Elf(code=b"\xc3 inflate 1.2.11 Copyright 1995-2017 Mark Adler ").build())
    said = CliRunner().invoke(command, [str(tmp_path / "app")]).stdout
    ids = [
        line.split(": ")[2].split(",")[0] for line in said.splitlines() if line.startswith("advisory: zlib 1.2.11: ")
    ]
    known = pins.load(resources.catalogue()).advisories_for("zlib", "1.2.11")
    assert ids == [advisory.id for advisory in known] != []
    assert "advisory: " not in CliRunner().invoke(command, ["--headers-only", str(tmp_path / "app")]).stdout


def test_families_are_asked_for_only_when_they_are_inside() -> None:
    assert components.families(holding(("zlib", "1.2.11")).contents) == {"zlib"}
    assert components.families(holding(("expat", "2.4.8")).contents) == frozenset()
    assert components.families(None) == frozenset()


def test_a_version_that_is_none_has_no_weakness() -> None:
    found = holding(("expat", "2.4.8"))
    assert found.contents is not None
    odd = msgspec.structs.replace(
        found.contents,
        components=(Component("library", "expat", "new", "x", 1), Component("rust", "expat", "2.4.8", "", 1)),
    )
    assert components.weaknesses(odd, {}) == ()


# --- Expectations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "holds"),
    [(Elf(), False), (Elf(type=DYN, tags=((0x6FFFFFFB, 0x08000000),)), True), (Elf(type=DYN, is_dynamic=True), True)],
)
def test_require_pie(made: Elf, holds: bool) -> None:
    found = facts(made.build())
    failures = check(found, judge(found), Expectations(require_pie=True))
    assert [failure.check for failure in failures] == ([] if holds else ["--require-pie"])


@pytest.mark.parametrize(
    ("made", "partial", "full"),
    [
        (Elf(), False, False),
        (Elf(relro=True), True, True),  # static: nothing is bound late
        (Elf(relro=True, needed=("libc.so.6",), interp=interp(GLIBC_LOADER)), True, False),
        (Elf(relro=True, needed=("libc.so.6",), interp=interp(GLIBC_LOADER), tags=((30, 8),)), True, True),
        (Elf(relro=True, type=DYN, is_dynamic=True), True, False),
        (Elf(needed=("libc.so.6",), interp=interp(GLIBC_LOADER), tags=((30, 8),)), False, False),
    ],
)
def test_require_relro(made: Elf, partial: bool, full: bool) -> None:
    found = facts(made.build())
    assert (not check(found, judge(found), Expectations(require_relro="partial"))) == partial
    failures = check(found, judge(found), Expectations(require_relro="full"))
    assert (not failures) == full
    if failures:
        assert failures[0].found.startswith("relro ")
        assert "-z,now" in failures[0].fix

"""What loaders and the kernel do otherwise than a first look at a file says, and what the verdict makes of it."""

from io import BytesIO

import pytest
from crafted import CRAFTED, LOADS, loading

from linkmode.audit.judge import platforms
from linkmode.audit.judge.verdict import Expectations, Verdict, check, judge
from linkmode.audit.read import elf
from linkmode.audit.read.facts import Facts
from linkmode.audit.read.image import NotAudited


def facts(what: str) -> Facts:
    return elf.facts(BytesIO(CRAFTED[what]), len(CRAFTED[what]))


def judged(what: str, *allow: str) -> Verdict:
    return judge(facts(what), allow)


def failed(what: str, **wanted: object) -> list[str]:
    found = facts(what)
    asked = Expectations(**wanted)  # type: ignore[arg-type]
    return [failure.check for failure in check(found, judge(found, asked.allow), asked)]


def runs_on(what: str) -> dict[str, str]:
    return {one.platform: one.answer for one in judged(what).images}


@pytest.mark.parametrize("tag", LOADS)
def test_what_the_loader_loads_by_another_tag_is_needed_too(tag: str) -> None:
    assert judged(tag).mode == "dynamic"
    assert judged(tag).reason.endswith(f"; {tag} has /x/evil.so loaded too")
    assert failed(tag, mode="mostly_static", deny_rpath=True) == ["--expect mostly_static"]
    assert failed(tag, mode="mostly_static", allow=("/x/evil.so",)) == []
    assert failed(tag, mode="dynamic", allow=("libz.so.1",)) == ["--allow"]
    assert [hazard.kind for hazard in judged(tag).hazards] == ["loader-tag"]
    assert judged(f"{tag} of a libc's own").mode == "mostly_static"


@pytest.mark.parametrize("tag", LOADS)
def test_musls_loader_knows_none_of_these_tags(tag: str) -> None:
    found = judged(f"{tag} under musl")
    assert found.mode == "mostly_static"
    assert found.reason.endswith(f"; {tag} /x/evil.so, which musl's loader ignores")
    assert found.hazards[0].words == "it names a library that musl's loader ignores"


def test_nothing_is_loaded_where_there_is_no_loader() -> None:
    assert judged("static pie with DT_AUDIT").mode == "static"


def test_a_filter_must_be_there_and_an_auxiliary_library_need_not() -> None:
    for tag, answer in (("DT_FILTER", "no"), ("DT_AUXILIARY", "yes"), ("DT_AUDIT", "yes")):
        raw = loading(tag, "libnowhere.so.1")
        found = elf.facts(BytesIO(raw), len(raw))
        assert platforms.suits(found, platforms.load()["debian-12"]).answer == answer


def test_a_program_whose_loader_may_not_look_where_libc_is_runs_nowhere() -> None:
    assert set(runs_on("no default folders").values()) == {"no"}


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("two readings", "malformed: its first bytes say 32-bit little-endian (EI_CLASS, EI_DATA), and Linux, which "),
        ("PT_PHDR", "malformed: PT_PHDR does not say where the program headers are loaded"),
        ("UPX", "packed by UPX: its headers are the unpacker's, not the program's; unpack it: upx -d FILE"),
        ("UPX, told by its end", "packed by UPX: "),
    ],
)
def test_what_has_two_meanings_is_refused(what: str, words: str) -> None:
    with pytest.raises(NotAudited) as refused:
        facts(what)
    assert refused.value.problem.startswith(words)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("PyInstaller", "a program packed by PyInstaller"),
        ("bytes behind", "bytes of an unknown kind"),
        ("zeros and bytes behind", "bytes of an unknown kind"),
        ("a squashfs image behind", "a squashfs image, as in an AppImage"),
        ("a zip archive behind", "a zip archive"),
        ("bytes behind sections", "bytes of an unknown kind"),
    ],
)
def test_what_lies_behind_a_program_gets_no_clean_bill(what: str, words: str) -> None:
    found = facts(what)
    assert found.behind is not None
    assert found.behind.words == words
    mode = judge(found).mode
    assert failed(what, mode=mode) == [f"--expect {mode}"]
    assert failed(what, mode=mode, allow_payload=True) == []
    assert failed(what, policy="debian-12") == ["--policy debian-12"]
    assert set(runs_on(what).values()) == {"unknown"}
    assert "payload" in [hazard.kind for hazard in judge(found).hazards]


@pytest.mark.parametrize("what", ["zeros behind", "sections and nothing behind", "static pie with DT_AUDIT"])
def test_padding_and_sections_are_no_payload(what: str) -> None:
    assert facts(what).behind is None
    assert failed(what, mode="static", policy="scratch") == []


@pytest.mark.parametrize(
    ("what", "libc", "evidence"),
    [
        ("Android, static", "other", "made for Android: note of owner Android"),
        ("Android's library", "other", "made for Android: note of owner Android"),
        ("Android's library without a note", "other", "made for Android: needs liblog.so"),
        ("Android's program", "other", "made for Android: interpreter /system/bin/linker64"),
        ("musl's library", "musl", "needs libc.so"),
        ("FreeBSD by its note", "other", "made for FreeBSD: note of owner FreeBSD"),
        ("FreeBSD by its libc", "other", "made for FreeBSD: needs libc.so.7"),
        ("NetBSD by its loader", "other", "made for NetBSD: interpreter /usr/libexec/ld.elf_so"),
        ("Hurd", "other", "made for GNU/Hurd: note NT_GNU_ABI_TAG"),
        ("Hurd, static", "other", "made for GNU/Hurd: note NT_GNU_ABI_TAG"),
        ("Linux, static", "glibc", "note NT_GNU_ABI_TAG, which glibc's crt1.o brings"),
        ("Solaris by its loader", "other", "made for Solaris: interpreter /lib/amd64/ld.so.1"),
        ("a loader's common name", "unknown", "interpreter /opt/ld.so.1 is no loader of glibc or musl"),
        (
            "a text as data",
            "unknown",
            'the text "GLIBC_TUNABLES" among its loadable bytes is a hint at glibc, and no proof',
        ),
        ("all texts of glibc", "glibc", 'the texts "glibc-ld.so.cache1.1" and others of it among its loadable bytes'),
    ],
)
def test_which_libc_and_by_what_evidence(what: str, libc: str, evidence: str) -> None:
    found = facts(what)
    assert (found.libc, found.libc_evidence) == (libc, evidence)
    if libc == "other":
        assert failed(what, libc="musl") == ["--libc musl"]
        assert failed(what, libc="glibc") == ["--libc glibc"]


def test_other_systems_run_nowhere_but_androids_kernel_is_linux() -> None:
    for what in ("Android's program", "FreeBSD by its note", "Hurd", "Hurd, static", "Solaris by its loader"):
        assert set(runs_on(what).values()) == {"no"}, what
    assert set(runs_on("Android, static").values()) == {"yes"}
    assert failed("Android's library", policy="musllinux_1_2") == ["--policy musllinux_1_2"]
    assert failed("musl's library", policy="musllinux_1_2") == []

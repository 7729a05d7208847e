"""Where files run, with the reason; and the policies that ask for it."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from crafted import DOUBTFUL, STARTABLE, UNSTARTABLE
from elf_maker import ABI_TAG, DYN, GLIBC_LOADER, MUSL_LOADER, MUSL_START, Elf, interp

from linkmode.audit.judge import hazards, platforms, wheels
from linkmode.audit.judge.verdict import Expectations, check, judge
from linkmode.audit.read import components, elf, policy
from linkmode.audit.read.facts import Facts
from linkmode.audit.read.libc import version_number
from linkmode.cli.audit import command
from linkmode.messages import UsageError
from linkmode.model.values import LinkMode


def facts(made: Elf) -> Facts:
    raw = made.build()
    return elf.facts(BytesIO(raw), len(raw), with_contents=True)


def glibc(*versions: str, needed: tuple[str, ...] = (), runpath: str | None = None) -> Elf:
    needs = (("libc.so.6", versions),) if versions else ()
    return Elf(interp=interp(GLIBC_LOADER), needed=(*needed, "libc.so.6"), needs=needs, runpath=runpath)


def tag(name: str) -> platforms.Platform:
    found = wheels.named(name)
    assert found is not None
    return found


def answers(made: Elf) -> dict[str, str]:
    return {one.platform: one.answer for one in platforms.images(facts(made))}


def reason(made: Elf, name: str) -> str:
    return platforms.suits(facts(made), platforms.load()[name]).reason


def test_images_come_first_and_smallest_first() -> None:
    known = list(platforms.load().values())
    images = [one.name for one in known if one.image]
    assert [one.name for one in known][: len(images)] == images
    assert images[:5] == ["scratch", "distroless-static", "alpine", "distroless-base-nossl", "distroless-base"]


def test_the_table_is_whole() -> None:
    names = {machine.name for machine in policy.load().machine}
    for one in platforms.load().values():
        assert set(one.machines) <= names, one.name
        assert all(version_number(version) for version in one.newest.values()), one.name
        assert ("GLIBC" in one.newest) == (one.libc == "glibc"), one.name
        assert "http" in one.source, one.name
        assert not [name for name in one.libraries if policy.load().owner(name)], one.name


def test_a_static_program_runs_everywhere() -> None:
    assert set(answers(Elf(code=MUSL_START)).values()) == {"yes"}
    assert reason(Elf(code=MUSL_START), "scratch") == "needs no loader and no library"


def test_a_static_glibc_program_that_asks_nss_is_told_so() -> None:
    made = Elf(notes=ABI_TAG, code=b"\xc3/etc/nsswitch.conf\0libnss_%s.so")
    assert reason(made, "scratch").endswith("what it asks NSS for needs modules of exactly the glibc that is inside")


def test_a_machine_that_an_image_is_not_made_for() -> None:
    made = Elf(machine=4, bits=32, big=True)
    assert answers(made)["scratch"] == "yes"
    assert answers(made)["alpine"] == "no"
    assert reason(made, "alpine").startswith("is not made for m68k, but for x86_64, ")


def test_a_musl_program() -> None:
    made = Elf(interp=interp(MUSL_LOADER), needed=("libc.musl-x86_64.so.1", "libz.so.1"))
    assert [name for name, answer in answers(made).items() if answer == "yes"] == ["alpine"]
    assert reason(made, "debian-12") == "has glibc, and the file is for musl"
    assert reason(made, "scratch") == f"has no libc, so not the loader {MUSL_LOADER}"
    assert reason(made, "alpine") == f"has {MUSL_LOADER}, libc.musl-x86_64.so.1, libz.so.1"


@pytest.mark.parametrize(
    ("made", "runs"),
    [
        (glibc("GLIBC_2.17"), ["distroless-base-nossl", "distroless-base", "distroless-cc", "debian-12", "rocky-8"]),
        (glibc("GLIBC_2.34"), ["distroless-base-nossl", "distroless-base", "distroless-cc", "debian-12"]),
        (glibc("GLIBC_ABI_DT_RELR"), ["distroless-base-nossl", "distroless-base", "distroless-cc", "debian-12"]),
        (glibc("GLIBC_2.38"), []),
        (glibc("GLIBC_2.17", needed=("libssl.so.3",)), ["distroless-base", "distroless-cc"]),
        (glibc("GLIBC_2.17", needed=("libstdc++.so.6",)), ["distroless-cc", "debian-12", "rocky-8"]),
        (glibc("GLIBC_2.17", needed=("libselinux.so.1",)), ["debian-12"]),
        (glibc("GLIBC_2.17", needed=("libnowhere.so.1",)), []),
    ],
)
def test_a_glibc_program_runs_where_its_libraries_and_versions_are(made: Elf, runs: list[str]) -> None:
    assert [name for name, answer in answers(made).items() if answer == "yes"] == runs


def test_reasons_name_what_is_missing() -> None:
    assert reason(glibc("GLIBC_2.38"), "debian-12") == "GLIBC_2.38 of libc.so.6 is newer than GLIBC_2.36"
    assert reason(glibc(needed=("libx.so.1",)), "debian-12") == "is not known to have libx.so.1"
    bundled = reason(glibc(needed=("libx.so.1",), runpath="$ORIGIN"), "debian-12")
    assert bundled == "is not known to have libx.so.1, unless $ORIGIN in the file leads to it"
    out_of_place = Elf(interp=interp("/nix/store/x/ld-linux-x86-64.so.2"), needed=("libc.so.6",))
    assert reason(out_of_place, "debian-12") == "has no /nix/store/x/ld-linux-x86-64.so.2"
    assert reason(Elf(type=2, needed=("libc.so.6",)), "debian-12").startswith("the file has no interpreter")


def test_what_cannot_be_told_is_unknown() -> None:
    made = glibc("GLIBC_2.17", "GLIBC_PRIVATE")
    assert answers(made)["debian-12"] == "unknown"
    assert reason(made, "debian-12") == "whether its libc.so.6 has GLIBC_PRIVATE cannot be determined"
    other = Elf(
        interp=interp(GLIBC_LOADER), needed=("libsystemd.so.0",), needs=(("libsystemd.so.0", ("LIBSYSTEMD_253",)),)
    )
    assert answers(other)["debian-12"] == "unknown"


def test_a_library_runs_on_no_image_but_may_keep_a_policy() -> None:
    made = Elf(type=DYN, needed=("libc.so.6",), needs=(("libc.so.6", ("GLIBC_2.17",)),))
    assert answers(made) == {}
    assert platforms.suits(facts(made), tag("manylinux_2_17")).answer == "yes"
    assert platforms.suits(facts(made), tag("musllinux_1_2")).answer == "no"
    newer = Elf(type=DYN, needed=("libc.so.6",), needs=(("libc.so.6", ("GLIBC_2.18",)),))
    assert platforms.suits(facts(newer), tag("manylinux_2_17")).answer == "no"


@pytest.mark.parametrize(("name", "holds"), [("scratch", False), ("distroless-base", True), ("manylinux_2_17", False)])
def test_a_policy_is_an_expectation(name: str, holds: bool) -> None:
    found = facts(glibc("GLIBC_2.34"))
    failures = check(found, judge(found), Expectations(policy=name))
    assert bool(failures) != holds
    assert [failure.check for failure in failures] == ([] if holds else [f"--policy {name}"])


def test_a_policys_name_is_checked() -> None:
    for name in ("debian12", "manylinux_2", "manylinux_2_28_amd64", "manylinux3"):
        result = CliRunner().invoke(command, ["--policy", name, "x"])
        assert isinstance(result.exception, UsageError), name
        assert "scratch, " in result.exception.hint
        assert "musllinux_1_2, with or without a CPU" in result.exception.hint


def test_the_documentation_names_all_platforms_libraries_and_hazards() -> None:
    text = (Path(__file__).parents[4] / "docs" / "reference" / "audit-contents.md").read_text(encoding="utf-8")
    for name in platforms.load():
        assert f"`{name}`" in text, name
    for name in ("manylinux_X_Y", "musllinux_X_Y", *platforms.wheels().aliases):
        assert f"`{name}`" in text, name
    for library in components.load().library:
        assert library.name in text, library.name
    source = Path(hazards.__file__).read_text(encoding="utf-8")
    kinds = set(re.findall(r'Hazard\(\s*"([a-z-]+)"', source))
    assert len(kinds) > 6
    for kind in kinds:
        assert f"`{kind}`" in text, kind


# --- What needs no library and is no program for Linux all the same ------------------------------------------------


def changed(made: Elf, at: int, raw: bytes) -> Facts:
    whole = bytearray(made.build())
    whole[at : at + len(raw)] = raw
    return elf.facts(BytesIO(bytes(whole)), len(whole), with_contents=True)


@pytest.mark.parametrize(
    ("at", "raw", "words"),
    [
        (7, b"\x09", "it is made for another system than Linux: its OS/ABI is FreeBSD"),
        (24, bytes(8), "it has no entry point (e_entry), so that it cannot be started"),
        (24, (0xFFFFFFFF81000000).to_bytes(8, "little"), "its entry point 0xffffffff81000000 is in the half of"),
    ],
)
def test_other_systems_and_kernels_run_nowhere(at: int, raw: bytes, words: str) -> None:
    for found in (changed(Elf(stack=6), at, raw), changed(glibc("GLIBC_2.17"), at, raw)):
        assert {one.answer for one in platforms.images(found)} == {"no"}
        assert platforms.suits(found, platforms.load()["debian-12"]).reason.startswith(words)
    failures = check(found, judge(found), Expectations(policy="debian-12"))
    assert [failure.check for failure in failures] == ["--policy debian-12"]


@pytest.mark.parametrize("what", UNSTARTABLE)
def test_what_cannot_be_started_has_no_mode(what: str) -> None:
    raw = UNSTARTABLE[what]
    found = elf.facts(BytesIO(raw), len(raw))
    verdict = judge(found)
    assert verdict.mode is None
    assert verdict.reason.endswith("(e_entry), so that it cannot be started")
    wanted: tuple[LinkMode, ...] = ("static", "mostly_static", "dynamic")
    for mode in wanted:
        [failure] = check(found, verdict, Expectations(mode=mode, allow_static_glibc=True))
        assert (failure.check, failure.found) == (f"--expect {mode}", verdict.reason)
        assert "GNUTARGET not set" in failure.fix


def test_what_only_chance_can_start_has_no_mode() -> None:
    verdict = judge(elf.facts(BytesIO(DOUBTFUL), len(DOUBTFUL)))
    assert verdict.mode is None
    assert verdict.reason.endswith("(e_entry), so that it may not start")


@pytest.mark.parametrize("what", STARTABLE)
def test_what_can_be_started_has_one(what: str) -> None:
    raw = STARTABLE[what]
    found = elf.facts(BytesIO(raw), len(raw))
    assert judge(found).mode == "static"


def test_a_static_file_that_nothing_tells_to_be_for_linux_is_unknown() -> None:
    assert set(answers(Elf(stack=None)).values()) == {"unknown"}  # as firmware: no libc, no PT_GNU_STACK
    assert set(answers(Elf(stack=6)).values()) == {"yes"}
    assert set(answers(Elf(stack=None, notes=ABI_TAG)).values()) == {"yes"}


def test_packed_relocations_without_the_version_that_says_so() -> None:
    relr = ((36, 0x400000), (35, 8), (37, 8))
    told = Elf(
        interp=interp(GLIBC_LOADER),
        needed=("libc.so.6",),
        needs=(("libc.so.6", ("GLIBC_2.17", "GLIBC_ABI_DT_RELR")),),
        tags=relr,
    )
    assert (answers(told)["debian-12"], answers(told)["rocky-8"]) == ("yes", "no")
    untold = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), needs=(("libc.so.6", ("GLIBC_2.17",)),), tags=relr)
    assert (answers(untold)["debian-12"], answers(untold)["rocky-8"]) == ("no", "no")
    assert "it has DT_RELR and does not ask for GLIBC_ABI_DT_RELR" in reason(untold, "debian-12")
    bare = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), tags=relr)
    assert (answers(bare)["debian-12"], answers(bare)["rocky-8"]) == ("unknown", "unknown")
    assert "whether its packed relocations (DT_RELR) are applied cannot be determined" in reason(bare, "rocky-8")
    musl = Elf(interp=interp(MUSL_LOADER), needed=("libc.so",), tags=relr)
    assert answers(musl)["alpine"] == "yes"
    assert platforms.suits(facts(musl), tag("musllinux_1_1")).answer == "unknown"


@pytest.mark.parametrize(("loader", "answer"), [("/lib/ld-linux-armhf.so.3", "yes"), ("/lib/ld-linux.so.3", "no")])
def test_arm_images_have_hard_floats(loader: str, answer: str) -> None:
    made = Elf(machine=40, bits=32, interp=interp(loader), needed=("libc.so.6",))
    assert answers(made)["distroless-base"] == answers(made)["debian-12"] == answer

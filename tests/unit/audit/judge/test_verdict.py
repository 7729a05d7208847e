"""Link modes with their reasons, and expectations that hold and do not."""

from io import BytesIO

import pytest
from elf_maker import ABI_TAG, DYN, GLIBC_LOADER, GO_NOTE, MUSL_LOADER, MUSL_START, PIE, Elf, interp

from linkmode.audit.judge.verdict import Expectations, Failure, Verdict, check, judge
from linkmode.audit.read import elf
from linkmode.audit.read.policy import KnownLibc
from linkmode.model.values import LinkMode

STATIC = Elf(code=MUSL_START)
STATIC_PIE = Elf(type=DYN, tags=(PIE,), code=MUSL_START)
STATIC_GLIBC = Elf(notes=ABI_TAG)
GLIBC = Elf(interp=interp(GLIBC_LOADER), needed=("libm.so.6", "libc.so.6"))
MUSL = Elf(interp=interp(MUSL_LOADER), needed=("libc.so",))
CPP = Elf(interp=interp(GLIBC_LOADER), needed=("libstdc++.so.6", "libgcc_s.so.1", "libc.so.6"))
LIBRARY = Elf(type=DYN, needed=("libc.so.6",))


def judged(made: Elf, allow: tuple[str, ...] = ()) -> Verdict:
    raw = made.build()
    return judge(elf.facts(BytesIO(raw), len(raw)), allow)


def failures(made: Elf, wanted: Expectations) -> tuple[Failure, ...]:
    raw = made.build()
    facts = elf.facts(BytesIO(raw), len(raw))
    return check(facts, judge(facts, wanted.allow), wanted)


@pytest.mark.parametrize(
    ("made", "allow", "mode", "reason"),
    [
        (STATIC, (), "static", "no interpreter (PT_INTERP) and no needed library (DT_NEEDED)"),
        (
            STATIC_PIE,
            (),
            "static",
            "static-pie, no interpreter (PT_INTERP) and no needed library (DT_NEEDED)",
        ),
        (STATIC_GLIBC, (), "static", "no interpreter (PT_INTERP) and no needed library (DT_NEEDED)"),
        (
            GLIBC,
            (),
            "mostly_static",
            f"interpreter {GLIBC_LOADER} is glibc's loader; needs libm.so.6, libc.so.6 of glibc itself",
        ),
        (MUSL, (), "mostly_static", f"interpreter {MUSL_LOADER} is musl's loader; needs libc.so of musl itself"),
        (
            Elf(interp=interp(MUSL_LOADER)),
            (),
            "mostly_static",
            f"interpreter {MUSL_LOADER} is musl's loader; needs no library",
        ),
        (
            CPP,
            (),
            "dynamic",
            f"interpreter {GLIBC_LOADER} is glibc's loader; needs libc.so.6 of glibc itself; "
            "needs libstdc++.so.6, libgcc_s.so.1, not part of glibc",
        ),
        (
            CPP,
            ("libstdc++.so.6",),
            "dynamic",
            f"interpreter {GLIBC_LOADER} is glibc's loader; needs libc.so.6 of glibc itself; "
            "needs libstdc++.so.6, allowed by name; needs libgcc_s.so.1, not part of glibc",
        ),
        (
            CPP,
            ("libstdc++.so.6", "libgcc_s.so.1"),
            "mostly_static",
            f"interpreter {GLIBC_LOADER} is glibc's loader; needs libc.so.6 of glibc itself; "
            "needs libstdc++.so.6, libgcc_s.so.1, allowed by name",
        ),
        (
            Elf(interp=interp(MUSL_LOADER), needed=("libc.so.6",)),
            (),
            "dynamic",
            f"interpreter {MUSL_LOADER} is musl's loader; needs libc.so.6, not part of musl",
        ),
        (
            Elf(interp=interp("/nix/store/x/lib/ld-linux-x86-64.so.2"), needed=("libc.so.6",)),
            (),
            "dynamic",
            "interpreter /nix/store/x/lib/ld-linux-x86-64.so.2 is out of place: glibc on x86_64 looks for it at "
            f"{GLIBC_LOADER}; needs libc.so.6 of glibc itself",
        ),
        (
            Elf(machine=183, interp=interp(GLIBC_LOADER)),
            (),
            "dynamic",
            f"interpreter {GLIBC_LOADER} is out of place: glibc on aarch64 looks for it at "
            "/lib/ld-linux-aarch64.so.1; needs no library",
        ),
        (
            Elf(machine=9999, interp=interp(GLIBC_LOADER)),
            (),
            "dynamic",
            f"interpreter {GLIBC_LOADER} is out of place: glibc on machine 9999 has no known place for it; "
            "needs no library",
        ),
        (
            Elf(interp=interp("/system/bin/linker64"), needed=("libc.so",)),
            (),
            "dynamic",
            "interpreter /system/bin/linker64 is no loader of glibc or musl; needs libc.so, not part of libc",
        ),
        (
            Elf(needed=("libc.so.6",)),
            (),
            "dynamic",
            "it has no interpreter (PT_INTERP) to load what it needs; needs libc.so.6 of glibc itself",
        ),
        (
            LIBRARY,
            (),
            None,
            "a shared object has no link mode of its own: it shares that of the program that loads it",
        ),
    ],
)
def test_mode_and_reason(made: Elf, allow: tuple[str, ...], mode: LinkMode | None, reason: str) -> None:
    verdict = judged(made, allow)
    assert (verdict.mode, verdict.reason) == (mode, reason)


@pytest.mark.parametrize(
    ("made", "held"),
    [
        (STATIC, {"static"}),
        (STATIC_PIE, {"static"}),
        (STATIC_GLIBC, set()),
        (GLIBC, {"mostly_static", "dynamic"}),
        (MUSL, {"mostly_static", "dynamic"}),
        (CPP, {"dynamic"}),
        (Elf(needed=("libc.so.6",)), set()),
        (LIBRARY, set()),
    ],
)
def test_each_mode_is_met_or_refused(made: Elf, held: set[str]) -> None:
    modes: tuple[LinkMode, ...] = ("static", "mostly_static", "dynamic")
    assert {mode for mode in modes if not failures(made, Expectations(mode=mode))} == held


def test_a_failure_says_what_was_expected_found_and_how_to_fix_it() -> None:
    assert failures(CPP, Expectations(mode="mostly_static")) == (
        Failure(
            "--expect mostly_static",
            "mostly_static: libc's loader as the interpreter, and no needed library but libc's own",
            f"dynamic: interpreter {GLIBC_LOADER} is glibc's loader; needs libc.so.6 of glibc itself; "
            "needs libstdc++.so.6, libgcc_s.so.1, not part of glibc",
            "link libstdc++.so.6, libgcc_s.so.1 as an archive (-Wl,-Bstatic -lNAME -Wl,-Bdynamic; for C++ "
            "-static-libstdc++ -static-libgcc; a library of the project itself with CMake's BUILD_SHARED_LIBS=OFF, "
            "Meson's default_library=static or configure's --disable-shared), or allow by name: --allow libstdc++.so.6 "
            "--allow libgcc_s.so.1",
        ),
    )


@pytest.mark.parametrize(
    ("made", "mode", "fix"),
    [
        (MUSL, "static", "use -static -no-pie, or a GCC built for musl"),
        (GLIBC, "static", "link for a musl target with -static (or -static-pie)"),
        (STATIC, "mostly_static", "link without -static"),
        (STATIC, "dynamic", "link without -static"),
        (LIBRARY, "static", "audit the program, not the library"),
        (Elf(needed=("libc.so.6",)), "mostly_static", "with the compiler driver"),
        (Elf(interp=interp("/x/ld-linux-x86-64.so.2")), "mostly_static", "--dynamic-linker"),
    ],
)
def test_the_fix_fits_the_fault(made: Elf, mode: LinkMode, fix: str) -> None:
    (failure,) = failures(made, Expectations(mode=mode))
    assert fix in failure.fix


@pytest.mark.parametrize(
    ("made", "machine"),
    [
        (STATIC, "x86_64"),
        (LIBRARY, "x86_64"),
        (Elf(bits=32), "x32"),
        (Elf(machine=183), "aarch64"),
        (Elf(machine=183, big=True), "aarch64_be"),
        (Elf(machine=9999), None),
    ],
)
def test_only_the_machine_of_the_file_holds(made: Elf, machine: str | None) -> None:
    asked = ("x86_64", "x32", "i386", "aarch64", "aarch64_be")
    assert [one for one in asked if not failures(made, Expectations(machine=one))] == ([machine] if machine else [])


@pytest.mark.parametrize(
    ("made", "held"),
    [
        (STATIC, {"musl"}),
        (MUSL, {"musl"}),
        (STATIC_GLIBC, {"glibc"}),
        (GLIBC, {"glibc"}),
        (LIBRARY, {"glibc"}),
        (Elf(interp=interp("/nix/store/x/lib/ld-musl-x86_64.so.1")), {"musl"}),
        # Nothing contradicts: Go's static program, a start of its own, libraries that name no libc.
        (Elf(notes=GO_NOTE), {"musl", "glibc"}),
        (Elf(), {"musl", "glibc"}),
        (Elf(type=DYN), {"musl", "glibc"}),
        (Elf(type=DYN, needed=("libz.so.1",)), {"musl", "glibc"}),
        # A loader of another libc does, whatever is needed.
        (Elf(interp=interp("/system/bin/linker64"), needed=("libc.so",)), set()),
        (Elf(interp=interp("/system/bin/linker64")), set()),
    ],
)
def test_which_libc_holds(made: Elf, held: set[str]) -> None:
    libcs: tuple[KnownLibc, ...] = ("musl", "glibc")
    assert {libc for libc in libcs if not failures(made, Expectations(libc=libc))} == held


def test_the_wrong_platform_is_told_first_with_its_evidence() -> None:
    wanted = Expectations(mode="static", machine="aarch64", libc="musl")
    machine, libc, mode = failures(GLIBC, wanted)
    assert (machine.check, machine.expected, machine.found) == (
        "--machine aarch64",
        "built for aarch64",
        "built for x86_64 (64-bit little-endian)",
    )
    assert (libc.check, libc.expected, libc.found) == (
        "--libc musl",
        "musl as its libc, or none at all in a file without an interpreter (PT_INTERP)",
        f"glibc (interpreter {GLIBC_LOADER})",
    )
    assert machine.fix == libc.fix
    assert "--toolchain_resolution_debug=" in libc.fix
    assert mode.check == "--expect static"
    (other,) = failures(Elf(machine=9999, big=True), Expectations(machine="x86_64"))
    assert other.found == "built for machine 9999 (64-bit big-endian)"


def test_static_glibc_fails_unless_it_is_overridden() -> None:
    (failure,) = failures(STATIC_GLIBC, Expectations(mode="static"))
    assert failure.found == "static with glibc inside (note NT_GNU_ABI_TAG, which glibc's crt1.o brings)"
    assert "NSS, iconv and locale modules with dlopen" in failure.fix
    assert failure.fix.endswith("--allow-static-glibc")
    assert failures(STATIC_GLIBC, Expectations(mode="static", allow_static_glibc=True)) == ()
    assert failures(CPP, Expectations(mode="static", allow_static_glibc=True))


def test_allow_list_of_a_dynamic_program() -> None:
    assert failures(CPP, Expectations(mode="dynamic", allow=("libstdc++.so.6", "libgcc_s.so.1"))) == ()
    (failure,) = failures(CPP, Expectations(mode="dynamic", allow=("libstdc++.so.6",)))
    assert (failure.check, failure.found) == ("--allow", "needs libgcc_s.so.1")
    assert failures(CPP, Expectations(allow=("libstdc++.so.6",))) == ()


@pytest.mark.parametrize(
    ("versions", "limit", "found"),
    [
        (("GLIBC_2.2.5", "GLIBC_2.28"), "2.28", None),
        (("GLIBC_2.28", "GLIBC_2.29"), "2.28", "needs GLIBC_2.29 of libc.so.6"),
        (("GLIBC_2.9",), "2.17", None),
        (("GLIBC_2.34",), "2.9", "needs GLIBC_2.34 of libc.so.6"),
        (("GLIBC_ABI_DT_RELR",), "2.36", None),
        (("GLIBC_ABI_DT_RELR",), "2.35", "needs GLIBC_ABI_DT_RELR of libc.so.6"),
        (("GLIBC_PRIVATE",), "2.99", "needs GLIBC_PRIVATE of libc.so.6"),
        (("GLIBC_ABI_OF_THE_FUTURE",), "2.99", "needs GLIBC_ABI_OF_THE_FUTURE of libc.so.6"),
        (("GLIBCXX_3.4.32", "XCRYPT_2.0"), "2.17", None),
    ],
)
def test_max_glibc(versions: tuple[str, ...], limit: str, found: str | None) -> None:
    made = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), needs=(("libc.so.6", versions),))
    failed = failures(made, Expectations(max_glibc=limit))
    assert [failure.found for failure in failed] == ([found] if found else [])
    assert all(failure.fix.startswith(f"link against glibc {limit} or older") for failure in failed)


def test_max_glibc_holds_for_what_needs_no_glibc() -> None:
    assert failures(STATIC, Expectations(max_glibc="2.17")) == failures(MUSL, Expectations(max_glibc="2.17")) == ()


def test_deny_rpath() -> None:
    made = Elf(interp=interp(GLIBC_LOADER), needed=("libc.so.6",), rpath="/opt/a", runpath="$ORIGIN")
    assert failures(made, Expectations()) == ()
    (failure,) = failures(made, Expectations(deny_rpath=True))
    assert failure.found == "DT_RPATH /opt/a; DT_RUNPATH $ORIGIN"
    assert failures(GLIBC, Expectations(deny_rpath=True)) == ()


def test_every_failure_is_told_at_once() -> None:
    made = Elf(interp=interp(GLIBC_LOADER), needed=("libz.so.1",), rpath="/x", needs=(("libc.so.6", ("GLIBC_2.34",)),))
    wanted = Expectations(mode="static", max_glibc="2.17", deny_rpath=True)
    assert [failure.check for failure in failures(made, wanted)] == [
        "--expect static",
        "--max-glibc 2.17",
        "--deny-rpath",
    ]

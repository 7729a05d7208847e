"""Which archives a Rust toolchain is made of, and what is said when one is missing."""

import msgspec
import pytest
from resolving import ARM, X86, ZIG, catalog, config, entry, pin

from linkmode.catalog.pins import Catalog
from linkmode.generate.context import bazel_context
from linkmode.lock.preference import Preference
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model.values import Lock, Pin

MUSL, GNU, ARM_MUSL = "x86_64-linux-musl", "x86_64-linux-gnu.2.28", "aarch64-linux-musl"
HOST = "x86_64-linux-gnu.2.17"


def archive(
    layout: str, *targets: str, runs_on: str | None = None, source: str = "upstream", version: str = "1.97.0"
) -> Pin:
    made = pin("rust", version, runs_on, *targets, layout=layout, source=source)
    # digests that differ where names are made of them: in front
    return msgspec.structs.replace(made, sha256=made.checksum.hex[::-1])


def rust(*pins: Pin) -> Catalog:
    return catalog(ZIG, entry("rust", "language", *pins))


def locked(archives: Catalog, *targets: str, source: str = "upstream", execs: str = f'["{X86}"]') -> Lock:
    asked = config(("zig", "~=0.15.2", list(targets)), more='[language]\nrust = ">=1"\n', execs=execs)
    return resolve(asked, archives, Preference({"rust": source} if source != "upstream" else {}))


def parts(lock: Lock) -> list[tuple[str, str, str]]:
    return [(part.role, part.exec, part.target) for part in lock.parts]


RUSTC, STD = archive("rustc", runs_on=X86), archive("rust-std", HOST)
SOURCES = archive("rust-src")
IN_PARTS = [archive("rust-sysroot", HOST, runs_on=X86, source="pypi") for _ in range(3)]
ZSTD = archive("zstd", source="pypi")


def test_a_compiler_and_a_std_for_each_target() -> None:
    lock = locked(rust(RUSTC, STD, archive("rust-std", MUSL)), MUSL, GNU)
    assert parts(lock) == [("rustc", X86, ""), ("host-std", X86, ""), ("std", "", MUSL), ("std", "", GNU)]
    assert lock.parts[1].artifact == lock.parts[3].artifact


def test_a_compiler_in_parts_brings_its_own_std() -> None:
    lock = locked(rust(*IN_PARTS, ZSTD), GNU, source="pypi")
    assert parts(lock) == [*[("sysroot", X86, "")] * 3, ("zstd", X86, "")]
    assert [part.artifact.rpartition("-")[2] for part in lock.parts[1:3]] == [
        pin.checksum.hex[:8] for pin in IN_PARTS[1:]
    ]


def test_a_part_of_ones_own_stands_for_the_one_of_that_name() -> None:
    own = msgspec.structs.replace(IN_PARTS[0], source="user", sha256="f" * 64)
    lock = locked(rust(own, *IN_PARTS, ZSTD), GNU, source="pypi")
    assert len([artifact for artifact in lock.artifacts if artifact.layout == "rust-sysroot"]) == 3
    assert any(artifact.checksum.hex == "f" * 64 for artifact in lock.artifacts)


def test_std_is_built_from_its_sources_where_there_is_no_prebuilt_one() -> None:
    lock = locked(rust(RUSTC, STD, archive("rust-std", MUSL), SOURCES), MUSL, ARM_MUSL)
    assert parts(lock)[2:] == [("std", "", MUSL), ("src", "", ARM_MUSL)]


def test_a_libc_for_the_compiler_itself() -> None:
    own = archive("rustc-libc", runs_on=X86, source="user")
    assert ("libc", X86, "") in parts(locked(rust(own, RUSTC, STD), GNU))


@pytest.mark.parametrize(
    ("archives", "target", "reason"),
    [
        ([STD], GNU, "no rustc that runs on x86_64-linux"),
        ([RUSTC], GNU, "no std for x86_64-unknown-linux-gnu, which macros are compiled for"),
        (
            [RUSTC, STD],
            MUSL,
            "no std for x86_64-linux-musl, and no rust-src to build it from: give one as a [[pin]] "
            "(`linkmode catalog add URL` prints one), or lock the Rust project's own archives by "
            "`linkmode lock --source rust=upstream`",
        ),
        (
            [
                archive("rustc", runs_on=X86, version="1.90.0"),
                archive("rust-std", HOST, version="1.90.0"),
                archive("rust-src", version="1.90.0"),
            ],
            MUSL,
            "no std for x86_64-linux-musl, and linkmode builds it from rust-src 1.97 only",
        ),
    ],
)
def test_what_is_missing_is_named(archives: list[Pin], target: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        locked(rust(*archives), target)
    assert caught.value.problem == (
        "linkmode.toml: language.rust: no version of rust that satisfies '>=1' can do all that is asked:\n"
        f"  {archives[0].version}: {reason}"
    )


def test_parts_without_what_unpacks_them_are_no_compiler() -> None:
    with pytest.raises(ConfigError, match=r"1.97.0: no rustc that runs on x86_64-linux"):
        locked(rust(*IN_PARTS), GNU, source="pypi")


def test_a_toolchain_for_macros_comes_last_and_fits_any_libc() -> None:
    lock = locked(rust(RUSTC, STD, archive("rust-std", MUSL)), MUSL)
    toolchains = bazel_context(lock)["languages"]["rust"]  # type: ignore[index]
    assert [toolchain["name"] for toolchain in toolchains] == [
        "rust_x86_64-linux_to_x86_64-linux-musl",
        "rust_x86_64-linux_to_itself",
    ]
    assert toolchains[1]["target_constraints"] == toolchains[1]["exec_constraints"]
    assert "std" not in toolchains[1]["parts"]
    assert bazel_context(lock)["toolchain_targets"][-1] == "//rust:rust_x86_64-linux_to_itself"  # type: ignore[index]


def test_every_exec_platform_has_its_own_compiler() -> None:
    both = rust(RUSTC, STD, archive("rustc", runs_on=ARM), archive("rust-std", "aarch64-linux-gnu.2.17"))
    lock = locked(both, GNU, execs=f'["{X86}", "{ARM}"]')
    assert parts(lock)[:4] == [("rustc", X86, ""), ("host-std", X86, ""), ("rustc", ARM, ""), ("host-std", ARM, "")]
    with pytest.raises(ConfigError, match=r"1.97.0: no rustc that runs on aarch64-linux"):
        locked(rust(RUSTC, STD), GNU, execs=f'["{X86}", "{ARM}"]')

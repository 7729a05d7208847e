"""What an OCaml toolchain is made of, which releases the rules know, and what is said of others."""

import pytest
from resolving import X86, ZIG, catalog, config, entry, pin

from linkmode.generate.context import bazel_context
from linkmode.generate.render import render
from linkmode.languages import ocaml
from linkmode.lock.preference import Preference
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model import resources
from linkmode.model.values import Lock

MUSL, GNU, ARM_MUSL = "x86_64-linux-musl", "x86_64-linux-gnu.2.28", "aarch64-linux-musl"


def locked(*versions: str, targets: tuple[str, ...] = (MUSL,), execs: str = f'["{X86}"]') -> Lock:
    pins = [pin("ocaml", version, None, layout="ocaml") for version in versions]
    asked = config(("zig", "~=0.15.2", list(targets)), more='[language]\nocaml = ">=4"\n', execs=execs)
    return resolve(asked, catalog(ZIG, entry("ocaml", "language", *pins)), Preference({}))


def test_one_archive_of_sources_serves_every_target() -> None:
    lock = locked("5.4.0", targets=(MUSL, GNU, ARM_MUSL))
    assert [(part.role, part.artifact, part.exec, part.target) for part in lock.parts] == [
        ("source", "ocaml-5.4.0", "", "")
    ]


def test_a_toolchain_for_each_target_and_none_for_the_exec_platform_itself() -> None:
    lock = locked("5.4.0", targets=(GNU, ARM_MUSL))
    toolchains = bazel_context(lock)["languages"]["ocaml"]  # type: ignore[index]
    assert [(row["exec"], row["target"], row["parts"]) for row in toolchains] == [
        (X86, GNU, {"source": ["linkmode_ocaml-5.4.0"]}),
        (X86, ARM_MUSL, {"source": ["linkmode_ocaml-5.4.0"]}),
    ]


def test_the_newest_release_that_the_rules_know() -> None:
    assert locked("5.4.0", "5.3.0", "4.14.2", "5.9.0").parts[0].artifact == "ocaml-5.4.0"


def test_the_line_before_domains() -> None:
    assert locked("4.14.2").parts[0].artifact == "ocaml-4.14.2"


@pytest.mark.parametrize("version", ["4.13.1", "5.2.1", "6.0.0"])
def test_a_release_that_the_rules_do_not_know_is_refused_with_those_that_they_know(version: str) -> None:
    line = version.rpartition(".")[0]
    with pytest.raises(ConfigError, match=rf"linkmode builds OCaml 4\.14, 5\.3 and 5\.4 from its sources, not {line}"):
        locked(version)


def test_the_rules_get_the_line_that_is_locked_and_no_other() -> None:
    releases = bazel_context(locked("4.14.2"))["releases"]
    assert releases["ocaml"] == {"4.14": ocaml.LANGUAGE.lines["4.14"]}  # type: ignore[index]


def test_sources_are_for_every_exec_platform() -> None:
    assert not ocaml.OCaml().refuses([pin("ocaml", "5.3.0", None)], ["x86_64-linux", "aarch64-linux"], [])


ARMV7, RISCV64 = "armv7-linux-musl", "riscv64-linux-gnu.2.28"


def test_a_target_that_ocaml_makes_nothing_for_says_why_when_it_is_used() -> None:
    targets = (MUSL, ARMV7, RISCV64)
    lock = locked("5.4.0", targets=targets)
    toolchains = bazel_context(lock)["languages"]["ocaml"]  # type: ignore[index]
    assert {one["target"]: one["refused"] for one in toolchains} == {
        MUSL: "",
        ARMV7: "OCaml 5 has no native code for 32-bit CPUs",
        RISCV64: "linkmode builds OCaml without its configure script, and has done so for x86_64 and aarch64 only",
    }
    asked = config(("zig", "~=0.15.2", list(targets)))
    tree = render(asked, lock, resources.templates())
    [build] = [content.decode() for path, content in tree.items() if str(path) == "ocaml/BUILD.bazel"]
    assert build.count("ocaml_no_toolchain(") == 2
    assert build.count("ocaml_stdlib(") == 1
    assert 'why = "OCaml 5 has no native code for 32-bit CPUs"' in build


def test_where_no_target_has_ocaml_the_lock_says_why() -> None:
    with pytest.raises(ConfigError, match="no native code for 32-bit CPUs: add a target for x86_64 or aarch64 to a"):
        locked("5.4.0", targets=(ARMV7,))

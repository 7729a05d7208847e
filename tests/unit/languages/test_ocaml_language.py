"""What an OCaml toolchain is made of, which releases the rules know, and what is said of others."""

import pytest
from resolving import X86, ZIG, catalog, config, entry, pin

from linkmode.generate.context import bazel_context
from linkmode.languages import ocaml
from linkmode.lock.preference import Preference
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
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

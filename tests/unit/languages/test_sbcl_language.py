"""What a toolchain of SBCL is made of, which releases the rules know, and what is said of others."""

import pytest
from resolving import ARM, X86, ZIG, catalog, config, entry, pin

from linkmode.generate.context import bazel_context
from linkmode.generate.render import render
from linkmode.lock.preference import Preference
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model import resources
from linkmode.model.values import Lock, Pin

MUSL, GNU, ARM_MUSL = "x86_64-linux-musl", "x86_64-linux-gnu.2.28", "aarch64-linux-musl"


def sources(version: str = "2.5.2") -> Pin:
    return pin("sbcl", version, None, layout="sbcl")


def host(exec_platform: str = X86, version: str = "2.5.2") -> Pin:
    return pin("sbcl", version, exec_platform, layout="sbcl-host")


def locked(*pins: Pin, targets: tuple[str, ...] = (MUSL,), execs: str = f'["{X86}"]') -> Lock:
    asked = config(("zig", "~=0.15.2", list(targets)), more='[language]\nsbcl = ">=2"\n', execs=execs)
    return resolve(asked, catalog(ZIG, entry("sbcl", "language", *pins)), Preference({}))


def test_the_sources_serve_every_target_and_an_sbcl_that_runs_each_exec_platform() -> None:
    lock = locked(sources(), host(), targets=(MUSL, GNU))
    assert [(part.role, part.exec, part.target) for part in lock.parts] == [("source", "", ""), ("host", X86, "")]


def test_a_libc_of_its_own_is_a_part_where_there_is_a_pin() -> None:
    libc = pin("sbcl", "2.5.2", X86, layout="sbcl-libc")
    assert [part.role for part in locked(sources(), host(), libc).parts] == ["source", "host", "libc"]


def test_a_toolchain_for_each_target_in_the_folder_lisp() -> None:
    context = bazel_context(locked(sources(), host(), targets=(MUSL, GNU, ARM_MUSL)))
    rows = context["languages"]["sbcl"]  # type: ignore[index]
    assert [(row["exec"], row["target"]) for row in rows] == [(X86, MUSL), (X86, GNU), (X86, ARM_MUSL)]
    registered = str(context["toolchain_targets"])
    assert f"//lisp:sbcl_{X86}_to_{MUSL}" in registered
    assert "//sbcl:" not in registered


def test_the_newest_release_that_the_rules_know() -> None:
    lock = locked(sources("2.4.6"), host(version="2.4.6"), sources(), host(), sources("2.6.1"), host(version="2.6.1"))
    assert {artifact.version for artifact in lock.artifacts if artifact.family == "sbcl"} == {"2.5.2"}


@pytest.mark.parametrize("version", ["2.4.6", "2.5.11", "2.6.1", "3.0.0"])
def test_a_release_that_the_rules_do_not_know_is_refused_with_those_that_they_know(version: str) -> None:
    with pytest.raises(ConfigError, match=rf"linkmode builds SBCL 2\.5\.2 from its sources, not {version}"):
        locked(sources(version), host(version=version))


@pytest.mark.parametrize(
    ("pins", "execs", "targets", "message"),
    [
        ((host(),), [X86], (MUSL,), r"no sources of SBCL 2\.5\.2"),
        ((sources(),), [X86], (MUSL,), r"no SBCL that runs on x86_64-linux, to build this one"),
        ((sources(), host()), [X86, ARM], (MUSL, ARM_MUSL), r"no SBCL that runs on aarch64-linux"),
        ((sources(), host()), [X86], (ARM_MUSL,), r"for the CPU that it runs on: add a target for x86_64 to a"),
    ],
)
def test_what_is_missing_is_said(
    pins: tuple[Pin, ...], execs: list[str], targets: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        locked(*pins, targets=targets, execs=str(execs).replace("'", '"'))


@pytest.mark.parametrize("own_libc", [False, True])
def test_the_rules_are_written_with_and_without_a_libc_of_its_own(own_libc: bool) -> None:
    libc = [pin("sbcl", "2.5.2", X86, layout="sbcl-libc")] if own_libc else []
    lock = locked(sources(), host(), *libc)
    asked = config(("zig", "~=0.15.2", [MUSL]), more='[language]\nsbcl = ">=2"\n', execs=f'["{X86}"]')
    written = render(asked, lock, resources.templates())["lisp/BUILD.bazel"].decode()
    assert ("    libc = [" in written) == own_libc


@pytest.mark.parametrize("execs", [[X86], [X86, ARM]])
def test_what_can_build_nothing_is_written_only_where_nothing_else_can(execs: list[str]) -> None:
    lock = locked(sources(), host(), host(ARM), targets=(MUSL, ARM_MUSL), execs=str(execs).replace("'", '"'))
    asked = config(
        ("zig", "~=0.15.2", [MUSL, ARM_MUSL]),
        more='[language]\nsbcl = ">=2"\n',
        execs=str(execs).replace("'", '"'),
    )
    written = render(asked, lock, resources.templates())["lisp/BUILD.bazel"].decode()
    assert ("sbcl_x86_64-linux_to_aarch64-linux-musl" in written) == (ARM not in execs)
    assert "sbcl_aarch64-linux_to_x86_64-linux-musl" not in written
    assert ("sbcl_aarch64-linux_to_aarch64-linux-musl" in written) == (ARM in execs)

"""GraalVM: which versions, machines and targets linkmode.toml may ask for."""

import pytest
from resolving import ARM, MUSL, X86, ZIG, ZLIB, catalog, config, entry, pin

from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model.values import Lock, LockedPart

GRAALVM = entry(
    "graalvm",
    "language",
    *(pin("graalvm", version, cpu, layout="graalvm") for version in ("23.0.1", "25.3.4.1") for cpu in (X86, ARM)),
    pin("graalvm", "24.0.1", X86),
    pin("graalvm", "22.3.1", X86),
    pin("graalvm", "19.3.6", X86),
    pin("graalvm", "26.0.0", X86),
)
CATALOG = catalog(MUSL, ZIG, ZLIB, GRAALVM)


def locked(version: str, targets: list[str], execs: str = f'["{X86}"]') -> Lock:
    asked = config(("zig", "~=0.15.1", targets), more=f'[language]\ngraalvm = "{version}"\n', execs=execs)
    return resolve(asked, CATALOG)


def refusal(version: str, targets: list[str], execs: str = f'["{X86}"]') -> str:
    with pytest.raises(ConfigError) as caught:
        locked(version, targets, execs)
    return caught.value.problem


def test_an_archive_for_each_exec_platform() -> None:
    lock = locked("~=25.3.4", ["x86_64-linux-musl", "aarch64-linux-musl"], f'["{X86}", "{ARM}"]')
    assert lock.parts == (
        LockedPart(language="graalvm", role="jdk", artifact="graalvm-25.3.4.1-x86_64-linux", exec=X86),
        LockedPart(language="graalvm", role="jdk", artifact="graalvm-25.3.4.1-aarch64-linux", exec=ARM),
    )


def test_a_version_that_one_exec_platform_lacks() -> None:
    assert locked(">=23,<25", ["x86_64-linux-musl"]).parts[0].artifact == "graalvm-24.0.1-x86_64-linux"
    both = f'["{X86}", "{ARM}"]'
    assert locked(">=23,<25", ["x86_64-linux-musl"], both).parts[1].artifact == "graalvm-23.0.1-aarch64-linux"
    assert "24.0.1: no GraalVM that runs on aarch64-linux" in refusal("==24.0.1", ["x86_64-linux-musl"], both)


@pytest.mark.parametrize("version", ["19.3.6", "26.0.0"])
def test_a_version_whose_options_are_not_known(version: str) -> None:
    assert refusal(f"=={version}", ["x86_64-linux-musl"]).endswith(
        f"linkmode knows the native-image of GraalVM for JDK 17, 20, 21, 22, 23, 24 and 25, not of {version}"
    )


def test_a_version_whose_archive_has_no_native_image() -> None:
    assert refusal("==22.3.1", ["x86_64-linux-musl"]).endswith(
        "  22.3.1: GraalVM 22.3.1 has native-image as a component of its own, which no archive holds"
    )


def test_targets_of_another_cpu_only() -> None:
    problem = refusal("==23.0.1", ["aarch64-linux-musl"])
    assert problem.endswith(
        "native-image makes executables for the CPU that it runs on: add a target for x86_64 to a [[toolchain]]"
    )

"""Which pins no lock can name, and why: held to the resolver itself, for every pin of the catalogue."""

import pytest
from click.testing import CliRunner
from resolving import catalog, config, entry, pin

from linkmode.catalog.pins import FamilyEntry, load
from linkmode.cli.catalog import command
from linkmode.lock.resolve import Preference, resolve
from linkmode.lock.unnamed import why
from linkmode.messages import ConfigError
from linkmode.model import resources
from linkmode.model.cpus import CPUS
from linkmode.model.target import EXEC_PLATFORMS
from linkmode.model.values import Pin

CATALOGUE = load(resources.catalogue())
TARGETS = [
    *(f"{cpu}-linux-musl" for cpu in CPUS),
    *(f"{cpu}-linux-gnu.{row.usual_glibc}" for cpu, row in CPUS.items()),
]
# whatever a lock asks for, it needs a compiler for the exec platform
ZIG = entry("zig", "toolchain", *(pin("zig", "0.15.2", exec_platform) for exec_platform in EXEC_PLATFORMS))


def locked(one: FamilyEntry) -> set[str]:
    """Return the checksums of what locks have of a family, whatever they ask for."""
    found: set[str] = set()
    for version, source in dict.fromkeys((each.version, each.source) for each in one.pins):
        preference = Preference({one.name: source} if source != "upstream" else {})
        for exec_platform in EXEC_PLATFORMS:
            for target in TARGETS:
                asked = [("zig", ">=0", [target])]
                more = ""
                if one.kind == "toolchain":
                    asked = [(one.name, f"=={version}", [target])]
                    if one.name != "zig":
                        asked.append(("zig", ">=0", [f"{exec_platform}-musl"]))
                else:
                    more = f'[{one.kind}]\n{one.name} = "=={version}"\n'
                known = catalog(one) if one.name == "zig" else catalog(one, ZIG)
                try:
                    lock = resolve(config(*asked, more=more, execs=f'["{exec_platform}"]'), known, preference)
                except ConfigError:
                    continue
                found |= {each.sha256 or str(each.sha512) for each in lock.artifacts if each.family == one.name}
                if one.kind == "library":
                    break
    return found


@pytest.mark.parametrize("name", CATALOGUE.families)
def test_a_pin_has_a_reason_or_a_lock_has_it(name: str) -> None:
    one = CATALOGUE.families[name]
    has = locked(one)
    told = {each.file: why(each, one) for each in one.pins}
    assert {each.file for each in one.pins if not told[each.file]} == {
        each.file for each in one.pins if (each.sha256 or str(each.sha512)) in has
    }


def reason(file: str) -> str:
    return next(why(each, one) for one in CATALOGUE.families.values() for each in one.pins if each.file == file)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("zig-aarch64-macos-0.15.2.tar.xz", "runs on aarch64-macos; linkmode runs compilers on x86_64 and aarch64"),
        ("riscv64-linux-musl-native.tgz", "runs on riscv64-linux"),
        ("sh4-linux-musl-cross.tgz", "makes sh4-linux-musl, and no CPU of linkmode is called that"),
        ("x86_64-linux-musl-native.tgz", "x86_64-linux-musl-cross.tgz, which makes the same, is taken"),
        ("zig-linux-x86_64-0.13.0.tar.xz", "linkmode knows how to build with Zig 0.14 to 0.17, not with 0.13.0"),
        ("zlib-1.3.1.tar.xz", "zlib-1.3.1.tar.gz, of the same version, is taken"),
        ("riscv64-linux-musl-cross.tgz", ""),
        ("armv7l-linux-musleabihf-cross.tgz", ""),
    ],
)
def test_the_reasons(file: str, words: str) -> None:
    found = reason(file)
    assert found.startswith(words)
    assert bool(found) is bool(words)


def test_the_list_says_it() -> None:
    said = CliRunner().invoke(command, ["list", "--family", "musl.cc"]).output.splitlines()
    assert said[0].endswith("why no lock has it")
    assert next(line for line in said if "sh4" in line).endswith("no CPU of linkmode is called that")
    assert next(line for line in said if " riscv64-linux-musl-cross" in line).endswith("-")
    shown = CliRunner().invoke(command, ["show", "zig", "0.13.0"]).output
    assert "not with 0.13.0" in shown


def test_a_language_of_no_use_says_what_its_rules_say() -> None:
    old: Pin = pin("go", "1.22.0", "x86_64-linux")
    assert "need Go 1.24 or newer" in why(old, entry("go", "language", old))

"""The first linkmode.toml of a repository: the newest sound compiler there is, and what the repository shows."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from linkmode.catalog import pins as catalogs
from linkmode.config import bazel, buck2, starter, surroundings
from linkmode.families import FAMILIES
from linkmode.model import field_rules, resources
from linkmode.model.values import EXEC_PLATFORMS, Pin, Target


class Proposal(msgspec.Struct, frozen=True):
    """A linkmode.toml, a summary of it in half a sentence, and what was seen of the repository."""

    text: str
    summary: str
    remarks: tuple[str, ...]


def propose(root: Path, machine: str, family: str, targets: Sequence[str], output: str) -> Proposal:
    """Return what to write for the repository at ``root``, on a machine such as ``x86_64-linux``.

    Without ``targets`` they are those of the machine's CPU. The configuration reports what is wrong with one.
    """
    catalog = catalogs.on_demand(resources.catalogue())
    host = next((one for one in EXEC_PLATFORMS if one == machine), EXEC_PLATFORMS[0])
    chosen = FAMILIES[family]
    wanted = list(targets) or [f"{host.cpu}-linux-{libc}" for libc in chosen.suggested_libcs]
    parsed = [Target(text) for text in wanted if not field_rules.target(text)]
    possible = [target for target in parsed if not chosen.refuses(target)]

    def makes_all(version: str, pins: Sequence[Pin]) -> bool:
        return all(not chosen.refuses(target, version) and chosen.pins_for(pins, host, target) for target in possible)

    version = catalog.starting_version(family, makes_all) or catalog.starting_version(family, lambda *_: True)
    around = surroundings.look(root)
    text = starter.starter_config(family, f"~={version}", wanted, output, host, around)
    remarks = [f"{file} is here: linkmode.toml has a line for {name}, to uncomment" for name, file in _seen(around)]
    if known := catalog.advisories_for(family, version):
        remarks.append(
            f"every {family} of the catalogue has known vulnerabilities, {family} {version} these: "
            f"{', '.join(advisory.id for advisory in known)}"
        )
    if buck2.is_root(root):
        remarks.append(f"{buck2.CONFIG} is here: the rules are for {' and '.join(around.build_systems)}")
    elif not bazel.is_root(root):
        remarks.append("no MODULE.bazel and no WORKSPACE is here: without Bazel, `linkmode exec` runs build tools")
    return Proposal(text, f"{family} {version} for {' and '.join(wanted)}", tuple(remarks))


def _seen(around: surroundings.Surroundings) -> list[tuple[str, str]]:
    return [*around.languages.items(), *around.rule_sets.items()]

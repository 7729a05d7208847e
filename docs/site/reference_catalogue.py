"""The families and advisories of the catalogue, from the catalogue as it is shipped."""

from mdtable import code, table
from packaging.version import Version

from linkmode.catalog.pins import Catalog, FamilyEntry, load
from linkmode.families import FAMILIES
from linkmode.model import resources
from linkmode.model.values import Target


def families() -> str:
    """Return a row for each family, with the versions that linkmode does not build with, if there are any."""
    catalog = load(resources.catalogue())
    rows = []
    for name, family in sorted(catalog.families.items()):
        used, refused = _versions(family)
        shown = ", ".join(used) + (
            f" (pinned, and refused by `linkmode lock`: {', '.join(refused)})" if refused else ""
        )
        execs = sorted({one.exec for one in family.pins if one.exec})
        sources = sorted({one.source for one in family.pins})
        rows.append((code(name), family.kind, str(len(family.pins)), shown, ", ".join(execs), ", ".join(sources)))
    return table(("family", "kind", "pins", "versions", "exec platforms", "sources"), rows)


def advisories() -> str:
    """Return a row for each published vulnerability of a pinned family."""
    catalog: Catalog = load(resources.catalogue())
    rows = [
        (code(name), f"[{one.id}]({one.url})", code(one.affects), one.fixed_in or "none", one.summary)
        for name, family in sorted(catalog.families.items())
        for one in family.advisories
    ]
    return table(("family", "id", "affects", "fixed in", "summary"), rows)


def _versions(family: FamilyEntry) -> tuple[list[str], list[str]]:
    """The versions of a family, oldest first: those that rules can be generated for, and those that are refused."""
    versions = sorted({one.version for one in family.pins}, key=Version)
    known = FAMILIES.get(family.name)
    refused = [version for version in versions if known and known.refuses(_TARGET, version)]
    return [version for version in versions if version not in refused], refused


_TARGET = Target("x86_64-linux-musl")

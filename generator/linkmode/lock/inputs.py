"""Reads what a lock is resolved from: linkmode.toml, and the catalogue with the user's own pins."""

from pathlib import Path

import msgspec

from linkmode.catalog import pins as catalogs
from linkmode.catalog.pins import Catalog
from linkmode.config import document as configs
from linkmode.config.document import Config
from linkmode.model import resources


class Inputs(msgspec.Struct, frozen=True):
    """linkmode.toml, and the catalogue with its pins."""

    config: Config
    catalog: Catalog


def load(root: Path) -> Inputs:
    """Return what linkmode.toml in ``root`` and the catalogue say. Raises ConfigError with every problem."""
    config = configs.load(root / configs.FILE)
    return Inputs(config, catalogs.with_pins(catalogs.on_demand(resources.catalogue()), config.pins))

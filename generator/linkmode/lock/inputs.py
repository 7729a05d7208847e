"""Reads what a lock is resolved from: linkmode.toml, and the catalogue with the user's own pins."""

from pathlib import Path

import msgspec

from linkmode.catalog import pins as catalogs
from linkmode.catalog.pins import Catalog
from linkmode.config import document as configs
from linkmode.config.document import Config
from linkmode.model import resources
from linkmode.model.issues import Source


class Inputs(msgspec.Struct, frozen=True):
    """linkmode.toml, and the catalogue with its pins. ``source`` is linkmode.toml as a file, for messages."""

    config: Config
    catalog: Catalog
    source: Source = Source()


def load(root: Path) -> Inputs:
    """Return what linkmode.toml in ``root`` and the catalogue say. Raises ConfigError with every problem."""
    path = root / configs.FILE
    config, text = configs.load_with_text(path)
    source = Source(str(path), text)
    return Inputs(config, catalogs.with_pins(catalogs.on_demand(resources.catalogue()), config.pins, source), source)

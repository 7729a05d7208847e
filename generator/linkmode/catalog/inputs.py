"""What a lock is resolved from."""

import msgspec

from linkmode.catalog.pins import Catalog
from linkmode.config.document import Config
from linkmode.model.issues import Source


class Inputs(msgspec.Struct, frozen=True):
    """linkmode.toml, and the catalogue with the user's own pins. ``source`` is the file, for messages."""

    config: Config
    catalog: Catalog
    source: Source = Source()

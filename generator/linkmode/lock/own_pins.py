"""The pins of linkmode.toml beside those of the catalogue, and how one is added to either."""

from pathlib import Path

from linkmode.catalog import pins as catalogs
from linkmode.catalog.pins import Catalog
from linkmode.config import document as configs
from linkmode.messages import ConfigError
from linkmode.model import textfile
from linkmode.model.issues import Source
from linkmode.model.values import Pin


def known_pins(root: Path, catalog: Catalog) -> tuple[Pin, ...]:
    """Return the pins of ``catalog``, and before them those of linkmode.toml, where there is one in ``root``."""
    path = root / configs.FILE
    own = configs.load(path).pins if path.exists() else ()
    return (*own, *(pin for entry in catalog.families.values() for pin in entry.pins))


def add_pin(file: Path, entry: str, catalog: Catalog) -> None:
    """Add ``entry``, the text of a ``[[pin]]``, at the end of a linkmode.toml or of a file of the catalogue.

    Raises:
        ConfigError: the file cannot be read, or would not be what it must be with the entry; nothing was written.
    """
    try:
        old = textfile.read(file)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{file} does not exist", expected="a file of pins", hint="name a linkmode.toml, or a file of the catalogue"
        ) from error
    except textfile.UnusableError as error:
        raise ConfigError(
            f"{file} {error.problem}",
            expected="a text in UTF-8",
            hint="name a linkmode.toml, or a file of the catalogue, in UTF-8",
        ) from error
    new = f"{old.rstrip()}\n\n{entry}"
    if any(line.startswith("schema") for line in old.splitlines()):
        catalogs.parse(new, str(file))
    else:
        catalogs.with_pins(catalog, configs.parse(new, where=str(file)).pins, Source(str(file)))
    textfile.replace(file, new.encode())

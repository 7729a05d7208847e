"""Turns an archive into a pin and writes it to a file."""

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from linkmode.catalog import pins as catalogs
from linkmode.catalog.pins import Catalog
from linkmode.config import document as configs
from linkmode.messages import ConfigError
from linkmode.model import textfile
from linkmode.model.values import Pin

if TYPE_CHECKING:
    from linkmode.model.survey import Measured


def measure(archive: Path, file: str, family: str | None) -> "Measured":
    """Read what an archive says of itself; ``file`` is its name, ``family`` what to take it for, found when None.

    Raises:
        UsageError: there is no such family.
        IntegrityError: it is no archive, or one that is not to be trusted.
        ConfigError: it has no layout that is known.
    """
    # Imported where they are needed: no other step waits for them.
    from linkmode.audit.read import elf
    from linkmode.audit.read.image import NotAudited
    from linkmode.catalog.measure import recognise, survey
    from linkmode.model.survey import Tool, label

    def judge(stream: BinaryIO, size: int) -> Tool | None:
        try:
            facts = elf.facts(stream, size)
        except NotAudited:
            return None
        return Tool(facts.machine, facts.interpreter is None and not facts.needed)

    return recognise(survey(archive, file, version=label(file), judge=judge), family)


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
        raise ConfigError(f"{file} does not exist", hint="name a linkmode.toml, or a file of the catalogue") from error
    except textfile.UnusableError as error:
        raise ConfigError(
            f"{file} {error.problem}", hint="name a linkmode.toml, or a file of the catalogue, in UTF-8"
        ) from error
    new = f"{old.rstrip()}\n\n{entry}"
    if any(line.startswith("schema") for line in old.splitlines()):
        catalogs.parse(new, str(file))
    else:
        catalogs.with_pins(catalog, configs.parse(new, where=str(file)).pins, str(file))
    textfile.replace(file, new.encode())

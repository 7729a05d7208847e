"""A stranger: one project of other people, by the TOML file that describes it."""

import re
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

PROJECTS = Path(__file__).parent / "projects"

Registry = Literal["debian", "debian-binary", "pypi", "cargo", "go", "npm", "maven"]
Mode = Literal["static", "mostly_static", "dynamic"]


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a registry. ``file`` is its name there; ``suite`` is Debian's.

    ``into`` is the folder that it is unpacked into, ``strip`` how many leading folders of its members go. A file with
    ``unpack = false`` is copied.
    """

    registry: Registry
    package: str
    version: str
    file: str
    sha256: str
    suite: str = "bookworm"
    into: str = "."
    strip: int = 1
    unpack: bool = True


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What both kinds of rows share. ``waits`` is a regular expression of the message that the row ends with today."""

    waits: str = ""
    why: str = ""
    slice: bool = False
    """Whether CI runs this row."""


class Build(Check, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One build by `linkmode exec`.

    ``before`` are commands without linkmode, ``commands`` those by it; ``folder`` is where they run. ``environment`` is
    what the user of that build system would set. ``variant`` tells rows of one toolchain, target and mode apart.
    """

    toolchain: Literal["zig", "gcc"]
    target: str
    mode: Mode
    commands: tuple[str, ...]
    products: tuple[str, ...] = ()
    variant: str = ""
    before: tuple[str, ...] = ()
    folder: str = "."
    environment: dict[str, str] = msgspec.field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    """Of linkmode audit, in the place of ``--expect MODE``."""
    run: str = ""
    prints: str = ""
    exit: int = 0

    @property
    def label(self) -> str:
        """The row in the table."""
        return f"{self.toolchain} {self.target} {self.mode}" + (f", {self.variant}" if self.variant else "")


class Audit(Check, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call of `linkmode audit` on what was fetched."""

    file: str
    arguments: tuple[str, ...] = ()
    exit: int = 0
    says: str = ""

    @property
    def label(self) -> str:
        """The row in the table."""
        return " ".join(["audit", *self.arguments])


class Stranger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """One project. ``written`` are small files of ours, by path."""

    stands_for: str
    licence: str
    file: tuple[File, ...]
    written: dict[str, str] = msgspec.field(default_factory=dict)
    build: tuple[Build, ...] = ()
    audit: tuple[Audit, ...] = ()
    name: str = ""

    @property
    def checks(self) -> tuple[Build | Audit, ...]:
        """Return every row that can hold or not."""
        return (*self.build, *self.audit)

    @property
    def version(self) -> str:
        """Return the version of the first file, which is the project's."""
        return self.file[0].version


def load(path: Path) -> Stranger:
    """Read one file. Raises ValueError with the path, the key and what is wrong."""
    try:
        found = msgspec.convert({**tomllib.loads(path.read_text(encoding="utf-8")), "name": path.stem}, Stranger)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    if not found.checks:
        raise ValueError(f"{path.name}: has neither [[build]] nor [[audit]]")
    told = [(check.label, check.file if isinstance(check, Audit) else "") for check in found.checks]
    for label, file in told:
        if told.count((label, file)) > 1:
            raise ValueError(f"{path.name}: {label}: two rows of one name: tell them apart by variant")
    for check in found.checks:
        if bool(check.waits) != bool(check.why):
            raise ValueError(f"{path.name}: {check.label}: waits and why go together")
        for pattern in (check.waits, check.prints if isinstance(check, Build) else check.says):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(
                    f"{path.name}: {check.label}: {pattern!r} is no regular expression: {error}"
                ) from error
    return found


def load_all(pattern: str = "*") -> list[Stranger]:
    """Read the files whose names fit ``pattern``, in their order."""
    return [load(path) for path in sorted(PROJECTS.glob(f"{pattern}.toml"))]

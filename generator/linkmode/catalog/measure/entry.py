"""The pin of a measured archive, as a value and as TOML. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import msgspec
import tomli_w

from linkmode.catalog.pins import Catalog
from linkmode.messages import ConfigError
from linkmode.model.pin_rules import pin_problems
from linkmode.model.survey import Measured
from linkmode.model.values import Pin

_ORDER = (
    *("family", "version", "file", "urls", "sha256", "size", "tree-sha256", "source", "exec", "layout", "strip-prefix"),
    *("targets", "measured", "confirmations", "confirmed-by", "notes"),
)
_SOURCES: dict[str, Literal["pypi", "goproxy"]] = {"pypi": "pypi", "goproxy": "goproxy"}
"""The source of a pin, by the scheme of its first URL, where that names one."""


def file_name(url: str) -> str:
    """Return the name of the file that a URL ends in."""
    return unquote(urlsplit(url).path).rpartition("/")[2]


def pin(measured: Measured, urls: Sequence[str], *, sha256: str, size: int, date: str, catalog: Catalog) -> Pin:
    """Return the pin of an archive that linkmode hashed on ``date``, and that nobody else confirms yet.

    Raises:
        ConfigError: what was measured and given makes no pin; has every reason.
    """
    made = Pin(
        family=measured.family,
        version=measured.version,
        file=file_name(urls[0]),
        urls=tuple(urls),
        sha256=sha256,
        size=size,
        tree_sha256=measured.tree_sha256,
        source=_SOURCES.get(urlsplit(urls[0]).scheme, "upstream"),
        exec=measured.exec,
        layout=measured.layout,
        strip_prefix=measured.strip_prefix,
        targets=measured.targets,
        measured=measured.measured,
        confirmed_by=(f"hashed by linkmode on {date}",),
    )
    problems = [
        f"{key}: {problem}" for key, problem in pin_problems(made, catalog.families[made.family].kind, shipped=False)
    ]
    if problems:
        raise ConfigError(
            "\n".join([f"{made.file} makes no pin:", *(f"  {problem}" for problem in problems)]),
            expected="for each key of a pin a value that the catalogue may have",
            hint="measure another archive, or write its [[pin]] by hand in linkmode.toml",
        )
    return made


def relations(made: Pin, known: Iterable[Pin]) -> Iterator[str]:
    """Yield a sentence for each known pin that has the same bytes, or the same tree in other bytes."""
    for other in known:
        name = f"{other.family} {other.version} {other.file}"
        if other.sha256 == made.sha256:
            yield f"same bytes as {name}, which is pinned already ({other.confirmations} confirmations)"
        elif other.tree_sha256 == made.tree_sha256:
            yield f"same tree as {name}"


def toml(made: Pin) -> str:
    """Return the entry as text that fits into linkmode.toml and into a file of the catalogue."""
    fields: dict[str, Any] = msgspec.to_builtins(made)
    fields["confirmations"] = made.confirmations
    lines = [f"{key} = {_value(key, fields[key])}\n" for key in _ORDER if fields.get(key) not in (None, "", {}, ())]
    return "".join(["[[pin]]\n", *lines])


def _value(key: str, value: Any) -> str:
    if key == "size":
        return f"{value:_}"
    if isinstance(value, dict):
        return f"{{ {', '.join(tomli_w.dumps({name: text}).strip() for name, text in value.items())} }}"
    return tomli_w.dumps({key: value}).partition(" = ")[2].strip()

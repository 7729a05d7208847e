"""Words of other tools for what linkmode.toml says: names of languages, families, libraries, and of versions. Pure."""

import re
from collections.abc import Container, Iterable

from linkmode.families import FAMILIES
from linkmode.languages import LANGUAGES
from linkmode.libraries import LIBRARIES
from linkmode.messages import did_you_mean
from linkmode.model.components import Component

_COMPONENTS: tuple[Component, ...] = (*LANGUAGES.values(), *LIBRARIES.values(), *FAMILIES.values())
_NAMES = {other: one.name for one in _COMPONENTS for other in one.also_called}
_C = ("c", "c++", "cpp", "cc", "cxx")

_NUMBER = r"\d+(?:\.\d+)*"
_ANY = ("*", "x", "any", "latest", "newest", "stable")


def canonical(name: str, known: Iterable[str]) -> str:
    """Return what ``name`` is called here, where that is one of ``known``; else ``name`` itself."""
    other = _NAMES.get(name.lower(), name.lower())
    return other if other in list(known) else name


def guess_name(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …?`` with what ``name`` is called here, or with what is spelled almost like it."""
    known = list(known)
    other = canonical(name, known)
    if name.lower() in _C and not LANGUAGES.keys().isdisjoint(known):
        return "; C and C++ need no entry: a [[toolchain]] compiles them"
    return f"; did you mean {other!r}?" if other in known else did_you_mean(name, known)


def linked_as(libraries: Container[str]) -> dict[str, str]:
    """Return those of ``libraries`` by the names that code links them by."""
    return {name: one.name for one in LIBRARIES.values() if one.name in libraries for name in one.linked_as}


def versions_meant(text: str) -> str:
    """Return the PEP 440 specifier that ``text`` means in npm, Cargo or Ruby, or in English, or an empty string.

    ``^1.2`` allows what leaves the first number that is not 0 (https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html),
    ``~1.2`` and ``~>1.2.0`` leave all but the last.
    """
    text = " ".join(text.split())
    if text.lower() in _ANY:
        return ">=0"
    if found := re.fullmatch(rf"(\^|~>?|=) ?v?({_NUMBER})", text):
        return {"^": _caret, "~": _tilde, "=": _equal}[found[1][0]](found[1], found[2])
    if found := re.fullmatch(rf"({_NUMBER})\.[x*]", text):
        return f"~={found[1]}.0"
    if found := re.fullmatch(rf"({_NUMBER}) - ({_NUMBER})", text):
        return f">={found[1]},<={found[2]}"
    parts = re.findall(rf"(?:[<>]=?|[=!]=|~=) ?{_NUMBER}", text)
    if len(parts) > 1 and "".join(parts).replace(" ", "") == re.sub(r"[ ,]", "", text):
        return ",".join(part.replace(" ", "") for part in parts)
    return ""


def _caret(operator: str, version: str) -> str:
    del operator
    numbers = version.split(".")
    leading = next((index for index, number in enumerate(numbers) if int(number)), len(numbers) - 1)
    below = [*numbers[:leading], str(int(numbers[leading]) + 1)]
    if leading == len(numbers) - 1:
        return f"~={version}.0"
    return f"~={version}" if leading == len(numbers) - 2 else f">={version},<{'.'.join(below)}"


def _tilde(operator: str, version: str) -> str:
    is_series = operator == "~" and version.count(".") < 2
    return f"~={version}.0" if is_series or "." not in version else f"~={version}"


def _equal(operator: str, version: str) -> str:
    del operator
    return f"=={version}"

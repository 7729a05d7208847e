"""Recognises the family of an archive by its files. Pure."""

from linkmode.families import FAMILIES, Family
from linkmode.libraries import LIBRARIES, Library
from linkmode.messages import ConfigError, UsageError, did_you_mean
from linkmode.model.survey import Measured, Recogniser, Survey, UnclearError

_COMPONENTS: tuple[Family | Library, ...] = (*FAMILIES.values(), *LIBRARIES.values())
_KNOWN: dict[str, Recogniser] = {each.name: each.recogniser for each in _COMPONENTS if each.recogniser is not None}
PROGRAMS = frozenset(each.program for each in _KNOWN.values() if each.program)
"""Programs that `survey` is to look at as they pass by."""


def check_family(family: str | None) -> None:
    """Raise UsageError when a family is named whose archives say nothing here, before one of them is downloaded."""
    if family is not None and family not in _KNOWN:
        guess = did_you_mean(family, _KNOWN)
        raise UsageError(
            f"--family: linkmode cannot measure {family!r}{guess}",
            expected=f"one of {', '.join(_KNOWN)}",
            hint=f"it can: {', '.join(_KNOWN)}; a [[pin]] of another is written by hand",
        )


def recognise(found: Survey, family: str | None = None) -> Measured:
    """Return what the archive is: of ``family`` when one is named, else of the first whose layout it has.

    Raises:
        UsageError: no such family is known here.
        ConfigError: it has no layout that is known, or does not state what its pin must say.
    """
    check_family(family)
    for name in [family] if family else _KNOWN:
        try:
            measured = _KNOWN[name].recognise(found)
        except UnclearError as error:
            raise ConfigError(
                f"{found.file}: {error}",
                expected="an archive in a layout that linkmode knows",
                hint="name its family: linkmode catalog add --family NAME",
            ) from error
        if measured:
            return measured
    looked = f"the layout of {family}" if family else f"the layout of {', '.join(_KNOWN)}"
    *others, last = [f"{recogniser.by} ({name})" for name, recogniser in _KNOWN.items()]
    raise ConfigError(
        f"{found.file}: has not {looked}: expected {', '.join(others)} or {last}",
        hint="a new family needs code of its own, in linkmode itself",
    )

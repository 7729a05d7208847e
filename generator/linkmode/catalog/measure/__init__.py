"""Measures an archive in one pass over its members. Unpacks nothing to disk and runs nothing."""

from pathlib import Path

from linkmode.catalog.measure.recognise import check_family, recognise
from linkmode.catalog.measure.survey import Judge, survey
from linkmode.model.survey import Measured, label


def measure(archive: Path, file: str, family: str | None, judge: Judge) -> Measured:
    """Read what an archive says of itself; ``file`` is its name, ``family`` what to take it for, found when None.

    Raises:
        UsageError: there is no such family.
        IntegrityError: it is no archive, or one that is not to be trusted.
        ConfigError: it has no layout that is known.
    """
    return recognise(survey(archive, file, version=label(file), judge=judge), family)


__all__ = ["Judge", "check_family", "measure", "recognise", "survey"]

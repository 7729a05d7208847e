"""Reads what an archive says of itself, in one pass over its members: nothing is unpacked to disk, nothing is run."""

from linkmode.catalog.measure.recognise import check_family, recognise
from linkmode.catalog.measure.survey import Judge, survey

__all__ = ["Judge", "check_family", "recognise", "survey"]

"""Measures an archive in one pass over its members. Unpacks nothing to disk and runs nothing."""

from linkmode.catalog.measure.recognise import check_family, recognise
from linkmode.catalog.measure.survey import Judge, survey

__all__ = ["Judge", "check_family", "recognise", "survey"]

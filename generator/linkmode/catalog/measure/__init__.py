"""Reads what an archive says of itself, in one pass over its members: nothing is unpacked to disk, nothing is run."""

from linkmode.catalog.measure.recognise import Measured, check_family, label, recognise
from linkmode.catalog.measure.survey import Judge, Survey, Tool, survey

__all__ = ["Judge", "Measured", "Survey", "Tool", "check_family", "label", "recognise", "survey"]

"""Judges files once more that lie in one package, where what one of them needs may be another."""

import os
from collections.abc import Mapping

import msgspec

from linkmode.audit.judge import verdict
from linkmode.audit.judge.expectations import Expectations
from linkmode.audit.load import package
from linkmode.audit.load.root import Members, Root
from linkmode.audit.outcome import Package
from linkmode.audit.read.facts import Facts
from linkmode.audit.show.report import Audited


def judge(audited: list[Audited], whole: Package, places: Mapping[str, int], wanted: Expectations) -> None:
    """Judge the files of an archive or image in place; ``places`` says where in ``audited`` each shown path stands."""
    at = {name: places[shown] for name, shown in whole.files.items() if shown in places}
    facts = _facts(audited, at)
    _replace(audited, at, Members(facts, whole.links, whole.texts), facts, wanted)


def judge_folder(audited: list[Audited], folder: str, places: Mapping[str, int], wanted: Expectations) -> None:
    """Judge the files of a folder in place; ``places`` are by their paths, which begin with the folder's."""
    at = {"/" + os.path.relpath(path, folder): place for path, place in places.items()}
    facts = _facts(audited, at)
    _replace(audited, at, Root(folder, facts), facts, wanted)


def _facts(audited: list[Audited], at: Mapping[str, int]) -> dict[str, Facts]:
    return {name: facts for name, place in at.items() if (facts := audited[place].facts) is not None}


def _replace(
    audited: list[Audited], at: Mapping[str, int], root: Root, facts: Mapping[str, Facts], wanted: Expectations
) -> None:
    for name, resolved in package.resolve(root, facts).items():
        judged = verdict.judge(facts[name], wanted.allow, resolved=resolved)
        failures = verdict.check(facts[name], judged, wanted, resolved)
        audited[at[name]] = msgspec.structs.replace(audited[at[name]], verdict=judged, failures=failures)

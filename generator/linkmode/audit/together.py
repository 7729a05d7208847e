"""Judges files once more that lie in one package, where what one of them needs may be another; and draws its trees."""

import os
from collections.abc import Iterator, Mapping

import msgspec

from linkmode.audit.judge import verdict, wheels
from linkmode.audit.judge.expectations import Expectations
from linkmode.audit.judge.resolved import ALONE, Resolved
from linkmode.audit.load import package, tree
from linkmode.audit.load.loaded import Tree
from linkmode.audit.load.loader import Loaded, Loader
from linkmode.audit.load.root import Members, Root
from linkmode.audit.outcome import Outcome, Package
from linkmode.audit.read.facts import Facts
from linkmode.audit.show.report import Audited, Wheel


def judge(
    audited: list[Audited],
    whole: Package,
    places: Mapping[str, int],
    wanted: Expectations,
    *,
    with_images: bool = True,
) -> Wheel | None:
    """Judge the files of an archive or image in place; ``places`` says where in ``audited`` each shown path stands.

    Returns what a wheel keeps, None for what is none.
    """
    at = {name: places[shown] for name, shown in whole.files.items() if shown in places}
    facts = _facts(audited, at)
    root = Members(facts, whole.links, whole.texts)
    resolved = _replace(audited, at, root, facts, wanted, is_whole=whole.is_whole, with_images=with_images)
    files = {whole.files[name]: (one, resolved.get(name, ALONE)) for name, one in facts.items()}
    kept = wheels.of_wheel(files) if whole.is_wheel else None
    if kept is None:
        return None
    by = kept.by.removeprefix(f"{whole.shown}:")
    return Wheel(path=whole.shown, lowest_tag=kept.tag, decided_by=by, reason=kept.reason)


def trees(outcome: Outcome) -> Iterator[Tree]:
    """Yield what each file of an archive or image loads in it, in the order of the files.

    The first object of a tree has the path that is shown, all others those in the archive.
    """
    audited = list(outcome.audited)
    places = {one.path: at for at, one in enumerate(audited)}
    for whole in outcome.packages:
        at = {name: places[shown] for name, shown in whole.files.items() if shown in places}
        facts = _facts(audited, at)
        root = Members(facts, whole.links, whole.texts)
        for name in sorted(facts, key=at.__getitem__):
            found = tree.resolve(Loaded(name, "", facts[name]), Loader(root, facts[name]))
            first = msgspec.structs.replace(found.objects[0], path=audited[at[name]].path)
            yield msgspec.structs.replace(found, path=first.path, objects=(first, *found.objects[1:]))


def judge_folder(
    audited: list[Audited],
    folder: str,
    places: Mapping[str, int],
    wanted: Expectations,
    *,
    with_images: bool = True,
) -> None:
    """Judge the files of a folder in place; ``places`` are by their paths, which begin with the folder's."""
    at = {"/" + os.path.relpath(path, folder): place for path, place in places.items()}
    facts = _facts(audited, at)
    _replace(audited, at, Root(folder, facts), facts, wanted, with_images=with_images)


def _facts(audited: list[Audited], at: Mapping[str, int]) -> dict[str, Facts]:
    return {name: facts for name, place in at.items() if (facts := audited[place].facts) is not None}


def _replace(
    audited: list[Audited],
    at: Mapping[str, int],
    root: Root,
    facts: Mapping[str, Facts],
    wanted: Expectations,
    *,
    is_whole: bool = True,
    with_images: bool,
) -> dict[str, Resolved]:
    found = package.resolve(root, facts)
    if not is_whole:
        found = {name: msgspec.structs.replace(one, missing=()) for name, one in found.items()}
    for name, resolved in found.items():
        judged = verdict.judge(facts[name], wanted.allow, resolved=resolved, with_images=with_images)
        failures = verdict.check(facts[name], judged, wanted, resolved)
        audited[at[name]] = msgspec.structs.replace(audited[at[name]], verdict=judged, failures=failures)
    return found

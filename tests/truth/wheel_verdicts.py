"""Verdicts on whole wheels: the lowest platform tag that each keeps, as linkmode and as auditwheel tell it."""

import logging
from pathlib import Path
from typing import NamedTuple

from linkmode.audit import run
from linkmode.audit.judge import wheels
from linkmode.audit.judge.expectations import Expectations
from linkmode.audit.show.report import Audited


class Verdict(NamedTuple):
    """``ours`` and ``theirs`` are tags, or None where the wheel keeps none; ``rule`` explains a difference, if any."""

    wheel: str
    ours: str | None
    theirs: str | None
    rule: str | None

    @property
    def is_unexplained(self) -> bool:
        """Whether the two differ and no rule says why."""
        return self.ours != self.theirs and self.rule is None


def compare(path: Path) -> Verdict:
    """Ask both about one wheel."""
    settings = run.Settings(wanted=Expectations(), with_contents=False)
    outcome = run.run([str(path)], settings, 1)
    assert not [one for one in outcome.audited if one.error is not None]
    (wheel,) = outcome.wheels
    mine, said = wheel.lowest_tag, theirs(path)
    return Verdict(path.name, mine, said, None if mine == said else _rule(outcome.audited, mine, said))


def theirs(path: Path) -> str | None:
    """Return what `auditwheel show` says of a wheel."""
    from auditwheel.wheel_abi import analyze_wheel_abi

    logging.disable(logging.CRITICAL)
    try:
        found = analyze_wheel_abi(None, None, path, frozenset(), disable_isa_ext_check=False, allow_graft=False)
    finally:
        logging.disable(logging.NOTSET)
    name: str = found.overall_policy.name
    return None if name.startswith("linux_") else name


def _rule(audited: tuple[Audited, ...], mine: str | None, said: str | None) -> str | None:
    if said is None or not said.startswith("musllinux_"):
        return None
    if mine is not None and wheels.rank(mine) < wheels.rank(said):
        return "musl's symbols have no versions: nothing in a file tells 1.1 from 1.2, and auditwheel says the newer"
    if mine is None and any(one.facts and one.facts.packed_relocations for one in audited):
        return "musl applies DT_RELR from 1.2.4 on, and no tag promises that release"
    return None

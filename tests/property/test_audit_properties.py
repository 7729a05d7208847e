"""Whatever bytes a file holds, it is refused with one line or has facts that a report can print."""

import json
import sys
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemas import problems

from linkmode.audit.judge import verdict
from linkmode.audit.read import elf
from linkmode.audit.read.image import NotAudited
from linkmode.audit.show import report

sys.path.insert(0, str(Path(__file__).parents[1] / "fuzz"))
import seeds

SPECIAL = (0, 1, 2, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**31, 2**62, 2**63, 2**64 - 1, 2**64 - 8)
SEEDS = tuple(seeds.made().values())
SCHEMA = json.loads(report.schema())


def judged(raw: bytes) -> str:
    """Audit ``raw`` as the command does; return its report as text. Anything but NotAudited is a failure."""
    refused = None
    try:
        facts = elf.facts(BytesIO(raw), len(raw), with_contents=True, floor="2.2.5")
    except NotAudited as error:
        refused = error.problem
    if refused is not None:
        assert refused
        assert "\n" not in refused
        return ""
    found = verdict.judge(facts, ("libz.so.1",))
    wanted = verdict.Expectations(mode="static", max_glibc="2.17", deny_rpath=True, policy="manylinux_2_17")
    audited = report.Audited(path="x", facts=facts, verdict=found, failures=verdict.check(facts, found, wanted))
    text = report.as_text(audited)
    assert all(": " in line or line.endswith(":") for line in text.splitlines())
    assert problems(json.loads(report.as_json((audited,), report.summarise((audited,), ()))), SCHEMA) == []
    return text


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True),
            st.booleans(),
            st.sampled_from((1, 2, 4, 8)),
            st.one_of(st.sampled_from(SPECIAL), st.integers(0, 5000)),
        ),
        max_size=8,
    ),
    kept=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_mutated_files(seed: bytes, changes: list[tuple[float, bool, int, int]], kept: float) -> None:
    raw = bytearray(seed)
    for where, is_early, size, value in changes:
        at = int(where * (min(len(raw), 1024) if is_early else len(raw))) // size * size
        raw[at : at + size] = (value % 256**size).to_bytes(size, "little")
    judged(bytes(raw[: int(len(raw) * kept)]))


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=4096), magic=st.booleans())
def test_any_bytes(raw: bytes, magic: bool) -> None:
    judged((b"\x7fELF\x02\x01\x01" if magic else b"") + raw)


@pytest.mark.parametrize("name", sorted(seeds.made()))
def test_every_seed_is_audited(name: str) -> None:
    assert judged(seeds.made()[name]).startswith("file: x\nmode: ")

"""Fuzzes the audit with atheris: coverage of linkmode.audit guides the mutations.

    PYTHONPATH=generator python tests/fuzz/fuzz_audit.py CORPUS -runs=20000 -max_len=8192

CORPUS is a folder, into which the seeds are written first; libFuzzer's options follow. Any exception but a refusal,
and any refusal of more than one line, ends it with a crash file.
"""

import sys
from io import BytesIO
from pathlib import Path

import atheris
import seeds

with atheris.instrument_imports(include=["linkmode.audit"]):
    from linkmode.audit.judge import verdict
    from linkmode.audit.read import elf
    from linkmode.audit.read.image import NotAudited
    from linkmode.audit.show import report

WANTED = verdict.Expectations(mode="static", max_glibc="2.17", deny_rpath=True, policy="manylinux_2_17")


def audit(raw: bytes) -> None:
    """Audit one input as the command does."""
    try:
        facts = elf.facts(BytesIO(raw), len(raw), with_contents=True, floor="2.2.5")
    except NotAudited as error:
        if "\n" in error.problem or not error.problem:
            raise AssertionError(error.problem) from error
        return
    found = verdict.judge(facts)
    audited = report.Audited(path="x", facts=facts, verdict=found, failures=verdict.check(facts, found, WANTED))
    report.as_text(audited)
    report.complaints(audited)
    report.as_json((audited,), report.summarise((audited,), ()))


def main() -> None:
    """Write the seeds and run."""
    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    for name, raw in seeds.made().items():
        (corpus / name).write_bytes(raw)
    atheris.Setup(sys.argv, audit)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

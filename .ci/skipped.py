"""Lists the tests that were skipped, and fails when one must not have been.

That is one for want of ../shared although that is there, and, in CI (CI=true), one that nothing else stands in for,
unless another of the reports has it as run: `make test` leaves to `make e2e-all` what takes long.
"""

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

NEVER_IN_CI = {
    "test_air_gap": "a machine without a network is what these are about: allow unshare --net",
    "test_audit_page": "only a browser shows whether the page is drawn: install Debian's chromium",
    "test_graalvm_real": "only native-image itself shows that its images link and run: LINKMODE_GRAALVM must be unset",
    "test_dune_builds": "only dune shows that the flags link: install Debian's ocaml-dune, ocaml-nox and zlib1g-dev",
}
"""Parts of tests' names, and what has to be done where they are skipped."""


def main(reports: list[str]) -> int:
    """Read JUnit reports; return an exit code."""
    cases = [
        (f"{case.get('classname')}.{case.get('name')}", case)
        for report in reports
        for case in ElementTree.parse(report).iter("testcase")  # noqa: S314 - written by pytest a moment ago
    ]
    skipped = [f"{name}: {skip.get('message')}" for name, case in cases for skip in case.iter("skipped")]
    ran = {name for name, case in cases if case.find("skipped") is None}
    sys.stdout.write("".join(f"{line}\n" for line in skipped) or "nothing\n")
    wrong = []
    if Path("../shared").is_dir() and (count := sum("../shared" in line for line in skipped)):
        wrong.append(f"{count} tests were skipped for want of ../shared, which is there")
    if os.environ.get("CI") == "true":
        wrong += [
            f"{line.partition(': ')[0]} was skipped, and must not be in CI: {remedy}"
            for name, remedy in NEVER_IN_CI.items()
            for line in skipped
            if name in line.partition(": ")[0] and line.partition(": ")[0] not in ran
        ]
    sys.stderr.write("".join(f"\n{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

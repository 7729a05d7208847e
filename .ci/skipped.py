"""Lists the tests that were skipped, and fails when one must not have been.

That is one for want of ../shared although that is there, and, in CI (CI=true), one that nothing else stands in for.
"""

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

NEVER_IN_CI = {"test_air_gap": "a machine without a network is what these are about: allow unshare --net"}
"""Parts of tests' names, and what has to be done where they are skipped."""


def main(reports: list[str]) -> int:
    """Read JUnit reports; return an exit code."""
    skipped = [
        f"{case.get('classname')}.{case.get('name')}: {skip.get('message')}"
        for report in reports
        for case in ElementTree.parse(report).iter("testcase")  # noqa: S314 - written by pytest a moment ago
        for skip in case.iter("skipped")
    ]
    sys.stdout.write("".join(f"{line}\n" for line in skipped) or "nothing\n")
    wrong = []
    if Path("../shared").is_dir() and (count := sum("../shared" in line for line in skipped)):
        wrong.append(f"{count} tests were skipped for want of ../shared, which is there")
    if os.environ.get("CI") == "true":
        wrong += [
            f"{line.partition(': ')[0]} was skipped, and must not be in CI: {remedy}"
            for name, remedy in NEVER_IN_CI.items()
            for line in skipped
            if name in line.partition(": ")[0]
        ]
    sys.stderr.write("".join(f"\n{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

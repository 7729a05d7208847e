"""`make e2e CASE=… [BAZEL=…]`: build, audit and run one example in every mode, and print its table."""

import argparse
import json
import sys

from harness import bazel, checks, examples, graalvm, registries, shared, table
from harness.examples import Example
from harness.sandbox import MissingToolError


def main() -> int:
    """Run what the command line names; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = examples.known() | {graalvm.CASE.name: Example(graalvm.CASE, graalvm.prepare)}
    parser.add_argument("case", choices=[*known, "all"])
    parser.add_argument(
        "bazel", nargs="?", default="4.2.3", help=f"{', '.join(bazel.KNOWN)}, or the path of any other (default: 4.2.3)"
    )
    chosen = parser.parse_args()
    try:
        for example in known.values() if chosen.case == "all" else [known[chosen.case]]:
            rows = _run(example, bazel.find(chosen.bazel))
            sys.stdout.write(f"\n{example.case.name} with Bazel {chosen.bazel}\n\n{rows}\n")
            sys.stdout.flush()
    except (
        bazel.NoBazelError,
        shared.MissingToolchainsError,
        registries.GoneError,
        MissingToolError,
        AssertionError,
    ) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _run(example: Example, builder: bazel.Bazel) -> str:
    case = example.case
    place = example.prepare(case, builder.name)
    try:
        builder.run(place, "build", "//...")
        rows = []
        for binary in case.binaries:
            path = place / binary.path
            report = json.loads(checks.audit(place, binary))
            checks.readelf_agrees(path, binary)
            if case.prints:  # servers do not end: the tests of their workspace ask them
                checks.runs_where_it_must(place, case, binary)
            rows.append(table.row(binary.label, binary.mode, report["files"][0]))
        builder.run(place, "test", "//...")
    finally:
        builder.run(place, "shutdown", check=False)
    return table.text(rows)


if __name__ == "__main__":
    sys.exit(main())

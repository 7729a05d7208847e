"""`make reproduce`: build an example in rounds that share nothing, and print whether every byte is the same."""

import argparse
import sys
from collections.abc import Sequence

from harness import bazel, buildbox, examples, reproduce, shared
from harness.reproduce import Round


def main() -> int:
    """Run what the command line names; return an exit code: 1 when something differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = examples.known()
    parser.add_argument("case", nargs="?", default="all", choices=["all", *known])
    parser.add_argument(
        "bazel", nargs="?", default="4.2.3", help=f"{', '.join(bazel.KNOWN)}, or a path (default: 4.2.3)"
    )
    chosen = parser.parse_args()
    wrong: list[str] = []
    try:
        for example in known.values() if chosen.case == "all" else [known[chosen.case]]:
            made = reproduce.rounds(bazel.find(chosen.bazel), example, example.case.binaries)
            sys.stdout.write(f"\n{example.case.name} with Bazel {chosen.bazel}\n\n{_table(made)}\n")
            sys.stdout.flush()
            wrong += reproduce.differences(made)
    except (
        *(bazel.NoBazelError, buildbox.NoBuildBoxError, shared.MissingToolchainsError),
        AssertionError,
    ) as error:
        wrong.append(str(error))
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


def _table(made: Sequence[Round]) -> str:
    names = [name for name in made[0].digests if not name.startswith("generated ")]
    generated = [name for name in made[0].digests if name.startswith("generated ")]
    lines = [f"{one.name}: {', '.join(one.differs) or 'as it is'}" for one in made]
    lines += ["", f"{'sha256':48}" + "".join(f"{one.name:>14}" for one in made)]
    for name in names:
        lines.append(f"{name:48}" + "".join(f"{one.digests.get(name, 'none')[:12]:>14}" for one in made))
    alike = [sum(one.digests.get(name) == made[0].digests[name] for name in generated) for one in made]
    lines.append(f"{'linkmode.lock and generated files':48}" + "".join(f"{f'{count} same':>14}" for count in alike))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

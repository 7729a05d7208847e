"""`make bench`: every benchmark, one after the other. Each prints ratios against a named peer of the same run."""

import importlib
import sys
from pathlib import Path

BENCHMARKS = ("start", "driver", "library", "cost", "upload", "fetch", "audit", "rust", "malloc")


def main() -> None:
    """Run those that are named on the command line, or all."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"== {name}", flush=True)
        importlib.import_module(name).main()


if __name__ == "__main__":
    main()

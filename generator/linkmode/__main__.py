"""``linkmode`` and ``python -m linkmode``: the command line."""

import sys


def main() -> int:
    """Run the command line, and return the exit code.

    Ctrl-C shows no traceback, also while the modules are imported: on a busy machine that is the first second.
    """
    try:
        from linkmode.cli import main as cli

        return cli.main()
    except KeyboardInterrupt:
        return 130  # what linkmode.cli.main.INTERRUPTED says, which may not be imported yet


if __name__ == "__main__":
    sys.exit(main())

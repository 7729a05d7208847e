"""``python -m linkmode``: the command line."""

import sys

from linkmode.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

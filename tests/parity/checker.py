"""Where the checker's sources lie, how they are compiled, and how much is compared."""

import os

from linkmode import resources

SOURCES = resources.templates() / "bazel" / "tools" / "elfcheck"
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic")
IS_FULL = os.environ.get("LINKMODE_PARITY") == "full"
"""Set LINKMODE_PARITY=full for every file of the system and many more mutations (minutes instead of seconds)."""

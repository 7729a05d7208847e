"""`linkmode audit` called on what lies in the current folder, and small files for it."""

import json
from typing import Any

from archives import tar
from click.testing import CliRunner, Result
from elf_maker import GLIBC_LOADER, MUSL_START, Elf, interp

from linkmode.cli.audit import command

STATIC = Elf(code=MUSL_START).build()
DYNAMIC = Elf(interp=interp(GLIBC_LOADER), needed=("libz.so.1", "libc.so.6")).build()
TAR = tar(("a", STATIC), ("b", STATIC))


def run(*arguments: str) -> Result:
    """Audit by the headers alone: what lies inside a file is not what the inputs are about."""
    return CliRunner().invoke(command, ["--headers-only", *arguments])


def report(*arguments: str) -> tuple[int, Any]:
    """Return the exit code and the report, with what was passed over."""
    result = run("--json", "--all", *arguments)
    return result.exit_code, json.loads(result.stdout)


def modes(document: Any) -> dict[str, str | None]:
    """Return the mode of each file of a report, or what it says of one that it could not audit."""
    return {one["path"]: one["verdict"]["mode"] if one["verdict"] else one["error"] for one in document["files"]}

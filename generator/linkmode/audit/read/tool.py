"""What a pin must know of a program in its archive."""

from typing import BinaryIO

from linkmode.audit.read import elf
from linkmode.audit.read.image import NotAudited
from linkmode.model.survey import Tool


def tool(stream: BinaryIO, size: int) -> Tool | None:
    """Return the machine of a program of ``size`` bytes, and whether it is static; None where no facts can be read."""
    try:
        facts = elf.facts(stream, size)
    except NotAudited:
        return None
    return Tool(facts.machine, facts.interpreter is None and not facts.needed)

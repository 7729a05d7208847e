"""What linkmode says of a link that failed, put together from link_errors.toml by other code than what is tested."""

import re

from linkmode.model import link_errors
from linkmode.model.link_errors import Fault

TABLE = link_errors.load()


def explanation(fault: Fault, names: str, *, label: str, mode: str, target: str, asker: str) -> str:
    """Return the three lines that explain a fault to who asked for the link."""
    words = TABLE.fault[fault]
    text = f"{TABLE.head}{words.found}\n  expected: {words.expected}\n  try:      {TABLE.remedy[asker][fault]}\n"
    for part, by in {"{label}": label, "{mode}": mode, "{target}": target, "{names}": names}.items():
        text = text.replace(part, by)
    return text


def pattern(fault: Fault, names: str, *, label: str, mode: str, target: str, asker: str) -> str:
    r"""Return a regular expression for it; ``label`` and ``target`` are such expressions, ``names`` is text."""
    marked = explanation(fault, names, label="<label>", mode=mode, target="<target>", asker=asker)
    return re.escape(marked).replace("<label>", label).replace("<target>", target)

"""How many bytes of a file each section takes, and each static library that --archive names, the largest first."""

from linkmode.audit.show.report import Audited

_REST = "[headers and padding]"


def as_text(audited: Audited) -> str:
    """Return a table of bytes in the file, bytes in memory alone (NOBITS), and the share of the file."""
    contents = audited.facts.contents if audited.facts else None
    if audited.facts is None or contents is None:
        return ""
    size = audited.facts.size
    rows = [
        (one.name or "[no name]", 0, one.size) if one.type == "NOBITS" else (one.name or "[no name]", one.size, 0)
        for one in contents.sections
        if one.size
    ]
    rows.append((_REST if contents.sections else "[no section headers]", max(size - sum(row[1] for row in rows), 0), 0))
    rows.sort(key=lambda row: (-row[1], -row[2], row[0]))
    lines = [f"{audited.path}: {size:,} bytes", _line("bytes", "memory", "share", "section")]
    lines += [_line(f"{file:,}", f"{memory:,}", _share(file, size), name) for name, file, memory in rows]
    if audited.libraries:
        lines.append(_line("bytes", "", "share", "static library"))
        shares = sorted(audited.libraries, key=lambda one: -one.size)
        lines += [
            _line(f"{one.size:,}", "", _share(one.size, size), f"{one.library} ({one.members} members)")
            for one in shares
        ]
    return "".join(f"{line}\n" for line in lines)


def _line(size: str, memory: str, share: str, name: str) -> str:
    return f"{size:>15} {memory:>15} {share:>7}  {name}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""

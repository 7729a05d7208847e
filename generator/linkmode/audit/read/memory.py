"""Which bytes of a file lie in a program's memory, and what may be done with them there.

The same walk is in templates/common/tools/elfcheck/loading.h.
"""

from linkmode.audit.read.image import PF_R, PF_W, Image, Segment

DOUBT = ", so that it may not start"
"""What ends a sentence of :mod:`linkmode.audit.read.loading` about a file that contradicts itself."""

PAGE = 4096
"""The smallest page of memory that any machine of Linux has: what fails by it fails by larger ones too."""


def readable(image: Image) -> list[Segment]:
    """Return the loadable segments that can be read; what can be written can be."""
    return [one for one in image.loads if one.flags & (PF_R | PF_W)]


def file_part(image: Image, address: int, size: int) -> int | None:
    """Return where in the file the bytes lie that are loaded at an address; None when not all of them are."""
    for one in readable(image) if _page_allows(image, address + size, PF_R | PF_W) else ():
        if one.address <= address and address + size <= one.address + one.file_size:
            return one.offset + address - one.address
    return None


def memory_part(image: Image, address: int, size: int, allowed: int) -> bool:
    """Tell whether all of the bytes lie in one segment, with one of the flags that are ``allowed``."""
    end = address + size
    for _, flags, _, start, _, memory_size, _ in image.loads:
        if flags & allowed and start <= address and end <= start + memory_size:
            is_before = (end - 1) // PAGE < (start + memory_size - 1) // PAGE  # where no other segment can begin
            return is_before or _page_allows(image, end, allowed)
    return False


def is_mapped(image: Image, address: int, size: int, allowed: int = PF_R | PF_W, page: int = PAGE) -> bool:
    """Tell whether the pages of all of the bytes are mapped, which hold more of the file than their segments say."""
    at = address // PAGE * PAGE
    for one in image.loads:
        if one.flags & allowed and one.memory_size and one.address // PAGE * PAGE <= at:
            at = max(at, -(-(one.address + one.memory_size) // page) * page)
    return address + size <= at


def _page_allows(image: Image, end: int, allowed: int) -> bool:
    # Of two segments in a page of memory, the later one's flags are the page's.
    last = (end - 1) // PAGE
    return all(
        one.flags & allowed
        for one in image.loads
        if one.memory_size and one.address >= end and one.address // PAGE == last
    )

"""Reads the start tags of a web page in linear time.

What the standard library and Beautiful Soup offer takes hours over a page of some megabytes that is made for it, of
links that are never closed or comments that never end. Links of an index (PEP 503) need no tree.
"""

import html
import re
from collections.abc import Iterator

_TAG = re.compile(r"<(?:(!--)|([a-zA-Z][^\s/>]*))")
_ATTRIBUTE = re.compile(r"""[\s/]*(=?[^\s/>=]+|=)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)))?""")
_NEXT = re.compile("<")
_COMMENT_ENDS = re.compile("-->")
_RAW = {name: re.compile(rf"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea", "title")}
"""Elements whose text holds no tags, and what ends them."""


def tags(page: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield the name of each start tag, in small letters, with its attributes, and the text up to the next tag.

    Of attributes of one name the first counts.
    Comments and what only looks like a tag inside of scripts are passed over. Raises ValueError for a character
    reference that is no number.
    """
    at = 0
    while found := _TAG.search(page, at):
        at = found.end()
        if found[1]:
            at = _end(_COMMENT_ENDS.search(page, at), page)
            continue
        name = found[2].lower()
        attributes: dict[str, str] = {}
        while attribute := _ATTRIBUTE.match(page, at):
            at = attribute.end()
            value = next((text for text in attribute.groups()[1:] if text is not None), "")
            attributes.setdefault(attribute[1].lower(), html.unescape(value))
        text = page[at : _end(_NEXT.search(page, at), page)]
        yield name, attributes, html.unescape(text.lstrip(" /").removeprefix(">").removesuffix("<")).strip()
        if name in _RAW:
            at = _end(_RAW[name].search(page, at), page)


def _end(found: re.Match[str] | None, page: str) -> int:
    return found.end() if found else len(page)

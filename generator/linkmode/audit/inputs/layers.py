"""Combines the layers of an image into the files that a container sees.

A file ``.wh.NAME`` of an upper layer hides NAME below, ``.wh..wh..opq`` all that is in its folder below. A hard
link is a file of its own: what hides the name that it was made from does not hide it.
Format: https://github.com/opencontainers/image-spec/blob/main/layer.md.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from linkmode.archives import tar
from linkmode.archives.compression import decompressed
from linkmode.archives.members import NOTHING, Budget, Counted, Member, Members, Policy, Refusal, shown_name
from linkmode.audit.inputs.images import Image
from linkmode.audit.inputs.parts import Parts


class Seen(NamedTuple):
    """A member that a container sees, under the name that it has there, and the layer that brought it."""

    member: Member
    layer: str


class _View:
    """What the upper layers hide in those below."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._opaque: set[str] = set()

    def shows(self, path: str) -> bool:
        """Tell whether a file of the next layer below is visible."""
        if path in self._files or path in self._folders:
            return False
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in self._files or folder in self._opaque:
                return False
        return True

    def add(self, files: set[str], folders: set[str], opaque: set[str]) -> None:
        """Lay a whole layer over what comes after. ``files`` has what whiteouts name, too."""
        self._files |= files
        self._folders |= folders
        self._opaque |= opaque


class _Contents:
    """What other layers need to know of one layer."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.opaque: set[str] = set()
        self.regular: set[str] = set()
        self.links: dict[str, str] = {}

    def of_link(self, name: str) -> str:
        """Return the file that a hard link of this layer stands for, or the name that a layer below must have."""
        passed = set()
        while name in self.links and name not in passed:
            passed.add(name)
            name = self.links[name]
        return name

    def hides(self, name: str) -> bool:
        """Tell whether a file of this name in a lower layer is hidden by this one."""
        view = _View()
        view.add(self.files, self.folders, self.opaque)
        return not view.shows(name)


def members(parts: Parts, image: Image, budget: Budget) -> Iterator[Seen]:
    """Yield every file that a container of ``image`` sees, from the uppermost layer down; raises Refusal.

    When a layer holds a file twice, it is yielded twice, and the last one counts. A layer that an image names twice
    is read once, where it lies uppermost: below it shows nothing. A hard link comes after the file that it stands for,
    with its name as the target; where a container does not see that name, the link is the file. Links to what is no
    file of the image come last.
    """
    view = _View()
    missing = ""
    lost: dict[str, list[str]] = {}  # links that stand for nothing in the image, or for no file
    pending: dict[str, list[str]] = {}  # what a layer below must have: links of the layers above that stand for it
    for layer in dict.fromkeys(reversed(image.layers)):
        if not parts.has(layer):
            missing = missing or layer
            continue
        contents = _Contents()
        shown: set[str] = set()
        for member in _read(parts, layer, budget):
            if _note(member, contents) and view.shows(name := shown_name(member.name)):
                shown.add(name)
                yield Seen(member, layer)
        wanted, pending, gone = _asked(contents, view, pending)
        lost.update(gone)
        yield from _links({one: names for one, names in wanted.items() if one in shown}, layer)
        yield from _hidden(parts, layer, budget, {one: names for one, names in wanted.items() if one not in shown})
        view.add(contents.files, contents.folders, contents.opaque)
    if missing:
        raise Refusal(f"the image has no layer {missing}")
    yield from _links({**lost, **pending}, "")


def _note(member: Member, contents: _Contents) -> bool:
    # Keeps what the member does to layers below; tells whether it is a file, other link or device itself.
    name = shown_name(member.name)
    folder, _, last = name.rpartition("/")
    if last == ".wh..wh..opq":
        contents.opaque.add(folder)
    elif last.startswith(".wh."):
        contents.files.add(f"{folder}/{last[4:]}".lstrip("/"))
    elif member.kind == "folder":
        contents.folders.add(name)
    else:
        contents.files.add(name)
        if member.kind == "hardlink":
            contents.links[name] = shown_name(member.target)
            return False
        contents.links.pop(name, None)
        if member.kind == "file":
            contents.regular.add(name)
        return True
    return False


def _asked(
    contents: _Contents, view: _View, pending: Mapping[str, list[str]]
) -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, list[str]]]:
    # Files of this layer with the links, seen by a container, that stand for them; what is left for those below; and
    # what no layer can have.
    wanted: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    gone: dict[str, list[str]] = {}
    asked = {name: [name] for name in contents.links if view.shows(name)}
    for name, links in (*asked.items(), *pending.items()):
        found = contents.of_link(name)
        if found in contents.regular:
            wanted.setdefault(found, []).extend(links)
        elif not contents.hides(found):
            below.setdefault(found, []).extend(links)
        else:
            gone.setdefault(found, []).extend(links)
    return wanted, below, gone


def _links(wanted: Mapping[str, list[str]], layer: str) -> Iterator[Seen]:
    for file, names in wanted.items():
        yield from (Seen(Member(name, "hardlink", NOTHING, target=file), layer) for name in names)


def _hidden(parts: Parts, layer: str, budget: Budget, wanted: Mapping[str, list[str]]) -> Iterator[Seen]:
    # Files that no container sees by their own name, read once more for the links that stand for them.
    for member in _read(parts, layer, budget) if wanted else ():
        names = wanted.get(shown_name(member.name), ()) if member.kind == "file" else ()
        if names:
            yield Seen(Member(names[0], "file", member.body, member.size, member.executable), layer)
            yield from _links({names[0]: list(names[1:])}, layer)


def _read(parts: Parts, layer: str, budget: Budget) -> Members:
    if parts.is_twice(layer):
        raise Refusal(f"the image has two meanings: {layer} is in the archive twice, each time with other bytes")
    found = parts.open(layer)
    if found is None or not found[1]:
        return  # an empty layer may also be a file without bytes
    stream, size = found
    with stream:
        source = decompressed(stream, size, budget) or Counted(stream, budget)
        yield from tar.members(source, budget, Policy.LOOK)

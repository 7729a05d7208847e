"""A dist in Quicklisp's format, and what is vendored from it."""

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import vendoring

from linkmode.languages.sbcl import vendor as lisp
from linkmode.store import contents

WORDS = {"words.asd": '(defsystem "words")\n', "src/words.lisp": "(in-package :cl)\n"}
WEB = {"web.asd": '(defsystem "web" :depends-on ("words"))\n', "web.lisp": "nil\n", "page.html": "<p>\n"}


def archive(prefix: str, files: dict[str, str], link: str = "") -> bytes:
    """Return a tar archive of one folder."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{prefix}/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
        if link:
            member = tarfile.TarInfo(f"{prefix}/{link}")
            member.type, member.linkname = tarfile.SYMTYPE, next(iter(files))
            tar.addfile(member)
    return whole.getvalue()


class Dist:
    """A dist of two projects, of which one needs the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "dist"
        self.root = folder
        self.systems = ["words words words asdf", "web web web words sb-posix uiop", "web web web/tests web"]
        self.archives = {"words": archive("words-1", WORDS), "web": archive("web-2", WEB)}
        self.files = {"words": "words.asd", "web": "web.asd"}

    def write(self) -> None:
        lines = ["# project url size file-md5 content-sha1 prefix [system-file1..system-fileN]"]
        for (name, data), prefix in zip(self.archives.items(), ("words-1", "web-2"), strict=True):
            path = self.folder / "archives" / f"{prefix}.tgz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
            url = f"http://dist.example.com/{prefix}.tgz"
            lines.append(f"{name} {url} {len(data)} {md5} {'0' * 40} {prefix} {self.files[name]}")
        vendoring.write(
            self.folder,
            {
                "releases.txt": "\n".join(lines) + "\n",
                "systems.txt": "# project system-file system-name [dependency1..dependencyN]\n"
                + "\n".join(self.systems),
            },
        )

    def vendor(self, *names: str, **more: Any) -> lisp.Vendored:
        request = vendoring.request(self.root, names=names, archives=self.folder, contents=contents.of, **more)
        found = lisp.vendor(request)
        vendoring.write(request.sources, {name: data.decode() for name, data in (found.files | found.sources).items()})
        return found

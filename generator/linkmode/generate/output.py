"""What ``linkmode generate`` writes: a tree into its folder, and blocks into the user's own files."""

import stat
from collections.abc import Callable
from pathlib import Path

import msgspec

from linkmode.generate import repository, write
from linkmode.messages import CheckError, Message, Run
from linkmode.model import textfile
from linkmode.model.values import Tree


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """A rendered tree and the folder that it belongs into; ``path`` is that folder as linkmode.toml names it.

    ``edits`` are what the user's own files in ``root`` need for it.
    """

    root: Path
    tree: Tree
    folder: Path
    path: str
    edits: tuple[repository.Edit, ...]

    @property
    def label(self) -> str:
        """The folder in messages: relative to the current one."""
        return str(self.folder)

    def check(self) -> None:
        """Raise CheckError, naming the files, unless the folder is what the lock gives."""
        write.check(write.diff(self.tree, self.folder), self.label)

    def check_edits(self) -> None:
        """Raise CheckError, naming the files, when one of the user's needs an edit."""
        if self.edits:
            raise CheckError(
                f"{', '.join(edit.file for edit in self.edits)}: linkmode's block is missing or not up to date",
                expected="the block that linkmode.lock gives",
                hint=Message("see it with `", Run("generate", "--diff"), "`, write it with `", Run("generate"), "`"),
            )

    def unified(self) -> str:
        """Return what `save` would write, as a unified diff."""
        return write.unified(self.tree, write.diff(self.tree, self.folder), self.path)

    def unified_edits(self) -> str:
        """Return the edits as a unified diff."""
        return "".join(write.unified_file(edit.file, edit.before, edit.after) for edit in self.edits)

    def save(self, say: Callable[[str], None], *, force: bool = False) -> write.Changes:
        """Write the tree in one step, and return what that changed. ``say`` is told what is waited for."""
        return write.apply(self.tree, self.folder, label=self.label, force=force, say=say)

    def save_edits(self) -> None:
        """Write the edits, each file in one step; its permissions stay."""
        for edit in self.edits:
            file = self.root / edit.file
            if edit.after is None:
                with textfile.system_errors(file):
                    file.unlink()
            else:
                with textfile.system_errors(file):
                    mode = None if edit.before is None else stat.S_IMODE(file.stat().st_mode)
                textfile.replace(file, edit.after.encode(), mode)

    def sweep(self) -> None:
        """Remove the folder, and those above it in the repository, as far as they are empty."""
        for path in (self.folder, *self.folder.parents):
            if path in (self.root, *self.root.parents):
                return
            try:
                path.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                return

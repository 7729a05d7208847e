"""What ``linkmode generate`` writes: a tree into its folder, and blocks into the user's own files."""

import stat
from collections.abc import Callable
from pathlib import Path

import msgspec

from linkmode.generate import repository, write
from linkmode.messages import CheckError, ConfigError, Message, Run
from linkmode.model import textfile
from linkmode.model.values import Tree


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """A rendered tree and the folder that it belongs into; ``path`` is that folder as linkmode.toml names it.

    ``edits`` are what the user's own files in ``root`` need for it. ``former`` is the output of before, where that was
    another folder.
    """

    root: Path
    tree: Tree
    folder: Path
    path: str
    edits: tuple[repository.Edit, ...]
    former: Path | None = None

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

    def require_own_files(self) -> None:
        """Raise ConfigError, naming it, when a file that needs an edit is a symbolic link."""
        for edit in self.edits:
            if edit.is_link:
                raise ConfigError(
                    f"{self.root / edit.file} is a symbolic link, and linkmode writes through none",
                    expected="a regular file, or one that has the lines already",
                    hint=Message(
                        "add the lines that `",
                        Run("generate", "--no-edit"),
                        "` prints to the file that it leads to, then run: ",
                        Run("generate"),
                    ),
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
        """Write the edits, each file in one step; its permissions stay. Raises as `require_own_files` does."""
        self.require_own_files()
        for edit in self.edits:
            file = self.root / edit.file
            if edit.after is None:
                with textfile.system_errors(file):
                    file.unlink()
            else:
                with textfile.system_errors(file):
                    mode = None if edit.before is None else stat.S_IMODE(file.stat().st_mode)
                textfile.replace(file, edit.after.encode(), mode)

    def remove_former(self, say: Callable[[str], None]) -> None:
        """Remove what linkmode generated in the former folder: no block keeps ``//...`` out of it any more."""
        if self.former is None:
            return
        changes = write.apply({}, self.former, label=str(self.former), say=say)
        self.sweep(self.former)
        if changes.removed:
            say(f"removed {len(changes.removed)} files of {self.former}, which was the output before")
        if changes.removed and changes.foreign:
            say(f"{self.former} keeps what linkmode did not generate: {', '.join(changes.foreign)}")

    def sweep(self, folder: Path | None = None) -> None:
        """Remove ``folder``, or the output, and those above it in the repository, as far as they are empty."""
        folder = folder or self.folder
        for path in (folder, *folder.parents):
            if path in (self.root, *self.root.parents):
                return
            try:
                path.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                return

"""The repository that the rule library is written into: what it is, and the blocks that its own files need."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import msgspec

from linkmode.config import bazel
from linkmode.config.bazel_module import BazelModule
from linkmode.config.buck2 import CELL, CONFIG, is_root
from linkmode.generate.blocks import Block, broken, edited, held, removed
from linkmode.messages import ConfigError, Message, Run
from linkmode.model import textfile

_IGNORE = ".bazelignore"


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the user's, with what it holds and what it is to hold; None where there is none.

    ``is_link`` is true for a symbolic link, which linkmode reads through and does not write through.
    """

    file: str
    before: str | None
    after: str | None
    is_link: bool = False


def blocks(root: Path, output: str, module: BazelModule) -> tuple[Block, ...]:
    """Return the blocks that make the library in the folder ``output`` a part of the build of ``root``."""
    major = bazel.major(root)
    # Without .bazelversion, a WORKSPACE alone is at home in 4 to 7, and the flag means what 7 does anyway.
    unsaid = 0 if (root / bazel.MODULE).is_file() else 6
    config = {4: "linkmode_bazel4", 5: "linkmode_bazel6", 6: "linkmode_bazel6"}.get(major or unsaid)
    workspace = next((name for name in bazel.WORKSPACES if (root / name).is_file()), "")
    made = []
    if (root / bazel.MODULE).is_file() and (major is None or major > 5):
        made.append(_module(output, module))
    if workspace and (major is None or major < 8) and (not made or (major or 9) < 7 or _has_rules(root / workspace)):
        made.append(_workspace(workspace, output))
    flags = (f"import %workspace%/{output}/linkmode.bazelrc", *([f"build --config={config}"] if config else []))
    made.append(Block(file=".bazelrc", lines=flags, by_hand=rf"import\b.*{re.escape(output)}/linkmode\.bazelrc$"))
    parents = [str(folder) for folder in PurePosixPath(output).parents if str(folder) != "."]
    ignored = "|".join(map(re.escape, [output, *parents]))
    made.append(Block(file=_IGNORE, lines=(output,), by_hand=rf"^(?:{ignored})/?$", has_comments=False))
    return tuple(made)


def buck2_blocks(root: Path, output: str) -> tuple[Block, ...]:
    """Return the block that makes the folder ``buck2`` in ``output`` a cell of ``root``; none without a .buckconfig."""
    if not is_root(root):
        return ()
    lines = ("[cells]", f"linkmode = {output}/{CELL}")
    return (Block(file=CONFIG, lines=lines, by_hand=r"^linkmode\s*="),)


def edits(root: Path, output: str, module: BazelModule, build_systems: Iterable[str] = ("bazel",)) -> tuple[Edit, ...]:
    """Return the edits that ``root`` still needs, of its own files; none where no build system of it is at work.

    ``output`` is the folder of the library, and ``module`` its name and version among modules.

    Raises:
        ConfigError: a file cannot be read, has half a block, or no place for one that can be found.
    """
    wanted = blocks(root, output, module) if "bazel" in build_systems and bazel.is_root(root) else ()
    if "buck2" in build_systems:
        wanted += buck2_blocks(root, output)
    found = []
    for block in wanted:
        path = root / block.file
        before = _read(path)
        after = edited(before, block)
        if after != before:
            if block.after and before and not held(before, block.file) and (why := broken(before, block.after)):
                raise ConfigError(
                    f"{block.file} is not Starlark that can be read: {why}",
                    expected=f"a whole file: linkmode's block belongs behind its {block.after}(…)",
                    hint=Message(f"correct {block.file}, then run: ", Run("generate")),
                )
            found.append(Edit(file=block.file, before=before, after=after, is_link=path.is_symlink()))
    return tuple(found)


def former(root: Path, edits: Iterable[Edit], output: str) -> str:
    """Return the folder that was the output until now, by the block in .bazelignore; empty where there is none.

    A folder outside of the repository, above ``output`` or below it is none, and so is what a link leads to.
    """
    before = next((edit.before or "" for edit in edits if edit.file == _IGNORE), "")
    new = PurePosixPath(output)
    for line in held(before, _IGNORE):
        old = PurePosixPath(line)
        related = old in (new, *new.parents) or new in old.parents
        if not line or related or old.is_absolute() or ".." in old.parts:
            continue
        if (root / old).is_dir() and (root / old).resolve() == root.resolve() / old:
            return line
    return ""


def removals(root: Path, output: str) -> tuple[Edit, ...]:
    """Return the edits that take every block of linkmode, for the folder ``output``, out of the files of ``root``.

    Raises:
        ConfigError: a file cannot be read, has half a block, or one for another folder.
    """
    found = []
    for file in (*bazel.ROOTS, ".bazelrc", _IGNORE, CONFIG):
        before = None if (root / file).is_symlink() else _read(root / file)
        after = before if before is None else removed(before, file)
        if after != before and output not in (before or ""):
            raise ConfigError(
                f"{file}: linkmode's block does not name {output}, the output of linkmode.toml",
                expected="the block of the folder to remove",
                hint=Message("set output to the folder that the block names, then run: ", Run("generate", "--remove")),
            )
        if after != before:
            found.append(Edit(file=file, before=before, after=after))
    return tuple(found)


def _module(output: str, module: BazelModule) -> Block:
    renamed = "" if module.name == "linkmode" else ', repo_name = "linkmode"'
    return Block(
        file=bazel.MODULE,
        lines=(
            f'bazel_dep(name = "{module.name}", version = "{module.version}"{renamed})',
            "local_path_override(",
            f'    module_name = "{module.name}",',
            f'    path = "{output}",',
            ")",
        ),
        by_hand=rf'\bname = "{re.escape(module.name)}"',
        after="module",  # before every module that registers C++ toolchains: Bazel takes them in this order
    )


def _workspace(file: str, output: str) -> Block:
    return Block(
        file=file,
        lines=(
            "local_repository(",
            '    name = "linkmode",',
            f'    path = "{output}",',
            ")",
            "",
            'load("@linkmode//:repositories.bzl", "linkmode_register_toolchains", "linkmode_repositories")',
            "",
            "linkmode_repositories()",
            "",
            "linkmode_register_toolchains()",
        ),
        by_hand=r'\bname = "linkmode"',
        after="workspace",
    )


def _has_rules(workspace: Path) -> bool:
    """Whether a WORKSPACE beside a MODULE.bazel does anything: an empty one only marks the root."""
    text = _read(workspace) or ""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    return bool([line for line in lines if not line.startswith("workspace(")])


def _read(path: Path) -> str | None:
    try:
        return textfile.read(path)
    except FileNotFoundError:
        return None
    except textfile.UnusableError as error:
        is_text = isinstance(error, textfile.NoTextError)
        raise ConfigError(
            f"{path} {error.problem}",
            expected="a text in UTF-8",
            hint=f"save {path.name} as UTF-8"
            if is_text
            else Message(f"make {path.name} a file that can be read, or move it away, then run: ", Run("generate")),
        ) from error

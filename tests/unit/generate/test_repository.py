"""What a repository's own files get: marked blocks, in the right place, and none where the user says the same."""

import os
import re
from pathlib import Path

import pytest

from linkmode.config.bazel_module import BazelModule
from linkmode.generate import repository
from linkmode.generate.blocks import BEGIN, END, Block, edited
from linkmode.messages import ConfigError

OUT = "third_party/linkmode"
DEFAULT = BazelModule()
MODULE = """\
\"\"\"A module.\"\"\"

module(
    name = "x",  # a ) in a comment
    version = "1)",
)

bazel_dep(name = "rules_cc", version = "0.2.14")
"""


def laid(root: Path, **files: str) -> Path:
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    return root


MADE, ABOVE = " and made this file", " and the empty line above it"


def mark(around: str) -> str:
    return BEGIN.replace("this block", f"this block{around}")


def after(root: Path, output: str = OUT, module: BazelModule = DEFAULT) -> dict[str, str]:
    return {edit.file: edit.after for edit in repository.edits(root, output, module)}


def test_the_block_stands_behind_module_and_before_all_that_registers_toolchains(tmp_path: Path) -> None:
    made = after(laid(tmp_path, MODULE__bazel=MODULE))
    assert set(made) == {"MODULE.bazel", ".bazelrc", ".bazelignore"}
    lines = made["MODULE.bazel"].splitlines()
    assert lines.index(")") < lines.index(mark(ABOVE)) < lines.index('bazel_dep(name = "linkmode", version = "1")')
    assert lines.index(END) < lines.index('bazel_dep(name = "rules_cc", version = "0.2.14")')
    assert made[".bazelignore"] == f"{mark(MADE)}\n{OUT}\n{END}\n"
    assert made[".bazelrc"] == f"{mark(MADE)}\nimport %workspace%/{OUT}/linkmode.bazelrc\n{END}\n"


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("", ""),
        ("# licence\n", ""),
        ("# licence\n", "\nbazel_dep()\n"),
        ("", "# of the line below\nbazel_dep()\n"),
        ('"""d"""\n', 'bazel_dep(name = "a")\n'),
        ("", "bazel_dep()\n"),
        ("", "bazel_dep(\n"),
    ],
)
def test_without_module_it_stands_behind_the_head(tmp_path: Path, above: str, below: str) -> None:
    made = after(laid(tmp_path, MODULE__bazel=above + below))["MODULE.bazel"]
    block = made[made.index("# linkmode: begin") : made.index(END) + len(END) + 1]
    assert [part.strip("\n") for part in made.split(block)] == [above.strip("\n"), below.strip("\n")]


@pytest.mark.parametrize("text", ['module(name = "x"\nbazel_dep(\n', 'module(\n  name = """x\n)\n'])
def test_no_block_goes_where_the_end_of_module_is_not_known(tmp_path: Path, text: str) -> None:
    laid(tmp_path, MODULE__bazel=text)
    with pytest.raises(
        ConfigError, match=r"MODULE\.bazel is not Starlark that can be read: a bracket or a string has"
    ) as no:
        repository.edits(tmp_path, OUT, DEFAULT)
    assert no.value.hint == "correct MODULE.bazel, then run: linkmode generate"
    assert "behind its module(…)" in no.value.expected, "Bazel wants module() first"
    (tmp_path / "MODULE.bazel").write_text('module(name = "x")\nbazel_dep(\n')
    assert after(tmp_path)["MODULE.bazel"].startswith('module(name = "x")\n\n# linkmode: begin')
    (tmp_path / "MODULE.bazel").write_text(f'bazel_dep(name = "linkmode")\n{text}')
    assert set(after(tmp_path)) == {".bazelrc", ".bazelignore"}, "the user says it already"


def test_what_is_written_needs_no_further_edit_and_follows_the_output(tmp_path: Path) -> None:
    laid(tmp_path, MODULE__bazel=MODULE)
    for edit in repository.edits(tmp_path, OUT, DEFAULT):
        (tmp_path / edit.file).write_text(edit.after)
    assert repository.edits(tmp_path, OUT, DEFAULT) == ()
    moved = after(tmp_path, "build/linkmode")
    assert "build/linkmode" in moved["MODULE.bazel"]
    assert all(OUT not in text and text.count("# linkmode: begin") == 1 for text in moved.values())


def test_what_the_user_says_by_hand_is_left_alone(tmp_path: Path) -> None:
    laid(
        tmp_path,
        MODULE__bazel='bazel_dep(name = "linkmode")\n',
        __bazelrc=f"import %workspace%/{OUT}/linkmode.bazelrc\n",
        __bazelignore="third_party/\n",
    )
    assert repository.edits(tmp_path, OUT, DEFAULT) == ()


def test_what_only_looks_like_it_is_not_taken_for_it(tmp_path: Path) -> None:
    laid(
        tmp_path,
        MODULE__bazel='# bazel_dep(name = "linkmode")\nbazel_dep(name = "linkmode_extras")\n',
        __bazelrc=f"# import %workspace%/{OUT}/linkmode.bazelrc\n",
        __bazelignore=f"{OUT}_old\n",
    )
    assert set(after(tmp_path)) == {"MODULE.bazel", ".bazelrc", ".bazelignore"}


@pytest.mark.parametrize(
    ("version", "files", "edited_files", "flags"),
    [
        ("4.2.3", {"WORKSPACE": ""}, "WORKSPACE", "linkmode_bazel4"),
        ("6.5.0", {"WORKSPACE.bazel": ""}, "WORKSPACE.bazel", "linkmode_bazel6"),
        ("7.7.1", {"MODULE.bazel": "", "WORKSPACE": "# empty\n"}, "MODULE.bazel", ""),
        ("8.4.0", {"MODULE.bazel": "", "WORKSPACE": "x()\n"}, "MODULE.bazel", ""),
        ("latest", {"MODULE.bazel": ""}, "MODULE.bazel", ""),
        ("7.7.1", {"WORKSPACE": ""}, "WORKSPACE", ""),
        ("latest", {"WORKSPACE": ""}, "WORKSPACE", "linkmode_bazel6"),
    ],
)
def test_the_files_and_flags_of_each_bazel(
    tmp_path: Path, version: str, files: dict[str, str], edited_files: str, flags: str
) -> None:
    laid(tmp_path, **files)
    (tmp_path / ".bazelversion").write_text(f"{version}\n")
    made = after(tmp_path)
    assert set(made) == {edited_files, ".bazelrc", ".bazelignore"}
    assert (f"--config={flags}" in made[".bazelrc"]) is bool(flags)


def test_a_folder_that_is_no_workspace_is_left_alone(tmp_path: Path) -> None:
    assert repository.edits(laid(tmp_path, __bazelrc="build --x\n"), OUT, DEFAULT) == ()


def test_line_endings_and_a_missing_one_at_the_end_are_kept() -> None:
    block = Block(file="f", lines=("x",), by_hand="^never$")
    assert edited("a\r\nb", block) == f"a\r\nb\r\n\r\n{mark(ABOVE)}\r\nx\r\n{END}"


@pytest.mark.parametrize("text", [f"{BEGIN}\n", f"{END}\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{END}\n{BEGIN}\n{END}\n"])
def test_half_a_block_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"f: the marks of linkmode's block do not match"):
        edited(text, Block(file="f", lines=("x",), by_hand="^never$"))


@pytest.mark.parametrize("led_to", ["nowhere", "conf"])
def test_a_link_is_read_through_and_known_as_one(tmp_path: Path, led_to: str) -> None:
    laid(tmp_path, MODULE__bazel="", conf="build --x\n")
    (tmp_path / ".bazelrc").symlink_to(led_to)
    links = {edit.file: edit.is_link for edit in repository.edits(tmp_path, OUT, DEFAULT)}
    assert links == {"MODULE.bazel": False, ".bazelrc": True, ".bazelignore": False}
    (tmp_path / ".bazelrc").unlink()
    (tmp_path / "conf").write_text(f"import %workspace%/{OUT}/linkmode.bazelrc\n")
    (tmp_path / ".bazelrc").symlink_to("conf")
    assert ".bazelrc" not in after(tmp_path), "the lines are there"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("third_party/linkmode", "tools/lm", "third_party/linkmode"),
        ("third_party/linkmode", "third_party/linkmode", ""),
        ("third_party/linkmode", "third_party/linkmode/new", ""),
        ("third_party/linkmode", "third_party", ""),
        ("../elsewhere", "tools/lm", ""),
        ("/etc", "tools/lm", ""),
        (".", "tools/lm", ""),
    ],
)
def test_the_folder_that_was_the_output_before(tmp_path: Path, old: str, new: str, found: str) -> None:
    laid(tmp_path, MODULE__bazel="", __bazelignore=f"mine\n{BEGIN}\n{old}\n{END}\n")
    (tmp_path / old).mkdir(parents=True, exist_ok=True)
    assert repository.former(tmp_path, repository.edits(tmp_path, new, DEFAULT), new) == found


@pytest.mark.parametrize("now", ["link", "link above", "file", "nothing"])
def test_a_former_output_that_was_moved_is_left_alone(tmp_path: Path, now: str) -> None:
    old, new = "old/linkmode", "tools/linkmode"
    laid(tmp_path, MODULE__bazel="", __bazelignore=f"{BEGIN}\n{old}\n{END}\n")
    (tmp_path / new).mkdir(parents=True)
    if now == "link above":
        (tmp_path / "old").symlink_to("tools")
    else:
        (tmp_path / "old").mkdir()
    if now == "link":
        (tmp_path / old).symlink_to("../tools/linkmode")
    elif now == "file":
        (tmp_path / old).touch()
    assert repository.former(tmp_path, repository.edits(tmp_path, new, DEFAULT), new) == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("USE_BAZEL_VERSION=4.2.3\n", True),
        ("BAZELISK_HOME=/x\n", False),
        ("USE_BAZEL_VERSION=8.0.0\nUSE_BAZEL_VERSION = 4.2.3\n", True),
        ("USE_BAZEL_VERSION=4.2.3\nUSE_BAZEL_VERSION=\n", False),
        ("# USE_BAZEL_VERSION=4.2.3\n", False),
    ],
)
def test_bazeliskrc_comes_before_bazelversion(tmp_path: Path, text: str, line: bool) -> None:
    laid(tmp_path, MODULE__bazel="", WORKSPACE="", __bazelversion="7.7.1\n", __bazeliskrc=text)
    assert ("--config=linkmode_bazel4" in after(tmp_path)[".bazelrc"]) == line


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "MODULE.bazel").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        repository.edits(tmp_path, OUT, DEFAULT)


@pytest.mark.parametrize("name", [".bazelversion", ".bazelrc", ".bazelignore"])
def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path, name: str) -> None:
    laid(tmp_path, MODULE__bazel="")
    if name == ".bazelversion":  # a repository can hold a link
        (tmp_path / name).symlink_to("/dev/zero")
    else:
        os.mkfifo(tmp_path / name)
    with pytest.raises(ConfigError, match=rf"{re.escape(name)} is no regular file"):
        repository.edits(tmp_path, OUT, DEFAULT)


def test_a_library_module_is_known_by_its_own_name_and_used_as_linkmode(tmp_path: Path) -> None:
    module = BazelModule(name="words_linkmode", version="1.4.0")
    made = after(laid(tmp_path, MODULE__bazel=MODULE), module=module)["MODULE.bazel"]
    assert 'bazel_dep(name = "words_linkmode", version = "1.4.0", repo_name = "linkmode")\n' in made
    assert '    module_name = "words_linkmode",\n' in made


def test_a_cell_of_buck2_is_named_where_there_is_a_buckconfig(tmp_path: Path) -> None:
    assert repository.edits(tmp_path, OUT, DEFAULT, ("buck2",)) == ()
    (tmp_path / ".buckconfig").write_text("[cells]\nroot = .\n")
    [edit] = repository.edits(tmp_path, OUT, DEFAULT, ("buck2",))
    assert edit.file == ".buckconfig"
    assert edit.after == f"[cells]\nroot = .\n\n{mark(ABOVE)}\n[cells]\nlinkmode = third_party/linkmode/buck2\n{END}\n"
    (tmp_path / ".buckconfig").write_text(edit.after)
    assert repository.edits(tmp_path, OUT, DEFAULT, ("buck2",)) == ()
    (tmp_path / ".buckconfig").write_text("[cells]\nroot = .\nlinkmode = elsewhere/buck2\n")
    assert repository.edits(tmp_path, OUT, DEFAULT, ("buck2",)) == ()
    assert repository.edits(tmp_path, OUT, DEFAULT, ("bazel",)) == ()


@pytest.mark.parametrize("line", ["third_party/linkmode # ours", " third_party/linkmode", "# third_party/linkmode"])
def test_a_line_of_bazelignore_is_a_path_to_its_end(tmp_path: Path, line: str) -> None:
    laid(tmp_path, MODULE__bazel=MODULE, __bazelignore=f"{line}\n")
    assert after(tmp_path)[".bazelignore"].endswith(f"\n{OUT}\n{END}\n"), "Bazel has comments in lines of their own"
    for said in ("third_party/linkmode", "third_party/", "third_party/linkmode\r"):
        laid(tmp_path, __bazelignore=f"{said}\n")
        assert ".bazelignore" not in after(tmp_path)

"""The references: the committed pages are what the code gives, and a change of the code changes the page."""

from pathlib import Path, PurePosixPath

import click
import msgspec
import pytest
import reference_catalogue
import reference_cli
import reference_config
import reference_rules
import references

from linkmode import messages
from linkmode.catalog.pins import load
from linkmode.cli import lock as lock_command
from linkmode.cli import main as cli
from linkmode.config import keys
from linkmode.config.document import Config, parse
from linkmode.model import resources
from linkmode.model.values import Artifact, Lock, LockedPart, LockedToolchain, Pin

MINIMAL = '[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.2"\ntargets = ["x86_64-linux-musl"]\n'


@pytest.mark.parametrize("page", references.pages(), ids=lambda page: page.stem)
def test_a_committed_page_is_what_the_code_gives(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert references.fill(text) == text, f"{page.name} differs from the code; run: make generated"


def test_every_block_is_on_a_page() -> None:
    used = {name for page in references.pages() for name in references.names(page.read_text(encoding="utf-8"))}
    assert used == set(references.BLOCKS)


def test_an_unknown_block_is_an_error() -> None:
    with pytest.raises(KeyError):
        references.fill("<!-- generated: nothing -->\n<!-- end of generated -->")


# --- The command line ----------------------------------------------------------------------------------------------


def test_a_changed_help_text_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    option = next(one for one in lock_command.command.params if one.name == "check")
    assert isinstance(option, click.Option)
    before = reference_cli.commands()
    monkeypatch.setattr(option, "help", "Look <only>.")
    after = reference_cli.commands()
    assert "| `--check` | Look &lt;only>. |" in after
    assert "Look" not in before
    page = references.ROOT / "docs/reference/cli.md"
    text = page.read_text(encoding="utf-8")
    assert references.fill(text) != text


def test_every_command_and_option_is_on_the_page() -> None:
    page = reference_cli.commands()
    seen = 0

    def walk(command: click.Command, context: click.Context) -> None:
        nonlocal seen
        assert f"# {context.command_path}\n" in page
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                seen += 1
                assert max(parameter.opts, key=len) in page, parameter.opts
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                walk(inner, click.Context(inner, info_name=name, parent=context))

    root = cli._linkmode
    walk(root, click.Context(root, info_name="linkmode"))
    assert seen > 50


def test_every_exit_code_is_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    page = reference_cli.exit_code_table()
    codes = [kind.exit_code for kind in messages.LinkmodeError.__subclasses__()]
    assert len(codes) > 6
    for code in [*codes, cli.DEFECT, cli.INTERRUPTED, cli.CLOSED_PIPE]:
        assert f"\n| {code} | " in page
    monkeypatch.setattr(messages.NetworkError, "exit_code", 44)
    assert "\n| 44 | " in reference_cli.exit_code_table()


# --- linkmode.toml and linkmode.lock -------------------------------------------------------------------------------


def test_every_key_is_on_the_page_and_no_other_is_accepted() -> None:
    page = reference_config.tables()
    for table, known in keys.TABLES.items():
        for key in known:
            assert f"| `{key}` |" in page, (table, key)
    with pytest.raises(messages.ConfigError, match="unknown key"):
        parse(f"{MINIMAL}sysroot = 1\n", where="linkmode.toml")


def test_a_changed_meaning_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(keys.TABLES["toolchain"], "family", keys.Key("string", keys.REQUIRED, "Something else."))
    assert "| `family` | string | required | Something else. |" in reference_config.tables()


def test_documented_defaults_are_those_of_the_reader() -> None:
    config = parse(MINIMAL, where="linkmode.toml")
    documented = {key: one.default for key, one in keys.TABLES[""].items()}
    shown = {
        "output": f'"{config.output}"',
        "build-systems": str(list(config.build_systems)).replace("'", '"'),
        "exec-platforms": str(list(map(str, config.exec_platforms))).replace("'", '"'),
    }
    assert documented == shown
    assert keys.TABLES["toolchain"]["without"].default == str(list(config.toolchains[0].without))


def test_every_table_of_the_reader_has_its_keys() -> None:
    fields = {field.name.replace("_", "-") for field in msgspec.structs.fields(Config)}
    renamed = {"toolchains": "toolchain", "pins": "pin", "accepted": "advisories"}
    assert {renamed.get(name, name) for name in fields} == set(keys.TOP_LEVEL)


@pytest.mark.parametrize(
    "struct", [Lock, Artifact, LockedToolchain, LockedPart, Pin], ids=lambda struct: struct.__name__
)
def test_every_key_of_the_lock_and_of_a_pin_has_a_meaning(struct: type[msgspec.Struct]) -> None:
    rows = reference_config._keys(struct).splitlines()[2:]
    assert len(rows) == len(msgspec.structs.fields(struct))
    for row in rows:
        assert row.split(" | ")[-1].strip(" |"), row


# --- The catalogue -------------------------------------------------------------------------------------------------


def test_every_family_and_every_refused_version_is_on_the_page() -> None:
    page = reference_catalogue.families()
    catalog = load(resources.catalogue())
    assert len(catalog.families) == len(page.splitlines()) - 2
    for name, family in catalog.families.items():
        assert f"| `{name}` | {family.kind} | {len(family.pins)} | " in page
    assert "0.13.0)" in page  # pinned, and refused
    for family in catalog.families.values():
        for advisory in family.advisories:
            assert advisory.id in reference_catalogue.advisories()


# --- The rules -----------------------------------------------------------------------------------------------------


LINK_MODE = PurePosixPath("private/link_mode")


def change(monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str) -> None:
    """Let a .bzl file of private/link_mode have other text."""
    sources = reference_rules.sources()
    text = sources[LINK_MODE / name]
    assert old in text
    changed = {**sources, LINK_MODE / name: text.replace(old, new, 1)}
    monkeypatch.setattr(reference_rules, "sources", lambda: changed)


def test_a_changed_docstring_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, "link_modes.bzl", "binary: ", "binary: what to build in <each> mode. ")
    assert "| `binary` | required | what to build in &lt;each> mode. " in reference_rules.rules()


def test_a_new_attribute_appears(monkeypatch: pytest.MonkeyPatch) -> None:
    added = '    attrs = {\n        "colour": attr.string(doc = "Red."),\n'
    change(monkeypatch, "check.bzl", "    attrs = {\n", added)
    assert "| `colour` | string |  | Red. |" in reference_rules.rules()


def test_an_attribute_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, "check.bzl", "    attrs = {\n", "    attrs = {} if True else {\n")
    with pytest.raises(TypeError, match="not a dictionary of attributes"):
        reference_rules.rules()


def test_every_public_symbol_is_on_the_page() -> None:
    page = reference_rules.rules()
    count = 0
    for file in reference_rules.public_files():
        for name in reference_rules.public(file):
            count += 1
            assert f"\n### {name}\n" in page
    assert count > 20
    assert "| `_" not in page  # private attributes

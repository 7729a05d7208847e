"""The real stardoc documents every .bzl file that users load from, and files of theirs that load from those."""

import re
import shutil
from pathlib import Path

import pytest
from harness import bazel
from harness.places import EXAMPLES, PROJECTS, WORK
from harness.rule_sets import with_rule_sets
from harness.workspace import linkmode

_MODULE = re.compile(r'name = "linkmode",\n')

_SYMBOLS = {
    "defs": ("link_mode_binary", "link_mode_run", "link_mode_run_test", "link_mode_test", "link_modes", "LinkModeInfo"),
    "extensions": ("linkmode",),
    "go": ("go_binary", "go_library", "go_test"),
    "graalvm": ("native_image",),
    "lisp": ("lisp_library", "sbcl_binary", "sbcl_test"),
    "lock": (),
    "ocaml": ("ocaml_binary", "ocaml_library", "ocaml_test"),
    "repositories": ("linkmode_repositories", "linkmode_register_toolchains"),
    "rust": ("rust_binary", "rust_library", "rust_proc_macro", "rust_test"),
    "shop": ("shop_binary",),
}


@pytest.fixture
def place() -> Path:
    """A workspace with the rule library of each example as a module of the example's name."""
    folder = WORK / "e2e" / "7.7.1" / "stardoc"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PROJECTS / "stardoc", folder)
    for name in re.findall(r'path = "(\w+)/', (folder / "MODULE.bazel").read_text()):
        (folder / name).mkdir()
        for file in ("linkmode.toml", "linkmode.lock"):
            shutil.copy(EXAMPLES / name / file, folder / name)
        linkmode(folder / name, "generate")
        if name != "cpp_zig":  # that one is called linkmode
            module = folder / name / "third_party/linkmode/MODULE.bazel"
            text = module.read_text()
            module.write_text(_MODULE.sub(f'name = "{name}",\n    repo_name = "linkmode",\n', text, count=1))
    return folder


def test_stardoc_renders_every_public_file(place: Path) -> None:
    try:
        builder = with_rule_sets("rules_shell", "stardoc")
    except bazel.NoBazelError as error:
        pytest.skip(str(error))
    try:
        builder.run(place, "build", "//:all")
        for name, symbols in _SYMBOLS.items():
            text = (place / "bazel-bin" / f"{name}.md").read_text()
            for symbol in symbols:
                assert f'<a id="{symbol}"></a>' in text, (name, symbol)
    finally:
        builder.leave(place)

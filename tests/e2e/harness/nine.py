"""Bazel 7.7.1 made to look like Bazel 9: what 9.0 removed is a tombstone, and only @rules_cc has C++ rules.

No binary of Bazel 9 comes with the package registries. The Starlark half of 7.7.1's own rules can be given by
--experimental_builtins_bzl_path, so a copy of it is made in which every rule and provider that 9.0 removed is what 9
has in its place: a rule that fails when it is called, with the message of 9, and None for a provider. In 9 the rules
live in rules_cc, which finds them here by a name that nobody else knows.
See https://github.com/bazelbuild/bazel/blob/9.0.0/src/main/starlark/builtins_bzl/bazel/exports.bzl.
"""

import re
import shutil
from dataclasses import replace
from pathlib import Path

from harness.bazel import Bazel, find
from harness.places import BAZEL_7_ROOT, ROOT, WORK

NEWEST = ROOT / "tests/e2e/bazel/newest.bazelrc"

_SHARE = BAZEL_7_ROOT / "usr/share/bazel"

CC_RULES = (
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_shared_library",
    "cc_static_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_alias",
    "cc_toolchain_suite",
    "fdo_prefetch_hints",
    "fdo_profile",
    "memprof_profile",
    "objc_import",
    "objc_library",
    "propeller_optimize",
)
OTHER_RULES = (
    "aar_import",
    "android_binary",
    "android_library",
    "android_local_test",
    "android_sdk",
    "cc_proto_library",
    "java_binary",
    "java_import",
    "java_library",
    "java_lite_proto_library",
    "java_package_configuration",
    "java_plugin",
    "java_proto_library",
    "java_runtime",
    "java_test",
    "java_toolchain",
    "proto_lang_toolchain",
    "proto_library",
    "py_binary",
    "py_library",
    "py_runtime",
    "py_test",
    "sh_binary",
    "sh_library",
    "sh_test",
)
CC_SYMBOLS = (
    "CcInfo",
    "CcSharedLibraryHintInfo",
    "CcSharedLibraryInfo",
    "CcToolchainConfigInfo",
    "DebugPackageInfo",
    "cc_common",
)
OTHER_SYMBOLS = (
    "JavaInfo",
    "JavaPluginInfo",
    "ProtoInfo",
    "PyCcLinkParamsProvider",
    "PyInfo",
    "PyRuntimeInfo",
    "cc_proto_aspect",
    "java_common",
    "proto_common_do_not_use",
    "py_internal",
)

REMOVED_ARGUMENTS = ("incompatible_use_toolchain_transition",)
"""What Bazel's own functions do not take in 9.0 (bazelbuild/rules_pkg#962); 7.7.1 cannot be made to forget it."""

_HIDDEN = "_builtins_dummy"
"""A name that 7.7.1 has for its own tests alone, as no new one may be given: it holds what rules_cc may reach."""

_EXPORTS = """
_CC_RULES = {cc_rules}
_OTHER_RULES = {other_rules}
_CC_SYMBOLS = {cc_symbols}
_OTHER_SYMBOLS = {other_symbols}
_OTHERS = {others}

def _own(name, found):
    # a leading + or - says whether a rule may be chosen on the command line
    for key in [name, "+" + name, "-" + name]:
        if key in found:
            return found.pop(key)
    return None

def _tombstone(name, own):
    def removed(**kwargs):
        repository = _builtins.native.repo_name()
        if own and repository.replace("+", "~").partition("~")[0] in _OTHERS:
            own(**kwargs) # their BUILD files load their rules, in the versions for 9
        else:
            fail("This rule has been removed from Bazel. Please add a `load()` statement for it: " + name)
    return removed

def _nine():
    rules = dict_union(common_exported_rules, bazel_exported_rules)
    toplevels = dict_union(common_exported_toplevels, bazel_exported_toplevels)
    hidden = {{}}
    for name in _CC_RULES + _OTHER_RULES:
        hidden[name] = _own(name, rules) or getattr(_builtins.native, name, None)
        rules[name] = _tombstone(name, hidden[name])
    for name in _CC_SYMBOLS + _OTHER_SYMBOLS:
        hidden[name] = _own(name, toplevels) or getattr(_builtins.toplevel, name, None)
        toplevels[name] = None
    toplevels["cc_common"] = struct(do_not_use_tools_cpp_compiler_present = None)
    toplevels["_builtins_dummy"] = struct(**hidden)
    return struct(rules = rules, toplevels = toplevels)

_NINE = _nine()
exported_rules = _NINE.rules
exported_toplevels = _NINE.toplevels
"""


_OTHERS = {
    "bazel_tools": "embedded_tools",
    **{f"rules_{rules}": f"rules/{rules}" for rules in ("cc", "java", "license", "proto", "python")},
}
"""Modules that bring rules of their own in 9, and where Debian's 7.7.1 has them."""


def nine() -> Bazel:
    """Return a Bazel that has what 9 has. Raises NoBazelError."""
    seven = find("7.7.1")
    folder = WORK / "bazel-nine"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    builtins = _builtins(folder / "builtins")
    flags = ["--experimental_builtins_dummy", f"--experimental_builtins_bzl_path={builtins}"]
    flags += [f"--override_module={name}={_rules(folder / name, _SHARE / place)}" for name, place in _OTHERS.items()]
    return replace(seven, name="7.7.1-as-9", flags=(*seven.flags, *flags, *_newest()))


def _newest() -> list[str]:
    lines = (line.split() for line in NEWEST.read_text(encoding="utf-8").splitlines())
    return [words[1] for words in lines if words and words[0] in ("build", "common")]


def _builtins(folder: Path) -> Path:
    shutil.copytree(_SHARE / "builtins_bzl", folder)
    exports = folder / "exports.bzl"
    text = exports.read_text(encoding="utf-8")
    kept = re.sub(r"^exported_(rules|toplevels) = .*\n", "", text, flags=re.MULTILINE)
    lists = {
        "cc_rules": list(CC_RULES),
        "other_rules": list(OTHER_RULES),
        "cc_symbols": list(CC_SYMBOLS),
        "other_symbols": list(OTHER_SYMBOLS),
        "others": list(_OTHERS),
    }
    exports.write_text(kept + _EXPORTS.format(**lists), encoding="utf-8")
    return _without_deprecated_names(folder)


def _rules(folder: Path, of: Path) -> Path:
    """Return a copy of Debian's files that finds what was Bazel's own where it is hidden."""
    shutil.copytree(of, folder)
    rules = "|".join(CC_RULES + OTHER_RULES)
    symbols = "|".join(CC_SYMBOLS + OTHER_SYMBOLS)
    for path in folder.rglob("*.bzl"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(rf"\bnative\.({rules})\b", rf"{_HIDDEN}.\1", text)
        # the global, and neither a word in a string nor a name that the file itself defines
        text = re.sub(rf"(?<![\w.\"'`:/])({symbols})\b(?! *=[^=])(?![\"'`])", rf"{_HIDDEN}.\1", text)
        path.write_text(text, encoding="utf-8")
    return _without_deprecated_names(folder)


def _without_deprecated_names(folder: Path) -> Path:
    for path in folder.rglob("*.bzl"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(label|owner|Label\(.*\))\.workspace_name", r"\1.repo_name", text), encoding="utf-8")
    return folder

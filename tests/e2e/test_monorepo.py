"""The first hour: a monorepo of others' code, two commands to a verified binary, nothing broken, and all of it undone.

snappy is a module of its own and brotli lies within the monorepo, as their authors wrote them.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import bazel, libraries
from harness.bazel import Bazel
from harness.places import STORE, WORK
from harness.shared import MissingToolchainsError
from harness.workspace import linkmode

pytestmark = pytest.mark.tier("slow")

_MODULE = """\
module(name = "mono")
bazel_dep(name = "rules_cc", version = "0.2.14")

bazel_dep(name = "snappy", version = "1.2.2")
local_path_override(
    module_name = "snappy",
    path = "third_party/snappy",
)"""
_WORKSPACE = 'workspace(name = "mono")\r\n\r\nlocal_repository(name = "snappy", path = "third_party/snappy")\r\n'
_ROOTS = {"7.7.1": ("MODULE.bazel", _MODULE), "4.2.3": ("WORKSPACE", _WORKSPACE)}

_BUILD = """\
load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")

cc_library(
    name = "codec",
    srcs = ["codec.cc"],
    hdrs = ["codec.h"],
    deps = ["//third_party/brotli:brotlienc", "@snappy"],
)

cc_binary(
    name = "pack",
    srcs = ["pack.cc"],
    deps = [":codec"],
)
"""
_CODEC = """\
#include "app/codec.h"
#include <brotli/encode.h>
#include <vector>
#include "snappy.h"
std::string Describe(const std::string &input) {
  std::string packed;
  snappy::Compress(input.data(), input.size(), &packed);
  std::vector<uint8_t> out(BrotliEncoderMaxCompressedSize(input.size()) + 16);
  size_t size = out.size();
  BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, input.size(),
                        reinterpret_cast<const uint8_t *>(input.data()), &size, out.data());
  return "snappy " + std::to_string(packed.size()) + ", brotli " + std::to_string(size);
}
"""
_PACK = (
    '#include <cstdio>\n#include "app/codec.h"\nint main() { std::puts(Describe(std::string(10000, 120)).c_str()); }\n'
)


@dataclass(frozen=True)
class Monorepo:
    """A repository that knows nothing of linkmode, and the Bazel that its owner has."""

    folder: Path
    bazel: Bazel

    def query(self) -> set[str]:
        return set(self.bazel.run(self.folder, "query", "//...").stdout.split())

    def files(self) -> dict[str, bytes | str]:
        listed = [
            path for path in self.folder.rglob("*") if not path.relative_to(self.folder).parts[0].startswith("bazel-")
        ]
        return {
            path.relative_to(self.folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes()
            for path in listed
            if path.is_symlink() or path.is_file()
        }


@pytest.fixture(params=_ROOTS)
def monorepo(request: pytest.FixtureRequest) -> Iterator[Monorepo]:
    try:
        builder = bazel.find(request.param)
        parts = {name: libraries.sources(name) for name in ("snappy", "brotli")}
    except (bazel.NoBazelError, MissingToolchainsError) as error:
        pytest.skip(str(error))
    folder = WORK / "e2e" / "monorepo" / request.param
    shutil.rmtree(folder, ignore_errors=True)
    for name, path in parts.items():
        shutil.copytree(path, folder / "third_party" / name, symlinks=True)
    root, text = _ROOTS[request.param]
    files = {
        root: text,
        "third_party/BUILD": "",
        ".bazelrc": "build --cxxopt=-std=c++17\ntry-import %workspace%/user.bazelrc",
        ".bazelignore": "third_party/snappy\n",
        ".gitignore": "bazel-*\n",
        "app/BUILD": _BUILD,
        "app/codec.h": "#include <string>\nstd::string Describe(const std::string &input);\n",
        "app/codec.cc": _CODEC,
        "app/pack.cc": _PACK,
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode())
    (folder / root).chmod(0o444)
    (folder / "linked").symlink_to("app")
    try:
        yield Monorepo(folder, builder)
    finally:
        builder.leave(folder)


def test_two_commands_to_a_verified_binary_and_back(monorepo: Monorepo) -> None:
    folder = monorepo.folder
    before, targets = monorepo.files(), monorepo.query()

    done = linkmode(folder, "setup", "--source=pypi", f"--store={STORE}")  # the first command
    assert monorepo.query() == targets, "no package of the rule library is one of the monorepo"
    assert linkmode(folder, "generate", "--check").returncode == 0
    named = re.search(
        r"next: add these lines to (\S+), then: bazel build (\S+)\n +(load.*)\n +(link_mode_binary.*)\n", done.stderr
    )
    assert named, done.stderr
    build, target, load, rule = named.groups()
    text = (folder / build).read_text()
    (folder / build).write_text(f"{load}\n{text}\n{rule}\n")

    monorepo.bazel.run(folder, "build", target)  # the second
    binary = folder / "bazel-bin" / target.removeprefix("//").replace(":", "/")
    linkmode(folder, "audit", "--expect", "static", str(binary))
    shown = subprocess.run([binary], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"snappy \d+, brotli \d+\n", shown)
    assert monorepo.query() == targets | {target, target.replace("//app:", "//linked:")}
    # These never built: Debian leaves the dictionary's binary out, and a header of //app is none of //linked's sandbox
    monorepo.bazel.run(folder, "build", "--", "//...", "-//linked/...", "-//third_party/brotli:dictionary")

    (folder / build).write_text(text)
    linkmode(folder, "generate", "--remove")
    for name in ("linkmode.toml", "linkmode.lock"):
        (folder / name).unlink()
    assert monorepo.files() == before
    assert monorepo.query() == targets

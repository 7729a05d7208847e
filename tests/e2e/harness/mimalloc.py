"""A workspace whose programs get mimalloc, from Debian's source package, as a user's own pin.

No package index carries mimalloc's sources. Debian's source archive is the release less documents and Windows binaries
(its name has +ds), and apt checks it by the signed index; its checksum is held here besides.
"""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from harness import debian, own_archive
from harness.cases import Case
from harness.places import EXAMPLES, STORE, WORK
from harness.workspace import linkmode, pin

VERSION = "==2.0.9"
_PACKAGE = "mimalloc=2.0.9+ds-2"
_FILE = "mimalloc_2.0.9+ds.orig.tar.xz"
_SHA256 = "cbc9d207ff105ad1f0cb739c378076143a6452b8d0624309cea0abfb040e972b"
_SUITE = "bookworm"
_FOLDER = WORK / "mimalloc"

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_modes")
{load}
package(default_visibility = ["//visibility:public"])

cc_binary(name = "churn", srcs = ["churn.c"], linkopts = ["-pthread"], tags = ["manual"])
cc_binary(name = "census", srcs = ["census.cc"], linkopts = ["-pthread"], tags = ["manual"])

link_modes(name = "churn_mimalloc", binary = ":churn", malloc = "mimalloc")
link_modes(name = "churn_plain", binary = ":churn")
link_modes(name = "census_mimalloc", binary = ":census", malloc = "mimalloc")
link_mode_binary(name = "churn_libc", binary = ":churn", link_mode = "static", malloc = "libc")
link_mode_binary(name = "churn_pie", binary = ":churn", link_mode = "static", malloc = "mimalloc", static_pie = True)
link_mode_binary(name = "churn_stripped", binary = ":churn", link_mode = "static", malloc = "mimalloc", strip = True)
"""

CHURN = """
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, SLOTS = 512 };

static long rounds = 200000;

static void *churn(void *seed)
{
    char *slots[SLOTS] = {0};
    unsigned state = (unsigned)(size_t)seed * 2654435761u + 1;
    size_t sum = 0;

    for (long i = 0; i < rounds; i++) {
        const unsigned slot = (state = state * 1664525u + 1013904223u) >> 23, size = (state >> 9 & 511) + 1;

        free(slots[slot]);
        slots[slot] = malloc(size);
        memset(slots[slot], (int)i, size);
        sum += (unsigned char)slots[slot][size - 1];
    }
    for (int i = 0; i < SLOTS; i++)
        free(slots[i]);
    return (void *)sum;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    size_t sum = 0;

    if (argc > 1)
        rounds = atol(argv[1]);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, churn, (void *)i);
    for (size_t i = 0; i < THREADS; i++) {
        void *result;

        pthread_join(threads[i], &result);
        sum += (size_t)result;
    }
    void *aligned = aligned_alloc(4096, 8192), *more = realloc(malloc(10), 100000), *zeros = calloc(1000, 8);
    printf("%d threads, aligned %d, %s\\n", THREADS, (int)((size_t)aligned % 4096),
           sum && more && !((char *)zeros)[7999] ? "done" : "wrong");
    free(aligned), free(more), free(zeros);
    return 0;
}
"""

CENSUS = """
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct alignas(128) Wide { char bytes[128]; };

int main()
{
    std::vector<std::thread> threads;
    std::vector<std::map<std::string, int>> counts(4);

    for (auto &count : counts)
        threads.emplace_back([&count] {
            for (int i = 0; i < 20000; i++)
                count["word number " + std::to_string(i % 100)]++;
        });
    for (auto &thread : threads)
        thread.join();
    auto wide = std::make_unique<Wide[]>(3);
    std::cout << counts[3].size() << " words, aligned " << reinterpret_cast<std::size_t>(wide.get()) % 128 << "\\n";
}
"""


def prepare(workspace: Path, case: Case, *, more: str = "", library: str = VERSION) -> Path:
    """Return ``workspace``: the toolchains of ``case``, mimalloc, a C and a C++ program; locked, fetched, generated.

    ``more`` is added to linkmode.toml. With an empty ``library`` mimalloc is not asked for. Raises
    MissingToolchainsError where sources or toolchains cannot be had.
    """
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir(parents=True)
    for name in (".bazelignore", ".bazelrc", "MODULE.bazel", "WORKSPACE"):
        shutil.copy(EXAMPLES / case.folder / name, workspace)
    config = tomllib.loads((EXAMPLES / case.folder / "linkmode.toml").read_text(encoding="utf-8"))
    config["library"] = {"mimalloc": library} if library else {}
    config["pin"] = [*map(pin, case.pins), own_pin()]
    (workspace / "linkmode.toml").write_text(tomli_w.dumps(config) + more, encoding="utf-8")
    for name, text in (("churn.c", CHURN), ("census.cc", CENSUS)):
        (workspace / name).write_text(text, encoding="utf-8")
    families = {request["family"] for request in config["toolchain"]}
    linkmode(workspace, "lock", *(f"--source={one}" for one in case.sources if one.partition("=")[0] in families))
    linkmode(workspace, "fetch", f"--store={STORE}")
    linkmode(workspace, "generate")
    return workspace


def write_build(workspace: Path, *, bazel: str) -> None:
    """Write the BUILD file for the Bazel of that name: newer ones load the C++ rules."""
    load = "" if bazel == "4.2.3" else 'load("@rules_cc//cc:defs.bzl", "cc_binary")'
    (workspace / "BUILD.bazel").write_text(BUILD.format(load=load), encoding="utf-8")


def own_pin() -> dict[str, Any]:
    """Return a user's pin for Debian's archive of the sources."""
    archive = debian.source(_FOLDER, _SUITE, _PACKAGE, _FILE, _SHA256)
    return own_archive.describe(archive, "mimalloc", "2.0.9", "mimalloc", "mimalloc-2.0.9+ds")

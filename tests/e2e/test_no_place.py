"""What SBCL sees of the machine while it builds: runtime/no_place.c in a program of its own, without a /proc."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import sandbox
from harness.places import ROOT

pytestmark = pytest.mark.tier("fast")

_SOURCES = ROOT / "templates" / "common" / "languages" / "sbcl" / "runtime"
_BUILD = ROOT / "templates" / "bazel" / "languages" / "sbcl" / "private" / "runtime" / "BUILD.bazel"

_PROGRAM = r"""
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// what SBCL's runtime has
int finalizer_thread_runflag;
int create_lisp_thread(pthread_t *thread, pthread_attr_t *attributes, void *argument) {
    return !thread || !attributes || !argument;
}
void finalizer_thread_wait(void) {}
void finalizer_thread_stop(void) {}

extern char **environ;

static void started(const char *how, int (*start)(const char *, char *const *)) {
    fflush(stdout);
    pid_t child = fork();
    int status = 0;
    if (!child) {
        environ = (char *[]){"A=b", NULL};
        start("/proc/self/cwd/app", (char *[]){"app", "child", NULL});
        printf("%s: %s\n", how, strerror(errno));
        exit(1);
    }
    waitpid(child, &status, 0);
    printf("%s: %d\n", how, status);
}

static long milliseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int count, char **arguments) {
    if (count > 1 && !strcmp(arguments[1], "child")) return !!getenv("LINKMODE_NO_PLACE");
    if (count > 1 && !getenv(arguments[1])) {
        setenv(arguments[1], "1", 1);
        execv("/app", arguments);
    }
    char name[PATH_MAX];
    struct stat about;
    printf("folder: %s\n", getcwd(name, sizeof name));
    printf("small: %s\n", getcwd(name, 3) ? name : strerror(errno));
    name[0] = 0;
    ssize_t size = readlink("/proc/self/exe", name, sizeof name - 1);
    printf("program: %.*s\n", size < 0 ? 0 : (int)size, name);
    printf("real: %s\n", realpath("data/file", name) ? name : strerror(errno));
    printf("real: %s\n", realpath("data/nothing", name) ? name : strerror(errno));
    printf("open: %d\n", open("/proc/self/cwd/data/file", O_RDONLY) > 0);
    printf("not here: %d\n", open("/proc/self/cwd2/data/file", O_RDONLY));
    int found = stat("/proc/self/cwd", &about);
    printf("stat: %d %d\n", found, S_ISDIR(about.st_mode));
    found = lstat("/proc/self/cwd//data/file", &about);
    printf("lstat: %d %ld\n", found, (long)about.st_size);
    printf("opendir: %d\n", !!opendir("/proc/self/cwd/data/"));
    printf("fopen: %d\n", !!fopen("/proc/self/cwd/data/file", "r"));
    printf("chdir: %d\n", chdir("/proc/self/cwd/data"));
    printf("access: %d\n", access("/proc/self/cwd/file", F_OK));
    printf("chdir: %d\n", chdir("/"));
    started("execv", execv);
    started("execvp", execvp);
    long before = milliseconds(CLOCK_MONOTONIC);
    usleep(20000);
    long passed = milliseconds(CLOCK_PROCESS_CPUTIME_ID) - before;
    printf("counts: %d\n", passed == 1);
    printf("calendar: %d\n", milliseconds(CLOCK_REALTIME) > 1000000000000);
    return 0;
}
"""

_HIDDEN = """\
folder: /proc/self/cwd
small: Result not representable
program: /proc/self/exe
real: /proc/self/cwd/data/file
real: No such file or directory
open: 1
not here: -1
stat: 0 1
lstat: 0 5
opendir: 1
fopen: 1
chdir: 0
access: 0
chdir: 0
execv: 0
execvp: 0
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program, linked as the runtime is: by the very list of functions to wrap."""
    compiler = shutil.which("musl-gcc")
    if not compiler:
        pytest.skip("needs musl-gcc, of the package musl-tools")
    folder = tmp_path_factory.mktemp("no_place")
    (folder / "main.c").write_text(_PROGRAM, encoding="utf-8")
    build = _BUILD.read_text(encoding="utf-8")
    listed = re.search(r"--wrap=%s\" % function for function in \[(.*?)\]\]", build, re.DOTALL)
    assert listed
    wraps = [f"-Wl,--wrap={name}" for name in re.findall(r'"(\w+)"', listed[1])]
    options = [
        "-std=c11",
        "-D_GNU_SOURCE",
        "-O2",
        "-static",
        "-pthread",
        "-o",
        "app",
        "main.c",
        _SOURCES / "no_place.c",
    ]
    subprocess.run([compiler, *options, *wraps], cwd=folder, check=True)
    (folder / "data").write_text("12345", encoding="utf-8")
    return folder / "app"


def _said(app: Path, *arguments: str) -> str:
    try:
        return sandbox.run_alone(app, {"/data/file": app.with_name("data")}, arguments=arguments)
    except sandbox.MissingToolError as error:
        pytest.skip(str(error))


def test_where_it_is_has_one_name_and_can_be_found_by_it(app: Path) -> None:
    assert _said(app, "LINKMODE_NO_PLACE").startswith(_HIDDEN)


def test_time_passes_as_it_does_where_code_of_users_runs(app: Path) -> None:
    assert _said(app, "LINKMODE_NO_PLACE").endswith("counts: 0\ncalendar: 1\n")


def test_a_stopwatch_counts_looks_where_it_is_told_to(app: Path) -> None:
    said = _said(app, "LINKMODE_NO_CLOCK")
    assert said.endswith("counts: 1\ncalendar: 1\n")
    assert said.startswith("folder: /\n")


def test_a_program_that_is_told_nothing_sees_the_machine(app: Path) -> None:
    said = _said(app)
    assert said.startswith("folder: /\n")
    assert "\nreal: /data/file\n" in said
    assert "\nopen: 0\n" in said
    assert said.endswith("counts: 0\ncalendar: 1\n")

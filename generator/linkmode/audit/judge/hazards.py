"""Finds hazards that the link mode does not show, each with its evidence in the file."""

import msgspec

from linkmode.audit.read import components
from linkmode.audit.read.facts import Contents, Facts


class Hazard(msgspec.Struct, frozen=True):
    """A hazard: its kind (one of docs/reference/audit-contents.md), a description, and the evidence in the file."""

    kind: str
    words: str
    evidence: str


def is_static(facts: Facts) -> bool:
    """Tell a program that no loader starts and that needs no library: its libc, if any, is inside."""
    return facts.interpreter is None and not facts.needed and facts.kind != "shared object"


def of(facts: Facts) -> tuple[Hazard, ...]:
    """Return the hazards of a file; those told by texts only when its contents were read."""
    return (
        *_memory(facts),
        *_loads(facts),
        *_payload(facts),
        *_search_paths("DT_RPATH", facts.rpath),
        *_search_paths("DT_RUNPATH", facts.runpath),
        *(_inside(facts, facts.contents) if facts.contents else ()),
    )


def _memory(facts: Facts) -> list[Hazard]:
    found = []
    if facts.executable_stack == "yes":
        found.append(Hazard("executable-stack", "its stack is executable", "PT_GNU_STACK has PF_X"))
    if facts.executable_stack == "unset":
        words = "whether its stack is executable is left to the kernel and the loader"
        found.append(Hazard("executable-stack", words, "no PT_GNU_STACK"))
    if facts.text_relocations:
        found.append(Hazard("text-relocations", "its code is written to when it is loaded", "DT_TEXTREL or DF_TEXTREL"))
    return found


def of_missing(names: tuple[str, ...]) -> tuple[Hazard, ...]:
    """Return a hazard for each library that the program's own system lacks: the program does not start there."""
    words = "its loader finds no such library in the system that it lies in, and stops"
    return tuple(Hazard("missing-library", words, name) for name in names)


_LOADS = {
    "DT_AUDIT": "the loader gives it every binding of the process before the program starts",
    "DT_DEPAUDIT": "the loader gives it every binding of the process before the program starts",
    "DT_FILTER": "its symbols count instead of this file's, and nothing starts without it",
    "DT_AUXILIARY": "where it is there, its symbols count before this file's",
}


def _loads(facts: Facts) -> list[Hazard]:
    found = []
    for one in facts.also_loads:
        words = "it names a library that musl's loader ignores" if facts.libc == "musl" else _LOADS[one.tag]
        found.append(Hazard("loader-tag", words, f"{one.tag} {one.name}"))
    if facts.no_default_folders and facts.libc != "musl":
        words = "glibc's loader looks into none of its own folders, where libc is"
        found.append(Hazard("loader-tag", words, "DF_1_NODEFLIB"))
    return found


def _payload(facts: Facts) -> list[Hazard]:
    if facts.behind is None:
        return []
    place = f"{facts.behind.size} bytes from byte {facts.behind.offset} on"
    return [
        Hazard("payload", f"data follows the program, and this report does not cover it: {facts.behind.words}", place)
    ]


def _search_paths(tag: str, paths: str | None) -> list[Hazard]:
    if not paths:
        return []  # an empty element counts, an empty list does not
    found = []
    folders = components.load().folders
    for entry in paths.split(":"):
        path = f"{entry}/"
        if path.startswith(("$ORIGIN/", "${ORIGIN}/")):
            continue
        if not entry.startswith("/"):
            words = "libraries are searched in the folder that the program is started from"
        elif path.startswith(folders.build) or any(part in path for part in folders.build_parts):
            words = "libraries are looked for in a folder where software is built, not installed"
        else:
            continue
        found.append(Hazard("search-path", words, f'{tag} has the entry "{entry}"'))
    return found


def _inside(facts: Facts, contents: Contents) -> list[Hazard]:
    found = []
    if is_static(facts) and facts.libc == "glibc":
        found += _static_glibc(contents)
    if is_static(facts) and facts.libc == "musl" and "musl-dlopen" in contents.marks:
        words = "dlopen is linked in, and always fails in a static musl program"
        if "svm-musl" in contents.marks:
            words += ": System.loadLibrary does, too, and so does a Java library that brings a native one (JNI)"
        found.append(Hazard("dlopen", words, _text("Dynamic loading not supported", contents.marks["musl-dlopen"])))
    if facts.libc == "glibc" and "svm-glibc" in contents.marks:
        words = "it does not start without /proc: GraalVM asks glibc for its stack, which reads /proc/self/maps"
        found.append(Hazard("proc", words, _text("com.oracle.svm.core.VM.Target.LibC", contents.marks["svm-glibc"])))
    if "shc" in contents.marks:
        words = "it decrypts a shell script and has the shell run that: the script and its commands are not told here"
        found.append(Hazard("payload", words, _text("E: neither argv[0] nor $_ works.", contents.marks["shc"])))
    if facts.libc == "musl" and contents.ifunc == "yes":
        found.append(Hazard("ifunc", "musl does not support GNU's indirect functions", "an IRELATIVE relocation"))
    if contents.build_paths:
        first = contents.build_paths[0]
        count = contents.build_path_count
        paths = "a path of a source" if count == 1 else f"{count} paths of sources"
        words = f"the file holds {paths} on the machine that built it"
        found.append(Hazard("build-path", words, _text(first.text, first.offset)))
    units = contents.compile_units
    system = components.load().folders.system
    own = [name for name in (units.folders if units else ()) if name[:1] == "/" and not f"{name}/".startswith(system)]
    if own and not contents.build_paths:
        words = "debug information names the folder on the machine that built it"
        found.append(Hazard("build-path", words, f'DW_AT_comp_dir "{own[0]}"'))
    return found


def _static_glibc(contents: Contents) -> list[Hazard]:
    # Every static glibc program holds the code for character sets, locales and dlopen: glibc's own start needs parts of
    # it. Only NSS comes with a function that asks for it, so that its text says more.
    marks = contents.marks
    found = []
    if "nss" in marks:
        words = (
            "names of users, groups or hosts are looked up through NSS: glibc opens /etc/nsswitch.conf and loads "
            "modules of exactly the glibc that it was built with"
        )
        found.append(Hazard("nss", words, _text("/etc/nsswitch.conf", marks["nss"])))
    if "gconv" in marks:
        words = "glibc's code that loads gconv modules with dlopen is inside; whether it is called cannot be determined"
        found.append(Hazard("iconv", words, _text("gconv-modules.cache", marks["gconv"])))
    if "locale" in marks:
        words = "glibc's code that opens /usr/lib/locale is inside; whether it is called cannot be determined"
        found.append(Hazard("locale", words, _text("/usr/lib/locale", marks["locale"])))
    if "dlopen" in marks:
        words = "glibc's dlopen is inside, for its own NSS and iconv; whether the program calls it cannot be determined"
        found.append(Hazard("dlopen", words, _text("invalid mode for dlopen()", marks["dlopen"])))
    return found


def _text(text: str, offset: int) -> str:
    return f'the text "{text}" at byte {offset}'

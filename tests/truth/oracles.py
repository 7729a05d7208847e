"""What other tools say of a file, in our words: readelf (binutils), scanelf and lddtree (pax-utils), file, auditwheel.

Each reader returns, for every path, the facts that its tool states; a fact that the tool does not state is left out.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Said = dict[str, Any]

_OS_ABI = {"GNU": "GNU/Linux", "Linux": "GNU/Linux", "Standalone App": "standalone", "ARM": "ARM"}


def available() -> list[str]:
    """Return the tools that are here."""
    return [tool for tool in ("readelf", "scanelf", "lddtree", "file") if shutil.which(tool)]


def _run(*command: str) -> str:
    # The tools' own numbers and words, whatever the locale; what they complain of goes to stderr and is not asked.
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    return done.stdout.decode("utf-8", "surrogateescape")


def _batches(paths: Sequence[Path], size: int) -> Iterator[list[str]]:
    for at in range(0, len(paths), size):
        yield [str(path) for path in paths[at : at + size]]


def readelf(path: Path) -> Said:
    """One file: headers, program headers, dynamic section, notes, versions and sections."""
    text = _run("readelf", "-hldnVSW", str(path))
    tags = re.findall(r"^ 0x[0-9a-f]+ \((\w+)\)\s+(.*)$", text, re.MULTILINE)
    named = dict(tags)
    segments = re.findall(
        r"^  (\S+) +0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ ([RWE ]{3}) ", text, re.MULTILINE
    )
    header = dict(re.findall(r"^  (Class|Data|OS/ABI|Type|Entry point address): +(.*?) *$", text, re.MULTILINE))
    interpreter = re.search(r"\[Requesting program interpreter: (.*)\]", text)
    stack = [flags for kind, flags in segments if kind == "GNU_STACK"]
    flags = named.get("FLAGS", "").split()
    flags_1 = named.get("FLAGS_1", "").split()
    is_now = "BIND_NOW" in named or "BIND_NOW" in flags or "NOW" in flags_1
    has_relro = any(kind == "GNU_RELRO" for kind, _ in segments)
    sections = re.findall(
        r"^  \[ *\d+\] (.*?) +(\S+|[0-9a-f]+: \S+) +[0-9a-f]{8,16} [0-9a-f]{6,} ([0-9a-f]{6,}) ", text, re.MULTILINE
    )
    build_id = re.search(r"Build ID: ([0-9a-f]+)", text)
    has_sections = "There are no sections" not in text
    os_abi = header.get("OS/ABI", "").removeprefix("UNIX - ")
    said: Said = {
        "bits": 64 if header.get("Class") == "ELF64" else 32,
        "endianness": "big" if "big" in header.get("Data", "") else "little",
        "os_abi": _OS_ABI.get(os_abi, os_abi),
        "entry": int(header.get("Entry point address", "0"), 16),
        "is_exec": header.get("Type", "").startswith("EXEC"),
        "interpreter": interpreter[1] if interpreter else None,
        "needed": tuple(re.findall(r"\(NEEDED\) +Shared library: \[(.*)\]", text)),
        "soname": _bracketed(named.get("SONAME")),
        "rpath": _bracketed(named.get("RPATH")),
        "runpath": _bracketed(named.get("RUNPATH")),
        "executable_stack": "unset" if not stack else "yes" if "E" in stack[-1] else "no",
        "relro": "none" if not has_relro else "full" if is_now else "partial",
        "bind_now": is_now,
        "text_relocations": "TEXTREL" in named or "TEXTREL" in flags,
        "build_id": build_id[1] if build_id else None,
        "df_1_pie": "PIE" in flags_1,
    }
    if has_sections:
        said["version_needs"] = _version_needs(text)
        said["sections"] = tuple((name, int(size, 16)) for name, kind, size in sections if kind != "NULL")
    return said


def _bracketed(value: str | None) -> str | None:
    return value.partition("[")[2].rpartition("]")[0] if value is not None else None


def _version_needs(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    needs: list[tuple[str, list[str]]] = []
    _, _, rest = text.partition("Version needs section")
    for line in rest.splitlines():
        if found := re.match(r"  (?:0x)?[0-9a-f]+: Version: \d+  File: (.*)  Cnt: \d+$", line):
            needs.append((found[1], []))
        elif (found := re.match(r"  0x[0-9a-f]+:   Name: (.*)  Flags: ", line)) and needs:
            needs[-1][1].append(found[1])
        elif line.startswith(("Version definition", "Displaying")):
            break
    return tuple((library, tuple(versions)) for library, versions in needs)


def has_ifunc(path: Path) -> bool:
    """Whether readelf prints a relocation of an indirect function, or such a function of its own."""
    symbols = (line.split() for line in _run("readelf", "--dyn-syms", "-W", str(path)).splitlines())
    is_own = any(words[3:4] == ["IFUNC"] and words[6:7] != ["UND"] for words in symbols)
    return is_own or "IRELATIV" in _run("readelf", "-rW", str(path))


def scanelf(paths: Sequence[Path]) -> dict[Path, Said]:
    """Many files: what scanelf prints of each; it prints nothing for a file without any of what is asked."""
    found: dict[Path, Said] = {}
    for batch in _batches(paths, 500):
        for line in _run("scanelf", "-qBF", "%M|%D|%o|%i|%n|%S|%r|%F", *batch).splitlines():
            bits, endianness, kind, interpreter, needed, soname, rpath, name = line.split("|", 7)
            found[Path(name.strip())] = {
                "bits": int(bits.removeprefix("ELFCLASS")),
                "endianness": {"LE": "little", "BE": "big"}[endianness.strip()],
                "is_exec": kind == "ET_EXEC",
                "interpreter": interpreter.strip() or None,
                "needed": tuple(name for name in needed.strip().split(",") if name),
                "soname": soname.strip() or None,
                "search_path": rpath.strip() or None,
            }
    return found


def file(paths: Sequence[Path]) -> dict[Path, Said]:
    """Many files: the words of file(1)."""
    found: dict[Path, Said] = {}
    for batch in _batches(paths, 200):
        lines = _run("file", "-b", "--", *batch).splitlines()
        for path, line in zip(batch, lines, strict=True):
            interpreter = re.search(r"interpreter ([^,]*)", line)
            build_id = re.search(r"BuildID\[[^\]]+\]=([0-9a-f]+)", line)
            found[Path(path)] = {
                "bits": 64 if "ELF 64-bit" in line else 32,
                "endianness": "big" if " MSB " in line else "little",
                "linkage": next(
                    (
                        words
                        for words in ("static-pie linked", "statically linked", "dynamically linked")
                        if words in line
                    ),
                    None,
                ),
                "is_pie": "pie executable" in line,
                "interpreter": interpreter[1] if interpreter else None,
                "build_id": build_id[1] if build_id else None,
                "symbol_table": "no" if ", stripped" in line else "yes" if ", not stripped" in line else "unknown",
                "has_debug_info": "with debug_info" in line,
            }
    return found


def lddtree(paths: Sequence[Path]) -> dict[Path, Said]:
    """Many programs: the interpreter and the libraries that they need themselves."""
    found: dict[Path, Said] = {}
    # Debian's script runs whatever python3 is first in PATH; Debian's own has the pyelftools that it needs.
    script = shutil.which("lddtree") or "lddtree"
    interpreter = ["/usr/bin/python3"] if Path("/usr/bin/python3").exists() else []
    for batch in _batches(paths, 50):
        current: Said = {}
        for line in _run(*interpreter, script, "-a", *batch).splitlines():
            if head := re.match(r"(\S.*) \(interpreter => (.*)\)$", line):
                current = {"interpreter": None if head[2] == "None" else head[2], "needed": ()}
                found[Path(head[1])] = current
            elif one := re.match(r"    (\S.*) => ", line):
                current["needed"] = (*current["needed"], one[1])
    return found


def auditwheel(path: Path, policies: Any, names: Sequence[str]) -> dict[str, bool]:
    """Whether one library keeps each of auditwheel's policies, as to symbol versions and to libraries it needs."""
    from auditwheel.elfutils import elf_find_versioned_symbols, elf_read_dt_needed
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as stream:
        symbols: dict[str, set[str]] = {}
        for library, version in elf_find_versioned_symbols(ELFFile(stream)):
            symbols.setdefault(library, set()).add(version)
    needed = {
        name for name in elf_read_dt_needed(path) if "ld-linux" not in name and name not in ("ld64.so.1", "ld64.so.2")
    }
    best = policies.versioned_symbols_policy({str(path): {one for versions in symbols.values() for one in versions}})
    kept = {}
    for name in names:
        policy = policies.get_policy_by_name(f"{name}_{policies.architecture.baseline.value}")
        kept[name] = policy.priority <= best.priority and needed <= set(policy.whitelist)
    return kept

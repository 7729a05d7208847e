"""native-image's calls of the C compiler, without native-image. It runs by the machine's own Python.

Read from Oracle's GraalVM repository, substratevm/src, in versions of 2020 to 2026, and written afresh:

- CCompilerInvoker.java: the compiler is --native-compiler-path or the first on PATH of the name that the libc has. It
  must answer ``-v`` with "gcc version" or "clang version" and a "Target:" of the machine's CPU; it runs in a temporary
  folder.
- PosixDirectives.java, CAnnotationProcessor.java: probe programs that include system headers are compiled and linked in
  one call with ``-Wall -Werror``, for musl with ``--static``, and then run.
- CCLinkerInvocation.java (BinutilsCCLinkerInvocation): one link, ``-z noexecstack -Wl,--gc-sections
  -Wl,--version-script,… -Wl,-x``, objects by names relative to the temporary folder, ``-static`` or
  ``-Wl,--export-dynamic`` or neither, ``-v``, library folders, and the libraries; for mostly static images each under
  ``-Wl,-Bstatic`` or, when it is the libc's, ``-Wl,-Bdynamic``, and ``-static-libgcc`` at the end. Newer versions
  have ``-z notext`` as well, and ``-Wl,--push-state`` and ``-Wl,--pop-state`` around the libraries.
- HostedMuslLibC.java, HostedGLibC.java: names of compilers; ``-no-pie`` for musl executables that are not static.
- NativeImage.java: the environment is cleared but for a few names and what ``-E`` passes on.
- ArgFilesOptionPreprocessor.java: files of arguments, as the java command has them.
- CHANGELOG.md: which release knows which option.

Not replayed: everything that makes GraalVM what it is. The object file that native-image writes by itself is compiled
from image.c here, by the same compiler, which is one call more.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

STATE_IS_PUSHED = 23
"""The first release that is taken to link as the newer sources do; which one it was they do not say."""

LIBC_PARTS = {"pthread", "dl", "rt", "m"}
LIBRARIES = ["pthread", "dl", "z", "rt", "m"]
PROBES = {
    "PosixDirectives": (
        "dlfcn dirent fcntl limits locale pthread pwd semaphore signal errno sys/mman sys/resource sys/stat sys/time "
        "sys/times sys/types sys/utsname time unistd mntent",
        {"StructInfo:stat:size": "sizeof(struct stat)", "Constant:PTHREAD_SCOPE": "PTHREAD_SCOPE_SYSTEM"},
    ),
    "LinuxDirectives": (
        "linux/limits sys/epoll sys/sendfile netinet/in netdb poll",
        {"Constant:EPOLLIN": "EPOLLIN", "Constant:PATH_MAX": "PATH_MAX"},
    ),
    "ZLibDirectives": ("zlib", {"StructInfo:z_stream:size": "sizeof(z_stream)"}),
}
KEPT = ("PATH", "PWD", "HOME", "LANG", "LC_ALL", "USER", "SHELL")


class RefusedError(Exception):
    """What native-image ends with an error for."""


class Options:
    """The command line, as far as it decides what the C compiler is asked."""

    def __init__(self, arguments, version):
        self.release = release = version[0]
        self.fallback = version < (25, 1)
        self.static = self.mostly_static = self.verbose = False
        self.libc, self.compiler, self.march, self.output, self.class_path = "glibc", None, None, None, []
        self.compiler_options, self.linker_options, self.passed, self.main = [], [], {}, None
        self.warnings = []
        unlocked = False
        words = iter(_expanded(arguments))
        for word in words:
            name, _, value = word.partition("=")
            if word == "--static":
                self.static = True
            elif name == "--libc":
                self.libc = value
            elif word == "--static-nolibc" and release >= 23:
                self.mostly_static = True
            elif word == "-H:+UnlockExperimentalVMOptions" and release >= 21:
                unlocked = True
            elif word == "-H:+StaticExecutableWithDynamicLibC":
                if release >= 21 and not unlocked:
                    self.warnings.append(
                        f"The option '{word}' is experimental and must be enabled via "
                        "'-H:+UnlockExperimentalVMOptions' in the future."
                    )
                self.mostly_static = True
            elif name in ("--native-compiler-path", "-H:CCompilerPath"):
                self.compiler = value
            elif name == "-H:CCompilerOption":
                self.compiler_options.append(value)
            elif name == "-H:NativeLinkerOption":
                self.linker_options.append(value)
            elif name == "-march":
                self.march = value
            elif word.startswith("-E"):
                self.passed[name[2:]] = value if "=" in word else os.environ.get(name[2:], "")
            elif word in ("-cp", "-classpath"):
                self.class_path += next(words).split(":")
            elif word == "-jar":
                self.class_path.append(next(words))
            elif word == "-o":
                self.output = next(words)
            elif word == "--verbose":
                self.verbose = True
            elif word == "--no-fallback":
                if version >= (25, 1):
                    self.warnings.append("Option 'FallbackThreshold' is deprecated: It no longer has any effect")
                self.fallback = False
            elif word.startswith(("--initialize-at-", "--gc=", "-O")):
                continue  # when classes are initialised, and how they are compiled, is nothing that a linker sees
            elif word.startswith("-"):
                raise RefusedError(f"Unrecognized option(s): '{word}'")
            elif self.main is None:
                self.main = word
            else:
                self.output = word
        if self.static and self.libc != "musl" and release >= 23:
            raise RefusedError(
                "Invalid option '--static'. Building static executable images is only supported with musl libc. "
                "Remove the '--static' option or add the '--libc=musl' option."
            )


def _expanded(arguments):
    for word in arguments:
        if word.startswith("@"):
            yield from in_argument_file(Path(word[1:]).read_text(encoding="utf-8"))
        else:
            yield word


def in_argument_file(text):
    """Return the arguments in a file of them, as the documentation of the java command has it.

    Blanks and ends of lines part them, quotes of either kind hold them together, a backslash in quotes takes the
    next character as it is, and what is behind a ``#`` is a comment.
    """
    quoted = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
    words = []
    for comment, word in re.findall(rf"(#[^\n]*)|((?:{quoted}|[^\s\"'#])+)", text, re.DOTALL):
        if not comment:
            parts = re.findall(rf"({quoted})|([^\"']+)", word, re.DOTALL)
            words.append("".join(re.sub(r"\\(.)", r"\1", q[1:-1], flags=re.DOTALL) if q else bare for q, bare in parts))
    return words


class Build:
    """One image: options, the machine, and a temporary folder that compilers run in."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.cpu = os.uname().machine
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ} | options.passed
        if options.libc == "musl" and self.cpu != "x86_64":
            raise RefusedError(
                f"requires static JDK libraries. Missing libraries: java, nio, net, zip (linux-{self.cpu}/musl)"
            )
        self.compiler = self._compiler()

    def _compiler(self):
        name = "x86_64-linux-musl-gcc" if self.options.libc == "musl" else "gcc"
        found = self.options.compiler or shutil.which(name, path=self.environment.get("PATH", ""))
        if not found:
            raise RefusedError(f"Default native-compiler executable '{name}' not found via environment variable PATH")
        path = str(Path.cwd() / found)
        if not os.access(path, os.X_OK):
            raise RefusedError(f"--native-compiler-path={found} does not specify a path to an executable.")
        return path

    def run(self, *arguments, **more):
        command = [self.compiler, *self.options.compiler_options, *arguments]
        if self.options.verbose:
            say("+", *command)
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def check_toolchain(self):
        _, said = self.run("-v", LC_ALL="C")
        lines = said.splitlines()
        clang = re.match(r".*clang version (\d+)\.(\d+)\.(\d+)", lines[0] if lines else "")
        gcc = re.search(r"^gcc version (\d+)\.(\d+)\.(\d+)", said, re.MULTILINE)
        target = re.search(r"^Target: ([^-\n]+)-", said, re.MULTILINE)
        if not target or not (clang or gcc):
            raise RefusedError(f"Unable to detect supported LINUX native software development toolchain.\n{said}")
        if target[1] != self.cpu:
            raise RefusedError(f"Linux native toolchain ({target[1]}) implies another native-image target architecture")

    def query(self, name, headers, values):
        source = self.folder / f"{name}.c"
        source.write_text(
            "#define _GNU_SOURCE\n#define _LARGEFILE64_SOURCE\n"
            "#include <stdio.h>\n#include <stdlib.h>\n#include <memory.h>\n"
            + "".join(f"#include <{header}.h>\n" for header in headers.split())
            + "int main(void) {\n"
            + "".join(f'    printf("{key}=%lu\\n", (unsigned long)({value}));\n' for key, value in values.items())
            + "    return 0;\n}\n"
        )
        program = self.folder / name
        static = ["--static"] if self.options.libc == "musl" else []
        code, said = self.run("-Wall", "-Werror", *static, "-o", str(program), str(source))
        if code:
            raise RefusedError(f"Error compiling query code (in {source}).\n{said}")
        answers = subprocess.run([str(program)], cwd=self.folder, stdout=subprocess.PIPE, text=True, check=True).stdout
        if set(re.findall(r"^(.+)=\d+$", answers, re.MULTILINE)) != set(values):
            raise RefusedError(f"query code {name} answered {answers!r}")

    def compile_image(self, source, main_class):
        data = ", ".join(map(str, main_class))
        (self.folder / "main_class.c").write_text(
            f"const unsigned char main_class[] = {{{data}}};\nconst unsigned long main_class_size = {len(main_class)}, "
            f"main_class_crc = {zlib.crc32(main_class)}UL;\n"
        )
        for name, path in (("image", source), ("main_class", self.folder / "main_class.c")):
            flags = ["-O2", "-fPIC", "-ffunction-sections", "-fdata-sections", "-c"]
            code, said = self.run(*flags, "-o", f"{name}.o", str(path))
            if code:
                raise RefusedError(f"{path}: {said}")

    def link(self, output):
        options = self.options
        symbols = self.folder / "exported_symbols.list"
        symbols.write_text('{\nglobal:\n"main";\nlocal: *;\n};\n')
        executable = not options.static and not options.mostly_static
        newer = options.release >= STATE_IS_PUSHED
        command = ["-z", "noexecstack", *(["-z", "notext"] if newer else [])]
        command += ["-Wl,--gc-sections", f"-Wl,--version-script,{symbols}", "-Wl,-x"]
        command += ["-no-pie"] if executable and options.libc == "musl" else []
        command += ["-o", str(output), "image.o", "main_class.o"]
        command += ["-Wl,--export-dynamic"] if executable else ["-static"] if options.static else []
        command += ["-v", f"-L{self.folder}"]
        command += ["-Wl,--push-state"] if newer and options.mostly_static else []
        for library in LIBRARIES:
            if options.mostly_static:
                command.append("-Wl,-Bdynamic" if library in LIBC_PARTS else "-Wl,-Bstatic")
            command.append(f"-l{library}")
        command += ["-Wl,--pop-state"] if newer and options.mostly_static else []
        command += ["-static-libgcc"] if options.mostly_static else []
        code, said = self.run(*command, *options.linker_options)
        if code:
            raise RefusedError(
                f"There was an error linking the native image: Linker command exited with {code}\n{said}"
            )


def say(*words):
    """Print a line."""
    sys.stdout.write(" ".join(words) + "\n")


def _class(data):
    if data[:4] != b"\xca\xfe\xba\xbe":
        raise RefusedError("the main class is no Java class")
    return data


def _main_class(options):
    name = f"{(options.main or '').replace('.', '/')}.class"
    for entry in options.class_path:
        if Path(entry, name).is_file():
            return _class(Path(entry, name).read_bytes())
        if zipfile.is_zipfile(entry):
            with zipfile.ZipFile(entry) as jar:
                if name in jar.namelist():
                    return _class(jar.read(name))
    raise RefusedError(
        f"Main entry point class '{options.main}' neither found on classpath: {':'.join(options.class_path)}"
    )


def main(arguments, home):
    """Build an image as the command line says; return an exit code."""
    version = re.search(r'^GRAALVM_VERSION="([^"]*)"', (home / "release").read_text(encoding="utf-8"), re.MULTILINE)
    if "--version" in arguments:
        say(f"native-image {version[1]}: a replay of linkmode's tests, and not GraalVM")
        return 0
    try:
        options = Options(arguments, tuple(map(int, version[1].split(".")[:2])))
        for warning in options.warnings:
            say("Warning:", warning)
        main_class = _main_class(options)
        output = Path.cwd() / (options.output or options.main.lower())
        with tempfile.TemporaryDirectory(prefix="SVM-") as folder:
            build = Build(options, Path(folder))
            build.check_toolchain()
            for name, (headers, values) in PROBES.items():
                build.query(name, headers, values)
            build.compile_image(home / "lib" / "svm" / "image.c", main_class)
            build.link(output)
    except RefusedError as refused:
        sys.stderr.write(f"Error: {refused}\n")
        return 1
    say(f"replayed native-image {version[1]}: {output.name} for {options.libc}, -march={options.march}")
    return 0

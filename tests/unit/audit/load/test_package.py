"""Needed libraries inside one package: wheels, folders, archives and images, each with what does not lead there."""

import gzip
from collections.abc import Callable
from pathlib import Path
from tarfile import SYMTYPE

import pytest
from archives import deb, docker, entry, tar, zipped
from auditing import report, run
from elf_maker import DYN, GLIBC_LOADER, MUSL_LOADER, Elf, interp

VERSIONS = (("libc.so.6", ("GLIBC_2.17",)),)


def library(name: str, *needed: str, **more: str) -> bytes:
    return Elf(type=DYN, soname=name, needed=(*needed, "libc.so.6"), needs=VERSIONS, **more).build()  # type: ignore[arg-type]


def program(*needed: str, **more: str) -> bytes:
    return Elf(interp=interp(GLIBC_LOADER), needed=(*needed, "libc.so.6"), needs=VERSIONS, **more).build()  # type: ignore[arg-type]


WHEEL = (
    ("pkg/_core/native.so", library("native", "libblas-1a.so", rpath="$ORIGIN/../../pkg.libs")),
    ("pkg.libs/libblas-1a.so", library("libblas-1a.so", "libfortran-2b.so", rpath="$ORIGIN")),
    ("pkg.libs/libfortran-2b.so", library("libfortran-2b.so")),
    ("pkg-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\n"),
)


def inner(path: str) -> str:
    """Return the path inside of the archive or the folder."""
    return path.partition(":")[2] or path.removeprefix("x/")


def brought(document: dict[str, object]) -> dict[str, list[str]]:
    files = document["files"]
    assert isinstance(files, list)
    return {
        one["path"].partition(":")[2] or one["path"]: [
            f"{lib['name']} {lib['path']}" for lib in one["verdict"]["brought"]
        ]
        for one in files
        if one["verdict"]["brought"]
    }


def test_a_wheel_with_grafted_libraries_keeps_its_tag(here: Path) -> None:
    (here / "p.whl").write_bytes(zipped(*WHEEL))
    code, document = report("--policy", "manylinux_2_17_x86_64", "p.whl")
    assert code == 0
    assert brought(document) == {
        "pkg/_core/native.so": ["libblas-1a.so pkg.libs/libblas-1a.so"],
        "pkg.libs/libblas-1a.so": ["libfortran-2b.so pkg.libs/libfortran-2b.so"],
    }
    assert {one["verdict"]["lowest_tag"] for one in document["files"]} == {"manylinux_2_17_x86_64"}
    assert run("--policy", "manylinux_2_12", "p.whl").exit_code == 1


def test_a_wheel_is_told_as_a_whole(here: Path) -> None:
    newer = Elf(type=DYN, needed=("libc.so.6",), needs=(("libc.so.6", ("GLIBC_2.34",)),)).build()
    (here / "p.whl").write_bytes(zipped(*WHEEL, ("pkg/newer.so", newer)))
    (here / "q.zip").write_bytes(zipped(*WHEEL[:3]))
    (here / "r.whl").write_bytes(zipped(WHEEL[0], WHEEL[3]))
    _, document = report("p.whl", "q.zip", "r.whl")
    assert document["wheels"] == [
        {"path": "p.whl", "lowest_tag": "manylinux_2_34_x86_64", "decided_by": "pkg/newer.so", "reason": None},
        {
            "path": "r.whl",
            "lowest_tag": None,
            "decided_by": "pkg/_core/native.so",
            "reason": "is not known to have libblas-1a.so, unless $ORIGIN/../../pkg.libs in the file leads to it",
        },
    ]
    for options in ((), ("--verbose",)):
        text = run(*options, "p.whl", "r.whl").stdout
        assert text.startswith("p.whl: lowest platform tag manylinux_2_34_x86_64, by pkg/newer.so\n")
        assert "\nr.whl: no platform tag: pkg/_core/native.so: is not known to have libblas-1a.so" in text
    assert run("r.whl").stdout.startswith("r.whl: no platform tag: ")


@pytest.mark.parametrize("without", ["pkg.libs/libblas-1a.so", "pkg.libs/libfortran-2b.so"])
def test_a_wheel_that_lacks_one_of_them_keeps_none(here: Path, without: str) -> None:
    (here / "p.whl").write_bytes(zipped(*(one for one in WHEEL if one[0] != without)))
    done = run("--policy", "manylinux_2_17", "p.whl")
    assert done.exit_code == 1
    assert f"is not known to have {without.rpartition('/')[2]}" in done.stderr


def test_a_grafted_library_without_a_path_is_found_by_what_loads_it(here: Path) -> None:
    """DT_RPATH counts for what is loaded further down; DT_RUNPATH does not."""
    for tag, code in (("rpath", 0), ("runpath", 1)):
        parts = dict(WHEEL)
        parts["pkg/_core/native.so"] = library("native", "libblas-1a.so", **{tag: "$ORIGIN/../../pkg.libs"})
        parts["pkg.libs/libblas-1a.so"] = library("libblas-1a.so", "libfortran-2b.so")
        (here / "p.whl").write_bytes(zipped(*parts.items()))
        assert run("--policy", "manylinux_2_17", "p.whl").exit_code == code, tag


def test_a_path_counts_through_libraries_that_have_none(here: Path) -> None:
    """As in pyproj 3.7.2: the module has DT_RPATH, and neither libproj, libcurl nor libnghttp2 has one."""
    parts = {
        **{f"pkg.libs/lib{at}.so": library(f"lib{at}.so", *([f"lib{at + 1}.so"] if at < 4 else [])) for at in range(5)},
        "pkg/native.so": library("native", "lib0.so", rpath="$ORIGIN/../pkg.libs"),
    }
    (here / "p.whl").write_bytes(zipped(*parts.items()))
    assert run("--policy", "manylinux_2_17", "p.whl").exit_code == 0
    parts["pkg/native.so"] = library("native", "lib0.so", rpath="$ORIGIN/../other.libs")
    (here / "p.whl").write_bytes(zipped(*parts.items()))
    assert run("--policy", "manylinux_2_17", "p.whl").exit_code == 1


def test_a_program_needs_what_its_libraries_need_too(here: Path) -> None:
    """Another program of the package leads to it, which is of no help: DT_RUNPATH of one ends with its own needs."""
    files = {
        "lib/liba.so": library("liba.so", "libb.so"),
        "lib/deep/libb.so": library("libb.so"),
        "bin/leads": program("liba.so", rpath="$ORIGIN/../lib:$ORIGIN/../lib/deep"),
    }
    as_folder(here, files)
    assert run("--policy", "debian-12", "x").exit_code == 0
    as_folder(here, {"bin/app": program("liba.so", runpath="$ORIGIN/../lib:$ORIGIN/../lib/deep")})
    done = run("--policy", "debian-12", "x")
    assert done.exit_code == 1
    assert "is not known to have libb.so, which liba.so needs" in done.stderr
    assert "bin/leads: --policy" not in done.stderr


def test_what_the_loader_has_loaded_already_is_found(here: Path) -> None:
    parts = dict(WHEEL)
    parts["pkg/_core/native.so"] = library(
        "native", "libfortran-2b.so", "libblas-1a.so", runpath="$ORIGIN/../../pkg.libs"
    )
    parts["pkg.libs/libblas-1a.so"] = library("libblas-1a.so", "libfortran-2b.so")
    (here / "p.whl").write_bytes(zipped(*parts.items()))
    assert run("--policy", "manylinux_2_17", "p.whl").exit_code == 0


def test_data_of_a_wheel_is_installed_beside_its_files(here: Path) -> None:
    parts = {f"pkg-1.0.data/platlib/{name}" if "libs" in name else name: raw for name, raw in WHEEL}
    (here / "p.whl").write_bytes(zipped(*parts.items()))
    assert run("--policy", "manylinux_2_17", "p.whl").exit_code == 0


TREE = {"bin/app": program("libown.so", runpath="$ORIGIN/../lib"), "lib/libown.so": library("libown.so")}


def as_folder(here: Path, files: dict[str, bytes]) -> None:
    for name, raw in files.items():
        (here / "x" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "x" / name).write_bytes(raw)


@pytest.mark.parametrize(
    "put",
    [
        as_folder,
        lambda here, files: (here / "x").write_bytes(tar(*files.items())),
        lambda here, files: (here / "x").write_bytes(zipped(*files.items())),
        lambda here, files: (here / "x").write_bytes(deb(tar(*files.items()))),
        lambda here, files: (here / "x").write_bytes(tar(*docker(tar(*files.items())))),
    ],
)
def test_folders_archives_packages_and_images_are_trees(
    here: Path, put: Callable[[Path, dict[str, bytes]], object]
) -> None:
    put(here, TREE)
    code, document = report("--policy", "debian-12", "x")
    assert code == 0
    (one,) = brought(document).values()
    assert one == ["libown.so lib/libown.so"]
    assert document["files"][0]["verdict"]["mode"] == "dynamic"


def test_a_folder_is_no_system_whose_lib_its_loader_would_look_into(here: Path) -> None:
    as_folder(here, {**TREE, "bin/app": program("libown.so")})
    assert run("--policy", "debian-12", "x").exit_code == 1


def test_links_of_an_archive_are_followed(here: Path) -> None:
    raw = tar(
        ("bin/app", program("libown.so.1", runpath="$ORIGIN/../lib")),
        ("usr/lib/libown.so.1.2", library("libown.so.1")),
        entry("usr/lib/libown.so.1", SYMTYPE, "libown.so.1.2"),
        entry("lib", SYMTYPE, "usr/lib"),
    )
    (here / "x").write_bytes(raw)
    _, document = report("x")
    assert brought(document) == {"bin/app": ["libown.so.1 lib/libown.so.1"]}


def test_links_of_a_zip_archive_are_followed_as_well(here: Path) -> None:
    files = (
        ("bin/app", program("libown.so.1", runpath="$ORIGIN/../lib")),
        ("usr/lib/libown.so.1.2", library("libown.so.1")),
    )
    links = (("usr/lib/libown.so.1", "libown.so.1.2"), ("lib", "usr/lib"))
    (here / "x").write_bytes(zipped(*files, links=links))
    code, document = report("--policy", "debian-12", "x")
    assert (code, brought(document)) == (0, {"bin/app": ["libown.so.1 lib/libown.so.1"]})
    (here / "x").write_bytes(zipped(*files, links=(links[0], ("lib", "a" * 5000))))  # longer than any path
    assert run("--policy", "debian-12", "x").exit_code == 1
    damaged = zipped(*files, links=links).replace(b"libown.so.1.2PK", b"libown.so.1.3PK", 1)  # not its checksum's
    (here / "x").write_bytes(damaged)
    code, document = report("x")
    assert (code, len(document["files"]), brought(document)) == (0, 2, {})


def missing(document: dict[str, object]) -> dict[str, list[str]]:
    files = document["files"]
    assert isinstance(files, list)
    return {
        one["path"].partition(":")[2]: [
            one["evidence"] for one in one["verdict"]["hazards"] if one["kind"] == "missing-library"
        ]
        for one in files
    }


SYSTEM = {
    GLIBC_LOADER.lstrip("/"): Elf(type=DYN, soname="ld-linux-x86-64.so.2").build(),
    "usr/lib/libc.so.6": Elf(type=DYN, soname="libc.so.6").build(),
    "opt/own/libown.so": library("libown.so"),
    "bin/app": program("libown.so"),
    "bin/static": Elf().build(),
}


def test_an_image_that_lacks_a_library_says_so(here: Path) -> None:
    (here / "x").write_bytes(tar(*docker(tar(*SYSTEM.items()))))
    _, document = report("x")
    assert missing(document)["bin/app"] == ["libown.so"]
    assert missing(document)["bin/static"] == []
    conf = {"etc/ld.so.conf": b"include /etc/ld.so.conf.d/*.conf\n", "etc/ld.so.conf.d/own.conf": b"/opt/own\n"}
    (here / "x").write_bytes(tar(*docker(tar(*SYSTEM.items(), *conf.items()))))
    assert missing(report("x")[1])["bin/app"] == []


def test_nothing_is_missing_from_an_archive_that_is_damaged_or_cut(here: Path) -> None:
    """What it lacks may lie in the part that is lost, and the exit code tells of that."""
    whole = gzip.compress(tar(*SYSTEM.items(), ("z", b"\0" * 4096)), mtime=0)
    (here / "x").write_bytes(whole)
    code, document = report("x")
    assert (code, missing(document)["bin/app"]) == (0, ["libown.so"])
    (here / "x").write_bytes(whole[:-20])
    code, document = report("x")
    assert code == 3
    assert {one["path"] for one in document["files"]} >= {"x:bin/app"}
    assert not any(one["verdict"]["hazards"] for one in document["files"] if one["path"] == "x:bin/app")


def test_an_image_that_lacks_a_library_of_a_library_says_so(here: Path) -> None:
    files = {**SYSTEM, "usr/lib/libown.so": library("libown.so", "libfar.so")}
    (here / "x").write_bytes(tar(*docker(tar(*files.items()))))
    assert missing(report("x")[1])["bin/app"] == ["libfar.so"]


def test_musls_root_has_its_libc_under_every_name(here: Path) -> None:
    files = {
        MUSL_LOADER.lstrip("/"): Elf(type=DYN, soname="libc.musl-x86_64.so.1").build(),
        "bin/app": Elf(interp=interp(MUSL_LOADER), needed=("libc.musl-x86_64.so.1", "libz.so.1")).build(),
        "usr/lib/libz.so.1": Elf(type=DYN, soname="libz.so.1", needed=("libc.musl-x86_64.so.1",)).build(),
    }
    as_folder(here, files)
    _, document = report("x")
    assert not any(missing(document).values())

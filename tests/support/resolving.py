"""A small catalogue, and requests of it, for the tests of what resolves and what holds the result."""

from linkmode.catalog.pins import Catalog, FamilyEntry
from linkmode.config.document import Config, parse
from linkmode.model.values import Advisory, Pin

SHA = iter(range(1, 10**6))


def pin(family: str, version: str, exec_platform: str | None, *targets: str, **more: object) -> Pin:
    number = next(SHA)
    name = str(more.pop("file", f"{family}-{version}-{number}.tgz"))
    measured = {"gcc": "11.2.1"} if family == "musl.cc" else {}
    urls = (f"https://example.com/{family}/{name}",)
    fields = {"urls": urls, "sha256": f"{number:064x}", "measured": measured, "layout": family, **more}
    return Pin(family=family, version=version, file=name, exec=exec_platform, targets=targets, **fields)  # type: ignore[arg-type]


def entry(name: str, kind: str, *pins: Pin, advisories: tuple[Advisory, ...] = ()) -> FamilyEntry:
    return FamilyEntry(
        name=name,
        kind=kind,
        homepage="",
        license="",
        pins=pins,
        advisories=advisories,  # type: ignore[arg-type]
    )


def catalog(*entries: FamilyEntry) -> Catalog:
    return Catalog({one.name: one for one in entries})


X86, ARM = "x86_64-linux", "aarch64-linux"
MUSL = entry(
    "musl.cc",
    "toolchain",
    pin("musl.cc", "10.2.1", X86, "x86_64-linux-musl", layout="cross"),
    pin("musl.cc", "11.2.1", X86, "x86_64-linux-musl", layout="native"),
    pin("musl.cc", "11.2.1", X86, "x86_64-linux-musl", layout="cross", file="cross.tgz"),
    pin("musl.cc", "11.2.1", X86, "aarch64-linux-musl", layout="cross"),
    pin("musl.cc", "11.2.1", ARM, "aarch64-linux-musl", layout="native"),
)
ZIG = entry(
    "zig",
    "toolchain",
    *(pin("zig", version, exec_platform) for version in ("0.14.0", "0.15.1", "0.15.2") for exec_platform in (X86, ARM)),
    pin("zig", "0.15.2", X86, source="pypi", file="zig.whl", urls=("pypi:ziglang/zig.whl",)),
)
ZLIB = entry(
    "zlib",
    "library",
    *(pin("zlib", version, None) for version in ("1.2.11", "1.3.1", "1.3.2", "1.4.0rc1")),
    pin("zlib", "1.3.1", None, source="pypi"),
    advisories=(Advisory(id="CVE-1", affects="<1.2.12", fixed_in="1.2.12", summary="s", url="https://u"),),
)
GO = entry(
    "go",
    "language",
    *(pin("go", version, exec_platform) for version in ("1.26.7", "1.27.0") for exec_platform in (X86, ARM)),
    pin("go", "1.27.1", X86),
)
CATALOG = catalog(MUSL, ZIG, ZLIB, GO)


def config(*toolchains: tuple[str, str, list[str]], more: str = "", execs: str = '["x86_64-linux"]') -> Config:
    tables = "".join(
        f'[[toolchain]]\nfamily = "{family}"\nversion = "{version}"\ntargets = {targets}\n'
        for family, version, targets in toolchains
    )
    return parse(f"exec-platforms = {execs}\n{tables}{more}", where="linkmode.toml")


ZIG_REQUEST = ("zig", "~=0.15.1", ["x86_64-linux-musl"])

MIRRORS = """
[mirrors]
"https://example.com/" = ["https://far.example/", "file:///srv/"]
"https://example.com/zlib/" = ["http://near.example/z/"]
"""

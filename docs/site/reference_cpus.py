"""The CPUs of cpus.toml as tables, with the machines that the audit knows them by."""

from mdtable import code, table

from linkmode.audit.read import policy
from linkmode.model.cpus import CPUS, constraint


def targets() -> str:
    """Return a row for each CPU: its targets, and what others call it."""
    rows = [
        (
            code(cpu.name),
            code(f"{cpu.name}-linux-musl"),
            code(f"{cpu.name}-linux-gnu.{cpu.oldest_glibc}"),
            code(cpu.gcc) or "none",
            code(cpu.zig.replace("{libc}", "…")),
            code(constraint(cpu)),
            "yes" if cpu.exec else "no",
        )
        for cpu in CPUS.values()
    ]
    return table(
        ("CPU", "musl", "oldest glibc", "GCC's triple", "Zig's triple", "constraint", "compilers run there"), rows
    )


def machines() -> str:
    """Return a row for each CPU: what a file for it has in its header, and where its loaders are."""
    return table(
        ("CPU", "machine", "header", "ABI by `e_flags`", "glibc's loader", "musl's loader", "page size"),
        [
            (
                code(cpu.name),
                code(cpu.elf),
                f"{cpu.bits}-bit {cpu.endianness}-endian, {cpu.elf_machine}",
                ", ".join(map(code, cpu.abi)) or "not told",
                code(cpu.glibc_loader),
                code(cpu.musl_loader),
                str(cpu.page_size),
            )
            for cpu in CPUS.values()
        ],
    )


def languages() -> str:
    """Return a row for each CPU: what each language calls it, or that it has nothing for it."""
    return table(
        ("CPU", "Go", "Rust", "OCaml", "SBCL", "run elsewhere by"),
        [
            (
                code(cpu.name),
                code(" ".join([cpu.go, *(f"{key}={value}" for key, value in cpu.go_settings.items())])),
                code(cpu.rust.replace("{libc}", "…")),
                code(cpu.ocaml) or "no",
                code(cpu.sbcl) or "no",
                code(f"qemu-{cpu.qemu}"),
            )
            for cpu in CPUS.values()
        ],
    )


def unsupported() -> str:
    """Return a row for each thing that a CPU cannot have, and why."""
    rows = [(code(cpu.name), what, why) for cpu in CPUS.values() for what, why in cpu.unsupported.items()]
    return table(("CPU", "what", "why"), rows)


def abis() -> str:
    """Return a row for each part of e_flags that the audit reads."""
    return table(
        ("machines", "bits of `e_flags`", "words"),
        [
            (
                ", ".join(map(code, row.machines)),
                code(f"{row.mask:#x}"),
                ", ".join(f"{code(word)} {value:#x}" for word, value in row.words.items()),
            )
            for row in policy.load().abi
        ],
    )

"""The data that the Buck2 templates receive from a lock: the same values as Bazel's, in Buck2's words."""

from linkmode.families import FAMILIES
from linkmode.generate.context import bazel_context
from linkmode.libraries import LIBRARIES
from linkmode.messages import ConfigError
from linkmode.model import mirror_layout
from linkmode.model.cpus import CPUS
from linkmode.model.values import LINK_MODES, Artifact, Lock, Target

_OS = "prelude//os/constraints:linux"


def buck2_context(lock: Lock) -> dict[str, object]:
    """Return the context of templates/buck2: strings, lists and dictionaries only, in the lock's order.

    Raises:
        ConfigError: an archive is pinned by sha512 alone, which Buck2 does not check, or its layout is not known.
    """
    bazel = bazel_context(lock)
    libraries = {name: artifact for name, artifact in sorted(lock.libraries.items()) if LIBRARIES[name].in_buck2}
    compilers = dict.fromkeys(toolchain.artifact for toolchain in lock.toolchains)
    artifacts = {artifact.name: artifact for artifact in lock.artifacts}
    targets = list(dict.fromkeys(toolchain.target for toolchain in lock.toolchains))
    cpus = list(dict.fromkeys(target.cpu for target in targets))
    return {
        "artifacts": {name: _artifact(artifacts[name], bazel) for name in (*compilers, *libraries.values())},
        "toolchains": bazel["toolchains"],
        "cpus": bazel["cpus"],
        "link_modes": lock.link_modes,
        "libraries": libraries,
        "releases": bazel["releases"],
        "own_cpus": [f"cpu_{cpu}" for cpu in cpus if not CPUS[cpu].buck2],
        "libc_values": ["unset", *_strings(bazel["constraints"])],
        "targets": [
            {"triple": target, "setting": f"is_{target}", "constraints": _constraints(target)} for target in targets
        ],
        "target_select": {**{f":is_{target}": target for target in targets}, "DEFAULT": ""},
        "platform_labels": {target: f":{target}" for target in targets},
        "cpu_constraints": {cpu: _cpu(cpu) for cpu in cpus},
        "mode_settings": [
            {"name": f"cpu_{cpu}", "constraints": [_cpu(cpu)]}
            if not mode
            else {"name": f"cpu_{cpu}_{mode}", "constraints": [_cpu(cpu), f"//constraints:link_mode[{mode}]"]}
            for cpu in cpus
            for mode in ("", *LINK_MODES)
        ],
        "families": [_rules(artifacts[name], "compiler") for name in _first_of_each_family(lock)],
        "compiler_archives": list(compilers),
        "compilers": [
            {
                "macro": _rules(artifacts[toolchain.artifact], "compiler")["macro"],
                "name": _compiler(toolchain.family, toolchain.exec, toolchain.target),
                "artifact": toolchain.artifact,
                "target": toolchain.target,
                "without": list(toolchain.without),
            }
            for toolchain in lock.toolchains
        ],
        "compiler_choices": [
            {"name": f"compiler-{target}", "target": target, "select": _by_machine(lock, target)} for target in targets
        ],
        "elfcheck_compilers": {
            machine: f"//toolchains{label}"
            for platform in dict.fromkeys(toolchain.exec for toolchain in lock.toolchains)
            for machine, label in _by_machine(lock, platform.musl).items()
            if machine == _machine(platform.cpu)
        },
        "library_rules": [{"name": name, **_rules(artifacts[libraries[name]], "library")} for name in libraries],
    }


def _artifact(artifact: Artifact, bazel: dict[str, object]) -> dict[str, object]:
    if not artifact.sha256:
        raise ConfigError(
            f"{artifact.name}: Buck2 checks archives by sha256, and this one is pinned by sha512 alone",
            expected="a sha256",
            hint="add its sha256 in a [[pin]] of linkmode.toml, or choose another version",
        )
    known = bazel["artifacts"]
    facts = known[artifact.name] if isinstance(known, dict) else {}
    return {
        "exec": artifact.exec or "",
        "file": artifact.file,
        "layout": artifact.layout,
        "line": facts["line"],
        "measured": facts["measured"],
        # where a mirror has it that `linkmode mirror` wrote
        "mirrored": mirror_layout.url("", artifact.checksum, artifact.file).removeprefix("/"),
        "remove": facts["remove"],
        "sha256": artifact.sha256,
        "size": artifact.size,
        "strip_prefix": artifact.strip_prefix,
        "url": next((url for url in artifact.urls if url.startswith(("https://", "http://"))), ""),
    }


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _cpu(cpu: str) -> str:
    return f"prelude//cpu/constraints:{CPUS[cpu].buck2}" if CPUS[cpu].buck2 else f"//constraints:cpu_{cpu}"


def _machine(cpu: str) -> str:
    return f"prelude//cpu:{CPUS[cpu].buck2}"


def _constraints(target: Target) -> list[str]:
    return [_cpu(target.cpu), _OS, f"//constraints:libc[{target.constraint}]"]


def _compiler(family: str, exec_platform: str, target: str) -> str:
    return f"{family}_{exec_platform}_to_{target}"


def _by_machine(lock: Lock, target: Target) -> dict[str, str]:
    """Return, for each machine that compilers run on, the first compiler for a target."""
    found: dict[str, str] = {}
    for toolchain in lock.toolchains:
        if toolchain.target == target:
            label = f":{_compiler(toolchain.family, toolchain.exec, target)}"
            found.setdefault(_machine(toolchain.exec.cpu), label)
    return found


def _first_of_each_family(lock: Lock) -> list[str]:
    first: dict[str, str] = {}
    for toolchain in lock.toolchains:
        first.setdefault(toolchain.family, toolchain.artifact)
    return list(first.values())


def _rules(artifact: Artifact, kind: str) -> dict[str, str]:
    """Return where the macro for an archive is: `gcc_compiler` of //private/gcc, beside Bazel's `gcc_archive`."""
    component = FAMILIES.get(artifact.family) or LIBRARIES[artifact.family]
    name = component.layouts[artifact.layout].macro.removesuffix("_archive") + f"_{kind}"
    return {"rules": f"//private/{component.folder}:{name}.bzl", "macro": name}

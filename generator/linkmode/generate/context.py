"""The data that the Bazel templates receive from a lock, and every name in the generated library."""

from collections.abc import Mapping

import msgspec

from linkmode.families import FAMILIES, Family
from linkmode.generate import linked
from linkmode.languages import LANGUAGES, Language
from linkmode.libraries import ALLOCATORS, LIBRARIES, Library
from linkmode.messages import ConfigError
from linkmode.model import link_errors
from linkmode.model.components import Layout, Lines
from linkmode.model.cpus import CPUS, constraint, facts
from linkmode.model.values import LINK_MODES, Artifact, ExecPlatform, Lock, LockedToolchain, Target

_LINUX = "@platforms//os:linux"

_COMPONENTS: Mapping[str, Family | Language | Library] = {**FAMILIES, **LANGUAGES, **LIBRARIES}
"""Every family, language and library, by the name that pins use."""


def bazel_context(lock: Lock) -> dict[str, object]:
    """Return the context of templates/bazel: strings, lists and dictionaries only.

    Order is the lock's: artifacts by name, toolchains and targets as linkmode.toml lists them.
    """
    targets = _targets(lock)
    return {
        "artifacts": {artifact.name: _artifact(artifact, lock) for artifact in lock.artifacts},
        "toolchains": [
            {
                "artifact": toolchain.artifact,
                "exec": toolchain.exec,
                "target": toolchain.target,
                "without": list(toolchain.without),
            }
            for toolchain in lock.toolchains
        ],
        "toolchain_targets": _toolchain_names(lock),
        "triples": targets,
        "cpus": _cpus(lock),
        "link_errors": msgspec.to_builtins(link_errors.load()),
        "releases": _releases(lock),
        "link_modes": lock.link_modes,
        "malloc": lock.malloc,
        "allocators": {name: LIBRARIES[name].suggested_version for name in ALLOCATORS},
        "library_names": sorted(lock.libraries),
        "constraints": _libc_constraints(targets),
        "own_cpus": [f"cpu_{name}" for name in _cpus(lock) if not CPUS[name].constraint],
        "targets": [_platform(target) for target in targets],
        "target_select": {
            **{f":is_{target}": str(target) for target in targets},
            "//conditions:default": "",
        },
        "cc_toolchains": [_cc_toolchain(toolchain) for toolchain in lock.toolchains],
        "libc_runtimes": [_libc_runtime(toolchain) for toolchain in lock.toolchains],
        "elfcheck_tools": [_elfcheck_tool(platform) for platform in _exec_platforms(lock)],
        "exec_platforms": [_exec_platform(platform, lock) for platform in _exec_platforms(lock)],
        "exec_platform_labels": ",".join(f"@linkmode//platforms:exec_{name}" for name in _exec_platforms(lock)),
        "languages": _languages(lock),
        "libraries": [
            {"name": name, "actual": f"@{repository(artifact)}//:{name}"}
            for name, artifact in sorted(lock.libraries.items())
        ],
        "repositories": ["linkmode_cc", *(repository(artifact.name) for artifact in lock.artifacts)],
    }


def repository(artifact: str) -> str:
    """Return the name of the Bazel repository that holds an artifact."""
    return f"linkmode_{artifact}"


def _artifact(artifact: Artifact, lock: Lock) -> dict[str, object]:
    component, layout = _layout(artifact)
    return {
        "version": artifact.version,
        "urls": [url for url in artifact.urls if _bazel_can_fetch(url)] or [_unfetchable(artifact)],
        "canonical_id": artifact.upstream,
        "integrity": artifact.checksum.sri,
        "strip_prefix": artifact.strip_prefix,
        "type": "zip"
        if artifact.file.endswith(".whl")
        else "",  # a wheel is a zip (PEP 427), which Bazel does not know
        "line": component.line(artifact.version),
        "layout": artifact.layout,
        "rules": f"//private/{component.folder}:{layout.file}",
        "macro": layout.macro,
        "remove": [*layout.remove, *_unwanted(artifact, lock)],
        "measured": dict(sorted(artifact.measured.items())),
        "linked": [_linked(part) for part in linked.of(artifact)],
        **({"has_whole_folders": True} if layout.has_whole_folders else {}),
        **({"launchers": _launchers(artifact, layout, lock)} if layout.launchers else {}),
    }


def _launchers(artifact: Artifact, layout: Layout, lock: Lock) -> dict[str, str]:
    targets = [toolchain.target for toolchain in lock.toolchains if toolchain.artifact == artifact.name]
    return {
        path.format(target=target): program.format(target=target)
        for target in targets
        for path, program in layout.launchers.items()
    }


def _linked(part: linked.Part) -> dict[str, object]:
    # what is usual is left out: inside in every mode, with any libc
    limits: dict[str, object] = {"libc": part.libc, "needed": part.needed if part.needed != "always" else ""}
    if set(part.modes) != set(LINK_MODES):
        limits["modes"] = list(part.modes)
    told = {"license": part.license, "name": part.name, "purl": part.purl}
    return {**told, **{key: value for key, value in limits.items() if value}}


def _layout(artifact: Artifact) -> tuple[Family | Language | Library, Layout]:
    component = _COMPONENTS[artifact.family]
    if artifact.layout not in component.layouts:
        known = ", ".join(component.layouts)
        raise ConfigError(
            f"{artifact.name}: {artifact.family} has no layout {artifact.layout!r}; expected one of: {known}",
            hint="correct layout in its [[pin]], then run: linkmode lock",
        )
    return component, component.layouts[artifact.layout]


def _cpus(lock: Lock) -> dict[str, dict[str, str]]:
    """Return, for each CPU of the lock, the facts of it that the rules of what is locked read."""
    names = dict.fromkeys([*(target.cpu for target in _targets(lock)), *(each.cpu for each in _exec_platforms(lock))])
    read = {"abi", "constraint", "elf", *(fact for name in _components(lock) for fact in _COMPONENTS[name].cpu_facts)}
    return {name: facts(CPUS[name], sorted(read)) for name in names}


def _releases(lock: Lock) -> dict[str, Lines]:
    """Return, for each component of the lock that has any, what is known of the lines of releases that are locked."""
    found: dict[str, Lines] = {}
    for name, versions in _components(lock).items():
        component = _COMPONENTS[name]
        locked = {component.line(version) for version in versions}
        if component.lines:
            found[name] = {line: facts for line, facts in component.lines.items() if line in locked}
    return found


def _components(lock: Lock) -> dict[str, list[str]]:
    """Return the versions that are locked of each family, language and library."""
    found: dict[str, list[str]] = {}
    for artifact in lock.artifacts:
        found.setdefault(artifact.family, []).append(artifact.version)
    return found


def _unwanted(artifact: Artifact, lock: Lock) -> list[str]:
    return [
        path
        for toolchain in lock.toolchains
        if toolchain.artifact == artifact.name
        for path in FAMILIES[toolchain.family].unwanted(toolchain.target, toolchain.without)
    ]


def _bazel_can_fetch(url: str) -> bool:
    return url.startswith(("https://", "http://", "file:"))


def _unfetchable(artifact: Artifact) -> str:
    # .invalid never resolves (RFC 2606); Bazel finds the bytes in its repository cache, where `linkmode fetch` put them
    return f"https://run-linkmode-fetch.invalid/{artifact.file}"


def _targets(lock: Lock) -> list[Target]:
    return list(dict.fromkeys(toolchain.target for toolchain in lock.toolchains))


def _exec_platforms(lock: Lock) -> list[ExecPlatform]:
    return list(dict.fromkeys(toolchain.exec for toolchain in lock.toolchains))


def _libc_constraints(targets: list[Target]) -> list[str]:
    glibc = sorted({target.glibc: target.constraint for target in targets if target.glibc}.items())
    return [*(constraint for _, constraint in glibc), "musl"]


def _constraints(target: Target) -> list[str]:
    return [f"//constraints:{target.constraint}", *_machine(target.cpu)]


def _exec_constraints(platform: ExecPlatform) -> list[str]:
    return _machine(platform.cpu)


def _machine(cpu: str) -> list[str]:
    return [constraint(CPUS[cpu]), _LINUX]


def _platform(target: Target) -> dict[str, object]:
    return {
        "triple": str(target),
        "setting": f"is_{target}",
        "constraints": _constraints(target),
        "kept": f"for_{target}",
        "kept_constraints": [*_constraints(target), "//constraints:to_build_for"],
    }


def _exec_platform(platform: ExecPlatform, lock: Lock) -> dict[str, object]:
    # musl: what is compiled to run in a build is then made by a locked compiler too, and needs nothing of the machine
    return {
        "name": f"exec_{platform}",
        "constraints": [*_constraints(platform.musl), "//constraints:to_build_on"],
        "exec_properties": lock.exec_properties.get(platform, {}),
    }


def _cc_toolchain(toolchain: LockedToolchain) -> dict[str, object]:
    return _toolchain("cc", toolchain)


def _libc_runtime(toolchain: LockedToolchain) -> dict[str, object]:
    # one for each compiler, in the same order, so that a binary gets the libc of the compiler that made it
    libc = _toolchain("libc", toolchain)
    return libc if FAMILIES[toolchain.family].brings_libc else {**libc, "toolchain": ":libc_system"}


def _toolchain(kind: str, toolchain: LockedToolchain) -> dict[str, object]:
    return {
        "name": f"{kind}_{toolchain.family}_{toolchain.exec}_to_{toolchain.target}",
        "exec_constraints": _exec_constraints(toolchain.exec),
        "target_constraints": _constraints(toolchain.target),
        "toolchain": f"@{repository(toolchain.artifact)}//:{kind}-{toolchain.target}",
    }


def first_toolchains(lock: Lock) -> list[str]:
    """Return labels of C++ toolchains: for each target and machine the one that wins when no others are registered."""
    first: dict[tuple[str, str], str] = {}
    for toolchain in lock.toolchains:
        first.setdefault((toolchain.exec, str(toolchain.target)), f"//toolchains:{_cc_toolchain(toolchain)['name']}")
    return list(first.values())


def _languages(lock: Lock) -> dict[str, list[dict[str, object]]]:
    """Return, for each language, one toolchain for each exec platform and target that was asked for, in their order.

    ``parts`` maps a role to the repositories that play it there. Where the compiler loads what it has compiled, the
    exec platforms themselves follow, with an empty target: they fit any libc, and the first that fits is taken.
    """
    asked = [toolchain for toolchain in lock.toolchains if toolchain.purpose == "target"]
    pairs = list(dict.fromkeys((toolchain.exec, toolchain.target) for toolchain in asked))
    itself = [(exec_platform, None) for exec_platform in _exec_platforms(lock)]
    return {
        language: [
            _language_toolchain(lock, language, exec_platform, target)
            for exec_platform, target in [*pairs, *(itself if LANGUAGES[language].compiles_for_exec else [])]
        ]
        for language in dict.fromkeys(part.language for part in lock.parts)
    }


def _language_toolchain(
    lock: Lock, language: str, exec_platform: ExecPlatform, target: Target | None
) -> dict[str, object]:
    name = f"{language}_{exec_platform}_to_{target or 'itself'}"
    parts: dict[str, list[str]] = {}
    for part in lock.parts:
        if part.language == language and part.exec in ("", exec_platform) and part.target in ("", target or ""):
            parts.setdefault(part.role, []).append(repository(part.artifact))
    return {
        "name": name,
        "implementation": f"{name}_implementation",
        "exec": exec_platform,
        "target": target or "",
        "exec_cpu": exec_platform.cpu,
        "target_cpu": target.cpu if target else exec_platform.cpu,
        "exec_constraints": _exec_constraints(exec_platform),
        "target_constraints": _constraints(target) if target else _exec_constraints(exec_platform),
        "parts": parts,
        # why it makes nothing for the target, which its rules say when they are used
        "refused": CPUS[target.cpu].refuses(language) if target else "",
    }


def _elfcheck_tool(platform: ExecPlatform) -> dict[str, object]:
    return {
        "name": f"elfcheck_{platform}",
        "platform": f"//platforms:{platform.musl}",
        "exec_constraints": _exec_constraints(platform),
        "toolchain": f":elfcheck_{platform}",
        "toolchain_name": f"elfcheck_{platform}_toolchain",
    }


def _toolchain_names(lock: Lock) -> list[str]:
    names = [
        *(str(_cc_toolchain(toolchain)["name"]) for toolchain in lock.toolchains),
        *(str(_toolchain("libc", toolchain)["name"]) for toolchain in lock.toolchains),
        *(str(_elfcheck_tool(platform)["toolchain_name"]) for platform in _exec_platforms(lock)),
        "libc_system_toolchain",
    ]
    labels = [f"//toolchains:{name}" for name in names]
    for language, toolchains in _languages(lock).items():
        labels += [f"//{LANGUAGES[language].folder}:{toolchain['name']}" for toolchain in toolchains]
    return labels

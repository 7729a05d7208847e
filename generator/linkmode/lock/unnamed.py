"""Says why no lock can name a pin: where it runs, what it makes, its release, or a pin that is preferred. Pure."""

from linkmode.catalog.pins import FamilyEntry
from linkmode.families import FAMILIES, Family
from linkmode.languages import LANGUAGES, Language
from linkmode.model.cpus import CPUS, known
from linkmode.model.target import EXEC_PLATFORMS, ExecPlatform, Target
from linkmode.model.values import Pin


def why(pin: Pin, entry: FamilyEntry) -> str:
    """Return why no lock can name ``pin`` of ``entry``; empty where one can.

    What is asked are the rules that locks are resolved by, for every exec platform and target that there is.
    """
    if pin.exec is not None and pin.exec not in EXEC_PLATFORMS:
        return f"runs on {pin.exec}; linkmode runs compilers on {known(lambda cpu: cpu.exec)} Linux only"
    beside = tuple(one for one in entry.pins if one.version == pin.version and one.source == pin.source)
    if pin.family in FAMILIES:
        return _of_family(pin, FAMILIES[pin.family], beside)
    if pin.family in LANGUAGES:
        return _of_language(pin, LANGUAGES[pin.family], beside)
    first = next(one for one in entry.pins if one.version == pin.version and one.source == pin.source)
    return "" if first == pin else f"{first.file}, of the same version, is taken"


def _targets() -> list[Target]:
    musl = [Target(f"{cpu}-linux-musl") for cpu in CPUS]
    return [*musl, *(Target(f"{cpu}-linux-gnu.{row.usual_glibc}") for cpu, row in CPUS.items())]


def _of_family(pin: Pin, family: Family, beside: tuple[Pin, ...]) -> str:
    exec_platform = ExecPlatform(str(pin.exec))
    refusals = {target: family.refuses(target, pin.version) for target in _targets()}
    able = [target for target, refusal in refusals.items() if not refusal]
    if not able:
        return refusals[exec_platform.musl]
    made = [target for target in able if family.pins_for((pin,), exec_platform, target)]
    if not made:
        return f"makes {', '.join(pin.targets)}, and no CPU of linkmode is called that"
    taken = [family.pins_for(beside, exec_platform, target)[0] for target in made]
    return "" if pin in taken else f"{taken[0].file}, which makes the same, is taken"


def _of_language(pin: Pin, language: Language, beside: tuple[Pin, ...]) -> str:
    refusals = []
    for exec_platform in EXEC_PLATFORMS if pin.exec is None else (ExecPlatform(pin.exec),):
        for target in _targets():
            refusal = language.refuses(beside, (exec_platform,), (target,))
            if not refusal and any(part.pin == pin for part in language.parts(beside, (exec_platform,), (target,))):
                return ""
            refusals.append(refusal)
    return next(filter(None, refusals), "another archive of the same release is always taken")

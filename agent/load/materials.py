"""Materials -> pools: every combination of elements on prototypes' sites, with their properties."""

import itertools
import math
import warnings
from functools import cache

from pymatgen.core.periodic_table import Element

from agent.core.pools import MaterialParameter, Pool
from agent.load.faults import Findings, Loc, did_you_mean, listed

PROPERTIES = (
    "X", "row", "group", "atomic_radius", "mendeleev_no", "Z", "atomic_mass",
    "atomic_radius_calculated", "average_ionic_radius", "average_cationic_radius",
    "average_anionic_radius", "metallic_radius", "van_der_waals_radius", "molar_volume",
    "melting_point", "boiling_point", "density_of_solid", "bulk_modulus", "rigidity_modulus",
    "youngs_modulus", "poissons_ratio", "brinell_hardness", "mineral_hardness",
    "vickers_hardness", "thermal_conductivity", "coefficient_of_linear_thermal_expansion",
    "velocity_of_sound", "electron_affinity", "ionization_energy", "iupac_ordering",
    "max_oxidation_state", "min_oxidation_state",
)  # fmt: skip
"""Elemental properties that are numbers: names of pymatgen's Element."""

_MOST = 200_000

Combination = tuple[str, tuple[str, ...]]
"""A prototype and the element on each site."""


def pool(findings: Findings, loc: Loc, parameter: MaterialParameter) -> Pool | None:
    """The pool of a material parameter; None, with every fault noted, if there is none."""
    sites = _sites(findings, loc, parameter)
    _check_elements(findings, loc, parameter)
    _check_properties(findings, loc, parameter)
    count = sum(math.prod(map(len, p.sites.values())) for p in parameter.prototypes)
    if count > _MOST:
        what = f"these are {count} combinations, more than {_MOST}"
        findings.fault((*loc, "prototypes"), what, "leave out what nobody would choose")
    if not findings.clean(loc):
        return None
    combinations = _combinations(parameter)
    if not combinations:
        what = "no combination is left: an element cannot take two sites at once"
        findings.fault((*loc, "prototypes"), what, "give the sites different elements")
        return None
    descriptors = {
        f"{site}_{name}": tuple(_property(elements[n], name) for _, elements in combinations)
        for n, site in enumerate(sites)
        for name in parameter.properties
    }
    prototypes = tuple(prototype.name for prototype in parameter.prototypes)
    if len(prototypes) > 1:
        # The same elements on two prototypes are not the same crystal.
        for name in prototypes:
            descriptors[f"prototype_{name}"] = tuple(float(p == name) for p, _ in combinations)
    _warn_of_swaps(findings, loc, combinations)
    labels = {
        site: tuple(elements[n] for _, elements in combinations) for n, site in enumerate(sites)
    }
    return Pool(
        ids=tuple(f"{''.join(elements)} ({name})" for name, elements in combinations),
        labels={"prototype": tuple(name for name, _ in combinations), **labels},
        descriptors=descriptors,
    )


def _sites(findings: Findings, loc: Loc, parameter: MaterialParameter) -> tuple[str, ...]:
    sites = tuple(parameter.prototypes[0].sites)
    names = [prototype.name for prototype in parameter.prototypes]
    for n, prototype in enumerate(parameter.prototypes):
        at = (*loc, "prototypes", n)
        if set(prototype.sites) != set(sites):
            what = f"its sites are {listed(prototype.sites)}, and {names[0]} has {listed(sites)}"
            findings.fault((*at, "sites"), what, "every prototype needs the same sites")
        if names.index(prototype.name) < n:
            findings.fault((*at, "name"), f"{prototype.name!r} stands twice", "join the two")
    return sites


def _check_elements(findings: Findings, loc: Loc, parameter: MaterialParameter) -> None:
    for n, prototype in enumerate(parameter.prototypes):
        for site, elements in prototype.sites.items():
            at = (*loc, "prototypes", n, "sites", site)
            if not elements:
                findings.fault(at, "no element may take this site", "write e.g. [Fe, Co, Ni]")
            for position, symbol in enumerate(elements):
                if not Element.is_valid_symbol(symbol):
                    what = f"{symbol!r} is not an element"
                    near = did_you_mean(symbol, _symbols(), "write symbols like Fe;")
                    findings.fault((*at, position), what, near.split(";")[0])
                elif elements.index(symbol) < position:
                    findings.fault((*at, position), f"{symbol} stands twice", "keep one")


def _check_properties(findings: Findings, loc: Loc, parameter: MaterialParameter) -> None:
    used = sorted(
        {
            symbol
            for prototype in parameter.prototypes
            for elements in prototype.sites.values()
            for symbol in elements
            if Element.is_valid_symbol(symbol)
        }
    )
    if not parameter.properties:
        findings.fault((*loc, "properties"), "it is empty", "leave it out, or name e.g. [X, group]")
    for n, name in enumerate(parameter.properties):
        at = (*loc, "properties", n)
        if name not in PROPERTIES:
            near = did_you_mean(name, PROPERTIES, "there are")
            findings.fault(at, f"{name!r} is not an elemental property that is a number", near)
        elif parameter.properties.index(name) < n:
            findings.fault(at, f"{name!r} stands twice", "keep one")
        elif without := [symbol for symbol in used if not math.isfinite(_property(symbol, name))]:
            what = f"pymatgen has no {name!r} of {listed(without)}"
            findings.fault(at, what, "leave the property or the elements out")


def _combinations(parameter: MaterialParameter) -> list[Combination]:
    sites = tuple(parameter.prototypes[0].sites)
    found = [
        (prototype.name, elements)
        for prototype in parameter.prototypes
        for elements in itertools.product(*(prototype.sites[site] for site in sites))
        if len(set(elements)) == len(elements)
    ]
    return sorted(found, key=lambda item: (item[0], *(Element(symbol).Z for symbol in item[1])))


def _warn_of_swaps(findings: Findings, loc: Loc, combinations: list[Combination]) -> None:
    """Elements on swapped sites may be one crystal, and the loader cannot know."""
    seen: dict[tuple[str, frozenset[str]], Combination] = {}
    for combination in combinations:
        first = seen.setdefault((combination[0], frozenset(combination[1])), combination)
        if first != combination:
            one, other = "".join(first[1]), "".join(combination[1])
            what = f"{one} and {other} on {combination[0]} differ only in which site is whose"
            findings.warn((*loc, "prototypes"), what, "if they are one crystal, leave one out")
            return


@cache
def _property(symbol: str, name: str) -> float:
    """An elemental property as a number; NaN where pymatgen has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns where it has no value; NaN says so here
        value = getattr(Element(symbol), name)
    return math.nan if value is None else float(value)


@cache
def _symbols() -> tuple[str, ...]:
    return tuple(element.symbol for element in Element)

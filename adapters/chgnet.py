"""Formation energies of binary crystals by CHGNet, a neural network trained on DFT.

Source: Deng et al. (2023), Nature Machine Intelligence 5, 1031. It has no way of saying that it
does not know (an atom in the void has energy -1 and force 0), so the geometry is guarded instead.
"""

import contextlib
import io
import json
import math
import warnings
from collections.abc import Iterator
from functools import cached_property
from importlib.metadata import version
from typing import Any, Literal, NamedTuple

import torch
from pydantic import Field
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from adapters.crystals import PROTOTYPES, element, has_reference, prototype
from adapters.pure import Failure, PureAdapter, PureSettings, Result, objective_reasons
from agent.core.adapter import Measurement
from agent.core.trial import Plan
from agent.errors import MissingExtra

try:
    from ase import Atoms
    from ase.data import covalent_radii
    from ase.filters import FrechetCellFilter
    from ase.neighborlist import neighbor_list
    from ase.optimize.bfgs import BFGS
    from chgnet.model.dynamics import CHGNetCalculator
    from chgnet.model.model import CHGNet
except ImportError as error:
    raise MissingExtra("chgnet is not installed", 'pip install "athanor[oracles]"') from error

from pymatgen.io.ase import AseAtomsAdaptor

Quantity = Literal["formation_energy", "volume", "density"]

UNITS: dict[str, str] = {"formation_energy": "eV/atom", "volume": "Å^3/atom", "density": "g/cm^3"}
"""Quantity -> unit."""

ENERGY_REFERENCE = {
    "0.3.0": "MPtrj: PBE and PBE+U with Materials Project 2020 corrections",
    "0.2.0": "MPtrj: PBE and PBE+U with Materials Project 2020 corrections",
    "r2scan": "MP-r2SCAN",
}
"""Energies of different references are never put on one scale."""

VOLUME_RATIO = (0.5, 2.0)
MAX_ENERGY = 30.0
"""Beyond this |eV/atom| no solid is meant."""
MIN_SEPARATION = 0.6
"""Shortest distance allowed, as a share of the sum of the covalent radii."""


class ChgnetSettings(PureSettings):
    """Which model, how well relaxed, and what the objectives are called."""

    objectives: dict[str, Quantity] = Field(
        default={"formation_energy": "formation_energy"},
        min_length=1,
        description="Objective -> quantity: formation_energy in eV/atom, volume in Å^3/atom, "
        "density in g/cm^3.",
    )
    prototype: str = Field(
        default="B2",
        description="Crystal structure, where the plan has no parameter `prototype`.",
        json_schema_extra={"enum": list(PROTOTYPES)},
    )
    site_a: str = Field(default="A", description="Parameter that names the element on site A.")
    site_b: str = Field(default="B", description="Parameter that names the element on site B.")
    geometry: Literal["relaxed", "guessed"] = Field(
        default="relaxed",
        description="guessed: crystal and elements as they are built, in a tenth of the time and with "
        "an error that differs from crystal to crystal.",
    )
    fmax: float = Field(default=0.01, gt=0, description="Largest force left, in eV/Å.")
    max_steps: int = Field(default=200, ge=1, description="Steps after which relaxing is given up.")
    model: Literal["0.3.0", "0.2.0", "r2scan"] = Field(
        default="0.3.0", description="Pre-trained CHGNet model; all come with the package."
    )


class Relaxed(NamedTuple):
    """A relaxed crystal: eV/atom, Å³/atom, g/cm³, cell lengths (Å) and angles (°)."""

    energy: float
    volume: float
    density: float
    cell: tuple[float, ...]
    steps: int


class ChgnetAdapter(PureAdapter):
    """Relaxes the asked crystal and its elements; elements once for each instance.

    Formation energy (eV/atom) = E(crystal)/N − Σ xᵢ E(elementᵢ), all relaxed by the same model, or
    all at their starting guess.

    Args:
        settings: Which model, and how well relaxed.
    """

    Settings = ChgnetSettings
    settings: ChgnetSettings

    def __init__(self, settings: ChgnetSettings) -> None:
        self.settings = settings
        self._references: dict[str, Relaxed | Failure] = {}

    def version(self) -> str:
        """Versions of the package and of the model."""
        return f"chgnet {version('chgnet')}, model {self.settings.model}"

    def check(self, plan: Plan) -> tuple[str, ...]:
        """Reasons against `plan`: unknown prototype, elements without a known ground state."""
        known = {name: UNITS[quantity] for name, quantity in self.settings.objectives.items()}
        return (
            *objective_reasons(plan, known),
            *self.fidelity_reasons(plan),
            *self._crystal_reasons(plan),
        )

    def compute(self, plan: Plan) -> Result | Failure:
        """The asked quantities of the relaxed crystal, with a JSON document of how."""
        reasons = self._crystal_reasons(plan)
        reasons += [
            f"unknown objective '{o}'" for o in plan.objectives if o not in self.settings.objectives
        ]
        if reasons:
            return Failure("unclassified", "; ".join(reasons))
        name, *symbols = self._crystal(plan)
        with one_thread():
            elements: dict[str, Relaxed] = {}
            for symbol in symbols:
                reference = self._reference(symbol)
                if isinstance(reference, Failure):
                    return reference
                elements[symbol] = reference
            atoms = prototype(name, symbols[0], symbols[1])
            crystal = self.relax(atoms, f"{name} {'-'.join(symbols)}")
        if isinstance(crystal, Failure):
            return crystal
        present = [str(symbol) for symbol in atoms.symbols]
        mean = sum(elements[symbol].energy for symbol in present) / len(present)
        quantities = {
            "formation_energy": crystal.energy - mean,
            "volume": crystal.volume,
            "density": crystal.density,
        }
        return Result(
            tuple(
                Measurement(
                    trial=plan.trial,
                    objective=objective,
                    unit=unit,
                    value=quantities[self.settings.objectives[objective]],
                    analysis=self.version(),
                )
                for objective, unit in plan.objectives.items()
            ),
            raw=self._document(name, quantities["formation_energy"], crystal, elements),
        )

    def _document(
        self, name: str, formation_energy: float, crystal: Relaxed, elements: dict[str, Relaxed]
    ) -> str:
        document = {
            "prototype": name,
            "formation_energy_eV_per_atom": formation_energy,
            "crystal": crystal._asdict(),
            "elements": {symbol: relaxed._asdict() for symbol, relaxed in elements.items()},
            "units": "energy eV/atom, volume Å^3/atom, density g/cm^3, cell Å and degrees",
            "model": self.version(),
            "energy_reference": ENERGY_REFERENCE[self.settings.model],
            "fmax_eV_per_angstrom": self.settings.fmax,
        }
        return json.dumps(document, ensure_ascii=False, sort_keys=True)

    def _crystal(self, plan: Plan) -> tuple[str, str, str]:
        settings = plan.settings()
        name = settings.get("prototype", self.settings.prototype)
        return str(name), str(settings[self.settings.site_a]), str(settings[self.settings.site_b])

    def _crystal_reasons(self, plan: Plan) -> list[str]:
        sites = (self.settings.site_a, self.settings.site_b)
        reasons = [
            f"parameter '{site}' is missing" for site in sites if site not in plan.parameters
        ]
        reasons += [
            f"unknown parameter '{name}'"
            for name in plan.parameters
            if name not in {*sites, "prototype"}
        ]
        if reasons:
            return reasons
        name, a, b = self._crystal(plan)
        if name not in PROTOTYPES:
            reasons.append(f"unknown prototype '{name}' (known: {', '.join(PROTOTYPES)})")
        if a == b:
            reasons.append(f"both sites are {a}: that is no compound")
        reasons += [
            f"'{symbol}' is no element whose ground state is fcc, bcc, hcp or diamond"
            for symbol in dict.fromkeys((a, b))
            if not has_reference(symbol)
        ]
        return reasons

    def _reference(self, symbol: str) -> Relaxed | Failure:
        if symbol not in self._references:
            self._references[symbol] = self.relax(element(symbol), f"element {symbol}")
        return self._references[symbol]

    @cached_property
    def _calculator(self) -> CHGNetCalculator:
        # Both constructors print to the screen.
        with contextlib.redirect_stdout(io.StringIO()):
            model = CHGNet.load(model_name=self.settings.model, verbose=False, use_device="cpu")
            return CHGNetCalculator(model, use_device="cpu", on_isolated_atoms="error")

    def relax(self, atoms: Atoms, label: str) -> Relaxed | Failure:
        """Relax cell and positions by BFGS on forces and stress; moves `atoms`.

        Args:
            atoms: The starting guess.
            label: What it is called in messages.
        """
        kind = _space_group(atoms)
        try:
            relaxed = self.settings.geometry == "relaxed"
            energy, steps = self._settle(atoms) if relaxed else (self._guess(atoms), 0)
        except ValueError as error:
            return Failure("not_converged", f"{label}: {error}")
        if (now := _space_group(atoms)) != kind:
            return Failure(
                "infeasible", f"{label} is not stable as such: space group {kind} became {now}"
            )
        return Relaxed(
            energy=energy / len(atoms),
            volume=float(atoms.cell.volume) / len(atoms),
            density=float(AseAtomsAdaptor.get_structure(atoms).density),
            cell=tuple(float(length) for length in atoms.cell.cellpar()),
            steps=steps,
        )

    def _guess(self, atoms: Atoms) -> float:
        """Energy (eV) of `atoms` as they are; ValueError says why not."""
        _check_geometry(atoms, float(atoms.cell.volume))
        atoms.calc = self._calculator
        return _sound(float(atoms.get_potential_energy()), atoms)  # type: ignore[no-untyped-call]

    def _settle(self, atoms: Atoms) -> tuple[float, int]:
        """Energy (eV) of the settled `atoms`, and the steps it took; ValueError says why not."""
        guess = float(atoms.cell.volume)
        _check_geometry(atoms, guess)
        atoms.calc = self._calculator
        cell: Any = FrechetCellFilter(atoms)  # type: ignore[no-untyped-call]
        optimizer: Any = BFGS(cell, logfile=None)
        settled = False
        # Looked at in every step: a collapsing cell has ever more neighbours, and takes for ever.
        for converged in optimizer.irun(fmax=self.settings.fmax, steps=self.settings.max_steps):
            settled = bool(converged)
            _check_geometry(atoms, guess)
        energy = _sound(float(cell.atoms.get_potential_energy()), atoms)
        if not settled:
            raise ValueError(
                f"still above {self.settings.fmax} eV/Å after {optimizer.nsteps} steps"
            )
        return energy, int(optimizer.nsteps)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Pin torch and BLAS to one thread: the same digits on every machine, and no contention.

    The libraries' own warnings (of what they will deprecate in each other) are not the user's.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        # The cell's matrices are 3 x 3: BLAS threads only wait for each other there.
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_num_threads(before)


def _sound(energy: float, atoms: Atoms) -> float:
    """`energy` (eV), or a ValueError where no solid can have it."""
    if not (math.isfinite(energy) and abs(energy) < MAX_ENERGY * len(atoms)):
        raise ValueError(f"the energy is {energy} eV for {len(atoms)} atoms")
    return energy


def _check_geometry(atoms: Atoms, guess: float) -> None:
    """Raise a ValueError where a geometry is outside of what the model can know."""
    low, high = VOLUME_RATIO
    ratio = float(atoms.cell.volume) / guess
    if not low <= ratio <= high:
        raise ValueError(f"the volume became {ratio:.2f} times the starting one")
    radii = [MIN_SEPARATION * float(covalent_radii[number]) for number in atoms.numbers]
    if len(neighbor_list("d", atoms, radii)):  # type: ignore[no-untyped-call]
        raise ValueError("two atoms are closer than any bond")


def _space_group(atoms: Atoms) -> int:
    structure = AseAtomsAdaptor.get_structure(atoms)
    # Looser than a relaxation's leftover forces, tighter than any real distortion.
    return int(structure.get_space_group_info(symprec=0.05)[1])

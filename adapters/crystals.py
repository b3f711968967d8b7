"""Crystals to relax: binary prototypes with sites A and B, and the elements' ground states.

Starting lattices come from the elements' experimental volumes (ASE's reference states, Å).
"""

from collections.abc import Callable

from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from agent.errors import MissingExtra

try:
    from ase import Atoms
    from ase.build import bulk
    from ase.data import atomic_numbers, reference_states
except ImportError as error:
    raise MissingExtra("ase is not installed", 'pip install "athanor[oracles]"') from error

_BUILDABLE = frozenset({"fcc", "bcc", "hcp", "diamond"})
_CENTRED = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]
_FACES = [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]


def has_reference(symbol: str) -> bool:
    """Whether the ground state of an element is one of fcc, bcc, hcp and diamond (after ASE)."""
    number = atomic_numbers.get(symbol, 0)
    state = reference_states[number] if number else None
    return state is not None and state["symmetry"] in _BUILDABLE


def element(symbol: str) -> Atoms:
    """An element's ground state at its experimental lattice constants (Å), primitive cell."""
    return bulk(symbol)


def prototype(name: str, a: str, b: str) -> Atoms:
    """A binary prototype with A and B on its sites, at the sum of the elements' volumes."""
    return PROTOTYPES[name](a, b).to_ase_atoms()


def _volume(symbol: str) -> float:
    atoms = element(symbol)
    return float(atoms.cell.volume) / len(atoms)


def _b2(a: str, b: str) -> Structure:
    """CsCl: A at the corner, B in the centre; 2 atoms."""
    edge = (_volume(a) + _volume(b)) ** (1 / 3)
    return Structure(Lattice.cubic(edge), [a, b], _CENTRED)


def _b1(a: str, b: str) -> Structure:
    """Rock salt, primitive: A and B on two fcc lattices; 2 atoms."""
    # Six neighbours instead of eight or twelve: it packs more loosely than the elements do.
    half = (1.15 * 4 * (_volume(a) + _volume(b))) ** (1 / 3) / 2
    lattice = Lattice([[0, half, half], [half, 0, half], [half, half, 0]])
    return Structure(lattice, [a, b], _CENTRED)


def _l1_2(a: str, b: str) -> Structure:
    """Cu3Au: A at the corner, B on the faces, AB3; 4 atoms."""
    edge = (_volume(a) + 3 * _volume(b)) ** (1 / 3)
    return Structure(Lattice.cubic(edge), [a, b, b, b], _FACES)


def _l1_0(a: str, b: str) -> Structure:
    """CuAu: layers of A and B on an fcc lattice that may stretch along c, primitive; 2 atoms."""
    edge = (2 * (_volume(a) + _volume(b))) ** (1 / 3)
    lattice = Lattice.tetragonal(edge / 2**0.5, edge)
    return Structure(lattice, [a, b], _CENTRED)


PROTOTYPES: dict[str, Callable[[str, str], Structure]] = {
    "B2": _b2,
    "B1": _b1,
    "L1_2": _l1_2,
    "L1_0": _l1_0,
}
"""Strukturbericht symbol -> builder. L1_2 is AB3: A at the corner, B on the faces."""

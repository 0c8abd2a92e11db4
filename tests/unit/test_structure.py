"""Starting configurations, and the refusal of those that a model cannot describe."""

from __future__ import annotations

from collections.abc import Callable

import ase
import numpy as np
import pytest
from numerics import crystal

from atomsim.errors import InputError
from atomsim.pairs import PairInteraction
from atomsim.potentials import MODELS, get_model
from atomsim.structure import (
    CLOSEST_CONTACT,
    check_overlaps,
    check_structure,
    cubic_cell,
    make_atoms,
    random_start,
    smallest_height,
)


@pytest.mark.parametrize("specification", [*MODELS, "lerner-binary:dimension=2", "ninarello:dimension=2"])
def test_random_starts_have_the_density_and_composition_asked_for(specification: str) -> None:
    model = get_model(specification)
    atoms = random_start(model, 400, 0.9, np.random.default_rng(0))
    d = model.dimension
    assert len(atoms) / abs(np.linalg.det(atoms.cell.array[:d, :d])) == pytest.approx(0.9)
    assert PairInteraction.from_atoms(model, atoms).volume == pytest.approx(400 / 0.9)
    assert atoms.pbc.tolist() == [True, True, d == 3]
    shares = np.bincount(atoms.arrays["species"]) / 400
    assert shares == pytest.approx(model.fractions)
    if model.mixing.kind == "species":
        assert np.array_equal(atoms.arrays["size"], np.array(model.diameters)[atoms.arrays["species"]])
    fractional = atoms.get_scaled_positions(wrap=False)
    assert np.all((fractional >= 0) & (fractional < 1))
    if d == 2:
        assert not atoms.positions[:, 2].any()
    # uniform places: mean 1/2 and variance 1/12 of each coordinate, within five standard errors
    assert np.abs(fractional[:, :d].mean(axis=0) - 0.5).max() < 5 * np.sqrt(1 / 12 / 400)
    assert np.abs(fractional[:, :d].var(axis=0) - 1 / 12).max() < 5 * np.sqrt(1 / 180 / 400)
    assert np.all(atoms.get_masses() == 1)


def test_starts_follow_their_source_of_randomness() -> None:
    model = get_model("ninarello")
    twins = [random_start(model, 50, 1.0, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(twins[0].positions, twins[1].positions)
    assert np.array_equal(twins[0].arrays["size"], twins[1].arrays["size"])
    assert not np.array_equal(twins[0].positions, twins[2].positions)


@pytest.mark.parametrize("density", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_densities_are_refused(density: float) -> None:
    with pytest.raises(InputError, match=f"density = {density} must be positive"):
        random_start(get_model("laird-schober"), 300, density, np.random.default_rng(0))


def test_impossible_numbers_of_atoms_are_refused() -> None:
    for count in (0, -5):
        with pytest.raises(InputError, match=f"n_atoms = {count} must be at least 1"):
            cubic_cell(count, 1.0, 3)


def test_atoms_carry_masses_and_labels() -> None:
    atoms = make_atoms(
        np.zeros((2, 3)),
        np.eye(3),
        species_n=np.array([0, 1]),
        size_n=np.array([1.0, 1.4]),
        mass_n=np.array([2.0, 3.0]),
    )
    assert atoms.get_masses().tolist() == [2.0, 3.0]
    assert atoms.numbers.tolist() == [1, 2]
    assert atoms.arrays["size"].dtype == np.float64 and atoms.arrays["species"].dtype == np.int64


def good(specification: str = "lerner-binary") -> ase.Atoms:
    positions_nc, cell_cc = crystal("bcc", 4, density=0.82)
    model = get_model(specification)
    species_n, size_n = model.compose(128, np.random.default_rng(1))
    if model.dimension == 2:
        positions_nc = positions_nc[::2]  # one plane after another is not a plane
        species_n, size_n = species_n[::2], size_n[::2]
    return make_atoms(positions_nc, cell_cc, species_n=species_n, size_n=size_n, dimension=model.dimension)


def put(atom: int, where: list[float]) -> Callable[[ase.Atoms], None]:
    def change(atoms: ase.Atoms) -> None:
        atoms.positions[atom] = where

    return change


def set_array(name: str, atom: int, value: float) -> Callable[[ase.Atoms], None]:
    def change(atoms: ase.Atoms) -> None:
        atoms.arrays[name][atom] = value

    return change


def remove(atoms: ase.Atoms) -> None:
    del atoms[:]


@pytest.mark.parametrize(
    ("specification", "change", "message"),
    [
        ("lerner-binary", remove, "^file.xyz: no atoms"),
        (
            "lerner-binary",
            put(7, [0.0, np.nan, 1.0]),
            r"^file.xyz: atom 7 is at \[0.0, nan, 1.0\]; expected finite coordinates \(1 such atoms\)",
        ),
        ("lerner-binary", put(7, [np.inf, 0.0, 1.0]), r"^file.xyz: atom 7 is at \[inf, 0.0, 1.0\]"),
        (
            "lerner-binary",
            lambda atoms: atoms.set_cell(np.zeros((3, 3))),
            r"^file.xyz: the cell \[\[0.0, .* has no volume; expected three independent cell vectors",
        ),
        ("lerner-binary", lambda atoms: atoms.set_cell(np.diag([5.0, 5.0, np.nan])), "^file.xyz: .* has no volume"),
        (
            "kob-andersen",
            lambda atoms: atoms.set_cell(np.diag([6.0, 6.0, 4.5])),
            "^file.xyz: the cell is 4.5 sigma high, smaller than twice the cut-off 2.5 of 'kob-andersen'",
        ),
        (
            "ninarello",
            lambda atoms: atoms.arrays.pop("size"),
            "^file.xyz: potential 'ninarello' is polydisperse: .* 'size'",
        ),
        ("ninarello", set_array("size", 5, -1.0), "^file.xyz: atom 5 has size -1.0; expected a positive diameter"),
        ("ninarello", set_array("size", 5, np.nan), "^file.xyz: atom 5 has size nan"),
        (
            "lerner-binary",
            set_array("species", 9, 2),
            "^file.xyz: atom 9 is of species 2; 'lerner-binary' knows .* 0..1",
        ),
        ("lerner-binary", set_array("species", 9, -1), "^file.xyz: atom 9 is of species -1"),
        (
            "lerner-binary:dimension=2",
            lambda atoms: None,
            "^file.xyz: atoms lie up to .* apart along z; the plane model",
        ),
    ],
)
def test_bad_structures_are_refused(specification: str, change: Callable[[ase.Atoms], object], message: str) -> None:
    atoms, model = good(specification), get_model(specification)
    if model.dimension == 3:
        check_structure(atoms, model, name="file.xyz")
    change(atoms)
    with pytest.raises(InputError, match=message):
        check_structure(atoms, model, name="file.xyz")


def test_overlaps_are_named() -> None:
    model = get_model("lerner-binary")
    atoms = good()
    # the partner is taken through the periodic boundary, where plain distances see nothing
    atoms.positions[3] = atoms.positions[0] + atoms.cell.array[0] + [0.05, 0.0, 0.0]
    with pytest.raises(
        InputError, match=r"^structure: atoms 0 and 3 overlap, distance 0\.05 sigma; expected at least 0\.1"
    ):
        check_structure(atoms, model)
    atoms.positions[3] = atoms.positions[0]  # no warning about divisions on the way
    with pytest.raises(InputError, match="atoms 0 and 3 overlap, distance 0 sigma"):
        check_structure(atoms, model)


def test_overlaps_are_measured_by_the_pair_length() -> None:
    # The closest pair is a small one in order; a wider one is too close for its size.
    model = get_model("lerner-binary")
    positions_nc = np.array([[0.0, 0, 0], [0.12, 0, 0], [3.0, 3, 3], [3.13, 3, 3]])
    interaction = PairInteraction(
        model,
        cell_cc=np.eye(3) * 6,
        periodic_c=np.ones(3, dtype=np.int64),
        species_n=np.array([0, 0, 1, 1]),
        size_n=np.array([1.0, 1.0, 1.4, 1.4]),
    )
    assert CLOSEST_CONTACT == 0.1
    with pytest.raises(InputError, match=r"atoms 2 and 3 overlap, distance 0\.13 sigma; expected at least 0\.14"):
        check_overlaps(interaction, positions_nc)
    check_overlaps(interaction, positions_nc * 1.2)


def test_one_atom_is_a_structure() -> None:
    atoms = make_atoms(np.zeros((1, 3)), np.eye(3) * 7, species_n=np.zeros(1, dtype=np.int64), size_n=np.ones(1))
    check_structure(atoms, get_model("laird-schober"))


def test_smallest_height_counts_periodic_directions() -> None:
    atoms = ase.Atoms(cell=[[4.0, 0, 0], [3.0, 5.0, 0], [0, 0, 2.0]], pbc=[True, True, False])
    assert smallest_height(atoms) == pytest.approx(20 / np.hypot(3, 5))
    atoms.pbc = False
    assert smallest_height(atoms) == np.inf

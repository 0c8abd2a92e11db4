"""What tests of the pair models share: orders of decay, slow twins of the fast routines, configurations."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from atomsim.pairs import PairInteraction
from atomsim.potentials import Model
from atomsim.results import Array, IntArray

# A measured order may differ from the whole number by this much: the next term of the series is still felt.
ORDER_TOLERANCE = 0.2


def orders_of_decay(error_of: Callable[[float], float], first_step: float, n_steps: int = 4) -> Array:
    """Return the powers of the step by which an error falls between steps that are halved each time."""
    error = np.array([error_of(first_step / 2**k) for k in range(n_steps)])
    assert np.all(error > 0), "an error of exactly zero shows no order"
    return np.log2(error[:-1] / error[1:])


def assert_decay(error_of: Callable[[float], float], *, first_step: float, order: int, n_steps: int = 4) -> None:
    """Assert that an error falls as step**order over three halvings."""
    orders = orders_of_decay(error_of, first_step, n_steps)
    assert np.all(np.abs(orders - order) < ORDER_TOLERANCE), f"orders {orders}, expected {order}"


def pair_scales(model: Model, species: tuple[int, int], size: tuple[float, float]) -> tuple[float, float]:
    """Return length and energy of one pair, written out model by model from the papers."""
    if model.name == "ninarello":
        return 0.5 * sum(size) * (1 - 0.2 * abs(size[0] - size[1])), 1.0
    if model.name == "lerner-binary":
        return {0: 1.0, 1: 1.18, 2: 1.4}[sum(species)], 1.0
    if model.name == "kob-andersen":
        return {0: (1.0, 1.0), 1: (0.8, 1.5), 2: (0.88, 0.5)}[sum(species)]
    return 1.0, 1.0


def brute_force_pairs(
    positions_nc: Array, cell_cc: Array, periodic_c: IntArray, reach_nn: Array
) -> list[tuple[int, int, Array]]:
    """Return (i, j, R_i - image of R_j) of all pairs closer than their reach, by trying 125 images of each."""
    found = []
    images = np.array(list(itertools.product(*[range(-2, 3) if p else (0,) for p in periodic_c]))) @ cell_cc
    for i in range(len(positions_nc)):
        difference = positions_nc[i] - positions_nc[i:]
        difference -= np.floor(difference @ np.linalg.inv(cell_cc)) * periodic_c @ cell_cc
        vectors = difference[:, None] - images
        near = np.linalg.norm(vectors, axis=2) < reach_nn[i, i:, None]
        near[0, np.linalg.norm(vectors[0], axis=1) == 0] = False  # an atom is not its own neighbour
        found += [(i, i + int(j), vectors[j, k]) for j, k in np.argwhere(near)]
    return found


def brute_force(interaction: PairInteraction, positions_nc: Array) -> tuple[float, Array, Array]:
    """Return energy, forces and virial from phi'(r), explicit images and the mixing rules of the papers."""
    model = interaction.model
    n = len(positions_nc)
    kinds = list(zip(interaction.species_n.tolist(), interaction.size_n.tolist(), strict=True))
    scales = np.array([[pair_scales(model, (a, b), (s, t)) for b, t in kinds] for a, s in kinds])
    pairs = brute_force_pairs(
        positions_nc, interaction.cell_cc, interaction.periodic_c, model.radial.cutoff * scales[:, :, 0]
    )
    energy, forces_nc, virial_cc = 0.0, np.zeros((n, 3)), np.zeros((3, 3))
    x = [np.linalg.norm(vector) / scales[i, j, 0] for i, j, vector in pairs]
    values = model.radial.derivatives(x)[:2].T
    for (i, j, vector), (value, slope) in zip(pairs, values, strict=True):
        length, depth = scales[i, j]
        pull = depth * slope / length * vector / np.linalg.norm(vector)
        energy += depth * value
        forces_nc[i] -= pull
        forces_nc[j] += pull
        virial_cc += np.outer(pull, vector)
    return energy, forces_nc, virial_cc


def disordered(
    model: Model,
    rng: np.random.Generator,
    *,
    n_side: int,
    shear: float = 0.0,
    periodic: tuple[int, int, int] = (1, 1, 1),
    noise: float = 0.12,
    skin: float = 0.3,
) -> tuple[PairInteraction, Array]:
    """Return a shaken simple lattice at the density of the model, in a cell sheared at random, and its interaction.

    Atoms keep their distance, unlike at random places, so that no number is ruled by one close pair. Some of them
    stand outside the cell. A plane model gets a square lattice at z = 0 and an open third direction.
    """
    d = model.dimension
    n_atoms = n_side**d
    spacing = model.density ** (-1 / d)
    lattice = np.stack(np.meshgrid(*[np.arange(n_side)] * d, indexing="ij"), axis=-1).reshape(-1, d) / n_side
    deformation = np.eye(3)
    deformation[:d, :d] += shear * rng.uniform(-1, 1, (d, d))
    deformation[:d, :d] /= abs(np.linalg.det(deformation[:d, :d])) ** (1 / d)
    cell_cc = np.diag([n_side * spacing] * d + [4 * spacing] * (3 - d)) @ deformation
    positions_nc = np.zeros((n_atoms, 3))
    positions_nc[:, :d] = lattice @ cell_cc[:d, :d] + noise * spacing * rng.uniform(-1, 1, (n_atoms, d))
    wraps = rng.integers(-1, 2, (n_atoms, 3)) * np.array(periodic) * (np.arange(3) < d)
    species_n, size_n = model.compose(n_atoms, rng)
    interaction = PairInteraction(
        model,
        cell_cc=cell_cc,
        periodic_c=np.array([*periodic[:d], *[0] * (3 - d)]),
        species_n=species_n,
        size_n=size_n,
        skin=skin,
    )
    return interaction, positions_nc + wraps @ cell_cc


def strained(interaction: PairInteraction, strain_cc: Array) -> PairInteraction:
    """Return the same atoms in the deformed cell."""
    return PairInteraction(
        interaction.model,
        cell_cc=interaction.cell_cc @ (np.eye(3) + strain_cc).T,
        periodic_c=interaction.periodic_c,
        species_n=interaction.species_n,
        size_n=interaction.size_n,
    )


def crystal(kind: str, n_side: int, density: float = 1.0) -> tuple[Array, Array]:
    """Return positions and cell of a cubic crystal (sc, bcc, fcc) of n_side^3 cubic cells."""
    basis = {
        "sc": [[0, 0, 0]],
        "bcc": [[0, 0, 0], [0.5, 0.5, 0.5]],
        "fcc": [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
    }[kind]
    corners = np.array(list(itertools.product(range(n_side), repeat=3)), dtype=float)
    edge = (len(basis) / density) ** (1 / 3)
    positions_nc = (corners[:, None, :] + np.array(basis)[None]).reshape(-1, 3) * edge
    return positions_nc, np.eye(3) * n_side * edge


def single_component(model: Model, positions_nc: Array, cell_cc: Array, *, periodic: bool = True) -> PairInteraction:
    """Bind a one-component model to atoms in a cell."""
    n_atoms = len(positions_nc)
    return PairInteraction(
        model,
        cell_cc=cell_cc,
        periodic_c=np.full(3, int(periodic)),
        species_n=np.zeros(n_atoms, dtype=np.int64),
        size_n=np.ones(n_atoms),
    )

"""From two minima to the saddle between them: nudged elastic band, then a search that ends at round-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ase
import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.mep import NEB
from scipy import sparse
from scipy.interpolate import interp1d
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh

from analysis.soft_modes.configuration_space import SHIFT, ConfigurationSpace
from analysis.soft_modes.gradient_flow import flow_down
from atomsim.certificate import certify, start_vector
from atomsim.errors import NotAMinimum, NotConverged
from atomsim.factorise import SymmetricFactor
from atomsim.results import Array

IMAGES = 7  # between the two minima
SPRING_SHARE = 5e-3  # spring of the band, in units of the mean eigenvalue [-]
BAND_TOLERANCE = 0.3  # largest force on an image [epsilon/(sqrt(m) sigma)]
CLIMBER_TOLERANCE = 5e-3  # largest force on the image that climbs [epsilon/(sqrt(m) sigma)]
# The same in units of the barrier over the way to it, which counts where barriers are low: a force f leaves f^2/(2 k)
# of a barrier k x^2/6 (a cubic one of curvature k at distance x) undone, 2e-5 of it for this share [-].
CLIMBER_SHARE = 0.015
BAND_STEPS = (40, 150)  # before and after it climbs
BAND_DAMPING = 0.6  # share of the preconditioned step that is taken at first [-]
LONGEST_BAND_STEP = 0.05  # of an atom of an image [sigma]
SADDLE_TOLERANCE = 1e-9  # largest force component at a saddle [epsilon/sigma]
SADDLE_STEPS = 40
LONGEST_STEP = 0.1  # of an atom in one step of the saddle search [sigma]
FOLLOWED = 8  # lowest eigenvectors that are looked at where the inertia is not that of a saddle
DENSE_LIMIT = 1500  # degrees of freedom below which LAPACK beats Lanczos for a few eigenvectors of a saddle
PUSH = 0.03  # of the most moving atom off the saddle [sigma]


class _SpaceCalculator(Calculator):
    """Energy and forces in mass-weighted coordinates, as ASE sees them."""

    implemented_properties: list[str] = ["energy", "forces"]  # noqa: RUF012 (as in ASE)

    def __init__(self, space: ConfigurationSpace) -> None:
        super().__init__()
        self.space = space

    def calculate(
        self, atoms: Any = None, properties: Sequence[str] = ("energy",), system_changes: Sequence[str] = all_changes
    ) -> None:
        super().calculate(atoms, list(properties), list(system_changes))
        assert self.atoms is not None
        d = self.space.dimension
        energy, force = self.space.energy_and_force(self.atoms.positions[:, :d].ravel())
        forces_nc = np.zeros((len(self.atoms), 3))
        forces_nc[:, :d] = force.reshape(-1, d)
        self.results = {"energy": energy, "forces": forces_nc}


@dataclass(frozen=True)
class Band:
    """A path of least energy between two minima."""

    points: Array  # (images, dN), the two minima included
    energies: Array  # of all images, (images,)

    @property
    def highest(self) -> int:
        """The climbing image."""
        return int(np.argmax(self.energies[1:-1])) + 1


def elastic_band(
    space: ConfigurationSpace, first: Array, second: Array, *, through: Array | None = None, images: int = IMAGES
) -> Band:
    """Return the path of least energy between two minima, its highest image driven onto the saddle.

    ASE's nudged elastic band with improved tangents, in mass-weighted coordinates.

    Args:
        space: the energy.
        first: a minimum [sqrt(m) sigma].
        second: another [sqrt(m) sigma].
        through: where the band goes at first, for example a saddle; a straight line where absent [sqrt(m) sigma].
        images: how many points between them.

    Raises:
        NotConverged: the band keeps its forces; ``estimate`` is the band as it stands.
    """
    calculator = _SpaceCalculator(space)
    chain = []
    for point in _polygon([first, second] if through is None else [first, through, second], images + 2):
        chain.append(ase.Atoms(numbers=np.ones(space.glass.n_atoms, int), positions=np.zeros((space.glass.n_atoms, 3))))
        chain[-1].positions[:, : space.dimension] = point.reshape(-1, space.dimension)
        chain[-1].calc = calculator
    stiffness = (space.matrix(first) + space.matrix(second)) / 2
    spring = SPRING_SHARE * float(stiffness.diagonal().mean())
    band = NEB(chain, k=spring, method="improvedtangent", allow_shared_calculator=True)
    factor = SymmetricFactor(stiffness, shift=-spring)
    for band.climb, steps in zip((False, True), BAND_STEPS, strict=True):
        converged = _relax_band(space, band, factor, steps)
    factor.release()
    points = np.array([image.positions[:, : space.dimension].ravel() for image in chain])
    energies = np.array([space.energy_and_force(point)[0] for point in points])
    found = Band(points, energies)
    if not converged:
        raise NotConverged(f"the elastic band keeps forces above {BAND_TOLERANCE:g}", found)
    return found


def _polygon(corners: Sequence[Array], count: int) -> list[Array]:
    """Points at equal distances along straight lines between corners; inner corners replace the nearest."""
    table = np.array(corners)
    lengths = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(table, axis=0), axis=1)))
    places = np.linspace(0, lengths[-1], count)
    for corner in lengths[1:-1]:
        places[1 + int(np.argmin(np.abs(places[1:-1] - corner)))] = corner
    return list(interp1d(lengths, table, axis=0)(places))


def _relax_band(space: ConfigurationSpace, band: NEB, factor: SymmetricFactor, steps: int) -> bool:
    """Move the images down their forces, which the stiffness of the minima scales: stiff directions cost no steps."""
    d, damping, before = space.dimension, BAND_DAMPING, np.inf
    for _ in range(steps):
        forces = band.get_forces().reshape(band.nimages - 2, -1, 3)
        largest_i = np.linalg.norm(forces, axis=2).max(axis=1)
        now = float(largest_i.max())
        if now < BAND_TOLERANCE and (not band.climb or largest_i[band.imax - 1] < _climber_tolerance(band)):
            return True
        if now > 1.2 * before:
            damping = max(0.5 * damping, 0.05)
        before = now
        moves = np.asarray(factor.solve(forces[:, :, :d].reshape(len(forces), -1).T)).T
        for image, move in zip(band.images[1:-1], moves, strict=True):
            scale = damping * min(1.0, LONGEST_BAND_STEP / (damping * float(space.atom_moves(move).max())))
            image.positions[:, :d] += scale * move.reshape(-1, d)
    return False


def _climber_tolerance(band: NEB) -> float:
    """Largest force on the climbing image that leaves its energy exact beside the barrier above the first minimum."""
    energies = np.asarray(band.energies, dtype=float)
    barrier = float(energies[band.imax] - energies[0])
    way = float(np.linalg.norm(band.images[band.imax].positions - band.images[0].positions))
    return min(CLIMBER_TOLERANCE, CLIMBER_SHARE * max(barrier, 0.0) / way)


def lowest_pairs(matrix: sparse.spmatrix, count: int) -> tuple[Array, Array]:
    """Return the lowest eigenvalues [epsilon/(m sigma^2)] and eigenvectors of a dynamical matrix, columns.

    Args:
        matrix: dynamical matrix, also of a saddle.
        count: how many.
    """
    if matrix.shape[0] <= DENSE_LIMIT:
        return eigh(matrix.toarray(), subset_by_index=[0, count - 1], check_finite=False)
    values, vectors = eigsh(matrix, k=count, which="SA", v0=start_vector(matrix.shape[0]), tol=1e-8, ncv=8 * count)
    order = np.argsort(values)
    return values[order], vectors[:, order]


def unstable_direction(space: ConfigurationSpace, saddle: Array) -> tuple[float, Array]:
    """Return the negative eigenvalue of a saddle [epsilon/(m sigma^2)] and its unit vector, by inverse iteration.

    Args:
        space: the energy.
        saddle: a point with one negative eigenvalue [sqrt(m) sigma].
    """
    matrix = space.matrix(saddle)
    value, vector = lowest_pairs(matrix, 1)
    shift = float(value[0]) * (1 + 1e-3)
    factor = SymmetricFactor(matrix, shift=shift)
    inverse = LinearOperator(matrix.shape, matvec=factor.solve, dtype=float)
    values, vectors = eigsh(matrix, k=1, sigma=shift, OPinv=inverse, v0=vector[:, 0])
    factor.release()
    return float(values[0]), vectors[:, 0]


def polished_saddle(
    space: ConfigurationSpace, start: Array, *, followed: Array | None = None, steps: int = SADDLE_STEPS
) -> tuple[Array, float]:
    """Return the saddle near a point [sqrt(m) sigma] and its largest force component [epsilon/sigma].

    Newton steps while the dynamical matrix has one negative eigenvalue; elsewhere the step is turned uphill along
    one of the lowest eigenvectors and downhill along the others.

    Args:
        space: the energy.
        start: a point near the saddle [sqrt(m) sigma].
        followed: the direction whose nearest eigenvector is climbed; the lowest where absent [-].
        steps: how many steps are tried.

    Raises:
        NotConverged: the forces stay above the tolerance; ``estimate`` is the point.
        NotAMinimum: the point found has not exactly one negative eigenvalue.
    """
    point = start.copy()
    max_force = np.inf
    for _ in range(steps):
        _, force = space.energy_and_force(point)
        max_force = float(np.abs(force.reshape(-1, space.dimension) * space.root_n[:, None]).max())
        if max_force <= SADDLE_TOLERANCE:
            break
        move = _saddle_step(space.matrix(point), force, followed)
        longest = float(space.atom_moves(move).max())
        point = point + move * min(1.0, LONGEST_STEP / longest)
    else:
        raise NotConverged(f"the saddle search keeps max|F| = {max_force:.1e}", point)
    point = space.aligned(point, start)
    certificate = certify(space.interaction, space.positions(point), space.glass.mass_n)
    if certificate.n_negative != 1 or certificate.n_zero_modes != space.glass.healthy_zero_modes:
        raise NotAMinimum(
            f"the stationary point has {certificate.n_negative} negative eigenvalues and {certificate.n_zero_modes} "
            "zero modes; a saddle between two minima has one and those of the translations",
            point,
        )
    return point, certificate.max_force


def _saddle_step(matrix: sparse.csr_matrix, force: Array, followed: Array | None) -> Array:
    """Newton's step, one of its lowest components uphill and the others downhill whatever the inertia."""
    factor = SymmetricFactor(matrix, shift=-SHIFT * float(matrix.diagonal().mean()))
    n_negative = factor.n_negative
    move = np.asarray(factor.solve(force))
    factor.release()
    if n_negative == 1:
        return move
    values, vectors = lowest_pairs(matrix, max(FOLLOWED, n_negative + 4))
    vibrating = np.abs(values) > 10 * SHIFT * float(matrix.diagonal().mean())  # translations carry no force
    values, vectors = values[vibrating], vectors[:, vibrating]
    component, wanted = vectors.T @ force, np.abs(values)
    wanted[0 if followed is None else int(np.argmax(np.abs(followed @ vectors)))] *= -1
    return move + vectors @ (component / wanted - vectors.T @ move)


def both_sides(space: ConfigurationSpace, saddle: Array, direction: Array) -> tuple[Array, Array]:
    """Return the two minima to which the gradient flow goes from a saddle [sqrt(m) sigma].

    Args:
        space: the energy.
        saddle: the saddle [sqrt(m) sigma].
        direction: its unstable direction, a unit vector [-].

    Raises:
        NotAMinimum: the flow ends on a saddle.
        NotConverged: it does not come to rest.
    """
    push = direction * PUSH / float(space.atom_moves(direction).max())
    return flow_down(space, saddle + push), flow_down(space, saddle - push)

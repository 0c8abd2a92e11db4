"""Density of states by the kernel polynomial method: no diagonalisation, no factorisation, to a million atoms.

The density of the eigenvalues is expanded in Chebyshev polynomials of the scaled dynamical matrix; the moments are
traces, estimated with random vectors, and Jackson's kernel keeps the truncated series positive. The bound
lambda = 0 lies at the edge of the interval: there the resolution in omega = sqrt(lambda) is as fine as elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from analysis.modes.forecast import BLOCK
from atomsim.certificate import LARGEST_FORCE
from atomsim.errors import InputError, NotAMinimum
from atomsim.hessian import PairRows
from atomsim.kernels.hessian_product import curve_places
from atomsim.operators import BlockOperator, OperatorMaker
from atomsim.pairs import PairInteraction
from atomsim.results import Array, quantity

MOMENTS, VECTORS, BINS = 512, 16, 80
LANCZOS_STEPS = 60
SAFETY = 1.02  # of the upper bound of the spectrum beyond Lanczos' largest value and its residual
NEGATIVE_SHARE = 1e-8  # of the largest eigenvalue; values further below zero are no round-off
LARGEST_MOMENT = 1.0 + 1e-6  # of a spectrum inside its interval

Progress = Callable[[float], None]


@dataclass(frozen=True)
class SpectralMoments:
    """Chebyshev moments of the density of eigenvalues, one row for each random vector, translations left out."""

    moment_rk: Array = quantity("1", "mean of T_k over the vibrations, as each random vector gives it")
    upper: float = quantity("epsilon/(m sigma^2)", "upper bound of the eigenvalues; the lower is zero")
    n_modes: int = quantity("1", "number of vibrations")

    def powers(self) -> Array:
        """Return mean eigenvalue and mean squared eigenvalue of each random vector, (2, R) [epsilon/(m sigma^2)]^k."""
        half, (first, second) = 0.5 * self.upper, self.moment_rk[:, 1:3].T
        return np.array([half * (1 + first), half**2 * (1 + 2 * first + 0.5 * (second + 1))])


@dataclass(frozen=True)
class KernelDensity:
    """g(omega) by the kernel polynomial method, normalised to one over all vibrations, with two kinds of error."""

    edges_w: Array = quantity("sqrt(epsilon/m)/sigma", "edges of the frequency bins (omega, not nu)")
    density_w: Array = quantity("sigma sqrt(m/epsilon)", "density of states per vibration")
    error_w: Array = quantity("sigma sqrt(m/epsilon)", "standard error, from the spread over the random vectors")
    truncation_w: Array = quantity(
        "sigma sqrt(m/epsilon)", "change on halving the number of moments, three times the leading error of smoothing"
    )
    resolution_w: Array = quantity("sqrt(epsilon/m)/sigma", "standard width of the kernel in omega")
    highest_frequency: float = quantity("sqrt(epsilon/m)/sigma", "upper bound of the spectrum")
    n_moments: int = quantity("1", "number of moments")
    n_vectors: int = quantity("1", "number of random vectors")
    n_modes: int = quantity("1", "number of vibrations, translations left out")

    @property
    def centres_w(self) -> Array:
        """Centres of the bins [sqrt(epsilon/m)/sigma]."""
        return 0.5 * (self.edges_w[1:] + self.edges_w[:-1])

    @property
    def total_error_w(self) -> Array:
        """Standard error and error of truncation together [sigma sqrt(m/epsilon)]."""
        return self.error_w + self.truncation_w

    @property
    def integrated_error(self) -> float:
        """Integral of the total error over omega, to be set beside an integrated difference [-]."""
        return float(np.sum(self.total_error_w * np.diff(self.edges_w)))


def jackson_kernel(count: int) -> Array:
    """Return Jackson's damping factors of a Chebyshev series cut after ``count`` terms [-].

    The kernel is positive, of unit weight, and of standard width pi/count in the angle.

    Args:
        count: number of moments.
    """
    k, angle = np.arange(count), np.pi / (count + 1)
    return ((count - k + 1) * np.cos(angle * k) + np.sin(angle * k) / np.tan(angle)) / (count + 1)


def random_block(operator: BlockOperator[Any], count: int, rng: np.random.Generator) -> Array:
    """Return vectors of random signs without their translations, (N, 3, K) [-].

    Args:
        operator: the dynamical matrix.
        count: number of vectors.
        rng: source of randomness.
    """
    d = operator.dimension
    field_nck = np.zeros((operator.n_atoms, 3, count))
    for r in range(count):
        field_nck[:, :d, r] = 1.0 - 2.0 * rng.integers(0, 2, size=(operator.n_atoms, d), dtype=np.int8)
    root_n = np.sqrt(operator.mass_n / operator.mass_n.sum())
    for c in range(d):
        field_nck[:, c] -= root_n[:, None] * (root_n @ field_nck[:, c])
    return field_nck


def upper_bound(operator: BlockOperator[Any], rng: np.random.Generator) -> float:
    """Return a number above all eigenvalues, by Lanczos [epsilon/(m sigma^2)].

    Largest Ritz value, plus its residual, times a safety factor.

    Args:
        operator: the dynamical matrix.
        rng: source of randomness.

    Raises:
        NotAMinimum: a negative eigenvalue shows, with the lowest Ritz value as ``estimate``.
    """
    current = random_block(operator, 1, rng)
    current /= np.linalg.norm(current)
    previous, coupling = np.zeros_like(current), 0.0
    diagonal: list[float] = []
    off: list[float] = []
    for _ in range(min(LANCZOS_STEPS, operator.dimension * operator.n_atoms)):
        image = operator.to_host(operator.product(operator.from_host(current))) - coupling * previous
        diagonal.append(float(np.vdot(image, current)))
        image -= diagonal[-1] * current
        coupling = float(np.linalg.norm(image))
        if coupling <= 1e-12 * max(abs(value) for value in [*diagonal, *off]):
            break
        off.append(coupling)
        previous, current = current, image / coupling
    size = len(diagonal)
    values, vectors = linalg.eigh_tridiagonal(np.array(diagonal), np.array(off[: size - 1]))
    residual = abs(off[size - 1] * vectors[-1, -1]) if len(off) == size else 0.0
    if values[0] < -NEGATIVE_SHARE * values[-1]:
        raise NotAMinimum(
            f"not a minimum: an eigenvalue of the dynamical matrix is at or below {values[0]:.4g} epsilon/(m sigma^2); "
            "a density of vibrations needs a minimum",
            estimate=float(values[0]),
        )
    return float(SAFETY * (values[-1] + residual))


def chebyshev_moments(
    operator: BlockOperator[Any],
    *,
    moments: int = MOMENTS,
    vectors: int = VECTORS,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> SpectralMoments:
    """Return the moments of the density of eigenvalues, one set for each random vector.

    A product of two polynomials gives two moments for each step: T_{2n} = 2 T_n T_n - T_0, T_{2n+1} = 2 T_{n+1} T_n
    - T_1. Each row is divided by the length of its vector: the zeroth moment is one.

    Args:
        operator: the dynamical matrix.
        moments: number of moments, even.
        vectors: number of random vectors.
        rng: source of randomness.
        progress: called with the share of the work that is done.

    Raises:
        InputError: a number out of range.
        NotAMinimum: an eigenvalue lies below zero.
    """
    if moments < 8 or moments % 4 or vectors < 2:
        raise InputError(
            f"moments = {moments}, vectors = {vectors}; expected moments >= 8, a multiple of 4, and vectors >= 2"
        )
    half = 0.5 * upper_bound(operator, rng)
    rows: list[Array] = []
    while len(rows) < vectors:
        count = min(BLOCK, vectors - len(rows))
        start = random_block(operator, count, rng)
        current, following = operator.from_host(start), operator.from_host(np.zeros_like(start))
        moment_kr = np.empty((moments, count))
        for n in range(moments // 2):
            width = half if n else 2 * half  # the first step of the recursion is half of the others
            following, (same, next_) = operator.chebyshev_step(current, following, centre=half, half_width=width)
            if n == 0:
                moment_kr[0], moment_kr[1] = same, next_
            else:
                moment_kr[2 * n], moment_kr[2 * n + 1] = 2 * same - moment_kr[0], 2 * next_ - moment_kr[1]
            current, following = following, current
            if progress is not None:
                progress((len(rows) + count * (n + 1) / (moments // 2)) / vectors)
        rows.extend((moment_kr / moment_kr[0]).T)
    moment_rk = np.array(rows)
    if not np.abs(moment_rk).max() < LARGEST_MOMENT:
        raise NotAMinimum("not a minimum: the moments grow, an eigenvalue lies below zero", moment_rk)
    d = operator.dimension
    return SpectralMoments(moment_rk, 2 * half, d * operator.n_atoms - d)


def density_from_moments(found: SpectralMoments, *, bins: int = BINS) -> KernelDensity:
    """Return the density of states in equal bins of omega, integrated over each bin in closed form.

    With lambda = omega_max^2 sin^2(theta/2) the density in theta is a cosine series, and so is its integral.

    Args:
        found: the moments.
        bins: number of bins from zero to the highest frequency.

    Raises:
        InputError: fewer than one bin.
    """
    if bins < 1:
        raise InputError(f"bins = {bins}; expected at least 1")
    count = found.moment_rk.shape[1]
    top = float(np.sqrt(found.upper))
    edges = np.linspace(0.0, top, bins + 1)
    share_rw = _shares(found.moment_rk, edges / top)
    coarse_rw = _shares(found.moment_rk[:, : count // 2], edges / top)
    width = np.diff(edges)
    centres = 0.5 * (edges[1:] + edges[:-1])
    return KernelDensity(
        edges_w=edges,
        density_w=share_rw.mean(axis=0) / width,
        error_w=share_rw.std(axis=0, ddof=1) / np.sqrt(len(share_rw)) / width,
        truncation_w=np.abs(coarse_rw.mean(axis=0) - share_rw.mean(axis=0)) / width,
        resolution_w=0.5 * np.pi / count * np.sqrt(top**2 - centres**2),
        highest_frequency=top,
        n_moments=count,
        n_vectors=len(share_rw),
        n_modes=found.n_modes,
    )


def _shares(moment_rk: Array, edge_w: Array) -> Array:
    """Share of the modes in each bin by each random vector; ``edge_w`` is omega/omega_max."""
    k = np.arange(1, moment_rk.shape[1])
    angle_w = np.pi - 2.0 * np.arcsin(np.clip(edge_w, 0.0, 1.0))  # arccos of the scaled eigenvalue
    series_kw = 2.0 * np.sin(k[:, None] * angle_w) / k[:, None]
    damped_rk = moment_rk * jackson_kernel(moment_rk.shape[1])
    above_rw = (damped_rk[:, :1] * angle_w + damped_rk[:, 1:] @ series_kw) / np.pi
    return above_rw[:, :-1] - above_rw[:, 1:]


def kernel_polynomial_density(
    interaction: PairInteraction,
    positions_nc: Array,
    mass_n: Array,
    *,
    moments: int = MOMENTS,
    vectors: int = VECTORS,
    bins: int = BINS,
    rng: np.random.Generator,
    operator: OperatorMaker = PairRows,
    progress: Progress | None = None,
) -> KernelDensity:
    """Return the density of states of a minimum.

    The cost grows as atoms x neighbours x vectors x moments/2, the memory as atoms x neighbours.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: positions of the minimum, (N, 3) [sigma].
        mass_n: masses [m].
        moments: number of moments, a multiple of four.
        vectors: number of random vectors.
        bins: number of equal bins of omega.
        rng: source of randomness.
        operator: what makes the dynamical matrix from the pairs; see :mod:`atomsim.operators`.
        progress: called with the share of the work that is done.

    Raises:
        InputError: a number out of range.
        NotAMinimum: the configuration has residual forces or negative eigenvalues.
    """
    order_n = np.argsort(curve_places(positions_nc, np.linalg.inv(interaction.cell_cc)), kind="stable")
    terms = interaction.terms(positions_nc)
    max_force = float(np.abs(terms.forces()).max(initial=0.0))
    if max_force > LARGEST_FORCE:
        raise NotAMinimum(
            f"not a minimum: max|F| = {max_force:.3e} epsilon/sigma (expected <= {LARGEST_FORCE:.0e}); a density of "
            "vibrations needs a minimum",
            estimate=max_force,
        )
    matrix = operator(terms, mass_n=mass_n, order_n=order_n)
    del terms
    found = chebyshev_moments(matrix, moments=moments, vectors=vectors, rng=rng, progress=progress)
    return density_from_moments(found, bins=bins)

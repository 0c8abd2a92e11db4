"""Concentration excitations of a configuration: W v = omega^2 I v for deviations that sum to zero."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy import linalg

from atomsim.errors import InputError, UntrustedNumber
from atomsim.results import Array, quantity

INERTIA_THRESHOLD = 1e-12  # directions in which I is a smaller share of its largest eigenvalue are left out [-]
FREQUENCY = "sqrt(epsilon/m)/sigma"


@dataclass(frozen=True)
class ConcentrationSpectrum:
    """Frequencies of W v = omega^2 I v on sum v = 0, ascending, and what is kept of the eigenvectors.

    A negative omega^2 is a direction in which the frozen arrangement gains energy by exchanging concentration: it
    decays at the rate |omega|. The first ``n_decaying`` modes decay, the others oscillate.
    """

    omega2_m: Array = quantity("epsilon/(m sigma^2)", "signed square of the angular frequency")
    participation_number_m: Array = quantity("1", "ions whose concentration takes part, (sum v^2)^2 / sum v^4")
    condition_number: float = quantity("1", "largest over smallest eigenvalue of I on sum v = 0, all directions")
    n_dropped: int = quantity("1", "directions left out because I is too small there")
    threshold: float = quantity("1", "share of the largest eigenvalue of I below which they are")

    @property
    def n_decaying(self) -> int:
        """Number of directions that decay, omega^2 < 0."""
        return int(np.count_nonzero(self.omega2_m < 0))

    @property
    def decay_rate_m(self) -> Array:
        """Rates |omega| of the decaying directions, fastest first [sqrt(epsilon/m)/sigma]."""
        return np.sqrt(-self.omega2_m[self.omega2_m < 0])

    @property
    def omega_m(self) -> Array:
        """Angular frequencies of the stable directions, ascending [sqrt(epsilon/m)/sigma]."""
        return np.sqrt(self.omega2_m[self.omega2_m >= 0])


@dataclass(frozen=True)
class ConcentrationModes(ConcentrationSpectrum):
    """The spectrum with its eigenvectors, normalised to v I v = 1."""

    vectors_mn: Array = quantity("1/(sqrt(m) sigma)", "deviation of each ion, v I v = 1")

    @property
    def spectrum(self) -> ConcentrationSpectrum:
        """The same without eigenvectors."""
        kept = fields(ConcentrationSpectrum)
        return ConcentrationSpectrum(**{field.name: getattr(self, field.name) for field in kept})


def hamiltonian_energy(rate_n: Array, deviation_n: Array, inertia_ll: Array, constants_ll: Array) -> float:
    """Return the energy of a concentration field, I/2 of its rate of change plus W/2 of itself [epsilon].

    Source: egorushkin-melnikova-1993a (1.2); test: test_energy_is_conserved_by_every_mode

    Args:
        rate_n: rate of change of delta c [sqrt(epsilon/m)/sigma].
        deviation_n: delta c of each ion [-].
        inertia_ll: moments of inertia, (N, N) [m sigma^2].
        constants_ll: W, (N, N) [epsilon].
    """
    return float(0.5 * rate_n @ inertia_ll @ rate_n + 0.5 * deviation_n @ constants_ll @ deviation_n)


def zero_sum_basis(n: int) -> Array:
    """Return orthonormal columns that span the deviations with sum zero, (n, n-1) (Helmert's matrix) [-].

    Args:
        n: number of ions.
    """
    basis = np.zeros((n, n - 1))
    for k in range(1, n):
        basis[:k, k - 1] = 1.0
        basis[k, k - 1] = -k
    return basis / np.sqrt(np.arange(1, n) * np.arange(2, n + 1))


def concentration_modes(
    constants_ll: Array, inertia_ll: Array, *, threshold: float = INERTIA_THRESHOLD
) -> ConcentrationModes:
    """Solve W v = omega^2 I v on sum v = 0.

    I is diagonalised there first; directions below the threshold, in which round-off rules, are projected out, and W
    is diagonalised in the rest, scaled to unit inertia.

    Source: egorushkin-melnikova-1993a (1.3); test: test_eigenproblem_agrees_with_a_cholesky_twin

    Args:
        constants_ll: W of all ions, (N, N) [epsilon].
        inertia_ll: moments of inertia, (N, N) [m sigma^2].
        threshold: share of the largest eigenvalue of I below which a direction is left out [-].

    Raises:
        InputError: matrices that are not square, symmetric, finite and of one size.
        UntrustedNumber: I has an eigenvalue below zero by more than round-off.
    """
    n = len(constants_ll)
    for name, matrix in (("W", constants_ll), ("I", inertia_ll)):
        if matrix.shape != (n, n) or n < 2 or not np.isfinite(matrix).all():
            raise InputError(f"{name} is {matrix.shape}; expected finite numbers, ({n}, {n}) and more than one ion")
        if not np.allclose(matrix, matrix.T, rtol=0, atol=1e-10 * np.abs(matrix).max(initial=0.0)):
            raise InputError(f"{name} is not symmetric")
    basis = zero_sum_basis(n)
    moments, axes = linalg.eigh(basis.T @ inertia_ll @ basis)
    if moments[-1] <= 0 or moments[0] < -threshold * moments[-1]:
        raise UntrustedNumber(f"moments of inertia down to {moments[0]:.3g}: not positive definite", moments)
    kept = moments > threshold * moments[-1]
    scaled = basis @ (axes[:, kept] / np.sqrt(moments[kept]))
    reduced = scaled.T @ constants_ll @ scaled
    omega2_m, vectors = linalg.eigh(0.5 * (reduced + reduced.T))
    vectors_mn = (scaled @ vectors).T
    smallest = float(moments[0])
    return ConcentrationModes(
        omega2_m=omega2_m,
        vectors_mn=vectors_mn,
        participation_number_m=(vectors_mn**2).sum(axis=1) ** 2 / (vectors_mn**4).sum(axis=1),
        condition_number=float(moments[-1]) / smallest if smallest > 0 else np.inf,
        n_dropped=int(np.count_nonzero(~kept)),
        threshold=threshold,
    )

"""Finding the soft modes of a glass and measuring their anharmonicity and coupling to strain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.modes.elasticity import Elasticity
from analysis.modes.spectrum import Modes
from analysis.soft_modes.core import count_cores
from analysis.soft_modes.expansion import expand_along, linear_strain_coupling, mode_force, quadratic_strain_coupling
from atomsim.errors import IncompleteSpectrum, InputError, NotAMinimum
from atomsim.hessian import hessian_matrix
from atomsim.pairs import PairTerms
from atomsim.quench import Glass
from atomsim.response import StaticResponse
from atomsim.results import Array, IntArray, quantity
from atomsim.strain import strain_forces


@dataclass(frozen=True)
class Selection:
    """Which vibrations are called soft: below a share of the lowest phonon, and localised enough.

    ``count`` overrides both and takes the lowest modes of each glass.
    """

    phonon_fraction: float = quantity("1", "omega below this share of the lowest transverse phonon", default=1.0)
    largest_participation_ratio: float = quantity("1", "N_k/N at most this", default=1.0)
    count: int | None = quantity("1", "take this many lowest modes instead", default=None)


@dataclass(frozen=True)
class SoftModes:
    """The soft modes of one glass, ascending; e is the mass-weighted eigenvector, s its coordinate."""

    index_m: IntArray = quantity("1", "place in the full spectrum, zero modes included")
    omega_m: Array = quantity("sqrt(epsilon/m)/sigma", "angular frequency")
    participation_number_m: Array = quantity("1", "participation number")
    effective_mass_m: Array = quantity("m", "mass felt by the most moving atom")
    n_cores_m: IntArray = quantity("1", "separate groups among the atoms that carry half of the mode")
    tau_m: Array = quantity("epsilon/(m^1.5 sigma^3)", "third derivative of the energy along the mode")
    chi_bare_m: Array = quantity("epsilon/(m^2 sigma^4)", "fourth derivative, other modes held")
    chi_relaxed_m: Array = quantity("epsilon/(m^2 sigma^4)", "fourth derivative, modes of higher frequency follow")
    linear_coupling_mcc: Array = quantity("epsilon/(sqrt(m) sigma)", "Lambda1 = d2U/d(strain) ds")
    quadratic_coupling_mcc: Array = quantity("epsilon/(m sigma^2)", "Lambda2 in U = Lambda2 strain s^2, relaxed")
    vectors_mnc: Array = quantity("1", "mass-weighted eigenvectors")
    volume: float = quantity("sigma^d", "volume of the glass")
    n_atoms: int = quantity("1", "number of atoms")
    limit_omega: float = quantity("sqrt(epsilon/m)/sigma", "modes below this angular frequency were considered")
    lowest_phonon_frequency: float = quantity(
        "sqrt(epsilon/m)/sigma", "omega of the longest transverse wave of the box"
    )

    @property
    def omega2_m(self) -> Array:
        """Squared angular frequency [epsilon/(m sigma^2)]."""
        return self.omega_m**2

    @property
    def n_unbounded(self) -> int:
        """Number of modes whose relaxed quartic term does not bound them: they lead to another minimum."""
        return int(np.count_nonzero(self.chi_relaxed_m <= 0))


def choose(modes: Modes, phonon_frequency: float, selection: Selection) -> tuple[IntArray, float]:
    """Return the indices of the soft modes and the frequency limit used [sqrt(epsilon/m)/sigma].

    Args:
        modes: certified modes with their vectors.
        phonon_frequency: omega of the lowest transverse phonon [sqrt(epsilon/m)/sigma].
        selection: the criterion.

    Raises:
        IncompleteSpectrum: the kept eigenvectors end below the limit.
    """
    first, kept = modes.n_zero_modes, len(modes.vectors_mnc)
    if selection.count is not None:
        if first + selection.count > kept:
            raise IncompleteSpectrum(f"{selection.count} soft modes asked for, {kept - first} eigenvectors kept", kept)
        index_m = np.arange(first, first + selection.count)
        return index_m, float(modes.omega_m[index_m[-1]]) if len(index_m) else 0.0
    limit = selection.phonon_fraction * phonon_frequency
    some_missing = kept < 2 * modes.n_atoms  # whole spectra have two or three modes for each atom
    if some_missing and modes.omega_m[kept - 1] < limit:
        raise IncompleteSpectrum(
            f"eigenvectors are kept up to omega = {modes.omega_m[kept - 1]:.4g}, below the limit {limit:.4g} of the "
            "soft modes; keep more eigenvectors",
            estimate=kept,
        )
    omega, ratio = modes.omega_m[:kept], modes.participation_ratio_m[:kept]
    soft = (omega < limit) & (ratio <= selection.largest_participation_ratio)
    soft[:first] = False
    return np.flatnonzero(soft).astype(np.int64), limit


class _Measure:
    """Measures one mode after another on one glass, with a single factorisation of its Hessian."""

    def __init__(self, glass: Glass, modes: Modes) -> None:
        self.glass, self.modes = glass, modes
        self.terms: PairTerms = glass.interaction().terms(glass.positions_nc)
        self.response = StaticResponse(hessian_matrix(self.terms), glass.mass_n, glass.dimension)
        self.root_mass = np.sqrt(glass.mass_n)[:, None]
        self.strain_force = strain_forces(self.terms) / self.root_mass[:, :, None, None]

    def adiabatic_response(self, force_nc: Array, index: int) -> Array:
        """x = H_perp^-1 g: only modes above ``index`` respond; g and x are mass weighted."""
        held = self.modes.vectors_mnc[self.modes.n_zero_modes : index + 1]
        held_flat = held.reshape(len(held), -1)
        projected = force_nc.ravel() - held_flat.T @ (held_flat @ force_nc.ravel())
        balanced = projected.reshape(force_nc.shape) * self.root_mass
        balanced -= balanced.mean(axis=0)  # the projection keeps the sum only to round-off
        moved = (self.response.displacements(balanced) * self.root_mass).ravel()
        return (moved - held_flat.T @ (held_flat @ moved)).reshape(force_nc.shape)

    def row(self, index: int) -> dict[str, Array | float | int]:
        """All numbers of one mode."""
        vector_nc, mass_n = self.modes.vectors_mnc[index], self.glass.mass_n
        expansion = expand_along(self.terms, vector_nc, mass_n)
        force_nc = mode_force(self.terms, vector_nc, mass_n)
        followed_nc = self.adiabatic_response(force_nc, index)
        quadratic = quadratic_strain_coupling(self.terms, vector_nc, mass_n)
        quadratic -= np.einsum("nc,ncab->ab", followed_nc, self.strain_force)
        return {
            "tau_m": expansion.tau,
            "chi_bare_m": expansion.chi,
            "chi_relaxed_m": relaxed_chi(expansion.chi, force_nc, followed_nc),
            "linear_coupling_mcc": linear_strain_coupling(self.terms, vector_nc, mass_n),
            "quadratic_coupling_mcc": 0.5 * quadratic,
            "n_cores_m": count_cores(self.glass, vector_nc),
        }


def relaxed_chi(chi_bare: float, force_nc: Array, followed_nc: Array) -> float:
    """Return chi - 3 g.H_perp^-1.g [epsilon/(m^2 sigma^4)]: the harder modes follow by -s^2 H_perp^-1 g / 2.

    Source: soft-modes-notes (relaxed chi); test: test_relaxed_chi_constrained_minimisation

    Args:
        chi_bare: fourth derivative with the other modes held [epsilon/(m^2 sigma^4)].
        force_nc: g = Phi_3 : e e [epsilon/(m^1.5 sigma^3)].
        followed_nc: H_perp^-1 g [1/(sqrt(m) sigma)].
    """
    return chi_bare - 3.0 * float(np.sum(force_nc * followed_nc))


def find_soft_modes(glass: Glass, modes: Modes, elastic: Elasticity | float, selection: Selection) -> SoftModes:
    """Select the soft modes of a minimum and measure each: tau, chi bare and relaxed, couplings to strain.

    Args:
        glass: the minimum.
        modes: its certified spectrum with eigenvectors.
        elastic: its elastic constants, or the omega of its lowest transverse phonon [sqrt(epsilon/m)/sigma].
        selection: the criterion.

    Raises:
        NotAMinimum: the spectrum has negative eigenvalues.
        IncompleteSpectrum: the spectrum is not certified, or too few eigenvectors are kept.
        InputError: the modes belong to another configuration.
    """
    if modes.n_negative:
        raise NotAMinimum(f"{modes.n_negative} negative eigenvalues: soft modes are defined at a minimum")
    if not modes.certified_complete:
        raise IncompleteSpectrum("the spectrum carries no certificate of completeness")
    if modes.n_atoms != glass.n_atoms:
        raise InputError(f"modes of {modes.n_atoms} atoms do not belong to a glass of {glass.n_atoms}")
    phonon = elastic.lowest_phonon_frequency if isinstance(elastic, Elasticity) else float(elastic)
    index_m, limit = choose(modes, phonon, selection)
    measure = _Measure(glass, modes)
    rows = [measure.row(int(k)) for k in index_m]
    measure.response.release()
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("tau_m", "chi_bare_m", "chi_relaxed_m"), ())
    shapes |= dict.fromkeys(("linear_coupling_mcc", "quadratic_coupling_mcc"), (3, 3))
    columns = {k: np.array([r[k] for r in rows], dtype=float).reshape(len(rows), *s) for k, s in shapes.items()}
    return SoftModes(
        index_m=index_m,
        omega_m=modes.omega_m[index_m],
        participation_number_m=modes.participation_number_m[index_m],
        effective_mass_m=modes.effective_mass_m[index_m],
        n_cores_m=np.array([r["n_cores_m"] for r in rows], dtype=np.int64),
        vectors_mnc=modes.vectors_mnc[index_m],
        volume=glass.volume,
        n_atoms=glass.n_atoms,
        limit_omega=limit,
        lowest_phonon_frequency=phonon,
        **columns,
    )

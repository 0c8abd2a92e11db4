"""Quasi-localised modes as nonlinear modes: they do not mix with phonons of nearly equal frequency.

Found by a descent of their barrier function from low vibrations and from responses to local force dipoles; each is
stationary to round-off. See :mod:`analysis.soft_modes.stationary` for the functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.modes.participation import effective_mass, participation_number
from analysis.modes.spectrum import Modes
from analysis.soft_modes.core import core_atoms, count_cores
from analysis.soft_modes.expansion import Expansion, expand_along
from analysis.soft_modes.far_field import core_centre, core_radius, far_field_exponent
from analysis.soft_modes.starts import dipole_starts, harmonic_starts
from analysis.soft_modes.stationary import Direction, StationarySearch, kind_of
from atomsim.errors import IncompleteSpectrum, InputError, NotAMinimum, NotConverged
from atomsim.quench import Glass
from atomsim.results import Array, IntArray, quantity

LARGEST_OVERLAP = 0.9  # of two modes that count as distinct [-]
SCANNED_MOVE = 0.05  # displacement of the most moving atom up to which the expansion is checked by energies [sigma]
SCAN_POINTS = 5
HYBRID_SHARE = 0.5  # a mode of which no vibration carries this share is spread over several [-]

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class NonlinearModes:
    """Distinct nonlinear modes of one kind of one glass, by ascending stiffness; e is mass weighted.

    The sign of e is such that the energy falls below its parabola on the side of positive s (tau <= 0).
    """

    kind: str = quantity("1", "cubic, quartic or pseudo-harmonic")
    stiffness_m: Array = quantity("epsilon/(m sigma^2)", "kappa, second derivative of the energy along the mode")
    tau_m: Array = quantity("epsilon/(m^1.5 sigma^3)", "third derivative of the energy along the mode")
    chi_m: Array = quantity("epsilon/(m^2 sigma^4)", "fourth derivative along the mode, other modes held")
    residual_m: Array = quantity("1", "norm of the gradient of the barrier function over that of one of its terms")
    n_negative_m: IntArray = quantity("1", "negative eigenvalues of the Jacobian; one at a minimum of the function")
    scan_error_m: Array = quantity("1", "largest deviation of energies along the mode from its expansion, relative")
    participation_number_m: Array = quantity("1", "participation number")
    effective_mass_m: Array = quantity("m", "mass felt by the most moving atom")
    centre_m: IntArray = quantity("1", "the most moving atom")
    core_size_m: IntArray = quantity("1", "fewest atoms that carry half of the mode")
    core_radius_m: Array = quantity("sigma", "root mean square radius of the core")
    n_cores_m: IntArray = quantity("1", "separate groups among the core atoms")
    far_exponent_m: Array = quantity("1", "x of |u| ~ r^-x outside the core; NaN where the cell is too small")
    far_exponent_error_m: Array = quantity("1", "standard error of x")
    harmonic_index_m: IntArray = quantity("1", "vibration with the largest overlap, by its place in the spectrum")
    harmonic_share_m: Array = quantity("1", "square of this overlap")
    covered_share_m: Array = quantity("1", "squares of the overlaps with all vibrations given")
    n_harmonic_m: Array = quantity("1", "number of vibrations over which the covered share is spread")
    harmonic_omega_m: Array = quantity("sqrt(epsilon/m)/sigma", "angular frequency of the nearest vibration")
    harmonic_participation_m: Array = quantity("1", "participation number of the nearest vibration")
    vectors_mnc: Array = quantity("1", "mass-weighted directions, squares sum to 1")
    n_atoms: int = quantity("1", "number of atoms")
    n_starts: int = quantity("1", "directions from which modes were looked for")
    n_repeated: int = quantity("1", "starts that led to a mode already found")
    n_failed: int = quantity("1", "starts that did not converge")
    lowest_phonon_frequency: float = quantity(
        "sqrt(epsilon/m)/sigma", "omega of the longest transverse wave of the box"
    )

    @property
    def omega_m(self) -> Array:
        """Square root of the stiffness [sqrt(epsilon/m)/sigma]."""
        return np.sqrt(self.stiffness_m)

    @property
    def barrier_m(self) -> Array:
        """Barrier of the cubic expansion, (2/3) kappa^3/tau^2; infinite without cubic term [epsilon].

        Source: gartner-lerner-2016 (barrier); test: test_cubic_barrier_of_a_cubic_energy
        """
        with np.errstate(divide="ignore"):
            return 2 / 3 * self.stiffness_m**3 / self.tau_m**2

    @property
    def saddle_coordinate_m(self) -> Array:
        """Coordinate of the maximum of the cubic expansion, -2 kappa/tau [sqrt(m) sigma]."""
        with np.errstate(divide="ignore"):
            return -2 * self.stiffness_m / self.tau_m

    @property
    def hybridised_m(self) -> NDArray[np.bool_]:
        """Tell which modes the harmonic spectrum hides: no single vibration carries half of them."""
        return self.harmonic_share_m < HYBRID_SHARE

    def core(self, mode: int) -> IntArray:
        """Return the fewest atoms that carry half of a mode, the most moving first.

        Args:
            mode: which of the modes.
        """
        return core_atoms(self.vectors_mnc[mode])


def find_nonlinear_modes(
    glass: Glass,
    modes: Modes,
    kind: str,
    rng: np.random.Generator,
    *,
    lowest_phonon_frequency: float,
    n_harmonic: int = 20,
    n_dipoles: int = 20,
    progress: Progress | None = None,
) -> NonlinearModes:
    """Return the distinct nonlinear modes to which low vibrations and local force dipoles lead.

    The search is not exhaustive: it finds what lies downhill of its starts. Time goes as the number of starts, each
    some tens of solutions with the factorised Hessian and some three factorisations of a matrix of its size.

    Args:
        glass: the minimum.
        modes: its certified lowest modes with their vectors.
        kind: ``cubic``, ``quartic`` or ``pseudo-harmonic``.
        rng: source of randomness for the errors of the far field.
        lowest_phonon_frequency: omega of the lowest transverse phonon [sqrt(epsilon/m)/sigma].
        n_harmonic: starts from the lowest vibrations.
        n_dipoles: starts from force dipoles along the softest bonds.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: an unknown kind, no start, or modes of another configuration.
        NotAMinimum: the spectrum has negative eigenvalues.
        IncompleteSpectrum: the spectrum is not certified.
    """
    chosen = kind_of(kind)
    _require(glass, modes, n_harmonic, n_dipoles)
    terms = glass.interaction().terms(glass.positions_nc)
    search = StationarySearch(terms, glass.mass_n, chosen)
    starts = harmonic_starts(glass, modes, n_harmonic) + dipole_starts(glass, terms, search.response, n_dipoles)
    found, n_repeated, n_failed = _distinct(search, starts, progress)
    found = sorted(found, key=lambda one: _expansion(glass, search, one).curvature)
    rows = [_row(glass, modes, search, one, rng) for one in found]
    search.release()
    vectors_mnc = np.array([row.pop("vector_nc") for row in rows]).reshape(len(rows), glass.n_atoms, 3)
    columns = {name: np.array([row[name] for row in rows]) for name in _COLUMNS}
    return NonlinearModes(
        kind=chosen.value,
        participation_number_m=participation_number(vectors_mnc),
        effective_mass_m=effective_mass(vectors_mnc, glass.mass_n),
        vectors_mnc=vectors_mnc,
        n_atoms=glass.n_atoms,
        n_starts=len(starts),
        n_repeated=n_repeated,
        n_failed=n_failed,
        lowest_phonon_frequency=lowest_phonon_frequency,
        **{name: column.astype(_COLUMNS[name]) for name, column in columns.items()},
    )


def _require(glass: Glass, modes: Modes, n_harmonic: int, n_dipoles: int) -> None:
    if modes.n_negative:
        raise NotAMinimum(f"{modes.n_negative} negative eigenvalues: nonlinear modes are defined at a minimum")
    if not modes.certified_complete:
        raise IncompleteSpectrum("the spectrum carries no certificate of completeness")
    if modes.n_atoms != glass.n_atoms:
        raise InputError(f"modes of {modes.n_atoms} atoms do not belong to a glass of {glass.n_atoms}")
    if len(modes.vectors_mnc) <= modes.n_zero_modes:
        raise InputError("the overlaps need eigenvectors of vibrations; none is kept")
    if min(n_harmonic, n_dipoles) < 0 or n_harmonic + n_dipoles < 1:
        raise InputError(f"{n_harmonic} harmonic and {n_dipoles} dipole starts; expected one start at least")


def _distinct(
    search: StationarySearch, starts: Sequence[Array], progress: Progress | None
) -> tuple[list[Direction], int, int]:
    """The distinct stationary directions, how many starts led to a known one, and how many nowhere."""
    found: list[Direction] = []
    n_repeated = n_failed = 0
    for k, start_nc in enumerate(starts):
        if progress is not None:
            progress("nonlinear modes", k / len(starts))
        known = [one.field_nc for one in found]
        try:
            new = search.find(start_nc, known)
        except NotConverged:
            n_failed += 1
            continue
        if new is None or any(abs(np.sum(new.field_nc * other)) >= LARGEST_OVERLAP for other in known):
            n_repeated += 1
        else:
            found.append(new)
    return found, n_repeated, n_failed


def _mass_weighted(glass: Glass, field_nc: Array) -> Array:
    vector_nc = field_nc * np.sqrt(glass.mass_n)[:, None]
    return vector_nc / np.linalg.norm(vector_nc)


def _expansion(glass: Glass, search: StationarySearch, direction: Direction) -> Expansion:
    return expand_along(search.terms, _mass_weighted(glass, direction.field_nc), glass.mass_n)


_COLUMNS: dict[str, type] = {
    **dict.fromkeys(("stiffness_m", "tau_m", "chi_m", "residual_m", "scan_error_m", "core_radius_m"), float),
    **dict.fromkeys(("far_exponent_m", "far_exponent_error_m", "harmonic_share_m", "covered_share_m"), float),
    **dict.fromkeys(("n_harmonic_m", "harmonic_omega_m", "harmonic_participation_m"), float),
    **dict.fromkeys(("n_negative_m", "centre_m", "core_size_m", "n_cores_m", "harmonic_index_m"), np.int64),
}


def _row(
    glass: Glass, modes: Modes, search: StationarySearch, direction: Direction, rng: np.random.Generator
) -> dict[str, Array | float | int]:
    """All numbers of one mode."""
    vector_nc = _mass_weighted(glass, direction.field_nc)
    expansion = expand_along(search.terms, vector_nc, glass.mass_n)
    if expansion.tau > 0:
        vector_nc, expansion = -vector_nc, Expansion(expansion.curvature, -expansion.tau, expansion.chi)
    jacobian = search.scaled_jacobian(direction)
    n_negative = jacobian.n_negative
    jacobian.release()
    far = far_field_exponent(glass, vector_nc, rng)
    return {
        "vector_nc": vector_nc,
        "stiffness_m": expansion.curvature,
        "tau_m": expansion.tau,
        "chi_m": expansion.chi,
        "residual_m": direction.residual,
        "n_negative_m": n_negative,
        "scan_error_m": scan_error(glass, vector_nc, expansion),
        "centre_m": core_centre(vector_nc),
        "core_size_m": len(core_atoms(vector_nc)),
        "core_radius_m": core_radius(glass, vector_nc),
        "n_cores_m": count_cores(glass, vector_nc),
        "far_exponent_m": far.value,
        "far_exponent_error_m": far.error,
        **vibration_overlaps(modes, vector_nc),
    }


def vibration_overlaps(modes: Modes, vector_nc: Array) -> dict[str, float | int]:
    """Return how the vibrations given share a direction among them, by the names of the columns [as their fields say].

    Args:
        modes: certified lowest modes with their vectors.
        vector_nc: mass-weighted direction, (N, 3) [-].
    """
    first = modes.vibrations.start
    share_k = np.einsum("knc,nc->k", modes.vectors_mnc[first:], vector_nc) ** 2
    nearest = int(np.argmax(share_k))
    return {
        "harmonic_index_m": first + nearest,
        "harmonic_share_m": float(share_k[nearest]),
        "covered_share_m": float(share_k.sum()),
        "n_harmonic_m": float(share_k.sum() ** 2 / np.sum(share_k**2)),
        "harmonic_omega_m": float(modes.omega_m[first + nearest]),
        "harmonic_participation_m": float(modes.participation_number_m[first + nearest]),
    }


def energies_along(glass: Glass, vector_nc: Array, amplitude_s: Array) -> Array:
    """Return energies on the straight line R + s e/sqrt(m), above that of the glass [epsilon].

    Args:
        glass: the configuration.
        vector_nc: mass-weighted direction e, (N, 3) [-].
        amplitude_s: coordinates s [sqrt(m) sigma].
    """
    interaction, step_nc = glass.interaction(), vector_nc / np.sqrt(glass.mass_n)[:, None]
    energy_s = [interaction.terms(glass.positions_nc + s * step_nc).energy() for s in (0.0, *amplitude_s)]
    return np.array(energy_s[1:]) - energy_s[0]


def scan_error(glass: Glass, vector_nc: Array, expansion: Expansion) -> float:
    """Return the largest deviation of the energy along a mode from its expansion to fourth order [-].

    On both sides, up to where the most moving atom has gone 0.05 sigma, relative to the largest energy there.

    Args:
        glass: the minimum.
        vector_nc: mass-weighted direction e, (N, 3) [-].
        expansion: its derivatives.
    """
    step_n = np.linalg.norm(vector_nc / np.sqrt(glass.mass_n)[:, None], axis=1)
    s = np.linspace(-1, 1, 2 * SCAN_POINTS) * SCANNED_MOVE / float(step_n.max())
    series = expansion.curvature * s**2 / 2 + expansion.tau * s**3 / 6 + expansion.chi * s**4 / 24
    energy_s = energies_along(glass, vector_nc, s)
    return float(np.abs(energy_s - series).max() / np.abs(energy_s).max())

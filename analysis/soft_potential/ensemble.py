"""From the soft modes of many glasses to the numbers that the theories of sound and heat need, with errors.

The soft potentials are taken as uniform in (D1, D2) with density P_s, each with its own W. The averages below are
the ones that are exact for a spread of W: modes of strength W are found in the tail in proportion to P(W)/W^5, so
that the tunnelling systems, of density P(W)/W, weigh each mode with W^4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from analysis.soft_potential.coupling import (
    deformation_tensor,
    longitudinal_average,
    transverse_average,
    tunnelling_strength,
)
from analysis.soft_potential.landscape import BoolArray
from analysis.soft_potential.parameters import SoftPotentials, soft_potentials
from analysis.soft_potential.resampling import bootstrap, bootstrap_error
from analysis.soft_potential.tail import Counting, potential_density, tail_exponent, tail_exposure
from atomsim.errors import InputError
from atomsim.results import Array, Estimate, IntArray, quantity

DIMENSION = 3
WEAK_BELOW = 20  # modes; the relative error of a count of this many is above a fifth

UNITS: Mapping[str, str] = {
    "A_g": "(sigma sqrt(m/epsilon))^5",
    "exponent": "1",
    "P_s": "1/sigma^3",
    "G": "1/sigma^3",
    "W": "epsilon",
    "W_median": "epsilon",
    "epsilon": "epsilon",
    "eta_L": "1",
    "mass": "m",
    "Lambda_l": "epsilon",
    "Lambda_t": "epsilon",
    "C_l": "1",
    "C_t": "1",
    "d_l2": "1",
    "d_t2": "1",
}
NEEDS_WINDOW_ONLY = ("A_g", "exponent")


class SoftModesLike(Protocol):
    """The soft modes of one glass, as much of them as the ensemble needs; one row per mode."""

    @property
    def omega_m(self) -> Array:
        """Angular frequencies [sqrt(epsilon/m)/sigma]."""

    @property
    def tau_m(self) -> Array:
        """Third derivatives [epsilon/(m^{3/2} sigma^3)]."""

    @property
    def chi_relaxed_m(self) -> Array:
        """Fourth derivatives with the hard modes following [epsilon/(m^2 sigma^4)]."""

    @property
    def effective_mass_m(self) -> Array:
        """Mass of the most moving atom over its share of the mode [m]."""

    @property
    def linear_coupling_mcc(self) -> Array:
        """Coupling to strain, energy per mass-weighted coordinate and strain [epsilon/(sqrt(m) sigma)]."""

    @property
    def quadratic_coupling_mcc(self) -> Array:
        """Relaxed coupling to strain of the squared coordinate [epsilon/(m sigma^2)]."""

    @property
    def volume(self) -> float:
        """Volume of the glass [sigma^3]."""

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""

    @property
    def limit_omega(self) -> float:
        """Frequency below which all soft modes were taken [sqrt(epsilon/m)/sigma]."""


@dataclass(frozen=True)
class EnsembleParameters:
    """Numbers of the soft-potential model for one kind of glass; errors by resampling whole glasses.

    Counted: modes with 0 < omega < window of their glass. W is the tunnelling-weighted mean <W^4>^{1/4}, the one
    number that keeps P_s/W right for a spread of W; Lambda^2 is averaged with the same weight, d^2 without weight.
    ``epsilon``, ``eta_L`` and ``mass`` are medians, with the effective mass of the most moving atom. G is the mean
    density of (eta, t) over the window, for a theory that takes it as constant; with potentials uniform in (D1, D2)
    it grows with the window. ``replicates`` holds what each number was in each draw.
    """

    n_glasses: int = quantity("1", "number of glasses")
    n_modes: int = quantity("1", "soft modes in the window")
    n_unbounded: int = quantity("1", "of these, modes whose relaxed quartic coefficient is not positive")
    n_double_wells: int = quantity("1", "of these, modes of potentials with a second minimum")
    n_counted: int = quantity("1", "of these, modes that the counting takes as vibrations of soft potentials")
    counting: str = quantity("text", "which modes are counted")
    hbar: float = quantity("sigma sqrt(m epsilon)", "hbar of the material")
    length: float = quantity("sigma", "length a in which displacements are measured")
    A_g: Estimate = quantity(UNITS["A_g"], "amplitude of the normalised density of states, A_g omega^4")
    exponent: Estimate = quantity("1", "exponent of the tail, fitted; 4 for soft potentials")
    P_s: Estimate = quantity(UNITS["P_s"], "soft potentials per volume and area of (D1, D2), both signs of D1")
    G: Estimate = quantity(UNITS["G"], "mean density of (eta, t) per volume in the window")
    W: Estimate = quantity("epsilon", "energy scale, weighted for tunnelling")
    W_median: Estimate = quantity("epsilon", "median energy scale of the counted modes")
    epsilon: Estimate = quantity("epsilon", "median quartic energy at a displacement of one length")
    eta_L: Estimate = quantity("1", "median small parameter")
    mass: Estimate = quantity("m", "median effective mass")
    Lambda_l: Estimate = quantity("epsilon", "coupling per unit of the dimensionless coordinate, longitudinal")
    Lambda_t: Estimate = quantity("epsilon", "coupling per unit of the dimensionless coordinate, transverse")
    C_l: Estimate = quantity("1", "tunnelling strength, longitudinal")
    C_t: Estimate = quantity("1", "tunnelling strength, transverse")
    d_l2: Estimate = quantity("1", "mean square deformation potential, longitudinal")
    d_t2: Estimate = quantity("1", "mean square deformation potential, transverse")
    replicates: dict[str, Array] = quantity("as the number", "value of each number in each draw of glasses")


@dataclass(frozen=True)
class _Table:
    """The modes in the window of all glasses (bounded ones with their potentials), and the sizes of the glasses."""

    limit_g: Array
    volume_g: Array
    n_atoms_g: IntArray
    glass_m: IntArray
    omega_m: Array
    bounded_m: BoolArray
    potentials: SoftPotentials  # of the bounded modes, as are the arrays below
    counted_b: BoolArray
    coupling_b: tuple[Array, Array]  # Lambda^2, longitudinal and transverse
    deformation_b: tuple[Array, Array]  # d^2
    inverse_area_b: Array  # of the window in (eta, t)


def fit_ensemble(
    soft_modes: Sequence[SoftModesLike],
    *,
    hbar: float,
    length: float,
    mass_density: float,
    longitudinal_velocity: float,
    transverse_velocity: float,
    rng: np.random.Generator,
    counting: Counting = Counting.LOWER_MINIMA,
    window_omega: float = np.inf,
    minimum_modes: int = 5,
    resamples: int = 400,
) -> EnsembleParameters:
    """Return the parameters of the soft-potential model from the soft modes of independent glasses.

    Modes with a relaxed quartic coefficient that is not positive count in the tail A_g but have no potential; they
    are reported in ``n_unbounded``. A number for which too few modes were found is NaN, and its note says so.

    Source: soft-potential-notes (ensemble); test: test_ensemble_recovers_the_parameters_it_was_made_from

    Args:
        soft_modes: the soft modes of each glass.
        hbar: Planck's constant over 2 pi of the material [sigma sqrt(m epsilon)].
        length: length a in which displacements are measured [sigma].
        mass_density: mass density of the glass [m/sigma^3].
        longitudinal_velocity: velocity of longitudinal sound [sqrt(epsilon/m)].
        transverse_velocity: velocity of transverse sound [sqrt(epsilon/m)].
        rng: source of randomness.
        counting: which modes are taken as vibrations of soft potentials.
        window_omega: upper end of the tail, if below the limit of selection of a glass [sqrt(epsilon/m)/sigma].
        minimum_modes: fewest modes from which a number is taken.
        resamples: number of draws for the errors.

    Raises:
        InputError: no glasses.
    """
    if not soft_modes:
        raise InputError("no glasses: an ensemble needs at least one")
    counting = Counting(counting)
    table = _tabulate(soft_modes, hbar=hbar, length=length, counting=counting, window=window_omega)
    medium = {"l": longitudinal_velocity, "t": transverse_velocity}

    def statistic(counts_g: IntArray) -> Mapping[str, float]:
        return _numbers(table, counts_g, counting, mass_density, medium)

    n_glasses, n_window, n_counted = len(soft_modes), len(table.omega_m), int(np.sum(table.counted_b))
    values = statistic(np.ones(n_glasses, dtype=np.int64))
    replicates = bootstrap(statistic, n_glasses, rng, resamples=resamples)

    def estimate(name: str) -> Estimate:
        found = n_window if name in NEEDS_WINDOW_ONLY else n_counted
        kind = "soft modes in the window" if name in NEEDS_WINDOW_ONLY else f"modes counted ({counting})"
        if found < minimum_modes:
            note = f"too few: {found} {kind}, at least {minimum_modes} needed"
            return Estimate(float("nan"), float("nan"), UNITS[name], note)
        error = bootstrap_error(replicates[name], n_glasses)
        return Estimate(values[name], error, UNITS[name], _weakness(replicates[name], found, kind, n_glasses))

    return EnsembleParameters(
        n_glasses=n_glasses,
        n_modes=n_window,
        n_unbounded=int(np.sum(~table.bounded_m)),
        n_double_wells=int(np.sum(table.potentials.double_well_m)),
        n_counted=n_counted,
        counting=str(counting),
        hbar=float(hbar),
        length=float(length),
        replicates=replicates,
        **{name: estimate(name) for name in UNITS},
    )


def _weakness(replicates_b: Array, found: int, kind: str, n_glasses: int) -> str:
    """What weakens a number that could be given."""
    missing = float(np.mean(~np.isfinite(replicates_b)))
    reasons = (
        (found < WEAK_BELOW, f"weak: only {found} {kind}"),
        (n_glasses < 2, "no error: it needs at least two glasses"),
        (missing > 0, f"{100 * missing:.1f} % of the draws gave no value and are left out of the error"),
    )
    return "; ".join(text for holds, text in reasons if holds)


def _tabulate(
    soft_modes: Sequence[SoftModesLike], *, hbar: float, length: float, counting: Counting, window: float
) -> _Table:
    """Collect the modes inside the window and everything of them that does not depend on the draw."""
    limit_g = np.array([min(glass.limit_omega, window) for glass in soft_modes])
    glass_m = np.repeat(np.arange(len(soft_modes)), [len(glass.omega_m) for glass in soft_modes])

    def gather(field: str) -> Array:
        return np.concatenate([np.asarray(getattr(glass, field), dtype=float) for glass in soft_modes])

    omega_m = gather("omega_m")
    inside = (omega_m > 0) & (omega_m < limit_g[glass_m])
    bounded = inside & (gather("chi_relaxed_m") > 0)
    potentials = soft_potentials(
        omega_m[bounded],
        gather("tau_m")[bounded],
        gather("chi_relaxed_m")[bounded],
        gather("effective_mass_m")[bounded],
        hbar=hbar,
        length=length,
    )
    unit_b = potentials.coordinate_length_m[:, None, None]
    linear = gather("linear_coupling_mcc").reshape(-1, 3, 3)[bounded] * unit_b
    d = deformation_tensor(gather("quadratic_coupling_mcc").reshape(-1, 3, 3)[bounded], potentials)
    eta_limit = potentials.eta_m * (limit_g[glass_m[bounded]] / omega_m[bounded]) ** 2
    single = ~potentials.double_well_m
    return _Table(
        limit_g=limit_g,
        volume_g=np.array([float(glass.volume) for glass in soft_modes]),
        n_atoms_g=np.array([glass.n_atoms for glass in soft_modes], dtype=np.int64),
        glass_m=glass_m[inside],
        omega_m=omega_m[inside],
        bounded_m=bounded[inside],
        potentials=potentials,
        counted_b=potentials.lower_minimum_m if counting is Counting.LOWER_MINIMA else single,
        coupling_b=(longitudinal_average(linear), transverse_average(linear)),
        deformation_b=(longitudinal_average(d), transverse_average(d)),
        inverse_area_b=1 / (_WINDOW_AREA[counting] * eta_limit**1.5),
    )


# Area of the part of the (eta, t) plane below eta that a counting takes: |t| < 2 eta^{1/2}, or (32 eta/9)^{1/2}.
_WINDOW_AREA = {Counting.LOWER_MINIMA: 8 / 3, Counting.SINGLE_WELLS: 8 / 3 * np.sqrt(8 / 9)}


def _numbers(
    table: _Table, counts_g: IntArray, counting: Counting, mass_density: float, velocity: Mapping[str, float]
) -> dict[str, float]:
    """All numbers of the ensemble when glass g counts ``counts_g[g]`` times; NaN where nothing is left to count."""
    weight_m = counts_g[table.glass_m].astype(float)
    weight_b = np.where(table.counted_b, weight_m[table.bounded_m], 0.0)
    p = table.potentials
    volume = float(counts_g @ table.volume_g)
    mean = _weighted_mean(weight_b)
    tunnelling_mean = _weighted_mean(weight_b * p.W_m**4)
    W = mean(p.W_m**4) ** 0.25
    per_volume = float(np.sum(weight_b)) / tail_exposure(table.limit_g, counts_g * table.volume_g)
    P_s = potential_density(per_volume, W, hbar=p.hbar, counting=counting)
    squares = dict(zip("lt", (tunnelling_mean(c) for c in table.coupling_b), strict=True))
    strengths = {
        f"C_{s}": tunnelling_strength(
            potential_density=P_s, coupling_squared=squares[s], W=W, mass_density=mass_density, velocity=velocity[s]
        )
        for s in "lt"
    }
    degrees = (DIMENSION * table.n_atoms_g * counts_g).astype(float)
    repeated = np.repeat(np.arange(len(weight_m)), weight_m.astype(int))
    return {
        "A_g": float(np.sum(weight_m)) / tail_exposure(table.limit_g, degrees),
        "exponent": tail_exponent(table.omega_m[repeated], table.limit_g[table.glass_m[repeated]]),
        "P_s": P_s,
        "G": float(weight_b @ table.inverse_area_b) / volume,
        "W": W,
        "W_median": _weighted_median(p.W_m, weight_b),
        "epsilon": _weighted_median(p.epsilon_m, weight_b),
        "eta_L": _weighted_median(p.eta_L_m, weight_b),
        "mass": _weighted_median(p.mass_m, weight_b),
        **{f"Lambda_{s}": float(np.sqrt(squares[s])) for s in "lt"},
        **strengths,
        "d_l2": mean(table.deformation_b[0]),
        "d_t2": mean(table.deformation_b[1]),
    }


def _weighted_mean(weight: Array) -> Callable[[Array], float]:
    """The mean with given weights, NaN where they vanish."""
    total = float(np.sum(weight))
    return lambda values: float(weight @ values) / total if total > 0 else float("nan")


def _weighted_median(values: Array, weight: Array) -> float:
    """The median of values that count an integer number of times each, NaN where none does."""
    repeated = np.repeat(values, weight.astype(int))
    return float(np.median(repeated)) if len(repeated) else float("nan")

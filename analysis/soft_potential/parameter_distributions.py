"""Distributions of the parameters of the soft potentials over an ensemble, with bands from drawing glasses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.ensemble import SoftModesLike
from analysis.soft_potential.independence import IndependenceTest, independence_of
from analysis.soft_potential.landscape import is_lower_minimum
from analysis.soft_potential.parameters import soft_potentials
from analysis.soft_potential.tail_fit import draw_glasses, spread
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Array, Estimate, IntArray, quantity

BAND = (16, 84)  # percentiles of the draws: one standard error of a normal law
BINS = (6, 40)  # fewest and most bins of a distribution, between them twice the cube root of the modes


@dataclass(frozen=True)
class Distribution:
    """The distribution of one positive number over the modes, per unit of its natural logarithm."""

    name: str = quantity("text", "the number")
    unit: str = quantity("text", "its unit")
    edges_x: Array = quantity("as the number", "edges of the bins")
    density_x: Array = quantity("1", "share of the modes per unit of the logarithm")
    low_x: Array = quantity("1", "lower end of the band")
    high_x: Array = quantity("1", "upper end of the band")
    median: Estimate = quantity("as the number", "median")
    width: Estimate = quantity("1", "standard deviation of the natural logarithm")
    n_modes: int = quantity("1", "modes")


@dataclass(frozen=True)
class SoftPotentialDistributions:
    """Phi(eta), F(|t|), W, N_k and m_eff of the modes seen at the lower minimum of their potential.

    ``delta_eta`` and ``delta_t`` are the medians of eta and |t| over these modes: half of them lie below; mean squares
    hang on the few modes whose quartic term nearly vanishes. The window and the lower minimum cut both from above, so
    that they are lower bounds of the scales of the whole distributions.
    """

    n_glasses: int = quantity("1", "number of glasses")
    n_unbounded: int = quantity("1", "modes whose relaxed quartic term does not bound them, left out")
    n_upper: int = quantity("1", "modes in the upper of two minima, left out")
    distributions: tuple[Distribution, ...] = quantity("as their fields say", "one for each number")
    delta_eta: Estimate = quantity("1", "scale of eta, a lower bound")
    delta_t: Estimate = quantity("1", "scale of t, a lower bound")
    field: Estimate = quantity("1", "median size of the linear coefficient theta about the symmetric potential")
    independence: IndependenceTest | None = quantity("as its fields say", "None where too few modes", default=None)
    note: str = quantity("text", "why there is no test of independence", default="")

    def of(self, name: str) -> Distribution:
        """Return the distribution of one number.

        Args:
            name: one of eta, t, W, N_k, m_eff.

        Raises:
            InputError: no such number.
        """
        for distribution in self.distributions:
            if distribution.name == name:
                return distribution
        raise InputError(f"no distribution of {name!r}; known: {', '.join(d.name for d in self.distributions)}")


def weighted_median(value_m: Array, weight_bm: Array) -> Array:
    """Return the median of values that count a number of times each, for each draw [unit of the values].

    Args:
        value_m: values [any unit].
        weight_bm: how often each counts in each draw [-].
    """
    order = np.argsort(value_m)
    total = np.cumsum(weight_bm[:, order], axis=1)
    middle = total[:, -1:] / 2
    low = np.argmax(total >= middle, axis=1)
    high = np.argmax(total > middle, axis=1)
    return np.asarray(0.5 * (value_m[order][low] + value_m[order][high]), dtype=float)


def distribution_of(
    name: str,
    unit: str,
    value_m: Array,
    glass_m: IntArray,
    n_glasses: int,
    rng: np.random.Generator,
    *,
    resamples: int = 200,
) -> Distribution:
    """Return the distribution of a positive number over modes, in bins of equal ratio, with its band over glasses.

    Source: efron-1979 (bootstrap); test: test_band_of_a_distribution_covers_it

    Args:
        name: the number.
        unit: its unit.
        value_m: its value for each mode [unit given].
        glass_m: the glass of each mode.
        n_glasses: number of glasses, those without modes included.
        rng: source of randomness.
        resamples: draws of glasses.

    Raises:
        InputError: no modes, or a value that is not positive.
    """
    if not len(value_m) or not np.all(value_m > 0):
        raise InputError(f"distribution of {name}: expected positive values, got {len(value_m)} values")
    low, high = float(value_m.min()), float(value_m.max())
    bins = int(np.clip(2 * len(value_m) ** (1 / 3), *BINS))
    edges = np.geomspace(low * (1 - 1e-9), max(high, low * (1 + 1e-6)) * (1 + 1e-9), bins + 1)
    place_m = np.clip(np.searchsorted(edges, value_m, side="right") - 1, 0, bins - 1)
    member = np.zeros((len(value_m), bins))
    member[np.arange(len(value_m)), place_m] = 1
    width = np.diff(np.log(edges))
    weight_bm = draw_glasses(n_glasses, resamples, rng)[:, glass_m]
    weight_bm = weight_bm[weight_bm.sum(axis=1) > 0]
    total_b = weight_bm.sum(axis=1)
    drawn = weight_bm @ member / total_b[:, None] / width
    log_m = np.log(value_m)
    mean_b = weight_bm @ log_m / total_b
    width_b = np.sqrt(np.maximum(weight_bm @ log_m**2 / total_b - mean_b**2, 0.0))
    band = np.percentile(drawn, BAND, axis=0)
    return Distribution(
        name=name,
        unit=unit,
        edges_x=edges,
        density_x=member.mean(axis=0) / width,
        low_x=band[0],
        high_x=band[1],
        median=Estimate(float(np.median(value_m)), spread(weighted_median(value_m, weight_bm), n_glasses), unit),
        width=Estimate(float(log_m.std()), spread(width_b, n_glasses), "1"),
        n_modes=len(value_m),
    )


def _median_size(value_m: Array, weight_bm: Array, n_glasses: int) -> Estimate:
    size_m, some_b = np.abs(value_m), weight_bm.sum(axis=1) > 0
    return Estimate(float(np.median(size_m)), spread(weighted_median(size_m, weight_bm[some_b]), n_glasses), "1")


def linear_coefficient(eta_m: Array, t_m: Array) -> Array:
    """Return theta of the potential theta x + eta' x^2 + x^4 that a minimum with eta and t belongs to [-].

    Moving the origin by t/4 takes the cubic term away and leaves theta = t^3/8 - eta t/2, eta' = eta - 3 t^2/8; x in
    units of the length and the potential in units of the quartic energy.

    Source: karpov-parshin-1985 (2.14), (2.15); test: test_linear_coefficient_gives_the_same_potential

    Args:
        eta_m: quadratic coefficients [-].
        t_m: cubic coefficients [-].
    """
    return np.asarray(t_m**3 / 8 - eta_m * t_m / 2, dtype=float)


def distributions(
    soft_modes: Sequence[SoftModesLike],
    *,
    participation_gm: Sequence[Array],
    hbar: float,
    length: float,
    rng: np.random.Generator,
    resamples: int = 200,
) -> SoftPotentialDistributions:
    """Return the distributions of the parameters of the soft potentials, and the test of the independence of two.

    eta and t are those of the most moving atom.

    Source: karpov-parshin-1985 (2.3); test: test_distributions_of_a_product_measure_are_independent

    Args:
        soft_modes: the soft modes of each glass.
        participation_gm: their participation numbers [-].
        hbar: Planck's constant over 2 pi of the material [sigma sqrt(m epsilon)].
        length: length a in which displacements are measured [sigma].
        rng: source of randomness.
        resamples: draws of glasses.

    Raises:
        InputError: no glasses.
        IllPosedFit: no soft mode that its relaxed quartic term bounds sits in a lower minimum.
    """
    if not soft_modes:
        raise InputError("no glasses: a distribution needs at least one")
    n = len(soft_modes)

    def gather(field: str) -> Array:
        return np.concatenate([np.asarray(getattr(glass, field), dtype=float) for glass in soft_modes])

    glass_m = np.repeat(np.arange(n), [len(glass.omega_m) for glass in soft_modes])
    limit_m = np.array([glass.limit_omega for glass in soft_modes])[glass_m]
    omega_m, chi_m = gather("omega_m"), gather("chi_relaxed_m")
    bounded = (chi_m > 0) & (omega_m > 0) & (omega_m <= limit_m)
    found = soft_potentials(
        omega_m[bounded],
        gather("tau_m")[bounded],
        chi_m[bounded],
        gather("effective_mass_m")[bounded],
        hbar=hbar,
        length=length,
    )
    lower = is_lower_minimum(found.alpha_m, found.beta_m)
    if not lower.any():
        raise IllPosedFit(f"{int(bounded.sum())} bounded soft modes, none of them in a lower minimum", estimate=None)
    glass_k = glass_m[bounded][lower]
    eta, t = found.eta_m[lower], found.t_m[lower]
    columns = {
        "eta": ("1", eta),
        "t": ("1", np.abs(t)),
        "W": ("epsilon", found.W_m[lower]),
        "N_k": ("1", np.concatenate(list(participation_gm))[bounded][lower]),
        "m_eff": ("m", found.mass_m[lower]),
    }
    weight_bm = draw_glasses(n, resamples, rng)[:, glass_k]
    highest = eta * (limit_m / omega_m)[bounded][lower] ** 2
    test, note = _independence(eta, t, highest, glass_k, rng)
    return SoftPotentialDistributions(
        n_glasses=n,
        n_unbounded=int(np.sum(chi_m <= 0)),
        n_upper=int(np.sum(~lower)),
        distributions=tuple(
            distribution_of(name, unit, value, glass_k, n, rng, resamples=resamples)
            for name, (unit, value) in columns.items()
        ),
        delta_eta=_median_size(eta, weight_bm, n),
        delta_t=_median_size(t, weight_bm, n),
        field=_median_size(linear_coefficient(eta, t), weight_bm, n),
        independence=test,
        note=note,
    )


def _independence(
    eta_m: Array, t_m: Array, highest_m: Array, glass_m: IntArray, rng: np.random.Generator
) -> tuple[IndependenceTest | None, str]:
    try:
        return independence_of(eta_m, t_m, highest_eta_m=highest_m, glass_m=glass_m, rng=rng), ""
    except IllPosedFit as refusal:
        return None, str(refusal)

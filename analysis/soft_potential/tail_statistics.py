"""What an ensemble says of the low-frequency tail: exponent, lowest vibrations, and the amplitude by three routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
from scipy.special import gamma

from analysis.soft_potential.low_spectra import (
    DIMENSION,
    OMEGA,
    LowSpectrum,
    TailWindow,
    mean_phonon,
    window_below,
)
from analysis.soft_potential.minimum_frequency import SizeScaling, WeibullFit, fit_size_scaling, fit_weibull
from analysis.soft_potential.tail import TAIL_EXPONENT
from analysis.soft_potential.tail_fit import TailProfile, draw_glasses, fit_exponent, profile_exponent, spread
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Array, Estimate, IntArray, quantity

T = TypeVar("T")
AMPLITUDE = "(sigma sqrt(m/epsilon))^5"
BEYOND_WARNS = 0.05  # share of glasses whose lowest vibration is beyond the window: their minima may be phonons [-]
POWER = TAIL_EXPONENT + 1


@dataclass(frozen=True)
class AmplitudeRoutes:
    """A_g of D(omega) = A_g omega^4, normalised to one over all degrees of freedom, by three routes.

    ``disagreement`` is the largest difference of two logarithms over its standard error, with the glasses that the
    routes share drawn together.
    """

    counting: Estimate = quantity(AMPLITUDE, "from the number of vibrations in the window")
    weibull: Estimate = quantity(AMPLITUDE, "from the scale of the Weibull law of shape five")
    mean_minimum: Estimate = quantity(AMPLITUDE, "from the mean lowest frequency of that law")
    disagreement: float = quantity("1", "largest difference of two routes over its standard error")


@dataclass(frozen=True)
class TailOfSize:
    """The tail of the glasses of one size; the notes of its numbers say what the data do not support.

    ``weibull`` is NaN throughout where fewer than two glasses have a vibration in the window.
    """

    n_atoms: int = quantity("1", "number of atoms")
    n_glasses: int = quantity("1", "number of glasses")
    phonon_frequency: Estimate = quantity(OMEGA, "omega of the longest transverse wave of the box")
    edge: float = quantity(OMEGA, "end of the window")
    n_modes: int = quantity("1", "vibrations in the window")
    exponent: Estimate = quantity("1", "exponent of the tail")
    probability: float = quantity("1", "of a worse power law")
    weibull: WeibullFit = quantity("as its fields say", "law of the lowest vibration")
    mean_minimum: Estimate = quantity(OMEGA, "mean lowest frequency of a glass")
    amplitudes: AmplitudeRoutes = quantity("as its fields say", "A_g of the law omega^4")
    profile: TailProfile = quantity("as its fields say", "exponent against the end of the window")
    minimum_g: Array = quantity(OMEGA, "lowest frequency of each glass")
    omega_m: Array = quantity(OMEGA, "all vibrations known of all glasses, up to where every glass is complete")
    complete_below: float = quantity(OMEGA, "where the vibrations of a glass end to be known")


@dataclass(frozen=True)
class TailStatistics:
    """The tails of all sizes, and the mean lowest frequency against the number of atoms."""

    fraction: float = quantity("1", "end of the windows over the lowest phonon of the box")
    sizes: tuple[TailOfSize, ...] = quantity("as their fields say", "the tail of each size, ascending")
    scaling: SizeScaling | None = quantity("as its fields say", "None for a single size", default=None)
    scaling_note: str = quantity("text", "what the scaling with size does not support", default="")


def amplitude_routes(window: TailWindow, rng: np.random.Generator, *, resamples: int = 400) -> AmplitudeRoutes:
    """Return A_g of the law omega^4 from the count, from the Weibull scale, and from the mean lowest frequency.

    A glass of d N degrees of freedom has on average d N A_g omega^5/5 = (omega/w_0)^5 vibrations below omega, and
    <w_min> = w_0 Gamma(6/5). Vibrations of one glass that repel or attract each other part the first route from the
    others; lowest frequencies that are phonons part the third from the second. The maximum of the likelihood is too
    large by K/(K - 1) in the second route, which is removed.

    Source: lerner-2016 (lowest frequency); test: test_three_routes_give_the_amplitude_back

    Args:
        window: the vibrations.
        rng: source of randomness.
        resamples: draws of glasses for the errors.
    """
    n = window.n_glasses
    power_g = np.minimum(window.minimum_g, window.edge) ** POWER
    inside_g = (window.minimum_g < window.edge).astype(float)

    def routes(counts_bg: Array) -> Array:
        glasses = counts_bg.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            counted = POWER * (counts_bg @ window.count_g) / (window.degrees * glasses * window.edge**POWER)
            found = counts_bg @ inside_g
            scaled = POWER * (found - 1) / (window.degrees * (counts_bg @ power_g))
            mean = counts_bg @ window.minimum_g / glasses
        averaged = POWER / window.degrees * (gamma(1 + 1 / POWER) / mean) ** POWER
        return np.array([counted, np.where(found > 1, scaled, np.nan), averaged])

    values = routes(np.ones((1, n)))[:, 0]
    drawn = routes(draw_glasses(n, resamples, rng))
    with np.errstate(invalid="ignore", divide="ignore"):
        logs, found = np.log(drawn), np.log(values)
    pairs = [(0, 1), (0, 2), (1, 2)]
    apart = [abs(found[i] - found[j]) / spread(_finite(logs[i] - logs[j]), n) for i, j in pairs]
    beyond = 1 - float(inside_g.mean())
    note = f"{100 * beyond:.0f} % of the lowest vibrations lie beyond the window" if beyond > BEYOND_WARNS else ""
    estimates = [Estimate(float(v), spread(d, n), AMPLITUDE) for v, d in zip(values, drawn, strict=True)]
    return AmplitudeRoutes(
        counting=estimates[0],
        weibull=estimates[1],
        mean_minimum=Estimate(estimates[2].value, estimates[2].error, AMPLITUDE, note),
        disagreement=float(np.max(apart)),
    )


def _finite(values_b: Array) -> Array:
    return np.where(np.isfinite(values_b), values_b, np.nan)


def _supported(fit: Callable[[], T]) -> tuple[T | None, object, str]:
    """The fit; or None, the estimate that it refuses to return, and why."""
    try:
        return fit(), None, ""
    except IllPosedFit as refusal:
        return None, refusal.estimate, str(refusal)


def _noted(estimate: Estimate, note: str) -> Estimate:
    return Estimate(estimate.value, estimate.error, estimate.unit, note)


def _weibull(window: TailWindow, rng: np.random.Generator, resamples: int) -> WeibullFit:
    """The Weibull law, with a note where the data do not support it."""
    fit, estimate, note = _supported(lambda: fit_weibull(window, rng, resamples=resamples))
    found = fit or estimate
    if not isinstance(found, WeibullFit):
        beyond = int(np.sum(window.minimum_g >= window.edge))
        nothing = Estimate(np.nan, np.nan, "1", note)
        return WeibullFit(window.n_glasses, beyond, nothing, Estimate(np.nan, np.nan, OMEGA, note), np.nan, np.nan)
    return WeibullFit(
        n_glasses=found.n_glasses,
        n_beyond=found.n_beyond,
        shape=_noted(found.shape, note),
        scale=_noted(found.scale, note),
        anderson_darling=found.anderson_darling,
        kolmogorov=found.kolmogorov,
    )


def tail_of_size(
    spectra: Sequence[LowSpectrum], rng: np.random.Generator, *, fraction: float, resamples: int = 400
) -> TailOfSize:
    """Return everything that the glasses of one size say of the tail; refused fits are kept with a note.

    Args:
        spectra: the lowest vibrations of glasses of one size.
        rng: source of randomness.
        fraction: end of the window over the lowest phonon of the box [-].
        resamples: draws of glasses for the errors.

    Raises:
        InputError: no glasses, or glasses of several sizes.
        IncompleteSpectrum: the vibrations of a glass are not all known up to the end of the window.
    """
    n = len(spectra)
    phonon = mean_phonon(spectra)
    window = window_below(spectra, fraction * phonon)
    try:
        (exponent, probability), note = fit_exponent(window, rng, resamples=resamples), ""
    except IllPosedFit as refusal:
        (exponent, probability), note = cast(tuple[Estimate, float], refusal.estimate), str(refusal)
    counts_bg = draw_glasses(n, resamples, rng)
    reach = min(spectrum.complete_below for spectrum in spectra)
    phonons = np.array([spectrum.phonon_frequency for spectrum in spectra])
    return TailOfSize(
        n_atoms=window.n_atoms,
        n_glasses=n,
        phonon_frequency=Estimate(phonon, spread(counts_bg @ phonons / n, n), OMEGA),
        edge=window.edge,
        n_modes=int(window.count_g.sum()),
        exponent=_noted(exponent, note),
        probability=probability,
        weibull=_weibull(window, rng, resamples),
        mean_minimum=Estimate(float(window.minimum_g.mean()), spread(counts_bg @ window.minimum_g / n, n), OMEGA),
        amplitudes=amplitude_routes(window, rng, resamples=resamples),
        profile=profile_exponent(spectra, rng),
        minimum_g=window.minimum_g,
        omega_m=np.sort(np.concatenate([s.omega_m[s.omega_m < reach] for s in spectra])),
        complete_below=reach,
    )


def tail_statistics(
    spectra: Sequence[LowSpectrum], rng: np.random.Generator, *, fraction: float, resamples: int = 400
) -> TailStatistics:
    """Return the tails of all sizes among some glasses, and the mean lowest frequency against the number of atoms.

    Args:
        spectra: the lowest vibrations of glasses of any sizes.
        rng: source of randomness.
        fraction: end of the windows over the lowest phonon of the box [-].
        resamples: draws of glasses for the errors.

    Raises:
        InputError: no glasses.
        IncompleteSpectrum: the vibrations of a glass are not all known up to the end of its window.
    """
    sizes = sorted({spectrum.n_atoms for spectrum in spectra})
    if not sizes:
        raise InputError("no glasses: a tail needs at least one")
    tails = tuple(
        tail_of_size([s for s in spectra if s.n_atoms == n], rng, fraction=fraction, resamples=resamples) for n in sizes
    )
    usable = [tail for tail in tails if tail.mean_minimum.error > 0]
    fit, estimate, note = _supported(
        lambda: fit_size_scaling(
            [tail.n_atoms for tail in usable],
            [tail.mean_minimum.value for tail in usable],
            [tail.mean_minimum.error for tail in usable],
        )
    )
    found = fit or estimate
    return TailStatistics(fraction, tails, found if isinstance(found, SizeScaling) else None, note)


def tail_histogram(tail: TailOfSize, *, bins: int = 24) -> tuple[Array, Array, Array, IntArray]:
    """Return edges, D(omega), its counting error and the counts of the vibrations of a size, in equal ratios.

    D is normalised to one over all degrees of freedom. The bins end where every glass is complete, or at one and a
    half of the lowest phonon.

    Args:
        tail: the tail.
        bins: number of bins.

    Returns:
        edges [sqrt(epsilon/m)/sigma], density and error [sigma sqrt(m/epsilon)], counts.
    """
    end = min(tail.complete_below, 1.5 * tail.phonon_frequency.value)
    inside = tail.omega_m[tail.omega_m < end]
    first = float(inside[0]) if len(inside) else end / 10
    edges = np.geomspace(first * (1 - 1e-9), end, bins + 1)
    counts = np.histogram(inside, edges)[0]
    scale = DIMENSION * tail.n_atoms * tail.n_glasses * np.diff(edges)
    return edges, counts / scale, np.sqrt(counts) / scale, counts.astype(np.int64)

"""From the soft potentials of simulated glasses to conductivity and specific heat of a material, with error bands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from analysis.soft_potential.ensemble import EnsembleParameters
from analysis.thermal import specific_heat
from analysis.thermal.closed_forms import KarpovParshinGlass, joined_inverse_path
from analysis.thermal.later_form import (
    LaterFormGlass,
    conductivity_closed,
    conductivity_tanh_law,
    ioffe_regel_frequency,
)
from analysis.thermal.phonons import Medium, phonon_conductivity, taken_out_above
from atomsim.errors import InputError
from atomsim.results import Array, Estimate, quantity
from atomsim.units import BOLTZMANN, HBAR, Material

NEEDED_CONDUCTIVITY = ("W", "C_l", "C_t")
NEEDED_SPECIFIC_HEAT = ("W", "P_s", "Lambda_l", "Lambda_t")
NEEDED_KARPOV_PARSHIN = ("W", "eta_L", "G", "d_l2", "d_t2", "mass")
BAND = (16.0, 84.0)  # per cent: one standard deviation to both sides
FEWEST_DRAWS = 20
DOMINANT_X = 3.83  # hbar omega/k_B T of the phonons that hold most of the heat at low temperature
TYPICAL_W_OVER_MINIMUM = 1.7  # W over k_B times the temperature of the minimum, for the slowly varying bracket


@dataclass(frozen=True)
class ThermalPrediction:
    """Conductivity and specific heat of a material, in SI; what cannot be predicted is NaN, and ``limits`` says why.

    Bands hold 68 % of the draws of glasses; they contain the scatter between samples, not the errors of the theory,
    of the material's scales or of its velocities. ``conductivity_T`` is the closed sum of the later form;
    ``karpov_parshin_T`` the join of tunnelling systems and vibrations at hbar omega = W without the logarithmic
    term (b = 0).
    """

    material: str = quantity("text", "material whose scales were used")
    temperature_T: Array = quantity("K", "temperatures")
    conductivity_T: Array = quantity("W/(m K)", "conductivity, later form, closed sum of absorptions")
    conductivity_low_T: Array = quantity("W/(m K)", "lower end of its band")
    conductivity_high_T: Array = quantity("W/(m K)", "upper end of its band")
    tanh_law_T: Array = quantity("W/(m K)", "conductivity limited by tunnelling systems alone, the limit T -> 0")
    karpov_parshin_T: Array = quantity("W/(m K)", "conductivity of Karpov and Parshin, joined at W, b = 0")
    karpov_parshin_low_T: Array = quantity("W/(m K)", "lower end of its band")
    karpov_parshin_high_T: Array = quantity("W/(m K)", "upper end of its band")
    debye_T: Array = quantity("J/(m^3 K)", "specific heat of phonons")
    harmonic_T: Array = quantity("J/(m^3 K)", "specific heat of all computed modes, exact harmonic sum")
    tunnelling_T: Array = quantity("J/(m^3 K)", "specific heat of tunnelling systems, for k_B T < W")
    vibrations_T: Array = quantity("J/(m^3 K)", "specific heat of quasilocal vibrations, density E^4")
    W_kelvin: Estimate = quantity("K", "energy scale over k_B")
    minimum_temperature: float = quantity("K", "where the excess C/T^3 is smallest")
    debye_temperature: float = quantity("K", "from the velocities")
    ioffe_regel_temperature: float = quantity("K", "hbar omega/k_B at the lower Ioffe-Regel limit of the branches")
    highest_temperature: float = quantity("K", "above, most heat is held by what the model does not contain")
    experiment_time: float = quantity("s", "time the tunnelling systems are given to relax")
    xi2: float = quantity("1", "assumed mean square coupling to the displacement (Karpov and Parshin)")
    limits: tuple[str, ...] = quantity("text", "what is missing, assumed or out of range")

    @property
    def specific_heat_T(self) -> Array:
        """Return phonons, tunnelling systems and vibrations together, for k_B T < W, NaN elsewhere [J/(m^3 K)]."""
        return self.debye_T + self.tunnelling_T + self.vibrations_T


def predict_thermal(
    parameters: EnsembleParameters,
    material: Material,
    *,
    mass_density: float,
    number_density: float,
    longitudinal_velocity: float,
    transverse_velocity: float,
    omega_samples: Sequence[Array],
    volume_samples: Sequence[float] | Array,
    temperature_T: Array,
    experiment_time: float,
    xi2: float = 1.0,
    band_draws: int = 100,
) -> ThermalPrediction:
    """Return what the fitted soft potentials say of conductivity and specific heat.

    Source: soft-potential-notes (prediction); test: test_prediction_agrees_with_the_closed_laws

    Args:
        parameters: the soft-potential model of the glass, in reduced units.
        material: the scales that turn reduced units into SI.
        mass_density: mass density [m/sigma^3].
        number_density: atoms per volume [1/sigma^3].
        longitudinal_velocity: velocity of longitudinal sound [sqrt(epsilon/m)].
        transverse_velocity: velocity of transverse sound [sqrt(epsilon/m)].
        omega_samples: for each glass, all angular frequencies without the zero modes [sqrt(epsilon/m)/sigma].
        volume_samples: volume of each of these glasses [sigma^3].
        temperature_T: temperatures [K].
        experiment_time: time of the measurement of the specific heat [s].
        xi2: mean square coupling to the displacement; of order one, not known from the soft modes [-].
        band_draws: how many draws of glasses go into the bands.

    Raises:
        InputError: temperatures or the time of the experiment are not positive, or hbar is that of another material.
    """
    temperature_T = np.atleast_1d(np.asarray(temperature_T, dtype=float))
    _check(parameters, material, temperature_T, experiment_time)
    medium = Medium(
        density=float(material.to_si(mass_density, "density")),
        longitudinal_velocity=float(material.to_si(longitudinal_velocity, "velocity")),
        transverse_velocity=float(material.to_si(transverse_velocity, "velocity")),
    )
    atoms = float(material.to_si(number_density, "number_density"))
    debye = specific_heat.debye_frequency(number_density=atoms, medium=medium)
    case = _Case(parameters, material, medium, temperature_T, debye, experiment_time, xi2, band_draws)
    later, tanh_law, old = _later_form(case), _tanh_law(case), _karpov_parshin(case)
    heat, end = _soft_specific_heat(case), _range_of_the_model(case)
    harmonic, harmonic_limits = _harmonic(omega_samples, volume_samples, number_density, case)
    W, scale = parameters.W, material.temperature_unit
    return ThermalPrediction(
        material=material.name,
        temperature_T=temperature_T,
        conductivity_T=later.value_T,
        conductivity_low_T=later.low_T,
        conductivity_high_T=later.high_T,
        tanh_law_T=tanh_law,
        karpov_parshin_T=old.value_T,
        karpov_parshin_low_T=old.low_T,
        karpov_parshin_high_T=old.high_T,
        debye_T=specific_heat.debye_specific_heat(temperature_T, number_density=atoms, medium=medium),
        harmonic_T=harmonic,
        tunnelling_T=heat.tunnelling_T,
        vibrations_T=heat.vibrations_T,
        W_kelvin=Estimate(W.value * scale, W.error * scale, "K", W.note),
        minimum_temperature=heat.minimum_temperature,
        debye_temperature=HBAR * debye / BOLTZMANN,
        ioffe_regel_temperature=end.ioffe_regel_temperature,
        highest_temperature=end.highest_temperature,
        experiment_time=float(experiment_time),
        xi2=float(xi2),
        limits=(*later.limits, *end.limits, *old.limits, *heat.limits, *harmonic_limits),
    )


@dataclass(frozen=True)
class _Case:
    """What every part of the prediction needs."""

    parameters: EnsembleParameters
    material: Material
    medium: Medium
    temperature_T: Array
    debye: float  # angular frequency, rad/s
    experiment_time: float
    xi2: float
    band_draws: int

    @property
    def fitted(self) -> dict[str, float]:
        return {name: getattr(self.parameters, name).value for name in self.parameters.replicates}

    def draws(self) -> list[dict[str, float]]:
        """The numbers in each draw of glasses; none for one glass, which has no scatter between glasses."""
        replicates = self.parameters.replicates
        available = min((len(v) for v in replicates.values()), default=0) if self.parameters.n_glasses > 1 else 0
        return [{k: float(v[i]) for k, v in replicates.items()} for i in range(min(available, self.band_draws))]

    def missing(self, names: Sequence[str]) -> str:
        """Why some of the numbers cannot be used; empty if all can."""
        reasons: dict[str, list[str]] = {}
        for name in names:
            estimate: Estimate = getattr(self.parameters, name)
            if not (np.isfinite(estimate.value) and estimate.value > 0):
                reasons.setdefault(estimate.note or f"value {estimate.value!r}", []).append(name)
        return "; ".join(f"{', '.join(which)}: {why}" for why, which in reasons.items())

    def nothing(self) -> Array:
        return np.full_like(self.temperature_T, np.nan)

    def later_form(self, values: Mapping[str, float]) -> LaterFormGlass:
        return LaterFormGlass(self.medium, W=values["W"] * self.material.epsilon, C_l=values["C_l"], C_t=values["C_t"])

    def karpov_parshin(self, values: Mapping[str, float]) -> KarpovParshinGlass:
        density = float(self.material.to_si(values["G"], "number_density"))
        return KarpovParshinGlass(
            self.medium,
            W=values["W"] * self.material.epsilon,
            eta_L=values["eta_L"],
            density_I=density,
            density_II=density,
            d_l2=values["d_l2"],
            d_t2=values["d_t2"],
            mass=values["mass"] * self.material.mass,
            xi2=self.xi2,
        )


@dataclass(frozen=True)
class _Curve:
    """A curve with its band, and what has to be said of it."""

    value_T: Array
    low_T: Array
    high_T: Array
    limits: tuple[str, ...]


def _check(parameters: EnsembleParameters, material: Material, temperature_T: Array, experiment_time: float) -> None:
    if not (np.all(temperature_T > 0) and experiment_time > 0):
        raise InputError(f"temperatures and the time of the experiment ({experiment_time!r} s) must be positive")
    if not np.isclose(parameters.hbar, material.hbar, rtol=1e-6):
        raise InputError(
            f"the ensemble was fitted with hbar = {parameters.hbar!r}, {material.name} has {material.hbar!r}"
        )


def _curve(
    case: _Case, function: Callable[[Mapping[str, float]], Array], needed: Sequence[str], what: str, *remarks: str
) -> _Curve:
    """A curve from the fitted numbers, its band from the draws; NaN, with the reason, where numbers are missing."""
    if reason := case.missing(needed):
        return _Curve(case.nothing(), case.nothing(), case.nothing(), (f"no {what}: {reason}",))
    usable = [draw for draw in case.draws() if all(np.isfinite(draw[n]) and draw[n] > 0 for n in needed)]
    if len(usable) < FEWEST_DRAWS:
        remark = f"{what}: no band, only {len(usable)} draws of glasses can be used, {FEWEST_DRAWS} needed"
        return _Curve(function(case.fitted), case.nothing(), case.nothing(), (remark, *remarks))
    low, high = np.percentile([function(draw) for draw in usable], BAND, axis=0)
    return _Curve(function(case.fitted), low, high, remarks)


def _later_form(case: _Case) -> _Curve:
    def conductivity(values: Mapping[str, float]) -> Array:
        return conductivity_closed(case.temperature_T, case.later_form(values), highest_omega=case.debye)

    remark = (
        "conductivity: at phonon energies near W the closed absorptions add up to too little, by up to about a third "
        "and more where k_B T exceeds W; the conductivity is that much too high there"
    )
    return _curve(case, conductivity, NEEDED_CONDUCTIVITY, "conductivity of the later form", remark)


def _tanh_law(case: _Case) -> Array:
    if case.missing(NEEDED_CONDUCTIVITY):
        return case.nothing()
    return conductivity_tanh_law(case.temperature_T, case.later_form(case.fitted))


def _karpov_parshin(case: _Case) -> _Curve:
    def conductivity(values: Mapping[str, float]) -> Array:
        glass = case.karpov_parshin(values)
        paths = [taken_out_above(partial(joined_inverse_path, glass=glass, branch=s), case.debye) for s in "lt"]
        return phonon_conductivity(
            case.temperature_T,
            longitudinal=paths[0],
            transverse=paths[1],
            medium=case.medium,
            breaks=(glass.W / HBAR, case.debye),
        )

    remark = (
        f"Karpov and Parshin: the logarithmic term is left out (b = 0), <xi^2> = {case.xi2:g} is assumed, the join at "
        "W is arbitrary, and G is the mean over the window of the soft modes: good to a factor of several"
    )
    return _curve(case, conductivity, NEEDED_KARPOV_PARSHIN, "conductivity of Karpov and Parshin", remark)


@dataclass(frozen=True)
class _Range:
    """Up to where phonons are all there is."""

    ioffe_regel_temperature: float
    highest_temperature: float
    limits: tuple[str, ...]


def _range_of_the_model(case: _Case) -> _Range:
    if case.missing(NEEDED_CONDUCTIVITY):
        return _Range(float("nan"), float("nan"), ())
    glass = case.later_form(case.fitted)
    end = min(ioffe_regel_frequency(C, W=glass.W) for C in (glass.C_l, glass.C_t))
    highest = HBAR * min(end, case.debye) / (DOMINANT_X * BOLTZMANN)
    first = "the Ioffe-Regel limit" if end < case.debye else "the Debye frequency"
    remark = (
        f"conductivity: phonons above {first} are left out and nothing replaces them; above {highest:.3g} K most heat "
        "is held by what the model does not contain"
    )
    return _Range(HBAR * end / BOLTZMANN, highest, (remark,))


@dataclass(frozen=True)
class _SoftHeat:
    """Specific heat of tunnelling systems and vibrations."""

    tunnelling_T: Array
    vibrations_T: Array
    minimum_temperature: float
    limits: tuple[str, ...]


def _soft_specific_heat(case: _Case) -> _SoftHeat:
    if reason := case.missing(NEEDED_SPECIFIC_HEAT):
        remark = f"no specific heat of soft potentials: {reason}"
        return _SoftHeat(case.nothing(), case.nothing(), float("nan"), (remark,))
    fitted, material = case.fitted, case.material
    W = fitted["W"] * material.epsilon
    P_s = float(material.to_si(fitted["P_s"], "number_density"))
    smallest = partial(
        specific_heat.lowest_splitting,
        W=W,
        lambda_l2=(fitted["Lambda_l"] * material.epsilon) ** 2,
        lambda_t2=(fitted["Lambda_t"] * material.epsilon) ** 2,
        medium=case.medium,
        experiment_time=case.experiment_time,
    )
    remark = (
        f"specific heat: the tunnelling part holds well below W = {W / BOLTZMANN:.3g} K and is not given above; the "
        "vibrational part holds from about there on, while the density of states follows E^4"
    )
    near_minimum = float(smallest(W / (TYPICAL_W_OVER_MINIMUM * BOLTZMANN)))
    return _SoftHeat(
        tunnelling_T=specific_heat.tunnelling_specific_heat(
            case.temperature_T, potential_density=P_s, W=W, lowest_splitting=smallest(case.temperature_T)
        ),
        vibrations_T=specific_heat.vibrational_specific_heat(case.temperature_T, potential_density=P_s, W=W),
        minimum_temperature=specific_heat.reduced_minimum_temperature(W=W, lowest_splitting=near_minimum),
        limits=(remark,),
    )


def _harmonic(
    omega_samples: Sequence[Array], volume_samples: Sequence[float] | Array, number_density: float, case: _Case
) -> tuple[Array, tuple[str, ...]]:
    """The exact harmonic sum, if the spectra are complete."""
    if len(omega_samples) != len(volume_samples):
        raise InputError(f"{len(omega_samples)} spectra and {len(volume_samples)} volumes do not match")
    expected = [3 * (round(number_density * volume) - 1) for volume in volume_samples]
    pairs = enumerate(zip(omega_samples, expected, strict=True))
    short = [f"glass {i}: {len(omega)} of {n} modes" for i, (omega, n) in pairs if len(omega) < n]
    if short or not omega_samples:
        return case.nothing(), (f"no harmonic specific heat: {'; '.join(short) or 'no spectra'}",)
    omega = case.material.to_si(np.concatenate(list(omega_samples)), "frequency")
    volume = float(np.sum(volume_samples)) * case.material.sigma**3
    lowest = HBAR * float(np.min(omega)) / (DOMINANT_X * BOLTZMANN)
    remark = f"harmonic specific heat: below {lowest:.3g} K the box is too small to hold the waves that count"
    return specific_heat.harmonic_specific_heat(case.temperature_T, omega, volume=volume), (remark,)

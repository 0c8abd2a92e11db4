"""Comparisons that a finished study allows: laws and derived numbers against what was computed without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from analysis.scanned import ScannedMode
from analysis.soft_potential import Counting, soft_potentials
from analysis.soft_potential.tail import counting_coefficient
from analysis.structure import mean_over_glasses
from analysis.study.results import EnsembleResults, WholeStudy
from analysis.validation.alloy_study import alloy_comparisons
from analysis.validation.comparison import Comparison, Kind, compare, compare_bound
from analysis.validation.nonlinear_study import nonlinear_comparisons
from analysis.validation.tail_study import tail_comparisons
from analysis.validation.wind_study import wind_comparisons
from atomsim.quench import Glass
from atomsim.results import Array, Estimate

ROUND_OFF = 1e-9  # relative; sums over thousands of modes
STEP = 1e-4  # relative change of all lengths in differences of the energy
DIFFERENCE = 1e-6  # relative; error of these differences
UNRESOLVED = 0.02  # share of the bare quartic energy that kinks at the cut-off hide from a fit to energies [-]
LOW_SHARE = 0.25  # modes below this share of the Debye frequency are counted against Debye's law [-]


def study_comparisons(study: WholeStudy) -> tuple[Comparison, ...]:
    """Return what a finished study says of the laws that it was not made from.

    Args:
        study: the study.
    """
    found: list[Comparison] = []
    for ensemble in study.ensembles:
        found += _mechanics(ensemble)
        if ensemble.vibrations.complete:
            found += [*_sum_rule(ensemble), *_low_frequencies(ensemble)]
    if study.scanned is not None:
        found += _expansion(study.scanned)
    optional = (alloy_comparisons, wind_comparisons, tail_comparisons, nonlinear_comparisons)
    rows = (row for comparisons in optional for row in comparisons(study))
    return (*found, *_soft_potentials(study), *_heat(study), *rows)


def _per_glass(values: Sequence[float], unit: str) -> Estimate:
    return mean_over_glasses(np.array(values), unit)


def _sum_rule(ensemble: EnsembleResults) -> list[Comparison]:
    """The eigenvalues against the trace, which needs no diagonalisation."""
    vibrations = ensemble.vibrations
    degrees = ensemble.glasses[0].dimension * ensemble.n_atoms
    unit = vibrations.rms_frequency.unit
    rows = [vibrations.omega_m[vibrations.glass_m == g] for g in range(len(ensemble.glasses))]
    found = _per_glass([float(np.sqrt(np.sum(row**2) / degrees)) for row in rows], unit)
    return [
        compare(f"root mean square frequency, {ensemble.name}: trace against all eigenvalues",
                "born-huang-1954 (trace)", predicted=vibrations.rms_frequency.value, measured=found.value, unit=unit,
                tolerance=ROUND_OFF),
    ]  # fmt: skip


def _energy(glass: Glass, scale: float) -> float:
    """Energy of the glass with all lengths scaled, atoms not relaxed."""
    d = glass.dimension
    matrix = np.diag([scale] * d + [1.0] * (3 - d))
    return replace(glass, cell_cc=glass.cell_cc @ matrix).interaction().terms(glass.positions_nc @ matrix).energy()


def five_point_derivatives(values: Sequence[float], step: float) -> tuple[float, float]:
    """Return first and second derivative in the middle of five equal steps, exact for quartics [values per step unit].

    Where the pressure is a small difference of attraction and repulsion, three points are not enough.

    Args:
        values: the function at -2, -1, 0, 1 and 2 steps [any unit].
        step: the step [any unit].
    """
    a, b, c, d, e = values
    return (a - 8 * b + 8 * d - e) / (12 * step), (-a + 16 * b - 30 * c + 16 * d - e) / (12 * step**2)


def _mechanics(ensemble: EnsembleResults) -> list[Comparison]:
    """Pressure and affine bulk modulus by the virial and the Born term, against the energy of the scaled glass."""
    pressures, moduli, measured = [], [], []
    for glass, elastic in zip(ensemble.glasses, ensemble.elasticities, strict=True):
        d, volume = glass.dimension, glass.volume
        slope, bend = five_point_derivatives([_energy(glass, 1 + k * STEP) for k in (-2, -1, 0, 1, 2)], STEP)
        pressures.append(-slope / (d * volume))
        moduli.append((bend - (d - 1) * slope) / (d * d * volume))
        affine = np.einsum("iijj", elastic.born_cccc[:d, :d, :d, :d]) / d**2
        measured.append(float(affine) + glass.pressure * (d - 2) / d)
    unit = ensemble.structure.pressure.unit
    name, born = ensemble.name, "lutsko-1989 (Born term)"
    return [
        compare(f"pressure, {name}: virial against the energy of the scaled glass", "born-huang-1954 (virial)",
                predicted=ensemble.structure.pressure.value, measured=_per_glass(pressures, unit).value, unit=unit,
                tolerance=DIFFERENCE),
        compare(f"affine bulk modulus, {name}: Born term against the energy of the scaled glass", born, unit=unit,
                predicted=_per_glass(measured, unit).value, measured=_per_glass(moduli, unit).value,
                tolerance=10 * DIFFERENCE, remark="atoms not relaxed; second differences of the energy"),
    ]  # fmt: skip


def _low_frequencies(ensemble: EnsembleResults) -> list[Comparison]:
    """Number of modes at low frequency against the sound waves that the moduli predict."""
    vibrations, elasticities = ensemble.vibrations, ensemble.elasticities
    end = LOW_SHARE * ensemble.sound.debye_frequency.value
    d = ensemble.glasses[0].dimension
    rows = [vibrations.omega_m[vibrations.glass_m == g] for g in range(len(elasticities))]
    share = _per_glass([float(np.mean(row < end)) for row in rows], "1")
    debye = _per_glass([float((end / e.debye_frequency) ** d) for e in elasticities], "1")
    return [
        compare(f"share of the modes below a quarter of the Debye frequency, {ensemble.name}",
                "debye-1912 (density of states)", predicted=debye.value, predicted_error=debye.error,
                measured=share.value, measured_error=share.error, unit="1", tolerance=0.05,
                kind=Kind.MODEL, remark="sound waves of an elastic continuum; an excess is the soft modes and the "
                                        "bending of the dispersion, and a difference is expected of a glass"),
    ]  # fmt: skip


def _fit(amplitude_s: Array, energy_s: Array, order: int) -> Array:
    """Second, third and fourth derivative at the minimum, by a polynomial from the square on; NaN for a gap."""
    if not np.all(np.isfinite(energy_s)):
        return np.full(3, np.nan)
    scale = float(np.abs(amplitude_s).max())
    orders = np.arange(2, order + 1)
    solution, *_ = np.linalg.lstsq((amplitude_s[:, None] / scale) ** orders, energy_s, rcond=None)
    return np.array([2.0, 6.0, 24.0]) / scale ** orders[:3] * solution[:3]


def _expansion(scanned: ScannedMode) -> list[Comparison]:
    """Contracted derivatives against fits to energies along the mode, which use none."""
    near, end = scanned.near, float(np.abs(scanned.near.amplitude_s).max())
    held, held_lower = (_fit(near.amplitude_s, near.held_s, order) for order in (8, 6))
    relaxed, relaxed_lower = (_fit(near.amplitude_s, near.relaxed_s, order) for order in (8, 6))
    unresolved = UNRESOLVED * abs(scanned.chi_bare) * np.array([end**2 / 12, end / 4, 1.0])
    remark = (
        "contraction at the minimum against a polynomial through energies; error: eighth against sixth order, and "
        f"{100 * UNRESOLVED:.2g} % of the bare quartic energy for the kinks of pairs that cross the cut-off"
    )
    rows = (
        ("squared frequency of the scanned mode", "expansion", scanned.omega**2, held, held_lower, 0),
        ("tau of the scanned mode", "expansion", scanned.tau, held, held_lower, 1),
        ("chi of the scanned mode, other modes held", "expansion", scanned.chi_bare, held, held_lower, 2),
        (
            "chi of the scanned mode, harder modes relaxed",
            "relaxed chi",
            scanned.chi_relaxed,
            relaxed,
            relaxed_lower,
            2,
        ),
    )
    units = ("epsilon/(m sigma^2)", "epsilon/(m^1.5 sigma^3)", "epsilon/(m^2 sigma^4)")
    return [
        compare(
            name,
            f"soft-modes-notes ({what})",
            predicted=predicted,
            measured=float(fit[k]),
            measured_error=float(np.hypot(fit[k] - lower[k], unresolved[k])),
            unit=units[k],
            remark=remark,
        )
        for name, what, predicted, fit, lower, k in rows
    ]


def _ratio_error(value: float, *parts: Estimate) -> float:
    """Error of a product or ratio of independent numbers."""
    return abs(value) * float(np.sqrt(sum((p.error / p.value) ** 2 for p in parts)))


def _spread(study: WholeStudy, combine: Callable[..., Array], *names: str) -> float:
    """Standard deviation of a combination of fitted numbers over the draws of glasses."""
    columns = [study.parameters.replicates.get(name, np.array([])) for name in names]
    if study.parameters.n_glasses < 2 or not all(len(column) for column in columns):
        return float("nan")
    values = combine(*columns)
    values = values[np.isfinite(values)]
    return float(np.std(values)) if len(values) > 1 else float("nan")


def _potentials_one_by_one(study: WholeStudy) -> float:
    """Soft potentials per volume and area of (D1, D2), each against the area that its own W gives the window."""
    p = study.parameters
    found = [modes for ensemble in study.ensembles for modes in ensemble.soft_modes]
    window = study.configuration.get("soft_potential", {}).get("window") or np.inf
    total = 0.0
    for modes in found:
        limit = min(modes.limit_omega, window)
        inside = (modes.chi_relaxed_m > 0) & (modes.omega_m > 0) & (modes.omega_m < limit)
        own = soft_potentials(
            *(getattr(modes, name)[inside] for name in ("omega_m", "tau_m", "chi_relaxed_m", "effective_mass_m")),
            hbar=p.hbar, length=p.length,
        )  # fmt: skip
        counted = own.lower_minimum_m if Counting(p.counting) is Counting.LOWER_MINIMA else ~own.double_well_m
        area = counting_coefficient(Counting(p.counting)) / 5 * (p.hbar * limit / own.W_m[counted]) ** 5
        total += float(np.sum(1 / area))
    return total / sum(modes.volume for modes in found)


def _soft_potentials(study: WholeStudy) -> list[Comparison]:
    """The tail, and the couplings to sound."""
    p, sound = study.parameters, study.largest.sound
    v_l, v_t = sound.longitudinal_velocity, sound.transverse_velocity
    bound = 4 / 3 * (v_t.value / v_l.value) ** 2
    return [
        compare("exponent of the low-frequency tail", "soft-potential-notes (vibrations)", predicted=4.0,
                kind=Kind.MODEL, measured=p.exponent.value, measured_error=p.exponent.error, unit="1",
                remark="; ".join(filter(None, [p.exponent.note, "soft potentials uniform in (D1, D2) give 4; phonons "
                       "in the window and instantaneous quenches from a hot liquid lower it"]))),
        compare("density of soft potentials: one W for all against each mode with its own",
                "soft-potential-notes (vibrations)", predicted=p.P_s.value, predicted_error=p.P_s.error,
                measured=_potentials_one_by_one(study), unit="1/sigma^3", kind=Kind.MODEL, remark=p.P_s.note),
        compare_bound("C_l/C_t of the tunnelling strengths", "soft-potential-notes (tunnelling strength)",
                      lower_bound=bound, bound_error=_ratio_error(2 * bound, v_l, v_t), unit="1",
                      measured=p.C_l.value / p.C_t.value, measured_error=_spread(study, np.divide, "C_l", "C_t"),
                      remark=p.C_l.note),
    ]  # fmt: skip


def _heat(study: WholeStudy) -> list[Comparison]:
    """Limits of the predicted curves."""
    thermal = study.thermal
    T, first = thermal.temperature_T, int(np.argmin(thermal.temperature_T))
    cold = bool(T[first] < 0.05 * thermal.W_kelvin.value)
    kappa, limit = thermal.conductivity_T[first], thermal.tanh_law_T[first] if cold else float("nan")
    ratio = thermal.W_kelvin.value / thermal.minimum_temperature
    last = int(np.argmax(T))
    hot = bool(T[last] > 0.5 * thermal.debye_temperature)
    remark = "" if cold else f"the lowest temperature, {T[first]:.3g} K, is not far below W"
    return [
        compare(f"conductivity at {T[first]:.3g} K: tunnelling systems alone against the whole sum",
                "soft-potential-notes (tanh law)", predicted=float(limit), measured=float(kappa), unit="W/(m K)",
                tolerance=0.25, kind=Kind.MODEL, remark=remark),
        compare("W over k_B times the temperature where the excess C/T^3 is smallest", "buchenau-1992 (8)",
                predicted=1.6, measured=float(ratio), unit="1", tolerance=0.25, kind=Kind.MODEL,
                remark="the paper's number holds for one time of the experiment; with the cut it ranges over 1.6 to "
                       "1.9"),
        compare(f"specific heat at {T[last]:.3g} K: Debye against all computed modes", "debye-1912 (specific heat)",
                predicted=float(thermal.debye_T[last]), unit="J/(m^3 K)", tolerance=0.05,
                kind=Kind.MODEL, measured=float(thermal.harmonic_T[last]) if hot else float("nan"),
                remark="" if hot else "the highest temperature is far below the Debye temperature"),
    ]  # fmt: skip

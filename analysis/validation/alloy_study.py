"""Comparisons that a study of an alloy allows: identities of its excitations, order and overlap against chance, T_0."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from analysis.excitations.alloy import Alloy, alloy_of_glass
from analysis.excitations.concentration_waves import intensity_by_pairs
from analysis.excitations.displacements import static_displacements
from analysis.excitations.order import AlloyOrder
from analysis.excitations.overlap import SoftModeOverlap
from analysis.excitations.pair_mixture import kanzaki_forces, pair_mixture
from analysis.excitations.study_transport import band_energy
from analysis.relaxation.study_relaxation import StudyRelaxation
from analysis.structure import mean_over_glasses
from analysis.study.results import EnsembleResults, WholeStudy
from analysis.validation.comparison import Comparison, Kind, compare
from atomsim.errors import UntrustedNumber
from atomsim.hessian import hessian_matrix
from atomsim.potentials import Model, get_model
from atomsim.quench import Glass
from atomsim.response import StaticResponse
from atomsim.results import Array, Estimate, IntArray
from atomsim.units import BOLTZMANN

ROUND_OFF = 1e-9  # relative; sums over hundreds of thousands of pairs
STEP = 3e-3  # change of the concentration of an ion in differences of relaxed energies [-]
DIFFERENCE = 1e-2  # relative; error of these differences
NEWTON_STEPS = 8
FORCE = 1e-10  # residual force at which a relaxed mixture is taken [epsilon/sigma]
PATTERNS, GROUPS = "random concentration patterns", ("softest stable tenth", "slowest decaying tenth")
CHECKED = 16  # wave vectors whose intensity is computed again


def alloy_comparisons(study: WholeStudy) -> list[Comparison]:
    """Return what the stages of an alloy say of the laws that they were not made from; nothing without these stages.

    Args:
        study: the study.
    """
    found: list[Comparison] = []
    glasses = [glass for ensemble in study.ensembles for glass in ensemble.glasses]
    if study.order is not None:
        found += [*_order_laws(study.order, glasses), *_against_random(study.order)]
    for ensemble in study.ensembles:
        if ensemble.excitations:
            found += [*_excitation_laws(ensemble), *_overlap(ensemble)]
    if study.excitations:
        found.append(_relaxed_constant(min(glasses, key=lambda glass: glass.n_atoms)))
    found += _transport_temperature(study)
    return [*found, *(_half_times(study.relaxation) if study.relaxation is not None else ())]


# --- order --------------------------------------------------------------------------------------------------


def _order_laws(order: AlloyOrder, glasses: Sequence[Glass]) -> list[Comparison]:
    """The sum rule of the correlations, and the intensity of waves from pairs instead of amplitudes."""
    sums = [float(np.sum(one.coordination_e * one.correlation_e)) for one in order.complete]
    waves = order.waves
    own = np.flatnonzero(waves.glass_q == 0)
    some = own[np.unique(np.linspace(0, len(own) - 1, CHECKED).astype(int))]
    by_pairs = intensity_by_pairs(alloy_of_glass(glasses[0]), waves.wave_vector_qc[some])
    return [
        compare("sum of the correlation parameters over all pairs of sites: its exact value against the shells",
                "concentration-notes (sum rule)", predicted=-1.0, measured=_furthest(sums, -1.0), unit="1",
                tolerance=ROUND_OFF, remark="the value furthest from it of all glasses"),
        compare(f"root mean square intensity of {len(some)} concentration waves: amplitudes against all pairs",
                "egorushkin-melnikova-1993a (alpha_l)", predicted=_root_mean_square(waves.intensity_q[some]),
                measured=_root_mean_square(by_pairs), unit="1", tolerance=ROUND_OFF),
    ]  # fmt: skip


def _against_random(order: AlloyOrder) -> list[Comparison]:
    """Correlation of each shell, and intensity at the superstructure vector, against the alloy without order."""
    random, waves = order.random, order.waves
    mean_s, error_s = order.mean_s("correlation_s"), order.error_s("correlation_s")
    place = int(np.argmin(np.abs(waves.k_b - waves.k_s)))
    shells = [
        compare(f"correlation parameter of shell {s + 1}: random alloy on the same sites against the glasses",
                "concentration-notes (random alloy)", kind=Kind.MODEL, unit="1",
                predicted=float(random.mean_s[s]), predicted_error=float(random.deviation_s[s]),
                measured=float(mean_s[s]), measured_error=float(error_s[s]),
                remark=f"p = {random.p_value_s[s]:.2g} of {random.draws} permutations; a difference is order")
        for s in range(order.shells.n_shells)
    ]  # fmt: skip
    return [
        *shells,
        compare(f"intensity of the concentration waves of k_s = {waves.k_s:.3g}: random alloy against the glasses",
                "concentration-notes (random alloy)", kind=Kind.MODEL, unit="1",
                predicted=float(waves.random_b[place]), measured=float(waves.intensity_b[place]),
                measured_error=float(waves.error_b[place]),
                remark="k_s was chosen for its intensity; a difference is order"),
    ]  # fmt: skip


def _furthest(values: Sequence[float], exact: float) -> float:
    return max(values, key=lambda value: abs(value - exact))


def _root_mean_square(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


# --- excitations --------------------------------------------------------------------------------------------


def _excitation_laws(ensemble: EnsembleResults) -> list[Comparison]:
    """The projected frequency against the energy of the whole Hamiltonian, and the energy split by concentration."""
    name, waves = ensemble.name, [(one.hbar, wave) for one in ensemble.excitations for wave in one.dispersions]
    frequency = np.concatenate([hbar**2 * wave.omega2_q for hbar, wave in waves])
    energy = np.concatenate([wave.energies_q.derived for _, wave in waves])
    found = [
        compare(f"root mean square (hbar omega)^2 of the waves, {name}: equation of motion against the Hamiltonian",
                "egorushkin-melnikova-1993a (1.5)", predicted=_root_mean_square(frequency),
                measured=_root_mean_square(energy), unit="epsilon^2", tolerance=ROUND_OFF,
                remark="derived form; the printed one differs, see the formulas of the paper"),
    ]  # fmt: skip
    pairs = [one.pairs for one in ensemble.excitations if one.pairs is not None]
    if pairs:
        residual = _furthest([one.energy_residual for one in pairs], 0.0)
        energy_per_atom = ensemble.structure.energy.value
        found.append(
            compare(f"energy per atom, {name}: by V, J and W of all pairs against the minimiser",
                    "concentration-notes (V, J, W)", predicted=energy_per_atom + residual, measured=energy_per_atom,
                    unit="epsilon", tolerance=ROUND_OFF, remark="the glass with the largest difference")
        )  # fmt: skip
    return found


def _overlap(ensemble: EnsembleResults) -> list[Comparison]:
    """Excitations closest to zero frequency in the space of the soft modes, against random concentration patterns."""
    overlaps = [one.overlap for one in ensemble.excitations if one.overlap is not None]
    if not overlaps:
        return []
    shares = [overlap.shares_of_excitations() for overlap in overlaps]
    groups = {f"share of the {name} of the excitations": [row[name] for row in shares] for name in GROUPS}
    groups["share of the excitation closest to zero frequency"] = [_softest(overlap) for overlap in overlaps]
    chance = [row[PATTERNS] for row in shares]
    found = []
    for name, own in groups.items():
        excess = _excess(list(zip(own, chance, strict=True)))
        means = [float(np.mean([share.value for share in rows])) for rows in (own, chance)]
        found.append(
            compare(f"{name} in the soft modes beyond chance, {ensemble.name}",
                    "concentration-notes (overlap)", kind=Kind.MODEL, unit="1", predicted=0.0, measured=excess.value,
                    measured_error=excess.error,
                    remark=f"mean shares {means[0]:.3g} and by chance {means[1]:.3g}, glass by glass; chance: fields "
                           "of random concentration patterns. Excitations that were the soft modes would have more")
        )  # fmt: skip
    return found


def _softest(overlap: SoftModeOverlap) -> Estimate:
    """Share of the excitation closest to zero frequency in the soft modes; one number, no error."""
    return Estimate(float(overlap.total_m[np.argmin(np.abs(overlap.omega2_m))]), float("nan"), "1")


def _excess(pairs: Sequence[tuple[Estimate, Estimate]]) -> Estimate:
    """Mean difference of two shares of the same glass; of a single glass the error is that over fields."""
    if len(pairs) == 1:
        ((share, chance),) = pairs
        return Estimate(share.value - chance.value, float(np.hypot(share.error, chance.error)), "1")
    return mean_over_glasses([share.value - chance.value for share, chance in pairs], "1")


def relaxed_mixture(alloy: Alloy, model: Model, deviation_n: Array, mass_n: Array) -> float:
    """Return the energy of a configuration with given deviations of the concentration, its positions relaxed [epsilon].

    Args:
        alloy: a minimum.
        model: its interaction.
        deviation_n: deviation of the concentration of each ion, close to that of the alloy [-].
        mass_n: masses; they fix the translation only [m].

    Raises:
        UntrustedNumber: Newton's steps do not end; ``estimate`` holds the residual force.
    """
    places_nc = alloy.positions_nc.copy()
    residual = np.inf
    for _ in range(NEWTON_STEPS):
        terms = pair_mixture(alloy, model, positions_nc=places_nc).terms(deviation_n)
        forces_nc = terms.forces()
        residual = float(np.abs(forces_nc).max())
        if residual < FORCE:
            return terms.energy()
        response = StaticResponse(hessian_matrix(terms), mass_n, 3)
        places_nc = places_nc + response.displacements(forces_nc)
        response.release()
    raise UntrustedNumber(f"relaxation of a changed alloy: a force of {residual:.2g} is left", residual)


def _relaxed_constant(glass: Glass) -> Comparison:
    """One relaxed force constant against energies of glasses relaxed after small changes of two neighbours."""
    alloy, model = alloy_of_glass(glass), get_model(glass.model)
    mixture, delta = pair_mixture(alloy, model), alloy.deviation_n
    strongest = int(np.argmax(np.abs(mixture.ordering_kp[0])))
    ions = np.array([mixture.first_p[strongest], mixture.second_p[strongest]])
    forces_ncl = kanzaki_forces(mixture, delta, ions)
    fields_ncl = static_displacements(hessian_matrix(mixture.terms(delta)), forces_ncl, glass.mass_n)
    strain = float(np.sum(forces_ncl[:, :, 0] * fields_ncl[:, :, 1]))
    remark = "mixed differences of the energies of four glasses, each relaxed anew; error: the step against its half"
    try:
        whole, half = (_mixed_difference(alloy, model, ions, step, glass.mass_n) for step in (STEP, STEP / 2))
    except UntrustedNumber as error:
        whole, half, remark = np.nan, np.nan, str(error)
    return compare(f"relaxed force constant of two neighbours, N = {glass.n_atoms}: response against relaxed energies",
                   "khachaturyan-1983 (strain-induced interaction)", unit="epsilon", tolerance=DIFFERENCE,
                   predicted=float(mixture.ordering_kp[0, strongest]) - strain,
                   measured=(4 * half - whole) / 3, measured_error=abs(half - whole) / 3, remark=remark)  # fmt: skip


def _mixed_difference(alloy: Alloy, model: Model, ions: IntArray, step: float, mass_n: Array) -> float:
    """Second derivative of the relaxed energy by the concentration of two ions [epsilon]."""
    total = 0.0
    for a, b in product((1, -1), repeat=2):
        changed = alloy.deviation_n
        changed[ions] += np.array([a, b]) * step
        total += a * b * relaxed_mixture(alloy, model, changed, mass_n)
    return total / (4 * step**2)


# --- transport and relaxation -------------------------------------------------------------------------------


def _transport_temperature(study: WholeStudy) -> list[Comparison]:
    """T_0 as chosen beside the other energies that could stand for it."""
    if study.transport is None or study.transport.consistent is None:
        return []
    t0, unit = study.transport.consistent.metal.t0, study.material.epsilon / BOLTZMANN
    others: list[tuple[str, str, Estimate]] = [
        ("median energy scale of the soft potentials over k_B", "W is weighted for tunnelling where T_0 comes from it",
         study.parameters.W_median),
    ]  # fmt: skip
    if study.excitations:
        try:
            top = band_energy(study.excitations)
        except UntrustedNumber as error:
            top = Estimate(float("nan"), float("nan"), "epsilon", str(error))
        remark = "the limiting energy of the excitations enters T_0 by its square only and is not T_0"
        others.append(("top of the stable band of concentration excitations over k_B", remark, top))
    return [
        compare(f"T_0 of the transport against the {name}", "egorushkin-melnikova-1993a (T_0)", kind=Kind.MODEL,
                predicted=t0.value, predicted_error=t0.error, measured=energy.value * unit,
                measured_error=energy.error * unit, unit="K",
                remark="; ".join(filter(None, [t0.source, remark, energy.note])))
        for name, remark, energy in others
    ]  # fmt: skip


def _half_times(relaxation: StudyRelaxation) -> list[Comparison]:
    """Half times by the exponential approximation against the system that it stands for."""
    found = []
    for number, (curve, full) in enumerate(zip(relaxation.curves, relaxation.full, strict=True), start=1):
        rates = curve.rates
        found.append(
            compare(f"half time of relaxation curve {number}: exponential approximation against the full system",
                    "egorushkin-melnikova-1993b (10)", kind=Kind.MODEL, predicted=curve.t50, measured=full.t50,
                    unit="time", tolerance=DIFFERENCE,
                    remark=f"coupling {rates.coupling:g}, polarisation rate {rates.polarisation_rate:g}, inversion "
                           f"rate {rates.inversion_rate:g}; {'; '.join(curve.remarks)}")
        )  # fmt: skip
    return found

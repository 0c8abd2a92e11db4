"""From the frames of all anneals to order parameters, relaxation parameters, fits and barriers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.annealing.fits import Barrier, TheoryFit, barrier_of_rates, fit_theory, rate_of
from analysis.annealing.results import AnnealedEnsemble, AnnealSummary, FrameStructures, QuantityFit, Series
from analysis.annealing.shapes import STRETCHED, THEORY
from analysis.excitations.concentration_waves import concentration_waves
from analysis.excitations.shells import Shells, first_shells
from analysis.trajectories import displacement
from analysis.trajectories.order_parameters import alloy_of_frame, concentration_wave_intensity, shell_correlations
from analysis.trajectories.relaxation_parameter import Window, relaxation_of_replicas, second_maximum_window
from atomsim.annealing import Annealed
from atomsim.errors import IllPosedFit, InputError
from atomsim.quench import Glass
from atomsim.results import Array

LAWS_OF_RATES = (THEORY.name, STRETCHED.name)
OVERLAP = 0.3  # of the mean distance of the atoms: an atom that moved less still overlaps with its place [-]


def summarise(
    glasses: Sequence[Glass],
    annealed: Sequence[Sequence[Annealed]],
    structures: Sequence[Sequence[FrameStructures]],
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> AnnealSummary:
    """Return everything an annealing study finds.

    Shells, k_s and the window of the relaxation parameter are common to all frames: shells and k_s of the glasses as
    quenched and annealed together, the window from the mean i(q) of the glasses as quenched.

    Args:
        glasses: the glasses as quenched.
        annealed: for each temperature the anneal of each glass.
        structures: the structure factors of the same.
        settings: the table ``[anneal]`` of the study.
        rng: source of randomness.
    """
    ends = [alloy_of_frame(one.positions_tnc[k], one.cell_cc, one.species_n) for rows in annealed for one in rows
            for k in (0, -1)]  # fmt: skip
    edges = settings["shell_edges"]
    if edges is None:
        shells = first_shells(ends, settings["shells"])
    else:
        shells = Shells(np.array([0.0, *edges[:-1]]), np.array(edges))
    waves = concentration_waves(ends)
    window = _window(settings, structures)
    ensembles = tuple(
        _ensemble(rows, kinds, shells, (waves.k_s, 2 * waves.k_s_error), window, settings, rng)
        for rows, kinds in zip(annealed, structures, strict=True)
    )
    return AnnealSummary(
        potential=glasses[0].model,
        n_atoms=glasses[0].n_atoms,
        glasses=len(glasses),
        shells=np.column_stack([shells.r_min_s, shells.r_max_s]),
        k_s=waves.k_s,
        k_s_width=2 * waves.k_s_error,
        window=window,
        ensembles=ensembles,
        barriers=_barriers(ensembles),
    )


def _window(settings: Mapping[str, Any], structures: Sequence[Sequence[FrameStructures]]) -> Window:
    if settings["window"] is not None:
        low, high = settings["window"]
        return Window(low, high, float("nan"))
    first = structures[0][0]
    quenched = np.mean([one.interference_tb[0] for rows in structures for one in rows], axis=0)
    return second_maximum_window(first.q_b, quenched)


def _ensemble(
    annealed: Sequence[Annealed],
    structures: Sequence[FrameStructures],
    shells: Shells,
    wave: tuple[float, float],
    window: Window,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> AnnealedEnsemble:
    i_gtb = np.array([one.interference_tb for one in structures])
    q_b, time_t = structures[0].q_b, annealed[0].time_t
    series = _series(annealed, structures, shells, wave, settings["moved"])
    fitted = [name for name in series if name.startswith("alpha")] + ["s_cc", "energy"]
    error = np.sqrt(len(annealed))
    return AnnealedEnsemble(
        temperature=annealed[0].temperature,
        kinetic_temperature=float(np.mean([one.kinetic_temperature for one in annealed])),
        time_t=time_t,
        relaxation=relaxation_of_replicas(q_b, i_gtb - i_gtb[:, :1], window, time_t),
        highest_bin_t=(i_gtb + 1).max(axis=2).mean(axis=0),
        q_b=q_b,
        before_b=i_gtb[:, 0].mean(axis=0) + 1,
        after_b=i_gtb[:, -1].mean(axis=0) + 1,
        before_error_b=i_gtb[:, 0].std(axis=0, ddof=1) / error,
        after_error_b=i_gtb[:, -1].std(axis=0, ddof=1) / error,
        series=series,
        fits=tuple(_fit(series[name], time_t, rng, settings["resamples"]) for name in fitted),
    )


def _series(
    annealed: Sequence[Annealed],
    structures: Sequence[FrameStructures],
    shells: Shells,
    wave: tuple[float, float],
    moved: float,
) -> dict[str, Series]:
    """All quantities of all glasses against time."""
    order = np.array([[_order(one, k, shells, wave) for k in range(len(one.time_t))] for one in annealed])
    found = {f"alpha_{s + 1}": Series(f"alpha_{s + 1}", "1", order[:, :, s].copy()) for s in range(shells.n_shells)}
    motion: dict[str, list[Array]] = {
        name: [] for name in ("mean_square_displacement", "moved_fraction", "cooperativity", "overlap")
    }
    for one in annealed:
        length = (abs(np.linalg.det(one.cell_cc)) / one.n_atoms) ** (1 / 3)
        pairs = np.column_stack([np.zeros(len(one.time_t), np.int64), np.arange(len(one.time_t))])
        shift = displacement.displacements(one.positions_tnc, pairs)
        motion["mean_square_displacement"].append(displacement.mean_square_displacement(shift))
        motion["moved_fraction"].append(displacement.moved_fraction(shift, moved * length))
        motion["cooperativity"].append(displacement.cooperativity(shift))
        motion["overlap"].append(displacement.overlap(shift, OVERLAP * length))
    columns = {
        "s_cc": ("1", order[:, :, -1].copy()),
        "energy": ("epsilon", np.array([one.energy_t for one in annealed])),
        "pressure": ("epsilon/sigma^3", np.array([one.pressure_t for one in annealed])),
        "crystalline": ("1", np.array([one.crystalline_t for one in structures])),
        "mean_square_displacement": ("sigma^2", np.array(motion["mean_square_displacement"])),
        "moved_fraction": ("1", np.array(motion["moved_fraction"])),
        "cooperativity": ("1", np.array(motion["cooperativity"])),
        "overlap": ("1", np.array(motion["overlap"])),
    }
    return found | {name: Series(name, unit, values) for name, (unit, values) in columns.items()}


def _order(one: Annealed, frame: int, shells: Shells, wave: tuple[float, float]) -> Array:
    alloy = alloy_of_frame(one.positions_tnc[frame], one.cell_cc, one.species_n)
    return np.append(shell_correlations(alloy, shells), concentration_wave_intensity(alloy, *wave))


def _fit(series: Series, time_t: Array, rng: np.random.Generator, resamples: int) -> QuantityFit:
    """The fits of one quantity; what the data do not fix is said, not hidden."""
    try:
        found = fit_theory(time_t[1:], series.change_gt, rng, resamples=resamples)
    except IllPosedFit as error:
        kept = error.estimate if isinstance(error.estimate, TheoryFit) else None
        return QuantityFit(series.name, kept, False, str(error))
    except InputError as error:
        return QuantityFit(series.name, None, False, str(error))
    return QuantityFit(series.name, found, True, "")


def _barriers(ensembles: Sequence[AnnealedEnsemble]) -> tuple[Barrier, ...]:
    """Rates against temperature for each quantity and law; a rate that the data do not fix is left out."""
    found = []
    for place, fit in enumerate(ensembles[0].fits):
        for law in LAWS_OF_RATES:
            rates, errors = [], []
            for ensemble in ensembles:
                theory = ensemble.fits[place].theory
                known = theory is not None and not theory.of(law).at_bound and not _flat_rate(theory, law)
                rates.append(rate_of(theory.of(law)) if theory is not None and known else np.nan)
                errors.append(theory.log_rate_errors[law] if theory is not None and known else np.nan)
            temperature_T = np.array([ensemble.temperature for ensemble in ensembles])
            name = f"{fit.quantity}, {law}"
            found.append(barrier_of_rates(name, temperature_T, np.array(rates), np.array(errors)))
    return tuple(found)


def _flat_rate(theory: TheoryFit, law: str) -> bool:
    return law == THEORY.name and THEORY.names[0] in theory.flat

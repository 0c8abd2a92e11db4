"""Finished studies beside the stability equation: what the verb ``stability --against DIR`` reads, prints and draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis import terminal
from analysis.crystallinity import CRYSTAL, crystalline_share
from analysis.study import open_study
from analysis.study.results import WholeStudy
from analysis.thermal.measured_stability import QuenchedModes, StabilityTest, compare_with_stability, lowest_maximum
from analysis.thermal.stability import participation_table
from atomsim.errors import InputError
from atomsim.units import ANGSTROM, BOLTZMANN, ELECTRON_VOLT


def quenched_modes(study: WholeStudy, place: str) -> QuenchedModes:
    """Return the soft modes of a study of instantaneous quenches with the temperature of its liquid.

    Samples that crystallised are left out, and it is said on standard error how many.

    Args:
        study: a finished study.
        place: what to call it in messages.

    Raises:
        InputError: its liquids were cooled on the way, so that no one temperature belongs to the modes.
    """
    glass = study.configuration["glass"]
    if glass["cooling_rate"] is not None:
        raise InputError(
            f"{place}: glass.cooling_rate = {glass['cooling_rate']:g}; expected an instantaneous quench (no "
            "cooling_rate): a glass that was cooled comes from no one temperature"
        )
    samples = [pair for e in study.ensembles for pair in zip(e.glasses, e.soft_modes, strict=True)]
    amorphous = tuple(modes for glass, modes in samples if crystalline_share(glass) < CRYSTAL)
    if len(amorphous) < len(samples):
        terminal.remark(f"{place}: {len(samples) - len(amorphous)} of {len(samples)} samples are crystals, left out")
    return QuenchedModes(study.configuration["glass"]["temperature"], amorphous)


def measured_stability(
    folders: Sequence[Path], *, omega_c: float | None = None, quartic: str = "relaxed"
) -> StabilityTest:
    """Return the soft modes of finished studies, each quenched from one temperature, beside the stability equation.

    Args:
        folders: folders of the studies.
        omega_c: angular frequency of unsoftened modes; the lowest maximum of the spectrum of all studies where absent
            [sqrt(epsilon/m)/sigma].
        quartic: the fourth derivative to use, ``"relaxed"`` or ``"bare"``.

    Raises:
        InputError: a folder holds no finished study, the studies are of different models or densities, or a liquid
            was cooled.
        IllPosedFit: too few modes, or a spectrum without a maximum.
    """
    studies = [(str(folder), open_study(folder)) for folder in folders]
    kinds = {
        (s.configuration["glass"]["potential"], round(float(e.glasses[0].density), 6))
        for _, s in studies
        for e in s.ensembles
    }
    if len(kinds) > 1:
        listed = "; ".join(f"{potential} at density {density:g}" for potential, density in sorted(kinds))
        raise InputError(f"studies of different liquids have no omega_c in common: {listed}")
    if omega_c is None:
        spectra = [e.vibrations for _, study in studies for e in study.ensembles]
        whole = [vibrations.whole_spectrum("the first maximum of g(omega)") for vibrations in spectra]
        omega_c = lowest_maximum(np.concatenate(whole))
    return compare_with_stability([quenched_modes(s, place) for place, s in studies], omega_c=omega_c, quartic=quartic)


def measured_stability_document(test: StabilityTest) -> dict[str, Any]:
    """Return what ``stability --against DIR --json`` adds to its document.

    Args:
        test: the comparison.
    """
    return {
        "measured": {
            "quartic": test.quartic,
            "omega_c": test.omega_c,
            "temperature": test.temperature_k,
            "modes": test.count_k,
            "unbounded_modes_left_out": test.n_unbounded,
            "epsilon_m": test.implied_k,
            "epsilon_m_relative_error": test.error_k,
            "scatter_of_ln_epsilon_m": {"at_each_temperature": test.scatter_k, "all": test.scatter},
            "trend": {"value": test.trend, "error": test.trend_error, "memoryless": test.memoryless_trend},
            "rank_correlation_with_eta": {"at_each_temperature": test.eta_correlation_k, "all": test.eta_correlation},
            "probability_of_one_epsilon_m": test.probability,
            "mode_temperature": test.temperature_m,
            "mode_eta": test.eta_m,
            "mode_epsilon": test.energy_m,
            "mode_epsilon_m": test.implied_m,
        }
    }


def show_measured_stability(test: StabilityTest) -> None:
    """Print the comparison: one line for each temperature, then what the theory has as zero.

    Args:
        test: the comparison.
    """
    screen = terminal.standard_output()
    columns: dict[str, list[Any]] = {
        "T": test.temperature_k.tolist(),
        "modes": test.count_k.tolist(),
        "eps_m asked for": test.implied_k.tolist(),
        "error [%]": (100 * test.error_k).tolist(),
        "eps_m/k_B T": (test.implied_k / test.temperature_k).tolist(),
        "scatter of ln": test.scatter_k.tolist(),
        "rank corr. with eta": test.eta_correlation_k.tolist(),
    }
    screen.print(
        f"{test.quartic} quartic terms, omega_c = {test.omega_c:.4g}; {test.n_unbounded} modes without a positive one"
    )
    screen.print(terminal.column_table(columns))
    screen.print(
        f"d ln eps_m/d ln T = {test.trend:.3f} +- {test.trend_error:.3f}: 0 if one eps_m served all, "
        f"{test.memoryless_trend:.3f} if the modes were the same at all temperatures"
    )
    screen.print(f"all modes: scatter {test.scatter:.3f}, rank correlation with eta {test.eta_correlation:+.3f}")
    screen.print(f"probability of these means with one eps_m: {test.probability:.2g}")


def show_participation() -> None:
    """Print N_s a^2, eps_0, W, T* and eps_m/k_B T_g of real glasses beside the numbers as printed."""
    rows = participation_table()
    columns: dict[str, list[Any]] = {
        "glass": [row.name for row in rows],
        "omega_c/2 pi [THz]": [row.omega_c / (2 * np.pi * 1e12) for row in rows],
        "N_s a^2 [A^2]": [row.printed_area / ANGSTROM**2 for row in rows],
        "eps_0 [eV]": [row.energy / ELECTRON_VOLT for row in rows],
        "printed": [row.printed_energy / ELECTRON_VOLT for row in rows],
        "W/k_B [K]": [row.W / BOLTZMANN for row in rows],
        "T* [K]": [row.minimum_temperature for row in rows],
        "eps_m/k_B T_g": [row.ratio for row in rows],
        "as printed": [row.printed_ratio for row in rows],
    }
    terminal.standard_output().print(terminal.column_table(columns))


def participation_document() -> list[dict[str, Any]]:
    """Return what ``stability --materials --json`` adds to its document: the printed numbers and what follows."""
    return [
        {
            "name": row.name,
            "omega_c_rad_per_s": row.omega_c,
            "N_s_a2_angstrom2": row.printed_area / ANGSTROM**2,
            "epsilon_0_eV": row.energy / ELECTRON_VOLT,
            "epsilon_0_eV_printed": row.printed_energy / ELECTRON_VOLT,
            "W_K": row.W / BOLTZMANN,
            "minimum_temperature_K": row.minimum_temperature,
            "epsilon_m_over_kT_g": row.ratio,
            "epsilon_m_over_kT_g_printed": row.printed_ratio,
        }
        for row in participation_table()
    ]

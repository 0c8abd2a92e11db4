"""Computed conductivity beside the measured one: what ``thermal MATERIAL --measured`` prints and draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis import terminal
from analysis.thermal.kappa import ThermalResult
from analysis.thermal.materials import GlassMaterial, Material
from analysis.thermal.measured_conductivity import (
    ConductivityComparison,
    MeasuredGlass,
    compare_heat,
    compare_with_measurement,
    measured_glass,
)
from atomsim.errors import InputError
from atomsim.results import Array

HOTTEST_OF_LAWS = 100.0  # points above are printed one by one [K]


def require_measured(name: str, material: Material) -> MeasuredGlass:
    """Return what is measured of a glass, if a result can be compared with it; to be asked before it is computed.

    Args:
        name: short name of the glass, as in the table of materials.
        material: its constants.

    Raises:
        InputError: nothing is kept of this glass, or its constants are of the measure of Karpov and Parshin.
    """
    glass = measured_glass(name)
    if not isinstance(material, GlassMaterial):
        raise InputError(f"{material.name}: the comparison is for potentials uniform in (D1, D2), [material]")
    return glass


def beside_measurement(
    name: str, result: ThermalResult, material: Material
) -> tuple[ConductivityComparison, MeasuredGlass, tuple[Array, Array]]:
    """Return a result beside what is measured of this glass: conductivity, the data, and [K], [-] of the specific heat.

    Args:
        name: short name of the glass, as in the table of materials.
        result: what was computed.
        material: the constants that it was computed from.

    Raises:
        InputError: nothing is kept of this glass, its constants are of the measure of Karpov and Parshin or without a
            Debye temperature, or the result has no temperature in the range of the data.
    """
    glass = require_measured(name, material)
    assert isinstance(material, GlassMaterial)
    found = compare_with_measurement(result, glass.measurement(), material)
    return found, glass, compare_heat(result, glass, material)


def measured_document(
    found: ConductivityComparison, glass: MeasuredGlass, heat: tuple[Array, Array] | None = None
) -> dict[str, Any]:
    """Return what ``thermal --measured --json`` adds to its document.

    Args:
        found: the comparison.
        glass: what is measured.
        heat: temperatures [K] and computed over measured specific heat [-].
    """
    T, ratio = heat or (np.zeros(0), np.zeros(0))
    return {
        "measured": {
            "temperature_K": found.temperature_T,
            "kappa_W_per_mK": found.measured_T,
            "computed_W_per_mK": found.predicted_T,
            "sources": list(glass.source_T),
            "rms_ln_kappa_by_decade": {f"1e{d} K": r for d, r in zip(found.decade_d, found.rms_d, strict=True)},
            "exponents": _exponents(found, glass),
            "smallest_exponent": {"value": found.exponent_plateau, "temperature_K": found.temperature_plateau},
            "phonon_end_K": {"l": found.phonon_end_l, "t": found.phonon_end_t},
            "half_of_the_heat_not_in_phonons_above_K": found.theory_end,
            "specific_heat": {"temperature_K": T, "computed_over_measured": ratio},
        }
    }


def _exponents(found: ConductivityComparison, glass: MeasuredGlass) -> dict[str, dict[str, Any]]:
    computed = {"cold": found.exponent_cold, "plateau": found.exponent_4_20, "rise": found.exponent_rise}
    return {
        name: {"computed": computed[name], "measured": [law.lowest, law.highest], "source": law.source}
        for name, law in glass.laws.items()
    }


def show_measured(found: ConductivityComparison, glass: MeasuredGlass, heat: tuple[Array, Array] | None = None) -> None:
    """Print distances by decade, exponents beside the measured ones, ratios above 100 K and where the theory ends.

    Args:
        found: the comparison.
        glass: what is measured.
        heat: temperatures [K] and computed over measured specific heat [-].
    """
    screen = terminal.standard_output()
    screen.print(f"{found.material}, {found.model}, beside {glass.name} as measured")
    decades: dict[str, list[Any]] = {
        "from [K]": [10.0**d for d in found.decade_d],
        "points": found.count_d.tolist(),
        "rms of ln(computed/measured)": found.rms_d.tolist(),
    }
    screen.print(terminal.column_table(decades))
    exponents = _exponents(found, glass)
    laws: dict[str, list[Any]] = {
        "law": list(exponents),
        "d ln kappa/d ln T": [row["computed"] for row in exponents.values()],
        "measured": ["{:g} to {:g}".format(*row["measured"]) for row in exponents.values()],
    }
    screen.print(terminal.column_table(laws))
    warm = found.temperature_T > HOTTEST_OF_LAWS
    ratios: dict[str, list[Any]] = {
        "T [K]": found.temperature_T[warm].tolist(),
        "measured": found.measured_T[warm].tolist(),
        "computed/measured": (found.predicted_T / found.measured_T)[warm].tolist(),
    }
    screen.print(terminal.column_table(ratios))
    screen.print(f"smallest exponent {found.exponent_plateau:.3f} at {found.temperature_plateau:.3g} K")
    screen.print(
        f"phonons end at {found.phonon_end_l:.3g} K (l) and {found.phonon_end_t:.3g} K (t); above "
        f"{found.theory_end:.3g} K less than half of the heat lies in them"
    )
    if heat is not None:
        (T, ratio), last = heat, len(heat[0]) - 1
        ends = ", ".join(f"{ratio[i]:.3g} at {T[i]:.3g} K" for i in sorted({0, last}))
        screen.print(f"specific heat, computed over measured: {ends}")

"""The verb of single ions: phase shifts of a screened ion, its cross-sections, the resistivity of the liquid metal.

It parses, calls and prints like :mod:`analysis.cli`, which takes it up and turns its errors into an exit status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis import terminal
from analysis.commands.common import AsJson, FigureFile, check_figure, print_json, write_figure

if TYPE_CHECKING:
    from analysis.multiple_scattering.metals import Metal
    from analysis.multiple_scattering.phase_shifts import PhaseShifts
    from analysis.multiple_scattering.screened_ions import ScreenedIon
    from analysis.multiple_scattering.ziman import LiquidResistivity

verbs = typer.Typer()


@verbs.command("phase-shifts")
def phase_shifts(
    metal: Annotated[str, typer.Option(metavar="SYMBOL", help="Li, Na, K, Rb, Cs, Mg, Al, Zn or Cu")],
    screening: Annotated[
        str, typer.Option(help="response of the electrons: thomas-fermi, lindhard or hubbard")
    ] = "thomas-fermi",
    friedel_adjusted: Annotated[
        bool,
        typer.Option(
            "--friedel-adjusted", help="scale the screening until the Friedel sum of l = 0 to 12 is the valence"
        ),
    ] = False,
    lmax: Annotated[int, typer.Option(metavar="L", help="largest angular momentum")] = 6,
    k_fermi: Annotated[
        float | None,
        typer.Option(metavar="K", help="Fermi wave number; else of the crystal, and of the liquid [1/angstrom]"),
    ] = None,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Phase shifts of an empty-core ion in an electron gas, and Ziman's resistivity beside the measured one.

    Example: atomsim phase-shifts --metal Al

    Example: atomsim phase-shifts --metal Na --screening lindhard --friedel-adjusted --lmax 4 --json
    """
    from analysis.multiple_scattering import screened_ions
    from analysis.multiple_scattering.metals import get_metal
    from analysis.multiple_scattering.ziman import liquid_resistivity

    check_figure(figure)
    found = get_metal(metal)
    ion = found.ion(screening=screened_ions.screening_kind(screening), fermi_wave_number=k_fermi)
    if friedel_adjusted:
        ion = screened_ions.friedel_adjusted(ion)
    shifts = screened_ions.ion_phase_shifts(ion, lmax, species=found.symbol)
    liquid = ion if k_fermi is not None else ion.at(found.liquid_fermi_wave_number)
    rho = liquid_resistivity(found, liquid, liquid.phase_shifts(lmax))
    if figure is not None:
        from analysis.plotting.phase_shifts import figure_single_ion

        write_figure(figure, figure_single_ion(found.symbol, ion, liquid))
    for line in (*shifts.remarks, *([f"{found.symbol}: {found.caveat}"] if found.caveat else [])):
        terminal.remark(line)
    if as_json:
        print_json(_document(found, ion, shifts, rho))
    else:
        _show(found, ion, shifts, rho)


def _document(metal: Metal, ion: ScreenedIon, shifts: PhaseShifts, rho: LiquidResistivity) -> dict[str, Any]:
    return {
        "metal": metal.symbol,
        "valence": metal.valence,
        "screening": str(ion.screening.kind),
        "strength": ion.screening.strength,
        "unit": {"length": "angstrom", "k": "1/angstrom", "delta": "rad", "rho": "microohm cm"},
        "k_fermi": shifts.wave_number,
        "delta": shifts.delta_sl[0],
        "friedel_sum": shifts.friedel_sum_s[0],
        "total_cross_section": shifts.total_cross_section_s[0],
        "transport_cross_section": shifts.transport_cross_section_s[0],
        "liquid": {
            "k_fermi": rho.wave_number,
            "packing": rho.packing,
            "rho_born": rho.born,
            "rho_t_matrix": rho.t_matrix,
            "rho_measured": metal.melting_resistivity,
            "source": _source(metal),
        },
        "remarks": [*shifts.remarks, *([metal.caveat] if metal.caveat else [])],
    }


def _source(metal: Metal) -> str:
    """Where the measured resistivity comes from."""
    found = metal.provenance["melting_resistivity"]
    return f"{found.source}, {found.confidence}"


def _show(metal: Metal, ion: ScreenedIon, shifts: PhaseShifts, rho: LiquidResistivity) -> None:
    from analysis.multiple_scattering.phase_shifts import partial_cross_sections

    screen = terminal.standard_output()
    strength = "" if ion.screening.strength == 1 else f", kappa^2 times {ion.screening.strength:.5g}"
    screen.print(
        f"{metal.name}: Z = {metal.valence}, k_F = {shifts.wave_number:.5g} /A, {ion.screening.kind}{strength}"
    )
    partial = partial_cross_sections(shifts.delta_sl[0], shifts.wave_number)
    columns: dict[str, list[Any]] = {
        "l": list(range(shifts.l_max + 1)),
        "delta_l [rad]": shifts.delta_sl[0].tolist(),
        "sigma_l [A^2]": partial.tolist(),
    }
    screen.print(terminal.column_table(columns))
    screen.print(f"Friedel sum of l = 0 to {shifts.l_max}: {shifts.friedel_sum_s[0]:.6g}, valence {metal.valence}")
    screen.print(
        f"cross-section {shifts.total_cross_section_s[0]:.6g} A^2, "
        f"of transport {shifts.transport_cross_section_s[0]:.6g} A^2"
    )
    screen.print(f"resistivity of the liquid, k_F = {rho.wave_number:.5g} /A, hard spheres of packing {rho.packing:g}:")
    rows = {
        "Ziman, screened potential": rho.born,
        "Ziman, phase shifts of the ion alone": rho.t_matrix,
        f"measured at the melting point ({_source(metal)})": metal.melting_resistivity,
    }
    over = [value / metal.melting_resistivity for value in rows.values()]
    listed: dict[str, list[Any]] = {"": list(rows), "rho [microohm cm]": list(rows.values()), "over measured": over}
    screen.print(terminal.column_table(listed))

"""The verbs of the electrons in an amorphous alloy: transport corrections and structural relaxation.

They parse, call and print like :mod:`analysis.cli`, which takes them up and turns their errors into an exit status.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from analysis import terminal
from analysis.commands.common import check_figure, parse_temperatures, print_json, write_figure
from atomsim.errors import InputError
from atomsim.results import Array

if TYPE_CHECKING:
    from analysis.excitations.transport import Metal, TransportResult
    from analysis.relaxation.curves import RelaxationCurve

DEFAULT_TEMPERATURES = "0.05:50:31log"
DEFAULT_POLARISATION = 1e-3

verbs = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document on standard output")]
FigureFile = Annotated[Path | None, typer.Option("--figure", metavar="FILE", help="draw it: a file .svg or .png")]


@verbs.command()
def transport(
    diffusivity: Annotated[
        float | None, typer.Option(metavar="D", help="diffusion constant of the electrons \\[m^2/s]; else the study's")
    ] = None,
    t0: Annotated[float | None, typer.Option(metavar="T", help="T_0 of the concentration excitations [K]")] = None,
    study: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="take T_0 with its error, and the metal, from a finished study"),
    ] = None,
    screening: Annotated[
        float | None, typer.Option(metavar="KAPPA", help="inverse screening length of the electrons [1/m]")
    ] = None,
    relaxation_time: Annotated[
        float | None, typer.Option(metavar="TAU", help="elastic relaxation time of the electrons \\[s]")
    ] = None,
    resistivity: Annotated[
        float | None, typer.Option(metavar="RHO", help="measured resistivity, for L_0 T/rho beside it [Ohm m]")
    ] = None,
    normalisation: Annotated[
        str, typer.Option(help="of the thermal conductivity: consistent with the electrical one, or printed")
    ] = "consistent",
    temperatures: Annotated[
        str | None,
        typer.Option(
            metavar="A:B:N[log]|T1,T2", help="ascending temperatures [K], a range or a list; else the study's"
        ),
    ] = None,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Corrections to conductivity, thermopower, heat and thermal conductivity of the electrons of an alloy.

    Example: atomsim transport --diffusivity 3e-4 --t0 1 --screening 1e10 --temperatures 0.01:10:61log --figure k.svg

    Example: atomsim transport --diffusivity 3e-4 --from demo --relaxation-time 1e-15 --json
    """
    from analysis.excitations.transport import transport as corrections

    check_figure(figure)
    numbers = {
        "diffusivity": diffusivity,
        "screening": screening,
        "relaxation_time": relaxation_time,
        "resistivity": resistivity,
    }
    for name, value in numbers.items():
        if value is not None and np.isnan(value):
            raise InputError(f"--{name.replace('_', '-')} {value}: expected a positive number")
    metal, temperature_T = _metal(t0, study, {**numbers, "normalisation": normalisation})
    if temperatures is not None or temperature_T is None:
        temperature_T = parse_temperatures(temperatures or DEFAULT_TEMPERATURES)
    result = corrections(metal, temperature_T)
    if figure is not None:
        from analysis.plotting.transport import figure_transport

        write_figure(figure, figure_transport(result))
    for line in result.remarks:
        terminal.remark(line)
    if as_json:
        print_json(_transport_document(result))
    else:
        _show_transport(result)


def _metal(t0: float | None, folder: Path | None, numbers: dict[str, Any]) -> tuple[Metal, Array | None]:
    """The metal with the T_0 of one of the two options, and the temperatures that a study has for it."""
    from analysis.excitations.study_transport import metal_of_study
    from analysis.excitations.transport import Metal
    from analysis.excitations.transport_temperature import given_temperature

    if t0 is not None and folder is not None:
        raise InputError("--t0 and --from were both given; expected one of them")
    if t0 is not None:
        if numbers["diffusivity"] is None:
            raise InputError("no diffusivity: expected --diffusivity D [m^2/s], or --from DIR with a study that has it")
        return Metal(
            given_temperature(t0), **{name: value for name, value in numbers.items() if value is not None}
        ), None
    if folder is None:
        raise InputError("no T_0: expected --t0 T [K], or --from DIR with a finished study")
    from analysis.study import open_study

    study = open_study(folder)
    kept = None if study.transport is None else study.transport.consistent
    return metal_of_study(study, **numbers), None if kept is None else kept.temperature_T


def _transport_document(result: TransportResult) -> dict[str, Any]:
    if np.isfinite(result.metal.resistivity):
        sigma = {"delta_sigma_over_sigma": result.relative_sigma_T}
    else:
        sigma = {"delta_sigma_S_per_m": result.delta_sigma_T}
    return {
        "temperature_K": result.temperature_T,
        "t0_K": result.metal.t0.value,
        "delta_kappa_W_per_mK": result.delta_kappa_T,
        **sigma,
        "thermopower_V_per_K": result.thermopower_T,
        "normalisation": result.metal.normalisation,
        "flags": result.flags,
    }


def _show_transport(result: TransportResult) -> None:
    columns: dict[str, Array] = {
        "T [K]": result.temperature_T,
        "delta kappa [W/(m K)]": result.delta_kappa_T,
        "error": result.delta_kappa_error_T,
        "Wiedemann-Franz part": result.wiedemann_franz_T,
        "rest": result.violating_T,
        "printed": result.printed_kappa_T,
        "L_0 T/rho": result.electron_kappa_T,
        "delta sigma [S/m]": result.delta_sigma_T,
        "/sigma": result.relative_sigma_T,
        "S [V/K]": result.thermopower_T,
        "delta C [J/(m^3 K)]": result.delta_heat_T,
    }
    known = {name: column.tolist() for name, column in columns.items() if np.isfinite(column).any()}
    screen = terminal.standard_output()
    screen.print(f"{result.metal.normalisation} normalisation, perfect screening")
    screen.print(terminal.column_table(known))
    for temperature, flags in zip(result.temperature_T, result.flags, strict=True):
        for flag in flags:
            terminal.remark(f"{temperature:.4g} K: {flag}")


@verbs.command()
def relaxation(
    inversion_rate: Annotated[
        float, typer.Option(metavar="RATE", help="decay of the inversion, 1/t_sigma in the full system [1/time]")
    ],
    polarisation_rate: Annotated[float, typer.Option(metavar="RATE", help="decay of the polarisation [1/time]")],
    coupling: Annotated[float, typer.Option(metavar="X", help="coupling times root of the initial inversion [1/time]")],
    detuning: Annotated[float, typer.Option(metavar="OMEGA", help="distance from resonance [1/time]")] = 0.0,
    times: Annotated[
        str | None, typer.Option(metavar="T1,T2,...", help="ascending times; else until the order has settled")
    ] = None,
    system: Annotated[
        str, typer.Option(help="exponential: the inversion decays at its rate; full: all three equations")
    ] = "exponential",
    initial_polarisation: Annotated[
        float, typer.Option(metavar="D", help="initial polarisation over initial inversion")
    ] = DEFAULT_POLARISATION,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Order parameter against time by the kinetics of concentration excitations.

    Example: atomsim relaxation --inversion-rate 1 --polarisation-rate 10 --coupling 20 --times 1,2,4,8 --json

    Example: atomsim relaxation --inversion-rate 1 --polarisation-rate 10 --coupling 20 --system full --figure eta.svg
    """
    from analysis.relaxation.curves import relaxation_curve
    from analysis.relaxation.rates import RelaxationRates

    check_figure(figure)
    rates = RelaxationRates(inversion_rate, polarisation_rate, coupling, detuning)
    chosen = None if times is None else parse_times(times)
    curve = relaxation_curve(rates, chosen, system=system, polarisation=initial_polarisation)
    if figure is not None:
        from analysis.plotting.relaxation import plot_relaxation

        write_figure(figure, plot_relaxation([curve]).figure)
    for line in curve.remarks:
        terminal.remark(line)
    if as_json:
        print_json(_relaxation_document(curve))
    else:
        _show_relaxation(curve)


def parse_times(text: str) -> Array:
    """Return times from ``T1,T2,...`` [time].

    Args:
        text: what the user typed.

    Raises:
        InputError: it is something else.
    """
    try:
        return np.array([float(part) for part in text.split(",")])
    except ValueError:
        raise InputError(f"--times {text}: expected T1,T2,..., for example 0.5,1,2") from None


def _relaxation_document(curve: RelaxationCurve) -> dict[str, Any]:
    return {
        "time": curve.time_t,
        "eta": curve.eta_t,
        "t50": curve.t50,
        "has_inflection": curve.has_inflection,
        "z0": curve.z0,
        "nu": curve.rates.order,
    }


def _show_relaxation(curve: RelaxationCurve) -> None:
    screen = terminal.standard_output()
    shape = "S-shaped" if curve.has_inflection else "concave"
    screen.print(f"{curve.system}: t_50 = {curve.t50:.6g}, {shape}, z_0 = {curve.z0:.5g}, nu = {curve.rates.order:.5g}")
    step = max(1, len(curve.time_t) // 20) if len(curve.time_t) > 40 else 1
    columns = {"time": curve.time_t, "eta": curve.eta_t, "ln eta": curve.log_eta_t}
    screen.print(terminal.column_table({name: column[::step].tolist() for name, column in columns.items()}))

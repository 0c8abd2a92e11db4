"""The verbs of heat: conductivity and specific heat of a glass, their fit to data, stability of soft modes.

They parse, call and print like :mod:`analysis.cli`, which takes them up and turns their errors into an exit status.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from analysis import terminal
from analysis.documents import as_json as json_text
from atomsim.errors import InputError, nearest
from atomsim.results import Array

if TYPE_CHECKING:
    from analysis.simulated_material import Bands
    from analysis.thermal.fit import ThermalFit
    from analysis.thermal.kappa import ThermalResult
    from analysis.thermal.materials import Material

DEFAULT_TEMPERATURES = "0.01:300:61log"
DEFAULT_MATERIAL = "silica"
MOST_TEMPERATURES = 100_000
QUANTITIES = ("kappa", "heat-capacity")
FIGURE_FORMATS = (".svg", ".png")
RATIOS_OF_THE_PAPER = (3.0, 5.0)

verbs = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document on standard output")]
FigureFile = Annotated[Path | None, typer.Option("--figure", metavar="FILE", help="draw it: a file .svg or .png")]
Model = Annotated[str, typer.Option("--model", help="how phonons are scattered: closed, two-region or exact")]
Form = Annotated[
    str, typer.Option("--form", help="prefactor of Karpov and Parshin's closed formula: derived or printed")
]
Channels = Annotated[
    str | None,
    typer.Option("--channels", metavar="A,B", help="of resonant, relaxation, activation, rayleigh; else all"),
]


@verbs.command()
def thermal(
    material: Annotated[
        str, typer.Argument(metavar="MATERIAL|DIR", help="a glass of the table, MATERIAL.toml, or a finished study")
    ],
    temperatures: Annotated[
        str, typer.Option(metavar="A:B:N[log]|T1,T2", help="ascending temperatures [K], a range or a list")
    ] = DEFAULT_TEMPERATURES,
    model: Model = "closed",
    form: Form = "derived",
    channels: Channels = None,
    shown: Annotated[
        str, typer.Option("--quantity", help="what is printed and drawn: kappa or heat-capacity")
    ] = "kappa",
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Conductivity and specific heat of a glass: of the table, of your MATERIAL.toml, or of a simulated one.

    Example: atomsim thermal silica --temperatures 0.01:300:200log --channels resonant,rayleigh --figure kappa.svg

    Example: atomsim thermal demo --model two-region --json
    """
    from analysis.thermal.kappa import conductivity

    if shown not in QUANTITIES:
        raise InputError(f"--quantity {shown}: expected one of {', '.join(QUANTITIES)}{nearest(shown, QUANTITIES)}")
    _check_figure(figure)
    glass, draws = _material(material)
    chosen = None if channels is None else tuple(name.strip() for name in channels.split(","))
    if model == "exact":
        terminal.remark("exact model: its table of absorption is made once, in a minute or two, and kept")
    result = conductivity(glass, parse_temperatures(temperatures), model=model, form=form, channels=chosen)
    if shown == "heat-capacity" and not np.isfinite(result.specific_heat_T).any():
        raise InputError(f"{glass.name}: no specific heat: {result.assumptions['specific_heat']}")
    band = None
    if draws is not None:
        from analysis.simulated_material import bands

        band = bands(draws, result, channels=chosen)
    if figure is not None:
        _write_figure(figure, _thermal_figure(result, shown, band))
    if as_json:
        _print(json_text(_thermal_document(result, band)))
    else:
        _show_thermal(result, shown, band)


def _material(text: str) -> tuple[Material, list[Any] | None]:
    """A glass by its name in the table, its file, or a finished study with the draws of its glasses."""
    from analysis.thermal.materials import builtin_materials, get_glass, read_material

    path = Path(text)
    if path.is_dir():
        from analysis.simulated_material import simulated_draws, simulated_material
        from analysis.study import open_study

        study = open_study(path)
        found = simulated_material(study)
        return found, simulated_draws(study, found)
    if path.suffix == ".toml" or path.is_file():
        return read_material(path), None
    if text.lower() not in {name.lower() for name in builtin_materials()}:
        known = builtin_materials()
        raise InputError(
            f"{text!r} is no file, no folder and no glass of the table{nearest(text, known)}; known: {', '.join(known)}"
        )
    return get_glass(text), None


def parse_temperatures(text: str) -> Array:
    """Return temperatures from ``A:B:N`` (equal steps), ``A:B:Nlog`` (equal ratios) or ``T1,T2,...`` [K].

    Args:
        text: what the user typed.

    Raises:
        InputError: it is none of these.
    """
    wrong = InputError(f"--temperatures {text}: expected A:B:N, A:B:Nlog or T1,T2,..., for example 0.01:300:200log")
    try:
        if ":" not in text:
            return np.array([float(part) for part in text.split(",")])
        low, high, count = text.split(":")
        logarithmic = count.endswith("log")
        ends, n = (float(low), float(high)), int(count.removesuffix("log").removesuffix("lin"))
    except ValueError:
        raise wrong from None
    if not (0 < ends[0] < ends[1] < np.inf and 2 <= n <= MOST_TEMPERATURES):
        raise InputError(f"--temperatures {text}: expected 0 < A < B and 2 <= N <= {MOST_TEMPERATURES}")
    return (np.geomspace if logarithmic else np.linspace)(*ends, n)


def _thermal_document(result: ThermalResult, band: Bands | None) -> dict[str, Any]:
    document = {
        "model": result.model,
        "temperature_K": result.temperature_T,
        "kappa_W_per_mK": result.conductivity_T,
        "specific_heat_J_per_m3K": result.specific_heat_T,
        "assumptions": {"channels": ", ".join(result.channels), **result.assumptions},
    }
    if band is not None:
        document |= {
            "kappa_low_W_per_mK": band.conductivity_low_T,
            "kappa_high_W_per_mK": band.conductivity_high_T,
            "specific_heat_low_J_per_m3K": band.specific_heat_low_T,
            "specific_heat_high_J_per_m3K": band.specific_heat_high_T,
        }
    return document


def _show_thermal(result: ThermalResult, shown: str, band: Bands | None) -> None:
    columns: dict[str, list[float]] = {"T [K]": result.temperature_T.tolist()}
    if shown == "kappa":
        columns["kappa [W/(m K)]"] = result.conductivity_T.tolist()
        if band is not None:
            columns |= {"low": band.conductivity_low_T.tolist(), "high": band.conductivity_high_T.tolist()}
        if len(result.omega_w):
            shares = zip(result.channels, result.channel_share_cT, strict=True)
            columns |= {f"{name} share": share.tolist() for name, share in shares}
    else:
        parts = {"phonons": result.debye_T, "tunnelling": result.tunnelling_T, "vibrations": result.vibrations_T}
        columns["C [J/(m^3 K)]"] = result.specific_heat_T.tolist()
        if band is not None:
            columns |= {"low": band.specific_heat_low_T.tolist(), "high": band.specific_heat_high_T.tolist()}
        columns |= {name: heat.tolist() for name, heat in parts.items()}
    screen = terminal.standard_output()
    screen.print(f"{result.material}, {result.model}")
    screen.print(terminal.column_table(columns))
    for name, text in result.assumptions.items():
        terminal.remark(f"{name}: {text}")


def _thermal_figure(result: ThermalResult, shown: str, band: Bands | None) -> Any:
    from analysis.plotting.conductivity import figure_conductivity, plot_heat_capacity

    if shown == "kappa":
        return figure_conductivity(
            result, None if band is None else (band.conductivity_low_T, band.conductivity_high_T)
        )
    ends = None if band is None else (band.specific_heat_low_T, band.specific_heat_high_T)
    return plot_heat_capacity(result, band=ends).figure


@verbs.command()
def fit_thermal(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA.csv",
            help="columns temperature_K, kappa_W_per_mK [, error], specific_heat_J_per_m3K [, error]; one or both",
        ),
    ],
    material: Annotated[
        str, typer.Option(help="where to start, and density and velocities: a glass of the table or MATERIAL.toml")
    ] = DEFAULT_MATERIAL,
    free: Annotated[
        str, typer.Option(metavar="A,B", help="constants to fit; C is C_l and C_t at a fixed ratio")
    ] = "W,C",
    between: Annotated[
        str | None, typer.Option(metavar="A:B", help="use data between these temperatures [K] only")
    ] = None,
    model: Model = "closed",
    channels: Channels = None,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Constants of a glass from its measured conductivity and specific heat, with errors, profiles and correlations.

    Example: atomsim fit-thermal silica.csv --material silica --free W,C,mu --between 0.05:5 --figure fit.svg
    """
    from analysis.thermal.fit import fit_thermal as fit
    from analysis.thermal.measurement import read_measurement

    _check_figure(figure)
    measured = read_measurement(data)
    if between is not None:
        measured = measured.between(*_interval(between))
    glass, _ = _material(material)
    names = tuple(name.strip() for name in free.split(","))
    chosen = None if channels is None else tuple(name.strip() for name in channels.split(","))
    terminal.remark(f"constants that are not fitted are those of {glass.name}")
    found = fit(measured, glass, free=names, model=model, channels=chosen)
    if figure is not None:
        from analysis.plotting.conductivity import figure_fit

        _write_figure(figure, figure_fit(found))
    if as_json:
        _print(json_text(_fit_document(found)))
    else:
        _show_fit(found)


def _interval(text: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    try:
        return float(low), float(high)
    except ValueError:
        raise InputError(f"--between {text}: expected A:B, for example 0.05:5") from None


def _unit(found: ThermalFit, name: str) -> str:
    from analysis.thermal.materials import numbers_of

    return numbers_of(found.material).get(name, "times the start")


def _fit_document(found: ThermalFit) -> dict[str, Any]:
    constants = {
        name: {
            "value": found.value_p[p],
            "relative_error": found.error_p[p],
            "low": found.low_p[p],
            "high": found.high_p[p],
            "unit": _unit(found, name),
            "profile_chi2": found.profile_pk[p],
        }
        for p, name in enumerate(found.names)
    }
    return {
        "model": found.model,
        "constants": constants,
        "covariance_of_logarithms": found.covariance_pp,
        "correlated": [{"pair": [a, b], "correlation": value} for a, b, value in found.correlated],
        "profile_at_standard_errors": found.offset_k,
        "chi2": found.chi2,
        "n_data": found.n_data,
        "errors_given": found.errors_given,
        "rms_ln_kappa_per_decade": found.rms_per_decade(),
        "temperature_K": found.measurement.temperature_T,
        "kappa_W_per_mK": found.conductivity_T,
        "specific_heat_J_per_m3K": found.specific_heat_T,
    }


def _show_fit(found: ThermalFit) -> None:
    columns: dict[str, list[Any]] = {
        "constant": list(found.names),
        "value": found.value_p.tolist(),
        "low": found.low_p.tolist(),
        "high": found.high_p.tolist(),
        "error [%]": (100 * found.error_p).tolist(),
        "unit": [_unit(found, name) for name in found.names],
    }
    screen = terminal.standard_output()
    screen.print(terminal.column_table(columns))
    screen.print(f"chi^2 = {found.chi2:.4g} for {found.n_data} values and {len(found.names)} constants")
    for a, b, value in found.correlated:
        terminal.remark(
            f"{a} and {b} are correlated, {value:+.3f}: the data fix a combination of them better than each"
        )
    if not found.errors_given:
        terminal.remark("the data have no errors: the scatter around the fit was taken for them")


@verbs.command()
def stability(
    ratio: Annotated[float, typer.Option(help="energy of distortion over k_B T, one at least")] = 5.0,
    points: Annotated[int, typer.Option(help="points of the curve")] = 200,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Energy of stable soft modes against their restoring force in the undercooled liquid, for any ratio.

    Example: atomsim stability --ratio 5 --json
    """
    from analysis.thermal.stability import stability_curve

    _check_figure(figure)
    curve = stability_curve(ratio, points=points)
    if figure is not None:
        from analysis.plotting.stability import plot_stability

        others = [stability_curve(r) for r in RATIOS_OF_THE_PAPER if r != ratio]
        _write_figure(figure, plot_stability([curve, *others]).figure)
    if as_json:
        _print(json_text({"ratio": curve.ratio, "eta": curve.eta, "epsilon_over_epsilon_m": curve.energy}))
        return
    screen = terminal.standard_output()
    screen.print(f"eps_m/k_B T = {curve.ratio:g}: eta_1 = {curve.eta_1:.5g}, eta_2 = {curve.eta_2:.5g}")
    rows = slice(None, None, max(1, points // 20))
    screen.print(terminal.column_table({"eta": curve.eta[rows].tolist(), "eps/eps_m": curve.energy[rows].tolist()}))


@verbs.command()
def levels(
    alpha: Annotated[float, typer.Option(help="quadratic coefficient")],
    beta: Annotated[float, typer.Option(help="cubic coefficient")] = 0.0,
    count: Annotated[int, typer.Option(help="how many levels")] = 6,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Levels of a soft potential alpha y^2 + beta y^3 + y^4 in units of W, and the splitting of the lowest two.

    Example: atomsim levels --alpha -20 --beta 0 --count 4 --json
    """
    from analysis.soft_potential.deep_wells import splitting
    from analysis.soft_potential.levels import levels as solve

    _check_figure(figure)
    found, gap = solve(alpha, beta, count=count), splitting(alpha, beta)
    if figure is not None:
        from analysis.plotting.levels import plot_levels

        _write_figure(figure, plot_levels(found).figure)
    if as_json:
        _print(json_text({"alpha": alpha, "beta": beta, "levels": found.energy_m, "splitting": gap}))
        return
    screen = terminal.standard_output()
    screen.print(f"energies above the potential at y = 0, in units of W; error {found.error:.1e}")
    screen.print(terminal.column_table({"level": list(range(1, count + 1)), "energy": found.energy_m.tolist()}))
    screen.print(f"splitting of the lowest two: {gap:.8g}")


def _check_figure(path: Path | None) -> None:
    if path is not None and path.suffix not in FIGURE_FORMATS:
        raise InputError(f"--figure {path}: expected a file {' or '.join(FIGURE_FORMATS)}")
    if path is not None and not path.parent.is_dir():
        raise InputError(f"--figure {path}: no folder {path.parent}")


def _write_figure(path: Path, figure: Any) -> None:
    from analysis.plotting.style import as_png, as_svg

    if path.suffix == ".svg":
        path.write_text(as_svg(figure), encoding="utf-8")
    else:
        path.write_bytes(as_png(figure))
    terminal.remark(f"figure: {path}")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")

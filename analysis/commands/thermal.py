"""The verbs of heat: conductivity and specific heat of a glass, and their fit to data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import numpy as np
import typer

from analysis import terminal
from analysis.commands.common import AsJson, FigureFile, check_figure, parse_temperatures, print_json, write_figure
from atomsim.errors import InputError, nearest

if TYPE_CHECKING:
    from analysis.simulated_material import Bands
    from analysis.soft_potential.measured_measure import MeasuredMeasure
    from analysis.study.results import WholeStudy
    from analysis.thermal.compare_measures import MeasureComparison
    from analysis.thermal.exact_heat import HeatMinimum
    from analysis.thermal.fit import ThermalFit
    from analysis.thermal.kappa import ThermalResult
    from analysis.thermal.materials import GlassMaterial, Material

DEFAULT_TEMPERATURES = "0.01:300:61log"
DEFAULT_MATERIAL = "silica"
QUANTITIES = ("kappa", "heat-capacity")
TIMES_OF_EXPERIMENTS = np.array([1e-3, 1.0, 1e3])  # of the time of the experiment

verbs = typer.Typer()

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
    measure: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="distribution of the potentials, for the exact model: field, uniform in (D1, D2); landscape, uniform "
            "in (eta, t); measured, that of the soft modes of a study DIR; else the one of the file",
        ),
    ] = None,
    compared: Annotated[
        Path | None,
        typer.Option(
            "--compare-measures",
            metavar="FILE",
            help="draw the exact conductivity for all these distributions beside its local slope: a file .svg or .png",
        ),
    ] = None,
    measured: Annotated[
        bool, typer.Option("--measured", help="beside what is measured of a glass of the table, where it is kept")
    ] = False,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Conductivity and specific heat of a glass: of the table, of your MATERIAL.toml, or of a simulated one.

    Example: atomsim thermal silica --temperatures 0.01:300:200log --channels resonant,rayleigh --figure kappa.svg

    Example: atomsim thermal demo --model two-region --json

    Example: atomsim thermal silica --model exact --measured --figure silica.svg

    Example: atomsim thermal demo --model exact --measure measured --compare-measures measures.svg
    """
    from analysis.commands.measured import require_measured
    from analysis.commands.measures import distribution_of, require_comparable, tabulation
    from analysis.thermal.kappa import conductivity

    if shown not in QUANTITIES:
        raise InputError(f"--quantity {shown}: expected one of {', '.join(QUANTITIES)}{nearest(shown, QUANTITIES)}")
    if measure is not None and model != "exact":
        raise InputError(f"--measure {measure}: only the exact model has a choice; give --model exact")
    check_figure(figure)
    check_figure(compared, "--compare-measures")
    glass, study = _material(material)
    if compared is not None:
        require_comparable(glass)
    if measured:
        require_measured(material, glass)
    at, chosen = parse_temperatures(temperatures), _names(channels)
    distribution = distribution_of(material, study, measure)
    with tabulation(model) as progress:
        result = conductivity(
            glass, at, model=model, form=form, channels=chosen, measure=distribution, progress=progress
        )
    if model == "exact":
        terminal.remark(f"exact model, its table of absorption: {result.assumptions.get('tables', 'given')}")
    if shown == "heat-capacity" and not np.isfinite(result.specific_heat_T).any():
        raise InputError(f"{glass.name}: no specific heat: {result.assumptions['specific_heat']}")
    beside = _Beside.of(glass, study, result, chosen, distribution)
    if compared is not None:
        beside = beside.compared(glass, study, chosen, compared)
    if measured:
        beside = beside.measured(material, glass)
    if shown == "heat-capacity":
        beside = beside.with_minimum(glass)
    if figure is not None:
        write_figure(figure, beside.figure(glass, shown))
    if as_json:
        print_json(beside.document())
    else:
        beside.show(shown)


@dataclass(frozen=True)
class _Beside:
    """What was computed, and what stands beside it."""

    result: ThermalResult
    band: Bands | None = None
    comparison: MeasureComparison | None = None
    measurement: tuple[Any, Any, Any] | None = None
    minimum: HeatMinimum | None = None

    @classmethod
    def of(
        cls, glass: Material, study: WholeStudy | None, result: ThermalResult, channels: tuple[str, ...] | None,
        distribution: str | MeasuredMeasure | None,
    ) -> _Beside:  # fmt: skip
        """The result; of a simulated glass with its bands, by all levels also with its own specific heat."""
        if study is None:
            return cls(result)
        from analysis.commands.measures import bands_of
        from analysis.simulated_material import with_simulated_heat
        from analysis.thermal.materials import GlassMaterial

        if result.model == "exact" and isinstance(glass, GlassMaterial):
            result = with_simulated_heat(result, study, glass)
        return cls(result, bands_of(study, glass, result, channels, distribution))

    def compared(
        self, glass: Material, study: WholeStudy | None, channels: tuple[str, ...] | None, path: Path
    ) -> _Beside:
        """With the conductivity for several distributions of the potentials, drawn into a file."""
        from analysis.commands.measures import compared_measures
        from analysis.plotting.measures import figure_measures

        comparison = compared_measures(glass, study, self.result.temperature_T, channels)
        write_figure(path, figure_measures(comparison))
        return replace(self, comparison=comparison)

    def measured(self, name: str, glass: Material) -> _Beside:
        """With what is measured of the glass."""
        from analysis.commands.measured import beside_measurement

        return replace(self, measurement=beside_measurement(name, self.result, glass))

    def with_minimum(self, glass: Material) -> _Beside:
        """With the minimum of C/T^3 for experiments of several times, where all levels are counted."""
        from analysis.thermal.exact_heat import minimum_over_times
        from analysis.thermal.materials import GlassMaterial

        if self.result.model != "exact" or not isinstance(glass, GlassMaterial):
            return self
        return replace(self, minimum=minimum_over_times(glass, glass.experiment_time * TIMES_OF_EXPERIMENTS))

    def figure(self, glass: Material, shown: str) -> Any:
        """The conductivity or the specific heat, beside the measured one where that is wanted."""
        if self.measurement is not None and shown == "kappa":
            from analysis.plotting.measured_conductivity import figure_measured_conductivity

            return figure_measured_conductivity([self.result], self.measurement[1], cast("GlassMaterial", glass))
        return _thermal_figure(self.result, shown, self.band)

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        from analysis.commands.measured import measured_document
        from analysis.thermal_documents import thermal_document

        document = thermal_document(self.result, self.band, self.comparison)
        if self.minimum is not None:
            document["minimum_of_C_over_T3"] = {
                "experiment_time_s": self.minimum.time_t,
                "temperature_K": self.minimum.temperature_t,
                "W_over_kT": self.minimum.ratio_t,
            }
        return document | (measured_document(*self.measurement) if self.measurement is not None else {})

    def show(self, shown: str) -> None:
        """Print all of it as tables."""
        from analysis.commands.measured import show_measured
        from analysis.commands.measures import show_measures

        _show_thermal(self.result, shown, self.band)
        if self.minimum is not None:
            columns = {
                "time of the experiment [s]": self.minimum.time_t.tolist(),
                "minimum of C/T^3 [K]": self.minimum.temperature_t.tolist(),
                "W/k_B T*": self.minimum.ratio_t.tolist(),
            }
            terminal.standard_output().print(terminal.column_table(columns))
        if self.comparison is not None:
            show_measures(self.comparison)
        if self.measurement is not None:
            show_measured(*self.measurement)


def _names(channels: str | None) -> tuple[str, ...] | None:
    return None if channels is None else tuple(name.strip() for name in channels.split(","))


def _material(text: str) -> tuple[Material, WholeStudy | None]:
    """A glass by its name in the table, its file, or a finished study."""
    from analysis.thermal.materials import builtin_materials, get_glass, read_material

    path = Path(text)
    if path.is_dir():
        from analysis.simulated_material import simulated_material
        from analysis.study import open_study

        study = open_study(path)
        return simulated_material(study), study
    if path.suffix == ".toml" or path.is_file():
        return read_material(path), None
    if text.lower() not in {name.lower() for name in builtin_materials()}:
        known = builtin_materials()
        raise InputError(
            f"{text!r} is no file, no folder and no glass of the table{nearest(text, known)}; known: {', '.join(known)}"
        )
    return get_glass(text), None


def _show_thermal(result: ThermalResult, shown: str, band: Bands | None) -> None:
    from analysis.thermal_documents import thermal_columns

    screen = terminal.standard_output()
    screen.print(f"{result.material}, {result.model}")
    screen.print(terminal.column_table(thermal_columns(result, shown, band)))
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
    from analysis.commands.measures import tabulation
    from analysis.thermal.fit import fit_thermal as fit
    from analysis.thermal.measurement import read_measurement

    check_figure(figure)
    measured = read_measurement(data)
    if between is not None:
        measured = measured.between(*_interval(between))
    glass, _ = _material(material)
    names = tuple(name.strip() for name in free.split(","))
    terminal.remark(f"constants that are not fitted are those of {glass.name}")
    with tabulation(model) as progress:
        found = fit(measured, glass, free=names, model=model, channels=_names(channels), progress=progress)
    if figure is not None:
        from analysis.plotting.conductivity import figure_fit

        write_figure(figure, figure_fit(found))
    if as_json:
        from analysis.thermal_documents import fit_document

        print_json(fit_document(found))
    else:
        _show_fit(found)


def _interval(text: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    try:
        return float(low), float(high)
    except ValueError:
        raise InputError(f"--between {text}: expected A:B, for example 0.05:5") from None


def _show_fit(found: ThermalFit) -> None:
    from analysis.thermal_documents import fit_columns

    screen = terminal.standard_output()
    screen.print(terminal.column_table(fit_columns(found)))
    screen.print(f"chi^2 = {found.chi2:.4g} for {found.n_data} values and {len(found.names)} constants")
    for a, b, value in found.correlated:
        terminal.remark(
            f"{a} and {b} are correlated, {value:+.3f}: the data fix a combination of them better than each"
        )
    if not found.errors_given:
        terminal.remark("the data have no errors: the scatter around the fit was taken for them")

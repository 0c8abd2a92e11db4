"""The verb ``tail``: the low-frequency tail of the spectra of finished studies, beside each other."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis import terminal
from analysis.commands.common import AsJson, FigureFile, check_figure, print_json, write_figure
from analysis.tail_config import WIDEST
from atomsim.errors import InputError
from atomsim.results import Estimate

if TYPE_CHECKING:
    from analysis.plotting.tail import NamedTail
    from analysis.soft_potential.tail_statistics import TailOfSize
    from analysis.study.results import WholeStudy
    from analysis.study.study_tail import StudyTail

verbs = typer.Typer()


@verbs.command()
def tail(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="folder of a finished study")],
    against: Annotated[
        list[Path] | None,
        typer.Option(metavar="STUDY", help="another study, quenched or annealed otherwise; repeatable"),
    ] = None,
    fraction: Annotated[
        float | None,
        typer.Option(metavar="F", help="end of the tail over the lowest phonon of the box; else the study's"),
    ] = None,
    resamples: Annotated[
        int | None, typer.Option(metavar="N", help="draws of glasses for the errors; else the study's")
    ] = None,
    figure: FigureFile = None,
    distributions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="draw the distributions of the soft potentials: a file .svg or .png"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Low-frequency tail of the spectra: exponent, law of the lowest vibration, amplitude, and distributions.

    Example: atomsim tail slow --against fast --figure tail.svg --distributions parameters.svg

    Example: atomsim tail slow --fraction 0.4 --json
    """
    from analysis.plotting.tail import NamedTail, figure_distributions, figure_tail
    from analysis.study import open_study

    check_figure(figure)
    check_figure(distributions, "--distributions")
    if fraction is not None and not 0 < fraction <= WIDEST:
        raise InputError(
            f"--fraction {fraction}: expected a share of the lowest phonon, above 0 and at most {WIDEST:g}"
        )
    if resamples is not None and resamples < 2:
        raise InputError(f"--resamples {resamples}: expected two at least")
    opened = [(folder, open_study(folder)) for folder in (study, *(against or ()))]
    kinds = {str(found.configuration["glass"]["potential"]) for _, found in opened}
    if len(kinds) > 1:
        raise InputError(f"the amplitudes of different models cannot be compared: {', '.join(sorted(kinds))}")
    tails = [
        NamedTail(folder.name or str(folder), tail_of_study(found, fraction, resamples)) for folder, found in opened
    ]
    if figure is not None:
        write_figure(figure, figure_tail(tails))
    if distributions is not None:
        write_figure(distributions, figure_distributions(tails))
    configurations = [found.configuration["glass"] for _, found in opened]
    if as_json:
        pairs = zip(tails, configurations, strict=True)
        print_json({"studies": [{"name": t.name, "glass": glass, **as_document(t.tail)} for t, glass in pairs]})
        return
    show_tails(tails, configurations)


def tail_of_study(study: WholeStudy, fraction: float | None = None, resamples: int | None = None) -> StudyTail:
    """Return the tail that a study has kept, or the one of another window or of a study without that table.

    Args:
        study: a finished study.
        fraction: end of the window over the lowest phonon of the box; that of the study where absent [-].
        resamples: draws of glasses for the errors; those of the study where absent.

    Raises:
        IncompleteSpectrum: the spectra of the study end below the window.
    """
    import numpy as np

    from analysis.study.study_tail import low_spectra, study_tail
    from analysis.tail_config import TailSection
    from atomsim.ensemble import sample_seed

    own = TailSection.model_validate(study.configuration.get("tail") or {})
    asked = TailSection(fraction=fraction or own.fraction, resamples=resamples or own.resamples)
    if study.tail is not None and asked == own:
        return study.tail
    ensembles = study.ensembles
    spectra = [
        spectrum
        for e in ensembles
        for spectrum in low_spectra(
            [e.vibrations.omega_m[e.vibrations.glass_m == g] for g in range(len(e.glasses))],
            e.elasticities,
            [e.n_atoms] * len(e.glasses),
            complete=e.vibrations.complete,
        )
    ]
    return study_tail(
        spectra,
        [glass for e in ensembles for glass in e.glasses],
        [soft for e in ensembles for soft in e.soft_modes],
        np.random.default_rng(sample_seed(study.configuration["study"]["seed"], "tail", 0)),
        hbar=study.material.hbar,
        length=study.parameters.length,
        fraction=asked.fraction,
        resamples=asked.resamples,
    )


def as_document(value: Any) -> Any:
    """Return a result as nested dictionaries, estimates with value, error, unit and note.

    Args:
        value: a result, or a part of one.
    """
    if isinstance(value, Estimate):
        return value.as_dict()
    if is_dataclass(value):
        return {field.name: as_document(getattr(value, field.name)) for field in fields(value)}
    return [as_document(item) for item in value] if isinstance(value, tuple) else value


def show_tails(tails: list[NamedTail], configurations: list[dict[str, Any]]) -> None:
    """Print one line for each size of each study, then what the soft potentials of each say.

    Args:
        tails: the studies.
        configurations: how their glasses were made.
    """
    screen = terminal.standard_output()
    rows = [
        (t, size, glass) for t, glass in zip(tails, configurations, strict=True) for size in t.tail.statistics.sizes
    ]
    columns: dict[str, list[Any]] = {
        "study": [t.name for t, _, _ in rows],
        "N": [size.n_atoms for _, size, _ in rows],
        "glasses": [size.n_glasses for _, size, _ in rows],
        "cooling rate": [glass["cooling_rate"] or "at once" for _, _, glass in rows],
        "energy": [t.tail.energy.value for t, _, _ in rows],
        "edge": [size.edge for _, size, _ in rows],
        "modes": [size.n_modes for _, size, _ in rows],
        "exponent": [_pair(size.exponent) for _, size, _ in rows],
        "Weibull shape": [_pair(size.weibull.shape) for _, size, _ in rows],
        "<w_min>": [_pair(size.mean_minimum) for _, size, _ in rows],
        "A_g count": [_pair(size.amplitudes.counting) for _, size, _ in rows],
        "Weibull": [_pair(size.amplitudes.weibull) for _, size, _ in rows],
        "<w_min> ": [_pair(size.amplitudes.mean_minimum) for _, size, _ in rows],
    }
    screen.print(terminal.column_table(columns))
    for t, size, _ in rows:
        for text in _remarks(size):
            screen.print(f"{t.name}, N = {size.n_atoms}: {text}")
    for t in tails:
        _show_soft_potentials(t)


def _remarks(size: TailOfSize) -> list[str]:
    routes = size.amplitudes
    text = f"routes to A_g differ by up to {routes.disagreement:.1f} standard errors of their ratio"
    notes = [size.exponent.note, size.weibull.shape.note, routes.mean_minimum.note]
    return [text, *(note for note in notes if note)]


def _show_soft_potentials(named: NamedTail) -> None:
    screen, found = terminal.standard_output(), named.tail
    scaling, spread = found.statistics.scaling, found.spread
    if scaling is not None:
        screen.print(
            f"{named.name}: <w_min> ~ N^{_pair(scaling.power)}, which is an exponent of the tail of "
            f"{_pair(scaling.exponent)}"
        )
    if found.statistics.scaling_note:
        screen.print(f"{named.name}: {found.statistics.scaling_note}")
    if found.distributions is None:
        screen.print(f"{named.name}: {found.note}")
        return
    d = found.distributions
    medians = ", ".join(f"{one.name} {one.median.value:.4g} +- {one.median.error:.2g}" for one in d.distributions)
    screen.print(f"{named.name}: medians {medians}")
    screen.print(
        f"{named.name}: delta_eta {_pair(d.delta_eta)}, delta_t {_pair(d.delta_t)}, at least; the local structure, "
        f"spread {_pair(spread.distances)}, asks for {spread.least_eta.value:.3f} and {spread.least_t.value:.3f}"
    )
    test = d.independence
    if test is None:
        screen.print(f"{named.name}: {d.note}")
        return
    screen.print(
        f"{named.name}: eta and |t| plainly: distance correlation {test.distance_correlation:.3f}, probability "
        f"{test.permutation_probability:.2g}; inside the region where modes can be seen: Kendall's tau "
        f"{_pair(test.kendall)}, probability {test.kendall_probability:.2g}"
    )


def _pair(estimate: Estimate) -> str:
    return f"{terminal.number(estimate.value, 4)} +- {terminal.number(estimate.error, 2)}"

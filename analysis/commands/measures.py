"""Distributions of soft potentials for the verb ``thermal``: which one is meant, bands, tables in the making."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from analysis import terminal
from analysis.simulated_material import Bands, bands, simulated_draws
from analysis.simulated_measure import simulated_measure
from analysis.soft_potential.level_table import Progress
from analysis.soft_potential.measured_measure import MeasuredMeasure
from analysis.study.results import WholeStudy
from analysis.study.run import StudyProgress
from analysis.thermal.compare_measures import MeasureComparison, compare_measures
from analysis.thermal.exact_tables import Measure
from analysis.thermal.kappa import ThermalResult
from analysis.thermal.materials import GlassMaterial, Material
from analysis.thermal_documents import measures_columns
from atomsim.errors import InputError
from atomsim.results import Array


class TableProgress:
    """Progress of the tables of the exact model; a display for each table, and none where nothing is made."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self.stack = ExitStack()
        self.display: terminal.RunDisplay | None = None
        self.done = 0

    def __call__(self, done: int, total: int) -> None:
        """Show that a step has ended.

        Args:
            done: number of finished steps.
            total: number of all steps.
        """
        if self.display is None or done < self.done:
            self.stack.close()
            self.display = self.stack.enter_context(terminal.RunDisplay())
        self.done = done
        self.display(StudyProgress("table of the exact model", done, total, total - done))


@contextmanager
def tabulation(model: str = "exact") -> Iterator[Progress | None]:
    """Show on standard error how far tables of the exact model are and how much is left, only while they are made.

    Args:
        model: how phonons are scattered.
    """
    if model != "exact":
        yield None
        return
    progress = TableProgress()
    with progress.stack:
        yield progress


def distribution_of(text: str, study: WholeStudy | None, measure: str | None) -> str | MeasuredMeasure | None:
    """Return what ``--measure`` stands for: a name, or what the soft modes of the study show.

    Args:
        text: what the user gave as material.
        study: the study, if it is one.
        measure: what the user gave as measure.

    Raises:
        InputError: the measured distribution of something that is no study.
    """
    if measure != Measure.MEASURED:
        return measure
    if study is None:
        raise InputError(f"--measure measured: expected the folder of a finished study, got {text}")
    found = simulated_measure(study)
    terminal.remark(found.verdict())
    return found


def bands_of(
    study: WholeStudy, glass: Material, result: ThermalResult, channels: Sequence[str] | None,
    distribution: str | MeasuredMeasure | None,
) -> Bands | None:  # fmt: skip
    """Return the bands of a result over draws of the glasses of a study; none for a distribution that is chosen.

    Args:
        study: the study.
        glass: its material.
        result: what the fitted numbers give.
        channels: the channels that were asked for.
        distribution: the distribution that was asked for.
    """
    if distribution is not None or not isinstance(glass, GlassMaterial):
        terminal.remark("no band: draws of the glasses are taken for the distribution of the constants only")
        return None
    return bands(
        simulated_draws(study, glass), result, channels=channels, study=study if result.model == "exact" else None
    )


def require_comparable(glass: Material) -> GlassMaterial:
    """Return a glass for whose constants measures can be compared; to be asked before anything is computed.

    Args:
        glass: the glass.

    Raises:
        InputError: constants of Karpov and Parshin, which belong to one distribution.
    """
    if not isinstance(glass, GlassMaterial):
        raise InputError(f"{glass.name}: measures are compared for the constants of [material] only")
    return glass


def compared_measures(
    glass: Material, study: WholeStudy | None, temperature_T: Array, channels: Sequence[str] | None
) -> MeasureComparison:
    """Return the exact conductivity for all distributions that can be had, with the measured one for a study.

    Args:
        glass: the glass.
        study: the study, if it is a simulated one.
        temperature_T: temperatures [K].
        channels: the channels that were asked for.

    Raises:
        InputError: constants of Karpov and Parshin, which belong to one distribution.
    """
    glass = require_comparable(glass)
    measured = None if study is None else simulated_measure(study)
    with tabulation() as progress:
        return compare_measures(glass, temperature_T, measured=measured, channels=channels, progress=progress)


def show_measures(comparison: MeasureComparison) -> None:
    """Print where the local slope is smallest, for each distribution.

    Args:
        comparison: the conductivities.
    """
    screen = terminal.standard_output()
    screen.print(f"exact conductivity by {', '.join(comparison.channels)} for several distributions of the potentials")
    screen.print(terminal.column_table(measures_columns(comparison)))
    for text in comparison.notes:
        terminal.remark(text)

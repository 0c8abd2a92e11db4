"""Figures: what is drawn is what the table holds, axes say their units, and nothing is left behind."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from tiny_study import tiny_study

from analysis import plotting
from analysis.plotting import Curve, Table, curve_table
from analysis.plotting.scaling import Cost, plot_costs
from analysis.plotting.vibrations import tail_end
from analysis.study.results import WholeStudy
from atomsim.errors import InputError


@pytest.fixture(scope="module")
def study() -> WholeStudy:
    return tiny_study()


CURVES: dict[str, tuple[Callable[[WholeStudy], Axes], Callable[[WholeStudy], Table]]] = {
    "pair distribution": (
        lambda study: plotting.plot_pair_distribution(study.ensembles),
        lambda study: plotting.table_pair_distribution(study.ensembles),
    ),
    "scan": (lambda study: plotting.plot_scan(study.scanned), lambda study: plotting.table_scan(study.scanned)),
    "conductivity": (
        lambda study: plotting.plot_conductivity(study.thermal),
        lambda study: plotting.table_conductivity(study.thermal),
    ),
    "specific heat": (
        lambda study: plotting.plot_specific_heat(study.thermal),
        lambda study: plotting.table_specific_heat(study.thermal),
    ),
}


def columns_of(table: Table) -> dict[str, list[str]]:
    """The table as a reader of the CSV file finds it."""
    rows = list(csv.reader(io.StringIO(table.as_csv())))
    assert all(len(row) == len(rows[0]) for row in rows)
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def numbers(cells: list[str]) -> np.ndarray:
    return np.array([float(cell) if cell else math.nan for cell in cells])


def drawn(ax: Axes) -> list[np.ndarray]:
    """The points of every line with more than two of them."""
    return [line.get_xydata() for line in ax.lines if len(line.get_xydata()) > 2]


@pytest.mark.parametrize("name", CURVES)
def test_curves_drawn_equal_the_table(study: WholeStudy, name: str) -> None:
    plot, table = CURVES[name]
    curve, x, y, low, high = columns_of(table(study)).values()
    lines = drawn(plot(study))
    for label in dict.fromkeys(curve):
        rows = [i for i, cell in enumerate(curve) if cell == label]
        points = np.column_stack([numbers(x)[rows], numbers(y)[rows]])
        points[~(points[:, 1] > 0), 1] = np.nan if name in ("conductivity", "specific heat") else 0.0
        assert any(line.shape == points.shape and np.array_equal(line, points, equal_nan=True) for line in lines), label
    assert len(low) == len(high) == len(curve)


@pytest.mark.parametrize("name", CURVES)
def test_axes_of_curves_say_their_units(study: WholeStudy, name: str) -> None:
    plot, table = CURVES[name]
    ax = plot(study)
    assert "[" in ax.get_xlabel() and ("[" in ax.get_ylabel() or ax.get_ylabel() == "$g(r)$")
    assert all("[" in column for column in table(study).header[1:])


def test_points_of_each_glass_equal_the_table(study: WholeStudy) -> None:
    ensembles = study.ensembles
    table = columns_of(plotting.table_inherent_structures(ensembles))
    energies, pressures = plotting.figure_inherent_structures(ensembles).axes
    for ax, column in ((energies, "energy per atom [epsilon]"), (pressures, "pressure [epsilon/sigma^3]")):
        assert "[" in ax.get_ylabel()
        shown = np.concatenate([line.get_ydata() for line in ax.lines if len(line.get_ydata()) > 1])
        wanted = [v for v, glass in zip(numbers(table[column]), table["glass"], strict=True) if glass != "mean"]
        assert shown.tolist() == wanted
    assert [glass for glass in table["glass"] if glass == "mean"] == ["mean"] * len(ensembles)


def test_density_of_states_and_debye_level_equal_the_table(study: WholeStudy) -> None:
    table = columns_of(plotting.table_density_of_states(study.ensembles))
    density, reduced = plotting.figure_density_of_states(study.ensembles).axes
    omega = numbers(table["omega [sqrt(epsilon/m)/sigma]"])
    for ax, column in (
        (density, "g(omega) [sigma sqrt(m/epsilon)]"),
        (reduced, "g(omega)/omega^2 [(sigma sqrt(m/epsilon))^3]"),
    ):
        assert r"\omega" in ax.get_xlabel() and "[" in ax.get_xlabel() and "[" in ax.get_ylabel()
        value = numbers(table[column])
        wanted = np.column_stack([omega, value])[np.isfinite(value)]
        shown = np.concatenate(drawn(ax))
        assert sorted(map(tuple, shown)) == sorted(map(tuple, wanted))
    level = numbers(table["g(omega)/omega^2 [(sigma sqrt(m/epsilon))^3]"])
    for e in study.ensembles:
        rows = [i for i, cell in enumerate(table["curve"]) if cell == f"Debye, {e.name}"]
        np.testing.assert_allclose(level[rows], 3 / e.sound.debye_frequency.value**3, rtol=1e-12)


def test_participation_shows_every_mode_and_the_low_tail(study: WholeStudy) -> None:
    table = columns_of(plotting.table_participation(study.ensembles))
    ax, low_modes = plotting.figure_participation(study.ensembles).axes
    shown = np.concatenate(drawn(ax))
    omega, ratio = numbers(table["omega [sqrt(epsilon/m)/sigma]"]), numbers(table["participation ratio N_k/N [1]"])
    assert np.array_equal(shown, np.column_stack([omega, ratio]))
    assert len(omega) == sum(3 * (e.n_atoms - 1) * len(e.glasses) for e in study.ensembles)
    low = omega < tail_end(study.ensembles)
    count = numbers(table["participation number N_k [1]"])
    assert np.array_equal(np.concatenate(drawn(low_modes)), np.column_stack([omega, count])[low])
    markers = [line.get_marker() for line in ax.lines if len(line.get_xydata()) > 2]
    assert markers == ["*", "o"]


def test_soft_mode_is_drawn_to_scale(study: WholeStudy) -> None:
    e = study.ensembles[0]
    glass, soft = e.glasses[0], e.soft_modes[0]
    ax = plotting.plot_soft_mode(glass, soft, 1)
    table = columns_of(plotting.table_soft_mode(glass, soft, 1))
    place = np.column_stack([numbers(table[f"{c} [sigma]"]) for c in "xyz"])
    assert len(place) == glass.n_atoms and np.ptp(place, axis=0).max() <= glass.cell_cc[0, 0]
    limits = np.array([ax.get_xlim(), ax.get_ylim(), ax.get_zlim()])
    np.testing.assert_allclose(limits[:, 1], np.diag(glass.cell_cc))
    share = numbers(table["share of the mode |e|^2 [1]"])
    core = numbers(table["in the core [1]"]) == 1
    assert share[core].sum() >= 0.5 > share[core].sum() - share[core].min()
    np.testing.assert_allclose(place[np.argmax(share)], np.diag(glass.cell_cc) / 2)
    arrow = np.column_stack([numbers(table[f"arrow {c} [sigma]"]) for c in "xyz"])
    vector = soft.vectors_mnc[1]
    np.testing.assert_allclose(np.abs(np.sum(arrow * vector)), np.linalg.norm(arrow) * np.linalg.norm(vector))


def test_soft_potentials_are_classed_and_counted(study: WholeStudy) -> None:
    potentials = study.soft_potentials
    assert potentials is not None
    ax = plotting.plot_soft_potentials(potentials)
    table = columns_of(plotting.table_soft_potentials(potentials, study.material))
    points = [line.get_xydata() for line in ax.lines if line.get_linestyle() == "None"]
    wanted = np.column_stack([numbers(table["|beta| [1]"]), numbers(table["alpha [1]"])])
    assert sorted(map(tuple, np.concatenate(points))) == sorted(map(tuple, wanted))
    beta, alpha = wanted.T
    double = np.array([form != "single well" for form in table["form"]])
    assert np.array_equal(double, alpha < 9 * beta**2 / 32)
    figure = plotting.figure_soft_potentials(potentials, study.material)
    for histogram in figure.axes[1:]:
        assert sum(patch.get_height() for patch in histogram.patches) == len(potentials.W_m)
        assert "[" in histogram.get_xlabel()


def test_missing_conductivity_is_said_in_words(study: WholeStudy) -> None:
    nothing = np.full_like(study.thermal.temperature_T, np.nan)
    names = ("conductivity", "conductivity_low", "conductivity_high", "tanh_law", "karpov_parshin")
    thermal = dataclasses.replace(study.thermal, **{f"{name}_T": nothing for name in names})
    ax = plotting.plot_conductivity(thermal)
    assert drawn(ax) == []
    assert any("too few" in text.get_text() for text in ax.texts)
    assert plotting.as_svg(ax.figure).startswith("<svg")


def test_drawing_leaves_no_trace_and_is_reproducible(study: WholeStudy) -> None:
    before = dict(mpl.rcParams)
    first, second = (plotting.as_svg(plotting.plot_scan(study.scanned).figure) for _ in range(2))
    assert first == second
    assert 'href="http' not in first and "@import" not in first
    assert dict(mpl.rcParams) == before
    assert plotting.as_png(plotting.plot_scan(study.scanned).figure).startswith(b"\x89PNG")


def test_figures_are_drawn_on_the_axes_given(study: WholeStudy) -> None:
    ax = plotting.new_figure().add_subplot()
    assert plotting.plot_specific_heat(study.thermal, ax) is ax
    assert len(ax.lines) >= 5


def test_csv_keeps_all_digits_and_leaves_missing_numbers_empty() -> None:
    third = np.array([1 / 3, 2 / 3])
    table = curve_table([Curve('a, "b"', third, third**2, low=np.array([np.nan, 0.1]))], "x [m]", "y [s]")
    cells = columns_of(table)
    assert cells["curve"] == ['a, "b"', 'a, "b"']
    assert np.array_equal(numbers(cells["x [m]"]), third)
    assert cells["low end of y [s]"] == ["", "0.1"] and cells["high end of y [s]"] == ["", ""]


def test_power_of_a_cost_is_the_slope_of_its_curve() -> None:
    atoms_k = np.array([1e3, 4e3, 2e4, 1e5])
    steep, flat = Cost("Phi_3 : z z", atoms_k, 1e-9 * atoms_k**1.25), Cost("step", atoms_k, 2e-3 * atoms_k**0.5)
    assert (steep.exponent, flat.exponent) == (pytest.approx(1.25, rel=1e-12), pytest.approx(0.5, rel=1e-12))
    ax = plot_costs([steep, flat])
    for line, cost in zip(ax.lines[:2], (steep, flat), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), cost.seconds_k)
    guide = np.asarray(ax.lines[2].get_ydata(), dtype=float)
    np.testing.assert_allclose(guide[1:] / guide[:-1], atoms_k[1:] / atoms_k[:-1])
    assert guide.max() < min(steep.seconds_k.max(), flat.seconds_k.max())
    told = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "N^{1.25}" in told[0] and "N^{0.50}" in told[1] and "[s]" in ax.get_ylabel()
    with pytest.raises(InputError, match=r"step: a power needs two sizes, got \[1000.0\]"):
        plot_costs([Cost("step", atoms_k[:1], atoms_k[:1])])

"""The page of an annealing study: it holds all it shows, says what is resolved, and has the units of the results."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from analysis.annealing.fits import Barrier, barrier_of_rates, fit_theory
from analysis.annealing.results import AnnealedEnsemble, AnnealSummary, QuantityFit, Series
from analysis.annealing.shapes import THEORY
from analysis.annealing.stages import told_in_units
from analysis.plotting.annealing import FIGURES, figure_order, plot_rates
from analysis.plotting.style import as_svg
from analysis.plotting.table import Table
from analysis.report.annealing import (
    annealing_figures,
    annealing_page,
    barrier_row,
    fit_rows,
    limits,
    quantity_name,
    quantity_symbol,
    relaxation_rows,
)
from analysis.report.report_figure import ReportFigure
from analysis.trajectories.relaxation_parameter import Window, relaxation_of_replicas
from atomsim.errors import IllPosedFit
from atomsim.provenance import make_provenance
from atomsim.units import METAL

TIMES = np.concatenate([[0.0], np.geomspace(0.2, 100, 9)])
Q = np.linspace(1.0, 18.0, 24)
WINDOW = Window(9.0, 15.0, 11.5)
GLASSES = 6
PICTURES = tuple(ReportFigure(name, name, "", "", b"", "svg", Table((), ())) for name, *_ in FIGURES)  # blank
MOTION = ("crystalline", "mean_square_displacement", "moved_fraction", "cooperativity", "overlap")


def quantity_fit(name: str, value_gt: np.ndarray, rng: np.random.Generator) -> QuantityFit:
    try:
        return QuantityFit(name, fit_theory(TIMES[1:], value_gt[:, 1:] - value_gt[:, :1], rng, resamples=3), True, "")
    except IllPosedFit as error:
        return QuantityFit(name, error.estimate, False, str(error))


def ensemble(temperature: float, change: float, rng: np.random.Generator) -> AnnealedEnsemble:
    """Glasses whose second maximum grows by a known amount, with noise of 0.01 in every bin."""
    change_gtb = rng.normal(0, 0.01, (GLASSES, len(TIMES), len(Q)))
    change_gtb[:, 0] = 0.0
    change_gtb += change * (TIMES / TIMES[-1])[None, :, None]
    rise_t = -0.1 * THEORY.function(np.maximum(TIMES, 1e-9), np.log([0.05, 8.0, 3.0]))
    series = {}
    for name in ("alpha_1", "s_cc", "energy", *MOTION):
        noise_gt = 0.0005 * rng.normal(size=(GLASSES, len(TIMES)))
        if name in MOTION:
            noise_gt = np.abs(noise_gt)  # shown on a logarithmic axis
        rising = rise_t if name == "energy" else 0.0 * rise_t
        unit = {"energy": "epsilon", "mean_square_displacement": "sigma^2"}.get(name, "1")
        series[name] = Series(name, unit, rising + noise_gt)
    return AnnealedEnsemble(
        temperature=temperature,
        kinetic_temperature=temperature,
        time_t=TIMES,
        relaxation=relaxation_of_replicas(Q, change_gtb, WINDOW, TIMES),
        highest_bin_t=np.full(len(TIMES), 2.0),
        q_b=Q,
        before_b=np.ones(len(Q)),
        after_b=1 + change_gtb[:, -1].mean(axis=0),
        before_error_b=np.full(len(Q), 0.01),
        after_error_b=np.full(len(Q), 0.01),
        series=series,
        fits=tuple(quantity_fit(name, series[name].value_gt, rng) for name in ("alpha_1", "s_cc")),
    )


@pytest.fixture(scope="module")
def summary() -> AnnealSummary:
    """Nothing happens at the lower temperature; R is resolved at the higher one."""
    rng = np.random.default_rng(1)
    ensembles = (ensemble(0.2, 0.0, rng), ensemble(0.5, 0.05, rng))
    energy = quantity_fit("energy", ensembles[0].series["energy"].value_gt, rng)  # one fit, for both: it takes a second
    ensembles = tuple(replace(one, fits=(*one.fits, energy)) for one in ensembles)
    rates = barrier_of_rates("energy, theory", np.array([0.2, 0.5]), np.array([0.01, 0.1]), np.array([0.1, 0.1]))
    return AnnealSummary(
        potential="kob-andersen", n_atoms=100, glasses=GLASSES, shells=np.array([[0.0, 1.5], [1.5, 2.6]]), k_s=4.5,
        k_s_width=0.3, window=WINDOW, ensembles=ensembles,
        barriers=(rates, barrier_of_rates("alpha_1, theory", np.array([0.2]), np.array([np.nan]), np.array([np.nan]))),
        units="reduced",
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(summary: AnnealSummary) -> str:
    provenance = make_provenance(configuration='{"anneal": {"time": 100.0}}', seed="1993", command="atomsim anneal x")
    return annealing_page(summary, annealing_figures(summary), name="a < b", provenance=provenance)


class Reader(HTMLParser):
    """Collects links, pictures and anchors, and checks that every opened element is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.anchors: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)
        self.links += [given["href"] or ""] if "href" in given else []
        self.pictures += [given["src"] or ""] if "src" in given else []
        self.anchors += [given["id"] or ""] if "id" in given else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_annealing_page_is_self_contained(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert len(reader.pictures) == 5 and all(p.startswith("data:image/svg+xml;base64,") for p in reader.pictures)
    inner = {link[1:] for link in reader.links if link.startswith("#")}
    assert inner <= set(reader.anchors) and len(inner) == 9
    outer = {link for link in reader.links if not link.startswith("#")}
    assert {"summary.json", "results.h5", "relaxation_parameter.csv", "order.svg"} <= outer
    assert not any("://" in link for link in outer) and "<script" not in page and "@import" not in page
    assert "a &lt; b" in page and "anneal.time" in page and "1993" in page


def test_page_marks_what_is_resolved(summary: AnnealSummary, page: str) -> None:
    rows = list(relaxation_rows(summary))
    assert len(rows) == len(TIMES) - 1
    assert [cells[1].resolved for _, cells in rows] == summary.ensembles[1].relaxation.resolved_t[1:].tolist()
    assert rows[-1][1][1].resolved and not any(cells[0].resolved for _, cells in rows)
    table = page[page.index('id="relaxation_parameter"') : page.index('id="structure_factor"')]
    assert table.count(">yes<") == sum(cell.resolved for _, cells in rows for cell in cells)
    # R of a change of 0.05 in every bin is 0.05 times the mean of q
    assert summary.ensembles[1].relaxation.value_t[-1] == pytest.approx(0.05 * 12.0, rel=0.1)
    assert any("At Tₐ = 0.2 ε/k_B no value of R" in text for text in limits(summary))
    assert not any("0.5 ε/k_B no value" in text for text in limits(summary))


def test_page_shows_fits_laws_and_verdicts(summary: AnnealSummary, page: str) -> None:
    laws = tuple(summary.ensembles[0].fits[2].theory.aic_differences)
    assert laws[0] == "theory" and set(laws) >= {"stretched exponential", "logarithm", "logistic", "Gompertz"}
    for law in laws:
        assert f">{law}</th>" in page
    rows = {quantity: fits for quantity, _, fits in fit_rows(summary, laws)}
    energy = rows["energy per atom of the inherent structures"]
    assert len(energy) == 2 and all(len(row.parameters) == 3 and len(row.aic) == len(laws) for row in energy)
    assert any("×/÷" in parameter for row in energy for parameter in row.parameters)
    quiet = rows["concentration wave, S_CC(k_s)"]
    assert all(row.parameters == () and "no change above the noise" in row.remark for row in quiet)
    known, unknown = (barrier_row(one) for one in summary.barriers)
    assert known.kind == "differs" and "differs from no barrier" in page
    # ln 10 over 1/0.2 - 1/0.5 = 3
    assert known.barrier.startswith(f"{np.log(10) / 3:.3f}")
    assert unknown.kind == "cannot-tell" and unknown.temperatures == "" and "none fixed by the data" in page
    flat = Barrier("x", np.array([0.2, 0.5]), np.ones(2), np.full(2, 0.1), 0.0, 0.01)
    assert barrier_row(flat).kind == "agrees"


def test_page_of_a_real_alloy_is_told_in_its_units(summary: AnnealSummary) -> None:
    alloy = told_in_units(summary, METAL)
    figures = annealing_figures(alloy)
    text = re.sub(r"data:image[^\"]*", "", annealing_page(alloy, figures, name="alloy"))
    body = text[text.index("<body>") :]
    assert "1/Å" in body and "[ps]" in body and "eV" in body and "0.5 K" in body and "metal units" in body
    assert "σ" not in body and "ε" not in body and "The results carry no provenance" in body
    assert all("sigma" not in figure.table.as_csv() for figure in figures)
    assert "γ [1/ps]" in body and "rate [1/ps]" in body and "At Tₐ = 0.2 K no value of R" in body
    assert "α₁ at Tₐ = 0.5 K" in body


def test_page_shows_no_names_of_variables(page: str) -> None:
    words = re.sub(r"<sub>.*?</sub>|<[^>]*>", "", page[page.index("<body>") :])
    assert not re.search(r"chi\^|alpha|s_cc|S_CC|k_s|k_B|S_NN", words)
    assert "α₁, theory" in words and "lowers χ² by" in words and "S<sub>CC</sub>(k<sub>s</sub>)" in page
    assert [quantity_symbol(name) for name in ("alpha_12", "s_cc", "energy")] == ["α₁₂", "S_CC(k_s)", "energy"]
    assert quantity_name("alpha_4") == "order of shell 4, α₄"


def test_provenance_names_an_engine_and_what_the_wall_time_is_of(summary: AnnealSummary) -> None:
    asked = '{"glass": {"engine": "lammps"}}'
    made = make_provenance(configuration=asked, wall_time={"run": 54.1})
    for kept, shown in (({}, "lammps (version not kept)"), ({"lammps": "2025.7"}, "lammps 2025.7<")):
        text = annealing_page(summary, PICTURES, name="a", provenance=replace(made, versions=made.versions | kept))
        assert shown in text and text.count("lammps (") == (not kept) and "run 54.1 s: of this call alone" in text
    text = annealing_page(summary, PICTURES, name="a", provenance=make_provenance(configuration="{}"))
    assert "lammps" not in text and "wall time" not in text


def test_labels_of_the_panels_of_order_keep_off_their_neighbours(summary: AnnealSummary) -> None:
    figure = figure_order(summary)
    as_svg(figure)  # lays the panels out
    boxes = [ax.get_tightbbox() for ax in figure.axes]
    gaps = [(right.x0 - left.x1) / figure.dpi for left, right in pairwise(boxes)]
    assert min(gaps) > 0.15  # inch: the height of a letter


def test_rates_of_any_shell_are_drawn_with_a_symbol_and_a_colour_of_their_own(summary: AnnealSummary) -> None:
    rates = np.array([0.01, 0.1])
    laws = [f"{name}, {law}" for name in ("alpha_1", "alpha_3", "s_cc") for law in ("theory", "logarithm")]
    barriers = tuple(barrier_of_rates(law, np.array([0.2, 0.5]), rates, 0.1 * np.ones(2)) for law in laws)
    ax = plot_rates(replace(summary, barriers=barriers))
    labels = [text.get_text().split(":")[0] for text in ax.get_legend().get_texts()]
    assert labels[::2] == [r"$\alpha_{1}$, theory", r"$\alpha_{3}$, theory", r"$S_{CC}(k_s)$, theory"]
    colours = [container[0].get_color() for container in ax.containers]
    assert colours[::2] == colours[1::2] and len(set(colours)) == 3


def test_page_names_crystallised_glasses(summary: AnnealSummary) -> None:
    one = summary.ensembles[1]
    crystalline = replace(one.series["crystalline"], value_gt=np.ones((GLASSES, len(TIMES))))
    frozen = replace(summary, ensembles=(replace(one, series=one.series | {"crystalline": crystalline}),))
    assert any(f"{GLASSES} of {GLASSES} glasses crystallised at Tₐ = 0.5" in text for text in limits(frozen))
    assert not any("crystallised" in text for text in limits(summary))

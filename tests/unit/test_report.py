"""The report: valid HTML that needs nothing else, and numbers that equal those of the summary."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import pkgutil
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from tiny_study import NAME, tiny_study

from analysis import validation
from analysis.excitations.study_transport import StudyTransport
from analysis.report import HEADLINES, build_report, headline_values, summary, write_summary
from analysis.report.alloy_figures import alloy_figures
from analysis.report.alloy_limits import alloy_limits
from analysis.report.figures import chosen_mode
from analysis.report.limits import limits_of
from analysis.report.numbers import plain, plus_minus, prose_text, reciprocal_text, symbols_html, unit_text
from analysis.report.page import render
from analysis.report.sections import findings_of, sections_of
from analysis.study import open_study
from analysis.study.results import WholeStudy
from analysis.validation import compare, study_comparisons
from analysis.validation.formula import Chapter
from atomsim.errors import InputError
from atomsim.results import Estimate

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Checks that tags nest, and collects what the tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.values: list[str] = []
        self.titles: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.addresses += [found[name] or "" for name in ("src", "href") if name in found]
        self.values += [found["value"] or ""] if tag == "data" else []
        assert tag != "img" or found["alt"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h1":
            self.titles.append(data)


@pytest.fixture(scope="module")
def study() -> WholeStudy:
    return tiny_study()


@pytest.fixture(scope="module")
def folder(study: WholeStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    hostile = compare("<b>one</b>", "laird-schober-1991 (potential)", predicted=1.0, measured=2.0, unit="1")
    path = tmp_path_factory.mktemp("report")
    assert build_report(study, (*study_comparisons(study), hostile), path) == path / "report.html"
    return path


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_page_nests_and_links_only_to_what_is_there(folder: Path, page: Page) -> None:
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    for address in page.addresses:
        if address.startswith("#"):
            assert address[1:] in page.ids
        elif not address.startswith("data:image/"):
            assert (folder / address).is_file() or address == "results.h5"  # written by the run, not by the report


def test_page_holds_everything_it_shows(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert not re.search(r"https?://|@import|<script|url\(", text)
    assert len(text) < 8_000_000


def test_user_text_is_escaped(folder: Path, page: Page) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "".join(page.titles) == NAME
    assert "tiny <study>" not in text and "<b>one</b>" not in text and "&lt;b&gt;one&lt;/b&gt;" in text


def test_numbers_of_the_page_equal_the_summary(folder: Path, page: Page) -> None:
    document = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert list(document) == ["glass", "elasticity", "modes", "soft_modes", "soft_potential", "thermal"]
    numbers = [number["value"] for stage in document.values() for number in stage.values()]
    assert [float(value) if value else None for value in page.values] == numbers
    assert len(numbers) > 50


def test_summary_names_sizes_units_and_reasons(study: WholeStudy, folder: Path) -> None:
    document = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    for e in study.ensembles:
        energy = document["glass"][f"energy_N{e.n_atoms}"]
        assert energy == {"value": e.structure.energy.value, "error": e.structure.energy.error, "unit": "epsilon"}
    for stage in document.values():
        for number in stage.values():
            assert {"value", "error", "unit"} <= set(number)
            assert number["value"] is not None or number["note"]


def test_missing_number_is_null_and_the_page_says_why(study: WholeStudy) -> None:
    few = Estimate(math.nan, math.nan, "1", "too few: 2 modes <counted>")
    parameters = dataclasses.replace(study.parameters, C_l=few)
    poor = dataclasses.replace(study, parameters=parameters, scanned=None, soft_potentials=None, provenance=None)
    assert summary(poor)["soft_potential"]["C_l"] == {"value": None, "error": None, "unit": "1", "note": few.note}
    text = render(poor, (), ())
    assert Page(text).open == []
    assert text.count("too few: 2 modes &lt;counted&gt;") >= 2  # beside the number, and among the limits
    assert "holds no scan" in text and "No soft potential is shown" in text and "no provenance" in text


def test_crystal_among_glasses_is_pointed_out(study: WholeStudy) -> None:
    e = study.ensembles[0]
    even = dataclasses.replace(e.structure, energy_g=np.array([3.490, 3.488, 3.492]))
    odd = dataclasses.replace(e.structure, energy_g=np.array([3.490, 3.434, 3.492]))
    said = [
        "crystallise"
        in " ".join(limits_of(dataclasses.replace(study, ensembles=(dataclasses.replace(e, structure=s),))))
        for s in (even, odd)
    ]
    assert said == [False, True]


def test_without_a_scan_the_lowest_soft_mode_is_drawn(study: WholeStudy) -> None:
    assert study.scanned is not None
    glass, soft, mode = chosen_mode(study) or pytest.fail("no mode")
    assert glass.n_atoms == study.scanned.n_atoms and soft.omega_m[mode] == study.scanned.omega
    _, soft, mode = chosen_mode(dataclasses.replace(study, scanned=None)) or pytest.fail("no mode")
    assert soft.omega_m[mode] == min(s.omega_m[0] for e in study.ensembles for s in e.soft_modes)


def test_every_figure_has_a_table_with_units(folder: Path) -> None:
    figures = folder / "figures"
    pictures = {path.stem for path in figures.iterdir() if path.suffix in (".svg", ".png")}
    tables = {path.stem for path in figures.glob("*.csv")}
    assert pictures == tables and len(tables) == 10
    for path in figures.glob("*.csv"):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        assert "[" in header and len(rows) > 2


def test_headlines_are_listed_once_with_a_description(study: WholeStudy) -> None:
    assert len({(h.stage, h.key) for h in HEADLINES}) == len(HEADLINES)
    for headline in HEADLINES:
        assert headline.description and (headline.of_size is None) != (headline.of_study is None)
    keys = [(value.stage, value.key) for value in headline_values(study)]
    assert len(set(keys)) == len(keys)


# --- a study of an alloy ------------------------------------------------------------------------------------

ALLOY_FIGURES = {
    "order": {"alloy_order", "concentration_waves", "displacement_profile", "energies_of_waves", "excitation_spectrum",
              "excitation_overlap"},
    "transport": {"electronic_transport"},
    "relaxation": {"relaxation_curves", "relaxation_approximation"},
}  # fmt: skip


@pytest.fixture(scope="module")
def alloy(alloy_folder: Path) -> WholeStudy:
    return open_study(alloy_folder)


@pytest.fixture(scope="module")
def alloy_page(alloy: WholeStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alloy_report")
    build_report(alloy, (), path)
    return path


def test_report_of_an_alloy_has_its_sections_figures_and_numbers(alloy: WholeStudy, alloy_page: Path) -> None:
    text = (alloy_page / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == [] and set(ALLOY_FIGURES) <= set(page.ids)
    drawn = {figure for figures in ALLOY_FIGURES.values() for figure in figures}
    assert {f"figure-{name}" for name in drawn} <= set(page.ids)
    assert all((alloy_page / "figures" / f"{name}.csv").is_file() for name in drawn)
    document = json.loads((alloy_page / "summary.json").read_text(encoding="utf-8"))
    assert list(document)[-4:] == ["order", "excitations", "transport", "relaxation"]
    assert alloy.transport is not None and alloy.transport.consistent is not None
    t0 = alloy.transport.consistent.metal.t0
    assert (document["transport"]["T_0"]["value"], document["transport"]["T_0"]["error"]) == (t0.value, t0.error)
    printed, consistent = (document["transport"][f"delta_kappa{k}_1K"]["value"] for k in ("_printed", ""))
    assert printed == pytest.approx(4 * math.pi * consistent)
    assert document["relaxation"]["t50_1"]["value"] == alloy.relaxation.curves[0].t50 if alloy.relaxation else False
    assert "t50_2" not in document["relaxation"], "there is one curve"
    assert set(document["excitations"]) >= {"overlap_softest_N64", "overlap_patterns_N64", "band_top_N80"}


def test_limits_of_an_alloy_are_said(alloy: WholeStudy) -> None:
    said = " ".join(limits_of(alloy))
    for words in ("directions of the concentration are unstable", "a choice of model", "no electron is simulated here",
                  "temperatures of the transport", "4π times"):  # fmt: skip
        assert words in said, words
    assert "Shells of neighbours, as given: 0 to 1.55 σ." in said
    free = {**alloy.configuration, "excitations": {"shell_edges": None}}
    assert "from the minima of g(r)" in " ".join(limits_of(dataclasses.replace(alloy, configuration=free)))


def test_report_says_why_an_alloy_has_no_transport(alloy: WholeStudy) -> None:
    missing = StudyTransport(None, None, "the study gives no T_0: W: too few <modes>")
    poor = dataclasses.replace(alloy, transport=missing)
    assert summary(poor)["transport"]["T_0"]["value"] is None
    text = render(poor, (), ())
    assert Page(text).open == [] and text.count("too few &lt;modes&gt;") >= 2
    assert list(alloy_figures(dataclasses.replace(poor, order=None, relaxation=None))) == []


def test_study_without_alloy_tables_has_no_such_sections(study: WholeStudy) -> None:
    assert {section.anchor for section in sections_of(study)}.isdisjoint(ALLOY_FIGURES)
    assert list(alloy_figures(study)) == [] and alloy_limits(study) == ()
    assert {value.stage for value in headline_values(study)}.isdisjoint({*ALLOY_FIGURES, "excitations"})


def test_findings_about_a_paper_stand_in_their_section(alloy: WholeStudy) -> None:
    names = [f"{validation.__name__}.{module.name}" for module in pkgutil.iter_modules(validation.__path__)]
    chapters = {c for name in names for c in vars(importlib.import_module(name)).values() if isinstance(c, Chapter)}
    sections = {section.anchor: section for section in sections_of(alloy)}
    for one in chapters:
        owners = [name for name, section in sections.items() if one.title.startswith(section.formulas or "none")]
        assert len(owners) == one.key.startswith("egorushkin-melnikova"), one.title
    chapter = Chapter("egorushkin-melnikova-1993b", "Egorushkin & Mel'nikova 1993b, section 3: condensate")
    right = chapter.check("15", "right", form="a", derived=1.0, numerical=1.0, tolerance=0.0)
    wrong = chapter.check("14", "wrong", form="a", derived=1.0, numerical=1.0, tolerance=0.0, printed=2.0,
                          printed_form="2 a", remark="a factor too many")  # fmt: skip
    assert findings_of(sections["relaxation"], [right, wrong]) == [wrong]
    assert findings_of(sections["transport"], [right, wrong]) == []
    text = render(alloy, (right, wrong), ())
    assert text.lower().count("a factor too many") == 2, "in its section, and in the table of formulas"


def test_report_into_a_file_is_refused(study: WholeStudy, tmp_path: Path) -> None:
    (tmp_path / "busy").write_text("a file, not a folder")
    with pytest.raises(InputError, match="cannot be written"):
        write_summary(study, tmp_path / "busy")
    with pytest.raises(InputError, match="cannot be written"):
        build_report(study, (), tmp_path / "busy")


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (3.48994, 0.00134, "3.4899 ± 0.0013"),
        (-0.0312, 0.103, "−0.03 ± 0.10"),
        (4.56e-6, 1.57e-6, "(4.6 ± 1.6)·10⁻⁶"),
        (140.2, 95.8, "140 ± 96"),
        (0.0, 0.25, "0.00 ± 0.25"),
        (65.0, 0.0, "65"),
        (7.3064531, math.nan, "7.306"),
        (-2.5e7, math.nan, "−2.500·10⁷"),
        (math.nan, math.nan, "—"),
        (12345678.0, 0.0, "1.234568·10⁷"),
    ],
)
def test_numbers_are_written_to_the_digits_that_count(value: float, error: float, text: str) -> None:
    assert plus_minus(value, error) == text


def test_sentences_are_written_with_signs() -> None:
    written = "error 9.6e-12 (tolerance: 1e-06): chi of an r^-6 crystal, k_B T = 2 hbar omega; 0.0e+00, 3e+10, E^4."
    shown = "error 9.6·10⁻¹² (tolerance: 10⁻⁶): χ of an r⁻⁶ crystal, k_B T = 2 ħ ω; 0, 3·10¹⁰, E⁴."
    assert prose_text(written) == shown
    for same in ("a fixed point defined by Lambda_l and eta_L", "eps3e-x", "m^(3/2)", "m^1.5", "beta1", "<b>"):
        assert prose_text(same) == same


def test_indices_of_single_letters_are_lowered_and_the_rest_is_escaped() -> None:
    assert symbols_html("S_CC(k_s) < chi^2") == "S<sub>CC</sub>(k<sub>s</sub>) &lt; χ²"
    assert symbols_html("k_B T_a, α_1") == "k<sub>B</sub> T<sub>a</sub>, α<sub>1</sub>"
    for same in ("W_kelvin", "energy_N500", "pair_style", "Lambda_l"):
        assert symbols_html(same) == same


def test_one_over_a_unit_has_parentheses_where_it_needs_them() -> None:
    assert [reciprocal_text(unit) for unit in ("ps", "σ √(m/ε)", "kg/m³")] == ["1/ps", "1/(σ √(m/ε))", "1/(kg/m³)"]


def test_units_are_written_with_signs() -> None:
    assert plain(0.0) == "0"
    assert unit_text("sqrt(epsilon/m)/sigma") == "√(ε/m)/σ"
    assert unit_text("epsilon/(m^1.5 sigma^3)") == "ε/(m^(3/2) σ³)"
    assert unit_text("1") == ""

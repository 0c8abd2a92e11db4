"""Theory versus numerics: the verdicts, and that each comparison agrees and could differ."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from tiny_study import tiny_study

from analysis import scanned
from analysis.modes import full_spectrum
from analysis.scanned import choose_mode, scan_soft_mode
from analysis.soft_modes import ModeScan
from analysis.study.results import WholeStudy
from analysis.validation import Comparison, compare, compare_bound, intrinsic_comparisons, study_comparisons
from analysis.validation.study import five_point_derivatives
from atomsim.bibliography import BIBLIOGRAPHY
from atomsim.errors import InputError
from atomsim.quench import Glass


@pytest.fixture(scope="module")
def study() -> WholeStudy:
    return tiny_study()


@pytest.fixture(scope="module")
def intrinsic() -> tuple[Comparison, ...]:
    return intrinsic_comparisons()


@pytest.mark.parametrize(
    ("predicted", "measured", "error", "tolerance", "verdict"),
    [
        (1.0, 1.0, 0.0, 0.0, "agrees"),
        (1.0, 1.1, 0.0, 0.0, "differs"),
        (1.0, 1.1, 0.0, 0.11, "agrees"),
        (1.0, 1.1, 0.06, 0.0, "agrees"),
        (1.0, 1.1, 0.04, 0.0, "cannot tell"),
        (1.0, 1.1, 0.03, 0.0, "differs"),
        (1.0, 1.1, 0.03, 0.05, "agrees"),
        (1.0, 1.1, 0.7, 0.0, "cannot tell"),
        (1.0, 9.0, 0.7, 0.0, "differs"),
        (1.0, 1.1, math.nan, 0.0, "cannot tell"),
        (1.0, 1.1, math.nan, 0.2, "agrees"),
        (1.0, math.nan, 0.1, 0.0, "cannot tell"),
        (math.nan, 1.0, 0.1, 0.5, "cannot tell"),
        (0.0, 0.0, 0.0, 0.0, "agrees"),
        (-1.0, 1.0, 0.0, 0.5, "differs"),
    ],
)
def test_verdict(predicted: float, measured: float, error: float, tolerance: float, verdict: str) -> None:
    for errors in ({"measured_error": error}, {"predicted_error": error}):
        found = compare("a", "b (1)", predicted=predicted, measured=measured, unit="1", tolerance=tolerance, **errors)
        assert found.verdict == verdict
        assert found.explanation


@pytest.mark.parametrize(
    ("measured", "error", "verdict"),
    [
        (1.2, 0.0, "agrees"),
        (0.9, 0.0, "differs"),
        (0.9, 0.06, "agrees"),
        (0.9, 0.02, "differs"),
        (math.nan, 0.1, "cannot tell"),
    ],
)
def test_verdict_of_a_lower_bound(measured: float, error: float, verdict: str) -> None:
    assert (
        compare_bound("a", "b (1)", lower_bound=1.0, measured=measured, unit="1", measured_error=error).verdict
        == verdict
    )


def test_deviation_counts_standard_errors() -> None:
    both = compare("a", "b (1)", predicted=1.0, predicted_error=0.3, measured=0.0, measured_error=0.4, unit="1")
    assert both.deviation == pytest.approx(-2.0)
    assert compare("a", "b (1)", predicted=1.0, measured=1.0, unit="1").deviation == 0
    assert compare("a", "b (1)", predicted=1.0, measured=2.0, unit="1").deviation == math.inf


def test_every_intrinsic_comparison_agrees(intrinsic: tuple[Comparison, ...]) -> None:
    assert len(intrinsic) > 12
    assert [c.name for c in intrinsic if c.verdict != "agrees"] == []
    assert len({c.name for c in intrinsic}) == len(intrinsic)


def test_crystals_have_their_published_energies(intrinsic: tuple[Comparison, ...]) -> None:
    known = {
        "energy per atom of the fcc crystal": 3.393352,
        "pressure of the fcc crystal": 6.998648,
        "mean square frequency of the fcc crystal": 50.86658,
        "energy per atom of the bcc crystal": 3.410419,
        "pressure of the bcc crystal": 7.039619,
        "mean square frequency of the bcc crystal": 51.54162,
    }
    found = {c.name: c for c in intrinsic}
    for name, value in known.items():
        assert found[name].predicted == pytest.approx(value, abs=5e-6)
        assert found[name].measured == pytest.approx(value, abs=5e-6)


def test_sources_are_in_the_bibliography(study: WholeStudy, intrinsic: tuple[Comparison, ...]) -> None:
    for c in (*intrinsic, *study_comparisons(study)):
        key, _, equation = c.source.partition(" ")
        assert key in BIBLIOGRAPHY
        assert equation.startswith("(") and equation.endswith(")")
        assert c.kind in ("law", "model")


def test_laws_hold_in_a_study(study: WholeStudy) -> None:
    found = study_comparisons(study)
    laws = [c for c in found if c.kind == "law"]
    assert len(laws) == 3 * len(study.ensembles) + 5
    assert [f"{c.name}: {c.explanation}" for c in laws if c.verdict == "differs"] == []
    assert {c.kind for c in found} == {"law", "model"}


def differing(study: WholeStudy) -> list[str]:
    return [c.name for c in study_comparisons(study) if c.kind == "law" and c.verdict == "differs"]


def test_wrong_coefficients_differ_from_the_scan(study: WholeStudy) -> None:
    s = study.scanned
    assert s is not None
    for field, name in (("chi_bare", "other modes held"), ("chi_relaxed", "harder modes relaxed")):
        wrong = dataclasses.replace(s, **{field: getattr(s, field) + 0.2 * s.chi_bare})
        assert any(name in found for found in differing(dataclasses.replace(study, scanned=wrong)))
    near = ModeScan(s.near.amplitude_s, 1.2 * s.near.held_s, s.near.relaxed_s)
    assert "squared frequency of the scanned mode" in differing(
        dataclasses.replace(study, scanned=dataclasses.replace(s, near=near))
    )


def test_five_point_derivatives_are_exact_for_quartics() -> None:
    quartic = np.polynomial.Polynomial([1.0, -3.0, 2.0, 5.0, -7.0])
    slope, bend = five_point_derivatives([quartic(0.4 + 0.01 * k) for k in range(-2, 3)], 0.01)
    assert slope == pytest.approx(quartic.deriv()(0.4), rel=1e-11)
    assert bend == pytest.approx(quartic.deriv(2)(0.4), rel=1e-9)


def with_first_glass(study: WholeStudy, glass: Glass) -> WholeStudy:
    e = study.ensembles[0]
    changed = dataclasses.replace(e, glasses=(glass, *e.glasses[1:]))
    return dataclasses.replace(study, ensembles=(changed, *study.ensembles[1:]))


def test_stretched_glass_contradicts_its_pressure(study: WholeStudy) -> None:
    glass = study.ensembles[0].glasses[0]
    stretched = dataclasses.replace(glass, cell_cc=1.001 * glass.cell_cc, positions_nc=1.001 * glass.positions_nc)
    assert any("pressure" in name for name in differing(with_first_glass(study, stretched)))


def test_missing_mode_breaks_the_sum_rule(study: WholeStudy) -> None:
    e = study.ensembles[0]
    vibrations = dataclasses.replace(e.vibrations, omega_m=e.vibrations.omega_m[:-1], glass_m=e.vibrations.glass_m[:-1])
    study = dataclasses.replace(study, ensembles=(dataclasses.replace(e, vibrations=vibrations), *study.ensembles[1:]))
    assert any("trace" in name for name in differing(study))


def test_too_few_modes_cannot_tell(study: WholeStudy) -> None:
    nothing = dataclasses.replace(study.parameters.P_s, value=math.nan, error=math.nan, note="too few")
    names = ("P_s", "exponent", "C_l", "C_t")
    parameters = dataclasses.replace(study.parameters, **dict.fromkeys(names, nothing))
    found = study_comparisons(dataclasses.replace(study, parameters=parameters))
    silent = [c for c in found if "too few" in c.explanation]
    assert len(silent) == 3
    assert {c.verdict for c in silent} == {"cannot tell"}
    assert all(np.isnan(c.measured) or np.isnan(c.predicted) for c in silent)


def test_study_without_ensembles_is_refused(study: WholeStudy) -> None:
    with pytest.raises(InputError, match="no ensemble"):
        dataclasses.replace(study, ensembles=())


@pytest.mark.parametrize("failure", ["branch ends", "falls"])
def test_scan_ends_nearer_where_the_atoms_leave(
    study: WholeStudy, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    soft, glass = study.ensembles[0].soft_modes, study.ensembles[0].glasses
    place = choose_mode(soft)
    assert place is not None and soft[place[0]].chi_relaxed_m[place[1]] > 0
    ends: list[float] = []

    def leaves_unless_near(glass: Glass, held: np.ndarray, amplitude_s: np.ndarray) -> ModeScan:
        ends.append(float(amplitude_s[-1]))
        energy_s = amplitude_s**2
        leaves = len(ends) < len(scanned.REACHES)
        if leaves:
            energy_s[-1] = np.nan if failure == "branch ends" else -1.0
        return ModeScan(amplitude_s, energy_s, energy_s)

    monkeypatch.setattr(scanned, "scan_mode", leaves_unless_near)
    found = scan_soft_mode(glass[place[0]], full_spectrum(glass[place[0]]), soft[place[0]], place=place, points=2)
    assert ends[0] > ends[1] == found.scan.amplitude_s[-1]
    equal = ends[0] / scanned.REACHES[0]
    assert found.omega**2 * equal**2 / 2 == pytest.approx(found.chi_bare * equal**4 / 24)


def test_soft_mode_with_a_second_minimum_is_scanned_last(study: WholeStudy) -> None:
    (soft, *_) = study.ensembles[0].soft_modes
    chi = np.full_like(soft.tau_m, 30.0)
    double = np.arange(len(chi)) < 2
    tau = np.sqrt(8 / 3 * soft.omega2_m * chi) * np.where(double, 1.1, 0.9)
    ready = dataclasses.replace(soft, chi_relaxed_m=chi, tau_m=tau, n_cores_m=np.ones_like(soft.n_cores_m))
    assert choose_mode([ready]) == (0, 2)
    assert choose_mode([dataclasses.replace(ready, chi_relaxed_m=-chi)]) is None
    hybrid = dataclasses.replace(ready, n_cores_m=np.where(np.arange(len(chi)) == 2, 2, 1))
    assert choose_mode([hybrid]) == (0, 3)

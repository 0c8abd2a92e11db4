"""One glass with three distributions of its soft potentials: where they meet, slopes, figure and command line."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from analysis.commands import measures as cli_measures
from analysis.plotting.measures import figure_measures, table_measures
from analysis.soft_potential.measured_measure import MeasuredMeasure
from analysis.thermal import compare_measures as module
from analysis.thermal import exact_tables, kappa
from analysis.thermal.absorption import FIELD_LIMITS
from analysis.thermal.absorption_limits import LandscapeLimits, Limits
from analysis.thermal.compare_measures import MeasureComparison, compare_measures, local_slope
from analysis.thermal.exact_landscape import UNIFORM, ExactTables
from analysis.thermal.exact_tables import (
    QUARTER,
    Measure,
    ScaledAbsorption,
    ScaledRelaxation,
    ends_of_paths,
    load_tables,
    measure_of,
)
from analysis.thermal.kappa import available_channels, conductivity, conductivity_derivatives, material_numbers
from analysis.thermal.materials import KarpovParshinMaterial, get_glass
from analysis.thermal.measured_absorption import PowerLimits
from analysis.thermal.scattering import Channel
from atomsim.errors import InputError
from atomsim.results import Array, Estimate

SILICA = get_glass("silica")
KP = KarpovParshinMaterial(
    "glass", 2200.0, 5800.0, 3800.0, mass=28.0, length=1.0, energy=30.0, G=1e27, b=0.0, d_l2=0.3, d_t2=0.2, xi2=1.2
)
T = np.geomspace(1e-3, 30, 60)


@dataclass(frozen=True)
class Ends:
    """Two levels and vibrations added up: the limits of a distribution without its table."""

    limits: Limits

    def with_derivatives(self, omega: Array, tau: Array) -> tuple[Array, Array, Array]:
        """Value and logarithmic derivatives."""
        omega, tau = np.broadcast_arrays(np.asarray(omega, dtype=float), np.asarray(tau, dtype=float))
        law, slope = self.limits.low(omega)
        x = omega / (2 * tau)
        cold, fall = law * np.tanh(x), law * x / np.cosh(np.minimum(x, 300.0)) ** 2
        high, by_omega, by_tau = self.limits.high(omega, tau)
        high = high * (1 - np.exp(-(omega**4)))  # dies away below W, faster than what it joins
        grown = 4 * omega**4 / np.expm1(np.minimum(omega**4, 600.0))
        value = cold + high
        return (
            value,
            (cold * slope + fall + high * (by_omega + grown)) / value,
            (-fall + high * by_tau) / value,
        )


FIELD, LANDSCAPE = Ends(FIELD_LIMITS), Ends(LandscapeLimits(0.0))  # each computes its law once


@dataclass(frozen=True)
class Family:
    """Stands for the tables of all powers."""

    power_k: tuple[float, ...] = (-0.5, 2.0)

    def at(self, power: float) -> Ends:
        """The limits of one power."""
        return Ends(PowerLimits(power))


def measured(power: float = 0.4, error: float = 0.2) -> MeasuredMeasure:
    rng = np.random.default_rng(0)
    powers = power + error * rng.normal(size=60)
    one = Estimate(power, error, "1")
    return MeasuredMeasure(
        12, 80, 4, one, Estimate(2 + 2 * power, 2 * error, "1"), Estimate(3.0, 1.0, "1"), 8.0, 150.0, 0.1, 0.4,
        np.array([0.6, 1.0]), np.array([power, power]), np.array([error, error]), powers, 3.0 * np.exp(powers - power),
    )  # fmt: skip


def tables(fit: MeasuredMeasure) -> dict[Measure, ExactTables]:
    family = Family()
    scaled = ScaledAbsorption(family.at(fit.power.value), fit.factor.value)
    return {
        Measure.FIELD: ExactTables(FIELD),
        Measure.LANDSCAPE: ExactTables(ScaledAbsorption(LANDSCAPE, QUARTER), measure="uniform (eta, t)"),
        Measure.MEASURED: ExactTables(scaled, measure="measured", family=family),  # type: ignore[arg-type]
    }


@pytest.fixture(scope="module")
def comparison() -> MeasureComparison:
    return compare_measures(SILICA, T, measured=measured(), tables=tables(measured()))


def test_measures_meet_where_tunnelling_rules(comparison: MeasureComparison) -> None:
    field, landscape, simulated = comparison.curves
    assert landscape.conductivity_T[0] == pytest.approx(field.conductivity_T[0], rel=1e-3), "the same C"
    assert np.all(np.abs(field.slope_T[:10] - 2) < 0.05)
    assert comparison.channels == ("resonant", "rayleigh")
    # Every tunnelling system of the third absorbs factor * alpha^{s - 1} as much, alpha = 2 |D2| of some ten.
    ratio = field.conductivity_T[0] / simulated.conductivity_T[0]
    assert 3.0 * 30 ** (0.4 - 1) < ratio < 3.0 * 5 ** (0.4 - 1)
    assert np.all(simulated.low_T <= simulated.conductivity_T * 1.05)
    assert np.all(simulated.high_T * 1.05 >= simulated.conductivity_T)
    assert np.isnan(field.low_T).all()
    assert any("standard errors away" in text for text in comparison.notes)


def test_smallest_slope_is_looked_for_where_the_model_reaches(comparison: MeasureComparison) -> None:
    for curve in comparison.curves:
        held = curve.highest_temperature >= T
        assert curve.smallest_slope == pytest.approx(float(curve.slope_T[held].min()))
        assert curve.plateau_temperature <= curve.highest_temperature
    power = np.geomspace(1, 10, 30)
    np.testing.assert_allclose(local_slope(power, 3 * power**1.7), 1.7, rtol=1e-9)
    assert np.isnan(local_slope(power[:2], power[:2])).all()
    # Half of the heat of a Debye solid lies below hbar omega = 4.9 k_B T.
    x = np.linspace(1e-3, 80, 400_001)
    heat = np.cumsum(x**4 * np.exp(-x) / np.expm1(-x) ** 2)
    assert module._half_heat() == pytest.approx(x[np.searchsorted(heat, heat[-1] / 2)], rel=1e-3)


def test_ends_of_paths_are_where_the_absorption_says() -> None:
    numbers = material_numbers(replace(SILICA, mu=2.0))
    for known in tables(measured()).values():
        found = ends_of_paths(numbers, known)
        for branch, end in found.items():
            reduced = end / (SILICA.W * 1.380649e-23 / 1.054571817e-34)
            value = known.absorption.with_derivatives(np.array(reduced), np.array(0.02))[0] + reduced**3 / 8
            assert np.pi * numbers[f"C_{branch}"] * value == pytest.approx(1.0, rel=1e-6)
    names, at = ("W", "C_t", "v_l", "mu"), np.array([1.0, 30.0])
    known = tables(measured())[Measure.LANDSCAPE]
    exact = conductivity_derivatives(replace(SILICA, mu=2.0), at, names, model="exact", tables=known)
    for name, row in zip(names, exact, strict=True):
        sides = [
            conductivity(
                replace(SILICA, **{"mu": 2.0, name: getattr(replace(SILICA, mu=2.0), name) * np.exp(step)}),
                at, model="exact", measure=known,
            ).conductivity_T
            for step in (1e-4, -1e-4)
        ]  # fmt: skip
        assert row == pytest.approx((sides[0] - sides[1]) / 2e-4, rel=1e-4, abs=1e-6)


def test_scaled_operator_relaxes_with_its_square() -> None:
    class One:
        def absorption_with_derivatives(self, s: Array, tau: Array) -> tuple[Array, Array, Array]:
            return s / (1 + s**2), (1 - s**2) / (1 + s**2), np.zeros_like(s)

    s = np.array([0.3])
    value, slope, _ = ScaledRelaxation(One(), 0.5).absorption_with_derivatives(s, s)
    assert value == pytest.approx(0.25 * (4 * s) / (1 + (4 * s) ** 2)) and slope == pytest.approx((1 - 1.44) / 2.44)


def test_measure_is_what_the_constants_say_unless_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measure_of(SILICA, None) is Measure.FIELD and measure_of(KP, None) is Measure.LANDSCAPE
    assert measure_of(SILICA, measured()) is Measure.MEASURED
    assert Channel.RELAXATION in available_channels(SILICA, "exact", "landscape")
    assert Channel.RELAXATION not in available_channels(SILICA, "exact", measured())
    with pytest.raises(InputError, match="did you mean 'landscape'"):
        measure_of(SILICA, "landscap")
    with pytest.raises(InputError, match="comes from the soft modes of a finished study"):
        load_tables(SILICA, "measured", [Channel.RESONANT])
    with pytest.raises(InputError, match="are given as a measure"):
        conductivity(SILICA, [1.0], model="exact", measure="landscape", absorption=FIELD)
    with pytest.raises(InputError, match=r"compared for the constants of \[material\] only"):
        compare_measures(KP, [1.0])  # type: ignore[arg-type]
    made = tables(measured())
    monkeypatch.setattr(exact_tables, "production_landscape", lambda b, progress: (LANDSCAPE, f"b = {b}"))
    found = load_tables(SILICA, "landscape", [Channel.RESONANT])
    assert found.origin == "b = 0.0" and found.measure != UNIFORM
    at = np.array([0.01]), np.array([0.1])
    assert found.absorption.with_derivatives(*at) == made[Measure.LANDSCAPE].absorption.with_derivatives(*at)


def test_figure_of_the_measures_shows_the_numbers(comparison: MeasureComparison) -> None:
    upper, lower = figure_measures(comparison).axes
    np.testing.assert_array_equal(upper.lines[1].get_ydata(), comparison.curves[0].conductivity_T)
    assert len(upper.collections) == 1, "one band"
    marks = [line for line in lower.lines if line.get_marker() == "o"]
    assert [m.get_ydata()[0] for m in marks] == [c.smallest_slope for c in comparison.curves]
    assert len(table_measures(comparison).rows) >= len(T)


def test_measures_from_the_command_line(command, monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(kappa, "production_absorption", lambda *_: FIELD)
    monkeypatch.setattr(exact_tables, "production_landscape", lambda b, progress: (LANDSCAPE, "at hand"))
    picture = tmp_path / "measures.svg"
    base = ("thermal", "silica", "--temperatures", "0.01:30:12log", "--channels", "resonant", "--json")
    status, out, _ = command(*base, "--compare-measures", picture)
    document = json.loads(out)
    assert status == 0 and picture.read_text().startswith("<svg")
    assert document["model"] == "closed" and set(document["measures"]) == {"field", "landscape", "channels", "notes"}
    status, out, _ = command(*base, "--model", "exact", "--measure", "landscape")
    chosen = json.loads(out)
    assert chosen["assumptions"]["measure"] == "uniform (eta, t)" and "measures" not in chosen
    assert chosen["kappa_W_per_mK"] == document["measures"]["landscape"]["kappa_W_per_mK"]
    status, out, err = command(*base[:-1], "--compare-measures", picture)
    assert status == 0 and "smallest slope" in out and "uniform (eta, t)" in out
    for wrong, words in (
        (("--measure", "landscape"), "give --model exact"),
        (("--model", "exact", "--measure", "measured"), "expected the folder of a finished study, got silica"),
        (("--compare-measures", "x.pdf"), "--compare-measures x.pdf: expected a file"),
    ):
        status, _, err = command(*base, *wrong)
        assert status == 2 and words in err


def test_progress_of_a_table_is_shown_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with cli_measures.tabulation("closed") as nothing:
        assert nothing is None
    with cli_measures.tabulation("exact") as silent:
        assert isinstance(silent, cli_measures.TableProgress)
    assert capsys.readouterr().err == "", "no table is made, nothing is said"
    with cli_measures.tabulation("exact") as progress:
        assert isinstance(progress, cli_measures.TableProgress)
        for _ in range(2):
            for done in (1, 2, 3):
                progress(done, 3)
    err = capsys.readouterr().err
    assert err.count("100 %  table of the exact model; all done") == 2

"""The verb phase-shifts and its figure: JSON keys, tables, messages, exit status, what is drawn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from verbs import Command, command_line

from analysis.multiple_scattering.metals import get_metal
from analysis.multiple_scattering.phase_shifts import transport_cross_section
from analysis.multiple_scattering.screened_ions import ScreeningKind
from analysis.multiple_scattering.ziman import liquid_resistivity
from analysis.plotting import phase_shifts as figures


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the verb in this process."""
    return command_line(capsys, "phase-shifts")


def test_phase_shifts_prints_the_promised_document(command, tmp_path):
    figure = tmp_path / "ion.svg"
    status, out, err = command("--metal", "Al", "--lmax", "4", "--json", "--figure", figure)
    document = json.loads(out)
    assert status == 0 and "figure:" in err and figure.read_text().startswith("<svg")
    assert set(document) == {
        "metal",
        "valence",
        "screening",
        "strength",
        "unit",
        "k_fermi",
        "delta",
        "friedel_sum",
        "total_cross_section",
        "transport_cross_section",
        "liquid",
        "remarks",
    }
    metal = get_metal("Al")
    ion = metal.ion(screening=ScreeningKind.THOMAS_FERMI)
    assert document["delta"] == ion.phase_shifts(4).tolist() and document["strength"] == 1
    sigma = float(transport_cross_section(ion.phase_shifts(4), metal.fermi_wave_number))
    assert document["transport_cross_section"] == pytest.approx(sigma, rel=1e-12)
    liquid = ion.at(metal.liquid_fermi_wave_number)
    rho = liquid_resistivity(metal, liquid, liquid.phase_shifts(4))
    assert document["liquid"]["rho_born"] == pytest.approx(rho.born, rel=1e-12)
    assert document["liquid"]["rho_t_matrix"] == pytest.approx(rho.t_matrix, rel=1e-12)
    assert document["liquid"]["rho_measured"] == 24.2 and document["liquid"]["source"] == "faber-1972, recalled"


def test_phase_shifts_adjusts_the_friedel_sum(command):
    arguments = ("--metal", "na", "--friedel-adjusted", "--lmax", "12", "--k-fermi", "0.9")
    status, out, _ = command(*arguments, "--json")
    document = json.loads(out)
    assert status == 0 and document["friedel_sum"] == pytest.approx(1.0, abs=1e-9) and document["strength"] > 1
    assert document["k_fermi"] == document["liquid"]["k_fermi"] == 0.9
    status, out, err = command(*arguments)
    assert status == 0 and "kappa^2 times 1.1" in out and "Friedel sum of l = 0 to 12: 1, valence 1" in out and not err


def test_phase_shifts_prints_tables_and_warns(command):
    status, out, err = command("--metal", "Cu", "--lmax", "0", "--screening", "hubbard")
    assert status == 0 and "measured at the melting point" in out and "over measured" in out and "hubbard" in out
    assert "l_max = 0 is too small, the last partial wave carries 100 %" in err and "d band" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--metal", "Fe"), "unknown metal 'Fe'"),
        (("--metal", "Al", "--screening", "debye"), "unknown screening 'debye'"),
        (("--metal", "Al", "--k-fermi", "0"), "k = 0.0, expected a positive"),
        (("--metal", "Al", "--k-fermi", "nan"), "k = nan"),
        (("--metal", "Al", "--lmax", "-1"), "l_max = -1, expected 0 to 40"),
        (("--metal", "Al", "--figure", "ion.pdf"), "expected a file .svg or .png"),
    ],
)
def test_phase_shifts_refuses_what_cannot_be(command, arguments, message):
    status, out, err = command(*arguments)
    assert status == 2 and message in err and not out


def test_figure_of_an_ion_draws_what_its_tables_hold():
    metal = get_metal("Na")
    ion = metal.ion(screening=ScreeningKind.THOMAS_FERMI)
    potential, scattering = figures.figure_single_ion("Na", ion, ion).axes
    for ax, curves, table in (
        (potential, figures.potential_curves(ion), figures.table_ion_potential(ion)),
        (scattering, figures.scattering_curves(ion), figures.table_scattering_of_liquid(ion)),
    ):
        lines = [line.get_xydata() for line in ax.lines if len(line.get_xydata()) > 2]
        assert len(lines) == len(curves)
        drawn = np.concatenate(lines)
        assert np.array([row[1:3] for row in table.rows], dtype=float) == pytest.approx(drawn, nan_ok=True)
    (curve,) = figures.potential_curves(ion)
    assert curve.y[np.searchsorted(curve.x, 0.5)] > 0 > curve.y[np.searchsorted(curve.x, 1.0)]  # core, then attraction
    form, structure, share = figures.scattering_curves(ion)
    assert form.y[0] == -1 and share.y.max() == 1 and structure.y[0] < 0.05

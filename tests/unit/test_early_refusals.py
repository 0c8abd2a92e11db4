"""Values that can be of no use are refused before any work: the work itself is forbidden here."""

from __future__ import annotations

import re
from pathlib import Path

import ase
import ase.io
import pytest
from ase.build import bulk
from verbs import command_line

import analysis.measure
import analysis.multiple_scattering.wind_configuration
import analysis.thermal.kappa
import atomsim.formats.alloys
from analysis.commands import thermal as cli_thermal
from analysis.thermal.materials import KarpovParshinMaterial


class Worked(AssertionError):
    """The verb began to work."""


@pytest.fixture(autouse=True)
def forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Descents, winds and conductivities."""

    def refuse(*arguments: object, **options: object) -> None:
        raise Worked

    monkeypatch.setattr(analysis.measure, "structure_of", refuse)
    monkeypatch.setattr(analysis.multiple_scattering.wind_configuration, "wind_forces", refuse)
    monkeypatch.setattr(analysis.thermal.kappa, "conductivity", refuse)
    monkeypatch.setattr(atomsim.formats.alloys, "read_alloy_glass", refuse)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("density", "--bins", "0"), "--bins 0: expected 1 or more"),
        (("density", "--moments", "9"), "--moments 9: expected 8 or more, a multiple of 4"),
        (("density", "--moments", "4"), "--moments 4: expected 8 or more"),
        (("density", "--vectors", "1"), "--vectors 1: expected 2 or more"),
        (("modes", "--lowest", "0"), "--lowest 0: expected at least one mode"),
        (("modes", "--lowest", "5", "--method", "superlo"), "--method superlo: expected one of dense, .*superlu"),
        (("soft-modes", "--count", "0"), "--count 0: expected at least one mode"),
        (("excitations", "--force-constants", "literaly"), "literaly.*literal"),
        (("excitations", "--temperature", "-1"), "temperature = -1"),
    ],
)
def test_numbers_of_verbs_are_looked_at_before_the_descent(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    verb, *options = arguments
    path = tmp_path / "glass.xyz"
    ase.io.write(path, bulk("Ar", "fcc", a=1.6, cubic=True).repeat(4))
    run = command_line(capsys, verb, path, "--potential", "kob-andersen", "--minimise")
    with pytest.raises(Worked):
        run()  # with nothing wrong the descent is what comes first
    status, out, err = run(*options)
    assert (status, out) == (2, "")
    assert re.search(message, err)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--resistivity", "-1"), "resistivity = -1.0"),
        (("--resistivity", "mine"), "own or measured"),
        (("--resistivity", "nan"), "resistivity = nan"),
        (("--relaxation-time", "0"), "relaxation time = 0.0"),
        (("--resistivity", "own", "--relaxation-time", "1e-14"), "one of a resistivity and a relaxation time"),
    ],
)
def test_resistivities_are_looked_at_before_the_wind(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    path = tmp_path / "crystal.xyz"
    ase.io.write(path, bulk("Al", cubic=True).repeat(2))
    run = command_line(capsys, "wind", path, "--metal", "Al", after=("--workers", 1))
    with pytest.raises(Worked):
        run("--resistivity", "3")
    status, out, err = run(*options)
    assert status == 2 and message in err and not out


@pytest.mark.parametrize("option", ["--compare-measures", "--measured"])
def test_constants_of_one_distribution_are_compared_with_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    numbers = {"mass": 28.0, "length": 1.0, "energy": 30.0, "G": 1e27, "b": 0.0, "d_l2": 0.3, "d_t2": 0.2, "xi2": 1.2}
    other = KarpovParshinMaterial("other", 2200.0, 5800.0, 3800.0, **numbers)
    monkeypatch.setattr(cli_thermal, "_material", lambda text: (other, None))
    run = command_line(capsys, "thermal", "silica", "--model", "exact")
    with pytest.raises(Worked):
        run()
    status, out, err = run(option, *([tmp_path / "measures.svg"] if option == "--compare-measures" else []))
    assert status == 2 and "other: " in err and "[material]" in err and not out

"""Glasses shared by the tests; each is made once a session."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
from plane_wells import plane_wells
from small_alloy import run_alloy
from verbs import Command, command_line

from analysis.modes import Modes, full_spectrum
from analysis.soft_modes.directions import Directions
from analysis.soft_modes.nonlinear import NonlinearModes
from atomsim.potentials import get_model
from atomsim.quench import Glass, QuenchParameters, inherent_structure, make_glass
from atomsim.structure import random_start

# Tests started in the background of a shell inherit that Ctrl-C is ignored; tests of interrupts would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in this process: exit status, standard output, standard error."""
    return command_line(capsys)


@pytest.fixture(scope="session")
def small_glass() -> Glass:
    """A melted and quenched r^-6 glass of 256 atoms."""
    parameters = QuenchParameters("laird-schober", 256, temperature=0.5, melt_time=2.0)
    return make_glass(parameters, np.random.default_rng(11))


@pytest.fixture(scope="session")
def small_modes(small_glass: Glass) -> Modes:
    """All modes of the small glass, with all eigenvectors."""
    return full_spectrum(small_glass)


@pytest.fixture(scope="session")
def cooled_glass() -> Glass:
    """An r^-6 glass of 500 atoms cooled at a finite rate."""
    parameters = QuenchParameters("laird-schober", 500, temperature=1.0, melt_time=5.0, cooling_rate=0.1)
    return make_glass(parameters, np.random.default_rng(12))


@pytest.fixture(scope="session")
def binary_glass() -> Glass:
    """A binary r^-10 glass with unequal masses: whatever weighs masses wrongly fails on it."""
    rng = np.random.default_rng(13)
    atoms = random_start(get_model("lerner-binary"), 160, 0.82, rng)
    atoms.set_masses(rng.uniform(0.5, 2.0, len(atoms)))
    return inherent_structure(atoms, "lerner-binary", on_saddle="push")


@pytest.fixture(scope="session")
def plane_glass() -> Glass:
    """A plane glass with two neighbouring minima."""
    return plane_wells().glass


@pytest.fixture(scope="session")
def cubic() -> NonlinearModes:
    """The cubic modes of the plane glass."""
    return plane_wells().cubic


@pytest.fixture(scope="session")
def directions() -> Directions:
    """Those of its cubic modes along which there are other minima."""
    return plane_wells().directions


@pytest.fixture(scope="session")
def alloy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished study of a binary alloy, to which the tables of an alloy were added afterwards."""
    folder = tmp_path_factory.mktemp("alloy")
    run_alloy(folder, tables="")
    return run_alloy(folder)

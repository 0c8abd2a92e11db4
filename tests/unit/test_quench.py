"""Inherent structures and their certificates."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from ase.build import bulk

from analysis.modes.spectrum import dynamical_matrix
from atomsim import quench
from atomsim.certificate import Certificate
from atomsim.errors import InputError, NotAMinimum, NotConverged
from atomsim.minimise import descend
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model
from atomsim.quench import (
    OVERLAP_EVALUATIONS,
    START_FORCE,
    Glass,
    QuenchParameters,
    describe,
    inherent_structure,
    make_glass,
    without_overlaps,
)
from atomsim.structure import random_start

SIMPLE_CUBIC = 7  # a simple cubic r^-6 crystal of this edge is a saddle with many negative eigenvalues


def simple_cubic():
    atoms = bulk("H", "sc", a=1.0, cubic=True) * ((SIMPLE_CUBIC,) * 3)
    atoms.set_masses(np.ones(len(atoms)))
    return atoms


@pytest.mark.parametrize("name", ["small_glass", "binary_glass"])
def test_certificate_against_dense_eigenvalues(name: str, request: pytest.FixtureRequest) -> None:
    glass: Glass = request.getfixturevalue(name)
    values = np.linalg.eigvalsh(dynamical_matrix(glass).toarray())
    assert glass.max_force <= 1e-10
    assert glass.n_zero_modes == np.count_nonzero(np.abs(values) < 1e-6) == 3
    assert glass.n_negative == np.count_nonzero(values < -1e-6) == 0
    assert glass.lowest_eigenvalue == pytest.approx(values[3], rel=1e-9)


def test_cooled_glass_lies_where_the_model_is_known_to_lie(cooled_glass: Glass) -> None:
    """Means over glasses are 3.487-3.492 and 7.19-7.20; one glass of 500 atoms scatters by 0.004 and 0.008."""
    assert 3.475 <= cooled_glass.energy <= 3.500
    assert 7.17 <= cooled_glass.pressure <= 7.22
    assert cooled_glass.parent_energy > cooled_glass.energy


def test_saddle_is_refused_with_its_certificate() -> None:
    with pytest.raises(NotAMinimum, match="negative eigenvalues") as caught:
        inherent_structure(simple_cubic(), "laird-schober")
    certificate = caught.value.estimate
    assert isinstance(certificate, Certificate)
    assert certificate.max_force < 1e-10, "the crystal is stationary by symmetry"
    assert certificate.n_negative > 100


def test_saddle_is_left_when_asked() -> None:
    saddle = describe(simple_cubic(), "laird-schober")
    glass = inherent_structure(simple_cubic(), "laird-schober", on_saddle="push")
    assert glass.n_negative == 0 and glass.n_zero_modes == 3
    assert glass.energy < saddle.energy


def test_describe_moves_nothing(small_glass: Glass) -> None:
    again = describe(small_glass.to_atoms(), "laird-schober")
    np.testing.assert_allclose(again.positions_nc, small_glass.positions_nc, atol=1e-13)
    assert again.energy == pytest.approx(small_glass.energy, rel=1e-14)
    assert again.lowest_eigenvalue == pytest.approx(small_glass.lowest_eigenvalue, rel=1e-9)


def test_rattlers_are_called_by_name(small_glass: Glass) -> None:
    six = dataclasses.replace(small_glass.certificate, n_zero_modes=6)
    with pytest.raises(NotAMinimum, match="6 zero modes, expected 3: atoms without neighbours"):
        six.require_minimum(name="glass", zero_modes=3)


STEEP = "inverse-power:n=40,q=2,cutoff=1.3"  # of a random start the first evaluations leave forces of 1e22


def steep_start() -> tuple[PairInteraction, np.ndarray]:
    model = get_model(STEEP)
    atoms = random_start(model, 150, 1.1, np.random.default_rng(1))
    return PairInteraction.from_atoms(model, atoms), atoms.positions


def test_overlaps_are_followed_until_forces_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    interaction, start_nc = steep_start()
    once_nc = descend(interaction, start_nc, max_evaluations=OVERLAP_EVALUATIONS)
    assert np.abs(interaction.forces(once_nc)).max() > 1e6 * START_FORCE
    assert np.abs(interaction.forces(without_overlaps(interaction, start_nc))).max() <= START_FORCE
    monkeypatch.setattr(quench, "OVERLAP_ROUNDS", 2)
    with pytest.raises(NotConverged, match=r"max\|F\| = .* after 120 evaluations from a random start") as caught:
        without_overlaps(interaction, start_nc)
    assert caught.value.estimate.shape == start_nc.shape


def test_a_start_that_is_soon_free_of_overlaps_is_taken_as_it_is() -> None:
    model = get_model("laird-schober")
    atoms = random_start(model, 230, model.density, np.random.default_rng(1))
    found = [PairInteraction.from_atoms(model, atoms) for _ in range(2)]
    once_nc = descend(found[0], atoms.positions, max_evaluations=OVERLAP_EVALUATIONS)
    np.testing.assert_array_equal(without_overlaps(found[1], atoms.positions), once_nc)


def test_steep_glass_comes_from_a_random_start() -> None:
    """Dynamics would explode from the forces that the first evaluations leave."""
    parameters = QuenchParameters(STEEP, 150, density=1.1, temperature=0.5, melt_time=0.1, time_step=0.001)
    glass = make_glass(parameters, np.random.default_rng(1))
    assert glass.max_force <= 1e-10 and glass.n_negative == 0


def test_same_seed_same_glass() -> None:
    parameters = QuenchParameters("lerner-binary", 100, temperature=1.0, melt_time=0.5, time_step=0.005)
    first, again = (make_glass(parameters, np.random.default_rng(4)) for _ in range(2))
    other = make_glass(parameters, np.random.default_rng(5))
    np.testing.assert_array_equal(first.positions_nc, again.positions_nc)
    assert first.energy != other.energy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"density": -1.0}, r"density = -1\.0 must be positive"),
        ({"temperature": 0.0}, r"temperature = 0\.0 must be positive"),
        ({"time_step": -0.1}, r"time_step = -0\.1 must be positive"),
        ({"cooling_rate": 0.0}, r"cooling_rate = 0\.0 must be positive"),
        ({"melt_time": -1.0}, r"melt_time = -1\.0"),
        ({"final_temperature": 2.0}, r"final_temperature = 2\.0 must lie between"),
        ({"potential": "laird-shober"}, "did you mean 'laird-schober'"),
        ({"n_atoms": 100}, "smaller than twice the cut-off"),
    ],
)
def test_protocol_out_of_range_names_the_key(change: dict[str, object], message: str) -> None:
    parameters = dataclasses.replace(QuenchParameters("laird-schober", 300), **change)
    with pytest.raises(InputError, match=message):
        make_glass(parameters, np.random.default_rng(0))


def test_unknown_saddle_policy_is_refused() -> None:
    with pytest.raises(InputError, match="on_saddle = 'ignore'"):
        inherent_structure(simple_cubic(), "laird-schober", on_saddle="ignore")

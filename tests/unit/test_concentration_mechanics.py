"""Pair energies split by concentration, static displacements, moments of inertia and force constants."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg, sparse

from analysis.excitations import (
    Alloy,
    Shells,
    alloy_of_glass,
    complete_order,
    concentration_modes,
    continuum_displacement,
    continuum_displacements,
    displacement_profile,
    envelope,
    kanzaki_forces,
    literal_blocks,
    mechanics_of_hessian,
    mechanics_of_pairs,
    moments_of_inertia,
    pair_mixture,
    poisson_ratio,
    relaxed_constants,
    static_displacements,
    swap_forces,
    volume_change,
    without_diagonal,
)
from analysis.excitations.displacements import LARGEST_NET_FORCE
from analysis.excitations.eigenproblem import zero_sum_basis
from analysis.excitations.pair_mixture import PairMixture
from analysis.excitations.shells import distances
from analysis.modes import elasticity, full_spectrum
from atomsim.errors import InputError, NotAMinimum
from atomsim.hessian import hessian_matrix
from atomsim.pairs import PairInteraction
from atomsim.potentials import Mixing, Model, get_model, inverse_power, smoothed
from atomsim.quench import Glass
from atomsim.response import StaticResponse
from atomsim.results import Array

ROUND_OFF = 1e-12
SOFT_SPHERES = Model(
    "binary r^-6",
    smoothed(inverse_power(6), 2.2, 2),
    Mixing("species", lengths=((1.0, 1.1), (1.1, 1.2)), energies=((1.0, 1.0), (1.0, 1.0))),
)
MODELS = {"lerner-binary": get_model("lerner-binary"), "kob-andersen": get_model("kob-andersen"), "r^-6": SOFT_SPHERES}


def shaken_alloy(share: float, seed: int, *, n_side: int = 6, spacing: float = 1.0) -> Alloy:
    """A shaken simple lattice with B at random."""
    rng = np.random.default_rng(seed)
    sites_nc = np.stack(np.meshgrid(*[np.arange(n_side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) * spacing
    occupation_n = np.zeros(len(sites_nc), np.int64)
    occupation_n[: round(share * len(sites_nc))] = 1
    shaken_nc = sites_nc + 0.1 * spacing * rng.uniform(-1, 1, sites_nc.shape)
    return Alloy(shaken_nc, n_side * spacing * np.eye(3), rng.permutation(occupation_n))


def interaction(alloy: Alloy, model: Model, occupation_n: Array) -> PairInteraction:
    """The model bound to an occupation, by the code that makes glasses."""
    return PairInteraction(
        model,
        cell_cc=alloy.cell_cc,
        periodic_c=np.ones(3, np.int64),
        species_n=occupation_n,
        size_n=np.ones(alloy.n_atoms),
    )


@pytest.fixture(scope="module")
def parts(binary_glass: Glass) -> tuple[Alloy, Model, PairMixture, Array, Array]:
    """Alloy, model, pairs, forces and displacement fields of a glass."""
    alloy, model = alloy_of_glass(binary_glass), get_model(binary_glass.model)
    mixture = pair_mixture(alloy, model)
    forces_ncl = kanzaki_forces(mixture, alloy.deviation_n)
    hessian = hessian_matrix(mixture.terms(alloy.deviation_n))
    return alloy, model, mixture, forces_ncl, static_displacements(hessian, forces_ncl, binary_glass.mass_n)


def relaxed(alloy: Alloy, model: Model, delta_n: Array, mass_n: Array) -> tuple[float, Array, Array]:
    """Energy, positions and dU/d(delta) after relaxing an alloy with any concentrations, by Newton's method."""
    places_nc = alloy.positions_nc.copy()
    for _ in range(8):
        mixture = pair_mixture(alloy, model, positions_nc=places_nc)
        terms = mixture.terms(delta_n)
        forces_nc = terms.forces()
        if np.abs(forces_nc).max() < 1e-12:
            break
        response = StaticResponse(hessian_matrix(terms), mass_n, 3)
        places_nc = places_nc + response.displacements(forces_nc)
        response.release()
    assert np.abs(forces_nc).max() < 1e-11
    return terms.energy(), places_nc, mixture.concentration_forces(delta_n)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("share", [0.2, 0.5])
def test_decomposition_reproduces_the_energy_of_any_configuration(name: str, share: float) -> None:
    alloy, model = shaken_alloy(share, seed=1), MODELS[name]
    mixture = pair_mixture(alloy, model)
    rng = np.random.default_rng(2)
    for occupation_n in (alloy.occupation_n, rng.permutation(alloy.occupation_n), rng.integers(0, 2, alloy.n_atoms)):
        expected = interaction(alloy, model, occupation_n).terms(alloy.positions_nc)
        found = mixture.terms(occupation_n - alloy.concentration)  # c stays that of the first, whatever is put in
        scale = np.abs(expected.derivative_kp[0]).sum()
        assert abs(found.energy() - expected.energy()) < ROUND_OFF * scale
        np.testing.assert_allclose(found.forces(), expected.forces(), rtol=0, atol=1e-11)
        difference = hessian_matrix(found) - hessian_matrix(expected)
        assert abs(difference).max() < 1e-10
    ordering = mixture.ordering_matrix()
    assert abs(ordering - ordering.T).max() == 0 and np.all(ordering.diagonal() == 0)


def test_ordering_energy_is_the_mixed_difference_of_four_alloys() -> None:
    alloy, model = shaken_alloy(0.4, seed=3), MODELS["kob-andersen"]
    ordering = pair_mixture(alloy, model).ordering_matrix().toarray()
    base_n = np.zeros(alloy.n_atoms, np.int64)
    near = np.argsort(-np.abs(ordering[0]))[:4]
    for other in near:
        energy = {}
        for a in (0, 1):
            for b in (0, 1):
                occupation_n = base_n.copy()
                occupation_n[[0, other]] = a, b
                energy[a, b] = interaction(alloy, model, occupation_n).energy_and_forces(alloy.positions_nc)[0]
        mixed = energy[1, 1] - energy[1, 0] - energy[0, 1] + energy[0, 0]
        assert mixed == pytest.approx(ordering[0, other], rel=1e-9)


def test_kanzaki_forces_are_the_change_of_force_by_a_swap() -> None:
    for name, model in MODELS.items():
        alloy = shaken_alloy(0.3, seed=4)
        ions = np.array([0, 17, 100])
        forces_ncl = kanzaki_forces(pair_mixture(alloy, model), alloy.deviation_n, ions)

        def forces_of(occupation_n: Array, alloy: Alloy = alloy, model: Model = model) -> Array:
            return interaction(alloy, model, occupation_n).energy_and_forces(alloy.positions_nc)[1]

        swapped_ncl = swap_forces(forces_of, alloy.occupation_n, ions)
        np.testing.assert_allclose(forces_ncl, swapped_ncl, rtol=0, atol=1e-10, err_msg=name)
        np.testing.assert_allclose(forces_ncl.sum(axis=0), 0, atol=1e-11)
    assert len(np.unique(alloy.occupation_n[ions])) == 2, "swaps of both directions should be among them"


def test_displacements_are_those_of_the_pseudo_inverse(parts, binary_glass) -> None:
    alloy, _, mixture, forces_ncl, displacement_ncl = parts
    hessian = hessian_matrix(mixture.terms(alloy.deviation_n)).toarray()
    inverse = linalg.pinvh(hessian, rtol=1e-11)
    n = alloy.n_atoms
    expected = (inverse @ forces_ncl.reshape(3 * n, n)).reshape(n, 3, n)
    equal = static_displacements(sparse.csr_matrix(hessian), forces_ncl, np.ones(n))
    np.testing.assert_allclose(equal, expected, atol=1e-8)
    # unequal masses move the same way up to a translation, and leave the centre of mass where it is
    shift = displacement_ncl - expected
    np.testing.assert_allclose(shift, np.broadcast_to(shift[:1], shift.shape), atol=1e-8)
    np.testing.assert_allclose(np.einsum("n,ncl->cl", binary_glass.mass_n, displacement_ncl), 0, atol=1e-10)
    assert np.abs(shift).max() > 1e-4, "the masses of this glass should matter"


def test_displacements_follow_the_relaxed_positions(parts, binary_glass) -> None:
    alloy, model, _, _, displacement_ncl = parts
    ion, step = 5, 1e-3
    places = []
    for sign in (1, -1):
        delta_n = alloy.deviation_n
        delta_n[ion] += sign * step
        places.append(relaxed(alloy, model, delta_n, binary_glass.mass_n)[1])
    moved = (places[0] - places[1]) / (2 * step)
    np.testing.assert_allclose(moved, displacement_ncl[:, :, ion], atol=1e-4 * np.abs(moved).max())


def test_moments_of_inertia_are_positive_definite(parts, binary_glass) -> None:
    alloy, _, _, _, displacement_ncl = parts
    inertia_ll = moments_of_inertia(displacement_ncl, binary_glass.mass_n)
    basis = zero_sum_basis(alloy.n_atoms)
    moments = linalg.eigvalsh(basis.T @ inertia_ll @ basis)
    assert moments[0] > 1e-9 * moments[-1] > 0
    explicit = sum(
        binary_glass.mass_n[j] * displacement_ncl[j, :, 3] @ displacement_ncl[j, :, 8] for j in range(alloy.n_atoms)
    )
    assert inertia_ll[3, 8] == pytest.approx(explicit)


def test_relaxed_constants_are_derivatives(parts, binary_glass) -> None:
    alloy, model, mixture, forces_ncl, displacement_ncl = parts
    constants_ll = relaxed_constants(mixture.ordering_matrix().toarray(), forces_ncl, displacement_ncl)
    ion, step = 7, 1e-3

    def energy(*changes: tuple[int, float]) -> tuple[float, Array]:
        delta_n = alloy.deviation_n
        for place, change in changes:
            delta_n[place] += change
        found = relaxed(alloy, model, delta_n, binary_glass.mass_n)
        return found[0], found[2]

    plus, minus = energy((ion, step)), energy((ion, -step))
    middle = energy()
    second = (plus[0] - 2 * middle[0] + minus[0]) / step**2
    assert second == pytest.approx(constants_ll[ion, ion], rel=1e-2)
    # the same by the forces on the concentration, which need one difference less
    row = (plus[1] - minus[1]) / (2 * step)
    np.testing.assert_allclose(row, constants_ll[ion], atol=1e-4 * np.abs(constants_ll[ion]).max())
    other = int(np.argsort(-np.abs(without_diagonal(constants_ll)[ion]))[0])
    step = 3e-3  # the largest off the diagonal, from energies alone
    corners = {(a, b): energy((ion, a * step), (other, b * step))[0] for a in (1, -1) for b in (1, -1)}
    mixed = (corners[1, 1] - corners[1, -1] - corners[-1, 1] + corners[-1, -1]) / (4 * step**2)
    assert mixed == pytest.approx(constants_ll[ion, other], rel=1e-2)
    assert abs(constants_ll[ion, other] - mixture.ordering_matrix()[ion, other]) > 0.1 * abs(constants_ll[ion, other])


def test_volume_change_against_relaxed_pressures(parts, binary_glass) -> None:
    alloy, model, mixture, _, displacement_ncl = parts
    bulk = elasticity(binary_glass).bulk_modulus
    found = volume_change(mixture, alloy.deviation_n, displacement_ncl, volume=alloy.volume, bulk_modulus=bulk)
    step, pressures = 1e-3, []
    for sign in (1, -1):
        delta_n = alloy.deviation_n + sign * step
        _, places_nc, _ = relaxed(alloy, model, delta_n, binary_glass.mass_n)
        terms = pair_mixture(alloy, model, positions_nc=places_nc).terms(delta_n)
        pressures.append(-np.trace(terms.virial()) / (3 * alloy.volume))
    slope = (pressures[0] - pressures[1]) / (2 * step)
    assert found == pytest.approx(alloy.volume / alloy.n_atoms * slope / bulk, rel=1e-4)
    assert found > 0, "B is the larger species: the glass would grow"


def test_continuum_displacement_carries_the_eshelby_volume() -> None:
    rng = np.random.default_rng(3)
    directions = rng.standard_normal((50, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for poisson in (0.0, 0.3, 0.5):
        for radius in (1.0, 3.0):
            field = continuum_displacement(radius * directions, poisson=poisson, volume_change=0.7)
            flux = 4 * np.pi * radius**2 * np.sum(field * directions, axis=1)
            # an inclusion that would grow by dV alone grows by dV (1+s)/[3(1-s)] in an infinite solid
            np.testing.assert_allclose(flux, 0.7 * (1 + poisson) / (3 * (1 - poisson)), rtol=1e-12)
    assert np.all(continuum_displacement(np.zeros((1, 3)), poisson=0.3, volume_change=1.0) == 0)
    assert poisson_ratio(1.0, 1e-12) == pytest.approx(0.5) and poisson_ratio(2.0, 3.0) == 0
    with pytest.raises(InputError, match="Poisson"):
        continuum_displacement(directions, poisson=0.6, volume_change=1.0)
    with pytest.raises(InputError, match="moduli"):
        poisson_ratio(-1.0, 1.0)


@pytest.mark.parametrize("continuum", [False, True])
def test_literal_frequencies_bound_the_vibrations(continuum: bool, parts, binary_glass) -> None:
    alloy, _, mixture, _, displacement_ncl = parts
    hessian = hessian_matrix(mixture.terms(alloy.deviation_n))
    if continuum:
        displacement_ncl = continuum_displacements(alloy, binary_glass.mass_n, poisson=0.4, volume_change=1.0)
    mechanics = mechanics_of_hessian(hessian, displacement_ncl, binary_glass.mass_n)
    found = concentration_modes(mechanics.form("literal"), mechanics.inertia_ll)
    modes = full_spectrum(binary_glass, keep_vectors=0)
    vibrations = modes.omega_m[modes.vibrations] ** 2
    count = len(found.omega2_m)
    slack = 1 + 1e-6
    assert np.all(found.omega2_m * slack >= vibrations[:count])
    assert np.all(found.omega2_m <= slack * vibrations[len(vibrations) - count :])
    assert found.n_decaying == 0
    with pytest.raises(InputError, match="literal form can be had"):
        mechanics.form("ordering")


def test_literal_blocks_add_up_to_the_elastic_energy(parts, binary_glass) -> None:
    alloy, model, mixture, _, displacement_ncl = parts
    hessian = hessian_matrix(mixture.terms(alloy.deviation_n))
    field_nc = displacement_ncl[:, :, 11]
    blocks_ll = literal_blocks(hessian, field_nc)
    step = 1e-3
    energy = [
        pair_mixture(alloy, model, positions_nc=alloy.positions_nc + h * field_nc).terms(alloy.deviation_n).energy()
        for h in (step, 0.0, -step)
    ]
    curvature = (energy[0] - 2 * energy[1] + energy[2]) / step**2
    assert blocks_ll.sum() == pytest.approx(curvature, rel=1e-3)
    block = hessian[3 * 2 : 3 * 3, 3 * 9 : 3 * 10].toarray()
    assert blocks_ll[2, 9] == pytest.approx(field_nc[2] @ block @ field_nc[9])
    # of the fields that balance the forces the literal form is what relaxation takes from the ordering energy
    mechanics = mechanics_of_pairs(alloy, model, binary_glass.mass_n)
    taken = mechanics.form("ordering") - mechanics.form("relaxed")
    np.testing.assert_allclose(mechanics.form("literal"), taken, atol=1e-8 * np.abs(taken).max())


def test_signed_envelope_gives_the_energy_of_short_range_order() -> None:
    alloy = shaken_alloy(0.3, seed=6, n_side=5)
    shells = Shells(np.array([0.0, 1.25]), np.array([1.25, 1.6]))
    order = complete_order(alloy, shells)
    distance_ll = distances(alloy)
    per_shell = np.array([0.7, -0.4, 0.0])
    constants_ll = without_diagonal(per_shell[shells.index(distance_ll)])
    weight_ll = envelope(order, distance_ll, 1.0, signed=True)
    delta = alloy.deviation_n
    energy = 0.5 * delta @ constants_ll @ delta
    assert np.sum(constants_ll * weight_ll) / 2 * alloy.variance == pytest.approx(energy, rel=1e-10)
    unsigned_ll = envelope(order, distance_ll, 1.0)
    np.testing.assert_array_equal(unsigned_ll, np.abs(weight_ll))
    np.testing.assert_allclose(envelope(order, distance_ll, 0.5) ** 2, unsigned_ll)
    assert np.all(envelope(order, distance_ll, 0.0) == 1) and np.all(np.diag(unsigned_ll) == 1)
    with pytest.raises(InputError, match="power"):
        envelope(order, distance_ll, -1.0)


def test_profile_of_the_continuum_is_the_continuum() -> None:
    alloy = shaken_alloy(0.5, seed=7)
    field_ncl = continuum_displacements(alloy, np.ones(alloy.n_atoms), poisson=0.3, volume_change=0.5)
    profile = displacement_profile(alloy, field_ncl, bins=60)
    along = np.column_stack([profile.distance_r, np.zeros((len(profile.distance_r), 2))])
    expected = continuum_displacement(along, poisson=0.3, volume_change=0.5)[:, 0]
    # the centre of mass of a field in a disordered box is taken out, and a bin has a width
    np.testing.assert_allclose(profile.radial_r, expected, rtol=0.05)
    assert profile.count_r.sum() == np.count_nonzero((distances(alloy) < alloy.half_height) & (distances(alloy) > 0))


def test_forces_that_do_not_balance_are_refused(parts, binary_glass) -> None:
    alloy, _, mixture, forces_ncl, _ = parts
    hessian = hessian_matrix(mixture.terms(alloy.deviation_n))
    pushed = forces_ncl[:, :, :1].copy()
    pushed[0, 0, 0] += 1e3 * LARGEST_NET_FORCE * np.abs(pushed).max()
    with pytest.raises(InputError, match="sum to"):
        static_displacements(hessian, pushed, binary_glass.mass_n)
    with pytest.raises(InputError, match="expected"):
        static_displacements(hessian, forces_ncl[:-1], binary_glass.mass_n)
    with pytest.raises(NotAMinimum, match="negative"):
        static_displacements(-hessian, forces_ncl[:, :, :1], binary_glass.mass_n)
    spoiled = forces_ncl.copy()
    spoiled[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        mechanics_of_hessian(hessian, spoiled, binary_glass.mass_n)


@pytest.mark.parametrize("potential", ["laird-schober", "ninarello", "lerner-binary:dimension=2"])
def test_models_without_two_species_are_refused(potential: str) -> None:
    with pytest.raises(InputError, match=r"two species|three dimensions"):
        pair_mixture(shaken_alloy(0.5, seed=1), get_model(potential))

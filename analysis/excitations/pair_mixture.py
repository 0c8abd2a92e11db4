"""The pair energies of a binary mixture split by concentration: mean pair, single-site and ordering energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.excitations.alloy import Alloy
from atomsim.errors import InputError
from atomsim.pairs import PairInteraction, PairTerms
from atomsim.potentials import Model, inverse_power, truncated
from atomsim.results import Array, IntArray, quantity


@dataclass(frozen=True)
class PairMixture:
    """All pairs of a configuration with V_ij = V + J (delta_i + delta_j) + W delta_i delta_j, exactly.

    V = (1-c)^2 V_AA + 2c(1-c) V_AB + c^2 V_BB, J = (1-c)(V_AB - V_AA) + c(V_BB - V_AB), W = V_AA + V_BB - 2 V_AB.
    Row k holds the k-th derivative by the square of the distance, k = 0..4. delta may be any number between: a site
    then holds a mixture of A and B, its pair energies the linear interpolation.
    """

    first_p: IntArray = quantity("1", "first site of each pair, each pair once")
    second_p: IntArray = quantity("1", "second site")
    vector_pc: Array = quantity("sigma", "R_i - R_j, shortest image")
    mean_kp: Array = quantity("epsilon/sigma^2k", "V and its derivatives by r^2")
    single_kp: Array = quantity("epsilon/sigma^2k", "J and its derivatives by r^2")
    ordering_kp: Array = quantity("epsilon/sigma^2k", "W and its derivatives by r^2")
    n_atoms: int = quantity("1", "number of sites")

    def terms(self, deviation_n: Array) -> PairTerms:
        """Return the pairs with the energies that belong to given deviations of the concentration.

        Args:
            deviation_n: delta of each site [-].
        """
        first, second = deviation_n[self.first_p], deviation_n[self.second_p]
        derivative_kp = self.mean_kp + self.single_kp * (first + second) + self.ordering_kp * (first * second)
        return PairTerms(self.first_p, self.second_p, self.vector_pc, derivative_kp, self.n_atoms, 3)

    def slopes(self, deviation_n: Array) -> tuple[Array, Array]:
        """Return d/d(r^2) of dU_pair/d(delta) by the first and by the second site of each pair [epsilon/sigma^2].

        Args:
            deviation_n: delta of each site [-].
        """
        by_first_p = self.single_kp[1] + self.ordering_kp[1] * deviation_n[self.second_p]
        by_second_p = self.single_kp[1] + self.ordering_kp[1] * deviation_n[self.first_p]
        return by_first_p, by_second_p

    def concentration_forces(self, deviation_n: Array) -> Array:
        """Return dU/d(delta_l) at fixed positions, sum_j [J(r_lj) + W(r_lj) delta_j] of each site [epsilon].

        Args:
            deviation_n: delta of each site [-].
        """
        by_first_p = self.single_kp[0] + self.ordering_kp[0] * deviation_n[self.second_p]
        by_second_p = self.single_kp[0] + self.ordering_kp[0] * deviation_n[self.first_p]
        n = self.n_atoms
        return np.asarray(
            np.bincount(self.first_p, by_first_p, n) + np.bincount(self.second_p, by_second_p, n), dtype=float
        )

    def ordering_matrix(self) -> sparse.csr_matrix:
        """Return W_ll' = d2U/d(delta_l)d(delta_l') at fixed positions, zero on the diagonal [epsilon].

        Source: egorushkin-melnikova-1993a (1.2); test: test_decomposition_reproduces_the_energy_of_any_configuration
        """
        ends = (np.concatenate([self.first_p, self.second_p]), np.concatenate([self.second_p, self.first_p]))
        return sparse.csr_matrix((np.tile(self.ordering_kp[0], 2), ends), shape=(self.n_atoms, self.n_atoms))


def require_binary(model: Model) -> None:
    """Refuse a model whose pair energies are not those of two species.

    Args:
        model: the interaction.

    Raises:
        InputError: the model is not a mixture of two species, or not in three dimensions.
    """
    if model.mixing.kind != "species" or len(model.mixing.lengths) != 2:
        raise InputError(
            f"potential {model.name!r} has no pair energies of two species; force constants of the concentration need "
            "them (a binary model such as 'lerner-binary' or 'kob-andersen')"
        )
    if model.dimension != 3:
        raise InputError(f"potential {model.name!r} is plane; concentration excitations need three dimensions")


def species_energies(model: Model, distance_p: Array) -> tuple[Array, Array, Array]:
    """Return V_AA, V_AB and V_BB with their derivatives by r^2, each (5, P) [epsilon/sigma^2k].

    Args:
        model: a binary model.
        distance_p: distances [sigma].
    """
    power = -2.0 * np.arange(5)[:, None]
    found = []
    for a, b in ((0, 0), (0, 1), (1, 1)):
        length, energy = model.mixing.lengths[a][b], model.mixing.energies[a][b]
        found.append(energy * length**power * model.radial.square_derivatives(distance_p / length))
    return found[0], found[1], found[2]


def pair_mixture(alloy: Alloy, model: Model, *, positions_nc: Array | None = None) -> PairMixture:
    """Return the pairs of a configuration with their energies split by concentration.

    Source: concentration-notes (V, J, W); test: test_decomposition_reproduces_the_energy_of_any_configuration

    Args:
        alloy: the configuration, which gives c.
        model: its interaction.
        positions_nc: positions to be used instead of those of the configuration [sigma].

    Raises:
        InputError: the model is not binary, or the box is smaller than twice its cut-off.
    """
    require_binary(model)
    reach = model.radial.cutoff * float(np.max(model.mixing.lengths))
    pairs = PairInteraction(
        Model(model.name, truncated(inverse_power(1), reach)),
        cell_cc=alloy.cell_cc,
        periodic_c=np.ones(3, np.int64),
        species_n=np.zeros(alloy.n_atoms, np.int64),
        size_n=np.ones(alloy.n_atoms),
    )
    places_nc = alloy.positions_nc if positions_nc is None else positions_nc
    first_p, second_p, vector_pc = pairs.separations(places_nc)
    V_AA, V_AB, V_BB = species_energies(model, np.linalg.norm(vector_pc, axis=1))
    c = alloy.concentration
    return PairMixture(
        first_p=first_p,
        second_p=second_p,
        vector_pc=vector_pc,
        mean_kp=(1 - c) ** 2 * V_AA + 2 * c * (1 - c) * V_AB + c**2 * V_BB,
        single_kp=(1 - c) * (V_AB - V_AA) + c * (V_BB - V_AB),
        ordering_kp=V_AA + V_BB - 2 * V_AB,
        n_atoms=alloy.n_atoms,
    )


def kanzaki_forces(mixture: PairMixture, deviation_n: Array, ions: IntArray | None = None) -> Array:
    """Return the forces of a unit change of delta_l on all ions, (N, 3, L): f^(l) = -d2U/dR d(delta_l) [epsilon/sigma].

    On i != l the force is -grad_i [J(r_il) + W(r_il) delta_i], on l itself the opposite of their sum.

    Source: kanzaki-1957 (forces); test: test_kanzaki_forces_are_the_change_of_force_by_a_swap

    Args:
        mixture: the pairs.
        deviation_n: delta of each site [-].
        ions: the sites l; all where absent.
    """
    n = mixture.n_atoms
    ions = np.arange(n) if ions is None else np.asarray(ions)
    column_n = np.full(n, -1)
    column_n[ions] = np.arange(len(ions))
    forces_ncl = np.zeros((n, 3, len(ions)))
    by_first_p, by_second_p = mixture.slopes(deviation_n)
    for site_p, slope_p in ((mixture.first_p, by_first_p), (mixture.second_p, by_second_p)):
        chosen = column_n[site_p] >= 0
        column = column_n[site_p[chosen]]
        force_pc = -2.0 * slope_p[chosen, None] * mixture.vector_pc[chosen]  # on the first site of the pair
        for c in range(3):
            np.add.at(forces_ncl[:, c], (mixture.first_p[chosen], column), force_pc[:, c])
            np.add.at(forces_ncl[:, c], (mixture.second_p[chosen], column), -force_pc[:, c])
    return forces_ncl

"""Two-level systems of the soft potentials: splitting, asymmetry, coupling to strain, and their two kinds.

Type I lies around the half-axis alpha < 0 (the origin is the maximum between the wells), type II around the parabola
alpha = beta^2/4 (the origin is one of the minima). Both are the same potentials seen from different stationary
points. All energies are in units of W unless a function says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from analysis.soft_potential.deep_wells import leading_splitting, splitting
from analysis.soft_potential.landscape import discriminant, to_cubic_free
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity


class Kind(StrEnum):
    """How a stationary point sees its two-level system."""

    TYPE_I = "type I"  # the origin is the maximum
    TYPE_II = "type II"  # the origin is one of the two minima


@dataclass(frozen=True)
class TunnellingSystems:
    """The two-level systems found in a cloud of soft potentials, in units of W; one entry per system."""

    index_s: IntArray = quantity("1", "position of the potential in the cloud")
    type_II_s: Array = quantity("1", "one where the origin is a minimum (type II), zero where it is the maximum")
    energy_s: Array = quantity("W", "gap E of the two lowest levels")
    tunnelling_s: Array = quantity("W", "splitting Delta_0 of the symmetric potential of equal D2")
    asymmetry_s: Array = quantity("W", "asymmetry Delta, (E^2 - Delta_0^2)^{1/2}")

    @property
    def share_s(self) -> Array:
        """Return p = (Delta_0/E)^2 [-].

        Source: karpov-parshin-1985 (5.4); test: test_two_level_systems_in_a_cloud
        """
        return np.minimum(self.tunnelling_s / self.energy_s, 1.0) ** 2

    def kind(self, system: int) -> Kind:
        """Return the kind of one system.

        Args:
            system: its position in the arrays.
        """
        return Kind.TYPE_II if self.type_II_s[system] else Kind.TYPE_I


def splitting_I(alpha: ArrayLike, *, with_prefactor: bool = True) -> Array:
    """Return the tunnelling splitting Delta_0 of type I at beta = 0, exp(-(sqrt 2/3)|alpha|^{3/2}) [W].

    The paper gives the exponential only; the leading pre-exponent makes it 40 to 100 times larger at alpha = -6 to
    -11. Holds for Delta_0 << 1.

    Source: karpov-parshin-1985 (3.2); test: test_printed_splittings_lack_their_prefactor

    Args:
        alpha: quadratic coefficient, negative [-].
        with_prefactor: multiply by the pre-exponent.
    """
    depth = np.abs(np.asarray(alpha, dtype=float))
    return leading_splitting(-depth) if with_prefactor else np.exp(-np.sqrt(2) / 3 * depth**1.5)


def splitting_II(beta: ArrayLike, *, with_prefactor: bool = True) -> Array:
    """Return the tunnelling splitting Delta_0 of type II on the parabola, exp(-|beta|^3/48) [W].

    The symmetric potential there is type I with alpha' = -beta^2/8.

    Source: karpov-parshin-1985 (3.4), (3.5); test: test_printed_splittings_lack_their_prefactor

    Args:
        beta: cubic coefficient [-].
        with_prefactor: multiply by the pre-exponent.
    """
    return splitting_I(-np.square(np.asarray(beta, dtype=float)) / 8, with_prefactor=with_prefactor)


def asymmetry_I(alpha: ArrayLike, beta: ArrayLike) -> Array:
    """Return the asymmetry of type I, 2^{-1/2}|beta||alpha|^{3/2}, for |beta| << |alpha|^{-3/2} [W].

    Source: karpov-parshin-1985 (3.3); test: test_asymmetries_of_both_types

    Args:
        alpha: quadratic coefficient, negative [-].
        beta: cubic coefficient [-].
    """
    return np.abs(np.asarray(beta, dtype=float)) * np.abs(np.asarray(alpha, dtype=float)) ** 1.5 / np.sqrt(2)


def asymmetry_II(alpha: ArrayLike, beta: ArrayLike) -> Array:
    """Return the asymmetry of type II, |R| beta^2/4 with R = alpha - beta^2/4, for |R| << beta^{-2} [W].

    Source: karpov-parshin-1985 (3.6), (3.7); test: test_asymmetries_of_both_types

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
    """
    beta = np.asarray(beta, dtype=float)
    return np.abs(np.asarray(alpha, dtype=float) - beta**2 / 4) * beta**2 / 4


def two_level_energy(tunnelling: ArrayLike, asymmetry: ArrayLike) -> Array:
    """Return E = (Delta_0^2 + Delta^2)^{1/2} [unit of the arguments].

    Source: karpov-parshin-1985 (3.8); test: test_asymmetries_of_both_types

    Args:
        tunnelling: splitting Delta_0 [any unit].
        asymmetry: Delta [the same unit].
    """
    return np.hypot(np.asarray(tunnelling, dtype=float), np.asarray(asymmetry, dtype=float))


def deformation_potential_I(tunnelling: ArrayLike, *, b: float, d: float, energy: float) -> Array:
    """Return the magnitude of gamma of type I, d b 6^{-1/3} (W/eta_L) ln^{-1/3}(W/Delta_0) [unit of energy].

    Leading order for a large logarithm; sign that of t.

    Source: karpov-parshin-1985 (4.12), (4.13), (4.14), (4.15); test: test_deformation_potentials_of_both_types

    Args:
        tunnelling: splitting Delta_0 [W].
        b: coupling to the square of the fast strain [-].
        d: deformation potential of the quadratic term [-].
        energy: W/eta_L [any energy].
    """
    return d * b * 6 ** (-1 / 3) * energy * _logarithm(tunnelling) ** (-1 / 3)


def deformation_potential_II(tunnelling: ArrayLike, *, d: float, energy: float) -> Array:
    """Return the magnitude of gamma of type II, d (9/2)^{1/3} (W/eta_L) ln^{2/3}(W/Delta_0) [unit of energy].

    Leading order for a large logarithm; sign that of R = alpha - beta^2/4.

    Source: karpov-parshin-1985 (4.11), (4.16); test: test_deformation_potentials_of_both_types

    Args:
        tunnelling: splitting Delta_0 [W].
        d: deformation potential of the quadratic term [-].
        energy: W/eta_L [any energy].
    """
    return d * 4.5 ** (1 / 3) * energy * _logarithm(tunnelling) ** (2 / 3)


def deformation_ratio(tunnelling: ArrayLike, *, b: float) -> Array:
    """Return gamma_II/gamma_I = 3 ln(W/Delta_0)/b at equal splitting [-].

    Source: karpov-parshin-1985 (4.17); test: test_deformation_potentials_of_both_types

    Args:
        tunnelling: splitting Delta_0 [W].
        b: coupling to the square of the fast strain [-].
    """
    return 3 * _logarithm(tunnelling) / b


def find_tunnelling_systems(alpha_m: Array, beta_m: Array, *, largest_energy: float) -> TunnellingSystems:
    """Return the two-level systems in a cloud of soft potentials: double wells whose lowest gap is small.

    Splittings are those of the levels, at their own relative accuracy. A potential whose barrier does not hold two
    levels has a gap of order W and is left out by a limit well below it.

    Source: karpov-parshin-1985 (3.1), (fig. 3); test: test_two_level_systems_in_a_cloud

    Args:
        alpha_m: quadratic coefficients [-].
        beta_m: cubic coefficients [-].
        largest_energy: largest gap of a two-level system; below one [W].

    Raises:
        InputError: the arrays differ in length, or the limit is not between zero and one.
    """
    alpha_m, beta_m = np.asarray(alpha_m, dtype=float), np.asarray(beta_m, dtype=float)
    if alpha_m.shape != beta_m.shape or alpha_m.ndim != 1:
        raise InputError(f"alpha has the shape {alpha_m.shape}, beta {beta_m.shape}; expected two equal lists")
    if not 0 < largest_energy < 1:
        raise InputError(f"largest energy {largest_energy!r}, expected a number between 0 and 1 (units of W)")
    D1, D2, _ = to_cubic_free(alpha_m, beta_m)
    # E >= |D1| <x_2 - x_1>, at least |D1| in a double well this deep: spares the solution of most potentials.
    candidates = np.flatnonzero((discriminant(alpha_m, beta_m) > 0) & (D2 < 0) & (np.abs(D1) < largest_energy))
    rows = []
    for i in candidates:
        energy = splitting(float(alpha_m[i]), float(beta_m[i]))
        if energy < largest_energy:
            tunnelling = min(splitting(float(D2[i]), 0.0), energy)
            rows.append((int(i), float(alpha_m[i] > 0), energy, tunnelling))
    columns = np.array(rows, dtype=float).reshape(-1, 4).T
    asymmetry = np.sqrt(np.maximum(columns[2] ** 2 - columns[3] ** 2, 0.0))
    return TunnellingSystems(columns[0].astype(np.int64), columns[1], columns[2], columns[3], asymmetry)


def _logarithm(tunnelling: ArrayLike) -> Array:
    """ln(W/Delta_0), which has to be positive."""
    logarithm = -np.log(np.asarray(tunnelling, dtype=float))
    if not np.all(logarithm > 0):
        raise InputError("the splitting reaches W: its logarithm has no meaning there")
    return logarithm

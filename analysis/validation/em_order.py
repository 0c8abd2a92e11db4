"""Egorushkin and Mel'nikova 1993, section 1: order and static displacements, on small alloys that can be relaxed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import linalg

from analysis.excitations.alloy import Alloy
from analysis.excitations.canonical import deviation_amplitude
from analysis.excitations.concentration_waves import concentration_intensity, intensity_by_pairs
from analysis.excitations.displacements import continuum_displacement, poisson_ratio, static_displacements
from analysis.excitations.pair_mixture import kanzaki_forces, pair_mixture, species_energies
from analysis.excitations.shells import Shells
from analysis.excitations.short_range_order import short_range_order
from analysis.validation.formula import Chapter, FormulaCheck, Print
from atomsim.hessian import hessian_matrix
from atomsim.potentials import Mixing, Model, inverse_power, smoothed
from atomsim.results import Array, IntArray, quantity

KEY = "egorushkin-melnikova-1993a"
ORDER = Chapter(KEY, "Egorushkin & Mel'nikova 1993a, section 1: order and displacements")
ROUND_OFF = 1e-10  # relative; sums over a few thousand numbers
DIFFERENCE = 1e-5  # relative; derivatives by differences of relaxed positions and energies
ELEMENTS = 1e-5  # relative; linear finite elements of a sphere
BEFORE = "text before 1.1"
SEED = 1993
SPHERES = Model(
    "binary r^-6",
    smoothed(inverse_power(6), 1.5, 2),
    Mixing("species", lengths=((1.0, 1.05), (1.05, 1.1)), energies=((1.0, 1.0), (1.0, 1.0))),
)
CUBE = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2
SPACING = 1.7  # of the cubic cells of the small alloy [sigma]
SIDE = 4  # of the simple lattice on which waves are summed


def order_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of what stands before the Hamiltonian."""
    return (*_displacements(), *_waves(), *_amplitude())


@dataclass(frozen=True)
class SmallAlloy:
    """Soft spheres of two sizes at a minimum, with sums over all pairs that share no code with what is tested.

    Shares of B may be any numbers: pair energies are interpolated between those of real pairs.
    """

    alloy: Alloy
    mass_n: Array = quantity("m", "masses")

    def energy(self, share_n: Array, places_nc: Array) -> tuple[float, Array, Array]:
        """Return energy [epsilon], gradient (N, 3) and Hessian (3N, 3N), by sums over all pairs.

        Args:
            share_n: share of B on each site [-].
            places_nc: positions [sigma].
        """
        n, length = len(share_n), self.alloy.cell_cc[0, 0]
        i, j = np.triu_indices(n, 1)
        apart = places_nc[i] - places_nc[j]
        apart -= length * np.rint(apart / length)
        aa, ab, bb = species_energies(SPHERES, np.linalg.norm(apart, axis=1))
        p, q = share_n[i], share_n[j]
        e = aa * (1 - p) * (1 - q) + ab * (p * (1 - q) + q * (1 - p)) + bb * p * q
        gradient = np.zeros((n, 3))
        np.add.at(gradient, i, 2 * e[1][:, None] * apart)
        np.add.at(gradient, j, -2 * e[1][:, None] * apart)
        block = 2 * e[1][:, None, None] * np.eye(3) + 4 * e[2][:, None, None] * apart[:, :, None] * apart[:, None, :]
        hessian = np.zeros((n, n, 3, 3))
        hessian[i, j] = hessian[j, i] = -block
        np.add.at(hessian, (i, i), block)
        np.add.at(hessian, (j, j), block)
        return float(e[0].sum()), gradient, hessian.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n)

    def relaxed(self, share_n: Array) -> tuple[float, Array]:
        """Return energy [epsilon] and positions [sigma] after Newton's method, the centre of mass at rest.

        Args:
            share_n: share of B on each site [-].
        """
        places_nc = self.alloy.positions_nc.copy()
        for _ in range(12):
            _, gradient, hessian = self.energy(share_n, places_nc)
            step = -(linalg.pinvh(hessian, rtol=1e-10) @ gradient.ravel()).reshape(-1, 3)
            places_nc = places_nc + step - self.mass_n @ step / self.mass_n.sum()
            if np.abs(step).max() < 1e-13:
                break
        return self.energy(share_n, places_nc)[0], places_nc

    def slope(self, change_n: Array, step: float = 1e-3) -> Array:
        """Return the derivative of the relaxed positions along a change of the shares, by a central difference [sigma].

        Args:
            change_n: change of the share of B on each site [-].
            step: how far each way [-].
        """
        p = self.alloy.occupation_n.astype(float)
        ahead, behind = (self.relaxed(p + sign * step * change_n)[1] for sign in (1, -1))
        return (ahead - behind) / (2 * step)


@cache
def small_alloy() -> SmallAlloy:
    """Return 32 spheres on a relaxed face-centred lattice, ten of them larger and heavier, at random places."""
    corners = np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    sites_nc = SPACING * (corners + CUBE).reshape(-1, 3)
    occupation_n = np.random.default_rng(SEED).permutation(np.repeat([0, 1], [22, 10])).astype(np.int64)
    mass_n = np.where(occupation_n == 1, 1.7, 1.0)
    start = SmallAlloy(Alloy(sites_nc, 2 * SPACING * np.eye(3), occupation_n), mass_n)
    places_nc = start.relaxed(occupation_n.astype(float))[1]
    return SmallAlloy(Alloy(places_nc, start.alloy.cell_cc, occupation_n), mass_n)


def displacement_fields(ions: IntArray | None = None) -> Array:
    """Return the displacement fields u^(l) of the small alloy by the formulas under test, (N, 3, L) [sigma].

    Args:
        ions: the sites l; all where absent.
    """
    small = small_alloy()
    mixture, delta = pair_mixture(small.alloy, SPHERES), small.alloy.deviation_n
    forces_ncl = kanzaki_forces(mixture, delta, ions)
    return static_displacements(hessian_matrix(mixture.terms(delta)), forces_ncl, small.mass_n)


def _sphere(bulk: float, shear: float, core: float, radius: float) -> tuple[float, float]:
    """Growth of a free elastic sphere whose core wants to grow, and the coefficient of 1/r^2 in its field."""
    r = np.concatenate([np.linspace(0, core, 200)[:-1], np.geomspace(core, radius, 2000)])
    h, middle = np.diff(r), (r[1:] + r[:-1]) / 2
    lame = bulk - 2 * shear / 3
    # strains u' and u/r from the two ends of each element
    ends = [(-1 / h, 1 / (2 * middle)), (1 / h, 1 / (2 * middle))]
    weight = 4 * np.pi * middle**2 * h
    band, load = np.zeros((2, len(r))), np.zeros(len(r))
    for a, (slope_a, hoop_a) in enumerate(ends):
        grows = slope_a + 2 * hoop_a
        np.add.at(load, np.arange(len(h)) + a, weight * grows * (middle < core))
        for b, (slope_b, hoop_b) in enumerate(ends):
            stiffness = lame * grows * (slope_b + 2 * hoop_b) + 2 * shear * (slope_a * slope_b + 2 * hoop_a * hoop_b)
            if b >= a:
                np.add.at(band[1 - (b - a)], np.arange(len(h)) + b, weight * stiffness)
    band[1, 0], band[0, 1], load[0] = 1.0, 0.0, 0.0  # the centre stays
    u = linalg.solveh_banded(band, load)
    outside = (r > 1.5 * core) & (r < 0.7 * radius)
    both = np.stack([r[outside], r[outside] ** -2], axis=1)
    (_, coefficient), *_ = np.linalg.lstsq(both, u[outside], rcond=None)
    return 4 * np.pi * radius**2 * float(u[-1]), float(coefficient)


def _displacements() -> list[FormulaCheck]:
    """The displacement of one defect: in a continuum, and in an alloy of soft spheres."""
    bulk, shear, distance = 2.3, 0.8, 2.0
    growth, coefficient = _sphere(bulk, shear, 1.0, 12.0)
    found = continuum_displacement(
        np.array([distance, 0.0, 0.0]), poisson=poisson_ratio(bulk, shear), volume_change=growth
    )
    small, ion = small_alloy(), 3
    field = displacement_fields(np.array([ion]))[:, :, 0]
    one = np.zeros(small.alloy.n_atoms)
    one[ion] = 1.0
    moved = small.slope(one)
    place = np.unravel_index(np.argmax(np.abs(moved)), moved.shape)
    return [
        ORDER.check(BEFORE, "displacement at twice the radius of a swollen core", unit="core radius",
                    form="R_l = (R/R^3) (1+s)/[12 pi (1-s)] dV/dc", derived=float(found[0]),
                    numerical=coefficient / distance**2, tolerance=ELEMENTS,
                    remark="finite elements of a free sphere; dV is the growth of its outer volume, s Poisson's ratio"),
        ORDER.check(BEFORE, "largest displacement by a change on one ion of an alloy",
                    form="xi_j = u_j^(l) dc_l, H u^(l) = f^(l)", printed_form="xi_l = R_l dc_l", unit="sigma",
                    derived=float(field[place]), numerical=float(moved[place]), tolerance=DIFFERENCE,
                    state=Print.DEFINITION,
                    remark="32 soft spheres relaxed with the share of B on one site changed by 0.001 both ways; the "
                           "paper takes one vector for each ion, here every ion j moves"),
    ]  # fmt: skip


@cache
def _lattice() -> tuple[Alloy, Array]:
    """A random alloy on a simple lattice, and its deviations on the grid."""
    n = SIDE**3
    occupation = np.random.default_rng(SEED).permutation(np.repeat([0, 1], [n - 20, 20])).astype(np.int64)
    sites = np.stack(np.meshgrid(*[np.arange(SIDE)] * 3, indexing="ij"), axis=-1).reshape(-1, 3).astype(float)
    alloy = Alloy(sites, SIDE * np.eye(3), occupation)
    return alloy, alloy.deviation_n.reshape(SIDE, SIDE, SIDE)


def _waves() -> list[FormulaCheck]:
    """Concentration waves and short-range order on a lattice, by Fourier transforms and shifts of a grid."""
    alloy, grid = _lattice()
    power = np.abs(np.fft.fftn(grid)) ** 2 / alloy.n_atoms
    wave = 2 * np.pi / SIDE * np.array([[1.0, 2.0, 1.0]])
    all_waves = 2 * np.pi / SIDE * alloy.positions_nc
    shifted = [np.mean(grid * np.roll(grid, step, axis)) for axis in range(3) for step in (1, -1)]
    order = short_range_order(alloy, Shells(np.array([0.5]), np.array([1.2])))
    at = "random alloy of 64 sites of a simple lattice"
    return [
        ORDER.check(BEFORE, "mean of <|c_k|^2> over the zone", form="dc_l = (1/N) sum_k c_k exp(-i k R_l)",
                    printed_form="dc_l = (1/Omega) int int dk domega c_k(omega) exp[-i(k R_l - omega t)]",
                    derived=float(alloy.variance), tolerance=ROUND_OFF, state=Print.DEFINITION,
                    numerical=float(np.mean(concentration_intensity(alloy, all_waves))),
                    remark=f"{at}; Parseval's sum with <|c_k|^2> = |c_k|^2/N; the measure (2 pi)^-4 of the printed "
                           "integral is in c_k"),
        ORDER.check(BEFORE, "<|c_k|^2> of one wave", form="<|c_k|^2> = c(1-c) sum_l alpha_l exp(i k R_l)",
                    derived=float(intensity_by_pairs(alloy, wave)[0]), numerical=float(power[1, 2, 1]),
                    tolerance=ROUND_OFF, remark=f"{at}; alpha_l of all separations against a fast Fourier transform. "
                    "Averages over time, volume and configurations are one in the paper; this is one configuration"),
        ORDER.check(BEFORE, "alpha of the first shell", form="alpha_l = <dc_i dc_j>/[c(1-c)]", state=Print.DEFINITION,
                    derived=float(order.correlation_s[0]), numerical=float(np.mean(shifted) / alloy.variance),
                    tolerance=ROUND_OFF, remark=f"{at}; grid times itself, shifted by one site"),
    ]  # fmt: skip


def _amplitude() -> list[FormulaCheck]:
    """The amplitude of a superstructure wave where neighbours are unlike."""
    chequered = (np.indices((SIDE, SIDE, SIDE)).sum(axis=0) % 2).astype(float) - 0.5
    correlation = float(np.mean(chequered * np.roll(chequered, 1, 0)) / 0.25)
    amplitude = float(deviation_amplitude(0.25, correlation))
    return [
        ORDER.check("text after 1.3", "mean square of dc on the first shell of an ordered alloy",
                    form="dc_l = [c(1-c)|alpha_l|/4N]^(1/2) {b_k exp[i(k R_l - omega t)] + c.c.}",
                    printed_form="dc_l = [c(1-c) alpha_l/4N]^(1/2) {b_k exp[i(k R_l - omega t)] + c.c.}",
                    printed=0.25 * correlation, derived=(2 * amplitude) ** 2, tolerance=ROUND_OFF,
                    numerical=float(np.mean(np.roll(chequered, 1, 0) ** 2)),
                    remark="chequered lattice, alpha_1 = -1: the sign is already in exp(i k_s R), and the root of a "
                           "negative number would come on top. |b_k|^2 = N here; 1/N belongs to b_k, not to phi_l"),
    ]  # fmt: skip

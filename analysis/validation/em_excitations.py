"""Egorushkin and Mel'nikova 1993, section 1: the classical Hamiltonian of the concentration, and its waves."""

from __future__ import annotations

import numpy as np
from scipy import integrate, linalg, optimize

from analysis.excitations.dispersion import ion_constants, projected_omega2
from analysis.excitations.displacements import moments_of_inertia
from analysis.excitations.eigenproblem import concentration_modes, hamiltonian_energy, zero_sum_basis
from analysis.excitations.force_constants import relaxed_constants
from analysis.excitations.pair_mixture import kanzaki_forces, pair_mixture
from analysis.validation.em_order import KEY, SPHERES, displacement_fields, small_alloy
from analysis.validation.formula import Chapter, FormulaCheck, Print
from atomsim.results import Array

CHAPTER = Chapter(KEY, "Egorushkin & Mel'nikova 1993a, section 1: excitations")
ROUND_OFF = 1e-10  # relative; eigenvalues of small matrices, sums over pairs
DIFFERENCE = 1e-5  # relative; derivatives by differences of relaxed positions and energies
INTEGRATION = 1e-8  # relative; equations of motion

INERTIA = 0.034  # I of one ion
RING = 12
NEAR, FAR = 0.5, -0.2  # W of first and second neighbours in the ring


def excitation_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of the Hamiltonian, of the equations of motion and of waves."""
    return (*_energies(), *_relaxed_energy(), *_electrons(), *_motion(), *_ring())


# --- the classical Hamiltonian --------------------------------------------------------------------------------


def _energies() -> list[FormulaCheck]:
    """Potential energy of the alloy as mean, linear and quadratic part in the deviations, at fixed positions."""
    small = small_alloy()
    alloy, delta = small.alloy, small.alloy.deviation_n
    mixture = pair_mixture(alloy, SPHERES)
    constants = mixture.ordering_matrix().toarray()
    p = alloy.occupation_n.astype(float)
    first, second = np.flatnonzero(p == 1)[0], np.flatnonzero(p == 0)[0]
    change = np.zeros(alloy.n_atoms)
    change[[first, second]] = -1.0, 1.0
    here, there = (small.energy(share, alloy.positions_nc)[0] for share in (p, p + change))
    a, b = divmod(int(np.argmax(np.abs(constants))), alloy.n_atoms)
    corners = {}
    for x in (0.0, 1.0):
        for y in (0.0, 1.0):
            share = p.copy()
            share[[a, b]] = x, y
            corners[x, y] = small.energy(share, alloy.positions_nc)[0]
    mixed = corners[1, 1] - corners[1, 0] - corners[0, 1] + corners[0, 0]
    rise = mixture.concentration_forces(delta) @ change + 0.5 * change @ constants @ change
    return [
        CHAPTER.check("1.1", "energy of exchanging two ions at fixed positions", form="H = H_i + H_e + H_e-i",
                      derived=float(rise), numerical=there - here, tolerance=ROUND_OFF, unit="epsilon",
                      state=Print.DEFINITION, remark="alloy of soft spheres: linear part (here of the other ions, "
                      "H_e-i of the electrons) and quadratic part against the energies of both alloys"),
        CHAPTER.check("1.2", "W of two neighbours", form="W_ll' = d^2 U/d(dc_l) d(dc_l') = V_AA + V_BB - 2 V_AB",
                      derived=float(constants[a, b]), numerical=mixed, tolerance=1e-8, unit="epsilon",
                      remark="mixed difference of the energies of four real alloys"),
    ]  # fmt: skip


def _relaxed_energy() -> list[FormulaCheck]:
    """Kinetic energy of the ions that follow a changing concentration, and the curvature of the relaxed energy."""
    small = small_alloy()
    alloy = small.alloy
    mixture, field = pair_mixture(alloy, SPHERES), displacement_fields()
    inertia = moments_of_inertia(field, small.mass_n)
    forces = kanzaki_forces(mixture, alloy.deviation_n)
    constants = relaxed_constants(mixture.ordering_matrix().toarray(), forces, field)
    wave = np.cos(2 * np.pi * alloy.positions_nc[:, 0] / alloy.cell_cc[0, 0])
    rate = wave - wave.mean()
    velocity = small.slope(rate)
    p, h = alloy.occupation_n.astype(float), 4e-3
    energies = [small.relaxed(p + step * h * rate)[0] for step in (-2, -1, 0, 1, 2)]
    curvature = float(np.dot([-1, 16, -30, 16, -1], energies) / (12 * h**2))
    return [
        CHAPTER.check("1.2", "kinetic energy of a changing wave of concentration", unit="epsilon",
                      form="(1/2) sum_ll' I_ll' (d/dt dc_l)(d/dt dc_l'), I_ll' = sum_j m_j u_j^(l).u_j^(l')",
                      printed_form="(1/2) sum_l M_l R_l^2 (d/dt dc_l)^2", state=Print.INCOMPLETE,
                      printed=hamiltonian_energy(rate, 0 * rate, np.diag(np.diag(inertia)), constants),
                      derived=hamiltonian_energy(rate, 0 * rate, inertia, constants), tolerance=DIFFERENCE,
                      numerical=float(0.5 * small.mass_n @ np.sum(velocity**2, axis=1)),
                      remark="velocities of 32 soft spheres that stay relaxed while the shares of B change; print "
                             "has the diagonal only, as if the fields of two ions did not overlap"),
        CHAPTER.check("1.2", "curvature of the relaxed energy along that wave", form="W_rel = W - f^(l) H^+ f^(l')",
                      derived=float(rate @ constants @ rate), numerical=curvature, tolerance=1e-4, unit="epsilon",
                      state=Print.NONE, remark="second difference of relaxed energies; what W of the paper becomes "
                                               "where its ions follow"),
    ]  # fmt: skip


def _electrons() -> list[FormulaCheck]:
    """Change of the energy of an electron when an ion follows its concentration."""
    electron, ion, field, dc = np.array([0.3, -0.4, 0.9]), np.array([0.1, 0.2, 0.0]), np.array([0.02, -0.05, 0.04]), 0.1

    def potential(place: Array) -> float:
        return float(-np.exp(-np.sum((electron - place) ** 2)))

    slope = 2 * potential(ion) * (electron - ion)  # dV/dR
    h = 1e-4
    moved = [potential(ion + sign * h * dc * field) for sign in (1, -1)]
    return [
        CHAPTER.check("text after 1.2", "energy of an electron at a displaced ion", derived=float(slope @ field) * dc,
                      form="(dV/dR) xi_l = dc_l dV/d(dc_l) = dc_l v", printed=float(slope @ field),
                      printed_form="(dV/dR) xi_l = dV/d(dc_l) = dc_l v", numerical=(moved[0] - moved[1]) / (2 * h),
                      tolerance=1e-6, remark="Gaussian potential, dc = 0.1, by differences; the member in the middle "
                                             "lacks dc_l"),
    ]  # fmt: skip


def _motion() -> list[FormulaCheck]:
    """The highest frequency of a few ions, from the equations of motion in time."""
    n = 5
    rng = np.random.default_rng(3)
    fields = rng.standard_normal((3 * n, n))
    inertia, half = fields.T @ fields, rng.standard_normal((n, n))
    constants = half + half.T
    np.fill_diagonal(constants, 0.0)
    modes = concentration_modes(constants, inertia)
    omega, start = float(modes.omega_m[-1]), modes.vectors_mn[-1]
    basis = zero_sum_basis(n)
    stiff, heavy = basis.T @ constants @ basis, basis.T @ inertia @ basis
    diagonal = basis.T @ np.diag(np.diag(inertia)) @ basis
    push = np.linalg.solve(heavy, stiff)

    def motion(t: float, state: Array) -> Array:
        return np.concatenate([state[n - 1 :], -push @ state[: n - 1]])

    def crossing(t: float, state: Array) -> float:
        return float((heavy @ (basis.T @ start)) @ state[: n - 1])

    crossing.terminal = True  # type: ignore[attr-defined]
    path = integrate.solve_ivp(motion, (0, 2 * np.pi / omega), np.concatenate([basis.T @ start, np.zeros(n - 1)]),
                               method="DOP853", rtol=1e-12, atol=1e-14, events=crossing)  # fmt: skip
    return [
        CHAPTER.check("1.3", "highest frequency of five ions", form="sum_l' I_ll' d^2 dc_l'/dt^2 = -sum_l' W_ll' dc_l'",
                      printed_form="sum_l M_l R_l^2 d^2 dc_l/dt^2 = -sum_ll' W_ll' dc_l'", derived=omega,
                      printed=float(np.sqrt(linalg.eigvalsh(stiff, diagonal)[-1])), state=Print.INCOMPLETE,
                      numerical=float(np.pi / 2 / path.t_events[0][0]), tolerance=INTEGRATION,
                      unit="sqrt(epsilon/m)/sigma",
                      remark="first passage of the equations of motion through zero, sum of dc = 0; print lacks the "
                             "moments between ions"),
    ]  # fmt: skip


# --- waves ----------------------------------------------------------------------------------------------------


def ring_matrix() -> Array:
    """Return W of a ring with first and second neighbours [epsilon]."""
    chain = NEAR * np.eye(RING, k=1) + FAR * np.eye(RING, k=2)
    chain[0, -1] = NEAR
    chain[0, -2] = chain[1, -1] = FAR
    return chain + chain.T


def ring_places() -> Array:
    """Return the positions of its ions [spacing]."""
    return np.stack([np.arange(RING), np.zeros(RING), np.zeros(RING)], axis=1).astype(float)


def _ring() -> list[FormulaCheck]:
    """Waves on a ring of equal ions, of which each is an eigenvector."""
    matrix, heavy = ring_matrix(), np.full(RING, INERTIA)
    wave = np.array([[2 * np.pi * 2 / RING, 0, 0], [np.pi, 0, 0]])
    omega2 = projected_omega2(matrix, heavy, ring_places(), wave)
    exact = linalg.eigvalsh(matrix) / INERTIA
    derived = float(ion_constants(matrix, ring_places(), wave)[1, 4]) / INERTIA
    found = optimize.brentq(lambda w: np.linalg.det(matrix - w * INERTIA * np.eye(RING)), 1.1 * derived, 0.9 * derived,
                            xtol=1e-13)  # fmt: skip
    unit = "epsilon/(m sigma^2)"
    return [
        CHAPTER.check("1.4", "omega^2 of a wave of a ring, k = pi/3", derived=float(omega2[0]), unit=unit,
                      form="sum_l I_ll omega^2 = sum_ll' W_ll' |alpha_ll'|^w exp[i k (R_l - R_l')]",
                      printed_form="sum_l M_l R_l^2 alpha_l^(1/2) omega^2 = sum_ll' W_ll' alpha_l'^(1/2) exp[i k "
                                   "(R_l - R_l')]", state=Print.CORRECT, tolerance=ROUND_OFF,
                      numerical=float(exact[np.argmin(np.abs(exact - omega2[0]))]),
                      remark="eigenvalue of the matrix of twelve ions, alpha of modulus one. The powers of alpha, "
                             "hard to read, follow from the wave assumed"),
        CHAPTER.check("1.5", "omega^2 at the superstructure vector of the ring", derived=derived, unit=unit,
                      form="I_ll omega^2 = D_l(k_s)", numerical=float(found), tolerance=ROUND_OFF,
                      remark="root of the determinant of the matrix of twelve ions; negative: this order decays"),
    ]  # fmt: skip

"""Karpov and Parshin 1985, section 4: soft potentials in a strain, and the deformation potentials of both types."""

from __future__ import annotations

import numpy as np
from ase import units
from scipy import optimize

from analysis.soft_potential.deep_wells import wkb_action
from analysis.soft_potential.landscape import potential_energy
from analysis.soft_potential.levels import levels
from analysis.soft_potential.measures import static_shift
from analysis.soft_potential.tunnelling import deformation_potential_I, deformation_potential_II, deformation_ratio
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated, grid_states, soft_states
from analysis.validation.kp_potentials import ENERGY, LENGTH, MASS
from atomsim.results import Array
from atomsim.units import BOLTZMANN, ELECTRON_VOLT, HBAR

CHAPTER = Chapter("karpov-parshin-1985", "Karpov & Parshin 1985, section 4: coupling to strain")
SEARCH = 1e-6  # relative; stationary points found by bisection and polynomials through the potential
DIFFERENCE = 1e-5  # relative; derivatives by differences
LEVELS = 1e-8  # relative; two independent solutions of the same Schroedinger equation
LIMIT = 2e-3  # relative; limits of deep wells from four depths

ALPHA, BETA, B = -2.4, 0.7, 0.8  # a point away from every axis, seen after the shift
DEPTHS = np.array([14.0, 20.0, 28.0, 40.0])
STRAIN = 1e-4  # d e/eta_L of differences [-]
OPENING = 0.01  # d e/eta_L that opens a gap far above the splitting of a deep well [-]


def coupling_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of section 4."""
    return (*_hamiltonian(), *_fast_strain(), *_shift(), *_interaction(), *_derivatives(), *_two_levels(),
            *_deformation_potentials(), *_orders())  # fmt: skip


def _hamiltonian() -> list[FormulaCheck]:
    """The power of hbar in the kinetic term, from what doubling hbar and the mass do to a level."""
    z = np.linspace(-0.75, 0.75, 300)

    def level(hbar: float, mass: float) -> float:
        return float(grid_states(LENGTH * z, ENERGY * z**4, kinetic=hbar**2 / (2 * mass)).energy_m[0])

    start = level(HBAR, MASS)
    by_hbar, by_mass = (np.log(changed / start) for changed in (level(1.1 * HBAR, MASS), level(HBAR, 1.1 * MASS)))
    return [
        CHAPTER.check("4.1", "power of hbar in the kinetic term", form="-(hbar^2/2M) d^2/dx^2 + ...", derived=2.0,
                      printed_form="-(hbar/2M) d^2/dx^2 + ...", printed=1.0, numerical=float(-by_hbar / by_mass),
                      tolerance=1e-6, remark="relative change of a level with hbar over that with the mass; hbar/2M "
                                             "times a second derivative is no energy"),
    ]  # fmt: skip


def _fast_strain() -> list[FormulaCheck]:
    """Zero-point strain of a Debye solid by a sum over wave vectors, and the average over it."""
    mesh = np.arange(-24, 25)
    q = np.sqrt(np.add.outer(np.add.outer(mesh**2, mesh**2), mesh**2).astype(float)).ravel()
    # one branch, omega = v q, cut at the radius of as many wave vectors as atoms; <e^2> = sum hbar q/(2 rho V v)
    radius = 24.0
    inside = q[q <= radius]
    per_atom = np.sum(inside) / (radius * len(inside)) / 2
    node, weight = np.polynomial.hermite_e.hermegauss(8)
    weight = weight / weight.sum()
    d, b, x, slow, fast = 1.3, 0.9, 0.2, 1e-3, 0.05
    strain = slow + fast * node
    energy = weight @ (d * x**2 * strain + b * x * strain**2)
    orders = "omega_D for all branches; the factor is left out in print"
    return [
        CHAPTER.check("4.2", "zero-point strain of one branch over hbar omega_D/(M v^2)", derived=3 / 8, printed=1.0,
                      form="<e0> = 0, <e0^2> = (3/8) hbar omega_D/(M v^2)", state=Print.ESTIMATE, tolerance=0.01,
                      printed_form="<e0> = 0, <e0^2> ~ hbar omega_D/E0", numerical=float(per_atom),
                      remark=f"sum over the wave vectors of a lattice inside the Debye sphere; {orders}"),
        CHAPTER.check("4.3", "eta_L^(3/2) over hbar omega_D/E0", form="b_iklm <e0 e0> = b eta_L^(3/2)",
                      printed_form="b_iklm <e0 e0> = b eta_L^(illegible) ~ hbar omega_D/E0", state=Print.ILLEGIBLE,
                      derived=2**-0.5, numerical=_three_halves(), tolerance=1e-6,
                      remark="with E0 = M v^2 and a = v/omega_D, eta_L from a level in SI: the power 3/2 makes both "
                             "sides of one order for every omega_D"),
        CHAPTER.check("4.4", "mean coupling over the fast strain", form="<H_int> = d E0 (x/a)^2 e + b' E0 x/a",
                      derived=d * x**2 * slow + b * x * fast**2, numerical=float(energy), tolerance=1e-3, unit="E0",
                      remark="average over a Gaussian strain; the square of the slow strain is left out"),
    ]  # fmt: skip


def _three_halves() -> float:
    """eta_L^{3/2} E0/(hbar omega_D) with eta_L from the lowest level of the pure quartic."""
    velocity, debye = 4000.0, 4e13
    energy, length = MASS * velocity**2, velocity / debye
    z = np.linspace(-0.75, 0.75, 300)
    level = grid_states(length * z, energy * z**4, kinetic=HBAR**2 / (2 * MASS)).energy_m[0]
    scale = level / levels(0.0, 0.0, count=1).energy_m[0]
    return float((scale / energy) ** 0.75 * energy / (HBAR * debye))


def _renormalised(alpha_0: float, beta_0: float, b: float, near: float) -> tuple[float, float, float]:
    """Shift of the origin to a stationary point of b y + alpha_0 y^2 + beta_0 y^3 + y^4, and what is seen there."""

    def slope(y: float) -> float:
        return b + 2 * alpha_0 * y + 3 * beta_0 * y**2 + 4 * y**3

    place = optimize.brentq(slope, near - 0.05, near + 0.05, xtol=1e-15)
    z = np.linspace(-1, 1, 9)
    y = place + z
    series = np.polynomial.Polynomial.fit(z, b * y + potential_energy(y, alpha_0, beta_0), 4).convert().coef
    return float(place), float(series[2]), float(series[3])


def _bare(alpha: float, beta: float, b: float) -> tuple[float, float, float]:
    """Shift and bare coefficients of a renormalised potential, by the formulas under test."""
    delta = float(static_shift(alpha, beta, b=b))
    return delta, alpha - 3 * beta * delta + 6 * delta**2, beta - 4 * delta


def _shift() -> list[FormulaCheck]:
    """The linear term removed: the formulas against the stationary point found in the bare potential."""
    delta, alpha_0, beta_0 = _bare(ALPHA, BETA, B)
    place, alpha, beta = _renormalised(alpha_0, beta_0, B, delta)
    y, far = 1.3, np.array([40.0, 80.0, 160.0])
    left = B * y + potential_energy(y, alpha_0, beta_0)
    right = potential_energy(y - delta, ALPHA, BETA) - potential_energy(-delta, ALPHA, BETA)
    leading = [float(_far_shift(a)) / (-B / (2 * a)) for a in far]
    at = f"alpha = {ALPHA}, beta = {BETA}, b = {B}"
    return [
        CHAPTER.check("4.5", "potential at y = 1.3 above that at y = 0", derived=float(right), numerical=float(left),
                      form="b y + alpha0 y^2 + beta0 y^3 + y^4 = alpha (y-d)^2 + beta (y-d)^3 + (y-d)^4 + const",
                      tolerance=LEVELS, unit="w", remark=at),
        CHAPTER.check("4.6", "shift delta", form="b + 2 alpha delta - 3 beta delta^2 + 4 delta^3 = 0", derived=delta,
                      numerical=place, tolerance=SEARCH, remark=f"stationary point by bisection; {at}"),
        CHAPTER.check("4.7", "alpha after the shift", form="alpha0 = alpha - 3 beta delta + 6 delta^2", derived=ALPHA,
                      numerical=alpha, tolerance=SEARCH, remark="polynomial around the stationary point found"),
        CHAPTER.check("4.7", "beta after the shift", form="beta0 = beta - 4 delta", derived=BETA, numerical=beta,
                      tolerance=SEARCH, remark="the same polynomial"),
        CHAPTER.check("4.8", "delta over -b/(2 alpha) far from alpha = 0", form="delta = -b/(2 alpha)", derived=1.0,
                      numerical=extrapolated(1 / far, np.array(leading)), tolerance=1e-4,
                      remark="bisection of the slope; limit of alpha = 40 to 160"),
    ]  # fmt: skip


def _far_shift(alpha: float) -> float:
    return float(optimize.brentq(lambda d: B + 2 * alpha * d - 3 * BETA * d**2 + 4 * d**3, -B / alpha, 0.0, xtol=1e-16))


def _interaction() -> list[FormulaCheck]:
    """First change of a gap in a small strain, from the bare Hamiltonian."""
    delta, alpha_0, beta_0 = _bare(ALPHA, BETA, B)
    gaps = [soft_states(alpha_0 + s * STRAIN, beta_0, field=B).gap for s in (-1, 1)]
    solved = levels(ALPHA, BETA, count=2)
    operator = solved.y2_mm + 2 * delta * solved.y_mm
    return [
        CHAPTER.check("4.9", "change of E_21 with d e/eta_L", form="V_int = (w/eta_L)(y^2 + 2 delta y) d_ik e_ik",
                      derived=float(operator[1, 1] - operator[0, 0]), unit="w", tolerance=DIFFERENCE,
                      numerical=(gaps[1] - gaps[0]) / (2 * STRAIN),
                      remark="matrix elements in the shifted potential against levels of the bare one in a strain"),
    ]  # fmt: skip


def _derivatives() -> list[FormulaCheck]:
    """What a strain does to the potential seen from its stationary point, by differences."""
    delta, alpha_0, beta_0 = _bare(ALPHA, BETA, B)
    low, high = (_renormalised(alpha_0 + s * STRAIN, beta_0, B, delta) for s in (-1, 1))
    by_alpha, by_beta = ((high[k] - low[k]) / (2 * STRAIN) for k in (1, 2))
    beta = 6.0
    delta_II, bare_alpha, bare_beta = _bare(beta**2 / 4, beta, B)
    low, high = (_renormalised(bare_alpha + s * STRAIN, bare_beta, B, delta_II) for s in (-1, 1))
    by_R = (high[1] - low[1] - (high[2] ** 2 - low[2] ** 2) / 4) / (2 * STRAIN)
    where = f"at alpha = {ALPHA}, beta = {BETA}, b = {B}"
    leading = "the print keeps the leading term for deep wells"
    return [
        CHAPTER.check("4.10", "d alpha/d(d e/eta_L)", form="(d/eta_L)(1 - 3 beta delta/alpha)", printed=1.0,
                      printed_form="d/eta_L", derived=1 - 3 * BETA * delta / ALPHA, numerical=by_alpha,
                      state=Print.INCOMPLETE, tolerance=DIFFERENCE, remark=f"{leading}; {where}"),
        CHAPTER.check("4.10", "d beta/d(d e/eta_L)", form="-4 delta d/(eta_L alpha)", derived=-4 * delta / ALPHA,
                      numerical=by_beta, tolerance=DIFFERENCE, remark=where),
        CHAPTER.check("4.11", "d R/d(d e/eta_L) on the parabola", form="(d/eta_L)(1 - beta delta/alpha)", printed=1.0,
                      printed_form="d/eta_L", derived=1 - beta * delta_II / (beta**2 / 4), numerical=by_R,
                      state=Print.INCOMPLETE, tolerance=DIFFERENCE, remark=f"{leading}; beta = {beta:g}, b = {B}"),
    ]  # fmt: skip


def _two_levels() -> list[FormulaCheck]:
    """The algebra of a two-level system, in a matrix of two and in the levels of a double well."""
    asymmetry, splitting, by_D, by_D0, h = 0.7, 0.4, 1.3, -0.6, 1e-5
    energy = float(np.hypot(asymmetry, splitting))

    def matrix(e: float) -> Array:
        return np.array([[asymmetry + e * by_D, splitting + e * by_D0],
                         [splitting + e * by_D0, -asymmetry - e * by_D]]) / 2  # fmt: skip

    gaps = [float(np.ptp(np.linalg.eigvalsh(matrix(s * h)))) for s in (-1, 1)]
    _, states = np.linalg.eigh(matrix(0.0))
    element = abs(float(states[:, 0] @ (matrix(1.0) - matrix(0.0)) @ states[:, 1]))
    symmetric, tilted = (soft_states(-9.0, 0.0, field=f) for f in (0.0, 1.5e-4))
    share = symmetric.gap / tilted.gap
    half = (tilted.element(tilted.place_n, 1, 1) - tilted.element(tilted.place_n, 0, 0)) / 2
    across, gamma = abs(tilted.element(tilted.place_n, 0, 1)), abs(symmetric.element(symmetric.place_n, 0, 1))
    well = f"alpha = -9, D0/E = {share:.2f}, in a field; levels on a grid"
    return [
        CHAPTER.check("4.12a", "change of E with strain", form="D_ik = (D/E) dD/de + (D0/E) dD0/de", tolerance=1e-6,
                      derived=(asymmetry * by_D + splitting * by_D0) / energy, numerical=(gaps[1] - gaps[0]) / (2 * h),
                      remark="eigenvalues of a matrix of two by differences"),
        CHAPTER.check("4.12b", "matrix element between the two levels", tolerance=1e-6, numerical=element,
                      form="M_ik = (1/2)(D0/E) dD/de - (1/2)(D/E) dD0/de",
                      derived=abs(splitting * by_D - asymmetry * by_D0) / energy / 2,
                      remark="eigenvectors of a matrix of two; the sign is that of the states"),
        CHAPTER.check("4.13", "gamma of a tilted and of the symmetric well", form="gamma_ik = (1/2) dD/de_ik",
                      derived=gamma, numerical=float(np.hypot(half, across)), tolerance=1e-3,
                      remark=f"(D_ik^2/4 + M_ik^2)^(1/2) does not depend on the tilt; {well}"),
        CHAPTER.check("4.14", "D_ik/2 gamma", form="D_ik = 2 (D/E) gamma_ik", derived=float(np.sqrt(1 - share**2)),
                      numerical=abs(half) / gamma, tolerance=1e-3, remark=well),
        CHAPTER.check("4.14", "M_ik/gamma", form="M_ik = (D0/E) gamma_ik", derived=float(share),
                      numerical=across / gamma, tolerance=1e-3, remark=well),
    ]  # fmt: skip


def _gamma(alpha: float, beta: float, b: float) -> float:
    """gamma eta_L/(d w) of a symmetric well: half its asymmetry in a small strain over the strain, from levels."""
    _, alpha_0, beta_0 = _bare(alpha, beta, b)
    gaps = [soft_states(alpha_0 + sign * OPENING, beta_0, field=b).gap for sign in (-1, 1)]
    return sum(gaps) / (4 * OPENING)


def _deformation_potentials() -> list[FormulaCheck]:
    """Both deformation potentials from the gap that a strain opens in symmetric wells."""
    actions = np.asarray(wkb_action(-DEPTHS))
    splitting = np.exp(-actions)
    first = np.array([_gamma(-depth, 0.0, B) for depth in DEPTHS])
    second = np.array([_gamma(2 * depth, np.sqrt(8 * depth), 0.0) for depth in DEPTHS])
    formula_I = deformation_potential_I(splitting, b=B, d=1.0, energy=1.0)
    formula_II = deformation_potential_II(splitting, d=1.0, energy=1.0)
    limits = [
        extrapolated(1 / actions, found) for found in
        (first / formula_I, second / formula_II, second / first / deformation_ratio(splitting, b=B))
    ]  # fmt: skip
    remark = (
        "gap that a small strain opens in a symmetric well, levels on a grid; limit of |alpha'| = 14 to 40, the "
        "logarithm taken as the action S: ln(w/D0) differs from it by the pre-exponential factor of D0"
    )
    return [
        CHAPTER.check("4.15", "gamma of type I over its formula", tolerance=LIMIT, derived=1.0, numerical=limits[0],
                      form="gamma_I = d b 6^(-1/3) (w/eta_L) ln^(-1/3)(w/D0) sign t", remark=remark),
        CHAPTER.check("4.16", "gamma of type II over its formula", tolerance=LIMIT, derived=1.0, numerical=limits[1],
                      form="gamma_II = d (9/2)^(1/3) (w/eta_L) ln^(2/3)(w/D0) sign R", remark=remark),
        CHAPTER.check("4.17", "gamma_II/gamma_I over its formula", form="gamma_II/gamma_I = (3/b) ln(w/D0)",
                      printed_form="gamma_II/gamma_II = (3/b) ln(w/D0)", derived=1.0, numerical=limits[2],
                      printed=float(1 / deformation_ratio(splitting[-1], b=B)), tolerance=LIMIT,
                      remark="as printed the left-hand side is one; " + remark),
    ]  # fmt: skip


def _orders() -> list[FormulaCheck]:
    """Numbers of the text."""
    w = 30.0 * BOLTZMANN
    return [
        CHAPTER.check("text after 4.15", "w/eta_L for w = 30 K, eta_L = 0.01", form="w/eta_L ~ 0.3 eV", unit="eV",
                      printed=0.3, derived=w / 0.01 / ELECTRON_VOLT, state=Print.ESTIMATE, tolerance=1e-3,
                      numerical=30.0 * units.kB / 0.01, remark="constants of two tables"),
        CHAPTER.check("text after 4.17", "3 ln(w/D0) at w/D0 = 600", form="3 ln 600", printed=20.0, tolerance=1e-6,
                      derived=float(deformation_ratio(1 / 600, b=1.0)), numerical=float(np.log(600.0**3)),
                      state=Print.ESTIMATE, remark="three times the logarithm, 19.2 and not quite 20"),
    ]  # fmt: skip

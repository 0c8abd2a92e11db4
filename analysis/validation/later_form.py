"""The later form of the model: a linear coupling, potentials uniform in (D1, D2), derived in this project."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import integrate, optimize

from analysis.soft_potential.coupling import tunnelling_strength
from analysis.soft_potential.deep_wells import wkb_action, wkb_splitting
from analysis.soft_potential.potential_mesh import potential_mesh
from analysis.soft_potential.tail import Counting, counting_coefficient
from analysis.thermal import LaterFormGlass, conductivity_tanh_law, phonon_conductivity
from analysis.thermal.later_form import (
    ioffe_regel_frequency,
    relaxation_over_barriers,
    resonant_tunnelling,
    resonant_vibrations,
    tunnelling_relaxation_rate,
)
from analysis.thermal.level_heat import level_heat_capacity
from analysis.thermal.scattering import relaxation_by_phonons
from analysis.thermal.specific_heat import (
    TUNNELLING_COEFFICIENT,
    VIBRATION_COEFFICIENT,
    reduced_minimum_temperature,
)
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated, soft_states
from analysis.validation.kp_conductivity import MEDIUM, W, over_directions
from analysis.validation.kp_vibrations import lower_wells
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

CHAPTER = Chapter("soft-potential-notes", "Later form: linear coupling, uniform (D1, D2)")
QUADRATURE = 1e-6  # relative; both sides are integrals
COUNTED = 5e-3  # relative; potentials counted on a grid
LIMIT = 5e-3  # relative; limits of large logarithms
DEPTHS = np.array([14.0, 20.0, 28.0, 40.0])
check = partial(CHAPTER.check, state=Print.NONE)


def later_form_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of the later form."""
    return (*_strength(), *_wells(), *_first_correction(), *_vibrations(), *_relaxation(), *_activation(),
            *_conductivity(), *_heat(), *_minimum())  # fmt: skip


def _strength() -> list[FormulaCheck]:
    """What both polarisations have in common, and the bound of their ratio."""
    numbers = {"potential_density": 0.02, "W": 1e-3, "mass_density": 1.0}
    l2, t2 = over_directions(np.diag([1.0, -0.4, -0.6])[None])
    strengths = [tunnelling_strength(coupling_squared=s, velocity=v, **numbers) for s, v in ((l2, 9.0), (t2, 5.0))]
    return [
        check("tunnelling strength", "C_l/C_t of a pure shear coupling", form="C_s = P_s Lambda_s^2/(W rho v_s^2)",
              derived=4 / 3 * (5 / 9) ** 2, numerical=strengths[0] / strengths[1], tolerance=QUADRATURE,
              remark="the least value, (4/3)(v_t/v_l)^2; average over directions"),
    ]  # fmt: skip


def _wells() -> list[FormulaCheck]:
    """Tunnelling systems: their coupling and their number."""
    actions = np.asarray(wkb_action(-DEPTHS))
    element = [_half_distance(-d) / np.sqrt(d / 2) for d in DEPTHS]
    # systems per asymmetry and splitting, counted on lines of depth: width dD1 = d Delta/(2 |D2|)^{1/2}
    window = (1e-8, 1.2e-8)
    depth = (3 / np.sqrt(2) * np.linspace(-np.log(window[1]), -np.log(window[0]), 4001)) ** (2 / 3)
    counted = float(abs(np.trapezoid(1 / np.sqrt(2 * depth), depth)))
    predicted, _ = integrate.quad(lambda d: (2 / 9) ** (1 / 3) / d * np.log(1 / d) ** (-2 / 3), *window)
    return [
        check("tunnelling states", "gamma over Lambda (|D2|/2)^(1/2)", form="gamma_s = Lambda_s (|D2|/2)^(1/2)",
              derived=1.0, numerical=extrapolated(1 / actions, np.array(element)), tolerance=LIMIT,
              remark="|x_12| of symmetric wells on a grid, limit of deep wells"),
        check("tunnelling states", "systems of equal asymmetry in a window of D0", tolerance=1e-4, unit="P_s/W",
              form="P(D, D0) = (P_s/W)(2/9)^(1/3) D0^-1 ln^(-2/3)(W/D0)", derived=float(predicted), numerical=counted,
              remark="lines of one depth counted; per sign of the asymmetry"),
    ]  # fmt: skip


def _half_distance(D2: float) -> float:
    """|x_12| of a symmetric well; from the two lowest states in any combination, as rounding leaves them."""
    found = soft_states(D2, 0.0)
    x = [found.element(found.place_n, i, j) for i, j in ((0, 0), (1, 1), (0, 1))]
    return float(np.hypot((x[0] - x[1]) / 2, x[2]))


def _first_correction() -> list[FormulaCheck]:
    """The tanh law and its slow approach: one half of the area of a splitting times the distance of its wells."""
    actions = np.asarray(wkb_action(-DEPTHS))
    h = 1e-3
    slope = [float(np.log(wkb_splitting(-d + h) / wkb_splitting(-d - h)) / (2 * h)) for d in DEPTHS]
    from_slope = np.array([(1 / s / np.sqrt(2 / d) - 1) * S for s, d, S in zip(slope, DEPTHS, actions, strict=True)])
    x12 = np.array([_half_distance(-d) for d in DEPTHS])
    from_place = (x12 / np.sqrt(DEPTHS / 2) - 1) * actions
    excess = np.array([_low_frequency_ratio(S) for S in (40.0, 80.0, 160.0)])
    both = (excess - 1) * np.array([40.0, 80.0, 160.0])
    far = np.array([40.0, 80.0, 160.0])
    return [
        check("tanh law", "J over tanh(Omega/2 tau) at low frequency", form="1/L = (pi omega C_s/v_s) tanh(hbar omega/"
              "2 k_B T)", derived=1.0, numerical=extrapolated(1 / far, excess), tolerance=LIMIT,
              remark="sum over tilted wells with the splitting and the distance of the WKB method, S = 40 to 160"),
        check("tanh law", "S (J/tanh - 1)", form="J = tanh(Omega/2 tau) [1 + 1/(3 S)]", derived=1 / 3, tolerance=0.02,
              numerical=extrapolated(1 / far, both), remark="the same sum; S the action at D0 = hbar omega"),
        check("tanh law", "part of the pre-exponential factor", form="+5/(6 S)", derived=5 / 6, tolerance=0.02,
              numerical=extrapolated(1 / actions, from_slope), remark="1/(d ln D0/d D2) of the three-term formula"),
        check("tanh law", "part of the place of the states", form="-1/(2 S)", derived=-0.5, tolerance=0.02,
              numerical=extrapolated(1 / actions, from_place), remark="|x_12| of symmetric wells on a grid"),
    ]  # fmt: skip


def _low_frequency_ratio(action: float) -> float:
    """J/tanh of two-level systems with the splitting of the WKB method and x_12 = (|D2|/2)^{1/2} (1 - 1/2S)."""

    def log_splitting(S: float) -> float:
        depth = (3 * S / np.sqrt(2)) ** (2 / 3)
        return float(np.log(8 * np.sqrt(8 / np.pi) * 2**-1.25 * depth**1.25) - S + np.log1p(-71 / (72 * S)))

    top = log_splitting(action)

    def integrand(theta: float) -> float:
        S = optimize.brentq(lambda s: log_splitting(s) - top - np.log(np.cos(theta)), 0.9 * action, action + 60)
        depth = (3 * S / np.sqrt(2)) ** (2 / 3)
        slope = (log_splitting(S - 1e-4) - log_splitting(S + 1e-4)) / 2e-4 * np.sqrt(depth / 2)
        place = np.sqrt(depth / 2) * (1 - 1 / (2 * S))
        # dD1 = d Delta/(2 x_12), sum over both signs; p |D2|/2 with p = cos^2, dD0/Delta = cos d theta
        return float(np.cos(theta) * place / slope)

    return float(integrate.quad(integrand, 0, np.pi / 2 - 1e-9, epsrel=1e-7)[0])


def _vibrations() -> list[FormulaCheck]:
    """Numbers and absorption of lower wells, counted with the weight of the other plane."""
    wells = lower_wells()
    once = (wells.quantum < 1) & (wells.alpha > wells.beta**2 / 4)
    single = once & (9 * wells.beta**2 < 32 * wells.alpha)
    jacobian = np.abs(wells.alpha) / 2
    both, alone = (5 * wells.count(part, jacobian) for part in (once, single))
    omega = 30.0 * W / HBAR
    return [
        check("vibrations", "n(E) W^5/(P_s E^4), every potential once", form="n(E) = (1/8)(P_s/W)(E/W)^4",
              derived=counting_coefficient(Counting.LOWER_MINIMA), numerical=both, tolerance=COUNTED,
              remark="lower wells counted on a grid of (alpha, beta) with the weight |alpha|/2"),
        check("vibrations", "n(E) W^5/(P_s E^4), single wells", form="n(E) = (P_s/W)(E/W)^4/(6 2^(1/2))",
              derived=counting_coefficient(Counting.SINGLE_WELLS), numerical=alone, tolerance=COUNTED,
              remark="the same grid; half of it if one sign of D1 is counted"),
        check("resonant vibrations", "absorption at hbar omega = 30 W", unit="pi omega C/v", tolerance=COUNTED,
              form="1/L = (pi omega C_s/v_s)(1/8)(hbar omega/W)^3", derived=float(resonant_vibrations(omega, W=W)),
              numerical=both * 30.0**4 / 30.0, remark="|x_01|^2 = W/(hbar omega) times the counted density"),
        check("resonant vibrations", "Ioffe-Regel limit for C = 3e-4", form="hbar omega/W = (8/pi C)^(1/3)", unit="W",
              derived=ioffe_regel_frequency(3e-4, W=W) * HBAR / W, tolerance=COUNTED,
              numerical=float(optimize.brentq(lambda e: np.pi * 3e-4 * both * e**3 - 1, 1.0, 200.0)),
              remark="where the counted absorption makes the path v/omega"),
    ]  # fmt: skip


def _relaxation() -> list[FormulaCheck]:
    """Relaxation of tunnelling systems by one phonon: the rate, and both limits of the absorption."""
    energy, T, gamma2 = 0.05 * W, 0.1, (1e-19) ** 2
    symmetric = float(tunnelling_relaxation_rate(energy, T, tunnelling_share=0.4, gamma_l2=gamma2, gamma_t2=gamma2 / 2,
                                                 medium=MEDIUM))  # fmt: skip
    K = gamma2 / MEDIUM.longitudinal_velocity**5 + 2 * gamma2 / 2 / MEDIUM.transverse_velocity**5
    law = partial(relaxation_by_phonons, coupling=lambda e: K * np.ones_like(e), highest_energy=1e3 * W,
                  density=MEDIUM.density)  # fmt: skip
    slow, fast = (float(law(np.array(w), np.array(T))) for w in (1e-3, 1e22))
    high = np.pi**2 / 24 * (BOLTZMANN * T) ** 3 * K / (MEDIUM.density * HBAR**4 * 1e22)
    return [
        check("one-phonon relaxation", "rate of a system", unit="1/s", derived=symmetric, tolerance=1e-2,
              form="1/tau = (D0/E)^2 E^3/(2 pi rho hbar^4) [gamma_l^2/v_l^5 + 2 gamma_t^2/v_t^5] coth(E/2 k_B T)",
              numerical=0.4 * _box_of_strain(energy, gamma2) / np.tanh(energy / (2 * BOLTZMANN * T)),
              remark="golden rule over the wave vectors of a box, strain amplitude (hbar/2 rho V omega)^(1/2) q"),
        check("one-phonon relaxation", "absorption for omega tau << 1", form="pi omega C_s/2 v_s", derived=0.5,
              numerical=slow, tolerance=1e-2, unit="pi omega C/v", remark="sum over asymmetries and energies"),
        check("one-phonon relaxation", "absorption for omega tau >> 1", unit="pi omega C/v", derived=float(high),
              form="(pi^3/24)(C_s/v_s)(k_B T)^3/(rho hbar^4) [gamma_l^2/v_l^5 + 2 gamma_t^2/v_t^5]", numerical=fast,
              tolerance=1e-4, remark="sum over asymmetries and energies"),
    ]  # fmt: skip


def _box_of_strain(energy: float, gamma2: float) -> float:
    """Rate at which a symmetric system emits one phonon into an empty box: 2 pi/hbar |gamma e|^2 over wave vectors."""
    radius, width = 40.0, 2.0
    mesh = np.arange(-43, 44)
    n = np.sqrt(np.add.outer(np.add.outer(mesh**2, mesh**2), mesh**2))
    shell = n[np.abs(n - radius) < width]
    total, omega = 0.0, energy / HBAR
    for velocity, square in ((MEDIUM.longitudinal_velocity, gamma2), (MEDIUM.transverse_velocity, gamma2)):
        # the second branch stands for two polarisations of half the square each
        edge = 2 * np.pi * radius * velocity / omega
        per_energy = np.sum((radius / shell) ** 2) / (2 * width * HBAR * velocity * 2 * np.pi / edge)
        amplitude2 = HBAR / (2 * MEDIUM.density * edge**3 * omega) * (omega / velocity) ** 2
        total += 2 * np.pi / HBAR * square * amplitude2 * per_energy
    return float(total)


def _activation() -> list[FormulaCheck]:
    """Jumps over the barrier, by a sum over depth and asymmetry of double wells."""
    tau, logs = 1e-3, np.array([80.0, 160.0, 320.0])
    sums = np.array([_jumps(tau, L) / (tau**0.75 * L**-0.25) for L in logs])
    omega = np.exp(-80.0) * W / HBAR
    closed = float(relaxation_over_barriers(np.array(omega), np.array(tau * W / BOLTZMANN), W=W))
    return [
        check("relaxation over barriers", "coefficient", derived=1.0,
              form="1/L = (pi omega C_s/v_s)(k_B T/W)^(3/4) ln^(-1/4)(1/omega tau_0)",
              numerical=extrapolated(1 / logs, sums), tolerance=LIMIT,
              remark="sech^2(E/2 k_B T) omega tau/(1 + (omega tau)^2) summed over double wells, limit of large "
                     "logarithms"),
        check("relaxation over barriers", "absorption at ln(1/omega tau_0) = 80", derived=closed, tolerance=0.01,
              form="(k_B T/W)^(3/4) ln^(-1/4)(1/omega tau_0)", numerical=_jumps(tau, 80.0), unit="pi omega C/v",
              remark="the same sum, k_B T = 0.001 W, tau_0 = hbar/W"),
    ]  # fmt: skip


def _jumps(tau: float, logarithm: float) -> float:
    """(1/pi tau) int dD1 dD2 (|D2|/2) sech^2(D1 (|D2|/2)^{1/2}/tau) Omega t/(1 + (Omega t)^2) over both signs of D1."""

    def line(depth: float) -> float:
        barrier = depth**2 / (4 * tau)
        loss = 0.5 / np.cosh(min(abs(barrier - logarithm), 300.0))
        width = np.sqrt(depth / 2) / tau
        reach = 20 / width
        field, step = np.linspace(-reach, reach, 401, retstep=True)
        return float(depth / 2 * np.sum(1 / np.cosh(width * field) ** 2) * step * loss)

    middle = np.sqrt(4 * tau * logarithm)
    low, high = (np.sqrt(4 * tau * max(logarithm + s * 40, 0.0)) for s in (-1, 1))
    found = integrate.quad(line, low, high, points=[middle], epsrel=1e-8, limit=200)[0]
    return float(found) / (np.pi * tau)


def _conductivity() -> list[FormulaCheck]:
    """The limit of low temperature."""
    glass = LaterFormGlass(MEDIUM, W=W, C_l=3e-4, C_t=2.5e-4)
    T = 0.04

    def path(omega: Array, temperature: Array, *, strength: float, velocity: float) -> Array:
        return np.pi * omega * strength / velocity * resonant_tunnelling(omega, temperature)

    paths = [partial(path, strength=C, velocity=v) for C, v in ((3e-4, 5800.0), (2.5e-4, 3800.0))]
    found = phonon_conductivity(np.array([T]), longitudinal=paths[0], transverse=paths[1], medium=MEDIUM)
    return [
        check("tanh law", "conductivity at 0.04 K", unit="W/(m K)", derived=float(conductivity_tanh_law(T, glass)),
              form="kappa = (k_B^3 T^2/6 pi hbar^2)(1/v_l C_l + 2/v_t C_t)", numerical=float(found[0]),
              tolerance=QUADRATURE, remark="kinetic integral with the tanh law"),
    ]  # fmt: skip


def _heat() -> list[FormulaCheck]:
    """Coefficients of the specific heat, from sums over depths and over energies."""
    logs = np.array([200.0, 400.0, 800.0])  # ln(W/k_B T), with ln(W/D_min) twice as large
    sums = np.array([_two_level_heat(L) for L in logs])
    einstein = integrate.quad(lambda x: x**4 / 8 * (x / 2 / np.sinh(x / 2)) ** 2, 0, 80)[0]
    return [
        check("tunnelling specific heat", "coefficient", derived=float(TUNNELLING_COEFFICIENT), tolerance=LIMIT,
              form="C = (pi^2/3) 6^(1/3) k_B P_s (k_B T/W) [ln^(1/3)(W/D_min) - ln^(1/3)(W/k_B T)]",
              numerical=extrapolated(1 / logs, sums),
              remark="heat of all double wells by integration over depth and asymmetry, limit of large logarithms"),
        check("minimum of C/T^3", "coefficient", form="1.978 = [(2 pi^6/21)/((pi^2/3) 6^(1/3))]^(1/4)",
              derived=float(VIBRATION_COEFFICIENT / TUNNELLING_COEFFICIENT) ** 0.25, tolerance=LIMIT,
              numerical=float(einstein / extrapolated(1 / logs, sums)) ** 0.25,
              remark="the two coefficients of the specific heat by integration"),
        check("vibrational specific heat", "coefficient", form="C = (2 pi^6/21) k_B P_s (k_B T/W)^5", unit="1",
              derived=float(VIBRATION_COEFFICIENT), numerical=float(einstein), tolerance=QUADRATURE,
              remark="oscillators with the density of every potential counted once"),
    ]  # fmt: skip


def _two_level_heat(logarithm: float) -> float:
    """Heat of double wells with D_min < D0 over P_s (k_B T/W) [ln^{1/3}(W/D_min) - ln^{1/3}(W/k_B T)], k_B = 1.

    ln(W/k_B T) = L, ln(W/D_min) = 2 L; energies in k_B T.
    """
    x = np.linspace(0, 40, 4001)

    def of_depth(action: float) -> float:
        depth = (3 / np.sqrt(2) * action) ** (2 / 3)
        energy = np.hypot(x, np.exp(min(logarithm - action, 700.0)))
        heat = (energy / 2 / np.cosh(np.minimum(energy, 600.0) / 2)) ** 2
        jacobian = (2 / 3) * depth / action  # of |D2| over the action
        return float(2 * np.trapezoid(heat, x) / np.sqrt(2 * depth) * jacobian)

    total = integrate.quad(of_depth, logarithm - 5, 2 * logarithm, points=[logarithm], epsrel=1e-7, limit=200)[0]
    return float(total / (np.cbrt(2 * logarithm) - np.cbrt(logarithm)))


def _minimum() -> list[FormulaCheck]:
    """The smallest excess C/T^3 from all levels of all potentials down to a depth."""
    deepest = 14.0
    lowest = float(wkb_splitting(-deepest))
    mesh = potential_mesh(deepest=deepest, hottest=1.25, coldest=0.2, lines=48, nodes=36, count=12)
    tau = np.exp(np.linspace(np.log(0.25), np.log(1.1), 60))
    heat = np.log(level_heat_capacity(mesh, tau, deepest=deepest) / tau**3)
    spline = np.polynomial.Polynomial.fit(np.log(tau), heat, 8)
    found = optimize.minimize_scalar(spline, bounds=(np.log(0.3), np.log(1.0)), method="bounded").x
    closed = reduced_minimum_temperature(W=W, lowest_splitting=lowest * W) * BOLTZMANN / W
    return [
        check("minimum of C/T^3", f"W/k_B T* for double wells down to D2 = {-deepest:g}", derived=1 / closed,
              form="W = 1.978 X^(-1/4) k_B T*, X = ln^(1/3)(W/D_min) - ln^(1/3)(W/k_B T*)",
              numerical=float(np.exp(-found)), tolerance=0.15,
              remark=f"all levels, D_min = {lowest:.1e} W; between both laws, where neither holds"),
    ]  # fmt: skip

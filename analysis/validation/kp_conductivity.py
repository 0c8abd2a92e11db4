"""Karpov and Parshin 1985, section 5: two-level systems, phonons and the conductivity below w."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, optimize

from analysis.soft_potential.coupling import longitudinal_average, transverse_average
from analysis.soft_potential.deep_wells import wkb_action, wkb_splitting
from analysis.soft_potential.measures import static_shift
from analysis.thermal import KarpovParshinGlass, Medium, phonon_conductivity
from analysis.thermal.closed_forms import (
    conductivity_log_free,
    conductivity_two_types,
    tunnelling_density,
    tunnelling_inverse_path,
)
from analysis.thermal.specific_heat import debye_specific_heat
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated, soft_states
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

CHAPTER = Chapter("karpov-parshin-1985", "Karpov & Parshin 1985, section 5: conductivity below w")
QUADRATURE = 1e-6  # relative; both sides are integrals
COUNTED = 1e-3  # relative; areas counted on lines
DRIVEN = 1e-2  # relative; end of the line shape of a wave of finite duration
LIMIT = 1e-3  # relative; limits from large logarithms

MEDIUM = Medium(density=2200.0, longitudinal_velocity=5800.0, transverse_velocity=3800.0)
W = 4.0 * BOLTZMANN
LOGARITHM = 9.0  # ln(w/hbar omega) where the printed path is evaluated [-]
TENSORS = np.array([np.diag([1.0, -0.4, 0.3]), np.array([[0.2, 0.5, 0.0], [0.5, -0.1, 0.3], [0.0, 0.3, 0.7]])])


def conductivity_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of section 5."""
    return (*_kinetic(), *_golden_rule(), *_averages(), *_variables(), *_density(), *_path(), *_conductivity())


def example_glass(**changes: float) -> KarpovParshinGlass:
    """Return a glass of round numbers.

    Args:
        changes: fields that differ [their units].
    """
    numbers = {"eta_L": 0.01, "density_I": 1e27, "density_II": 1e27, "d_l2": 1.0, "d_t2": 0.5, "b": 0.0,
               "mass": 4.6e-26, "xi2": 1.3} | changes  # fmt: skip
    return KarpovParshinGlass(MEDIUM, W=W, **numbers)


def _kinetic() -> list[FormulaCheck]:
    """A constant path carries a third of specific heat, velocity and path; all velocities equal."""
    medium, length, T, n = Medium(1.0, 4000.0, 4000.0), 1e-7, 0.5, 6e28
    path = lambda omega, temperature: np.full_like(omega, 1 / length)  # noqa: E731
    kappa = phonon_conductivity(np.array([T]), longitudinal=path, transverse=path, medium=medium)
    heat = debye_specific_heat(np.array([T]), number_density=n, medium=medium)
    return [
        CHAPTER.check("5.1", "conductivity with a constant path", unit="W/(m K)", derived=float(kappa[0]),
                      form="kappa = (k_B/6 pi^2) int d omega omega^2 (x/2)^2 sh^-2(x/2) (L_l/v_l^2 + 2 L_t/v_t^2)",
                      numerical=float(heat[0]) * 4000.0 * length / 3, tolerance=QUADRATURE,
                      remark="against C v L/3 with Debye's specific heat; x = hbar omega/k_B T, k_B = 1 in print"),
    ]  # fmt: skip


def _golden_rule() -> list[FormulaCheck]:
    """Two-level systems of all energies driven by a wave: power taken from it over its flux."""
    amplitude, omega, duration = 1e-4, 1.0, 500.0  # of M_ik e/2 hbar; hbar = 1
    energy = np.linspace(0.4, 1.6, 1501)
    taken = _excited(energy, 2 * amplitude, omega, duration)
    power = omega * float(np.sum(taken) * (energy[1] - energy[0])) / duration
    # strain e0 = 1, M = 2 amplitude, flux rho v^3 e0^2/2, rho = v = 1, one system per energy
    return [
        CHAPTER.check("5.2", "1/L of systems at T = 0 over pi omega M^2 N/(rho v^3)", derived=1.0, tolerance=DRIVEN,
                      form="1/L_s = (pi omega/rho v_s^3) sum (D0/E)^2 gamma_s^2 th(E/2 k_B T) delta(hbar omega - E)",
                      numerical=2 * power / (np.pi * omega * (2 * amplitude) ** 2),
                      remark="Schroedinger equation of 1501 systems in a wave of 80 periods, power over flux; "
                             "M = (D0/E) gamma, and th is the difference of the populations"),
    ]  # fmt: skip


def _excited(energy: Array, coupling: float, omega: float, duration: float) -> Array:
    """Population of the upper level after a time in H = [[0, c cos], [c cos, E]], by Runge-Kutta's method."""
    step = 0.1
    state = np.stack([np.ones_like(energy), np.zeros_like(energy)]).astype(complex)

    def rate(time: float, psi: NDArray[np.complex128]) -> NDArray[np.complex128]:
        drive = coupling * np.cos(omega * time)
        return -1j * np.stack([drive * psi[1], drive * psi[0] + energy * psi[1]])

    for k in range(int(duration / step)):
        t = k * step
        k1 = rate(t, state)
        k2 = rate(t + step / 2, state + step / 2 * k1)
        k3 = rate(t + step / 2, state + step / 2 * k2)
        k4 = rate(t + step, state + step * k3)
        state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.abs(state[1]) ** 2


def over_directions(tensors: Array) -> tuple[float, float]:
    """Return the means of (n.T.n)^2 and of (n.T.e)^2 over directions and tensors [unit of T^2].

    By quadrature over the sphere, exact for tensors of second rank; e is one of two polarisations across n.

    Args:
        tensors: symmetric 3 x 3 tensors, shape (..., 3, 3) with one leading axis [any unit].
    """
    cosine, weight = np.polynomial.legendre.leggauss(8)
    angle = 2 * np.pi * np.arange(8) / 8
    sine = np.sqrt(1 - cosine**2)
    n = np.stack(np.broadcast_arrays(sine[:, None] * np.cos(angle), sine[:, None] * np.sin(angle), cosine[:, None]), -1)
    along = np.einsum("ija,tab,ijb->tij", n, tensors, n)
    pulled = np.einsum("tab,ijb->tija", tensors, n)
    across = (np.sum(pulled**2, axis=-1) - along**2) / 2  # two polarisations across n
    share = weight / (2 * len(angle) * len(tensors))
    return float(np.einsum("i,tij->", share, along**2)), float(np.einsum("i,tij->", share, across))


def _averages() -> list[FormulaCheck]:
    """Invariants of coupling tensors against averages over directions."""
    one, ensemble = over_directions(TENSORS[:1]), over_directions(TENSORS)
    form_l, form_t = "[(Sp g)^2 + 2 Sp g^2]/15", "[3 Sp g^2 - (Sp g)^2]/30"
    l2, t2 = longitudinal_average(TENSORS), transverse_average(TENSORS)
    remark = "average over directions of the wave and of its polarisation"
    return [
        CHAPTER.check("5.3", "gamma_l^2 of a tensor", form=f"gamma_l^2 = {form_l}", derived=float(l2[0]),
                      numerical=one[0], tolerance=QUADRATURE, remark=remark),
        CHAPTER.check("5.3", "gamma_t^2 of a tensor", form=f"gamma_t^2 = {form_t}", derived=float(t2[0]),
                      numerical=one[1], tolerance=QUADRATURE, remark=remark),
        CHAPTER.check("5.8", "d_l^2 of two tensors", form="d_l^2 = <(Sp d)^2 + 2 Sp d^2>/15", derived=float(l2.mean()),
                      numerical=ensemble[0], tolerance=QUADRATURE, remark=remark),
        CHAPTER.check("5.8", "d_t^2 of two tensors", form="d_t^2 = <3 Sp d^2 - (Sp d)^2>/30", derived=float(t2.mean()),
                      numerical=ensemble[1], tolerance=QUADRATURE, remark=remark),
    ]  # fmt: skip


def _variables() -> list[FormulaCheck]:
    """The share p as matrix elements show it, and the densities taken at the typical eta and t."""
    symmetric, tilted = (soft_states(-9.0, 0.0, field=f) for f in (0.0, 1.5e-4))
    across = tilted.element(tilted.place_n, 0, 1)
    half = (tilted.element(tilted.place_n, 1, 1) - tilted.element(tilted.place_n, 0, 0)) / 2
    fall = 60.0
    weighted, plain = (_count_I(1e-8, 1.1e-8, 0.2, 0.8, fall=f) for f in (fall, np.inf))
    typical = -((3 / np.sqrt(2) * np.log(1 / (1.05e-8 * np.sqrt(0.5)))) ** (2 / 3))
    return [
        CHAPTER.check("5.4", "p of a tilted well", form="p = (D0/E)^2", state=Print.DEFINITION, tolerance=1e-3,
                      derived=(symmetric.gap / tilted.gap) ** 2, numerical=across**2 / (across**2 + half**2),
                      remark="gaps against |x_12|^2/(|x_12|^2 + (x_22 - x_11)^2/4), alpha = -9"),
        CHAPTER.check("5.6", "mean of a density over the systems of one E and p", form="G_j = Phi(eta_j) F(t_j)",
                      derived=float(np.exp(-((typical / fall) ** 2))), numerical=weighted / plain, tolerance=0.01,
                      state=Print.DEFINITION,
                      remark=f"type I, E = 1e-8 w, Phi a Gaussian of width {fall:g} eta_L, at the typical alpha "
                             f"{typical:.1f}"),
    ]  # fmt: skip


def _count_I(low: float, high: float, p_low: float, p_high: float, *, fall: float = np.inf) -> float:
    """Area of (alpha, beta) with E and p in a window, type I, counted on lines of alpha."""
    action = np.linspace(-np.log(high * np.sqrt(p_high)), -np.log(low * np.sqrt(p_low)), 20001)
    depth = (3 / np.sqrt(2) * action) ** (2 / 3)
    tilt = np.sqrt(2) / depth**1.5 * np.exp(-((depth / fall) ** 2))
    return _count(action, tilt, depth, 2, (low, high, p_low, p_high))


def _count_II(low: float, high: float, p_low: float, p_high: float) -> float:
    """The same for type II, in the plane of R and beta."""
    action = np.linspace(-np.log(high * np.sqrt(p_high)), -np.log(low * np.sqrt(p_low)), 20001)
    beta = np.cbrt(48 * action)
    return _count(action, 4 / beta**2, beta, 4, (low, high, p_low, p_high))


def _count(action: Array, tilt_per_asymmetry: Array, depth: Array, copies: int, window: tuple[float, ...]) -> float:
    """Sum over lines of one depth of the width of the window in the tilt, in units of w."""
    low, high, p_low, p_high = window
    splitting = np.exp(-action)
    start = np.sqrt(np.maximum(np.maximum(low, splitting / np.sqrt(p_high)) ** 2 - splitting**2, 0.0))
    end = np.sqrt(np.maximum(np.minimum(high, splitting / np.sqrt(p_low)) ** 2 - splitting**2, 0.0))
    return float(copies * np.trapezoid(np.maximum(end - start, 0.0) * tilt_per_asymmetry, depth))


def _density() -> list[FormulaCheck]:
    """Systems counted in a window of E and p against the integral of their density."""
    window = (1e-5, 1.1e-5, 0.3, 0.7)
    one = partial(tunnelling_density, density=1.0, eta_L=1.0, W=1.0)
    predicted, _ = integrate.dblquad(lambda p, energy: float(one(energy, p)), *window)
    form = "N_j = 2^(5/3) 3^(-4/3) G_j eta_L^(3/2) w^-1 p^-1 (1-p)^(-1/2) ln^(-4/3)(w/E p^(1/2))"
    return [
        CHAPTER.check("5.5", f"systems of {kind} in a window of E and p", form=form, derived=float(predicted),
                      numerical=counted(*window), tolerance=COUNTED, unit="G eta_L^(3/2)",
                      remark="area of the plane counted on lines of one depth, both signs of the asymmetry and of t")
        for kind, counted in (("type I", _count_I), ("type II", _count_II))
    ]  # fmt: skip


def _strength(gamma2_per_line: float, power: float, logarithm: float, copies: int, jacobian: float) -> float:
    """Sum of p gamma^2 delta(E - hbar omega) over one type, in units of the paper's 4 pi...: integral over depths.

    At depth D0 = E cos(theta) the delta function leaves the tilt per asymmetry times E/D; dD0/D = d theta.
    """

    def integrand(theta: float) -> float:
        action = logarithm - np.log(np.cos(theta))
        return float(np.cos(theta) * jacobian * gamma2_per_line * action**power)

    found, _ = integrate.quad(integrand, 0, np.pi / 2, epsabs=1e-14)
    return copies * float(found)


def _path() -> list[FormulaCheck]:
    """The sum over both types by direct integration over the depth of their wells."""
    logs = np.array([200.0, 400.0, 800.0, 1600.0])
    # type I: |d alpha| sqrt(2)/|alpha|^{3/2} = (2/3)(3/sqrt 2)^{-1/3} sqrt(2) S^{-4/3} dS,
    # gamma^2 = b^2 6^{-2/3} S^{-2/3}
    per_I = 2 / 3 * (3 / np.sqrt(2)) ** (-1 / 3) * np.sqrt(2)
    type_I = [_strength(6 ** (-2 / 3), -2.0, L, 2, per_I) * L**2 for L in logs]
    # type II: d beta 4/beta^2 = (4/3) 48^{-1/3} S^{-4/3} dS, gamma^2 = (9/2)^{2/3} S^{4/3}
    type_II = _strength(4.5 ** (2 / 3), 0.0, 20.0, 4, 4 / 3 * 48 ** (-1 / 3))
    form = "1/L_s = (4 pi w d_s^2/rho v_s^3 eta_L^(1/2)) omega th(hbar omega/2 k_B T) [(b^2/9) G_I S^-2 + G_II]"
    printed = form.replace("S^-2", "ln^-2(w/hbar omega)")
    second = "... + G_II (1 - (b^2/18) S^-2)], S the action at D0 = hbar omega"
    return [
        CHAPTER.check("5.7", "coefficient of G_II", form=form, printed_form=printed, derived=_bracket(0.0),
                      numerical=type_II, tolerance=QUADRATURE,
                      remark="sum of p gamma^2 delta(E - hbar omega) over the depths of the wells"),
        CHAPTER.check("5.7", "coefficient of b^2 G_I S^-2", form=form, printed_form=printed, tolerance=LIMIT,
                      derived=(_bracket(1.0) - _bracket(0.0)) * LOGARITHM**2,
                      numerical=extrapolated(1 / logs, np.array(type_I)),
                      remark="limit of large logarithms, where the logarithm of the print and the action S are one"),
        CHAPTER.check("5.7", "S^-2 at hbar omega = 0.01 w", form=form, printed=float(np.log(0.01) ** -2),
                      printed_form=printed, derived=_action_of(lambda D2: float(wkb_splitting(D2))) ** -2,
                      numerical=_action_of(lambda D2: soft_states(D2, 0.0, points=130).gap) ** -2, tolerance=0.01,
                      state=Print.INCOMPLETE,
                      remark="the depth where the splitting is hbar omega, from levels on a grid; the logarithm of the "
                             "print, which drops the pre-exponential factor, is too short"),
        CHAPTER.check("5.7", "term of order b^2 S^-2 of type II", form=second, printed_form="none", printed=0.0,
                      derived=-1 / 18, numerical=_second_order(), tolerance=0.01, state=Print.INCOMPLETE,
                      remark="(d R/d e)^2 by differences of the bare potential, both signs of t, limit of deep wells; "
                             "half of the printed b^2 term where G_I = G_II"),
    ]  # fmt: skip


def _bracket(b: float) -> float:
    """The printed path in units of pi w d^2 G omega th/(rho v^3 eta_L^{1/2}), G_I = G_II = G, at one frequency."""
    glass = example_glass(b=b)
    omega, T = W / HBAR * np.exp(-LOGARITHM), 0.01
    unit = np.pi * W * glass.d_l2 * glass.density_II * omega * np.tanh(HBAR * omega / (2 * BOLTZMANN * T))
    path = float(tunnelling_inverse_path(np.array(omega), np.array(T), glass, "l"))
    return path * MEDIUM.density * MEDIUM.longitudinal_velocity**3 * float(np.sqrt(glass.eta_L)) / float(unit)


def _action_of(splitting: Callable[[float], float]) -> float:
    """The action of the symmetric well whose splitting is a hundredth of w."""
    depth = optimize.brentq(lambda D2: np.log(splitting(D2) / 0.01), -9.0, -5.0, xtol=1e-8)
    return float(wkb_action(depth))


def _second_order() -> float:
    """(mean of (dR/d e)^2 over both signs of t - 1) S^2/b^2 of type II, in the limit of deep wells."""
    b, actions = 1.0, np.array([100.0, 200.0, 400.0])
    found = []
    for action in actions:
        squares = []
        for beta in (-np.cbrt(48 * action), np.cbrt(48 * action)):
            alpha = beta**2 / 4
            delta = float(static_shift(alpha, beta, b=b))
            bare = np.array([b, alpha - 3 * beta * delta + 6 * delta**2, beta - 4 * delta])
            seen = [_seen(bare + np.array([0.0, s * 1e-4 * alpha, 0.0]), delta) for s in (-1, 1)]
            R = [a - c**2 / 4 for a, c in seen]
            squares.append(((R[1] - R[0]) / (2e-4 * alpha)) ** 2)
        found.append((np.mean(squares) - 1) * action**2 / b**2)
    return extrapolated(1 / actions, np.array(found))


def _seen(bare: Array, near: float) -> tuple[float, float]:
    """alpha and beta at the stationary point of b y + alpha_0 y^2 + beta_0 y^3 + y^4 next to a place."""
    roots = np.roots([4.0, 3 * bare[2], 2 * bare[1], bare[0]])
    place = float(roots.real[np.argmin(np.abs(roots - near))])
    return bare[1] + 3 * bare[2] * place + 6 * place**2, bare[2] + 4 * place


def _kinetic_integral(T: float, glass: KarpovParshinGlass) -> float:
    longitudinal, transverse = (partial(tunnelling_inverse_path, glass=glass, branch=s) for s in "lt")
    kappa = phonon_conductivity(np.array([T]), longitudinal=longitudinal, transverse=transverse, medium=MEDIUM)
    return float(kappa[0])


def _frozen_integral(T: float, glass: KarpovParshinGlass) -> float:
    """The kinetic integral with the logarithm of type I at k_B T for every phonon."""
    logarithm = np.log(glass.W / (BOLTZMANN * T))
    share = 1 + glass.b**2 / 9 * glass.density_I / glass.density_II / logarithm**2
    return _kinetic_integral(T, replace(glass, b=0.0)) / float(share)


def _conductivity() -> list[FormulaCheck]:
    """The closed conductivity against the kinetic integral with the path of two-level systems."""
    T, unit = 0.04, "W/(m K)"
    weak, strong, quiet = (example_glass(b=b) for b in (1e-3, 15.0, 0.0))
    integral, _ = integrate.quad(lambda x: x * (x / 2) ** 2 / np.sinh(x / 2) ** 2 / np.tanh(x / 2), 0, 200)
    common = "rho eta_L^(1/2)/(hbar^2 w G_I b^2) (v_l/d_l^2 + 2 v_t/d_t^2) [T ln(w/T)]^2 [1 + ...]^-1"
    derived, printed = (float(conductivity_two_types(T, weak, as_printed=p)) for p in (False, True))
    return [
        CHAPTER.check("5.9", "conductivity at 0.04 K, weak type I", form=f"kappa = (3/8 pi) {common}", unit=unit,
                      printed_form=f"kappa = (1/24 pi) {common}", printed=printed, derived=derived,
                      numerical=_kinetic_integral(T, weak), tolerance=QUADRATURE,
                      remark="the path of two-level systems in the kinetic integral; the 9 of b^2/9 was dropped in "
                             "print: nine times too small for every b, G_I and G_II"),
        CHAPTER.check("5.9", "conductivity at 0.04 K, strong type I", form=f"kappa = (3/8 pi) {common}", unit=unit,
                      printed_form=f"kappa = (1/24 pi) {common}", derived=float(conductivity_two_types(T, strong)),
                      printed=float(conductivity_two_types(T, strong, as_printed=True)), tolerance=QUADRATURE,
                      numerical=_frozen_integral(T, strong),
                      remark="b = 15; the logarithm at k_B T for every phonon, which is all the closed form does"),
        CHAPTER.check("5.9", "conductivity at 0.04 K without type I", unit=unit, tolerance=QUADRATURE,
                      form="kappa = rho eta_L^(1/2) T^2/(24 pi hbar^2 w G_II) (v_l/d_l^2 + 2 v_t/d_t^2)",
                      derived=float(conductivity_log_free(T, quiet)), numerical=_kinetic_integral(T, quiet),
                      printed=float(conductivity_log_free(T, quiet)) / 9, printed_form="limit G_I -> 0 of the print",
                      remark="in print this limit is nine times too small as well"),
        CHAPTER.check("5.9", "integral behind the prefactor", form="int x (x/2)^2 sh^-2(x/2) cth(x/2) dx = pi^2",
                      derived=np.pi**2, numerical=float(integral), tolerance=QUADRATURE, state=Print.NONE,
                      remark="adaptive quadrature"),
    ]  # fmt: skip

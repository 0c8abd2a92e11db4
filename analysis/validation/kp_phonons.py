"""Karpov and Parshin 1985, section 7: vibrations driven by phonons, and the conductivity above w."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from scipy import integrate

from analysis.soft_potential.landscape import potential_energy
from analysis.soft_potential.levels import levels
from analysis.thermal import KarpovParshinGlass, Medium, phonon_conductivity
from analysis.thermal.closed_forms import (
    conductivity_prethermal,
    conductivity_thermal,
    joined_inverse_path,
    tunnelling_inverse_path,
    vibration_inverse_path,
    vibration_relaxation_rate,
)
from analysis.thermal.phonons import mode_heat_capacity
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated, grid_states, soft_states
from analysis.validation.kp_conductivity import MEDIUM, W, example_glass
from analysis.validation.kp_potentials import ENERGY, ETA, LENGTH, MASS, T
from analysis.validation.kp_vibrations import lower_wells, van_hove_checks
from atomsim.units import BOLTZMANN, HBAR

CHAPTER = Chapter("karpov-parshin-1985", "Karpov & Parshin 1985, section 7: vibrations and phonons")
LEVELS = 1e-8  # relative; two independent solutions of the same Schroedinger equation
DIFFERENCE = 1e-5  # relative; derivatives by differences
COUNTED = 1e-2  # relative; wave vectors of a box or potentials of a grid counted in a narrow shell
LIMIT = 1e-3  # relative; limit of high temperature
TEXT = "text of section 7"


def phonon_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of section 7."""
    return (*_moving_frame(), *_force(), *_relaxation(), *_path(), *_deformation(), *_elastic(), *_two_regions(),
            *_joined(), *_text(), *van_hove_checks())  # fmt: skip


def _moving_frame() -> list[FormulaCheck]:
    """A displaced attachment point, and what it does to first order."""
    y, u = np.linspace(-5, 5, 260), 0.3
    still, moved = (grid_states(y, potential_energy(y - s, -1.0, 0.8)) for s in (0.0, u))
    h = 1e-4
    change = (potential_energy(y - h, -1.0, 0.8) - potential_energy(y + h, -1.0, 0.8)) / (2 * h)
    element = abs(levels(-1.0, 0.8, count=3).force_mm[2, 0])
    stiff = grid_states(y, 9 * y**2)
    slope = (9 * (y - h) ** 2 - 9 * (y + h) ** 2) / (2 * h)
    return [
        CHAPTER.check("7.1", "gap E_41 with the frame displaced", form="H = p^2/2M + V(x - xi u)", unit="w",
                      derived=float(np.ptp(still.energy_m)), numerical=float(np.ptp(moved.energy_m)), tolerance=LEVELS,
                      state=Print.DEFINITION, remark="a constant displacement changes no gap; levels on a grid"),
        CHAPTER.check("7.2", "coupling of the levels 1 and 3 to a displacement", form="H_int = -(dV/dx) xi u",
                      derived=float(element), numerical=abs(still.element(change, 2, 0)), tolerance=DIFFERENCE,
                      remark="matrix elements by the equation of motion against a displaced potential"),
        CHAPTER.check("7.3", "coupling of a harmonic well to a displacement", form="H_int = -k_I x xi u",
                      derived=18.0 * abs(stiff.element(y, 0, 1)), numerical=abs(stiff.element(slope, 0, 1)),
                      tolerance=DIFFERENCE, remark="V = 9 y^2: stiffness times <2|y|1> against a displaced potential"),
    ]  # fmt: skip


def _force() -> list[FormulaCheck]:
    """The identity for elements of the force, in SI."""
    z = np.linspace(-0.75, 0.75, 300)
    found = grid_states(LENGTH * z, ENERGY * z**2 * (ETA + T * z + z**2), kinetic=HBAR**2 / (2 * MASS))
    force = ENERGY / LENGTH * (2 * ETA * z + 3 * T * z**2 + 4 * z**3)
    gap = float(found.energy_m[2] - found.energy_m[0])
    return [
        CHAPTER.check("7.4", "<3|dV/dx|1>", form="<n|dV/dx|m> = (M/hbar^2)(E_m - E_n)^2 <n|x|m>", unit="N",
                      derived=abs(MASS / HBAR**2 * gap**2 * found.element(found.place_n, 2, 0)),
                      numerical=abs(found.element(force, 2, 0)), tolerance=LEVELS,
                      remark="states in SI on a grid; the derivative of V against the elements of x"),
    ]  # fmt: skip


def _box_rate(omega: float, medium: Medium, square: float) -> float:
    """Golden rule over the phonons of a box: rate of a coupling with |force|^2 per unit of u^2 (xi = 1 along z)."""
    radius, width = 40.0, 2.0
    mesh = np.arange(-43, 44)
    nx, ny, nz = np.meshgrid(mesh, mesh, mesh, indexing="ij")
    n = np.sqrt(nx**2 + ny**2 + nz**2)
    shell = np.abs(n - radius) < width
    along = (nz[shell] / n[shell]) ** 2
    weight = (radius / n[shell]) ** 2  # all wave vectors of the shell count as on its middle
    total = 0.0
    for velocity, share in (
        (medium.longitudinal_velocity, along),
        (medium.transverse_velocity, 1 - along),  # both transverse polarisations
    ):
        edge = 2 * np.pi * radius * velocity / omega
        per_energy = np.sum(weight * share) / (2 * width * HBAR * velocity * 2 * np.pi / edge)
        total += 2 * np.pi / HBAR * square * HBAR / (2 * medium.density * edge**3 * omega) * per_energy
    return float(total)


def _oscillator_force(omega: float, mass: float) -> float:
    """|<1|k x|0>|^2 of a harmonic vibration, from its states on a grid."""
    y = np.linspace(-8, 8, 120)
    found = grid_states(y, y**2 / 2, kinetic=0.5)
    return found.element(y, 0, 1) ** 2 * mass * HBAR * omega**3


def _relaxation() -> list[FormulaCheck]:
    """Decay of a vibration by the golden rule over the phonons of a box."""
    glass = example_glass()
    energy = 20 * W
    omega = energy / HBAR
    found = glass.xi2 * _box_rate(omega, MEDIUM, _oscillator_force(omega, glass.mass))
    n = MEDIUM.density / glass.mass
    single = Medium(MEDIUM.density, 4000.0, 4000.0)
    debye = 4000.0 * (6 * np.pi**2 * n) ** (1 / 3)
    width = HBAR * _box_rate(omega, single, _oscillator_force(omega, glass.mass)) / energy
    return [
        CHAPTER.check("7.5", "relaxation rate of a vibration of 20 w", unit="1/s",
                      form="1/tau = (1/12 pi) xi^2 M E^4/(rho hbar^4) (1/v_l^3 + 2/v_t^3)", tolerance=COUNTED,
                      derived=float(vibration_relaxation_rate(energy, glass)), numerical=found,
                      remark="golden rule over the wave vectors of a box; states of the oscillator on a grid"),
        CHAPTER.check("text after 7.5", "hbar/(tau E) over (E/hbar omega_D)^3", form="(3 pi/2) xi^2 (E/hbar omega_D)^3",
                      printed_form="hbar/(tau E) < 1 when (E/hbar omega_D)^3 < 1", printed=1.0, derived=1.5 * np.pi,
                      numerical=width / (omega / debye) ** 3, state=Print.ESTIMATE, tolerance=COUNTED,
                      remark="one velocity, rho = n M, xi = 1; the same sum over a box"),
    ]  # fmt: skip


def _golden_path(omega: float, glass: KarpovParshinGlass, velocity: float, per_energy: float) -> float:
    """Inverse path of phonons absorbed by vibrations with a density per energy, xi averaged over directions."""
    square = _oscillator_force(omega, glass.mass) * glass.xi2 / 3
    return 2 * np.pi / HBAR * square * HBAR / (2 * glass.medium.density * omega) * per_energy / velocity


def _counted_density(glass: KarpovParshinGlass, energy: float) -> float:
    """Type-I vibrations per energy from the grid of potentials: those below w, scaled to another energy."""
    wells = lower_wells()
    below = wells.count((wells.quantum < 1) & (wells.alpha > wells.beta**2 / 4))
    return 3 * below * glass.density_I * glass.eta_L**1.5 / glass.W * (energy / glass.W) ** 2


def _path() -> list[FormulaCheck]:
    """Absorption by vibrations, their harmonic ladder at any temperature, and the end of the range."""
    glass, omega = example_glass(), 20 * W / HBAR
    found = _golden_path(omega, glass, MEDIUM.longitudinal_velocity, _counted_density(glass, 20 * W))
    form = "1/L_s = (pi/6) <xi^2> M G eta_L^(3/2) hbar^3 omega^4/(rho v_s w^3)"
    n, x = np.arange(200), 0.4
    population = np.exp(-x * n) * (1 - np.exp(-x))
    wave = 2 * np.pi * MEDIUM.longitudinal_velocity / omega
    stiff = soft_states(100.0, 0.0, half_width=2.5)
    path = float(vibration_inverse_path(omega, glass, "l"))
    return [
        CHAPTER.check("7.6", "1/L_l at hbar omega = 20 w", form=form, derived=path, numerical=found, unit="1/m",
                      tolerance=COUNTED, remark="golden rule, vibrations of type I counted on a grid of potentials"),
        CHAPTER.check("7.6", "thermal factor of a harmonic ladder", form="sum (n+1)(P_n - P_(n+1)) = 1", derived=1.0,
                      numerical=float(np.sum((n[:-1] + 1) * -np.diff(population))), tolerance=1e-9,
                      state=Print.NONE, remark="why the path does not depend on temperature; k_B T = 2.5 hbar omega"),
        CHAPTER.check("range of 7.6", "largest E over w (d eta/eta_L)^(1/2), d eta = 100 eta_L",
                      form="hbar omega < 2 w (d eta/eta_L)^(1/2)", printed=1.0, derived=2.0, tolerance=5e-3,
                      printed_form="hbar omega <~ min{w (d eta/eta_L)^(illegible), w d t/eta_L^(illegible)}",
                      numerical=stiff.gap / 10.0, state=Print.ESTIMATE,
                      remark="gap of a well with alpha = 100 on a grid; both exponents are 1/2"),
        CHAPTER.check("text after 7.6", "wavelength over path at 20 w", form="lambda/L << 1", printed=1.0,
                      printed_form="(phonon mean free path)/L << 1", derived=wave * path, numerical=wave * found,
                      tolerance=COUNTED, state=Print.WRONG,
                      remark="the path over itself is one; the sense demands the wavelength"),
    ]  # fmt: skip


def _deformation() -> list[FormulaCheck]:
    """What the deformation coupling adds to the omega^4 law, by the same count of potentials."""
    wells = lower_wells()
    soft, other = wells.quantum < 1, wells.alpha < wells.beta**2 / 4
    # |O_01|^2 = 4 y0^2/Omega; the area weighted with y0^2 grows like Omega^5, its density is five times it
    deformation = 4 * 5 * wells.count(soft & other, wells.place**2)
    attachment = 3 * wells.count(soft)
    return [
        CHAPTER.check("text after 7.3", "deformation over displacement coupling at E >> w", tolerance=COUNTED,
                      form="(3/4)(d_s^2/<xi^2>)(E0/M v_s^2) outside type I", printed=0.0, derived=0.75,
                      printed_form="negligible for E > w", numerical=6 * deformation / attachment,
                      unit="d_s^2 E0/(xi^2 M v_s^2)", state=Print.WRONG,
                      remark="true of type I alone; potentials with alpha < beta^2/4, seen from the wrong stationary "
                             "point, have a linear coupling and give the same omega^4; both counted on a grid"),
    ]  # fmt: skip


def _elastic() -> list[FormulaCheck]:
    """Scattering off resonance: its powers, which is all that the paper estimates."""

    def cross_section(q: float, spring: float) -> float:
        cosine, weight = np.polynomial.legendre.leggauss(24)
        stretch = np.mean(np.sum(weight * np.abs(1 - np.exp(1j * q * cosine)) ** 2) / 2)
        # rate = 2 pi |spring stretch/(2 omega)|^2 q^2 over flux, omega = q: spring between two neighbours, on a line
        return float((spring * stretch / (2 * q)) ** 2 * q**2)

    by_frequency = np.log(cross_section(0.02, 0.1) / cross_section(0.01, 0.1)) / np.log(2)
    by_spring = np.log(cross_section(0.02, 0.1) / cross_section(0.02, 0.05)) / np.log(2)
    eta = (np.arange(4000) + 0.5) / 4000
    mean = float(np.mean((1 - eta) ** 2))
    remark = "golden rule for a changed spring between two neighbours, averaged over directions"
    return [
        CHAPTER.check("7.7", "exponent of omega in the cross-section", form="sigma ~ R0^2 ((<k>-k)/<k>)^2 (w/w_D)^4",
                      derived=4.0, numerical=float(by_frequency), tolerance=1e-3, state=Print.ESTIMATE, remark=remark),
        CHAPTER.check("7.7", "exponent of <k> - k in the cross-section", derived=2.0, numerical=float(by_spring),
                      form="sigma ~ R0^2 ((<k>-k)/<k>)^2 (w/w_D)^4", tolerance=1e-9, state=Print.ESTIMATE,
                      remark=remark),
        CHAPTER.check("7.8", "mean cross-section over sigma(0)", form="1/L = N0 <sigma> = N0 sigma(0)/3", printed=1.0,
                      printed_form="1/L ~ sigma(0) N0", derived=1 / 3, numerical=mean, tolerance=1e-6,
                      state=Print.ESTIMATE, remark="for k spread uniformly from zero to its mean; N0 = int int Phi F"),
    ]  # fmt: skip


def _cut_integral(T: float, low: float, high: float, glass: KarpovParshinGlass, mu: float = 1.0) -> float:
    """The kinetic integral between two energies over w, with the path of one region, by adaptive quadrature."""

    def carried(log_x: float) -> float:
        x = np.exp(log_x)
        omega = np.array(x * glass.W / HBAR)
        total = 0.0
        for name, count in (("l", 1), ("t", 2)):
            velocity, _ = glass.branch(name)
            if high <= 1:
                inverse = float(tunnelling_inverse_path(omega, np.array(T), glass, name))
            else:
                inverse = float(vibration_inverse_path(omega, glass, name, enhancement=mu))
            total += count / (velocity**2 * inverse)
        heat = float(mode_heat_capacity(np.array(HBAR * omega / (BOLTZMANN * T))))
        return BOLTZMANN / (6 * np.pi**2) * float(omega) ** 3 * heat * total

    return float(integrate.quad(carried, np.log(low), np.log(high), epsrel=1e-9, epsabs=0, limit=400)[0])


def _two_regions() -> list[FormulaCheck]:
    """Both parts of the conductivity far above w from integrals cut at w."""
    glass, mu = example_glass(), 7.0
    hot = np.array([1e3, 2e3, 4e3])  # k_B T/w
    below = [_cut_integral(float(t * W / BOLTZMANN), 1e-12, 1.0, glass) for t in hot]
    above = [_cut_integral(float(t * W / BOLTZMANN), 1.0, 60 * t, glass, mu) for t in hot]
    first = float(conductivity_prethermal(hot[0] * W / BOLTZMANN, glass))
    unit = "W/(m K)"
    return [
        CHAPTER.check("7.9", "kappa_1 at k_B T = 1000 w", unit=unit, derived=first, numerical=below[0], tolerance=LIMIT,
                      form="kappa_1 = (1/12 pi^3) rho eta_L^(1/2)/(hbar^2 G) (v_l/d_l^2 + 2 v_t/d_t^2) T",
                      remark="kinetic integral cut at hbar omega = w, path of two-level systems with G_II = G"),
        CHAPTER.check("7.10", "kappa_2, mu = 7", unit=unit, derived=conductivity_thermal(glass, enhancement=mu),
                      form="kappa_2 = rho w^2 (mu pi^3 hbar^2 <xi^2> M G eta_L^(3/2))^-1 (1/v_l + 2/v_t)",
                      numerical=extrapolated(1 / hot, np.array(above)), tolerance=LIMIT,
                      remark="kinetic integral above hbar omega = w, limit of high temperature; it hangs on phonons "
                             "near the cut, where neither path is right"),
        CHAPTER.check(TEXT, "exponent of T in kappa_1", form="linear rise: (7.9)",
                      printed_form="linear rise: [Eq. (7.7)]", printed=float("nan"), derived=1.0,
                      numerical=float(np.log(below[2] / below[0]) / np.log(4)), tolerance=LIMIT, state=Print.WRONG,
                      remark="the printed number is that of a cross-section"),
        CHAPTER.check("text after 7.10", "kappa_2/kappa_1 at k_B T = w, d = xi, E0 = M v^2", form="12/mu", printed=1.0,
                      printed_form="kappa_1 ~ kappa_2 for T ~ w, mu <= 100", derived=12.0, state=Print.ESTIMATE,
                      numerical=_ratio_of_parts(), tolerance=LIMIT,
                      remark="cut integrals at high temperature brought to k_B T = w; mu = 1"),
    ]  # fmt: skip


def _one_velocity_glass() -> KarpovParshinGlass:
    """A glass with one velocity, d = xi = 1 and E0 = M v^2."""
    mass, eta_L = 4.6e-26, 0.01
    velocity = float(np.sqrt(W / eta_L**2 / mass))
    glass = example_glass(mass=mass, eta_L=eta_L, d_l2=1.0, d_t2=1.0, xi2=1.0)
    return replace(glass, medium=Medium(MEDIUM.density, velocity, velocity))


def _ratio_of_parts() -> float:
    """kappa_2/kappa_1 brought from a high temperature to k_B T = w."""
    glass, t = _one_velocity_glass(), 2e4
    temperature = t * W / BOLTZMANN
    return t * _cut_integral(temperature, 1.0, 60 * t, glass) / _cut_integral(temperature, 1e-12, 1.0, glass)


def _joined() -> list[FormulaCheck]:
    """The sum of both parts against the integral over all frequencies with the joined path."""
    glass = example_glass()
    T = 3e3 * W / BOLTZMANN
    path = [partial(joined_inverse_path, glass=glass, branch=s) for s in "lt"]
    whole = phonon_conductivity(
        np.array([T]), longitudinal=path[0], transverse=path[1], medium=MEDIUM, breaks=(W / HBAR,)
    )
    return [
        CHAPTER.check("before 7.9", "conductivity at k_B T = 3000 w", form="kappa(T) = kappa_1(T) + kappa_2(T)",
                      derived=float(conductivity_prethermal(T, glass)) + conductivity_thermal(glass),
                      numerical=float(whole[0]), unit="W/(m K)", tolerance=LIMIT, state=Print.DEFINITION,
                      remark="one integral over all frequencies with a path that jumps at hbar omega = w"),
    ]  # fmt: skip


def _text() -> list[FormulaCheck]:
    """An order of magnitude of the text."""
    glass = _one_velocity_glass()
    omega, temperature = 0.999999 * W / HBAR, np.array(W / BOLTZMANN)
    golden = _golden_path(omega, glass, glass.medium.longitudinal_velocity, _counted_density(glass, W))
    below = float(tunnelling_inverse_path(np.array(omega), temperature, glass, "l"))
    return [
        CHAPTER.check("text after 7.6", "(7.6) over (5.7) at hbar omega = k_B T = w", form="1/(24 th(1/2)) for d = xi, "
                      "E0 = M v^2", printed_form="of the same order", printed=1.0, derived=float(1 / 24 / np.tanh(0.5)),
                      numerical=golden / below, tolerance=COUNTED, state=Print.ESTIMATE,
                      remark="golden rule over counted potentials against two-level systems: eleven times apart"),
    ]  # fmt: skip

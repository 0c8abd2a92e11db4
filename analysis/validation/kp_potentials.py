"""Karpov and Parshin 1985, section 2: the potentials, their scales, their images, and where they come from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

from analysis.soft_potential.landscape import images, mirror_image, potential_energy
from analysis.soft_potential.levels import levels
from analysis.soft_potential.parameters import soft_potentials
from analysis.validation.formula import Chapter, FormulaCheck, GridStates, Print, grid_states, soft_states
from atomsim.units import ANGSTROM, ATOMIC_MASS, BOLTZMANN, ELECTRON_VOLT, HBAR

CHAPTER = Chapter("karpov-parshin-1985", "Karpov & Parshin 1985, section 2: potentials")
LEVELS = 1e-8  # relative; two independent solutions of the same Schroedinger equation
DIFFERENCE = 1e-4  # relative; logarithmic derivatives by differences
SMALL = 1e-6  # relative; what is left of the next order
MINIMUM = 1e-6  # relative; places of minima found by a search

MASS, LENGTH, ENERGY = 28 * ATOMIC_MASS, ANGSTROM, 30 * ELECTRON_VOLT
ETA, T = -0.03, 0.06  # a double well
LOG_STEP = 0.02


def potential_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of section 2."""
    return (*_expansion(), *_units(), *_scale(), *_orders(), *_images(), *_fields(), *_spread())


def _states(eta: float, t: float, *, mass: float = MASS, length: float = LENGTH, energy: float = ENERGY,
            hbar: float = HBAR, count: int = 4) -> GridStates:  # fmt: skip
    """States in SI units, on a grid that knows nothing of the natural scales."""
    z = np.linspace(-0.75, 0.75, 300)
    return grid_states(length * z, energy * z**2 * (eta + t * z + z**2), kinetic=hbar**2 / (2 * mass), count=count)


def _quartic_level(*, mass: float = MASS, length: float = LENGTH, energy: float = ENERGY, hbar: float = HBAR) -> float:
    return float(_states(0.0, 0.0, mass=mass, length=length, energy=energy, hbar=hbar).energy_m[0])


def _power(level: Callable[[float], float]) -> float:
    """Exponent with which a level depends on a factor."""
    return float(np.log(level(np.exp(LOG_STEP)) / level(np.exp(-LOG_STEP))) / (2 * LOG_STEP))


def _eta_L() -> float:
    return float((HBAR**2 / (2 * MASS * LENGTH**2 * ENERGY)) ** (1 / 3))


def _expansion() -> list[FormulaCheck]:
    """The potential of a mode from its derivatives, and the operator that acts on it."""
    omega, tau, chi, mass = 0.07, 0.9, 40.0, 30.0
    mode = soft_potentials(*(np.array([v]) for v in (omega, tau, chi, mass)), hbar=0.02, length=1.0)
    eta, t, energy = (float(v[0]) for v in (mode.eta_m, mode.t_m, mode.epsilon_m))
    x = 0.11
    s = np.sqrt(mass) * x
    found = _states(ETA, T, count=40)
    gaps = found.energy_m - found.energy_m[0]
    x1 = np.array([found.element(found.place_n, n, 0) for n in range(40)])
    return [
        CHAPTER.check("2.1", "potential energy at x/a = 0.11", form="V = E0 [eta (x/a)^2 + t (x/a)^3 + (x/a)^4]",
                      derived=energy * x**2 * (eta + t * x + x**2), unit="epsilon", state=Print.DEFINITION,
                      numerical=omega**2 * s**2 / 2 + tau * s**3 / 6 + chi * s**4 / 24, tolerance=LEVELS,
                      remark="E0, eta and t of a mode against its derivatives, V = w^2 s^2/2 + tau s^3/6 + chi s^4/24"),
        CHAPTER.check("2.2", "sum of (E_n - E_1) |x_n1|^2", form="-(hbar^2/2M) psi'' + V psi = E psi; the sum is "
                      "hbar^2/2M", derived=HBAR**2 / (2 * MASS), unit="J m^2", tolerance=SMALL,
                      numerical=float(np.sum(gaps * x1**2)),
                      remark="identity of this operator, over 40 states found on a grid"),
    ]  # fmt: skip


def _units() -> list[FormulaCheck]:
    """Reduced units against the equation in SI."""
    found, quartic, eta_L = _states(ETA, T), _states(0.0, 0.0), _eta_L()
    alpha, beta, w = ETA / eta_L, T / np.sqrt(eta_L), ENERGY * eta_L**2
    y = 0.83
    x_over_a = y * np.sqrt(eta_L)
    spread = np.sqrt(quartic.element(quartic.place_n**2, 0, 0))
    pure, reduced = levels(0.0, 0.0, count=2), levels(alpha, beta, count=4)
    kinetic = soft_states(alpha, beta)
    potential = kinetic.element(potential_energy(kinetic.place_n, alpha, beta), 0, 0)
    bent = _mean_square_slope(kinetic)
    return [
        CHAPTER.check("2.3", "zero-point width of the pure quartic in units of a eta_L^(1/2)", tolerance=LEVELS,
                      form="y = x/(a eta_L^(1/2)), alpha = eta/eta_L, beta = t/eta_L^(1/2)",
                      derived=float(np.sqrt(pure.x2_mm[0, 0])), numerical=float(spread / LENGTH / np.sqrt(eta_L)),
                      remark="levels in reduced units against the equation solved in SI on a grid"),
        CHAPTER.check("2.5", "sign of the second derivative", form="-psi'' + V psi = E psi", printed=1.0, derived=-1.0,
                      printed_form="+psi'' + V psi = E psi", numerical=-(float(kinetic.energy_m[0]) - potential) / bent,
                      tolerance=SMALL, remark="(<V> - E_1)/<(psi')^2>; the kinetic energy is positive: with the "
                      "printed sign the spectrum has no lower end"),
        CHAPTER.check("2.6", "V/w at y = 0.83", form="V(a y eta_L^(1/2))/w = alpha y^2 + beta y^3 + y^4", unit="w",
                      derived=float(potential_energy(y, alpha, beta)), tolerance=LEVELS,
                      numerical=ENERGY * x_over_a**2 * (ETA + T * x_over_a + x_over_a**2) / w,
                      remark="V in joule at x = a y eta_L^(1/2) over w"),
        CHAPTER.check("2.8", "third level of a double well", form="E_n = w E~_n", unit="J", tolerance=LEVELS,
                      derived=w * float(reduced.energy_m[2]), numerical=float(found.energy_m[2]),
                      remark="levels in reduced units times w against the equation solved in SI on a grid"),
    ]  # fmt: skip


def _mean_square_slope(found: GridStates) -> float:
    """<(psi')^2> of the lowest state, by the Fourier transform of the grid."""
    state, step = found.state_nm[:, 0], found.place_n[1] - found.place_n[0]
    wave = 2 * np.pi * np.fft.fftfreq(len(state), step)
    weight = np.abs(np.fft.fft(state)) ** 2
    return float(np.sum(wave**2 * weight) / np.sum(weight))


def _scale() -> list[FormulaCheck]:
    """Exponents of the natural scales, from levels in SI of which every constant is changed in turn."""
    powers = {
        "hbar": _power(lambda f: _quartic_level(hbar=f * HBAR)),
        "E0": _power(lambda f: _quartic_level(energy=f * ENERGY)),
        "M": _power(lambda f: _quartic_level(mass=f * MASS)),
        "a": _power(lambda f: _quartic_level(length=f * LENGTH)),
    }
    form = "w = E0 eta_L^2 = hbar^(4/3) E0^(1/3)/(2^(2/3) M^(2/3) a^(4/3))"
    printed_form = "w = hbar^(1/3) E0^(1/4)/(2^(2/3) M^(2/3) a^(4/3))"
    exact = {"hbar": (4 / 3, 1 / 3), "E0": (1 / 3, 1 / 4), "M": (-2 / 3, -2 / 3), "a": (-4 / 3, -4 / 3)}
    changed = "lowest level of the pure quartic in SI with one constant changed"
    misprint = "with the scanned exponents w is no energy; w = E0 eta_L^2 demands the derived ones"
    lowest = float(levels(0.0, 0.0, count=1).energy_m[0])
    return [
        CHAPTER.check("2.4", "exponent of hbar^2/(2 M a^2 E0) in eta_L", form="eta_L = (hbar^2/(2 M a^2 E0))^(1/3)",
                      printed_form="eta_L = (hbar^2/(2 M a^2 E0))^(illegible)", derived=1 / 3, state=Print.ILLEGIBLE,
                      numerical=-powers["M"] / 2, tolerance=DIFFERENCE,
                      remark="levels go as E0 eta_L^2: half the exponent of the mass in the lowest level"),
        CHAPTER.check("2.4", "eta_L of 28 u, 1 A, 30 eV", form="eta_L = (hbar^2/(2 M a^2 E0))^(1/3) ~ 10^-2",
                      printed=0.01, derived=_eta_L(), state=Print.ESTIMATE, tolerance=LEVELS,
                      numerical=float(np.sqrt(_quartic_level() / (lowest * ENERGY))),
                      remark="from the lowest level in SI over that of -psi'' + y^4 psi"),
        *(
            CHAPTER.check("2.7", f"exponent of {name} in w", form=form, printed_form=printed_form, tolerance=DIFFERENCE,
                          derived=exact[name][0], printed=exact[name][1], numerical=power,
                          remark=changed + (f"; {misprint}" if exact[name][0] != exact[name][1] else ""))
            for name, power in powers.items()
        ),
        CHAPTER.check("2.7", "w of 28 u, 1 A, 30 eV", form="w = E0 eta_L^2 ~ 30 K", printed=30.0, unit="K",
                      derived=ENERGY * _eta_L() ** 2 / BOLTZMANN, state=Print.ESTIMATE, tolerance=LEVELS,
                      numerical=_quartic_level() / lowest / BOLTZMANN,
                      remark="lowest level in SI over that of -psi'' + y^4 psi"),
    ]  # fmt: skip


def _orders() -> list[FormulaCheck]:
    """Second forms with E0 = M v^2 and a = v/omega_D: exponents, and the factors that the paper leaves out."""
    velocity = 4000.0
    energy = MASS * velocity**2

    def found(debye: float) -> float:
        level = _quartic_level(energy=energy, length=velocity / debye)
        return float(np.sqrt(level / (energy * float(levels(0.0, 0.0, count=1).energy_m[0]))))

    debye = 4e13
    exponent = _power(lambda f: found(f * debye))
    ratio = energy * found(debye) ** 2 / (HBAR * debye * np.sqrt(found(debye)))
    remark = "E0 = M v^2 and a = v/omega_D put in; levels in SI"
    return [
        CHAPTER.check("2.4", "exponent of hbar omega_D/E0 in eta_L", form="eta_L ~ (hbar omega_D/E0)^(2/3)",
                      printed_form="eta_L ~ (hbar omega_D/E0)^(illegible)", derived=2 / 3, numerical=exponent,
                      state=Print.ILLEGIBLE, tolerance=DIFFERENCE, remark=remark),
        CHAPTER.check("2.7", "w over hbar omega_D eta_L^(1/2)", form="w = 2^(-1/2) hbar omega_D eta_L^(1/2)",
                      printed_form="w ~ hbar omega_D eta_L^(1/2)", printed=1.0, derived=2**-0.5, numerical=float(ratio),
                      state=Print.ESTIMATE, tolerance=LEVELS, remark=remark),
    ]  # fmt: skip


def _images() -> list[FormulaCheck]:
    """Levels of a potential and of its images, each solved in its own coordinate."""
    alpha, beta = -1.3, 2.1
    gaps = levels(alpha, beta, count=4).frame_energy_m
    gap = float(gaps[3] - gaps[0])
    others = zip(*images(alpha, beta), strict=True)
    found = [float(np.ptp(soft_states(float(a), float(b)).energy_m)) for a, b in others]
    mirrored = soft_states(*(float(v) for v in mirror_image(alpha, beta)))
    form = "alpha' = [9 beta^2 - 32 alpha -+ 3 beta q^(1/2)]/16, beta' = [+-q^(1/2) - beta]/2, q = 9 beta^2 - 32 alpha"
    return [
        *(
            CHAPTER.check("2.9", f"gap E_41 of an image, {sign} sign", form=form, unit="w", derived=gap,
                          numerical=value, tolerance=LEVELS, remark="images solved on a grid of their own coordinate")
            for sign, value in zip(("upper", "lower"), found, strict=True)
        ),
        CHAPTER.check("2.10", "gap E_41 of the mirror image", form="beta' = -beta", unit="w", derived=gap,
                      numerical=float(np.ptp(mirrored.energy_m)), tolerance=LEVELS,
                      remark="the mirror image solved on a grid"),
    ]  # fmt: skip


def _lowest_place(eta: float, field: float) -> float:
    """Where eta z^2 + z^4 + field z is smallest, by a search."""
    found = optimize.minimize_scalar(
        lambda z: z * (field + z * (eta + z * z)), bounds=(-1.0, 0.0), method="bounded", options={"xatol": 1e-12}
    )
    return float(found.x)


def _fields() -> list[FormulaCheck]:
    """A weak random field on a symmetric potential: where the origin moves, and what potential is seen there."""
    eta, field = -0.02, 0.004
    shift = _lowest_place(eta, field)
    roots = np.roots([4.0, 0.0, 2 * eta, field])
    real = roots.real[np.abs(roots.imag) < 1e-9]
    z = 0.1 * np.linspace(-1, 1, 9)
    moved = (shift + z) * (field + (shift + z) * (eta + (shift + z) ** 2))
    seen = np.polynomial.Polynomial.fit(z, moved, 4).convert().coef
    weak = 1e-8
    return [
        CHAPTER.check("2.12", "shift by a weak field over -theta/(2 eta')", form="E0 theta x/a", derived=1.0,
                      numerical=_slope_shift(0.02, weak), tolerance=1e-3, state=Print.DEFINITION,
                      remark="the minimum of potential and field, by bisection of the slope"),
        CHAPTER.check("2.13", "place of the minimum for eta' = -0.02", form="V0 = E0 [eta' (x/a)^2 + (x/a)^4]",
                      derived=-np.sqrt(-eta / 2), numerical=_lowest_place(eta, 0.0), tolerance=MINIMUM, unit="a",
                      state=Print.DEFINITION, remark="minimum at -(|eta'|/2)^(1/2), against a search"),
        CHAPTER.check("2.14", "shift of the origin", form="4 dx^3 + 2 eta' dx + theta = 0", unit="a",
                      derived=float(real.min()), numerical=shift, tolerance=MINIMUM,
                      remark="root of the cubic against a search for the minimum"),
        CHAPTER.check("2.15", "eta seen from the minimum", form="eta = eta' + 6 dx^2", tolerance=MINIMUM,
                      derived=eta + 6 * float(real.min()) ** 2, numerical=float(seen[2]),
                      remark="polynomial through the potential around the minimum found"),
        CHAPTER.check("2.15", "t seen from the minimum", form="t = 4 dx", derived=4 * float(real.min()),
                      numerical=float(seen[3]), tolerance=MINIMUM, remark="the same polynomial"),
    ]  # fmt: skip


def _slope_shift(eta: float, field: float) -> float:
    """The shift by a weak field in a single well over its leading term."""
    place = optimize.brentq(lambda z: field + 2 * eta * z + 4 * z**3, -1.0, 1.0, xtol=1e-16)
    return float(place / (-field / (2 * eta)))


def _spread() -> list[FormulaCheck]:
    """How the scales of eta and t grow with the field: exponents where eta' is small."""
    fields = np.array([1e-4, 4e-4])
    shift = np.array([_lowest_place(0.0, theta) for theta in fields])
    power = float(np.log(shift[1] / shift[0]) / np.log(fields[1] / fields[0]))
    remark = "growth of 6 dx^2 and of 4 dx with the field, minima found by a search, eta' = 0"
    return [
        CHAPTER.check("2.11", "exponent of theta in the scale of eta", form="d eta >~ theta^(2/3)", derived=2 / 3,
                      printed_form="d eta >~ theta^(illegible)", numerical=2 * power, state=Print.ILLEGIBLE,
                      tolerance=DIFFERENCE, remark=remark),
        CHAPTER.check("2.11", "exponent of theta in the scale of t", form="d t >~ theta^(1/3)", derived=1 / 3,
                      printed_form="d t >~ theta^(illegible)", numerical=power, state=Print.ILLEGIBLE,
                      tolerance=DIFFERENCE, remark=remark),
    ]  # fmt: skip

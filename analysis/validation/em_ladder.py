"""Egorushkin and Mel'nikova 1993, section 2: Green functions, kinetic equation, screened interaction and vertex.

Units hbar = k_B = 1. What depends on T/T_0 in the interaction is taken from the paper: the tests hold at r = T/T_0 = 0.
"""

from __future__ import annotations

import numpy as np
from scipy import integrate

from analysis.excitations import diffusion_ladder as ladder
from analysis.excitations.canonical import exchange_energy, site_energy, squared_energy
from analysis.excitations.conductivity_correction import ELECTRON_CHARGE
from analysis.excitations.heat_transport_correction import LORENZ_NUMBER
from analysis.excitations.transport_kernels import ComplexArray
from analysis.excitations.transport_temperature import printed_dimension, scaled_temperature
from analysis.validation.em_order import KEY
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated, grid_states
from atomsim.results import Array
from atomsim.units import BOLTZMANN

CHAPTER = Chapter(KEY, "Egorushkin & Mel'nikova 1993a, section 2: kinetic equation")
ROUND_OFF = 1e-10  # relative; sums and small matrices
QUADRATURE = 1e-8  # relative; integrals, sums with their tails
DIFFERENCE = 1e-6  # relative; central differences
FLAT_BAND = 1e-3  # relative; the finite width of the band of levels
LIMIT = 1e-5  # relative; long waves from three lengths
FIRST_ORDER = 1e-5  # relative; a gradient of the temperature that is small and finite

TAU, TEMPERATURE, ENERGY, EXCESS = 2.0, 0.4, 0.3, -0.2
COSINE, WEIGHT = np.polynomial.legendre.leggauss(24)  # directions of an electron
SIZES = np.array([0.02, 0.04, 0.08])  # q v tau


def ladder_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of section 2 up to the vertex.

    Source: concentration-notes (function of excitations); test: test_derived_forms_of_concentration_excitations_agree
    """
    return (*_excitations(), *_green_functions(), *heat_flux_checks(), *_interaction(), *_density_wave(),
            *_temperature())  # fmt: skip


def heat_flux_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of the kinetic equation and of the heat that it lets electrons carry.

    Source: concentration-notes (kinetic equation); test: test_derived_forms_of_concentration_excitations_agree
    """
    return (*_heat_flux(), *_path(), *_collisions(), *_heat_of_states())


def _propagator(omega: float, beta: float) -> float:
    """Sum over energies E of the correlation function of an oscillator, transformed to a Matsubara frequency.

    <x(tau) x(0)> = cosh[E (beta/2 - tau)]/[2E sinh(beta E/2)], the quantum of which costs E on either side of zero.
    """
    node, weight = np.polynomial.legendre.leggauss(400)
    tau = beta / 2 * (1 + node)

    def of_energy(E: float) -> float:
        grown = np.exp(-E * tau) + np.exp(-E * (beta - tau))
        return float(beta / 2 * np.sum(weight * np.cos(omega * tau) * grown) / (2 * E * -np.expm1(-beta * E)))

    near = integrate.quad(of_energy, 1e-9, 40, epsrel=1e-10, limit=200, points=[1.0, 5.0])[0]
    return 2 * (float(near) + 1 / 40 - omega**2 / (3 * 40**3))  # 1/E^2 - omega^2/E^4 beyond


def _excitations() -> list[FormulaCheck]:
    """The temperature function of soft excitations: how much of it there is, at either sign of the frequency."""
    omega = 0.7
    numbers = {"composition": 0.2, "potential": -0.3, "coupling2": 2.0, "density": 5.0}
    weight, negative = (float(ladder.excitation_weight(w, **numbers)) for w in (omega, -omega))
    found = 0.2 * 0.8 / 5.0 * 0.3 * 2.0 * _propagator(omega, 2 * np.pi / omega)
    back = 0.2 * 0.8 / 5.0 * 0.3 * 2.0 * _propagator(-omega, 2 * np.pi / omega)
    form = "D(k, omega) = [c(1-c)/rho_0] |mu| pi [Delta^2(k)/|omega|] delta(E_k)"
    return [
        CHAPTER.check("2.1", "weight of delta(E_k) at a positive frequency", form=form, derived=weight, numerical=found,
                      tolerance=1e-5, state=Print.DEFINITION,
                      remark="|mu|/(omega^2 + E^2) summed over E, as a transform of the correlation function of an "
                             "oscillator over imaginary time: pi delta(E)/omega for excitations far softer than omega"),
        CHAPTER.check("2.1", "weight of delta(E_k) at a negative frequency", form=form, printed=negative,
                      derived=weight,
                      printed_form=form.replace("|omega|", "omega"), numerical=back, tolerance=1e-5,
                      remark="the same; the function of a real field is even in the frequency"),
        _field_of_one_ion(),
    ]  # fmt: skip


def _field_of_one_ion() -> FormulaCheck:
    """The temperature function of dc of one ion, from the levels of its oscillator."""
    inertia, constant, variance, T = 0.8, 0.5, 0.21, 0.4
    x = np.linspace(-14, 14, 160)
    states = grid_states(x, constant * x**2 / 2, kinetic=1 / (2 * inertia), count=40)
    weight = np.exp(-states.energy_m / T) / np.sum(np.exp(-states.energy_m / T))
    elements = states.state_nm.T @ (x[:, None] * states.state_nm)
    gap = states.energy_m[None, :] - states.energy_m[:, None]
    omega = 2 * np.pi * T
    found = np.sum((weight[:, None] - weight[None, :]) * elements**2 * gap / (gap**2 + omega**2))
    A = float(site_energy(inertia, 1.0, variance))
    square = float(squared_energy(A, exchange_energy(constant, variance)))
    return CHAPTER.check(
        "2.1", "function of dc of one ion at omega = 2 pi T",
        form="D = Delta^2 2A/(omega^2 + E^2), Delta^2 = c(1-c) g^2/2N",
        derived=variance / 2 * 2 * A / (omega**2 + square), numerical=float(found), tolerance=QUADRATURE,
        state=Print.NONE,
        remark="sum over forty levels on a grid, g = 1. Delta^2 holds the c(1-c) of the field: 2A comes out where "
               "print has "
               "c(1-c)|mu|/rho_0",
    )  # fmt: skip


def _self_energy(rate: float) -> float:
    """-Im Sigma of levels of a flat band that are coupled to each other at random, by iteration."""
    width, levels = 1000 * rate, np.linspace(-1000 * rate, 1000 * rate, 20001)
    square = rate / (2 * np.pi) * 2 * width / len(levels)  # golden rule: rate = 2 pi nu v^2
    sigma = -1j * rate
    for _ in range(40):
        sigma = square * np.sum(1 / (-levels - sigma))
    return float(-sigma.imag)


def _green_functions() -> list[FormulaCheck]:
    """Life time, matrices and occupation of electrons that are scattered elastically."""
    retarded = complex(ladder.retarded_green_function(ENERGY, EXCESS, TAU))
    numbers = {"relaxation_time": TAU, "temperature": TEMPERATURE}
    correlation = complex(ladder.keldysh_function(ENERGY, EXCESS, **numbers))
    inverse = np.linalg.inv(ladder.keldysh_matrix(retarded, correlation))
    left = integrate.quad(lambda E: -complex(ladder.retarded_green_function(E, 0.0, TAU)).imag / np.pi, 0, np.inf,
                          weight="cos", wvar=TAU, epsabs=1e-11)[0]  # fmt: skip
    filled = integrate.quad(lambda E: complex(ladder.keldysh_function(E, EXCESS, **numbers)).imag / (2 * np.pi),
                            -200, 200, points=[EXCESS, 0.0], epsrel=1e-12, limit=400)[0]  # fmt: skip
    far = 1 / (2 * np.pi * TAU) * np.array([1 / (200 + EXCESS), -1 / (200 - EXCESS)]).sum()
    n = np.arange(4000)
    imaginary = (2 * n + 1) * np.pi * TEMPERATURE + 1 / (2 * TAU)
    last = 2 * len(n) * np.pi * TEMPERATURE + 1 / (2 * TAU)
    occupied = -4 * TEMPERATURE * np.sum(EXCESS / (imaginary**2 + EXCESS**2)) - 2 / np.pi * np.arctan(EXCESS / last)
    return [
        CHAPTER.check("2.2", "Im 1/G, tau = 2", form="G_0 = [i eps_n - xi + (i/2 tau) sign eps_n]^-1", printed=0.5,
                      printed_form="G_0 = [i eps_n - xi + (i/2) sign eps_n]^-1", derived=float((1 / retarded).imag),
                      numerical=_self_energy(1 / TAU), tolerance=FLAT_BAND,
                      remark="self-energy of 20001 levels coupled at random, with the golden rule of rate 1/tau; tau "
                             "is "
                             "lost in print, (2.5) has it"),
        CHAPTER.check("2.3", "Sigma^c/i of elastic scattering", form="G = ((0, G^A), (G^R, G^c)), Sigma = ((Sigma^c, "
                      "Sigma^R), (Sigma^A, 0))",
                      derived=float(ladder.equilibrium_distribution(ENERGY, TEMPERATURE)) / TAU,
                      numerical=float(-inverse[0, 0].imag), tolerance=ROUND_OFF, state=Print.DEFINITION,
                      remark="inverse of the matrix of G: s_0/tau, as the golden rule says"),
        CHAPTER.check("2.5", "probability to be in the same state after tau", form="G^R = [E - xi + i/2 tau]^-1",
                      derived=float(np.exp(-1)), numerical=float(2 * left) ** 2, tolerance=QUADRATURE,
                      remark="Fourier transform of its imaginary part, squared"),
        CHAPTER.check("2.6", "2n - 1 of a level, tau = 2", form="G^c = s (G^A - G^R) + (i/2) {s_0, G^A + G^R}",
                      derived=float(filled) + float(far), numerical=float(occupied), tolerance=1e-6,
                      remark="integral of G^c/2 pi i without a gradient, against a sum over Matsubara frequencies"),
    ]  # fmt: skip


def _thermal_energy(temperature: float) -> float:
    """Energy of the electrons per density of states, above the ground state."""
    found = integrate.quad(lambda e: e / (np.exp(e / temperature) + 1), 0, 60 * temperature, epsrel=1e-12)[0]
    return 2 * float(found)


def _heat_flux() -> list[FormulaCheck]:
    """Heat that the electrons carry, as that of a gas: a third of heat, velocity and path."""
    T, h = TEMPERATURE, 1e-3
    heat = (_thermal_energy(T + h) - _thermal_energy(T - h)) / (2 * h)
    derived = LORENZ_NUMBER * (ELECTRON_CHARGE / BOLTZMANN) ** 2
    return [
        CHAPTER.check("2.4", "k over nu_0 D T", form="q = 2 int d^3p dE/(2 pi)^4 E v s Im G^A", derived=derived,
                      printed_form="q = int d^3p dE/(2 pi)^4 E v s Im G^A", printed=derived / 2, numerical=heat / T,
                      tolerance=QUADRATURE,
                      remark="k = C v^2 tau/3 with the heat C = dU/dT of both spins by quadrature. With nu_0 the "
                             "density "
                             "of states of both spins, as in kappa, print lacks a 2, which (2.11) has"),
    ]  # fmt: skip


def _path() -> list[FormulaCheck]:
    """Distribution of electrons that bring the temperature of the place of their last collision."""
    length, gradient = 1.9, 1e-4  # tau v, and the change of T along it
    u, weight = np.polynomial.laguerre.laggauss(40)

    def arrived(slope: float) -> float:
        return float(weight @ -np.tanh(ENERGY / (2 * (TEMPERATURE - slope * length * u))))

    phi = (arrived(gradient) - arrived(-gradient)) / (2 * gradient)
    derived = float(ladder.distribution_correction(ENERGY, TEMPERATURE, mean_path=length))
    return [
        CHAPTER.check("2.7", "rate of collisions per gradient of T", form="-v grad T (E/T) ds_0/dE = I",
                      printed_form="v grad T (E/T) ds_0/dE = I", printed=derived / TAU, derived=-derived / TAU,
                      numerical=-phi / TAU, tolerance=FIRST_ORDER,
                      remark="distribution of electrons that come straight from their last collision, where it was "
                             "colder; collisions change it by -phi/tau. The sign of print contradicts (2.8) to (2.10)"),
        CHAPTER.check("2.8", "phi_0 per gradient of T", form="phi_0 = tau v grad T (E/T) ds_0/dE", derived=derived,
                      numerical=phi, tolerance=FIRST_ORDER, remark="the same distribution less that of equilibrium"),
    ]  # fmt: skip


def _collisions() -> list[FormulaCheck]:
    """A changed density of states in the collisions of electrons that go in 24 directions."""
    change, drive = 0.03, 0.7

    def collide(more: float) -> Array:
        """Matrix of collisions: into all directions alike, at a rate that goes with the density of states."""
        return (1 + more) / TAU * (np.outer(np.ones(len(WEIGHT)), WEIGHT / 2) - np.eye(len(WEIGHT)))

    phi = drive * COSINE
    integral = (collide(change) - collide(0.0)) @ phi
    steady = {more: np.linalg.lstsq(collide(more), -phi / TAU, rcond=None)[0] for more in (change / 100, -change / 100)}
    first_order = 50 * (steady[change / 100] - steady[-change / 100])
    return [
        CHAPTER.check("2.9", "phi_1 over phi_0 for delta nu/nu_0 = 0.03", form="phi_1 = tau (I_ee + delta I)",
                      derived=float(TAU * ladder.collision_correction(1.0, change, TAU)), tolerance=DIFFERENCE,
                      numerical=float(first_order[5] / phi[5]),
                      remark="steady state of 24 directions with a changed rate of collisions, first order"),
        CHAPTER.check("2.10", "delta I for delta nu/nu_0 = 0.03",
                      derived=float(ladder.collision_correction(phi[5], change, TAU)),
                      form="delta I = (2/pi nu_0 tau) int d^3k/(2 pi)^3 [s(k) - s(p)] Im delta G^A",
                      tolerance=ROUND_OFF,
                      numerical=float(integral[5]),
                      remark="collisions among 24 directions, with and without the change"),
    ]  # fmt: skip


def _heat_of_states() -> list[FormulaCheck]:
    """Heat of electrons whose density of states depends on the energy, by integrals of the whole flux."""
    T, size = TEMPERATURE, 0.02
    grid = np.linspace(-40 * T, 40 * T, 40001)
    change = size * np.sqrt(np.abs(grid / T))
    of_collisions, of_states = ladder.heat_of_density_change(grid, change, temperature=T, mean_path=1.0)

    def flux(more: float, *, states: bool) -> float:
        def integrand(u: float) -> float:
            e = u**2
            changed = 1 + more * size * u
            return 2 * u * e**2 / np.cosh(e / 2) ** 2 / changed * (changed if states else 1.0)

        return float(integrate.quad(integrand, 0, 8, epsrel=1e-12)[0])

    h = 1e-3
    bare = flux(0.0, states=False)
    lost = (flux(h, states=False) - flux(-h, states=False)) / (2 * h * bare)
    return [
        CHAPTER.check("2.11", "change of the heat flux by phi_1, delta nu ~ E^(1/2)", derived=of_collisions,
                      numerical=lost,
                      form="-(2/grad T) int d^3p dE/(2 pi)^4 E (v.n) phi_1 Im G_0^A", tolerance=1e-5,
                      remark="first order of the whole flux with rates that go with the density of states, over the "
                             "flux"),
        CHAPTER.check("2.11", "heat flux with phi_1 and the changed states, over the bare", tolerance=ROUND_OFF,
                      form="phi_1 Im G_0^A + phi_0 Im delta G^A(s_0)", derived=1 + of_collisions + of_states,
                      numerical=flux(1.0, states=True) / bare,
                      remark="fewer states carry heat, and are scattered as much less: what is left of the "
                             "correction is "
                             "the interaction itself"),
    ]  # fmt: skip


def _rung(omega_tau: complex, size: float) -> complex:
    """One rung of the ladder: the mean over directions of 1/(1 - i omega tau + i q v tau cos)."""
    return complex(np.sum(WEIGHT / 2 / (1 - 1j * omega_tau + 1j * size * COSINE)))


def _long_waves(omega: complex, screening: float) -> tuple[ComplexArray, ComplexArray]:
    """Screened over bare interaction, and vertex times (q v tau)^2, of electrons scattered in all directions.

    For q v tau = SIZES, omega tau = omega (q v tau)^2, D kappa^2 tau = screening (q v tau)^2: independent of the size
    in the limit of long waves.
    """
    ratios, vertices = [], []
    for size in SIZES:
        omega_tau = omega * size**2
        zeta = _rung(omega_tau, size)
        polarisation = 1 + 1j * omega_tau * zeta / (1 - zeta)
        ratios.append(1 / (1 + 3 * screening * polarisation))  # D q^2 tau = (q v tau)^2/3
        vertices.append(size**2 / (1 - zeta))
    return np.array(ratios), np.array(vertices)


def _interaction() -> list[FormulaCheck]:
    """Screening and vertex from the scattering of electrons with all directions, for long waves."""
    omega, screening = 0.9, 3.0
    pole = {"diffusivity": 1 / 3, "ratio": 0.0}
    rows = []
    for equation, where, w in (("2.12a", "an imaginary frequency", 1j * omega), ("2.12b", "a real frequency", omega)):
        derived = complex(ladder.screened_interaction(np.array(w), 1.0, **pole, screening=np.sqrt(3 * screening)))
        ratios, _ = _long_waves(w, screening)
        rows.append(
            CHAPTER.check(equation, f"|V| over the bare interaction at {where}", tolerance=LIMIT,
                          form="V = (4 pi e^2/q^2) P/(P + D kappa^2), P = -i omega + D q^2 - (T/T_0) omega",
                          derived=abs(derived) / (3 * screening), numerical=extrapolated(SIZES**2, np.abs(ratios)),
                          remark="density response of electrons that are scattered into all directions, limit of long "
                                 "waves, r = 0")
        )  # fmt: skip
    _, vertices = _long_waves(omega, screening)
    common = {"diffusivity": 1 / 3, "ratio": 0.0, "relaxation_time": TAU}
    # with frequencies in units of 1/tau the pole is tau P
    derived, printed = (
        abs(complex(ladder.interaction_vertex(omega / TAU, 1.0 / TAU, **common, form=form)))
        for form in ("derived", "printed")
    )
    rows.append(
        CHAPTER.check("2.13", "|vertex| times (q v tau)^2, tau = 2",
                      form="gamma = 1/{tau [-i omega + D q^2 - (T/T_0) omega]}",
                      printed_form="gamma = 1/[-i omega + D q^2 - (T/T_0) omega]", printed=printed, derived=derived,
                      numerical=extrapolated(SIZES**2, np.abs(vertices)), tolerance=LIMIT,
                      remark="sum of the ladder of scatterings, limit of long waves, r = 0; a vertex has no dimension")
    )  # fmt: skip
    return rows


def _density_wave() -> list[FormulaCheck]:
    """A wave of density with the printed pole, in time."""
    ratio = 0.4

    def relax(t: float, n: ComplexArray) -> ComplexArray:
        return -n / (1 - 1j * ratio)

    path = integrate.solve_ivp(relax, (0, 1), np.array([1.0 + 0j]), rtol=1e-11, atol=1e-13)
    start, later = (complex(ladder.diffusion_pole(w, 1.0, diffusivity=1.0, ratio=ratio)) for w in (0.0, 1.0))
    omega = start / (start - later)  # where P, linear in omega, vanishes
    turned = abs(float(np.angle(path.y[0, -1])))
    return [
        CHAPTER.check("2.12b", "what is left of a density wave after 1/D q^2, T = 0.4 T_0", tolerance=QUADRATURE,
                      form="n ~ exp[-D q^2 t (1 + i r)/(1 + r^2)]", derived=float(np.exp(omega.imag)),
                      numerical=float(abs(path.y[0, -1])), state=Print.NONE,
                      remark=f"the equation of the pole in time. It decays, and turns by {turned:.2f} rad in one "
                             f"sense: "
                             "P(-omega) is not P(omega)*, so that a real density becomes complex. Beyond r = 0.3 the "
                             "theory ends")
    ]  # fmt: skip


def _printed_temperature(length_unit: float, omega: float = 1.3, *, repaired: bool = False) -> float:
    """The printed T_0 with the power 3/2 of 2m, its lengths measured in a given unit, energies as they are."""
    mu_0, rate, coupling2, potential, c = 40.0, 0.8, 0.6, 0.3, 0.2
    mass = 0.5 * length_unit**2  # 1/(energy length^2)
    screening, density = 2.0 * length_unit, 0.07 * length_unit**3
    top = 16 * (2 * np.pi) ** 3 * (mu_0**2 + rate**2 / 4) ** 0.75 * omega**2
    bottom = 15.45 * mu_0 * coupling2 * (2 * mass) ** 1.5 * c * (1 - c) * potential
    return float(top / bottom * (density if repaired else 1 / screening))


def _temperature() -> list[FormulaCheck]:
    """The dimension of T_0, and the only thing that can be taken from it."""
    scale = {p: 2.0 ** -printed_dimension(1.5, with_screening=not p, with_density=p)[1] for p in (False, True)}
    doubled = scaled_temperature(2.6, reference_frequency=1.3, reference_temperature=1.0, reference="itself")
    form = "T_0 ~ rho_0 [mu_0^2 + 1/4 tau^2]^(3/4) omega_0^2/[mu_0 Delta^2(0) (2m)^(3/2) c(1-c) |mu|]"
    return [
        CHAPTER.check("text after 2.12b", "T_0 in a unit of length twice as large, over T_0", form=form,
                      printed_form="T_0 = 16 (2 pi)^3 [mu_0^2 + 1/4 tau^2]^(3/4) omega_0^2/[15.45 mu_0 kappa "
                                   "Delta^2(0) "
                                   "(2m)^? c(1-c) |mu|]", printed=scale[False], derived=scale[True],
                                   tolerance=ROUND_OFF,
                      numerical=_printed_temperature(2.0, repaired=True) / _printed_temperature(1.0, repaired=True),
                      remark="both forms evaluated in two units. No power of 2m makes the printed one a temperature; "
                             "3/2 "
                             "with the density of (2.1) and without kappa does. It is no number to be computed"),
        CHAPTER.check("text after 2.12b", "T_0 for twice the limiting frequency, over T_0", form="T_0 ~ omega_0^2",
                      derived=doubled.value, tolerance=ROUND_OFF,
                      numerical=_printed_temperature(1.0, 2.6) / _printed_temperature(1.0),
                      remark="the formula evaluated twice; this alone is used"),
    ]  # fmt: skip

"""Schaich 1976, (9) to (18): the force in linear response, its Green functions, and the averages that they need."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import linalg

from analysis.multiple_scattering.harmonics import ComplexArray
from analysis.multiple_scattering.linear_response import (
    born_series,
    force_response,
    time_ordered_function,
)
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated
from analysis.validation.schaich_boltzmann import KEY
from analysis.validation.schaich_models import Box, Ring, box
from atomsim.results import Array

CHAPTER = Chapter(KEY, "Schaich 1976, section II: linear response")
ROUND_OFF = 1e-9  # relative; matrices of a few dozen numbers
EXTRAPOLATED = 1e-4  # relative; limits of time step, field or broadening
SAMPLED = 0.02  # relative; 3000 random arrangements
FREQUENCY, GROWTH = 0.7, 0.5  # of the field
SLOW = complex(FREQUENCY, GROWTH)
REAL_FREQUENCY = 0.1  # below all resonances
BROADENINGS = np.array([0.02, 0.028, 0.036, 0.044, 0.052, 0.06])


def response_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of (9) to (18)."""
    return (*_response(), *_filling(), *_products(), *_trace(), *_series(), *_averages(), *_fragments())


def _matrices(model: Box) -> tuple[Array, Array]:
    """Hamiltonian and density matrix between the points."""
    states = model.states.state_nm
    return (states * model.states.energy_m) @ states.T, (states * model.occupation_a) @ states.T


# --- (9) to (11) -----------------------------------------------------------------------------------------------


def _pushed(field: float, steps: int) -> float:
    """Force on the ion at time zero, of electrons that moved in E exp(GROWTH t) cos(FREQUENCY t), e = -1."""
    model = box()
    hamiltonian, _ = _matrices(model)
    duration = 30.0 / GROWTH
    dt = duration / steps
    half = linalg.expm(-0.5j * dt * hamiltonian)
    whole = half @ half
    orbitals = half @ model.states.state_nm[:, : model.electrons].astype(complex)
    for t in -duration + dt * (np.arange(steps) + 0.5):
        strength = field * np.exp(GROWTH * t) * np.cos(FREQUENCY * t)
        orbitals = whole @ (np.exp(-1j * dt * strength * model.states.place_n)[:, None] * orbitals)
    last = half.conj().T @ orbitals  # the last half step was one too many
    return float(model.force_x @ np.sum(np.abs(last) ** 2, axis=1))


@cache
def _moved() -> float:
    """Force per field of electrons that were moved in time, field and time step tending to zero."""
    found = [(_pushed(0.003, steps) - _pushed(-0.003, steps)) / 0.006 for steps in (1000, 2000)]
    return (4 * found[1] - found[0]) / 3


def _stationary_motion() -> float:
    """Real part of the force per field from the equation of motion of the density matrix, linear in the field."""
    model = box()
    hamiltonian, density = _matrices(model)
    place = np.diag(model.states.place_n)
    drive = place @ density - density @ place  # [-eR, rho]
    change = linalg.solve_sylvester(SLOW * np.eye(len(place)) - hamiltonian, hamiltonian.astype(complex), drive)
    return float((model.force_x @ np.diag(change)).real)


def _time_integral(operator_ab: Array | ComplexArray) -> complex:
    """int_0^inf dt e^{iwt} <[f(t), operator]> by quadrature."""
    model = box()
    edges = np.linspace(0.0, 40.0 / GROWTH, 401)
    nodes, weights = np.polynomial.legendre.leggauss(12)
    times = (edges[:-1, None] + np.diff(edges)[:, None] * (nodes + 1) / 2).ravel()
    weights = np.tile(weights * (edges[1] - edges[0]) / 2, len(edges) - 1)
    filled, energy = model.occupation_a, model.states.energy_m
    terms = (filled[:, None] - filled) * model.element(model.force_x) * operator_ab.T
    turning = np.exp(1j * times[:, None] * energy)
    commutator = ((turning @ terms) * turning.conj()).sum(axis=1)
    return complex(weights @ (np.exp(1j * SLOW * times) * commutator))


def _response() -> list[FormulaCheck]:
    """Force per field of electrons in a box: two time integrals, a sum over states, and motion in a field."""
    model = box()
    dipole = -1j * _time_integral(model.element(model.states.place_n))  # -eR = R
    current = _time_integral(model.current_ab) / SLOW
    force, energy = model.element(model.force_x), model.states.energy_m
    summed = force_response(energy, model.occupation_a, force, model.current_ab, SLOW)
    in_time = "four electrons among three ions moved in time in a field that grows as exp(t/2), two fields, two steps"
    motion = "Liouville's equation linear in the field, solved as one of Sylvester"
    return [
        CHAPTER.check("9a", "force per field, w = 0.7 + 0.5i", derived=dipole.real, numerical=_moved(),
                      form="f = (1/i hbar) int dtau e^(iw tau) <[f(tau), -eR]>", tolerance=EXTRAPOLATED,
                      remark=in_time),
        CHAPTER.check("9b", "the same by the current", derived=current.real, numerical=_stationary_motion(),
                      form="f = (1/hbar w) int dtau e^(iw tau) <[f(tau), J]>", tolerance=ROUND_OFF,
                      remark=f"{motion}; the boundary term of the integration by parts is <[f, R]> = 0"),
        CHAPTER.check("10", "the same as a sum over states", derived=summed.real, numerical=_moved(),
                      form="f = (i/w) sum (n_a - n_b)/(e_a + hbar w - e_b + i0) <a|f|b><b|J|a>", tolerance=EXTRAPOLATED,
                      remark=in_time),
    ]  # fmt: skip


def _filling() -> list[FormulaCheck]:
    """Occupation and realness of the states."""
    model = box()
    energy = model.states.energy_m
    low, high = energy[0] - 1.0, model.fermi_energy
    angle = 2 * np.pi * (np.arange(400) + 0.5) / 400
    on_circle = (high - low) / 2 * np.exp(1j * angle)
    inside = np.mean(on_circle[:, None] / ((high + low) / 2 + on_circle[:, None] - energy), axis=0)
    product = model.element(model.force_x) * model.current_ab.T
    return [
        CHAPTER.check("11", "number of electrons", form="n_a = 1 for e_a < e_F, else 0", tolerance=ROUND_OFF,
                      derived=float(model.occupation_a.sum()), numerical=float(inside.sum().real),
                      state=Print.DEFINITION, remark="integral of Tr G around the levels below e_F, over 2 pi i"),
        CHAPTER.check("text after 11", "share of <a|f|b><b|J|a> that is imaginary", form="real states without a "
                      "magnetic field", derived=1.0, tolerance=ROUND_OFF,
                      numerical=float(np.sum(product.imag**2) / np.sum(np.abs(product) ** 2)),
                      remark="so the static force is a principal value over all levels, not one of the Fermi level"),
    ]  # fmt: skip


# --- (12) to (15) ----------------------------------------------------------------------------------------------


@cache
def _line() -> tuple[Array, Array]:
    """Nodes and weights of integrals over the real axis that is crossed at the Fermi energy."""
    model = box()
    fermi = model.fermi_energy
    low, high = model.states.energy_m[0] - 4, model.states.energy_m[-1] + 4
    tail = np.geomspace(0.3, 1e7, 60)
    edges = np.unique(np.concatenate([low - tail, np.linspace(low, high, 400), high + tail,
                                      [fermi, fermi - REAL_FREQUENCY]]))  # fmt: skip
    nodes, weights = np.polynomial.legendre.leggauss(16)
    width = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + width * (nodes + 1)).ravel(), (width * weights).ravel()


def _functions(broadening: float, shift: float) -> ComplexArray:
    """G_a on the nodes of the real axis, shifted by a frequency, shape (nodes, levels)."""
    model = box()
    at, _ = _line()
    found = time_ordered_function(model.states.energy_m, at + shift, fermi_energy=model.fermi_energy,
                                  broadening=broadening)  # fmt: skip
    return np.asarray(found)


def _products() -> list[FormulaCheck]:
    """Products of two Green functions, and the number of electrons from one."""
    model = box()
    energy, filled = model.states.energy_m, model.electrons
    _, weights = _line()
    products, counts = [], []
    for broadening in BROADENINGS:
        here, ahead = (_functions(float(broadening), shift) for shift in (0.0, REAL_FREQUENCY))
        products.append(np.einsum("x,xb,xa->ab", weights, ahead, here) / (2 * np.pi))
        counts.append(float((weights @ here).sum().imag / (2 * np.pi)) + len(energy) / 2)
    rows = []
    for name, a, b in (("filled a, empty b", filled - 1, filled), ("empty a, filled b", filled, filled - 1)):
        derived = (1.0 if a < b else -1.0) / (energy[a] + REAL_FREQUENCY - energy[b])
        found = extrapolated(BROADENINGS, np.array([part[a, b].imag for part in products]))
        rows.append(CHAPTER.check("12", f"integral of G_b(w + w') G_a(w') over i, {name}", derived=float(derived),
                                  form="i(n_a - n_b)/(e_a + hbar w - e_b + i0)", numerical=found,
                                  tolerance=EXTRAPOLATED, remark="quadrature over the real axis, broadening tending "
                                  "to zero; for empty a the product has -i0, which no w > 0 can feel"))  # fmt: skip
    rows.append(CHAPTER.check("13", "number of electrons by the trace of G", derived=float(filled),
                              tolerance=EXTRAPOLATED,
                              form="G_a = 1/[hbar w - e_a + i0 sgn(hbar w - e_F)]", state=Print.DEFINITION,
                              numerical=extrapolated(BROADENINGS, np.array(counts)),
                              remark="integral over the real axis over 2 pi i and half of all levels"))  # fmt: skip
    return rows


def _trace() -> list[FormulaCheck]:
    """The force per field as an integral over the trace of two resolvents."""
    model = box()
    _, weights = _line()
    force, current, found = model.element(model.force_x), model.current_ab, []
    for broadening in BROADENINGS:
        here, ahead = (_functions(float(broadening), shift) for shift in (0.0, REAL_FREQUENCY))
        trace = np.einsum("ab,xb,ba,xa->x", force, ahead, current, here, optimize=True)
        found.append(complex(weights @ trace).real / (2 * np.pi * REAL_FREQUENCY))
    derived = force_response(model.states.energy_m, model.occupation_a, force, current, REAL_FREQUENCY + 0j)
    return [
        CHAPTER.check("14", "force per field at w = 0.1", derived=derived.real, tolerance=EXTRAPOLATED,
                      form="f = (1/w) int d(hbar w')/2 pi Tr[f G(w + w') J G(w')]",
                      numerical=extrapolated(BROADENINGS, np.array(found)),
                      remark="quadrature over the real axis, broadening tending to zero; derived by the sum (10)"),
    ]  # fmt: skip


def _ring(waves: int = 31) -> Ring:
    return Ring(np.array([0.0, 1.7, 4.1, 9.0]), np.array([-0.5, 0.3, -0.4, 0.3]), waves=waves, broadening=0.3)


def _series() -> list[FormulaCheck]:
    """Born's series against the resolvent."""
    ring = _ring()
    column = ring.incoming
    summed = born_series(ring.potential, ring.propagator, 60)[column, column]
    return [
        CHAPTER.check("15", "<k|G|k> of weak ions on a ring", derived=float(summed.real), tolerance=ROUND_OFF,
                      form="G = G_0 sum (V G_0)^n", numerical=float(ring.resolvent[column, column].real),
                      remark="60 terms against the resolvent by eigenstates"),
    ]  # fmt: skip


# --- (16) to (18) ----------------------------------------------------------------------------------------------


def _averages() -> list[FormulaCheck]:
    """What is left of the mean of a function of local configurations, and of its waves."""
    rng = np.random.default_rng(1976)
    density, waves = 0.7, np.array([1.0, 2.0])
    form = np.exp(-(waves**2) / 2)
    squares, means = [], []
    for volume in (40.0, 640.0):
        counts = rng.poisson(density * volume, size=3000)
        sums = np.zeros((2, len(counts)))
        for n, wave in enumerate(waves):
            q = 2 * np.pi * np.round(wave * volume / (2 * np.pi)) / volume
            phases = np.exp(1j * q * rng.uniform(0, volume, size=counts.sum()))
            sums[n] = np.abs(np.add.reduceat(phases, np.append(0, np.cumsum(counts)[:-1]))) ** 2
        squares.append(float(np.mean(sums * form[:, None] ** 2)) / volume**2)
        means.append(float(np.mean(counts)) / volume)
    power = np.log(squares[1] / squares[0]) / (2 * np.log(16.0))
    return [
        CHAPTER.check("16", "mean of Gaussians at random places, q = 0", form="<<S>>, S of integral one",
                      derived=density, numerical=means[1], tolerance=SAMPLED,
                      remark="3000 arrangements of 450 places"),
        CHAPTER.check("16", "power of Omega with which the waves q > 0 of one arrangement fall", derived=-0.5,
                      form="O(Omega^(-1/2)) for one arrangement, O(1/Omega) for its square", printed=-1.0,
                      printed_form="O(1/Omega)", numerical=float(power), tolerance=SAMPLED,
                      remark="root mean square of 3000 arrangements in two volumes. The derivation needs the squares "
                             "only: the average of many intermediate states"),
    ]  # fmt: skip


def _fragments() -> list[FormulaCheck]:
    """Fragments of the expansion as Fourier integrals, with and without the force on one ion."""
    ring = _ring(63)
    k, other = ring.incoming, ring.incoming + 2
    g, v = ring.propagator, ring.potential
    whole = (g @ v @ g @ v @ g @ v)[k, other]
    plane, at = ring.plane, ring.at_points
    local = at(g) @ (at(v) @ (at(g) @ (at(v) @ (at(g) @ (at(v) @ plane[:, other])))))
    fourier = np.sum(np.exp(-1j * ring.wave_k[k] * ring.place_x) * local) / np.sqrt(ring.waves)
    twice = Ring(np.concatenate([ring.positions_n, ring.positions_n + ring.length]), np.tile(ring.strength_n, 2),
                 waves=2 * ring.waves + 1, length=2 * ring.length, entry=2 * ring.entry, broadening=0.3)  # fmt: skip
    ratios = [_with_current(twice) / _with_current(ring), _with_force(twice) / _with_force(ring)]
    return [
        CHAPTER.check("17a", "<k|G0 V G0 V G0 V|k'> of ions on a ring", derived=float(whole.real), tolerance=1e-5,
                      form="(1/Omega) int dx e^(-i(k - k')x) S_1(x)", numerical=float(fourier.real),
                      state=Print.DEFINITION, remark="products of matrices between points, then a sum over points; "
                      "derived in plane waves"),
        CHAPTER.check("17b", "fragment with the current on a ring twice as long over that on the ring", derived=1.0,
                      form="mean of S_2 over space", numerical=ratios[0], tolerance=1e-5, state=Print.DEFINITION,
                      remark="the same ions repeated, elements of matrices; a fragment that is its own average"),
        CHAPTER.check("18", "fragment with the force on one ion, the same ratio", derived=0.5, numerical=ratios[1],
                      form="(1/Omega) int dx S_3(x), S_3 near the ion only", tolerance=1e-5, state=Print.DEFINITION,
                      remark="it falls like 1/Omega: no mean over space replaces it"),
    ]  # fmt: skip


def _with_current(ring: Ring) -> float:
    """Modulus of <k|G0 V G0 J G0 V G0 V G0 V G0|k>, both superscripts plus."""
    g, v = ring.propagator, ring.potential
    current = np.diag(-ring.wave_k + 0j)
    return float(abs((g @ v @ g @ current @ g @ v @ g @ v @ g @ v @ g)[ring.incoming, ring.incoming]))


def _with_force(ring: Ring) -> float:
    """Modulus of <k|G0^- V G0^- f G0^+ V G0^+|k>."""
    g, v = ring.propagator, ring.potential
    left, right = g.conj() @ v @ g.conj(), g @ v @ g
    return float(abs((left @ ring.force(1) @ right)[ring.incoming, ring.incoming]))

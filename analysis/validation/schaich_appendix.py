"""Schaich 1976, appendix: how the force in a scattering state becomes a derivative of the T-matrix.

All on a ring with ions, where the propagators have a finite broadening for which every step is exact, the shell of
2 pi i delta being G_0^- - G_0^+.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.multiple_scattering.harmonics import ComplexArray
from analysis.multiple_scattering.linear_response import derivative_vertex, t_matrix
from analysis.validation.formula import Chapter, FormulaCheck, Print
from analysis.validation.schaich_boltzmann import KEY
from analysis.validation.schaich_models import Ring

CHAPTER = Chapter(KEY, "Schaich 1976, appendix: the derivative of the T-matrix")
ROUND_OFF = 1e-9  # relative; matrices of 31 plane waves
DIFFERENCE = 1e-6  # relative; derivatives by differences of fourth order
ION = 1
RING = Ring(np.array([0.0, 1.7, 4.1, 9.0]), np.array([-1.1, 0.8, -0.9, 0.7]))


def appendix_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of (A1) to (A8)."""
    return (*_force(), *_propagators(), *_factor(), *_vertex(), *_even())


def _element(operator: NDArray[Any]) -> float:
    """Real part of one element between different plane waves, neither of them special."""
    return float(operator[RING.incoming, RING.incoming + 3].real)


def _t_plus() -> ComplexArray:
    return t_matrix(RING.potential, RING.propagator)


def _force() -> list[FormulaCheck]:
    """The force as derivative of the potential, and what the T-matrix is."""
    step = 1e-3
    energies = [np.linalg.eigvalsh(np.diag(RING.wave_k**2 / 2) + RING.moved(ION, n * step).potential)[0]
                for n in (-2, -1, 1, 2)]  # fmt: skip
    slope = (energies[0] - 8 * energies[1] + 8 * energies[2] - energies[3]) / (12 * step)
    ground = np.linalg.eigh(np.diag(RING.wave_k**2 / 2) + RING.potential)[1][:, 0]
    potential = RING.potential
    return [
        CHAPTER.check("A1", "force on an ion in the lowest state", form="f = -dV/dR", tolerance=DIFFERENCE,
                      derived=float((ground.conj() @ RING.force(ION) @ ground).real), numerical=-float(slope),
                      state=Print.DEFINITION, remark="energy of the state by differences of the ion's position"),
        CHAPTER.check("A2", "Re <k|T^+|k'>", form="T = V + V G_0 T", state=Print.DEFINITION,
                      derived=_element(_t_plus()),
                      numerical=_element(potential + potential @ RING.resolvent @ potential), tolerance=ROUND_OFF,
                      remark="V + V G V with G from the eigenstates of H_0 + V"),
    ]  # fmt: skip


def _propagators() -> list[FormulaCheck]:
    """The propagators of electrons among the ions, with numbers from eigenstates."""
    g0, v, t = RING.propagator, RING.potential, _t_plus()
    own = g0 + g0 @ t @ g0
    exact = RING.resolvent
    jump = (np.eye(len(v)) + own.conj().T @ v) @ (g0 - g0.conj()) @ (np.eye(len(v)) + v @ own)
    remark = "resolvent of H_0 + V by its eigenstates"
    return [
        CHAPTER.check("A4", "Re <k|g^+|k'>", form="g = G_0 + G_0 T G_0", derived=_element(own), tolerance=ROUND_OFF,
                      numerical=_element(exact), remark=remark),
        CHAPTER.check("A4", "the same by Dyson's equation", form="g = G_0 + G_0 V g", tolerance=ROUND_OFF,
                      derived=_element(g0 + g0 @ v @ own), numerical=_element(exact), remark=remark),
        CHAPTER.check("A5", "Re <k|g^+ V|k'>", form="g V = G_0 T", derived=_element(g0 @ t), tolerance=ROUND_OFF,
                      numerical=_element(exact @ v), remark=remark),
        CHAPTER.check("A6", "Re <k|g^+ - g^-|k'>", form="g^+ - g^- = (1 + g^- V)(G_0^+ - G_0^-)(1 + V g^+)",
                      derived=_element(jump), numerical=_element(exact - exact.conj().T), tolerance=ROUND_OFF,
                      remark=remark),
    ]  # fmt: skip


def _factor() -> list[FormulaCheck]:
    """The factor between the derivative and the incoming wave, in four forms."""
    g0, v, t, unit = RING.propagator, RING.potential, _t_plus(), np.eye(RING.waves)
    plus = g0 + g0 @ t @ g0
    minus = plus.conj().T
    forms = (
        ("A7a", "(1 + g^- V)^-1 (1 + g^+ V)", np.linalg.solve(unit + minus @ v, unit + plus @ v)),
        ("A7b", "1 + (1 + g^- V)^-1 (g^+ - g^-) V", unit + np.linalg.solve(unit + minus @ v, (plus - minus) @ v)),
        ("A7c", "1 + (G_0^+ - G_0^-)(1 + V g^+) V", unit + (g0 - g0.conj()) @ (unit + v @ plus) @ v),
        ("A7d", "1 + (G_0^+ - G_0^-) T^+", unit + (g0 - g0.conj()) @ t),
    )
    # (1 + G_0^- T^-)^-1 is 1 - G_0^- V, and 1 + G_0^+ T^+ makes the scattering state, here from the resolvent
    state = unit + RING.resolvent @ v
    exact = state - g0.conj() @ v @ state
    return [
        CHAPTER.check(equation, "Re <k|(1 + G_0^- T^-)^-1 (1 + G_0^+ T^+)|k'>", form=form, derived=_element(found),
                      numerical=_element(exact), tolerance=ROUND_OFF,
                      remark="(1 - G_0^- V) times the scattering states from eigenstates of H_0 + V")
        for equation, form, found in forms
    ]  # fmt: skip


def _pushed(entry: int) -> float:
    """Force on the ion in the scattering state of a plane wave, from the resolvent and the density at points."""
    state = RING.plane @ (np.eye(RING.waves) + RING.resolvent @ RING.potential)[:, entry]
    return float((state.conj() @ RING.at_points(RING.force(ION)) @ state).real)


def _vertex() -> list[FormulaCheck]:
    """The vertex by the derivative of the T-matrix."""
    k, g0, t, unit = RING.incoming, RING.propagator, _t_plus(), np.eye(RING.waves)
    minus, plus = (RING.t_gradient(ION, outgoing=outgoing) for outgoing in (False, True))
    first = -(minus @ np.linalg.solve(unit + g0.conj() @ t.conj().T, unit + g0 @ t))[k, k]
    read = -(plus @ np.linalg.solve(unit + g0 @ t, unit + g0 @ t))[k, k]
    derived = derivative_vertex(minus, g0, t)[k]
    printed = derivative_vertex(plus, g0, t)[k]
    other = RING.waves - 1 - k
    backwards = float((plus @ ((g0.conj() - g0) @ t.conj().T))[k, k].real)
    remark = "force in the scattering state from eigenstates of H_0 + V, between points of the ring"
    return [
        CHAPTER.check("A3", "force of one electron on an ion", derived=float(first.real), numerical=_pushed(k),
                      form="v = -<k|(dT^-/dR)(1 + G_0^- T^-)^-1 (1 + G_0^+ T^+)|k>", state=Print.ILLEGIBLE,
                      printed_form="v = -<k|(dT^+-/dR)(1 + G_0^+- T^+-)^-1 (1 + G_0^+- T^+-)|k>", tolerance=DIFFERENCE,
                      remark=f"{remark}; the scan has plus-minus everywhere. With one sign the factors cancel, and "
                             f"{read.real:.3g} is left, which is even in k"),
        CHAPTER.check("A8", "force of one electron on an ion", derived=float(derived.real), numerical=_pushed(k),
                      form="v = -d<k|T^-|k>/dR + 2 pi i sum_l (d<k|T^-|l>/dR) delta <l|T^+|k>", state=Print.ILLEGIBLE,
                      printed_form="v = -d<k|T^+-|k>/dR + 2 pi i sum_l (d<k|T^+-|l>/dR) delta <l|T^+-|k>",
                      tolerance=DIFFERENCE,
                      remark=f"{remark}; plus-minus in the scan. T^+ everywhere, as in (33), would give "
                             f"{printed.real:.3g}"),
        CHAPTER.check("text after A8", "2 pi i sum (d<k|T^+|l>/dR) delta <l|T^-|k>, the order turned round",
                      form="-v(-k) - d<k|T^+|k>/dR", derived=-_pushed(other) - float(plus[k, k].real),
                      numerical=backwards, tolerance=DIFFERENCE, state=Print.NONE,
                      remark="product of matrices; derived by the force in the state that comes along -k. With the odd "
                             "n_1 this order gives the same force, with T^+ twice another one"),
    ]  # fmt: skip


def _even() -> list[FormulaCheck]:
    """The first term of the vertex is even in k."""
    k = RING.incoming
    other = RING.waves - 1 - k
    gradient = RING.t_gradient(ION, outgoing=False)
    derived = float(gradient[k, k].real)
    return [
        CHAPTER.check("text after A8", "Re d<-k|T^-|-k>/dR against that of k", form="<k|T|k> is even in k",
                      derived=derived, numerical=float(gradient[other, other].real), tolerance=DIFFERENCE,
                      remark="differences of the ion's position"),
    ]  # fmt: skip

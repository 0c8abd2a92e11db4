"""From the Hamiltonian to the equation of the field: the coefficients that the paper prints, and what follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.relaxation.rates import check_form
from atomsim.errors import InputError
from atomsim.results import quantity


@dataclass(frozen=True)
class FieldCoefficients:
    """Coefficients of b_q^+ and b_-q in i^{-1} d b_q^+/dt, in units of energy over hbar."""

    normal: float = quantity("energy", "of b_q^+, the frequency of the free wave")
    anomalous: float = quantity("energy", "of b_-q, dropped in the secular approximation")


def hamiltonian_coefficients(
    composition: float, *, interaction: float, potential: float, form: str = "derived"
) -> FieldCoefficients:
    """Return the factors of b^+ b and of b_-q b_q (each q once) in the energy of the concentration waves.

    c(1 - c)/8 W(q) (2 b^+b + b_-q b_q + b_q^+ b_-q^+) - mu b^+b. The paper puts mu inside the factor c(1 - c)/8, from
    which its own equations of motion do not follow.

    Source: egorushkin-melnikova-1993b (7); test: test_field_equation_follows_from_the_hamiltonian

    Args:
        composition: c [-].
        interaction: W(q) [energy].
        potential: chemical potential mu of the excitations [energy].
        form: ``"derived"`` or ``"printed"``.

    Raises:
        InputError: a composition outside zero to one, ends excluded.
    """
    check_form(form)
    factor = _factor(composition) / 8
    return FieldCoefficients(
        2 * factor * interaction - potential * (factor if form == "printed" else 1.0), factor * interaction
    )


def equation_coefficients(
    composition: float, *, interaction: float, potential: float, form: str = "derived"
) -> FieldCoefficients:
    """Return the coefficients of b_q^+ and b_-q in the equation of motion of b_q^+.

    c(1 - c)W/4 - mu and c(1 - c)W/4: both q and -q of the sum contribute to the second, which the paper prints with
    c(1 - c)/8. It is dropped in what follows.

    Source: egorushkin-melnikova-1993b (8); test: test_field_equation_follows_from_the_hamiltonian

    Args:
        composition: c [-].
        interaction: W(q) [energy].
        potential: chemical potential mu of the excitations [energy].
        form: ``"derived"`` or ``"printed"``.

    Raises:
        InputError: a composition outside zero to one, ends excluded.
    """
    check_form(form)
    factor = _factor(composition)
    return FieldCoefficients(
        factor / 4 * interaction - potential, factor / (8 if form == "printed" else 4) * interaction
    )


def potential_coupling(potential_difference: float, *, composition: float, atoms: int) -> float:
    """Return Delta = (g/2) [c(1 - c)/N]^{1/2}, what one quantum of a wave does to an electron [energy].

    The matrix element between k and k + q of the potential sum_l g delta c_l, with delta c of one quantum and alpha =
    1. The paper writes g(q), the Fourier transform of V_A - V_B, into its Hamiltonian and Delta(q) into all that
    follows.

    Source: egorushkin-melnikova-1993b (7); test: test_coupling_is_the_matrix_element_of_a_concentration_wave
    Source: relaxation-notes (coupling); test: test_coupling_is_the_matrix_element_of_a_concentration_wave

    Args:
        potential_difference: g(q), of one site in the volume of one site [energy].
        composition: c [-].
        atoms: number of sites N.

    Raises:
        InputError: a composition outside zero to one, ends excluded, or no sites.
    """
    if atoms < 1:
        raise InputError(f"atoms = {atoms}: expected a positive number of sites")
    return potential_difference / 2 * float(np.sqrt(_factor(composition) / atoms))


def _factor(composition: float) -> float:
    if not 0 < composition < 1:
        raise InputError(f"composition = {composition}: expected a number between zero and one, ends excluded")
    return composition * (1 - composition)

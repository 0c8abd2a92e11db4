"""Bond-orientational order of the first shell: invariants of rotation of second and third order.

With Q_lm the mean of the real harmonics over the directions of the neighbours,
q_l² = 4π/(2l+1) Σ_m Q_lm², and w_l is the third-order invariant of Steinhardt, Nelson and Ronchetti over
(Σ_m Q_lm²)^(3/2). The averaged ones take Q_lm averaged over the atom and its shell first (Lechner and Dellago).
"""

from __future__ import annotations

from math import factorial

import numpy as np

from analysis.learning.neighbourhood import Neighbourhood
from analysis.multiple_scattering.harmonics import gaunt_coefficients, real_harmonics
from atomsim.results import Array

HIGHEST = 6  # degree of the harmonics


def zero_symbol(degree: int) -> float:
    """Return Wigner's symbol (l l l; 0 0 0) of an even degree [-].

    Args:
        degree: l.
    """
    g = 3 * degree // 2
    root = np.sqrt(factorial(2 * g - 2 * degree) ** 3 / factorial(2 * g + 1))
    return float((-1) ** g * root * factorial(g) / factorial(g - degree) ** 3)


def second_invariant(order_nm: Array) -> Array:
    """Return q_l = [4π/(2l+1) Σ_m Q_lm²]^(1/2) of each atom [-].

    Args:
        order_nm: Q_lm, the 2l + 1 components of one degree for each atom [-].
    """
    return np.asarray(np.sqrt(4 * np.pi * np.mean(order_nm**2, axis=1)))


def third_invariant(order_nm: Array) -> Array:
    """Return w_l of each atom; zero where Q_lm vanishes [-].

    Σ (l l l; m₁ m₂ m₃) Q_lm₁ Q_lm₂ Q_lm₃ in complex harmonics is the integral of (Σ_m Q_lm Y_lm)³ over the sphere, with
    real harmonics alike, over [(2l+1)³/4π]^(1/2) (l l l; 0 0 0).

    Args:
        order_nm: Q_lm, the 2l + 1 components of one degree for each atom [-].
    """
    degree = (order_nm.shape[1] - 1) // 2
    block = slice(degree**2, (degree + 1) ** 2)
    gaunt = gaunt_coefficients(degree, degree)[block, block, block]
    cube = np.einsum("abc,na,nb,nc->n", gaunt, order_nm, order_nm, order_nm, optimize=True)
    norm = np.sqrt(np.sum(order_nm**2, axis=1))
    factor = np.sqrt((2 * degree + 1) ** 3 / (4 * np.pi)) * zero_symbol(degree)
    return np.asarray(cube / factor / np.where(norm > 0, norm, 1.0) ** 3)


def bond_order(shell: Neighbourhood, degrees: tuple[int, ...]) -> tuple[dict[int, Array], dict[int, Array]]:
    """Return Q_lm of each atom by degree, plain and averaged over the atom and its shell [-].

    Args:
        shell: the neighbours in the first shell.
        degrees: l, up to six.
    """
    plain = shell.mean(real_harmonics(shell.vector_pc, HIGHEST))
    smooth = shell.smoothed(plain)
    blocks = {degree: slice(degree**2, (degree + 1) ** 2) for degree in degrees}
    return {k: plain[:, b] for k, b in blocks.items()}, {k: smooth[:, b] for k, b in blocks.items()}

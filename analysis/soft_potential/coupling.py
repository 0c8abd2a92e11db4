"""What sound sees of a soft mode: orientation averages of its coupling tensors, and dimensionless strengths."""

from __future__ import annotations

import numpy as np

from analysis.soft_potential.parameters import SoftPotentials
from atomsim.results import Array


def longitudinal_average(tensor_mcc: Array) -> Array:
    """Return the orientation average of |n.T.n|^2 for a symmetric tensor, [(tr T)^2 + 2 tr T^2]/15 [unit of T^2].

    Source: karpov-parshin-1985 (5.3), (5.8); test: test_isotropic_averages_equal_an_average_over_directions

    Args:
        tensor_mcc: symmetric 3 x 3 tensors, shape (..., 3, 3) [any unit].
    """
    trace, deviator = _invariants(tensor_mcc)
    return trace**2 / 9 + 2 * deviator / 15


def transverse_average(tensor_mcc: Array) -> Array:
    """Return the orientation average of |n.T.e|^2, e one polarisation across n, [3 tr T^2 - (tr T)^2]/30 [unit of T^2].

    Never more than 3/4 of the longitudinal one; equal to it for a traceless tensor.

    Source: karpov-parshin-1985 (5.3), (5.8); test: test_isotropic_averages_equal_an_average_over_directions

    Args:
        tensor_mcc: symmetric 3 x 3 tensors, shape (..., 3, 3) [any unit].
    """
    _, deviator = _invariants(tensor_mcc)
    return deviator / 10


def deformation_tensor(quadratic_coupling_mcc: Array, potentials: SoftPotentials) -> Array:
    """Return the tensor d of the coupling d_ik e_ik times the quadratic term, d = Lambda2 l^2 eta_L/W [-].

    Source: karpov-parshin-1985 (4.1); test: test_deformation_tensor_gives_back_the_quadratic_coupling

    Args:
        quadratic_coupling_mcc: relaxed quadratic coupling to strain, U contains Lambda2 e s^2
            [epsilon/(m sigma^2)], shape (M, 3, 3).
        potentials: the soft potentials of the same modes.
    """
    factor = potentials.coordinate_length_m**2 * potentials.eta_L_m / potentials.W_m
    return np.asarray(quadratic_coupling_mcc) * factor[:, None, None]


def tunnelling_strength(
    *, potential_density: float, coupling_squared: float, W: float, mass_density: float, velocity: float
) -> float:
    """Return C = P_s Lambda^2/(W rho v^2) [-], which alone sets the absorption of sound at low temperature.

    Lambda is the coupling energy per unit of the dimensionless coordinate and unit strain, averaged for the
    polarisation whose velocity is given; P_s counts both signs of D1. Any consistent units.

    Source: soft-potential-notes (tunnelling strength); test: test_tunnelling_strength_is_free_of_the_unit_of_energy

    Args:
        potential_density: P_s, number of potentials per volume and unit area of the (D1, D2) plane [1/sigma^3].
        coupling_squared: orientation average of Lambda^2 [epsilon^2].
        W: energy scale of the potentials [epsilon].
        mass_density: mass density [m/sigma^3].
        velocity: sound velocity of the polarisation [sqrt(epsilon/m)].
    """
    return potential_density * coupling_squared / (W * mass_density * velocity**2)


def _invariants(tensor: Array) -> tuple[Array, Array]:
    """Trace, and trace of the squared deviator: tr T^2 - (tr T)^2/3 as a sum of squares, which cannot turn negative."""
    tensor = np.asarray(tensor, dtype=float)
    trace = np.trace(tensor, axis1=-2, axis2=-1)
    deviator = (tensor + np.swapaxes(tensor, -1, -2)) / 2 - trace[..., None, None] * np.eye(3) / 3
    return trace, np.sum(deviator**2, axis=(-2, -1))

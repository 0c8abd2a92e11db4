"""Elastic moduli of a glass (Born and non-affine parts), sound velocities and the Debye frequency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atomsim.errors import NotAMinimum
from atomsim.hessian import hessian_matrix
from atomsim.quench import Glass
from atomsim.response import StaticResponse
from atomsim.results import Array, quantity
from atomsim.strain import born_tensor, strain_forces


@dataclass(frozen=True)
class Elasticity:
    """Elastic constants at zero temperature; the moduli and velocities are averages over orientation."""

    born_cccc: Array = quantity("epsilon/sigma^3", "affine stiffness by the Lagrangian strain")
    nonaffine_cccc: Array = quantity("epsilon/sigma^3", "relaxation of the positions, added to the affine stiffness")
    stress_cc: Array = quantity("epsilon/sigma^3", "stress (minus the pressure on the diagonal)")
    bulk_modulus: float = quantity("epsilon/sigma^3", "-V dP/dV")
    shear_modulus: float = quantity("epsilon/sigma^3", "effective shear modulus under the pressure of the glass")
    longitudinal_velocity: float = quantity("sqrt(epsilon/m)", "velocity of longitudinal sound")
    transverse_velocity: float = quantity("sqrt(epsilon/m)", "velocity of transverse sound")
    debye_frequency: float = quantity("sqrt(epsilon/m)/sigma", "Debye angular frequency")
    lowest_phonon_frequency: float = quantity(
        "sqrt(epsilon/m)/sigma", "omega of the longest transverse wave of the box"
    )


def isotropic_parts(stiffness_cccc: Array, dimension: int) -> tuple[float, float]:
    """Return Lame's lambda and mu of the isotropic part of a stiffness [same as the tensor].

    From the invariants C_iijj = d^2 lambda + 2 d mu and C_ijij = d lambda + d(d+1) mu.

    Args:
        stiffness_cccc: stiffness, (3, 3, 3, 3) [epsilon/sigma^3].
        dimension: 2 or 3.
    """
    d = dimension
    block = stiffness_cccc[:d, :d, :d, :d]
    dilation, trace = np.einsum("iijj", block), np.einsum("ijij", block)
    mu = (trace - dilation / d) / (d * d + d - 2)
    return float((dilation - 2 * d * mu) / d**2), float(mu)


def debye_frequency(number_density: float, *, longitudinal: float, transverse: float, dimension: int = 3) -> float:
    """Return the Debye angular frequency [sqrt(epsilon/m)/sigma].

    Three dimensions: omega_D^3 = 18 pi^2 rho / (1/v_l^3 + 2/v_t^3); two: omega_D^2 = 8 pi rho / (1/v_l^2 + 1/v_t^2).

    Args:
        number_density: atoms per volume [1/sigma^d].
        longitudinal: velocity of longitudinal sound [sqrt(epsilon/m)].
        transverse: velocity of transverse sound [sqrt(epsilon/m)].
        dimension: 2 or 3.
    """
    if dimension == 2:
        return float(np.sqrt(8 * np.pi * number_density / (longitudinal**-2 + transverse**-2)))
    return float(np.cbrt(18 * np.pi**2 * number_density / (longitudinal**-3 + 2 * transverse**-3)))


def elasticity(glass: Glass) -> Elasticity:
    """Return the elastic moduli of a minimum, C = C_Born - (1/V) Xi H^-1 Xi.

    Waves under a pressure P obey rho v_l^2 = C_11 - P and rho v_t^2 = C_44 - P, with C the derivatives by the
    Lagrangian strain; the bulk modulus is (C_11 + (d-1) C_12)/d + (d-2) P/d.

    Source: lutsko-1989 (elastic constants); test: test_elasticity_inverse_power

    Args:
        glass: a minimum.

    Raises:
        NotAMinimum: the Hessian has negative eigenvalues, or the glass is unstable against shear.
    """
    interaction, d = glass.interaction(), glass.dimension
    terms = interaction.terms(glass.positions_nc)
    response = StaticResponse(hessian_matrix(terms), glass.mass_n, d)
    if response.n_negative:
        raise NotAMinimum(f"{response.n_negative} negative eigenvalues: elastic moduli need a minimum")
    force_ns = strain_forces(terms).reshape(glass.n_atoms, 3, 9)
    moved_ns = response.displacements(force_ns)
    response.release()
    nonaffine = -np.einsum("ncs,nct->st", force_ns, moved_ns).reshape(3, 3, 3, 3) / glass.volume
    born = born_tensor(terms, glass.volume)
    lame, mu = isotropic_parts(born + nonaffine, d)
    mass_density = float(glass.mass_n.sum()) / glass.volume
    shear, wave = mu - glass.pressure, lame + 2 * mu - glass.pressure
    if not (shear > 0 and wave > 0):
        raise NotAMinimum(f"shear modulus {shear:.4g}, longitudinal modulus {wave:.4g}: the glass is unstable", shear)
    v_l, v_t = float(np.sqrt(wave / mass_density)), float(np.sqrt(shear / mass_density))
    wave_vectors = 2 * np.pi * np.linalg.norm(np.linalg.inv(glass.cell_cc)[:, :d], axis=0)
    return Elasticity(
        born_cccc=born,
        nonaffine_cccc=nonaffine,
        stress_cc=terms.virial() / glass.volume,
        bulk_modulus=lame + 2 * mu / d + glass.pressure * (d - 2) / d,
        shear_modulus=shear,
        longitudinal_velocity=v_l,
        transverse_velocity=v_t,
        debye_frequency=debye_frequency(glass.n_atoms / glass.volume, longitudinal=v_l, transverse=v_t, dimension=d),
        lowest_phonon_frequency=v_t * float(wave_vectors.min()),
    )

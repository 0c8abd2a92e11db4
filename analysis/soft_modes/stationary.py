"""Stationary directions of the barrier functions of nonlinear modes, to round-off.

A direction z has the stiffness kappa = z.H.z and the anharmonicity T = z.G(z), where the field G is homogeneous of
degree p: Phi_3:zz (cubic, p = 2), Phi_4:zzz (quartic, p = 3) or the sum over pairs of |z_ij|^2 z_ij (pseudo-harmonic,
p = 3). The function kappa^(p+1)/T^2 does not depend on the length or the sign of z, and is stationary where
H z/kappa = G(z)/T.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import sparse

from analysis.soft_modes import contractions
from atomsim.errors import InputError, NotConverged, nearest
from atomsim.factorise import SymmetricFactor
from atomsim.hessian import hessian_matrix
from atomsim.pairs import PairTerms
from atomsim.response import StaticResponse
from atomsim.results import Array

RESIDUAL_TOLERANCE = 1e-9  # where the search ends; what is called stationary is ten times this [-]
STATIONARY = 1e-8  # largest residual of a stationary direction [-]
NEWTON_FROM = 0.1  # residual below which Newton steps are tried [-]
NEWTON_AGAIN = 0.3  # share to which the residual has to fall before another Newton step is tried [-]
MOST_STEPS = 400
SMALLEST_SHARE = 1e-3  # shortest share of a step of the iteration that is tried [-]
SAME = 0.99  # a search that comes this near to a known direction has found it again (overlap) [-]


class Kind(StrEnum):
    """The anharmonicity that defines a nonlinear mode."""

    CUBIC = "cubic"
    QUARTIC = "quartic"
    PSEUDO_HARMONIC = "pseudo-harmonic"


def kind_of(name: str) -> Kind:
    """Return the kind of this name.

    Args:
        name: ``cubic``, ``quartic`` or ``pseudo-harmonic``.

    Raises:
        InputError: another name.
    """
    names = [kind.value for kind in Kind]
    if name not in names:
        raise InputError(f"kind {name!r}; expected {', '.join(names)}{nearest(name, names)}")
    return Kind(name)


@dataclass(frozen=True)
class _Anharmonicity:
    """The field G, the matrix whose p-fold is its derivative, and the degree p."""

    field: Callable[[PairTerms, Array], Array]
    matrix: Callable[[PairTerms, Array], sparse.csr_matrix]
    degree: int


ANHARMONICITIES = {
    Kind.CUBIC: _Anharmonicity(contractions.third_field, contractions.third_matrix, 2),
    Kind.QUARTIC: _Anharmonicity(contractions.fourth_field, contractions.fourth_matrix, 3),
    Kind.PSEUDO_HARMONIC: _Anharmonicity(contractions.bond_field, contractions.bond_matrix, 3),
}


@dataclass(frozen=True)
class Direction:
    """A normalised displacement field with what the functional is made of at it."""

    field_nc: Array  # z, sum of squares 1
    force_nc: Array  # H z
    anharmonic_nc: Array  # G(z)
    stiffness: float  # z.H.z
    strength: float  # z.G(z)

    @property
    def gradient_nc(self) -> Array:
        """H z/kappa - G/T, which the gradient of the logarithm of the function is proportional to [1/sigma]."""
        return self.force_nc / self.stiffness - self.anharmonic_nc / self.strength

    @property
    def residual(self) -> float:
        """Norm of the gradient over that of the first of its two terms [-]."""
        return float(np.linalg.norm(self.gradient_nc) * self.stiffness / np.linalg.norm(self.force_nc))


class StationarySearch:
    """Descends to stationary directions of one kind at one minimum, with one factorisation of its Hessian."""

    def __init__(self, terms: PairTerms, mass_n: Array, kind: Kind) -> None:
        """Factorise the Hessian.

        Args:
            terms: pairs and derivatives of a minimum.
            mass_n: masses, which only fix the centre of mass [m].
            kind: which anharmonicity.
        """
        self.terms, self.mass_n = terms, mass_n
        self.anharmonicity = ANHARMONICITIES[kind]
        self.hessian = hessian_matrix(terms)
        self.response = StaticResponse(self.hessian, mass_n, terms.dimension)

    def release(self) -> None:
        """Give the memory of the factors back."""
        self.response.release()

    def at(self, field_nc: Array) -> Direction:
        """Return a direction with stiffness and anharmonicity; its centre of mass is at rest.

        Args:
            field_nc: displacements of any length, (N, 3) [sigma].

        Raises:
            NotConverged: the anharmonicity vanishes there, or nothing moves.
        """
        field_nc = field_nc - np.einsum("n,nc->c", self.mass_n, field_nc) / self.mass_n.sum()
        length = float(np.linalg.norm(field_nc))
        if not 0 < length < np.inf:
            raise NotConverged(f"a direction of length {length} has no anharmonicity", field_nc)
        field_nc = field_nc / length
        force_nc = contractions.second_field(self.terms, field_nc)
        anharmonic_nc = self.anharmonicity.field(self.terms, field_nc)
        strength = float(np.sum(field_nc * anharmonic_nc))
        if strength == 0 or not np.isfinite(strength):
            raise NotConverged(f"the anharmonicity along the direction is {strength}", field_nc)
        return Direction(field_nc, force_nc, anharmonic_nc, float(np.sum(field_nc * force_nc)), strength)

    def barrier(self, direction: Direction) -> float:
        """Return the logarithm of kappa^(p+1)/T^2 [-].

        Args:
            direction: where.
        """
        power = self.anharmonicity.degree + 1
        return power * float(np.log(direction.stiffness)) - 2 * float(np.log(abs(direction.strength)))

    def find(self, start_nc: Array, known: Sequence[Array] = ()) -> Direction | None:
        """Return the stationary direction that a descent from a start leads to, None if it is one of the known.

        The iteration z <- H^-1 G(z) of the paper is a step down the steepest slope in the metric of H; the step is
        halved while the function does not fall. Newton steps end the search.

        Source: gartner-lerner-2016 (iteration); test: test_plain_iteration_leads_to_the_same_modes

        Args:
            start_nc: displacements of any length, (N, 3) [sigma].
            known: normalised directions found before, (N, 3) each [-].

        Raises:
            NotConverged: the residual stays above 1e-8; ``estimate`` is the direction.
        """
        here, newton_below = self.at(start_nc), NEWTON_FROM
        for _ in range(MOST_STEPS):
            if here.residual < RESIDUAL_TOLERANCE:
                return here
            if any(abs(np.sum(here.field_nc * other)) > SAME for other in known):
                return None
            there = None
            if here.residual < newton_below:
                there = self.newton_step(here)
                newton_below = newton_below if there else NEWTON_AGAIN * here.residual
            there = there or self.descent_step(here)
            if there is None:
                break
            here = there
        if here.residual > STATIONARY:
            raise NotConverged(f"a nonlinear mode kept the residual {here.residual:.1e} after {MOST_STEPS} steps", here)
        return here

    def plain_step(self, here: Direction) -> Array:
        """Return H^-1 G(z) kappa/T, the iteration of the paper; z itself where z is stationary, (N, 3) [-].

        Source: gartner-lerner-2016 (iteration); test: test_plain_iteration_leads_to_the_same_modes

        Args:
            here: the direction z.
        """
        scale = here.stiffness / here.strength
        return self.response.displacements(here.anharmonic_nc) * scale

    def descent_step(self, here: Direction) -> Direction | None:
        """Return a direction with a smaller barrier function on the way to the plain step, None where none is found.

        Args:
            here: where the step begins.
        """
        move_nc, before, share = self.plain_step(here) - here.field_nc, self.barrier(here), 1.0
        while share > SMALLEST_SHARE:
            there = self.at(here.field_nc + share * move_nc)
            if self.barrier(there) < before:
                return there
            share /= 2
        return None

    def newton_step(self, here: Direction) -> Direction | None:
        """Return the direction after a Newton step, None unless the point is near a minimum and the residual halves.

        Scaled to u with H u = +-G(u), the equation has the symmetric Jacobian H -+ p M(u), p M being the derivative
        of G. At a minimum of the function its only negative direction is u itself.

        Source: soft-modes-notes (nonlinear modes); test: test_nonlinear_modes_are_stationary_minima

        Args:
            here: where the step begins.
        """
        degree, sign = self.anharmonicity.degree, float(np.sign(here.strength))
        # of even degree (cubic) the sign of u can be chosen, of odd degree it stays with the field
        scale = (here.stiffness / abs(here.strength)) ** (1 / (degree - 1)) * (sign if degree == 2 else 1.0)
        side = 1.0 if degree == 2 else sign
        factor = self.scaled_jacobian(here)
        if factor.n_negative != 1:
            factor.release()
            return None
        scaled_nc = scale * here.field_nc
        error_nc = side * scale**degree * here.anharmonic_nc - scale * here.force_nc
        d = self.terms.dimension
        move_nc = np.zeros_like(scaled_nc)
        move_nc[:-1, :d] = np.asarray(factor.solve(error_nc[:-1, :d].ravel())).reshape(-1, d)
        factor.release()
        there = self.at(scaled_nc + move_nc)
        return there if there.residual < 0.5 * here.residual else None

    def scaled_jacobian(self, here: Direction) -> SymmetricFactor:
        """Return the factorised Jacobian H - (p kappa/T) M(z) with the last atom pinned.

        Its number of negative eigenvalues is one at a minimum of the barrier function, more at its saddles.

        Source: soft-modes-notes (nonlinear modes); test: test_nonlinear_modes_are_stationary_minima

        Args:
            here: a direction.
        """
        weight = self.anharmonicity.degree * here.stiffness / here.strength
        free = self.hessian.shape[0] - self.terms.dimension
        jacobian = self.hessian - weight * self.anharmonicity.matrix(self.terms, here.field_nc)
        return SymmetricFactor(jacobian.tocsr()[:free, :free])

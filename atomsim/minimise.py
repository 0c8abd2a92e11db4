"""Minimisation to round-off: L-BFGS down to where energies are noise, then Newton on the sparse Hessian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from atomsim.errors import NotAMinimum, NotConverged
from atomsim.factorise import SymmetricFactor
from atomsim.hessian import hessian_matrix
from atomsim.pairs import PairInteraction
from atomsim.results import Array, quantity

FORCE_TOLERANCE = 1e-10  # what this suite calls an inherent structure [epsilon/sigma]
# Where Newton takes over, attempt by attempt; line searches stall near 4e-6 by round-off of the energy.
COARSE_TOLERANCES = (1e-5, 1e-6, 1e-7, 1e-8)
REGULARISATION = 1e-10  # shift that makes the translations regular, in units of the mean diagonal [-]
FORCE_LENGTH = 1.0  # force over this length is a curvature that the residual force explains [sigma]
LONGEST_NEWTON_STEP = 0.1  # beyond this displacement the quadratic model is not believed [sigma]


@dataclass(frozen=True)
class Minimised:
    """The end of a minimisation."""

    positions_nc: Array = quantity("sigma", "positions, not wrapped into the cell")
    energy: float = quantity("epsilon", "potential energy of all atoms")
    max_force: float = quantity("epsilon/sigma", "largest force component")
    n_evaluations: int = quantity("1", "evaluations of energy and forces")
    n_newton: int = quantity("1", "Newton steps")


def descend(
    interaction: PairInteraction,
    positions_nc: Array,
    *,
    tolerance: float = COARSE_TOLERANCES[0],
    max_evaluations: int = 20000,
    progress: Callable[[int, float], None] | None = None,
) -> Array:
    """Follow L-BFGS downhill until max|F| falls below the tolerance or round-off stops it; return positions [sigma].

    Args:
        interaction: the model bound to the configuration.
        positions_nc: start, (N, 3) [sigma].
        tolerance: largest force component wanted [epsilon/sigma].
        max_evaluations: limit of energy evaluations.
        progress: called with (evaluations, max|F|) after each iteration.
    """
    d = interaction.model.dimension
    frozen_nc = positions_nc[:, d:].copy()

    def full(flat: Array) -> Array:
        return np.hstack([flat.reshape(-1, d), frozen_nc])

    latest = {"max_force": np.inf}

    def objective(flat: Array) -> tuple[float, Array]:
        energy, forces_nc = interaction.energy_and_forces(full(flat))
        latest["max_force"] = float(np.abs(forces_nc).max(initial=0.0))
        return energy, -forces_nc[:, :d].ravel()

    def report(flat: Array) -> None:
        if progress is not None:
            progress(interaction.n_evaluations, latest["max_force"])

    outcome = optimize.minimize(
        objective,
        positions_nc[:, :d].ravel(),
        jac=True,
        method="L-BFGS-B",
        callback=report,
        options={"maxiter": max_evaluations, "maxfun": max_evaluations, "gtol": tolerance, "ftol": 0.0, "maxcor": 20},
    )
    return full(outcome.x)


def newton_polish(
    interaction: PairInteraction,
    positions_nc: Array,
    *,
    tolerance: float = FORCE_TOLERANCE,
    max_steps: int = 12,
) -> tuple[Array, float, int]:
    """Refine a nearly stationary point by Newton steps; return (positions [sigma], max|F| [epsilon/sigma], steps).

    The curvature is looked at wherever the path passes and where it ends, also when no step was needed.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: start, (N, 3) [sigma].
        tolerance: largest force component wanted [epsilon/sigma].
        max_steps: limit of steps.

    Raises:
        NotAMinimum: the Hessian has negative eigenvalues; ``estimate`` holds the positions.
        NotConverged: the forces stay above the tolerance; ``estimate`` holds (positions, max|F|).
    """
    d = interaction.model.dimension
    positions_nc = positions_nc.copy()
    for step in range(max_steps + 1):
        terms = interaction.terms(positions_nc)
        forces_nc = terms.forces()
        max_force = float(np.abs(forces_nc).max(initial=0.0))
        if step == max_steps and max_force > tolerance:
            break
        hessian = hessian_matrix(terms)
        # Away from the minimum rotations of a cluster have eigenvalues of the order of -force/length, as harmless as
        # the force; a shift that falls with the force keeps the convergence quadratic.
        shift = REGULARISATION * hessian.diagonal().mean() + max_force / FORCE_LENGTH
        factor = SymmetricFactor(hessian, shift=-shift)
        negative = factor.n_negative
        if negative:
            factor.release()
            raise NotAMinimum(
                f"{negative} negative eigenvalues at max|F| = {max_force:.2e}: a saddle, not a minimum",
                estimate=positions_nc,
            )
        if max_force <= tolerance:
            factor.release()
            return positions_nc, max_force, step
        move = factor.solve(forces_nc[:, :d].ravel()).reshape(-1, d)
        factor.release()
        move -= move.mean(axis=0)
        longest = np.abs(move).max()
        positions_nc[:, :d] += move * min(1.0, LONGEST_NEWTON_STEP / longest)
    raise NotConverged(
        f"max|F| = {max_force:.2e} after {max_steps} Newton steps; expected <= {tolerance:.0e}",
        estimate=(positions_nc, max_force),
    )


def minimise(
    interaction: PairInteraction,
    positions_nc: Array,
    *,
    tolerance: float = FORCE_TOLERANCE,
    progress: Callable[[int, float], None] | None = None,
) -> Minimised:
    """Minimise to max|F| <= tolerance: L-BFGS, then Newton; L-BFGS again, further down, where Newton fails.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: start, (N, 3) [sigma].
        tolerance: largest force component wanted [epsilon/sigma].
        progress: called with (evaluations, max|F|).

    Raises:
        NotAMinimum: still on a saddle after all attempts; ``estimate`` holds the positions.
        NotConverged: the forces stay above the tolerance.
    """
    before = interaction.n_evaluations
    for coarse in COARSE_TOLERANCES:
        positions_nc = descend(interaction, positions_nc, tolerance=coarse, progress=progress)
        try:
            positions_nc, max_force, n_newton = newton_polish(interaction, positions_nc, tolerance=tolerance)
        except (NotAMinimum, NotConverged):
            if coarse == COARSE_TOLERANCES[-1]:
                raise
            continue
        break
    energy, _ = interaction.energy_and_forces(positions_nc)
    return Minimised(positions_nc, energy, max_force, interaction.n_evaluations - before, n_newton)

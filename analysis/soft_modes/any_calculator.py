"""Soft modes of any calculator: Hessian and contractions along the modes by differences of forces, with their errors.

What :func:`analysis.soft_modes.search.find_soft_modes` measures for pair models, where only forces are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import ase
import numpy as np

from analysis.modes.foreign import MatrixModes, modes_of_matrix
from analysis.soft_modes.any_result import ERRORS, AtomicCalculatorModes, CalculatorModes
from analysis.soft_modes.any_strain import StrainLadder, strain_couplings, strain_ladders
from analysis.soft_modes.search import relaxed_chi
from atomsim.engines import engine_potential
from atomsim.engines.glass import AlloyGlass
from atomsim.engines.strained import StrainedEngine
from atomsim.errors import InputError, NotAMinimum
from atomsim.finite_difference import (
    LONGEST_STEP,
    DifferenceHessian,
    DirectionalDerivatives,
    Forces,
    closest_distance,
    derivatives_along,
    difference_hessian,
    forces_of,
)
from atomsim.finite_strain import StrainedForces, strained_forces_of
from atomsim.results import Array
from atomsim.units import ATOMIC, UnitSystem

FARTHEST_MINIMUM = 1e-3  # a structure whose minimum is so far off, over the closest distance, is not at it [-]
LADDER_OVER_KNOTS = (0.08, 0.012)  # displacements along modes of tabulated forces, over the closest distance [-]
LADDERS = (1.0, 0.8, 0.6)  # lengths of ladders that should give the same, over the first [-]

NOT_STRAINED: Mapping[str, Any] = MappingProxyType(
    {
        name: np.full((3, 3), np.nan) if name.endswith("_mcc") else np.nan
        for number, error in ERRORS.items()
        for name in (number, error)
        if "coupling" in number
    }
)

Progress = Callable[[str, float], None]


def soft_modes_of_calculator(
    atoms: ase.Atoms,
    count: int,
    *,
    units: UnitSystem = ATOMIC,
    ladder: tuple[float, float] | None = None,
    step: float | None = None,
    strain: bool = True,
    progress: Progress | None = None,
) -> CalculatorModes:
    """Return the lowest vibrations of a minimum of any ASE calculator, their anharmonicity and coupling to strain.

    12 N + 100 evaluations of the forces for the Hessian and 69 for each mode; for strain 360, and 720 for each mode.
    Memory about 4 (3N)^2 numbers.

    Args:
        atoms: a minimum, with a calculator that gives forces.
        count: number of vibrations.
        units: what the calculator speaks: ångström, eV and amu, or reduced units.
        ladder: longest and shortest displacement of the differences along modes; chosen where absent [sigma].
        step: displacement of the differences behind the Hessian; chosen where absent [sigma].
        strain: measure couplings to strain, too.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: no calculator, or a count out of range.
        NotAMinimum: the energy falls along a mode, or the forces point to a minimum elsewhere.
    """
    return soft_modes_of_forces(
        forces_of(atoms),
        atoms.positions,
        np.array(atoms.get_masses(), dtype=float),
        count,
        closest=closest_distance(atoms),
        periodic=bool(atoms.pbc.any()),
        units=units,
        ladder=ladder,
        step=step,
        strained=strained_forces_of(atoms) if strain else None,
        progress=progress,
    )


def soft_modes_of_engine(
    glass: AlloyGlass,
    count: int,
    *,
    ladder: tuple[float, float] | None = None,
    progress: Progress | None = None,
) -> CalculatorModes:
    """Return the lowest vibrations of a glass whose forces come from another engine, their anharmonicity and coupling.

    Where these are interpolated in tables, displacements along modes are chosen long: they average over the knots.

    Args:
        glass: the glass, a minimum.
        count: number of vibrations.
        ladder: longest and shortest displacement of the differences along modes; chosen where absent [angstrom].
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        MissingExtra: LAMMPS is not installed.
        NotAMinimum: the energy falls along a mode, or the forces point to a minimum elsewhere.
    """
    closest, potential = closest_distance(glass.to_atoms()), engine_potential(glass.model)
    other = StrainedEngine(potential, glass.elements, glass.species_n, glass.cell_cc)
    with glass.engine() as engine, other as strained:
        if ladder is None and engine.tabulated:
            ladder = (LADDER_OVER_KNOTS[0] * closest, LADDER_OVER_KNOTS[1] * closest)
        return soft_modes_of_forces(
            engine.forces,
            glass.positions_nc,
            glass.mass_n,
            count,
            closest=closest,
            periodic=True,
            ladder=ladder,
            strained=strained.strained_forces,
            progress=progress,
        )


def soft_modes_of_forces(
    forces: Forces,
    positions_nc: Array,
    mass_n: Array,
    count: int,
    *,
    closest: float,
    periodic: bool,
    units: UnitSystem = ATOMIC,
    ladder: tuple[float, float] | None = None,
    step: float | None = None,
    strained: StrainedForces | None = None,
    progress: Progress | None = None,
) -> CalculatorModes:
    """Return the lowest vibrations of a minimum, their anharmonicity and coupling to strain from forces alone.

    Args:
        forces: forces as a function of positions.
        positions_nc: the minimum, (N, 3) [sigma].
        mass_n: masses [m].
        count: number of vibrations.
        closest: shortest distance between atoms, which sets the lengths of trial displacements [sigma].
        periodic: whether any direction is periodic.
        units: units of the forces.
        ladder: longest and shortest displacement of the differences along modes; chosen where absent [sigma].
        step: displacement of the differences behind the Hessian; chosen where absent [sigma].
        strained: forces as a function of positions and deformation of the cell; no couplings to strain where absent.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: a count out of range.
        NotAMinimum: the energy falls along a mode, or the forces point to a minimum elsewhere.
    """
    if not 1 <= count <= positions_nc.size:
        raise InputError(f"count = {count} modes; expected 1 to {positions_nc.size}")
    tell = progress or (lambda what, share: None)
    hessian = difference_hessian(
        forces, positions_nc, longest=LONGEST_STEP * closest, step=step, progress=lambda share: tell("Hessian", share)
    )
    modes = modes_of_differences(hessian, positions_nc, mass_n, periodic=periodic, units=units)
    force_nc = forces(positions_nc)
    require_rest(modes, force_nc, mass_n, closest=closest)
    soft = modes.vibrations[~np.isin(modes.vibrations, modes.floppy)]
    if not 1 <= count <= len(soft):
        raise InputError(f"count = {count} modes; expected 1 to {len(soft)} vibrations")
    longest, shortest = ladder or (LONGEST_STEP * closest, None)
    measure = _ModeMeasure(forces, positions_nc, mass_n, modes, longest=longest, shortest=shortest)
    if strained is not None:
        measure.strain(strained, closest=closest, progress=lambda share: tell("strain", share))
    rows = []
    for k, index in enumerate(soft[:count]):
        rows.append(measure.row(int(index)))
        tell("modes", (k + 1) / count)
    kind = AtomicCalculatorModes if units is ATOMIC else CalculatorModes
    return kind(
        index_m=soft[:count],
        omega_m=modes.omega_m[soft[:count]],
        participation_number_m=modes.participation_number_m[soft[:count]],
        effective_mass_m=modes.effective_mass_m[soft[:count]],
        vectors_mnc=modes.vectors_mnc[soft[:count]],
        n_atoms=len(mass_n),
        n_zero_modes=len(modes.omega_m) - len(soft),
        max_force=float(np.abs(force_nc).max()),
        step=hessian.step,
        hessian_error=hessian.error,
        sum_rule=hessian.sum_rule,
        **{name: np.array([row[name] for row in rows]) for name in rows[0]},
    )


class _ModeMeasure:
    """Measures one mode after another of one structure, each by several ladders of displacements."""

    def __init__(
        self,
        forces: Forces,
        positions_nc: Array,
        mass_n: Array,
        modes: MatrixModes,
        *,
        longest: float,
        shortest: float | None,
    ) -> None:
        self.forces, self.positions_nc, self.mass_n, self.modes = forces, positions_nc, mass_n, modes
        self.longest, self.shortest = longest, shortest
        self.strained: StrainedForces | None = None
        self.strain_ladders: list[StrainLadder] = []

    def strain(self, forces: StrainedForces, *, closest: float, progress: Callable[[float], None]) -> None:
        """Strain the structure: after this, rows have couplings to strain."""
        self.strained = forces
        self.strain_ladders = strain_ladders(
            forces,
            self.positions_nc,
            closest=closest,
            longest=self.longest,
            shortest=self.shortest,
            shares=LADDERS,
            progress=progress,
        )

    def row(self, index: int) -> dict[str, Any]:
        """All numbers of one mode."""
        field_nc, told = self.modes.vectors_mnc[index] / np.sqrt(self.mass_n)[:, None], []
        for k, share in enumerate(LADDERS):
            end = None if self.shortest is None else share * self.shortest
            found = derivatives_along(
                self.forces, self.positions_nc, field_nc, longest=share * self.longest, shortest=end
            )
            numbers: dict[str, Any] = anharmonicity(found, self.modes, index, self.mass_n)
            if self.strained is not None:
                ladder = self.strain_ladders[k]
                numbers |= strain_couplings(
                    self.strained, self.positions_nc, self.mass_n, ladder, found, self.modes, index
                )
            told.append(numbers)
        row = agreed(told)
        return row if self.strained is not None else {**row, **NOT_STRAINED}


def modes_of_differences(
    hessian: DifferenceHessian, positions_nc: Array, mass_n: Array, *, periodic: bool, units: UnitSystem = ATOMIC
) -> MatrixModes:
    """Return all modes of a Hessian by differences, rigid motions made free.

    Args:
        hessian: the Hessian.
        positions_nc: positions, (N, 3) [sigma].
        mass_n: masses [m].
        periodic: whether any direction is periodic.
        units: units of the Hessian.
    """
    root = np.repeat(np.sqrt(mass_n), 3)
    named = {} if units is ATOMIC else {"kind": MatrixModes}
    return modes_of_matrix(
        hessian.matrix / np.outer(root, root),
        positions_nc,
        mass_n,
        periodic=periodic,
        free_rigid_motions=True,
        **named,  # type: ignore[arg-type]
    )


def require_rest(modes: MatrixModes, force_nc: Array, mass_n: Array, *, closest: float) -> None:
    """Refuse a structure that is no minimum: the energy falls along a mode, or a step of Newton leads far away.

    Args:
        modes: all modes.
        force_nc: forces, (N, 3) [epsilon/sigma].
        mass_n: masses [m].
        closest: shortest distance between atoms [sigma].

    Raises:
        NotAMinimum: carries the modes.
    """
    if len(modes.imaginary):
        lowest = ", ".join(f"{value:.4g}" for value in modes.omega_m[modes.imaginary][:10])
        raise NotAMinimum(
            f"not at a minimum: the energy falls along {len(modes.imaginary)} modes; squared frequencies negative, "
            f"-|omega| = {lowest}{' ...' if len(modes.imaginary) > 10 else ''}",
            modes,
        )
    hard = modes.vibrations[~np.isin(modes.vibrations, modes.floppy)]
    root = np.sqrt(mass_n)[:, None]
    along_m = np.einsum("mnc,nc->m", modes.vectors_mnc[hard], force_nc / root) / modes.omega_m[hard] ** 2
    away = float(np.abs(np.einsum("m,mnc->nc", along_m, modes.vectors_mnc[hard]) / root).max())
    if away > FARTHEST_MINIMUM * closest:
        raise NotAMinimum(
            f"not at a minimum: max|F| = {np.abs(force_nc).max():.2e}, the minimum lies {away:.2e} away (expected <= "
            f"{FARTHEST_MINIMUM * closest:.2e}); minimise first",
            modes,
        )


def anharmonicity(found: DirectionalDerivatives, modes: MatrixModes, index: int, mass_n: Array) -> dict[str, float]:
    """Return third and fourth derivative along a mode, bare and relaxed, with the errors of the differences.

    Source: soft-modes-notes (relaxed chi); test: test_relaxed_chi_of_forces_equals_the_analytic_one

    Args:
        found: derivatives along the mode.
        modes: all modes, by which the harder ones follow.
        index: place of the mode.
        mass_n: masses [m].

    Returns:
        tau [epsilon/(m^1.5 sigma^3)], chi and its relaxed value [epsilon/(m^2 sigma^4)], and their errors.
    """
    root = np.sqrt(mass_n)[:, None]
    force_nc = found.gradient_nc / root
    harder = modes.vibrations[modes.vibrations > index]
    vectors_mnc = modes.vectors_mnc[harder]
    along_m = np.einsum("mnc,nc->m", vectors_mnc, force_nc) / modes.omega_m[harder] ** 2
    followed_nc = np.einsum("m,mnc->nc", along_m, vectors_mnc)
    error = found.chi_error + 6 * float(np.linalg.norm(followed_nc / root)) * found.gradient_error
    return {
        "tau_m": found.tau,
        "tau_error_m": found.tau_error,
        "chi_bare_m": found.chi,
        "chi_error_m": found.chi_error,
        "chi_relaxed_m": relaxed_chi(found.chi, force_nc, followed_nc),
        "chi_relaxed_error_m": error,
        "curvature_gap_m": found.curvature / float(modes.omega_m[index]) ** 2 - 1,
    }


def agreed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the numbers of the first ladder of displacements, with errors that cover the others [as the rows].

    The error that one ladder shows covers what a polynomial misses of smooth forces. Kinks it may not see at all: then
    another ladder, whose steps meet other kinks, gives another number.

    Args:
        rows: numbers and tensors by several ladders, as :func:`anharmonicity` returns them [any unit].

    Returns:
        The numbers, errors not below the largest difference, and the largest difference over told errors.
    """
    first, worst = rows[0], 0.0
    widened: dict[str, float] = {}
    for name, error in ERRORS.items():
        for other in rows[1:] if name in first else ():
            apart = float(np.abs(np.subtract(other[name], first[name])).max())
            if apart > 0:
                worst = max(worst, apart / (first[error] + other[error]))
            widened[error] = max(first[error], apart, widened.get(error, 0.0))
    return {**first, **widened, "disagreement_m": worst}

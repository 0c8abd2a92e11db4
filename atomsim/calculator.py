"""ASE calculator over the pair models: energy, forces, stress, and the Hessian under matscipy's property name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ase
import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress
from scipy import sparse

from atomsim.errors import InputError
from atomsim.hessian import HessianOperator, hessian_matrix
from atomsim.pairs import PairInteraction, PairTerms
from atomsim.potentials import Model, get_model


class PairCalculator(Calculator):
    """Reduced-unit pair potential as an ASE calculator.

    Atoms carry their diameters in the array ``size`` and their species in the array ``species``; both default to
    one species of diameter 1.
    """

    implemented_properties: list[str] = ["energy", "forces", "stress", "hessian"]  # noqa: RUF012 (as in ASE)

    def __init__(self, model: Model | str, **kwargs: Any) -> None:
        """Make a calculator.

        Args:
            model: a model, or its specification.
            kwargs: passed on to ase.calculators.calculator.Calculator.
        """
        super().__init__(**kwargs)
        self.model = get_model(model) if isinstance(model, str) else model

    def _terms(self, atoms: ase.Atoms) -> tuple[PairTerms, PairInteraction]:
        interaction = PairInteraction.from_atoms(self.model, atoms, skin=0.0)
        return interaction.terms(atoms.positions), interaction

    def check_state(self, atoms: ase.Atoms, tol: float = 1e-15) -> list[str]:
        """Return what changed since the last calculation; ASE itself does not look at diameters and species.

        Args:
            atoms: the configuration.
            tol: differences of positions and cell that count as none [sigma].
        """
        changes = list(super().check_state(atoms, tol=tol))
        if self.atoms is not None:
            pairs = {
                name: (atoms.arrays.get(name, ()), self.atoms.arrays.get(name, ())) for name in ("size", "species")
            }
            changes += [name for name, (now, then) in pairs.items() if not np.array_equal(now, then)]
        return changes

    def calculate(
        self,
        atoms: ase.Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        """Fill ``results``: energy [epsilon], forces [epsilon/sigma], stress [epsilon/sigma^d], hessian if asked.

        Args:
            atoms: the configuration.
            properties: names asked for.
            system_changes: what changed since the last call, as ASE reports it.

        Raises:
            InputError: no atoms, or atoms that the model cannot describe.
        """
        super().calculate(atoms, list(properties), list(system_changes))
        if self.atoms is None:
            raise InputError("the calculator was given no atoms")
        terms, interaction = self._terms(self.atoms)
        stress_cc = terms.virial() / interaction.volume
        self.results = {
            "energy": terms.energy(),
            "forces": terms.forces(),
            "stress": full_3x3_to_voigt_6_stress(stress_cc),
        }
        if "hessian" in properties:
            self.results["hessian"] = hessian_matrix(terms)

    def get_hessian(self, atoms: ase.Atoms, format: str = "sparse") -> sparse.csr_matrix | HessianOperator | np.ndarray:
        """Return the Hessian of the given atoms (never of stored ones) [epsilon/sigma^2].

        Args:
            atoms: the configuration.
            format: ``sparse``, ``dense`` or ``operator``.

        Raises:
            InputError: unknown format.
        """
        terms, _ = self._terms(atoms)
        if format == "sparse":
            return hessian_matrix(terms)
        if format == "dense":
            return hessian_matrix(terms).toarray()
        if format == "operator":
            return HessianOperator(terms)
        raise InputError(f"format = {format!r}; expected 'sparse', 'dense' or 'operator'")

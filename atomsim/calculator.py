"""ASE calculator over the pair models: energy, forces, stress, and the Hessian under matscipy's property name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

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

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress", "hessian"]

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
        """
        super().calculate(atoms, list(properties), list(system_changes))
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

"""An engine whose box can be strained in all six ways, for derivatives of the forces by strain."""

from __future__ import annotations

import numpy as np

from atomsim.engines.lammps import LammpsEngine
from atomsim.engines.potential import EnginePotential
from atomsim.errors import InputError
from atomsim.results import Array, IntArray


class StrainedEngine(LammpsEngine):
    """LAMMPS in a box that need not be orthogonal: for forces at rest, not for dynamics or descent.

    LAMMPS wants the first edge of a box along x and the second in the plane of x and y. So a strained box is turned,
    and what comes back is turned to the axes of the user.
    """

    def _bind(self, potential: EnginePotential, elements: tuple[str, ...]) -> None:
        """Read the potential, and begin with the box as it is without strain."""
        super()._bind(potential, elements)
        self._lammps.command("change_box all triclinic")
        self._rest_cc, self._strain_cc = self.cell_cc, np.eye(3)
        self._box_cc, self._turn_cc = self._rest_cc, np.eye(3)

    def strained_forces(self, positions_nc: Array, deformation_cc: Array) -> Array:
        """Return the forces on atoms in a box whose edges a have become F a [eV/angstrom].

        Args:
            positions_nc: positions in the strained box, (N, 3) [angstrom].
            deformation_cc: deformation F, one without strain [-].

        Raises:
            InputError: a deformation that turns the box inside out.
        """
        if not np.array_equal(deformation_cc, self._strain_cc):
            self._deform(deformation_cc)
        return self.forces(positions_nc)

    def _deform(self, deformation_cc: Array) -> None:
        """Give the box another shape; the atoms are put into it afterwards."""
        if not np.linalg.det(deformation_cc) > 0:
            raise InputError(f"deformation {np.asarray(deformation_cc).tolist()}: expected a positive determinant")
        turn_cc, upper_cc = np.linalg.qr((self._rest_cc @ deformation_cc.T).T)
        sign_c = np.sign(np.diag(upper_cc))
        self._turn_cc, self._box_cc = turn_cc * sign_c, (sign_c[:, None] * upper_cc).T
        (lx, _, _), (xy, ly, _), (xz, yz, lz) = self._box_cc.tolist()
        self._lammps.command(
            f"change_box all x final 0 {lx!r} y final 0 {ly!r} z final 0 {lz!r} xy final {xy!r} xz final {xz!r} "
            f"yz final {yz!r} units box"
        )
        self._strain_cc, self._ready = np.array(deformation_cc, dtype=float), False

    def _place(self, positions_nc: Array, species_n: IntArray | None = None) -> None:
        """Put the atoms into the turned box."""
        if positions_nc.shape != (self.n_atoms, 3) or not np.isfinite(positions_nc).all():
            raise InputError(f"positions {positions_nc.shape}: expected finite numbers of shape ({self.n_atoms}, 3)")
        turned_nc = positions_nc @ self._turn_cc
        share_nc = np.floor(turned_nc @ np.linalg.inv(self._box_cc))
        self._scatter("x", turned_nc - share_nc @ self._box_cc)
        self._scatter("type", (self.species_n if species_n is None else species_n) + 1)

    def _gather(self, name: str) -> Array:
        """A vector of all atoms along the axes of the user."""
        return super()._gather(name) @ self._turn_cc.T

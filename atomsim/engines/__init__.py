"""Engines other than the built-in one.

Real materials by LAMMPS, in ångström, electron volts, picoseconds and kelvin; the glass models by LAMMPS in several
processes, in reduced units.
"""

from atomsim.engines.potential import EnginePotential, engine_potential, is_engine_potential

__all__ = ["EnginePotential", "engine_potential", "is_engine_potential"]

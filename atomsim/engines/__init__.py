"""Engines other than the built-in one: real materials, in ångström, electron volts, picoseconds and kelvin."""

from atomsim.engines.potential import EnginePotential, engine_potential, is_engine_potential

__all__ = ["EnginePotential", "engine_potential", "is_engine_potential"]

"""Radial functions with derivatives, cut-offs as wrappers, mixing rules, and the named models."""

from atomsim.potentials.models import MODELS, Mixing, Model, get_model
from atomsim.potentials.radial import (
    RadialFunction,
    inverse_power,
    lennard_jones,
    shifted_quartic,
    smoothed,
    truncated,
)

__all__ = [
    "MODELS",
    "Mixing",
    "Model",
    "RadialFunction",
    "get_model",
    "inverse_power",
    "lennard_jones",
    "shifted_quartic",
    "smoothed",
    "truncated",
]

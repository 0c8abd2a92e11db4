"""Three cheap stages with the shape of the real ones, for the tests of the study runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.config import StudyConfig, load_study
from analysis.study import Cost, Stage, run_study
from atomsim.errors import NotConverged
from atomsim.results import Array, Estimate, quantity

STUDY = """
[study]
name = "fake"
seed = 7

[glass]
potential = "inverse-power:n=12,cutoff=1.5"
density = 1.0
sizes = [64, 128]
samples = [3, 2]
"""


@dataclass(frozen=True)
class Matrix:
    """Stands for a glass."""

    values: Array = quantity("1", "symmetric random matrix")


@dataclass(frozen=True)
class Spectrum:
    """Stands for the modes."""

    values_m: Array = quantity("1", "eigenvalues")


@dataclass(frozen=True)
class Mean:
    """Stands for an ensemble result."""

    largest: Estimate = quantity("1", "mean of the largest eigenvalues")


def make_matrix(parameters: Mapping[str, Any], inputs: Mapping[str, tuple], rng: np.random.Generator) -> Matrix:
    values = rng.normal(size=(parameters["n_atoms"], parameters["n_atoms"]))
    return Matrix(parameters["density"] * (values + values.T))


def diagonalise(parameters: Mapping[str, Any], inputs: Mapping[str, tuple], rng: np.random.Generator) -> Spectrum:
    (matrix,) = inputs["glass"]
    return Spectrum(np.linalg.eigvalsh(matrix.values) + 1e-3 * rng.normal())


def fail_on_large(parameters: Mapping[str, Any], inputs: Mapping[str, tuple], rng: np.random.Generator) -> Spectrum:
    if len(inputs["glass"][0].values) > 100:
        raise NotConverged("the residual is 0.5", estimate=0.5)
    return diagonalise(parameters, inputs, rng)


def average(parameters: Mapping[str, Any], inputs: Mapping[str, tuple], rng: np.random.Generator) -> Mean:
    largest = np.array([spectrum.values_m[-1] for spectrum in inputs["modes"]])
    picks = rng.choice(largest, size=(50, len(largest)))
    return Mean(Estimate(float(largest.mean()), float(picks.mean(axis=1).std()), "1"))


def cost(parameters: Mapping[str, Any], sizes: Sequence[int]) -> Cost:
    return Cost(seconds=1e-3 * sum(sizes), memory=8e6)


GLASS = Stage("glass", 1, Matrix, make_matrix, lambda c: {"density": c.glass.density}, cost)
MODES = Stage("modes", 1, Spectrum, diagonalise, lambda c: {}, cost, needs=("glass",))
MEAN = Stage("mean", 1, Mean, average, lambda c: {"name": c.study.name}, cost, needs=("modes",), per_sample=False)
STAGES = (GLASS, MODES, MEAN)
FAILING = (GLASS, Stage("modes", 1, Spectrum, fail_on_large, lambda c: {}, cost, needs=("glass",)), MEAN)


def fake_config(folder: Path, *overrides: str) -> StudyConfig:
    """The study above, changed as asked."""
    path = Path(folder) / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return load_study(path, overrides)


def run_fake(config: StudyConfig, out: Path, workers: int = 1) -> None:
    """Run the cheap stages (importable, so that another process can)."""
    run_study(config, out, workers=workers, stages=STAGES)

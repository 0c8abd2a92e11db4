"""A study file of the real stages that takes seconds, for the tests of the runner and of the command."""

from __future__ import annotations

from pathlib import Path

from analysis.config import StudyConfig, load_study
from analysis.study import run_study

STUDY = """
[study]
name = "tiny"
seed = 5

[glass]
potential = "lerner-binary"
sizes = [64, 80]
samples = [2, 1]
temperature = 0.6
melt_time = 0.5

[soft_potential]
resamples = 5
minimum_modes = 2

[thermal]
temperatures = [0.5, 1.0, 2.0]
"""


def small_config(folder: Path, *overrides: str) -> StudyConfig:
    """The study above, changed as asked."""
    path = Path(folder) / "tiny.toml"
    path.write_text(STUDY, encoding="utf-8")
    return load_study(path, overrides)


def run_small(config: StudyConfig, out: Path, workers: int = 1) -> None:
    """Run it (importable, so that another process can)."""
    run_study(config, out, workers=workers)

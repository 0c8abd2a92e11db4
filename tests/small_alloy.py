"""A study of a binary alloy with all its tables that takes seconds."""

from __future__ import annotations

from pathlib import Path

from analysis.config import StudyConfig, load_study
from analysis.study import run_study

STUDY = """
[study]
name = "small alloy"
seed = 5

[glass]
potential = "lerner-binary"
sizes = [64, 80]
samples = [2, 1]
temperature = 0.6
melt_time = 0.5

[soft_modes]
count = 8

[soft_potential]
resamples = 10
minimum_modes = 2

[thermal]
temperatures = [0.5, 1.0]
"""
TABLES = """
[excitations]
shell_edges = [1.55]
random_alloys = 60
draws = 30

[transport]
diffusivity = 3e-4
screening = 1e10
relaxation_time = 1e-15
resistivity = 1.5e-6
temperatures = [0.2, 1.0, 5.0]

[relaxation]
inversion_rate = 1.0
polarisation_rate = 2.0
coupling = 3.0
"""


def alloy_config(folder: Path, *overrides: str, tables: str = TABLES) -> StudyConfig:
    """The study above, with other tables and changed as asked."""
    path = Path(folder) / "alloy.toml"
    path.write_text(STUDY + tables, encoding="utf-8")
    return load_study(path, overrides)


def run_alloy(folder: Path, *overrides: str, tables: str = TABLES) -> Path:
    """Run it in a folder; return the folder of its results."""
    run_study(alloy_config(folder, *overrides, tables=tables), folder / "out")
    return folder / "out"

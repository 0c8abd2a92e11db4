"""The file that says where the workers of Dask are: a scheduler that runs already, or jobs of SLURM."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from analysis.config import read_study
from analysis.sections import Count, Positive, Section
from atomsim.absent_workers import HOUR, Patience
from atomsim.clusters import Place, Report, Scheduler, SlurmJobs
from atomsim.distributed import DaskWorkers
from atomsim.errors import InputError


class SlurmSection(Section):
    """Jobs of SLURM; what is absent is taken from the configuration of dask-jobqueue."""

    jobs: Count = Field(description="jobs that are kept running")
    processes: Count = Field(description="worker processes of each job, one core each")
    memory: str = Field(description="memory of each job, for example 16 GB; its processes share it equally")
    walltime: str | None = Field(None, description="longest time of a job, HH:MM:SS")
    queue: str | None = Field(None, description="partition")
    account: str | None = Field(None, description="account")
    interface: str | None = Field(None, description="network interface on which workers reach this program, as ib0")
    python: str | None = Field(None, description="interpreter of the workers; that of this program where absent")
    directives: list[str] = Field([], description="further options of sbatch, for example --constraint=milan")
    prologue: list[str] = Field([], description="shell commands before the workers start, as module load ...")
    local_directory: str | None = Field(None, description="fast folder of a node for temporary files")
    log_directory: str | None = Field(None, description="folder for what the jobs print")


class DaskFile(Section):
    """Where the workers are, and which of them are taken."""

    scheduler: str | None = Field(None, description="address of a scheduler that runs already, tcp://HOST:PORT")
    slurm: SlurmSection | None = Field(None, description="jobs to be submitted, instead of a scheduler")
    any_processor: bool = Field(
        False, description="take workers with other kinds of processors than this one; last digits may differ"
    )

    told_after: Positive = Field(
        Patience().told_after / HOUR, description="hours with too few workers until it is told, and told again"
    )
    ended_after: Positive = Field(
        Patience().ended_after / HOUR, description="hours without any worker until the run ends"
    )

    @model_validator(mode="after")
    def _one_place(self) -> DaskFile:
        if (self.scheduler is None) == (self.slurm is None):
            raise ValueError("expected a scheduler or a table [slurm], one of them")
        return self

    def place(self) -> Place:
        """Return where the workers are."""
        if self.slurm is None:
            return Scheduler(str(self.scheduler))
        return SlurmJobs(**self.slurm.model_dump())


def read_dask_file(path: Path, *, report: Report | None = None) -> DaskWorkers:
    """Return the workers that a file describes; nothing starts yet.

    Args:
        path: a TOML file.
        report: called with a line about what goes wrong with the workers and ends nothing.

    Raises:
        InputError: it cannot be read, a key is unknown (the nearest one is named) or a value is not allowed.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file to say where the workers of Dask are")
    found = read_study(path, (), DaskFile)
    patience = Patience(HOUR * found.told_after, HOUR * found.ended_after)
    return DaskWorkers(found.place(), any_processor=found.any_processor, report=report, patience=patience)

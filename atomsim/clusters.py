"""Where Dask finds its workers: processes of this machine, a scheduler that runs already, or jobs of SLURM.

Each place says how to connect, and gives back what it started when the connection ends; a scheduler that others have
started is left alone. Dask is imported when a connection is made.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import subprocess
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from atomsim.errors import InputError, MissingExtra
from atomsim.held_interrupts import interrupts_held

CONNECT_TIMEOUT = 10.0  # until a scheduler has answered, and until it has a worker [s]
PROTOCOLS = ("tcp", "tls", "ws", "wss", "ucx")  # by which Dask reaches another process
LOSSES = 3  # workers that may be lost under a sample before it is suspected to be the cause

# Own schedulers hand out one sample at a time, so that a lost worker costs one and a worker that comes later finds
# some left; and they keep workers that are silent for long, as compiled loops make them.
OWN_SCHEDULER = {
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.worker-ttl": None,
    "distributed.scheduler.allowed-failures": LOSSES,
}


def require(module: str, *, extra: str) -> Any:
    """Import and return an optional module; what Ctrl-C does stays as it is, which dask_jobqueue changes on import.

    Args:
        module: its name.
        extra: the extra of this package that brings it.

    Raises:
        MissingExtra: it is not installed.
    """
    before = signal.getsignal(signal.SIGINT)
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"{module} is not installed ({error}); the extra {extra!r} brings it: pip install 'atomsim[{extra}]'"
        ) from error
    finally:
        if signal.getsignal(signal.SIGINT) is not before:
            signal.signal(signal.SIGINT, before)


Report = Callable[[str], None]


class Place(ABC):
    """Somewhere with workers; ``name`` is what messages call it."""

    name: str

    @abstractmethod
    def connected(self, report: Report | None = None) -> Any:
        """Return a context manager that yields a client of ``distributed``.

        Args:
            report: called with a line about what goes wrong meanwhile and ends nothing; from any thread.
        """

    @abstractmethod
    def count_workers(self) -> int:
        """Return how many workers there are or will be."""

    @property
    @abstractmethod
    def expected_workers(self) -> int:
        """Number of workers of which it is told when fewer are there."""

    @property
    @abstractmethod
    def remedy(self) -> str:
        """What to do when they do not come."""


@dataclass(frozen=True)
class ThisMachine(Place):
    """A number of processes of this machine, with a scheduler in this process."""

    workers: int

    def __post_init__(self) -> None:
        """Refuse what is no number of workers."""
        if self.workers < 1:
            raise InputError(f"workers = {self.workers} must be at least 1")

    @property
    def name(self) -> str:  # type: ignore[override]
        """What messages call it."""
        return "the Dask workers of this machine"

    def count_workers(self) -> int:
        """Return the number of processes."""
        return self.workers

    @property
    def expected_workers(self) -> int:
        """Number of processes, which are started again when they end."""
        return self.workers

    @property
    def remedy(self) -> str:
        """What to do when they do not come."""
        return "is there memory for so many processes? fewer: --workers"

    @contextmanager
    def connected(self, report: Report | None = None) -> Iterator[Any]:
        """Start scheduler and workers; after an interrupt they end at once.

        Args:
            report: not called.

        Raises:
            MissingExtra: Dask is not installed.
        """
        distributed = require("distributed", extra="dask")
        with ExitStack() as started:
            with _own_scheduler(), interrupts_held():
                cluster = distributed.LocalCluster(
                    n_workers=self.workers,
                    threads_per_worker=1,
                    processes=True,
                    memory_limit=None,  # one sample may need much more than its share
                    dashboard_address=":0",  # a free port: a fixed one may be in use, of which Dask warns
                    silence_logs=logging.CRITICAL,
                    preload=["atomsim.dask_worker"],
                )
                started.enter_context(cluster)
            client = started.enter_context(_client(distributed, cluster))
            try:
                yield client
            except BaseException as error:
                if not isinstance(error, Exception):
                    _kill(cluster)
                raise


@dataclass(frozen=True)
class Scheduler(Place):
    """A scheduler that runs already; it and its workers go on when the connection ends."""

    address: str

    def __post_init__(self) -> None:
        """Refuse what is no address: Dask itself would come to its end with much noise."""
        try:
            found = urlsplit(self.address)
            whole = found.scheme in PROTOCOLS and bool(found.hostname) and bool(found.port)
        except ValueError:
            whole = False
        if not whole:
            raise InputError(
                f"no Dask scheduler answers at {self.address}: no protocol ({', '.join(PROTOCOLS)}), host or port; "
                "expected an address such as tcp://HOST:8786"
            )

    @property
    def name(self) -> str:  # type: ignore[override]
        """What messages call it."""
        return f"the Dask scheduler at {self.address}"

    def count_workers(self) -> int:
        """Ask the scheduler how many workers it has.

        Raises:
            InputError: it does not answer.
        """
        with self.connected() as client:
            return len(client.nthreads())

    @property
    def expected_workers(self) -> int:
        """One: how many there will be is the affair of others."""
        return 1

    @property
    def remedy(self) -> str:
        """What to do when there are no workers."""
        return f"start some by: dask worker {self.address} --nthreads 1 --nworkers -1"

    @contextmanager
    def connected(self, report: Report | None = None) -> Iterator[Any]:
        """Connect to the scheduler.

        Args:
            report: not called.

        Raises:
            InputError: it does not answer, or has no workers.
            MissingExtra: Dask is not installed.
        """
        distributed = require("distributed", extra="dask")
        try:
            client = _client(distributed, self.address)
        except (OSError, ValueError) as error:
            raise InputError(
                f"no Dask scheduler answers at {self.address}: {error}; expected an address such as tcp://HOST:8786"
            ) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=CONNECT_TIMEOUT)
            except TimeoutError as error:
                raise InputError(f"{self.name} has no workers after {CONNECT_TIMEOUT:g} s; {self.remedy}") from error
            yield client


@dataclass(frozen=True)
class SlurmJobs(Place):
    """Jobs of SLURM, each with some worker processes of one thread; a job that is lost is submitted again.

    What is None is taken from the configuration of dask-jobqueue, where a site may have put its own values.
    """

    jobs: int
    processes: int
    memory: str
    walltime: str | None = None
    queue: str | None = None
    account: str | None = None
    interface: str | None = None
    python: str | None = None
    directives: Sequence[str] = ()
    prologue: Sequence[str] = ()
    local_directory: str | None = None
    log_directory: str | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        """What messages call it."""
        return f"the Dask workers of {self.jobs} SLURM jobs"

    def count_workers(self) -> int:
        """Return the number of processes of all jobs."""
        return self.jobs * self.processes

    @property
    def expected_workers(self) -> int:
        """Number of processes of all jobs."""
        return self.count_workers()

    @property
    def remedy(self) -> str:
        """What to do when they do not come."""
        logs = (
            f"what jobs print is in {self.log_directory}" if self.log_directory else "log_directory keeps their words"
        )
        return (
            "`squeue --me` shows which jobs wait or run; one that ended before its workers connected is not submitted "
            f"again ({logs}): interrupt and start the same command, it submits all jobs anew and computes what is left"
        )

    def cluster(self, report: Report | None = None) -> Any:
        """Return a cluster of dask-jobqueue without jobs, its scheduler running in this process.

        Args:
            report: called with what SLURM says of a job that it refuses.

        Raises:
            InputError: Dask cannot make anything of the memory, or its scheduler does not start here.
            MissingExtra: dask-jobqueue is not installed.
        """
        jobqueue = require("dask_jobqueue", extra="slurm")
        self._check_memory()
        with _own_scheduler(), _told_start():
            return _telling_cluster(jobqueue, report)(
                cores=self.processes,  # so each process has one thread
                processes=self.processes,
                memory=self.memory,
                walltime=self.walltime,
                queue=self.queue,
                account=self.account,
                interface=self.interface,
                python=self.python,
                job_extra_directives=list(self.directives) or None,
                job_script_prologue=list(self.prologue) or None,
                local_directory=self.local_directory,
                log_directory=self.log_directory,
                worker_extra_args=["--preload", "atomsim.dask_worker", "--no-dashboard"],
                scheduler_options={"dashboard_address": "127.0.0.1:0"},
                silence_logs=logging.CRITICAL,
            )

    def _check_memory(self) -> None:
        try:
            require("dask.utils", extra="slurm").parse_bytes(self.memory)
        except ValueError as error:
            raise InputError(f"memory = {self.memory!r} of the jobs: {error}; expected for example '16 GB'") from error

    @contextmanager
    def connected(self, report: Report | None = None) -> Iterator[Any]:
        """Submit the jobs; they are cancelled when the connection ends.

        Args:
            report: called where SLURM refuses to take a job anew that was lost, each time for another reason.

        Raises:
            InputError: there is no SLURM here, or it refuses such jobs.
            MissingExtra: dask-jobqueue is not installed.
        """
        distributed = require("distributed", extra="slurm")
        with self.cluster(report) as cluster, _client(distributed, cluster) as client:
            _check_submission(cluster.job_script())
            cluster.adapt(minimum_jobs=self.jobs, maximum_jobs=self.jobs)
            yield client


@contextmanager
def _own_scheduler() -> Iterator[None]:
    with require("dask", extra="dask").config.set(OWN_SCHEDULER):
        yield


@contextmanager
def _told_start() -> Iterator[None]:
    """What keeps an own scheduler from starting is an affair of the user, as the wrong name of a network interface."""
    try:
        yield
    except RuntimeError as error:
        raise InputError(f"the scheduler of Dask does not start here: {error}") from error


def _telling_cluster(jobqueue: Any, report: Report | None) -> Any:
    """The cluster of dask-jobqueue, which itself keeps silent about a job that is refused and does not try it again."""
    told, status = set(), require("distributed", extra="slurm").Status

    class TellingJob(jobqueue.slurm.SLURMJob):
        async def _submit_job(self, script_filename: str) -> Any:
            try:
                return await super()._submit_job(script_filename)
            except RuntimeError as error:
                reason = str(error).partition("stderr:")[2].strip() or str(error)
                if report is not None and reason not in told:
                    told.add(reason)
                    report(
                        f"warning: SLURM refuses a job of workers: {reason}; the run goes on with those that are left; "
                        "interrupted and started again, it submits all jobs anew"
                    )
                self.status = status.failed  # else the cluster, when it is closed, takes it for one forgotten
                raise

    class TellingCluster(jobqueue.SLURMCluster):
        job_cls = TellingJob

    return TellingCluster


def _client(distributed: Any, target: Any) -> Any:
    """Connect; other versions of packages are found and told by those who use the workers."""
    with warnings.catch_warnings():
        # Dask warns of versions that numbers do not depend on, and not of all they depend on.
        warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
        return distributed.Client(target, timeout=CONNECT_TIMEOUT, set_as_default=False)


def _check_submission(script: str) -> None:
    """Ask SLURM whether it would take a job: dask-jobqueue would wait for ever for one that is refused."""
    try:
        answer = subprocess.run(["sbatch", "--test-only"], input=script, capture_output=True, text=True, check=False)
    except OSError as error:
        raise InputError(
            f"sbatch does not start here ({error.strerror}); run this where jobs of SLURM are submitted"
        ) from error
    if answer.returncode:
        raise InputError(f"SLURM refuses the jobs: {answer.stderr.strip()}\n{script}")


def _kill(cluster: Any) -> None:
    """End local workers at once: a thread that computes a sample cannot be asked to stop."""
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        if nanny.pid is not None:
            os.kill(nanny.pid, signal.SIGKILL)

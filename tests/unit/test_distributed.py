"""Samples on a Dask cluster have the bits of a serial run, whatever becomes of the workers."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import dask_samples
import fake_study
import house
import numpy as np
import pytest
from dask_samples import Task, wait_for

from analysis.study import StudyFolder, run_study
from atomsim import clusters
from atomsim import distributed as ours
from atomsim.absent_workers import Absence, Patience
from atomsim.clusters import Scheduler, SlurmJobs, ThisMachine
from atomsim.distributed import ClusterLost, DaskWorkers
from atomsim.ensemble import THREAD_VARIABLES, Progress, SampleFailed, Workers, map_samples
from atomsim.errors import InputError, MissingExtra
from atomsim.provenance import library_versions
from atomsim.quench import Glass
from atomsim.team import THREADS_VARIABLE

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


@contextmanager
def running_cluster(**options: Any) -> Iterator[Any]:
    """A cluster that others have started."""
    with distributed.LocalCluster(dashboard_address=":0", silence_logs=50, **options) as cluster:
        yield cluster


def need_jobqueue() -> None:
    if importlib.util.find_spec("dask_jobqueue") is None:
        pytest.skip("dask_jobqueue is not installed (extra slurm)")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two processes with two threads of everything; their scheduler suspects every sample of a lost worker."""
    threads = dict.fromkeys((*THREAD_VARIABLES, THREADS_VARIABLE), 2)
    settings = {"distributed.scheduler.allowed-failures": 0, "distributed.nanny.pre-spawn-environ": threads}
    with dask.config.set(settings), running_cluster(n_workers=2, threads_per_worker=1) as found:
        yield found


@pytest.fixture
def pool(cluster: Any) -> Iterator[DaskWorkers]:
    with DaskWorkers(Scheduler(cluster.scheduler_address)) as found:
        found.client.wait_for_workers(2, timeout=dask_samples.PATIENCE)
        yield found


def same_bits(one: Glass, other: Glass) -> bool:
    pairs = [(np.asarray(getattr(one, f.name)), np.asarray(getattr(other, f.name))) for f in fields(Glass)]
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


@contextmanager
def meanwhile(action: Callable[[], object]) -> Iterator[None]:
    """Do something in another thread while the block runs."""
    thread = threading.Thread(target=action)
    thread.start()
    try:
        yield
    finally:
        thread.join()


# --- lost and added workers -----------------------------------------------------------------------------------


def test_a_killed_worker_costs_its_sample_and_no_bit(tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    for folder in (alone, shared):
        folder.mkdir()
    (alone / "killed").touch()

    def kill() -> None:
        os.kill(int(wait_for(shared / "victim")), signal.SIGKILL)
        (shared / "killed").touch()

    expected = map_samples(dask_samples.held_glass, [Task(i, alone) for i in range(5)])
    with DaskWorkers(ThisMachine(2)) as workers, meanwhile(kill):
        found = workers.map(dask_samples.held_glass, [Task(i, shared) for i in range(5)])
    assert all(map(same_bits, found, expected))
    assert not same_bits(found[0], found[1])
    computed = [len(list(shared.glob(f"computed-{i}-*"))) for i in range(5)]
    assert computed == [1, 2, 1, 1, 1]


def test_a_worker_that_comes_later_is_given_samples(cluster: Any, pool: DaskWorkers, tmp_path: Path) -> None:
    def add() -> None:
        while not list(tmp_path.glob("process-*")):
            time.sleep(0.01)
        cluster.scale(3)

    with meanwhile(add):
        processes = pool.map(dask_samples.meet_three, [Task(i, tmp_path) for i in range(12)])
    cluster.scale(2)
    assert len(set(processes)) == 3


def test_a_sample_that_takes_its_workers_along_fails_alone(pool: DaskWorkers) -> None:
    with pytest.raises(SampleFailed, match="1 of 6 samples failed") as caught:
        pool.map(dask_samples.end_process_at_two, range(6))
    assert "sample 2: WorkersLost: 1 workers were lost computing it alone" in str(caught.value)


# --- the same as in this process --------------------------------------------------------------------------------


def test_study_on_a_cluster_has_the_results_of_one_process(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = fake_study.fake_config(tmp_path)
    expected = run_study(config, tmp_path / "alone", stages=fake_study.STAGES)
    monkeypatch.chdir(tmp_path)  # where the workers are not
    place = Scheduler(cluster.scheduler_address)
    found = run_study(config, Path("shared"), workers=DaskWorkers(place), stages=fake_study.STAGES)
    assert list(found) == list(expected)
    assert len(found) == 11
    for name in found:
        for one, other in zip(vars(found[name]).values(), vars(expected[name]).values(), strict=True):
            assert np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other
    kept = {path.name for path in StudyFolder(Path("shared")).cache.iterdir()}
    assert kept == {path.name for path in StudyFolder(tmp_path / "alone").cache.iterdir()}


def test_failures_on_a_cluster_are_those_of_one_process(pool: DaskWorkers) -> None:
    events: list[Progress] = []
    labels = [f"glass {i}" for i in range(5)]
    caught = []
    for workers in (pool, Workers(1)):
        with workers, pytest.raises(SampleFailed) as failed:
            workers.map(dask_samples.fail_if_odd, range(5), labels=labels, progress=events.append)
        caught.append(failed.value)
    here, there = caught
    assert str(here) == str(there)
    assert [error.estimate for _, error in here.failures] == [1, 3]
    assert "in fail_if_odd" in here.failures[0][1].__notes__[0]
    assert [event.done for event in events[:5]] == [event.done for event in events[5:]] == [1, 2, 3, 4, 5]
    assert {(e.label, e.failed) for e in events[:5]} == {(e.label, e.failed) for e in events[5:]}


def test_error_that_cannot_travel_is_told_in_words(pool: DaskWorkers) -> None:
    with pytest.raises(SampleFailed, match="sample 0: RuntimeError: ValueError: what remains"):
        pool.map(dask_samples.fail_without_pickle, [0])


def test_longest_sample_starts_first_on_a_cluster() -> None:
    costs = [3.0, 9.0, 1.0, 7.0, 5.0, 2.0, 8.0, 4.0, 6.0]
    running = running_cluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp")
    with running as found, DaskWorkers(Scheduler(found.scheduler_address)) as workers:
        started = workers.map(dask_samples.start_time, range(9), costs=costs)
    assert [costs[i] for i in np.argsort(started)] == sorted(costs, reverse=True)


def test_linear_algebra_of_workers_runs_on_one_thread(pool: DaskWorkers) -> None:
    assert set(np.concatenate(pool.map(dask_samples.threads_of_linear_algebra, range(4)))) == {1}


def test_loops_of_dask_workers_run_on_one_thread(pool: DaskWorkers) -> None:
    outside = pool.client.run(dask_samples.threads_of_loops, 0)
    assert set(outside.values()) == {2}, "what the environment of the workers asks for"
    assert set(pool.map(dask_samples.threads_of_loops, range(4))) == {1}


def test_inner_blocks_leave_the_connection_open(cluster: Any) -> None:
    workers = DaskWorkers(Scheduler(cluster.scheduler_address))
    with workers:
        client = workers.client
        assert map_samples(dask_samples.fail_if_odd, [2], workers=workers) == [2]
        assert workers.client is client and client.status == "running"
    assert workers.client is None and client.status == "closed"
    assert workers.count_workers() == 2  # asks again


# --- interrupts and lost schedulers -----------------------------------------------------------------------------


def interrupt_when_all_wait(folder: Path, count: int) -> None:
    for index in range(count):
        wait_for(folder / f"waits-{index}")
    os.kill(os.getpid(), signal.SIGINT)


def test_interrupt_ends_own_workers_at_once(tmp_path: Path) -> None:
    workers = DaskWorkers(ThisMachine(1))
    with pytest.raises(KeyboardInterrupt), meanwhile(lambda: interrupt_when_all_wait(tmp_path, 1)), workers:
        workers.map(dask_samples.wait_and_tell, [Task(i, tmp_path) for i in range(2)])
    process = int(wait_for(tmp_path / "waits-0"))
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert not (tmp_path / "waits-1").exists()


def test_interrupt_while_workers_start_waits_until_they_can_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    clusters_made, start, before = [], distributed.LocalCluster, signal.getsignal(signal.SIGINT)

    def interrupted_start(**options: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        clusters_made.append(start(**options))
        return clusters_made[0]

    monkeypatch.setattr(distributed, "LocalCluster", interrupted_start)
    with pytest.raises(KeyboardInterrupt):
        DaskWorkers(ThisMachine(1)).__enter__()
    assert clusters_made[0].status == distributed.Status.closed
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_interrupt_leaves_a_foreign_scheduler_alive(cluster: Any, tmp_path: Path) -> None:
    workers = DaskWorkers(Scheduler(cluster.scheduler_address))
    with pytest.raises(KeyboardInterrupt), meanwhile(lambda: interrupt_when_all_wait(tmp_path, 2)), workers:
        workers.map(dask_samples.wait_and_tell, [Task(i, tmp_path) for i in range(9)])
    (tmp_path / "go").touch()
    with workers:
        assert workers.map(dask_samples.fail_if_odd, [0, 2]) == [0, 2]
    started = {path.name for path in tmp_path.glob("waits-*")}
    assert started <= {f"waits-{i}" for i in range(4)}  # what no worker had yet was cancelled


def test_cancelled_samples_end_the_run(cluster: Any, pool: DaskWorkers, tmp_path: Path) -> None:
    def cancel() -> None:
        wait_for(tmp_path / "waits-0")
        keys = [key for key in cluster.scheduler.tasks if str(key).startswith("sample-")]
        with distributed.Client(cluster, set_as_default=False) as other:
            other.cancel([distributed.Future(key, client=other) for key in keys], force=True)
        (tmp_path / "go").touch()

    told = rf"{cluster.scheduler_address}: gone, or someone has cancelled"
    with pytest.raises(ClusterLost, match=told), meanwhile(cancel):
        pool.map(dask_samples.wait_and_tell, [Task(i, tmp_path) for i in range(4)])


# --- workers that do not come -------------------------------------------------------------------------------------


def test_absence_of_workers_is_told_again_and_again_and_ends_the_run() -> None:
    absence = Absence(ThisMachine(4), Patience(10.0, 100.0), now=0.0)

    def told(now: float, found: int, left: int = 9) -> str:
        return absence.look(found=found, left=left, now=now)

    assert not told(9.0, 3)
    first = told(10.0, 3)
    assert "the Dask workers of this machine: for 10 s 3 of 4 workers, 9 samples left" in first
    assert not told(19.0, 3)
    assert "for 20 s" in told(20.0, 3)
    assert not told(40.0, 4)  # all there: it begins anew
    assert not told(49.0, 0)
    assert "for 20 s 3 of 4" in told(60.0, 3)
    assert not told(1000.0, 3, left=3)  # no more samples than workers
    assert "for 99 s 0 of 4" in told(1099.0, 0, left=2)
    with pytest.raises(ClusterLost, match=r"none was there for 2 min, the run ends(.|\n)*what is computed is kept"):
        told(1120.0, 0)


@pytest.mark.parametrize("times", [(0.0, 1.0), (1.0, -1.0), (1.0, np.inf), (np.nan, 1.0)])
def test_patience_is_a_time(times: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="must be positive and finite"):
        Patience(*times)


def test_workers_that_leave_are_told_of_and_the_run_ends_with_what_is_computed() -> None:
    told: list[str] = []
    done: list[Progress] = []
    with running_cluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp") as found:

        def leave(event: Progress) -> None:
            done.append(event)
            found.scale(0)

        workers = DaskWorkers(
            Scheduler(found.scheduler_address), any_processor=True, report=told.append, patience=Patience(0.2, 1.0)
        )
        remedy = f"start some by: dask worker {found.scheduler_address} --nthreads 1"
        with workers, pytest.raises(ClusterLost, match=f"none was there for .* s, the run ends; {remedy}"):
            workers.map(dask_samples.start_time, range(100), progress=leave)
    assert 1 <= len(done) < 100 and not any(event.failed for event in done)
    assert len(told) >= 2 and all("0 of 1 workers" in line and remedy in line for line in told)


# --- workers and places that cannot be used -----------------------------------------------------------------------


def test_workers_with_other_versions_are_refused(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = library_versions()
    monkeypatch.setattr(ours, "library_versions", lambda: {**theirs, "atomsim": "9.9"})
    with pytest.raises(InputError, match=rf"worker tcp://.*: it has other versions: atomsim {theirs['atomsim']}, here"):
        DaskWorkers(Scheduler(cluster.scheduler_address)).__enter__()


def test_workers_with_another_processor_are_refused_unless_allowed(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ours.processor_kind() == ours.processor_kind() != ""
    monkeypatch.setattr(ours, "processor_kind", lambda: "z80")
    place = Scheduler(cluster.scheduler_address)
    with pytest.raises(InputError, match=r"another kind .*, here z80"):
        DaskWorkers(place).__enter__()
    with DaskWorkers(place, any_processor=True) as workers:
        assert workers.map(dask_samples.fail_if_odd, [4]) == [4]


def test_a_worker_that_comes_later_is_checked_with_its_first_sample(pool: DaskWorkers) -> None:
    pool._demand = replace(pool._demand, processor="z80")
    with pytest.raises(InputError, match=r"worker tcp://.*another kind"):
        pool.map(dask_samples.fail_if_odd, [0, 2])


def test_workers_must_see_the_files_of_this_program(pool: DaskWorkers, tmp_path: Path) -> None:
    file = tmp_path / "lock"
    file.write_text("1234\n")
    pool.require_file(file)
    assert pool.map(dask_samples.fail_if_odd, [2]) == [2]
    file.write_text("4321\n")  # as a worker sees it that has a folder of its own there
    with pytest.raises(InputError, match=f"does not see the present {file}"):
        pool.map(dask_samples.fail_if_odd, [2])


def test_workers_of_several_threads_are_refused() -> None:
    running = running_cluster(n_workers=1, threads_per_worker=2, processes=False, protocol="tcp")
    with running as found, pytest.raises(InputError, match="2 samples in one process; start it with --nthreads 1"):
        DaskWorkers(Scheduler(found.scheduler_address)).__enter__()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "tcp://127.0.0.1", "pigeon://127.0.0.1:8786"])
def test_address_where_no_scheduler_answers_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECT_TIMEOUT", 0.2)
    with pytest.raises(InputError, match=f"no Dask scheduler answers at {address}: .*expected an address such as"):
        DaskWorkers(Scheduler(address)).count_workers()


def test_scheduler_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECT_TIMEOUT", 0.5)
    with running_cluster(n_workers=0) as found, pytest.raises(InputError, match=r"no workers after 0\.5 s; start some"):
        DaskWorkers(Scheduler(found.scheduler_address)).__enter__()


@pytest.mark.parametrize(
    ("module", "place", "extra"),
    [
        ("distributed", ThisMachine(1), r"atomsim\[dask\]"),
        ("distributed", Scheduler("tcp://127.0.0.1:9"), r"atomsim\[dask\]"),
        ("dask_jobqueue", SlurmJobs(1, 1, "1 GB"), r"atomsim\[slurm\]"),
    ],
)
def test_missing_packages_of_a_cluster_name_their_extra(
    module: str, place: Any, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.import_module

    def without(name: str) -> Any:
        if name == module:
            raise ImportError(f"no {name}")
        return real(name)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(MissingExtra, match=extra):
        DaskWorkers(place).__enter__()


def test_number_of_dask_workers_must_be_positive() -> None:
    with pytest.raises(InputError, match="workers = 0"):
        ThisMachine(0)
    assert DaskWorkers(ThisMachine(3)).count_workers() == 3


# --- SLURM, with a stand-in for its commands --------------------------------------------------------------------------

SBATCH = """#!/bin/sh
here=$(dirname "$0")
if [ "$1" = "--test-only" ]; then cat > "$here/tested"; exit 0; fi
cp "$1" "$here/script.$$"
setsid sh "$here/script.$$" > "$here/printed.$$" 2>&1 &
echo $! > "$here/group.$$"
echo "Submitted batch job $$"
"""
REFUSAL = """if [ -e "$here/full" ]; then cat "$here/full" >&2; exit 1; fi
"""
SCANCEL = """#!/bin/sh
here=$(dirname "$0")
echo "$1" >> "$here/cancelled"
kill -TERM -$(cat "$here/group.$1")
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, **commands: str) -> None:
    """Put commands before those of the system."""
    folder.mkdir()
    for name, text in commands.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_job_script_has_what_the_table_says() -> None:
    need_jobqueue()
    place = SlurmJobs(
        4, 16, "32 GB", walltime="02:30:00", queue="long", account="glass", interface="lo", python="/opt/python",
        directives=["--constraint=milan"], prologue=["module load hdf5"], local_directory="/scratch",
    )  # fmt: skip
    with place.cluster() as cluster:
        lines = cluster.job_script().splitlines()
    directives = {line.removeprefix("#SBATCH ") for line in lines if line.startswith("#SBATCH")}
    assert {"-p long", "-A glass", "--cpus-per-task=16", "--mem=30G", "-t 02:30:00", "--constraint=milan"} < directives
    command = lines[-1]
    assert command.startswith("/opt/python -m distributed.cli.dask_worker tcp://127.0.0.1:")
    for part in ("--nthreads 1 ", "--nworkers 16", "--nanny", "--local-directory /scratch", "--interface lo"):
        assert part in command
    assert lines.index("module load hdf5") < lines.index(command)
    assert place.count_workers() == 64


def test_a_lost_job_is_submitted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_jobqueue()
    folder, work = tmp_path / "bin", tmp_path / "work"
    work.mkdir()
    install(folder, monkeypatch, sbatch=SBATCH, scancel=SCANCEL)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(house.ROOT), str(Path(dask_samples.__file__).parent)]))

    def kill_job() -> None:
        wait_for(work / "waits-0")
        (group,) = folder.glob("group.*")
        os.killpg(int(group.read_text()), signal.SIGKILL)
        (work / "go").touch()

    place = SlurmJobs(1, 1, "1 GB", interface="lo", local_directory=str(tmp_path))
    patience = dask.config.set({"distributed.deploy.lost-worker-timeout": "100ms"})
    with patience, DaskWorkers(place) as workers, meanwhile(kill_job):
        (process,) = workers.map(dask_samples.wait_and_tell, [Task(0, work)])
    assert process == int(wait_for(work / "waits-0"))  # told anew by the second job
    assert len(list(folder.glob("script.*"))) == 2
    assert len((folder / "cancelled").read_text().split()) == 2
    assert "distributed.cli.dask_worker" in (folder / "tested").read_text()


def test_a_job_refused_after_it_was_lost_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_jobqueue()
    folder, work = tmp_path / "bin", tmp_path / "work"
    work.mkdir()
    install(folder, monkeypatch, sbatch=SBATCH.replace("cp ", REFUSAL + "cp ", 1), scancel=SCANCEL)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(house.ROOT), str(Path(dask_samples.__file__).parent)]))
    told: list[str] = []

    def kill_job() -> None:
        process = int(wait_for(work / "waits-0"))
        (folder / "full").write_text("the queue is closed")
        os.killpg(os.getpgid(process), signal.SIGKILL)
        end = time.monotonic() + dask_samples.PATIENCE
        while not told and time.monotonic() < end:
            time.sleep(0.01)
        (work / "go").touch()

    place = SlurmJobs(2, 1, "1 GB", interface="lo", local_directory=str(tmp_path))
    patience = dask.config.set({"distributed.deploy.lost-worker-timeout": "100ms"})
    with patience, DaskWorkers(place, report=told.append) as workers, meanwhile(kill_job):
        (process,) = workers.map(dask_samples.wait_and_tell, [Task(0, work)])
    assert process == int(wait_for(work / "waits-0"))  # by the job that is left
    (line,) = told
    assert line.startswith("warning: SLURM refuses a job of workers: the queue is closed; the run goes on")


def test_a_job_that_dies_before_its_workers_connect_is_told_and_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_jobqueue()
    stillborn = SBATCH.replace("setsid sh", "setsid sleep 0 #")
    install(tmp_path / "bin", monkeypatch, sbatch=stillborn, scancel=SCANCEL.rpartition("kill")[0])
    place = SlurmJobs(2, 1, "1 GB", interface="lo", local_directory=str(tmp_path), log_directory="/logs")
    told: list[str] = []
    workers = DaskWorkers(place, report=told.append, patience=Patience(0.3, 1.0))
    with workers, pytest.raises(ClusterLost, match=r"none was there for .* s, the run ends; `squeue --me`"):
        workers.map(dask_samples.fail_if_odd, [0, 2, 4])
    assert len(told) >= 2 and "0 of 2 workers, 3 samples left" in told[0] and "is in /logs" in told[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"memory": "eight"}, "memory = 'eight' of the jobs: .*expected for example '16 GB'"),
        ({"memory": "1 GB", "interface": "pigeon"}, "the scheduler of Dask does not start here: .*'pigeon'"),
    ],
)
def test_jobs_that_cannot_be_described_are_refused(options: dict[str, str], message: str) -> None:
    need_jobqueue()
    with pytest.raises(InputError, match=message):
        DaskWorkers(SlurmJobs(1, 1, **options)).__enter__()


def test_refused_jobs_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_jobqueue()
    workers = DaskWorkers(SlurmJobs(1, 1, "1 GB", queue="none", interface="lo"))
    install(tmp_path / "bin", monkeypatch, sbatch="#!/bin/sh\ncat > /dev/null\necho invalid partition >&2\nexit 1\n")
    with pytest.raises(InputError, match=r"SLURM refuses the jobs: invalid partition(.|\n)*#SBATCH -p none"):
        workers.__enter__()
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    with pytest.raises(InputError, match="sbatch does not start here"):
        workers.__enter__()


def test_jobs_leave_ctrl_c_as_it_is() -> None:
    need_jobqueue()
    program = (
        "import signal; from atomsim.clusters import require; before = signal.getsignal(2); "
        "require('dask_jobqueue', extra='slurm'); assert signal.getsignal(2) is before"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

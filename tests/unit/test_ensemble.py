"""Samples do not know how many workers or how many other samples there are; a failing one is named."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from dask_samples import threads_of_loops
from threadpoolctl import threadpool_info, threadpool_limits

from atomsim.ensemble import Progress, SampleFailed, Workers, map_samples, sample_seed, single_threaded
from atomsim.errors import InputError, NotConverged
from atomsim.team import THREADS_VARIABLE, default_threads


def noisy_matrix_sum(index: int) -> float:
    """A sample with random numbers and linear algebra."""
    rng = np.random.default_rng(sample_seed(5, "test", index))
    matrix = rng.normal(size=(60, 60))
    return float(np.linalg.eigvalsh(matrix @ matrix.T).sum())


def fail_if_odd(index: int) -> int:
    """A sample that may fail with an error that carries an estimate."""
    if index % 2:
        raise NotConverged(f"sample of index {index}", estimate=index)
    return index


def end_process(index: int) -> None:
    """A sample that takes its process with it, as the operating system does when memory runs out."""
    os._exit(1)


def threads_of_linear_algebra(index: int) -> list[int]:
    """Threads of each library after it has been used."""
    np.linalg.eigvalsh(np.eye(50))
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def process_number(seconds: float) -> int:
    """The process a sample runs in, after some time."""
    time.sleep(seconds)
    return os.getpid()


def hold_file(path: Path) -> None:
    """A sample that locks a file and never ends."""
    with open(path, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("held")
        file.flush()
        time.sleep(3600)


def hold_files(paths: list[Path]) -> None:
    """A program with two workers."""
    with Workers(2) as workers:
        workers.map(hold_file, paths)


@pytest.fixture(scope="module")
def pool():
    with Workers(2) as workers:
        yield workers


def test_results_do_not_depend_on_the_number_of_workers(pool: Workers) -> None:
    here = map_samples(noisy_matrix_sum, range(6))
    assert pool.map(noisy_matrix_sum, range(6), costs=[1, 6, 2, 5, 3, 4]) == here
    assert map_samples(noisy_matrix_sum, [4]) == here[4:5]
    assert len(set(here)) == 6


def test_samples_are_spread_over_other_processes(pool: Workers) -> None:
    processes = set(pool.map(process_number, [0.05] * 4))
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert map_samples(process_number, [0.0]) == [os.getpid()]


def test_seeds_are_distinct_and_independent_of_the_count() -> None:
    states = {
        tuple(sample_seed(seed, name, index).generate_state(4))
        for seed in (0, 1)
        for name in ("a", "b")
        for index in range(5)
    }
    assert len(states) == 20
    again = sample_seed(1, "b", 4).generate_state(4)
    assert tuple(again) in states
    with pytest.raises(InputError, match="seed = -1"):
        sample_seed(-1, "a", 0)


def test_linear_algebra_runs_on_one_thread_everywhere(pool: Workers) -> None:
    assert set(pool.map(threads_of_linear_algebra, [0])[0]) == {1}
    with threadpool_limits(limits=2):
        assert set(threads_of_linear_algebra(0)) == {2}
        assert set(map_samples(threads_of_linear_algebra, [0])[0]) == {1}


def test_loops_of_workers_run_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, "2")
    with Workers(2) as workers:
        assert workers.map(threads_of_loops, range(4)) == [1] * 4
    assert map_samples(threads_of_loops, [0]) == [2], "one process may use them all"
    with single_threaded(loops=True):
        assert default_threads() == 1
    assert default_threads() == 2


def test_thread_settings_are_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with single_threaded():
        assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert "MKL_NUM_THREADS" not in os.environ


@pytest.mark.parametrize("workers", [1, 2])
def test_failing_samples_are_named_and_the_others_finish(pool: Workers, workers: int) -> None:
    events: list[Progress] = []
    labels = [f"glass {i}" for i in range(5)]
    with Workers(1) as here, pytest.raises(SampleFailed, match="2 of 5 samples failed") as caught:
        (pool if workers == 2 else here).map(fail_if_odd, range(5), labels=labels, progress=events.append)
    assert [label for label, _ in caught.value.failures] == ["glass 1", "glass 3"]
    assert [error.estimate for _, error in caught.value.failures] == [1, 3]
    assert "glass 3: NotConverged: sample of index 3" in str(caught.value)
    assert sorted(event.label for event in events if not event.failed) == ["glass 0", "glass 2", "glass 4"]
    assert [event.done for event in events] == [1, 2, 3, 4, 5]


def test_longest_sample_starts_first() -> None:
    events: list[Progress] = []
    with Workers(1) as here:
        result = here.map(fail_if_odd, [0, 2, 4], costs=[1.0, 3.0, 2.0], labels=list("abc"), progress=events.append)
    assert result == [0, 2, 4]
    assert [event.label for event in events] == ["b", "c", "a"]


def test_killed_worker_is_reported() -> None:
    with Workers(2) as workers, pytest.raises(SampleFailed, match="was killed"):
        workers.map(end_process, [0])


def test_interrupt_ends_the_workers_at_once() -> None:
    before = set(multiprocessing.active_children())
    with pytest.raises(KeyboardInterrupt), Workers(2) as workers:
        workers.map(process_number, [0.0])
        threading.Timer(0.2, os.kill, (os.getpid(), 2)).start()
        workers.map(process_number, [3600.0, 3600.0])
    assert set(multiprocessing.active_children()) <= before


def test_workers_of_a_killed_program_end(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_text("")
    program = multiprocessing.get_context("spawn").Process(target=hold_files, args=(paths,))
    program.start()
    while not all(path.read_text() for path in paths) and program.is_alive():
        time.sleep(0.02)
    program.kill()
    program.join()
    assert program.exitcode == -signal.SIGKILL
    for path in paths:
        with open(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # waits until the worker that holds it has ended


def test_number_of_workers_must_be_positive() -> None:
    with pytest.raises(InputError, match="workers = 0"):
        Workers(0)

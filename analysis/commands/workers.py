"""Who computes the samples of a verb: what the options ``--workers`` and ``--dask`` mean."""

from __future__ import annotations

from pathlib import Path

from analysis import terminal
from atomsim.ensemble import Mapper, Workers, available_cores
from atomsim.errors import InputError, nearest

LOCAL = "local"


def chosen_workers(workers: int | None, dask: str | None) -> Mapper:
    """Return those who compute, from what the user has typed; nothing starts yet.

    Args:
        workers: number of processes, as many as there are cores if None.
        dask: ``local``, the address of a scheduler, or a TOML file; processes without Dask if None.

    Raises:
        InputError: it is none of these, or the number of workers is not free.
    """
    if dask is None:
        return Workers(available_cores() if workers is None else workers)
    from atomsim.clusters import Scheduler, ThisMachine
    from atomsim.distributed import DaskWorkers

    if dask == LOCAL:
        place = ThisMachine(available_cores() if workers is None else workers)
        return DaskWorkers(place, report=terminal.remark)
    if workers is not None:
        raise InputError(f"--workers {workers}: --dask {dask} says how many there are; leave one of the two out")
    if "://" in dask:
        return DaskWorkers(Scheduler(dask), report=terminal.remark)
    if not dask.endswith(".toml"):
        raise InputError(
            f"--dask {dask}{nearest(dask, [LOCAL])}; expected 'local', an address as tcp://HOST:8786, or a file .toml"
        )
    from analysis.dask_config import read_dask_file

    return read_dask_file(Path(dask), report=terminal.remark)

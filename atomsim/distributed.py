"""Map a function over samples by the workers of a Dask cluster, with the results of a serial run, bit for bit.

Every sample is a task of its own which the scheduler hands to the next free worker, so workers that come later help
at once, and a lost worker costs the sample it was computing: another one computes it again. A sample that raises an
error fails for itself, as does one under which several workers were lost, and again when it was computed alone at the
end. Workers that could give other numbers, by another version, another kind of processor or several threads, are
refused by name.
"""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from atomsim.absent_workers import ClusterLost, Patience, watched
from atomsim.clusters import Place, Report, require
from atomsim.ensemble import Mapper, single_threaded
from atomsim.errors import InputError
from atomsim.provenance import library_versions


class WorkersLost(RuntimeError):
    """As many workers were lost under a sample as the scheduler allows."""


@dataclass(frozen=True)
class Demand:
    """What a worker must have to be given samples: versions by package, kind of processor, files by content."""

    versions: Mapping[str, str]
    processor: str | None
    files: Mapping[Path, bytes]


def processor_kind() -> str:
    """Return what compiled code depends on: the processor as the compiler sees it, and the kernels of the BLAS."""
    import scipy.linalg  # noqa: F401  (loads a second BLAS beside NumPy's; each chooses its kernels when loaded)
    from numba.core.registry import cpu_target

    _, name, _ = cpu_target.target_context.codegen().magic_tuple()
    kernels = {library["architecture"] for library in threadpool_info() if library["internal_api"] == "openblas"}
    return " ".join([name, *sorted(kernels)])


class DaskWorkers(Mapper):
    """The workers of a Dask cluster, connected to when the outermost block is entered."""

    def __init__(
        self,
        place: Place,
        *,
        any_processor: bool = False,
        report: Report | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Say where the workers are.

        Args:
            place: where.
            any_processor: take workers with other kinds of processors than this one; their results may differ in the
                last digits.
            report: called with a line about what goes wrong and ends nothing; from any thread.
            patience: how long samples wait for workers; the default where absent.
        """
        super().__init__()
        self.place = place
        self._any_processor = any_processor
        self._report = report
        self._patience = patience or Patience()
        self._given_up: ClusterLost | None = None
        self._client: Any = None
        self._demand = Demand({}, None, {})

    @property
    def client(self) -> Any:
        """The client of ``distributed``, within a block, for those who watch or change the cluster."""
        return self._client

    def count_workers(self) -> int:
        """Return how many workers there are or will be; a scheduler that runs already is asked.

        Raises:
            InputError: it does not answer.
        """
        return self.place.count_workers()

    def require_file(self, path: Path) -> None:
        """Say that every worker has to see a file of this program, with its present content.

        Args:
            path: the file.

        Raises:
            InputError: a worker does not.
        """
        files = {**self._demand.files, path.absolute(): path.read_bytes()}
        self._demand = replace(self._demand, files=files)
        self._check_workers()

    def _open(self, stack: ExitStack) -> None:
        self._client = stack.enter_context(self.place.connected(self._report))
        stack.callback(setattr, self, "_client", None)
        self._demand = Demand(library_versions(), None if self._any_processor else processor_kind(), {})
        self._check_workers()

    def _check_workers(self) -> None:
        """Refuse now the workers that would be refused with their first sample; who does not answer is asked then."""
        for address, found in self._client.run(_unfit, self._demand, on_error="return").items():
            reason = f"it has no package {found.name!r}" if isinstance(found, ModuleNotFoundError) else found
            if isinstance(reason, str) and reason:
                raise InputError(f"{self.place.name}: worker {address}: {reason}")

    def _run(self, function: Callable, items: Sequence, order: Sequence[int]) -> Generator[tuple[int, Any], None, None]:
        suspects = []
        for index, outcome in self._submit(function, items, order):
            if isinstance(outcome, WorkersLost):
                suspects.append(index)
            else:
                yield index, outcome
        for index in suspects:  # alone: a sample that waited beside the cause is not blamed
            yield from self._submit(function, items, [index])

    def _submit(
        self, function: Callable, items: Sequence, order: Sequence[int]
    ) -> Generator[tuple[int, Any], None, None]:
        distributed = require("distributed", extra="dask")
        pickle = distributed.protocol.pickle
        name = f"sample-{uuid.uuid4().hex}"
        keys = {f"{name}-{place:08d}": index for place, index in enumerate(order)}
        futures = self._client.map(
            _compute,
            [pickle.dumps((function, items[index], self._demand)) for index in order],
            key=list(keys),
            pure=False,
        )
        waiting = {future.key: future for future in futures}
        # Results are fetched as they are there: until then they are lost with their worker.
        ended = distributed.as_completed(futures, loop=self._client.loop, with_results=True, raise_errors=False)
        del futures

        def give_up(error: ClusterLost) -> None:
            self._given_up = error
            self._client.cancel(list(waiting.values()))

        report = self._report or (lambda line: None)
        try:
            with watched(self._client, self.place, self._patience, left=waiting, report=report, give_up=give_up):
                for future, result in ended:
                    yield keys[future.key], self._outcome(future, result, pickle)
                    del waiting[future.key]
        finally:
            if waiting and self._client.status == "running":
                self._client.cancel(list(waiting.values()))

    def _outcome(self, future: Any, result: Any, pickle: Any) -> Any:
        """Return the result or the error of a sample that has ended.

        Raises:
            ClusterLost: it was cancelled, as happens too when there were no workers for too long.
            InputError: the worker cannot be used.
        """
        if isinstance(result, bytes):
            kind, content = pickle.loads(result)
            if kind == "unfit":
                raise InputError(f"{self.place.name}: {content}")
            return content
        if future.status == "error":
            error = future.exception()
            if type(error).__name__ == "KilledWorker":
                return WorkersLost(
                    f"{error.allowed_failures + 1} workers were lost computing it alone (out of memory?)"
                )
            return error
        raise self._given_up or ClusterLost(
            f"{self.place.name}: gone, or someone has cancelled the samples; what others have computed is kept"
        )


def _compute(payload: bytes) -> bytes:
    """Compute one sample, in the process of a worker."""
    distributed = require("distributed", extra="dask")
    pickle, worker = distributed.protocol.pickle, distributed.get_worker()
    function, item, demand = pickle.loads(payload)
    reason = _unfit(demand, worker)
    if reason:
        return pickle.dumps(("unfit", f"worker {worker.address}: {reason}"))
    try:
        with single_threaded(loops=True):
            return pickle.dumps(("result", function(item)))
    except Exception as error:
        return pickle.dumps(("result", _portable(error, pickle)))


def _portable(error: Exception, pickle: Any) -> Exception:
    """Return the error with its traceback as a note, which travels, or its words if it cannot travel."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _unfit(demand: Demand, dask_worker: Any) -> str:
    """Return why a worker cannot be given samples, or nothing; runs there."""
    present = library_versions()
    other = [
        f"{name} {present.get(name)}, here {version}"
        for name, version in demand.versions.items()
        if present.get(name) != version
    ]
    if other:
        return f"it has other versions: {'; '.join(other)}"
    if dask_worker.state.nthreads != 1:
        return f"it runs {dask_worker.state.nthreads} samples in one process; start it with --nthreads 1"
    if demand.processor is not None and _own_processor() != demand.processor:
        return (
            f"its processor is of another kind ({_own_processor()}, here {demand.processor}), on which the last digits "
            "may differ"
        )
    for path, content in demand.files.items():
        if not path.is_file() or path.read_bytes() != content:
            return f"it does not see the present {path}; workers need the folder of the results"
    return ""


_own_processor = cache(processor_kind)

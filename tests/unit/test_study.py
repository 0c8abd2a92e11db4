"""The study runner on cheap stages: what is computed again, what is not, and what a kill leaves behind."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import fake_study
import h5py
import numpy as np
import pytest
from fake_study import FAILING, GLASS, MEAN, MODES, STAGES, fake_config, run_fake

from analysis.study import StudyFolder, StudyProgress, forecast, make_plan, run_study
from atomsim.ensemble import SampleFailed
from atomsim.errors import InputError
from atomsim.store import read_provenance, read_result


def numbers(path: Path) -> dict[str, bytes]:
    """Name and bytes of every dataset of a results file, the provenance left out."""
    found: dict[str, bytes] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith("provenance/"):
            found[name] = np.asarray(item[()]).tobytes() if item.dtype.kind != "O" else item[()]

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def stamps(out: Path) -> dict[str, int]:
    """Name and time of every cached result."""
    return {path.name: path.stat().st_mtime_ns for path in (out / "cache").glob("*.h5")}


def changed(out: Path, before: dict[str, int]) -> list[str]:
    """Stages of the cached results that are new or were written again."""
    return sorted({name.split("-")[0] for name, stamp in stamps(out).items() if before.get(name) != stamp})


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("reference")
    run_fake(fake_config(folder), folder / "out")
    return folder / "out"


def test_all_results_stand_in_one_file_with_units_and_provenance(reference: Path) -> None:
    config = fake_config(reference.parent)
    places = [task.place for task in make_plan(config, STAGES)]
    assert places[0] == "glass/N64/0000" and places[-1] == "mean" and len(places) == 11
    glass = read_result(reference / "results.h5", fake_study.Matrix, "glass/N128/0001")
    modes = read_result(reference / "results.h5", fake_study.Spectrum, "modes/N128/0001")
    shift = modes.values_m - np.linalg.eigvalsh(glass.values)
    assert np.ptp(shift) < 1e-10 < abs(shift[0])
    provenance = read_provenance(reference / "results.h5")
    assert json.loads(provenance.configuration) == config.as_dict()
    assert provenance.seed == "7"
    assert len(provenance.depends_on) == 11


def test_finished_study_computes_nothing_again(tmp_path: Path) -> None:
    config = fake_config(tmp_path)
    run_fake(config, tmp_path / "out")
    before = stamps(tmp_path / "out")
    results = run_study(config, tmp_path / "out", stages=STAGES)
    assert changed(tmp_path / "out", before) == []
    assert list(results)[-1] == "mean" and len(results) == 11 and results["mean"].largest.unit == "1"
    run_study(config, tmp_path / "out", stages=STAGES, resume=False)
    assert changed(tmp_path / "out", before) == ["glass", "mean", "modes"]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("study.name='other'", ["mean"]),
        ("glass.density=2.0", ["glass", "mean", "modes"]),
        ("study.seed=8", ["glass", "mean", "modes"]),
        ("glass.samples=[3, 1]", ["mean"]),
    ],
)
def test_changed_parameter_recomputes_only_what_depends_on_it(
    tmp_path: Path, override: str, expected: list[str]
) -> None:
    run_fake(fake_config(tmp_path), tmp_path / "out")
    before = stamps(tmp_path / "out")
    run_fake(fake_config(tmp_path, override), tmp_path / "out")
    assert changed(tmp_path / "out", before) == expected


def test_new_version_of_a_stage_recomputes_it_and_what_follows(tmp_path: Path) -> None:
    config = fake_config(tmp_path)
    run_fake(config, tmp_path / "out")
    before = stamps(tmp_path / "out")
    run_study(config, tmp_path / "out", stages=(GLASS, dataclasses.replace(MODES, version=2), MEAN))
    assert changed(tmp_path / "out", before) == ["mean", "modes"]


def test_more_samples_leave_the_others_as_they_are(tmp_path: Path, reference: Path) -> None:
    run_fake(fake_config(tmp_path, "glass.samples=[4, 2]"), tmp_path / "out")
    few, many = numbers(reference / "results.h5"), numbers(tmp_path / "out" / "results.h5")
    common = [name for name in few if not name.startswith("mean")]
    assert len(common) == 10 and all(few[name] == many[name] for name in common)


def test_results_of_a_study_do_not_depend_on_the_number_of_workers(tmp_path: Path, reference: Path) -> None:
    run_fake(fake_config(tmp_path), tmp_path / "out", workers=2)
    assert numbers(tmp_path / "out" / "results.h5") == numbers(reference / "results.h5")


def test_failing_sample_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    config = fake_config(tmp_path)
    with pytest.raises(SampleFailed, match=r"modes/N128/0001: NotConverged: the residual is 0\.5") as caught:
        run_study(config, tmp_path / "out", stages=FAILING)
    assert [label for label, _ in caught.value.failures] == ["modes/N128/0000", "modes/N128/0001"]
    assert len(stamps(tmp_path / "out")) == 8
    assert not (tmp_path / "out" / "results.h5").exists()
    before = stamps(tmp_path / "out")
    run_study(config, tmp_path / "out", stages=STAGES)
    assert len([name for name in before if stamps(tmp_path / "out")[name] == before[name]]) == 8


def test_progress_counts_the_work_to_its_end(tmp_path: Path) -> None:
    events: list[StudyProgress] = []
    run_study(fake_config(tmp_path), tmp_path / "out", stages=STAGES, progress=events.append)
    done = [event.done for event in events]
    assert len(events) == 11 and done == sorted(done) and done[0] > 0
    assert events[-1].done == pytest.approx(events[-1].total)
    assert [event.tasks_left for event in events] == list(range(10, -1, -1))


# --- interruption -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> multiprocessing.context.ForkServerContext:
    """Processes that start quickly because their parent has already imported the program."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fake_study"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # the server looks for what it preloads there
        first = context.Process(target=os.getpid)
        first.start()
        first.join()
    return context


def test_ten_kills_at_random_moments_change_no_number(
    tmp_path: Path, reference: Path, server: multiprocessing.context.ForkServerContext
) -> None:
    config = fake_config(tmp_path)
    rng = np.random.default_rng(11)
    left_behind, longest = [], 0.1
    while len(left_behind) < 10 or len(set(left_behind)) < 4:  # the kills fall on different moments of the work
        process = server.Process(target=run_fake, args=(config, tmp_path / "out"))
        process.start()
        time.sleep(rng.uniform(0.0, longest))
        process.kill()
        process.join()
        if process.exitcode == 0:  # it was faster than the kill: begin a new study
            for path in (tmp_path / "out" / "cache").iterdir():
                path.unlink()
            continue
        assert process.exitcode == -signal.SIGKILL
        left_behind.append(len(stamps(tmp_path / "out")))
        longest *= 1.1  # on a busy machine too, the work gets on
    before = stamps(tmp_path / "out")
    run_fake(config, tmp_path / "out")
    after = stamps(tmp_path / "out")
    assert all(after[name] == before[name] for name in before)
    assert numbers(tmp_path / "out" / "results.h5") == numbers(reference / "results.h5")
    assert not list(tmp_path.rglob("*.part"))


def hold(out: Path, ready: multiprocessing.connection.Connection) -> None:
    """Hold the folder of a study until killed."""
    with StudyFolder(out).locked():
        ready.send(os.getpid())
        time.sleep(3600)


def test_second_run_is_refused_until_the_first_has_ended(
    tmp_path: Path, server: multiprocessing.context.ForkServerContext
) -> None:
    out = tmp_path / "out"
    receiver, sender = server.Pipe(duplex=False)
    process = server.Process(target=hold, args=(out, sender))
    process.start()
    pid = receiver.recv()
    with pytest.raises(InputError, match=rf"{out}: another run \(process {pid}\) is writing"):
        run_fake(fake_config(tmp_path), out)
    assert stamps(out) == {}
    process.kill()
    process.join()
    run_fake(fake_config(tmp_path), out)
    assert len(stamps(out)) == 11


# --- folders that do not work -------------------------------------------------------------------------------


def test_output_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match=r"out: cannot be used as output folder"):
        run_fake(fake_config(tmp_path), tmp_path / "out")
    assert (tmp_path / "out").read_text() == "a file"


def test_read_only_output_folder_is_refused_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions do not bind root, so the operating system's answer is put in its mouth."""
    (tmp_path / "out" / "cache").mkdir(parents=True)
    config = fake_config(tmp_path)

    def refuse(path: Path, *args: object, **kwargs: object) -> None:
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "touch", refuse)
    monkeypatch.setattr(fake_study, "make_matrix", None)
    with pytest.raises(InputError, match=r"out.*cannot be written \(Read-only file system\)"):
        run_fake(config, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out" / "cache"]


def test_damaged_cache_is_named_with_the_way_out(tmp_path: Path) -> None:
    config = fake_config(tmp_path)
    run_fake(config, tmp_path / "out")
    victim = next((tmp_path / "out" / "cache").glob("modes-*.h5"))
    victim.write_bytes(victim.read_bytes()[:200])
    next((tmp_path / "out" / "cache").glob("mean-*.h5")).unlink()
    with pytest.raises(SampleFailed, match=f"{victim.name}: truncated, damaged.*remove this file and run again"):
        run_fake(config, tmp_path / "out")


# --- forecast -----------------------------------------------------------------------------------------------


def test_forecast_tells_what_is_there_and_writes_nothing(tmp_path: Path) -> None:
    config = fake_config(tmp_path)
    plan = forecast(config, tmp_path / "out", workers=2, stages=STAGES)
    assert not (tmp_path / "out").exists()
    assert [(stage.stage, stage.tasks, stage.cached) for stage in plan.stages] == [
        ("glass", 5, 0),
        ("modes", 5, 0),
        ("mean", 1, 0),
    ]
    # 2 x 0.128 s and 3 x 0.064 s on two workers: 0.128 + 0.064 + 0.064 beside 0.128 + 0.064.
    assert plan.stages[0].seconds == pytest.approx(0.256)
    assert plan.memory == 2 * 8e6
    assert "cost model" in plan.stages[0].basis


def test_forecast_learns_from_finished_tasks(tmp_path: Path) -> None:
    config = fake_config(tmp_path)
    run_fake(config, tmp_path / "out")
    before = stamps(tmp_path / "out")
    plan = forecast(fake_config(tmp_path, "study.name='other'"), tmp_path / "out", stages=STAGES)
    assert [stage.cached for stage in plan.stages] == [5, 5, 0]
    assert plan.stages[0].seconds == 0
    again = forecast(config, tmp_path / "out", resume=False, stages=STAGES)
    assert [stage.cached for stage in again.stages] == [0, 0, 0]
    measured = sum(read_provenance(path).wall_time["glass"] for path in (tmp_path / "out/cache").glob("glass-*.h5"))
    assert again.stages[0].seconds == pytest.approx(measured)
    assert "5 finished" in again.stages[0].basis
    assert stamps(tmp_path / "out") == before

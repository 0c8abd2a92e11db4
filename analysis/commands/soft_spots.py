"""The verb of soft spots: where a structure is likely to be soft, learned from the glasses of a study; and how well.

It parses, calls and prints like :mod:`analysis.cli`, which takes it up and turns its errors into an exit status.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis import terminal
from analysis.commands.common import AsJson, FigureFile, check_figure, print_json, write_figure
from analysis.learning.parameters import LearningParameters
from atomsim.errors import InputError

if TYPE_CHECKING:
    from analysis.learning.learn import LearningSummary
    from analysis.learning.scores import MethodScores
    from analysis.learning.spots import SoftSpots
    from atomsim.results import Estimate

DEFAULT = LearningParameters()
GROUPS_SHOWN, FEATURES_NAMED, SPOTS_SHOWN, ATOMS_SHOWN = 8, 4, 12, 12
verbs = typer.Typer()


@verbs.command("soft-spots")
def soft_spots(
    where: Annotated[
        str,
        typer.Argument(
            metavar="STRUCTURE|DIR",
            help="any file ASE reads, or our HDF5 (FILE or FILE:GROUP); or the folder of a finished study",
        ),
    ],
    potential: Annotated[
        str | None, typer.Option("--potential", help="named model: lerner-binary, ...; else that of the study")
    ] = None,
    train: Annotated[
        Path | None, typer.Option("--train", metavar="DIR", help="learn from the glasses of this finished study")
    ] = None,
    share: Annotated[float, typer.Option(help="softest atoms of each glass that count as soft")] = DEFAULT.soft_share,
    folds: Annotated[int, typer.Option(help="parts that the glasses are split into")] = DEFAULT.folds,
    seed: Annotated[int, typer.Option(help="of the permutations of the importance")] = 0,
    minimise: Annotated[bool, typer.Option("--minimise", help="move to the nearest minimum first")] = False,
    check: Annotated[bool, typer.Option("--check", help="compute the soft modes as well: the truth beside it")] = False,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Where soft modes sit, from the local structure at T = 0 alone, learned from other glasses.

    For a structure: the probability of each atom to be among the softest, and the spots that such atoms form. For the
    folder of a study: how well its glasses predict each other, beside the best single feature and a linear model.

    Example: atomsim soft-spots glass.h5 --train demo --check --figure spots.png

    Example: atomsim soft-spots demo --json
    """
    check_figure(figure)
    if seed < 0:
        raise InputError(f"--seed {seed}: expected 0 or more")
    parameters = LearningParameters(soft_share=share, folds=folds)
    if Path(where).is_dir():
        if train is not None or potential is not None or check or minimise:
            raise InputError(f"{where} is a folder: --train, --potential, --check and --minimise belong to a structure")
        _study(Path(where), parameters, seed, figure, as_json)
    else:
        if train is None:
            raise InputError("a structure needs --train DIR, the folder of a finished study to learn from")
        _structure(where, train, potential, parameters, figure, minimise=minimise, check=check, as_json=as_json)


def _progress(done: int, total: int) -> None:
    if done == total:
        terminal.remark(f"local structure of {total} glasses measured; the table [learning] of a study keeps it")


def _study(folder: Path, parameters: LearningParameters, seed: int, figure: Path | None, as_json: bool) -> None:
    import numpy as np

    from analysis.learning.learn import learn
    from analysis.study.learning_tables import open_tables

    _, tables, _ = open_tables(folder, progress=_progress)
    found = learn(tables, parameters, np.random.default_rng(seed))
    if as_json:
        print_json(summary_document(found))
    else:
        _show_study(found)
    if figure is not None:
        from analysis.plotting.learning import figure_learning

        write_figure(figure, figure_learning(found))


def _structure(
    where: str,
    train: Path,
    potential: str | None,
    parameters: LearningParameters,
    figure: Path | None,
    *,
    minimise: bool,
    check: bool,
    as_json: bool,
) -> None:
    from analysis.learning.softness import true_softness
    from analysis.learning.spots import predict_spots
    from analysis.measure import structure_of
    from analysis.study.learning_tables import open_tables

    study, tables, selection = open_tables(train, progress=_progress)
    glass = structure_of(where, potential or study.configuration["glass"]["potential"], minimise=minimise)
    found = predict_spots(glass, tables, parameters)
    n_modes = None
    if check:
        softness_n, n_modes = true_softness(glass, selection)
        found = found.with_truth(softness_n)
    for line in remarks(found):
        terminal.remark(line)
    if as_json:
        print_json(spots_document(found, n_modes))
    else:
        _show_spots(found, n_modes)
    if figure is not None:
        from analysis.plotting.learning import figure_spots

        write_figure(figure, figure_spots(glass, found))


def remarks(found: SoftSpots) -> list[str]:
    """Return what is to be said about a prediction.

    Args:
        found: the prediction.
    """
    lines = []
    if found.n_same:
        lines.append(f"the structure is a glass of the study: {found.n_same} left out of training")
    if found.extrapolates:
        lines.append(
            f"{100 * found.strange_share:.3g} % of the atoms lie beyond the range of all training glasses: the "
            "structure is of another kind (density, preparation), and the probabilities may be wrong"
        )
    return lines


def summary_document(found: LearningSummary) -> dict[str, Any]:
    """Return how well glasses predict each other, for JSON.

    Args:
        found: the summary.
    """
    calibration = found.calibration
    return {
        "n_glasses": found.n_glasses,
        "n_without_soft_modes": found.n_without,
        "n_atoms": found.n_atoms,
        "soft_share": found.soft_share,
        "folds": found.folds,
        "methods": {one.method: _scores(one) for one in found.methods},
        "gain_over_single_feature": found.gain.as_dict(),
        "trees_over_linear": found.trees_over_linear.as_dict(),
        "method_of_each_fold": list(found.preferred),
        "single_feature_of_each_fold": list(found.chosen),
        "calibration": {
            "predicted": calibration.predicted_b,
            "observed": calibration.observed_b,
            "error": calibration.error_b,
            "atoms": calibration.count_b,
            "mean_distance": calibration.calibration_error,
            "brier": calibration.brier.as_dict(),
            "brier_without_skill": calibration.brier_without_skill,
        },
        "importance": [{"features": list(one.names), "fall_of_auc": one.fall.as_dict()} for one in found.importance],
        "each_feature_alone": {one.name: one.auc.as_dict() for one in found.single},
        "soft_modes_of_each_glass": found.modes_g,
        "soft_spots_of_each_glass": found.spots_g,
    }


def _scores(one: MethodScores) -> dict[str, Any]:
    names = ("auc", "average_precision", "rank_correlation", "brier")
    return {name: getattr(one, name).as_dict() for name in names}


def spots_document(found: SoftSpots, n_modes: int | None) -> dict[str, Any]:
    """Return a prediction for one structure, for JSON.

    Args:
        found: the prediction.
        n_modes: soft modes of the structure, where they were computed.
    """
    document: dict[str, Any] = {
        "soft_share": found.soft_share,
        "method": found.method,
        "roc_area_in_training": found.training_area,
        "n_glasses": found.n_trained,
        "n_left_out": found.n_same,
        "strange_share": found.strange_share,
        "unit": {"position": "sigma", "softness": "sigma^2/epsilon", "probability": "1"},
        "probability": found.probability_n,
        "spots": [
            {
                "position": spot.centre_c,
                "atoms": spot.atoms,
                "expected_soft_atoms": spot.expected,
                "highest_probability": spot.highest,
                "soft_atoms": spot.truly_soft,
            }
            for spot in found.spots
        ],
        "remarks": remarks(found),
    }
    if found.scores is not None:
        scores = {name: value["value"] for name, value in _scores(found.scores).items()}
        document["check"] = {"n_modes": n_modes, **scores, "softness": found.softness_n}
    return document


def _pm(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} +- {estimate.error:.3f}"


def _show_study(found: LearningSummary) -> None:
    screen = terminal.standard_output()
    screen.print(
        f"{found.n_atoms} atoms of {found.n_glasses} glasses in {found.folds} parts ({found.n_without} glasses without "
        f"soft modes left out); soft: the softest {100 * found.soft_share:g} % of each glass"
    )
    columns: dict[str, list[Any]] = {"on unseen glasses": [one.method for one in found.methods]}
    for title, name in {
        "ROC area": "auc",
        "average precision": "average_precision",
        "rank correlation": "rank_correlation",
        "Brier": "brier",
    }.items():
        columns[title] = [_pm(getattr(one, name)) for one in found.methods]
    screen.print(terminal.column_table(columns))
    screen.print(
        f"{found.methods[-1].method} over the single feature: {_pm(found.gain)} of ROC area; trees over the linear "
        f"model: {_pm(found.trees_over_linear)}; single feature of the folds: {', '.join(dict.fromkeys(found.chosen))}"
    )
    calibration = found.calibration
    screen.print(
        f"probabilities: off by {calibration.calibration_error:.3f} on average; Brier "
        f"{_pm(calibration.brier)}, without skill {calibration.brier_without_skill:.3f}"
    )
    first = found.importance[:GROUPS_SHOWN]
    rows = {
        "features permuted together": [_named(one.names) for one in first],
        "fall of ROC area": [_pm(one.fall) for one in first],
    }
    screen.print(terminal.column_table(rows))
    screen.print(
        f"soft modes of a glass: {found.modes_g.mean():.3g} at {found.spots_g.mean():.3g} distinct places on average"
    )


def _named(names: tuple[str, ...]) -> str:
    more = f", {len(names) - FEATURES_NAMED} more" if len(names) > FEATURES_NAMED else ""
    return ", ".join(names[:FEATURES_NAMED]) + more


def _show_spots(found: SoftSpots, n_modes: int | None) -> None:
    screen = terminal.standard_output()
    shown = found.spots[:SPOTS_SHOWN]
    columns: dict[str, list[Any]] = {
        "centre [sigma]": [", ".join(f"{x:.2f}" for x in spot.centre_c) for spot in shown],
        "atoms": [len(spot.atoms) for spot in shown],
        "expected soft": [spot.expected for spot in shown],
        "highest probability": [spot.highest for spot in shown],
        "most probable atoms": [", ".join(map(str, spot.atoms[:ATOMS_SHOWN].tolist())) for spot in shown],
    }
    if found.scores is not None:
        columns["truly soft"] = [spot.truly_soft for spot in shown]
    screen.print(
        f"{found.method}, learned from {found.n_trained} glasses (ROC area {found.training_area:.3f} on those left out "
        f"in turn); soft: the softest {100 * found.soft_share:g} % of the atoms"
    )
    screen.print(terminal.column_table(columns))
    if len(found.spots) > SPOTS_SHOWN:
        screen.print(f"... {len(found.spots) - SPOTS_SHOWN} more; --json prints all")
    if found.scores is not None:
        one = found.scores
        screen.print(
            f"beside the {n_modes} soft modes of the structure: ROC area {one.auc.value:.3f}, average precision "
            f"{one.average_precision.value:.3f}, rank correlation {one.rank_correlation.value:.3f}, Brier "
            f"{one.brier.value:.4f} (without skill {found.soft_share * (1 - found.soft_share):.4f})"
        )

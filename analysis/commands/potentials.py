"""The verbs of soft potentials: their levels, their forms, and the stability of soft modes in the liquid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from analysis import terminal
from analysis.commands.common import AsJson, FigureFile, check_figure, print_json, write_figure

RATIOS_OF_THE_PAPER = (3.0, 5.0)

verbs = typer.Typer()


@verbs.command()
def levels(
    alpha: Annotated[float, typer.Option(help="quadratic coefficient")],
    beta: Annotated[float, typer.Option(help="cubic coefficient")] = 0.0,
    count: Annotated[int, typer.Option(help="how many levels")] = 6,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Levels of a soft potential alpha y^2 + beta y^3 + y^4 in units of W, and the splitting of the lowest two.

    Example: atomsim levels --alpha -20 --beta 0 --count 4 --json
    """
    from analysis.soft_potential.deep_wells import splitting
    from analysis.soft_potential.levels import levels as solve

    check_figure(figure)
    found, gap = solve(alpha, beta, count=count), splitting(alpha, beta)
    if figure is not None:
        from analysis.plotting.levels import plot_levels

        write_figure(figure, plot_levels(found).figure)
    if as_json:
        print_json({"alpha": alpha, "beta": beta, "levels": found.energy_m, "splitting": gap})
        return
    screen = terminal.standard_output()
    screen.print(f"energies above the potential at y = 0, in units of W; error {found.error:.1e}")
    screen.print(terminal.column_table({"level": list(range(1, count + 1)), "energy": found.energy_m.tolist()}))
    screen.print(f"splitting of the lowest two: {gap:.8g}")


@verbs.command()
def stability(
    ratio: Annotated[float, typer.Option(help="energy of distortion over k_B T, one at least")] = 5.0,
    points: Annotated[int, typer.Option(help="points of the curve")] = 200,
    against: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="finished study of liquids quenched from one temperature; repeatable"),
    ] = None,
    quartic: Annotated[
        str, typer.Option(help="fourth derivative of their modes: relaxed (hard modes follow) or bare")
    ] = "relaxed",
    omega_c: Annotated[
        float | None, typer.Option(help="omega of unsoftened modes; else the lowest maximum of their spectrum")
    ] = None,
    materials: Annotated[bool, typer.Option("--materials", help="and N_s a^2, eps_0, W of real glasses")] = False,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Energy of stable soft modes against their restoring force in the undercooled liquid, for any ratio.

    Example: atomsim stability --ratio 5 --json

    Example: atomsim stability --against quench/T0.5 --against quench/T1 --quartic bare --figure stability.svg
    """
    from analysis.commands import stability as measured
    from analysis.plotting.stability import figure_stability_test, plot_stability
    from analysis.thermal.stability import stability_curve

    check_figure(figure)
    curve = stability_curve(ratio, points=points)
    test = measured.measured_stability(against, omega_c=omega_c, quartic=quartic) if against else None
    if figure is not None:
        others = [stability_curve(r) for r in RATIOS_OF_THE_PAPER if r != ratio]
        write_figure(figure, figure_stability_test(test) if test else plot_stability([curve, *others]).figure)
    if as_json:
        document: dict[str, Any] = {"ratio": curve.ratio, "eta": curve.eta, "epsilon_over_epsilon_m": curve.energy}
        document |= measured.measured_stability_document(test) if test else {}
        document |= {"materials": measured.participation_document()} if materials else {}
        print_json(document)
        return
    if materials:
        measured.show_participation()
    if test is not None:
        measured.show_measured_stability(test)
        return
    screen = terminal.standard_output()
    screen.print(f"eps_m/k_B T = {curve.ratio:g}: eta_1 = {curve.eta_1:.5g}, eta_2 = {curve.eta_2:.5g}")
    rows = slice(None, None, max(1, points // 20))
    screen.print(terminal.column_table({"eta": curve.eta[rows].tolist(), "eps/eps_m": curve.energy[rows].tolist()}))


@verbs.command()
def landscape(
    study: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="finished study whose potentials are shown")
    ] = None,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Forms of soft potentials in the plane of (alpha, beta), their level gaps, and those of a simulated glass.

    Example: atomsim landscape demo --figure landscape.svg
    """
    from analysis.commands import landscape as plane

    check_figure(figure)
    cloud = None if study is None else plane.cloud_of(study)
    points = plane.level_points()
    document = plane.landscape_document(points, cloud)
    if figure is not None:
        from analysis.plotting.landscape import plot_landscape

        write_figure(figure, plot_landscape(cloud, points=points).figure)
    if as_json:
        print_json(document)
    else:
        plane.show_landscape(document)

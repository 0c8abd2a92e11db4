"""The picture of the plane of soft potentials: its curves, sketches and arrows mean what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_study import tiny_study

from analysis.commands import landscape as cli_landscape
from analysis.documents import as_json
from analysis.plotting import landscape
from analysis.plotting.landscape import MAPPED, SKETCHES, plot_landscape, table_landscape
from analysis.plotting.style import as_svg
from analysis.soft_potential.landscape import Region, classify, images, is_double_well, potential_energy
from analysis.soft_potential.landscape_points import StationaryGap
from analysis.soft_potential.tunnelling import Kind, find_tunnelling_systems
from atomsim.errors import IllPosedFit

POINTS = (StationaryGap(0.0, 1.89441, 2.18213, "saddle"), StationaryGap(-3.956847, 0.0, 3.65112, "minimum"))


def named(axes):
    """Lines and patches of the legend by their label."""
    handles, labels = axes.get_legend_handles_labels()
    return dict(zip(labels, handles, strict=True))


def test_landscape_shows_regions_and_their_boundaries():
    axes = plot_landscape(points=POINTS)
    marks = named(axes)
    for label, factor in ((r"$\beta^2 = 32\alpha/9$: inflection", 9 / 32), (r"$\beta^2 = 4\alpha$", 1 / 4)):
        (line,) = [mark for name, mark in marks.items() if name.startswith(label)]
        alpha, beta = line.get_data()
        np.testing.assert_allclose(alpha, factor * beta**2, rtol=1e-12)
    # Each coloured part holds the potentials that its name says, and together they fill the plane.
    regions = {
        "one well": (Region.SINGLE_WELL,),
        "two wells, origin in the lower": (Region.LOWER_MINIMUM,),
        "two wells, origin in the upper": (Region.UPPER_MINIMUM,),
        "two wells, origin the maximum": (Region.MAXIMUM,),
    }
    rng = np.random.default_rng(1)
    plane = np.column_stack([rng.uniform(-7, 11, 3000), rng.uniform(-7, 7, 3000)])
    inside = {name: marks[name].get_paths()[0].contains_points(plane) for name in regions}
    found = np.array([classify(*point) for point in plane], dtype=object)
    for name, allowed in regions.items():
        # Polygons approach the parabolas: a few points at the border may fall to the neighbour.
        assert np.mean(inside[name] == np.isin(found, allowed)) > 0.998, name
        assert inside[name].any()
    assert np.mean(sum(inside.values()) == 1) > 0.998


def test_marks_of_level_gaps_stand_at_both_mirror_images():
    axes = plot_landscape(points=POINTS)
    drawn = {(float(x), float(y)) for line in axes.lines for x, y in [line.get_data()] if np.size(x) == 1
             for x, y in [(np.ravel(x)[0], np.ravel(y)[0])]}  # fmt: skip
    assert {(0.0, 1.89441), (0.0, -1.89441), (-3.956847, 0.0)} <= drawn
    assert {text.get_text() for text in axes.texts} >= {"2.18", "3.65"}


@pytest.mark.parametrize("start", MAPPED)
def test_arrows_lead_to_the_same_potential(start):
    axes = plot_landscape()
    # The tip may be drawn anywhere in the plane, but the potential there is the same: equal depths of both wells.
    tips = [text.xy for text in axes.texts if text.arrow_patch is not None and text.xyann == start]
    assert len(tips) == 2
    y = np.linspace(-6, 6, 240001)
    height = np.ptp(potential_energy(y, *start)[np.abs(y) < 2.5])
    for tip in tips:
        assert is_double_well(*tip)
        assert any(np.allclose(tip, pair) for pair in zip(*map(np.ravel, images(*start)), strict=True))
    assert height > 0


def test_every_form_of_potential_has_a_sketch():
    axes = plot_landscape()
    assert len(axes.child_axes) == len(SKETCHES)
    forms = {classify(*place, tolerance=1e-2) for place, _ in SKETCHES}
    assert forms == set(Region) - {Region.QUARTIC}
    for inset, (place, _) in zip(axes.child_axes, SKETCHES, strict=True):
        y, energy = inset.lines[0].get_data()
        np.testing.assert_allclose(energy, potential_energy(y, *place))
        turns = np.sum(np.diff(np.sign(np.diff(energy))) > 0)
        if "double" in str(classify(*place, tolerance=1e-2)):
            assert turns == 2  # both minima are inside


def test_two_level_systems_of_both_types_stand_out_in_a_cloud():
    rng = np.random.default_rng(2)
    alpha, beta = rng.uniform(-9, 300, 200), rng.uniform(-40, 40, 200)
    image_alpha, image_beta = images(-8.0, 1e-5)  # both minima of a deep, nearly symmetric potential
    alpha, beta = np.append(alpha, [-8.0, *image_alpha]), np.append(beta, [1e-5, *image_beta])
    systems = find_tunnelling_systems(alpha, beta, largest_energy=0.5)
    axes = plot_landscape((alpha, beta), points=POINTS)
    marks = named(axes)
    for kind, place in ((Kind.TYPE_I, 200), (Kind.TYPE_II, 201), (Kind.TYPE_II, 202)):
        (mark,) = [m for name, m in marks.items() if name.startswith(f"two-level systems, {kind}:")]
        assert alpha[place] in mark.get_xdata()
    assert sum(len(mark.get_xdata()) for name, mark in marks.items() if "two-level" in name) == len(systems.index_s)
    assert axes.get_xlim()[1] > alpha.max() and axes.get_ylim()[0] < beta.min()
    assert as_svg(axes.figure).startswith("<svg")
    table = table_landscape((alpha, beta), points=POINTS)
    assert [row[0] for row in table.rows[-3:]] == ["type I", "type II", "type II"]
    assert len(table.rows) == 203 + len(POINTS)
    assert table.rows[-1][-1] == pytest.approx(table.rows[-2][-1], rel=1e-6)  # one potential, one gap


def test_empty_plane_needs_no_cloud():
    assert len(table_landscape().rows) == 0
    axes = plot_landscape()
    assert axes.get_xlim() == landscape.REACH_ALPHA and axes.get_ylim() == landscape.REACH_BETA


def test_landscape_is_printed_and_documented(monkeypatch, capsys):
    monkeypatch.setattr(cli_landscape, "open_study", lambda path: tiny_study())
    cloud = cli_landscape.cloud_of(Path("DIR"))
    np.testing.assert_array_equal(cloud[0], tiny_study().soft_potentials.alpha_m)
    with_system = tuple(np.append(x, y) for x, y in zip(cloud, (-8.0, 1e-5), strict=True))
    document = json.loads(as_json(cli_landscape.landscape_document(list(POINTS), with_system)))
    assert sum(document["regions"].values()) == len(with_system[0])
    assert [s["kind"] for s in document["two_level_systems"] if s["index"] == len(cloud[0])] == ["type I"]
    cli_landscape.show_landscape(document)
    printed = capsys.readouterr().out
    assert "saddle" in printed and "2.1821" in printed and "two-level systems below 0.5 W" in printed
    monkeypatch.setattr(cli_landscape, "open_study", lambda path: replace(tiny_study(), soft_potentials=None))
    with pytest.raises(IllPosedFit, match="DIR: no soft mode"):
        cli_landscape.cloud_of(Path("DIR"))

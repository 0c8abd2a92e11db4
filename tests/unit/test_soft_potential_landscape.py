"""The plane of soft potentials: images, frames, regions."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.soft_potential import landscape
from analysis.soft_potential.landscape import Region

ROUND_OFF = 1e-10
SEED = 20


def random_pairs(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(SEED)
    return rng.uniform(-6, 6, count), rng.uniform(-5, 5, count)


def test_images_preserve_the_shape_of_the_potential():
    alpha, beta = random_pairs()
    new_alpha, new_beta = landscape.images(alpha, beta)
    origin = landscape.stationary_points(alpha, beta)[:, 1:]
    exist = landscape.discriminant(alpha, beta) >= 0
    np.testing.assert_array_equal(np.isfinite(new_alpha).all(axis=1), exist)
    assert 50 < exist.sum() < 350
    for y in (-1.7, 0.3, 2.1):
        moved = landscape.potential_energy(y, new_alpha, new_beta) + landscape.potential_energy(
            origin, alpha[:, None], beta[:, None]
        )
        there = landscape.potential_energy(origin + y, alpha[:, None], beta[:, None])
        np.testing.assert_allclose(moved[exist], there[exist], atol=1e-9)


def test_image_of_an_image_leads_back():
    alpha, beta = (x[0] for x in random_pairs(1))
    alpha, beta = -abs(alpha), beta  # a double well: three images
    found = {(round(float(alpha), 8), round(float(beta), 8))}
    for a, b in zip(*landscape.images(alpha, beta), strict=True):
        found |= {(round(float(x), 8), round(float(y), 8)) for x, y in zip(*landscape.images(a, b), strict=True)}
        found.add((round(float(a), 8), round(float(b), 8)))
    assert len(found) == 3


def test_cubic_free_frame_is_the_same_potential():
    alpha, beta = random_pairs()
    D1, D2, constant = landscape.to_cubic_free(alpha, beta)
    for y in (-2.0, 0.4, 1.3):
        x = y + beta / 4
        np.testing.assert_allclose(
            D1 * x + D2 * x**2 + x**4 + constant, landscape.potential_energy(y, alpha, beta), atol=1e-9
        )


def test_images_share_the_cubic_free_frame():
    alpha, beta = random_pairs()
    D1, D2, _ = landscape.to_cubic_free(alpha, beta)
    images_D1, images_D2, _ = landscape.to_cubic_free(*landscape.images(alpha, beta))
    exist = np.isfinite(images_D1[:, 0])
    np.testing.assert_allclose(images_D1[exist], np.stack([D1, D1], 1)[exist], atol=1e-9)
    np.testing.assert_allclose(images_D2[exist], np.stack([D2, D2], 1)[exist], atol=1e-9)


def test_mirror_image_changes_the_sign_of_the_field_only():
    alpha, beta = random_pairs()
    D1, D2, _ = landscape.to_cubic_free(alpha, beta)
    mirrored_D1, mirrored_D2, _ = landscape.to_cubic_free(*landscape.mirror_image(alpha, beta))
    np.testing.assert_allclose(mirrored_D1, -D1, rtol=ROUND_OFF)
    np.testing.assert_allclose(mirrored_D2, D2, rtol=ROUND_OFF)


@pytest.mark.parametrize(
    ("D1", "D2"),
    [(0.7, -3.0), (-0.7, -3.0), (0.0, -2.0), (5.0, -1.0), (-5.0, 2.0), (0.0, 3.0), (0.0, 0.0), (1e-9, 4.0)],
)
def test_every_potential_has_as_many_images_as_stationary_points(D1, D2):
    alpha, beta = landscape.from_cubic_free(D1, D2)
    slopes = np.roots([4.0, 0.0, 2 * D2, D1])
    real = np.unique(np.round(slopes[np.abs(slopes.imag) < 1e-5].real, 4) + 0.0)
    assert len(alpha) == len(real)
    assert landscape.count_images(D1, D2) == len(real)
    back_D1, back_D2, _ = landscape.to_cubic_free(alpha, beta)
    np.testing.assert_allclose(back_D1, D1, atol=1e-7)
    np.testing.assert_allclose(back_D2, D2, atol=1e-7)


def test_potential_with_an_inflection_has_two_images():
    assert landscape.count_images(8.0, -6.0) == 2  # 8 * 216 = 27 * 64
    assert landscape.count_images(0.0, 0.0) == 1
    alpha, _ = landscape.from_cubic_free(8.0, -6.0)
    np.testing.assert_allclose(np.sort(alpha), [0.0, 18.0], atol=1e-12)


def test_jacobian_of_the_frame_is_half_the_curvature():
    alpha, beta = random_pairs(50)
    h = 1e-5
    columns = []
    for da, db in ((h, 0), (0, h)):
        up = landscape.to_cubic_free(alpha + da, beta + db)
        down = landscape.to_cubic_free(alpha - da, beta - db)
        columns.append([(up[k] - down[k]) / (2 * h) for k in (0, 1)])
    (a, b), (c, d) = columns
    np.testing.assert_allclose(np.abs(a * d - b * c), landscape.frame_jacobian(alpha), atol=1e-8)


def test_lower_minimum_is_the_lowest_stationary_point():
    alpha, beta = random_pairs()
    points = landscape.stationary_points(alpha, beta)
    energies = landscape.potential_energy(points, alpha[:, None], beta[:, None])
    lowest = np.nanargmin(energies, axis=1)
    np.testing.assert_array_equal(lowest == 0, landscape.is_lower_minimum(alpha, beta))
    y = points[np.arange(len(alpha)), lowest]
    curvature = alpha + 3 * beta * y + 6 * y**2
    np.testing.assert_allclose(landscape.lower_minimum_curvature(alpha, beta), curvature, atol=1e-9)


def counted_region(alpha: float, beta: float) -> tuple[int, str]:
    """Number of minima, and what the origin is, from the roots of the slope."""
    roots = [0.0, *np.roots([4.0, 3 * beta, 2 * alpha])]
    points = [float(np.real(r)) for r in roots if abs(np.imag(r)) < 1e-12]
    minima = [y for y in points if 2 * alpha + 6 * beta * y + 12 * y * y > 0]
    if alpha < 0:
        return len(minima), "maximum"
    here = 0.0
    energies = [y**2 * (alpha + beta * y + y**2) for y in minima]
    return len(minima), "lower" if here <= min(energies) else "upper"


def test_classification_agrees_with_the_counted_minima():
    expected = {
        Region.SINGLE_WELL: (1, "lower"),
        Region.LOWER_MINIMUM: (2, "lower"),
        Region.UPPER_MINIMUM: (2, "upper"),
        Region.MAXIMUM: (2, "maximum"),
    }
    alpha, beta = random_pairs(4000)
    alpha = np.where(np.arange(4000) % 2, alpha, np.abs(beta) ** 2 * (0.2 + 0.12 * np.abs(alpha) / 6))
    seen = set()
    for a, b in zip(alpha, beta, strict=True):
        region = landscape.classify(a, b)
        seen.add(region)
        assert counted_region(a, b) == expected[region]
        assert landscape.is_double_well(a, b) == (expected[region][0] == 2)
    assert seen == set(expected)


@pytest.mark.parametrize(
    ("alpha", "beta", "region"),
    [
        (9.0, np.sqrt(32.0), Region.INFLECTION_BESIDE),
        (1.0, 2.0, Region.SYMMETRIC_MINIMUM),
        (0.0, -1.5, Region.INFLECTION_AT_ORIGIN),
        (-2.0, 0.0, Region.SYMMETRIC_MAXIMUM),
        (0.0, 0.0, Region.QUARTIC),
        (3.0, 0.0, Region.SINGLE_WELL),
    ],
)
def test_classification_on_the_boundaries(alpha, beta, region):
    assert landscape.classify(alpha, beta, tolerance=1e-12) is region
    assert landscape.classify(alpha, -beta, tolerance=1e-12) is region


def test_symmetric_double_wells_have_the_stated_barriers():
    beta = 1.7
    assert landscape.potential_energy(-beta / 4, beta**2 / 4, beta) == pytest.approx(beta**4 / 256)
    assert landscape.potential_energy(-beta / 2, beta**2 / 4, beta) == pytest.approx(0, abs=1e-14)
    alpha = -2.3
    assert landscape.potential_energy(np.sqrt(-alpha / 2), alpha, 0.0) == pytest.approx(-(alpha**2) / 4)

"""Errors by resampling whole samples: modes of one glass are not independent, glasses are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from atomsim.errors import InputError
from atomsim.results import Array, IntArray

Statistic = Callable[[IntArray], Mapping[str, float]]


def bootstrap(statistic: Statistic, n_samples: int, rng: np.random.Generator, *, resamples: int) -> dict[str, Array]:
    """Return what a statistic becomes when the samples are drawn anew, with replacement.

    The statistic gets how often each sample was drawn; ones throughout give the estimate itself.

    Source: efron-1979 (bootstrap); test: test_bootstrap_error_of_a_mean_is_the_standard_error

    Args:
        statistic: from the number of times each sample counts to the named numbers.
        n_samples: number of independent samples.
        rng: source of randomness.
        resamples: how often to draw.

    Returns:
        for each name, one value per draw [unit of the statistic]; NaN where a draw does not allow one.

    Raises:
        InputError: no samples, or fewer than two draws.
    """
    if n_samples < 1 or resamples < 2:
        raise InputError(f"resampling needs a sample and two draws, got {n_samples} samples and {resamples} draws")
    counts_bg = rng.multinomial(n_samples, np.full(n_samples, 1 / n_samples), size=resamples).astype(np.int64)
    drawn = [statistic(counts_g) for counts_g in counts_bg]
    return {name: np.array([values[name] for values in drawn], dtype=float) for name in drawn[0]}


def bootstrap_error(replicates_b: Array, n_samples: int) -> float:
    """Return the standard error from the spread of the draws [unit of the statistic]; NaN for a single sample.

    The factor (n/(n-1))^{1/2} makes it exact for a mean. Draws without a value are left out; their share is for the
    caller to report.

    Source: efron-1979 (bootstrap); test: test_bootstrap_error_of_a_mean_is_the_standard_error

    Args:
        replicates_b: value of the statistic in each draw [unit of the statistic].
        n_samples: number of independent samples.
    """
    valid = replicates_b[np.isfinite(replicates_b)]
    if n_samples < 2 or len(valid) < 2:
        return float("nan")
    return float(np.std(valid) * np.sqrt(n_samples / (n_samples - 1)))

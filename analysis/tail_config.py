"""The table of a study that asks for the low-frequency tail of its spectra; off where it is absent."""

from __future__ import annotations

from pydantic import Field

from analysis.sections import Positive, Section

DEFAULT_FRACTION = 0.5  # an octave below the longest sound wave of the box, which disorder broadens
DEFAULT_RESAMPLES = 400
WIDEST = 1.5  # share of the lowest phonon: beyond, what is counted is sound


class TailSection(Section):
    """The tail of the spectra: exponent, lowest vibrations, amplitude, and distributions over the modes."""

    fraction: Positive = Field(
        DEFAULT_FRACTION,
        le=WIDEST,
        description="the tail ends at this share of the lowest transverse phonon of the box, averaged over glasses [-]",
    )
    resamples: int = Field(DEFAULT_RESAMPLES, ge=2, description="draws of glasses for the errors")

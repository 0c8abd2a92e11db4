"""What a publication is, for the lists of literature."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """One publication; ``str()`` of it is the citation in one line."""

    authors: str
    title: str
    where: str  # journal, volume, page; or the publisher of a book
    year: int | None
    doi: str = ""

    def __str__(self) -> str:
        """Return authors, title, journal, year and DOI in one line."""
        year = "" if self.year is None else f" ({self.year})"
        return f"{self.authors}, {self.title}, {self.where}{year}" + (f", doi:{self.doi}" if self.doi else "")

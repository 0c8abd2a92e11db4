"""The report of a study: one HTML file that holds everything it shows, with figures, tables and a summary beside it."""

from analysis.report.headlines import HEADLINES, Headline, HeadlineValue, headline_values, summary, write_summary
from analysis.report.page import build_report, write_report

__all__ = [
    "HEADLINES",
    "Headline",
    "HeadlineValue",
    "build_report",
    "headline_values",
    "summary",
    "write_report",
    "write_summary",
]

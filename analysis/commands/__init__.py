"""The verbs of the command line by subject, which :mod:`analysis.cli` takes up; they parse, call and print."""

"""Compiled loops on plain arrays; every one of them has a slow NumPy twin in the tests."""

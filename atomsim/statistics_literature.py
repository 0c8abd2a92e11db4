"""The literature of estimators, tests and errors, a part of :data:`atomsim.bibliography.BIBLIOGRAPHY`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from atomsim.reference import Reference

STATISTICS: Mapping[str, Reference] = MappingProxyType(
    {
        "hill-1975": Reference(
            "B. M. Hill",
            "A simple general approach to inference about the tail of a distribution",
            "Ann. Statist. 3, 1163",
            1975,
            "10.1214/aos/1176343247",
        ),
        "efron-1979": Reference(
            "B. Efron",
            "Bootstrap methods: another look at the jackknife",
            "Ann. Statist. 7, 1",
            1979,
            "10.1214/aos/1176344552",
        ),
        "cohen-1965": Reference(
            "A. C. Cohen",
            "Maximum likelihood estimation in the Weibull distribution based on complete and on censored samples",
            "Technometrics 7, 579",
            1965,
            "10.1080/00401706.1965.10490300",
        ),
        "anderson-darling-1954": Reference(
            "T. W. Anderson and D. A. Darling",
            "A test of goodness of fit",
            "J. Am. Stat. Assoc. 49, 765",
            1954,
            "10.1080/01621459.1954.10501232",
        ),
        "clauset-2009": Reference(
            "A. Clauset, C. R. Shalizi and M. E. J. Newman",
            "Power-law distributions in empirical data",
            "SIAM Rev. 51, 661",
            2009,
            "10.1137/070710111",
        ),
        "szekely-2007": Reference(
            "G. J. Székely, M. L. Rizzo and N. K. Bakirov",
            "Measuring and testing dependence by correlation of distances",
            "Ann. Statist. 35, 2769",
            2007,
            "10.1214/009053607000000505",
        ),
        "martin-betensky-2005": Reference(
            "E. C. Martin and R. A. Betensky",
            "Testing quasi-independence of failure and truncation times via conditional Kendall's tau",
            "J. Am. Stat. Assoc. 100, 484",
            2005,
            "10.1198/016214504000001538",
        ),
    }
)

"""Statistics on plain arrays: frozen results with interval, method, n, warnings and sentence.

Which function was checked against what (R and its packages, NIST, SPSS, or a computation of its own)
stands in ``resources/help/checked.md``, made from ``tests/conformance`` by ``packaging/checked.py``.
"""

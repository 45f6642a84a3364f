"""Say each figure beside its floor at the end of the run."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line for each benchmark that kept ``ours_ms``, ``floor_ms`` and ``goal_ms``, or ``told``."""
    session = getattr(config, "_benchmarksession", None)
    for found in getattr(session, "benchmarks", ()):
        info = found.extra_info
        if {"ours_ms", "floor_ms", "goal_ms"} <= info.keys():
            ours, floor = info["ours_ms"], info["floor_ms"]
            terminalreporter.write_line(
                f"{found.name}: {ours:.2f} ms, floor {floor:.2f} ms, ratio {ours / floor:.1f},"
                f" goal {info['goal_ms']:g} ms"
            )
        if "told" in info:
            terminalreporter.write_line(f"{found.name}: {info['told']}")

"""A frame of the coordinator's worklist while it scrolls: 1 000 cases by three readers and two rounds.

Run with ``--benchmark-enable``; otherwise it runs once as a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

import pytest
from PySide6.QtWidgets import QApplication
from pytest_benchmark.fixture import BenchmarkFixture

from app.domain.reading import Reader
from app.services.study import Column, Overview, Progress, State
from app.services.study_overview import CaseOverview
from app.ui.pages.long_list import LongList
from app.ui.present.overview import study_headers, study_rows
from app.ui.theme import DARK, apply

CASES, READERS, ROUNDS = 1000, 3, 2
FRAME_GOAL_MS = 16.0
STATES = (
    Progress(State.SIGNED_OFF, 5, "2026-11-22T08:41:27"),
    Progress(State.NOT_STARTED),
    Progress(State.OPEN, 3, "2026-11-22T08:41:27"),
    Progress(State.UNLOCKED, 5, "2026-11-22T08:41:27", unlocked="L3 and L4 exchanged"),
    Progress(State.WAITING, due_utc="2026-12-01T00:00"),
)


@pytest.fixture
def listed(qapp: QApplication) -> Iterator[LongList]:
    """The list as large as a screen of 1920 x 1080 shows it."""
    apply(qapp, DARK)
    columns = [Column(Reader(r, f"R{r}"), n, CASES, 0, 0) for n in (1, 2) for r in range(READERS)]
    states = cycle(STATES)
    cases = [
        CaseOverview(one, f"C{one:04}", False, tuple(next(states) for _ in columns)) for one in range(CASES)
    ]
    overview = Overview(tuple(columns), tuple(cases), ())
    view = LongList((), "cases")
    headers = study_headers(overview)
    view.lines.show_columns(headers, headers, study_rows(overview))
    view.use_widths([150] * len(headers))
    view.resize(1560, 930)
    view.show()
    qapp.processEvents()
    yield view
    view.close()
    view.deleteLater()


def test_a_frame_of_a_list_that_scrolls(benchmark: BenchmarkFixture, listed: LongList) -> None:
    bar = listed.verticalScrollBar()

    def frame() -> None:
        bar.setValue((bar.value() + 84) % bar.maximum())
        QApplication.processEvents()

    benchmark.pedantic(frame, rounds=200, warmup_rounds=5)
    assert listed.sieve.rowCount() == CASES
    if benchmark.stats is not None:
        benchmark.extra_info.update(ours_ms=benchmark.stats.stats.median * 1000, goal_ms=FRAME_GOAL_MS)

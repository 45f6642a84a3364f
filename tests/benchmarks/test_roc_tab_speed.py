"""How long each view of the ROC tab computes for the reference study, beside the fit of its largest model.

Run with ``--benchmark-enable``; otherwise each runs once as a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from app.domain.maps import MEASURED
from app.services.gather import Gathered, gather
from app.services.open_session import last_viewer
from app.services.reference_cohort import make_reference_session
from app.services.selection import Selection
from app.services.study_data import Study, make_study
from app.stats.newton import logistic_fit
from app.ui.tabs.content import Panel, Tab
from app.ui.tabs.panel import finish_tab, tab_panel
from app.ui.tabs.roc_words import VIEWS

ESTIMATES_GOAL_MS, BOOTSTRAP_GOAL_MS = 50.0, 300.0
_REPLICATES = 2000
_FOLLOWING = ("curves", "compare", "model")


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathered]:
    session = make_reference_session(tmp_path_factory.mktemp("roc") / "study.marrow")
    yield gather(session, last_viewer(session))
    session.close()


def _study(gathered: Gathered, view: str) -> Study:
    return make_study(gathered, Selection().with_option("roc.view", view))


def _best_ms(function: Callable[[], object], rounds: int = 20) -> float:
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return min(found) * 1000


def _tell(benchmark: BenchmarkFixture, floor: Callable[[], object], goal: float) -> None:
    """Keep the best time with its floor; they are said at the end of the run."""
    if benchmark.stats is not None:
        ours, least = benchmark.stats.stats.min * 1000, _best_ms(floor)
        benchmark.extra_info.update(ours_ms=ours, floor_ms=least, ratio=ours / least, goal_ms=goal)


def _largest_fit(study: Study) -> Callable[[], object]:
    columns = [*(study.cohort.values[one] for one in MEASURED), study.cohort.age]
    design = np.stack(columns, axis=1)
    return lambda: logistic_fit(design, study.cohort.positive)


def _draws() -> object:
    """What no bootstrap gets around: to draw the patients and to count them."""
    drawn = np.random.default_rng(1).integers(120, size=(_REPLICATES, 120))
    drawn += 120 * np.arange(_REPLICATES)[:, np.newaxis]
    return np.bincount(drawn.ravel(), minlength=120 * _REPLICATES)


@pytest.mark.parametrize("view", VIEWS)
def test_the_estimates_of_a_view(benchmark: BenchmarkFixture, gathered: Gathered, view: str) -> None:
    study = _study(gathered, view)

    def panel() -> Panel:
        return tab_panel(study, Tab.ROC)

    assert benchmark.pedantic(panel, rounds=15, warmup_rounds=2).beside[0].rows
    _tell(benchmark, _largest_fit(study), ESTIMATES_GOAL_MS)


@pytest.mark.parametrize("view", _FOLLOWING)
def test_the_bootstrap_of_a_view(benchmark: BenchmarkFixture, gathered: Gathered, view: str) -> None:
    study = _study(gathered, view)
    before = tab_panel(study, Tab.ROC)
    assert before.unfinished

    def panel() -> Panel:
        return finish_tab(study, Tab.ROC, before)

    assert not benchmark.pedantic(panel, rounds=6, warmup_rounds=1).unfinished
    _tell(benchmark, _draws, BOOTSTRAP_GOAL_MS)

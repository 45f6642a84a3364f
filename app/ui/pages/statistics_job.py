"""The work behind the Statistics page: read the session once, then make one tab of one selection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.domain.progress import Progress
from app.domain.reading import Viewer
from app.services.open_session import Session
from app.services.selection import Selection
from app.ui.tabs.content import Bar, Panel, Tab

if TYPE_CHECKING:
    from app.services.study_data import Gathered, Study

STEPS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A tab, and what the next one is made from without asking the session again.

    Attributes
    ----------
    gathered : Gathered
        Everything the statistics need of the session, as it was read.
    study : Study
        Of the selection.
    selection : Selection
        What was asked for.
    tab : Tab
        Which tab.
    bar : Bar
        What the selection bar shows.
    panel : Panel
        What the tab shows.
    """

    gathered: Gathered
    study: Study
    selection: Selection
    tab: Tab
    bar: Bar
    panel: Panel


def make_panel(
    session: Session,
    viewer: Viewer,
    before: Study | None,
    selection: Selection,
    tab: Tab,
    progress: Progress,
) -> Answer:
    """Make a tab; runs outside the window's thread.

    Parameters
    ----------
    session : Session
        The open session; read on a connection of its own.
    viewer : Viewer
        Who asks.
    before : Study or None
        What an earlier run read and made, where nothing has changed since.
    selection : Selection
        What the statistics are about.
    tab : Tab
        Which tab.
    progress : Progress
        Told at each step.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds.
    InputError, StoreUnavailable
        As the analysis and the store say.
    """
    progress.report(0, STEPS)
    # scipy takes a third of a second to load: reading goes without it. Plots are not loaded here: pyqtgraph
    # goes through all of Qt, and doing so beside the window's own work crashes once in ten times.
    from app.services.study_data import gather, make_study  # noqa: PLC0415 - so the window need not wait
    from app.ui.tabs.panel import make_bar, tab_panel  # noqa: PLC0415 - as above

    progress.report(1, STEPS)
    if before is None:
        own = session.another()
        try:
            gathered = gather(own, viewer)
        finally:
            own.close()
    else:
        gathered = before.gathered
    study = make_study(gathered, selection, before=before)
    progress.report(2, STEPS)
    return Answer(gathered, study, selection, tab, make_bar(study), tab_panel(study, tab))


def finish_panel(answer: Answer, progress: Progress) -> Answer:
    """Fill in what takes longer: bootstrap figures, in the place of what stands for them."""
    from app.ui.tabs.panel import finish_tab  # noqa: PLC0415 - loaded by make_panel already

    progress.report(0, 1)
    return replace(answer, panel=finish_tab(answer.study, answer.tab, answer.panel))

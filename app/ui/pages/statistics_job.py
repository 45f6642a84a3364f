"""The work behind the Statistics page: load the libraries once, analyse, make everything that is shown."""

from __future__ import annotations

from app.domain.progress import Progress
from app.domain.reading import Viewer
from app.services.open_session import Session
from app.ui.pages.statistics_content import Report

STEPS = 3


def make_report(session: Session, viewer: Viewer, levels: str | None, progress: Progress) -> Report:
    """Analyse on a connection of its own; runs outside the window's thread.

    Parameters
    ----------
    session : Session
        The open session; only its place is used.
    viewer : Viewer
        Who asks.
    levels : str or None
        Levels of the patient mean; the protocol's where None.
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
    from app.services.analyse import analyse  # noqa: PLC0415 - loaded here, so the window need not wait
    from app.ui.present_statistics import report  # noqa: PLC0415 - as above

    progress.report(1, STEPS)
    own = session.another()
    try:
        analysis = analyse(own, viewer, levels=levels)
        mean_levels = own.protocol.mean_levels
    finally:
        own.close()
    progress.report(2, STEPS)
    return report(analysis, mean_levels=mean_levels)

"""Long use cases in the background, each on a connection of its own: import, clinical table, export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.domain.errors import Cancelled, InputError, StoreUnavailable
from app.domain.progress import Progress
from app.services.open_session import Session
from app.ui.jobs import Job
from app.ui.workspace import Workspace

if TYPE_CHECKING:
    # the DICOM library is loaded by the first survey, not by the start of the program
    from app.files.dicom.found import Refusal
    from app.files.dicom.wishes import Answer, SeriesKey, Wishes
    from app.services.import_exams import Pick
    from app.services.look_at_table import Look, Plan, Wish

Done = Callable[[Any], None]


class Tasks(QObject):
    """Runs one long task at a time on the workspace's session.

    Signals
    -------
    progressed : object, object
        Pieces done, and all pieces or None.
    ended
        No task runs any more.
    surveyed : object, object
        The paths that were looked at, and the Survey.
    table_seen : object
        The Look at a table.
    imported, joined, exported : object
        The ImportReport, the report of a table, the paths written.
    """

    progressed = Signal(object, object)
    ended = Signal()
    surveyed = Signal(object, object)
    imported = Signal(object)
    table_seen = Signal(object)
    joined = Signal(object)
    exported = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._job = Job(self)
        self._done: Done | None = None
        self._looking = self._cancelled = False
        self._job.progressed.connect(self.progressed)
        self._job.finished.connect(self._on_finished)
        self._job.failed.connect(self._on_failed)
        workspace.closing.connect(self.stop)

    def survey_import(self, paths: tuple[Path, ...], wishes: Wishes) -> bool:
        """Look at images that could be imported; a look under way is dropped.

        Parameters
        ----------
        paths : tuple of Path
            Folders, files or archives.
        wishes : Wishes
            What a person asked for beyond what the files say.

        Returns
        -------
        bool
            Whether it runs; otherwise the workspace has told why not.
        """

        def work(session: Session, progress: Progress) -> object:
            from app.services.survey_import import survey  # noqa: PLC0415 - as above

            return paths, survey(session, paths, progress, wishes)

        # nothing is written, but what cannot be imported need not be looked at
        return self._start(work, self._on_surveyed, writing=True, looking=True)

    def import_picks(
        self, picks: tuple[Pick, ...], answers: Mapping[SeriesKey, Answer], unused: tuple[Refusal, ...]
    ) -> bool:
        """Import exams and remember what was said of series.

        Parameters
        ----------
        picks : tuple of Pick
            The exams.
        answers : mapping of SeriesKey to Answer
            What was said.
        unused : tuple of Refusal
            Files that are not used, for the report.

        Returns
        -------
        bool
            As :meth:`survey_import`.
        """
        viewer = self._workspace.viewer

        def work(session: Session, progress: Progress) -> object:
            from app.services import import_exams  # noqa: PLC0415 - as above

            who = {"actor": viewer.reader.name} if viewer else {}
            report = import_exams.import_exams(session, picks, progress, **who)
            import_exams.remember_answers(session, answers)
            refused = {one.path: one for one in (*unused, *report.refused)}
            return replace(report, refused=tuple(refused[path] for path in sorted(refused)))

        return self._start(work, self._on_imported, writing=True)

    def look_at_table(self, wish: Wish, before: Look | None) -> bool:
        """Look at a table that could be imported; a look under way is dropped.

        Parameters
        ----------
        wish : Wish
            The file, and how it is to be taken.
        before : Look, optional
            An earlier look at it.

        Returns
        -------
        bool
            As :meth:`survey_import`.
        """
        viewer = self._workspace.viewer

        def work(session: Session, _: Progress) -> object:
            # loaded by the first table, not by the start of the program
            from app.services.look_at_table import look  # noqa: PLC0415

            return look(session, viewer, wish, before) if viewer else None

        return self._start(work, self.table_seen.emit, writing=True, looking=True)

    def take_table(self, plan: Plan) -> bool:
        """Import a table as it was looked at; as :meth:`survey_import`."""
        viewer = self._workspace.viewer

        def work(session: Session, _: Progress) -> object:
            from app.services.look_at_table import take  # noqa: PLC0415 - as above

            return take(session, viewer, plan) if viewer else None

        return self._start(work, self._on_joined, writing=True)

    def export(self, folder: Path) -> None:
        """Write the CSV files of the open session."""
        viewer = self._workspace.viewer

        def work(session: Session, _: Progress) -> object:
            from app.services.export import export  # noqa: PLC0415 - as above

            return export(session, viewer, folder) if viewer else ()

        self._start(work, self.exported.emit, writing=False)

    def cancel(self) -> None:
        """Ask the running task to stop."""
        self._cancelled = True
        self._job.cancel()

    def stop(self) -> None:
        """Stop and wait, before the session closes."""
        running = self._job.running
        self._job.wait()
        if running:
            self.ended.emit()

    @property
    def running(self) -> bool:
        """Whether a task runs."""
        return self._job.running

    def _start(
        self, work: Callable[[Session, Progress], object], done: Done, *, writing: bool, looking: bool = False
    ) -> bool:
        session = self._workspace.session
        if session is None:
            return False
        # only a look may take the place of another one
        if self._job.running and not (looking and self._looking):
            self._workspace.failed.emit(InputError("task.busy"))
            return False
        if writing and session.read_only:
            self._workspace.failed.emit(StoreUnavailable("store.read_only", file=session.name))
            return False

        def run(progress: Progress) -> object:
            own = session.another()
            try:
                return work(own, progress)
            finally:
                own.close()

        self._done, self._looking, self._cancelled = done, looking, False
        self.progressed.emit(0, None)
        self._job.start(run)
        return True

    def _on_finished(self, result: object) -> None:
        self.ended.emit()
        if self._done is not None:
            self._done(result)

    def _on_failed(self, problem: object) -> None:
        self.ended.emit()
        self._workspace.failed.emit(problem)

    def _on_surveyed(self, found: Any) -> None:
        if self._cancelled:
            # it was done before it heard that nobody waits for it
            self._workspace.failed.emit(Cancelled())
        else:
            self.surveyed.emit(*found)

    def _on_imported(self, report: Any) -> None:
        self._workspace.note(report.changed.what)
        if self._workspace.case is None:
            self._workspace.return_to_case()
        self.imported.emit(report)

    def _on_joined(self, report: Any) -> None:
        self._workspace.note(report.changed.what)
        self.joined.emit(report)

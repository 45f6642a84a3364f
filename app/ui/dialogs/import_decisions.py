"""What a hand does in the import dialog becomes decisions of the draft."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.domain.errors import AppError
from app.files.dicom.found import Confirmation
from app.files.dicom.wishes import Answer, Question, Rival
from app.services.case_codes import read_case_codes
from app.services.import_exams import remember_answers
from app.services.open_session import Session
from app.services.survey_import import SurveyedMap, SurveyedReference
from app.ui import present
from app.ui.import_draft import Draft
from app.ui.import_row import Kind, Row
from app.ui.present import text
from app.ui.present.import_unused import report_lines
from app.ui.present.imports import needs_unit
from app.ui.workspace import Workspace


class Decisions(QObject):
    """Changes a draft, or says why it cannot be changed so.

    Signals
    -------
    changed
        The draft is another one now.
    look_wanted
        It asks for something that only another look at the files can tell.
    said : str
        A sentence; empty when the last one holds no more.
    """

    changed = Signal()
    look_wanted = Signal()
    said = Signal(str)

    def __init__(self, workspace: Workspace, draft: Draft, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.draft = draft

    @property
    def who(self) -> str:
        """Who decides: the reader at hand."""
        viewer = self._workspace.viewer
        return viewer.reader.name if viewer else ""

    def tick(self, row: Row, on: bool) -> None:
        """Tick or untick a map, a reference series, an exam or all exams of a patient; choose a series."""
        if isinstance(row.subject, Rival):
            self.draft.choose(row.subject, on=on)
            self.look_wanted.emit()
            return
        if isinstance(row.subject, SurveyedMap):
            self.draft.tick_map(row.exam, row.subject.found.quantity, on=on)
        elif isinstance(row.subject, SurveyedReference):
            self.draft.tick_reference(row.exam, row.subject.found, on=on)
        else:
            for exam in row.children if row.kind is Kind.PATIENT else (row,):
                self.draft.tick_exam(exam.exam, on=on)
        self.changed.emit()

    def confirm(self, row: Row, confirmation: Confirmation) -> None:
        """Note a person's word on the scale of a map."""
        if isinstance(row.subject, SurveyedMap):
            quantity = row.subject.found.quantity
            self._try(lambda _: self.draft.confirm(row.exam, quantity, confirmation))

    def take_back(self, row: Row) -> None:
        """Forget a person's word on the scale of a map."""
        if isinstance(row.subject, SurveyedMap):
            self.draft.take_back(row.exam, row.subject.found.quantity)
            self.changed.emit()

    def wish(self, signal_ff: bool, resample: bool) -> None:
        """Ask for FF from signals, or for R2* to be resampled."""
        self.draft.signal_ff, self.draft.resample = signal_ff, resample
        self.look_wanted.emit()

    def answer(self, question: Question, shows: str, unit: str) -> None:
        """Say what a series shows; nothing said takes the answer back."""
        if shows:
            self.draft.answer(question, Answer(shows, unit, self.who))
        else:
            self.draft.forget(question)
        if needs_unit(question, shows) and not unit:
            # half an answer is no reason to look
            self.changed.emit()
        else:
            self.look_wanted.emit()

    def read_names(self, row: Row, charset: str) -> None:
        """Read the name of a patient in a character set; what was read shows at once."""
        self.draft.read_names([exam.exam for exam in row.children], charset)
        self.changed.emit()

    def keep_answers(self) -> bool:
        """Let the session remember what was said of series, though nothing is imported; whether it does."""

        def keep(session: Session) -> str:
            remember_answers(session, self.draft.new_answers)
            kept.append(True)
            return ""

        kept: list[bool] = []
        self._try(keep)
        return bool(kept)

    def name_case(self, key: str, code: str) -> None:
        """Give an exam a case code."""
        self._try(lambda session: self.draft.name_case(session, key, code))

    def take_codes(self, path: str) -> None:
        """Give exams the case codes of a table; where one of them cannot be, none is taken."""

        def take(session: Session) -> str:
            taken = self.draft.name_cases(session, read_case_codes(Path(path)))
            return text("images.codes_taken", count=taken)

        self._try(take)

    def save_report(self, path: str) -> None:
        """Write what was found as UTF-8; names and patient IDs stay out."""
        try:
            # a file's name may be no text at all
            told = "\n".join(report_lines(self.draft)) + "\n"
            Path(path).write_text(told, encoding="utf-8", errors="backslashreplace")
        except OSError:
            self.said.emit(text("import.not_saved", file=Path(path).name))

    def _try(self, step: Callable[[Session], str | None]) -> None:
        """Do what the rules may refuse."""
        if self._workspace.session is None:
            return
        try:
            said = step(self._workspace.session) or ""
        except AppError as problem:
            said = present.error_text(problem)
        self.said.emit(said)
        self.changed.emit()

"""What the panel asks: reasons, how levels were counted, a note. One question at a time, none in the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from app.domain.case_facts import Counted
from app.domain.errors import InputError
from app.domain.reasons import Reason
from app.ui import case_words, present, sentences
from app.ui.pages.asking import Choice, NoteLine
from app.ui.workspace import Workspace

# what a line of text does; False where it was refused and may be written again
Take = Callable[[str], bool]
_INCLUDE = "include"


class Asking(QObject):
    """The questions of the Read page.

    Parameters
    ----------
    workspace : Workspace
        What the answers go to.
    beside : mapping of str to QWidget
        Where each question opens: ``not_measurable``, ``counted``, ``patient``, ``note``.
    panel : QWidget
        Holds the line to write in.

    Signals
    -------
    done
        Nothing more is written: the keys may go back to the maps.
    """

    done = Signal()

    def __init__(self, workspace: Workspace, beside: Mapping[str, QWidget], panel: QWidget) -> None:
        super().__init__(panel)
        self._workspace = workspace
        self._beside = beside
        self._take: Take | None = None
        # the case and the words that the line was opened with
        self._of: int | None = None
        self._before = ""
        self.note = NoteLine(panel)
        self.note.hide()
        reasons = {reason: sentences.REASONS[reason] for reason in Reason}
        self.marking = Choice[Reason](reasons, panel)
        self.accepting = Choice[Reason](reasons, panel)
        again = {_INCLUDE: present.text("case.include_again")}
        self.excluding = Choice[Reason](reasons, panel)
        self.including = Choice[str](again, panel)
        self.counting = Choice[Counted]({one: present.text(f"counted.{one.value}") for one in Counted}, panel)
        self.marking.triggered.connect(self._on_mark)
        self.accepting.triggered.connect(self._on_accept)
        self.excluding.triggered.connect(self._on_exclude)
        self.including.triggered.connect(self._on_include)
        self.counting.triggered.connect(self._on_count)
        self.note.returnPressed.connect(self._on_written)
        self.note.left.connect(self.finish)
        workspace.closing.connect(self.finish)

    def ask(self, action: str) -> None:
        """Ask what an action of the table of keys asks."""
        self.finish()
        asks: dict[str, Callable[[], None]] = {
            "not_measurable": self.ask_mark,
            "accept": self.ask_accept,
            "counted": self.ask_count,
            "exclude_patient": self.ask_exclude,
            "note": self.ask_note,
        }
        asks[action]()

    def leave(self) -> None:
        """Ask nothing more; what was written is not taken."""
        self._take = None
        self.note.hide()

    def finish(self) -> None:
        """Take what is being written as Enter would: the hand went on without it."""
        take, words = self._take, self.note.text()
        # a question that nobody answered is gone; a note that was emptied is an answer
        answered = words != self._before
        self._take = None
        if take is not None and answered and not take(words):
            # refused, which is told: it stays to be written again
            self._take = take
        else:
            self.note.hide()

    def follow(self) -> None:
        """Go on asking of the same case; what was asked of another is asked no more."""
        case = self._workspace.case
        if self._take is not None and (
            not self._workspace.writable or case is None or case.exam.id != self._of
        ):
            self.leave()

    # -- asking ---------------------------------------------------------------------------------------

    def ask_mark(self) -> None:
        """Offer the reasons why the selected level cannot be measured."""
        level = self._workspace.selected
        if self._writable() and level is not None:
            title = present.text("case.mark_title", level=level.value)
            self.marking.ask(title, self._beside["not_measurable"])

    def ask_accept(self) -> None:
        """Offer the reasons why the selected level may stay as it is, where a rule speaks against it."""
        level, case = self._workspace.selected, self._workspace.case
        if not self._writable() or level is None or case is None:
            return
        if case.acceptable(level):
            title = present.text("case.accept_title", level=level.value)
            self.accepting.ask(title, self._beside["not_measurable"])
        else:
            self._workspace.failed.emit(InputError("accept.nothing", level=level.value))

    def ask_count(self) -> None:
        """Offer the ways of counting levels, on that of the case before."""
        case = self._workspace.case
        if self._writable() and case is not None:
            now = case.reading.facts.counted or self._workspace.usual_count
            self.counting.ask(present.text("case.count_title"), self._beside["counted"], now)

    def ask_exclude(self) -> None:
        """Offer the reasons to leave the patient out; of one who is left out, to take them in again."""
        case = self._workspace.case
        if not self._writable() or case is None:
            return
        excluded = case.reading.facts.excluded
        if excluded is None:
            self.excluding.ask(present.text("case.exclude_title"), self._beside["patient"])
        else:
            self.including.ask(present.text("case.patient"), self._beside["patient"])

    def ask_note(self) -> None:
        """Let the note of the case be written."""
        case = self._workspace.case
        if self._writable() and case is not None:
            self._write(present.text("case.note_ask"), self._note_case, case.reading.facts.note)

    def _writable(self) -> bool:
        """Whether the case takes an answer; why not, is told."""
        self._workspace.say_why_not()
        return self._workspace.writable

    def _write(self, question: str, take: Take, text: str = "") -> None:
        case = self._workspace.case
        self._take, self._before, self._of = take, text, case.exam.id if case else None
        self.note.ask(question, text)

    # -- answers --------------------------------------------------------------------------------------

    def _on_mark(self, action: QAction) -> None:
        reason = self.marking.chosen(action)
        if reason is Reason.OTHER:
            # of the level that was asked about: another one may be selected before the answer is taken
            take = partial(self._workspace.mark, reason, level=self._workspace.selected)
            self._write(present.text("read.note"), take)
        elif reason is not None:
            self._workspace.mark(reason)

    def _on_accept(self, action: QAction) -> None:
        reason, level = self.accepting.chosen(action), self._workspace.selected
        if reason is None or level is None:
            return
        if reason is Reason.OTHER:
            take = partial(case_words.accept_level, self._workspace, level, reason)
            self._write(present.text("case.why_accepted"), take)
        else:
            case_words.accept_level(self._workspace, level, reason)

    def _on_exclude(self, action: QAction) -> None:
        reason = self.excluding.chosen(action)
        if reason is Reason.OTHER:
            take = partial(case_words.exclude_patient, self._workspace, reason)
            self._write(present.text("case.why_excluded"), take)
        elif reason is not None:
            case_words.exclude_patient(self._workspace, reason)

    def _on_include(self, action: QAction) -> None:
        if self.including.chosen(action):
            case_words.include_patient(self._workspace)

    def _on_count(self, action: QAction) -> None:
        counted = self.counting.chosen(action)
        if counted is not None:
            case_words.say_counted(self._workspace, counted)

    def _note_case(self, words: str) -> bool:
        return case_words.write_note(self._workspace, words)

    def _on_written(self) -> None:
        # a refused answer stays there to be written again
        if self._take is not None and self._take(self.note.text()):
            self.leave()
            self.done.emit()

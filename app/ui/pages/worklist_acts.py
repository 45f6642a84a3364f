"""What a coordinator does from the worklist: each asks first, then does it, then says so."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from app.domain.errors import AppError
from app.domain.reading import Reader, Viewer
from app.services import study
from app.services.changed import Changed
from app.services.open_session import Session
from app.services.study import Overview
from app.services.study_rounds import StudyRound
from app.ui.coordination import Coordination, Step
from app.ui.dialogs.reassign import AssignDialog, ReassignDialog
from app.ui.dialogs.unlock import OfferDialog, UnlockDialog
from app.ui.present import text
from app.ui.present.overview import Chosen
from app.ui.theme import DARK


class StudyActs(QObject):
    """Opens the dialogs of the coordinator's worklist.

    Parameters
    ----------
    acts : Coordination
        Does what they decide.
    place : QWidget
        Where they belong.

    Signals
    -------
    said : str
        Something was done.
    """

    said = Signal(str)

    def __init__(self, acts: Coordination, place: QWidget) -> None:
        super().__init__(place)
        self._acts, self._place = acts, place
        self.theme = DARK

    def do(self, name: str, chosen: Chosen, overview: Overview) -> None:
        """Do something with one reader's case: one of :data:`app.ui.pages.worklist_side.ACTS`."""
        if name == "reassign":
            others = _others(chosen, overview)
            self._open(ReassignDialog(chosen, others, partial(self._give, chosen), self._window))
        elif name == "unlock":
            self._open(UnlockDialog(chosen, partial(self._unlock, chosen), self._window))
        elif name == "offer":
            self._open(OfferDialog(chosen, partial(self._offer, chosen), self._window))
        elif name == "assign":
            self._open(AssignDialog(chosen, partial(self._assign, chosen), self._window))
        elif name == "reference":
            self._use_as_reference(chosen)

    @property
    def _window(self) -> QWidget:
        return self._place.window()

    def _open(self, dialog: QDialog) -> None:
        dialog.open()

    def _act(self, step: Step, told: str) -> AppError | None:
        """Take a step, and say it was taken."""
        problem = self._acts.act(step)
        if problem is None:
            self.said.emit(told)
        return problem

    # -- one case -------------------------------------------------------------------------------------

    def _unlock(self, chosen: Chosen, reason: str) -> AppError | None:
        exam_id, reader, number = _place(chosen)
        return self._act(
            lambda session, viewer: study.unlock(session, viewer, exam_id, reader.id, number, reason),
            text("unlock.done", code=chosen.case.code, reader=reader.name),
        )

    def _give(self, chosen: Chosen, other: Reader | None, reason: str) -> AppError | None:
        exam_id, reader, number = _place(chosen)
        named = {"code": chosen.case.code, "reader": reader.name}
        if other is None:
            return self._act(
                lambda session, viewer: study.withdraw(session, viewer, exam_id, reader.id, number, reason),
                text("assign.done_nobody", **named),
            )
        return self._act(
            lambda session, viewer: study.reassign(
                session, viewer, exam_id, reader.id, other.id, number, reason
            ),
            text("assign.done", other=other.name, **named),
        )

    def _assign(self, chosen: Chosen, reason: str) -> AppError | None:
        exam_id, reader, number = _place(chosen)
        return self._act(
            lambda session, viewer: study.assign(session, viewer, exam_id, reader.id, number, reason),
            text("assign.done_new", code=chosen.case.code, reader=reader.name),
        )

    def _offer(self, chosen: Chosen, reason: str) -> AppError | None:
        _, reader, number = _place(chosen)
        return self._act(
            lambda session, viewer: study.offer_now(session, viewer, reader.id, number, reason),
            text("offer.done", reader=reader.name, round=number),
        )

    def _use_as_reference(self, chosen: Chosen) -> None:
        exam_id, reader, _ = _place(chosen)
        problem = self._act(
            lambda session, viewer: study.set_training_reference(session, viewer, exam_id, reader.id),
            text("worklist.reference_done", code=chosen.case.code, reader=reader.name),
        )
        if problem is not None:
            self._acts.workspace.failed.emit(problem)

    # -- the whole study ------------------------------------------------------------------------------

    def repeat(self, overview: Overview) -> None:
        """Ask how a repeat round is drawn, and start it."""
        from app.ui.dialogs.repeat_dialog import RepeatDialog  # noqa: PLC0415 - few sessions ask for it

        session = self._acts.workspace.session
        if session is not None:
            self._open(RepeatDialog(session.protocol, overview, self._start_repeat, self._window))

    def _start_repeat(self, share: float, days: int, seed: int | None, reason: str) -> AppError | None:
        begun: list[StudyRound] = []

        def step(session: Session, viewer: Viewer) -> Changed:
            one, changed = study.start_repeat(
                session, viewer, share=share, washout_days=days, seed=seed, override_reason=reason
            )
            begun.append(one)
            return changed

        problem = self._acts.act(step)
        for one in begun:
            code = "repeat.done_now" if reason else "repeat.done"
            self.said.emit(text(code, round=one.number, seed=one.seed, days=days))
        return problem

    def package(self, overview: Overview, chosen: int) -> None:
        """Ask for whom, say what it would hold, and write a package."""
        from app.ui.dialogs.package_dialog import PackageDialog  # noqa: PLC0415 - as above

        dialog = PackageDialog(self._acts, overview.columns, chosen, self._window)
        dialog.said.connect(self.said)
        self._open(dialog)

    def merge(self) -> None:
        """Show what a file would bring, and merge it; take merges back."""
        from app.ui.dialogs.merge_dialog import MergeDialog  # noqa: PLC0415 - as above

        dialog = MergeDialog(self._acts, self.theme, self._window)
        dialog.said.connect(self.said)
        self._open(dialog)

    def join(self) -> None:
        """Show what another centre would bring, and join it."""
        from app.ui.dialogs.join_dialog import JoinDialog  # noqa: PLC0415 - as above

        dialog = JoinDialog(self._acts, self.theme, self._window)
        dialog.said.connect(self.said)
        self._open(dialog)


def _place(chosen: Chosen) -> tuple[int, Reader, int]:
    return chosen.case.exam_id, chosen.column.reader, chosen.column.round


def _others(chosen: Chosen, overview: Overview) -> list[Reader]:
    """Who reads in the same round."""
    mine = chosen.column
    return [
        one.reader for one in overview.columns if one.round == mine.round and one.reader.id != mine.reader.id
    ]

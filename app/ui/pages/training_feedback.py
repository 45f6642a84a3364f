"""After a training case is signed off: the reader's own means beside those of the reference, quietly."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.domain.errors import AppError
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS
from app.services import study
from app.services.changed import What
from app.services.study_training import Feedback, FeedbackRow
from app.ui import present
from app.ui.cut import CutLabel
from app.ui.present import text
from app.ui.widgets import button, words
from app.ui.workspace import Workspace

_RIGHT = Qt.AlignmentFlag.AlignRight
_MARGIN = 8


class TrainingFeedback(QWidget):
    """A small table of means, level by level; not seen without a training case to speak of.

    Parameters
    ----------
    workspace : Workspace
        Who works here.

    Signals
    -------
    closed
        It was put away.
    """

    closed = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.title = words(role="section")
        self.title.setToolTip(text("feedback.title_tip"))
        self.told = words(text("feedback.none"), "quiet")
        self.told.setWordWrap(True)
        self.close_button = button("feedback.close", role="link", tip=text("feedback.close_tip"))
        self.close_button.setAccessibleName(text("feedback.close_tip"))
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.clicked.connect(self._on_close)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.close_button)
        self._table = QWidget()
        self._values: dict[tuple[str, Quantity], tuple[QLabel, QLabel]] = {}
        self._fill_table()
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 6, _MARGIN, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._table)
        column.addWidget(self.told)
        self.hide()

    def _fill_table(self) -> None:
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(1)
        for place, quantity in enumerate(MEASURED):
            grid.addWidget(CutLabel(present.short_title(quantity), "quiet"), 0, 1 + 2 * place, 1, 2, _RIGHT)
            for offset, code in enumerate(("feedback.own", "feedback.reference")):
                grid.addWidget(CutLabel(text(code), "quiet"), 1, 1 + 2 * place + offset, _RIGHT)
        for row, level in enumerate(LEVELS, start=2):
            grid.addWidget(words(level.value, "quiet"), row, 0)
            for place, quantity in enumerate(MEASURED):
                own, reference = words(), words(role="quiet")
                grid.addWidget(own, row, 1 + 2 * place, _RIGHT)
                grid.addWidget(reference, row, 2 + 2 * place, _RIGHT)
                self._values[level.value, quantity] = (own, reference)
        for column in range(1, 1 + 2 * len(MEASURED)):
            grid.setColumnStretch(column, 1)

    def follow(self, what: What) -> None:
        """Speak of the training case that was signed off just now; be silent once it is open again."""
        space = self._workspace
        if what & (What.SESSION | What.READERS):
            self.hide()
        signed = space.signed_off
        if not what & What.SIGN_OFF:
            return
        case = next((one for one in space.cases if signed and one.code == signed.code), None)
        if case is None or not case.training or not case.locked:
            self.hide()
        else:
            self.show_case(case.exam_id)

    def show_case(self, exam_id: int) -> bool:
        """Show a signed-off training case; False where there is nothing to show."""
        session, viewer = self._workspace.session, self._workspace.viewer
        if session is None or viewer is None:
            self.hide()
            return False
        try:
            feedback = study.training_feedback(session, viewer, exam_id)
        except AppError as problem:
            self.hide()
            self._workspace.failed.emit(problem)
            return False
        self._show(feedback)
        return True

    def _show(self, feedback: Feedback) -> None:
        self.title.setText(text("feedback.title", code=feedback.code))
        for labels in self._values.values():
            for label in labels:
                label.setText("")
                label.setToolTip("")
        for row in feedback.rows:
            own, reference = self._values[row.level.value, row.quantity]
            own.setText(_value(row.quantity, row.own))
            reference.setText(_value(row.quantity, row.reference))
            for label in (own, reference):
                label.setToolTip(_told(row))
        self._table.setVisible(bool(feedback.rows))
        self.told.setVisible(not feedback.rows)
        self.show()

    def _on_close(self) -> None:
        self.hide()
        self.closed.emit()


def _value(quantity: Quantity, value: float | None) -> str:
    """A mean in short; where the pointer rests it is told whole."""
    if value is None:
        return present.DASH
    return text("feedback.ff" if quantity is Quantity.FF else "feedback.r2star", value=value)


def _told(row: FeedbackRow) -> str:
    apart = row.difference
    return text(
        "feedback.difference",
        level=row.level.value,
        quantity=present.quantity_title(row.quantity),
        own=present.value_text(row.quantity, row.own),
        reference=present.value_text(row.quantity, row.reference),
        difference=present.DASH if apart is None else text("feedback.apart", difference=apart),
    )

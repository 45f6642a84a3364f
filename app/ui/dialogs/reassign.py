"""Gives a case to another reader, or to nobody; asks for a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.domain.errors import AppError
from app.domain.reading import Reader
from app.ui.dialogs.why import WhyDialog
from app.ui.pages.statistics_bar import ChoiceBox
from app.ui.present import text
from app.ui.present.overview import Chosen
from app.ui.widgets import words

# who gets it (None: nobody) and the reason; gives why it was not done, or None
Give = Callable[[Reader | None, str], AppError | None]


class ReassignDialog(WhyDialog):
    """Who gets it, and why.

    Parameters
    ----------
    chosen : Chosen
        Whose case.
    others : sequence of Reader
        Who could have it instead.
    give : callable
        Does it.
    """

    def __init__(
        self, chosen: Chosen, others: Sequence[Reader], give: Give, parent: QWidget | None = None
    ) -> None:
        self._others, self._give = tuple(others), give
        self.to = ChoiceBox("assign.to")
        for one in self._others:
            self.to.addItem(one.name)
        self.to.addItem(text("assign.nobody"))
        super().__init__(
            text("assign.title", code=chosen.case.code),
            text("assign.told", **chosen.words),
            text("assign.go"),
            self._take_to,
            parent,
        )
        row = QHBoxLayout()
        row.addWidget(words(text("assign.to"), "quiet"))
        row.addWidget(self.to, 1)
        column = self.layout()
        if isinstance(column, QVBoxLayout):
            # after the sentence, before the reason
            column.insertLayout(1, row)
        QWidget.setTabOrder(self.to, self.reason)

    @property
    def other(self) -> Reader | None:
        """Who gets it; None for nobody."""
        place = self.to.currentIndex()
        return self._others[place] if place < len(self._others) else None

    def _take_to(self, reason: str) -> AppError | None:
        return self._give(self.other, reason)


class AssignDialog(WhyDialog):
    """Gives a case to a reader who does not have it.

    Parameters
    ----------
    chosen : Chosen
        Who gets which case.
    give : callable
        Does it with the reason.
    """

    def __init__(
        self, chosen: Chosen, give: Callable[[str], AppError | None], parent: QWidget | None = None
    ) -> None:
        named = chosen.words
        super().__init__(
            text("assign.title_new", code=chosen.case.code),
            text("assign.told_new", **named),
            text("assign.go_new"),
            give,
            parent,
        )

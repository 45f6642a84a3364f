"""Asks why a signed-off case is opened again, by whom ever, or why a wash-out ends before its time."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.ui.dialogs.why import Take, WhyDialog
from app.ui.present import text
from app.ui.present.overview import Chosen


class UnlockDialog(WhyDialog):
    """Lets a reader change a case that is signed off; the old version stays.

    Parameters
    ----------
    chosen : Chosen
        Whose case.
    take : callable
        Does it with the reason.
    """

    def __init__(self, chosen: Chosen, take: Take, parent: QWidget | None = None) -> None:
        named = chosen.words
        super().__init__(
            text("unlock.title", code=chosen.case.code),
            text("unlock.told", **named),
            text("unlock.go"),
            take,
            parent,
        )


class ReopenDialog(WhyDialog):
    """Lets a reader change a case of their own, signed off a while ago; the old version stays.

    Parameters
    ----------
    code : str
        The case.
    take : callable
        Does it with the reason.
    """

    def __init__(self, code: str, take: Take, parent: QWidget | None = None) -> None:
        super().__init__(
            text("reopen.title", code=code), text("reopen.told", code=code), text("reopen.go"), take, parent
        )


class OfferDialog(WhyDialog):
    """Ends the wash-out of all waiting cases of a reader in a round.

    Parameters
    ----------
    chosen : Chosen
        Whose.
    take : callable
        Does it with the reason.
    """

    def __init__(self, chosen: Chosen, take: Take, parent: QWidget | None = None) -> None:
        named = chosen.words
        super().__init__(
            text("offer.title", reader=chosen.column.reader.name),
            text("offer.told", count=chosen.column.waiting, **named),
            text("offer.go"),
            take,
            parent,
        )

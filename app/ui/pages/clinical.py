"""The clinical table beside the cases: what joined, what did not, and why; and single values typed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from app.domain.clinical import POSTMENOPAUSAL, T_SCORE_MENOPAUSE_UNSTATED
from app.domain.clinical_items import Item, What
from app.domain.errors import AppError
from app.services.changed import What as Kinds
from app.ui import present
from app.ui.pages.table_page import TablePage
from app.ui.widgets import button, words
from app.ui.workspace import Workspace

if TYPE_CHECKING:
    # what joins tables is loaded by the first look, not by the start of the program
    from app.services.clinical_lines import ClinicalLine
    from app.ui.dialogs.type_in import Keep

_COLUMNS = (
    "case", "matched", "sex", "age", "bmi", "bmd", "tscore", "group", "date", "further", "problems",
)  # fmt: skip
_WIDTHS = (130, 100, 56, 60, 64, 130, 76, 130, 96, 150)
# which value a cell of a column is; the group follows the T-score
_TYPED = {
    "sex": What.SEX, "age": What.AGE, "bmi": What.BMI, "bmd": What.BMD, "tscore": What.TSCORE,
    "group": What.TSCORE, "date": What.EXAM_DATE, "further": What.COVARIATE, "problems": What.INTERVAL,
}  # fmt: skip


class ClinicalPage(TablePage):
    """One line a row of the imported table; a double click on a value types another one in.

    Signals
    -------
    import_wanted
        The import button was pressed.
    """

    import_wanted = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        headers = [present.text(f"clinical.column_{name}") for name in _COLUMNS]
        super().__init__(headers, present.text("page.clinical"), present.text("clinical.empty"), parent)
        self._workspace = workspace
        self._stale = True
        self._lines: list[ClinicalLine] = []
        self.every = QCheckBox(present.text("clinical.every"))
        self.every.setToolTip(present.text("clinical.every_tip"))
        self.every.toggled.connect(self._read)
        self.more = words(role="quiet")
        self.bar.addWidget(self.more)
        self.bar.addWidget(self.every)
        import_table = button("clinical.import", role="primary")
        import_table.clicked.connect(self.import_wanted)
        self.bar.addWidget(import_table)
        self.view.setToolTip(present.text("clinical.typed_tip"))
        # Enter does what a double click does
        self.view.activated.connect(self._on_activated)
        workspace.changed.connect(self._on_changed)

    def showEvent(self, event: object) -> None:
        """Read the table when it is looked at."""
        if self._stale:
            self._read()

    def _on_changed(self, what: Kinds) -> None:
        if what & (Kinds.SESSION | Kinds.CLINICAL | Kinds.EXAMS | Kinds.READERS):
            self._stale = True
            if self.isVisible():
                self._read()

    def _read(self) -> None:
        from app.services.clinical_lines import clinical_view, unlisted  # noqa: PLC0415 - as above
        from app.ui.present.pages import clinical_row  # noqa: PLC0415

        self._stale, self._lines = False, []
        self.more.setText("")
        space = self._workspace
        if space.session is None or space.viewer is None:
            self.show_rows([])
            return
        try:
            self._lines = clinical_view(space.session, space.viewer, every_case=self.every.isChecked())
            more = unlisted(space.session, space.viewer)
        except AppError as problem:
            self.show_rows([], empty=present.error_text(problem))
            return
        self.show_rows([clinical_row(line) for line in self._lines], _WIDTHS)
        if more:
            self.more.setText(present.text("clinical.more", count=more))

    # -- typing in ------------------------------------------------------------------------------------

    def _on_activated(self, index: QModelIndex) -> None:
        line = self._lines[self.source_row(index)]
        items = self._items(line, _TYPED.get(_COLUMNS[index.column()]))
        if line.code and items and not (self._workspace.session and self._workspace.session.read_only):
            self._ask(line, items)

    @staticmethod
    def _items(line: ClinicalLine, what: What | None) -> list[Item]:
        """What can be typed in where a hand has pointed."""
        if what is None:
            return []
        if what is What.INTERVAL:
            return [Item(what)] if line.left_out or line.is_typed(Item(what)) else []
        if what is What.COVARIATE:
            named = [one.name for one in line.covariates]
            if any(problem.code == T_SCORE_MENOPAUSE_UNSTATED for problem in line.problems):
                # what is asked for can be said also where the table has no column for it
                named = list(dict.fromkeys([*named, POSTMENOPAUSAL]))
            return [Item(what, name) for name in named]
        return [line.item(what)]

    def _ask(self, line: ClinicalLine, items: list[Item]) -> None:
        from app.ui.dialogs.type_in import TypeInDialog  # noqa: PLC0415 - seldom asked for

        typed = frozenset(one.item for one in line.typed)
        TypeInDialog(line.code, items, line.says, typed, self._keeper(line.code), self).open()

    def _keeper(self, code: str) -> Keep:
        def keep(item: Item, value: str | None, reason: str) -> AppError | None:
            from app.services.type_in import take_back, type_in  # noqa: PLC0415 - as above

            space = self._workspace
            if space.session is None or space.viewer is None:
                return None
            try:
                changed = (
                    take_back(space.session, space.viewer, code, item, reason)
                    if value is None
                    else type_in(space.session, space.viewer, code, item, value, reason)
                )
            except AppError as problem:
                return problem
            space.note(changed.what)
            return None

        return keep

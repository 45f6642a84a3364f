"""How cells of the import dialog are painted and edited: two lines, a small picture, a choice."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.files.dicom.people import CHARSETS
from app.files.dicom.wishes import Question
from app.services.thumbnails import Picture
from app.ui.dialogs.choice import Choice
from app.ui.dialogs.import_tree import CELL_ROLE, ROW_ROLE, ImportTree, is_editable
from app.ui.import_draft import UNITS_OF
from app.ui.import_row import Cell, Column, Kind, Row
from app.ui.present import text
from app.ui.present.imports import SHOWS, needs_unit
from app.ui.theme import DARK, Theme

THUMBNAIL = 56
_MARGIN, _GAP = 6, 10
_USUAL_HEIGHT, _PICTURE_HEIGHT = 42, THUMBNAIL + 8

Index = QModelIndex | QPersistentModelIndex


def image_of(picture: Picture) -> QImage:
    """A picture of grey values, shape (rows, cols), as Qt paints it; its own copy."""
    rows, cols = picture.shape
    return QImage(picture.tobytes(), cols, rows, cols, QImage.Format.Format_Grayscale8).copy()


class Cells(QStyledItemDelegate):
    """Paints a cell in two lines and offers what can be said of a series."""

    tones: ClassVar[tuple[str, ...]] = ("good", "warn", "bad", "quiet")

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme: Theme = DARK

    # -- painting -------------------------------------------------------------------------------------

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Room for a picture where there is one."""
        row: Row = index.data(ROW_ROLE)
        lines = 2 * option.fontMetrics.lineSpacing() + _MARGIN
        return QSize(80, max(_USUAL_HEIGHT if row.picture is None else _PICTURE_HEIGHT, lines))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, box and focus as the style has them; then picture and words."""
        row: Row = index.data(ROW_ROLE)
        cell: Cell = index.data(CELL_ROLE)
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        own.text = ""
        # the whole line shows where the keyboard is
        own.state &= ~QStyle.StateFlag.State_HasFocus
        if not row.enabled:
            # what cannot be ticked looks so
            own.state &= ~QStyle.StateFlag.State_Enabled
        style = own.widget.style() if own.widget is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, own, painter, own.widget)
        box = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, own, own.widget)
        room = own.rect.adjusted(_MARGIN, 2, -_MARGIN, -2)
        if index.data(Qt.ItemDataRole.CheckStateRole) is not None:
            room.setLeft(box.right() + _GAP)
        painter.save()
        if row.picture is not None and index.column() == Column.WHAT:
            self._paint_picture(painter, row.picture, room)
            room.setLeft(room.left() + THUMBNAIL + _GAP)
        self._paint_words(painter, own, row, cell, room)
        painter.restore()

    def _paint_picture(self, painter: QPainter, picture: Picture, room: QRect) -> None:
        frame = QRect(room.left(), room.center().y() - THUMBNAIL // 2, THUMBNAIL, THUMBNAIL)
        painter.fillRect(frame, QColor(0, 0, 0))
        if picture.size:
            image = image_of(picture)
            size = image.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
            spare = (frame.size() - size) / 2
            corner = frame.topLeft() + QPoint(spare.width(), spare.height())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRect(corner, size), image)

    def _paint_words(
        self, painter: QPainter, own: QStyleOptionViewItem, row: Row, cell: Cell, room: QRect
    ) -> None:
        title, tone = cell.title, cell.tone
        if not title and is_editable(row, Column(own.index.column())):
            title, tone = text("images.random"), "quiet"
        plain = own.palette.color(QPalette.ColorRole.Text)
        colour = QColor(getattr(self.theme, tone)) if tone in self.tones else plain
        metrics = own.fontMetrics
        lines = [(title, colour, self._is_heading(row, own.index.column()))]
        if cell.quiet:
            lines.append((cell.quiet, QColor(self.theme.quiet), False))
        top = room.center().y() - len(lines) * metrics.lineSpacing() // 2
        for words, ink, heavy in lines:
            font = QFont(own.font)
            font.setWeight(QFont.Weight.DemiBold if heavy else QFont.Weight.Normal)
            painter.setFont(font)
            painter.setPen(ink)
            line = QRect(room.left(), top, room.width(), metrics.lineSpacing())
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), shown)
            top += metrics.lineSpacing()

    @staticmethod
    def _is_heading(row: Row, column: int) -> bool:
        return column == Column.WHAT and row.kind is not Kind.QUESTION

    # -- editing --------------------------------------------------------------------------------------

    def createEditor(  # noqa: N802 - Qt's name
        self, parent: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> QWidget:
        """A field for a case code, a choice for an answer or a character set."""
        row: Row = index.data(ROW_ROLE)
        if not wants_choice(row, Column(index.column())):
            field = QLineEdit(parent)
            field.setPlaceholderText(text("images.random"))
            field.setAccessibleName(text("images.column_code"))
            return field
        made = Choice(parent)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for words, value in _offered(row, index.column()):
            made.addItem(words, value)
        asked = _asked(row, index.column())
        made.setAccessibleName(asked)
        made.setToolTip(asked)
        made.activated.connect(self._on_chosen)
        return made

    def _on_chosen(self) -> None:
        editor = self.sender()
        if isinstance(editor, QWidget):
            self.commitData.emit(editor)

    def setEditorData(self, editor: QWidget, index: Index) -> None:  # noqa: N802 - Qt's name
        """Show what was said so far."""
        if isinstance(editor, Choice):
            row: Row = index.data(ROW_ROLE)
            said = row.charset or ""
            if row.answer is not None:
                said = row.answer.unit if index.column() == Column.UNIT else row.answer.shows
            editor.setCurrentIndex(max(editor.findData(said), 0))
        elif isinstance(editor, QLineEdit):
            editor.setText(index.data())

    def setModelData(  # noqa: N802 - Qt's name
        self, editor: QWidget, model: QAbstractItemModel, index: Index
    ) -> None:
        """Hand on what was said now."""
        if isinstance(editor, QLineEdit):
            model.setData(index, editor.text())
        elif isinstance(editor, Choice) and isinstance(model, ImportTree):
            said, row = str(editor.currentData()), model.row_of(index)
            if row.charset is not None:
                model.read_names(index, said)
            elif index.column() == Column.EVIDENCE:
                model.answer(index, said, "")
            elif row.answer is not None:
                model.answer(index, row.answer.shows, said)

    def updateEditorGeometry(  # noqa: N802 - Qt's name
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """In the middle of the cell, as high as it wants to be."""
        height = min(editor.sizeHint().height(), option.rect.height())
        room = option.rect.adjusted(2, 0, -2, 0)
        if isinstance(editor, Choice):
            # the cell beside it is empty
            room.setWidth(max(room.width(), editor.sizeHint().width()))
        room.setTop(option.rect.center().y() - height // 2)
        room.setHeight(height)
        editor.setGeometry(room)

    def eventFilter(self, editor: QWidget, event: QEvent) -> bool:  # type: ignore[override]  # ours are widgets
        """Leave keys to choices that stay: Qt would close them with Enter or Escape."""
        if isinstance(editor, Choice):
            return False
        return super().eventFilter(editor, event)


def _offered(row: Row, column: int) -> list[tuple[str, str]]:
    """Words and values of what can be said in a cell; the first says nothing."""
    if row.charset is not None:
        sets = ((text("images.read_as", name=one), one) for one in CHARSETS)
        return [(text("images.as_declared"), ""), *sets]
    if column == Column.EVIDENCE:
        return [(text("images.no_answer"), ""), *((text(f"images.shows_{one}"), str(one)) for one in SHOWS)]
    units = UNITS_OF.get(row.answer.shows, ()) if row.answer else ()
    return [(text("images.no_unit_said"), ""), *((text(f"images.{unit}"), unit) for unit in units)]


def _asked(row: Row, column: int) -> str:
    """What a choice is about."""
    if row.charset is not None:
        return text("images.what_charset")
    code = "images.what_shows" if column == Column.EVIDENCE else "images.what_unit"
    return text(code, series=row.cell(Column.WHAT).title)


def wants_choice(row: Row, column: Column) -> bool:
    """Whether a choice stands in a cell."""
    if column is Column.EVIDENCE:
        return row.kind is Kind.QUESTION or row.charset is not None
    if not isinstance(row.subject, Question) or row.answer is None:
        return False
    return column is Column.UNIT and needs_unit(row.subject, row.answer.shows)

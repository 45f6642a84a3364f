"""How a table is read and what its figures mean: the rows of choices above the preview."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.domain.clinical import UNITS_OF_METHOD
from app.domain.maps import Quantity
from app.files.raw_table import HEADER_WITHIN
from app.files.text_table import DELIMITERS, ENCODINGS
from app.services.look_at_table import CLINICAL, READINGS, SEX_CODES, Layout, Look
from app.services.plan_readings import FACTORS
from app.ui.dialogs.choice import Choice
from app.ui.present import screen_unit, text
from app.ui.scale import scaled
from app.ui.table_columns import bmd_unit, with_bmd_unit
from app.ui.widgets import words

_DELIMITERS = dict(zip(DELIMITERS, ("comma", "semicolon", "tab"), strict=True))
_DECIMALS = {".": "point", ",": "comma"}
_BMD_UNITS = sorted(set().union(*UNITS_OF_METHOD.values()))
_UNITS = {Quantity.FF: "ff", Quantity.R2STAR: "r2star"}
_READER_WIDTH, _FIELD_WIDTH = 160, 56


class SourceBar(QWidget):
    """Everything about a table that is not said column by column.

    Signals
    -------
    wished : object
        The Wish as a person changed it.
    """

    wished = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look: Look | None = None
        self._fields: dict[QWidget, QWidget] = {}
        self.kind, self.sheet, self.encoding, self.delimiter, self.decimal = (
            self._choice(f"tables.{name}") for name in ("kind", "sheet", "encoding", "delimiter", "decimal")
        )
        self.sex, self.bmd = self._choice("tables.sex_codes"), self._choice("tables.bmd_unit")
        self.units = {quantity: self._choice(f"tables.unit_{name}") for quantity, name in _UNITS.items()}
        self.header_line = self._choice("tables.header_line")
        self.reader = QLineEdit()
        self.reader.setMaximumWidth(scaled(_READER_WIDTH))
        self._label(self.reader, "tables.reader")
        self.field_strength = QLineEdit()
        self.field_strength.setMaximumWidth(scaled(_FIELD_WIDTH))
        self._label(self.field_strength, "tables.field_strength")
        self._lay_out()
        self._connect()

    def _choice(self, code: str) -> Choice:
        made = Choice()
        made.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToContents)
        self._label(made, code)
        return made

    def _label(self, part: QWidget, code: str) -> None:
        label = words(text(code), "quiet")
        label.setBuddy(part)
        part.setAccessibleName(text(code))
        tip = "tables.unit_tip" if code in {"tables.unit_ff", "tables.unit_r2star"} else f"{code}_tip"
        part.setToolTip(text(tip))
        # both are shown or hidden together
        field = QWidget()
        row = QHBoxLayout(field)
        row.setContentsMargins(0, 0, 10, 0)
        row.setSpacing(6)
        row.addWidget(label)
        row.addWidget(part)
        self._fields[part] = field

    def _lay_out(self) -> None:
        file = (self.kind, self.sheet, self.encoding, self.delimiter, self.decimal, self.header_line)
        meaning = (self.sex, self.bmd, self.reader, *self.units.values(), self.field_strength)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for parts in (file, meaning):
            row = QHBoxLayout()
            row.setSpacing(6)
            for part in parts:
                row.addWidget(self._fields[part])
            row.addStretch(1)
            column.addLayout(row)

    def _connect(self) -> None:
        names = ((self.sheet, "sheet"), (self.encoding, "encoding"), (self.delimiter, "delimiter"),
                   (self.decimal, "decimal_sign"))  # fmt: skip
        for part, name in names:
            part.activated.connect(self._layout_setter(part, name))
        self.kind.activated.connect(lambda _: self._wish(kind=str(self.kind.currentData())))
        self.header_line.activated.connect(self._on_header_line)
        self.sex.activated.connect(lambda _: self._wish(sex_codes=str(self.sex.currentData())))
        self.bmd.activated.connect(self._on_bmd_unit)
        self.reader.editingFinished.connect(self._on_reader)
        self.field_strength.editingFinished.connect(self._on_field_strength)
        for part in self.units.values():
            part.activated.connect(self._on_units)

    # -- what is shown --------------------------------------------------------------------------------

    def show_look(self, look: Look) -> None:
        """Show how a table was read."""
        self._look = look
        raw, clinical = look.raw, look.kind == CLINICAL
        kinds = ((text(f"tables.kind_{name}"), name) for name in (CLINICAL, READINGS))
        _offer(self.kind, kinds, look.kind)
        sheets = raw.sheets if raw else ()
        _offer(self.sheet, ((name, name) for name in sheets), raw.sheet if raw else "")
        of_text = raw is not None and not sheets
        encoding = raw.encoding if raw else look.wish.layout.encoding
        known = dict.fromkeys((*((encoding,) if encoding else ()), *ENCODINGS))
        _offer(self.encoding, ((_encoding_title(name), name) for name in known), encoding)
        delimiters = ((text(f"tables.delimiter_{name}"), sign) for sign, name in _DELIMITERS.items())
        _offer(self.delimiter, delimiters, raw.delimiter if raw else look.wish.layout.delimiter)
        decimals = ((text(f"tables.decimal_{name}"), sign) for sign, name in _DECIMALS.items())
        _offer(self.decimal, decimals, raw.decimal_sign if raw else ".")
        line = raw.header_line if raw else look.wish.layout.header_line
        numbers = sorted({*range(1, HEADER_WITHIN + 1), line} - {0})
        _offer(self.header_line, ((str(number), str(number)) for number in numbers), str(line))
        # a file that cannot be read may be one in another encoding
        lost = raw is None
        self._show((self.sheet,), shown=bool(sheets))
        self._show((self.encoding, self.delimiter), shown=of_text or lost)
        self._show((self.decimal, self.header_line), shown=not lost or look.wish.layout.header_line > 0)
        self._show_meaning(look, clinical=clinical)

    def _show_meaning(self, look: Look, *, clinical: bool) -> None:
        codes = dict(look.meaning.sex_codes)
        said = next((name for name, one in SEX_CODES.items() if dict(one) == codes), "")
        names = (("none", ""), *((name, name) for name in SEX_CODES))
        _offer(self.sex, ((text(f"tables.sex_{name}"), key) for name, key in names), said)
        columns = look.meaning.columns or ()
        unit = bmd_unit(columns)
        units = ((text("tables.unit_none"), ""), *((screen_unit(one), one) for one in _BMD_UNITS))
        _offer(self.bmd, units, unit or "")
        self.reader.setText(look.readings_meaning.reader)
        self.field_strength.setText(look.readings_meaning.field_strength)
        for quantity, part in self.units.items():
            offered = (("auto", ""), *((name, name) for name in FACTORS[quantity]))
            settled = look.readings_meaning.units.get(quantity, "")
            _offer(part, ((text(f"tables.unit_{name}"), key) for name, key in offered), settled)
        there = look.raw is not None
        self._show((self.sex,), shown=clinical and there)
        self._show((self.bmd,), shown=clinical and there and unit is not None)
        self._show((self.reader, *self.units.values(), self.field_strength), shown=not clinical and there)

    def _show(self, parts: Iterable[QWidget], *, shown: bool) -> None:
        for part in parts:
            self._fields[part].setVisible(shown)

    # -- what a person says ---------------------------------------------------------------------------

    def _wish(self, **changed: object) -> None:
        if self._look is not None:
            self.wished.emit(replace(self._look.wish, **changed))  # type: ignore[arg-type]  # named just above

    def _layout_setter(self, part: Choice, name: str) -> Callable[[int], None]:
        def wish(_: int) -> None:
            if self._look is not None:
                said = {name: str(part.currentData())}
                self._wish_layout(replace(self._look.wish.layout, **said))  # type: ignore[arg-type]  # a text

        return wish

    def _wish_layout(self, layout: Layout) -> None:
        # what was said of columns was said of another table
        self._wish(layout=layout, clinical=None, readings=None)

    def _on_header_line(self) -> None:
        if self._look is not None:
            line = int(self.header_line.currentData())
            self._wish_layout(replace(self._look.wish.layout, header_line=line))

    def _on_bmd_unit(self) -> None:
        if self._look is not None:
            columns = self._look.meaning.columns or ()
            self._wish(clinical=with_bmd_unit(columns, str(self.bmd.currentData())))

    def _on_reader(self) -> None:
        if self._look is not None and self.reader.text() != self._look.readings_meaning.reader:
            self._wish(reader=self.reader.text())

    def _on_field_strength(self) -> None:
        said = self.field_strength.text()
        if self._look is not None and said != self._look.readings_meaning.field_strength:
            self._wish(field_strength=said)

    def _on_units(self) -> None:
        said = {quantity: str(part.currentData()) for quantity, part in self.units.items()}
        self._wish(units={quantity: unit for quantity, unit in said.items() if unit})


def _encoding_title(name: str) -> str:
    return name.upper().replace("-SIG", " BOM").replace("CP1252", "Windows-1252")


def _offer(choice: Choice, offered: Iterable[tuple[str, str]], chosen: str) -> None:
    """Offer these, one of them chosen; nothing is told of it."""
    wanted = tuple(offered)
    if tuple((choice.itemText(at), choice.itemData(at)) for at in range(choice.count())) != wanted:
        choice.clear()
        for title, key in wanted:
            choice.addItem(title, key)
    choice.setCurrentIndex(choice.findData(chosen))

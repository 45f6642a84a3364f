"""Files that are not used, told so that the text can leave the house. Pure, no Qt.

Hospitals call folders and archives after their patients; a number tells them apart as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from app.files.dicom.found import Refusal
from app.ui import sentences
from app.ui.present import text

# refusals of what holds files
_HOLDERS = ("folder.", "scan.", "archive.")


def unnamed_lines(refused: Iterable[Refusal]) -> list[str]:
    """A line for each file: the number of its folder, its own name, and why it was not used."""
    numbers: dict[Path, int] = {}
    return [_line(one, numbers) for one in refused]


def _line(refusal: Refusal, numbers: dict[Path, int]) -> str:
    if refusal.code.startswith(_HOLDERS):
        told = _folder(refusal.path, numbers)
    else:
        told = text("import.file_in", folder=_folder(refusal.path.parent, numbers), file=refusal.path.name)
    return sentences.sentence(refusal.code, {"path": told, **refusal.values})


def _folder(path: Path, numbers: dict[Path, int]) -> str:
    return text("import.folder_number", number=numbers.setdefault(path, len(numbers) + 1))

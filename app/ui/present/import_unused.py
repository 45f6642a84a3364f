"""Files that are not used, by reason, and the report that can be saved. Pure, no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import Value
from app.files.dicom.found import Refusal
from app.ui import sentences
from app.ui.import_draft import Draft
from app.ui.present import text
from app.ui.present.imports import exam_state, found_text, map_title
from app.ui.present.pages import refusal_line
from app.ui.present.unnamed import unnamed_lines


class _Varies(str):
    """Stands for values that differ, whatever figure the sentence wants to make of them."""

    __slots__ = ()

    def __format__(self, _: str) -> str:
        return text("images.varies")


_WAITING = {"scale.needs_confirmation", "scale.r2star.or_t2star", "scale.r2star.or_times_ten"}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some files are not used.

    Attributes
    ----------
    words : str
        Their number and the sentence; what differs between them is left open.
    files : tuple of (Path, str)
        Each with its own sentence.
    """

    words: str
    files: tuple[tuple[Path, str], ...]


def reasons_of(refused: Iterable[Refusal]) -> tuple[Reason, ...]:
    """Refused files by reason, the most frequent first."""
    groups: dict[str, list[Refusal]] = {}
    for one in refused:
        groups.setdefault(one.code, []).append(one)
    largest_first = sorted(groups.values(), key=len, reverse=True)
    return tuple(
        Reason(
            text("images.unused_group", count=len(group), sentence=_common_sentence(group)),
            tuple((one.path, refusal_line(one)) for one in group),
        )
        for group in largest_first
    )


def _common_sentence(group: list[Refusal]) -> str:
    first = group[0]
    values: dict[str, Value] = {
        name: value if all(one.values.get(name) == value for one in group) else _Varies()
        for name, value in first.values.items()
    }
    return sentences.sentence(first.code, {"path": text("images.such_a_file"), **values})


def unused_title(refused: tuple[Refusal, ...]) -> str:
    """How many files are not used, and for how many reasons."""
    if not refused:
        return text("images.unused_none")
    reasons = len({one.code for one in refused})
    if len(refused) == 1:
        return text("images.unused")
    code = "images.unused_many" if reasons > 1 else "images.unused_one_reason"
    return text(code, files=len(refused), reasons=reasons)


def all_refused(draft: Draft) -> tuple[Refusal, ...]:
    """Every file that is not used, once, in order of path; one that waits for an answer may yet be."""
    of_exams = (one for exam in draft.exams.values() for one in exam.refused if one.code not in _WAITING)
    first = {one.path: one for one in (*draft.survey.refused, *of_exams)}
    return tuple(sorted(first.values(), key=lambda one: one.path))


def report_lines(draft: Draft) -> list[str]:
    """The report to be saved before anything is imported: no name, no folder by its name.

    Exams by number, their warnings, every file that is not used.
    """
    lines = [found_text(draft)]
    for number, exam in enumerate(draft.exams.values(), start=1):
        maps = ", ".join(map_title(one, exam.found) for one in exam.maps)
        files, state = len(exam.found.files), exam_state(exam).title
        lines.append(text("images.report_exam", number=number, maps=maps, files=files, state=state))
        lines += [
            text("import.warning", words=sentences.sentence(one.code, one.values)) for one in exam.warnings
        ]
    refused = all_refused(draft)
    lines.append(text("import.refused", count=len(refused)))
    return [*lines, *unnamed_lines(refused)]

"""Rows and sentences of the clinical table and the import report. Pure, no Qt; loads pandas and pydicom."""

from __future__ import annotations

from collections.abc import Collection

from app.domain.clinical import Group
from app.domain.clinical_items import TYPED_IN, What
from app.domain.maps import Quantity
from app.files.dicom.found import Refusal
from app.services.import_exams import ImportedExam, ImportReport
from app.services.join_clinical import ClinicalLine, ClinicalReport
from app.ui import sentences
from app.ui.present import quantity_title, screen_unit, text
from app.ui.present.tables import problem_text
from app.ui.present.unnamed import unnamed_lines

_GROUPS = {
    Group.NORMAL: "group.normal",
    Group.OSTEOPENIA: "group.osteopenia",
    Group.OSTEOPOROSIS: "group.osteoporosis",
}


def clinical_row(line: ClinicalLine) -> tuple[str, ...]:
    """Case, how it was matched, sex, age, BMI, BMD as written, T-score, group, date, further, problems."""
    marked = (problem for problem in line.problems if problem.code != TYPED_IN)
    problems = "  ".join(problem_text(problem) for problem in marked)
    bmd = text("clinical.bmd", value=line.bmd_verbatim, unit=screen_unit(line.bmd_unit)).rstrip()
    return (
        line.code or text("clinical.no_case", line=line.line),
        sentences.MATCHED_BY.get(line.matched_by, "" if line.line else text("clinical.no_row")),
        _typed(line, What.SEX, line.sex),
        _typed(line, What.AGE, "" if line.age is None else f"{line.age:g}"),
        _typed(line, What.BMI, "" if line.bmi is None else f"{line.bmi:.1f}"),
        _typed(line, What.BMD, "" if line.bmd is None else bmd),
        _typed(line, What.TSCORE, _tscore(line)),
        text(_GROUPS[line.group]) if line.group else "",
        _typed(line, What.EXAM_DATE, line.exam_date),
        text("clinical.between").join(
            _typed(
                line,
                What.COVARIATE,
                text("clinical.further", name=one.name, value=f"{one.value:g}"),
                one.name,
            )
            for one in line.covariates
            if one.value is not None
        ),
        problems,
    )


def _tscore(line: ClinicalLine) -> str:
    """A T-score; where the lowest counts, with its region."""
    if line.tscore is None:
        return ""
    said = f"{line.tscore:.1f}"
    if not line.by_lowest or not line.tscore_region:
        return said
    return text("clinical.tscore_of", value=said, region=line.tscore_region)


def _typed(line: ClinicalLine, what: What, said: str, name: str = "") -> str:
    """A value, marked where it was typed in."""
    return text("clinical.typed", value=said) if line.is_typed(line.item(what, name)) else said


def clinical_summary(report: ClinicalReport) -> str:
    """What a clinical import came to, in one sentence."""
    return text(
        "clinical.summary",
        rows=report.rows,
        matched=len(report.matched),
        unmatched=len(report.unmatched),
        conflicts=len(report.conflicts),
        problems=len(report.problems),
        without=len(report.without_row),
    )


def import_lines(report: ImportReport, *, to_save: bool = False) -> list[str]:
    """The import report, line by line: exams first, then every file that was not used with its reason.

    What is to be saved may leave the house, so it has numbers instead of the names of folders.
    """
    lines = [text("import.imported", count=sum(not exam.already for exam in report.exams))]
    for exam in report.exams:
        lines.append(_exam_line(exam))
        if exam.references:
            lines.append(text("import.references", count=exam.references))
        lines += [text("import.warning", words=sentences.sentence(w.code, w.values)) for w in exam.warnings]
    if report.cancelled:
        lines.append(text("import.cancelled"))
    lines.append(text("import.refused", count=len(report.refused)))
    return [*lines, *(unnamed_lines(report.refused) if to_save else map(refusal_line, report.refused))]


def _exam_line(exam: ImportedExam) -> str:
    if not exam.written:
        return text("import.exam_already", code=exam.code)
    if exam.already:
        code = "import.exam_joined" if exam.joined else "import.exam_seen"
        return text(code, code=exam.code, maps=_titles(exam.joined))
    return text("import.exam", code=exam.code, maps=_titles(exam.quantities), files=exam.files)


def _titles(quantities: Collection[Quantity]) -> str:
    return ", ".join(quantity_title(quantity) for quantity in Quantity if quantity in quantities)


def refusal_line(refusal: Refusal) -> str:
    """A file and why it was not used."""
    return sentences.sentence(refusal.code, {"path": str(refusal.path), **refusal.values})

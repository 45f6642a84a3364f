"""Rows of the import dialog: patients, their exams, the maps of each, series nobody knows. Pure, no Qt."""

from __future__ import annotations

from app.domain.exam import common_grid
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import MEASURED, Quantity
from app.files.dicom.found import ExamFound, MapFound, Refusal
from app.files.dicom.wishes import NOTHING, REFERENCE, T2STAR, Answer, Question
from app.services.survey_import import Standing, SurveyedExam, SurveyedMap, SurveyedReference
from app.ui import sentences
from app.ui.import_draft import UNITS_OF, Draft, MapState, map_key, reference_key, state_of
from app.ui.import_row import NO_CELL, Cell, Column, Kind, Row, Tick
from app.ui.present import quantity_title, quantity_unit, text
from app.ui.present.import_rivals import rivals_of, rivals_without_exam
from app.ui.sentences.files import CODE_WORDS

SHOWS = (*MEASURED, T2STAR, Quantity.WATER, Quantity.FAT, REFERENCE, NOTHING)
"""What a person may say a series shows."""


def found_text(draft: Draft) -> str:
    """How many exams were found, and how many wait for a person."""
    count = len(draft.exams)
    waiting = sum(bool(exam.waiting) for exam in draft.exams.values())
    if waiting:
        code = "images.found_waiting" if count > 1 else "images.found_exam_waiting"
        return text(code, count=count, waiting=waiting)
    known = sum(exam.standing is Standing.KNOWN for exam in draft.exams.values())
    if known:
        code = "images.found_known" if count > 1 else "images.found_exam_known"
        return text(code, count=count, known=known)
    return text(
        "images.found_exams" if count > 1 else "images.found_exam" if count else "images.found_none",
        count=count,
    )


def rows_of(draft: Draft, *, hide_names: bool) -> tuple[Row, ...]:
    """The whole tree.

    Parameters
    ----------
    draft : Draft
        What was found and decided.
    hide_names : bool
        Number the patients instead of naming them.
    """
    people: dict[tuple[str, str, str], list[str]] = {}
    for key, exam in draft.exams.items():
        one = exam.found.identity
        people.setdefault((one.patient_id, one.patient_name, one.birth_date), []).append(key)
    patients = []
    for number, keys in enumerate(people.values(), start=1):
        identity = draft.exams[keys[0]].found.identity
        cell = Cell(text("images.patient_number", number=number)) if hide_names else _patient_cell(identity)
        exams = tuple(_exam_row(draft, key) for key in keys)
        patients.append(
            Row(
                f"patient|{keys[0]}",
                Kind.PATIENT,
                {Column.WHAT: cell},
                exams,
                tick=_sum(exams),
                enabled=any(row.enabled for row in exams),
                charset=None if hide_names else _charset(draft, keys),
            )
        )
    return (*patients, *rivals_without_exam(draft), *_questions(draft))


def _charset(draft: Draft, keys: list[str]) -> str | None:
    """In which character set a patient's name is read, where there is a choice."""
    found = [draft.exams[key].found for key in keys]
    if not any(one.written.beyond_ascii for one in found):
        return None
    return draft.charsets.get(found[0].identity.study_uid, "")


def _sum(rows: tuple[Row, ...]) -> Tick:
    """One box for several."""
    ticks = {row.tick for row in rows} - {Tick.NONE}
    if not ticks:
        return Tick.NONE
    return ticks.pop() if len(ticks) == 1 else Tick.PART


def _box(*, on: bool) -> Tick:
    return Tick.ON if on else Tick.OFF


def _patient_cell(identity: Identity) -> Cell:
    name = _name(identity.patient_name)
    code = {
        (True, True): "images.patient",
        (True, False): "images.patient_without_id",
        (False, True): "images.patient_nameless",
        (False, False): "images.patient_unknown",
    }[bool(name), bool(identity.patient_id)]
    born = text("images.born", date=identity.birth_date) if identity.birth_date else ""
    return Cell(text(code, name=name, id=identity.patient_id), born)


def _name(written: str) -> str:
    """A name without the signs that part it; the same one in two scripts as two."""
    parts = [" ".join(part.replace("^", " ").split()) for part in written.split("=")]
    first, *others = [part for part in parts if part] or [""]
    return text("images.two_names", first=first, second=others[0]) if others else first


# -- exams and what they hold ---------------------------------------------------------------------------


def _exam_row(draft: Draft, key: str) -> Row:
    exam = draft.exams[key]
    date = exam.found.identity.study_date
    title = text("images.exam", date=date) if date else text("images.exam_undated")
    maps = tuple(_map_row(draft, key, one) for one in exam.maps)
    apart = tuple(_unpaired_row(key, one) for one in exam.found.unpaired)
    references = tuple(_reference_row(draft, key, one) for one in exam.references)
    cells = {
        Column.WHAT: Cell(title, scanner_text(exam.found)),
        Column.GEOMETRY: geometry_cell(exam.found),
        Column.STATE: exam_state(exam, undecided=draft.undecided(key)),
    }
    if exam.code:
        cells[Column.CODE] = Cell(exam.code, tone="quiet")
    elif exam.standing is not Standing.REFUSED:
        cells[Column.CODE] = Cell(draft.codes.get(key, ""))
    below = (*maps, *apart, *references)
    boxes = _sum(below)
    return Row(
        key,
        Kind.EXAM,
        cells,
        (*maps, *rivals_of(draft, exam), *apart, *references),
        exam=key,
        tick=Tick.OFF if boxes is Tick.NONE else boxes,
        enabled=any(row.enabled for row in below),
        subject=exam,
    )


def scanner_text(found: ExamFound) -> str:
    """Scanner and field strength."""
    told = {"manufacturer": found.manufacturer, "model": found.model}
    if found.field_strength_t is None:
        return text("images.scanner_no_field", **told).strip()
    return text("images.scanner", **told, tesla=found.field_strength_t)


def geometry_cell(found: ExamFound) -> Cell:
    """Whether one rectangle counts on both measured maps."""
    measured = {one.quantity: one for one in found.maps if one.quantity in MEASURED}
    if found.unpaired:
        return Cell(text("images.no_fit"), text("images.no_fit_quiet"), "warn")
    if len(measured) < len(MEASURED):
        only = next(iter(measured), None)
        return Cell(text("images.alone", quantity=quantity_title(only)), tone="warn") if only else NO_CELL
    if any(one.onto is not None for one in measured.values()):
        return Cell(text("images.resampled"), text("images.resampled_quiet"), "warn")
    coarse = common_grid(one.grid for one in measured.values())
    for one in measured.values():
        parts = coarse.parts(one.grid) if coarse else None
        if parts is not None and parts != (1, 1):
            other = next(quantity for quantity in measured if quantity is not one.quantity)
            finer, coarser = quantity_title(one.quantity), quantity_title(other)
            quiet = text("images.parts_quiet", rows=parts[0], cols=parts[1], finer=finer, coarser=coarser)
            return Cell(text("images.parts"), quiet, "good")
    return Cell(text("images.shares"), text("images.shares_quiet"), "good")


def exam_state(exam: SurveyedExam, *, undecided: bool = False) -> Cell:
    """How an exam stands to the session, in words."""
    count = len(exam.warnings)
    warned = text("images.warnings" if count > 1 else "images.warning", count=count) if count else ""
    if exam.standing is Standing.KNOWN:
        return Cell(text("images.state_known"), text("images.state_known_quiet", code=exam.code), "quiet")
    if exam.standing is Standing.REFUSED:
        return Cell(text("images.state_refused"), tone="bad")
    if exam.waiting:
        return Cell(text("images.state_waits"), text("images.state_waits_quiet"), "warn")
    if undecided:
        return Cell(text("images.state_waits"), text("images.state_rivals_quiet"), "warn")
    if exam.standing is Standing.JOINS:
        maps = ", ".join(quantity_title(quantity) for quantity in exam.adds)
        adds = text("images.state_joins_what", maps=maps) if maps else text("images.state_joins_references")
        return Cell(text("images.state_joins", code=exam.code), adds, "good")
    if exam.same_as:
        cases = ", ".join(exam.same_as)
        return Cell(text("images.state_twin"), text("images.state_twin_quiet", cases=cases), "warn")
    return Cell(text("images.state_new"), warned, "good")


def _map_row(draft: Draft, key: str, one: SurveyedMap) -> Row:
    exam = draft.exams[key]
    state = state_of(exam, one)
    cells = {
        Column.WHAT: Cell(map_title(one, exam.found), shape_text(one.found.grid, one.found.description)),
        Column.UNIT: _unit_cell(one, state),
        Column.EVIDENCE: Cell(word(one.found.role_evidence), rule_text(one.found)),
        Column.GEOMETRY: grid_cell(one.found.grid),
        Column.STATE: _map_state(one, state),
    }
    boxed = one.found.quantity in MEASURED and state not in (MapState.KNOWN, MapState.REFUSED)
    return Row(
        map_key(key, one.found.quantity),
        Kind.MAP,
        cells,
        exam=key,
        tick=_box(on=one in draft.ticked_maps(key)) if boxed else Tick.NONE,
        enabled=one in draft.ready(key),
        picture=one.thumbnail,
        subject=one,
    )


def _unpaired_row(key: str, found: MapFound) -> Row:
    """A map that one rectangle cannot be counted on together with FF."""
    cells = {
        Column.WHAT: Cell(quantity_title(found.quantity), shape_text(found.grid, found.description)),
        Column.EVIDENCE: Cell(word(found.role_evidence), rule_text(found)),
        Column.GEOMETRY: grid_cell(found.grid),
        Column.STATE: Cell(text("images.state_refused"), text("images.no_fit_quiet"), "bad"),
    }
    return Row(f"{map_key(key, found.quantity)}|apart", Kind.MAP, cells, exam=key, subject=found)


def map_title(one: SurveyedMap, exam: ExamFound) -> str:
    """Name of a map; what was computed of signals says so."""
    if exam.signal_ff and one.found.quantity is Quantity.FF:
        return text("images.signal_ff_title")
    return quantity_title(one.found.quantity)


def shape_text(grid: Grid, description: str) -> str:
    """Matrix and series description."""
    slices, rows, cols = grid.shape
    if not description:
        return text("images.map_undescribed", slices=slices, rows=rows, cols=cols)
    return text("images.map", slices=slices, rows=rows, cols=cols, description=description)


def grid_cell(grid: Grid) -> Cell:
    """Voxel size and plane."""
    between, rows, cols = grid.spacing_mm
    return Cell(
        text("images.voxels", rows=rows, cols=cols),
        text("images.between", plane=grid.plane, slices=between),
    )


def _unit_cell(one: SurveyedMap, state: MapState) -> Cell:
    if one.found.quantity not in MEASURED:
        return Cell(text("images.no_unit"), tone="quiet")
    if state is MapState.REFUSED:
        return NO_CELL
    if state is MapState.WAITS:
        return Cell(text("images.unit_unknown"), tone="warn")
    told = one.scaling or one.found.confirmed
    return Cell(unit_text(one), factor_text(told.factor) if told else "")


def unit_text(one: SurveyedMap) -> str:
    """Unit the values will be in."""
    unit = quantity_unit(one.found.quantity)
    return text("images.unit_from_t2star", unit=unit) if one.found.reciprocal else unit


def factor_text(factor: float) -> str:
    """What rule or person multiplies by beyond what the file's own tags say."""
    return text("images.as_stored") if factor == 1 else text("images.factor", factor=factor)


def _map_state(one: SurveyedMap, state: MapState) -> Cell:
    if state is MapState.REFUSED:
        return Cell(text("images.state_refused"), tone="bad")
    if state is MapState.CARRIED:
        return Cell(text("images.state_carried"), tone="quiet")
    if state is MapState.KNOWN:
        return Cell(text("images.state_known"), tone="quiet")
    if state is MapState.WAITS:
        return Cell(text("images.state_waits"), text("images.state_asks"), "warn")
    if state is MapState.CONFIRMED and one.found.confirmed is not None:
        quiet = text("images.state_confirmed_quiet", who=one.found.confirmed.who)
        return Cell(text("images.state_confirmed"), quiet, "good")
    return Cell(text("images.state_fits"), text("images.state_fits_quiet"), "good")


def _reference_row(draft: Draft, key: str, one: SurveyedReference) -> Row:
    standing = draft.exams[key].standing
    closed = standing in (Standing.KNOWN, Standing.REFUSED)
    state = "images.state_known" if standing is Standing.KNOWN else "images.state_carried"
    cells = {
        Column.WHAT: Cell(
            text("images.reference", name=one.found.name), shape_text(one.found.grid, one.found.description)
        ),
        Column.UNIT: Cell(text("images.no_unit"), tone="quiet"),
        Column.EVIDENCE: Cell(text("images.reference_evidence")),
        Column.GEOMETRY: grid_cell(one.found.grid),
        Column.STATE: Cell(text(state), tone="quiet"),
    }
    return Row(
        reference_key(key, one.found),
        Kind.REFERENCE,
        cells,
        exam=key,
        tick=Tick.NONE if closed else _box(on=one.found in draft.ticked_references(key)),
        enabled=not closed,
        picture=one.thumbnail,
        subject=one,
    )


# -- series that nothing tells --------------------------------------------------------------------------


def _questions(draft: Draft) -> tuple[Row, ...]:
    asked = draft.survey.questions
    if not asked:
        return ()
    quiet = text("images.unknown_many" if len(asked) > 1 else "images.unknown_one", count=len(asked))
    rows = tuple(_question_row(draft, question) for question in asked)
    return (Row("questions", Kind.QUESTIONS, {Column.WHAT: Cell(text("images.unknown"), quiet)}, rows),)


def _question_row(draft: Draft, question: Question) -> Row:
    slices, rows, cols = question.shape
    told = text("images.series", slices=slices, rows=rows, cols=cols, plane=question.plane)
    answer = draft.answer_of(question)
    cells = {
        Column.WHAT: Cell(question.description or text("images.undescribed"), told),
        Column.EVIDENCE: Cell(shows_text(answer)),
        Column.UNIT: Cell(_said_unit(question, answer)),
        Column.STATE: _question_state(question, answer),
    }
    return Row(f"question|{question.files[0]}", Kind.QUESTION, cells, subject=question, answer=answer)


def shows_text(answer: Answer | None) -> str:
    """What a person said a series shows."""
    return text(f"images.shows_{answer.shows}") if answer else text("images.no_answer")


def _said_unit(question: Question, answer: Answer | None) -> str:
    if answer is None or not needs_unit(question, answer.shows):
        return ""
    return text(f"images.{answer.unit}") if answer.unit else text("images.no_unit_said")


def needs_unit(question: Question, shows: str) -> bool:
    """Whether an answer is no use without a unit: DICOM has rules for it, a volume file has none."""
    return question.key is None and shows in UNITS_OF


def _question_state(question: Question, answer: Answer | None) -> Cell:
    if answer is None:
        return Cell(text("images.state_question"), tone="quiet")
    if needs_unit(question, answer.shows) and not answer.unit:
        return Cell(text("images.state_unit_wanted"), tone="warn")
    return Cell(text("images.state_answered"), tone="good")


# -- words of codes -------------------------------------------------------------------------------------


def word(code: str) -> str:
    """Words for a code."""
    return CODE_WORDS.get(code, code)


def rule_text(found: MapFound) -> str:
    """The rule of a measured map in a few words; a signal needs none."""
    if found.quantity not in MEASURED:
        return ""
    short = sentences.LABELS.get(f"images.rule.{found.rule}")
    return short if short is not None else word(found.rule)


def why_not(one: SurveyedMap) -> str:
    """Sentence of why a map is refused; empty where it is not."""
    if not isinstance(one.decision, Refusal):
        return ""
    return sentences.sentence(one.decision.code, {"path": one.decision.path.name, **one.decision.values})

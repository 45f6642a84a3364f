"""A centre that was joined gives the same statistics here as its own session gives there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.clinical import (
    INTERVAL_TOO_LONG,
    ClinicalRow,
    ClinicalValue,
    Covariate,
    Kind,
    check_reference,
)
from app.domain.clinical_items import INTERVAL_ACCEPTED, TYPED_IN, Item, What
from app.domain.disagreement import FinalFrom, Ruling
from app.domain.errors import StoreUnavailable
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import case_facts, disagreements, read_exam
from app.services.assemble_cohort import Cohort, ReaderChoice, assemble_cohort, cohorts_of_readers
from app.services.join_centres import JoinPlan, join_centres, plan_join_centres
from app.services.merge import undo_merge
from app.services.open_session import Session, add_reader, create_session, readers_of
from app.services.type_in import take_back, type_in
from app.store import adjudications, audit, clinical, exams, people, rounds, sealing
from app.store.clinical import JoinedRow, Source
from app.store.exams import NewExam

FF, R2STAR = Quantity.FF, Quantity.R2STAR
PROTOCOL = Protocol(min_area_mm2=5.0, min_native_voxels=4.0, spacing_mm=(0.0, 500.0))
# one voxel down is one point of FF up: where a rectangle lies tells its mean
SIZE = (6, 8)
TOPS = (10, 28, 50, 66, 82)
SCAN, FAR, NEAR = "2024-05-01", "2023-05-01", "2024-04-20"
WEIGHT, EGFR = Item(What.COVARIATE, "weight"), Item(What.COVARIATE, "eGFR")
SCORE, AGE, DAY, INTERVAL = (
    Item(What.TSCORE, "L1-L4"),
    Item(What.AGE),
    Item(What.EXAM_DATE),
    Item(What.INTERVAL),
)


def voxels(code: str, shift: int, *, ff_only: bool = False) -> Exam:
    grid = Grid((5, 120, 40), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 0, -1), (0, 1, 0)))
    rows = np.broadcast_to(np.arange(120, dtype=np.int16)[None, :, None], grid.shape) + np.int16(shift)
    scaling = Scaling(1.0, 0.0, "test", "test", "ff.percent", "all", 40.0, 80.0, 1, 0, 0, 0)
    maps = {FF: ParametricMap(FF, np.ascontiguousarray(rows), grid, scaling)}
    if not ff_only:
        maps[R2STAR] = ParametricMap(R2STAR, np.ascontiguousarray(rows * np.int16(2)), grid, scaling)
    return Exam(code, maps, field_strength_t=3.0)


class Centre:
    """A session whose first reader, Ana, coordinates."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def viewer(self, name: str) -> Viewer:
        return Viewer(next(one for one in readers_of(self.session) if one.name == name))

    @property
    def ana(self) -> Viewer:
        return Viewer(readers_of(self.session)[0], Role.COORDINATOR)

    def key(self, code: str) -> int:
        return next(one.id for one in exams.exams(self.session.database) if one.code == code)

    def exam(self, code: str, shift: int, *, scanned: str = SCAN) -> int:
        who = Identity(f"Name^{code}", f"ID-{code}", study_uid=f"1.{shift}", study_date=scanned)
        return exams.add(
            self.session.database,
            exams.pack(NewExam(voxels(code, shift), who, {}, "GE", "X")),
            actor="Ana",
        )

    def read(self, code: str, name: str, moved: Mapping[int, int | None] | None = None) -> None:
        """Place rectangles and sign off; some levels lie lower, or cannot be measured."""
        case = read_exam.open_case(self.session, self.viewer(name), self.key(code))
        case, _ = read_exam.reopen(self.session, case, "seen again")
        for place, level in enumerate(LEVELS):
            down = (moved or {}).get(place, 0)
            if down is None:
                case, _ = read_exam.mark_not_measurable(self.session, case, level, Reason.HEMANG)
            else:
                box = Rectangle(2, TOPS[place] + down, 16, *SIZE)
                case, _ = read_exam.set_rectangle(self.session, case, level, box)
        read_exam.sign_off(self.session, case)

    def leave_out(self, code: str, name: str) -> None:
        case = read_exam.open_case(self.session, self.viewer(name), self.key(code))
        case, _ = read_exam.reopen(self.session, case, "seen again")
        case, _ = case_facts.exclude_patient(self.session, case, Reason.SURG)
        read_exam.sign_off(self.session, case)

    def decide(self, code: str, place: int, ruling: Ruling) -> None:
        disagreements.adjudicate(self.session, self.ana, self.key(code), LEVELS[place], ruling)

    def tell(self, columns: Mapping[Item, str], rows: Mapping[str, ClinicalRow]) -> None:
        """Import a clinical table, checked against the day of the scan."""
        days = {one.code: one.study_date for one in clinical.exam_identifiers(self.session.database)}
        joined = [
            JoinedRow(
                row.with_problems(*row.problems, *check_reference(row, days[code])), self.key(code), "code"
            )
            for code, row in rows.items()
        ]
        clinical.save(
            self.session.database,
            joined,
            sha256="",
            encoding="utf-8",
            actor="Ana",
            source=Source("text", ",", ".", columns),
        )

    def type(self, code: str, item: Item, text: str) -> None:
        type_in(self.session, self.ana, code, item, text, "looked up")

    def whole(self) -> bool:
        database = self.session.database
        found = list(sealing.compare(database, sealing.sealed_rows(database)))
        return found == [] and audit.first_break(database) is None


def row(line: int, score: float, *, day: str = NEAR, **more: Any) -> ClinicalRow:
    values = (
        ClinicalValue(Kind.TSCORE, "L1-L4", score, "", str(score)),
        ClinicalValue(Kind.BMD, "L1-L4", 0.7 + line / 100, "g/cm2", "x"),
    )
    known = {"sex": "F", "age": 60.0 + line, "bmi": 20.0 + line}
    weight = (Covariate("weight", 50.0 + line, "w"), Covariate("eGFR", 80.0 + line, "e"))
    return ClinicalRow(line=line, exam_date=day, values=values, covariates=weight, **(known | more))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Centre]:
    """Our own centre: one patient, read by Ana, with a weight in the table."""
    centre = Centre(create_session(tmp_path / "here.marrow", PROTOCOL, reader="Ana"))
    centre.exam("C1", 12)
    centre.read("C1", "Ana")
    centre.tell(
        {WEIGHT: "Weight"}, {"C1": replace(row(2, -1.0), covariates=(Covariate("weight", 71.0, "71"),))}
    )
    yield centre
    centre.session.close()


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Centre]:
    """The other one: two readers, everything that can be decided, typed in, left out, too old."""
    centre = Centre(create_session(tmp_path / "there.marrow", PROTOCOL, reader="Ana"))
    add_reader(centre.session, "Ben")
    codes = [f"C{number}" for number in range(1, 10)]
    for shift, code in enumerate(codes):
        centre.exam(code, shift)
        centre.read(code, "Ana", {4: None} if code == "C9" else None)
        centre.read(code, "Ben", {2: 7})
    _decide(centre)
    rows = {code: row(2 + shift, -3.0 + shift / 2) for shift, code in enumerate(codes[:7])}
    rows["C5"] = row(6, -2.7, day=FAR)
    rows["C6"] = row(7, -2.8, day=FAR)
    rows["C7"] = replace(row(8, -2.9), age=None, problems=(_unreadable(),))
    columns = {AGE: "Years", DAY: "date", SCORE: "T", WEIGHT: "kg", EGFR: "eGFR"}
    centre.tell(columns, rows)
    _type(centre)
    yield centre
    centre.session.close()


def _unreadable() -> Any:
    from app.domain.clinical import Problem  # noqa: PLC0415 - used here only

    return Problem("clinical.not_a_number", "Years", "sixty")


def _decide(centre: Centre) -> None:
    centre.decide("C1", 2, Ruling.of_reader("Ana", "the other one is L4"))
    centre.decide("C2", 2, Ruling.drawn(Rectangle(2, 53, 16, *SIZE)))
    centre.decide("C3", 2, Ruling.excluded(Reason.HEMANG))
    centre.decide("C3", 0, Ruling.mean())
    centre.decide("C9", 2, Ruling.of_reader("Ana"))
    # made anew, and the newest one ended when a reading changed
    centre.decide("C4", 2, Ruling.mean())
    centre.decide("C4", 2, Ruling.of_reader("Ben"))
    centre.read("C4", "Ben", {2: 8})
    centre.leave_out("C8", "Ben")


def _type(centre: Centre) -> None:
    centre.type("C1", SCORE, "-2.6")
    centre.type("C1", EGFR, "44")
    centre.type("C2", WEIGHT, "99")
    take_back(centre.session, centre.ana, "C2", WEIGHT, "read wrongly")
    # too old, and too old all the same with another age; used by decision
    centre.type("C5", AGE, "77")
    centre.type("C6", INTERVAL, "")
    centre.type("C7", AGE, "70")
    # nothing is known of C9 but what was typed in, and that is of long ago
    centre.type("C9", SCORE, "-2.9")
    centre.type("C9", DAY, FAR)


def plan(here: Centre, there: Centre, **wishes: Any) -> JoinPlan:
    return plan_join_centres(here.session, there.session.path, "B", **wishes)


def join(here: Centre, there: Centre, **wishes: Any) -> int:
    return join_centres(here.session, here.ana, plan(here, there, **wishes)).merge_id


def told(cohort: Cohort, codes: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What a cohort says of each of some patients, by the code they have there."""
    columns: dict[str, Any] = {
        name: getattr(cohort, name)
        for name in (
            *("single_reader", "incomplete", "final_from", "bmd", "tscore", "age", "bmi", "sex", "groups"),
            "positive",
        )
    }
    for quantity in (FF, R2STAR):
        columns[quantity.value] = cohort.values[quantity]
        columns[f"{quantity.value} by reader"] = cohort.paired[quantity]
    found: dict[str, dict[str, Any]] = {}
    for place, code in enumerate(cohort.codes):
        if code in codes:
            found[codes[code]] = {name: _plain(column[place]) for name, column in columns.items()}
    for one in cohort.exclusions:
        for code in one.cases:
            if code in codes:
                found[codes[code]] = {"left out": (one.code, one.reason)}
    return found


def _plain(value: Any) -> Any:
    # what is not known is the same as what is not known
    return [str(one) for one in np.atleast_1d(value)] if isinstance(value, np.ndarray | float) else value


def covariates(centre: Centre, codes: Mapping[str, str]) -> dict[str, dict[str, float]]:
    by_key = {one.id: one.code for one in exams.exams(centre.session.database)}
    found = clinical.covariates(centre.session.database, centre.ana)
    return {
        name: {codes[by_key[key]]: value for key, value in values.items() if by_key[key] in codes}
        for name, values in found.items()
    }


@pytest.mark.parametrize("with_images", [True, False])
def test_a_cohort_of_both_says_of_each_patient_what_their_own_session_says(
    here: Centre, there: Centre, *, with_images: bool
) -> None:
    asked = plan(here, there, with_images=with_images)
    assert dict(asked.readers) == {"Ana": "Ana (B)", "Ben": "Ben"}
    codes = {one.code_here: one.code_there for one in asked.cases}
    own = {code: code for code in codes.values()}
    join_centres(here.session, here.ana, asked)
    for levels in ("L1-L4", "L1-L5", "L3"):
        for choice in (ReaderChoice.ADJUDICATED, ReaderChoice.MEAN):
            wanted = assemble_cohort(there.session, there.ana, levels=levels, choice=choice)
            found = assemble_cohort(
                here.session, here.ana, levels=levels, choice=choice, compare=("Ana (B)", "Ben")
            )
            assert told(found, codes) == told(wanted, own)
            assert len(told(wanted, own)) == 9
    wanted_of, found_of = (
        cohorts_of_readers(centre.session, centre.ana, levels="L1-L4") for centre in (there, here)
    )
    for name, new in asked.readers:
        assert told(found_of[new], codes) == told(wanted_of[name], own)
    assert covariates(here, codes) == covariates(there, own)
    assert here.whole()


def test_it_is_a_hard_case_that_is_compared(there: Centre) -> None:
    """Each kind of what could be left behind makes a difference in the other session."""
    cohort = assemble_cohort(there.session, there.ana, levels="L3")
    rows = told(cohort, {code: code for code in (*cohort.codes, "C8")})
    of = {code: one.get("final_from") for code, one in rows.items()}
    assert [code for code, kind in of.items() if kind is FinalFrom.ADJUDICATED] == ["C1", "C2", "C3", "C9"]
    assert rows["C8"] == {"left out": ("cohort.patient_excluded", Reason.SURG)}
    assert {code for code, one in rows.items() if one.get("tscore") == ["nan"]} == {"C5", "C9"}
    assert (rows["C1"]["tscore"], rows["C5"]["age"]) == (["-2.6"], ["77.0"])
    assert covariates(there, {"C1": "C1", "C2": "C2"})["eGFR"] == {"C1": 44.0, "C2": 83.0}


def test_a_plan_tells_of_rows_of_what_was_typed_and_of_decisions(here: Centre, there: Centre) -> None:
    asked = plan(here, there)
    assert (asked.clinical_rows, asked.typed, asked.decisions) == (7, 7, 6)
    join(here, there)
    content = json.loads(audit.entries(here.session.database)[-1].new)
    assert [content[name] for name in ("clinical_rows", "typed", "decisions")] == [7, 7, 6]


def test_a_decision_names_whoever_it_named_and_one_that_ended_stays_ended(
    here: Centre, there: Centre
) -> None:
    join(here, there)
    made = adjudications.adjudications(here.session.database, here.ana)
    assert {one.who for one in made} == {"Ana (B)"}
    chosen = {(one.exam_id, one.level): one for one in made}
    one = chosen[here.key("B-C1"), Level.L3]
    assert (one.ruling.chosen, one.ruling.note) == ("Ana (B)", "the other one is L4")
    codes = {"C4": "C4"}
    ended = [found for found in disagreements.queue(here.session, here.ana) if found.ended]
    assert [(found.code, found.level) for found in ended] == [("C4", Level.L3)]
    assert [found.code for found in disagreements.queue(there.session, there.ana) if found.ended] == list(
        codes
    )
    (newest,) = (one for one in made[::-1] if one.exam_id == here.key("C4") and one.ruling.chosen == "Ben")
    assert {held["reader"] for held in json.loads(newest.readings)} == {"Ana (B)", "Ben"}


def test_somebody_who_only_decides_comes_along_by_name(here: Centre, there: Centre) -> None:
    add_reader(there.session, "Coe")
    people.grant(there.session.database, there.viewer("Coe").reader, [Role.COORDINATOR], actor="Ana")
    coe = Viewer(there.viewer("Coe").reader, Role.COORDINATOR)
    disagreements.adjudicate(there.session, coe, there.key("C5"), Level.L3, Ruling.mean())
    assert dict(plan(here, there).readers)["Coe"] == "Coe"
    join(here, there)
    names = {one.who for one in adjudications.adjudications(here.session.database, here.ana)}
    assert names == {"Ana (B)", "Coe"}


def test_what_was_typed_in_keeps_its_mark_its_person_and_what_it_settled(here: Centre, there: Centre) -> None:
    join(here, there)
    rows = {one.exam_id: one for one in clinical.newest(here.session.database, here.ana)}
    seven = rows[here.key("C7")]
    # the column of the other centre is the one of ours for nobody here: it keeps its name
    assert [problem.code for problem in seven.row.problems] == [TYPED_IN]
    assert [(one.item, one.verbatim, one.actor) for one in seven.typed] == [(AGE, "70", "Ana (B)")]
    codes = {code: [one.code for one in rows[here.key(code)].row.problems] for code in ("C5", "C6", "C9")}
    assert codes["C5"] == [INTERVAL_TOO_LONG, TYPED_IN]
    assert codes["C6"] == [INTERVAL_ACCEPTED]
    assert codes["C9"] == [INTERVAL_TOO_LONG, TYPED_IN, TYPED_IN]


def test_columns_of_both_tables_are_known_by_ours_where_they_say_the_same(
    here: Centre, there: Centre
) -> None:
    here.tell({WEIGHT: "Weight", AGE: "Age"}, {"C1": row(2, -1.0)})
    join(here, there)
    (kept,) = here.session.database.rows(
        "SELECT columns FROM clinical_source ORDER BY import_id DESC LIMIT 1"
    )
    columns = {(what, name): header for what, name, header in json.loads(kept["columns"])}
    assert columns[WEIGHT.what.value, "weight"] == "Weight"
    assert (columns[EGFR.what.value, "eGFR"], columns[AGE.what.value, ""]) == ("eGFR", "Age")
    assert list(clinical.covariates(here.session.database, here.ana)) == ["weight", "eGFR"]
    rows = {one.exam_id: one for one in clinical.newest(here.session.database, here.ana)}
    assert [one.code for one in rows[here.key("C7")].row.problems] == [TYPED_IN]


def test_a_centre_brings_its_table_where_there_was_none(tmp_path: Path, there: Centre) -> None:
    mine = Centre(create_session(tmp_path / "empty.marrow", PROTOCOL, reader="Ana"))
    with closing(mine.session):
        join(mine, there)
        assert list(clinical.covariates(mine.session.database, mine.ana)) == ["weight", "eGFR"]
        codes = {f"C{number}": f"C{number}" for number in range(1, 10)}
        found = assemble_cohort(mine.session, mine.ana, compare=("Ana (B)", "Ben"))
        assert told(found, codes) == told(assemble_cohort(there.session, there.ana), codes)


def test_of_an_exam_that_is_here_already_ours_stands(here: Centre, there: Centre) -> None:
    """The patient of C1 is known here, decided on and described; only readings come."""
    add_reader(here.session, "Bo")
    here.exam("X1", 0)
    here.read("X1", "Ana")
    here.read("X1", "Bo", {2: 7})
    here.decide("X1", 2, Ruling.excluded(Reason.SURG))
    here.type("X1", SCORE, "1.5")
    asked = plan(here, there)
    assert {one.code_there: one.same for one in asked.cases}["C1"]
    assert (asked.clinical_rows, asked.typed, asked.decisions) == (6, 5, 5)
    join(here, there)
    made = adjudications.adjudications(here.session.database, here.ana)
    assert [one.ruling.reason for one in made if one.exam_id == here.key("X1")] == [Reason.SURG]
    rows = {one.exam_id: one for one in clinical.newest(here.session.database, here.ana)}
    one = rows[here.key("X1")].row
    assert (one.line, one.age, one.find(Kind.TSCORE, "L1-L4").value) == (0, None, 1.5)


def test_an_exam_that_is_here_and_of_which_nothing_is_known_takes_all(here: Centre, there: Centre) -> None:
    here.exam("X1", 0)
    join(here, there)
    codes = {"X1": "C1"}
    found = assemble_cohort(here.session, here.ana, compare=("Ana (B)", "Ben"))
    assert told(found, codes) == told(assemble_cohort(there.session, there.ana), {"C1": "C1"})


def test_a_case_for_practice_stays_one_and_in_no_result(here: Centre, there: Centre) -> None:
    with there.session.database.transaction():
        rounds.use_for_training(there.session.database, [there.key("C2")], training=True)
        audit.append(there.session.database, actor="Ana", action="exam.for_training", subject="C2")
    join(here, there)
    cohort = assemble_cohort(here.session, here.ana)
    assert "C2" not in cohort.codes
    assert cohort.enrolled == 9


def test_words_that_nobody_understands_stop_the_join(here: Centre, there: Centre) -> None:
    database = there.session.database
    with database.transaction():
        database.insert(
            "INSERT INTO adjudication (exam_id, level, how, chosen, note, readings, rule, reader_id,"
            " protocol_id, software, at_utc) VALUES (?, 'L1', 'mean', '', '', 'nonsense', '', 1, 1, '', '')",
            (there.key("C5"),),
        )
        audit.append(database, actor="Ana", action="adjudication.decided", subject="C5")
    asked = plan(here, there)
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        join_centres(here.session, here.ana, asked)
    assert [one.code for one in exams.exams(here.session.database)] == ["C1"]


def test_no_name_and_no_day_of_a_scan_comes_along(here: Centre, there: Centre) -> None:
    undo_merge(here.session, here.ana, join(here, there))
    join(here, there)
    target = here.session.path.with_name("all.marrow")
    here.session.database.copy_to(target)
    content = target.read_bytes()
    for number in range(2, 10):
        assert f"Name^C{number}".encode() not in content
        assert f"ID-C{number}".encode() not in content
    rows = here.session.database.rows("SELECT study_date FROM identity WHERE exam_id <> ?", (here.key("C1"),))
    assert {one["study_date"] for one in rows} == {""}

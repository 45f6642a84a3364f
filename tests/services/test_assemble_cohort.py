from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from app.domain.clinical import Group
from app.domain.errors import BlindingError, InputError
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Role, Viewer
from app.services.assemble_cohort import Cohort, Exclusion, assemble_cohort
from app.services.join_clinical import import_clinical
from app.services.open_session import Session, add_reader, create_session, last_viewer, readers_of
from app.store import audit, exams, results, sessions
from app.store.database import Database

FF, R2STAR = Quantity.FF, Quantity.R2STAR
# FF of each level from L1 down; R2* is always 200 - FF
Values = Sequence[float | None]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = create_session(tmp_path / "study.marrow", reader="A")
    add_reader(made, "B")
    yield made
    made.close()


def add_exam(
    session: Session,
    code: str,
    readings: Mapping[str, Values],
    *,
    tesla: float | None = None,
    maps: Sequence[Quantity] = (FF, R2STAR),
    study_date: str = "",
) -> int:
    """An exam without images, read and signed off by the named readers."""
    database = session.database
    readers = {reader.name: reader.id for reader in readers_of(session)}
    with database.transaction():
        exam_id = exams.add_from_table(database, code, Identity(study_date=study_date))
        database.insert("UPDATE exam SET field_strength_t = ? WHERE id = ?", (tesla, exam_id))
        for name, values in readings.items():
            means = {
                level: {map_: value if map_ is FF else 200.0 - value for map_ in maps}
                for level, value in zip(LEVELS, values, strict=False)
                if value is not None
            }
            add_reading(database, exam_id, readers[name], means)
    return exam_id


def add_reading(
    database: Database, exam_id: int, reader_id: int, means: dict[Level, dict[Quantity, float]]
) -> None:
    protocol_id, _ = sessions.current_protocol(database)
    results.add_table_reading(
        database,
        exam_id,
        reader_id,
        means,
        protocol_id=protocol_id,
        software="test",
        at_utc=audit.utc_now(),
    )


def reopen(session: Session, exam_id: int) -> None:
    with session.database.transaction():
        session.database.insert(
            "INSERT INTO reading_event (reading_id, kind, protocol_id, software, at_utc)"
            " SELECT id, 'reopened', 1, 'test', '' FROM reading WHERE exam_id = ?",
            (exam_id,),
        )


def add_table(session: Session, *lines: str) -> None:
    path = session.path.with_name("clinical.csv")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_clinical(session, path)


def cohort_of(session: Session, **options: object) -> Cohort:
    return assemble_cohort(session, last_viewer(session), **options)  # type: ignore[arg-type]


def codes(cohort: Cohort) -> list[str]:
    return [note.code for note in cohort.notes]


def test_a_session_without_exams_is_an_empty_cohort(session: Session) -> None:
    cohort = cohort_of(session)
    assert (cohort.n, cohort.enrolled, cohort.exclusions, cohort.readers) == (0, 0, (), ())
    assert cohort.paired[FF].shape == (0, 2)
    assert (cohort.field_strengths, dict(cohort.blocked), cohort.notes) == ((), {}, ())


def test_the_final_value_is_the_mean_of_the_readers_means(session: Session) -> None:
    add_exam(session, "C1", {"A": [40, 42, 44, 46, 90], "B": [50, 52, 54, 56, 90]})
    cohort = cohort_of(session)
    assert cohort.values[FF].tolist() == [48.0]
    assert cohort.values[R2STAR].tolist() == [152.0]
    assert cohort.paired[FF].tolist() == [[43.0, 53.0]]
    assert cohort.readers == ("A", "B")
    assert not cohort.single_reader[0]
    assert not cohort.incomplete[0]
    assert codes(cohort) == [
        "cohort.without_t_score",
        "cohort.field_strength_unknown",
        "cohort.from_table",
    ]


def test_several_exams_of_one_patient_are_told_where_each_counts_as_a_patient(session: Session) -> None:
    keys = [add_exam(session, f"C{number}", {"A": [40, 42, 44, 46, 90]}) for number in range(5)]
    with session.database.transaction():
        for key, patient in zip(keys, ("P1", "P2", "P1", "P1", ""), strict=True):
            # as it came with the images
            session.database.insert("UPDATE identity SET patient_id = ? WHERE exam_id = ?", (patient, key))
    told = [note for note in cohort_of(session).notes if note.code == "cohort.same_patient"]
    assert [note.values for note in told] == [{"patients": 1, "exams": 3}]


def test_a_second_exam_that_is_left_out_is_not_told(session: Session) -> None:
    keys = [add_exam(session, "C1", {"A": [40, 42, 44, 46, 90]}), add_exam(session, "C2", {})]
    with session.database.transaction():
        for key in keys:
            session.database.insert("UPDATE identity SET patient_id = 'P1' WHERE exam_id = ?", (key,))
    assert "cohort.same_patient" not in codes(cohort_of(session))


@pytest.mark.parametrize(("levels", "mean"), [("L1-L5", 54.0), ("L1-L4", 45.0), ("L3", 50.0), ("L5", 90.0)])
def test_other_levels_can_be_asked_for(session: Session, levels: str, mean: float) -> None:
    add_exam(session, "C1", {"A": [35, 45, 50, 50, 90]})
    cohort = cohort_of(session, levels=levels)
    assert cohort.levels == levels
    assert cohort.values[FF].tolist() == [mean]


@pytest.mark.parametrize("levels", ["L1-L3", "L6", "T12", "l1"])
def test_levels_the_protocol_does_not_know_are_refused(session: Session, levels: str) -> None:
    with pytest.raises(InputError, match=r"cohort\.unknown_levels"):
        cohort_of(session, levels=levels)


def test_a_mean_over_three_of_four_levels_is_used_and_flagged(session: Session) -> None:
    add_exam(session, "C1", {"A": [40, None, 44, 48], "B": [40, 41, 44, 48]})
    cohort = cohort_of(session)
    assert cohort.values[FF].tolist() == [(44.0 + 43.25) / 2]
    assert cohort.incomplete.tolist() == [True]
    assert "cohort.incomplete_levels" in codes(cohort)


def test_a_mean_over_two_of_four_levels_is_not_used(session: Session) -> None:
    add_exam(session, "C1", {"A": [40, None, None, 48, 50]})
    add_exam(session, "C2", {"A": [40, None, None, 48], "B": [40, 42, 44, 46]})
    cohort = cohort_of(session)
    assert cohort.exclusions == (Exclusion("cohort.too_few_levels", ("C1",)),)
    assert (cohort.codes, cohort.n_excluded, cohort.enrolled) == (("C2",), 1, 2)
    assert cohort.values[FF].tolist() == [43.0]
    assert cohort.single_reader.tolist() == [True]
    assert np.isnan(cohort.paired[FF]).all()


def test_agreement_uses_only_levels_that_both_readers_measured(session: Session) -> None:
    add_exam(session, "C1", {"A": [None, 42, 44, 46], "B": [10, 52, 54, 56]})
    assert cohort_of(session).paired[FF].tolist() == [[44.0, 54.0]]


def test_readers_who_share_too_few_levels_are_not_compared(session: Session) -> None:
    add_exam(session, "C1", {"A": [None, 42, 44, 46], "B": [50, 52, 54, None]})
    cohort = cohort_of(session)
    assert np.isnan(cohort.paired[FF]).all()
    assert cohort.values[FF].tolist() == [48.0]


def test_an_exam_without_signed_off_reading_is_excluded_and_counted(session: Session) -> None:
    add_exam(session, "C1", {})
    reopen(session, add_exam(session, "C2", {"A": [40, 42, 44, 46]}))
    add_exam(session, "C3", {"A": [40, 42, 44, 46]})
    cohort = cohort_of(session)
    assert cohort.exclusions == (Exclusion("cohort.not_signed_off", ("C1", "C2")),)
    assert cohort.codes == ("C3",)


def test_a_second_round_does_not_enter_the_final_value(session: Session) -> None:
    exam_id = add_exam(session, "C1", {"A": [40, 42, 44, 46]})
    with session.database.transaction():
        add_reading(session.database, exam_id, 2, {level: {FF: 90.0} for level in LEVELS})
        session.database.insert(
            "INSERT INTO reading (exam_id, reader_id, round, origin, at_utc) VALUES (?, 1, 2, 'table', '')",
            (exam_id,),
        )
        for level in LEVELS:
            revision = session.database.insert(
                "INSERT INTO roi_revision"
                " (reading_id, level, kind, note, action, rule, protocol_id, software, at_utc)"
                " VALUES (3, ?, 'measured', '', 'edit', 'from-table', 1, 'test', '')",
                (level.value,),
            )
            session.database.insert(
                "INSERT INTO measurement (revision_id, quantity, mean) VALUES (?, 'FF', 10.0)", (revision,)
            )
        session.database.insert(
            "INSERT INTO reading_event (reading_id, kind, protocol_id, software, at_utc)"
            " VALUES (3, 'signed_off', 1, 'test', '')"
        )
    assert cohort_of(session).values[FF].tolist() == [(43.0 + 90.0) / 2]


def test_the_first_two_readers_who_signed_off_are_compared(session: Session) -> None:
    add_reader(session, "C")
    add_exam(session, "C1", {"C": [50, 52, 54, 56], "B": [40, 42, 44, 46]})
    cohort = cohort_of(session)
    assert cohort.readers == ("B", "C")
    assert cohort.paired[FF].tolist() == [[43.0, 53.0]]


def test_other_readers_can_be_compared_by_name(session: Session) -> None:
    add_reader(session, "C")
    add_exam(session, "C1", {"A": [1, 1, 1, 1], "B": [2, 2, 2, 2], "C": [3, 3, 3, 3]})
    cohort = cohort_of(session, compare=("C", "A"))
    assert cohort.readers == ("C", "A")
    assert cohort.paired[FF].tolist() == [[3.0, 1.0]]
    assert cohort.values[FF].tolist() == [2.0]


@pytest.mark.parametrize("compare", [("A", "X"), ("A", "A")])
def test_readers_who_cannot_be_compared_are_refused(session: Session, compare: tuple[str, str]) -> None:
    with pytest.raises(InputError, match=r"cohort\.unknown_reader"):
        cohort_of(session, compare=compare)


def test_one_reader_gives_values_that_are_flagged_and_no_pairs(session: Session) -> None:
    add_exam(session, "C1", {"A": [40, 42, 44, 46]})
    cohort = cohort_of(session)
    assert cohort.readers == ("A",)
    assert cohort.values[FF].tolist() == [43.0]
    assert np.isnan(cohort.paired[FF]).all()
    assert "cohort.single_reader" in codes(cohort)


def test_an_exam_with_one_map_is_missing_on_the_other(session: Session) -> None:
    add_exam(session, "C1", {"A": [40, 42, 44, 46]}, maps=(FF,))
    cohort = cohort_of(session)
    assert cohort.values[FF].tolist() == [43.0]
    assert np.isnan(cohort.values[R2STAR]).all()
    assert cohort.field_strengths == ()


@pytest.mark.parametrize(
    ("tesla", "strengths", "blocked"),
    [
        ((3.0, 3.0), (3.0,), False),
        ((3.0, 2.8936), (3.0,), False),
        ((1.5, 1.494), (1.5,), False),
        ((1.5, 3.0), (1.5, 3.0), True),
        ((3.0, 0.55), (0.55, 3.0), True),
        ((3.0, None), (3.0, None), True),
        ((None, None), (None,), False),
    ],
)
def test_r2star_of_different_field_strengths_is_never_pooled(
    session: Session,
    tesla: tuple[float | None, float | None],
    strengths: tuple[float | None, ...],
    blocked: bool,
) -> None:
    for number, one in enumerate(tesla):
        add_exam(session, f"C{number}", {"A": [40, 42, 44, 46]}, tesla=one)
    cohort = cohort_of(session)
    assert cohort.field_strengths == strengths
    assert ("R2STAR" in cohort.blocked) is blocked
    if blocked:
        assert cohort.blocked["R2STAR"].code == "cohort.mixed_field_strengths"


def test_a_field_strength_counts_only_where_r2star_was_measured(session: Session) -> None:
    add_exam(session, "C1", {"A": [40, 42, 44, 46]}, tesla=3.0)
    add_exam(session, "C2", {"A": [40, 42, 44, 46]}, tesla=1.5, maps=(FF,))
    add_exam(session, "C3", {}, tesla=1.5)
    assert cohort_of(session).field_strengths == (3.0,)


def test_the_clinical_table_gives_density_group_and_outcome(session: Session) -> None:
    for code in ("C1", "C2", "C3", "C4"):
        add_exam(session, code, {"A": [40, 42, 44, 46]})
    add_table(
        session,
        "id,性别,年龄,L1-L4骨密度(g/cm2),L1-L4 T值,L1骨密度(mg/cm2)",
        "C1,女,70,0.700,-2.5,9",
        "C2,男,60,0.900,-2.4,9",
        "C3,女,40,1.100,未查,9",
    )
    cohort = cohort_of(session)
    assert cohort.bmd.tolist()[:3] == [0.7, 0.9, 1.1]
    assert cohort.age.tolist()[:3] == [70.0, 60.0, 40.0]
    assert np.isnan([cohort.bmd[3], cohort.age[3], cohort.tscore[2], cohort.tscore[3]]).all()
    assert cohort.groups == (Group.OSTEOPOROSIS, Group.OSTEOPENIA, None, None)
    assert cohort.count(Group.OSTEOPOROSIS) == 1
    assert cohort.positive.tolist()[:2] == [1.0, 0.0]
    assert np.isnan(cohort.positive[2:]).all()
    assert cohort.sex == ("F", "M", "F", "")
    assert (cohort.bmd_unit, dict(cohort.blocked)) == ("g/cm2", {})
    assert "cohort.without_t_score" in codes(cohort)


def test_the_outcome_follows_the_protocols_limit(tmp_path: Path) -> None:
    session = create_session(tmp_path / "study.marrow", Protocol(positive_t_score=-1.0), reader="A")
    try:
        for code in ("C1", "C2"):
            add_exam(session, code, {"A": [40, 42, 44, 46]})
        add_table(session, "id,T值", "C1,-1.0", "C2,-0.99")
        assert cohort_of(session).positive.tolist() == [1.0, 0.0]
    finally:
        session.close()


@pytest.mark.parametrize(
    ("header", "cells", "unit"),
    [
        ("BMD(g/cm2)", ("0.8", "900 mg/cm2"), None),
        ("BMD", ("0.8", "0.9 g/cm2"), None),
        ("BMD(g/cm2)", ("0.8", "/"), "g/cm2"),
        ("BMD", ("0.8", "0.9"), ""),
    ],
)
def test_mixed_units_of_density_block_its_analysis(
    session: Session, header: str, cells: tuple[str, str], unit: str | None
) -> None:
    for number in range(len(cells)):
        add_exam(session, f"C{number}", {"A": [40, 42, 44, 46]})
    add_table(session, f"id,{header}", *(f"C{number},{cell}" for number, cell in enumerate(cells)))
    cohort = cohort_of(session)
    assert ("bmd" in cohort.blocked) is (unit is None)
    assert cohort.bmd_unit == (unit or "")
    if unit is None:
        assert cohort.blocked["bmd"].code == "cohort.mixed_bmd_units"


def test_a_reference_more_than_ninety_days_away_is_not_used(session: Session) -> None:
    add_exam(session, "C1", {"A": [40, 42, 44, 46]}, study_date="2024-01-01")
    add_table(session, "id,age,检查日期,BMD,T值", "C1,60,2024-06-01,0.8,-3")
    cohort = cohort_of(session)
    assert np.isnan([cohort.bmd[0], cohort.tscore[0]]).all()
    assert (cohort.groups, cohort.age.tolist()) == ((None,), [60.0])
    assert "cohort.reference_too_old" in codes(cohort)
    assert "cohort.without_t_score" not in codes(cohort)


@pytest.mark.parametrize(
    ("header", "levels", "told"),
    [
        ("L1-L4 T值", None, []),
        ("T值", None, ["cohort.region_not_stated"]),
        ("L1-L4 T值", "L1-L5", ["cohort.region_differs"]),
        ("L5 T值", None, []),
    ],
)
def test_the_region_of_the_reference_is_footnoted(
    session: Session, header: str, levels: str | None, told: list[str]
) -> None:
    add_exam(session, "C1", {"A": [40, 42, 44, 46, 50]})
    add_table(session, f"id,{header}", "C1,-3")
    found = [code for code in codes(cohort_of(session, levels=levels)) if code.startswith("cohort.region")]
    assert found == told


def test_a_reference_region_with_l5_and_a_unit_against_the_method_are_footnoted(tmp_path: Path) -> None:
    protocol = Protocol(mean_levels="L1-L5", bmd_region="L1-L5")
    session = create_session(tmp_path / "study.marrow", protocol, reader="A")
    try:
        add_exam(session, "C1", {"A": [40, 42, 44, 46, 50]}, tesla=3.0)
        add_table(session, "id,DXA BMD L1-L5(mg/cm3)", "C1,80")
        cohort = cohort_of(session)
    finally:
        session.close()
    assert cohort.bmd.tolist() == [80.0]
    assert codes(cohort) == [
        "cohort.single_reader",
        "cohort.without_t_score",
        "cohort.unit_against_method",
        "cohort.region_with_l5",
        "cohort.from_table",
    ]


def test_arrays_of_a_cohort_cannot_be_changed(session: Session) -> None:
    add_exam(session, "C1", {"A": [40, 42, 44, 46]})
    cohort = cohort_of(session)
    flags = (cohort.single_reader, cohort.incomplete)
    for array in (cohort.values[FF], cohort.paired[FF], cohort.bmd, cohort.positive, *flags):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1


def test_a_blinded_reader_gets_no_cohort_but_a_coordinator_does(tmp_path: Path) -> None:
    session = create_session(tmp_path / "blind.marrow", Protocol(blinded=True))
    reader = last_viewer(session)
    try:
        with pytest.raises(BlindingError):
            assemble_cohort(session, reader)
        assert assemble_cohort(session, Viewer(reader.reader, Role.COORDINATOR)).n == 0
    finally:
        session.close()

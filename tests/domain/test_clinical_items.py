"""Single values of a clinical row: typed in over a table, and held against another one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.clinical import (
    BMI_COMPUTED,
    HEIGHT,
    INTERVAL_LONG,
    INTERVAL_TOO_LONG,
    POSTMENOPAUSAL,
    UNIT_AGAINST_METHOD,
    WEIGHT,
    ClinicalRow,
    ClinicalValue,
    Covariate,
    Kind,
    Problem,
    with_bmi,
)
from app.domain.clinical_items import (
    INTERVAL_ACCEPTED,
    TYPED_IN,
    Change,
    Item,
    TypedIn,
    What,
    changes,
    items_of,
    told,
    with_typed,
)

BMD, SCORE = Item(What.BMD, "L1-L4"), Item(What.TSCORE, "L1-L4")
ROW = ClinicalRow(
    line=2,
    sex="F",
    age=65.0,
    bmi=21.5,
    exam_date="2024-03-05",
    values=(
        ClinicalValue(Kind.BMD, "L1-L4", 0.812, "g/cm2", "0.812"),
        ClinicalValue(Kind.TSCORE, "L1-L4", None, "", "未查"),
    ),
    covariates=(Covariate("eGFR", 90.0, "90"), Covariate("weight", None, "heavy")),
)


def typed(
    item: Item, value: float | None = None, text: str = "", *, of: ClinicalRow = ROW, unit: str = ""
) -> TypedIn:
    verbatim = text or str(value)
    return TypedIn(item, value, text, unit, verbatim, told(of, item), "why")


def test_every_value_of_a_row_is_told_with_its_unit() -> None:
    assert items_of(ROW) == {
        Item(What.SEX): "F",
        Item(What.AGE): "65",
        Item(What.BMI): "21.5",
        Item(What.EXAM_DATE): "2024-03-05",
        BMD: "0.812 g/cm2",
        SCORE: "未查",
        Item(What.COVARIATE, "eGFR"): "90",
        Item(What.COVARIATE, "weight"): "heavy",
    }
    assert items_of(ClinicalRow(line=0)) == {}
    assert told(None, BMD) == ""
    assert told(ROW, Item(What.INTERVAL)) == "2024-03-05"


def test_two_rows_of_a_case_differ_in_what_they_say_and_not_in_how_they_write_it() -> None:
    same = replace(ROW, line=9, values=(replace(ROW.values[0], verbatim="0.8120"), ROW.values[1]))
    assert changes(ROW, same) == ()
    other = replace(same, age=66.0, values=same.values[:1], covariates=())
    assert changes(ROW, other) == (
        Change(Item(What.AGE), "65", "66"),
        Change(Item(What.COVARIATE, "eGFR"), "90", ""),
        Change(Item(What.COVARIATE, "weight"), "heavy", ""),
        Change(SCORE, "未查", ""),
    )


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (typed(Item(What.SEX), text="M"), "M"),
        (typed(Item(What.AGE), 70.0), "70"),
        (typed(Item(What.BMI), 30.0), "30"),
        (typed(Item(What.EXAM_DATE), text="2024-04-01"), "2024-04-01"),
        (typed(BMD, 0.7, unit="g/cm2"), "0.7 g/cm2"),
        (typed(SCORE, -2.6), "-2.6"),
        (typed(Item(What.TSCORE, "total hip"), -1.0), "-1"),
        (typed(Item(What.COVARIATE, "eGFR"), 45.0), "45"),
        (typed(Item(What.COVARIATE, "new"), 1.0), "1"),
    ],
)
def test_a_value_that_was_typed_in_holds_and_is_marked(one: TypedIn, says: str) -> None:
    row, holding = with_typed(ROW, [one])
    assert holding == (one,)
    assert told(row, one.item) == says
    assert Problem(TYPED_IN, one.item.name or one.item.what.value, one.verbatim) in row.problems
    # nothing else moved
    others = {item: said for item, said in items_of(ROW).items() if item != one.item}
    assert {item: said for item, said in items_of(row).items() if item != one.item} == others


def test_nothing_typed_leaves_the_very_row() -> None:
    assert with_typed(ROW, []) == (ROW, ())


def test_a_table_that_says_something_else_since_takes_the_place_of_what_was_typed() -> None:
    correction = typed(Item(What.AGE), 70.0)
    later = replace(ROW, age=66.0)
    assert with_typed(later, [correction]) == (later, ())
    # one that still has the mistake does not
    again = replace(ROW, line=40)
    assert with_typed(again, [correction])[0].age == 70.0


def test_what_was_not_understood_in_a_column_is_settled_by_typing() -> None:
    odd = replace(
        ROW,
        age=None,
        problems=(
            Problem("clinical.not_a_number", "年龄", "old"),
            Problem("clinical.not_a_number", "eGFR", ">90"),
            Problem(UNIT_AGAINST_METHOD, "BMD", "0.8"),
        ),
    )
    one = typed(Item(What.AGE), 70.0, of=odd)
    row, _ = with_typed(odd, [one], headers={Item(What.AGE): "年龄"})
    assert [problem.code for problem in row.problems] == [
        "clinical.not_a_number",
        UNIT_AGAINST_METHOD,
        TYPED_IN,
    ]
    assert row.problems[0].column == "eGFR"


def test_the_rules_of_the_reference_are_asked_again_about_what_was_typed() -> None:
    late = replace(ROW, exam_date="2025-03-05", problems=(Problem(INTERVAL_TOO_LONG),))
    one = typed(Item(What.EXAM_DATE), text="2024-03-05", of=late)
    row, _ = with_typed(late, [one], study_date="2024-03-01")
    assert [problem.code for problem in row.problems] == [TYPED_IN]
    young = typed(SCORE, -1.0), typed(Item(What.COVARIATE, POSTMENOPAUSAL), 0.0)
    row, _ = with_typed(ROW, young, study_date="2024-03-01")
    assert "clinical.t_score_premenopausal" in [problem.code for problem in row.problems]


def test_a_reference_of_long_ago_is_used_by_decision_until_it_is_of_another_day() -> None:
    late = replace(ROW, exam_date="2025-03-05", problems=(Problem(INTERVAL_TOO_LONG),))
    one = typed(Item(What.INTERVAL), of=late)
    row, holding = with_typed(late, [one], study_date="2024-03-01")
    assert [problem.code for problem in row.problems] == [INTERVAL_ACCEPTED]
    assert holding == (one,)
    moved = replace(late, exam_date="2025-06-05")
    assert with_typed(moved, [one], study_date="2024-03-01")[0].problems == (Problem(INTERVAL_TOO_LONG),)


@pytest.mark.parametrize(
    ("told_of", "study_date", "found"),
    [
        ((INTERVAL_TOO_LONG,), "", [INTERVAL_TOO_LONG]),
        ((INTERVAL_LONG,), "", [INTERVAL_LONG]),
        ((), "", []),
        # a day that is known is asked itself
        ((INTERVAL_TOO_LONG,), "2024-03-06", []),
    ],
)
def test_where_nobody_knows_the_day_of_the_scan_the_row_says_how_long_ago_it_was(
    told_of: tuple[str, ...], study_date: str, found: list[str]
) -> None:
    row = ROW.with_problems(*(Problem(code) for code in told_of))
    made, _ = with_typed(row, [typed(Item(What.AGE), 66.0)], study_date=study_date)
    assert [problem.code for problem in made.problems if problem.code != TYPED_IN] == found
    accepted = typed(Item(What.INTERVAL), text=" ")
    made, _ = with_typed(row, [replace(accepted, replaced=row.exam_date)], study_date=study_date)
    wanted = [INTERVAL_ACCEPTED if code == INTERVAL_TOO_LONG else code for code in found]
    assert [problem.code for problem in made.problems] == wanted


def test_a_decision_on_the_interval_leaves_other_findings_alone() -> None:
    apart = (
        ClinicalValue(Kind.TSCORE, "L1", 0.0, "", "0"),
        ClinicalValue(Kind.TSCORE, "L2", -3.0, "", "-3"),
    )
    late = replace(ROW, exam_date="2025-03-05", values=apart)
    row, _ = with_typed(late, [typed(Item(What.INTERVAL), of=late)], study_date="2024-03-01")
    assert [problem.code for problem in row.problems] == [INTERVAL_ACCEPTED, "clinical.levels_apart"]


def test_a_number_that_its_unit_does_not_allow_is_settled_by_typing() -> None:
    odd = replace(
        ROW,
        values=(ClinicalValue(Kind.BMD, "L1-L4", None, "g/cm2", "899"),),
        problems=(Problem("clinical.not_in_g_cm2", "BMD", "899"),),
    )
    row, _ = with_typed(odd, [typed(BMD, 0.899, of=odd, unit="g/cm2")], headers={BMD: "BMD"})
    assert [problem.code for problem in row.problems] == [TYPED_IN]


MEASURED = with_bmi(
    replace(ROW, bmi=None, covariates=(Covariate(HEIGHT, 160.0, ""), Covariate(WEIGHT, 55.0, "")))
)


def test_a_weight_that_is_typed_in_gives_another_bmi() -> None:
    row, _ = with_typed(MEASURED, [typed(Item(What.COVARIATE, WEIGHT), 64.0, of=MEASURED)])
    assert (MEASURED.bmi, row.bmi) == (21.48, 25.0)
    assert [problem.code for problem in row.problems] == [BMI_COMPUTED, TYPED_IN]


def test_a_bmi_that_was_counted_stays_when_something_else_is_typed_in() -> None:
    row, _ = with_typed(MEASURED, [typed(Item(What.AGE), 66.0, of=MEASURED)])
    assert row.bmi == 21.48
    assert [problem.code for problem in row.problems] == [BMI_COMPUTED, TYPED_IN]


def test_a_weight_that_is_taken_away_leaves_no_bmi() -> None:
    row, _ = with_typed(MEASURED, [typed(Item(What.COVARIATE, WEIGHT), None, of=MEASURED)])
    assert row.bmi is None
    assert [problem.code for problem in row.problems] == [TYPED_IN]


@pytest.mark.parametrize("bmi", [22.0, None])
def test_a_bmi_that_is_typed_in_is_not_counted(bmi: float | None) -> None:
    row, _ = with_typed(MEASURED, [typed(Item(What.BMI), bmi, of=MEASURED)])
    assert row.bmi == bmi
    assert [problem.code for problem in row.problems] == [TYPED_IN]


def test_a_height_and_a_weight_that_are_typed_in_give_a_bmi() -> None:
    bare = replace(ROW, bmi=None)
    both = [
        typed(Item(What.COVARIATE, name), value, of=bare) for name, value in ((HEIGHT, 160.0), (WEIGHT, 64.0))
    ]
    row, _ = with_typed(bare, both)
    assert (row.bmi, row.problems[0]) == (25.0, Problem(BMI_COMPUTED))

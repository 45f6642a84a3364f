"""How far readers are apart at a level, and which of the protocol's limits that is beyond."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.disagreement import (
    Comparison,
    Held,
    How,
    Ruling,
    Urgency,
    compare,
    only_mean,
    told,
)
from app.domain.errors import InputError
from app.domain.grid import Grid
from app.domain.maps import Quantity
from app.domain.protocol import Protocol
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle

FF, R2STAR = Quantity.FF, Quantity.R2STAR
PROTOCOL = Protocol()
# sagittal: slices 4 mm apart, voxels of 1 mm
GRID = Grid((9, 200, 200), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 0, -1), (0, 1, 0)))
BOX = Rectangle(4, 50, 60, 10, 14)
# exactly three points apart, but for what the computer makes of tenths
TENTHS = [(tenth / 10, (tenth - 30) / 10) for tenth in range(100, 800)]


def held(
    reader: str, ff: float | None = 40.0, r2star: float | None = 150.0, box: Rectangle | None = BOX
) -> Held:
    values = {FF: ff, R2STAR: r2star}
    return Held(reader, box, {one: only_mean(mean) for one, mean in values.items() if mean is not None})


def marked(reader: str) -> Held:
    return Held(reader, None, {}, Reason.HEMANG)


def codes(found: Comparison) -> list[str]:
    return [ground.code for ground in found.grounds]


def test_readers_who_agree_raise_no_question() -> None:
    found = compare([held("A", 40.0, 150.0), held("B", 41.0, 155.0)], GRID, PROTOCOL)
    assert found.grounds == ()
    assert found.urgency is None
    assert found.gaps[FF].readers == ("A", "B")
    assert found.gaps[FF].difference == -1.0
    assert found.gaps[R2STAR].share == pytest.approx(5 / 152.5)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (43.0, None),
        (37.0, None),
        (43.01, "readers.ff_query"),
        (36.99, "readers.ff_query"),
        (45.0, "readers.ff_query"),
        (45.01, "readers.ff_adjudicate"),
        (34.99, "readers.ff_adjudicate"),
    ],
)
def test_fat_fraction_is_asked_about_beyond_three_points_and_decided_on_beyond_five(
    second: float, code: str | None
) -> None:
    found = compare([held("A", 40.0), held("B", second)], GRID, PROTOCOL)
    assert codes(found) == ([code] if code else [])


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (95.0, 105.0, None),
        (94.9, 105.1, "readers.r2star_query"),
        (105.1, 94.9, "readers.r2star_query"),
        (92.5, 107.5, "readers.r2star_query"),
        (92.4, 107.6, "readers.r2star_adjudicate"),
    ],
)
def test_r2star_is_judged_by_its_share_of_the_mean_of_the_two(
    first: float, second: float, code: str | None
) -> None:
    found = compare([held("A", r2star=first), held("B", r2star=second)], GRID, PROTOCOL)
    assert codes(found) == ([code] if code else [])


def test_the_last_digits_carry_nothing_over_a_limit() -> None:
    above = [pair for pair in TENTHS if pair[0] - pair[1] > 3.0]
    assert above
    for first, second in above:
        assert codes(compare([held("A", first), held("B", second)], GRID, PROTOCOL)) == []


def test_the_figures_of_a_ground_are_those_of_the_protocol() -> None:
    strict = replace(PROTOCOL, query_ff=1.0, adjudicate_ff=2.0, query_r2star=0.01, adjudicate_r2star=0.02)
    found = compare([held("A", 40.0, 100.0), held("B", 41.5, 110.0)], GRID, strict)
    query, decide = found.grounds[1], found.grounds[0]
    assert (query.code, query.values) == ("readers.ff_query", {"amount": 1.5, "limit": 1.0})
    assert decide.code == "readers.r2star_adjudicate"
    assert decide.values["amount"] == pytest.approx(1000 / 105)
    assert decide.values["limit"] == 2.0
    assert found.urgency is Urgency.ADJUDICATE


def test_of_three_readers_the_two_furthest_apart_count_on_each_map_for_itself() -> None:
    three = [held("A", 40.0, 100.0), held("B", 42.0, 118.0), held("C", 46.0, 101.0)]
    found = compare(three, GRID, PROTOCOL)
    assert found.gaps[FF].readers == ("A", "C")
    assert found.gaps[FF].difference == -6.0
    assert found.gaps[R2STAR].readers == ("A", "B")
    assert found.gaps[R2STAR].share == pytest.approx(18 / 109)


def test_the_widest_gap_of_r2star_is_that_of_the_largest_share() -> None:
    # 40 of 60 is a larger share than 100 of 250; the difference of A and C would be the larger one
    three = [held("A", r2star=300.0), held("B", r2star=240.0), held("C", r2star=200.0)]
    assert compare(three, GRID, PROTOCOL).gaps[R2STAR].readers == ("A", "C")
    # 20 to 30 is 40 %, 20 to 29 less, while 100 to 130 differ by more
    four = [held("A", r2star=-20.0), held("B", r2star=30.0), held("C", r2star=130.0)]
    found = compare(four, GRID, PROTOCOL).gaps[R2STAR]
    assert found.readers == ("A", "B")
    assert found.share == 10.0


def test_values_about_zero_have_no_share_or_an_endless_one() -> None:
    assert compare([held("A", r2star=0.0), held("B", r2star=0.0)], GRID, PROTOCOL).gaps[R2STAR].share == 0.0
    found = compare([held("A", r2star=-1.0), held("B", r2star=1.0)], GRID, PROTOCOL)
    assert found.gaps[R2STAR].share == inf
    assert codes(found) == ["readers.r2star_adjudicate"]


def test_a_map_that_one_reader_alone_has_a_value_of_gives_no_gap() -> None:
    found = compare([held("A", ff=None), held("B", ff=90.0)], GRID, PROTOCOL)
    assert set(found.gaps) == {R2STAR}
    assert codes(found) == []


@pytest.mark.parametrize(
    ("moved", "code"),
    [
        (replace(BOX, row0=59), None),
        (replace(BOX, row0=60), "readers.no_overlap"),
        (replace(BOX, row0=62), "readers.no_overlap"),
        (replace(BOX, row0=63), "readers.far_apart"),
        (replace(BOX, col0=70, cols=18), None),
        # 6 + 6 mm: 12.0 exactly is not more
        (replace(BOX, row0=44, rows=10, col0=60, slice=4), None),
    ],
)
def test_rectangles_that_share_no_place_may_lie_on_different_vertebrae(
    moved: Rectangle, code: str | None
) -> None:
    found = compare([held("A"), held("B", box=moved)], GRID, PROTOCOL)
    assert codes(found) == ([code] if code else [])
    if code:
        assert found.urgency is Urgency.ADJUDICATE


def test_the_distance_is_measured_in_the_patient_and_not_in_voxels() -> None:
    fine = replace(GRID, spacing_mm=(4.0, 0.5, 0.5))
    # tall ones, so that they overlap: 20 voxels are 10 mm here and 20 mm there
    tall = replace(BOX, rows=60)
    pair = [held("A", box=tall), held("B", box=replace(tall, row0=70))]
    assert codes(compare(pair, fine, PROTOCOL)) == []
    coarse = compare(pair, GRID, PROTOCOL)
    assert codes(coarse) == ["readers.far_apart"]
    assert coarse.grounds[0].values == {"distance": 20.0, "limit": 12.0}


def test_the_next_slice_is_no_other_vertebra() -> None:
    assert codes(compare([held("A"), held("B", box=replace(BOX, slice=5))], GRID, PROTOCOL)) == []


@pytest.mark.parametrize(
    ("thickness", "step", "warned"),
    [(4.0, 1, False), (5.0, 1, False), (5.1, 1, True), (2.0, 2, True), (1.0, 1, False), (4.0, 0, False)],
)
def test_slices_may_differ_by_one_and_by_five_millimetres(
    thickness: float, step: int, *, warned: bool
) -> None:
    grid = replace(GRID, spacing_mm=(thickness, 1.0, 1.0))
    found = compare([held("A"), held("B", box=replace(BOX, slice=4 + step))], grid, PROTOCOL)
    assert codes(found) == (["readers.slices"] if warned else [])
    if warned:
        assert found.urgency is Urgency.WARNING
        assert found.grounds[0].values == {"slices": step, "distance": pytest.approx(step * thickness)}


def test_any_pair_of_three_readers_can_be_the_one_that_is_far_apart() -> None:
    three = [held("A"), held("B"), held("C", box=replace(BOX, row0=90, slice=7))]
    found = compare(three, GRID, PROTOCOL)
    assert codes(found) == ["readers.far_apart", "readers.slices"]
    assert found.grounds[0].values["distance"] == pytest.approx((40**2 + 12**2) ** 0.5)


@pytest.mark.parametrize("boxes", [(None, None), (BOX, None)])
def test_values_from_a_table_have_no_place(boxes: tuple[Rectangle | None, Rectangle | None]) -> None:
    pair = [held("A", box=boxes[0]), held("B", box=boxes[1])]
    assert codes(compare(pair, GRID, PROTOCOL)) == []
    assert codes(compare([held("A"), held("B", box=replace(BOX, row0=100))], None, PROTOCOL)) == []


def test_a_level_that_one_reader_could_not_measure_is_a_warning() -> None:
    found = compare([held("A"), marked("B"), held("C")], GRID, PROTOCOL)
    assert codes(found) == ["readers.not_measured_by_all"]
    assert found.grounds[0].values == {"marked": 1, "readers": 3}
    assert compare([marked("A"), marked("B")], GRID, PROTOCOL) == Comparison({}, ())


def test_the_most_urgent_ground_comes_first() -> None:
    far = replace(BOX, row0=90, slice=8)
    found = compare([held("A", 40.0), held("B", 44.0, box=far), marked("C")], GRID, PROTOCOL)
    assert [ground.urgency for ground in found.grounds] == sorted(
        (ground.urgency for ground in found.grounds), reverse=True
    )
    assert codes(found)[0] == "readers.far_apart"
    assert set(codes(found)) == {
        "readers.far_apart",
        "readers.ff_query",
        "readers.slices",
        "readers.not_measured_by_all",
    }


VALUES = st.floats(0.0, 100.0)


@given(st.lists(VALUES, min_size=2, max_size=4))
def test_the_order_of_the_readers_changes_no_ground(values: list[float]) -> None:
    several = [held(f"R{place}", value, 2 * value + 1) for place, value in enumerate(values)]
    there, back = (compare(order, GRID, PROTOCOL) for order in (several, several[::-1]))
    assert codes(there) == codes(back)
    assert abs(there.gaps[FF].difference) == max(values) - min(values)
    assert abs(back.gaps[FF].difference) == abs(there.gaps[FF].difference)


# -- what was held ----------------------------------------------------------------------------------------


def test_what_readers_hold_is_told_alike_in_whatever_order_they_come() -> None:
    assert told([held("A"), marked("B")]) == told([marked("B"), held("A")])


@pytest.mark.parametrize(
    "other",
    [
        held("C"),
        held("A", 40.1),
        held("A", 40.0, 150.5),
        held("A", 40.0, None),
        held("A", box=replace(BOX, row0=51)),
        held("A", box=replace(BOX, angle_deg=3.0)),
        held("A", box=None),
        marked("A"),
        replace(marked("A"), reason=Reason.METAL),
    ],
)
def test_whatever_a_reader_changes_is_told_otherwise(other: Held) -> None:
    assert told([held("A"), held("B")]) != told([other, held("B")])


def test_one_more_reading_is_told_otherwise() -> None:
    assert told([held("A"), held("B")]) != told([held("A"), held("B"), held("C")])


# -- what is decided --------------------------------------------------------------------------------------


def test_a_ruling_is_one_of_four() -> None:
    assert Ruling.mean(" fine ") == Ruling(How.MEAN, note="fine")
    assert Ruling.of_reader("A") == Ruling(How.READER, chosen="A")
    assert Ruling.drawn(BOX, "own") == Ruling(How.DRAWN, rectangle=BOX, note="own")
    assert Ruling.excluded(Reason.SWAP) == Ruling(How.EXCLUDED, reason=Reason.SWAP)


@pytest.mark.parametrize(
    "parts",
    [
        {"how": How.MEAN, "chosen": "A"},
        {"how": How.READER},
        {"how": How.DRAWN},
        {"how": How.EXCLUDED},
        {"how": How.EXCLUDED, "reason": Reason.SWAP, "rectangle": BOX},
    ],
)
def test_a_ruling_says_exactly_what_belongs_to_it(parts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="ruling"):
        Ruling(**parts)  # type: ignore[arg-type]


def test_another_reason_to_leave_a_level_out_wants_words() -> None:
    with pytest.raises(InputError, match=r"reason\.needs_note"):
        Ruling.excluded(Reason.OTHER, "  ")
    assert Ruling.excluded(Reason.OTHER, "screw").note == "screw"

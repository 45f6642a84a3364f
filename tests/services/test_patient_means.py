from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Kind
from app.domain.reasons import Reason
from app.services.patient_means import choose_levels, patient_means
from app.store.results import LevelResult

FF = Quantity.FF
READERS = ("A", "B", "C")


def result(
    exam_id: int, reader: str, level: Level, mean: float | None, *, counted: bool = True
) -> LevelResult:
    stats = RoiStats(9, mean, None, None, None, None, 9.0, 0, 0, 0, 0, 0)
    return LevelResult(
        exam_id=exam_id,
        code=f"C{exam_id}",
        field_strength_t=3.0,
        reader=reader,
        round=1,
        origin="images",
        signed_off=True,
        signed_off_utc="",
        level=level,
        kind=Kind.MEASURED if counted else Kind.NOT_MEASURABLE,
        reason=None if counted else Reason.HEMANG,
        note="",
        rectangle=None,
        stats={FF: stats} if counted else {},
        rule="",
        protocol="",
        software="",
        at_utc="",
    )


CELLS = st.dictionaries(
    st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from(READERS), st.sampled_from(LEVELS)),
    st.one_of(st.none(), st.floats(0, 100, width=16)),
)


def by_hand(
    cells: dict[tuple[int, str, Level], float | None], exam: int, levels: Sequence[Level], needed: int
) -> float | None:
    """The definition, word by word."""
    of_readers = []
    for reader in READERS:
        found = [value for level in levels if (value := cells.get((exam, reader, level))) is not None]
        if len(found) >= needed:
            of_readers.append(sum(found) / len(found))
    return sum(of_readers) / len(of_readers) if of_readers else None


@pytest.mark.parametrize("name", ["L1-L4", "L1-L5", "L2"])
@given(cells=CELLS)
def test_vectorised_means_equal_the_definition(
    name: str, cells: dict[tuple[int, str, Level], float | None]
) -> None:
    choice = choose_levels(name, Protocol())
    rows = [result(*key, value) for key, value in cells.items()]
    found = patient_means(rows, [1, 2, 3], READERS, choice).final[FF].tolist()
    levels = [LEVELS[place] for place in choice.positions]
    for exam, mean in zip((1, 2, 3), found, strict=True):
        expected = by_hand(cells, exam, levels, choice.needed)
        if expected is None:
            assert np.isnan(mean)
        else:
            assert mean == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(cells=CELLS)
def test_pairs_are_either_both_there_or_both_missing(
    cells: dict[tuple[int, str, Level], float | None],
) -> None:
    rows = [result(*key, value) for key, value in cells.items()]
    choice = choose_levels("L1-L4", Protocol())
    pairs = patient_means(rows, [1, 2, 3], READERS, choice, compare=("A", "C")).paired[FF]
    assert (np.isnan(pairs[:, 0]) == np.isnan(pairs[:, 1])).all()
    for exam, pair in zip((1, 2, 3), pairs, strict=True):
        shared = [
            level
            for level in LEVELS[:4]
            if all(cells.get((exam, reader, level)) is not None for reader in ("A", "C"))
        ]
        assert bool(np.isfinite(pair).all()) is (len(shared) >= choice.needed)


def test_a_level_that_could_not_be_measured_does_not_enter_a_mean() -> None:
    rows = [result(1, "A", level, 40.0) for level in LEVELS[:3]]
    rows.append(result(1, "A", LEVELS[3], None, counted=False))
    found = patient_means(rows, [1], READERS, choose_levels("L1-L4", Protocol()))
    assert found.final[FF].tolist() == [40.0]
    assert found.incomplete.tolist() == [True]


def test_a_protocol_can_ask_for_complete_sets_only() -> None:
    rows = [result(1, "A", level, 40.0) for level in LEVELS[:3]]
    strict = Protocol(levels_needed={})
    assert np.isnan(patient_means(rows, [1], READERS, choose_levels("L1-L4", strict)).final[FF]).all()


def test_a_protocol_that_needs_no_level_still_needs_one_for_a_mean() -> None:
    careless = Protocol(levels_needed={"L1-L4": 0})
    found = patient_means([], [1], READERS, choose_levels("L1-L4", careless))
    assert np.isnan(found.final[FF]).all()

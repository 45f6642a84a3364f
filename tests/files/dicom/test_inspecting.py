"""Several paths are looked through as one, in one count, one exam at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.found import Refusal, ScaleDecision
from app.files.dicom.inspecting import OneCount, inspect_paths
from app.files.dicom.wishes import Wishes

Write = Callable[..., Any]


class Heard:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.reports: list[tuple[int, int | None]] = []

    def report(self, done: int, total: int | None) -> None:
        self.reports.append((done, total))


def test_steps_go_on_counting_where_the_one_before_ended() -> None:
    heard = Heard()
    count = OneCount(heard)
    count.report(3, None)
    for done in (0, 2, 4):
        count.report(done, 4)
    count.next_step()
    count.report(5, None)
    count.report(6, 6)
    count.next_step()
    count.expect(8)
    count.report(4, 5)
    count.next_step()
    count.report(3, 3)
    assert heard.reports == [
        (3, None),
        (0, 8),
        (2, 8),
        (4, 8),
        (9, None),
        (10, 20),
        (14, 18),
        (18, 18),
    ]


def test_a_step_that_begins_a_second_stretch_does_not_count_back() -> None:
    heard = Heard()
    count = OneCount(heard)
    for done, total in ((4, 4), (1, 3), (3, 3)):
        count.report(done, total)
    count.ask()
    assert heard.reports == [(4, 8)] * 4


def test_more_pieces_than_expected_are_never_more_than_all() -> None:
    heard = Heard()
    count = OneCount(heard)
    count.expect(2)
    count.report(3, 3)
    assert heard.reports == [(3, 3)]


def test_exams_of_several_paths_come_in_order_of_their_files(tmp_path: Path, write: Write) -> None:
    def other(made: Any, _quantity: str, _index: int) -> None:
        made.StudyInstanceUID += ".7"
        made.SOPInstanceUID += ".7"

    first, second = write(tmp_path / "a", ("FF",)), write(tmp_path / "b", ("R2STAR",), edit=other)
    (tmp_path / "b" / "note").write_text("x")
    heard = Heard()
    found = inspect_paths([second.folder, first.folder, first.files["FF"][0]], heard)
    assert [list(exam.decisions) for exam in found.exams] == [[Quantity.FF], [Quantity.R2STAR]]
    assert [exam.usable for exam in found.exams] == [exam.found.maps for exam in found.exams]
    assert [refusal.path for refusal in found.refused] == [tmp_path / "b" / "note"]
    # nine headers and eight slices
    assert heard.reports[-1] == (17, 17)


@pytest.mark.parametrize("which", ["all", "FF"])
def test_a_doubted_map_is_shown_with_its_decision_and_its_files_are_refused(
    tmp_path: Path, write: Write, which: str
) -> None:
    def doubted(made: Any, quantity: str, _index: int) -> None:
        if which in {"all", quantity}:
            made.Manufacturer = "CANON_MEC"

    made = write(tmp_path / "exam", edit=doubted)
    (exam,) = inspect_paths([made.folder], Silent(), Wishes()).exams
    ff = exam.decisions[Quantity.FF]
    assert isinstance(ff, ScaleDecision)
    assert (ff.needs_confirmation, ff.factor) == (True, 1.0)
    usable = {one.quantity.value for one in exam.usable}
    assert usable == ({"R2STAR", "WATER", "FAT"} if which == "FF" else set())
    assert set(exam.files) == {path for quantity in usable for path in made.files[quantity]}


def test_a_map_that_cannot_be_read_says_why(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam")
    made.files["R2STAR"][2].write_bytes(made.files["R2STAR"][2].read_bytes()[:-10])
    found = inspect_paths([made.folder], Silent())
    (exam,) = found.exams
    why = exam.decisions[Quantity.R2STAR]
    assert isinstance(why, Refusal)
    assert (why.path, why.code) == (made.files["R2STAR"][2], "pixels.truncated")
    assert [one.path for one in found.refused] == made.files["R2STAR"]


def test_maps_of_one_exam_may_lie_in_different_paths_and_files_may_be_named_one_by_one(
    tmp_path: Path, write: Write
) -> None:
    made = write(tmp_path / "ff", ("FF",)), write(tmp_path / "r2", ("R2STAR",))
    (exam,) = inspect_paths([one.folder for one in made], Silent()).exams
    assert [one.quantity for one in exam.usable] == [Quantity.FF, Quantity.R2STAR]
    slices = [path for one in made for files in one.files.values() for path in files]
    (again,) = inspect_paths(slices, Silent()).exams
    assert [len(one.files) for one in again.usable] == [4, 4]
    refused = inspect_paths([tmp_path / "gone", slices[0]], Silent()).refused
    assert [(one.path.name, one.code) for one in refused] == [("gone", "scan.path_missing")]

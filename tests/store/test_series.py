"""Anatomical series beside the maps: kept to the bit, read only when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.domain.errors import StoreUnavailable
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.reference import ReferenceSeries
from app.store import audit, exams
from app.store.database import Database
from app.store.exams import NewExam
from app.store.series import NewReference

MakeNew = Callable[..., NewExam]
GRID = Grid((2, 6, 5), (4.4, 0.7, 0.8), (-2.0, -10.0, 40.0), ((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0)))


def series(name: str = "T1", *, seed: int = 0, dtype: str = "<u2") -> NewReference:
    stored = np.random.default_rng(seed).integers(0, 900, GRID.shape).astype(dtype)
    uids = [f"9.{seed}.{index}" for index in range(2)]
    return NewReference(ReferenceSeries(name, stored, GRID, (3.0, 870.5)), uids)


@pytest.fixture
def with_series(database: Database, make_new: MakeNew) -> int:
    new = replace(make_new(), references=(series(), series("T2", seed=1, dtype="<i2")))
    return exams.add(database, exams.pack(new), actor="First")


def test_series_come_back_as_they_went_in(database: Database, with_series: int) -> None:
    assert exams.references(database, with_series) == ["T1", "T2"]
    loaded = exams.load_references(database, with_series)
    for found, given in zip(loaded, (series(), series("T2", seed=1, dtype="<i2")), strict=True):
        assert found.name == given.series.name
        assert found.stored.dtype == given.series.stored.dtype
        assert np.array_equal(found.stored, given.series.stored)
        assert (found.grid, found.window) == (given.series.grid, given.series.window)
        assert not found.stored.flags.writeable


def test_each_slice_of_a_series_remembers_its_image(database: Database, with_series: int) -> None:
    rows = database.rows(
        "SELECT name, slice, sop_uid FROM reference_source JOIN reference_series ON id = reference_id"
    )
    assert with_series == 1
    assert {tuple(row) for row in rows} == {
        ("T1", 0, "9.0.0"),
        ("T1", 1, "9.0.1"),
        ("T2", 0, "9.1.0"),
        ("T2", 1, "9.1.1"),
    }


def test_opening_an_exam_reads_no_series(
    database: Database, with_series: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    rows = Database.rows

    def listen(self: Database, sql: str, parameters: tuple[object, ...] = ()) -> object:
        asked.append(sql)
        return rows(self, sql, parameters)

    monkeypatch.setattr(Database, "rows", listen)
    exams.load(database, with_series)
    assert asked
    assert not any("reference" in sql for sql in asked)


def test_an_exam_without_series_has_none(database: Database, exam_id: int) -> None:
    assert exams.references(database, exam_id) == []
    assert exams.load_references(database, exam_id) == []


def test_the_record_names_each_series_with_its_hash(database: Database, with_series: int) -> None:
    imported, added = audit.entries(database)[-2:]
    assert with_series == 1
    assert (imported.action, added.action, added.subject) == (
        "exam.imported",
        "exam.reference_added",
        "C0001",
    )
    for row in database.rows("SELECT name, sha256 FROM reference_series"):
        assert f'"{row["name"]}": "{row["sha256"]}"' in added.new


def test_the_same_series_twice_is_kept_once_and_a_taken_name_gets_a_number(
    database: Database, make_new: MakeNew
) -> None:
    new = replace(
        make_new(), references=(series(), series("T1", seed=1), series("T1", seed=2), series("again"))
    )
    key = exams.add(database, exams.pack(new), actor="First")
    assert exams.references(database, key) == ["T1", "T1 2", "T1 3"]
    loaded = exams.load_references(database, key)
    for seed, found in enumerate(loaded):
        assert np.array_equal(found.stored, series(seed=seed).series.stored)


@pytest.mark.parametrize("spoilt", ["grid", "window", "codec"])
def test_a_series_that_makes_no_sense_is_damage(
    database: Database, make_exam: Callable[..., Exam], make_new: MakeNew, spoilt: str
) -> None:
    key = exams.add(database, exams.pack(make_new(make_exam())), actor="First")
    values = {"grid": exams.pixels.pack(series().series.stored, GRID).grid, "window": "[0, 1]", "codec": "x"}
    if spoilt != "codec":
        values[spoilt] = "{}"
    with database.transaction():
        reference = database.insert(
            "INSERT INTO reference_series (exam_id, name, dtype, grid, window, sha256)"
            " VALUES (?, 'T1', '<u2', ?, ?, '')",
            (key, values["grid"], values["window"]),
        )
        for index, content in enumerate(exams.pixels.pack(series().series.stored, GRID).slices):
            codec = "x" if spoilt == "codec" else exams.pixels.CODEC
            database.insert(
                "INSERT INTO reference_slice (reference_id, slice, codec, content) VALUES (?, ?, ?, ?)",
                (reference, index, codec, content),
            )
    with pytest.raises(StoreUnavailable) as caught:
        exams.load_references(database, key)
    assert caught.value.code == "store.corrupt"
    assert exams.load(database, key).code == "C0001"

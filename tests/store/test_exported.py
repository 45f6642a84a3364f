from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.errors import BlindingError, StoreUnavailable
from app.domain.identity import Identity
from app.domain.protocol import Protocol
from app.domain.reading import Reader, Role, Viewer
from app.store import exams, sessions
from app.store.database import Database, create_database
from app.store.exported import exam_facts, identities

READER = Viewer(Reader(1, "A"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = create_database(tmp_path / "study.marrow")
    sessions.begin(made, Protocol(blinded=True))
    with made.transaction():
        exams.add_from_table(made, "C2", Identity(patient_name="Secret^Name"))
        exams.add_from_table(made, "C1", Identity())
    yield made
    made.close()


def test_exams_come_by_case_code_and_without_maps_where_there_are_none(database: Database) -> None:
    assert [(facts.code, facts.native_voxel_mm, facts.maps) for facts in exam_facts(database)] == [
        ("C1", None, {}),
        ("C2", None, {}),
    ]


@pytest.mark.parametrize(("grid", "scaling"), [("not json", "{}"), ("{}", "{}"), ('{"shape": [1]}', "{}")])
def test_a_map_that_cannot_be_understood_is_a_damaged_file(
    database: Database, grid: str, scaling: str
) -> None:
    with database.transaction():
        database.insert(
            "INSERT INTO map (exam_id, quantity, dtype, grid, scaling, sha256)"
            " VALUES (1, 'FF', '<i2', ?, ?, '')",
            (grid, scaling),
        )
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        exam_facts(database)


def test_names_stay_closed_to_a_blinded_reader(database: Database) -> None:
    with pytest.raises(BlindingError):
        identities(database, READER)
    coordinator = Viewer(READER.reader, Role.COORDINATOR)
    assert identities(database, coordinator)[1].patient_name == "Secret^Name"

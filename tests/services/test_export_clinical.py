"""The wide table holds what a model needs that is to be computed again from it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.clinical import POSTMENOPAUSAL, UNSTATED, ClinicalRow, ClinicalValue, Covariate, Kind
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.files.tables import is_variable_name
from app.services.export import export
from app.services.open_session import Session, add_reader, create_session, last_viewer, readers_of
from app.store import audit, clinical, exams, results, sessions
from app.store.clinical import JoinedRow

Row = dict[str, str]

BMD, TSCORE = Kind.BMD, Kind.TSCORE
# the protocol's own region has nothing to say twice
ROWS = (
    ClinicalRow(
        line=2,
        exam_date="2024-03-01",
        values=(
            ClinicalValue(BMD, "L1-L4", 0.9, "g/cm2", "0.9"),
            ClinicalValue(BMD, "femoral neck", 0.7, "g/cm2", "0.7"),
            ClinicalValue(BMD, UNSTATED, 95.5, "mg/cm3", "95.5"),
            ClinicalValue(TSCORE, "L1-L4", -1.5, "", "-1.5"),
            ClinicalValue(TSCORE, "股骨颈", -2.0, "", "-2.0"),
            ClinicalValue(TSCORE, "total hip", None, "", "?"),
        ),
        covariates=(
            Covariate("=eGFR", 71.5, "71.5"),
            Covariate("egfr", 3.0, "3"),
            Covariate("体重", 60.0, "60"),
            Covariate(POSTMENOPAUSAL, 1.0, "1"),
        ),
    ),
    ClinicalRow(line=3, exam_date="2024-03-15", covariates=(Covariate("=eGFR", None, "?"),)),
)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Three patients: both readers measured the first; nothing is known of the third."""
    made = create_session(tmp_path / "study.marrow", reader="A")
    add_reader(made, "B")
    database = made.database
    joined = []
    for number in (1, 2, 3):
        with database.transaction():
            person = Identity(study_date="2024-03-05", study_uid=str(number))
            exam_id = exams.add_from_table(database, f"T{number}", person)
        joined += [JoinedRow(row, exam_id, "code") for row in ROWS[number - 1 : number]]
    clinical.save(database, joined, sha256="0", encoding="utf-8", actor="A")
    for reader, means in zip(
        readers_of(made), ((29.49, 30.1, 30.2, 30.4), (29.5, 30.1, 30.3, 30.5)), strict=True
    ):
        with database.transaction():
            results.add_table_reading(
                database,
                1,
                reader.id,
                {level: {Quantity.FF: mean} for level, mean in zip(Level, means, strict=False)},
                protocol_id=sessions.current_protocol(database)[0],
                software="1.0",
                at_utc=audit.utc_now(),
            )
    yield made
    made.close()


def written(session: Session, folder: Path, kind: str, *, named: bool = False) -> list[Row]:
    export(session, last_viewer(session), folder, with_identity=named)
    with (folder / f"study-{kind}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_what_was_computed_is_written_without_noise_and_what_was_measured_in_full(
    session: Session, tmp_path: Path
) -> None:
    assert repr((29.49 + 29.5) / 2) == "29.494999999999997"
    row = written(session, tmp_path, "wide")[0]
    assert (row["FF_L1_reader1"], row["FF_L1_reader2"]) == ("29.49", "29.5")
    assert (row["FF_L1_mean"], row["FF_L1_final"]) == ("29.495", "29.495")
    assert (row["FF_L2_mean"], row["FF_L1_L4_reader1"]) == ("30.1", "30.0475")
    numbers = [cell for name, cell in row.items() if name.startswith("FF_") and "." in cell]
    assert max(len(cell) for cell in numbers) < len("29.49499999999")


def test_every_number_of_the_clinical_table_stands_under_a_name_that_spss_takes(
    session: Session, tmp_path: Path
) -> None:
    first, second, third = written(session, tmp_path, "wide")
    assert all(is_variable_name(name) for name in first)
    assert (first["bmd"], first["tscore"]) == ("0.9", "-1.5")
    assert {name: cell for name, cell in first.items() if "_at_" in name} == {
        "bmd_at_plain": "95.5",
        "bmd_unit_at_plain": "mg/cm3",
        "bmd_at_femoral_neck": "0.7",
        "bmd_unit_at_femoral_neck": "g/cm2",
        "tscore_at_3": "-2.0",
    }
    further = {name: cell for name, cell in first.items() if name.startswith("covariate_")}
    assert further == {
        "covariate_eGFR": "71.5",
        "covariate_egfr_2": "3.0",
        "covariate_postmenopausal": "1.0",
        "covariate_4": "60.0",
    }
    for other in (second, third):
        assert not any(cell for name, cell in other.items() if "_at_" in name or name in further)


def test_the_codebook_says_what_the_table_calls_each_of_them(session: Session, tmp_path: Path) -> None:
    said = {row["column"]: row["meaning"] for row in written(session, tmp_path, "codebook")}
    assert said["tscore_at_3"] == "T-score of 股骨颈."
    assert said["bmd_at_plain"] == "Bone mineral density of the plain column."
    assert said["covariate_4"].endswith(": 体重.")
    assert said["covariate_eGFR"].endswith(": =eGFR.")


def test_the_interval_to_the_reference_is_told_and_its_date_only_with_the_names(
    session: Session, tmp_path: Path
) -> None:
    wide = written(session, tmp_path / "plain", "wide")
    assert [row["reference_days"] for row in wide] == ["-4", "10", ""]
    content = b"".join(path.read_bytes() for path in (tmp_path / "plain").iterdir())
    assert b"2024-03-01" not in content
    named = written(session, tmp_path / "named", "identity", named=True)
    assert [row["reference_date"] for row in named] == ["2024-03-01", "2024-03-15", ""]


def test_a_long_header_is_cut_and_still_told_from_another(session: Session, tmp_path: Path) -> None:
    alike = [Covariate(f"{'a' * 70}{end}", 1.0, "1") for end in "xyz"]
    row = JoinedRow(ClinicalRow(line=2, covariates=tuple(alike)), 1, "code")
    clinical.save(session.database, [row], sha256="1", encoding="utf-8", actor="A")
    names = [name for name in written(session, tmp_path, "wide")[0] if name.startswith("covariate_")]
    assert len(names) == len(alike)
    assert all(is_variable_name(name) for name in names)

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import app
from app.domain.errors import BlindingError, DataError
from app.domain.identity import Identity
from app.domain.maps import MEASURED, Quantity
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Silent
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Kind, Reader, Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.files.tables import is_variable_name
from app.services.assemble_cohort import assemble_cohort
from app.services.export import export
from app.services.export_long import LongRow, Stamp, long_fields
from app.services.import_exams import import_path
from app.services.join_clinical import import_clinical
from app.services.measure_files import measure_files
from app.services.open_session import (
    Session,
    add_reader,
    audit_entries,
    create_session,
    last_viewer,
    open_session,
    readers_of,
)
from app.services.read_exam import Case, mark_not_measurable, open_case, set_rectangle, sign_off
from app.services.reference_cohort import make_reference_session
from app.store import audit, exams, results, sessions
from app.store.exported import ExamFacts
from app.store.results import LevelResult

Row = dict[str, str]

PEOPLE = {
    "both": CaseHeader("Secret^Both", "0012345", "ACC-BOTH", "20240305", "F", birth_date="19500102"),
    "ff_only": CaseHeader("Secret^FfOnly", "0099", "ACC-FF", "20240306", "M"),
    "unread": CaseHeader("Secret^Unread", "0077", "ACC-UN", "20240307", "M"),
}
# small images with small rectangles; the usual areas are kept, so that some are unusual
PROTOCOL = Protocol(min_area_mm2=5.0, min_native_voxels=2.0, r2star_unit="Hz")
CONTRASTS = {Quantity.FF: "FAT_FRACTION", Quantity.R2STAR: "R2_STAR_MAP"}
PREFIXES = {Quantity.FF: "FF", Quantity.R2STAR: "R2star"}


def phantom_of(name: str) -> Phantom:
    return make_phantom(PhantomSpec(seed=list(PEOPLE).index(name), slices=4, rows=96, cols=96))


def safe(phantom: Phantom, level: Level) -> Rectangle:
    box = phantom.truth.level(level.value).safe
    return Rectangle(box.slice_index, box.row0, box.col0, box.rows, box.cols)


class Study:
    """Two readers, four exams: both maps, FF only, unread, from a table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.phantoms = {name: phantom_of(name) for name in PEOPLE}
        session = create_session(folder / "study 1.marrow", PROTOCOL, reader="=First")
        second = add_reader(session, "Second")
        first = readers_of(session)[0]
        self.codes = {name: self._import(session, name) for name in PEOPLE}
        self.codes["table"] = self._from_table(session, second)
        self.path = session.path
        self._read(session, first, second)
        session.close()

    def _import(self, session: Session, name: str) -> str:
        files = write_ideal_iq(
            self.phantoms[name],
            self.folder / name,
            case=PEOPLE[name],
            layout="series_per_contrast",
            uid_seed=name,
        )
        if name == "ff_only":
            # six contrasts of four slices; the second one is R2*
            for path in files[4:8]:
                path.unlink()
        (imported,) = import_path(session, self.folder / name, Silent()).exams
        return imported.code

    def _from_table(self, session: Session, reader: Reader) -> str:
        database = session.database
        with database.transaction():
            exam_id = exams.add_from_table(database, "T0001", Identity())
            means = {
                Level.L1: {Quantity.FF: 40.5, Quantity.R2STAR: 120.0},
                Level.L2: {Quantity.FF: 41.5},
            }
            now = audit.utc_now()
            results.add_table_reading(
                database,
                exam_id,
                reader.id,
                means,
                protocol_id=sessions.current_protocol(database)[0],
                software="7.0",
                at_utc=now,
            )
        return "T0001"

    def _read(self, session: Session, first: Reader, second: Reader) -> None:
        both = self._measure(session, Viewer(first), "both", LEVELS)
        sign_off(session, both)
        case = self._measure(session, Viewer(second), "both", (Level.L1, Level.L3, Level.L4))
        case, _ = mark_not_measurable(session, case, Level.L2, Reason.HEMANG)
        case, _ = mark_not_measurable(session, case, Level.L5, Reason.OTHER, '=2+3, with "comma"')
        sign_off(session, case)
        again = self._measure(session, Viewer(first, round=2), "both", LEVELS, smaller=1)
        sign_off(session, again)
        case = self._measure(session, Viewer(first), "ff_only", (Level.L1, Level.L5))
        for level in (Level.L2, Level.L3, Level.L4):
            case, _ = mark_not_measurable(session, case, level, Reason.SURG)
        sign_off(session, case)
        self._measure(session, Viewer(second), "unread", (Level.L1, Level.L2))

    def _measure(
        self, session: Session, viewer: Viewer, name: str, levels: tuple[Level, ...], *, smaller: int = 0
    ) -> Case:
        by_code = {row.code: row.id for row in exams.exams(session.database)}
        case = open_case(session, viewer, by_code[self.codes[name]])
        for level in levels:
            box = safe(self.phantoms[name], level)
            box = replace(box, rows=box.rows - smaller, cols=box.cols - smaller)
            case, _ = set_rectangle(session, case, level, box)
        return case


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return Study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def session(study: Study) -> Iterator[Session]:
    opened = open_session(study.path)
    yield opened
    opened.close()


@pytest.fixture
def folder(session: Session, tmp_path: Path) -> Path:
    export(session, last_viewer(session), tmp_path / "out")
    return tmp_path / "out"


def rows_of(folder: Path, kind: str) -> list[Row]:
    with next(folder.glob(f"*-{kind}.csv")).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def long_row(folder: Path, code: str, reader: str, level: str, round_: str = "1") -> Row:
    wanted = {"case": code, "reader": reader, "level": level, "round": round_}
    (found,) = [row for row in rows_of(folder, "long") if wanted.items() <= row.items()]
    return found


def wide_row(folder: Path, code: str) -> Row:
    (found,) = [row for row in rows_of(folder, "wide") if row["case"] == code]
    return found


# ---- files


def test_the_files_carry_the_name_of_the_session(session: Session, tmp_path: Path) -> None:
    written = export(session, last_viewer(session), tmp_path / "out")
    names = [f"study 1-{kind}.csv" for kind in ("long", "wide", "codebook")]
    assert [path.name for path in written] == names
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)


def test_a_folder_that_cannot_be_made_is_said(session: Session, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"export\.cannot_write"):
        export(session, last_viewer(session), tmp_path / "file")


def test_a_read_only_session_can_be_exported(session: Session, tmp_path: Path) -> None:
    second = open_session(session.path)
    try:
        assert second.read_only
        assert export(second, last_viewer(second), tmp_path)
    finally:
        second.close()


# ---- the long table


def test_there_is_one_row_per_patient_level_reader_and_round(study: Study, folder: Path) -> None:
    keys = [
        (row["case"], row["reader"], row["round"], row["level"], row["state"])
        for row in rows_of(folder, "long")
    ]
    codes = study.codes
    expected = [
        *((codes["both"], "'=First", "1", level.value, "signed_off") for level in LEVELS),
        *((codes["both"], "Second", "1", level.value, "signed_off") for level in LEVELS),
        *((codes["both"], "'=First", "2", level.value, "signed_off") for level in LEVELS),
        *((codes["ff_only"], "'=First", "1", level.value, "signed_off") for level in LEVELS),
        *((codes["unread"], "Second", "1", level, "open") for level in ("L1", "L2")),
        *(("T0001", "Second", "1", level, "signed_off") for level in ("L1", "L2")),
    ]
    assert sorted(keys) == sorted(expected)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("quantity", MEASURED)
def test_numbers_are_those_numpy_counts_in_what_was_written_as_dicom(
    study: Study, folder: Path, level: Level, quantity: Quantity
) -> None:
    row = long_row(folder, study.codes["both"], "'=First", level.value)
    stored = study.phantoms["both"].images[CONTRASTS[quantity]]
    voxels = stored[study.phantoms["both"].truth.level(level.value).safe.index].astype(float)
    expected = {
        "mean": voxels.mean(),
        "sd": voxels.std(ddof=1),
        "median": np.median(voxels),
        "min": voxels.min(),
        "max": voxels.max(),
        "n": voxels.size,
        "nan": 0,
        "zero": (voxels == 0).sum(),
        "below": 0,
        "saturated": (voxels == stored.max()).sum(),
    }
    found = {name: float(row[f"{PREFIXES[quantity]}_{name}"]) for name in expected}
    assert found == pytest.approx(expected, rel=1e-13)
    assert row[f"{PREFIXES[quantity]}_missing"] == ""
    assert float(row["area_mm2"]) == pytest.approx(voxels.size * (280 / 96) ** 2)


def test_a_row_can_be_measured_again_from_the_files_by_the_numbers_it_gives(
    study: Study, folder: Path
) -> None:
    row = long_row(folder, study.codes["both"], "Second", "L4")
    box = Rectangle(*(int(row[name]) for name in ("slice", "row0", "col0", "rows", "cols")))
    (exam,) = measure_files(study.folder / "both", box, Silent()).exams
    for quantity in MEASURED:
        stats = exam.maps[quantity].stats
        assert repr(stats.mean) == row[f"{PREFIXES[quantity]}_mean"]
        assert repr(stats.sd) == row[f"{PREFIXES[quantity]}_sd"]


def test_a_level_that_was_not_measured_says_why_and_holds_no_number(study: Study, folder: Path) -> None:
    row = long_row(folder, study.codes["both"], "Second", "L5")
    assert (row["status"], row["reason"]) == ("not_measurable", "OTHER")
    assert row["note"] == '\'=2+3, with "comma"'
    assert row["FF_missing"] == row["R2star_missing"] == "not_measurable"
    assert not any(row[name] for name in ("FF_mean", "R2star_n", "area_mm2", "slice", "row0", "flags"))


def test_a_missing_map_is_said_beside_its_empty_cells(study: Study, folder: Path) -> None:
    row = long_row(folder, study.codes["ff_only"], "'=First", "L1")
    assert (row["FF_missing"], row["R2star_missing"]) == ("", "no_map")
    assert row["R2star_mean"] == row["R2star_scale_rule"] == ""
    assert row["FF_scale_rule"] == "ge.physical"
    assert float(row["area_mm2"]) > 0


def test_values_from_a_table_have_their_mean_and_nothing_invented(folder: Path) -> None:
    row = long_row(folder, "T0001", "Second", "L2")
    assert (row["origin"], row["FF_mean"], row["software"], row["rule"]) == (
        "table",
        "41.5",
        "7.0",
        "from-table",
    )
    assert (row["FF_missing"], row["R2star_missing"]) == ("", "not_in_table")
    assert not any(
        row[name] for name in ("FF_sd", "FF_n", "area_mm2", "slice", "field_strength_t", "FF_scale_rule")
    )


def test_voxels_without_any_value_are_a_reason_of_their_own() -> None:
    nothing = {
        "n": 0, "mean": None, "sd": None, "median": None, "minimum": None, "maximum": None,
        "area_mm2": 9.0, "nan": 4, "zero": 0, "below": 0, "above": 0, "saturated": 0,
    }  # fmt: skip
    cell = LevelResult(
        exam_id=1,
        code="C1",
        field_strength_t=3.0,
        reader="A",
        round=1,
        origin="images",
        signed_off=False,
        signed_off_utc="",
        level=Level.L1,
        kind=Kind.MEASURED,
        reason=None,
        note="",
        rectangle=Rectangle(0, 0, 0, 2, 2),
        stats={Quantity.FF: results.RoiStats(**nothing)},
        rule="",
        protocol="",
        software="",
        at_utc="",
    )
    row = LongRow(cell, ExamFacts(1, "C1", 3.0, None, {}), (), Stamp(synthetic=False, audit_head=""))
    cells = {field.name: field.value(row) for field in long_fields(Protocol())}
    assert (cells["FF_missing"], cells["R2star_missing"], cells["FF_nan"]) == ("no_voxel", "no_map", 4)


@pytest.mark.parametrize("round_", ["1", "2"])
def test_geometric_rules_that_speak_up_stand_at_their_level(study: Study, folder: Path, round_: str) -> None:
    rows = [long_row(folder, study.codes["both"], "'=First", level, round_) for level in LEVELS]
    unusual = {row["level"] for row in rows if not 100 <= float(row["area_mm2"]) <= 450}
    assert {row["level"] for row in rows if "area.unusual" in row["flags"].split(";")} == unusual
    # the smaller rectangles of the second round are unusual where those of the first were not
    assert bool(unusual) == (round_ == "2")
    assert not any("spine.order" in row["flags"] for row in rows)


def test_several_flags_of_one_level_share_a_cell(study: Study, tmp_path: Path) -> None:
    session = create_session(tmp_path / "flags.marrow", PROTOCOL)
    try:
        import_path(session, study.folder / "both", Silent())
        viewer = last_viewer(session)
        case = open_case(session, viewer, 1)
        for level, box in {
            Level.L1: Rectangle(2, 60, 40, 3, 3),
            Level.L2: Rectangle(2, 20, 40, 10, 10),
            Level.L3: Rectangle(2, 10, 60, 10, 10),
        }.items():
            case, _ = set_rectangle(session, case, level, box)
        export(session, viewer, tmp_path / "out")
        flags = long_row(tmp_path / "out", case.exam.code, "Reader 1", "L2")["flags"]
    finally:
        session.close()
    assert flags.split(";")[:2] == ["area.unusual", "spine.order"]


def test_what_rules_say_of_the_values_while_reading_stands_in_the_table_too(
    study: Study, tmp_path: Path
) -> None:
    session = create_session(tmp_path / "values.marrow", replace(PROTOCOL, ff_usual=(0.5, 1.0)))
    try:
        import_path(session, study.folder / "both", Silent())
        viewer = last_viewer(session)
        case = open_case(session, viewer, 1)
        case, _ = set_rectangle(session, case, Level.L2, Rectangle(2, 40, 40, 10, 10))
        export(session, viewer, tmp_path / "out")
        row = long_row(tmp_path / "out", case.exam.code, "Reader 1", "L2")
    finally:
        session.close()
    told = [one.code for one in case.findings if one.level is Level.L2 and one.code.startswith("values.")]
    # how the voxels of a rectangle are spread is not asked again: the table is made without images
    told.remove("values.two_peaks")
    assert "values.ff_unusual" in told
    assert [code for code in row["flags"].split(";") if code.startswith("values.")] == told


def test_every_row_carries_its_versions_and_the_head_of_the_audit(
    study: Study, session: Session, folder: Path
) -> None:
    row = long_row(folder, study.codes["both"], "'=First", "L1")
    assert row["protocol"] == "lumbar-FF-R2star v1"
    assert row["software"] == app.__version__
    assert row["audit_head"] == audit.head_hash(session.database)
    assert row["signed_off_utc"].endswith("+00:00")
    assert row["measured_utc"] <= row["signed_off_utc"]
    assert (row["field_strength_t"], row["synthetic"]) == ("3.0", "0")
    assert long_row(folder, study.codes["unread"], "Second", "L1")["signed_off_utc"] == ""


# ---- the wide table


def level_means(folder: Path, code: str, reader: str, prefix: str) -> dict[str, float]:
    rows = [
        row
        for row in rows_of(folder, "long")
        if (row["case"], row["reader"], row["round"]) == (code, reader, "1") and row[f"{prefix}_mean"]
    ]
    return {row["level"]: float(row[f"{prefix}_mean"]) for row in rows}


@pytest.mark.parametrize("prefix", ["FF", "R2star"])
def test_a_patient_mean_is_the_mean_of_the_readers_who_measured_enough(
    study: Study, folder: Path, prefix: str
) -> None:
    code = study.codes["both"]
    row = wide_row(folder, code)
    first = level_means(folder, code, "'=First", prefix)
    second = level_means(folder, code, "Second", prefix)
    four = [first[f"L{number}"] for number in (1, 2, 3, 4)]
    three = [second[f"L{number}"] for number in (1, 3, 4)]
    assert float(row[f"{prefix}_L1_L4_reader1"]) == pytest.approx(np.mean(four), rel=1e-11)
    assert float(row[f"{prefix}_L1_L4_reader2"]) == pytest.approx(np.mean(three), rel=1e-11)
    assert float(row[f"{prefix}_L1_L4_mean"]) == pytest.approx(
        (np.mean(four) + np.mean(three)) / 2, rel=1e-11
    )
    assert [row[f"{prefix}_L1_L4_levels_reader{reader}"] for reader in (1, 2)] == ["4", "3"]
    assert (row[f"{prefix}_L1_L4_single_reader"], row[f"{prefix}_L1_L4_reason"]) == ("0", "")
    # three of L1-L5 are too few for the second reader: the first stands alone
    assert [row[f"{prefix}_L1_L5_levels_reader{reader}"] for reader in (1, 2)] == ["5", "3"]
    assert row[f"{prefix}_L1_L5_reader2"] == ""
    assert row[f"{prefix}_L1_L5_mean"] == row[f"{prefix}_L1_L5_reader1"]
    assert row[f"{prefix}_L1_L5_single_reader"] == "1"


def test_levels_stand_beside_their_mean_over_the_readers(study: Study, folder: Path) -> None:
    code = study.codes["both"]
    row = wide_row(folder, code)
    first, second = (level_means(folder, code, reader, "FF") for reader in ("'=First", "Second"))
    assert float(row["FF_L1_reader1"]) == first["L1"]
    assert float(row["FF_L1_reader2"]) == second["L1"]
    assert float(row["FF_L1_mean"]) == pytest.approx((first["L1"] + second["L1"]) / 2)
    assert (row["FF_L2_reader2"], row["FF_L2_mean"]) == ("", row["FF_L2_reader1"])


@pytest.mark.parametrize(
    ("name", "column", "reason"),
    [
        ("both", "FF_L1_L4", ""),
        ("unread", "FF_L1_L4", "not_signed_off"),
        ("unread", "R2star_L1_L5", "not_signed_off"),
        ("ff_only", "FF_L1_L4", "too_few_levels"),
        ("ff_only", "R2star_L1_L4", "no_map"),
        ("table", "R2star_L1_L5", "too_few_levels"),
    ],
)
def test_an_empty_mean_says_why(study: Study, folder: Path, name: str, column: str, reason: str) -> None:
    row = wide_row(folder, study.codes[name])
    assert row[f"{column}_reason"] == reason
    assert (row[f"{column}_mean"] == "") == (row[f"{column}_single_reader"] == "") == bool(reason)


def test_every_patient_has_one_row_and_open_readings_and_repeats_give_no_value(
    study: Study, folder: Path
) -> None:
    assert [row["case"] for row in rows_of(folder, "wide")] == sorted(study.codes.values())
    row = wide_row(folder, study.codes["unread"])
    assert row["signed_off"] == "0"
    assert not [name for name, cell in row.items() if name.startswith(("FF_L1_r", "FF_L1_m")) and cell]


def test_a_session_with_one_reader_keeps_the_columns_of_the_second(tmp_path: Path) -> None:
    session = create_session(tmp_path / "one.marrow")
    try:
        with session.database.transaction():
            exams.add_from_table(session.database, "T1", Identity())
        export(session, last_viewer(session), tmp_path / "out")
    finally:
        session.close()
    (row,) = rows_of(tmp_path / "out", "wide")
    assert row["FF_L1_reader2"] == row["FF_L1_L4_levels_reader2"] == ""
    assert row["FF_L1_L4_levels_reader1"] == "0"
    assert rows_of(tmp_path / "out", "long") == []


def test_final_values_are_those_the_statistics_start_from(tmp_path: Path) -> None:
    session = make_reference_session(tmp_path / "cohort.marrow")
    try:
        viewer = last_viewer(session)
        export(session, viewer, tmp_path)
        cohorts = {levels: assemble_cohort(session, viewer, levels=levels) for levels in ("L1-L4", "L1-L5")}
    finally:
        session.close()
    wide = pd.read_csv(tmp_path / "cohort-wide.csv").set_index("case")
    assert len(wide) == 120
    assert (wide["synthetic"] == 1).all()
    for levels, cohort in cohorts.items():
        of_cohort = wide.loc[list(cohort.codes)]
        for quantity in MEASURED:
            column = f"{PREFIXES[quantity]}_{levels.replace('-', '_')}_mean"
            np.testing.assert_allclose(of_cohort[column], cohort.values[quantity], rtol=1e-11)
        np.testing.assert_allclose(of_cohort["tscore"], cohort.tscore)
        assert of_cohort["group"].tolist() == [str(group) for group in cohort.groups]


# ---- the clinical table


def test_clinical_columns_are_there_when_a_table_was_imported(study: Study, tmp_path: Path) -> None:
    session = create_session(tmp_path / "clinical.marrow", PROTOCOL)
    try:
        for name in ("both", "unread"):
            import_path(session, study.folder / name, Silent())
        export(session, last_viewer(session), tmp_path / "before")
        table = "住院号,性别,年龄,BMI,骨密度(g/cm2),T值\n0012345,女,65岁,23.4,0.812,-2.5\n999,男,50,,,\n"
        (tmp_path / "clinical.csv").write_text(table, encoding="utf-8")
        import_clinical(session, tmp_path / "clinical.csv")
        export(session, last_viewer(session), tmp_path / "after")
        by_name = {row.code: row.id for row in exams.exams(session.database)}
    finally:
        session.close()
    assert "bmd" not in rows_of(tmp_path / "before", "wide")[0]
    rows = {by_name[row["case"]]: row for row in rows_of(tmp_path / "after", "wide")}
    names = ("sex", "age", "bmi", "bmd", "bmd_unit", "tscore", "group")
    assert [rows[1][name] for name in names] == [
        "F",
        "65.0",
        "23.4",
        "0.812",
        "g/cm2",
        "-2.5",
        "osteoporosis",
    ]
    assert [rows[2][name] for name in (*names, "reference_problems")] == [""] * 8


def test_a_patient_without_a_t_score_has_no_group(study: Study, tmp_path: Path) -> None:
    session = create_session(tmp_path / "clinical.marrow", PROTOCOL)
    try:
        import_path(session, study.folder / "both", Silent())
        (tmp_path / "clinical.csv").write_text("PatientID,Age\n0012345,65\n", encoding="utf-8")
        import_clinical(session, tmp_path / "clinical.csv")
        export(session, last_viewer(session), tmp_path)
    finally:
        session.close()
    (row,) = rows_of(tmp_path, "wide")
    assert (row["age"], row["tscore"], row["group"]) == ("65.0", "", "")


# ---- codebook, identity, blinding


def test_the_codebook_explains_every_column_of_every_file_once(session: Session, tmp_path: Path) -> None:
    export(session, last_viewer(session), tmp_path, with_identity=True)
    codebook = rows_of(tmp_path, "codebook")
    explained = [(row["file"], row["column"]) for row in codebook if row["file"]]
    columns = [
        (f"study 1-{kind}.csv", name)
        for kind in ("long", "wide", "identity")
        for name in rows_of(tmp_path, kind)[0]
    ]
    assert explained == columns
    assert all(row["meaning"].endswith(".") for row in codebook)
    assert all(is_variable_name(name) for _, name in columns)
    assert any(row["meaning"].startswith("Research use only.") for row in codebook)


def test_the_codebook_names_units_as_the_protocol_does_and_counts_from_zero(folder: Path) -> None:
    explained = {(row["file"].rpartition("-")[2], row["column"]): row for row in rows_of(folder, "codebook")}
    assert explained["long.csv", "FF_mean"]["unit"] == "%"
    assert explained["long.csv", "R2star_mean"]["unit"] == "Hz"
    assert explained["wide.csv", "R2star_L1_L4_mean"]["unit"] == "Hz"
    assert "from 0" in explained["long.csv", "slice"]["meaning"]
    assert "Second" in explained["wide.csv", "FF_L1_reader2"]["meaning"]


def test_no_name_and_no_identifier_leaves_the_session_unasked(folder: Path) -> None:
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    secrets = [
        text
        for person in PEOPLE.values()
        for text in (person.patient_name, person.patient_name.partition("^")[2], person.accession)
    ]
    assert not [
        secret for secret in [*secrets, "0012345", "2024-03-05", "20240305"] if secret.encode() in content
    ]


def test_identity_is_written_to_a_file_of_its_own_when_asked(
    study: Study, session: Session, tmp_path: Path
) -> None:
    export(session, last_viewer(session), tmp_path, with_identity=True)
    rows = {row["case"]: row for row in rows_of(tmp_path, "identity")}
    assert set(rows) == set(study.codes.values())
    person = rows[study.codes["both"]]
    assert (person["patient_name"], person["patient_id"]) == ("Secret^Both", "0012345")
    assert (person["birth_date"], person["study_date"], person["sex"]) == ("1950-01-02", "2024-03-05", "F")
    others = [path for path in tmp_path.iterdir() if not path.name.endswith("-identity.csv")]
    assert len(others) == 3
    assert not [path for path in others if b"Secret" in path.read_bytes()]


def test_a_blinded_reader_gets_no_export_and_a_coordinator_does(study: Study, tmp_path: Path) -> None:
    session = create_session(tmp_path / "blinded.marrow", replace(PROTOCOL, blinded=True))
    try:
        import_path(session, study.folder / "both", Silent())
        viewer = last_viewer(session)
        with pytest.raises(BlindingError, match=r"blinding\.closed"):
            export(session, viewer, tmp_path / "out", with_identity=True)
        assert not (tmp_path / "out").exists()
        assert len(export(session, replace(viewer, role=Role.COORDINATOR), tmp_path / "out")) == 3
    finally:
        session.close()


def test_an_export_with_names_stands_in_the_record_and_one_without_does_not(tmp_path):
    session = create_session(tmp_path / "study")
    viewer = last_viewer(session)
    export(session, viewer, tmp_path / "plain")
    before = [entry.action for entry in audit_entries(session, viewer)]
    export(session, viewer, tmp_path / "named", with_identity=True)
    after = [entry.action for entry in audit_entries(session, viewer)]
    session.close()
    assert "export.with_identity" not in before
    assert after == [*before, "export.with_identity"]


def test_a_read_only_session_still_gives_its_tables_with_names(tmp_path):
    session = create_session(tmp_path / "study")
    second = open_session(session.path)
    viewer = last_viewer(second)
    assert any("identity" in path.name for path in export(second, viewer, tmp_path, with_identity=True))
    second.close()
    session.close()

"""Which T-score makes the groups: of a region that the study chooses, or the lowest of a patient."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.domain.clinical import Group, Kind, Scheme
from app.domain.clinical_items import Item, What
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, LOWEST, Protocol
from app.services.analyse import analyse
from app.services.analysis_report import analysis_sentences, analysis_to_dict
from app.services.assemble_cohort import Cohort, assemble_cohort
from app.services.clinical_lines import clinical_view
from app.services.cohort_reference import Reference
from app.services.export import export
from app.services.gather import gather
from app.services.join_clinical import import_clinical
from app.services.look_at_table import Wish, look
from app.services.open_session import Session, create_session, last_viewer, readers_of
from app.services.plan_clinical import Lacking, plan_clinical, read_table
from app.services.reference_notes import region_notes
from app.services.selection import Selection
from app.services.study_cohort import study_patients
from app.services.study_data import make_study
from app.services.study_roc_models import further_columns
from app.store import audit, exams, joining, results
from app.ui.present.pages import clinical_row
from app.ui.present.tables import headings
from app.ui.tabs.cohort_patients import patients_table
from app.ui.tabs.content import Tab
from app.ui.tabs.methods import methods_text
from app.ui.tabs.panel import tab_panel

HEADER = "id,L1-L4 BMD(g/cm2),L1-L4 T值,股骨颈T值,全髋T值,L1 T值"
ROWS = (
    "P0,1.1,-0.5,-2.6,-1.0,-4.0",
    "P1,0.9,-2.5,-1.0,,",
    "P2,1.0,-1.5,-1.5,,",
    "P3,1.2,,,,-3.0",
    "P4,1.0,0.1,0.2,0.3,",
)
Made = Callable[..., Session]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    sessions: list[Session] = []

    def made(rows: tuple[str, ...] = ROWS, header: str = HEADER, **rules: str) -> Session:
        session = create_session(tmp_path / f"{len(sessions)}.marrow", Protocol(**rules), reader="A")  # type: ignore[arg-type]  # texts
        sessions.append(session)
        (reader,) = readers_of(session)
        for number in range(5):
            with session.database.transaction():
                exam_id = exams.add_from_table(session.database, f"P{number}", Identity(), 3.0)
                results.add_table_reading(
                    session.database,
                    exam_id,
                    reader.id,
                    {level: {Quantity.FF: 40.0 + number, Quantity.R2STAR: 150.0} for level in LEVELS},
                    protocol_id=1,
                    software="test",
                    at_utc=audit.utc_now(),
                )
        path = tmp_path / "clinical.csv"
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        import_clinical(session, path)
        return session

    yield made
    for session in sessions:
        session.close()


def cohort_of(session: Session) -> Cohort:
    return assemble_cohort(session, last_viewer(session))


def notes_of(cohort: Cohort) -> dict[str, dict[str, object]]:
    return {
        note.code: dict(note.values)
        for note in cohort.notes
        if "region" in note.code or "tscore" in note.code
    }


def test_the_femoral_neck_makes_the_groups_while_bmd_is_of_the_spine(made: Made) -> None:
    session = made(tscore_region="femoral neck")
    cohort = cohort_of(session)
    assert cohort.groups == (Group.OSTEOPOROSIS, Group.NORMAL, Group.OSTEOPENIA, None, Group.NORMAL)
    assert cohort.bmd.tolist() == [1.1, 0.9, 1.0, 1.2, 1.0]
    assert cohort.tscore_regions == ("femoral neck",) * 3 + ("", "femoral neck")
    assert notes_of(cohort) == {"cohort.tscore_region": {"tscore": "femoral neck", "bmd": "L1-L4"}}


def test_the_lowest_t_score_is_taken_patient_by_patient_and_never_from_one_vertebra(made: Made) -> None:
    session = made(tscore_region=LOWEST)
    cohort = cohort_of(session)
    assert cohort.tscore.tolist()[:3] == [-2.6, -2.5, -1.5]
    assert cohort.groups == (Group.OSTEOPOROSIS, Group.OSTEOPOROSIS, Group.OSTEOPENIA, None, Group.NORMAL)
    assert cohort.tscore_regions == ("femoral neck", "L1-L4", "L1-L4", "", "L1-L4")
    assert notes_of(cohort) == {"cohort.tscore_lowest": {"regions": "L1-L4 3, femoral neck 1"}}


def test_a_session_of_before_goes_by_the_region_of_its_bmd(made: Made) -> None:
    session = made()
    stored = {**json.loads(session.protocol.to_json()), "bmd_region": "total hip"}
    del stored["tscore_region"]
    protocol = Protocol.from_json(json.dumps(stored))
    read = Reference.of(
        gather(session, last_viewer(session)).joined[0].row, protocol.bmd_region, protocol.tscore_region
    )
    assert (read.tscore, read.tscore_region) == (-1.0, "total hip")


def test_the_patients_table_says_of_which_region_the_lowest_is(made: Made) -> None:
    for region, shown in ((LOWEST, True), ("femoral neck", False)):
        session = made(tscore_region=region)
        study = make_study(gather(session, last_viewer(session)), Selection())
        columns = {one.title: one.cells for one in patients_table(study, study_patients(study)).columns}
        assert ("T-score of" in columns) is shown
        if shown:
            assert columns["T-score of"] == ("femoral neck", "L1-L4", "L1-L4", "", "L1-L4")


def test_a_lowest_of_a_column_without_region_is_told_so(made: Made) -> None:
    session = made(("P0,-2.0,-1.0", "P1,,-1.0"), "id,T值,股骨颈T值", tscore_region=LOWEST)
    study = make_study(gather(session, last_viewer(session)), Selection())
    columns = {one.title: one.cells for one in patients_table(study, study_patients(study)).columns}
    assert columns["T-score of"][:2] == ("region not stated", "femoral neck")
    assert notes_of(study.cohort) == {"cohort.tscore_lowest": {"regions": "? 1, femoral neck 1"}}


@pytest.mark.parametrize(
    ("region", "told", "flow", "axis"),
    [
        (
            LOWEST,
            "by their lowest T-score of the lumbar spine",
            "T-score lowest of the patient",
            "Lowest T-score",
        ),
        ("femoral neck", "by the T-score of femoral neck", "T-score femoral neck", "T-score femoral neck"),
        ("L1-L4", "by the T-score of L1-L4", "L1-L4", "T-score L1-L4"),
    ],
)
def test_methods_and_tabs_say_which_t_score_it_is(
    made: Made, region: str, told: str, flow: str, axis: str
) -> None:
    session = made(tscore_region=region)
    selection = Selection().with_option("correlation.against", "tscore")
    study = make_study(gather(session, last_viewer(session)), selection)
    assert told in methods_text(study).plain
    (said,) = (
        row[1]
        for table in tab_panel(study, Tab.COHORT).tables
        for row in table.rows
        if row[0] == "Reference region"
    )
    assert said == (flow if region == "L1-L4" else f"BMD L1-L4, {flow}")
    assert axis in tab_panel(study, Tab.CORRELATION).title


def test_the_report_names_both_regions(made: Made) -> None:
    session = made(tscore_region=LOWEST)
    analysis = analyse(session, last_viewer(session))
    told = analysis_to_dict(analysis)
    assert (told["bmd_region"], told["tscore_region"]) == ("L1-L4", "lowest")
    assert any("is the lowest of those" in said for said in analysis_sentences(analysis))


def wide(session: Session, folder: Path) -> list[dict[str, str]]:
    export(session, last_viewer(session), folder)
    path = next(folder.glob("*-wide.csv"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_export_says_of_which_region_each_t_score_is(made: Made, tmp_path: Path) -> None:
    rows = wide(made(tscore_region=LOWEST), tmp_path / "lowest")
    assert [(row["tscore"], row["tscore_region"], row["group"]) for row in rows] == [
        ("-2.6", "femoral neck", "osteoporosis"),
        ("-2.5", "L1-L4", "osteoporosis"),
        ("-1.5", "L1-L4", "osteopenia"),
        ("", "", ""),
        ("0.1", "L1-L4", "normal"),
    ]
    # the others stand beside it
    assert (rows[0]["tscore_at_L1_L4"], rows[0]["tscore_at_total_hip"]) == ("-0.5", "-1.0")
    rows = wide(made(tscore_region="femoral neck"), tmp_path / "neck")
    assert [row["tscore"] for row in rows] == ["-2.6", "-1.0", "-1.5", "", "0.2"]
    assert "tscore_at_femoral_neck" not in rows[0]
    rows = wide(made(("P0,-2",), "id,T值"), tmp_path / "plain")
    assert (rows[0]["tscore"], rows[0]["tscore_region"]) == ("-2.0", "plain")
    with next((tmp_path / "lowest").glob("*-codebook.csv")).open(encoding="utf-8-sig", newline="") as file:
        meanings = {row["column"]: row["meaning"] for row in csv.DictReader(file)}
    assert meanings["tscore"].startswith("Lowest T-score of the lumbar spine")


def test_the_clinical_page_shows_the_lowest_with_its_region(made: Made) -> None:
    session = made(tscore_region=LOWEST)
    lines = clinical_view(session, last_viewer(session))
    assert [clinical_row(line)[6] for line in lines] == [
        "-2.6 (femoral neck)", "-2.5 (L1-L4)", "-1.5 (L1-L4)", "", "0.1 (L1-L4)",
    ]  # fmt: skip
    assert lines[0].item(What.TSCORE) == Item(What.TSCORE, "femoral neck")
    # what is typed in where there is none is of a region, never of "lowest"
    assert lines[3].item(What.TSCORE) == Item(What.TSCORE, "L1-L4")
    assert lines[0].region_stated


@pytest.mark.parametrize(("bmd", "item"), [("total hip", "total hip"), ("L1", "L1-L4")])
def test_a_lowest_that_is_typed_in_is_of_a_region_that_counts(made: Made, bmd: str, item: str) -> None:
    line = clinical_view((session := made(tscore_region=LOWEST, bmd_region=bmd)), last_viewer(session))[3]
    assert line.item(What.TSCORE) == Item(What.TSCORE, item)


def test_a_plain_lowest_shows_without_a_region(made: Made) -> None:
    session = made(("P0,-2.0",), "id,T值", tscore_region=LOWEST)
    (line,) = clinical_view(session, last_viewer(session))
    assert (clinical_row(line)[6], line.region_stated) == ("-2.0", True)


def test_a_table_without_the_region_of_the_study_is_told_with_those_it_has(
    made: Made, tmp_path: Path
) -> None:
    path = tmp_path / "other.csv"
    path.write_text("id,L1 T值,L2 T值\nP0,-1,-2\n", encoding="utf-8")
    for region, line in (
        (LOWEST, "The protocol uses the lowest T-score"),
        ("total hip", "The protocol uses the T-score of total hip. The table has it of L1, L2,"),
    ):
        session = made(tscore_region=region)
        viewer = last_viewer(session)
        plan = plan_clinical(session, viewer, read_table(path))
        assert plan.lacking == (Lacking(Kind.TSCORE, region, ("L1", "L2")),)
        told = {one.code: one.lines for one in headings(look(session, viewer, Wish(path)))}
        assert told["tables.regions"][0].startswith(line)
    path.write_text("id,L1 T值,L1 BMD\nP0,-1,1\n", encoding="utf-8")
    session = made()
    told = {one.code: one.lines for one in headings(look(session, last_viewer(session), Wish(path)))}
    assert told["tables.regions"][0].startswith("The protocol uses BMD and T-score of L1-L4.")
    path.write_text("id,股骨颈T值\nP0,-1\n", encoding="utf-8")
    session = made(tscore_region=LOWEST)
    assert plan_clinical(session, last_viewer(session), read_table(path)).lacking == ()


def noted(protocol: Protocol, levels: str, *references: Reference) -> list[str]:
    return [note.code for note in region_notes(references, protocol, levels, Scheme.T_SCORE)]


def test_regions_that_differ_are_each_told_of() -> None:
    known = Reference(bmd=1.0, tscore=-1.0, plain_bmd=True, plain_tscore=True)
    protocol = Protocol(bmd_region="L1-L5", tscore_region="total hip")
    assert noted(protocol, "L1-L4", known) == [
        "cohort.region_not_stated",
        "cohort.region_not_stated",
        "cohort.tscore_region",
        "cohort.bmd_region_differs",
        "cohort.bmd_with_l5",
    ]
    protocol = Protocol(tscore_region="L1-L5")
    assert noted(protocol, "L1-L4", Reference(tscore=-1.0)) == [
        "cohort.tscore_region",
        "cohort.tscore_with_l5",
    ]
    assert noted(Protocol(tscore_region=LOWEST), "L1-L4", Reference(bmd=1.0)) == []
    assert noted(Protocol(tscore_region=LOWEST), "L1-L4", Reference()) == []


def test_nothing_is_adjusted_for_a_z_score(made: Made) -> None:
    rows = tuple(f"P{at},-{at},-0.{at},6{at},90" for at in range(5))
    session = made(rows, "id,L1-L4 T值,L1-L4 Z值,体重,身高")
    study = make_study(gather(session, last_viewer(session)), Selection())
    assert list(further_columns(study)) == ["weight (kg)"]


def test_a_centre_with_a_protocol_of_before_has_the_same_one(made: Made) -> None:
    ours, theirs = made(), made()
    old = {**json.loads(Protocol(name="old").to_json())}
    del old["tscore_region"]
    for session in (ours, theirs):
        with session.database.transaction():
            session.database.insert(
                "INSERT INTO protocol (name, version, content, at_utc) VALUES ('old', 1, ?, '')",
                (json.dumps(old, sort_keys=True),),
            )
    with ours.database.transaction():
        found = joining.copy_protocols(theirs.database, ours.database, "B")
    assert found == {"lumbar-FF-R2star v1": 1, "old v1": 2}

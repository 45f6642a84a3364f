"""The published study on its synthetic cohort: from the stored readings to every printed digit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.clinical import Group
from app.domain.errors import StoreUnavailable
from app.domain.maps import Quantity
from app.services import reference_cohort
from app.services.analyse import Analysis, analyse
from app.services.analysis_report import analysis_to_dict
from app.services.join_clinical import clinical_view
from app.services.open_session import Session, last_viewer, readers_of
from app.services.reference_cohort import make_reference_session
from app.stats.agreement import Icc
from app.stats.combined import LogisticModel
from app.stats.correlation import Pearson, WithinGroups
from app.stats.roc import Roc
from app.store import audit, exams

FF, R2STAR = Quantity.FF, Quantity.R2STAR


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    made = make_reference_session(tmp_path_factory.mktemp("reference") / "demo-study.marrow")
    yield made
    made.close()


@pytest.fixture(scope="module")
def study(session: Session) -> Analysis:
    return analyse(session, last_viewer(session))


@pytest.fixture(scope="module")
def upper_levels(session: Session) -> Analysis:
    return analyse(session, last_viewer(session), levels="L1-L4")


def icc(analysis: Analysis, quantity: Quantity) -> str:
    found = analysis.maps[quantity].icc
    assert isinstance(found, Icc)
    assert found.headline.estimate is not None
    return f"{found.headline.estimate:.3f}"


def r(analysis: Analysis, quantity: Quantity) -> str:
    found = analysis.maps[quantity].pearson
    assert isinstance(found, Pearson)
    return f"{found.r:+.3f}"


def roc(analysis: Analysis, quantity: Quantity) -> Roc:
    found = analysis.maps[quantity].roc
    assert isinstance(found, Roc)
    return found


def combined(analysis: Analysis) -> LogisticModel:
    assert isinstance(analysis.combined, LogisticModel)
    return analysis.combined


def test_the_session_is_labelled_synthetic_and_follows_the_studys_protocol(
    session: Session, study: Analysis
) -> None:
    assert session.synthetic
    assert study.synthetic
    assert study.protocol == "reference-cohort v1"
    assert study.cohort.levels == "L1-L5"
    assert [reader.name for reader in readers_of(session)] == ["Reader 1", "Reader 2"]


def test_all_patients_are_analysed_in_the_studys_groups(study: Analysis) -> None:
    cohort = study.cohort
    assert (cohort.n, cohort.enrolled, cohort.exclusions) == (120, 120, ())
    assert [cohort.count(group) for group in Group] == [30, 41, 49]
    assert (int(cohort.positive.sum()), cohort.readers) == (49, ("Reader 1", "Reader 2"))
    assert not cohort.single_reader.any()
    assert not cohort.incomplete.any()


def test_agreement_of_the_readers_is_as_published(study: Analysis) -> None:
    assert (icc(study, FF), icc(study, R2STAR)) == ("0.893", "0.902")


def test_correlation_with_density_is_as_published(study: Analysis) -> None:
    assert (r(study, FF), r(study, R2STAR)) == ("-0.647", "+0.534")


def test_the_correlation_is_told_to_stand_between_groups(study: Analysis) -> None:
    for quantity in (FF, R2STAR):
        found = study.maps[quantity].within_groups
        assert isinstance(found, WithinGroups)
        assert "correlation.between_groups" in [note.code for note in found.notes]


def test_areas_under_the_curve_are_as_published(study: Analysis) -> None:
    areas = [roc(study, FF).auc, roc(study, R2STAR).auc, combined(study).roc.auc]
    assert [f"{area:.3f}" for area in areas] == ["0.893", "0.843", "0.931"]


@pytest.mark.parametrize(
    ("quantity", "criterion", "counts", "youden"),
    [(FF, "> 56.09", ("41/49", "59/71"), "0.668"), (R2STAR, "<= 138.31", ("39/49", "58/71"), "0.613")],
)
def test_cut_offs_and_their_counts_are_as_published(
    study: Analysis, quantity: Quantity, criterion: str, counts: tuple[str, str], youden: str
) -> None:
    found = roc(study, quantity).cutoff
    assert found is not None
    assert str(found.criterion) == criterion
    assert (str(found.sensitivity), str(found.specificity)) == counts
    assert f"{found.youden_j:.3f}" == youden


def test_the_combination_calls_as_many_patients_as_published(study: Analysis) -> None:
    found = combined(study).roc.cutoff
    assert found is not None
    assert (str(found.sensitivity), str(found.specificity)) == ("38/49", "66/71")
    assert f"{found.youden_j:.3f}" == "0.705"


def test_the_upper_four_levels_give_their_own_figures(upper_levels: Analysis) -> None:
    assert (icc(upper_levels, FF), icc(upper_levels, R2STAR)) == ("0.896", "0.898")
    assert (r(upper_levels, FF), r(upper_levels, R2STAR)) == ("-0.650", "+0.538")
    areas = [roc(upper_levels, FF).auc, roc(upper_levels, R2STAR).auc, combined(upper_levels).roc.auc]
    assert [f"{area:.3f}" for area in areas] == ["0.892", "0.841", "0.930"]


def test_what_is_odd_about_the_study_is_footnoted(study: Analysis, upper_levels: Analysis) -> None:
    notes = [note.code for note in study.cohort.notes]
    assert notes == [
        "cohort.unit_against_method",
        "cohort.region_not_stated",
        "cohort.region_with_l5",
        "cohort.field_strength_unknown",
        "cohort.from_table",
    ]
    assert "cohort.region_differs" in [note.code for note in upper_levels.cohort.notes]


def test_density_keeps_the_studys_unit_and_is_not_converted(study: Analysis) -> None:
    assert study.cohort.bmd_unit == "mg/cm3"
    assert study.cohort.bmd[0] == 134.85


def test_the_clinical_page_shows_every_patient_with_a_case_code(session: Session) -> None:
    lines = clinical_view(session, last_viewer(session))
    assert len(lines) == 120
    assert lines[0].code == "S001"
    assert {line.matched_by for line in lines} == {"code"}
    codes = {problem.code for line in lines for problem in line.problems}
    assert codes == {
        "clinical.unit_against_method",
        "clinical.t_score_under_50",
        "clinical.t_score_menopause_unstated",
    }


def test_the_exams_come_from_a_table_and_hold_no_identity(session: Session) -> None:
    assert {exam.origin for exam in exams.exams(session.database)} == {"table"}
    identities = session.database.rows("SELECT patient_name, patient_id, accession FROM identity")
    assert {tuple(row) for row in identities} == {("", "", "")}


def test_how_the_session_came_about_is_audited(session: Session) -> None:
    actions = [entry.action for entry in audit.entries(session.database)]
    assert actions[-2:] == ["table.imported", "clinical.imported"]
    assert audit.first_break(session.database) is None


def test_the_report_of_the_study_counts_as_published(study: Analysis) -> None:
    content = analysis_to_dict(study)
    found = content["combined"]["cutoffs"][0]["cutoff"]["sensitivity"]  # type: ignore[index, call-overload]
    assert (found["count"], found["total"]) == (38, 49)


def test_the_demo_is_never_written_over_a_session(session: Session) -> None:
    with pytest.raises(StoreUnavailable):
        make_reference_session(session.path)
    assert len(exams.exams(session.database)) == 120


def test_a_demo_that_fails_half_way_leaves_no_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_cohort, "FOLDER", ("demo", "not_there"))
    with pytest.raises(FileNotFoundError):
        make_reference_session(tmp_path / "demo.marrow")
    assert not (tmp_path / "demo.marrow").exists()

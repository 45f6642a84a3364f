import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import __version__
from app.domain.errors import BlindingError, InputError
from app.domain.identity import Identity
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, Protocol
from app.services.analyse import Analysis, analyse
from app.services.analysis_report import analysis_sentences, analysis_to_dict
from app.services.join_clinical import import_clinical
from app.services.open_session import Session, add_reader, create_session, last_viewer, readers_of
from app.stats.agreement import BlandAltman, Icc
from app.stats.combined import LogisticModel
from app.stats.correlation import Pearson
from app.stats.result import NotDefined
from app.stats.roc import Roc
from app.store import audit, exams, results

FF, R2STAR = Quantity.FF, Quantity.R2STAR
# FF and R2* of each reader, then T-score and BMD; None where there is none
Patient = tuple[Sequence[tuple[float, float]], float | None, float | None]

PATIENTS: tuple[Patient, ...] = (
    (((35, 160), (36, 158)), 0.5, 1.10),
    (((42, 150), (40, 149)), -0.8, 0.99),
    (((45, 155), (47, 151)), -1.4, 0.95),
    (((58, 141), (55, 143)), -2.0, 0.90),
    (((52, 147), (51, 150)), -2.6, 0.84),
    (((61, 130), (63, 133)), -3.1, 0.75),
    (((48, 139), (50, 137)), -2.7, 0.80),
    (((66, 128), (64, 125)), -3.5, 0.70),
)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = create_session(tmp_path / "study.marrow", reader="A")
    add_reader(made, "B")
    yield made
    made.close()


def fill(
    session: Session,
    patients: Sequence[Patient],
    *,
    tesla: Sequence[float | None] = (3.0,),
    units: Sequence[str] = ("g/cm2",),
) -> None:
    """Exams without images, all levels of a patient alike, and their clinical table."""
    lines = ["id,L1-L4 T值,L1-L4 BMD"]
    readers = readers_of(session)
    with session.database.transaction():
        for number, (readings, tscore, bmd) in enumerate(patients):
            code = f"C{number:04}"
            exam_id = exams.add_from_table(session.database, code, Identity())
            field = tesla[number % len(tesla)]
            session.database.insert("UPDATE exam SET field_strength_t = ? WHERE id = ?", (field, exam_id))
            for reader, (ff, r2star) in zip(readers, readings, strict=False):
                results.add_table_reading(
                    session.database,
                    exam_id,
                    reader.id,
                    {level: {FF: float(ff), R2STAR: float(r2star)} for level in LEVELS},
                    protocol_id=1,
                    software="test",
                    at_utc=audit.utc_now(),
                )
            density = "" if bmd is None else f"{bmd} {units[number % len(units)]}"
            lines.append(f"{code},{'' if tscore is None else tscore},{density}")
    path = session.path.with_name("clinical.csv")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if patients:
        import_clinical(session, path)


def analysed(session: Session) -> Analysis:
    return analyse(session, last_viewer(session))


def parts(analysis: Analysis) -> dict[str, object]:
    found: dict[str, object] = {"combined": analysis.combined}
    for quantity in MEASURED:
        one = analysis.maps[quantity]
        for name in ("bland_altman", "icc", "pearson", "within_groups", "roc"):
            found[f"{quantity}.{name}"] = getattr(one, name)
    return found


def undefined(analysis: Analysis) -> dict[str, str]:
    return {name: part.code for name, part in parts(analysis).items() if isinstance(part, NotDefined)}


def told(analysis: Analysis) -> dict[str, object]:
    """The report through strict JSON and back, with its sentences."""
    assert all(analysis_sentences(analysis))
    content = analysis_to_dict(analysis)
    back: dict[str, object] = json.loads(json.dumps(content, allow_nan=False))
    assert back == content
    return back


def keys_of(content: object) -> object:
    """The keys of a report without its lists and without what may be null."""
    if not isinstance(content, dict):
        return None
    return {
        key: keys_of(value) if key in {"maps", "FF", "R2STAR", "cohort"} or key in PARTS else None
        for key, value in content.items()
    }


PARTS = {"bland_altman", "icc", "pearson", "within_groups", "roc", "combined"}


def test_a_whole_cohort_defines_every_part(session: Session) -> None:
    fill(session, PATIENTS)
    analysis = analysed(session)
    assert undefined(analysis) == {}
    assert (analysis.cohort.n, analysis.protocol, analysis.software) == (
        8,
        "lumbar-FF-R2star v1",
        __version__,
    )
    assert (analysis.positive_t_score, analysis.bmd_region, analysis.synthetic) == (-2.5, "L1-L4", False)


def test_agreement_is_first_reader_minus_second(session: Session) -> None:
    fill(session, PATIENTS)
    found = analysed(session).maps[FF].bland_altman
    assert isinstance(found, BlandAltman)
    expected = np.mean([first[0] - second[0] for (first, second), _, _ in PATIENTS])
    assert found.bias == pytest.approx(expected)


def test_high_ff_and_low_r2star_mean_disease(session: Session) -> None:
    fill(session, PATIENTS)
    analysis = analysed(session)
    ff, r2star = analysis.maps[FF].roc, analysis.maps[R2STAR].roc
    assert isinstance(ff, Roc)
    assert isinstance(r2star, Roc)
    assert (ff.direction, r2star.direction) == ("higher", "lower")
    assert ff.auc > 0.5
    assert r2star.auc > 0.5
    assert ff.n_positive == 4


def test_a_point_of_a_plot_leads_back_to_its_case(session: Session) -> None:
    fill(session, [(((35, 160), (36, 158)), None, None), *PATIENTS])
    analysis = analysed(session)
    found = analysis.maps[FF].pearson
    assert isinstance(found, Pearson)
    assert found.n_excluded == 1
    assert [analysis.cohort.codes[row] for row in found.index] == [f"C{row:04}" for row in range(1, 9)]


def test_the_unit_of_r2star_is_the_protocols(tmp_path: Path) -> None:
    session = create_session(tmp_path / "study.marrow", Protocol(r2star_unit="Hz"))
    try:
        assert [one.unit for one in analysed(session).maps.values()] == ["%", "Hz"]
    finally:
        session.close()


def test_a_session_without_readings_is_not_defined_everywhere(session: Session) -> None:
    analysis = analysed(session)
    assert set(undefined(analysis)) == set(parts(analysis))
    content = told(analysis)
    assert content["cohort"]["analysed"] == 0  # type: ignore[index]


def test_exams_that_nobody_signed_off_are_counted(session: Session) -> None:
    fill(session, [((), -1.0, 0.9), ((), -3.0, 0.8)])
    analysis = analysed(session)
    assert analysis.cohort.exclusions[0].code == "cohort.not_signed_off"
    content = told(analysis)
    assert content["cohort"]["excluded"] == [  # type: ignore[index]
        {"code": "cohort.not_signed_off", "cases": ["C0000", "C0001"]}
    ]


def test_one_reader_gives_no_agreement_but_the_rest(session: Session) -> None:
    fill(session, [(readings[:1], tscore, bmd) for readings, tscore, bmd in PATIENTS])
    analysis = analysed(session)
    assert undefined(analysis) == {
        "FF.bland_altman": "bland_altman.too_few",
        "FF.icc": "icc.too_few",
        "R2STAR.bland_altman": "bland_altman.too_few",
        "R2STAR.icc": "icc.too_few",
    }
    told(analysis)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_very_few_patients_give_reasons_and_no_exception(session: Session, n: int) -> None:
    fill(session, PATIENTS[:n])
    analysis = analysed(session)
    assert "combined" in undefined(analysis)
    assert isinstance(analysis.maps[FF].pearson, Pearson) is (n == 3)
    told(analysis)


def test_constant_readings_give_reasons_and_no_exception(session: Session) -> None:
    fill(session, [(((50, 140), (50, 140)), tscore, bmd) for _, tscore, bmd in PATIENTS])
    analysis = analysed(session)
    codes = undefined(analysis)
    assert codes["FF.icc"] == "icc.no_variance"
    assert codes["FF.pearson"] == "correlation.constant"
    assert codes["combined"] == "logistic.constant"
    assert isinstance(analysis.maps[FF].bland_altman, BlandAltman)
    told(analysis)


@pytest.mark.parametrize("tscore", [-3.0, 0.0])
def test_one_class_gives_reasons_and_no_exception(session: Session, tscore: float) -> None:
    fill(session, [(readings, tscore, bmd) for readings, _, bmd in PATIENTS])
    codes = undefined(analysed(session))
    assert codes == dict.fromkeys(("FF.roc", "R2STAR.roc", "combined"), "roc.one_class")
    told(analysed(session))


def test_perfect_separation_gives_reasons_and_no_exception(session: Session) -> None:
    separated = [
        (((60 + n if tscore is not None and tscore <= -2.5 else 40 + n, 140 + n), (50, 140)), tscore, bmd)
        for n, (_, tscore, bmd) in enumerate(PATIENTS)
    ]
    fill(session, separated)
    analysis = analysed(session)
    assert undefined(analysis) == {"combined": "logistic.separation"}
    told(analysis)


def test_a_marker_that_tells_nothing_has_no_cut_off(session: Session) -> None:
    patients = [(((50, 140 + n), (50, 150 - n)), tscore, bmd) for n, (_, tscore, bmd) in enumerate(PATIENTS)]
    fill(session, patients)
    content = told(analysed(session))
    assert content["maps"]["FF"]["roc"]["cutoffs"] == []  # type: ignore[index]
    assert content["maps"]["FF"]["roc"]["auc"] == 0.5  # type: ignore[index]


def test_mixed_units_of_density_block_only_what_uses_it(session: Session) -> None:
    fill(session, PATIENTS, units=("g/cm2", ""))
    analysis = analysed(session)
    blocked = {f"{quantity}.{name}" for quantity in MEASURED for name in ("pearson", "within_groups")}
    assert undefined(analysis) == dict.fromkeys(blocked, "cohort.mixed_bmd_units")
    told(analysis)


def test_mixed_field_strengths_block_r2star_and_the_combination(session: Session) -> None:
    fill(session, PATIENTS, tesla=(1.5, 3.0))
    analysis = analysed(session)
    names = {name for name in parts(analysis) if not name.startswith("FF")}
    assert undefined(analysis) == dict.fromkeys(names, "cohort.mixed_field_strengths")
    told(analysis)


def test_other_readers_and_levels_can_be_asked_for(session: Session) -> None:
    fill(session, PATIENTS)
    viewer = last_viewer(session)
    turned = analyse(session, viewer, levels="L2", compare=("B", "A"))
    first = analysed(session).maps[FF].bland_altman
    second = turned.maps[FF].bland_altman
    assert isinstance(first, BlandAltman)
    assert isinstance(second, BlandAltman)
    assert second.bias == pytest.approx(-first.bias)
    assert turned.cohort.levels == "L2"
    with pytest.raises(InputError, match=r"cohort\.unknown_levels"):
        analyse(session, viewer, levels="L9")


def test_a_blinded_reader_gets_no_statistics(tmp_path: Path) -> None:
    session = create_session(tmp_path / "blind.marrow", Protocol(blinded=True))
    try:
        with pytest.raises(BlindingError):
            analysed(session)
    finally:
        session.close()


def test_the_keys_of_the_report_are_the_same_whatever_is_defined(session: Session) -> None:
    empty = told(analysed(session))
    fill(session, PATIENTS)
    full = told(analysed(session))
    assert keys_of(empty) == keys_of(full)
    for content in (empty, full):
        for part in (content["combined"], *content["maps"]["FF"].values()):  # type: ignore[attr-defined, index]
            if isinstance(part, dict):
                assert (part["not_defined"] is None) is (part["n"] is not None)


def test_the_report_holds_the_figures_of_the_results(session: Session) -> None:
    fill(session, PATIENTS)
    analysis = analysed(session)
    content = analysis_to_dict(analysis)
    ff = analysis.maps[FF]
    assert isinstance(ff.icc, Icc)
    assert isinstance(ff.roc, Roc)
    assert isinstance(analysis.combined, LogisticModel)
    written = content["maps"]["FF"]  # type: ignore[index, call-overload]
    assert written["icc"]["headline"]["estimate"] == ff.icc.headline.estimate
    cutoff = ff.roc.cutoff
    assert cutoff is not None
    assert written["roc"]["cutoffs"][0]["criterion"]["text"] == str(cutoff.criterion)
    assert written["roc"]["cutoffs"][0]["sensitivity"]["count"] == cutoff.tp
    assert content["combined"]["auc"] == analysis.combined.roc.auc  # type: ignore[index, call-overload]
    assert content["cohort"]["groups"] == {  # type: ignore[index, call-overload]
        "normal": 2,
        "osteopenia": 2,
        "osteoporosis": 4,
        "unknown": 0,
    }


def test_an_infinite_figure_is_null_in_json(session: Session) -> None:
    fill(session, PATIENTS)
    analysis = analysed(session)
    found = analysis.maps[FF].roc
    assert isinstance(found, Roc)
    endless = replace(analysis.maps[FF], roc=replace(found, auc=math.inf))
    content = analysis_to_dict(replace(analysis, maps={**analysis.maps, FF: endless}))
    assert content["maps"]["FF"]["roc"]["auc"] is None  # type: ignore[index, call-overload]


def test_sentences_stand_under_the_name_of_their_map(session: Session) -> None:
    fill(session, PATIENTS)
    lines = analysis_sentences(analysed(session))
    ff, r2star, both = (lines.index(name) for name in ("FF", "R2*", "FF + R2*"))
    assert lines[0] == "8 of 8 exams are analysed, each patient by the mean of L1-L4."
    assert any("ROC curve of FF" in line for line in lines[ff:r2star])
    assert any("ROC curve of R2*" in line for line in lines[r2star:both])
    assert any("logistic combination of FF + R2*" in line for line in lines[both:])


def test_identical_readings_are_said_once(session: Session) -> None:
    fill(session, [((readings[0], readings[0]), tscore, bmd) for readings, tscore, bmd in PATIENTS])
    lines = analysis_sentences(analysed(session))
    ff = lines[lines.index("FF") : lines.index("R2*")]
    assert len(ff) == len(set(ff))
    assert sum("pairs of readings are identical" in line for line in ff) == 1


_FIGURE = st.one_of(st.sampled_from([0.0, 50.0, 100.0]), st.floats(0.0, 100.0, width=32))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(_FIGURE, _FIGURE), max_size=2),
            st.one_of(st.none(), st.sampled_from([-3.5, -2.5, -1.0, 0.0])),
            st.one_of(st.none(), st.sampled_from([0.7, 0.8, 1.1])),
        ),
        max_size=7,
    )
)
def test_whatever_was_measured_every_part_is_a_result_or_a_reason(
    tmp_path: Path, patients: list[Patient]
) -> None:
    path = tmp_path / "study.marrow"
    path.unlink(missing_ok=True)
    session = create_session(path, reader="A")
    try:
        add_reader(session, "B")
        fill(session, patients)
        analysis = analysed(session)
    finally:
        session.close()
    told(analysis)

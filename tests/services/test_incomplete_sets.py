"""What becomes of patients who lack levels: flagged, left out, or adjusted by what the levels add."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.disagreement import How, Ruling
from app.domain.identity import Identity
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, Protocol
from app.domain.reasons import Reason
from app.services.analyse import analyse
from app.services.analysis_report import analysis_sentences, analysis_to_dict
from app.services.cohort import Cohort, Exclusion
from app.services.export import export
from app.services.gather import Gathered
from app.services.open_session import Session, add_reader, create_session, last_viewer, readers_of
from app.services.patient_means import LevelChoice, choose_levels
from app.services.selection import LevelMean, Selection, one_reader
from app.services.study_agreement import study_agreement
from app.services.study_cohort import study_patients
from app.services.study_data import make_study, means_of
from app.services.study_methods import method_facts
from app.stats.result import FloatArray
from app.store import audit, exams, results, sessions
from app.store.adjudications import Adjudication

FF, R2STAR = Quantity.FF, Quantity.R2STAR
AT_LEAST, COMPLETE, ADJUSTED = LevelMean
GatheredOf = Callable[..., Gathered]
RISE = np.array([0.0, 1.0, 2.0, 4.0, 8.0])


def cohort_of(gathered: Gathered, mean: LevelMean, **chosen: object) -> Cohort:
    return make_study(gathered, Selection(mean=mean, **chosen)).cohort  # type: ignore[arg-type]


def codes(cohort: Cohort) -> dict[str, object]:
    return {note.code: note.values.get("count") for note in cohort.notes}


def values(patients: int, *, noise: float = 0.0, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """FF and R2* of two readers, shape (patients, 2, 5); levels add :data:`RISE` and half of it, falling."""
    rng = np.random.default_rng(seed)
    shape = (patients, 2, 5)
    truth = rng.normal(50.0, 8.0, (patients, 1, 1))
    ff = truth + RISE + rng.normal(0.0, 1.0, shape) * noise
    return ff, 200.0 - truth - RISE / 2.0 + rng.normal(0.0, 1.0, shape) * noise


def by_dummies(table: FloatArray) -> FloatArray:
    """Adjusted means of rows by least squares on dummies of rows and levels."""
    rows, levels = np.nonzero(np.isfinite(table))
    design = np.zeros((rows.size, sum(table.shape)))
    design[np.arange(rows.size), rows] = 1.0
    design[np.arange(rows.size), table.shape[0] + levels] = 1.0
    found = np.linalg.lstsq(design, table[rows, levels], rcond=None)[0]
    return np.asarray(found[: table.shape[0]] + found[table.shape[0] :].mean())


@pytest.fixture
def gappy(gathered_of: GatheredOf) -> Gathered:
    """Twelve patients; reader 1 lacks L4 of P000001, both lack L1 of P000002, reader 2 has two of P000003."""
    ff, r2star = values(12, noise=1.0)
    for one, who, level in ((1, 0, 3), (2, 0, 0), (2, 1, 0), (3, 1, 0), (3, 1, 1)):
        ff[one, who, level] = r2star[one, who, level] = np.nan
    return gathered_of(
        ff, r2star, age=np.arange(40.0, 52.0), sex=["F", "M"] * 6, tscore=np.linspace(1.0, -4.0, 12)
    )


# -- adjusted ---------------------------------------------------------------------------------------------


def test_where_levels_only_add_the_adjusted_mean_is_what_it_would_be_with_all(
    gathered_of: GatheredOf,
) -> None:
    ff, r2star = values(6)
    whole = cohort_of(gathered_of(ff, r2star), AT_LEAST)
    ff[1, 0, 3] = ff[2, :, 0] = r2star[4, 1, 2] = np.nan
    made = gathered_of(ff, r2star)
    adjusted, plain = cohort_of(made, ADJUSTED), cohort_of(made, AT_LEAST)
    for quantity in MEASURED:
        assert adjusted.values[quantity] == pytest.approx(whole.values[quantity], rel=1e-12)
    assert plain.values[FF][2] - whole.values[FF][2] == pytest.approx(7 / 3 - 7 / 4)


def test_adjusted_means_are_those_of_least_squares_on_readings_and_levels(gappy: Gathered) -> None:
    cohort, plain = cohort_of(gappy, ADJUSTED), cohort_of(gappy, AT_LEAST)
    table = np.array(
        [
            [
                next(
                    (
                        cell.stats[FF].mean
                        for cell in gappy.told
                        if (cell.code, cell.reader, cell.level) == (code, reader, level) and FF in cell.stats
                    ),
                    np.nan,
                )
                for level in LEVELS[:4]
            ]
            for code in cohort.codes
            for reader in gappy.readers
        ],
        dtype=float,
    )
    # two levels are too few for a mean, and teach nothing
    table[np.isfinite(table).sum(axis=1) < 3] = np.nan
    of_reading = np.full(table.shape[0], np.nan)
    used = np.isfinite(table).any(axis=1)
    of_reading[used] = by_dummies(table[used])
    assert cohort.values[FF] == pytest.approx(np.nanmean(of_reading.reshape(-1, 2), axis=1), rel=1e-10)
    changed = np.abs(cohort.values[FF] - plain.values[FF]) > 1e-9
    assert np.flatnonzero(changed).tolist() == [1, 2]
    assert cohort.incomplete.tolist() == plain.incomplete.tolist()
    assert (codes(cohort)["cohort.adjusted_levels"], codes(plain)["cohort.incomplete_levels"]) == (2, 2)
    assert "cohort.incomplete_levels" not in codes(cohort)


def test_complete_patients_have_their_plain_mean_bit_for_bit(gathered_of: GatheredOf) -> None:
    made = gathered_of(*values(9, noise=2.0))
    plain, adjusted = cohort_of(made, AT_LEAST), cohort_of(made, ADJUSTED)
    for quantity in MEASURED:
        assert adjusted.values[quantity].tolist() == plain.values[quantity].tolist()


def test_r2star_of_each_field_strength_has_effects_of_its_own(gathered_of: GatheredOf) -> None:
    ff, r2star = values(8)
    # at 1.5 T levels add three times as much
    r2star[1::2] += RISE
    whole = cohort_of(gathered_of(ff, r2star, tesla=(3.0, 1.494)), AT_LEAST).values
    ff[0, :, 3] = ff[1, :, 3] = r2star[0, :, 3] = r2star[1, :, 3] = np.nan
    cohort = cohort_of(gathered_of(ff, r2star, tesla=(3.0, 1.494)), ADJUSTED)
    for quantity in MEASURED:
        assert cohort.values[quantity] == pytest.approx(whole[quantity], rel=1e-12)
    effects = cohort.level_effects[R2STAR]
    assert np.ptp(effects[::2], axis=0) == pytest.approx(np.zeros(4))
    assert np.diff(effects[0]) == pytest.approx([-0.5, -0.5, -1.0])
    assert np.diff(effects[1]) == pytest.approx([0.5, 0.5, 1.0])
    assert np.ptp(cohort.level_effects[FF], axis=0) == pytest.approx(np.zeros(4))


def test_effects_are_learnt_from_the_patients_of_the_selection(gathered_of: GatheredOf) -> None:
    ff, r2star = values(8)
    # in men the levels differ by nothing
    ff[1::2] -= RISE
    ff[0, :, 0] = np.nan
    made = gathered_of(ff, r2star, sex=["F", "M"] * 4)
    women = cohort_of(made, ADJUSTED, sex="F")
    assert np.diff(women.level_effects[FF][0]) == pytest.approx(np.diff(RISE[:4]))
    assert [one.code for one in women.exclusions] == ["cohort.filtered"]
    assert women.values[FF][0] == pytest.approx(ff[0, 0, 1] - 1.0 + RISE[:4].mean())
    everybody = cohort_of(made, ADJUSTED)
    assert everybody.values[FF][0] != pytest.approx(women.values[FF][0], abs=0.1)


def test_a_level_nobody_measured_leaves_means_undefined_and_says_so(gathered_of: GatheredOf) -> None:
    ff, r2star = values(5)
    ff[..., 3] = np.nan
    r2star[..., 3] = np.nan
    r2star[0, :, 3] = 170.0
    ff[4, 1] = r2star[4, 1] = np.nan
    cohort = cohort_of(gathered_of(ff, r2star), ADJUSTED)
    assert cohort.n == 5
    assert np.isnan(cohort.values[FF]).all()
    assert np.isfinite(cohort.values[R2STAR]).all()
    assert codes(cohort)["cohort.unadjusted"] == 5
    assert "cohort.without_final" not in codes(cohort)
    assert "cohort.adjusted_levels" not in codes(cohort)
    assert not cohort.exclusions
    plain = cohort_of(gathered_of(ff, r2star), AT_LEAST)
    assert np.isfinite(plain.values[FF]).all()


def test_what_was_decided_is_adjusted_too(gappy: Gathered) -> None:
    decided = (Adjudication(5, LEVELS[3], Ruling(How.EXCLUDED, reason=Reason.METAL), {}, ""),)
    ruled = replace(gappy, decided=decided)
    cohort, plain = cohort_of(ruled, ADJUSTED), cohort_of(ruled, AT_LEAST)
    row = cohort.codes.index("P000005")
    # without L4, the highest of the four, the plain mean is too low
    assert 0.5 < cohort.values[FF][row] - plain.values[FF][row] < 1.5
    assert cohort.incomplete[row]


def test_each_readers_own_mean_is_adjusted_by_the_same_effects(gappy: Gathered) -> None:
    study = make_study(gappy, Selection(mean=ADJUSTED))
    own = study_patients(study).own[FF]
    assert np.nanmean(own, axis=1) == pytest.approx(study.cohort.values[FF], rel=1e-12)
    alone = means_of(study, replace(study.selection, readers=one_reader("Reader 1")), study.cohort.levels)
    assert alone[FF] == pytest.approx(own[:, 0], rel=1e-12)
    single = means_of(study, study.selection, "L4")[FF]
    assert single.tolist() == means_of(make_study(gappy, Selection()), Selection(), "L4")[FF].tolist()


# -- complete sets only -----------------------------------------------------------------------------------


def test_incomplete_sets_are_left_out_and_counted(gappy: Gathered) -> None:
    cohort = cohort_of(gappy, COMPLETE)
    assert cohort.exclusions == (Exclusion("cohort.incomplete_set", ("P000002",)),)
    assert cohort.n == 11
    assert not cohort.incomplete.any()
    # one complete reading is a complete set
    assert cohort.codes[1] == "P000001"
    assert (cohort.single_reader[1], cohort.single_reader[2]) == (True, True)
    assert dict(cohort.level_effects) == {}


@pytest.mark.parametrize("mean", LevelMean)
@pytest.mark.parametrize("levels", ["L1-L5", "L3"])
def test_the_choice_holds_for_every_mean_and_changes_no_single_level(
    gathered_of: GatheredOf, mean: LevelMean, levels: str
) -> None:
    ff, r2star = values(4)
    ff[0, :, 0] = r2star[0, :, 0] = np.nan
    cohort = cohort_of(gathered_of(ff, r2star), mean, levels=levels)
    if levels == "L3":
        assert (cohort.mean, cohort.n, dict(cohort.level_effects)) == (AT_LEAST, 4, {})
    else:
        assert (cohort.mean, cohort.n) == (mean, 3 if mean is COMPLETE else 4)


@pytest.mark.parametrize("mean", LevelMean)
def test_a_protocol_that_wants_all_levels_leaves_nothing_to_choose(mean: LevelMean) -> None:
    strict = Protocol(levels_needed={})
    assert choose_levels("L1-L4", strict, mean) == LevelChoice("L1-L4", (0, 1, 2, 3), 4)


# -- what follows the choice, and what does not -----------------------------------------------------------


@pytest.mark.parametrize("mean", [COMPLETE, ADJUSTED])
@pytest.mark.parametrize("unit", ["patient", "vertebra"])
def test_agreement_takes_the_levels_both_readings_have_whatever_is_chosen(
    gappy: Gathered, mean: LevelMean, unit: str
) -> None:
    plain, chosen = (
        study_agreement(make_study(gappy, Selection(mean=one).with_option("agreement.unit", unit)))
        for one in (AT_LEAST, mean)
    )
    assert chosen.readings.codes == plain.readings.codes
    for name in ("paired", "by_level", "of_all", "measurable"):
        np.testing.assert_array_equal(getattr(chosen.readings, name), getattr(plain.readings, name))
    assert repr(chosen.bland_altman) == repr(plain.bland_altman)


def test_the_methods_know_how_many_levels_the_protocol_needs(gappy: Gathered) -> None:
    assert {method_facts(make_study(gappy, Selection(mean=mean))).needed for mean in LevelMean} == {3}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Eight patients read by both readers; both lack L2 of the first, reader B lacks L4 of the second."""
    made = create_session(tmp_path / "study.marrow", synthetic=True, reader="A")
    add_reader(made, "B")
    ff, r2star = values(8, noise=1.0)
    ff[0, :, 1] = ff[1, 1, 3] = np.nan
    protocol_id, _ = sessions.current_protocol(made.database)
    with made.database.transaction():
        for one, (of_ff, of_r2star) in enumerate(zip(ff, r2star, strict=True)):
            exam_id = exams.add_from_table(made.database, f"C{one}", Identity())
            for place, reader in enumerate(readers_of(made)):
                means = {
                    level: {FF: of_ff[place, at], R2STAR: of_r2star[place, at]}
                    for at, level in enumerate(LEVELS)
                    if np.isfinite(of_ff[place, at])
                }
                results.add_table_reading(
                    made.database, exam_id, reader.id, means,
                    protocol_id=protocol_id, software="test", at_utc=audit.utc_now(),
                )  # fmt: skip
    yield made
    made.close()


def test_the_report_says_which_mean_it_rests_on_and_keeps_agreement(session: Session) -> None:
    found = {mean: analyse(session, last_viewer(session), mean=mean) for mean in LevelMean}
    told = {mean: analysis_to_dict(one) for mean, one in found.items()}
    assert [told[mean]["incomplete_sets"] for mean in LevelMean] == ["at_least", "complete", "adjusted"]
    assert {mean: one.cohort.n for mean, one in found.items()} == {AT_LEAST: 8, COMPLETE: 7, ADJUSTED: 8}
    assert {one.compared.n for one in found.values()} == {8}
    for name in ("bland_altman", "icc"):
        assert len({repr(one["maps"]["FF"][name]) for one in told.values()}) == 1  # type: ignore[index, call-overload]
    said = {mean: analysis_sentences(one) for mean, one in found.items()}
    assert said[AT_LEAST][0].endswith("by the mean of L1-L4.")
    assert said[COMPLETE][0].endswith("by the mean of L1-L4, complete sets only.")
    assert said[COMPLETE][1].startswith("1 exam is left out because no reader measured all levels")
    assert said[ADJUSTED][0].endswith("by the level-adjusted mean of L1-L4.")


def test_the_table_of_an_export_holds_plain_and_adjusted_means(session: Session, tmp_path: Path) -> None:
    cohorts = {mean: analyse(session, last_viewer(session), mean=mean).cohort for mean in LevelMean}
    export(session, last_viewer(session), tmp_path)
    with (tmp_path / "study-wide.csv").open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    for column, mean in (("FF_L1_L4_final", AT_LEAST), ("FF_L1_L4_final_adjusted", ADJUSTED)):
        written = [float(row[column]) for row in rows]
        assert written == pytest.approx(cohorts[mean].values[FF], rel=1e-11)
    assert [row["FF_L1_L4_final"] == row["FF_L1_L4_final_adjusted"] for row in rows] == [False] * 2 + [
        True
    ] * 6
    with (tmp_path / "study-codebook.csv").open(encoding="utf-8-sig") as lines:
        meanings = {row["column"]: row["meaning"] for row in csv.DictReader(lines)}
    assert "levels that a reader's mean lacks" in meanings["FF_L1_L4_final_adjusted"]
    assert "of the same field strength" in meanings["R2star_L1_L5_final_adjusted"]

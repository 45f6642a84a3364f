"""Every figure of the Agreement tab, against results of R, printed results or a computation of its own."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Kind
from app.services.gather import Gathered, gather
from app.services.open_session import last_viewer
from app.services.reference_cohort import make_reference_session
from app.services.selection import Selection
from app.services.study_data import make_study
from app.store.exams import ExamRow
from app.store.results import LevelResult
from app.ui.plots.spec import Dash, Tone
from app.ui.tabs.agreement import agreement_panel, finish_agreement
from app.ui.tabs.content import Panel, Tab, Table
from app.ui.tabs.panel import finish_tab, tab_panel

NAN = math.nan
ORACLES = Path(__file__).parents[1] / "conformance" / "oracles"
Told = Mapping[tuple[str, int], Sequence[Sequence[float | None]]]


def gathered_from(told: Told, *, needed: int = 3) -> Gathered:
    """What a session would hold of these FF values, by reader and round: levels from L1 down."""
    count = max((len(patients) for patients in told.values()), default=0)
    enrolled = tuple(ExamRow(number, f"C{number}", "table", 3.0) for number in range(1, count + 1))
    cells = tuple(
        cell_of(*who, row, level, mean)
        for who, patients in told.items()
        for row, levels in zip(enrolled, patients, strict=False)
        for level, mean in zip(LEVELS, levels, strict=False)
        if mean is not None
    )
    readers = tuple(dict.fromkeys(name for name, _ in told))
    protocol = Protocol(levels_needed={"L1-L4": needed, "L1-L5": 4})
    return Gathered(protocol, False, readers, enrolled, 0, cells, (), {}, (), ())


def cell_of(reader: str, number: int, row: ExamRow, level: Level, mean: float) -> LevelResult:
    measured = RoiStats(16, mean, 1.0, mean, mean, mean, 16.0, 0, 0, 0, 0, 0)
    kind, found = Kind.MEASURED, {Quantity.FF: measured}
    if math.isnan(mean):
        kind, found = Kind.NOT_MEASURABLE, {}
    who = (row.id, row.code, row.field_strength_t, reader, number, "table", True, "")
    return LevelResult(*who, level, kind, None, "", None, found, "", "", "", "")


def panel_of(gathered: Gathered, selection: Selection | None = None, **options: str) -> Panel:
    wanted = selection or Selection()
    for name, value in options.items():
        wanted = wanted.with_option(f"agreement.{name}", value)
    study = make_study(gathered, wanted)
    panel = agreement_panel(study)
    return finish_agreement(study, panel) if panel.unfinished else panel


def table(panel: Panel, title: str) -> Table:
    return next(one for one in panel.beside if one.title.startswith(title))


def cells(panel: Panel, title: str) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in table(panel, title).rows}


def titles(panel: Panel) -> list[str]:
    return [one.title for one in panel.beside]


def oracle(name: str) -> Any:
    return json.loads((ORACLES / f"{name}.json").read_text(encoding="utf-8"))


def told(value: float, decimals: int = 2) -> str:
    text = f"{value:.{decimals}f}"
    return text.replace("-", "") if float(text) == 0.0 else text


def span(ends: Sequence[float], decimals: int = 2) -> str:
    return f"{told(ends[0], decimals)} to {told(ends[1], decimals)}"


def one_level(*columns: Sequence[float | None]) -> Gathered:
    """Readers A, B, C, ... who measured L1 of everybody."""
    return gathered_from(
        {("ABCDEFG"[place], 1): [[value] for value in column] for place, column in enumerate(columns)}
    )


L1 = Selection(levels="L1")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Gathered:
    session = make_reference_session(tmp_path_factory.mktemp("reference") / "study.marrow")
    found = gather(session, last_viewer(session))
    session.close()
    return found


@pytest.fixture(scope="module")
def pefr() -> Gathered:
    """Two meters of Bland and Altman 1986."""
    columns = oracle("ba_pefr_1986")["input"]["columns"]
    return one_level(columns["x"], columns["y"])


# -- limits -------------------------------------------------------------------------------------------------


def test_bias_limits_and_every_interval_are_those_of_r(pefr: Gathered) -> None:
    panel, wanted = panel_of(pefr, L1), oracle("ba_pefr_1986")["expected"]
    assert cells(panel, "Limits of agreement") == {
        "Bias": (told(wanted["bias"]), span(wanted["bias_ci"])),
        "p (bias = 0)": (told(wanted["p_bias"], 3), ""),
        "SD of differences": (told(wanted["sd"]), span(wanted["sd_ci"])),
        "Lower limit": (told(wanted["loa_lower"]), span(wanted["loa_lower_ci_exact"])),
        "Upper limit": (told(wanted["loa_upper"]), span(wanted["loa_upper_ci_exact"])),
        "Outside the limits": ("1 of 17", ""),
    }
    methods = {"exact (Carkeet 2015)": "exact", "approximate (1999)": "1999", "MOVER (Zou 2013)": "mover"}
    methods["approximate (1986)"] = "1986"
    assert cells(panel, "Intervals of the limits") == {
        name: tuple(span(wanted[f"loa_{side}_ci_{key}"]) for side in ("lower", "upper"))
        for name, key in methods.items()
    }


def test_the_exact_quantile_of_the_limits_is_that_of_r(pefr: Gathered) -> None:
    wanted = oracle("ba_pefr_1986")["expected"]
    panel = panel_of(pefr, L1, limits="quantile")
    limits = cells(panel, "Limits of agreement")
    assert limits["Lower limit"][0] == told(wanted["loa_lower_qnorm"]) == "-78.10"
    assert limits["Upper limit"][0] == told(wanted["loa_upper_qnorm"])
    assert "1.959964 SD" in table(panel, "Limits of agreement").note


def test_missing_readings_are_left_out_pair_by_pair_and_counted() -> None:
    given = oracle("ba_missing")
    columns, wanted = given["input"]["columns"], given["expected"]
    panel = panel_of(one_level(columns["x"], columns["y"]), L1)
    assert cells(panel, "Limits of agreement")["Lower limit"] == (
        told(wanted["loa_lower"]),
        span(wanted["loa_lower_ci_exact"]),
    )
    # the patient whom neither read is not in the cohort
    assert table(panel, "Limits of agreement").note.startswith("n = 14, 2 without both readings.")


@pytest.mark.parametrize("scale", ["percent", "log_ratio"])
def test_percentages_and_ratios_are_those_of_r(pefr: Gathered, scale: str) -> None:
    wanted = oracle("ba_pefr_1986")["expected"][scale]
    panel = panel_of(pefr, L1, scale=scale)
    limits, decimals = list(table(panel, "Limits of agreement").rows), 2 if scale == "percent" else 3
    keys = ("bias", "bias_ci", "sd") if scale == "percent" else ("gm_ratio", "ci", "sd_log")
    assert limits[0][1:] == (told(wanted[keys[0]], decimals), span(wanted[keys[1]], decimals))
    assert [row[1] for row in limits[2:5]] == [
        told(wanted[key], decimals) for key in (keys[2], "loa_lower", "loa_upper")
    ]
    figure = panel.figure
    assert figure is not None
    assert figure.y.title == {"percent": "A − B, FF (% of the mean)", "log_ratio": "A / B, FF"}[scale]
    assert "Wilcoxon" not in str(panel.tables)


def test_plain_ratios_are_told_around_1(pefr: Gathered) -> None:
    columns = oracle("ba_pefr_1986")["input"]["columns"]
    ratios = np.array(columns["x"]) / np.array(columns["y"])
    panel = panel_of(pefr, L1, scale="ratio")
    assert table(panel, "Limits of agreement").rows[0][:2] == ("Mean ratio", told(ratios.mean(), 3))
    assert panel.figure is not None
    lowest = panel.figure.curves[0]
    assert (lowest.tone, lowest.y.tolist()) == (Tone.REFERENCE, [1.0, 1.0])
    assert panel.figure.edge_labels[0].text == f"Bias\n{told(ratios.mean(), 3)}"
    assert f"ratio {told(ratios[0], 3)}" in panel.figure.spots[0].tip


def test_what_speaks_for_limits_that_slope_is_that_of_r(pefr: Gathered) -> None:
    wanted = oracle("ba_pefr_1986")["expected"]
    line, spread = wanted["prop_bias"], wanted["hetero_spearman_absd_mean"]
    rows = cells(panel_of(pefr, L1), "Does the difference depend")
    assert rows["Slope on the mean"] == (
        told(line["slope"], 3),
        span(line["slope_ci"], 3),
        told(line["p_slope"], 3),
    )
    assert rows["ρ of size with mean"] == (told(spread["rho"], 3), "", told(spread["p"], 3))
    assert rows["Shapiro-Wilk W"] == (
        told(wanted["shapiro"]["W"], 3),
        "",
        told(wanted["shapiro"]["p"], 3),
    )
    columns = oracle("ba_pefr_1986")["input"]["columns"]
    away = np.array(columns["x"]) - np.array(columns["y"])
    assert rows["Median (Wilcoxon)"][0] == told(float(np.median(away)))
    ends = np.quantile(away, [0.025, 0.975], method="weibull")
    assert rows["95 % lie within"][1] == span(ends.tolist())


def test_limits_by_regression_are_those_of_r_and_drawn_as_curves(pefr: Gathered) -> None:
    wanted = oracle("ba_pefr_1986")["expected"]["regression_loa"]
    panel = panel_of(pefr, L1, limits="regression")
    assert cells(panel, "Regression on the mean") == {
        "Difference": (told(wanted["b0"], 3), told(wanted["b1"], 3)),
        "Size of the residual": (told(wanted["c0"], 3), told(wanted["c1"], 3)),
    }
    assert panel.figure is not None
    assert (panel.figure.bands, panel.figure.edge_labels) == ((), ())
    lower, upper = (one for one in panel.figure.curves if one.dash is Dash.DASHED)
    for row, place in zip(table(panel, "Limits by regression").rows, (0, None, -1), strict=True):
        at = float(row[0])
        middle = wanted["b0"] + wanted["b1"] * at
        away = wanted["multiplier"] * (wanted["c0"] + wanted["c1"] * at)
        ends = [float(one) for one in row[2].split(" to ")]
        assert [float(row[1]), *ends] == pytest.approx([middle, middle - away, middle + away], abs=0.02)
        if place is not None:
            assert [lower.y[place], upper.y[place]] == pytest.approx(ends, abs=0.01)


def test_a_proportional_bias_brings_its_line_its_limits_and_its_warning() -> None:
    first = np.array([20.0, 25, 31, 35, 41, 44, 52, 55, 61, 64])
    second = first * 0.8 + np.array([0.3, -0.2, 0.1, 0.4, -0.3, 0.2, -0.1, 0.0, 0.2, -0.4])
    gathered = one_level(first.tolist(), second.tolist())
    panel = panel_of(gathered, L1)
    assert any("one pair of limits does not describe" in note for note in panel.notes)
    assert "Limits by regression (percentage points)" in titles(panel)
    assert panel.figure is not None
    assert [one.tone for one in panel.figure.curves if one.dash is Dash.DOTTED] == [Tone.LINE]
    assert len(panel.figure.edge_labels) == 3
    over_rank = panel_of(gathered, L1, against="rank").figure
    assert over_rank is not None
    assert [one for one in over_rank.curves if one.dash is Dash.DOTTED] == []


def test_the_line_of_logarithms_is_a_curve_on_the_ratios() -> None:
    first = np.array([20.0, 25, 31, 35, 41, 44, 52, 55, 61, 64])
    second = first**0.8 + np.array([0.1, -0.1, 0.1, 0.0, -0.1, 0.1, -0.1, 0.0, 0.1, -0.1])
    figure = panel_of(one_level(first.tolist(), second.tolist()), L1, scale="log_ratio").figure
    assert figure is not None
    (line,) = (one for one in figure.curves if one.dash is Dash.DOTTED)
    slope, intercept = np.polyfit((first + second) / 2.0, np.log(first / second), 1)
    np.testing.assert_allclose(line.y, np.exp(intercept + slope * line.x), rtol=1e-9)


# -- reliability --------------------------------------------------------------------------------------------


def test_every_form_of_the_icc_is_that_of_r_with_its_f_test() -> None:
    given = oracle("icc_pefr_mini")
    wanted = given["expected"]["forms"]
    panel = panel_of(one_level(*zip(*given["input"]["matrix"], strict=True)), L1)
    rows = table(panel, "All forms of the ICC").rows
    assert [row[0].split(":")[0] for row in rows] == [
        "ICC(1,1), ICC(1)",
        "ICC(2,1), ICC(A,1)",
        "ICC(3,1), ICC(C,1)",
        "ICC(1,2), ICC(k)",
        "ICC(2,2), ICC(A,k)",
        "ICC(3,2), ICC(C,k)",
    ]
    for row, key in zip(rows, ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"), strict=True):
        one = wanted[key]
        assert row[1] == f"{told(one['icc'], 3)}\n{span((one['lower'], one['upper']), 3)}"
        assert row[2].startswith(f"{told(one['F'])} ({one['df1']}, {one['df2']})\np ")
    assert cells(panel, "Reliability")[
        "ICC(2,1), two-way random effects, absolute agreement, single reader"
    ] == (told(wanted["ICC2"]["icc"], 3), span((wanted["ICC2"]["lower"], wanted["ICC2"]["upper"]), 3))


def test_the_words_for_reliability_come_from_the_interval(pefr: Gathered) -> None:
    panel = panel_of(pefr, L1)
    icc = table(panel, "Reliability")

    assert "good to excellent (Koo and Li 2016)" in icc.note
    assert icc.note in panel.paper


def test_a_negative_icc_is_shown_as_it_is_with_its_warning() -> None:
    matrix = oracle("icc_negative")["input"]["matrix"]
    panel = panel_of(one_level(*zip(*matrix, strict=True)), L1)
    assert table(panel, "Reliability").rows[0][1] == "-1.176"
    assert any(note.startswith("ICC(2,1) is negative (-1.176)") for note in panel.notes)
    # no number of patients makes an interval around an ICC that cannot be
    assert [row[0] for row in table(panel, "Patients needed").rows if "ICC" in row[0]] == []
    assert "rho must lie between 0 and 1" in table(panel, "Patients needed").note


def test_four_readers_have_the_icc_of_shrout_and_fleiss_and_the_overall_concordance_of_r() -> None:
    given = oracle("icc_shrout_fleiss_1979")
    forms, overall = given["expected"]["forms"], oracle("occc_shrout_fleiss")["expected"]
    panel = panel_of(one_level(*zip(*given["input"]["matrix"], strict=True)), L1)
    rows = cells(panel, "All 4 readers")
    assert rows["ICC(2,1)"] == (told(0.2898, 3), span((forms["ICC2"]["lower"], forms["ICC2"]["upper"]), 3))
    assert rows["ICC(2,4)"][0] == told(forms["ICC2k"]["icc"], 3) == "0.620"
    assert rows["Overall CCC"][0] == told(overall["occc"], 3)
    assert rows["SEM"][0] == told(math.sqrt(given["expected"]["var_rater"] + given["expected"]["var_error"]))
    assert "n = 6 patients with all readings." in table(panel, "All 4 readers").note


def test_missing_cells_are_taken_listwise_at_once_and_by_likelihood_a_moment_later() -> None:
    given = oracle("icc_missing_reml")
    long, wanted = given["input"]["long"], given["expected"]
    columns: list[list[float | None]] = [[None] * 7 for _ in range(3)]
    for patient, rater, value in zip(long["id"], long["rater"], long["value"], strict=True):
        columns[rater - 1][patient - 1] = value
    study = make_study(one_level(*columns), L1)
    before = agreement_panel(study)
    after = finish_agreement(study, before)
    assert (before.unfinished, after.unfinished) == (True, False)
    assert cells(before, "All 3 readers")["ICC(2,1) with gaps, REML"] == ("…", "…")
    assert cells(after, "All 3 readers")["ICC(2,1) with gaps, REML"][0] == told(wanted["icc_agreement"], 3)
    assert table(after, "All 3 readers").note.startswith("n = 5 patients with all readings, 2 without.")
    # nothing moves: the same tables and rows, and only what was promised has changed
    for old, new in zip(before.beside, after.beside, strict=True):
        assert (old.title, old.head, old.note) == (new.title, new.head, new.note)
        for row, other in zip(old.rows, new.rows, strict=True):
            assert row == other or row[1:] == ("…", "…")


def test_gaps_of_two_readers_stand_beside_their_icc() -> None:
    values: list[float | None] = [40.0, 45.0, 51.0, 58.0, 60.0, 66.0]
    others: list[float | None] = [41.0, 44.0, 50.0, 59.0, 62.0, None]
    panel = panel_of(one_level(values, others), L1)
    rows = cells(panel, "Reliability")
    by_likelihood, mean_of_two = (rows[f"ICC(2,{k}) with gaps, REML"][0] for k in (1, 2))
    assert float(mean_of_two) == pytest.approx(
        2 * float(by_likelihood) / (1 + float(by_likelihood)), abs=2e-3
    )


def test_a_likelihood_that_cannot_be_had_says_why() -> None:
    panel = panel_of(one_level([40.0, 45.0, 50.0, None], [41.0, None, None, 52.0]), L1)
    assert "Not defined: an intraclass correlation needs two patients" in table(panel, "Reliability").reason
    few = panel_of(one_level([40.0, 40.0, 40.0], [41.0, 41.0, None]), L1)
    assert cells(few, "Reliability")["ICC(2,1) with gaps, REML"] == ("–", "–")
    assert any("nothing is left to estimate the error from" in note for note in few.notes)


def test_concordance_is_lins_with_the_words_of_mcbride(pefr: Gathered) -> None:
    wanted = oracle("ccc_pefr")["expected"]
    panel = panel_of(pefr, L1)
    assert cells(panel, "Concordance") == {
        "Lin's CCC": (told(wanted["ccc"], 3), span(wanted["ci_z"], 3)),
        "Precision (r)": (told(wanted["pearson_r"], 3), ""),
        "Accuracy": (told(wanted["C_b"], 3), ""),
    }
    assert "poor to substantial (McBride 2005)" in table(panel, "Concordance").note


# -- error --------------------------------------------------------------------------------------------------


def test_error_between_readers_is_that_of_the_mean_squares() -> None:
    given = oracle("icc_pefr_mini")
    wanted, matrix = given["expected"], np.array(given["input"]["matrix"], float)
    panel = panel_of(one_level(*matrix.T.tolist()), L1)
    rows = cells(panel, "Error of measurement")
    own = np.sqrt(((matrix[:, 0] - matrix[:, 1]) ** 2).sum() / 2.0 / len(matrix))
    assert [rows[name][0] for name in ("SEM", "RDC (MDC, another reader)")] == [
        told(wanted["sem_agreement"]),
        told(wanted["mdc95_agreement"]),
    ]
    assert [rows[name][0] for name in ("SEM, readers' levels aside", "MDC, the same reader")] == [
        told(wanted["sem_consistency"]),
        told(wanted["mdc95_consistency"]),
    ]
    assert rows["wSD"][0] == told(own)
    shares = ((matrix[:, 0] - matrix[:, 1]) / matrix.mean(axis=1)) ** 2 / 2.0
    assert rows["wCV (%)"][0] == told(100.0 * math.sqrt(shares.mean()))


def test_repeats_of_one_reader_are_those_of_r() -> None:
    given = oracle("wsd_pefr_mini")
    matrix, wanted = given["input"]["matrix"], given["expected"]
    rounds = {("A", number): [[row[number - 1]] for row in matrix] for number in (1, 2)}
    panel = panel_of(gathered_from(rounds), L1)
    assert cells(panel, "Error of measurement") == {
        "wSD (SEM)": (told(wanted["wsd"]), span(wanted["wsd_ci"])),
        "RC (MDC)": (told(wanted["rc"]), span(wanted["rc_ci"])),
        "wCV (%)": (told(wanted["wcv_rms_pct"]), ""),
        "RC (%)": (told(wanted["rc_pct"]), ""),
        "wSD, change between rounds aside": (told(wanted["sd_diff_over_sqrt2"]), ""),
    }
    assert "the repeatability coefficient 55.19" in panel.paper
    assert "by A in rounds 1 and 2" in panel.paper
    assert "ICC(2,1), two-way random effects, absolute agreement, single round, was 0.968" in panel.paper
    assert table(panel, "Reliability").rows[1][0].endswith("absolute agreement, mean of 2 rounds")
    assert "reader" not in panel.paper
    assert panel.figure is not None
    assert panel.figure.y.title == "Round 1 − round 2, FF (percentage points)"
    assert panel.figure.x.title == "Mean of the two rounds by A, FF (%)"
    over_second = panel_of(gathered_from(rounds), L1, against="second").figure
    assert over_second is not None
    assert over_second.x.title == "Round 2 by A, FF (%)"


def test_all_rounds_of_a_reader_are_taken_together() -> None:
    matrix = [[40.1, 41.0, 39.5], [52.3, 51.2, 51.9], [61.9, 63.3, 62.2], [47.0, 46.1, 46.6]]
    rounds = {("A", number): [[row[number - 1]] for row in matrix] for number in (1, 2, 3)}
    panel = panel_of(gathered_from(rounds), L1, compare="1.1-1.3")
    rows = cells(panel, "All 3 rounds")
    wsd = math.sqrt(float(np.var(np.array(matrix), axis=1, ddof=1).mean()))
    assert rows["wSD (SEM)"][0] == told(wsd)
    assert rows["RC (MDC)"][0] == told(1.96 * math.sqrt(2.0) * wsd)
    assert "RC (%)" not in rows


def test_the_precision_profile_has_the_spread_of_each_quarter(reference: Gathered) -> None:
    panel = panel_of(reference)
    rows = table(panel, "Precision profile").rows
    assert [row[1] for row in rows] == ["30"] * 4
    pairs = make_study(reference, Selection()).cohort.paired[Quantity.FF]
    order = np.argsort(pairs.mean(axis=1))
    for row, part in zip(rows, np.array_split(order, 4), strict=True):
        away = pairs[part, 0] - pairs[part, 1]
        wsd = math.sqrt(float(away @ away) / 2.0 / 30.0)
        assert row[2].split("\n")[0] == told(wsd)
        assert row[3] == told(100.0 * wsd / float(pairs[part].mean()), 1)


def test_patients_needed_are_those_of_bonett_and_of_bland_and_altman(pefr: Gathered) -> None:
    panel = panel_of(pefr, L1)
    needed = cells(panel, "Patients needed")
    columns = oracle("ba_pefr_1986")["input"]["columns"]
    pairs = np.array([columns["x"], columns["y"]], float).T
    single = icc_2_1(pairs)
    z = 1.959963984540054
    for width in (0.05, 0.1, 0.2):
        exact = 8 * z**2 * (1 - single) ** 2 * (1 + single) ** 2 / (2 * width**2) + 1 + 5 * single
        assert needed[f"ICC, interval {width:.2f} wide"] == (str(math.ceil(exact)),)
    sd = float((pairs[:, 0] - pairs[:, 1]).std(ddof=1))
    for share in (0.25, 0.5):
        wanted = math.ceil(3 * (z / share) ** 2)
        assert needed[f"Limits, interval ± {told(share * sd)} percentage points"] == (str(wanted),)


def icc_2_1(pairs: np.ndarray) -> float:
    n = len(pairs)
    rows, columns = pairs.mean(axis=1), pairs.mean(axis=0)
    rest = pairs - rows[:, np.newaxis] - columns + pairs.mean()
    msr, msc, mse = 2 * rows.var(ddof=1), n * columns.var(ddof=1), (rest**2).sum() / (n - 1)
    return float((msr - mse) / (msr + mse + 2 * (msc - mse) / n))


# -- vertebrae ----------------------------------------------------------------------------------------------


def test_limits_of_vertebrae_are_those_of_their_patients_by_hand(reference: Gathered) -> None:
    panel = panel_of(reference, unit="vertebra")
    study = make_study(reference, Selection())
    away = by_level(reference, study.cohort.codes)
    n, m = away.shape
    between, within = m * away.mean(axis=1).var(ddof=1), away.var(axis=1, ddof=1).mean()
    sd = math.sqrt((between - within) / m + within)
    rows = cells(panel, "Limits of agreement of vertebrae")
    assert rows["Bias"][0] == told(away.mean())
    assert rows["SD of a single difference"] == (told(sd), "")
    assert [rows[name][0] for name in ("Lower limit", "Upper limit")] == [
        told(away.mean() + side * 1.959964 * sd) for side in (-1, 1)
    ]
    others = cells(panel, "The same by other estimates")
    limits = span((away.mean() - 1.96 * sd, away.mean() + 1.96 * sd))
    assert others["True value varies, 1.96 SD (2007)"] == (told(away.mean()), told(sd), limits)
    # equal numbers of levels: likelihood and analysis of variance agree
    assert others["True value varies, REML"] == (told(away.mean()), told(sd), limits)
    assert f"{n * m} vertebrae of {n} patients" in table(panel, "Limits of agreement of vertebrae").note


def by_level(gathered: Gathered, codes: Sequence[str]) -> np.ndarray:
    """FF of the first reader minus that of the second, shape (patients, levels)."""
    signs = {gathered.readers[0]: 1.0, gathered.readers[1]: -1.0}
    away = np.zeros((len(codes), len(LEVELS)))
    for cell in gathered.told:
        mean = cell.stats[Quantity.FF].mean
        assert mean is not None
        away[codes.index(cell.code), LEVELS.index(cell.level)] += signs[cell.reader] * mean
    return away


def test_replicates_of_a_constant_value_are_those_of_r() -> None:
    given = oracle("ba_rep_pefr_const")
    wanted = given["expected"]
    readers = {}
    for reader, key in (("A", "long_x"), ("B", "long_y")):
        patients: list[list[float]] = [[] for _ in range(17)]
        for number, value in zip(given["input"][key]["id"], given["input"][key]["value"], strict=True):
            patients[number - 1].append(value)
        readers[reader, 1] = patients
    rows = cells(panel_of(gathered_from(readers, needed=2), unit="vertebra"), "The same by other estimates")
    assert rows["True value constant (1999)"] == (
        told(wanted["bias"]),
        told(wanted["sd_total"]),
        span((wanted["loa_lower"], wanted["loa_upper"])),
    )


def test_intervals_of_limits_of_vertebrae_are_those_of_zou_with_unequal_numbers_of_levels() -> None:
    first = [[40, 41, 42, 43], [50, 52, 51, None], [60, 61, None, None], [45, 44, 47, 46], [55, 57, 58, None]]
    second = [
        [42, 40, 43, 45],
        [49, 53, 50, None],
        [62, 61, None, None],
        [43, 46, 45, 47],
        [52, 56, 59, None],
    ]
    rows = cells(
        panel_of(gathered_from({("A", 1): first, ("B", 1): second}, needed=2), unit="vertebra"),
        "Limits of agreement of vertebrae",
    )
    away = [
        np.array([x - y for x, y in zip(one, other, strict=True) if x is not None and y is not None])
        for one, other in zip(first, second, strict=True)
    ]
    means, n = np.array([one.mean() for one in away]), len(away)
    df = sum(one.size - 1 for one in away)
    within = sum(float(((one - one.mean()) ** 2).sum()) for one in away) / df
    shares = [
        (float(means.var(ddof=1)), n - 1),
        ((1.0 - float(np.mean([1.0 / one.size for one in away]))) * within, df),
    ]
    total, z = sum(share for share, _ in shares), stats.norm.ppf(0.975)
    down = math.hypot(*(share * (1.0 - df / stats.chi2.ppf(0.975, df)) for share, df in shares))
    up = math.hypot(*(share * (df / stats.chi2.ppf(0.025, df) - 1.0) for share, df in shares))
    about_bias = z**2 * shares[0][0] / n
    near = math.sqrt(about_bias + z**2 * (math.sqrt(total) - math.sqrt(max(total - down, 0.0))) ** 2)
    far = math.sqrt(about_bias + z**2 * (math.sqrt(total + up) - math.sqrt(total)) ** 2)
    upper = float(means.mean()) + z * math.sqrt(total)
    assert rows["Upper limit"] == (told(upper), span((upper - near, upper + far)))
    half = stats.t.ppf(0.975, n - 1) * math.sqrt(shares[0][0] / n)
    assert rows["Bias"] == (told(means.mean()), span((means.mean() - half, means.mean() + half)))


def test_reliability_of_vertebrae_is_told_without_the_intervals_of_independent_ones(
    reference: Gathered,
) -> None:
    panel = panel_of(reference, unit="vertebra")
    # as the reference study states it of all 600
    assert [row[1:] for row in table(panel, "Reliability of vertebrae").rows] == [
        ("0.885", "–"),
        ("0.939", "–"),
    ]
    for title in ("Error of measurement", "Concordance"):
        assert {row[2] for row in table(panel, title).rows} <= {"–", ""}
    assert not {"All forms of the ICC", "Patients needed"} & set(titles(panel))
    assert all("\n" not in row[2] for row in table(panel, "Precision profile").rows)


def test_every_vertebra_is_a_point_that_opens_its_case(reference: Gathered) -> None:
    figure = panel_of(reference, unit="vertebra").figure
    assert figure is not None
    assert len(figure.spots) == 600
    codes = make_study(reference, Selection()).cohort.codes
    assert {spot.code for spot in figure.spots} == set(codes)
    assert [spot.tip.split("\n")[0] for spot in figure.spots[:2]] == [f"{codes[0]}, L1", f"{codes[0]}, L2"]
    assert figure.x.title == "Mean of the two readers, one vertebra, FF (%)"
    assert "(n = 30)" in figure.legend[0].label
    assert len(figure.bands) == 3


def test_each_level_alone_has_its_bias_limits_and_icc(reference: Gathered) -> None:
    rows = table(panel_of(reference), "Each level alone").rows
    away = by_level(reference, make_study(reference, Selection()).cohort.codes)
    for place, row in enumerate(rows):
        bias, sd = away[:, place].mean(), away[:, place].std(ddof=1)
        assert row[:4] == (
            LEVELS[place].value,
            "120",
            told(bias),
            span((bias - 1.96 * sd, bias + 1.96 * sd)),
        )
        alone = panel_of(reference, Selection(levels=LEVELS[place].value))
        single = table(alone, "Reliability").rows[0]
        assert row[4] == f"{single[1]}\n{single[2]}"


def test_a_level_nobody_measured_twice_says_why() -> None:
    first = [[40, 41, 42, None], [50, 52, 51, 50], [60, 61, 63, None]]
    second = [[42, 40, 43, 45], [49, 53, 50, 52], [61, 63, 62, 65]]
    panel = panel_of(gathered_from({("A", 1): first, ("B", 1): second}))
    levels = table(panel, "Each level alone")
    assert levels.rows[3] == ("L4", "–", "–", "–", "–")
    assert "L4: Not defined: limits of agreement need two patients" in levels.note


def test_measurable_or_not_is_told_where_both_readers_found_both() -> None:
    first = [[40, NAN, 42, 43], [50, 52, 51, NAN], [60, 61, 63, 62], [51, 52, 53, 54]]
    second = [[42, NAN, 43, 45], [49, 53, 50, NAN], [61, 63, NAN, 65], [52, 53, 54, 55]]
    panel = panel_of(gathered_from({("A", 1): first, ("B", 1): second}))
    share, chance = 15 / 16, (14 * 13 + 2 * 3) / 256
    assert cells(panel, "Measurable or not") == {
        "Cohen's kappa": (told((share - chance) / (1 - chance), 3),),
        "Same answer": ("93.8 %\nof 16 levels",),
    }
    for silent in (first, second):
        never = [[value if value == value else 50 for value in row] for row in silent]  # noqa: PLR0124
        pair = {("A", 1): never, ("B", 1): second} if silent is first else {("A", 1): first, ("B", 1): never}
        assert "Measurable or not" not in titles(panel_of(gathered_from(pair)))


# -- the tab ------------------------------------------------------------------------------------------------


def test_the_tab_offers_what_can_be_compared_and_how(reference: Gathered) -> None:
    options = {one.name: one for one in panel_of(reference).options}
    assert [choice.text for choice in options["agreement.compare"].choices] == ["Reader 1 − Reader 2"]
    assert {name: [choice.key for choice in one.choices] for name, one in options.items()} == {
        "agreement.compare": ["1.1-2.1"],
        "agreement.unit": ["patient", "vertebra"],
        "agreement.scale": ["difference", "percent", "ratio", "log_ratio"],
        "agreement.against": ["mean", "first", "second", "rank"],
        "agreement.limits": ["sd", "quantile", "regression"],
    }
    assert all(one.tip for one in options.values())
    vertebrae = panel_of(reference, unit="vertebra").options
    assert [one.name for one in vertebrae] == ["agreement.compare", "agreement.unit"]
    assert [one.chosen for one in vertebrae] == ["1.1-2.1", "vertebra"]
    sloping = {one.name for one in panel_of(reference, limits="regression").options}
    assert "agreement.against" not in sloping


def test_rounds_of_one_reader_are_offered_by_name() -> None:
    values = [[40.0], [50.0], [60.0]]
    panel = panel_of(gathered_from({("Li", 1): values, ("Chen", 1): values, ("Li", 2): values}), L1)
    assert [choice.text for choice in panel.options[0].choices] == ["Li − Chen", "Li: round 1 − 2"]


@pytest.mark.parametrize(
    ("against", "title"),
    [("first", "A, FF (%)"), ("second", "B, FF (%)"), ("rank", "Rank of the mean of both, FF")],
)
def test_points_can_stand_over_either_reading_or_the_rank(pefr: Gathered, against: str, title: str) -> None:
    figure = panel_of(pefr, L1, against=against).figure
    assert figure is not None
    assert figure.x.title == title
    columns = oracle("ba_pefr_1986")["input"]["columns"]
    x, y = np.array(columns["x"], float), np.array(columns["y"], float)
    places = {"first": x, "second": y, "rank": stats.rankdata(x + y)}
    assert [spot.x for spot in figure.spots] == places[against].tolist()
    # no figure depends on it, and the tip still tells the mean
    assert table(panel_of(pefr, L1, against=against), "Limits") == table(panel_of(pefr, L1), "Limits")
    assert f"mean {told((x[0] + y[0]) / 2.0)}" in figure.spots[0].tip


def test_a_percentage_that_does_not_exist_says_why_and_leaves_the_rest() -> None:
    panel = panel_of(one_level([0.0, 45.0, 50.0], [0.0, 44.0, 52.0]), L1, scale="percent")
    assert panel.figure is None
    assert panel.reason.startswith("Not defined: 1 of 3 pairs has no ratio or percentage")
    assert table(panel, "Limits of agreement (% of the mean)").reason == panel.reason
    assert table(panel, "Reliability").rows != ()
    assert "percentage" not in panel.paper


def test_readers_who_never_differ_leave_no_table_of_intervals() -> None:
    values = [40.0, 45.0, 51.0, 58.0]
    panel = panel_of(one_level(values, values), L1)
    assert "Intervals of the limits" not in titles(panel)
    assert "Patients needed" not in titles(panel)
    assert table(panel, "Does the difference depend").reason.startswith(
        "All 4 pairs of readings are identical"
    )
    assert table(panel, "All forms of the ICC").rows[1][1:] == ("1.000", "–")
    vertebrae = panel_of(gathered_from({("A", 1): [values] * 3, ("B", 1): [values] * 3}), unit="vertebra")
    assert vertebrae.figure is None
    assert vertebrae.reason.startswith("Not defined: all differences")
    assert table(vertebrae, "Limits of agreement of vertebrae").reason == vertebrae.reason


def test_vertebrae_whom_one_reader_never_measured_have_a_note() -> None:
    first = [[40, 41, 42, 43], [50, 52, 51, 53], [60, 61, 63, 62], [None] * 4]
    second = [[42, 40, 43, 45], [49, 53, 50, 52], [61, 63, 62, 65], [50, 51, 52, 53]]
    panel = panel_of(gathered_from({("A", 1): first, ("B", 1): second}), unit="vertebra")
    assert "1 patient without a vertebra" in table(panel, "Limits of agreement of vertebrae").note


@pytest.mark.parametrize(
    "options", [{}, {"unit": "vertebra"}, {"scale": "log_ratio"}, {"limits": "regression"}]
)
@pytest.mark.parametrize("count", range(6))
@pytest.mark.parametrize("same", [False, True])
def test_however_few_or_equal_no_nan_reaches_the_tab(
    options: Mapping[str, str], count: int, same: bool
) -> None:
    first = [[40, 41, 42, 43, 44], [50, 52, 51, 53, 54], [60, 61, 63, 62, 66], [45, 44, 47, 46, 49], [1] * 5]
    second = [[42, 40, 43, 45, 44], [49, 53, 50, 52, 56], [61, 63, 62, 65, 64], [43, 46, 45, 47, 50], [2] * 5]
    told_by = {("A", 1): first[:count], ("B", 1): first[:count] if same else second[:count]}
    panel = panel_of(gathered_from(told_by), **options)
    said = [panel.title, panel.reason, panel.paper, *panel.notes]
    for one in panel.beside:
        said += [one.title, one.note, one.reason, *(cell for row in one.rows for cell in row)]
        assert one.rows or one.reason
    for text in said:
        assert not re.search(r"\b(nan|inf|None)\b", text, re.IGNORECASE), text
    assert panel.figure is not None or panel.reason


def test_readers_who_share_no_patient_are_taken_together_by_likelihood_alone() -> None:
    values: list[list[float | None]] = [
        [40.0, 45.0, 51.0, None, None, 66.0, 48.0],
        [41.0, 44.0, None, 59.0, 62.0, None, 49.0],
        [None, None, 50.0, 58.0, 60.0, 67.0, None],
    ]
    panel = panel_of(one_level(*values), L1)
    rows = cells(panel, "All 3 readers")
    assert list(rows) == ["ICC(2,1) with gaps, REML", "ICC(2,3) with gaps, REML"]
    assert 0.9 < float(rows["ICC(2,1) with gaps, REML"][0]) < 1.0
    assert "n = 0 with k = 3 readers" in table(panel, "All 3 readers").note


def test_the_page_asks_this_tab_and_lets_it_finish() -> None:
    gathered = one_level([40.0, 45.0, 51.0, 58.0], [41.0, 44.0, 50.0, None])
    study = make_study(gathered, L1)
    panel = tab_panel(study, Tab.AGREEMENT)
    assert panel.unfinished
    assert finish_tab(study, Tab.AGREEMENT, panel).beside == finish_agreement(study, panel).beside


def test_names_too_long_for_the_y_axis_stand_along_the_x_axis() -> None:
    names = ("Dr. Wolfeschlegelstein", "Dr. Featherstonehaugh")
    told_by = {(name, 1): [[40.0 + place], [50.0], [61.0]] for place, name in enumerate(names)}
    figure = panel_of(gathered_from(told_by), L1).figure
    assert figure is not None
    assert figure.y.title == "First − second, FF (percentage points)"
    assert figure.x.title == (
        "Mean of Dr. Wolfeschlegelstein (first) and Dr. Featherstonehaugh (second), FF (%)"
    )

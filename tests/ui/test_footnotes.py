"""Below every table stands what is doubtful about its reference, and why a cell has no figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from app.domain.maps import Quantity
from app.domain.protocol import Protocol
from app.services.gather import Gathered, gather
from app.services.open_session import last_viewer
from app.services.reference_cohort import make_reference_session
from app.services.selection import Grouping, Outcome, Selection
from app.services.study_data import make_study
from app.ui.tabs.content import Panel, Tab, Table
from app.ui.tabs.panel import finish_tab, tab_panel
from app.ui.tabs.words import NONE

GatheredOf = Callable[..., Gathered]
UNIT = "BMD: unit against method (n = 120)."
L5 = "Reference with L5: not standard in DXA."
VIEWS = ("curves", "cutoffs", "compare", "model", "vertebrae", "readers")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathered]:
    """Of its 120 densities each is a DXA in mg/cm3, of L1-L5."""
    session = make_reference_session(tmp_path_factory.mktemp("footnotes") / "study.marrow")
    yield gather(session, last_viewer(session))
    session.close()


def panel(gathered: Gathered, tab: Tab, selection: Selection) -> Panel:
    study = make_study(gathered, selection)
    made = tab_panel(study, tab)
    return finish_tab(study, tab, made) if made.unfinished else made


def table(shown: Panel, title: str) -> Table:
    return next(one for one in shown.tables if one.title.startswith(title))


def cells(patients: int = 24) -> dict[str, object]:
    """A study of three groups; of what it lacks each test takes something away."""
    rng = np.random.default_rng(7)
    tscore = np.linspace(1.5, -4.0, patients).round(1)
    return {
        "tscore": tscore, "bmd": (1.1 + 0.1 * tscore).round(3),
        "age": rng.normal(60.0, 6.0, patients).round(),
        "bmi": rng.normal(23.0, 2.0, patients).round(1), "sex": ["F", "M", "F"] * (patients // 3),
    }  # fmt: skip


def maps(patients: int = 24) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(8)
    ff = rng.normal(50.0, 9.0, (patients, 1, 1)) + rng.normal(0.0, 2.0, (patients, 2, 5))
    return ff, 190.0 - ff


# -- the reference ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", [Tab.CORRELATION, Tab.GROUPS])
@pytest.mark.parametrize("quantity", list(Quantity)[:2])
def test_every_table_that_uses_the_reference_has_its_footnote_once(
    reference: Gathered, tab: Tab, quantity: Quantity
) -> None:
    tables = panel(reference, tab, Selection(quantity)).tables
    assert len(tables) > 2
    for one in tables:
        assert one.note.count(UNIT) == 1, one.title
        assert one.note.count(L5) == 1, one.title


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_the_roc_tab_has_the_footnote_of_its_outcome(reference: Gathered, view: str) -> None:
    chosen = Selection().with_option("roc.view", view)
    tables = panel(reference, Tab.ROC, chosen).tables
    assert tables
    assert [one.note.count(UNIT) for one in tables] == [1] * len(tables)
    by_sex = Selection(outcome=Outcome.FEMALE).with_option("roc.view", view)
    assert not [one.title for one in panel(reference, Tab.ROC, by_sex).tables if UNIT in one.note]


def test_where_sex_makes_the_groups_only_the_row_of_density_has_the_footnote(reference: Gathered) -> None:
    shown = panel(reference, Tab.GROUPS, Selection(grouping=Grouping.SEX))
    assert [one.title for one in shown.tables if UNIT in one.note] == ["Table 1"]
    chosen = Selection(grouping=Grouping.SEX).with_option("groups.variable", "bmd")
    assert all(UNIT in one.note for one in panel(reference, Tab.GROUPS, chosen).tables)
    by_outcome = Selection(grouping=Grouping.OUTCOME, outcome=Outcome.FEMALE)
    assert [one.title for one in panel(reference, Tab.GROUPS, by_outcome).tables if UNIT in one.note] == [
        "Table 1"
    ]


def test_a_correlation_with_age_rests_on_the_reference_within_its_groups_only(reference: Gathered) -> None:
    shown = panel(reference, Tab.CORRELATION, Selection().with_option("correlation.against", "age"))
    assert [one.title for one in shown.tables if UNIT in one.note] == ["Pearson correlation"]


def test_a_reference_without_doubt_has_no_footnote(gathered_of: GatheredOf) -> None:
    made = gathered_of(*maps(), **cells())
    note = table(panel(made, Tab.GROUPS, Selection()), "Table 1").note
    assert "eference" not in note
    other = table(panel(made, Tab.GROUPS, Selection(levels="L1-L5")), "Table 1").note
    assert "MRI L1-L5, reference L1-L4." in other
    agreement = panel(made, Tab.AGREEMENT, Selection(levels="L1-L5"))
    assert not [one.title for one in agreement.tables if "reference" in one.note]


# -- empty cells ------------------------------------------------------------------------------------------


def test_table_1_says_why_a_row_must_not_be_analysed(gathered_of: GatheredOf) -> None:
    made = gathered_of(*maps(), units=("g/cm2", "mg/cm3"), tesla=(1.5, 3.0), **cells())
    found = table(panel(made, Tab.GROUPS, Selection()), "Table 1")
    assert {row[0] for row in found.rows if set(row[1:]) == {NONE}} == {"BMD L1-L4", "R2* (s⁻¹)"}
    assert "BMD L1-L4: Not defined: BMD is given in different units (g/cm2, mg/cm3;" in found.note
    assert "R2* (s⁻¹): Not defined: R2* of different field strengths (1.5, 3 T;" in found.note


def test_rows_without_figures_for_the_same_reason_are_named_together(gathered_of: GatheredOf) -> None:
    made = gathered_of(*maps(), tscore=cells()["tscore"])
    note = table(panel(made, Tab.GROUPS, Selection()), "Table 1").note
    assert "Age (years), BMI (kg/m²), BMD L1-L4: Not defined" in note
    assert note.count("Not defined") == 2  # the sexes have a reason of their own
    assert "Male / female: Not defined" in note


def test_a_group_without_values_and_one_with_a_single_value_are_explained(gathered_of: GatheredOf) -> None:
    told = cells() | {"tscore": np.where(np.arange(24) < 23, 0.5, -3.0)}
    chosen = Selection().with_option("groups.test", "anova")
    found = table(panel(gathered_of(*maps(), **told), Tab.GROUPS, chosen), "Table 1")
    assert "–: no patient of the group has a value." in found.note
    assert "± –: a single value has no SD." in found.note
    whole = table(panel(gathered_of(*maps(), **cells()), Tab.GROUPS, Selection()), "Table 1")
    assert "–:" not in whole.note


def test_ranks_have_no_interval_and_flat_groups_no_distribution(gathered_of: GatheredOf) -> None:
    ff, r2star = maps()
    shown = panel(
        gathered_of(np.full_like(ff, 50.0), r2star, **cells()),
        Tab.GROUPS,
        Selection().with_option("groups.pairs", "dunn").with_option("groups.variable", "R2STAR"),
    )
    assert "has no interval" in table(shown, "Groups two by two").note
    flat = panel(gathered_of(np.full_like(ff, 50.0), r2star, **cells()), Tab.GROUPS, Selection())
    note = table(flat, "Normal distribution").note
    assert "normal: Not defined: all 11 values are equal" in note


def test_the_sexes_are_not_tested_against_themselves(reference: Gathered) -> None:
    shown = panel(reference, Tab.GROUPS, Selection(grouping=Grouping.SEX))
    assert "chi-square" not in shown.paper
    assert "chi-square" in panel(reference, Tab.GROUPS, Selection()).paper


def test_a_ratio_over_nothing_is_explained(gathered_of: GatheredOf) -> None:
    ff, r2star = maps()
    apart = np.where(cells()["tscore"] <= -2.5, 40.0, 0.0)[:, np.newaxis, np.newaxis]  # type: ignore[operator]
    made = gathered_of(ff + apart, r2star, **cells())
    values = table(panel(made, Tab.ROC, Selection()), "Predictive values")
    assert NONE in values.rows[0]
    assert "–: nobody is called so, or the denominator is 0." in values.note
    listed = table(panel(made, Tab.ROC, Selection().with_option("roc.view", "cutoffs")), "Criterion table")
    assert "–: nobody is called so, or the denominator is 0." in listed.note
    levels = table(panel(made, Tab.ROC, Selection().with_option("roc.view", "vertebrae")), "Each level")
    assert "–: the areas leave no variance to judge by." in levels.note


def test_single_vertebrae_and_means_of_0_are_explained_where_error_is_told(gathered_of: GatheredOf) -> None:
    ff, r2star = maps()
    chosen = Selection().with_option("agreement.unit", "vertebra")
    shown = panel(gathered_of(ff, r2star, **cells()), Tab.AGREEMENT, chosen)
    assert "intervals and tests are not given" in table(shown, "Error of measurement").note
    around = panel(gathered_of(ff - 50.0, r2star, **cells()), Tab.AGREEMENT, Selection())
    assert "coefficients of variation are not defined" in table(around, "Error of measurement").note
    assert "wCV –" in table(around, "Precision profile").note


def test_a_level_without_reliability_says_why(gathered_of: GatheredOf) -> None:
    ff, r2star = maps()
    ff[..., 2] = 50.0
    note = table(panel(gathered_of(ff, r2star, **cells()), Tab.AGREEMENT, Selection()), "Each level").note
    assert "L3: Not defined: all readings are equal" in note


def test_an_empty_group_of_the_cohort_is_explained(gathered_of: GatheredOf) -> None:
    told = cells() | {"tscore": np.full(24, 0.5), "bmd": np.full(24, 1.1)}
    groups = table(panel(gathered_of(*maps(), **told), Tab.COHORT, Selection()), "Groups by T-score")
    assert "–: no patient of the group has a value." in groups.note
    plain = gathered_of(*maps(), protocol=Protocol(), **cells())
    assert "–:" not in table(panel(plain, Tab.COHORT, Selection()), "Groups by T-score").note


def test_an_adjusted_correlation_of_few_patients_says_what_its_interval_needs(
    gathered_of: GatheredOf,
) -> None:
    told = {name: list(values)[:6] for name, values in cells().items()}  # type: ignore[call-overload]
    notes = panel(gathered_of(*maps(6), **told), Tab.CORRELATION, Selection()).notes
    assert "Fisher's confidence interval needs 7 patients, and n = 6." in notes

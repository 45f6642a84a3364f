"""The Groups tab: Table 1 of a paper, and one variable in full with its plot. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.maps import MEASURED, Quantity
from app.services.selection import Grouping, Outcome
from app.services.study_data import Study
from app.services.study_groups import AGE, BMD, BMI, PAIRS, TESTS, StudyGroups, study_groups
from app.stats.ancova import Ancova
from app.stats.contingency import Contingency
from app.stats.groups import GroupComparison, GroupDescription, Kruskal
from app.stats.groups_summary import Anova, FTest
from app.stats.normality import ShapiroWilk
from app.stats.pairwise import Pairwise
from app.stats.result import NotDefined
from app.stats.sentences import sentence
from app.ui.plots.boxes import boxes_figure
from app.ui.present import screen_unit
from app.ui.sentences import label
from app.ui.tabs.content import Choice, Option, Panel, Table
from app.ui.tabs.footnotes import of_reference, reasons, with_note
from app.ui.tabs.words import DECIMALS, NONE, figure, footer, interval, levels_text, notes, p_cell, paper

_ROWS = (AGE, BMI, BMD, *(quantity.value for quantity in MEASURED))
_VARIABLES = (*(quantity.value for quantity in MEASURED), BMD, AGE, BMI)
_NAMES = {"M": "stats.filter.sex_M", "F": "stats.filter.sex_F"}


def groups_panel(study: Study) -> Panel:
    """Make the tab."""
    found = study_groups(study)
    front = found.front
    said = sentence(front, decimals=DECIMALS, what=_variable(study, found.variable))
    drawn = isinstance(front, GroupComparison)
    # of men and women that their sexes differ is no finding
    sexes = () if study.selection.grouping is Grouping.SEX else (found.sex,)
    return Panel(
        title=label("groups.title", variable=_variable(study, found.variable)),
        hint=label("stats.hint.click") if drawn else "",
        figure=boxes_figure(
            front,
            title=_variable(study, found.variable),
            names=[_group_name(one.label) for one in front.groups],
            codes=study.cohort.codes,
            footer=footer(study),
        )
        if isinstance(front, GroupComparison)
        else None,
        reason="" if drawn else said,
        beside=tuple(_tables(study, found, said)),
        notes=notes(front, found.pairs, found.adjusted, *sexes),
        paper=paper((front, said), *((one, sentence(one)) for one in sexes)),
        stem=label("groups.file", variable=found.variable, levels=study.cohort.levels),
        options=_options(study),
        wide=True,
    )


def _tables(study: Study, found: StudyGroups, said: str) -> Iterator[Table]:
    """All tables; Table 1 has a row of BMD whatever makes the groups."""
    yield from of_reference(study, [_table_1(study, found)])
    front, grouping = found.front, study.selection.grouping
    by_sex = grouping is Grouping.SEX or (
        grouping is Grouping.OUTCOME and study.selection.outcome is Outcome.FEMALE
    )
    rest = (_tests(front, said), _pairs(found.pairs), _adjusted(study, found), _normality(front))
    yield from rest if by_sex and found.variable != BMD else of_reference(study, rest)


def _options(study: Study) -> tuple[Option, ...]:
    return (
        _option(study, "variable", _VARIABLES),
        _option(study, "test", TESTS),
        _option(study, "pairs", PAIRS),
        _option(study, "quartiles", ("6", "7")),
    )


def _option(study: Study, name: str, values: tuple[str, ...]) -> Option:
    full = f"groups.{name}"
    return Option(
        full,
        label(f"{full}_title"),
        tuple(Choice(one, label(f"{full}.{one}")) for one in values),
        study.selection.option(full, values[0]),
        label(f"{full}_tip"),
    )


def _group_name(key: str) -> str:
    if key in _NAMES:
        return label(_NAMES[key])
    return label(f"groups.{key}" if key in {"positive", "negative"} else f"stats.group.{key}")


def _variable(study: Study, name: str) -> str:
    """Name and unit of a variable."""
    if name == BMD:
        unit = screen_unit(study.cohort.bmd_unit)
        return label("stats.bmd" if unit else "stats.bmd_no_unit", region=study.bmd_region, unit=unit)
    if name in {AGE, BMI}:
        return label(f"groups.name.{name}")
    quantity = Quantity(name)
    levels = levels_text(study.cohort.levels, study.cohort.mean)
    return label(
        "groups.name.map",
        name=label(f"stats.map_choice.{name}"),
        levels=levels,
        unit=screen_unit(study.unit(quantity)),
    )


def _short(study: Study, name: str) -> str:
    """The same for the first column of a table, without the levels."""
    if name not in {quantity.value for quantity in MEASURED}:
        return _variable(study, name)
    unit = screen_unit(study.unit(Quantity(name)))
    return label("groups.name.map_cell", name=label(f"stats.map_choice.{name}"), unit=unit)


# -- Table 1 --------------------------------------------------------------------------------------------


def _table_1(study: Study, found: StudyGroups) -> Table:
    sizes = zip((_group_name(one) for one in found.labels), found.sizes, strict=True)
    head = (
        "",
        *(label("groups.head.group", group=name, n=n) for name, n in sizes),
        label("groups.head.test"),
        label("stats.head.p"),
    )
    rows = [_sex_row(study, found), *(_row(study, name, found) for name in _ROWS)]
    code = "groups.note.sex" if study.selection.grouping is Grouping.SEX else "groups.note.table_1"
    made = Table(
        label("groups.table_1"), head, tuple(row for row in rows if row), note=label(code), strong=None
    )
    return with_note(made, *_why_empty(study, found))


def _why_empty(study: Study, found: StudyGroups) -> Iterator[str]:
    """Why cells of Table 1 hold no figure: of the rows, then of single groups."""
    tested: list[tuple[str, object]] = []
    if study.selection.grouping is not Grouping.SEX:
        tested.append((label("groups.name.sex"), found.sex))
    described = []
    for name in _ROWS:
        result = found.rows[name]
        if isinstance(result, NotDefined):
            tested.append((_short(study, name), result))
        else:
            tested.append((_short(study, name), _test(result)))
            described.append(result)
    yield from reasons(tested)
    if any(len(one.groups) < len(found.labels) for one in described):
        yield label("stats.note.no_value")
    if any(
        one.headline != "kruskal" and group.description.sd is None
        for one in described
        for group in one.groups
    ):
        yield label("stats.note.no_sd")


def _sex_row(study: Study, found: StudyGroups) -> tuple[str, ...]:
    if study.selection.grouping is Grouping.SEX:
        return ()
    counts = (label("groups.counts", male=one[0], female=one[1]) for one in found.sex_counts)
    test = found.sex
    if not isinstance(test, Contingency):
        return (label("groups.name.sex"), *counts, NONE, NONE)
    x2 = label("groups.cell.chi2", value=figure(test.pearson.x2), df=test.pearson.df)
    return (label("groups.name.sex"), *counts, x2, p_cell(test.pearson.p))


def _row(study: Study, name: str, found: StudyGroups) -> tuple[str, ...]:
    result, title = found.rows[name], _short(study, name)
    if isinstance(result, NotDefined):
        return (title, *[NONE] * len(found.labels), NONE, NONE)
    described = {one.label: one for one in result.groups}
    cells = (_described(described.get(one), by_mean=result.headline != "kruskal") for one in found.labels)
    return (title, *cells, *_headline(result))


def _described(one: GroupDescription | None, *, by_mean: bool) -> str:
    if one is None:
        return NONE
    told = one.description
    if by_mean:
        return label("stats.mean_sd", mean=figure(told.mean, DECIMALS), sd=figure(told.sd, DECIMALS))
    quartiles = {"q1": figure(told.q1, DECIMALS), "q3": figure(told.q3, DECIMALS)}
    return label("groups.median", median=figure(told.median, DECIMALS), **quartiles)


def _test(result: GroupComparison) -> Anova | FTest | Kruskal | NotDefined:
    """The test the data ask for, or the one that was chosen."""
    return {"anova": result.anova, "welch": result.welch, "kruskal": result.kruskal}[result.headline]


def _headline(result: GroupComparison) -> tuple[str, str]:
    """The same in a cell, and its p."""
    test = _test(result)
    if isinstance(test, Anova):
        return label("groups.cell.anova", value=figure(test.test.f, DECIMALS)), p_cell(test.test.p)
    if isinstance(test, FTest):
        return label("groups.cell.welch", value=figure(test.f, DECIMALS)), p_cell(test.p)
    if isinstance(test, Kruskal):
        return label("groups.cell.kruskal", value=figure(test.h, DECIMALS)), p_cell(test.p)
    return NONE, NONE


# -- the variable in front ------------------------------------------------------------------------------


def _tests(front: GroupComparison | NotDefined, said: str) -> Table:
    title = label("groups.tests")
    if isinstance(front, NotDefined):
        return Table(title, reason=said)
    head = ("", label("groups.head.statistic"), label("groups.head.df"), label("stats.head.p"))
    return Table(title, head, tuple(_test_rows(front)), note=label("groups.note.tests"))


def _test_rows(front: GroupComparison) -> Iterator[tuple[str, ...]]:
    if isinstance(front.anova, Anova):
        yield _f_row("anova", front.anova.test)
    for code in ("welch", "brown_forsythe"):
        test = getattr(front, code)
        if isinstance(test, FTest):
            yield _f_row(code, test)
    if isinstance(front.kruskal, Kruskal):
        one = front.kruskal
        yield label("groups.test_name.kruskal"), figure(one.h, DECIMALS), str(one.df), p_cell(one.p)
    for code in ("levene_mean", "levene_median"):
        test = getattr(front, code)
        if isinstance(test, FTest):
            yield _f_row(code, test)


def _f_row(code: str, test: FTest) -> tuple[str, ...]:
    whole = float(test.df2).is_integer()
    df = label("groups.df", df1=test.df1, df2=figure(test.df2, 0 if whole else 1))
    return label(f"groups.test_name.{code}"), figure(test.f, DECIMALS), df, p_cell(test.p)


def _pairs(pairs: Pairwise | NotDefined) -> Table:
    title = label("groups.pairs")
    if isinstance(pairs, NotDefined):
        return Table(title, reason=sentence(pairs))
    head = ("", label("groups.head.difference"), label("stats.head.ci"), label("groups.head.p_adjusted"))
    rows = tuple(
        (
            label("groups.pair", first=_group_name(one.first), second=_group_name(one.second)),
            figure(one.difference, DECIMALS),
            interval(one.ci, DECIMALS),
            p_cell(one.p_adjusted),
        )
        for one in pairs.pairs
    )
    # Dunn's test compares ranks
    note = label("groups.note.dunn") if pairs.method == "dunn" else ""
    return Table(title, head, rows, note=note)


def _adjusted(study: Study, found: StudyGroups) -> Table:
    title, result = label("groups.adjusted"), found.adjusted
    if not isinstance(result, Ancova):
        return Table(title, reason=sentence(result))
    head = ("", label("groups.head.raw"), label("groups.head.adjusted"), label("stats.head.ci"))
    rows = tuple(
        (
            _group_name(one.label),
            figure(one.raw, DECIMALS),
            figure(one.estimate, DECIMALS),
            interval(one.ci, DECIMALS),
        )
        for one in result.means
    )
    said = sentence(result, decimals=DECIMALS, what=_variable(study, found.variable))
    return Table(title, head, rows, note=said)


def _normality(front: GroupComparison | NotDefined) -> Table:
    title = label("groups.normality")
    if isinstance(front, NotDefined):
        return Table(title, reason=sentence(front))
    head = ("", label("groups.head.w"), label("stats.head.p"))
    tested = [(_group_name(one.label), one.shapiro) for one in front.groups]
    tested.append((label("groups.residuals"), front.residuals))
    rows = tuple(
        (name, figure(one.w), p_cell(one.p)) if isinstance(one, ShapiroWilk) else (name, NONE, NONE)
        for name, one in tested
    )
    return with_note(Table(title, head, rows), *reasons(tested))

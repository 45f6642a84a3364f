"""Tables of limits of agreement, of patients and of vertebrae, and what they rest on. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator

from app.services.study_agreement import Asked, Clustered, OfLevel, StudyAgreement
from app.stats.agreement import BlandAltman, Limit
from app.stats.bland_altman_checks import BlandAltmanChecks, SlopingLimits
from app.stats.bland_altman_constant_truth import ConstantTruth
from app.stats.bland_altman_varying_truth import VaryingTruth
from app.stats.icc import Icc
from app.stats.normality import ShapiroWilk
from app.stats.regression import Line
from app.stats.result import NotDefined
from app.ui.sentences import label
from app.ui.tabs.agreement_words import Words, reason, with_interval
from app.ui.tabs.content import Table
from app.ui.tabs.footnotes import reasons, with_note
from app.ui.tabs.words import DECIMALS, NONE, figure, interval, p_cell

_SLOPE_DECIMALS = 3

_Row = tuple[str, ...]


def limit_tables(found: StudyAgreement, words: Words) -> Iterator[Table]:
    """The headline: bias and limits with their intervals."""
    if found.clustered is not None:
        yield _of_vertebrae(found.clustered.varying, words)
        yield from _other_estimates(found.clustered)
        return
    yield _of_patients(found.bland_altman, found.asked, words)


def further_tables(found: StudyAgreement, words: Words) -> Iterator[Table]:
    """What the limits rest on, and each level alone."""
    if found.clustered is None and isinstance(found.bland_altman, BlandAltman):
        yield from _value_dependence(found.bland_altman, found.checks)
        yield from _sloping(found, words)
        yield from _intervals(found.bland_altman, words)
    if any(isinstance(one.bland_altman, BlandAltman) for one in found.levels):
        yield _each_level(found.levels, words)


def slopes(found: StudyAgreement) -> SlopingLimits | None:
    """Limits that change with the mean, where they are asked for or level ones do not do; else None."""
    checks, plain = found.checks, found.bland_altman
    if not isinstance(checks, BlandAltmanChecks) or isinstance(plain, NotDefined):
        return None
    told = {note.code for note in (*plain.notes, *checks.notes)}
    wanted = found.asked.limits == "regression" or not told.isdisjoint(_SPEAK_FOR_SLOPES)
    if not wanted or found.asked.scale != "difference":
        return None
    return checks.sloping if isinstance(checks.sloping, SlopingLimits) else None


_SPEAK_FOR_SLOPES = ("bland_altman.proportional", "bland_altman_checks.spread")


# -- patients -------------------------------------------------------------------------------------------


def _of_patients(result: BlandAltman | NotDefined, asked: Asked, words: Words) -> Table:
    scale = asked.scale
    title = (
        label("stats.table.limits", unit=words.unit)
        if scale == "difference"
        else label(f"agreement.table.limits.{scale}")
    )
    if isinstance(result, NotDefined):
        return Table(title, reason=reason(result))
    names, places = _ROWS[scale], words.decimals
    head = ("", label("stats.head.value"), label("stats.head.ci"))
    rows = (
        (label(names[0]), figure(result.bias, places), interval(result.bias_ci, places)),
        (label(names[1]), p_cell(result.bias_p), ""),
        (label(names[2]), figure(result.sd, places), interval(result.sd_ci, places)),
        _limit("stats.row.lower", result.lower, places),
        _limit("stats.row.upper", result.upper, places),
        (
            label("stats.row.outside"),
            label("stats.share", count=result.n_outside, total=result.n),
            "",
        ),
    )
    return Table(title, head, rows, note=_said_of_limits(result, asked))


_DIFFERENCE_ROWS = ("stats.row.bias", "stats.row.bias_p", "stats.row.sd")
_ROWS = {
    "difference": _DIFFERENCE_ROWS,
    "percent": _DIFFERENCE_ROWS,
    "ratio": ("agreement.row.ratio", "agreement.row.ratio_p", "agreement.row.ratio_sd"),
    "log_ratio": ("agreement.row.log_ratio", "agreement.row.ratio_p", "agreement.row.log_sd"),
}


def _limit(code: str, limit: Limit, decimals: int) -> _Row:
    return label(code), figure(limit.value, decimals), interval(limit.exact, decimals)


def _said_of_limits(result: BlandAltman, asked: Asked) -> str:
    kind = "quantile" if asked.limits == "quantile" else "sd"
    code = f"agreement.note.limits.{kind}" + ("_excluded" if result.n_excluded else "")
    return label(code, n=result.n, excluded=result.n_excluded)


def _intervals(result: BlandAltman, words: Words) -> Iterator[Table]:
    if result.lower.exact is None:
        return
    head = ("", label("agreement.head.lower"), label("agreement.head.upper"))
    rows = tuple(
        (
            label(f"agreement.row.{method}"),
            interval(getattr(result.lower, method), words.decimals),
            interval(getattr(result.upper, method), words.decimals),
        )
        for method in ("exact", "approximate", "approximate_1986", "mover")
    )
    yield Table(label("agreement.table.intervals"), head, rows, strong=None)


# -- does it depend on the value ------------------------------------------------------------------------


def _value_dependence(result: BlandAltman, checks: BlandAltmanChecks | NotDefined) -> Iterator[Table]:
    plain = result.scale == "difference"
    rows = [*_slope(result)]
    if plain and isinstance(checks, BlandAltmanChecks):
        rows += _of_checks(checks)
    title, line = label("agreement.table.value"), result.proportional
    if not rows:
        yield Table(title, reason=reason(line))
        return
    head = ("", label("stats.head.value"), label("stats.head.ci"), label("stats.head.p"))
    note = label("agreement.note.value" if plain else "agreement.note.value_scale")
    yield Table(title, head, tuple(rows), note=note, reason=reason(line))


def _slope(result: BlandAltman) -> Iterator[_Row]:
    line = result.proportional
    if isinstance(line, Line):
        slope = line.slope
        yield (
            label("agreement.row.slope"),
            figure(slope.estimate, _SLOPE_DECIMALS),
            interval(slope.ci, _SLOPE_DECIMALS),
            p_cell(slope.p),
        )


def _of_checks(checks: BlandAltmanChecks) -> Iterator[_Row]:
    spread, shapiro, percentiles = checks.heteroscedasticity, checks.shapiro, checks.percentiles
    if spread is not None:
        yield label("agreement.row.spread"), figure(spread.coefficient), "", p_cell(spread.p)
    if isinstance(shapiro, ShapiroWilk):
        yield label("agreement.row.shapiro"), figure(shapiro.w), "", p_cell(shapiro.p)
    yield (
        label("agreement.row.signed_rank"),
        figure(percentiles.median, DECIMALS),
        "",
        p_cell(checks.signed_rank.p),
    )
    yield label("agreement.row.percentiles"), "", _span(percentiles.lower, percentiles.upper), ""


def _sloping(found: StudyAgreement, words: Words) -> Iterator[Table]:
    sloping, plain = slopes(found), found.bland_altman
    if sloping is None or isinstance(plain, NotDefined):
        return
    low, high = float(plain.means.min()), float(plain.means.max())
    places = [low, (low + high) / 2.0, high]
    lower, upper = sloping.at(places)
    middle = sloping.middle.at(places)
    head = (
        label("agreement.head.at"),
        label("agreement.head.expected"),
        label("agreement.head.limits"),
    )
    yield Table(
        label("agreement.table.sloping", unit=words.unit),
        head,
        tuple(
            (figure(place, DECIMALS), figure(mid, DECIMALS), _span(down, up))
            for place, mid, down, up in zip(
                places, middle.tolist(), lower.tolist(), upper.tolist(), strict=True
            )
        ),
        note=label("agreement.note.sloping"),
    )
    yield Table(
        label("agreement.table.lines"),
        ("", label("agreement.head.intercept"), label("agreement.head.slope")),
        (_line("middle", sloping.middle), _line("spread", sloping.spread)),
        note=label("agreement.note.lines", multiplier=figure(sloping.multiplier)),
        strong=None,
    )


def _line(name: str, line: Line) -> _Row:
    return (
        label(f"agreement.row.line_{name}"),
        figure(line.intercept.estimate, _SLOPE_DECIMALS),
        figure(line.slope.estimate, _SLOPE_DECIMALS),
    )


def _span(low: float, high: float) -> str:
    return label("agreement.cell.limits", low=figure(low, DECIMALS), high=figure(high, DECIMALS))


# -- vertebrae ------------------------------------------------------------------------------------------


def _of_vertebrae(result: VaryingTruth | NotDefined, words: Words) -> Table:
    title = label("agreement.table.limits_levels", unit=words.unit)
    if isinstance(result, NotDefined):
        return Table(title, reason=reason(result))
    by = result.by_patient
    head = ("", label("stats.head.value"), label("stats.head.ci"))
    rows = (
        (label("stats.row.bias"), figure(by.bias, DECIMALS), interval(by.bias_ci, DECIMALS)),
        (label("agreement.row.single_sd"), figure(by.sd, DECIMALS), ""),
        (
            label("stats.row.lower"),
            figure(by.lower.value, DECIMALS),
            interval(by.lower.mover, DECIMALS),
        ),
        (
            label("stats.row.upper"),
            figure(by.upper.value, DECIMALS),
            interval(by.upper.mover, DECIMALS),
        ),
    )
    code = "agreement.note.limits_levels" + ("_excluded" if result.n_excluded else "")
    note = label(code, n=result.n, n_pairs=result.n_pairs, excluded=result.n_excluded)
    return Table(title, head, rows, note=note)


def _other_estimates(found: Clustered) -> Iterator[Table]:
    rows = []
    varying, constant = found.varying, found.constant
    if isinstance(varying, VaryingTruth):
        rows.append(_estimate("anova", varying.bias, varying.sd, _values(varying)))
        if varying.reml is not None:
            rows.append(_estimate("reml", varying.reml.bias, varying.reml.sd, varying.reml.limits))
    if isinstance(constant, ConstantTruth):
        rows.append(_estimate("constant", constant.bias, constant.sd, _values(constant)))
    if not rows:
        return
    head = ("", label("agreement.head.bias"), label("agreement.head.sd"), label("agreement.head.limits"))
    note = label("agreement.note.other")
    yield Table(label("agreement.table.other"), head, tuple(rows), note=note, strong=None)


def _values(found: VaryingTruth | ConstantTruth) -> tuple[float, float]:
    return found.lower.value, found.upper.value


def _estimate(name: str, bias: float, sd: float, limits: tuple[float, float]) -> _Row:
    return label(f"agreement.row.{name}"), figure(bias, DECIMALS), figure(sd, DECIMALS), _span(*limits)


# -- each level -----------------------------------------------------------------------------------------


def _each_level(levels: tuple[OfLevel, ...], words: Words) -> Table:
    head = (
        label("agreement.head.level"),
        label("stats.head.n"),
        label("agreement.head.bias"),
        label("agreement.head.limits"),
        label("agreement.head.icc"),
    )
    title = label("agreement.table.levels", unit=words.unit)
    rows, note = tuple(_level(one) for one in levels), label("agreement.note.levels")
    # where there are no limits there is no row for an ICC
    missing = reasons(
        (one.level.value, one.icc if isinstance(one.bland_altman, BlandAltman) else one.bland_altman)
        for one in levels
    )
    return with_note(Table(title, head, rows, note=note, strong=None), *missing)


def _level(one: OfLevel) -> _Row:
    compared, reliability = one.bland_altman, one.icc
    if isinstance(compared, NotDefined):
        return (one.level.value, *(NONE,) * 4)
    single = reliability.headline if isinstance(reliability, Icc) else None
    return (
        one.level.value,
        str(compared.n),
        figure(compared.bias, DECIMALS),
        _span(compared.lower.value, compared.upper.value),
        with_interval(single.estimate, single.ci) if single else NONE,
    )

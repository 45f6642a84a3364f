"""Tables of reliability and error of measurement. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator

from app.services.study_agreement import Everybody, Sizes, StudyAgreement
from app.stats.concordance import Concordance, OverallConcordance
from app.stats.formatting import p_value, percent
from app.stats.icc import Icc, IccForm
from app.stats.icc_reml import IccReml, Reliability
from app.stats.kappa import Kappa
from app.stats.precision_profile import PrecisionProfile
from app.stats.repeatability import Repeatability
from app.stats.reproducibility import Reproducibility
from app.stats.result import Interval, NotDefined
from app.stats.sample_size import SampleSize
from app.stats.sentences import sentence
from app.ui.sentences import label
from app.ui.tabs.agreement_words import Words, graded, of_rounds, reason, with_interval
from app.ui.tabs.content import Table
from app.ui.tabs.footnotes import has_gap, with_note
from app.ui.tabs.words import DECIMALS, NONE, figure, interval

_F_DECIMALS = 2

WithGaps = IccReml | NotDefined | None
"""Reliability from all readings; None while it is being computed."""

_Row = tuple[str, ...]


def headline_tables(found: StudyAgreement, words: Words, with_gaps: WithGaps) -> Iterator[Table]:
    """ICC of the pair, then of everybody where there are more."""
    # where there are more raters, it is among them that some are missing
    pair_gaps = found.gaps and found.everybody is None
    yield _headline(of_rounds(found.icc, words), words, with_gaps if pair_gaps else None, pending=pair_gaps)
    if found.everybody is not None:
        yield _of_everybody(found.everybody, words, with_gaps, gaps=found.gaps)


def further_tables(found: StudyAgreement, words: Words) -> Iterator[Table]:
    """Error of measurement, concordance, every form of the ICC."""
    yield from _error(found, words)
    yield from _concordance(found.concordance, words)
    yield from _forms(found.icc, words)


def last_tables(found: StudyAgreement, words: Words) -> Iterator[Table]:
    """Precision profile, kappa, patients needed."""
    yield from _profile(found.profile, words)
    yield from _kappa(found.kappa)
    yield from _sizes(found.sizes, words)


# -- ICC ------------------------------------------------------------------------------------------------


def _headline(result: Icc | NotDefined, words: Words, with_gaps: WithGaps, *, pending: bool) -> Table:
    title = label("agreement.table.icc_levels" if words.vertebrae else "stats.table.icc")
    if isinstance(result, NotDefined):
        return Table(title, reason=reason(result))
    head = ("", label("stats.head.icc"), label("stats.head.ci"))
    rows = [_form(form, words) for form in (result.headline, result.average)]
    if pending:
        rows += _gap_rows(with_gaps, result.k)
    note = label("agreement.note.vertebrae") if words.vertebrae else graded("icc.grade", result.grades)
    return Table(title, head, tuple(rows), note=note)


def _form(form: IccForm, words: Words) -> _Row:
    return form.full_name, figure(form.estimate), _interval(form.ci, words)


def _interval(found: Interval | None, words: Words, decimals: int = 3) -> str:
    """Of vertebrae taken as independent none is told."""
    return NONE if words.vertebrae else interval(found, decimals)


def _gap_rows(found: WithGaps, k: int) -> Iterator[_Row]:
    names = (label("agreement.row.icc_reml"), label("agreement.row.icc_reml_mean", k=k))
    parts: tuple[Reliability | None, ...] = (None, None)
    if isinstance(found, IccReml):
        parts = (found.agreement, found.average)
    empty = label("agreement.pending") if found is None else NONE
    for name, part in zip(names, parts, strict=True):
        yield (name, empty, empty) if part is None else (name, figure(part.estimate), interval(part.ci))


def _forms(result: Icc | NotDefined, words: Words) -> Iterator[Table]:
    if isinstance(result, NotDefined) or words.vertebrae:
        return
    head = (
        "",
        label("agreement.head.forms"),
        label("agreement.head.f"),
    )
    rows = tuple(_whole_form(form) for form in result.forms)
    yield Table(label("agreement.table.forms"), head, rows, note=label("agreement.note.forms"), strong=None)


def _whole_form(form: IccForm) -> _Row:
    name = label(
        "agreement.row.form",
        name=form.name,
        mcgraw_wong=form.mcgraw_wong,
        description=form.description,
    )
    return name, with_interval(form.estimate, form.ci), _tested(form)


def _tested(form: IccForm) -> str:
    if form.f is None or form.p is None:
        return NONE
    f, p = figure(form.f, _F_DECIMALS), p_value(form.p)
    return label("agreement.cell.f", f=f, df1=form.df1, df2=form.df2, p=p)


def _of_everybody(everybody: Everybody, words: Words, with_gaps: WithGaps, *, gaps: bool) -> Table:
    count = len(everybody.raters)
    among = "rounds" if words.within else "readers"
    title = label(f"agreement.table.everybody.{among}", count=count)
    rows = [*_everybodys_icc(everybody.icc)]
    if gaps:
        rows += _gap_rows(with_gaps, count)
    rows += _everybodys_rest(everybody, words)
    if not rows:
        return Table(title, reason=reason(everybody.icc))
    head = ("", label("stats.head.value"), label("stats.head.ci"))
    return Table(title, head, tuple(rows), note=_said_of_everybody(everybody.icc))


def _everybodys_icc(result: Icc | NotDefined) -> Iterator[_Row]:
    if isinstance(result, Icc):
        names = (label("agreement.row.icc_single"), label("agreement.row.icc_mean", k=result.k))
        for name, form in zip(names, (result.headline, result.average), strict=True):
            yield name, figure(form.estimate), interval(form.ci)


def _everybodys_rest(everybody: Everybody, words: Words) -> Iterator[_Row]:
    if isinstance(everybody.concordance, OverallConcordance):
        yield label("agreement.row.overall_ccc"), figure(everybody.concordance.estimate), ""
    if words.within:
        yield from _repeats(everybody.repeatability, short=True)
    elif isinstance(everybody.reproducibility, Reproducibility):
        one = everybody.reproducibility
        yield label("agreement.row.sem"), figure(one.sem, DECIMALS), interval(one.sem_ci, DECIMALS)
        yield label("agreement.row.rdc"), figure(one.rdc, DECIMALS), interval(one.rdc_ci, DECIMALS)


def _said_of_everybody(result: Icc | NotDefined) -> str:
    if isinstance(result, NotDefined):
        return reason(result)
    code = "agreement.note.everybody" + ("_excluded" if result.n_excluded else "")
    counted = label(code, n=result.n, excluded=result.n_excluded)
    return " ".join([counted, graded("icc.grade", result.grades)]).strip()


# -- concordance and error ------------------------------------------------------------------------------


def _concordance(result: Concordance | NotDefined, words: Words) -> Iterator[Table]:
    if isinstance(result, NotDefined):
        return
    rows = (
        (label("agreement.row.ccc"), figure(result.estimate), _interval(result.ci, words)),
        (label("agreement.row.precision"), figure(result.precision), ""),
        (label("agreement.row.accuracy"), figure(result.accuracy), ""),
    )
    head = ("", label("stats.head.value"), label("stats.head.ci"))
    said = label("agreement.note.vertebrae") if words.vertebrae else graded("ccc.strength", result.strengths)
    yield Table(label("agreement.table.concordance"), head, rows, note=said)


def _error(found: StudyAgreement, words: Words) -> Iterator[Table]:
    rows = [*(_repeats(found.repeatability) if words.within else _between(found))]
    if not rows:
        return
    if words.vertebrae:
        rows = [(name, value, NONE) for name, value, _ in rows]
    head = ("", label("stats.head.value"), label("stats.head.ci"))
    code = "agreement.note.error_rounds" if words.within else "agreement.note.error_readers"
    made = Table(label("agreement.table.error", unit=words.unit), head, tuple(rows), note=label(code))
    alone = label("agreement.note.vertebrae") if words.vertebrae else ""
    yield with_note(made, alone, _of_variation(found.repeatability))


def _of_variation(result: Repeatability | NotDefined) -> str:
    """Why there is no coefficient of variation; empty where there is one."""
    notes = () if isinstance(result, NotDefined) else result.notes
    return next((sentence(note) for note in notes if note.code == "repeatability.not_positive"), "")


def _between(found: StudyAgreement) -> Iterator[_Row]:
    between, repeats = found.reproducibility, found.repeatability
    if isinstance(between, Reproducibility):
        squares = between.mean_squares
        yield label("agreement.row.sem"), figure(between.sem, DECIMALS), interval(between.sem_ci, DECIMALS)
        yield label("agreement.row.rdc"), figure(between.rdc, DECIMALS), interval(between.rdc_ci, DECIMALS)
        yield label("agreement.row.sem_own"), figure(squares.sem_consistency, DECIMALS), ""
        yield label("agreement.row.mdc_own"), figure(squares.mdc_consistency, DECIMALS), ""
    if isinstance(repeats, Repeatability):
        yield label("agreement.row.wsd"), figure(repeats.wsd, DECIMALS), interval(repeats.wsd_ci, DECIMALS)
        yield label("agreement.row.wcv"), figure(repeats.wcv, DECIMALS), ""


def _repeats(result: Repeatability | NotDefined, *, short: bool = False) -> Iterator[_Row]:
    if isinstance(result, NotDefined):
        return
    yield label("agreement.row.wsd_repeat"), figure(result.wsd, DECIMALS), interval(result.wsd_ci, DECIMALS)
    yield label("agreement.row.rc"), figure(result.rc, DECIMALS), interval(result.rc_ci, DECIMALS)
    yield label("agreement.row.wcv"), figure(result.wcv, DECIMALS), ""
    if short:
        return
    own = None if result.pairs is None else result.pairs.sd_without_bias
    yield label("agreement.row.rc_percent"), figure(result.rc_percent, DECIMALS), ""
    yield label("agreement.row.wsd_own"), figure(own, DECIMALS), ""


# -- the rest -------------------------------------------------------------------------------------------


def _profile(result: PrecisionProfile | NotDefined, words: Words) -> Iterator[Table]:
    title = label("agreement.table.profile", unit=words.unit)
    if isinstance(result, NotDefined):
        return
    head = (
        label("agreement.head.range"),
        label("stats.head.n"),
        label("agreement.head.wsd"),
        label("agreement.head.wcv"),
    )
    rows = tuple(
        (
            label("agreement.cell.range", low=figure(one.low, 1), high=figure(one.high, 1)),
            str(one.n),
            with_interval(one.wsd, None if words.vertebrae else one.wsd_ci, DECIMALS),
            figure(one.wcv, 1),
        )
        for one in result.classes
    )
    note = label("agreement.note.profile_levels" if words.vertebrae else "agreement.note.profile")
    made = Table(title, head, rows, note=note, strong=None)
    yield with_note(made, label("agreement.note.no_wcv") if has_gap(made) else "")


def _kappa(result: Kappa | NotDefined) -> Iterator[Table]:
    # where a reader found every level measurable there is nothing to agree about
    if isinstance(result, NotDefined) or (result.table.sum(axis=0) == 0).any():
        return
    if (result.table.sum(axis=1) == 0).any():
        return
    same = label("agreement.cell.levels", share=percent(result.agreement), n=result.n)
    rows = (
        (label("agreement.row.kappa"), figure(result.form("none").estimate)),
        (label("agreement.row.same"), same),
    )
    head = ("", label("stats.head.value"))
    yield Table(label("agreement.table.kappa"), head, rows, note=label("agreement.note.kappa"))


def _sizes(sizes: Sizes | None, words: Words) -> Iterator[Table]:
    if sizes is None:
        return
    rows = [
        (label("agreement.row.size_icc", width=figure(_asked(one, "width"), DECIMALS)), str(one.total))
        for one in sizes.icc
        if isinstance(one, SampleSize)
    ]
    for one in sizes.limits:
        if isinstance(one, SampleSize):
            half = figure(_asked(one, "half_width"), DECIMALS)
            rows.append((label("agreement.row.size_limits", half=half, unit=words.unit), str(one.total)))
    told = [reason(one) for one in sizes.icc[:1] if isinstance(one, NotDefined)]
    note = label("agreement.note.sizes", rho=figure(sizes.rho), sd=figure(sizes.sd, DECIMALS))
    head = ("", label("agreement.head.patients"))
    yield Table(label("agreement.table.sizes"), head, tuple(rows), note=" ".join([note, *told]))


def _asked(size: SampleSize, name: str) -> float:
    value = size.values[name]
    assert isinstance(value, float)  # noqa: S101 - so it was asked by study_agreement
    return value

"""ROC tab, combined model: coefficients, fit, calibration, what is left of it. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.services.study_data import Study
from app.services.study_roc import AGE
from app.services.study_roc_models import SEX, Corrected, StudyModel, corrected, study_model
from app.stats.calibration import Calibration
from app.stats.combined import LogisticModel, as_odds_ratio
from app.stats.cross_validation import CrossValidation
from app.stats.firth import FirthModel
from app.stats.model_fit import HosmerLemeshow
from app.stats.optimism import Optimism
from app.stats.result import NotDefined
from app.stats.sentences import sentence
from app.ui.plots.calibration import calibration_figure
from app.ui.plots.spec import Figure
from app.ui.sentences import label
from app.ui.tabs.content import Panel, Table
from app.ui.tabs.roc_words import (
    options,
    outcome_name,
    sentence_to_come,
    share_cell,
    to_come,
)
from app.ui.tabs.words import DECIMALS, NONE, figure, footer, interval, notes, p_cell

_OPTIONS = ("covariates", "fit")
_SHARE = "wilson"

Key = tuple[tuple[str, ...], int]
Made = Mapping[Key, Corrected]
Fitted = LogisticModel | FirthModel


def model_view(study: Study, *, finished: bool) -> Panel:
    """Show the model of the maps and what it is adjusted for."""
    found = study_model(study)
    models = [one for one in (found.model, *found.beside) if isinstance(one, LogisticModel)]
    made = {_key(one): corrected(one) for one in models} if finished else {}
    model, reason = found.model, ""
    if isinstance(model, NotDefined):
        offered = model.code == "logistic.separation"
        reason = label("roc.separated", reason=sentence(model)) if offered else sentence(model)
    return Panel(
        title=label("roc.title.model", names=" + ".join(found.names), outcome=outcome_name(study)),
        hint="" if isinstance(model, NotDefined) else label("roc.hint.patients"),
        figure=None if isinstance(model, NotDefined) else _plot(study, found, model),
        reason=reason,
        beside=tuple(_tables(found, made)),
        notes=tuple(_notes(found, made)),
        paper=" ".join(_paper(found, made)),
        stem=label("roc.file.model", levels=study.cohort.levels),
        options=options(study, _OPTIONS),
        unfinished=bool(models) and not finished,
    )


def _key(model: LogisticModel) -> Key:
    return model.names, model.n


def _plot(study: Study, found: StudyModel, model: Fitted) -> Figure:
    rows = model.index.tolist()
    return calibration_figure(
        found.hosmer_lemeshow,
        found.calibration,
        probabilities=model.probabilities,
        diseased=study.cohort.positive[model.index],
        codes=[study.cohort.codes[row] for row in rows],
        footer=footer(study),
    )


def _tables(found: StudyModel, made: Made) -> Iterator[Table]:
    model = found.model
    if not isinstance(model, NotDefined) or found.beside:
        yield _areas(found, made)
    if isinstance(model, FirthModel):
        yield _penalised(found, model)
    elif isinstance(model, LogisticModel):
        yield _coefficients(found, model)
        yield _odds(found, model)
        yield _cutoff(model)
        yield _fit(found, model)
        yield _calibration(found)


# -- areas ------------------------------------------------------------------------------------------------


def _areas(found: StudyModel, made: Made) -> Table:
    head = (
        label("roc.head.model"),
        label("roc.head.apparent"),
        label("stats.head.ci"),
        label("roc.head.corrected"),
        label("roc.head.corrected_ci"),
        label("roc.head.folds"),
    )
    beside = [one for one in found.beside if isinstance(one, LogisticModel)]
    models = [one for one in (found.model, *beside) if not isinstance(one, NotDefined)]
    counted = len({one.n for one in models}) > 1
    rows = [_area_row(found.names, found.model, made, counted=counted)]
    rows += [_area_row(one.names, one, made, counted=counted) for one in beside]
    code = "roc.note.areas_firth" if isinstance(found.model, FirthModel) else "roc.note.areas"
    return Table(label("roc.table.areas"), head, tuple(rows), note=label(code), strong=3)


def _area_row(
    names: tuple[str, ...], model: Fitted | NotDefined, made: Made, *, counted: bool
) -> tuple[str, ...]:
    name = label("roc.name.age") if names == (AGE,) else " + ".join(names)
    if isinstance(model, NotDefined):
        return (name, *[NONE] * 5)
    if isinstance(model, FirthModel):
        name = label("roc.name.firth", names=name)
    if counted:
        # not the same patients
        name = label("roc.name.model_n", names=name, n=model.n)
    apparent = (name, figure(model.roc.auc), interval(model.roc.ci))
    if isinstance(model, FirthModel):
        return (*apparent, NONE, NONE, NONE)
    follows = made.get(_key(model))
    if follows is None:
        return (*apparent, to_come(), to_come(), to_come())
    folds = NONE if isinstance(follows.folds, NotDefined) else figure(follows.folds.auc)
    optimism = follows.optimism
    if isinstance(optimism, NotDefined):
        return (*apparent, NONE, NONE, folds)
    return (*apparent, figure(optimism.auc_corrected), interval(optimism.ci), folds)


# -- the model itself -------------------------------------------------------------------------------------


def _name(name: str) -> str:
    return label("roc.row.intercept_name") if name == "intercept" else name


def _with_sex(code: str, found: StudyModel) -> str:
    """The words that say which sex is 1, where the model knows sex."""
    return f"{code}_sex" if SEX in found.names else code


def _coefficients(found: StudyModel, model: LogisticModel) -> Table:
    heads = ("b", "wald", "profile")
    head = ("", *(label(f"roc.head.{one}") for one in heads), label("stats.head.p"), label("roc.head.vif"))
    rows = tuple(
        (
            _name(one.name),
            figure(one.estimate),
            interval(one.ci),
            interval(profile),
            p_cell(one.p),
            figure(found.inflation.get(one.name), DECIMALS) if one.name in found.inflation else "",
        )
        for one, profile in zip(model.coefficients, found.profile, strict=True)
    )
    return Table(
        label("roc.table.coefficients"), head, rows, note=label(_with_sex("roc.note.coefficients", found))
    )


def _odds(found: StudyModel, model: LogisticModel) -> Table:
    head = ("", *(label(f"roc.head.{one}") for one in ("odds", "wald", "profile")))
    rows = tuple(
        (
            one.name,
            figure(one.odds_ratio),
            interval(one.odds_ratio_ci),
            interval(None if profile is None else as_odds_ratio(profile)),
        )
        for one, profile in zip(model.coefficients[1:], found.profile[1:], strict=True)
    )
    return Table(label("roc.table.odds"), head, rows)


def _penalised(found: StudyModel, model: FirthModel) -> Table:
    head = (
        "",
        label("roc.head.b"),
        label("roc.head.profile"),
        label("stats.head.p"),
        label("roc.head.odds"),
        label("roc.head.profile"),
    )
    rows = tuple(
        (
            _name(one.name),
            figure(one.estimate),
            interval(one.ci),
            p_cell(one.p),
            "" if one.name == "intercept" else figure(one.odds_ratio),
            "" if one.name == "intercept" else interval(one.odds_ratio_ci),
        )
        for one in model.coefficients
    )
    return Table(label("roc.table.coefficients"), head, rows, note=label(_with_sex("roc.note.firth", found)))


def _cutoff(model: LogisticModel) -> Table:
    title, found = label("roc.table.model_cutoff"), model.cutoff
    if found is None:
        return Table(title, reason=label("roc.no_cutoff"))
    cutoff = found.cutoff
    head = (
        label("roc.head.probability"),
        *(label(f"stats.head.{one}") for one in ("sensitivity", "specificity", "youden")),
    )
    shares = share_cell(cutoff.sensitivity, _SHARE), share_cell(cutoff.specificity, _SHARE)
    row = (str(found.probability), *shares, figure(cutoff.youden_j))
    return Table(
        title, head, (row,), note=label("roc.note.model_cutoff", equation=found.equation), strong=None
    )


def _fit(found: StudyModel, model: LogisticModel) -> Table:
    head = ("", label("roc.head.value"), label("roc.head.df"), label("stats.head.p"))
    ratio = figure(model.likelihood_ratio, DECIMALS), str(len(model.names)), p_cell(model.likelihood_ratio_p)
    rows = [(label("roc.row.lr"), *ratio)]
    tested, note = found.hosmer_lemeshow, ""
    if isinstance(tested, HosmerLemeshow):
        cells = figure(tested.chi2, DECIMALS), str(tested.df), p_cell(tested.p)
        rows.append((label("roc.row.hosmer_lemeshow"), *cells))
        note = label("roc.note.fit", groups=tested.groups)
    elif isinstance(tested, NotDefined):
        rows.append((label("roc.row.hosmer_lemeshow"), NONE, NONE, NONE))
    if found.fit is not None:
        rows += [
            (label("roc.row.brier"), figure(found.fit.brier), "", ""),
            (label("roc.row.nagelkerke"), figure(found.fit.nagelkerke), "", ""),
            (label("roc.row.aic"), figure(found.fit.aic, 1), "", ""),
        ]
    return Table(label("roc.table.fit"), head, tuple(rows), note=note)


def _calibration(found: StudyModel) -> Table:
    title, left_out, line = label("roc.table.calibration"), found.left_out, found.calibration
    if isinstance(left_out, NotDefined):
        return Table(title, reason=sentence(left_out))
    head = ("", label("roc.head.value"), label("stats.head.ci"))
    rows: list[tuple[str, ...]] = []
    if isinstance(line, Calibration):
        rows = [
            (label("roc.row.slope"), figure(line.slope), interval(line.slope_ci)),
            (label("roc.row.intercept"), figure(line.intercept), ""),
            (label("roc.row.in_the_large"), figure(line.in_the_large), ""),
        ]
    if isinstance(left_out, CrossValidation):
        rows += [
            (label("roc.row.left_out_auc"), figure(left_out.auc_pooled), ""),
            (label("roc.row.left_out_brier"), figure(left_out.brier), ""),
        ]
    return Table(title, head, tuple(rows), note=label("roc.note.calibration"))


# -- words ------------------------------------------------------------------------------------------------


def _notes(found: StudyModel, made: Made) -> Iterator[str]:
    model = found.model
    if not isinstance(model, NotDefined):
        yield from notes(model, model.roc)
    for part in (found.hosmer_lemeshow, found.calibration):
        if isinstance(part, NotDefined) and part is not found.left_out:
            yield sentence(part)
    for beside in found.beside:
        if isinstance(beside, NotDefined) and beside != model:
            yield sentence(beside)
    for (names, _), one in made.items():
        reasons = [sentence(why) for why in (one.optimism, one.folds) if isinstance(why, NotDefined)]
        for said in (*reasons, *notes(one.optimism, one.folds)):
            yield label("stats.of_marker", marker=" + ".join(names), sentence=said)


def _paper(found: StudyModel, made: Made) -> Iterator[str]:
    model = found.model
    if isinstance(model, NotDefined):
        return
    yield sentence(model)
    if isinstance(model, FirthModel):
        return
    follows = made.get(_key(model))
    if follows is None:
        yield sentence_to_come("optimism", apparent=figure(model.roc.auc))
        yield sentence_to_come("optimism.interval")
    elif isinstance(follows.optimism, Optimism):
        yield sentence(follows.optimism)
    if isinstance(found.left_out, CrossValidation):
        yield sentence(found.left_out)

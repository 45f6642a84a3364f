"""The sentences of logistic models: the combination, its fit, and what is left of it in new patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from app.stats.calibration import Calibration
from app.stats.combined import LogisticModel
from app.stats.cross_validation import CrossValidation, RepeatedFolds
from app.stats.firth import FirthModel
from app.stats.formatting import number, p_value
from app.stats.model_fit import FitIndices, HosmerLemeshow
from app.stats.nested_models import AddedArea, BesideReference, NestedModels
from app.stats.optimism import Optimism
from app.stats.result import NotDefined, Value
from app.stats.saying import Said, Sayers, interval_values, say_reason, with_interval
from app.stats.sentences_roc import area_values, cutoff_values

CATALOGUE: Mapping[str, str] = MappingProxyType(
    {
        "logistic": "The logistic combination of {names} reached an in-sample area under the ROC curve of "
        "{auc} ({level} CI {low} to {high}, DeLong; {n_positive} of {n} patients with the outcome).",
        "logistic.no_interval": "The logistic combination of {names} reached an in-sample area under the "
        "ROC curve of {auc} ({n_positive} of {n} patients with the outcome); its DeLong interval is not "
        "defined.",
        "logistic.cutoff": "At a predicted probability {criterion}, that is {equation}, the in-sample "
        "sensitivity was {sensitivity} % ({sensitivity_counts}, {level} CI {sensitivity_low} to "
        "{sensitivity_high} %) and the specificity {specificity} % ({specificity_counts}, {level} CI "
        "{specificity_low} to {specificity_high} %), Youden index {j}.",
        "logistic.too_few": "Not defined: {n} patients are too few for a model with {parameters} parameters.",
        "logistic.too_few.n_1": "Not defined: 1 patient is too few for a model with {parameters} parameters.",
        "logistic.constant": "Not defined: {name} has the same value in all patients.",
        "logistic.collinear": "Not defined: the columns determine each other, so their shares cannot be "
        "told apart.",
        "logistic.separation": "Not defined: the columns separate the {n} patients with and without the "
        "outcome, so the likelihood has no maximum.",
        "logistic.not_found": "Not defined: the maximum of the likelihood was not found for these {n} "
        "patients; look for a value far outside the others.",
        "logistic.in_sample": "The model is judged on the same {n} patients it was fitted to: its AUC and "
        "cut-off are in-sample and look better than they will in new patients.",
        "logistic.few_events": "There are {per_predictor} events per predictor, fewer than {needed}: the "
        "coefficients are unstable.",
        "optimism": "The apparent area under the ROC curve of {apparent} was {corrected} after correction "
        "for an optimism of {optimism} (Harrell's bootstrap, {replicates} resamples).",
        "optimism.failed": "{failed} of {replicates} resamples were left out, because the model could not "
        "be fitted to them.",
        "optimism.failed.failed_1": "{failed} of {replicates} resamples was left out, because the model could not be fitted to it.",
        "optimism.few_fitted": "Not defined: the model could not be fitted to {failed} of {replicates} "
        "resamples.",
        "logistic.firth": "The coefficients are those of Firth's penalised likelihood, judged on the same {n} patients they were fitted to.",
        "firth": "Firth's penalised logistic regression of the outcome on {names} reached an in-sample area under the ROC curve of {auc} ({n_positive} of {n} patients with the outcome).",
        "optimism.interval": "The {level} interval of the corrected area was {low} to {high} (bootstrap, moved by the optimism).",
        "fit": "The fit of the model was AIC {aic}, BIC {bic}, r-squared {cox_snell} (Cox-Snell), {nagelkerke} (Nagelkerke) and {mcfadden} (McFadden), Brier score {brier}.",
        "hosmer_lemeshow": "The Hosmer-Lemeshow test over {groups} groups gave chi-square = {chi2} with {df} degrees of freedom (p {p}).",
        "hosmer_lemeshow.too_few_groups": "Not defined: the predicted probabilities make {groups} groups, and the Hosmer-Lemeshow test needs {needed}.",
        "hosmer_lemeshow.too_few_groups.groups_1": "Not defined: the predicted probabilities make 1 group, and the Hosmer-Lemeshow test needs {needed}.",
        "hosmer_lemeshow.certain": "Not defined: a group of patients is predicted with certainty, so the Hosmer-Lemeshow test would divide by 0.",
        "calibration": "The calibration slope was {slope} ({level} CI {low} to {high}), with an intercept of {intercept}; in the large the intercept was {in_the_large}.",
        "calibration.constant": "Not defined: all {n} patients have the same prediction, so it has no calibration slope.",
        "cross.left_out": "Predicted by models fitted without them ({folds} fits), the {n} patients gave an area under the ROC curve of {auc} and a Brier score of {brier}.",
        "cross.repeated": "The mean area under the ROC curve in {folds}-fold cross-validation was {auc} ({repeats} repeats).",
        "cross.not_fitted": "Not defined: {failed} of {folds} models could not be fitted without the patients left out.",
        "cross.one_case": "Not defined: one of the two classes has a single patient, so no fold can hold both.",
        "cross.fewer_folds": "{folds} folds were taken instead of {wanted}, because the smaller class has no more patients.",
        "nested": "Adding {added} to {base} improved the fit by chi-square = {chi2} with {df} degrees of freedom (likelihood ratio test, p {p}, n = {n}).",
        "nested.area": "Corrected for optimism, the area under the ROC curve was {small} for {base} and {large} with {added} added, a difference of {difference} ({level} CI {low} to {high}, bootstrap, {replicates} resamples).",
        "nested.beside": "On the same {n} patients the in-sample area under the ROC curve was {alone} for {reference} alone, {without} for {markers}, and {together} for all together.",
    }
)


def _logistic(item: LogisticModel, _decimals: int) -> Iterator[Said]:
    names = " + ".join(item.names)
    yield with_interval("logistic", item.roc.ci, {**area_values(item.roc), "names": names})
    if item.cutoff is not None:
        called = {"criterion": str(item.cutoff.probability), "equation": item.cutoff.equation}
        yield "logistic.cutoff", {**cutoff_values(item.cutoff.cutoff), **called}


def _firth(item: FirthModel, _decimals: int) -> Iterator[Said]:
    names = " + ".join(one.name for one in item.coefficients[1:])
    yield "firth", {**area_values(item.roc), "names": names}


def _optimism(item: Optimism, _decimals: int) -> Iterator[Said]:
    yield (
        "optimism",
        {
            "apparent": number(item.auc_apparent),
            "corrected": number(item.auc_corrected),
            "optimism": number(item.optimism),
            "replicates": item.replicates,
        },
    )
    if item.ci is not None:
        yield "optimism.interval", interval_values(item.ci)


def _fit(item: FitIndices, _decimals: int) -> Iterator[Said]:
    criteria: dict[str, Value] = {"aic": number(item.aic, 1), "bic": number(item.bic, 1)}
    shares = ("cox_snell", "nagelkerke", "mcfadden", "brier")
    yield "fit", {**criteria, **{name: number(getattr(item, name)) for name in shares}}


def _hosmer_lemeshow(item: HosmerLemeshow, _decimals: int) -> Iterator[Said]:
    chi2, p = number(item.chi2, 2), p_value(item.p)
    yield "hosmer_lemeshow", {"groups": item.groups, "chi2": chi2, "df": item.df, "p": p}


def _calibration(item: Calibration, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "slope": number(item.slope),
        "intercept": number(item.intercept),
        "in_the_large": number(item.in_the_large),
    }
    yield "calibration", {**values, **interval_values(item.slope_ci)}


def _left_out(item: CrossValidation, decimals: int) -> Iterator[Said]:
    auc, brier = number(item.auc_pooled), number(item.brier)
    yield "cross.left_out", {"n": item.n, "folds": item.folds, "auc": auc, "brier": brier}
    if isinstance(item.calibration, NotDefined):
        yield say_reason(item.calibration)
    else:
        yield from _calibration(item.calibration, decimals)


def _repeated(item: RepeatedFolds, _decimals: int) -> Iterator[Said]:
    yield "cross.repeated", {"folds": item.folds, "repeats": item.repeats, "auc": number(item.auc)}


def _nested(item: NestedModels, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "added": " + ".join(item.added),
        "base": " + ".join(item.small.names),
        "chi2": number(item.chi2, 2),
        "df": item.df,
        "p": p_value(item.p),
        "n": item.large.n,
    }
    yield "nested", values


def _added(item: AddedArea, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "added": " + ".join(item.added),
        "base": " + ".join(item.base),
        "small": number(item.small),
        "large": number(item.large),
        "difference": number(item.difference),
        "replicates": item.replicates,
    }
    yield "nested.area", {**values, **interval_values(item.ci)}


def _beside(item: BesideReference, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "n": item.together.n,
        "reference": item.reference,
        "markers": " + ".join(item.without.names),
        "alone": number(item.alone.roc.auc),
        "without": number(item.without.roc.auc),
        "together": number(item.together.roc.auc),
    }
    yield "nested.beside", values


SAYERS: Sayers = MappingProxyType(
    {
        AddedArea: _added,
        BesideReference: _beside,
        Calibration: _calibration,
        CrossValidation: _left_out,
        FirthModel: _firth,
        FitIndices: _fit,
        HosmerLemeshow: _hosmer_lemeshow,
        LogisticModel: _logistic,
        NestedModels: _nested,
        Optimism: _optimism,
        RepeatedFolds: _repeated,
    }
)
"""How each kind of result is said."""

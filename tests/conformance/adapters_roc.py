"""The adapters of ROC curves and proportions.

An adapter returns a flat mapping ``"delong.se" -> value``. ``None`` is a figure we call not defined and
:class:`~app.stats.result.NotDefined` a whole analysis. What is not given or differs on purpose is listed in
``scope.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

# the neighbour figures.py, which test_oracles.py has loaded under this name
from conformance_figures import Oracle, Ours, level_of, limits, under

from app.stats.area import AreaEstimate
from app.stats.criterion import CutOff, Ratio
from app.stats.proportion import Proportion, clopper_pearson, wilson
from app.stats.ranking import Direction, automatic_direction
from app.stats.result import complete_cases
from app.stats.roc import Roc, roc
from app.stats.roc_bootstrap import RocBootstrap, bootstrap_roc
from app.stats.roc_clustered import ClusteredRoc, clustered_roc
from app.stats.roc_paired import PairedRoc, compare_paired
from app.stats.roc_partial import partial_area
from app.stats.roc_points import closest_top_left, sensitivity_at
from app.stats.roc_unpaired import UnpairedRoc, compare_unpaired


def curve_of(oracle: Oracle) -> Roc:
    columns = oracle["input"]["columns"]
    direction: Direction = "lower" if oracle["input"].get("direction") == "lower=positive" else "higher"
    result = roc(columns["marker"], columns["label"], direction=direction, level=level_of(oracle))
    assert isinstance(result, Roc)
    return result


def adapt_proportion_ci(oracle: Oracle) -> Ours:
    ours: Ours = {}
    pairs = zip(oracle["input"]["x"], oracle["input"]["n"], strict=True)
    for position, (count, total) in enumerate(pairs):
        one = Proportion(count, total, wilson(count, total, level=level_of(oracle)))
        ours.update(under(str(position), proportion_figures(one)))
    return ours


def proportion_figures(one: Proportion | None) -> Ours:
    if one is None:
        return dict.fromkeys(("x", "n", "p", "wilson_lower", "wilson_upper", "cp_lower", "cp_upper"))
    exact = clopper_pearson(one.count, one.total, level=one.ci.level)
    return {
        "x": one.count,
        "n": one.total,
        "p": one.value,
        "wilson_lower": one.ci.low,
        "wilson_upper": one.ci.high,
        "cp_lower": exact.low,
        "cp_upper": exact.high,
    }


def adapt_roc(oracle: Oracle) -> Ours:
    result = curve_of(oracle)
    columns = oracle["input"]["columns"]
    marker, label = complete_cases([columns["marker"], columns["label"]]).columns
    sensitivity = result.steps.true_positives / result.n_positive
    specificity = 1.0 - result.steps.false_positives / result.n_negative
    return {
        "n": result.n,
        "n_pos": result.n_positive,
        "n_neg": result.n_negative,
        "n_excluded": result.n_excluded,
        "direction": f"{result.direction}=positive",
        "pROC_auto_direction": "<" if automatic_direction(marker, label == 1.0) == "higher" else ">",
        "auc": result.auc,
        **under("delong", area(result.delong)),
        "delong.ci_logit": limits(result.logit_ci),
        **under("hanley_mcneil", area(result.hanley_mcneil)),
        "null_se": result.null.se,
        "binomial_exact_ci_totalN": limits(result.exact_ci),
        "curve_pROC.threshold": thresholds(result, result.steps.midpoints.tolist(), both_ends=True),
        "curve_pROC.sensitivity": result.true_positive_rate[::-1],
        "curve_pROC.specificity": 1.0 - result.false_positive_rate[::-1],
        "criterion_table_observed.rule": f"positive if marker {sign(result)} c",
        "criterion_table_observed.c": result.steps.values,
        "criterion_table_observed.sensitivity": sensitivity,
        "criterion_table_observed.specificity": specificity,
        "youden.J": result.cutoffs[0].youden_j,
        "youden.criteria_observed": [one.criterion.value for one in result.cutoffs],
        "youden.thresholds_pROC": youden_thresholds(result),
        "youden.sens": [one.sensitivity.value for one in result.cutoffs],
        "youden.spec": [one.specificity.value for one in result.cutoffs],
        **under("at_youden_first", cut_off_figures(result.cutoffs[0])),
        **under("closest_topleft", closest(closest_top_left(result))),
        **at_fixed_specificity(oracle, result),
        **under("partial_auc", partial(result)),
    }


def sign(result: Roc) -> str:
    return ">" if result.direction == "higher" else "<="


def thresholds(result: Roc, midpoints: list[float | None], *, both_ends: bool) -> list[float | None] | None:
    """The midpoints in pROC's order, with None for its infinite ends."""
    told = [None, *midpoints, None] if both_ends else midpoints
    told = told if result.direction == "higher" else told[::-1]
    return told if any(one is not None for one in told) else None


def youden_thresholds(result: Roc) -> list[float | None] | None:
    midpoints = [one.criterion.midpoint for one in result.cutoffs]
    # where no cut-off beats chance pROC names the end that calls everybody too, no observed criterion
    return thresholds(result, midpoints if result.cutoff is not None else [None, *midpoints], both_ends=False)


def closest(one: CutOff | None) -> Ours:
    if one is None:
        return dict.fromkeys(("threshold", "sensitivity", "specificity"))
    return {
        "threshold": one.criterion.midpoint,
        "sensitivity": one.sensitivity.value,
        "specificity": one.specificity.value,
    }


def at_fixed_specificity(oracle: Oracle, result: Roc) -> Ours:
    ours: Ours = {}
    for position, asked in enumerate(oracle["expected"]["interp_at_fixed_specificity"]):
        figures = {"at": asked["at"], "spec": asked["at"], "sens": sensitivity_at(result, asked["at"])}
        ours.update(under(f"interp_at_fixed_specificity.{position}", figures))
    return ours


def partial(result: Roc) -> Ours:
    by_specificity = partial_area(result, 0.9, 1.0, focus="specificity")
    return {
        "spec_90_100_raw": by_specificity.area,
        "spec_90_100_mcclish": by_specificity.standardised,
        "sens_90_100_raw": partial_area(result, 0.9, 1.0, focus="sensitivity").area,
    }


def area(estimate: AreaEstimate | None) -> Ours:
    if estimate is None:
        return dict.fromkeys(("se", "var", "ci_truncated", "ci_untruncated", "z_vs_half", "p_vs_half"))
    return {
        "se": estimate.se,
        "var": estimate.se**2,
        "ci_truncated": limits(estimate.ci),
        "ci_untruncated": limits(estimate.untruncated),
        "z_vs_half": estimate.z,
        "p_vs_half": estimate.p,
    }


def cut_off_figures(one: CutOff) -> Ours:
    prevalence = 0.3
    ppv, npv = one.at_prevalence(prevalence)
    return {
        "criterion": one.criterion.value,
        "tp": one.tp,
        "fp": one.fp,
        "fn": one.fn,
        "tn": one.tn,
        "at_prevalence.prevalence": prevalence,
        "at_prevalence.ppv": None if ppv is None else ppv.value,
        "at_prevalence.npv": None if npv is None else npv.value,
        **under("sensitivity", proportion_figures(one.sensitivity)),
        **under("specificity", proportion_figures(one.specificity)),
        **under("accuracy", proportion_figures(one.accuracy)),
        **under("ppv_sample", proportion_figures(one.ppv)),
        **under("npv_sample", proportion_figures(one.npv)),
        **under("lr_pos", ratio(one.lr_positive, "ci_log")),
        **under("lr_neg", ratio(one.lr_negative, "ci_log")),
        **under("dor", ratio(one.dor, "ci_woolf")),
    }


def ratio(one: Ratio | None, interval: str) -> dict[str, Any]:
    if one is None:
        return {"value": None, interval: None}
    return {"value": one.value, interval: limits(one.ci)}


def adapt_roc_paired_delong(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    first, second = ("higher" if way == "<" else "lower" for way in oracle["input"]["directions"])
    result = compare_paired(
        columns["m1"], columns["m2"], columns["label"], directions=(first, second), level=level_of(oracle)
    )
    assert isinstance(result, PairedRoc)
    return {
        "n": result.n,
        "auc1": result.auc_first,
        "auc2": result.auc_second,
        "var1": result.var_first,
        "var2": result.var_second,
        "cov": result.covariance,
        "diff": result.difference,
        "se_diff": result.se,
        "ci_diff": limits(result.ci),
        "z": result.z,
        "p": result.p,
    }


def adapt_roc_unpaired(oracle: Oracle) -> Ours:
    columns = {name: np.array(values, dtype=float) for name, values in oracle["input"]["columns"].items()}
    first, second = (
        (columns["marker"][columns["sample"] == one], columns["label"][columns["sample"] == one])
        for one in (1, 2)
    )
    result = compare_unpaired(first, second, directions=("higher", "higher"), level=level_of(oracle))
    assert isinstance(result, UnpairedRoc)
    return {
        "auc1": result.auc_first,
        "auc2": result.auc_second,
        "diff": result.difference,
        "se_diff": result.se,
        "z": result.z,
        "p_z": result.p,
        "pROC_D": result.t,
        "pROC_df": result.df,
        "pROC_p": result.p_t,
    }


def adapt_roc_clustered(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    result = clustered_roc(
        columns["marker"], columns["label"], columns["id"], direction="higher", level=level_of(oracle)
    )
    assert isinstance(result, ClusteredRoc)
    return {
        "auc": result.auc,
        "var_clustered": result.clustered.se**2,
        "se_clustered": result.clustered.se,
        "ci_clustered": limits(result.clustered.ci),
        "se_delong_naive": result.naive_se,
        "n_clusters": result.n_clusters,
        "n_pos": result.n_positive,
        "n_neg": result.n_negative,
        "S10": result.s10,
        "S01": result.s01,
        "S11": result.s11,
    }


def adapt_roc_bootstrap(oracle: Oracle) -> Ours:
    result = bootstrap_roc(curve_of(oracle), replicates=2000)
    assert isinstance(result, RocBootstrap)
    return {
        "lower": result.ci.low,
        "median": result.median,
        "upper": result.ci.high,
        "B": result.replicates,
        "stratified": result.ci.method.startswith("stratified"),
    }


ADAPTERS: Mapping[str, Callable[[Oracle], Ours]] = {
    "proportion_ci": adapt_proportion_ci,
    "roc": adapt_roc,
    "roc_bootstrap": adapt_roc_bootstrap,
    "roc_clustered": adapt_roc_clustered,
    "roc_paired_delong": adapt_roc_paired_delong,
    "roc_unpaired": adapt_roc_unpaired,
}

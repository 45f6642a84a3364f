"""From an oracle's input to our figures, under the names the oracle uses.

An adapter returns a flat mapping ``"pearson.ci" -> value``. ``None`` is a figure we call not defined
and :class:`~app.stats.result.NotDefined` a whole analysis. What is not given or differs on
purpose is listed in ``scope.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.stats.agreement import BlandAltman, Limit, MeanSquares, bland_altman, icc, icc_from_mean_squares
from app.stats.combined import LogisticModel, logistic
from app.stats.correlation import Pearson, correlation_from_r, pearson
from app.stats.icc import Icc
from app.stats.optimism import Optimism, optimism_of_draws
from app.stats.proportion import Proportion, clopper_pearson, wilson
from app.stats.regression import Line, Parameter, fit_line
from app.stats.result import Interval, NotDefined
from app.stats.roc import AreaEstimate, CutOff, PairedRoc, Roc, compare_paired, roc

Oracle = Mapping[str, Any]
Ours = dict[str, Any]


def limits(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def under(name: str, ours: Ours) -> Ours:
    return {f"{name}.{key}": value for key, value in ours.items()}


def level_of(oracle: Oracle) -> float:
    return float(oracle["options"]["level"])


def adapt_bland_altman(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    result = bland_altman(columns["x"], columns["y"], level=level_of(oracle))
    assert isinstance(result, BlandAltman)
    return {
        "n": result.n,
        "n_excluded": result.n_excluded,
        "degenerate": result.sd == 0.0,
        "bias": result.bias,
        "sd": result.sd,
        "se_bias": result.bias_se,
        "bias_ci": limits(result.bias_ci),
        "t": result.bias_t,
        "df": result.df,
        "p_bias": result.bias_p,
        "n_outside_loa": result.n_outside,
        "max_abs_diff": float(np.abs(result.differences).max()),
        **limit("lower", result.lower),
        **limit("upper", result.upper),
        **under("prop_bias", proportional(result.proportional)),
    }


def limit(name: str, one: Limit) -> Ours:
    return {
        f"loa_{name}": one.value,
        f"loa_{name}_ci_exact": limits(one.exact),
        f"loa_{name}_ci_1999": limits(one.approximate),
    }


def proportional(line: Line | NotDefined) -> Ours:
    if isinstance(line, NotDefined):
        return {}
    r = math.copysign(math.sqrt(line.r_squared), line.slope.estimate)
    return {**line_figures(line), "resid_sd": line.residual_sd, "r": r}


def line_figures(line: Line) -> Ours:
    return {**parameter("intercept", line.intercept), **parameter("slope", line.slope)}


def parameter(name: str, one: Parameter) -> Ours:
    return {
        name: one.estimate,
        f"se_{name}": one.se,
        f"t_{name}": one.t,
        f"p_{name}": one.p,
        f"{name}_ci": limits(one.ci),
    }


def adapt_icc(oracle: Oracle) -> Ours:
    result = icc(
        [[np.nan if cell is None else cell for cell in row] for row in oracle["input"]["matrix"]],
        level=level_of(oracle),
    )
    assert isinstance(result, Icc)
    squares = result.mean_squares
    return {
        "n": result.n,
        "n_excluded": result.n_excluded,
        "k": result.k,
        "MSR": squares.rows,
        "MSC": squares.columns,
        "MSE": squares.error,
        "MSW": squares.within,
        **under("forms", icc_forms(result)),
    }


def icc_forms(result: Icc) -> Ours:
    ours: Ours = {}
    names = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")
    for name, form in zip(names, result.forms, strict=True):
        figures = {
            "shrout_fleiss": form.symbol,
            "mcgraw_wong": form.mcgraw_wong,
            "icc": form.estimate,
            "lower": None if form.ci is None else form.ci.low,
            "upper": None if form.ci is None else form.ci.high,
            "F": form.f,
            "df1": form.df1,
            "df2": form.df2,
            "p": form.p,
        }
        ours.update(under(name, figures))
    return ours


def adapt_icc_from_mean_squares(oracle: Oracle) -> Ours:
    given = oracle["input"]
    squares = MeanSquares(given["n"], given["k"], given["MSR"], given["MSC"], given["MSE"])
    result = icc_from_mean_squares(squares, level=level_of(oracle))
    assert isinstance(result, Icc)
    headline = result.headline
    return {**icc_forms(result), "F": headline.f, "df1": headline.df1, "df2": headline.df2}


def adapt_correlation(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    result = pearson(columns["x"], columns["y"], level=level_of(oracle))
    if isinstance(result, NotDefined):
        n, n_excluded = result.values["n"], result.values["n_excluded"]
        undefined = dict.fromkeys(("r", "r2", "t", "p", "ci"))
        assert isinstance(n, int)
        return {
            "n": n,
            "n_excluded": n_excluded,
            **under("pearson", {**undefined, "df": n - 2, "error": result}),
        }
    return {"n": result.n, "n_excluded": result.n_excluded, **under("pearson", pearson_figures(result))}


def pearson_figures(result: Pearson) -> Ours:
    coefficient = result.coefficient
    return {
        "r": coefficient.r,
        "r2": result.line.r_squared,
        "t": coefficient.t,
        "df": coefficient.df,
        "p": coefficient.p,
        "ci": limits(coefficient.ci),
    }


def adapt_correlation_from_r_n(oracle: Oracle) -> Ours:
    ours: Ours = {}
    for name, r in zip(oracle["expected"], oracle["input"]["r"], strict=True):
        result = correlation_from_r(r, oracle["input"]["n"], level=level_of(oracle))
        ours.update(under(name, {"t": result.t, "df": result.df, "p": result.p, "ci": limits(result.ci)}))
    return ours


def adapt_simple_regression(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    line = fit_line(columns["x"], columns["y"], level=level_of(oracle))
    assert isinstance(line, Line)
    ours = {"n": line.n, **line_figures(line), "resid_sd": line.residual_sd, "r2": line.r_squared}
    ours["df2"] = line.n - 2
    if "grid" in oracle["input"]:
        grid = oracle["input"]["grid"]
        ours |= {"grid": grid, "fit": line.at(grid)}
        ours["conf_lower"], ours["conf_upper"] = line.confidence_band(grid)
        ours["pred_lower"], ours["pred_upper"] = line.prediction_band(grid)
    return ours


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
    columns = oracle["input"]["columns"]
    direction = "higher" if oracle["input"]["direction"] == "higher=positive" else "lower"
    result = roc(columns["marker"], columns["label"], direction=direction, level=level_of(oracle))
    assert isinstance(result, Roc)
    sensitivity = result.steps.true_positives / result.n_positive
    specificity = 1.0 - result.steps.false_positives / result.n_negative
    sign = ">" if direction == "higher" else "<="
    return {
        "n": result.n,
        "n_pos": result.n_positive,
        "n_neg": result.n_negative,
        "n_excluded": result.n_excluded,
        "direction": f"{result.direction}=positive",
        "auc": result.auc,
        **under("delong", area(result.delong)),
        **under("hanley_mcneil", area(result.hanley_mcneil)),
        "curve_pROC.sensitivity": result.true_positive_rate[::-1],
        "curve_pROC.specificity": 1.0 - result.false_positive_rate[::-1],
        "criterion_table_observed.rule": f"positive if marker {sign} c",
        "criterion_table_observed.c": result.steps.values,
        "criterion_table_observed.sensitivity": sensitivity,
        "criterion_table_observed.specificity": specificity,
        "youden.J": result.cutoffs[0].youden_j,
        "youden.criteria_observed": [one.criterion.value for one in result.cutoffs],
        "youden.sens": [one.sensitivity.value for one in result.cutoffs],
        "youden.spec": [one.specificity.value for one in result.cutoffs],
        **under("at_youden_first", cut_off_figures(result.cutoffs[0])),
    }


def area(estimate: AreaEstimate | None) -> Ours:
    if estimate is None:
        return dict.fromkeys(("se", "var", "ci_truncated", "z_vs_half", "p_vs_half"))
    return {
        "se": estimate.se,
        "var": estimate.se**2,
        "ci_truncated": limits(estimate.ci),
        "z_vs_half": estimate.z,
        "p_vs_half": estimate.p,
    }


def cut_off_figures(one: CutOff) -> Ours:
    prevalence = 0.3
    ppv, npv = one.predictive_values(prevalence)
    ours: Ours = {
        "criterion": one.criterion.value,
        "tp": one.tp,
        "fp": one.fp,
        "fn": one.fn,
        "tn": one.tn,
        "at_prevalence.prevalence": prevalence,
        "at_prevalence.ppv": ppv,
        "at_prevalence.npv": npv,
        **under("sensitivity", proportion_figures(one.sensitivity)),
        **under("specificity", proportion_figures(one.specificity)),
        **under("accuracy", proportion_figures(one.accuracy)),
        **under("ppv_sample", proportion_figures(one.ppv)),
        **under("npv_sample", proportion_figures(one.npv)),
    }
    for name, ratio in (("lr_pos", one.lr_positive), ("lr_neg", one.lr_negative)):
        ours[f"{name}.value"] = None if ratio is None else ratio.value
        ours[f"{name}.ci_log"] = None if ratio is None else limits(ratio.ci)
    return ours


def adapt_roc_paired_delong(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    first, second = ("higher" if sign == "<" else "lower" for sign in oracle["input"]["directions"])
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


def adapt_combined_logistic(oracle: Oracle) -> Ours:
    columns = dict(oracle["input"]["columns"])
    label = columns.pop("label")
    model = logistic(list(columns.values()), list(columns), label, level=level_of(oracle))
    assert isinstance(model, LogisticModel)
    found = model.coefficients
    draws = np.asarray(oracle["input"]["boot_index_1based"]) - 1
    corrected = optimism_of_draws(list(columns.values()), label, draws)
    assert isinstance(corrected, Optimism)
    assert model.roc.delong is not None
    return {
        "n": model.n,
        "n_events": model.n_events,
        "terms": ["(Intercept)", *model.names],
        "coef": [one.estimate for one in found],
        "se": [one.se for one in found],
        "z": [one.z for one in found],
        "wald": [one.z**2 for one in found],
        "p": [one.p for one in found],
        "or": [one.odds_ratio for one in found],
        "or_ci_wald_lower": [one.odds_ratio_ci.low for one in found],
        "or_ci_wald_upper": [one.odds_ratio_ci.high for one in found],
        "loglik": model.log_likelihood,
        "neg2ll": -2.0 * model.log_likelihood,
        "null_neg2ll": -2.0 * model.null_log_likelihood,
        "lr_chi2": model.likelihood_ratio,
        "lr_df": len(model.names),
        "lr_p": model.likelihood_ratio_p,
        "fitted": model.probabilities,
        "auc_apparent": model.roc.auc,
        "auc_apparent_delong_se": model.roc.delong.se,
        "harrell_optimism.optimism": corrected.optimism,
        "harrell_optimism.auc_corrected": corrected.auc_corrected,
    }


def adapt_logistic_separation(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    model = logistic([columns["x"]], ["x"], columns["label"], level=level_of(oracle))
    curve = roc(columns["x"], columns["label"], direction="higher")
    assert isinstance(curve, Roc)
    refused = isinstance(model, NotDefined)
    return {"ml_converges": not refused, "must_warn": refused, "auc": curve.auc}


ADAPTERS: Mapping[str, Callable[[Oracle], Ours]] = {
    "bland_altman": adapt_bland_altman,
    "combined_logistic": adapt_combined_logistic,
    "correlation": adapt_correlation,
    "correlation_from_r_n": adapt_correlation_from_r_n,
    "icc": adapt_icc,
    "icc_from_mean_squares": adapt_icc_from_mean_squares,
    "logistic_separation": adapt_logistic_separation,
    "proportion_ci": adapt_proportion_ci,
    "roc": adapt_roc,
    "roc_paired_delong": adapt_roc_paired_delong,
    "simple_regression": adapt_simple_regression,
}

"""The adapters of agreement: limits, reliability, repeatability, concordance, kappa, sample sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

# the neighbour figures.py, which test_oracles.py has loaded under this name
from conformance_figures import Oracle, Ours, level_of, limits, line_figures, under

from app.stats.agreement import BlandAltman, Limit, MeanSquares, bland_altman, icc, icc_from_mean_squares
from app.stats.bland_altman_checks import BlandAltmanChecks, bland_altman_checks
from app.stats.bland_altman_constant_truth import ConstantTruth, bland_altman_constant_truth
from app.stats.bland_altman_varying_truth import VaryingTruth, bland_altman_varying_truth
from app.stats.concordance import Concordance, OverallConcordance, lin_ccc, overall_ccc
from app.stats.icc import Icc
from app.stats.icc_reml import IccReml, icc_reml
from app.stats.kappa import Kappa, KappaForm, kappa
from app.stats.rank_correlation import RankCorrelation
from app.stats.regression import Line
from app.stats.repeatability import Repeatability, repeatability
from app.stats.result import NotDefined
from app.stats.sample_size import (
    SampleSize,
    size_for_icc_width,
    size_for_limits_of_agreement,
)
from app.stats.sample_size_diagnostic import (
    CasesAndControls,
    size_for_auc,
    size_for_sensitivity,
    size_for_specificity,
)
from app.stats.sample_size_power import (
    power_of_two_means,
    size_for_anova,
    size_for_chi_square,
    size_for_correlation,
    size_for_correlation_by_z,
    size_for_icc_test,
    size_for_paired_means,
    size_for_two_means,
    size_for_two_proportions,
)


def adapt_bland_altman(oracle: Oracle) -> Ours:
    columns, level = oracle["input"]["columns"], level_of(oracle)
    result = bland_altman(columns["x"], columns["y"], level=level)
    quantile = bland_altman(columns["x"], columns["y"], level=level, exact_quantile=True)
    assert isinstance(result, BlandAltman)
    assert isinstance(quantile, BlandAltman)
    ours = {
        "n": result.n,
        "n_excluded": result.n_excluded,
        "degenerate": result.sd == 0.0,
        "mean_x": result.mean_x,
        "mean_y": result.mean_y,
        "bias": result.bias,
        "median": result.median,
        "sd": result.sd,
        "sd_ci": limits(result.sd_ci),
        "se_bias": result.bias_se,
        "bias_ci": limits(result.bias_ci),
        "t": result.bias_t,
        "df": result.df,
        "p_bias": result.bias_p,
        "n_outside_loa": result.n_outside,
        "max_abs_diff": float(np.abs(result.differences).max()),
        "se_loa_1999": result.lower.se,
        "se_loa_1986": result.lower.se_1986,
        "loa_lower_qnorm": quantile.lower.value,
        "loa_upper_qnorm": quantile.upper.value,
        **limit("lower", result.lower),
        **limit("upper", result.upper),
        **under("prop_bias", proportional(result.proportional)),
        **on_other_scales(oracle),
    }
    checks = bland_altman_checks(columns["x"], columns["y"], level=level)
    return ours if isinstance(checks, NotDefined) else ours | checked(checks)


def limit(name: str, one: Limit) -> Ours:
    return {
        f"loa_{name}": one.value,
        f"loa_{name}_ci_exact": limits(one.exact),
        f"loa_{name}_ci_1999": limits(one.approximate),
        f"loa_{name}_ci_1986": limits(one.approximate_1986),
        f"loa_{name}_ci_mover": limits(one.mover),
    }


def proportional(line: Line | NotDefined) -> Ours:
    if isinstance(line, NotDefined):
        return {}
    r = math.copysign(math.sqrt(line.r_squared), line.slope.estimate)
    return {**line_figures(line), "resid_sd": line.residual_sd, "r": r}


def on_other_scales(oracle: Oracle) -> Ours:
    columns, ours = oracle["input"]["columns"], {}
    for scale, bias, sd, ci in (
        ("percent", "bias", "sd", "bias_ci"),
        ("log_ratio", "gm_ratio", "sd_log", "ci"),
        ("ratio", "mean", "sd", "bias_ci"),
    ):
        result = bland_altman(columns["x"], columns["y"], level=level_of(oracle), scale=scale)
        assert isinstance(result, BlandAltman)
        figures = {
            bias: result.bias,
            sd: result.sd,
            ci: limits(result.bias_ci),
            "loa_lower": result.lower.value,
            "loa_upper": result.upper.value,
        }
        ours |= under(scale, figures)
    return ours


def checked(checks: BlandAltmanChecks) -> Ours:
    percentiles, signed, blackwood = checks.percentiles, checks.signed_rank, checks.bradley_blackwood
    sloping, spread, shapiro = checks.sloping, checks.heteroscedasticity, checks.shapiro
    assert blackwood is not None
    assert not isinstance(sloping, NotDefined)
    assert not isinstance(shapiro, NotDefined)
    return {
        "bradley_blackwood.F": blackwood.f,
        "bradley_blackwood.df1": blackwood.df1,
        "bradley_blackwood.df2": blackwood.df2,
        "bradley_blackwood.p": blackwood.p,
        "regression_loa.b0": sloping.middle.intercept.estimate,
        "regression_loa.b1": sloping.middle.slope.estimate,
        "regression_loa.c0": sloping.spread.intercept.estimate,
        "regression_loa.c1": sloping.spread.slope.estimate,
        "regression_loa.p_c1": sloping.spread.slope.p,
        "regression_loa.multiplier": sloping.multiplier,
        "hetero_spearman_absd_mean.rho": None if spread is None else spread.coefficient,
        "hetero_spearman_absd_mean.p": None if spread is None else spread.p,
        "nonparam.median": percentiles.median,
        "nonparam.q025_type6": percentiles.lower,
        "nonparam.q975_type6": percentiles.upper,
        "nonparam.q025_type7": percentiles.lower_type7,
        "nonparam.q975_type7": percentiles.upper_type7,
        "shapiro.W": shapiro.w,
        "shapiro.p": shapiro.p,
        "wilcoxon_asymp_correct.V": signed.v,
        "wilcoxon_asymp_correct.p": signed.p,
        "wilcoxon_asymp_nocorrect.V": signed.v,
        "wilcoxon_asymp_nocorrect.p": signed.p_uncorrected,
    }


def adapt_icc(oracle: Oracle) -> Ours:
    result = icc(with_gaps(oracle["input"]["matrix"]), level=level_of(oracle))
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
        "F_raters": squares.f_readers,
        "p_raters": squares.p_readers,
        "var_subject": squares.var_patients,
        "var_rater": squares.var_readers,
        "var_error": squares.var_error,
        "sem_consistency": squares.sem_consistency,
        "sem_agreement": squares.sem_agreement,
        "mdc95_consistency": squares.mdc_consistency,
        "mdc95_agreement": squares.mdc_agreement,
        **under("forms", icc_forms(result)),
    }


def with_gaps(matrix: list[list[float | None]]) -> np.ndarray:
    return np.array([[np.nan if cell is None else cell for cell in row] for row in matrix])


def icc_forms(result: Icc) -> Ours:
    ours: Ours = {}
    names = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")
    for name, form in zip(names, result.forms, strict=True):
        figures = {
            "shrout_fleiss": form.symbol,
            "mcgraw_wong": form.mcgraw_wong,
            "description": form.description,
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


def adapt_icc_reml(oracle: Oracle) -> Ours:
    long = oracle["input"]["long"]
    table = np.full((max(long["id"]), max(long["rater"])), np.nan)
    for patient, reader, value in zip(long["id"], long["rater"], long["value"], strict=True):
        table[patient - 1, reader - 1] = np.nan if value is None else value
    result = icc_reml(table, level=level_of(oracle))
    assert isinstance(result, IccReml)
    return {
        "n_obs": result.n_readings,
        "var_subject": result.var_patients,
        "var_rater": result.var_readers,
        "var_error": result.var_error,
        "icc_agreement": result.agreement.estimate,
        "icc_consistency": result.consistency.estimate,
        "grand_mean": result.mean,
        "reml_criterion": result.deviance,
    }


def by_patient(patients: list[int], values: list[float]) -> np.ndarray:
    """Lay long data out as patients by replicates, in the order given."""
    rows: dict[int, list[float]] = {}
    for patient, value in zip(patients, values, strict=True):
        rows.setdefault(patient, []).append(value)
    widest = max(map(len, rows.values()))
    return np.array([row + [np.nan] * (widest - len(row)) for row in rows.values()])


def adapt_constant_truth(oracle: Oracle) -> Ours:
    long_x, long_y = oracle["input"]["long_x"], oracle["input"]["long_y"]
    assert set(long_x["id"]) == set(long_y["id"])
    result = bland_altman_constant_truth(
        by_patient(long_x["id"], long_x["value"]),
        by_patient(long_y["id"], long_y["value"]),
        level=level_of(oracle),
    )
    assert isinstance(result, ConstantTruth)
    x, y = result.x, result.y
    return {
        "n_subjects": result.n,
        "n_x": x.n,
        "n_y": y.n,
        "mean_x": x.mean,
        "mean_y": y.mean,
        "within_var_x": x.within_variance,
        "within_var_y": y.within_variance,
        "within_sd_x": x.within_sd,
        "within_sd_y": y.within_sd,
        "var_mean_diff": result.var_of_means,
        "coef_x": x.share,
        "coef_y": y.share,
        "var_total": result.sd**2,
        "sd_total": result.sd,
        "bias": result.bias,
        "bias_ci_t": limits(result.bias_ci),
        "loa_lower": result.lower.value,
        "loa_upper": result.upper.value,
        "mover_lower_ci": limits(result.lower.mover),
        "mover_upper_ci": limits(result.upper.mover),
        "repeatability_x": x.repeatability,
        "repeatability_y": y.repeatability,
    }


def adapt_varying_truth(oracle: Oracle) -> Ours:
    columns, level = oracle["input"]["columns"], level_of(oracle)
    result = bland_altman_varying_truth(
        by_patient(columns["id"], columns["x"]), by_patient(columns["id"], columns["y"]), level=level
    )
    naive = bland_altman(columns["x"], columns["y"], level=level)
    assert isinstance(result, VaryingTruth)
    assert isinstance(naive, BlandAltman)
    means, reml = result.by_patient, result.reml
    assert reml is not None
    return {
        "n_subjects": result.n,
        "n_pairs": result.n_pairs,
        "m0": result.pairs_per_patient,
        "MSB": result.ms_between,
        "MSW": result.ms_within,
        "var_between": result.var_between,
        "var_total": result.sd**2,
        "sd_total": result.sd,
        "bias_all_pairs": result.bias,
        "loa_lower": result.lower.value,
        "loa_upper": result.upper.value,
        "bias_subject_means": means.bias,
        "zou.var_mean_diff": means.var_of_means,
        "zou.mh": means.harmonic_mean,
        "zou.var_total": means.sd**2,
        "zou.loa_lower_qnorm": means.lower.value,
        "zou.loa_upper_qnorm": means.upper.value,
        "zou.lower_ci": limits(means.lower.mover),
        "zou.upper_ci": limits(means.upper.mover),
        "naive.sd": naive.sd,
        "naive.loa_lower": naive.lower.value,
        "naive.loa_upper": naive.upper.value,
        "reml.bias": reml.bias,
        "reml.var_subject": reml.var_between,
        "reml.var_resid": reml.var_within,
        "reml.sd_total": reml.sd,
    }


def adapt_lin_ccc(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    result = lin_ccc(columns["x"], columns["y"], level=level_of(oracle))
    assert isinstance(result, Concordance)
    return {
        "n": result.n,
        "ccc": result.estimate,
        "ci_z": limits(result.ci),
        "ci_asymptotic": limits(result.ci_asymptotic),
        "pearson_r": result.precision,
        "C_b": result.accuracy,
        "scale_shift_sdy_over_sdx": result.scale_shift,
        "location_shift": result.location_shift,
    }


def adapt_overall_ccc(oracle: Oracle) -> Ours:
    result = overall_ccc(with_gaps(oracle["input"]["matrix"]))
    assert isinstance(result, OverallConcordance)
    return {
        "occc": result.estimate,
        "precision": result.precision,
        "accuracy": result.accuracy,
        "pairs_ccc": result.of_pairs,
        "pair_order": ",".join(f"({first + 1},{second + 1})" for first, second in result.pairs),
    }


def adapt_kappa(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    result = kappa(columns["a"], columns["b"], (1, 2, 3), level=level_of(oracle))
    assert isinstance(result, Kappa)
    plain, linear, quadratic = (kappa_figures(form) for form in result.forms)
    return {
        "table": result.table.tolist(),
        "agreement_pct": 100.0 * result.agreement,
        **under("unweighted", plain),
        **under("linear", linear),
        **under("quadratic", quadratic),
        "psych_check.kappa": plain["kappa"],
        "psych_check.weighted_quadratic": quadratic["kappa"],
    }


def kappa_figures(form: KappaForm) -> Ours:
    return {
        "kappa": form.estimate,
        "se": form.se,
        "ci": limits(form.ci),
        "se0": form.se_null,
        "z": form.z,
        "p": form.p,
    }


def adapt_within_subject_sd(oracle: Oracle) -> Ours:
    result = repeatability(with_gaps(oracle["input"]["matrix"]), level=level_of(oracle))
    assert isinstance(result, Repeatability)
    logarithmic, spread = result.logarithmic, result.spread
    assert logarithmic is not None
    assert isinstance(spread, RankCorrelation)
    ours = {
        "n_subjects": result.n,
        "n_dropped": result.n_excluded,
        "df": result.df,
        "grand_mean": result.mean,
        "within_var": result.wsd**2,
        "wsd": result.wsd,
        "wsd_ci": limits(result.wsd_ci),
        "rc": result.rc,
        "rc_ci": limits(result.rc_ci),
        "rc_pct": result.rc_percent,
        "wcv_ratio_pct": result.wcv_of_mean,
        "wcv_rms_pct": result.wcv,
        "log.s2_log": logarithmic.variance,
        "log.wcv_exp_pct": logarithmic.wcv_exponential,
        "log.wcv_lognormal_pct": logarithmic.wcv_lognormal,
        "log.rdc_pct_lower": logarithmic.change[0],
        "log.rdc_pct_upper": logarithmic.change[1],
        "kendall_sd_mean.tau": spread.estimate,
        "kendall_sd_mean.p": spread.p,
        # with two readings the SD is their difference by the root of 2, so the ranks are the same
        "kendall_absdiff_mean.tau": spread.estimate,
        "kendall_absdiff_mean.p": spread.p,
    }
    if result.pairs is not None:
        ours["dahlberg"] = result.pairs.dahlberg
        ours["sd_diff"] = result.pairs.sd_of_differences
        ours["sd_diff_over_sqrt2"] = result.pairs.sd_without_bias
    return ours


def exact(size: SampleSize | NotDefined) -> float:
    assert isinstance(size, SampleSize)
    return size.exact


def adapt_sample_size(oracle: Oracle) -> Ours:
    cases, level = oracle["input"]["cases"], level_of(oracle)
    unequal, share, limit = cases["t_two_unequal_power"], cases["se_precision_buderer"], cases["loa"]
    walter, roc, two, r = cases["icc_walter"], cases["roc_single"], cases["two_prop_h"], cases["r"]
    prevalence, half_width = share["prev"], share["abs_halfwidth"]
    anova, chi_square = cases["anova"], cases["chisq"]
    auc = size_for_auc(
        roc["auc"], power=roc["power"], alpha=roc["alpha"], controls_per_case=roc["kappa_controls_per_case"]
    )
    assert isinstance(auc, CasesAndControls)
    return {
        "t_two": exact(size_for_two_means(**cases["t_two"])),
        "t_two_unequal_power": power_of_two_means(unequal["d"], (unequal["n1"], unequal["n2"])),
        "t_paired": exact(size_for_paired_means(**cases["t_paired"])),
        "anova": exact(size_for_anova(anova["f"], anova["k"], power=anova["power"])),
        "r": exact(size_for_correlation(**r)),
        "r_fisher_simple": exact(size_for_correlation_by_z(**r)),
        "two_prop_h": exact(size_for_two_proportions(two["p1"], two["p2"], power=two["power"])),
        "chisq": exact(size_for_chi_square(**chi_square)),
        "se_precision_buderer_se": exact(
            size_for_sensitivity(share["se"], half_width, prevalence=prevalence, level=level)
        ),
        "se_precision_buderer_sp": exact(
            size_for_specificity(share["sp"], half_width, prevalence=prevalence, level=level)
        ),
        **{
            f"icc_bonett_{name}": exact(
                size_for_icc_width(one["rho"], one["width"], readers=one["k"], level=level)
            )
            for name, one in cases["icc_bonett"].items()
        },
        "icc_walter": exact(
            size_for_icc_test(
                walter["rho0"],
                walter["rho1"],
                readers=walter["k"],
                alpha=walter["alpha_one_sided"],
                power=walter["power"],
            )
        ),
        "loa_ci_halfwidth_ba": exact(
            size_for_limits_of_agreement(limit["sd"], limit["halfwidth"], level=level)
        ),
        "roc_single_obuchowski.ncases": auc.exact_cases,
        "roc_single_obuchowski.ncontrols": auc.exact_controls,
    }


ADAPTERS: Mapping[str, Callable[[Oracle], Ours]] = {
    "bland_altman": adapt_bland_altman,
    "bland_altman_repeated_constant_truth": adapt_constant_truth,
    "bland_altman_repeated_varying_truth": adapt_varying_truth,
    "icc": adapt_icc,
    "icc_from_mean_squares": adapt_icc_from_mean_squares,
    "icc_reml": adapt_icc_reml,
    "kappa": adapt_kappa,
    "lin_ccc": adapt_lin_ccc,
    "overall_ccc": adapt_overall_ccc,
    "sample_size": adapt_sample_size,
    "within_subject_sd": adapt_within_subject_sd,
}

"""What the oracles expect and we do not give: analyses to come, figures not reported, differences."""

from __future__ import annotations

from collections.abc import Mapping

PENDING = frozenset(
    {
        "bland_altman_repeated_constant_truth",
        "bland_altman_repeated_varying_truth",
        "compare_correlations",
        "contingency",
        "group_comparison",
        "group_comparison_from_summary",
        "icc_reml",
        "kappa",
        "lin_ccc",
        "mcnemar",
        "mrmc_obuchowski_rockette",
        "overall_ccc",
        "partial_correlation",
        "repeated_measures_correlation",
        "roc_bootstrap",
        "roc_clustered",
        "roc_unpaired",
        "sample_size",
        "shapiro_wilk",
        "two_sample",
        "within_subject_sd",
    }
)
PENDING_REASON = "comes with the full statistics library"

NOT_COVERED: Mapping[str, tuple[str, ...]] = {
    "bland_altman": (
        "mean_x",
        "mean_y",
        "median",
        "note",
        "sd_ci",
        "se_loa_1986",
        "se_loa_1999",
        "loa_lower_qnorm",
        "loa_upper_qnorm",
        "loa_*_ci_1986",
        "loa_*_ci_mover",
        "bradley_blackwood",
        "regression_loa",
        "hetero_spearman_absd_mean",
        "percent",
        "log_ratio",
        "ratio",
        "nonparam",
        "shapiro",
        "wilcoxon_asymp_nocorrect",
        "wilcoxon_asymp_correct",
    ),
    "combined_logistic": (
        "or_ci_profile",
        "aic",
        "bic",
        "cox_snell",
        "nagelkerke",
        "mcfadden",
        "vif",
        "brier",
        "brier_scaled",
        "hosmer_lemeshow",
        "loocv",
        "kfold",
        "harrell_optimism.auc_boot_*",
    ),
    "correlation": ("spearman", "kendall", "has_ties"),
    "icc": (
        "F_raters",
        "p_raters",
        "var_*",
        "forms.*.description",
        "sem_*",
        "mdc95_*",
        "irr_ICCAk_ci_variant",
        "max_rel_diff_vs_psych",
    ),
    "logistic_separation": ("ml_max_abs_se", "firth"),
    "roc": (
        "pROC_auto_direction",
        "delong.ci_untruncated",
        "delong.ci_logit",
        "hanley_mcneil.ci_untruncated",
        "null_se",
        "binomial_exact_ci_totalN",
        "curve_pROC.threshold",
        "youden.thresholds_pROC",
        "at_youden_first.dor",
        "closest_topleft",
        "interp_at_fixed_specificity",
        "partial_auc",
    ),
    "simple_regression": ("adj_r2", "F", "df1", "p_F"),
}
"""What an oracle expects beyond our results; the same reason as ``PENDING``. A name covers all below it."""

DIFFERS: Mapping[tuple[str, str], str] = {
    ("icc_negative", "forms.ICC2k.lower"): "the limits cross (5.39 to 0.25), which is no interval",
    ("icc_negative", "forms.ICC2k.upper"): "the limits cross (5.39 to 0.25), which is no interval",
    (
        "cor_perfect_negative",
        "pearson.t",
    ): "a line up to rounding: t is infinite, R prints its rounding error",
    ("roc_perfect", "delong.p_vs_half"): "the standard error is 0, so there is no test",
    ("roc_perfect", "hanley_mcneil.p_vs_half"): "the standard error is 0, so there is no test",
    ("roc_worst", "delong.p_vs_half"): "the standard error is 0, so there is no test",
    ("roc_worst", "hanley_mcneil.p_vs_half"): "the standard error is 0, so there is no test",
}
"""Figures R prints and we call not defined (ours is None), with the reason."""

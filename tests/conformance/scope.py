"""What the oracles expect and we do not give: analyses to come, figures not reported, differences."""

from __future__ import annotations

from collections.abc import Mapping

PENDING: frozenset[str] = frozenset()
PENDING_REASON = "comes with the full statistics library"

NOT_COVERED: Mapping[str, tuple[str, ...]] = {
    # the oracle's own remark, no figure
    "bland_altman": ("note",),
    # the oracle's own remark, no figure
    "combined_logistic": ("hosmer_lemeshow.note",),
    # the conditional odds ratio of Fisher's test and Yates's correction are not asked for
    "contingency": ("fisher.or_conditional", "fisher.or_ci", "fisher.or_source", "yates"),
    "group_comparison": (
        # tests that are not asked for
        "bartlett",
        "pairs.*.p_scheffe",
        "pairs.*.conover",
        "p_adjusted_*.BH",
        "linear_contrast",
        "jonckheere",
        # R's own integration, less exact than the p beside it that we give
        "pairs.*.tukey.p_R_TukeyHSD",
        "pairs.*.games_howell.p_R_ptukey",
    ),
    # a check of the oracle itself
    "group_comparison_from_summary": ("crosscheck_reconstructed_rel_err",),
    # the limits of ICC(A,k) by another convention than SPSS's, and a check of the oracle itself
    "icc": ("irr_ICCAk_ci_variant", "max_rel_diff_vs_psych"),
    # where R's climb happened to stop on its way to infinity
    "logistic_separation": ("ml_max_abs_se",),
}
"""What an oracle expects beyond our results; the same reason as ``PENDING``. A name covers all below it."""

ELSEWHERE: Mapping[str, str] = {
    "combined_logistic": "R 4.2.2 (glm; pROC 1.18.0, car 3.1.1), elsewhere: data of another licence",
    "roc_bootstrap": "R 4.2.2 (pROC 1.18.0), elsewhere: data of another licence",
    "roc_paired_delong": "R 4.2.2 (pROC 1.18.0), elsewhere: data of another licence",
    "roc_unpaired": "R 4.2.2 (pROC 1.18.0), elsewhere: data of another licence",
}
"""Analyses without an oracle in the project's own folder, and who computed those that are read in place."""

DIFFERS: Mapping[tuple[str, str], str] = {
    ("icc_negative", "forms.ICC2k.lower"): "the limits cross (5.39 to 0.25), which is no interval",
    ("icc_negative", "forms.ICC2k.upper"): "the limits cross (5.39 to 0.25), which is no interval",
    (
        "cor_perfect_negative",
        "pearson.t",
    ): "a line up to rounding: t is infinite, R prints its rounding error",
    **{
        ("cor_perfect_negative", name): "a perfect order has no interval; R prints its rounding error"
        for name in (
            "spearman.ci_fisher",
            "spearman.ci_bonett_wright",
            "spearman.ci_fieller",
            "kendall.ci_fieller",
        )
    },
    **{
        ("cor_n2", name): "two patients always stand in a perfect order, which is no finding"
        for name in ("spearman.rho", "spearman.p_exact", "kendall.tau_b", "kendall.p_exact")
    },
    ("roc_perfect", "delong.p_vs_half"): "the standard error is 0, so there is no test",
    ("roc_perfect", "hanley_mcneil.p_vs_half"): "the standard error is 0, so there is no test",
    ("roc_worst", "delong.p_vs_half"): "the standard error is 0, so there is no test",
    ("roc_worst", "hanley_mcneil.p_vs_half"): "the standard error is 0, so there is no test",
    **{
        (oracle, f"closest_topleft.{name}"): "no cut-off is nearer than the ends of the curve, which are none"
        for oracle in ("roc_constant_marker", "roc_worst")
        for name in ("sensitivity", "specificity")
    },
}
"""Figures R prints and we call not defined (ours is None), with the reason."""

"""The adapters of groups: from raw values, from summaries, from tables of counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

# the neighbour figures.py, which test_oracles.py has loaded under this name
from conformance_figures import Oracle, Ours, level_of, limits, under

from app.stats.contingency import Chi2, Contingency, McNemar, contingency, mcnemar
from app.stats.groups import GroupComparison, GroupDescription, Kruskal, compare_groups
from app.stats.groups_summary import (
    Anova,
    FTest,
    Summary,
    SummaryComparison,
    anova,
    compare_summaries,
)
from app.stats.normality import ShapiroWilk, shapiro_wilk
from app.stats.pairwise import Adjustment, Pair, Pairwise, adjust_p, dunn, games_howell, pairwise_t, tukey
from app.stats.result import NotDefined
from app.stats.two_sample import MannWhitney, TTest, TwoSample, two_sample

ADJUSTMENTS: tuple[Adjustment, ...] = ("bonferroni", "holm", "sidak")


def adapt_shapiro_wilk(oracle: Oracle) -> Ours:
    ours: Ours = {}
    for name, values in oracle["input"].items():
        ours.update(under(name, shapiro_figures(shapiro_wilk(values))))
    return ours


def shapiro_figures(found: ShapiroWilk | NotDefined) -> Ours:
    if isinstance(found, NotDefined):
        return {"error": found}
    return {"n": found.n, "W": found.w, "p": found.p}


def adapt_group_comparison(oracle: Oracle) -> Ours:
    columns, level = oracle["input"]["columns"], level_of(oracle)
    found = compare_groups(columns["value"], columns["group"])
    other = compare_groups(columns["value"], columns["group"], quartile_type=7)
    assert isinstance(found, GroupComparison)
    assert isinstance(other, GroupComparison)
    ours: Ours = {
        "k": len(found.groups),
        "N": found.n,
        **under("anova", anova_figures(found.anova)),
        **under("levene_mean", f_figures(found.levene_mean, found)),
        **under("levene_median", f_figures(found.levene_median, found)),
        **under("welch", f_figures(found.welch, found)),
        **under("brown_forsythe_means", f_figures(found.brown_forsythe, found)),
        **under("shapiro_residuals", shapiro_figures(found.residuals)),
        **under("kruskal", kruskal_figures(found.kruskal)),
        **pair_figures(found, level),
        **pair_figures_of_ranks(columns["value"], columns["group"]),
    }
    for place, (one, quartiles) in enumerate(zip(found.groups, other.groups, strict=True)):
        ours |= under(f"descriptives.{place}", description_figures(one, quartiles, level))
    ours["pair_order"] = [f"{one.first}|{one.second}" for one in done(pairwise_t(found.centred)).pairs]
    return ours


def description_figures(one: GroupDescription, other: GroupDescription, level: float) -> Ours:
    told = one.description
    return {
        "group": one.label,
        "n": told.n,
        "mean": told.mean,
        "sd": told.sd,
        "se": told.se,
        "ci": limits(told.mean_ci(level)),
        "median": told.median,
        "q1_type6": told.q1,
        "q3_type6": told.q3,
        "q1_type7": other.description.q1,
        "q3_type7": other.description.q3,
        "min": told.minimum,
        "max": told.maximum,
        **under("shapiro", shapiro_figures(one.shapiro)),
    }


def anova_figures(found: Anova | NotDefined) -> Ours:
    assert isinstance(found, Anova)
    return {
        "ss_between": found.ss_between,
        "ss_within": found.ss_within,
        "df1": found.test.df1,
        "df2": found.test.df2,
        "ms_between": found.ms_between,
        "ms_within": found.ms_within,
        "F": found.test.f,
        "p": found.test.p,
        "eta2": found.eta_squared,
        "r2": found.eta_squared,
        "omega2": found.omega_squared,
        "resid_sd": found.residual_sd,
    }


def f_figures(test: FTest | NotDefined, found: GroupComparison | SummaryComparison) -> Ours:
    if isinstance(test, NotDefined):
        return {"F": None, "df1": len(found.groups) - 1, "df2": None, "p": None}
    return {"F": test.f, "df1": test.df1, "df2": test.df2, "p": test.p}


def kruskal_figures(found: Kruskal | NotDefined) -> Ours:
    assert isinstance(found, Kruskal)
    return {"H": found.h, "df": found.df, "p": found.p, "eta2_H": found.eta_squared}


def done(found: Pairwise | NotDefined) -> Pairwise:
    assert isinstance(found, Pairwise)
    return found


def pair_figures(found: GroupComparison, level: float) -> Ours:
    groups = found.centred
    alone = done(pairwise_t(groups, adjustment="none", level=level))
    together = done(pairwise_t(groups, adjustment="bonferroni", level=level))
    welch = done(pairwise_t(groups, adjustment="none", equal_variances=False, level=level))
    honest, howell = done(tukey(groups, level=level)), done(games_howell(groups, level=level))
    ours: Ours = {}
    for place, one in enumerate(alone.pairs):
        figures: Ours = {
            "a": one.first,
            "b": one.second,
            "diff_b_minus_a": one.difference,
            "se_pooled": one.se,
            "t_pooled": one.statistic,
            "df": one.df,
            "p_lsd": one.p,
            "ci_lsd": limits(one.ci),
            "ci_bonferroni": limits(together.pairs[place].ci),
            **under("tukey", range_figures(honest.pairs[place])),
            **under("games_howell", range_figures(howell.pairs[place])),
            **under("welch_t", t_figures(welch.pairs[place])),
        }
        ours |= under(f"pairs.{place}", figures)
    ours |= adjusted("p_adjusted_pooled_t", [one.p for one in alone.pairs])
    return ours | adjusted("p_adjusted_welch_t", [one.p for one in welch.pairs])


def range_figures(one: Pair) -> Ours:
    return {"se": one.se, "q": one.statistic, "df": one.df, "p": one.p, "ci": limits(one.ci)}


def t_figures(one: Pair) -> Ours:
    return {"t": one.statistic, "df": one.df, "p": one.p}


def adjusted(name: str, p: Sequence[float | None]) -> Ours:
    return under(name, {method: adjust_p(p, method) for method in ADJUSTMENTS})


def pair_figures_of_ranks(values: Sequence[float | None], groups: Sequence[str]) -> Ours:
    ranked = done(dunn(values, groups, adjustment="none"))
    ours, p = adjusted("p_adjusted_dunn", [one.p for one in ranked.pairs]), []
    for place, one in enumerate(ranked.pairs):
        first, second = (
            [value for value, group in zip(values, groups, strict=True) if group == label]
            for label in (one.first, one.second)
        )
        two = two_sample(second, first)
        assert isinstance(two, TwoSample)
        assert isinstance(two.mann_whitney, MannWhitney)
        p.append(two.mann_whitney.p)
        figures = {
            **under("dunn", {"z": one.statistic, "p": one.p}),
            **under("mannwhitney_asymp_nocorrect", {"W_b": two.mann_whitney.u, "p": p[-1]}),
        }
        ours |= under(f"pairs.{place}", figures)
    return ours | adjusted("p_adjusted_mannwhitney", p)


def adapt_group_comparison_from_summary(oracle: Oracle) -> Ours:
    given = oracle["input"]
    groups = [
        Summary(*one) for one in zip(given["labels"], given["n"], given["mean"], given["sd"], strict=True)
    ]
    found = compare_summaries(groups)
    assert isinstance(found, SummaryComparison)
    alone, honest = done(pairwise_t(groups, adjustment="none")), done(tukey(groups))
    welch = done(pairwise_t(groups, adjustment="none", equal_variances=False))
    howell = done(games_howell(groups))
    ours: Ours = {
        "N": found.n,
        "grand_mean": found.mean,
        "total_sd_implied": found.sd,
        **under("anova", anova_figures(anova(groups))),
        **under("welch", f_figures(found.welch, found)),
        **under("brown_forsythe_means", f_figures(found.brown_forsythe, found)),
        **adjusted("p_adjusted_pooled_t", [one.p for one in alone.pairs]),
    }
    for place, one in enumerate(alone.pairs):
        figures = {
            "a": one.first,
            "b": one.second,
            "diff_b_minus_a": one.difference,
            "se_pooled": one.se,
            "t_pooled": one.statistic,
            "p_lsd": one.p,
            "p_tukey": honest.pairs[place].p,
            "p_games_howell": howell.pairs[place].p,
            "games_howell_df": howell.pairs[place].df,
            "welch_t": welch.pairs[place].statistic,
            "p_welch": welch.pairs[place].p,
        }
        ours |= under(f"pairs.{place}", figures)
    return ours


def adapt_contingency(oracle: Oracle) -> Ours:
    found = contingency(oracle["input"]["table"], level=level_of(oracle))
    assert isinstance(found, Contingency)
    ours: Ours = {
        "N": found.n,
        "expected": found.expected.tolist(),
        "min_expected": found.expected.min(),
        **under("pearson", chi2_figures(found.pearson)),
        "cramers_v": found.cramers_v,
        "likelihood_ratio.G2": found.likelihood_ratio.x2,
        "likelihood_ratio.df": found.likelihood_ratio.df,
        "likelihood_ratio.p": found.likelihood_ratio.p,
        "fisher.p": found.fisher_p,
        **under("linear_by_linear", chi2_figures(found.linear)),
    }
    if found.n_minus_one is not None:
        ours |= under("adjusted_N_minus_1", chi2_figures(found.n_minus_one))
    if found.odds_ratio is not None:
        ours |= under("or_woolf", {"or": found.odds_ratio.value, "ci": limits(found.odds_ratio.ci)})
    return ours


def chi2_figures(test: Chi2) -> Ours:
    return {"X2": test.x2, "df": test.df, "p": test.p}


def adapt_mcnemar(oracle: Oracle) -> Ours:
    ours: Ours = {}
    for place, (b, c) in enumerate(oracle["input"]["bc"]):
        found = mcnemar(b, c)
        assert isinstance(found, McNemar)
        figures = {
            "b": found.b,
            "c": found.c,
            "X2": found.x2,
            "p": found.p,
            "X2_corrected": found.x2_corrected,
            "p_corrected": found.p_corrected,
            "p_exact": found.p_exact,
        }
        ours |= under(str(place), figures)
    return ours


def adapt_two_sample(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"] if "columns" in oracle["input"] else oracle["input"]
    found = two_sample(columns["x"], columns["y"], level=level_of(oracle))
    assert isinstance(found, TwoSample)
    assert isinstance(found.variance_ratio, FTest)
    assert isinstance(found.mann_whitney, MannWhitney)
    ratio = found.variance_ratio
    return {
        "n1": found.first.n,
        "n2": found.second.n,
        "mean1": found.first.mean,
        "mean2": found.second.mean,
        "sd1": found.first.sd,
        "sd2": found.second.sd,
        **under("student", t_test_figures(found.student)),
        **under("welch", t_test_figures(found.welch)),
        "f_test.F": ratio.f,
        "f_test.df1": ratio.df1,
        "f_test.df2": ratio.df2,
        "f_test.p": ratio.p,
        "f_test.ci": limits(found.variance_ratio_ci),
        "cohen_d": found.cohen_d,
        "hedges_g": found.hedges_g,
        "mannwhitney.U1": found.mann_whitney.u,
        "mannwhitney.p_asymp_nocorrect": found.mann_whitney.p,
        "mannwhitney.p_asymp_correct": found.mann_whitney.p_corrected,
        "mannwhitney.p_exact": found.mann_whitney.p_exact,
    }


def t_test_figures(one: TTest | NotDefined) -> Ours:
    assert isinstance(one, TTest)
    return {"t": one.t, "df": one.df, "p": one.p, "diff": one.difference, "ci": limits(one.ci)}


ADAPTERS: Mapping[str, Callable[[Oracle], Ours]] = {
    "contingency": adapt_contingency,
    "group_comparison": adapt_group_comparison,
    "group_comparison_from_summary": adapt_group_comparison_from_summary,
    "mcnemar": adapt_mcnemar,
    "shapiro_wilk": adapt_shapiro_wilk,
    "two_sample": adapt_two_sample,
}

"""The adapters of correlation: of values and ranks, partial, repeated and compared, and the straight line."""

from __future__ import annotations

from collections.abc import Callable, Mapping

# the neighbour figures.py, which test_oracles.py has loaded under this name
from conformance_figures import Oracle, Ours, level_of, limits, line_figures, under

from app.stats.compare_correlations import CorrelationComparison, compare_dependent, compare_independent
from app.stats.correlation import Pearson, correlation_from_r, pearson
from app.stats.partial import PartialCorrelation, PartialKind, partial_correlation
from app.stats.rank_correlation import BONETT, FIELLER_RHO, FISHER, RankCorrelation, kendall, spearman
from app.stats.regression import Line, fit_line
from app.stats.result import NotDefined
from app.stats.rmcorr import RepeatedCorrelation, repeated_correlation

KINDS: tuple[PartialKind, ...] = ("pearson", "spearman", "kendall")


def adapt_correlation(oracle: Oracle) -> Ours:
    columns, level = oracle["input"]["columns"], level_of(oracle)
    x, y = columns["x"], columns["y"]
    result = pearson(x, y, level=level)
    ranks = spearman(x, y, level=level), kendall(x, y, level=level)
    if isinstance(result, NotDefined):
        n, n_excluded = result.values["n"], result.values["n_excluded"]
        undefined = dict.fromkeys(("r", "r2", "t", "p", "ci"))
        assert isinstance(n, int)
        assert all(isinstance(one, NotDefined) for one in ranks)
        return {
            "n": n,
            "n_excluded": n_excluded,
            "has_ties": result.code == "correlation.constant",
            **under("pearson", {**undefined, "df": n - 2, "error": result}),
            **under("spearman", dict.fromkeys(rho_figures(None))),
            **under("kendall", dict.fromkeys(tau_figures(None))),
        }
    rho, tau = ranks
    assert isinstance(rho, RankCorrelation)
    assert isinstance(tau, RankCorrelation)
    return {
        "n": result.n,
        "n_excluded": result.n_excluded,
        "has_ties": rho.has_ties,
        **under("pearson", pearson_figures(result)),
        **under("spearman", rho_figures(rho)),
        **under("kendall", tau_figures(tau)),
    }


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


def rho_figures(one: RankCorrelation | None) -> Ours:
    intervals = {} if one is None else {interval.method: interval for interval in one.intervals}
    return {
        "rho": one and one.estimate,
        "p_t_approx": one and one.p,
        "p_exact": one and one.p_exact,
        "ci_fisher": limits(intervals.get(FISHER)),
        "ci_bonett_wright": limits(intervals.get(BONETT)),
        "ci_fieller": limits(intervals.get(FIELLER_RHO)),
    }


def tau_figures(one: RankCorrelation | None) -> Ours:
    return {
        "tau_b": one and one.estimate,
        "z": one and one.statistic,
        "p_asymptotic": one and one.p,
        "p_exact": one and one.p_exact,
        "ci_fieller": one and limits(one.ci),
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
    ours = {
        "n": line.n,
        **line_figures(line),
        "resid_sd": line.residual_sd,
        "r2": line.r_squared,
        "adj_r2": line.adjusted_r_squared,
        "F": line.f,
        "df1": 1,
        "df2": line.n - 2,
        "p_F": line.p,
    }
    if "grid" in oracle["input"]:
        grid = oracle["input"]["grid"]
        ours |= {"grid": grid, "fit": line.at(grid)}
        ours["conf_lower"], ours["conf_upper"] = line.confidence_band(grid)
        ours["pred_lower"], ours["pred_upper"] = line.prediction_band(grid)
    return ours


def adapt_compare_correlations(oracle: Oracle) -> Ours:
    alone, together = oracle["input"]["cases"]
    independent = compare_independent(alone["r1"], alone["n1"], alone["r2"], alone["n2"])
    dependent = compare_dependent(together["r_jk"], together["r_jh"], together["r_kh"], together["n"])
    assert isinstance(independent, CorrelationComparison)
    assert isinstance(dependent, CorrelationComparison)
    williams = {"t": dependent.statistic, "df": dependent.df, "p": dependent.p}
    return {
        **under("independent", {"z": independent.statistic, "p": independent.p}),
        **under("dependent_williams", williams),
    }


def adapt_partial_correlation(oracle: Oracle) -> Ours:
    columns = dict(oracle["input"]["columns"])
    x, y = columns.pop("x"), columns.pop("y")
    ours: Ours = {}
    for kind in KINDS:
        found = partial_correlation(
            x, y, list(columns.values()), list(columns), kind=kind, level=level_of(oracle)
        )
        assert isinstance(found, PartialCorrelation)
        figures = {
            "estimate": found.estimate,
            "statistic": found.statistic,
            "p": found.p,
            "df": found.df,
            "ci_fisher": limits(found.ci),
        }
        ours |= {"n": found.n, "n_controls": len(found.controls), **under(kind, figures)}
    return ours


def adapt_repeated_measures_correlation(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    found = repeated_correlation(columns["x"], columns["y"], columns["id"], level=level_of(oracle))
    assert isinstance(found, RepeatedCorrelation)
    return {
        "n_subjects": found.n_subjects,
        "n_obs": found.n,
        "slope": found.slope,
        "r_rm": found.coefficient.r,
        "df": found.coefficient.df,
        "F": found.f,
        "p": found.coefficient.p,
        "naive_pearson": found.pooled,
        "between_subject_pearson": found.between,
    }


ADAPTERS: Mapping[str, Callable[[Oracle], Ours]] = {
    "compare_correlations": adapt_compare_correlations,
    "correlation": adapt_correlation,
    "correlation_from_r_n": adapt_correlation_from_r_n,
    "partial_correlation": adapt_partial_correlation,
    "repeated_measures_correlation": adapt_repeated_measures_correlation,
    "simple_regression": adapt_simple_regression,
}

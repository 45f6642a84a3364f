"""The adapters of logistic models, and of several readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

# the neighbour figures.py, which test_oracles.py has loaded under this name
from conformance_figures import Oracle, Ours, level_of, under

from app.stats.calibration import Calibration
from app.stats.combined import LogisticModel, logistic
from app.stats.cross_validation import CrossValidation, cross_validated, leave_one_out
from app.stats.firth import FirthModel, firth
from app.stats.model_fit import HosmerLemeshow, fit_indices, hosmer_lemeshow, variance_inflation
from app.stats.mrmc import Mrmc, mrmc
from app.stats.mrmc_tests import Equality, Estimate, MrmcTests
from app.stats.optimism import Optimism, optimism_of_draws, resampled
from app.stats.profile_likelihood import profile_drop
from app.stats.result import NotDefined
from app.stats.roc import Roc, roc


def adapt_combined_logistic(oracle: Oracle) -> Ours:
    columns = dict(oracle["input"]["columns"])
    label = columns.pop("label")
    model = logistic(list(columns.values()), list(columns), label, level=level_of(oracle))
    assert isinstance(model, LogisticModel)
    assert model.roc.delong is not None
    return {
        **coefficients(model),
        **indices(model),
        "n": model.n,
        "n_events": model.n_events,
        "loglik": model.log_likelihood,
        "neg2ll": -2.0 * model.log_likelihood,
        "null_neg2ll": -2.0 * model.null_log_likelihood,
        "lr_chi2": model.likelihood_ratio,
        "lr_df": len(model.names),
        "lr_p": model.likelihood_ratio_p,
        "fitted": model.probabilities,
        "auc_apparent": model.roc.auc,
        "auc_apparent_delong_se": model.roc.delong.se,
        **under("loocv", left_out(leave_one_out(model))),
        **under("kfold", left_out(cross_validated(model, oracle["input"]["folds"]))),
        **under("harrell_optimism", optimism(oracle, model)),
    }


def coefficients(model: LogisticModel) -> Ours:
    found = model.coefficients
    intervals = [one.odds_ratio_ci for one in found]
    profiles = np.exp([limits_as_r_reads_them(model, position) for position in range(len(found))])
    return {
        "terms": ["(Intercept)", *model.names],
        "coef": [one.estimate for one in found],
        "se": [one.se for one in found],
        "z": [one.z for one in found],
        "wald": [one.z**2 for one in found],
        "p": [one.p for one in found],
        "or": [one.odds_ratio for one in found],
        "or_ci_wald_lower": [one.low for one in intervals if one is not None],
        "or_ci_wald_upper": [one.high for one in intervals if one is not None],
        "or_ci_profile.lower": profiles[:, 0],
        "or_ci_profile.upper": profiles[:, 1],
    }


def limits_as_r_reads_them(model: LogisticModel, position: int) -> list[float]:
    """Read the limits off our profile as R does: at half standard errors, by a spline and straight lines.

    That is right to three digits only, so the oracle checks the profile. That our own limits solve its
    equation is tested in tests/stats/test_profile_likelihood.py.
    """
    quantile, furthest = 1.959963984540054, 2.497705474412374  # of 0.975, and of 1 - 0.0125 / 2
    one = model.coefficients[position]
    points = [(0.0, one.estimate)]
    for side in (-1.0, 1.0):
        for number in range(1, 11):
            place = one.estimate + side * number * furthest / 5.0 * one.se
            points.append((side * float(np.sqrt(profile_drop(model, position, [place])[0])), place))
            if abs(points[-1][0]) >= furthest:
                break
    roots, places = np.array(sorted(points, key=lambda point: point[1])).T
    grid = np.linspace(places[0], places[-1], 3 * places.size)
    found: list[float] = np.interp([-quantile, quantile], r_spline(places, roots, grid), grid).tolist()
    return found


def r_spline(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """A cubic spline whose third derivative at each end is that of the cubic through the last four points."""
    width, slope = np.diff(x), np.diff(y) / np.diff(x)
    equations, right = np.zeros((x.size, x.size)), np.zeros(x.size)
    for i in range(1, x.size - 1):
        equations[i, i - 1 : i + 2] = width[i - 1], 2.0 * (width[i - 1] + width[i]), width[i]
        right[i] = slope[i] - slope[i - 1]
    for row, i, four in ((0, 0, slice(0, 4)), (-1, x.size - 2, slice(-4, None))):
        equations[row, i : i + 2] = -1.0 / width[i], 1.0 / width[i]
        right[row] = np.polyfit(x[four] - x[four].mean(), y[four], 3)[0]
    bend = np.linalg.solve(equations, right)
    piece = np.clip(np.searchsorted(x, at, side="right") - 1, 0, x.size - 2)
    run, gap = at - x[piece], width[piece]
    first = slope[piece] - gap * (bend[piece + 1] + 2.0 * bend[piece])
    third = (bend[piece + 1] - bend[piece]) / gap
    return np.asarray(y[piece] + run * (first + run * (3.0 * bend[piece] + run * third)))


def indices(model: LogisticModel) -> Ours:
    found, groups = fit_indices(model), hosmer_lemeshow(model)
    assert isinstance(groups, HosmerLemeshow)
    names = ("aic", "bic", "cox_snell", "nagelkerke", "mcfadden", "brier", "brier_scaled")
    return {
        **{name: getattr(found, name) for name in names},
        **under("vif", dict(variance_inflation(model))),
        "hosmer_lemeshow.X2": groups.chi2,
        "hosmer_lemeshow.groups": groups.groups,
        "hosmer_lemeshow.df": groups.df,
        "hosmer_lemeshow.p": groups.p,
    }


def left_out(found: CrossValidation | NotDefined) -> Ours:
    assert isinstance(found, CrossValidation)
    calibrated = found.calibration
    assert isinstance(calibrated, Calibration)
    return {
        "pred": found.probabilities,
        "auc_pooled": found.auc_pooled,
        "auc_per_fold": found.auc_per_fold,
        "auc_mean_fold": found.auc_mean,
        "brier": found.brier,
        "calibration.intercept_with_slope": calibrated.intercept,
        "calibration.slope": calibrated.slope,
        "calibration.calibration_in_the_large": calibrated.in_the_large,
    }


def optimism(oracle: Oracle, model: LogisticModel) -> Ours:
    draws = np.asarray(oracle["input"]["boot_index_1based"]) - 1
    columns = dict(oracle["input"]["columns"])
    label = columns.pop("label")
    corrected = optimism_of_draws(list(columns.values()), label, draws)
    assert isinstance(corrected, Optimism)
    areas = resampled(model, draws)
    return {
        "auc_boot_apparent": areas.own,
        "auc_boot_test": areas.whole,
        "optimism": corrected.optimism,
        "auc_corrected": corrected.auc_corrected,
    }


def adapt_logistic_separation(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    model = logistic([columns["x"]], ["x"], columns["label"], level=level_of(oracle))
    penalised = firth([columns["x"]], ["x"], columns["label"], level=level_of(oracle))
    assert isinstance(penalised, FirthModel)
    curve = roc(columns["x"], columns["label"], direction="higher")
    assert isinstance(curve, Roc)
    refused = isinstance(model, NotDefined)
    return {
        "ml_converges": not refused,
        "must_warn": refused,
        "auc": curve.auc,
        "firth.coef": [one.estimate for one in penalised.coefficients],
        "firth.se": [one.se for one in penalised.coefficients],
        "firth.fitted": penalised.probabilities,
    }


def adapt_mrmc(oracle: Oracle) -> Ours:
    columns = oracle["input"]["columns"]
    result = crossed(columns, "jackknife" if "jackknife" in oracle["id"] else "delong", level_of(oracle))
    found = result.components
    readers, treatments = len(result.readers), len(result.treatments)
    components = {
        "Estimate": [
            found.reader_variance,
            found.interaction_variance,
            found.error,
            found.cov1,
            found.cov2,
            found.cov3,
        ],
        "Correlation": [None] * 3
        + [cov / found.error for cov in (found.cov1, found.cov2, found.cov3) if cov],
    }
    return {
        "auc.treatment": np.repeat(result.treatments, readers).tolist(),
        "auc.reader": list(result.readers) * treatments,
        "auc.auc": result.areas.ravel(),
        "anova_ms": [found.ms_treatment, found.ms_reader, found.ms_interaction],
        "anova_rows": ["treatment", "reader", "treatment:reader"],
        **under("RRRC", {**under("vcov_comps", components), **random_both(result)}),
        **under("FRRC", {**under("vcov_comps", components), **fixed_readers(result)}),
        **under("RRFC", {"vcov_comps": None, **fixed_cases(result)}),
    }


def crossed(columns: Mapping[str, Sequence[float]], method: str, level: float) -> Mrmc:
    cases = {case: place for place, case in enumerate(dict.fromkeys(columns["case"]))}
    label = np.full(len(cases), np.nan)
    ratings: dict[tuple[str, str], np.ndarray] = {}
    for treatment, reader, case, truth, rating in zip(
        *(columns[name] for name in ("treatment", "reader", "case", "truth", "rating")), strict=True
    ):
        column = ratings.setdefault((str(treatment), str(reader)), np.full(len(cases), np.nan))
        column[cases[case]], label[cases[case]] = rating, truth
    result = mrmc(ratings, label, method="jackknife" if method == "jackknife" else "delong", level=level)
    assert isinstance(result, Mrmc)
    return result


def random_both(result: Mrmc) -> Ours:
    found = result.components
    return {
        **equality(result.random_both, "F", found.ms_treatment),
        "test_equality.MS(T:R)": [found.ms_interaction],
        "test_equality.Cov2": [found.cov2],
        "test_equality.Cov3": [found.cov3],
        **tests(result.random_both, "t"),
        "test_means.MS(R)": found.ms_reader_each,
        "test_means.Cov2": found.cov2_each,
        "reader_test_diffs": None,
    }


def fixed_readers(result: Mrmc) -> Ours:
    found = result.components
    by_reader = result.fixed_readers.by_reader
    return {
        **equality(result.fixed_readers, "X2", found.ms_treatment),
        "test_equality.Cov1": [found.cov1],
        "test_equality.Cov2": [found.cov2],
        "test_equality.Cov3": [found.cov3],
        **tests(result.fixed_readers, "z"),
        "test_means.Var(Error)": found.error_each,
        "test_means.Cov2": found.cov2_each,
        "reader_test_diffs.Reader": [one.name[0] for one in by_reader],
        "reader_test_diffs.Comparison": [" - ".join(one.name[1:]) for one in by_reader],
        **under("reader_test_diffs", dict(estimates(by_reader, "z"))),
    }


def fixed_cases(result: Mrmc) -> Ours:
    found = result.components
    return {
        **equality(result.fixed_cases, "F", found.ms_treatment),
        "test_equality.MS(T:R)": [found.ms_interaction],
        **tests(result.fixed_cases, "t"),
        "test_means.MS(R)": found.ms_reader_each,
        "reader_test_diffs": None,
    }


def equality(found: MrmcTests, statistic: str, ms_treatment: float | None) -> Ours:
    test = found.equality
    assert isinstance(test, Equality)
    return {
        "test_equality.MS(T)": [ms_treatment],
        "test_equality.Denominator": [test.denominator],
        f"test_equality.{statistic}": [test.statistic],
        "test_equality.df": [test.df1],
        "test_equality.df1": [test.df1],
        "test_equality.df2": [test.df2],
        "test_equality.p-value": [test.p],
    }


def tests(found: MrmcTests, statistic: str) -> Ours:
    return {
        "test_diffs.Comparison": [" - ".join(one.name) for one in found.differences],
        **under("test_diffs", dict(estimates(found.differences, statistic))),
        **under("test_means", dict(estimates(found.means, statistic))),
    }


def estimates(found: Sequence[Estimate], statistic: str) -> Iterator[tuple[str, list[float | None]]]:
    yield "Estimate", [one.value for one in found]
    yield "StdErr", [one.se for one in found]
    yield "df", [one.df for one in found]
    yield "CI_lower", [one.ci.low for one in found]
    yield "CI_upper", [one.ci.high for one in found]
    yield statistic, [one.statistic for one in found]
    yield "p-value", [one.p for one in found]


ADAPTERS: Mapping[str, Callable[[Oracle], Ours]] = {
    "combined_logistic": adapt_combined_logistic,
    "logistic_separation": adapt_logistic_separation,
    "mrmc_obuchowski_rockette": adapt_mrmc,
}

"""The sentences of rank, partial, repeated and compared correlations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from app.stats.compare_correlations import CorrelationComparison
from app.stats.formatting import number, p_value
from app.stats.partial import PartialCorrelation
from app.stats.rank_correlation import RankCorrelation
from app.stats.result import Value
from app.stats.rmcorr import RepeatedCorrelation
from app.stats.saying import Said, Sayers, interval_values, with_interval

CATALOGUE: Mapping[str, str] = MappingProxyType(
    {
        "spearman": "The Spearman rank correlation of {x} with {y} was rho = {estimate} ({level} CI {low} to {high} by {method}, p {p}, n = {n}).",
        "spearman.no_interval": "The Spearman rank correlation of {x} with {y} was rho = {estimate} (p {p}, n = {n}); its confidence interval is not defined.",
        "kendall": "The Kendall rank correlation of {x} with {y} was tau-b = {estimate} ({level} CI {low} to {high} by {method}, p {p}, n = {n}).",
        "kendall.no_interval": "The Kendall rank correlation of {x} with {y} was tau-b = {estimate} (p {p}, n = {n}); its confidence interval is not defined.",
        "rank_correlation.exact": "Both columns put the patients in one order or its reverse (coefficient {estimate}): no confidence interval is defined.",
        "rank_correlation.no_interval": "The confidence interval of this rank correlation needs {needed} patients, and n = {n}.",
        "partial.pearson": "The partial correlation of {x} with {y}, adjusted for {controls}, was r = {estimate} ({level} CI {low} to {high}, p {p}, n = {n}).",
        "partial.pearson.no_interval": "The partial correlation of {x} with {y}, adjusted for {controls}, was r = {estimate} (p {p}, n = {n}).",
        "partial.spearman": "The partial Spearman rank correlation of {x} with {y}, adjusted for {controls}, was rho = {estimate} ({level} CI {low} to {high}, p {p}, n = {n}).",
        "partial.spearman.no_interval": "The partial Spearman rank correlation of {x} with {y}, adjusted for {controls}, was rho = {estimate} (p {p}, n = {n}).",
        "partial.kendall.no_interval": "The partial Kendall rank correlation of {x} with {y}, adjusted for {controls}, was tau-b = {estimate} (p {p}, n = {n}).",
        "partial.too_few": "Not defined: this partial correlation needs {needed} patients with all values, and n = {n} ({n_excluded} excluded).",
        "partial.constant_control": "Not defined: {name} has the same value in all {n} patients, so there is nothing to adjust for; leave it out.",
        "partial.determined": "Not defined: the columns determine each other in these {n} patients, so nothing is left to correlate.",
        "compare.independent": "The correlations of {r1} (n = {n1}) and {r2} (n = {n2}) in two sets of patients differed by {difference} ({level} CI {low} to {high}, p {p}).",
        "compare.dependent": "The correlations of {r1} and {r2} in the same {n1} patients differed by {difference} ({level} CI {low} to {high}, Williams's test p {p}).",
        "compare_correlations.too_few": "Not defined: comparing correlations needs four patients in each set, and n = {n}.",
        "compare_correlations.exact": "Not defined: a correlation of exactly 1 or -1 has no standard error to compare it by (n = {n}).",
        "compare_correlations.impossible": "Not defined: no data have the correlations {r1}, {r2} and {between} together.",
        "repeated": "Inside the patients {y} changed with {x} by {slope} per unit, repeated-measures correlation r = {r} ({level} CI {low} to {high}, p {p}, {n} values of {n_subjects} patients).",
        "repeated.no_interval": "Inside the patients {y} changed with {x} by {slope} per unit, repeated-measures correlation r = {r} (p {p}, {n} values of {n_subjects} patients); its confidence interval is not defined.",
        "correlation.no_level_density": "Not defined: the clinical table holds no bone density of single vertebrae.",
        "rmcorr.single_rows": "{count} patients have a single value and so say nothing about change inside a patient.",
        "rmcorr.single_rows.count_1": "{count} patient has a single value and so says nothing about change inside a patient.",
    }
)


def _rank(item: RankCorrelation, _decimals: int) -> Iterator[Said]:
    p = item.p if item.p_exact is None else item.p_exact
    values: dict[str, Value] = {"n": item.n, "estimate": number(item.estimate), "p": p_value(p)}
    if item.ci is not None:
        values["method"] = item.ci.method.partition(",")[0]
    yield with_interval(item.kind, item.ci, values)


def _partial(item: PartialCorrelation, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "n": item.n,
        "estimate": number(item.estimate),
        "p": p_value(item.p),
        "controls": ", ".join(item.controls),
    }
    yield with_interval(f"partial.{item.kind}", item.ci, values)


def _comparison(item: CorrelationComparison, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "r1": number(item.r1),
        "r2": number(item.r2),
        "n1": item.n1,
        "n2": item.n2,
        "difference": number(item.difference),
        "p": p_value(item.p),
    }
    yield f"compare.{item.design}", {**values, **interval_values(item.ci)}


def _repeated(item: RepeatedCorrelation, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "n": item.n,
        "n_subjects": item.n_subjects,
        "slope": number(item.slope),
        "r": number(item.coefficient.r),
        "p": p_value(item.coefficient.p),
    }
    yield with_interval("repeated", item.coefficient.ci, values)


SAYERS: Sayers = MappingProxyType(
    {
        RankCorrelation: _rank,
        PartialCorrelation: _partial,
        CorrelationComparison: _comparison,
        RepeatedCorrelation: _repeated,
    }
)
"""How each kind of result is said."""

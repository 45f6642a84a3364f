"""The sentences of groups: Table 1, tests of means, ranks and counts, pairs, covariates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from app.stats.ancova import Ancova
from app.stats.contingency import Contingency, McNemar
from app.stats.formatting import number, p_value
from app.stats.groups import GroupComparison, GroupDescription, Kruskal
from app.stats.groups_summary import FTest, SummaryComparison
from app.stats.normality import ShapiroWilk
from app.stats.pairwise import Pairwise
from app.stats.result import NotDefined, Value
from app.stats.saying import Said, Sayers, interval_values, say_reason
from app.stats.two_sample import TwoSample

CATALOGUE: Mapping[str, str] = MappingProxyType(
    {
        "groups.anova": "{what} was {groups} (mean and SD; one-way analysis of variance, F = {f} with {df1} and {df2} degrees of freedom, p {p}, n = {n}).",
        "groups.welch": "{what} was {groups} (mean and SD; Welch's test of unequal variances, F = {f} with {df1} and {df2} degrees of freedom, p {p}, n = {n}).",
        "groups.kruskal": "{what} was {groups} (median and quartiles; Kruskal-Wallis H = {h} with {df} degrees of freedom, p {p}, n = {n}).",
        "groups.one_group": "Not defined: comparing groups needs two of them with values, not {n_groups}.",
        "groups.too_few": "Not defined: {n} values in {n_groups} groups leave nothing to judge the variance by.",
        "groups.too_few.n_1": "Not defined: a single value leaves nothing to judge the variance by.",
        "groups.impossible": "Not defined: no data have the n, mean and SD given for {label}.",
        "groups.no_covariates": "Not defined: neither age, sex nor BMI varies among these patients, so there is nothing to adjust for.",
        "groups.no_variance": "Not defined: the values do not vary inside the groups.",
        "groups.constant_group": "Not defined: {label} has a single value or values that are all equal, and this test needs the variance of every group.",
        "groups.all_tied": "Not defined: all {n} values are equal, so there are no ranks to compare.",
        "groups.single": "The group {label} has a single value: it has a mean and no SD.",
        "groups.empty": "The group {label} has no value and is left out.",
        "pair": "{second} and {first} differed by {difference} ({level} CI {low} to {high}, {method}, p {p}).",
        "pair.ranks": "The mean ranks of {second} and {first} differed by {difference} ({method}, p {p}).",
        "pairwise.not_defined": "{first} and {second} cannot be compared: the standard error of their difference is 0 or not known.",
        "shapiro": "Shapiro and Wilk's test of a normal distribution of {what} gave W = {w} (p {p}, n = {n}).",
        "shapiro.too_few": "Not defined: a test of normality needs three values, and n = {n} ({n_excluded} missing).",
        "shapiro.too_many": "Not defined: Shapiro and Wilk's test is made for up to {largest} values, and n = {n}.",
        "shapiro.constant": "Not defined: all {n} values are equal, so they have no distribution to test.",
        "two_sample": "{what} was {mean1} (SD {sd1}, n = {n1}) and {mean2} (SD {sd2}, n = {n2}), a difference of {difference} ({level} CI {low} to {high}, Welch's t test p {p}).",
        "two_sample.empty": "Not defined: the group {label} has no value.",
        "two_sample.no_variance": "Not defined: {first} and {second} leave no variance to judge their difference by.",
        "contingency": "The groups were compared by chi-square without continuity correction: {x2} with {df} degrees of freedom, p {p} (n = {n}).",
        "contingency.exact": "The groups were compared by chi-square without continuity correction: {x2} with {df} degrees of freedom, p {p} (n = {n}); Fisher's exact test gave p {exact}.",
        "contingency.not_counts": "Not defined: a table of counts holds whole numbers from 0 up.",
        "contingency.too_small": "Not defined: a table needs two rows and two columns, and this one has {rows} and {columns}.",
        "contingency.empty_line": "Not defined: a row or column of the table holds only zeros; leave it out.",
        "contingency.fisher_too_large": "Not defined: a table of {rows} by {columns} with {n} patients has too many others with the same margins to count them all; chi-square stands instead.",
        "contingency.small_expected": "{count} of {cells} expected counts lie below 5 (smallest {smallest}): take Fisher's exact test rather than chi-square.",
        "contingency.small_expected.count_1": "{count} of {cells} expected counts lies below 5 (smallest {smallest}): take Fisher's exact test rather than chi-square.",
        "mcnemar": "Of the patients in whom the two tests disagreed, {b} and {c} fell either way (McNemar's exact test, p {p}).",
        "mcnemar.no_difference": "Not defined: the two tests agree in every patient.",
        "ancova": "At equal {names}, {what} was {groups} (adjusted mean and standard error; analysis of covariance, F = {f} with {df1} and {df2} degrees of freedom, p {p}, n = {n}).",
        "ancova.too_few": "Not defined: these groups and covariates need {needed} patients with all values, and n = {n} ({n_excluded} excluded).",
        "ancova.determined": "Not defined: the covariates determine each other or the groups in these {n} patients, so they cannot be adjusted for.",
        "ancova.exact": "Not defined: groups and covariates explain all {n} values exactly.",
        "ancova.no_parallel_test": "Not defined: {n} patients are not enough to give every group a slope of its own.",
        "ancova.no_parallel_test.n_1": "Not defined: a single patient is not enough to give every group a slope of its own.",
        "ancova.not_parallel": "The slopes of the covariates differ between the groups (p {p}): one adjusted difference does not hold at every value of them.",
    }
)

_METHODS: Mapping[str, str] = MappingProxyType(
    {
        "t": "t test with pooled SD",
        "welch": "Welch's t test",
        "tukey": "Tukey-Kramer",
        "games_howell": "Games-Howell",
        "dunn": "Dunn's test",
        "ancova": "adjusted means",
    }
)

_ADJUSTMENTS: Mapping[str, str] = MappingProxyType(
    {"none": "", "bonferroni": ", Bonferroni", "holm": ", Holm", "sidak": ", Sidak"}
)


def _comparison(item: GroupComparison, decimals: int) -> Iterator[Said]:
    test = {"anova": item.anova, "welch": item.welch, "kruskal": item.kruskal}[item.headline]
    if isinstance(test, NotDefined):
        yield say_reason(test)
    elif isinstance(test, Kruskal):
        told = [_by_median(one, decimals) for one in item.groups]
        values: dict[str, Value] = {"n": item.n, "groups": ", ".join(told), "h": number(test.h, 2)}
        yield "groups.kruskal", {**values, "df": test.df, "p": p_value(test.p)}
    else:
        told = [_by_mean(one, decimals) for one in item.groups]
        f = test if isinstance(test, FTest) else test.test
        yield f"groups.{item.headline}", {"n": item.n, "groups": ", ".join(told), **_f(f)}


def _by_mean(one: GroupDescription, decimals: int) -> str:
    sd = one.description.sd
    return f"{one.label} {number(one.description.mean, decimals)} ({'-' if sd is None else number(sd, decimals)})"


def _by_median(one: GroupDescription, decimals: int) -> str:
    told = one.description
    quartiles = f"{number(told.q1, decimals)} to {number(told.q3, decimals)}"
    return f"{one.label} {number(told.median, decimals)} ({quartiles})"


def _f(test: FTest) -> dict[str, Value]:
    whole = float(test.df2).is_integer()
    return {
        "f": number(test.f, 2),
        "df1": test.df1,
        "df2": number(test.df2, 0 if whole else 1),
        "p": p_value(test.p),
    }


def _summaries(item: SummaryComparison, decimals: int) -> Iterator[Said]:
    if isinstance(item.anova, NotDefined):
        yield say_reason(item.anova)
        return
    told = [
        f"{one.label} {number(one.mean, decimals)} ({'-' if one.sd is None else number(one.sd, decimals)})"
        for one in item.groups
    ]
    yield "groups.anova", {"n": item.n, "groups": ", ".join(told), **_f(item.anova.test)}


def _pairs(item: Pairwise, decimals: int) -> Iterator[Said]:
    method = _METHODS[item.method] + _ADJUSTMENTS[item.adjustment]
    for one in item.pairs:
        if one.p_adjusted is None:
            continue
        values: dict[str, Value] = {
            "first": one.first,
            "second": one.second,
            "difference": number(one.difference, decimals),
            "method": method,
            "p": p_value(one.p_adjusted),
        }
        if one.ci is None:
            yield "pair.ranks", values
        else:
            yield "pair", {**values, **interval_values(one.ci, decimals)}
    yield from (say_reason(note) for note in item.notes)


def _shapiro(item: ShapiroWilk, _decimals: int) -> Iterator[Said]:
    yield "shapiro", {"n": item.n, "w": number(item.w), "p": p_value(item.p)}


def _two(item: TwoSample, decimals: int) -> Iterator[Said]:
    if isinstance(item.welch, NotDefined):
        yield say_reason(item.welch)
        return
    values: dict[str, Value] = {
        "n1": item.first.n,
        "n2": item.second.n,
        "mean1": number(item.first.mean, decimals),
        "mean2": number(item.second.mean, decimals),
        "sd1": number(item.first.sd or 0.0, decimals),
        "sd2": number(item.second.sd or 0.0, decimals),
        "difference": number(item.welch.difference, decimals),
        "p": p_value(item.welch.p),
    }
    yield "two_sample", {**values, **interval_values(item.welch.ci, decimals)}


def _contingency(item: Contingency, _decimals: int) -> Iterator[Said]:
    test = item.pearson
    values: dict[str, Value] = {"n": item.n, "x2": number(test.x2), "df": test.df, "p": p_value(test.p)}
    if isinstance(item.fisher_p, NotDefined):
        yield "contingency", values
    else:
        yield "contingency.exact", {**values, "exact": p_value(item.fisher_p)}


def _mcnemar(item: McNemar, _decimals: int) -> Iterator[Said]:
    yield "mcnemar", {"b": item.b, "c": item.c, "p": p_value(item.p_exact)}


def _ancova(item: Ancova, decimals: int) -> Iterator[Said]:
    told = [
        f"{one.label} {number(one.estimate, decimals)} ({number(one.se, decimals)})" for one in item.means
    ]
    values: dict[str, Value] = {"n": item.n, "names": ", ".join(item.names), "groups": ", ".join(told)}
    yield "ancova", {**values, **_f(item.group_test)}
    yield from (say_reason(note) for note in item.notes)


SAYERS: Sayers = MappingProxyType(
    {
        Ancova: _ancova,
        Contingency: _contingency,
        GroupComparison: _comparison,
        McNemar: _mcnemar,
        Pairwise: _pairs,
        ShapiroWilk: _shapiro,
        SummaryComparison: _summaries,
        TwoSample: _two,
    }
)
"""How each kind of result is said."""

"""The sentences of "Check a table": what the print gives, what rounding allows, and what cannot be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from app.stats.check_table import Check, CheckedCounts, CheckedMeans
from app.stats.check_youden import CheckedYouden
from app.stats.formatting import number, p_value, percent
from app.stats.result import Value
from app.stats.saying import Said, Sayers, say_reason

CATALOGUE: Mapping[str, str] = MappingProxyType(
    {
        "check.means": "The printed n, means and SDs give F = {f} (p {p}); with their rounding F can be {low} to {high}.",
        "check.means.t": "The printed n, means and SDs give t = {t} (F = {f}, p {p}); with their rounding t can be {low} to {high}.",
        "check.f.possible": "The printed F of {printed} fits.",
        "check.f.close": "The printed F of {printed} lies just outside, as a number that was rounded twice or cut off does.",
        "check.f.impossible": "The printed F of {printed} cannot come from this table: it is off by at least {off} % of what rounding allows, so the F, an n, a mean or an SD is not what it says.",
        "check.f.by_welch": "The printed F of {printed} is that of Welch's test, which does not ask for equal variances: {value}.",
        "check.t.possible": "The printed t of {printed} fits.",
        "check.t.close": "The printed t of {printed} lies just outside, as a number that was rounded twice or cut off does.",
        "check.t.impossible": "The printed t of {printed} cannot come from this table: it is off by at least {off} % of what rounding allows, so the t, an n, a mean or an SD is not what it says.",
        "check.t.by_welch": "The printed t of {printed} is that of Welch's t test, which does not ask for equal variances: {value}.",
        "check.p.by_welch": "The printed P, {printed}, is that of Welch's test, which does not ask for equal variances: {value}.",
        "check.p.by_yates": "The printed P, {printed}, is that of chi-square with Yates's continuity correction: {value}.",
        "check.p.by_n_minus_one": "The printed P, {printed}, is that of the N - 1 chi-square: {value}.",
        "check.p.by_fisher": "The printed P, {printed}, is that of Fisher's exact test: {value}.",
        "check.x2.by_yates": "The printed chi-square of {printed} is the one with Yates's continuity correction: {value}.",
        "check.x2.by_n_minus_one": "The printed chi-square of {printed} is the N - 1 chi-square: {value}.",
        "check.not_judged": "The printed {printed} is not judged: by its title it is no test that these cells give.",
        "check.as_counts": "The whole numbers are read as a table of counts; if they are n, mean and SD, write these words above them.",
        "check.as_shares": "The cells are read as counts with their percents: each group is split into those counted and the rest.",
        "check.p.possible": "The printed P, {printed}, fits.",
        "check.p.close": "The printed P, {printed}, lies just outside, as a number that was rounded twice or cut off does.",
        "check.p.impossible": "The printed P, {printed}, cannot come from this table by the tests that its cells give.",
        "check.counts": "The printed counts give chi-square = {x2} with {df} degrees of freedom, without continuity correction (p {p}).",
        "check.x2.possible": "The printed chi-square of {printed} fits.",
        "check.x2.close": "The printed chi-square of {printed} lies just beside it, as a number that was rounded twice or cut off does.",
        "check.x2.impossible": "The printed chi-square of {printed} cannot come from these counts: it is off by {off} %.",
        "check.youden": "Sensitivity and specificity give a Youden index of {j}; with their rounding it can be {low} to {high}.",
        "check.j.possible": "The printed index of {printed} fits.",
        "check.j.close": "The printed index of {printed} lies just outside, as a number that was rounded twice or cut off does.",
        "check.j.impossible": "The printed index of {printed} cannot come from them.",
        "check.too_many_groups": "Not defined: rounding is followed for up to {largest} groups, and there are {n_groups}.",
        "check.not_a_share": "Not defined: sensitivity and specificity lie between 0 and 100 %.",
        "check.no_count": "No count of {total} patients gives {printed}.",
        "check.zeros_added": "{printed} is printed with a digit it does not have: {count} of {total} patients give it only with one decimal fewer.",
        "printed.not_a_number": "Not defined: this is not a number.",
        "printed.ambiguous": "Not defined: the comma of this number may part decimals or thousands; write it with a point, or without the comma.",
        "printed.cells": "Not defined: the cells of this row are neither means with SDs, nor counts, nor sensitivity and specificity.",
        "printed.sizes": "Not defined: the size of a group is missing; write n = 30 in its title, or a row n.",
        "printed.percents": "Not defined: {printed} is not the percent that {count} of {total} patients are; where values are missing, write the counts with and without, such as 17/13.",
        "printed.percents.count_1": "Not defined: {printed} is not the percent that 1 of {total} patients is; where values are missing, write the counts with and without, such as 17/13.",
        "printed.either": "Not defined: these cells can be means with SDs, or counts with percents of a part of the group; write 36.9 ± 9.2 for a mean, or the counts with and without, such as 17/13.",
        "printed.row": "Not defined: line {line} cannot be read; a line needs a name, n, mean and SD, or counts only.",
    }
)


def _means(item: CheckedMeans, _decimals: int) -> Iterator[Said]:
    told, reach = ("t", item.t) if item.printed_t is not None and item.t is not None else ("f", item.f)
    values: dict[str, Value] = {
        "f": number(item.anova.test.f, 2),
        "t": number(math.sqrt(item.anova.test.f), 2),
        "p": p_value(item.anova.test.p),
        "low": number(reach.low, 2),
        "high": number(reach.high, 2),
    }
    yield "check.means.t" if told == "t" else "check.means", values
    yield from _verdict("f", item.printed_f, 2)
    yield from _verdict("t", item.printed_t, 2)
    yield from _verdict("p", item.printed_p)
    yield from (say_reason(note) for note in item.notes)


def _verdict(what: str, check: Check | None, decimals: int = 3) -> Iterator[Said]:
    if check is None:
        return
    if check.by:
        low, high = (number(end, decimals) for end in (check.range.low, check.range.high))
        value = low if low == high else f"{low} to {high}"
        yield f"check.{what}.by_{check.by}", {"printed": check.printed.text, "value": value}
    else:
        off = percent(check.off)
        yield f"check.{what}.{check.verdict}", {"printed": check.printed.text, "off": off}


def _counts(item: CheckedCounts, _decimals: int) -> Iterator[Said]:
    test = item.contingency.pearson
    yield "check.counts", {"x2": number(test.x2), "df": test.df, "p": p_value(test.p)}
    yield from _verdict("x2", item.printed_x2)
    yield from _verdict("p", item.printed_p)
    yield from (say_reason(note) for note in item.notes)


def _youden(item: CheckedYouden, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "j": number(item.j),
        "low": number(item.range.low, 4),
        "high": number(item.range.high, 4),
    }
    yield "check.youden", values
    yield from _verdict("j", item.printed_j)
    yield from (say_reason(note) for note in item.notes)


SAYERS: Sayers = MappingProxyType({CheckedCounts: _counts, CheckedMeans: _means, CheckedYouden: _youden})
"""How each kind of result is said."""

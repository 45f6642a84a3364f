"""An analysis as JSON for the command line, and as the sentences a paper needs.

The keys of :func:`analysis_to_dict` are part of the program's interface: they are added to, never renamed.
Every part always has all its keys; where it is not defined they are null and ``not_defined`` says why.

::

    software, protocol, synthetic, levels, incomplete_sets, scheme, bmd_region, tscore_region, bmd_unit,
    positive_t_score
    cohort        enrolled, analysed, excluded [{code, cases}], readers, single_reader, incomplete,
                  groups {normal, osteopenia, osteoporosis, unknown}, ungrouped [{code, cases}],
                  positive, negative, field_strengths_t, notes [{code, values}]
    maps          FF, R2STAR: each unit, bland_altman, icc, pearson, within_groups, roc
    combined      n, coefficients, auc, ..., cutoffs [{criterion, probability, equation, sensitivity, ...}]

A criterion is text with its sign (``"> 56.09"``) beside its full value; a proportion has count and total; an
interval has low, high, level and method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.domain.clinical import QCT_NORMAL_ABOVE, QCT_OSTEOPOROSIS_BELOW, Group, Scheme
from app.domain.maps import MEASURED
from app.services.analyse import NAMES, Analysis, MapAnalysis
from app.services.assemble_cohort import Cohort, Exclusion
from app.stats.agreement import Limit
from app.stats.combined import Coefficient, ModelCutOff
from app.stats.correlation import Correlation
from app.stats.criterion import Criterion, CutOff
from app.stats.icc import IccForm
from app.stats.proportion import Proportion
from app.stats.result import Interval, NotDefined, Note
from app.stats.roc import AreaEstimate
from app.stats.sentences import sentence

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None

_Keys = Mapping[str, Callable[[Any], object]]


def _field(name: str) -> Callable[[Any], object]:
    return lambda item: getattr(item, name)


def _fields(*names: str) -> dict[str, Callable[[Any], object]]:
    return {name: _field(name) for name in names}


def _better_than_chance(item: Any) -> object:
    return () if item.cutoff is None else item.cutoffs


_BLAND_ALTMAN: _Keys = {
    **_fields("n", "n_excluded", "bias", "bias_ci", "bias_p", "sd", "lower", "upper", "n_outside"),
    "proportional_slope": lambda item: getattr(getattr(item.proportional, "slope", None), "estimate", None),
    "proportional_p": lambda item: getattr(getattr(item.proportional, "slope", None), "p", None),
}
_ICC: _Keys = {**_fields("n", "n_excluded", "k", "headline", "average", "forms")}
_PEARSON: _Keys = {
    **_fields("n", "n_excluded", "coefficient"),
    "slope": lambda item: item.line.slope.estimate,
    "intercept": lambda item: item.line.intercept.estimate,
    "residual_sd": lambda item: item.line.residual_sd,
}
_WITHIN: _Keys = _fields("n", "n_excluded", "n_groups", "pooled", "within")
_ROC: _Keys = {
    **_fields("n", "n_positive", "n_negative", "n_excluded", "direction"),
    **_fields("auc", "delong", "hanley_mcneil"),
    "cutoffs": _better_than_chance,
}
_COMBINED: _Keys = {
    **_fields("n", "n_excluded", "n_events", "names", "coefficients"),
    **_fields("likelihood_ratio", "likelihood_ratio_p"),
    "auc": lambda item: item.roc.auc,
    "delong": lambda item: item.roc.delong,
    "cutoffs": _better_than_chance,
}

# what is written of the values inside a result
_PARTS: Mapping[type, _Keys] = {
    Interval: _fields("low", "high", "level", "method"),
    Limit: _fields("value", "exact", "approximate"),
    IccForm: _fields(
        "symbol", "model", "definition", "kind", "name", "estimate", "ci", "f", "df1", "df2", "p"
    ),
    Correlation: _fields("r", "ci", "t", "df", "p"),
    AreaEstimate: _fields("se", "ci", "z", "p"),
    Proportion: _fields("count", "total", "value", "ci"),
    Criterion: {"text": str, **_fields("value", "direction")},
    CutOff: _fields(
        "criterion", "tp", "fp", "fn", "tn", "sensitivity", "specificity", "ppv", "npv", "youden_j"
    ),
    ModelCutOff: _fields("cutoff", "probability", "equation"),
    Coefficient: _fields("name", "estimate", "se", "ci", "z", "p", "odds_ratio", "odds_ratio_ci"),
    Note: {"code": _field("code"), "values": lambda item: dict(item.values)},
    NotDefined: {"code": _field("code"), "values": lambda item: dict(item.values)},
}


def analysis_to_dict(analysis: Analysis) -> dict[str, Json]:
    """Everything an analysis found, fit for JSON.

    Returns
    -------
    dict
        As the module describes it. Numbers are in full and finite; what is not defined is None.
    """
    return {
        "software": analysis.software,
        "protocol": analysis.protocol,
        "synthetic": analysis.synthetic,
        "levels": analysis.cohort.levels,
        "incomplete_sets": analysis.cohort.mean.value,
        "scheme": analysis.cohort.scheme.value,
        "bmd_region": analysis.bmd_region,
        "tscore_region": analysis.tscore_region,
        "bmd_unit": analysis.cohort.bmd_unit,
        "positive_t_score": analysis.positive_t_score,
        "cohort": _cohort(analysis.cohort),
        "maps": {quantity.value: _map(analysis.maps[quantity]) for quantity in MEASURED},
        "combined": _part(analysis.combined, _COMBINED),
    }


def _exclusion(one: Exclusion) -> Json:
    reason = {"reason": one.reason.value} if one.reason else {}
    return {"code": one.code, **reason, "cases": list(one.cases)}


def _cohort(cohort: Cohort) -> Json:
    groups: dict[str, Json] = {group.value: cohort.count(group) for group in Group}
    return {
        "enrolled": cohort.enrolled,
        "analysed": cohort.n,
        "excluded": [_exclusion(one) for one in cohort.exclusions],
        "readers": list(cohort.readers),
        "single_reader": int(cohort.single_reader.sum()),
        "incomplete": int(cohort.incomplete.sum()),
        "groups": {**groups, "unknown": cohort.groups.count(None)},
        "ungrouped": [_exclusion(one) for one in cohort.ungrouped],
        "positive": int((cohort.positive == 1.0).sum()),
        "negative": int((cohort.positive == 0.0).sum()),
        "field_strengths_t": list(cohort.field_strengths),
        "notes": _json(cohort.notes),
    }


def _map(one: MapAnalysis) -> Json:
    return {
        "unit": one.unit,
        "bland_altman": _part(one.bland_altman, _BLAND_ALTMAN),
        "icc": _part(one.icc, _ICC),
        "pearson": _part(one.pearson, _PEARSON),
        "within_groups": _part(one.within_groups, _WITHIN),
        "roc": _part(one.roc, _ROC),
    }


def _part(item: Any, keys: _Keys) -> Json:
    """A result with these keys, or the same keys empty with the reason."""
    if isinstance(item, NotDefined):
        return {**dict.fromkeys(keys), "notes": [], "not_defined": _json(item)}
    found = {key: _json(read(item)) for key, read in keys.items()}
    return {**found, "notes": _json(item.notes), "not_defined": None}


def _json(value: object) -> Json:
    """A value as JSON can hold it; an infinite figure has no number there."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    if isinstance(value, dict):
        return {key: _json(one) for key, one in value.items()}
    return {key: _json(read(value)) for key, read in _PARTS[type(value)].items()}


def analysis_sentences(analysis: Analysis) -> tuple[str, ...]:
    """Everything an analysis found in whole English sentences, a line for each finding or warning.

    The name of a map stands on a line of its own above what is said of it.
    """
    return tuple(_sentences(analysis))


def _sentences(analysis: Analysis) -> Iterator[str]:
    cohort = analysis.cohort
    yield sentence(cohort.analysed)
    for left_out in cohort.exclusions:
        yield sentence(Note.of(left_out.code, count=len(left_out.cases), reason=str(left_out.reason)))
    if cohort.scheme is Scheme.QCT:
        limits = {"high": f"{QCT_NORMAL_ABOVE:g}", "low": f"{QCT_OSTEOPOROSIS_BELOW:g}"}
        yield sentence(Note.of("cohort.by_qct", region=analysis.bmd_region, **limits))
    for note in cohort.notes:
        yield sentence(note)
    for one in analysis.maps.values():
        yield NAMES[one.quantity]
        words = {"what": NAMES[one.quantity], "x": NAMES[one.quantity], "y": "BMD"}
        yield from _said(one.bland_altman, {**words, "unit": one.unit})
        for item in (one.icc, one.pearson, one.within_groups, one.roc):
            yield from _said(item, words)
    yield " + ".join(NAMES[quantity] for quantity in MEASURED)
    yield from _said(analysis.combined, {})


def _said(item: Any, words: Mapping[str, str]) -> Iterator[str]:
    notes = () if isinstance(item, NotDefined) else item.notes
    said = [sentence(item, decimals=2, **words), *(sentence(note) for note in notes)]
    # readings without any difference are described by their note alone
    yield from dict.fromkeys(said)

"""The sentences of sample sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from app.stats.formatting import confidence
from app.stats.result import Value
from app.stats.sample_size import SampleSize
from app.stats.sample_size_diagnostic import CasesAndControls
from app.stats.saying import Said, Sayers

CATALOGUE: Mapping[str, str] = MappingProxyType(
    {
        "sample_size.icc_width": "{total} patients read by {readers} readers are needed for a {level} CI of an ICC of {rho} that is {width} wide (Bonett 2002).",
        "sample_size.icc_test": "{total} patients read by {readers} readers are needed to show an ICC of {rho} to lie above {null} (one-sided alpha {alpha}, power {power} %; Walter 1998).",
        "sample_size.limits": "{total} pairs of readings are needed for a {level} CI of the limits of agreement of plus or minus {half_width} at an SD of the differences of {sd} (Bland and Altman 1986).",
        "sample_size.two_means": "{per_group} patients in each of two groups are needed for Student's t test to find a difference of {effect} SD (alpha {alpha}, power {power} %).",
        "sample_size.paired_means": "{total} pairs are needed for the paired t test to find a mean difference of {effect} SD (alpha {alpha}, power {power} %).",
        "sample_size.anova": "{per_group} patients in each of {groups} groups are needed for one-way analysis of variance to find an effect of f = {effect} (alpha {alpha}, power {power} %).",
        "sample_size.correlation": "{total} patients are needed to show a correlation of {effect} to differ from 0 (alpha {alpha}, power {power} %).",
        "sample_size.two_proportions": "{per_group} patients in each of two groups are needed to find a difference between proportions of {first} and {second} (alpha {alpha}, power {power} %).",
        "sample_size.chi_square": "{total} patients are needed for the chi-square test with {df} degrees of freedom to find an effect of w = {effect} (alpha {alpha}, power {power} %).",
        "sample_size.sensitivity": "{total} patients are needed for a {level} CI of a sensitivity of {share} of plus or minus {half_width}, where the outcome has a prevalence of {prevalence} (Buderer 1996).",
        "sample_size.specificity": "{total} patients are needed for a {level} CI of a specificity of {share} of plus or minus {half_width}, where the outcome has a prevalence of {prevalence} (Buderer 1996).",
        "sample_size.auc": "{cases} patients with the outcome and {controls} without are needed to show an area under the ROC curve of {auc} to differ from 0.5 (alpha {alpha}, power {power} %; Obuchowski and McClish 1997).",
        "sample_size.no_share": "Not defined: {name} must lie between 0 and 1, and {value} was given.",
        "sample_size.not_above": "Not defined: {name} must be a number above {bound}, and {value} was given.",
        "sample_size.no_effect": "Not defined: no number of patients can show an effect that is not there.",
        "sample_size.too_many": "Not defined: more than {most} patients would be needed.",
    }
)


def _size(item: SampleSize, _decimals: int) -> Iterator[Said]:
    counts = {"total": item.total, "per_group": item.per_group, "groups": item.groups}
    yield f"sample_size.{item.kind}", {**_asked(item.values), **counts}


def _cases_and_controls(item: CasesAndControls, _decimals: int) -> Iterator[Said]:
    yield "sample_size.auc", {**_asked(item.values), "cases": item.cases, "controls": item.controls}


def _asked(values: Mapping[str, Value]) -> dict[str, Value]:
    """Write what was asked as it was asked, without trailing zeros."""
    said: dict[str, Value] = {}
    for name, value in values.items():
        if not isinstance(value, float):
            said[name] = value
        elif name == "level":
            said[name] = confidence(value)
        else:
            # an effect is computed from what was asked
            told = f"{value:.4g}" if name == "effect" else f"{value:g}"
            said[name] = f"{100.0 * value:g}" if name == "power" else told
    return said


SAYERS: Sayers = MappingProxyType({SampleSize: _size, CasesAndControls: _cases_and_controls})
"""How each kind of result is said."""

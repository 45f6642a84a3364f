"""Every sentence statistics can say, in one place: from a code to whole English sentences.

A sentence is one template with named values, never glued from pieces, so that a translation replaces the
catalogue and nothing else. Results say one or two whole sentences for the paper; :class:`NotDefined` and
:class:`Note` say one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import singledispatch
from types import MappingProxyType

from app.stats import (
    sentences_agreement,
    sentences_correlation,
    sentences_groups,
    sentences_models,
    sentences_printed,
    sentences_roc,
    sentences_size,
)
from app.stats.correlation import Pearson, WithinGroups
from app.stats.describe import Description
from app.stats.formatting import number, p_value
from app.stats.regression import Line
from app.stats.result import NotDefined, Note, Value
from app.stats.saying import Said, say_reason, template_of, with_interval

FAMILIES = (
    sentences_agreement,
    sentences_correlation,
    sentences_groups,
    sentences_models,
    sentences_printed,
    sentences_roc,
    sentences_size,
)
"""Modules with the sentences (``CATALOGUE``) and the sayers (``SAYERS``) of one subject each."""

CATALOGUE: Mapping[str, str] = MappingProxyType(
    {
        **{code: template for family in FAMILIES for code, template in family.CATALOGUE.items()},
        # the cohort itself
        "cohort.analysed": "{n} of {enrolled} exams are analysed, each patient by the mean of {levels}.",
        "cohort.analysed.n_1": "{n} of {enrolled} exams is analysed, the patient by the mean of {levels}.",
        "cohort.analysed_complete": "{n} of {enrolled} exams are analysed, each patient by the mean of {levels}, complete sets only.",
        "cohort.analysed_complete.n_1": "{n} of {enrolled} exams is analysed, the patient by the mean of {levels}, complete sets only.",
        "cohort.analysed_adjusted": "{n} of {enrolled} exams are analysed, each patient by the level-adjusted mean of {levels}.",
        "cohort.analysed_adjusted.n_1": "{n} of {enrolled} exams is analysed, the patient by the level-adjusted mean of {levels}.",
        "cohort.not_signed_off": "{count} exams are left out because no reading of the first round is signed off.",
        "cohort.not_signed_off.count_1": "{count} exam is left out because no reading of the first round is signed off.",
        "cohort.filtered": "{count} patients are left out by sex or age.",
        "cohort.filtered.count_1": "{count} patient is left out by sex or age.",
        "cohort.too_few_levels": "{count} exams are left out because no reader measured enough levels for a patient mean.",
        "cohort.too_few_levels.count_1": "{count} exam is left out because no reader measured enough levels for a patient mean.",
        "cohort.incomplete_set": "{count} exams are left out because no reader measured all levels of the patient mean.",
        "cohort.incomplete_set.count_1": "{count} exam is left out because no reader measured all levels of the patient mean.",
        "cohort.patient_excluded": "{count} exams are left out because a reader excluded the patient ({reason}).",
        "cohort.patient_excluded.count_1": "{count} exam is left out because a reader excluded the patient ({reason}).",
        "cohort.exclusion_disputed": "{count} patients were excluded by one reader and measured by another; they are left out.",
        "cohort.exclusion_disputed.count_1": "{count} patient was excluded by one reader and measured by another, and is left out.",
        "cohort.single_reader": "The final value of {count} patients rests on a single reader.",
        "cohort.single_reader.count_1": "The final value of 1 patient rests on a single reader.",
        "cohort.adjudicated": "The final value of {count} patients rests on levels that the coordinator decided on, because readers differed. Readers are compared by what they measured themselves.",
        "cohort.adjudicated.count_1": "The final value of 1 patient rests on levels that the coordinator decided on, because readers differed. Readers are compared by what they measured themselves.",
        "cohort.without_final": "{count} patients have no final value because the coordinator left out too many of their levels; readers are still compared on them.",
        "cohort.without_final.count_1": "{count} patient has no final value because the coordinator left out too many levels; readers are still compared on this patient.",
        "cohort.incomplete_levels": "In {count} patients a reader's mean rests on fewer than all levels of {levels}; fat fraction rises from L1 to L5, so such a mean is biased.",
        "cohort.incomplete_levels.count_1": "In 1 patient a reader's mean rests on fewer than all levels of {levels}; fat fraction rises from L1 to L5, so such a mean is biased.",
        "cohort.adjusted_levels": "In {count} patients a reader's mean rests on fewer than all levels of {levels}; it is adjusted for what the missing levels add in these patients.",
        "cohort.adjusted_levels.count_1": "In 1 patient a reader's mean rests on fewer than all levels of {levels}; it is adjusted for what the missing levels add in the patients at hand.",
        "cohort.unadjusted": "In {count} patients a mean that lacks levels of {levels} is not defined: what these levels add cannot be learnt from the patients at hand (R2*: those of the same field strength).",
        "cohort.unadjusted.count_1": "In 1 patient a mean that lacks levels of {levels} is not defined: what these levels add cannot be learnt from the patients at hand (R2*: those of the same field strength).",
        "cohort.reference_too_old": "BMD and T-score of {count} patients are not used: more than 90 days lie between the MRI and the reference examination.",
        "cohort.reference_too_old.count_1": "BMD and T-score of 1 patient are not used: more than 90 days lie between the MRI and the reference examination.",
        "cohort.without_t_score": "{count} patients have no T-score and belong to no group.",
        "cohort.without_t_score.count_1": "{count} patient has no T-score and belongs to no group.",
        "cohort.without_qct": "{count} patients have no QCT density in mg/cm3; they are left out wherever groups or the outcome count.",
        "cohort.without_qct.count_1": "{count} patient has no QCT density in mg/cm3 and is left out wherever groups or the outcome count.",
        "cohort.by_qct": "Groups and outcome follow the QCT density of {region}: normal above {high} mg/cm3, osteoporosis below {low} mg/cm3, osteopenia between.",
        "cohort.unit_against_method": "In {count} patients the unit of BMD does not belong to the method: DXA gives g/cm2, QCT mg/cm3. The values are kept as written and not converted.",
        "cohort.unit_against_method.count_1": "In 1 patient the unit of BMD does not belong to the method: DXA gives g/cm2, QCT mg/cm3. The value is kept as written and not converted.",
        "cohort.region_not_stated": "The clinical table does not say which region its BMD or T-score is of; it is taken for {region}.",
        "cohort.region_differs": "The MRI mean is over {levels}, BMD and T-score are of {region}.",
        "cohort.tscore_region": "T-scores are of {tscore}, BMD of {bmd}.",
        "cohort.tscore_lowest": "The T-score of a patient is the lowest of those of the lumbar spine as a whole, the femoral neck and the total hip; region and number of patients: {regions}.",
        "cohort.bmd_region_differs": "The MRI mean is over {levels}, BMD is of {region}.",
        "cohort.bmd_with_l5": "BMD of {region} includes L5, which is not a standard DXA region.",
        "cohort.tscore_with_l5": "T-scores of {region} include L5, which is not a standard DXA region.",
        "cohort.region_with_l5": "BMD and T-score of {region} include L5, which is not a standard DXA region.",
        "cohort.field_strength_unknown": "The field strength of the exams is not known; R2* grows with it.",
        "cohort.same_patient": "Of {patients} patients there are several exams ({exams} together). Each counts as a patient of its own, so that intervals are too narrow: exclude all but one exam of each.",
        "cohort.same_patient.patients_1": "Of 1 patient there are {exams} exams. Each counts as a patient of its own, so that intervals are too narrow: exclude all but one of them.",
        "cohort.from_table": "The readings of {count} patients were measured elsewhere and come from a table.",
        "cohort.from_table.count_1": "The readings of 1 patient were measured elsewhere and come from a table.",
        "cohort.mixed_bmd_units": "Not defined: BMD is given in different units ({units}; ? where none is stated), and they are never converted.",
        "cohort.mixed_field_strengths": "Not defined: R2* of different field strengths ({strengths} T; ? where unknown) is never pooled.",
        "level_effects.unlinked": "Not defined: no chain of the {n} readings leads from each of the {levels} levels to every other, so what a level adds cannot be told from what a patient adds.",
        # description
        "describe": "{what} was {mean} (SD {sd}), median {median} (quartiles {q1} and {q3}), range "
        "{minimum} to {maximum} (n = {n}).",
        "describe.one": "{what} was {mean} in the only patient measured.",
        "describe.empty": "Not defined: there is no value to describe ({n_excluded} missing).",
        "describe.single": "The SD is not defined for a single value.",
        # correlation and line
        "pearson": "The Pearson correlation of {x} with {y} was r = {r} ({level} CI {low} to {high}, p "
        "{p}, n = {n}).",
        "pearson.no_interval": "The Pearson correlation of {x} with {y} was r = {r} (p {p}, n = {n}); its "
        "confidence interval is not defined.",
        "within_groups": "The correlation of {x} with {y} was r = {pooled} over all {n} patients and r = "
        "{r} within the {n_groups} groups ({level} CI {low} to {high}, p {p}).",
        "within_groups.n_groups_1": "The correlation of {x} with {y} was r = {pooled} over all {n} patients, and r = {r} within the one group there is ({level} CI {low} to {high}, p {p}).",
        "within_groups.no_interval": "The correlation of {x} with {y} was r = {pooled} over all {n} "
        "patients and r = {r} within the {n_groups} groups (p {p}); its confidence interval is not "
        "defined.",
        "within_groups.no_interval.n_groups_1": "The correlation of {x} with {y} was r = {pooled} over all {n} patients, and r = {r} within the one group there is (p {p}); its confidence interval is not defined.",
        "correlation.too_few": "Not defined: a correlation needs three patients with both values, and "
        "n = {n} ({n_excluded} excluded).",
        "correlation.constant": "Not defined: one of the two columns has the same value in all {n} "
        "patients ({n_excluded} excluded).",
        "correlation.too_few_in_groups": "Not defined: {n} patients in {n_groups} groups are too few for "
        "a correlation within groups.",
        "correlation.too_few_in_groups.n_groups_1": "Not defined: {n} patients in one group are too few for a correlation within groups.",
        "correlation.constant_in_groups": "Not defined: one of the two columns does not vary inside the "
        "{n_groups} groups (n = {n}).",
        "correlation.constant_in_groups.n_groups_1": "Not defined: one of the two columns does not vary inside the one group there is (n = {n}).",
        "correlation.exact": "All points lie on one line (r = {r}): the test statistic is infinite and "
        "the interval has no width.",
        "correlation.no_interval": "Fisher's confidence interval needs {needed} patients, and n = {n}.",
        "correlation.between_groups": "The pooled r of {pooled} is mostly a difference between the "
        "groups: within them r is {within} ({level} CI {low} to {high}).",
        "line": "The regression line was {y} = {intercept} + {slope} x {x} (residual SD {residual_sd}, "
        "r-squared {r_squared}, n = {n}).",
        "line.falling": "The regression line was {y} = {intercept} - {slope} x {x} (residual SD "
        "{residual_sd}, r-squared {r_squared}, n = {n}).",
        "regression.too_few": "Not defined: a regression line needs three patients with both values, and "
        "n = {n} ({n_excluded} excluded).",
        "regression.constant_x": "Not defined: a regression line needs values that differ along its x "
        "axis, and all {n} are equal.",
        "regression.exact": "All {n} points lie on the line: its standard errors are 0 and the tests not "
        "defined.",
    }
)

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "what": "the measured value",
        "x": "x",
        "y": "y",
        "first": "the first marker",
        "second": "the second marker",
    }
)
"""What the sentences call things when the caller gives no word of its own."""


def sentence(item: object, *, decimals: int = 2, **words: str) -> str:
    """Say a result, a reason or a note in whole English sentences, with an ASCII minus.

    Parameters
    ----------
    item : result of any analysis, NotDefined or Note
    decimals : int
        Of figures in the unit of the measurement; coefficients and areas always have three.
    **words : str
        What to call things: ``what`` (``"FF"``), ``x``, ``y``, ``first``, ``second``; and ``unit``, which
        makes limits of agreement name it.

    Raises
    ------
    TypeError
        For anything else than a result, a reason or a note.
    """
    said = []
    for code, values in _say(item, decimals):
        with_unit = f"{code}.unit" if "unit" in words else code
        template = template_of(CATALOGUE, with_unit if with_unit in CATALOGUE else code, values)
        said.append(template.format_map({**WORDS, **words, **values}))
    return " ".join(said)


@singledispatch
def _say(item: object, decimals: int) -> Iterator[Said]:  # noqa: ARG001 - the signature of all that follow
    message = f"no sentence for {type(item).__name__}"
    raise TypeError(message)


@_say.register(NotDefined)
@_say.register(Note)
def _(item: NotDefined | Note, _decimals: int) -> Iterator[Said]:
    yield say_reason(item)


# each family brings the sayers of its own kinds of result
for _family in FAMILIES:
    for _kind, _sayer in _family.SAYERS.items():
        _say.register(_kind, _sayer)


@_say.register
def _(item: Description, decimals: int) -> Iterator[Said]:
    if item.sd is None:
        yield "describe.one", {"mean": number(item.mean, decimals)}
        return
    figures = ("mean", "sd", "median", "q1", "q3", "minimum", "maximum")
    yield "describe", {"n": item.n, **{name: number(getattr(item, name), decimals) for name in figures}}


@_say.register
def _(item: Pearson, _decimals: int) -> Iterator[Said]:
    yield with_interval("pearson", item.ci, {"n": item.n, "r": number(item.r), "p": p_value(item.p)})


@_say.register
def _(item: WithinGroups, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "n": item.n,
        "n_groups": item.n_groups,
        "pooled": number(item.pooled.r),
        "r": number(item.within.r),
        "p": p_value(item.within.p),
    }
    yield with_interval("within_groups", item.within.ci, values)


@_say.register
def _(item: Line, decimals: int) -> Iterator[Said]:
    falling = item.slope.estimate < 0.0
    yield (
        "line.falling" if falling else "line",
        {
            "n": item.n,
            "intercept": number(item.intercept.estimate, decimals),
            "slope": number(abs(item.slope.estimate)),
            "residual_sd": number(item.residual_sd, decimals),
            "r_squared": number(item.r_squared),
        },
    )

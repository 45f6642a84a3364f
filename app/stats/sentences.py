"""Every sentence statistics can say, in one place: from a code to whole English sentences.

A sentence is one template with named values, never glued from pieces, so that a translation replaces the
catalogue and nothing else. Results say one or two whole sentences for the paper; :class:`NotDefined` and
:class:`Note` say one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import singledispatch
from types import MappingProxyType

from app.stats.agreement import BlandAltman
from app.stats.combined import LogisticModel
from app.stats.correlation import Pearson, WithinGroups
from app.stats.criterion import CutOff
from app.stats.describe import Description
from app.stats.formatting import confidence, number, p_value, percent
from app.stats.icc import Icc
from app.stats.optimism import Optimism
from app.stats.proportion import Proportion
from app.stats.regression import Line
from app.stats.result import Interval, NotDefined, Note, Value
from app.stats.roc import PairedRoc, Roc

Said = tuple[str, dict[str, Value]]
"""A code of the catalogue and the values its sentence names."""

CATALOGUE: Mapping[str, str] = MappingProxyType(
    {
        # the cohort itself
        "cohort.analysed": "{n} of {enrolled} exams are analysed, each patient by the mean of {levels}.",
        "cohort.not_signed_off": "{count} exams are left out because no reading of the first round is signed off.",
        "cohort.too_few_levels": "{count} exams are left out because no reader measured enough levels for a patient mean.",
        "cohort.single_reader": "The final value of {count} patients rests on a single reader.",
        "cohort.incomplete_levels": "In {count} patients a reader's mean rests on fewer than all levels of {levels}; fat fraction rises from L1 to L5, so such a mean is biased.",
        "cohort.reference_too_old": "BMD and T-score of {count} patients are not used: more than 90 days lie between the MRI and the reference examination.",
        "cohort.without_t_score": "{count} patients have no T-score and belong to no group.",
        "cohort.unit_against_method": "In {count} patients the unit of BMD does not belong to the method: DXA gives g/cm2, QCT mg/cm3. The values are kept as written and not converted.",
        "cohort.region_not_stated": "The clinical table does not say which region its BMD or T-score is of; it is taken for {region}.",
        "cohort.region_differs": "The MRI mean is over {levels}, BMD and T-score are of {region}.",
        "cohort.region_with_l5": "BMD and T-score of {region} include L5, which is not a standard DXA region.",
        "cohort.field_strength_unknown": "The field strength of the exams is not known; R2* grows with it.",
        "cohort.from_table": "The readings of {count} patients were measured elsewhere and come from a table.",
        "cohort.mixed_bmd_units": "Not defined: BMD is given in different units ({units}; ? where none is stated), and they are never converted.",
        "cohort.mixed_field_strengths": "Not defined: R2* of different field strengths ({strengths} T; ? where unknown) is never pooled.",
        # description
        "describe": "{what} was {mean} (SD {sd}), median {median} (quartiles {q1} and {q3}), range "
        "{minimum} to {maximum} (n = {n}).",
        "describe.one": "{what} was {mean} in the only patient measured.",
        "describe.empty": "Not defined: there is no value to describe ({n_excluded} missing).",
        "describe.single": "The SD is not defined for a single value.",
        # agreement
        "bland_altman": "The mean difference between the readings of {what} was {bias} ({level} CI {low} "
        "to {high}, p {p}) and the 95 % limits of agreement were {lower} to {upper} (n = {n}).",
        "bland_altman.unit": "The mean difference between the readings of {what} was {bias} {unit} "
        "({level} CI {low} to {high}, p {p}) and the 95 % limits of agreement were {lower} to {upper} "
        "{unit} (n = {n}).",
        "bland_altman.too_few": "Not defined: limits of agreement need two patients with both readings, "
        "and there are {n} ({n_excluded} excluded).",
        "bland_altman.identical": "All {n} pairs of readings are identical: the limits of agreement fall "
        "on 0, and no test, interval or proportional bias is defined.",
        "bland_altman.constant": "All {n} differences equal {bias}: the limits of agreement fall on the "
        "bias, and no test, interval or proportional bias is defined.",
        "bland_altman.proportional": "The difference changes with the mean (slope {slope}, p {p}): one "
        "pair of limits does not describe small and large values alike.",
        "icc": "The intraclass correlation coefficient of {what}, {form}, was {estimate} ({level} CI "
        "{low} to {high}, n = {n}).",
        "icc.no_interval": "The intraclass correlation coefficient of {what}, {form}, was {estimate} (n = "
        "{n}); its confidence interval is not defined.",
        "icc.no_estimate": "The intraclass correlation coefficient of {what}, {form}, is not defined (n = "
        "{n}).",
        "icc.grade.poor_poor": "By its confidence interval the reliability is poor (Koo and Li 2016).",
        "icc.grade.poor_moderate": "By its confidence interval the reliability is poor to moderate (Koo "
        "and Li 2016).",
        "icc.grade.poor_good": "By its confidence interval the reliability is poor to good (Koo and Li "
        "2016).",
        "icc.grade.poor_excellent": "By its confidence interval the reliability is anything from poor to "
        "excellent (Koo and Li 2016).",
        "icc.grade.moderate_moderate": "By its confidence interval the reliability is moderate (Koo and "
        "Li 2016).",
        "icc.grade.moderate_good": "By its confidence interval the reliability is moderate to good (Koo "
        "and Li 2016).",
        "icc.grade.moderate_excellent": "By its confidence interval the reliability is moderate to "
        "excellent (Koo and Li 2016).",
        "icc.grade.good_good": "By its confidence interval the reliability is good (Koo and Li 2016).",
        "icc.grade.good_excellent": "By its confidence interval the reliability is good to excellent (Koo "
        "and Li 2016).",
        "icc.grade.excellent_excellent": "By its confidence interval the reliability is excellent (Koo "
        "and Li 2016).",
        "icc.too_few": "Not defined: an intraclass correlation needs two patients read by two readers, "
        "and there are {n} complete patients and {k} readers ({n_excluded} patients excluded).",
        "icc.no_variance": "Not defined: all readings are equal, so there is no variance to divide ({n} "
        "patients, {k} readers).",
        "icc.identical": "The {k} readers gave identical values in all {n} patients: the F test and its "
        "confidence interval are not defined.",
        "icc.interval_not_defined": "The confidence interval of {name} is not defined: with these "
        "readings its limits would not hold the estimate.",
        "icc.form_not_defined": "At least one form is not defined, because its denominator is 0.",
        "icc.negative": "{name} is negative ({estimate}): the readers differ more about one patient than "
        "the patients differ from each other; it is shown as computed, not set to 0.",
        "icc.not_interpretable": "{name} comes out as {estimate}, outside -1 to 1: with these readings it "
        "cannot be interpreted.",
        # correlation and line
        "pearson": "The Pearson correlation of {x} with {y} was r = {r} ({level} CI {low} to {high}, p "
        "{p}, n = {n}).",
        "pearson.no_interval": "The Pearson correlation of {x} with {y} was r = {r} (p {p}, n = {n}); its "
        "confidence interval is not defined.",
        "within_groups": "The correlation of {x} with {y} was r = {pooled} over all {n} patients and r = "
        "{r} within the {n_groups} groups ({level} CI {low} to {high}, p {p}).",
        "within_groups.no_interval": "The correlation of {x} with {y} was r = {pooled} over all {n} "
        "patients and r = {r} within the {n_groups} groups (p {p}); its confidence interval is not "
        "defined.",
        "correlation.too_few": "Not defined: a correlation needs three patients with both values, and "
        "there are {n} ({n_excluded} excluded).",
        "correlation.constant": "Not defined: one of the two columns has the same value in all {n} "
        "patients ({n_excluded} excluded).",
        "correlation.too_few_in_groups": "Not defined: {n} patients in {n_groups} groups are too few for "
        "a correlation within groups.",
        "correlation.constant_in_groups": "Not defined: one of the two columns does not vary inside the "
        "{n_groups} groups (n = {n}).",
        "correlation.exact": "All points lie on one line (r = {r}): the test statistic is infinite and "
        "the interval has no width.",
        "correlation.no_interval": "Fisher's confidence interval needs {needed} patients, and there are {n}.",
        "correlation.between_groups": "The pooled r of {pooled} is mostly a difference between the "
        "groups: within them r is {within} ({level} CI {low} to {high}).",
        "line": "The regression line was {y} = {intercept} + {slope} x {x} (residual SD {residual_sd}, "
        "r-squared {r_squared}, n = {n}).",
        "line.falling": "The regression line was {y} = {intercept} - {slope} x {x} (residual SD "
        "{residual_sd}, r-squared {r_squared}, n = {n}).",
        "regression.too_few": "Not defined: a regression line needs three patients with both values, and "
        "there are {n} ({n_excluded} excluded).",
        "regression.constant_x": "Not defined: a regression line needs values that differ along its x "
        "axis, and all {n} are equal.",
        "regression.exact": "All {n} points lie on the line: its standard errors are 0 and the tests not "
        "defined.",
        # ROC
        "roc": "The area under the ROC curve of {what} was {auc} ({level} CI {low} to {high}, DeLong; "
        "{n_positive} of {n} patients with the outcome).",
        "roc.no_interval": "The area under the ROC curve of {what} was {auc} ({n_positive} of {n} "
        "patients with the outcome); its DeLong interval is not defined.",
        "cutoff": "At the cut-off {criterion} the sensitivity was {sensitivity} % ({sensitivity_counts}, "
        "{level} CI {sensitivity_low} to {sensitivity_high} %) and the specificity {specificity} % "
        "({specificity_counts}, {level} CI {specificity_low} to {specificity_high} %), Youden index {j}.",
        "roc.label": "Not defined: the outcome must be 0 or 1 for every patient.",
        "roc.one_class": "Not defined: a ROC curve needs patients with and without the outcome, and there "
        "are {n_positive} with and {n_negative} without.",
        "roc.one_case": "One of the two classes has a single patient: DeLong's standard error is not "
        "defined.",
        "roc.no_width": "The AUC of {auc} leaves DeLong's interval without width and its test undefined; "
        "this says nothing about precision.",
        "roc.wrong_direction": "The AUC of {auc} is below 0.5: the marker points the other way than stated.",
        "roc.no_cutoff": "No cut-off is better than chance.",
        "roc.youden_tied": "{count} cut-offs share the largest Youden index of {j}: {criteria}.",
        "roc.paired": "The areas under the ROC curves of {first} ({auc_first}) and {second} "
        "({auc_second}) differed by {difference} ({level} CI {low} to {high}, p {p}, DeLong, n = {n}).",
        "roc.paired.no_test": "The areas under the ROC curves of {first} ({auc_first}) and {second} "
        "({auc_second}) differed by {difference} (n = {n}); the test is not defined.",
        "roc.same_ranking": "Both markers rank the patients alike: the areas are equal.",
        "roc.no_width_of_difference": "The standard error of the difference is 0: DeLong's test is not "
        "defined.",
        # combined model
        "logistic": "The logistic combination of {names} reached an in-sample area under the ROC curve of "
        "{auc} ({level} CI {low} to {high}, DeLong; {n_positive} of {n} patients with the outcome).",
        "logistic.no_interval": "The logistic combination of {names} reached an in-sample area under the "
        "ROC curve of {auc} ({n_positive} of {n} patients with the outcome); its DeLong interval is not "
        "defined.",
        "logistic.cutoff": "At a predicted probability {criterion}, that is {equation}, the in-sample "
        "sensitivity was {sensitivity} % ({sensitivity_counts}, {level} CI {sensitivity_low} to "
        "{sensitivity_high} %) and the specificity {specificity} % ({specificity_counts}, {level} CI "
        "{specificity_low} to {specificity_high} %), Youden index {j}.",
        "logistic.too_few": "Not defined: {n} patients are too few for a model with {parameters} parameters.",
        "logistic.constant": "Not defined: {name} has the same value in all patients.",
        "logistic.collinear": "Not defined: the columns determine each other, so their shares cannot be "
        "told apart.",
        "logistic.separation": "Not defined: the columns separate the {n} patients with and without the "
        "outcome, so the likelihood has no maximum.",
        "logistic.not_found": "Not defined: the maximum of the likelihood was not found for these {n} "
        "patients; look for a value far outside the others.",
        "logistic.in_sample": "The model is judged on the same {n} patients it was fitted to: its AUC and "
        "cut-off are in-sample and look better than they will in new patients.",
        "logistic.few_events": "There are {per_predictor} events per predictor, fewer than {needed}: the "
        "coefficients are unstable.",
        "optimism": "The apparent area under the ROC curve of {apparent} was {corrected} after correction "
        "for an optimism of {optimism} (Harrell's bootstrap, {replicates} resamples).",
        "optimism.failed": "{failed} of {replicates} resamples were left out, because the model could not "
        "be fitted to them.",
        "optimism.few_fitted": "Not defined: the model could not be fitted to {failed} of {replicates} "
        "resamples.",
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
        template = CATALOGUE.get(f"{code}.unit", CATALOGUE[code]) if "unit" in words else CATALOGUE[code]
        said.append(template.format_map({**WORDS, **words, **values}))
    return " ".join(said)


@singledispatch
def _say(item: object, decimals: int) -> Iterator[Said]:  # noqa: ARG001 - the signature of all that follow
    message = f"no sentence for {type(item).__name__}"
    raise TypeError(message)


@_say.register(NotDefined)
@_say.register(Note)
def _(item: NotDefined | Note, _decimals: int) -> Iterator[Said]:
    yield item.code, {name: _value(name, value) for name, value in item.values.items()}


def _value(name: str, value: Value) -> Value:
    if not isinstance(value, float):
        return value
    if name == "p":
        return p_value(value)
    return confidence(value) if name == "level" else number(value)


def _interval(interval: Interval, decimals: int = 3) -> dict[str, Value]:
    return {
        "low": number(interval.low, decimals),
        "high": number(interval.high, decimals),
        "level": confidence(interval.level),
    }


def _with_interval(code: str, interval: Interval | None, values: dict[str, Value]) -> Said:
    """Choose the sentence with or without an interval."""
    if interval is None:
        return f"{code}.no_interval", values
    return code, {**values, **_interval(interval)}


@_say.register
def _(item: Description, decimals: int) -> Iterator[Said]:
    if item.sd is None:
        yield "describe.one", {"mean": number(item.mean, decimals)}
        return
    figures = ("mean", "sd", "median", "q1", "q3", "minimum", "maximum")
    yield "describe", {"n": item.n, **{name: number(getattr(item, name), decimals) for name in figures}}


@_say.register
def _(item: BlandAltman, decimals: int) -> Iterator[Said]:
    if item.bias_ci is None or item.bias_p is None:
        yield from (said for note in item.notes for said in _say(note, decimals))
        return
    values: dict[str, Value] = {
        "n": item.n,
        "bias": number(item.bias, decimals),
        "p": p_value(item.bias_p),
        "lower": number(item.lower.value, decimals),
        "upper": number(item.upper.value, decimals),
    }
    yield "bland_altman", {**values, **_interval(item.bias_ci, decimals)}


@_say.register
def _(item: Icc, _decimals: int) -> Iterator[Said]:
    form = item.headline
    values: dict[str, Value] = {"n": item.n, "form": form.full_name}
    if form.estimate is None:
        yield "icc.no_estimate", values
        return
    yield _with_interval("icc", form.ci, {**values, "estimate": number(form.estimate)})
    if item.grades is not None:
        yield "icc.grade." + "_".join(item.grades), {}


@_say.register
def _(item: Pearson, _decimals: int) -> Iterator[Said]:
    yield _with_interval("pearson", item.ci, {"n": item.n, "r": number(item.r), "p": p_value(item.p)})


@_say.register
def _(item: WithinGroups, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "n": item.n,
        "n_groups": item.n_groups,
        "pooled": number(item.pooled.r),
        "r": number(item.within.r),
        "p": p_value(item.within.p),
    }
    yield _with_interval("within_groups", item.within.ci, values)


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


@_say.register
def _(item: Roc, decimals: int) -> Iterator[Said]:
    yield _with_interval("roc", item.ci, _area(item))
    if item.cutoff is not None:
        yield from _say(item.cutoff, decimals)


def _area(item: Roc) -> dict[str, Value]:
    return {"auc": number(item.auc), "n": item.n, "n_positive": item.n_positive}


@_say.register
def _(item: CutOff, _decimals: int) -> Iterator[Said]:
    yield "cutoff", _counts(item)


def _counts(item: CutOff) -> dict[str, Value]:
    def told(name: str, share: Proportion) -> dict[str, Value]:
        return {
            name: percent(share.value),
            f"{name}_counts": str(share),
            f"{name}_low": percent(share.ci.low),
            f"{name}_high": percent(share.ci.high),
        }

    return {
        "criterion": str(item.criterion),
        "j": number(item.youden_j),
        "level": confidence(item.sensitivity.ci.level),
        **told("sensitivity", item.sensitivity),
        **told("specificity", item.specificity),
    }


@_say.register
def _(item: PairedRoc, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "n": item.n,
        "auc_first": number(item.auc_first),
        "auc_second": number(item.auc_second),
        "difference": number(item.difference),
    }
    if item.p is None:
        yield "roc.paired.no_test", values
    else:
        yield "roc.paired", {**values, **_interval(item.ci), "p": p_value(item.p)}


@_say.register
def _(item: LogisticModel, _decimals: int) -> Iterator[Said]:
    names = " + ".join(item.names)
    yield _with_interval("logistic", item.roc.ci, {**_area(item.roc), "names": names})
    if item.cutoff is not None:
        called = {"criterion": str(item.cutoff.probability), "equation": item.cutoff.equation}
        yield "logistic.cutoff", {**_counts(item.cutoff.cutoff), **called}


@_say.register
def _(item: Optimism, _decimals: int) -> Iterator[Said]:
    yield (
        "optimism",
        {
            "apparent": number(item.auc_apparent),
            "corrected": number(item.auc_corrected),
            "optimism": number(item.optimism),
            "replicates": item.replicates,
        },
    )

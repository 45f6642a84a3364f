"""The sentences of agreement: limits, reliability, repeatability, concordance and kappa."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from app.stats.agreement import BlandAltman
from app.stats.bland_altman_checks import BlandAltmanChecks
from app.stats.bland_altman_constant_truth import ConstantTruth
from app.stats.bland_altman_varying_truth import VaryingTruth
from app.stats.concordance import Concordance, OverallConcordance
from app.stats.formatting import number, p_value, percent
from app.stats.icc import Icc
from app.stats.icc_reml import IccReml
from app.stats.kappa import Kappa
from app.stats.normality import ShapiroWilk
from app.stats.precision_profile import PrecisionProfile
from app.stats.repeatability import Repeatability
from app.stats.reproducibility import Reproducibility
from app.stats.result import Value
from app.stats.saying import Said, Sayers, interval_values, say_reason, with_interval

CATALOGUE: Mapping[str, str] = MappingProxyType(
    {
        "bland_altman": "The mean difference between the readings of {what} was {bias} ({level} CI {low} "
        "to {high}, p {p}) and the 95 % limits of agreement were {lower} to {upper} (n = {n}).",
        "bland_altman.unit": "The mean difference between the readings of {what} was {bias} {unit} "
        "({level} CI {low} to {high}, p {p}) and the 95 % limits of agreement were {lower} to {upper} "
        "{unit} (n = {n}).",
        "bland_altman.percent": "The mean difference between the readings of {what} was {bias} % of their mean ({level} CI {low} to {high} %, p {p}) and the 95 % limits of agreement were {lower} to {upper} % (n = {n}).",
        "bland_altman.ratio": "The mean ratio of the readings of {what} was {bias} ({level} CI {low} to {high}, p {p}) and the 95 % limits of agreement were {lower} to {upper} (n = {n}).",
        "bland_altman.log_ratio": "The geometric mean ratio of the readings of {what} was {bias} ({level} CI {low} to {high}, p {p}) and the 95 % limits of agreement were {lower} to {upper} (n = {n}).",
        "bland_altman.not_positive": "Not defined: {count} of {n} pairs have no ratio or percentage, because their values are not above 0.",
        "bland_altman.not_positive.count_1": "Not defined: 1 of {n} pairs has no ratio or percentage, because its values are not above 0.",
        "bland_altman.too_few": "Not defined: limits of agreement need two patients with both readings, "
        "and n = {n} ({n_excluded} excluded).",
        "bland_altman.identical": "All {n} pairs of readings are identical: the limits of agreement have no width, and no test, interval or proportional bias is defined.",
        "bland_altman.constant": "All {n} differences equal {bias}: the limits of agreement fall on the "
        "bias, and no test, interval or proportional bias is defined.",
        "bland_altman.constant_percent": "All {n} differences equal {bias} % of their mean: the limits of agreement fall on the bias, and no test, interval or proportional bias is defined.",
        "bland_altman.constant_ratio": "All {n} ratios equal {bias}: the limits of agreement fall on it, and no test, interval or proportional bias is defined.",
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
        "and n = {n} with k = {k} readers ({n_excluded} excluded).",
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
        # what stands behind the limits
        "bland_altman_checks.shapiro": "The differences were tested for normality by Shapiro and Wilk (W = {w}, p {p}, n = {n}).",
        "bland_altman_checks.signed_rank": "Wilcoxon's signed-rank test of the differences gave p {p}; half of the differences lie below {median}, and 95 % of them between {lower} and {upper}.",
        "bland_altman_checks.bradley_blackwood": "Bradley and Blackwood's test of equal means and variances gave F = {f} with {df1} and {df2} degrees of freedom (p {p}).",
        "bland_altman_checks.too_few": "Not defined: checking the differences needs three patients with both readings, and n = {n} ({n_excluded} excluded).",
        "bland_altman_checks.constant": "Not defined: all {n} differences are equal, so there is nothing to check.",
        "bland_altman_checks.not_normal": "The differences are not normal (Shapiro-Wilk W = {w}, p {p}): take the percentiles instead of limits from the SD, or a ratio.",
        "bland_altman_checks.spread": "The size of the differences changes with the mean (Spearman's rho {rho}, p {p}): limits that slope, a percentage or a ratio describe them better.",
        # several readings of a patient
        "constant_truth": "Between single readings of {what} the mean difference was {bias} ({level} CI {low} to {high}) and the 95 % limits of agreement were {lower} to {upper}, from replicates of an unchanged value in {n} patients (Bland and Altman 1999).",
        "varying_truth": "Between single readings of {what} the mean difference was {bias} and the 95 % limits of agreement were {lower} to {upper}, from {n_pairs} pairs of {n} patients, the pairs of a patient taken as dependent (Bland and Altman 2007).",
        "bland_altman_repeated.too_few": "Not defined: limits of agreement from repeated readings need two patients read by both, and n = {n} ({n_excluded} excluded).",
        "bland_altman_repeated.constant": "Not defined: all differences of the {n} patients equal {bias}, so the limits of agreement have no width.",
        "bland_altman_repeated.no_repeats": "Not defined: none of the {n} patients has two pairs; ordinary limits of agreement say the same.",
        "bland_altman_repeated.single_readings": "One of the readers gave a single reading of each of the {n} patients, so the replicates of that reader could not be told from the patients' own differences.",
        "bland_altman_repeated.no_patient_effect": "The differences vary no more between the {n} patients than within them: the variance between patients is set to 0.",
        # reliability with gaps
        "icc_reml": "The intraclass correlation coefficient of {what}, ICC(2,1), two-way random effects, absolute agreement, single reader, was {estimate} ({level} CI {low} to {high}), by restricted maximum likelihood from {n_readings} readings of {n} patients by {k} readers with {n_missing} missing.",
        "icc_reml.too_few": "Not defined: an intraclass correlation needs two patients read by two readers, and n = {n} with k = {k} readers ({n_excluded} without a reading).",
        "icc_reml.no_error": "Not defined: the {n} patients and {k} readers explain all readings, so nothing is left to estimate the error from.",
        "icc_reml.no_patients": "The estimated variance between patients is 0, the lowest it can be.",
        "icc_reml.no_readers": "The estimated variance between readers is 0, the lowest it can be: absolute agreement and consistency are the same.",
        # concordance
        "ccc": "The concordance correlation coefficient of {what} was {estimate} ({level} CI {low} to {high}, n = {n}; precision {precision}, accuracy {accuracy}).",
        "ccc.no_interval": "The concordance correlation coefficient of {what} was {estimate} (n = {n}; precision {precision}, accuracy {accuracy}); its confidence interval is not defined.",
        "ccc.strength.poor_poor": "By its confidence interval the agreement is poor (McBride 2005).",
        "ccc.strength.poor_moderate": "By its confidence interval the agreement is poor to moderate (McBride 2005).",
        "ccc.strength.poor_substantial": "By its confidence interval the agreement is poor to substantial (McBride 2005).",
        "ccc.strength.poor_almost_perfect": "By its confidence interval the agreement is anything from poor to almost perfect (McBride 2005).",
        "ccc.strength.moderate_moderate": "By its confidence interval the agreement is moderate (McBride 2005).",
        "ccc.strength.moderate_substantial": "By its confidence interval the agreement is moderate to substantial (McBride 2005).",
        "ccc.strength.moderate_almost_perfect": "By its confidence interval the agreement is moderate to almost perfect (McBride 2005).",
        "ccc.strength.substantial_substantial": "By its confidence interval the agreement is substantial (McBride 2005).",
        "ccc.strength.substantial_almost_perfect": "By its confidence interval the agreement is substantial to almost perfect (McBride 2005).",
        "ccc.strength.almost_perfect_almost_perfect": "By its confidence interval the agreement is almost perfect (McBride 2005).",
        "ccc.too_few": "Not defined: a concordance correlation needs three patients with both readings, and n = {n} ({n_excluded} excluded).",
        "ccc.constant": "Not defined: one of the readings is the same in all {n} patients.",
        "ccc.error_free": "The readings leave no error: the confidence interval of the concordance correlation of the {n} patients is not defined.",
        "ccc.overall": "The overall concordance correlation coefficient of {what} by {k} readers was {estimate} (n = {n}; precision {precision}, accuracy {accuracy}; Barnhart 2002).",
        "ccc.too_few_readings": "Not defined: an overall concordance needs two patients read by two readers, and n = {n} with k = {k} readers ({n_excluded} excluded).",
        "ccc.no_variance": "Not defined: fewer than two of the {k} readers gave different values to the {n} patients.",
        # kappa
        "kappa": "Cohen's kappa was {plain}, with linear weights {linear} ({level} CI {low} to {high}) and with quadratic weights {quadratic}; the readers agreed in {agreement} % of {n} patients.",
        "kappa.too_few": "Not defined: kappa needs two patients sorted by both readers, and n = {n} ({n_excluded} excluded).",
        "kappa.one_group": "Not defined: both readers put all {n} patients into the same group, so chance alone would make them agree.",
        "kappa.perfect": "The readers agreed about all {n} patients: the interval of kappa has no width, which says nothing about precision.",
        # repeats of one reader, readings by several
        "repeatability": "The within-subject SD of {what} was {wsd} ({level} CI {low} to {high}) and the repeatability coefficient {rc} (n = {n}).",
        "repeatability.no_interval": "The within-subject SD of {what} was {wsd} and the repeatability coefficient {rc} (n = {n}); their intervals are not defined.",
        "repeatability.wcv": "The within-subject coefficient of variation was {wcv} %.",
        "repeatability.too_few": "Not defined: no patient was read twice ({n_excluded} excluded).",
        "repeatability.identical": "All repeats of the {n} patients are identical: the confidence interval of the within-subject SD is not defined.",
        "repeatability.spread": "The SD of repeats changes with the mean (Kendall's tau {tau}, p {p}): the coefficient of variation or the precision profile describes it better than one SD.",
        "repeatability.not_positive": "The coefficients of variation are not defined, because at least one reading is not above 0.",
        "reproducibility": "The standard error of measurement of {what} between {k} readers was {sem} ({level} CI {low} to {high}) and the reproducibility coefficient {rdc} (n = {n}).",
        "reproducibility.no_interval": "The standard error of measurement of {what} between {k} readers was {sem} and the reproducibility coefficient {rdc} (n = {n}); their intervals are not defined.",
        "reproducibility.too_few": "Not defined: the error between readers needs two patients read by two readers, and n = {n} with k = {k} readers ({n_excluded} excluded).",
        "reproducibility.identical": "The {k} readers gave identical values in all {n} patients: the interval of the standard error of measurement is not defined.",
        "precision_profile": "The within-subject SD of {what} was {first} for means of {first_low} to {first_high} and {last} for means of {last_low} to {last_high} (n = {n} in {classes} classes).",
        "precision_profile.one": "The within-subject SD of {what} was {first} for means of {first_low} to {first_high} (n = {n}).",
        "precision_profile.too_few": "Not defined: {classes} classes need two patients each with two readings, and n = {n} ({n_excluded} excluded).",
        "precision_profile.too_few.classes_1": "Not defined: 1 class needs two patients with two readings, and n = {n} ({n_excluded} excluded).",
    }
)


def _bland_altman(item: BlandAltman, decimals: int) -> Iterator[Said]:
    if item.bias_ci is None or item.bias_p is None:
        yield from (say_reason(note) for note in item.notes)
        return
    # a ratio has no unit, and 1.00 would say too little
    decimals = decimals if item.no_difference == 0.0 else 3
    values: dict[str, Value] = {
        "n": item.n,
        "bias": number(item.bias, decimals),
        "p": p_value(item.bias_p),
        "lower": number(item.lower.value, decimals),
        "upper": number(item.upper.value, decimals),
    }
    code = "bland_altman" if item.scale == "difference" else f"bland_altman.{item.scale}"
    yield code, {**values, **interval_values(item.bias_ci, decimals)}


def _icc(item: Icc, _decimals: int) -> Iterator[Said]:
    form = item.headline
    values: dict[str, Value] = {"n": item.n, "form": form.full_name}
    if form.estimate is None:
        yield "icc.no_estimate", values
        return
    yield with_interval("icc", form.ci, {**values, "estimate": number(form.estimate)})
    if item.grades is not None:
        yield "icc.grade." + "_".join(item.grades), {}


def _checks(item: BlandAltmanChecks, decimals: int) -> Iterator[Said]:
    if isinstance(item.shapiro, ShapiroWilk):
        w, p = number(item.shapiro.w), p_value(item.shapiro.p)
        yield "bland_altman_checks.shapiro", {"w": w, "p": p, "n": item.n}
    signed, percentiles, test = item.signed_rank, item.percentiles, item.bradley_blackwood
    yield (
        "bland_altman_checks.signed_rank",
        {
            "p": p_value(signed.p),
            "median": number(percentiles.median, decimals),
            "lower": number(percentiles.lower, decimals),
            "upper": number(percentiles.upper, decimals),
        },
    )
    if test is not None:
        figures: dict[str, Value] = {"df1": test.df1, "df2": test.df2, "p": p_value(test.p)}
        yield "bland_altman_checks.bradley_blackwood", {**figures, "f": number(test.f, 2)}


def _constant_truth(item: ConstantTruth, decimals: int) -> Iterator[Said]:
    yield "constant_truth", {**_limits(item, decimals), **interval_values(item.bias_ci, decimals)}


def _varying_truth(item: VaryingTruth, decimals: int) -> Iterator[Said]:
    yield "varying_truth", {**_limits(item, decimals), "n_pairs": item.n_pairs}


def _limits(item: ConstantTruth | VaryingTruth, decimals: int) -> dict[str, Value]:
    return {
        "n": item.n,
        "bias": number(item.bias, decimals),
        "lower": number(item.lower.value, decimals),
        "upper": number(item.upper.value, decimals),
    }


def _icc_reml(item: IccReml, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "n": item.n,
        "k": item.k,
        "n_readings": item.n_readings,
        "n_missing": item.n_missing,
        "estimate": number(item.agreement.estimate),
    }
    yield "icc_reml", {**values, **interval_values(item.agreement.ci)}
    yield "icc.grade." + "_".join(item.grades), {}


def _concordance(item: Concordance, _decimals: int) -> Iterator[Said]:
    yield with_interval("ccc", item.ci, _share(item))
    if item.strengths is not None:
        yield "ccc.strength." + "_".join(item.strengths), {}


def _overall(item: OverallConcordance, _decimals: int) -> Iterator[Said]:
    yield "ccc.overall", {**_share(item), "k": item.k}


def _share(item: Concordance | OverallConcordance) -> dict[str, Value]:
    figures = ("estimate", "precision", "accuracy")
    return {"n": item.n, **{name: number(getattr(item, name)) for name in figures}}


def _kappa(item: Kappa, _decimals: int) -> Iterator[Said]:
    plain, linear, quadratic = item.forms
    values: dict[str, Value] = {
        "n": item.n,
        "agreement": percent(item.agreement),
        "plain": number(plain.estimate),
        "linear": number(linear.estimate),
        "quadratic": number(quadratic.estimate),
    }
    yield "kappa", {**values, **interval_values(linear.ci)}


def _repeatability(item: Repeatability, decimals: int) -> Iterator[Said]:
    wsd, rc = number(item.wsd, decimals), number(item.rc, decimals)
    yield with_interval("repeatability", item.wsd_ci, {"n": item.n, "wsd": wsd, "rc": rc}, decimals)
    if item.wcv is not None:
        yield "repeatability.wcv", {"wcv": number(item.wcv, 1)}


def _reproducibility(item: Reproducibility, decimals: int) -> Iterator[Said]:
    figures: dict[str, Value] = {"sem": number(item.sem, decimals), "rdc": number(item.rdc, decimals)}
    yield with_interval("reproducibility", item.sem_ci, {"n": item.n, "k": item.k, **figures}, decimals)


def _profile(item: PrecisionProfile, decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {"n": item.n, "classes": len(item.classes)}
    for name, one in (("first", item.classes[0]), ("last", item.classes[-1])):
        values[name] = number(one.wsd, decimals)
        values[f"{name}_low"], values[f"{name}_high"] = number(one.low, decimals), number(one.high, decimals)
    yield "precision_profile" if len(item.classes) > 1 else "precision_profile.one", values


SAYERS: Sayers = MappingProxyType(
    {
        BlandAltman: _bland_altman,
        BlandAltmanChecks: _checks,
        Concordance: _concordance,
        ConstantTruth: _constant_truth,
        Icc: _icc,
        IccReml: _icc_reml,
        Kappa: _kappa,
        OverallConcordance: _overall,
        PrecisionProfile: _profile,
        Repeatability: _repeatability,
        Reproducibility: _reproducibility,
        VaryingTruth: _varying_truth,
    }
)
"""How each kind of result is said."""

"""The sentences of ROC curves: one, two compared, in clusters, by several readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from app.stats.criterion import CutOff
from app.stats.formatting import confidence, number, p_value, percent
from app.stats.mrmc import Mrmc
from app.stats.proportion import Proportion
from app.stats.result import Value
from app.stats.roc import Roc
from app.stats.roc_bootstrap import RocBootstrap
from app.stats.roc_clustered import ClusteredRoc
from app.stats.roc_paired import PairedRoc
from app.stats.roc_partial import PartialArea
from app.stats.roc_unpaired import UnpairedRoc
from app.stats.saying import Said, Sayers, interval_values, with_interval

CATALOGUE: Mapping[str, str] = MappingProxyType(
    {
        "roc": "The area under the ROC curve of {what} was {auc} ({level} CI {low} to {high}, DeLong; "
        "{n_positive} of {n} patients with the outcome).",
        "roc.no_interval": "The area under the ROC curve of {what} was {auc} ({n_positive} of {n} "
        "patients with the outcome); its DeLong interval is not defined.",
        "cutoff": "At the cut-off {criterion} the sensitivity was {sensitivity} % ({sensitivity_counts}, "
        "{level} CI {sensitivity_low} to {sensitivity_high} %) and the specificity {specificity} % "
        "({specificity_counts}, {level} CI {specificity_low} to {specificity_high} %), Youden index {j}.",
        "roc.label": "Not defined: the outcome must be 0 or 1 for every patient.",
        "roc.one_class": "Not defined: a ROC curve needs patients with and without the outcome, and "
        "n = {n_positive} with and {n_negative} without.",
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
        "roc.automatic_higher": "The direction was chosen by the medians of the two classes: high values of the marker mean the outcome.",
        "roc.automatic_lower": "The direction was chosen by the medians of the two classes: low values of the marker mean the outcome.",
        "roc.nested": "One of the two models is nested in the other, and DeLong's test is not valid between such models; the likelihood ratio test is.",
        "roc.bootstrap": "The {level} bootstrap interval of the area of {auc} was {low} to {high} ({replicates} resamples, each class by itself).",
        "roc.bootstrap.youden": "Over the resamples the {level} interval of the Youden cut-off was {low} to {high}, and its Youden index of {j} was {corrected} after correction for optimism.",
        "bootstrap.one_case": "Not defined: one of the two classes has a single patient, so resampling cannot vary it.",
        "bootstrap.no_width": "All resamples have the area of {auc}, so the bootstrap interval has no width; this says nothing about precision.",
        "roc.partial_specificity": "The partial area under the ROC curve of {what} for a specificity of {low} % to {high} % was {area} of {most} (standardised {standardised}).",
        "roc.partial_sensitivity": "The partial area under the ROC curve of {what} for a sensitivity of {low} % to {high} % was {area} of {most} (standardised {standardised}).",
        "roc.partial_specificity.below": "The partial area under the ROC curve of {what} for a specificity of {low} % to {high} % was {area} of {most}.",
        "roc.partial_sensitivity.below": "The partial area under the ROC curve of {what} for a sensitivity of {low} % to {high} % was {area} of {most}.",
        "roc.partial_below_diagonal": "The partial area of {area} lies below that of a marker that says nothing, so it is not standardised.",
        "roc.unpaired": "The areas under the ROC curves of {first} ({auc_first}, n = {n_first}) and {second} ({auc_second}, n = {n_second}), two independent groups of patients, differed by {difference} ({level} CI {low} to {high}, p {p}, DeLong).",
        "roc.unpaired.no_test": "The areas under the ROC curves of {first} ({auc_first}, n = {n_first}) and {second} ({auc_second}, n = {n_second}), two independent groups of patients, differed by {difference}; the test is not defined.",
        "roc.clustered": "The area under the ROC curve of {what} over {n} vertebrae of {n_clusters} patients was {auc} ({level} CI {low} to {high}, Obuchowski 1997).",
        "roc.one_cluster": "Not defined: all units of a class come from one of the {n_clusters} patients, so nothing can be said of others.",
        "roc.one_cluster.n_clusters_1": "Not defined: all units come from a single patient, so nothing can be said of others.",
        "roc.no_width_clustered": "The standard error of the area of {auc} comes out as 0: its interval has no width and its test is not defined.",
        # several readers
        "mrmc": "Over {readers} readers and {n} patients the mean areas under the ROC curve were {means} (Obuchowski and Rockette with the degrees of freedom of Hillis, readers and patients random; F = {f}, p {p}).",
        "mrmc.means": "Over {readers} readers and {n} patients the mean areas under the ROC curve were {means} (Obuchowski and Rockette, readers and patients random).",
        "mrmc.one_reader": "Not defined: an analysis of several readers needs two of them.",
        "mrmc.not_crossed": "Not defined: every one of the readers must have measured every one of the {treatments} markers.",
        "mrmc.not_crossed.treatments_1": "Not defined: every one of the readers must have measured the marker.",
        "mrmc.one_treatment": "There is a single marker: its mean area is given, and there is nothing to compare it with.",
        "mrmc.few_readers": "{readers} readers are few: how readers differ, and so the interval for readers not seen, is uncertain.",
    }
)


def _roc(item: Roc, decimals: int) -> Iterator[Said]:
    yield with_interval("roc", item.ci, area_values(item))
    if item.cutoff is not None:
        yield from _cutoff(item.cutoff, decimals)


def area_values(item: Roc) -> dict[str, Value]:
    """Write the area of a curve and the patients it rests on."""
    return {"auc": number(item.auc), "n": item.n, "n_positive": item.n_positive}


def _cutoff(item: CutOff, _decimals: int) -> Iterator[Said]:
    yield "cutoff", cutoff_values(item)


def cutoff_values(item: CutOff) -> dict[str, Value]:
    """Write a cut-off with its counts and intervals."""

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


def _paired(item: PairedRoc, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "n": item.n,
        "auc_first": number(item.auc_first),
        "auc_second": number(item.auc_second),
        "difference": number(item.difference),
    }
    if item.p is None:
        yield "roc.paired.no_test", values
    else:
        yield "roc.paired", {**values, **interval_values(item.ci), "p": p_value(item.p)}


def _unpaired(item: UnpairedRoc, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {
        "n_first": item.n_first,
        "n_second": item.n_second,
        "auc_first": number(item.auc_first),
        "auc_second": number(item.auc_second),
        "difference": number(item.difference),
    }
    if item.p is None:
        yield "roc.unpaired.no_test", values
    else:
        yield "roc.unpaired", {**values, **interval_values(item.ci), "p": p_value(item.p)}


def _bootstrap(item: RocBootstrap, decimals: int) -> Iterator[Said]:
    area: dict[str, Value] = {"auc": number(item.auc), "replicates": item.replicates}
    yield "roc.bootstrap", {**area, **interval_values(item.ci)}
    if item.youden is not None:
        indices: dict[str, Value] = {
            "j": number(item.youden.j),
            "corrected": number(item.youden.j_corrected),
        }
        limits = interval_values(item.youden.criterion_ci, decimals)
        yield "roc.bootstrap.youden", {**indices, **limits}


def _partial(item: PartialArea, _decimals: int) -> Iterator[Said]:
    code = "roc.partial_specificity" if item.focus == "specificity" else "roc.partial_sensitivity"
    values: dict[str, Value] = {
        "low": percent(item.low, 0),
        "high": percent(item.high, 0),
        "area": number(item.area),
        "most": number(item.high - item.low),
    }
    if item.standardised is None:
        yield f"{code}.below", values
    else:
        yield code, {**values, "standardised": number(item.standardised)}


def _clustered(item: ClusteredRoc, _decimals: int) -> Iterator[Said]:
    values: dict[str, Value] = {"n": item.n, "n_clusters": item.n_clusters, "auc": number(item.auc)}
    yield "roc.clustered", {**values, **interval_values(item.clustered.ci)}


def _mrmc(item: Mrmc, _decimals: int) -> Iterator[Said]:
    level = confidence(item.level)
    told = [
        f"{one.name[0]} {number(one.value)} ({level} CI {number(one.ci.low)} to {number(one.ci.high)})"
        for one in item.random_both.means
    ]
    values: dict[str, Value] = {"readers": len(item.readers), "n": item.n, "means": ", ".join(told)}
    test = item.random_both.equality
    if test is None:
        yield "mrmc.means", values
    else:
        yield "mrmc", {**values, "f": number(test.statistic, 2), "p": p_value(test.p)}


SAYERS: Sayers = MappingProxyType(
    {
        ClusteredRoc: _clustered,
        CutOff: _cutoff,
        Mrmc: _mrmc,
        PairedRoc: _paired,
        PartialArea: _partial,
        Roc: _roc,
        RocBootstrap: _bootstrap,
        UnpairedRoc: _unpaired,
    }
)
"""How each kind of result is said."""

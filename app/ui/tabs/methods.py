"""The Methods text: whole sentences of what was done for a selection, and of nothing else. No Qt."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from app.domain.clinical import (
    OSTEOPENIA_BELOW,
    OSTEOPOROSIS_UP_TO,
    QCT_NORMAL_ABOVE,
    QCT_OSTEOPOROSIS_BELOW,
    Scheme,
)
from app.domain.maps import MEASURED
from app.domain.protocol import MEAN_LEVELS
from app.services.selection import ADJUDICATED, Grouping, LevelMean
from app.services.study_agreement import study_agreement
from app.services.study_correlation import study_correlation
from app.services.study_data import Study
from app.services.study_groups import PAIRS, TESTS, study_groups
from app.services.study_methods import MethodFacts, Repeats, method_facts
from app.stats.agreement import BlandAltman
from app.stats.ancova import Ancova
from app.stats.bland_altman_varying_truth import VaryingTruth
from app.stats.compare_correlations import CorrelationComparison
from app.stats.contingency import Contingency
from app.stats.correlation import Pearson, WithinGroups
from app.stats.formatting import confidence, number
from app.stats.groups import GroupComparison
from app.stats.icc import Icc
from app.stats.pairwise import Pairwise
from app.stats.partial import PartialCorrelation
from app.stats.result import NotDefined, Note
from app.stats.rmcorr import RepeatedCorrelation
from app.stats.sentences import sentence
from app.ui.sentences import RESEARCH_USE, label
from app.ui.tabs.agreement_limits import slopes
from app.ui.tabs.cohort_flow import reason_of
from app.ui.tabs.content import Prose
from app.ui.tabs.methods_roc import roc_methods
from app.ui.tabs.words import by_tscore, of_scheme, screen_unit

_LEVEL = 0.95


def methods_text(study: Study) -> Prose:
    """Write the text for a selection; what is not defined for it is not mentioned."""
    facts = method_facts(study)
    written = {
        "measurement": _measurement(study, facts),
        "readers": _readers(study, facts),
        "participants": _participants(study),
        "agreement": _agreement(study),
        "correlation": _correlation(study),
        "groups": _groups(study),
        "roc": roc_methods(study),
        "software": _software(study, facts),
    }
    said = ((label(f"methods.head.{name}"), " ".join(lines)) for name, lines in written.items())
    return Prose(tuple((head, text) for head, text in said if text))


def _measurement(study: Study, facts: MethodFacts) -> Iterator[str]:
    if facts.protocols:
        yield label("methods.protocol", stamps=", ".join(facts.protocols))
    if facts.protocols != (study.protocol,):
        yield label("methods.protocol_now", stamp=study.protocol)
    if facts.rules:
        yield label("methods.rule", rules=", ".join(facts.rules))
    if facts.elsewhere:
        yield label("methods.elsewhere", readings=facts.readings, elsewhere=facts.elsewhere)
    levels = study.cohort.levels
    code = f"methods.levels.{study.cohort.mean.value}" if levels in MEAN_LEVELS else "methods.level"
    yield label(code, levels=levels, needed=facts.needed)
    yield label("methods.units", unit=screen_unit(study.rules.r2star_unit))
    known = [f"{one:g}" for one in study.cohort.field_strengths if one is not None]
    if len(known) == 1 and None not in study.cohort.field_strengths:
        yield label("methods.field", tesla=known[0])
    for way, count in facts.counted:
        yield label(f"methods.counted.{way.value}", count=count, readings=facts.readings)


def _readers(study: Study, facts: MethodFacts) -> Iterator[str]:
    if facts.readings:
        code = "methods.reader" if facts.readers == 1 else "methods.readers"
        told = {"readers": facts.readers, "readings": facts.readings, "round": study.selection.round}
        yield label(code, **told)
    yield label("methods.blinded" if study.rules.blinded else "methods.open")
    if facts.not_blinded:
        yield label("methods.not_blinded", readings=facts.readings, not_blinded=facts.not_blinded)
    if facts.trained:
        yield label("methods.trained", trained=facts.trained)
    yield from _repeats(facts.repeats, study.rules.washout_days)
    if study.selection.reader is not None or facts.readers == 1:
        yield label("methods.final.one")
    elif study.selection.readers == ADJUDICATED and study.gathered.decided:
        ff, share = study.rules.adjudicate_ff, study.rules.adjudicate_r2star
        yield label("methods.final.adjudicated", ff=f"{ff:g}", r2star=f"{100 * share:g}")
    else:
        yield label("methods.final.mean")


def _repeats(found: Repeats, planned: int) -> Iterator[str]:
    """How long readers really waited: a round may be begun with another wash-out than the protocol's."""
    if found.rounds:
        yield label("methods.repeats", rounds=found.rounds)
    if found.days is not None:
        yield label("methods.waited" if found.days else "methods.same_day", days=found.days, planned=planned)
    if found.early:
        yield label("methods.early", readings=found.readings, early=found.early)


def _participants(study: Study) -> Iterator[str]:
    cohort = study.cohort
    yield sentence(cohort.analysed)
    for one in cohort.exclusions:
        yield sentence(Note.of(one.code, count=len(one.cases), reason=reason_of(one)))
    yield from _grouped(study)
    for note in cohort.notes:
        yield sentence(note)


def _grouped(study: Study) -> Iterator[str]:
    """What makes the groups and the outcome."""
    cohort, by_qct = study.cohort, study.cohort.scheme is Scheme.QCT
    high, low = f"{OSTEOPENIA_BELOW:.1f}", f"{OSTEOPOROSIS_UP_TO:.1f}"
    limit = f"{study.positive_t_score:.1f}"
    if by_qct:
        high, low = f"{QCT_NORMAL_ABOVE:g}", f"{QCT_OSTEOPOROSIS_BELOW:g}"
        limit = low
    if any(group is not None for group in cohort.groups):
        code, region = of_scheme("methods.groups", cohort.scheme), study.bmd_region
        if not by_qct:
            code, region = by_tscore(code, study)
        yield label(code, region=region, high=high, low=low)
    known = int(np.isfinite(cohort.positive).sum())
    if known:
        yield label(
            f"{of_scheme('methods.outcome', cohort.scheme)}.{study.selection.outcome.value}",
            limit=limit,
            high=high,
            positive=int((cohort.positive == 1.0).sum()),
            known=known,
        )


def _agreement(study: Study) -> Iterator[str]:
    found = study_agreement(study)
    limits, pair = found.bland_altman, found.asked.pair
    clustered = None if found.clustered is None else found.clustered.varying
    if pair is None or isinstance(limits, NotDefined):
        return
    yield label("methods.within" if pair.within else "methods.between")
    if study.cohort.mean is not LevelMean.AT_LEAST:
        yield label("methods.shared_levels")
    if isinstance(clustered, VaryingTruth):
        yield label("methods.limits.vertebra")
    elif clustered is None:
        yield from _limits(limits)
        if slopes(found) is not None:
            yield label("methods.limits.sloping")
    form = found.icc.headline if isinstance(found.icc, Icc) else None
    if form is not None and form.ci is not None and clustered is None:
        yield label("methods.icc", form=form.full_name, mcgraw_wong=form.mcgraw_wong, method=form.ci.method)


def _limits(limits: BlandAltman) -> Iterator[str]:
    decimals = 2 if limits.multiplier == round(limits.multiplier, 2) else 4
    yield label(f"methods.limits.{limits.scale}", multiplier=number(limits.multiplier, decimals))
    if limits.bias_ci is not None and limits.lower.exact is not None:
        yield label("methods.limits_ci", bias=limits.bias_ci.method, limits=limits.lower.exact.method)


def _correlation(study: Study) -> Iterator[str]:
    found = study_correlation(study)
    if isinstance(found.pearson, Pearson) and found.pearson.ci is not None:
        against = label(f"correlation.against.{found.against}")
        maps = [one.value for one in MEASURED if one.value not in study.cohort.blocked]
        code = "both" if len(maps) > 1 else maps[0]
        yield label(f"methods.correlation.{code}", against=against, method=found.pearson.ci.method)
    if isinstance(found.within, WithinGroups):
        code = of_scheme("methods.within_groups", study.cohort.scheme)
        yield label(code, n_groups=found.within.n_groups)
    if isinstance(found.partial, PartialCorrelation):
        yield label("methods.partial", controls=", ".join(found.partial.controls))
    if isinstance(found.other_map, CorrelationComparison):
        yield label("methods.maps")
    if isinstance(found.vertebrae, RepeatedCorrelation):
        yield label("methods.vertebrae")


def _groups(study: Study) -> Iterator[str]:
    found = study_groups(study)
    option = study.selection.option
    compared = [one for one in found.rows.values() if isinstance(one, GroupComparison)]
    grouping = study.selection.grouping
    if compared and grouping is not Grouping.T_SCORE:
        yield label(f"methods.by.{grouping.value}")
    if compared:
        yield label(f"methods.groups.{option('groups.test', TESTS[0])}")
    if any(one.headline == "kruskal" for one in compared):
        yield label(f"methods.quartiles.{option('groups.quartiles', '6')}")
    if isinstance(found.pairs, Pairwise):
        yield label(f"methods.pairs.{option('groups.pairs', PAIRS[0])}")
    if isinstance(found.sex, Contingency) and grouping is not Grouping.SEX:
        yield label("methods.sex")
    if isinstance(found.adjusted, Ancova):
        yield label("methods.ancova", names=", ".join(found.adjusted.names))


def _software(study: Study, facts: MethodFacts) -> Iterator[str]:
    yield label(
        "methods.software",
        version=study.software,
        python=facts.python,
        numpy=facts.numpy,
        scipy=facts.scipy,
        level=confidence(_LEVEL),
    )
    if facts.software and facts.software != (study.software,):
        yield label("methods.read_with", versions=", ".join(facts.software))
    if study.synthetic:
        yield label("methods.synthetic")
    yield RESEARCH_USE

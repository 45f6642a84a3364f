"""The flow of participants as boxes with words. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.clinical import OSTEOPENIA_BELOW, QCT_NORMAL_ABOVE, QCT_OSTEOPOROSIS_BELOW, Scheme
from app.domain.maps import MEASURED
from app.services.analyse import NAMES
from app.services.cohort import Exclusion
from app.services.study_cohort import Flow, Side
from app.services.study_data import Study
from app.ui.plots.flow_spec import Box, FlowChart, Step
from app.ui.plots.groups import group_name
from app.ui.sentences import REASONS, label
from app.ui.tabs.words import footer, of_scheme, reference_regions

_CODES_SHOWN = 12


def flow_chart(study: Study, flow: Flow) -> FlowChart:
    """Draw who takes part and who does not."""
    known = [one for one in flow.sides if one.outcome is not None]
    return FlowChart(
        title=label("cohort.title.flow"),
        steps=tuple(_steps(study, flow)),
        ends=tuple(_side(one, study.cohort.scheme) for one in known) if flow.analysed else (),
        footer=footer(study),
    )


def reason_of(exclusion: Exclusion) -> str:
    """Words of a reader's reason; empty where there is none."""
    return REASONS[exclusion.reason] if exclusion.reason else ""


def why_of(exclusion: Exclusion) -> str:
    """Why cases are left out, in a few words."""
    return label(f"stats.why.{exclusion.code}", reason=reason_of(exclusion))


def codes_text(cases: tuple[str, ...]) -> str:
    """The first codes of a list, and how many more there are."""
    told = ", ".join(cases[:_CODES_SHOWN])
    left = len(cases) - _CODES_SHOWN
    return label("stats.codes_more", codes=told, count=left) if left > 0 else told


def _steps(study: Study, flow: Flow) -> Iterator[Step]:
    if flow.trained:
        trained = Box(label("cohort.flow.trained", n=flow.trained))
        yield Step(Box(label("cohort.flow.exams", n=flow.enrolled + flow.trained)), trained)
    yield Step(Box(label("cohort.flow.enrolled", n=flow.enrolled)), _excluded(flow))
    if flow.filtered:
        told = label("cohort.flow.filtered", n=len(flow.filtered))
        read = Box(label("cohort.flow.read", n=flow.enrolled - flow.excluded))
        yield Step(read, Box(told, (codes_text(flow.filtered),)))
    yield Step(_analysed(flow))
    if flow.analysed:
        unknown = [one for one in flow.sides if one.outcome is None]
        aside = _side(unknown[0], study.cohort.scheme) if unknown else None
        yield Step(_reference(study, flow), aside)


def _excluded(flow: Flow) -> Box | None:
    if not flow.exclusions:
        return None
    lines = (
        label("cohort.flow.cases", why=why_of(one), n=len(one.cases), codes=codes_text(one.cases))
        for one in flow.exclusions
    )
    return Box(label("cohort.flow.excluded", n=flow.excluded), tuple(lines))


def _analysed(flow: Flow) -> Box:
    lines = [
        label("cohort.flow.final", name=NAMES[quantity], n=flow.final[quantity])
        for quantity in MEASURED
        if flow.final[quantity] != flow.analysed
    ]
    for reader, n in flow.readings.items():
        marked = flow.not_blinded.get(reader, 0)
        code = "cohort.flow.readings_open" if marked else "cohort.flow.readings"
        lines.append(label(code, reader=reader, n=n, marked=marked))
    return Box(label("cohort.flow.analysed", n=flow.analysed), tuple(lines))


def _reference(study: Study, flow: Flow) -> Box:
    scheme = study.cohort.scheme
    limits = {"limit": f"{study.positive_t_score:.1f}", "high": f"{OSTEOPENIA_BELOW:.1f}"}
    if scheme is Scheme.QCT:
        limits = {"limit": f"{QCT_OSTEOPOROSIS_BELOW:g}", "high": f"{QCT_NORMAL_ABOVE:g}"}
    outcome = of_scheme("cohort.flow.outcome", scheme)
    return Box(
        label("cohort.flow.reference", region=reference_regions(study)),
        (
            *((label("cohort.flow.qct", n=flow.grouped),) if scheme is Scheme.QCT else ()),
            label("cohort.flow.tscore", n=flow.with_tscore),
            label("cohort.flow.bmd", n=flow.with_bmd),
            label(f"{outcome}.{study.selection.outcome.value}", **limits),
        ),
    )


def _side(side: Side, scheme: Scheme) -> Box:
    code = {True: "cohort.flow.with", False: "cohort.flow.without", None: "cohort.flow.unknown"}[side.outcome]
    named = ((group_name(group, scheme), n) for group, n in side.groups.items())
    return Box(label(code, n=side.n), tuple(label("cohort.flow.group", group=name, n=n) for name, n in named))

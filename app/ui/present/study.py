"""Sentences about a study and its people. Pure: imports no Qt."""

from __future__ import annotations

from app.domain.reading import Viewer
from app.ui.people import People
from app.ui.present import text
from app.ui.study_draft import Person, StudyDraft


def names_text(names: list[str]) -> str:
    """Several names in a row."""
    return text("study.between_names").join(names)


def who_text(viewer: Viewer) -> str:
    """Who works here, and as what."""
    return text("app.who", name=viewer.reader.name, role=text(f"role.name_{viewer.role.value}"))


def blinding_words(people: People, viewer: Viewer) -> tuple[str, str]:
    """Whether whoever works here is blinded and in which round, in short and in a sentence."""
    seen = "app.sees_all" if people.blinded else "app.open_round"
    code = "app.blinded" if people.kept_out else seen
    return text(code, round=viewer.round), text(f"{code}_tip")


def summary_lines(draft: StudyDraft) -> list[str]:
    """What the assistant will set up, in whole sentences."""
    return [
        _protocol_line(draft),
        _readers_line(draft),
        text("study.sum_coordinators", names=_names(draft.coordinators)),
        _secret_line(draft),
        text("study.sum_blinded" if draft.protocol.blinded else "study.sum_open"),
        *_choices(draft),
        _repeat_line(draft),
        _training_line(draft),
    ]


def _protocol_line(draft: StudyDraft) -> str:
    final = draft.final
    if draft.changed:
        return text("study.sum_changed", stamp=final.stamp, before=draft.before.stamp if draft.before else "")
    return text("study.sum_kept" if draft.before else "study.sum_new", stamp=final.stamp)


def _readers_line(draft: StudyDraft) -> str:
    count, names = len(draft.readers), _names(draft.readers)
    return (
        text("study.sum_one_reader", names=names)
        if count == 1
        else text("study.sum_readers", count=count, names=names)
    )


def _secret_line(draft: StudyDraft) -> str:
    without = [one for one in draft.people if not (one.secret or one.has_secret)]
    if not without:
        return text("study.sum_secrets")
    if len(without) == len(draft.people):
        return text("study.sum_by_name" if len(without) > 1 else "study.sum_no_secrets")
    return text("study.sum_some_secrets", names=_names(without))


def _choices(draft: StudyDraft) -> list[str]:
    protocol = draft.protocol
    told = [text("study.sum_hidden")] * protocol.numbers_hidden
    return told + [text("study.sum_help")] * (protocol.fit or protocol.ladder)


def _repeat_line(draft: StudyDraft) -> str:
    protocol = draft.protocol
    if not protocol.repeat_share:
        return text("study.sum_no_repeat")
    percent = f"{protocol.repeat_share * 100:.10g}"
    return text("study.sum_repeat", percent=percent, days=protocol.washout_days)


def _training_line(draft: StudyDraft) -> str:
    if not draft.training:
        return text("study.sum_no_training")
    return text("study.sum_training", count=len(draft.training), total=len(draft.cases))


def _names(people: tuple[Person, ...] | list[Person]) -> str:
    return names_text([one.name for one in people])

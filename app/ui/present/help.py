"""Proposals, from values to words. Pure: imports no Qt."""

from __future__ import annotations

from app.domain.case_facts import Help
from app.services.place_help import Proposals
from app.ui import sentences
from app.ui.present import text


def proposal_text(proposals: Proposals | None, why: str) -> str:
    """What is proposed and how to take it; else why nothing is; empty where nobody asked."""
    if proposals is None:
        return text("help.none", why=sentences.SENTENCES[why]) if why else ""
    levels = text("help.between_levels").join(proposals.rectangles)
    if proposals.by is Help.FIT:
        return text("help.shown_fit", level=levels)
    if not proposals.missing:
        return text("help.shown_ladder", levels=levels)
    missing = text("help.between_levels").join(proposals.missing)
    return text("help.shown_some", levels=levels, missing=missing)

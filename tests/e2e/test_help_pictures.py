"""What README and help show of the program, next to the reading page: its statistics, and its import dialog.

``MARROWMARK_PICTURES=FOLDER`` keeps the pictures of these tests and of the twelve cases there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.domain.progress import Silent
from app.files.demo_exams import read_recipe, write_demo
from app.files.resources import resource
from app.services.demo import make_study_demo
from app.ui.plots import palette
from app.ui.plots.spec import Tone
from app.ui.theme import DARK, LIGHT, Theme

if TYPE_CHECKING:
    from conftest import Desk

pytestmark = pytest.mark.window

_WINDOW = (1600, 900)
_LOOKED_AT = 3


def _drawn_in(desk: Desk, theme: Theme, tone: Tone) -> bool:
    """Whether a line of a plot is on the screen."""
    wanted = palette.colour(tone, theme).getRgb()[:3]
    return bool((desk.screen.picture() == np.array(wanted, np.uint8)).all(axis=2).sum() > 100)


def test_the_demo_study_opens_on_its_statistics_in_a_light_window(desk: Desk) -> None:
    study = make_study_demo(desk.folder / "demo")
    program = desk.start(study, _WINDOW)
    desk.wait_for(lambda: _drawn_in(desk, LIGHT, Tone.BIAS), "a plot in light colours")
    assert np.median(desk.keep_picture("statistics", program.window)) > 200
    assert not _drawn_in(desk, DARK, Tone.BIAS)
    assert program.close() == ""


def test_the_import_dialog_shows_what_was_found_and_leaving_it_brings_in_nothing(desk: Desk) -> None:
    exams = read_recipe(resource("demo", "exams.json").read_text(encoding="utf-8"))[:_LOOKED_AT]
    files = write_demo(exams, desk.folder / "disc", Silent())
    session = desk.folder / "study.marrow"
    program = desk.start(None, _WINDOW)
    program.choose_file("ctrl+n", "New session", session)
    desk.wait_for(session.exists, "the new session")
    program.choose_file("ctrl+i", "Import images", files.dicom)
    found = desk.wait_for(lambda: next(iter(program.windows("^Images to import")), ""), "what was found")
    program.focus(found)
    # what an exam is made of, and the first of its maps
    program.key("Right", "Down")
    desk.keep_picture("import", found)
    program.key("Escape")
    desk.wait_for(lambda: not program.windows("^Images to import"), "the end of the dialog")
    program.focus(program.window)
    assert program.close() == ""
    assert desk.stored(session).count("exam") == 0

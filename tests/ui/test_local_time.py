"""Times of the record as a reader sees them."""

from __future__ import annotations

import time

import pytest

from app.ui.present.worklist import local_time, short_time


def test_a_reader_sees_the_time_of_their_own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(time, "tzset"):
        pytest.skip("this system does not let a test choose its zone")
    monkeypatch.setenv("TZ", "CST-8")
    time.tzset()
    try:
        assert local_time("2026-03-01T17:33:39.120+00:00") == "2026-03-02 01:33:39"
        assert [local_time(text) for text in ("", "yesterday")] == ["", "yesterday"]
    finally:
        monkeypatch.undo()
        time.tzset()
    # the record goes by one clock for everybody
    assert short_time("2026-03-01T17:33:39.120+00:00") == "2026-03-01 17:33:39"

"""Words of the page on which readers are compared. Part of the one catalogue.

``DISAGREEMENT`` holds words of the interface, ``DISAGREEMENT_SENTENCES`` whole sentences: grounds and errors.
"""

from __future__ import annotations

DISAGREEMENT: dict[str, str] = {
    "page.disagreements": "Differences",
    "disagree.case": "Case",
    "disagree.level": "Level",
    "disagree.ff": "FF, %",
    "disagree.ff_gap": "FF apart",
    "disagree.r2star": "R2*, s⁻¹",
    "disagree.r2star_gap": "R2* apart",
    "disagree.why": "Why",
    "disagree.decision": "Decision",
    "disagree.header_tip": "Values stand in the order in which readers were enrolled; the panel on the right names them.",
    "disagree.value": "{value:.1f}",
    "disagree.between_values": " / ",
    "disagree.between": " · ",
    "disagree.ff_apart": "{amount:.1f}",
    "disagree.r2star_apart": "{amount:.0f} %",
    "disagree.elsewhere": "{reader}, slice {slice}",
    # grounds in a few words
    "ground.readers.ff_adjudicate": "FF {amount:.1f} points",
    "ground.readers.ff_query": "FF {amount:.1f} points",
    "ground.readers.r2star_adjudicate": "R2* {amount:.0f} %",
    "ground.readers.r2star_query": "R2* {amount:.0f} %",
    "ground.readers.far_apart": "other level? {distance:.0f} mm",
    "ground.readers.no_overlap": "other level? no overlap",
    "ground.readers.slices": "slices {distance:.0f} mm",
    "ground.readers.not_measured_by_all": "not measured by all",
    "ground.readers.many_bad_voxels": "{share:.0f} % bad voxels",
    "ground.values.bad_voxels": "{share:.0f} % bad voxels",
    "ground.values.ff_unusual": "FF unusual",
    "ground.values.ff_uneven": "FF uneven",
    "ground.values.r2star_unusual": "R2* unusual",
    "ground.values.r2star_uneven": "R2* uneven",
    "ground.values.swapped": "water-fat swap?",
    "ground.values.ff_jump": "FF apart from other levels",
    "ground.values.ff_step": "FF step from {above}",
    "ground.ended": "readings changed",
    "disagree.of_reader": "{reader}, {told}",
    # decisions
    "disagree.waits": "waits",
    "disagree.to_look_at": "to look at",
    "disagree.again": "to be decided again",
    "disagree.mean": "the mean stands",
    "disagree.reader": "{reader} stands",
    "disagree.drawn": "own rectangle",
    "disagree.excluded": "left out: {reason}",
    "disagree.decided": "Decided by {who} on {when}: {what}.",
    "disagree.decided_note": "Decided by {who} on {when}: {what}. {note}",
    "disagree.recorded": "{what}, {values}",
    "disagree.not_decided": "Nothing is decided yet: the mean of the readers is the final value.",
    # the page
    "disagree.show": "Show",
    "disagree.show_tip": "Which levels are listed.",
    "disagree.show_waiting": "waiting",
    "disagree.show_decided": "decided",
    "disagree.show_all": "all",
    "disagree.loading": "Readers are being compared…",
    "disagree.empty": "Readers are within the protocol's limits everywhere, or nothing is signed off by two of them yet.",
    "disagree.empty_waiting": "Nothing waits for a decision. Choose “all” above to see what was decided.",
    "disagree.counted": "{waiting} of {count} wait for a decision",
    "disagree.counted.waiting_1": "1 of {count} waits for a decision",
    "disagree.no_images": "These values come from a table; there is no image to look at.",
    "disagree.no_level": "Choose a level in the list.",
    "disagree.title": "{code}  {level}",
    "disagree.previous": "Previous",
    "disagree.next": "Next",
    "disagree.previous_tip": "The level before in the list",
    "disagree.next_tip": "The next level in the list",
    "disagree.not_measured": "not measurable: {reason}",
    "disagree.no_gap": "–",
    # deciding
    "disagree.choose": "Final value",
    "disagree.choose_mean": "The mean of the readers: {values}",
    "disagree.choose_reader": "{reader}: {values}",
    "disagree.choose_drawn": "Own rectangle",
    "disagree.choose_drawn_values": "Own rectangle: {values}",
    "disagree.choose_drawn_tip": "Click on a map to place it, then move it or pull its sides. Insert places it by key, arrows "
    "move it.",
    "disagree.choose_excluded": "Leave the level out",
    "disagree.choose_tip": "It becomes the final value. Readers' own values stay, and agreement uses them.",
    "disagree.reason": "Reason",
    "disagree.reason_ask": "Choose the reason",
    "disagree.reason_tip": "Why the level is left out.",
    "disagree.note": "Note, kept with the decision",
    "disagree.note_tip": "A few words on why; they stand in the record.",
    "disagree.decide": "Decide and next",
    "disagree.decide_tip": "Write the decision down and go to the next level that waits",
    "disagree.values": "{ff:.1f} %, {r2star:.0f} s⁻¹",
    "disagree.values_ff": "{ff:.1f} %",
    "disagree.values_r2star": "{r2star:.0f} s⁻¹",
    "disagree.values_none": "no value",
    "disagree.line_solid": "solid line",
    "disagree.line_dashed": "dashed line",
    "disagree.with_line": "{reader} ({line})",
}

DISAGREEMENT_SENTENCES: dict[str, str] = {
    "readers.ff_adjudicate": "FF differs by {amount:.1f} points. Beyond {limit:g} the protocol wants a decision.",
    "readers.ff_query": "FF differs by {amount:.1f} points. Beyond {limit:g} the protocol wants a second look.",
    "readers.r2star_adjudicate": "R2* differs by {amount:.0f} % of the mean. Beyond {limit:g} % the protocol wants a decision.",
    "readers.r2star_query": "R2* differs by {amount:.0f} % of the mean. Beyond {limit:g} % the protocol wants a second look.",
    "readers.far_apart": "The rectangles lie {distance:.0f} mm apart, more than {limit:g} mm. They may be on different "
    "vertebrae; count the levels again.",
    "readers.no_overlap": "The rectangles share no place ({distance:.0f} mm apart). They may be on different vertebrae; count "
    "the levels again.",
    "readers.slices": "The slices are {slices} apart ({distance:.0f} mm). See whether both show the middle of the vertebra.",
    "readers.not_measured_by_all": "{marked} of {readers} readers found the level not measurable. See whether it should "
    "count.",
    "readers.not_measured_by_all.marked_1": "1 of {readers} readers found the level not measurable. See whether it should "
    "count.",
    "readers.many_bad_voxels": "{reader}, {level}: {bad} of {voxels} voxels of {quantity} ({share:.0f} %) have no value, are 0, "
    "out of range or saturated. The value can stand only with a reason: write it into the note.",
    "readers.many_bad_voxels.bad_1": "{reader}, {level}: 1 of {voxels} voxels of {quantity} ({share:.0f} %) has no value, is 0, out of "
    "range or saturated. The value can stand only with a reason: write it into the note.",
    "disagree.ended": "It was decided before, but a reading has changed since. Decide again.",
    "adjudication.not_read_twice": "{level} is not signed off by two readers, so there is nothing to decide. Look again once it "
    "is.",
    "adjudication.without_value": "Nobody chosen here has a value of {level}. Choose another reader, or leave the level out.",
    "adjudication.without_images": "These values come from a table, so there is no image to draw on. Choose a reader or the "
    "mean.",
    "adjudication.needs_note": "So many voxels of {level} are bad that its value can stand only with a reason. Write it into "
    "the note.",
    "adjudication.nothing_drawn": "No rectangle is drawn yet. Click on one of the maps where it belongs.",
    "adjudication.no_reason": "A level is left out with a reason only. Choose one.",
    "adjudication.nothing_chosen": "Choose first what the final value is.",
}

DISAGREEMENT_ACTIONS: dict[str, str] = {"adjudication.decided": "decided where readers differ"}

"""Words of the Read page about a whole case and about values. Part of the one catalogue."""

from __future__ import annotations

READING: dict[str, str] = {
    # what is said of the case
    "case.counted": "Levels counted",
    "case.counted_tip": "How the levels were counted. Kept for every case, by default as in your last one.",
    "case.counted_unknown": "not said yet",
    "case.counted_as_last": "{counted}, as last",
    "counted.whole_spine": "on a whole-spine localizer",
    "counted.from_sacrum": "up from the sacrum",
    "counted.from_c2": "down from C2",
    "counted.other": "another way",
    "help.fit": "fitted to the vertebra's edges",
    "help.ladder": "proposed between L1 and L5",
    "help.shown_fit": "{level} is proposed (dashed). Enter or a click in it places it, Esc drops it.",
    "help.shown_ladder": "{levels} are proposed (dashed). Enter places all, a click in one places that, Esc drops all.",
    "help.shown_some": "{levels} proposed (dashed), not {missing}: no clear edges there. Enter places all, a click in one "
    "places that, Esc drops all.",
    "help.between_levels": ", ",
    "help.none": "No proposal. {why}",
    "case.patient": "Patient",
    "case.patient_tip": "Leave the whole patient out, with a reason.",
    "case.included": "included",
    "case.excluded": "excluded: {reason}",
    "case.include_again": "Include again",
    "case.note": "Note",
    "case.note_tip": "A note on this case. It is exported.",
    "case.no_note": "none",
    "case.note_ask": "Note on this case. Enter keeps it.",
    "case.why_excluded": "Why is the patient left out? Enter excludes.",
    "case.why_accepted": "Why may it stay? Enter accepts.",
    "case.exclude_title": "Exclude the patient because of",
    "case.accept_title": "Accept {level} as it is because of",
    "case.mark_title": "{level} is not measurable because of",
    "case.count_title": "Levels were counted",
    # numbers
    "read.hidden": "hidden until sign-off",
    "read.hidden_tip": "The protocol hides all values until the case is signed off.",
    "read.extremes": "{quantity}: {low:.1f} to {high:.1f} {unit}, median {median:.1f}, {n} voxels, {cm2:.2f} cm²",
    "read.extremes.n_1": "{quantity}: {low:.1f} to {high:.1f} {unit}, median {median:.1f}, 1 voxel, {cm2:.2f} cm²",
    "read.accepted": "Accepted: {reason}.",
    # without a case
    "read.empty_title": "Nothing to read yet",
    "read.empty_what": "Import the images of your study: a folder, files or a zip archive. You can also drop them here.",
    "read.empty_table": "The readings of this session come from a table. To read images here, import them.",
    "read.empty_import": "Import images…",
    "read.empty_pick_title": "No case is open",
    "read.empty_pick": "Choose a case in the list on the left.",
    # after sign-off
    "signed.plain": "Signed off {code}",
    "signed.notes": "Signed off {code}: {count} notes",
    "signed.notes.count_1": "Signed off {code}: 1 note",
    "signed.one_note": "Signed off {code}: 1 note",
    "signed.undo": "Ctrl+Z opens it again.",
    "signed.not_measurable": "{level}: not measurable, {reason} ({code})",
    "signed.excluded": "Patient excluded: {reason} ({code})",
    "signed.accepted": "{level}: accepted, {reason} ({code})",
    "state.excluded": "signed off, excluded: {reason}",
    "state.excluded_open": "open, excluded: {reason}",
    "read.case_excluded": "excluded",
    "read.progress_excluded": "{done} of {total}, {excluded} excluded",
}

VALUES: dict[str, str] = {
    "values.bad_voxels": "{level}: {bad} of {voxels} voxels of {quantity} ({share:.0f} %) have no value, are 0, out of "
    "range or saturated. Move the rectangle off them if you can.",
    "values.bad_voxels.bad_1": "{level}: 1 of {voxels} voxels of {quantity} ({share:.0f} %) has no value, is 0, out of range or "
    "saturated. Move the rectangle off it if you can.",
    "values.many_bad_voxels": "{level}: {bad} of {voxels} voxels of {quantity} ({share:.0f} %) have no value, are 0, out "
    "of range or saturated. Move the rectangle, or accept it with a reason (A).",
    "values.many_bad_voxels.bad_1": "{level}: 1 of {voxels} voxels of {quantity} ({share:.0f} %) has no value, is 0, out of range or "
    "saturated. Move the rectangle, or accept it with a reason (A).",
    "values.ff_unusual": "{level}: mean FF {mean:.1f} %; {low:.0f} to {high:.0f} % is usual for marrow. Check the place.",
    "values.ff_uneven": "{level}: SD of FF {sd:.1f} points; up to {limit:.0f} is usual. Something else may lie in the "
    "rectangle.",
    "values.r2star_unusual": "{level}: mean R2* {mean:.0f} s⁻¹; {low:.0f} to {high:.0f} s⁻¹ is usual at {field:.1f} T. "
    "Check the place.",
    "values.r2star_uneven": "{level}: SD of R2* {sd:.0f} s⁻¹ at a mean of {mean:.0f} s⁻¹; up to {limit:.0f} % of the mean "
    "is usual. Something else may lie in the rectangle.",
    "values.two_peaks": "{level}: FF has two peaks, near {low:.0f} and {high:.0f} %, as where water and fat change "
    "places. Look at the picture.",
    "values.swapped": "{level}: mean FF {mean:.1f} % is what {usual:.1f} % of the other levels becomes when water and fat "
    "change places. Look at the picture.",
    "values.ff_jump": "{level}: mean FF {mean:.1f} %, the other levels lie about {usual:.1f} %. Check the place and the "
    "level.",
    "values.ff_step": "{above} to {level}: mean FF goes from {mean_above:.1f} to {mean:.1f} % in one step. Check the place "
    "and the level of both.",
    "check.margin": "{level}: about {distance:.0f} mm from the edge of the vertebral body; {margin:.1f} mm are wanted. Move "
    "or shrink the rectangle.",
    "check.posterior": "{level}: reaches about {beyond:.0f} mm behind the anterior {share:.0f} % of the vertebral body. Move "
    "it forward or make it narrower.",
    "fit.no_edges": "No vertebral body stands out here. Click nearer to its middle, or place the rectangle yourself.",
    "fit.unclear": "The edges here are not clear enough for a proposal. Place the rectangle yourself.",
    "fit.too_small": "The body found here has no room for the smallest rectangle with its margin. Place it yourself, or "
    "mark the level not measurable (X).",
    "fit.not_sagittal": "Rectangles are proposed on sagittal images only. Place it yourself.",
    "fit.no_ff": "Edges are looked for on FF, which this exam lacks. Place the rectangle yourself.",
    "fit.no_neighbours": "The protocol counts three slices, and there is none beside this one. Choose a slice further in.",
    "fit.no_level": "No level is selected. Select one (1 to 5), then ask again.",
    "help.off": "The protocol does not allow help for placing. Place the rectangle yourself.",
    "help.marked": "The level is marked as not measurable. Take that away first (Del), then ask again.",
    "ladder.no_ends": "Place L1 and L5 first; the levels between are proposed from them.",
    "ladder.no_gaps": "Nothing is left to propose between L1 and L5.",
    "ladder.implausible": "What lies between L1 and L5 does not look like three vertebrae. Check both, or place the "
    "others yourself.",
    "sign_off.needs_reason": "{level} can be signed off only with a reason. Press A to accept it as it is, or move it.",
    "patient.needs_note": "Say in a few words why the patient is left out.",
    "accept.needs_note": "Say in a few words why the level may stay as it is.",
    "accept.nothing": "Nothing speaks against {level} that a reason could set aside.",
}

CASE_ACTIONS: dict[str, str] = {
    "case.counted": "said how levels were counted",
    "case.excluded": "patient excluded",
    "case.included": "patient included again",
    "case.note": "note",
    "case.help": "placed with help",
    "case.accepted": "accepted with a reason",
}

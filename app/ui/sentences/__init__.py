"""The catalogue: every word and sentence the program says, by code. Nothing is glued from pieces.

A template names its values; a translation replaces the template and nothing else. Where a count that is 1 needs
other words, these are a template too: ``CODE.NAME_1`` stands for ``CODE`` where the value ``NAME`` is 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.errors import Value
from app.stats.saying import template_of
from app.ui.sentences.agreement_tab import AGREEMENT_TAB
from app.ui.sentences.cohort_tab import COHORT_TAB
from app.ui.sentences.commands import COMMANDS
from app.ui.sentences.correlation_tab import CORRELATION_TAB
from app.ui.sentences.disagreement import DISAGREEMENT, DISAGREEMENT_ACTIONS, DISAGREEMENT_SENTENCES
from app.ui.sentences.exchange import EXCHANGE, EXCHANGE_ACTIONS, EXCHANGE_SENTENCES
from app.ui.sentences.figure import FIGURE
from app.ui.sentences.files import CODE_WORDS, FILES
from app.ui.sentences.groups_tab import GROUPS_TAB
from app.ui.sentences.imports import IMPORT
from app.ui.sentences.keys import KEYS_AND_MOUSE
from app.ui.sentences.methods import METHODS
from app.ui.sentences.reading import CASE_ACTIONS, READING, VALUES
from app.ui.sentences.record import RECORD, RECORD_ACTIONS, RECORD_SENTENCES
from app.ui.sentences.roc_tab import ROC_TAB
from app.ui.sentences.size_tab import SIZE_TAB
from app.ui.sentences.statistics import STATISTICS
from app.ui.sentences.study import STUDY, STUDY_ACTIONS, STUDY_ERRORS
from app.ui.sentences.tables import TABLE_ACTIONS, TABLE_ERRORS, TABLES
from app.ui.sentences.worklist import WORKLIST

RESEARCH_USE = "Research use only. Not a medical device."
RESEARCH_USE_LONG = (
    "Research use only. Not a medical device. Not for diagnosis or treatment decisions.\n"
    "仅供科研使用，非医疗器械，不得用于临床诊断或治疗决策。"
)

LABELS: dict[str, str] = {
    # start
    "start.what": "Measure lumbar vertebrae on MRI fat-fraction and R2* maps: place one rectangle per level, "
    "read twice, see agreement and ROC, export.",
    "start.new": "New session…",
    "start.open": "Open session…",
    "start.demo_reading": "Try the reading demo",
    "start.demo_study": "Try the statistics demo",
    "start.demo_reading_tip": "Twelve synthetic exams to read. No patient stands behind them.",
    "start.demo_study_tip": "120 synthetic patients, two readers, already measured.",
    "start.recent": "Recent sessions",
    "start.none": "No sessions yet. Make a new one, or try the demo.",
    "start.drop": "Drop images (folders, files, zip archives) or a .marrow session anywhere in this window.",
    "start.drop_needs_session": "Open or make a session: what you dropped is looked at as soon as it is open.",
    "demo.cannot_write": "The demo could not be written. Make room on the disk, or start with: marrowmark demo --dir FOLDER",
    "start.recent_line": "{name}    {folder}",
    "start.recent_progress": "{name}    {signed} of {cases} signed off    {day}    {folder}",
    # window
    "app.name": "MarrowMark",
    "app.title": "{session} – MarrowMark",
    "app.synthetic": "Synthetic data",
    "app.read_only": "Read-only",
    "app.read_only_held": "This session is open in another window (computer {host}, process {process}, since {since} UTC), so nothing can be changed here. Close it there, then open it again.",
    "app.read_only_here": "Nothing can be changed in this session: its file or folder is write-protected, or it is in use. Save a copy in a folder of your own and open that.",
    "app.nothing_saved": "Read-only: nothing is changed or saved",
    "app.blinded": "Blinded · round {round}",
    "app.reader": "Reader: {name}",
    "app.new_reader": "New reader…",
    "app.new_reader_ask": "Name of the new reader",
    "app.saved": "Saved {time}",
    "app.not_saved_yet": "Every step is saved when it happens",
    "app.undo_count": "Undo {count}",
    "app.protocol": "Protocol {stamp}",
    "app.about_text": "MarrowMark {version}\n\n{research}",
    "app.close": "Close",
    "app.cancel": "Cancel",
    "app.copy": "Copy",
    "menu.button": "☰",
    "menu.new": "New session…",
    "menu.open": "Open session…",
    "menu.about": "About MarrowMark",
    "page.worklist": "Worklist",
    "page.read": "Read",
    "page.clinical": "Clinical",
    "page.statistics": "Statistics",
    "page.audit": "Audit",
    "page.tip": "{page} ({key})",
    "menu.file": "File",
    "menu.import": "Import images…",
    "menu.import_files": "Import image files or a zip archive…",
    "menu.clinical": "Import table…",
    "menu.export": "Export CSV…",
    "menu.picture": "Save picture of both maps…",
    "menu.copy": "Save a copy of the session…",
    "menu.close": "Close session",
    "menu.view": "View",
    "menu.mouse": "Mouse",
    "menu.change_keys": "Change keys…",
    "menu.theme": "Theme",
    "menu.theme_auto": "Dark for reading, light for statistics",
    "menu.theme_dark": "Dark",
    "menu.theme_light": "Light",
    "menu.keys": "Keys and mouse",
    "menu.help": "Help",
    "menu.quit": "Quit",
    # reading
    "read.progress": "{done} of {total} signed off",
    "read.levels_done": "{done}/{total}",
    "read.case": "Case {code}",
    "read.case_facts": "{plane} · {tesla:.1f} T",
    "read.case_facts_no_field": "{plane} · field strength not stated",
    "read.case_line": "{facts} · round {round}",
    "read.next": "Next case",
    "read.range_tip": "Display range. Click to go back to the fixed one.",
    "read.range": "{low:.0f} – {high:.0f}",
    "read.slice": "slice {index} / {count}",
    "read.value": "{value:.1f} {unit}",
    "read.no_value": "no value",
    "read.signal_ff": "Signal FF",
    "read.resampled": "{quantity} resampled",
    "read.level": "Level",
    "read.voxels": "Voxels",
    "read.click": "click the centre of {level} on either map",
    "read.empty": "not read yet",
    "read.excluded": "not measurable: {reason}",
    "read.size": "{level} rectangle",
    "read.size_turned": "{level} turned {angle:.4g}°",
    "read.size_deep": "{level} over {slices} slices",
    "read.size_turned_deep": "{level} {angle:.4g}°, {slices} slices",
    "read.no_size": "Rectangle",
    "read.size_value": "{rows} × {cols} px · {voxels} voxels",
    "read.own_voxels": "{rows} × {cols} px · {ff} / {r2star} voxels",
    "read.area": "Area",
    "read.area_value": "{cm2:.2f} cm²",
    "read.median": "Median FF · R2*",
    "read.median_value": "{ff} · {r2star}",
    "read.histogram": "{level} · {quantity}",
    "read.span": "{low:.0f} – {high:.0f} {unit}",
    "read.not_measurable": "Not measurable",
    "read.sign_off": "Sign off, next",
    "read.with_key": "{words}  {key}",
    "read.reopen": "Reopen",
    "read.locked": "Signed off. Reopen it to change it; directly after signing off Ctrl+Z does the same.",
    "read.no_case": "No case is open.\nImport images (Ctrl+I), or drop a folder of them here.",
    "read.no_map": "This exam has no {quantity} map.\nThe other map can be read; {quantity} stays empty in every "
    "table.",
    "read.note": "Why? Press Enter to mark.",
    "read.ff": "FF %",
    "read.r2star": "R2* {unit}",
    "action.not_measurable": "Not measurable…",
    "action.remove": "Remove the rectangle",
    "action.undo": "Undo",
    "action.redo": "Redo",
    "action.reset_view": "Whole picture, fixed ranges",
    "action.colour_map": "Next colour map",
    "action.reference": "Reference series",
    "reference.title": "Reference series",
    "reference.button": "Reference",
    "reference.tip": "An anatomical series, or water or fat, beside the maps",
    "reference.choice": "{name}  ▾",
    "reference.choice_tip": "Which series is shown beside the maps",
    "reference.close": "×",
    "reference.close_tip": "The maps alone",
    "reference.not_measured": "reference, not measured",
    "reference.overlay": "{name}, not measured, while the key is held",
    # worklist
    "worklist.code": "Case",
    "worklist.state": "State",
    "worklist.levels": "Levels",
    "worklist.changed": "Last change",
    "worklist.continue": "Continue",
    "worklist.empty": "No cases yet. Import images (Ctrl+I), or drop a folder of them here.",
    "state.new": "not started",
    "state.open": "open",
    "state.signed_off": "signed off",
    # clinical
    "clinical.import": "Import table…",
    "clinical.empty": "No clinical table yet. Import a CSV or Excel file with age, sex, BMD and T-score (columns in "
    "English or Chinese), or tick “Cases without a row” and type values in.",
    "clinical.column_case": "Case",
    "clinical.column_matched": "Matched by",
    "clinical.column_sex": "Sex",
    "clinical.column_age": "Age",
    "clinical.column_bmi": "BMI",
    "clinical.column_bmd": "BMD",
    "clinical.column_tscore": "T-score",
    "clinical.column_group": "Group by T-score",
    "clinical.column_problems": "To look at",
    "clinical.no_case": "no case (line {line})",
    "clinical.bmd": "{value} {unit}",
    "clinical.summary": "Rows read: {rows} ({matched} joined, {unmatched} without a case, {conflicts} in conflict). Values to look at: {problems}. Cases without a row: {without}. See the Clinical page.",
    "group.normal": "normal",
    "group.osteopenia": "osteopenia",
    "group.osteoporosis": "osteoporosis",
    "table.filter": "Filter",
    "banner.good": "✓  {words}",
    "banner.bad": "⚠  {words}",
    # audit
    "audit.empty": "No session is open.",
    "audit.when": "Time (UTC)",
    "audit.who": "Who",
    "audit.what": "Action",
    "audit.subject": "Subject",
    "audit.new": "Now",
    "audit.nothing": "nothing",
    "audit.rectangle": "slice {slice}, rows {row0}–{row1}, columns {col0}–{col1} (from 0)",
    "audit.shape": "slice {slice}, rows {row0}–{row1}, columns {col0}–{col1} (from 0), turned by {angle:.4g}°, "
    "slices counted: {slices}",
    "audit.old": "Before",
    "audit.verify": "Verify",
    # demo without a screen
    "headless.read": "Synthetic demo: {readers} scripted readers signed off {count} readings.",
    "headless.read.count_1": "Synthetic demo: {readers} scripted readers signed off 1 reading.",
    "headless.files": "Tables: {count} files in {folder}",
    "headless.files.count_1": "Tables: 1 file in {folder}",
    "headless.pictures": "A picture of each page: {folder}",
    "headless.sessions": "Sessions to open: {folder}",
    # figure
    "figure.heading": "{quantity} ({unit})",
    "figure.value": "{level}  {mean:.2f} ± {sd:.2f} {unit}  (n = {n})",
    "figure.no_value": "{level}  –",
    # tasks
    "task.counting": "{done} found so far",
    "task.working": "Working…",
    "task.running": "{done} of {total}",
    "task.running_left": "{done} of {total} · about {seconds:.0f} s left",
    # dialogs
    "dialog.session_filter": "MarrowMark session (*.marrow)",
    "dialog.table_filter": "Table (*.csv *.tsv *.txt *.xlsx *.xlsm)",
    "dialog.picture_filter": "PNG picture (*.png)",
    "dialog.text_filter": "Text (*.txt)",
    "export.done": "Written to {folder}: {files}",
    "picture.done": "Picture saved as {file}",
    "copy.done": "Copy saved as {file}",
    "crash.title": "MarrowMark has to close",
    "crash.text": "Something went wrong that should not have. Everything up to your last step is stored. Copy the "
    "details for whoever looks after the program, then close; the next start returns to the same case.",
    "crash.last_time": "The last run ended with a crash; its record lies in {file}. Your readings are complete up "
    "to the last step.",
}

QUANTITY_TITLES = {
    "FF": "Fat fraction", "R2STAR": "R2*", "WATER": "Water", "FAT": "Fat",
    "IN_PHASE": "In phase", "OUT_PHASE": "Out of phase",
}  # fmt: skip

REASONS: dict[str, str] = {
    "FX_ACUTE": "acute fracture",
    "FX_OLD": "old fracture",
    "HEMANG": "haemangioma",
    "FOCAL": "focal marrow lesion",
    "SCHMORL": "Schmorl node",
    "MODIC": "endplate change",
    "DEGEN": "marked degeneration or sclerosis",
    "SCOLI": "scoliosis",
    "SURG": "surgery",
    "CEMENT": "cement",
    "METAL": "metal artefact",
    "LSTV": "transitional or uncertain numbering",
    "SWAP": "water-fat swap",
    "MOTION": "motion",
    "B0": "field inhomogeneity",
    "NOISE": "low signal-to-noise",
    "FOV": "not covered",
    "TOOSMALL": "no room for the smallest rectangle",
    "DX_MARROW": "marrow disease",
    "THERAPY": "radiotherapy, iron, transfusion or bone drug",
    "NODATA": "map missing",
    "OTHER": "other",
}

SENTENCES: dict[str, str] = {
    # command line
    "cli.system": "The computer refused: {reason}.",
    "cli.no_such_path": "There is no file or folder {path}. Check the spelling.",
    "cli.no_such_series": "No series called “{description}” waits for an answer here. The command inspect lists those that do; "
    "write the name exactly so.",
    "cli.several_series": "Several series called “{description}” claim to be the same map. Name the wanted one by its UID; "
    "the command inspect says it.",
    "cli.no_such_volume": "{file} is no NIfTI, NRRD or MetaImage file under the given paths. Check the name.",
    "cli.nobody_answers": "Somebody must say what a series or file shows. Add --who with a name.",
    "cli.protocol_stands": "{file} already has a protocol, which holds for all its readings. Leave --protocol out, or "
    "name a new session.",
    "measure.outside": "The rectangle lies outside the image: slices are 0 to {last_slice}, rows 0 to {last_row}, "
    "columns 0 to {last_col}. All of it has to lie inside, also when it is turned, and on each of its slices.",
    "measure.no_exam": "There is no exam to measure: {files} files or folders were not used. The command inspect says "
    "why.",
    "measure.no_exam.files_1": "There is no exam to measure: 1 file or folder was not used. The command inspect says "
    "why.",
    # rectangles and reading
    "roi.outside": "The rectangle would lie outside the image (slice {slice}, row {row}, column {col}). Place it "
    "inside.",
    "roi.empty": "A rectangle needs at least one voxel; {rows} × {cols} has none.",
    "roi.depth": "A rectangle reaches over 1 or 3 slices, not over {depth}.",
    "roi.rotation_off": "The protocol of this study measures upright rectangles only, so this one cannot be turned.",
    "roi.angle": "{angle} is no angle. Give degrees as a number.",
    "reference.no_overlay": "This exam has no such image, so nothing can be laid over the maps. Import the water and "
    "fat images or an anatomical series of the study beside them.",
    "reference.none": "This exam has no anatomical series and no water or fat images, so there is nothing to show beside "
    "the maps. Import the whole study if they should be there.",
    "reading.locked": "This case is signed off. Reopen it to change it.",
    "reading.exam_changed": "This exam got another map while it was open, so the last step was not stored. Open the case again, then repeat it.",
    "reason.needs_note": "Say in a few words why the level cannot be measured.",
    "sign_off.gaps": "{levels} still wait. Measure them or mark them not measurable (X).",
    "sign_off.refused": "{level} cannot be signed off as it is. See the note beside it, then change or remove it.",
    "area.too_small": "{level}: {area:.0f} mm² is below the smallest area of {limit:.0f} mm². Make it larger.",
    "area.too_few_voxels": "{level}: only {voxels:.0f} acquired voxels; at least {limit:.0f} are needed. Make it "
    "larger.",
    "area.unusual": "{level}: {area:.0f} mm² is outside the usual {low:.0f} to {high:.0f} mm².",
    "slices.unlike_protocol": "{level}: slices counted together: {slices}, wanted by the protocol: {wanted}. Place it "
    "again, or leave it where the stack has no more slices.",
    "area.unlike_others": "{level}: its area differs by {share:.0f} % from the middle of this case.",
    "spine.overlap": "{level} overlaps {other}. Each level needs its own place.",
    "spine.order": "{level} lies above {above}. Check the levels: L1 is the uppermost.",
    "spine.spacing": "{level}: {distance:.0f} mm below {above}; {low:.0f} to {high:.0f} mm is usual. Check the "
    "levels.",
    # session and readers
    "reader.no_name": "A reader needs a name.",
    "reader.exists": "There is already a reader called {name}. Choose another name.",
    "session.without_reader": "This session has no reader. Add one before reading.",
    "session.without_protocol": "This session holds no protocol, so it cannot be read. Restore a backup.",
    "protocol.mean_levels": "The protocol names the mean {given}; it must be L1-L4 or L1-L5.",
    "protocol.r2star_unit": "The protocol names the R2* unit {given}; it must be s^-1 or Hz.",
    "protocol.slices": "The protocol asks for {given} slices; it must be 1 or 3.",
    "protocol.unreadable": "The protocol file is not readable. It must be a JSON object with protocol fields.",
    "protocol.unknown_field": "The protocol file names {field}, which this version does not know. Check the "
    "spelling, or update the program.",
    "blinding.closed": "A blinded round is open. Other readers' values, statistics and exports stay closed until "
    "the coordinator unblinds.",
    "task.cancelled": "Stopped at your wish.",
    "task.busy": "Another task still runs. Wait for it, or cancel it in the line at the bottom.",
    "picture.cannot_write": "The picture could not be written to {file}. Choose another place or make room.",
    "export.cannot_write": "The export could not be written to {path}. Choose another folder or make room.",
    "protocol.wrong_value": "The protocol file has an unusable value for {field}. Correct it, then try again.",
    "help.missing": "The help page is missing from this installation. Install the program again.",
}

SENTENCES |= (
    FILES
    | VALUES
    | STUDY_ERRORS
    | RECORD_SENTENCES
    | EXCHANGE_SENTENCES
    | DISAGREEMENT_SENTENCES
    | TABLE_ERRORS
)
LABELS |= (
    STATISTICS
    | AGREEMENT_TAB
    | COHORT_TAB
    | FIGURE
    | METHODS
    | GROUPS_TAB
    | CORRELATION_TAB
    | ROC_TAB
    | SIZE_TAB
    | COMMANDS
    | IMPORT
    | KEYS_AND_MOUSE
    | READING
    | STUDY
    | RECORD
    | EXCHANGE
    | DISAGREEMENT
    | TABLES
    | WORKLIST
)

ACTIONS: dict[str, str] = {
    "session.created": "session created",
    "reader.added": "reader added",
    "exam.imported": "exam imported",
    "exam.map_added": "map added to the exam",
    "exam.reference_added": "series for reference added to the exam",
    "series.answered": "said what a series shows",
    "roi.edit": "edited",
    "roi.undo": "undone",
    "roi.redo": "redone",
    "reading.signed_off": "signed off",
    "reading.reopened": "reopened",
    "clinical.imported": "clinical table imported",
    "export.with_identity": "exported with names",
    "table.imported": "readings from a table",
}
ACTIONS |= (
    CASE_ACTIONS | STUDY_ACTIONS | RECORD_ACTIONS | EXCHANGE_ACTIONS | DISAGREEMENT_ACTIONS | TABLE_ACTIONS
)

MATCHED_BY: dict[str, str] = {
    "accession": "accession",
    "patient_id": "patient ID",
    "code": "case code",
}

_FALLBACK = "The program met a case it has no words for ({code})."


def label(code: str, /, **values: Value) -> str:
    """Words of the interface by code."""
    return template_of(LABELS, code, values).format(**values)


def sentence(code: str, values: Mapping[str, Value]) -> str:
    """Whole sentence of an error, finding, refusal or notice."""
    if code not in SENTENCES:
        return _FALLBACK.format(code=code)
    told = {
        key: CODE_WORDS.get(value, value) if isinstance(value, str) else value
        for key, value in values.items()
    }
    return template_of(SENTENCES, code, told).format(**told)

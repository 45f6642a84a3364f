"""Words of the record: its page, verifying, backups, salvage. Part of the one catalogue.

``RECORD`` holds words of the interface and the command line, ``RECORD_SENTENCES`` what was found and why something
could not be done, ``RECORD_ACTIONS`` what entries tell.
"""

from __future__ import annotations

RECORD: dict[str, str] = {
    # command line
    "cli.verify": "check whether a session is as the program left it, and say where it is not",
    "cli.salvage": "bring what can be read of a damaged session into a new one",
    "cli.restore": "make a session of a backup and of the images of the damaged session",
    "cli.head": "hash that an export printed: say whether it is in the record",
    "cli.recompute": "also count the voxels of every rectangle once more (slow)",
    "cli.broken": "the damaged session; it is not written to",
    "cli.salvage_to": "the new session; nothing may be there yet",
    "cli.backup": "a file from the folder NAME.marrow-backups",
    "cli.images": "the damaged session, or an older copy of it: its images go into the new one",
    "verify.whole": "Nothing is amiss: {entries} entries of the record fit their chain, {rows} rows are as they were written, all voxels are as they were imported.",
    "verify.whole.entries_1": "Nothing is amiss: the only entry of the record fits its chain, {rows} rows are as they were "
    "written, all voxels are as they were imported.",
    "verify.amiss": "{count} things are not as the program left them:",
    "verify.amiss.count_1": "1 thing is not as the program left it:",
    "verify.older": "{rows} rows were written by an older version and sealed when this version opened the session first; the words of the record agree with them.",
    "verify.older.rows_1": "1 row was written by an older version and sealed when this version opened the session first; the "
    "words of the record agree with it.",
    "verify.chains": "{count} records of merged files were checked too.",
    "verify.chains.count_1": "1 record of a merged file was checked too.",
    "verify.counted": "{count} rectangles were counted once more.",
    "verify.counted.count_1": "1 rectangle was counted once more.",
    "verify.head": "Head of the record: {head}",
    "verify.head_found": "The hash you named is that of entry {seq}.",
    "verify.limits": "Whoever can write to the file with another program can also make the whole record anew. Only a head hash that was kept elsewhere, as every export prints it, shows that.",
    "salvage.done": "{kept} rows were brought into {file}.",
    "salvage.done.kept_1": "1 row was brought into {file}.",
    "salvage.whole": "Nothing seems to be lost. Compare it with your backups all the same.",
    "salvage.table": "    {table}: rows kept {kept}, unreadable places {gaps}, rows that make no sense {refused}",
    "salvage.lost": "The record tells of these, which are lost or damaged:",
    "restore.done": "{file} holds what the backup holds, with the images of {images}.",
    "restore.lost": "    {name} of {code}: its voxels were not found",
    # a damaged session in the window
    "rescue.title": "Damaged session",
    "rescue.damaged": "{file} is damaged: part of it cannot be read.",
    "rescue.choice": "It is left as it is, whatever you choose. Saving what can be read keeps the newest work, row by row around the damage, and lists what is lost. A backup is whole, but may lack the last minutes; its images are taken from the damaged file.",
    "rescue.salvage": "Save what can be read…",
    "rescue.salvage_tip": "Make a new session of everything that can still be read",
    "rescue.restore": "Restore the backup of {time} UTC…",
    "rescue.restore_tip": "Make a new session of the newest backup and of the images of the damaged file",
    "rescue.where": "Where the new session is kept",
    # page
    "audit.verify_tip": "Check pages, triggers, the record and every row against it, and the voxels of all maps",
    "audit.recompute": "Count voxels too",
    "audit.recompute_tip": "Also count the voxels of every rectangle once more",
    "audit.details_tip": "All that was found, to read and copy",
    "audit.export_tip": "Write the whole record as CSV with a codebook, so that anybody can check its chain",
    "audit.date_tip": "{what}, such as 2026-01-31 or 2026-01-31 14:05",
    "audit.filter_who": "Who",
    "audit.filter_what": "Action",
    "audit.filter_case": "Case",
    "audit.filter_text": "Text",
    "audit.filter_from": "From (UTC)",
    "audit.filter_to": "To (UTC)",
    "audit.anybody": "everybody",
    "audit.anything": "all actions",
    "audit.shown": "{shown} of {count} entries",
    "audit.shown.count_1": "{shown} of 1 entry",
    "audit.none": "No entry fits. Clear the filters to see all.",
    "audit.export": "Export CSV…",
    "audit.reason": "Reason",
    "audit.versions": "Versions",
    "audit.verify_whole": "Nothing is amiss in {entries} entries and {rows} rows.",
    "audit.verify_whole.entries_1": "Nothing is amiss in the only entry and in {rows} rows.",
    "audit.verify_amiss": "{count} things are not as the program left them. The first: {first}",
    "audit.verify_amiss.count_1": "1 thing is not as the program left it: {first}",
    "audit.verify_details": "Details…",
    "audit.report": "What verifying found",
}

RECORD_SENTENCES: dict[str, str] = {
    "store.slow_journal": "{file} lies on a network drive, or where the quick journal does not work. It is written safely all the same, but only one computer should have it open. Work on a copy on this computer if it feels slow.",
    "verify.page": "Table {table} is damaged on the disk: {told}.",
    "verify.page_unreadable": "Table {table} cannot be read to its end: pages of it are damaged on the disk.",
    "verify.stopped": "The rest could not be checked, because {file} cannot be read any further. Save what is left: marrowmark salvage {file} --to NEW.marrow.",
    "verify.orphan": "Row {key} of {table} refers to a row of {parent} that is not there.",
    "verify.trigger_missing": "The trigger {trigger}, which keeps rows from being rewritten, is not there: another program removed it.",
    "verify.trigger_changed": "The trigger {trigger}, which keeps rows from being rewritten, was changed by another program.",
    "verify.trigger_added": "The trigger {trigger} is not the program's: another program added it.",
    "verify.chain": "Entry {seq} of the record does not fit the chain: it, or the one before it, was changed, removed or moved by another program.",
    "verify.foreign_chain": "Entry {seq} of the record that came with merge {merge} does not fit its chain.",
    "verify.foreign_head": "The record that came with merge {merge} does not end as it did when it was merged: entries were removed or added.",
    "verify.row_changed": "Row {key} of {table} ({where}) is not as it was when entry {seq} was written by {actor}.",
    "verify.row_moved": "Row {key} of {table} ({where}) is the one that was row {came_from} when entry {seq} was written by {actor}.",
    "verify.row_missing": "Row {key} of {table} ({where}), which entry {seq} of {actor} tells of, is not there.",
    "verify.row_added": "Row {key} of {table} ({where}) is in no entry of the record: another program put it in, or the entry was removed.",
    "verify.story": "What {table} holds of {where} is not what the record tells; the first difference is at row {key} and entry {seq}.",
    "verify.pixels": "{map} of {where} does not hold the voxels that were imported.",
    "verify.value": "{map} of {where} (revision {key}) is not what its rectangle holds: {values}.",
    "verify.not_recounted": "The rectangles of {where} could not be counted once more: its images or rectangles cannot be read.",
    "verify.head_unknown": "No entry of the record has the hash {head}: entries were cut off, the record was made anew, or the hash belongs to another session.",
    "salvage.nothing": "Nothing can be read of {file}. Restore a backup instead: marrowmark restore BACKUP --images COPY --to NEW.marrow.",
}

RECORD_ACTIONS: dict[str, str] = {
    "record.sealed": "rows of an older version sealed",
    "session.salvaged": "salvaged from a damaged file",
    "session.restored": "restored from a backup",
}

"""Words of packages, results, merging and joining centres. Part of the one catalogue.

``EXCHANGE`` holds words of the command line, ``EXCHANGE_SENTENCES`` the sentences of refusals and
``EXCHANGE_ACTIONS`` those of the record.
"""

from __future__ import annotations

EXCHANGE: dict[str, str] = {
    "cli.package": "write a package: a session for one reader, with nothing in it but what that reader may have",
    "cli.results": "write the readings of a package without its images, to send them back",
    "cli.merge": "bring the readings of a package, or its results, back into the study",
    "cli.undo-merge": "take a merge, or a centre that was joined, back as one step",
    "cli.join": "take the session of another centre into this one",
    "cli.reader": "name of the reader",
    "cli.round": "round that is read",
    "cli.package_out": "the new .marrow file",
    "cli.package_session": "a .marrow package",
    "cli.came": "the package that came back, or its results",
    "cli.dry_run": "only say what would change",
    "cli.merge_number": "number of the merge or join; the newest one otherwise",
    "cli.centre_file": "the session of the other centre",
    "cli.centre": "short name of the other centre, up to 8 letters and digits",
    "cli.values_only": "leave the images where they are: bring values only",
    "cli.same_reader": "name of a reader who is the same person at both centres; may be said several times",
    "package.done": "{cases} exams for {reader} in {file}. Every byte of it was searched for names, identifiers and "
    "other readers; nothing was found.",
    "package.done.cases_1": "1 exam for {reader} in {file}. Every byte of it was searched for names, identifiers and other "
    "readers; nothing was found.",
    "results.done": "The readings are in {file}, without images. The coordinator merges it into the study.",
    "merge.counts": "{reader}, round {round}: {new} new, {extended} extended, {unchanged} unchanged, {refused} refused.",
    "merge.nothing": "Everything in this file is in the study already. Nothing was changed.",
    "merge.done": "Merged as number {number}. “marrowmark undo-merge” takes it back.",
    "merge.undone": "Merge {number} was taken back. Its readings stay in the file and no longer count.",
    "join.counts": "{centre}: of its exams {new} new, {same} here already, {refused} refused; readings: {readings}, "
    "rows of the clinical table: {clinical}, values typed in: {typed}, decisions on levels: {decisions}.",
    "join.code": "{there} is called {here} here.",
    "join.reader": "The reader {there} is called {here} here.",
    "join.done": "The centre was joined as number {number}. Names and identifiers of its patients stayed there. "
    "“marrowmark undo-merge” takes it back.",
    "join.undone": "Join {number} was taken back: exams, readings and clinical values of {centre} stay in the file and "
    "no longer count.",
}

EXCHANGE_SENTENCES: dict[str, str] = {
    "package.unknown_reader": "The session has no such reader. Check the name.",
    "package.no_cases": "{reader} has no exams with images in round {round}, so there is nothing to take along. "
    "Import or assign exams first.",
    "package.of_package": "This is a package itself. Packages are made from the study it came from.",
    "package.not_a_package": "Results are written from a package, and this session is none. Readings made here need no "
    "file to come back in.",
    "package.leaks": "The package was not kept: it would hold {count} names, identifiers or names of other readers. Look "
    "into notes, case codes, the protocol's name and names of image series, and take them out there.",
    "package.leaks.count_1": "The package was not kept: it would hold a name, an identifier or the name of another reader. Look "
    "into notes, case codes, the protocol's name and names of image series, and take it out there.",
    "session.results_only": "This file holds the results of a package without its images, so nothing can be read in "
    "it. The coordinator opens the study and merges it there.",
    "merge.same_session": "This file is the session itself, or a copy of it. There is nothing to take in.",
    "merge.not_a_package": "This session was not made as a package of a study, so it cannot be merged. Sessions of other "
    "centres can be joined.",
    "merge.other_study": "This package was made from another study. Open that study and merge it there.",
    "merge.chain_broken": "The record of this file was edited at entry {seq}, so nothing of it is taken in. Ask the "
    "reader for the file as the program left it.",
    "merge.chain_start": "The record of this file does not begin where this study made a package. It was made from "
    "another copy of the study, or the record was replaced. Merge it where it was made.",
    "merge.chain_forked": "This file and one that was merged before began as the same package and went different ways. "
    "Undo the earlier merge first, if this is the one that counts.",
    "merge.other_reader": "The package was made for {reader}, and this file names somebody else. Ask for the file as it "
    "was.",
    "merge.other_readings": "This file holds readings that are not of {reader} in round {round}, so nothing of it is "
    "taken in. Only the reader of a package may read in it.",
    "merge.unknown_protocol": "Readings in this file were made under protocol {protocol}, which this study does not "
    "know. Only protocols of the study can be merged.",
    "merge.protocol_differs": "Protocol {protocol} says other things in this file than in the study, so its readings "
    "cannot be merged.",
    "merge.rows_changed": "{count} rows of this file are not as its own record says they were written: another program "
    "changed it. Nothing of it is taken in.",
    "merge.rows_changed.count_1": "1 row of this file is not as its own record says it was written: another program changed it. "
    "Nothing of it is taken in.",
    "merge.unknown_case": "{case} is no exam of this study.",
    "merge.pixels_differ": "The voxels of the {quantity} map of {case} are other ones than here, so its reading is not "
    "taken in.",
    "merge.grid_changed": "A map joined {case} here since the package was made, and its rectangles would lie on other "
    "lines. The reading is not taken in.",
    "merge.not_in_record": "The reading of {case} is not as the record of its own file tells it: another program changed "
    "it. It is not taken in.",
    "merge.conflict": "{case} was read by the same reader here and elsewhere, and both go different ways. The reading "
    "from elsewhere is not taken in.",
    "merge.outside": "A rectangle of {case} lies outside the image. The reading is not taken in.",
    "merge.numbers_differ": "{level} of {case} holds other {quantity} values here than the file says, counted on the "
    "same voxels. The reading is not taken in.",
    "merge.outdated": "The file or the session changed since you looked. Look once more, then merge.",
    "merge.unknown": "There is no such merge. Look at the list of merges.",
    "merge.undone_already": "This merge was taken back before.",
    "merge.built_upon": "Something was written on top of this merge since, in {count} cases, the first of them {first}. "
    "Take back later merges first; what was read here stays.",
    "merge.built_upon.count_1": "Something was written on top of this merge since, in case {first}. Take back later merges first; "
    "what was read here stays.",
    "join.built_upon": "Something was done here since that rests on this centre, in {count} cases, the first of them "
    "{first}: a reading, a decision, a clinical value or a further image. Take back later merges and joins first; what "
    "was done here stays, and the centre with it.",
    "join.built_upon.count_1": "Something was done here since that rests on this centre, in case {first}: a reading, a "
    "decision, a clinical value or a further image. Take back later merges and joins first; what was done here stays, and "
    "the centre with it.",
    "join.reader_stays": "{name} came with this centre and works here now, with a role, a PIN or signed in. Take role and "
    "PIN away, and let somebody else take the centre back.",
    "join.round_stays": "Round {round} came with this centre, and cases of this study are assigned in it. Withdraw them "
    "first.",
    "join.kept_too_little": "An older version joined this centre and did not keep which rows came with it, so it stays.",
    "join.label": "The name of a centre has 1 to 8 letters and digits, the first a letter.",
    "join.is_package": "This file is a package or its results. It is merged into the study it came from, not joined.",
    "join.blinded": "The other session is blinded. Its coordinator opens it first; then it can be joined.",
    "join.already": "This session was joined before.",
    "join.protocols_differ": "The centres measure differently: {field} is {here} here and {there} in {protocol}. Values "
    "that are made in different ways are not put together.",
}

EXCHANGE_ACTIONS: dict[str, str] = {
    "package.made": "package begun",
    "package.written": "package written",
    "results.written": "results written",
    "merge.done": "results merged",
    "merge.undone": "merge taken back",
    "centre.joined": "centre joined",
    "centre.taken_back": "centre taken back",
}

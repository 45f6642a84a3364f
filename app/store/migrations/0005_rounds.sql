-- Who reads what, when, and again: rounds, assignments, training cases, and why a reading was unlocked.

-- A repeat round holds only what was assigned in it. Any other round holds every exam with images for everybody,
-- except what was withdrawn; it needs no row here.
CREATE TABLE study_round (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('main', 'repeat')),
    share REAL NOT NULL,
    washout_days INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

-- the newest row of a reader, exam and round holds; before due_utc (empty: at once) the case is not offered and
-- no reading of it may begin
CREATE TABLE assignment (
    id INTEGER PRIMARY KEY,
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    round INTEGER NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    due_utc TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE INDEX assignment_of ON assignment (reader_id, round, exam_id, id);

-- the newest row of an exam holds; without one it is a case of the study
CREATE TABLE exam_use (
    id INTEGER PRIMARY KEY,
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    use TEXT NOT NULL CHECK (use IN ('study', 'training')),
    at_utc TEXT NOT NULL
) STRICT;

CREATE INDEX exam_use_of ON exam_use (exam_id, id);

-- what a reader is shown beside their own values, once they have signed off a training case; copied from a
-- reading, so that the reading itself stays closed. The newest row of an exam, level and quantity holds.
CREATE TABLE training_reference (
    id INTEGER PRIMARY KEY,
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    level TEXT NOT NULL,
    quantity TEXT NOT NULL,
    mean REAL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE INDEX training_reference_of ON training_reference (exam_id, id);

-- why a signed-off reading was unlocked; reopened directly after signing off it has none
CREATE TABLE reading_reason (
    event_id INTEGER PRIMARY KEY REFERENCES reading_event (id),
    reason TEXT NOT NULL
) STRICT;

CREATE VIEW training_exam AS
SELECT exam_id FROM exam_use
WHERE id IN (SELECT max(id) FROM exam_use GROUP BY exam_id) AND use = 'training';

CREATE TRIGGER study_round_no_update BEFORE UPDATE ON study_round
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER study_round_no_delete BEFORE DELETE ON study_round
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER study_round_no_replace BEFORE INSERT ON study_round
WHEN EXISTS (SELECT 1 FROM study_round WHERE id = new.id OR number = new.number)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER assignment_no_update BEFORE UPDATE ON assignment
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER assignment_no_delete BEFORE DELETE ON assignment
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER assignment_no_replace BEFORE INSERT ON assignment
WHEN EXISTS (SELECT 1 FROM assignment WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER exam_use_no_update BEFORE UPDATE ON exam_use
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER exam_use_no_delete BEFORE DELETE ON exam_use
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER exam_use_no_replace BEFORE INSERT ON exam_use
WHEN EXISTS (SELECT 1 FROM exam_use WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER training_reference_no_update BEFORE UPDATE ON training_reference
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER training_reference_no_delete BEFORE DELETE ON training_reference
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER training_reference_no_replace BEFORE INSERT ON training_reference
WHEN EXISTS (SELECT 1 FROM training_reference WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER reading_reason_no_update BEFORE UPDATE ON reading_reason
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER reading_reason_no_delete BEFORE DELETE ON reading_reason
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER reading_reason_no_replace BEFORE INSERT ON reading_reason
WHEN EXISTS (SELECT 1 FROM reading_reason WHERE event_id = new.event_id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

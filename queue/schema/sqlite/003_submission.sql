-- Of what makes a second submission the same as this one, a digest; NULL: nothing does.
ALTER TABLE message ADD COLUMN submission BLOB CHECK (submission IS NULL OR length(submission) = 16);

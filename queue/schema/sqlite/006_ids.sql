-- By which ids messages go, found quickly: see docs/adr/0019-ids-are-indexed-in-runs.md. A run holds
-- those of some thousand consecutive messages; what is newer than the last run is searched itself.
CREATE TABLE id_run (
  last    INTEGER PRIMARY KEY,                   -- the highest message number in it
  first   INTEGER NOT NULL,                      -- the lowest
  entries BLOB    NOT NULL                       -- 16 bytes each: hash of an id, message number; sorted
) STRICT;

-- Providers' ids that came when their message was in a run already.
CREATE TABLE late_id (
  message INTEGER NOT NULL,
  hash    INTEGER NOT NULL,
  PRIMARY KEY (message, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX late_id_hash ON late_id (hash);

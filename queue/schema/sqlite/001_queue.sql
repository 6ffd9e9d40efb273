-- The queue: messages (body once), deliveries (one per recipient), attempts, timeline, breakers.
-- Times are milliseconds since 1970 UTC. Tables refer to message.no; a row without its message is
-- never written: all rows of a message come and go in one transaction.
--
-- Conditions on every write are chains of comparisons: for IN with more than two values SQLite builds
-- a temporary table each time, which doubles the price of storing a message.

CREATE TABLE message (
  no             INTEGER PRIMARY KEY,            -- time-ordered; see core/id.hpp
  channel        TEXT    NOT NULL CHECK (channel IN ('mail', 'webhook')),
  sender         TEXT    NOT NULL,               -- '' is the null sender
  sender_domain  TEXT    NOT NULL,
  message_id     TEXT    NOT NULL,
  identity       TEXT    NOT NULL,
  size_bytes     INTEGER NOT NULL CHECK (size_bytes >= 0),
  chunks         INTEGER NOT NULL CHECK (chunks BETWEEN 1 AND 4096),
  header_bytes   INTEGER NOT NULL CHECK (header_bytes >= 0),
  body_hash      BLOB             CHECK (body_hash IS NULL OR length(body_hash) = 32),
  smtputf8       INTEGER NOT NULL CHECK (smtputf8 IN (0, 1)),
  eight_bit_mime INTEGER NOT NULL CHECK (eight_bit_mime IN (0, 1)),
  priority       INTEGER NOT NULL,
  accepted_at    INTEGER NOT NULL
) STRICT;

-- A body of one piece (at most 256 KiB); NULL: of several, in the file bodies/ID. No row: removed.
CREATE TABLE body (
  message INTEGER PRIMARY KEY,
  bytes   BLOB
) STRICT;

CREATE TABLE delivery (
  message             INTEGER NOT NULL,
  recipient_index     INTEGER NOT NULL CHECK (recipient_index >= 0),
  recipient           TEXT    NOT NULL,
  state               TEXT    NOT NULL CHECK (
                                 state = 'active' OR state = 'sent' OR state = 'queued'
                                 OR state = 'deferred' OR state = 'uncertain' OR state = 'held'
                                 OR state = 'delivered' OR state = 'failed' OR state = 'expired'
                                 OR state = 'cancelled'),
  token               INTEGER NOT NULL,          -- fencing: rises with every change of hands
  lease_owner         TEXT,                      -- node that holds it; NULL: the only node
  lease_until         INTEGER,
  transport           TEXT    NOT NULL,          -- of the last attempt
  attempts            INTEGER NOT NULL CHECK (attempts >= 0),
  next_attempt_at     INTEGER NOT NULL,
  expires_at          INTEGER NOT NULL,
  first_failed_at     INTEGER,
  reason              TEXT    NOT NULL,
  provider_id         TEXT    NOT NULL,
  possible_duplicates INTEGER NOT NULL CHECK (possible_duplicates >= 0),
  PRIMARY KEY (message, recipient_index)
) STRICT, WITHOUT ROWID;

-- All that is unfinished, by when it is due. Queries must repeat the WHERE text to use it.
CREATE INDEX delivery_open ON delivery (next_attempt_at)
  WHERE state <> 'sent' AND state <> 'delivered' AND state <> 'failed' AND state <> 'expired'
    AND state <> 'cancelled';

-- Written before the first byte goes out; outcome stays NULL until it is known.
CREATE TABLE attempt (
  message         INTEGER NOT NULL,
  recipient_index INTEGER NOT NULL,
  number          INTEGER NOT NULL CHECK (number >= 1),
  transport       TEXT    NOT NULL,
  started_at      INTEGER NOT NULL,
  duration_ms     INTEGER,
  outcome         TEXT CHECK (outcome IS NULL OR outcome = 'delivered' OR outcome = 'deferred'
                              OR outcome = 'rejected' OR outcome = 'uncertain'),
  blame           TEXT CHECK (blame IS NULL OR blame = 'none' OR blame = 'recipient' OR blame = 'message'
                            OR blame = 'sender_domain' OR blame = 'transport'),
  reply           TEXT,
  PRIMARY KEY (message, recipient_index, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  message   INTEGER NOT NULL,
  number    INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  source    TEXT    NOT NULL,
  type      TEXT    NOT NULL,
  recipient TEXT    NOT NULL,
  detail    TEXT    NOT NULL,
  PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE breaker (
  transport   TEXT    NOT NULL,
  domain      TEXT    NOT NULL,                  -- '' is the whole transport
  state       TEXT    NOT NULL CHECK (state IN ('closed', 'open', 'suspended')),
  reason      TEXT    NOT NULL,
  until       INTEGER NOT NULL,
  open_for_ms INTEGER NOT NULL,
  failures    INTEGER NOT NULL,
  PRIMARY KEY (transport, domain)
) STRICT, WITHOUT ROWID;

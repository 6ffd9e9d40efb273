-- Addresses that are not to be written to; see core/suppression.hpp.
CREATE TABLE suppression (
  address       TEXT    NOT NULL,                -- in lower case
  sender_domain TEXT    NOT NULL,                -- whose mail it concerns; '' is everybody's
  reason        TEXT    NOT NULL CHECK (reason = 'bounce' OR reason = 'complaint'
                                        OR reason = 'unsubscribe' OR reason = 'manual'),
  source        TEXT    NOT NULL,
  added_at      INTEGER NOT NULL,
  expires_at    INTEGER,                         -- NULL: never
  detail        TEXT    NOT NULL,
  PRIMARY KEY (address, sender_domain)
) STRICT, WITHOUT ROWID;

-- For retention.
CREATE INDEX suppression_expiry ON suppression (expires_at) WHERE expires_at IS NOT NULL;

-- Whose turn a waiting delivery shares and how urgent it is, copied from its message: what is due is
-- read sender domain by sender domain, the urgent first, without reading past a flood of another's.
-- Finished deliveries of before have no need of it.
ALTER TABLE delivery ADD COLUMN sender_domain TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
UPDATE delivery SET
  sender_domain = (SELECT sender_domain FROM message WHERE no = delivery.message),
  priority = (SELECT priority FROM message WHERE no = delivery.message)
  WHERE state <> 'sent' AND state <> 'delivered' AND state <> 'failed' AND state <> 'expired'
    AND state <> 'cancelled';

-- An attempt under way is not in it: mail that goes straight on never touches this index. Queries
-- must repeat the WHERE text to use it.
CREATE INDEX delivery_waiting ON delivery (sender_domain, priority, next_attempt_at)
  WHERE state = 'queued' OR state = 'deferred' OR state = 'uncertain';

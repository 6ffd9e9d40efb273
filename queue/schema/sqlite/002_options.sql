-- What a client asked for besides delivery (core/options.hpp), as JSON; NULL: nothing, as mostly.
ALTER TABLE message ADD COLUMN options TEXT;

-- When the sender is to hear that a delivery is late; NULL: never, or he has.
ALTER TABLE delivery ADD COLUMN notice_at INTEGER;

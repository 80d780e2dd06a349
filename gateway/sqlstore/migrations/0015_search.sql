-- What people know of a payment when they look for it. The bank's numbers stand on few payments until they are
-- paid. A card's first digits have no index: many payments have them, and are met soon on the walk from the newest.
CREATE INDEX payments_last4 ON payments (merchant, card_last4, created_at, id);
CREATE INDEX payments_total ON payments (merchant, total, created_at, id);
CREATE INDEX payments_rrn ON payments (merchant, rrn, created_at, id) WHERE rrn <> '';
CREATE INDEX payments_auth_code ON payments (merchant, auth_code, created_at, id) WHERE auth_code <> '';
-- The page of a payment shows who was told of it.
CREATE INDEX deliveries_subject ON deliveries (subject, created_at, id);

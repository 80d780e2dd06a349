-- The first six digits of a card are looked for whenever somebody types six digits, an authorisation's number most
-- of all: cards that nobody paid with must not be looked for among all payments of a merchant.
CREATE INDEX payments_bin ON payments (merchant, substr(card_bin, 1, 6), created_at, id);
-- Payments in a currency that few have. Almost all are in lira and are met soon on the walk from the newest, so that
-- they need not be written here. search.go has the condition in the same words.
CREATE INDEX payments_foreign ON payments (merchant, currency, created_at, id) WHERE currency <> 'TRY';

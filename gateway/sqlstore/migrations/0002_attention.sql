-- Payments that a person should look at are found by the events that say so: few, whatever the audit
-- trail grows to. What is looked for with a word of its own here is written out in search.go as well.
CREATE INDEX events_attention ON events (merchant, subject) WHERE type = 'payment.amount_differs';

-- What calls for a person, newest first: few events, and nothing is written here by any other.
CREATE INDEX events_calling ON events (merchant, at, subject) WHERE type = 'payment.amount_differs';

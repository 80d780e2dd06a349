-- What was collected, newest first: reports of settlement go by the time of the payment, and the index of the
-- attempts would have them walk through every attempt that failed.
CREATE INDEX payments_paid ON payments (merchant, paid_at, id) WHERE paid_at > 0;

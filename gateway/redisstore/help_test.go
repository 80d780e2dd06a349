package redisstore

import (
	"time"

	"github.com/ulule/limiter/v3"
)

func rate(limit int64, period time.Duration) limiter.Rate {
	return limiter.Rate{Limit: limit, Period: period}
}

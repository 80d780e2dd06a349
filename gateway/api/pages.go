package api

import (
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

const (
	maxPage     = 100
	defaultPage = 25
)

// pageQuery is what every list takes.
type pageQuery struct {
	from, to time.Time
	limit    int
	cursor   string
}

// page reads the query of a list; a parameter that the list does not know is refused, since it is
// usually a filter that the caller believes in.
func (s *Surface) page(c *fiber.Ctx, known ...string) (pageQuery, error) {
	q := pageQuery{limit: defaultPage, cursor: c.Query("cursor")}
	var errs []checkout.FieldError
	known = append(known, "from", "to", "limit", "cursor")
	c.Context().QueryArgs().VisitAll(func(k, _ []byte) {
		if !slices.Contains(known, string(k)) {
			errs = append(errs, checkout.FieldError{Field: string(k), Code: "unknown_field"})
		}
	})
	for name, to := range map[string]*time.Time{"from": &q.from, "to": &q.to} {
		if text := c.Query(name); text != "" {
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				errs = append(errs, checkout.FieldError{Field: name, Code: "time_format"})
			}
			*to = t
		}
	}
	if text := c.Query("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage {
			errs = append(errs, checkout.FieldError{Field: "limit", Code: "out_of_range"})
		}
		q.limit = n
	}
	if len(errs) > 0 {
		return q, checkout.Invalid(errs...)
	}
	return q, nil
}

// answerPage writes a cursor page.
func answerPage[T any](c *fiber.Ctx, rows []T, next string) error {
	return c.JSON(struct {
		Data []T     `json:"data"`
		Next *string `json:"next_cursor"`
	}{rows, nullable(next)})
}

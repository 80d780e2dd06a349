package api

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

const (
	maxPage     = 100
	defaultPage = 25
	// maxFilter bounds a parameter's value in bytes; a search text has at most 200 characters.
	maxFilter = 800
)

// listParams are the parameters of every list.
var listParams = []string{"from", "to", "limit", "cursor"}

// takes makes the handler that refuses every query parameter but the known ones: one that a route
// does not know is usually a filter that the caller believes in. A parameter stands once, and its
// value is text that a store can be asked with.
func takes(known ...string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := checkParams(c, known); err != nil {
			return err
		}
		return c.Next()
	}
}

func checkParams(c *fiber.Ctx, known []string) error {
	values, err := web.Query(c)
	if err != nil {
		return err
	}
	var errs []checkout.FieldError
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if code := paramMistake(slices.Contains(known, name), values[name]); code != "" {
			errs = append(errs, checkout.FieldError{Field: shown(strings.ToValidUTF8(name, "?")), Code: code})
		}
	}
	if len(errs) > 0 {
		return checkout.Invalid(errs...)
	}
	return nil
}

func paramMistake(known bool, values []string) (code string) {
	switch {
	case !known:
		return "unknown_field"
	case len(values) > 1:
		return "repeated"
	case len(values[0]) > maxFilter:
		return "length"
	case !utf8.ValidString(values[0]), strings.ContainsFunc(values[0], unicode.IsControl):
		return "control"
	}
	return ""
}

// filters reads query parameters and gathers their mistakes.
type filters struct {
	c    *fiber.Ctx
	errs []checkout.FieldError
}

func (f *filters) mistake(name, code string) {
	f.errs = append(f.errs, checkout.FieldError{Field: name, Code: code})
}

// err is nil when every filter could be read.
func (f *filters) err() error {
	if len(f.errs) == 0 {
		return nil
	}
	return checkout.Invalid(f.errs...)
}

// time reads an RFC 3339 time, zero when there is none. A plus that nobody escaped arrives as a
// space, which stands nowhere else in such a time.
func (f *filters) time(name string) time.Time {
	text := f.c.Query(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+"))
	f.inRange(name, t, err)
	return t
}

func (f *filters) inRange(name string, t time.Time, err error) {
	switch {
	case err != nil:
		f.mistake(name, "time_format")
	case t.Year() < 2000 || t.Year() > 2100:
		f.mistake(name, "time_range")
	}
}

// span reads from and to.
func (f *filters) span() (from, to time.Time) {
	from, to = f.time("from"), f.time("to")
	f.inOrder(from, to)
	return from, to
}

// inOrder wants a period that is not empty.
func (f *filters) inOrder(from, to time.Time) {
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		f.errs = append(f.errs, checkout.FieldError{Field: "to", Code: "ends_before_start", Args: map[string]string{"start": from.UTC().Format(time.RFC3339)}})
	}
}

// minor reads an amount in minor units, 0 when there is none.
func (f *filters) minor(name string) int64 {
	text := f.c.Query(name)
	if text == "" {
		return 0
	}
	n, ok := digits(text)
	if !ok {
		f.errs = append(f.errs, wrongType(name, reflect.TypeFor[int64]()))
	}
	return n
}

// limit reads the size of a page.
func (f *filters) limit() int {
	text := f.c.Query("limit")
	if text == "" {
		return defaultPage
	}
	n, ok := digits(text)
	switch {
	case !ok:
		f.errs = append(f.errs, wrongType("limit", reflect.TypeFor[int]()))
	case n < 1 || n > maxPage:
		f.mistake("limit", "out_of_range")
	}
	return int(n)
}

// yes reads a switch: true, or nothing. false would be the question for all the others, which nobody asks.
func (f *filters) yes(name string) bool {
	text := f.c.Query(name)
	if text != "" && text != "true" {
		f.mistake(name, "not_a_choice")
	}
	return text == "true"
}

// choice reads a word out of a list.
func choice[T ~string](f *filters, name string, all []T) T {
	word := T(f.c.Query(name))
	if word != "" && !slices.Contains(all, word) {
		f.mistake(name, "not_a_choice")
	}
	return word
}

// digits reads a plain number of up to eighteen digits; strconv alone would take signs too.
func digits(text string) (int64, bool) {
	if len(text) > 18 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// strangeCursor answers 400 for a cursor that is not ours: nobody writes one by hand, so no field of the
// caller's is to be mended.
func strangeCursor(err error) error {
	if errors.Is(err, checkout.ErrCursor) {
		return web.BadRequest(checkout.ErrCursor.Code)
	}
	return err
}

// answerFew answers a page of a list that is read whole, because a merchant has few. Its cursor is the id of the
// last row; one that was deleted since is strange.
func answerFew[T any](c *fiber.Ctx, all []T, id func(T) string) error {
	f := filters{c: c}
	limit := f.limit()
	if err := f.err(); err != nil {
		return err
	}
	if last := c.Query("cursor"); last != "" {
		i := slices.IndexFunc(all, func(row T) bool { return id(row) == last })
		if i < 0 {
			return strangeCursor(checkout.ErrCursor)
		}
		all = all[i+1:]
	}
	if len(all) <= limit {
		return answerPage(c, all, "")
	}
	return answerPage(c, all[:limit], id(all[limit-1]))
}

// answerPage writes a cursor page.
func answerPage[T any](c *fiber.Ctx, rows []T, next string) error {
	return c.JSON(struct {
		Data []T     `json:"data"`
		Next *string `json:"next_cursor"`
	}{rows, nullable(next)})
}

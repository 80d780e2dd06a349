package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Page is a part of a list.
type Page[T any] struct {
	Data       []T    `json:"data"`
	NextCursor string `json:"next_cursor"` // "" on the last page
}

// walk reads a list page by page for as long as it is asked. After an error it ends.
func walk[T any](ctx context.Context, read func(ctx context.Context, cursor string) (Page[T], error), cursor string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			page, err := read(ctx, cursor)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, one := range page.Data {
				if !yield(one, nil) {
					return
				}
			}
			if page.NextCursor == "" || page.NextCursor == cursor {
				return
			}
			cursor = page.NextCursor
		}
	}
}

// query writes the fields of a filter that are set, by their tag query.
func query(filter any) url.Values {
	values := url.Values{}
	v := reflect.ValueOf(filter)
	for i := range v.NumField() {
		name, field := v.Type().Field(i).Tag.Get("query"), v.Field(i)
		if field.IsZero() {
			continue
		}
		switch x := field.Interface().(type) {
		case time.Time:
			values.Set(name, x.Format(time.RFC3339Nano))
		case int:
			values.Set(name, strconv.Itoa(x))
		case int64:
			values.Set(name, strconv.FormatInt(x, 10))
		case bool:
			values.Set(name, "true")
		default:
			values.Set(name, field.String())
		}
	}
	return values
}

// at puts ids into an address.
func at(path string, ids ...string) string {
	for _, id := range ids {
		before, rest, _ := strings.Cut(path, "{}")
		path = before + url.PathEscape(id) + rest
	}
	return path
}

// Opt is a field of a change: the zero value leaves the field as it is, Set gives it a value, Null puts it back to
// what it is when the object is made without it.
type Opt[T any] struct {
	given bool
	value *T
}

// Set gives a field a value.
func Set[T any](v T) Opt[T] { return Opt[T]{given: true, value: &v} }

// Null puts a field back.
func Null[T any]() Opt[T] { return Opt[T]{given: true} }

// IsZero says whether the field is left as it is.
func (o Opt[T]) IsZero() bool { return !o.given }

// MarshalJSON writes the value, or null.
func (o Opt[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.value) }

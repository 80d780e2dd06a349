package web

import (
	"bytes"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// Form reads a posted form strictly: application/x-www-form-urlencoded or 415, at most MaxFields
// fields or 413, every escape well-formed or 400 (threat model, A21). Repeated fields keep all
// their values, so that who must refuse a repetition sees it; bytes are decoded and nothing else,
// so that a bank's character set stays what it is.
func Form(c *fiber.Ctx) (url.Values, error) {
	kind, _, _ := bytes.Cut(c.Request().Header.ContentType(), []byte{';'})
	body := c.Request().Body()
	if !bytes.EqualFold(bytes.TrimSpace(kind), []byte(fiber.MIMEApplicationForm)) && len(body) > 0 {
		return nil, Reply(fiber.StatusUnsupportedMediaType, &checkout.Error{Kind: checkout.KindInvalid, Code: "unsupported_media_type"})
	}
	return fields(body)
}

// Query reads the address' fields as strictly.
func Query(c *fiber.Ctx) (url.Values, error) {
	return fields(c.Request().URI().QueryString())
}

func fields(encoded []byte) (url.Values, error) {
	if bytes.Count(encoded, []byte{'&'}) >= MaxFields {
		return nil, Reply(fiber.StatusRequestEntityTooLarge, &checkout.Error{Kind: checkout.KindInvalid, Code: "too_many_fields"})
	}
	values, err := url.ParseQuery(string(encoded))
	if err != nil {
		return nil, BadRequest("form_malformed") // the error's text quotes the form
	}
	return values, nil
}

package api

import (
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"
	"rsc.io/qr"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// installments answers the offer table of a price, exclusions and their reasons included.
func (s *Surface) installments(c *fiber.Ctx) error {
	f := filters{c: c}
	price := checkout.Money{Minor: f.minor("amount"), Currency: checkout.Currency(c.Query("currency", string(checkout.TRY)))}
	switch {
	case c.Query("amount") == "":
		f.mistake("amount", "required")
	case price.Minor == 0 && len(f.errs) == 0, price.Minor > checkout.MaxPriceMinor:
		f.errs = append(f.errs, checkout.FieldError{Field: "amount", Code: "amount_range", Args: checkout.PriceBounds(1)})
	}
	if !price.Currency.Known() {
		f.mistake("currency", "currency_unknown")
	}
	prefix := c.Query("bin")
	if !isPrefix(prefix) {
		f.mistake("bin", "bin_format")
	}
	if err := f.err(); err != nil {
		return err
	}
	within := checkout.LinkID(c.Query("link"))
	if within != "" && !within.Valid() {
		return checkout.ErrNoLink
	}
	table, err := s.Flow.OffersOf(c.UserContext(), callerOf(c).merchant, within, price, prefix)
	if err != nil {
		return err
	}
	return sendJSON(c, fiber.StatusOK, web.AppendOffers(nil, table, true))
}

// isPrefix says whether text is six to eight digits of a card; more belong into no address.
func isPrefix(text string) bool {
	return len(text) >= 6 && len(text) <= 8 && strings.Trim(text, "0123456789") == ""
}

// binView is what a prefix tells.
type binView struct {
	BIN        string  `json:"bin"`
	Prefix     *string `json:"prefix"`
	Brand      *string `json:"brand"`
	Kind       *string `json:"kind"`
	Issuer     *string `json:"issuer"`
	IssuerCode *string `json:"issuer_code"`
	Program    *string `json:"program"`
	Commercial bool    `json:"commercial"`
}

func (s *Surface) bin(c *fiber.Ctx) error {
	bin := c.Params("bin")
	if !isPrefix(bin) {
		return checkout.Invalid(checkout.FieldError{Field: "bin", Code: "bin_format"})
	}
	b := s.BINs.Lookup(bin)
	return c.JSON(binView{
		BIN: bin, Prefix: nullable(b.Prefix), Brand: nullable(string(b.Brand)), Kind: nullable(string(b.Kind)), Issuer: nullable(b.Issuer),
		IssuerCode: nullable(b.IssuerCode), Program: nullable(b.Program), Commercial: b.Commercial,
	})
}

// qrOf encodes a link's address at level M, nothing else in it (domain.md 4.6).
func (s *Surface) qrOf(c *fiber.Ctx) (*qr.Code, error) {
	l, err := s.link(c)
	if err != nil {
		return nil, err
	}
	return qr.Encode(s.Flow.LinkURL(l.Token), qr.M)
}

// quietZone is the light border that readers need, in modules (ISO/IEC 18004).
const quietZone = 4

func (s *Surface) qrSVG(c *fiber.Ctx) error {
	code, err := s.qrOf(c)
	if err != nil {
		return err
	}
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quietZone, y+quietZone)
			}
		}
	}
	side := code.Size + 2*quietZone
	c.Set(fiber.HeaderContentType, "image/svg+xml")
	return c.SendString(fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%dmm" height="%dmm" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`, side, side, side, side, side, side, path.String()))
}

func (s *Surface) qrPNG(c *fiber.Ctx) error {
	code, err := s.qrOf(c)
	if err != nil {
		return err
	}
	code.Scale = 10
	c.Set(fiber.HeaderContentType, "image/png")
	return c.Send(code.PNG())
}

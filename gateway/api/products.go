package api

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
)

// productBody is what a merchant may say of a product. Pointers tell "not given" from a value, for PATCH.
type productBody struct {
	Code        *string `json:"code"`
	Name        *string `json:"name"`
	Description *string `json:"description"`
	Price       *int64  `json:"price" validate:"omitempty,minor_units"`
	Currency    *string `json:"currency"`
	Category    *string `json:"category"`
	Active      *bool   `json:"active"`
}

// What of a product only we write.
var productReadOnly = []string{"id", "created_at", "updated_at"}

// productView is a product as the API shows it.
type productView struct {
	ID          checkout.ProductID `json:"id"`
	Code        *string            `json:"code"`
	Name        string             `json:"name"`
	Description string             `json:"description"`
	Price       int64              `json:"price"`
	Currency    checkout.Currency  `json:"currency"`
	Category    *string            `json:"category"`
	Active      bool               `json:"active"`
	CreatedAt   string             `json:"created_at"`
	UpdatedAt   string             `json:"updated_at"`
}

func viewProduct(p checkout.Product) productView {
	return productView{
		ID: p.ID, Code: nullable(p.Code), Name: p.Name, Description: p.Description, Price: p.Price.Minor, Currency: p.Price.Currency,
		Category: nullable(p.Category), Active: p.Active, CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt),
	}
}

// apply writes what was given over the terms. null puts a field back to what it is in a product that was made without it.
func (b *productBody) apply(t *checkout.ProductTerms, given map[string]bool) {
	set(given["code"], b.Code, &t.Code)
	set(given["name"], b.Name, &t.Name)
	set(given["description"], b.Description, &t.Description)
	set(given["price"], b.Price, &t.Price.Minor)
	set(given["currency"], b.Currency, (*string)(&t.Price.Currency))
	set(given["category"], b.Category, &t.Category)
	if given["active"] {
		t.Active = b.Active == nil || *b.Active
	}
	t.Code, t.Name = norm.NFC.String(t.Code), norm.NFC.String(t.Name)
	t.Description, t.Category = norm.NFC.String(t.Description), norm.NFC.String(t.Category)
}

func (s *Surface) createProduct(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b productBody
	named, err := s.decode(c, &b, productReadOnly)
	if err != nil {
		return err
	}
	t := checkout.ProductTerms{Active: true}
	b.apply(&t, named)
	var answer []byte
	_, err = s.Flow.CreateProduct(c.UserContext(), s.by(c), callerOf(c).merchant, t, func(p checkout.Product) (checkout.Idempotency, error) {
		var err error
		answer, err = json.Marshal(viewProduct(p))
		return key.answer(fiber.StatusCreated, answer), err
	})
	if err != nil {
		return s.beaten(c, key, err)
	}
	return sendCreated(c, fiber.StatusCreated, answer)
}

func (s *Surface) readProduct(c *fiber.Ctx) error {
	p, err := s.Flow.ProductOf(c.UserContext(), callerOf(c).merchant, checkout.ProductID(c.Params("id")))
	if err != nil {
		return err
	}
	return c.JSON(viewProduct(p))
}

// productStatuses are those that a list can be asked for.
var productStatuses = []string{"active", "inactive"}

func (s *Surface) listProducts(c *fiber.Ctx) error {
	f := filters{c: c}
	q := checkout.ProductQuery{Merchant: callerOf(c).merchant, Text: norm.NFC.String(c.Query("q")), Limit: f.limit(), Cursor: c.Query("cursor")}
	if status := choice(&f, "status", productStatuses); status != "" {
		active := status == "active"
		q.Active = &active
	}
	if err := f.err(); err != nil {
		return err
	}
	found, next, err := s.Ledger.SearchProducts(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views := make([]productView, len(found))
	for i, p := range found {
		views[i] = viewProduct(p)
	}
	return answerPage(c, views, next)
}

func (s *Surface) editProduct(c *fiber.Ctx) error {
	var b productBody
	given, err := s.decode(c, &b, productReadOnly)
	if err != nil {
		return err
	}
	p, err := s.Flow.EditProduct(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.ProductID(c.Params("id")), func(t *checkout.ProductTerms) { b.apply(t, given) })
	if err != nil {
		return err
	}
	return c.JSON(viewProduct(p))
}

func (s *Surface) deleteProduct(c *fiber.Ctx) error {
	if err := s.Flow.DeleteProduct(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.ProductID(c.Params("id"))); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

package panel

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

const (
	productsPath = "/panel/links/products"
	// productsShown is how many products a page of the list has, productsOffered how many a link's form suggests.
	productsShown   = 25
	productsOffered = 100
)

// ProductFlow is what the catalogue needs of checkout.Service.
type ProductFlow interface {
	ProductOf(ctx context.Context, m checkout.MerchantID, id checkout.ProductID) (checkout.Product, error)
	CreateProduct(ctx context.Context, by checkout.By, m checkout.MerchantID, t checkout.ProductTerms, idem func(checkout.Product) (checkout.Idempotency, error)) (checkout.Product, error)
	EditProduct(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ProductID, edit func(*checkout.ProductTerms)) (checkout.Product, error)
	DeleteProduct(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ProductID) error
}

// productRoutes are the merchant's catalogue.
func productRoutes() []route {
	look, do := checkout.PowerLook, checkout.PowerLinks
	return []route{
		{"GET", productsPath, look, (*Surface).productsPage},
		{"POST", productsPath, do, (*Surface).createProduct},
		{"GET", productsPath + "/new", do, (*Surface).newProductPage},
		{"GET", productsPath + "/:product", do, (*Surface).productPage},
		{"POST", productsPath + "/:product", do, (*Surface).editProduct},
		{"POST", productsPath + "/:product/delete", do, (*Surface).deleteProduct},
	}
}

// productsData is the list.
type productsData struct {
	Filters *Form
	Rows    []checkout.Product
	Next    string // address of the next page
	Set     bool   // some filter is
	Saved   string
}

// Statuses are what the list can be asked for.
func (productsData) Statuses() []string { return productStatuses }

// ProductPill says whether a product is sold.
func (p *Page) ProductPill(of checkout.Product) Pill {
	if of.Active {
		return Pill{Word: p.T("products.status.active"), Icon: "check", Tone: "good"}
	}
	return Pill{Word: p.T("products.status.inactive"), Icon: "cross"}
}

// productStatuses are those that the list can be asked for.
var productStatuses = []string{"active", "inactive"}

func (s *Surface) productsPage(c *fiber.Ctx, w *who) error {
	f := NewForm("products")
	for _, name := range []string{"q", "status", "cursor"} {
		f.Values[name] = strings.TrimSpace(strings.ToValidUTF8(c.Query(name), ""))
	}
	q := checkout.ProductQuery{Merchant: w.member.Merchant, Limit: productsShown, Cursor: f.Get("cursor")}
	if q.Text = nfc(f.Get("q")); len(q.Text) > maxSearch {
		s.wrong(f, w.lang, "q", "too_long", nil)
		q.Text = ""
	}
	if status := f.Get("status"); slices.Contains(productStatuses, status) {
		active := status == productStatuses[0]
		q.Active = &active
	}
	found, next, err := s.Ledger.SearchProducts(c.UserContext(), q)
	if err == checkout.ErrCursor {
		return c.Redirect(productsPath, fiber.StatusSeeOther)
	}
	if err != nil {
		return err
	}
	d := productsData{Filters: f, Rows: found, Next: nextPage(c, next), Set: f.On("q") || q.Active != nil, Saved: c.Query("saved")}
	status := fiber.StatusOK
	if !f.OK() {
		status = fiber.StatusUnprocessableEntity
	}
	return s.show(c, w, status, "products", d)
}

var productFields = []string{"name", "code", "price", "currency", "category", "description", "active", "once"}

// productData is the form of a product.
type productData struct {
	*Form
	Product *checkout.Product // that is edited; nil = a new one
}

func (s *Surface) newProductPage(c *fiber.Ctx, w *who) error {
	f := NewForm("products", "active", "on", "currency", s.newLinkForm(w).Get("currency"), "once", s.IDs.Secret(onceLength))
	return s.show(c, w, fiber.StatusOK, "products_form", productData{f, nil})
}

func (s *Surface) productPage(c *fiber.Ctx, w *who) error {
	p, err := s.Flow.ProductOf(c.UserContext(), w.member.Merchant, checkout.ProductID(c.Params("product")))
	if err != nil {
		return err
	}
	f := NewForm("products", "name", p.Name, "code", p.Code, "price", typedAmount(s.pages.locale(w.lang), p.Price), "currency", string(p.Price.Currency),
		"category", p.Category, "description", p.Description, "active", ticked(p.Active))
	return s.show(c, w, fiber.StatusOK, "products_form", productData{f, &p})
}

// productTerms reads the form; mistakes are noted in it.
func (s *Surface) productTerms(f *Form, w *who) checkout.ProductTerms {
	c := checkout.Currency(f.Get("currency"))
	return checkout.ProductTerms{
		Code: nfc(f.Get("code")), Name: nfc(f.Get("name")), Description: nfc(f.Get("description")), Category: nfc(f.Get("category")), Active: f.On("active"),
		Price: checkout.Money{Minor: s.amount(f, w.lang, "price", c, true), Currency: c},
	}
}

// refusedProduct is refused for the form of a product.
func (s *Surface) refusedProduct(f *Form, lang string, err error) error {
	if isCode(err, checkout.ErrProductCode) {
		s.wrong(f, lang, "code", checkout.ErrProductCode.Code, nil)
		return nil
	}
	return s.refused(f, lang, err, nil)
}

// createProduct makes a product. A second press makes nothing.
func (s *Surface) createProduct(c *fiber.Ctx, w *who) error {
	f := readForm(c, "products", productFields...)
	if t := s.productTerms(f, w); f.OK() {
		_, err := s.Flow.CreateProduct(c.UserContext(), w.by(c), w.member.Merchant, t, func(p checkout.Product) (checkout.Idempotency, error) {
			return s.once(c, w, f, string(p.ID)), nil
		})
		if isCode(err, checkout.ErrKeyKnown) {
			err = nil
		}
		if err := s.refusedProduct(f, w.lang, err); err != nil {
			return err
		}
	}
	if !f.OK() {
		return s.show(c, w, fiber.StatusUnprocessableEntity, "products_form", productData{f, nil})
	}
	return saved(c, productsPath, "made")
}

func (s *Surface) editProduct(c *fiber.Ctx, w *who) error {
	p, err := s.Flow.ProductOf(c.UserContext(), w.member.Merchant, checkout.ProductID(c.Params("product")))
	if err != nil {
		return err
	}
	f := readForm(c, "products", productFields...)
	if t := s.productTerms(f, w); f.OK() {
		_, err := s.Flow.EditProduct(c.UserContext(), w.by(c), w.member.Merchant, p.ID, func(is *checkout.ProductTerms) { *is = t })
		if err := s.refusedProduct(f, w.lang, err); err != nil {
			return err
		}
	}
	if !f.OK() {
		return s.show(c, w, fiber.StatusUnprocessableEntity, "products_form", productData{f, &p})
	}
	return saved(c, productsPath, "edited")
}

func (s *Surface) deleteProduct(c *fiber.Ctx, w *who) error {
	if err := s.Flow.DeleteProduct(c.UserContext(), w.by(c), w.member.Merchant, checkout.ProductID(c.Params("product"))); err != nil {
		return err
	}
	return saved(c, productsPath, "deleted")
}

// productForm is a form for a link that sells one of a product.
func (s *Surface) productForm(c *fiber.Ctx, w *who, id checkout.ProductID) (*Form, error) {
	p, err := s.Flow.ProductOf(c.UserContext(), w.member.Merchant, id)
	if err != nil {
		return nil, err
	}
	f := s.newLinkForm(w)
	f.Values["currency"] = string(p.Price.Currency)
	s.fillItems(f, w.lang, []checkout.Item{p.Item(1)}, p.Price.Currency)
	return f, nil
}

// offered are products that a link's form suggests: the newest that are sold.
func (s *Surface) offered(ctx context.Context, w *who) ([]checkout.Product, error) {
	sold := true
	found, _, err := s.Ledger.SearchProducts(ctx, checkout.ProductQuery{Merchant: w.member.Merchant, Active: &sold, Limit: productsOffered})
	return found, err
}

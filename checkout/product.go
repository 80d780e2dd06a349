package checkout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// A merchant's catalogue: what it sells again and again. A link's lines are copies of it (Item), so that whatever
// becomes of a product, links and payments say what they said.

// Valid says whether p has the syntax of a product's id.
func (p ProductID) Valid() bool { return validID(string(p), "prd_") }

// Product makes an identifier of a product.
func (g *IDs) Product() ProductID { return ProductID("prd_" + g.pick(base62, 22)) }

// ProductTerms are what a merchant says of a product.
type ProductTerms struct {
	Code        string // "" = none; unique among the merchant's products that are not deleted
	Name        string
	Description string // for the merchant's own people
	Price       Money
	Category    string // "" = the merchant's own word for a kind of goods
	Active      bool   // else no new line is made of it
}

// Product is something that a merchant sells.
type Product struct {
	ID       ProductID
	Merchant MerchantID
	Version  int64 // 1, 2, 3 …; a change is a compare-and-set on it
	ProductTerms
	CreatedAt time.Time
	UpdatedAt time.Time
	DeletedAt time.Time // zero = not deleted
}

// MaxProducts is how many products a merchant may have that are not deleted: a search walks through them.
const MaxProducts = 10_000

const (
	maxProductText     = 500
	maxProductCategory = 60
)

// ProductQuery finds products of a merchant; zero fields ask nothing. Deleted ones are never found.
type ProductQuery struct {
	Merchant MerchantID
	Text     string // somewhere in name, code, description or category
	Active   *bool
	Limit    int // page size, at most 100; 0 means 20
	Cursor   string
}

// ProductLedger keeps the catalogues.
type ProductLedger interface {
	// SaveProduct makes a product (Version 1) or replaces the version before; one with DeletedAt is deleted, and stays
	// so. ErrProductCode, ErrProducts, ErrStale, ErrNoProduct for an id that belongs to somebody else, ErrKeyKnown.
	SaveProduct(ctx context.Context, p Product, e Event, i Idempotency) error
	// Products answers those of a merchant among these ids, deleted ones too, in no order.
	Products(ctx context.Context, m MerchantID, ids []ProductID) ([]Product, error)
	// SearchProducts answers a page, newest first, and the cursor of the next one, "" at the end. A cursor that no page
	// gave is ErrCursor.
	SearchProducts(ctx context.Context, q ProductQuery) ([]Product, string, error)
}

// ProductOf answers a product of the merchant that is not deleted. ErrNoProduct.
func (s *Service) ProductOf(ctx context.Context, m MerchantID, id ProductID) (Product, error) {
	if !id.Valid() {
		return Product{}, ErrNoProduct
	}
	found, err := s.Ledger.Products(ctx, m, []ProductID{id})
	if err == nil && (len(found) == 0 || !found[0].DeletedAt.IsZero()) {
		err = ErrNoProduct
	}
	if err != nil {
		return Product{}, err
	}
	return found[0], nil
}

// CreateProduct makes a product. idem may be nil. Invalid with field names as the API shows them; ErrProductCode,
// ErrProducts, ErrKeyKnown.
func (s *Service) CreateProduct(ctx context.Context, by By, m MerchantID, t ProductTerms, idem func(Product) (Idempotency, error)) (Product, error) {
	sh, err := s.Shop(ctx, m)
	if err != nil {
		return Product{}, err
	}
	if errs := t.check(sh.Merchant); len(errs) > 0 {
		return Product{}, refusedTerms(errs)
	}
	now := s.Clock.Now()
	p := Product{ID: s.IDs.Product(), Merchant: m, Version: 1, ProductTerms: t, CreatedAt: now, UpdatedAt: now}
	var kept Idempotency
	if idem != nil {
		if kept, err = idem(p); err != nil {
			return Product{}, err
		}
	}
	return p, s.Ledger.SaveProduct(ctx, p, s.productEvent(p, "product.created", by), kept)
}

// EditProduct changes a product; links that were made of it stay as they are. Invalid, ErrNoProduct, ErrProductCode.
func (s *Service) EditProduct(ctx context.Context, by By, m MerchantID, id ProductID, edit func(*ProductTerms)) (Product, error) {
	sh, err := s.Shop(ctx, m)
	if err != nil {
		return Product{}, err
	}
	return s.changeProduct(ctx, by, m, id, "product.edited", func(p *Product) error {
		edit(&p.ProductTerms)
		if errs := p.check(sh.Merchant); len(errs) > 0 {
			return refusedTerms(errs)
		}
		return nil
	})
}

// DeleteProduct takes a product out of the catalogue; its code is free again, and links keep their lines. ErrNoProduct.
func (s *Service) DeleteProduct(ctx context.Context, by By, m MerchantID, id ProductID) error {
	_, err := s.changeProduct(ctx, by, m, id, "product.deleted", func(p *Product) error {
		p.DeletedAt = s.Clock.Now()
		return nil
	})
	return err
}

// changeProduct reads, changes and writes a product until nobody was faster. Nothing is written where nothing changed.
func (s *Service) changeProduct(ctx context.Context, by By, m MerchantID, id ProductID, typ string, change func(*Product) error) (Product, error) {
	for {
		p, err := s.ProductOf(ctx, m, id)
		if err != nil {
			return Product{}, err
		}
		was := p
		if err := change(&p); err != nil {
			return Product{}, err
		}
		if p == was {
			return p, nil
		}
		p.Version++
		p.UpdatedAt = s.Clock.Now()
		err = s.Ledger.SaveProduct(ctx, p, s.productEvent(p, typ, by), Idempotency{})
		if err == nil {
			return p, nil
		}
		if !errors.Is(err, ErrStale) {
			return Product{}, err
		}
	}
}

func (s *Service) productEvent(p Product, typ string, by By) Event {
	e := s.merchantEvent(p.Merchant, typ, by)
	e.Data = map[string]string{"of": string(p.ID), "name": p.Name, "price": p.Price.String()}
	if p.Code != "" {
		e.Data["product_code"] = p.Code
	}
	return e
}

// check finds every mistake of a product at once.
func (t *ProductTerms) check(m Merchant) (errs []FieldError) {
	add := func(field, code string) {
		if code != "" {
			errs = append(errs, FieldError{Field: field, Code: code})
		}
	}
	t.Name, t.Code, t.Category, t.Description = oneSpaced(t.Name), oneSpaced(t.Code), oneSpaced(t.Category), strings.TrimSpace(t.Description)
	add("name", checkItemName(t.Name))
	add("code", checkLine(t.Code, maxItemCode))
	add("description", checkText(t.Description, maxProductText))
	add("category", checkLine(t.Category, maxProductCategory))
	switch c := t.Price.Currency; {
	case c == "":
		add("currency", "required")
	case !c.Known():
		add("currency", "currency_unknown")
	case !m.Takes(c):
		add("currency", "currency_not_permitted")
	}
	return append(errs, checkMinor("price", t.Price.Minor)...)
}

// Item is a line of so many of the product.
func (p Product) Item(quantity int) Item {
	return Item{Product: p.ID, Code: p.Code, Name: p.Name, Quantity: quantity, UnitMinor: p.Price.Minor}
}

// catalogue answers the products that terms name in their lines.
func (s *Service) catalogue(ctx context.Context, m MerchantID, all ...*LinkTerms) (map[ProductID]Product, error) {
	var ids []ProductID
	for _, t := range all {
		for n := range min(len(t.Items), MaxItems) {
			if id := t.Items[n].Product; id.Valid() {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	found, err := s.Ledger.Products(ctx, m, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	known := make(map[ProductID]Product, len(found))
	for _, p := range found {
		known[p.ID] = p
	}
	return known, nil
}

// fromCatalogue is fill with the products as they are.
func (s *Service) fromCatalogue(ctx context.Context, m MerchantID, t *LinkTerms, was LinkTerms) ([]FieldError, error) {
	known, err := s.catalogue(ctx, m, t)
	if err != nil {
		return nil, err
	}
	return t.fill(known, was), nil
}

// fill makes lines of products copies of them. A copy that the link had before stays as it was, whatever became of its
// product, unless the link has another currency now.
func (t *LinkTerms) fill(known map[ProductID]Product, was LinkTerms) (errs []FieldError) {
	if t.Open || len(t.Items) > MaxItems {
		return nil // told as a whole
	}
	t.Items = slices.Clone(t.Items)
	for n, i := range t.Items {
		if i.Product == "" || i.Name != "" && t.Amount.Currency == was.Amount.Currency && slices.ContainsFunc(was.Items, i.sameCopy) {
			continue
		}
		p, e := known[i.Product], FieldError{Field: itemField(n, "product")}
		copied := p.Item(i.Quantity)
		t.Items[n] = Item{Product: i.Product, Quantity: i.Quantity}
		switch {
		case p.ID == "" || !p.DeletedAt.IsZero():
			e.Code = "product_unknown"
		case !p.Active:
			e.Code = "product_inactive"
		case p.Price.Currency != t.Amount.Currency && t.Amount.Currency != "":
			e.Code, e.Args = "product_currency", map[string]string{"currency": string(p.Price.Currency)}
		default:
			if part := i.differs(copied); part != "" {
				e = FieldError{Field: itemField(n, part), Code: "product_differs"}
				break
			}
			t.Items[n] = copied
			continue
		}
		errs = append(errs, e)
	}
	return errs
}

// differs names what a line says otherwise than the copy that is to be made; "" = nothing. What it leaves out it takes.
func (i Item) differs(copied Item) string {
	switch {
	case i.Name != "" && i.Name != copied.Name:
		return "name"
	case i.Code != "" && i.Code != copied.Code:
		return "code"
	case i.UnitMinor != 0 && i.UnitMinor != copied.UnitMinor:
		return "unit_amount"
	}
	return ""
}

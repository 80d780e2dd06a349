package client

import (
	"context"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"
)

// CreateLink: make a payment link.
func (c *Client) CreateLink(ctx context.Context, in NewLink, options ...Option) (*Link, error) {
	out := new(Link)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/links"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// LinkFilter are the parameters of ListLinks; what is zero is left out.
type LinkFilter struct {
	Status  LinkStatus `query:"status"`   // Only links of this status.
	OrderID string     `query:"order_id"` // Only the link with this order number, or its payments.
	Q       string     `query:"q"`        // Text that occurs in description, order number or customer, whatever its letter case.
	Stopped bool       `query:"stopped"`  // Only links that could be paid and whose stops holds something, or that rest.
	From    time.Time  `query:"from"`     // Created at or after this time.
	To      time.Time  `query:"to"`       // Created before this time.
	Limit   int        `query:"limit"`    // Of a page.
	Cursor  string     `query:"cursor"`
}

// ListLinks: list links, newest first.
func (c *Client) ListLinks(ctx context.Context, filter LinkFilter) (Page[Link], error) {
	var out Page[Link]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/links", query: query(filter)}, nil, &out)
	return out, err
}

// Links goes through all pages of ListLinks. An error is the last thing it yields.
func (c *Client) Links(ctx context.Context, filter LinkFilter) iter.Seq2[Link, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Link], error) {
		filter.Cursor = cursor
		return c.ListLinks(ctx, filter)
	}, filter.Cursor)
}

// ReadLink: read a link.
func (c *Client) ReadLink(ctx context.Context, id LinkID) (*Link, error) {
	out := new(Link)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/links/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// EditLink: change a link in place. What is not named stays. null puts a field back to what it is when a link is
// made without it. Address, token and order number stay. A payment that is already at the bank keeps the terms it
// started with. Editing wakes a link that rests. The order number and deliver cannot be changed here.
func (c *Client) EditLink(ctx context.Context, id LinkID, in LinkChange) (*Link, error) {
	out := new(Link)
	if err := c.do(ctx, call{method: http.MethodPatch, path: at("/v1/links/{}", string(id))}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteLink: delete a link. The link is dead at once; deleting it again changes nothing. It can still be read,
// and its order number stays used. A link whose payments are all made cannot be deleted.
func (c *Client) DeleteLink(ctx context.Context, id LinkID) error {
	return c.do(ctx, call{method: http.MethodDelete, path: at("/v1/links/{}", string(id))}, nil, nil)
}

// CreateLinkBatch: make many links at once. Up to 10,000 rows and 5 MiB: as JSON, or as a table (CSV or XLSX), whose
// first row names its columns in Turkish or English: amount, currency, description, order no, customer, phone, e-mail,
// ends, kind of sale. A link is made of every good row, some hundreds together; the others are kept with what is wrong
// with them. Send a key: a call that broke off goes on under the same key where it ended, and makes nothing twice. A
// group is the named shares of one sum, up to 200, all of them or none. Rows without an amount share equally what the
// others leave of total. Its links carry group and share in their metadata. /v1/link_batches/check says the same and
// makes nothing.
func (c *Client) CreateLinkBatch(ctx context.Context, in NewLinkBatch, options ...Option) (*LinkBatch, error) {
	out := new(LinkBatch)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/link_batches"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// CreateLinkBatchOfTable makes links of a table, CSV or XLSX. kind is its media type, like text/csv.
func (c *Client) CreateLinkBatchOfTable(ctx context.Context, in LinkTable, kind string, table []byte, options ...Option) (*LinkBatch, error) {
	out := new(LinkBatch)
	one := call{method: http.MethodPost, path: "/v1/link_batches", query: query(in), kind: kind, body: table}
	if err := c.do(ctx, one, nil, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// CheckLinkBatch: see what many links would become. The body is that of making them. Nothing is made of it.
func (c *Client) CheckLinkBatch(ctx context.Context, in NewLinkBatch, options ...Option) (*LinkBatchCheck, error) {
	out := new(LinkBatchCheck)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/link_batches/check"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// CheckLinkBatchOfTable says what a table would become, CSV or XLSX. kind is its media type, like text/csv.
func (c *Client) CheckLinkBatchOfTable(ctx context.Context, in LinkTable, kind string, table []byte) (*LinkBatchCheck, error) {
	out := new(LinkBatchCheck)
	one := call{method: http.MethodPost, path: "/v1/link_batches/check", query: query(in), kind: kind, body: table}
	if err := c.do(ctx, one, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// LinkBatchFilter are the parameters of ListLinkBatches; what is zero is left out.
type LinkBatchFilter struct {
	Kind   LinkBatchKind `query:"kind"`  // Only tables, or only groups.
	From   time.Time     `query:"from"`  // Created at or after this time.
	To     time.Time     `query:"to"`    // Created before this time.
	Limit  int           `query:"limit"` // Of a page.
	Cursor string        `query:"cursor"`
}

// ListLinkBatches: list link batches, newest first.
func (c *Client) ListLinkBatches(ctx context.Context, filter LinkBatchFilter) (Page[LinkBatchRef], error) {
	var out Page[LinkBatchRef]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/link_batches", query: query(filter)}, nil, &out)
	return out, err
}

// LinkBatches goes through all pages of ListLinkBatches. An error is the last thing it yields.
func (c *Client) LinkBatches(ctx context.Context, filter LinkBatchFilter) iter.Seq2[LinkBatchRef, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[LinkBatchRef], error) {
		filter.Cursor = cursor
		return c.ListLinkBatches(ctx, filter)
	}, filter.Cursor)
}

// ReadLinkBatch: read a link batch and what it came to.
func (c *Client) ReadLinkBatch(ctx context.Context, id LinkBatchID) (*LinkBatch, error) {
	out := new(LinkBatch)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/link_batches/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// LinkBatchRowFilter are the parameters of ListLinkBatchRows; what is zero is left out.
type LinkBatchRowFilter struct {
	Refused bool   `query:"refused"` // Only rows that no link was made of.
	Limit   int    `query:"limit"`   // Of a page.
	Cursor  string `query:"cursor"`
}

// ListLinkBatchRows: list the rows of a link batch, in their order.
func (c *Client) ListLinkBatchRows(ctx context.Context, id LinkBatchID, filter LinkBatchRowFilter) (Page[LinkBatchRow], error) {
	var out Page[LinkBatchRow]
	err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/link_batches/{}/rows", string(id)), query: query(filter)}, nil, &out)
	return out, err
}

// LinkBatchRows goes through all pages of ListLinkBatchRows. An error is the last thing it yields.
func (c *Client) LinkBatchRows(ctx context.Context, id LinkBatchID, filter LinkBatchRowFilter) iter.Seq2[LinkBatchRow, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[LinkBatchRow], error) {
		filter.Cursor = cursor
		return c.ListLinkBatchRows(ctx, id, filter)
	}, filter.Cursor)
}

// SendLink: deliver a link by SMS or e-mail. The message is queued and handed over within seconds; its words are
// the merchant's template. A channel that is not set up here is refused with channel_not_configured after
// everything else was checked: copy url, or show the QR. Text messages go to mobile numbers registered in Türkiye
// only. A link in a currency that no virtual POS takes is not sent (currency_not_taken). A link is sent at most
// five times in 24 hours, and a person gets at most three messages in an hour.
func (c *Client) SendLink(ctx context.Context, id LinkID, in Sending, options ...Option) (*Message, error) {
	out := new(Message)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/links/{}/send", string(id))}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// MessageFilter are the parameters of ListLinkMessages; what is zero is left out.
type MessageFilter struct {
	Status MessageStatus `query:"status"` // Only those of this status.
	Kind   MessageKind   `query:"kind"`   // Only those of this kind.
	From   time.Time     `query:"from"`   // Created at or after this time.
	To     time.Time     `query:"to"`     // Created before this time.
	Limit  int           `query:"limit"`  // Of a page.
	Cursor string        `query:"cursor"`
}

// ListLinkMessages: list what was sent about a link, newest first. Each with every attempt, also what was held
// back and why. Messages are kept for 90 days.
func (c *Client) ListLinkMessages(ctx context.Context, id LinkID, filter MessageFilter) (Page[Message], error) {
	var out Page[Message]
	err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/links/{}/messages", string(id)), query: query(filter)}, nil, &out)
	return out, err
}

// LinkMessages goes through all pages of ListLinkMessages. An error is the last thing it yields.
func (c *Client) LinkMessages(ctx context.Context, id LinkID, filter MessageFilter) iter.Seq2[Message, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Message], error) {
		filter.Cursor = cursor
		return c.ListLinkMessages(ctx, id, filter)
	}, filter.Cursor)
}

// ShareFilter are the parameters of ShareLink; what is zero is left out.
type ShareFilter struct {
	Lang MessageLang `query:"lang"` // The language of the text; Turkish when it is left out.
}

// ShareLink: texts and addresses for sending a link by hand. Nothing is sent. whatsapp, sms and email open the
// program on the merchant's own device, to the link's customer where it has one.
func (c *Client) ShareLink(ctx context.Context, id LinkID, filter ShareFilter) (*Share, error) {
	out := new(Share)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/links/{}/share", string(id)), query: query(filter)}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ReadMessage: read a message.
func (c *Client) ReadMessage(ctx context.Context, id MessageID) (*Message, error) {
	out := new(Message)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/messages/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ReadNotifications: who is told of payments, and when card holders are reminded.
func (c *Client) ReadNotifications(ctx context.Context) (*Notifications, error) {
	out := new(Notifications)
	if err := c.do(ctx, call{method: http.MethodGet, path: "/v1/notifications"}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// EditNotifications: change who is told, and reminders. Fields that are left out stay. One message is sent for
// each event and recipient, within seconds after the event. With version, a change that somebody else made
// meanwhile is refused as stale.
func (c *Client) EditNotifications(ctx context.Context, in NotificationsChange) (*Notifications, error) {
	out := new(Notifications)
	if err := c.do(ctx, call{method: http.MethodPatch, path: "/v1/notifications"}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ListMessageTemplates: the words around links, by kind, channel and language.
func (c *Client) ListMessageTemplates(ctx context.Context) (*MessageTemplates, error) {
	out := new(MessageTemplates)
	if err := c.do(ctx, call{method: http.MethodGet, path: "/v1/message_templates"}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// SaveMessageTemplate: replace one wording. Placeholders in braces are filled in: {merchant} {amount} {order}
// {description} {expires} {customer} {link}. A text message holds {link} once; a mail has the address at its fixed
// place. Other addresses are refused. Without subject and text the default comes back.
func (c *Client) SaveMessageTemplate(ctx context.Context, in MessageTemplateChange) (*SavedMessageTemplate, error) {
	out := new(SavedMessageTemplate)
	if err := c.do(ctx, call{method: http.MethodPatch, path: "/v1/message_templates"}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// PreviewMessageTemplate: see how a wording reads, and how many SMS it takes.
func (c *Client) PreviewMessageTemplate(ctx context.Context, in MessageTemplateChange, options ...Option) (*MessagePreview, error) {
	out := new(MessagePreview)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/message_templates/preview"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// SuppressionFilter are the parameters of ListSuppressions; what is zero is left out.
type SuppressionFilter struct {
	Limit  int    `query:"limit"` // Of a page.
	Cursor string `query:"cursor"`
}

// ListSuppressions: addresses that nothing is sent to, newest first.
func (c *Client) ListSuppressions(ctx context.Context, filter SuppressionFilter) (Page[Suppression], error) {
	var out Page[Suppression]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/suppressions", query: query(filter)}, nil, &out)
	return out, err
}

// Suppressions goes through all pages of ListSuppressions. An error is the last thing it yields.
func (c *Client) Suppressions(ctx context.Context, filter SuppressionFilter) iter.Seq2[Suppression, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Suppression], error) {
		filter.Cursor = cursor
		return c.ListSuppressions(ctx, filter)
	}, filter.Cursor)
}

// Suppress: send nothing to an address any more.
func (c *Client) Suppress(ctx context.Context, in MessageAddress, options ...Option) (*Suppression, error) {
	out := new(Suppression)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/suppressions"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// Unsuppress: take an address off the list. Addresses of people stand in no URL, so this is no DELETE.
func (c *Client) Unsuppress(ctx context.Context, in MessageAddress, options ...Option) error {
	return c.do(ctx, call{method: http.MethodPost, path: "/v1/suppressions/remove"}, in, nil, options...)
}

// LinkQRSVG: the link's address as a QR code, as a drawing.
func (c *Client) LinkQRSVG(ctx context.Context, id LinkID) ([]byte, error) {
	return c.read(ctx, call{method: http.MethodGet, path: at("/v1/links/{}/qr.svg", string(id))})
}

// QRFilter are the parameters of LinkQRPDF; what is zero is left out.
type QRFilter struct {
	Lang MessageLang `query:"lang"` // The language of the page; Turkish when it is left out.
}

// LinkQRPDF: the link as a page of A6 to print, with its QR code, sum and end.
func (c *Client) LinkQRPDF(ctx context.Context, id LinkID, filter QRFilter) ([]byte, error) {
	return c.read(ctx, call{method: http.MethodGet, path: at("/v1/links/{}/qr.pdf", string(id)), query: query(filter)})
}

// LinkQRPNG: the link's address as a QR code, as a picture.
func (c *Client) LinkQRPNG(ctx context.Context, id LinkID) ([]byte, error) {
	return c.read(ctx, call{method: http.MethodGet, path: at("/v1/links/{}/qr.png", string(id))})
}

// CreateProduct: make a product. A merchant may have 10,000 products. A code is unique among those that are not
// deleted.
func (c *Client) CreateProduct(ctx context.Context, in NewProduct, options ...Option) (*Product, error) {
	out := new(Product)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/products"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// ProductFilter are the parameters of ListProducts; what is zero is left out.
type ProductFilter struct {
	Q      string        `query:"q"`      // Only those with this text in name, code, description or category, in any case.
	Status ProductStatus `query:"status"` // Only those that are sold, or only those that are not.
	Limit  int           `query:"limit"`  // Of a page.
	Cursor string        `query:"cursor"`
}

// ListProducts: list products, newest first.
func (c *Client) ListProducts(ctx context.Context, filter ProductFilter) (Page[Product], error) {
	var out Page[Product]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/products", query: query(filter)}, nil, &out)
	return out, err
}

// Products goes through all pages of ListProducts. An error is the last thing it yields.
func (c *Client) Products(ctx context.Context, filter ProductFilter) iter.Seq2[Product, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Product], error) {
		filter.Cursor = cursor
		return c.ListProducts(ctx, filter)
	}, filter.Cursor)
}

// ReadProduct: read a product.
func (c *Client) ReadProduct(ctx context.Context, id ProductID) (*Product, error) {
	out := new(Product)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/products/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// EditProduct: change a product. What is not given stays. Links that were made of it keep the name and the price
// that they were made with.
func (c *Client) EditProduct(ctx context.Context, id ProductID, in ProductChange) (*Product, error) {
	out := new(Product)
	if err := c.do(ctx, call{method: http.MethodPatch, path: at("/v1/products/{}", string(id))}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteProduct: delete a product. It is in no list any more, and its code is free. Links and payments keep their
// lines.
func (c *Client) DeleteProduct(ctx context.Context, id ProductID) error {
	return c.do(ctx, call{method: http.MethodDelete, path: at("/v1/products/{}", string(id))}, nil, nil)
}

// PaymentFilter are the parameters of ListPayments; what is zero is left out.
type PaymentFilter struct {
	Link      LinkID        `query:"link"`     // Only payments of this link.
	Status    PaymentStatus `query:"status"`   // Only payments of this status.
	OrderID   string        `query:"order_id"` // Only the link with this order number, or its payments.
	Reference string        `query:"reference"`
	Attention bool          `query:"attention"` // Only payments whose attention holds something.
	From      time.Time     `query:"from"`      // Created at or after this time.
	To        time.Time     `query:"to"`        // Created before this time.
	Min       int64         `query:"min"`
	Max       int64         `query:"max"`   // Only payments whose total is at most this.
	Limit     int           `query:"limit"` // Of a page.
	Cursor    string        `query:"cursor"`
}

// ListPayments: list payments, newest first.
func (c *Client) ListPayments(ctx context.Context, filter PaymentFilter) (Page[Payment], error) {
	var out Page[Payment]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/payments", query: query(filter)}, nil, &out)
	return out, err
}

// Payments goes through all pages of ListPayments. An error is the last thing it yields.
func (c *Client) Payments(ctx context.Context, filter PaymentFilter) iter.Seq2[Payment, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Payment], error) {
		filter.Cursor = cursor
		return c.ListPayments(ctx, filter)
	}, filter.Cursor)
}

// ReadPayment: read a payment with its history.
func (c *Client) ReadPayment(ctx context.Context, id PaymentID) (*Payment, error) {
	out := new(Payment)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/payments/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ListConsents: what the payer of a payment was asked to agree to. The texts of a consumer sale as they were filled in
// with what was charged, each with the SHA-256 of itself and of its wording; empty for a collection. They are kept with
// the payment and never changed.
func (c *Client) ListConsents(ctx context.Context, id PaymentID) (Page[Consent], error) {
	var out Page[Consent]
	err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/payments/{}/consents", string(id))}, nil, &out)
	return out, err
}

// ReadMerchant: what payers are told of the merchant.
func (c *Client) ReadMerchant(ctx context.Context) (*Merchant, error) {
	out := new(Merchant)
	if err := c.do(ctx, call{method: http.MethodGet, path: "/v1/merchant"}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// EditMerchant: change what the texts of consumer sales say of the merchant. Missing names what has to be said before a
// link may be a consumer sale. Once nothing is missing, what is needed can be changed and no longer taken away: links
// may be out there. Name, phone and e-mail are set in the panel.
func (c *Client) EditMerchant(ctx context.Context, in MerchantChange) (*Merchant, error) {
	out := new(Merchant)
	if err := c.do(ctx, call{method: http.MethodPatch, path: "/v1/merchant"}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ListLegalTexts: the texts that consumers agree to.
func (c *Client) ListLegalTexts(ctx context.Context) (*LegalTexts, error) {
	out := new(LegalTexts)
	if err := c.do(ctx, call{method: http.MethodGet, path: "/v1/legal_texts"}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// SaveLegalText: put an own wording in force. Plain text; names in braces are filled in. Each wording is kept under a
// version of its own for ever. Without text the built-in wording is in force again.
func (c *Client) SaveLegalText(ctx context.Context, in LegalTextChange) (*LegalText, error) {
	out := new(LegalText)
	if err := c.do(ctx, call{method: http.MethodPatch, path: "/v1/legal_texts"}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// AskPayment: ask the bank now what became of a payment. Of a pending one, beside the asking that goes on by itself.
// Only the bank's word decides.
func (c *Client) AskPayment(ctx context.Context, id PaymentID, options ...Option) (*Payment, error) {
	out := new(Payment)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/payments/{}/ask", string(id))}, nil, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// VoidPayment: take a whole sale back, before the bank's day end. Nothing of the sale then shows on the card
// holder's statement. After the day end the bank refuses: 409 void_too_late, refund instead.
func (c *Client) VoidPayment(ctx context.Context, id PaymentID, in NewVoid, options ...Option) (*Refund, error) {
	out := new(Refund)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/payments/{}/void", string(id))}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// RefundPayment: give back all or a part of a sale, after the bank's day end. Without an amount all that is left
// and not disputed goes back. Parts add up to the total at most. Before the day end the bank refuses: 409
// refund_too_early, void instead. The bank is asked what went back already before it is asked for more; while it
// does not answer, nothing is begun (503).
func (c *Client) RefundPayment(ctx context.Context, id PaymentID, in NewRefund, options ...Option) (*Refund, error) {
	out := new(Refund)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/payments/{}/refunds", string(id))}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// RefundFilter are the parameters of ListRefunds; what is zero is left out.
type RefundFilter struct {
	Payment PaymentID    `query:"payment"` // Only those of this payment.
	Kind    RefundKind   `query:"kind"`    // Only voids, or only refunds.
	Status  RefundStatus `query:"status"`  // Only those of this status.
	From    time.Time    `query:"from"`    // Created at or after this time.
	To      time.Time    `query:"to"`      // Created before this time.
	Limit   int          `query:"limit"`   // Of a page.
	Cursor  string       `query:"cursor"`
}

// ListRefunds: list voids and refunds, newest first.
func (c *Client) ListRefunds(ctx context.Context, filter RefundFilter) (Page[Refund], error) {
	var out Page[Refund]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/refunds", query: query(filter)}, nil, &out)
	return out, err
}

// Refunds goes through all pages of ListRefunds. An error is the last thing it yields.
func (c *Client) Refunds(ctx context.Context, filter RefundFilter) iter.Seq2[Refund, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Refund], error) {
		filter.Cursor = cursor
		return c.ListRefunds(ctx, filter)
	}, filter.Cursor)
}

// ReadRefund: read a void or refund.
func (c *Client) ReadRefund(ctx context.Context, id RefundID) (*Refund, error) {
	out := new(Refund)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/refunds/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// RecordChargeback: record a dispute of a payment. Without an amount all that is not in dispute yet is disputed, and
// without received_at the bank's letter is of today. What went back before does not stand against it:
// refunded_before says how much, and is the answer to send. Until it is won or withdrawn, what is disputed neither
// goes back by a void nor by a refund.
func (c *Client) RecordChargeback(ctx context.Context, id PaymentID, in NewChargeback, options ...Option) (*Chargeback, error) {
	out := new(Chargeback)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/payments/{}/chargebacks", string(id))}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// ChargebackFilter are the parameters of ListChargebacks; what is zero is left out.
type ChargebackFilter struct {
	Payment PaymentID        `query:"payment"` // Only those of this payment.
	Status  ChargebackStatus `query:"status"`  // Only those of this status.
	From    time.Time        `query:"from"`    // Created at or after this time.
	To      time.Time        `query:"to"`      // Created before this time.
	Limit   int              `query:"limit"`   // Of a page.
	Cursor  string           `query:"cursor"`
}

// ListChargebacks: list disputes, newest first.
func (c *Client) ListChargebacks(ctx context.Context, filter ChargebackFilter) (Page[Chargeback], error) {
	var out Page[Chargeback]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/chargebacks", query: query(filter)}, nil, &out)
	return out, err
}

// Chargebacks goes through all pages of ListChargebacks. An error is the last thing it yields.
func (c *Client) Chargebacks(ctx context.Context, filter ChargebackFilter) iter.Seq2[Chargeback, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Chargeback], error) {
		filter.Cursor = cursor
		return c.ListChargebacks(ctx, filter)
	}, filter.Cursor)
}

// ReadChargeback: read a dispute.
func (c *Client) ReadChargeback(ctx context.Context, id ChargebackID) (*Chargeback, error) {
	out := new(Chargeback)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/chargebacks/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ChangeChargeback: record how a dispute goes on. What is not named stays; null takes a text or day away. open
// becomes contested, won or lost, contested becomes won or lost, and won becomes open again when a second round
// comes. With that received_at becomes today, and respond_by null where it is not named. What is not won becomes
// withdrawn where it was recorded by mistake, which is the end of it: record it anew as it should be.
func (c *Client) ChangeChargeback(ctx context.Context, id ChargebackID, in ChargebackChange) (*Chargeback, error) {
	out := new(Chargeback)
	if err := c.do(ctx, call{method: http.MethodPatch, path: at("/v1/chargebacks/{}", string(id))}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// CreateAcquirer: make a virtual POS. The settings are checked and the credentials are tried at the bank, without
// moving money; wrong ones are refused with the bank's reason at the field. It is in force at once.
func (c *Client) CreateAcquirer(ctx context.Context, in NewAcquirer, options ...Option) (*Acquirer, error) {
	out := new(Acquirer)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/acquirers"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// AcquirerFilter are the parameters of ListAcquirers; what is zero is left out.
type AcquirerFilter struct {
	Limit  int    `query:"limit"` // Of a page.
	Cursor string `query:"cursor"`
}

// ListAcquirers: list virtual POS accounts, highest priority first.
func (c *Client) ListAcquirers(ctx context.Context, filter AcquirerFilter) (Page[Acquirer], error) {
	var out Page[Acquirer]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/acquirers", query: query(filter)}, nil, &out)
	return out, err
}

// Acquirers goes through all pages of ListAcquirers. An error is the last thing it yields.
func (c *Client) Acquirers(ctx context.Context, filter AcquirerFilter) iter.Seq2[Acquirer, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Acquirer], error) {
		filter.Cursor = cursor
		return c.ListAcquirers(ctx, filter)
	}, filter.Cursor)
}

// ReadAcquirer: read a virtual POS.
func (c *Client) ReadAcquirer(ctx context.Context, id AccountID) (*Acquirer, error) {
	out := new(Acquirer)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/acquirers/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// EditAcquirer: change a virtual POS in place. What is not given stays, each credential for itself. Payments under
// way keep the mode that they began with. The bank is asked again when mode, address or credentials change.
func (c *Client) EditAcquirer(ctx context.Context, id AccountID, in AcquirerChange) (*Acquirer, error) {
	out := new(Acquirer)
	if err := c.do(ctx, call{method: http.MethodPatch, path: at("/v1/acquirers/{}", string(id))}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteAcquirer: end a virtual POS. It takes no new payment. Those that it took are still settled, voided and
// refunded with it.
func (c *Client) DeleteAcquirer(ctx context.Context, id AccountID) error {
	return c.do(ctx, call{method: http.MethodDelete, path: at("/v1/acquirers/{}", string(id))}, nil, nil)
}

// VerifyAcquirer: ask the bank now whether it takes the credentials.
func (c *Client) VerifyAcquirer(ctx context.Context, id AccountID, options ...Option) error {
	return c.do(ctx, call{method: http.MethodPost, path: at("/v1/acquirers/{}/verify", string(id))}, nil, nil, options...)
}

// CreateSession: take a shop's order to the payment page. For shops without a payment page of their own: send your
// customer to url. He comes back to success_url with session payment order_id status amount currency signature
// behind it, or to cancel_url when he does not want to pay. The signature is the HMAC-SHA256, in hex, of exactly
// what stands between your own address and &signature=, keyed with the session's secret, all of it, as text. Read
// the values out of the text that you verified and from nowhere else of the address. Do not ship goods for an
// address that does not verify, nor for a status other than paid; GET the session when in doubt.
func (c *Client) CreateSession(ctx context.Context, in NewSession, options ...Option) (*Session, error) {
	out := new(Session)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/checkout/sessions"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// ReadSession: read a checkout session.
func (c *Client) ReadSession(ctx context.Context, id SessionID) (*Session, error) {
	out := new(Session)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/checkout/sessions/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// LinkEInvoice: make the link of a UBL-TR invoice. The body is one UBL 2.1 / TR1.2 invoice in UTF-8, by itself or
// in GİB's envelope, at most 5 MiB, before it is signed. The link is for its PayableAmount, once, until thirty
// days after its due day or after today, whichever is later. Its order number is the invoice's; where that was
// ever used, the invoice's number and UUID. /v1/einvoices/{id}/document is the invoice with the note to sign. What
// gets no link is refused, and nothing is stored: signed and return invoices among them.
func (c *Client) LinkEInvoice(ctx context.Context, document []byte, options ...Option) (*EInvoice, error) {
	out := new(EInvoice)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/einvoices", kind: "application/xml", body: document}, nil, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// EInvoiceFilter are the parameters of ListEInvoices; what is zero is left out.
type EInvoiceFilter struct {
	Status EInvoiceStatus `query:"status"` // Only invoices of this status.
	Q      string         `query:"q"`
	From   time.Time      `query:"from"`  // Created at or after this time.
	To     time.Time      `query:"to"`    // Created before this time.
	Limit  int            `query:"limit"` // Of a page.
	Cursor string         `query:"cursor"`
}

// ListEInvoices: who paid and who waits, newest first.
func (c *Client) ListEInvoices(ctx context.Context, filter EInvoiceFilter) (Page[EInvoice], error) {
	var out Page[EInvoice]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/einvoices", query: query(filter)}, nil, &out)
	return out, err
}

// EInvoices goes through all pages of ListEInvoices. An error is the last thing it yields.
func (c *Client) EInvoices(ctx context.Context, filter EInvoiceFilter) iter.Seq2[EInvoice, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[EInvoice], error) {
		filter.Cursor = cursor
		return c.ListEInvoices(ctx, filter)
	}, filter.Cursor)
}

// ReadEInvoice: read an invoice and how it stands.
func (c *Client) ReadEInvoice(ctx context.Context, id EInvoiceID) (*EInvoice, error) {
	out := new(EInvoice)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/einvoices/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ReadEInvoiceDocument: the invoice with the note in it.
func (c *Client) ReadEInvoiceDocument(ctx context.Context, id EInvoiceID) ([]byte, error) {
	return c.read(ctx, call{method: http.MethodGet, path: at("/v1/einvoices/{}/document", string(id))})
}

// RegisterIntermediary: register the intermediary that collects for e-invoices. The customer id is checked at the
// intermediary; a wrong one is refused with the reason, and nothing is stored. Invoices that are sent from then on
// get links.
func (c *Client) RegisterIntermediary(ctx context.Context, in NewRegistration, options ...Option) (*Registration, error) {
	out := new(Registration)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/einvoice_registrations"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// RegistrationFilter are the parameters of ListRegistrations; what is zero is left out.
type RegistrationFilter struct {
	Intermediary string             `query:"intermediary"` // Only those with this intermediary.
	Status       RegistrationStatus `query:"status"`       // Only those of this status.
	Limit        int                `query:"limit"`        // Of a page.
	Cursor       string             `query:"cursor"`
}

// ListRegistrations: list registrations, newest first.
func (c *Client) ListRegistrations(ctx context.Context, filter RegistrationFilter) (Page[Registration], error) {
	var out Page[Registration]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/einvoice_registrations", query: query(filter)}, nil, &out)
	return out, err
}

// Registrations goes through all pages of ListRegistrations. An error is the last thing it yields.
func (c *Client) Registrations(ctx context.Context, filter RegistrationFilter) iter.Seq2[Registration, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Registration], error) {
		filter.Cursor = cursor
		return c.ListRegistrations(ctx, filter)
	}, filter.Cursor)
}

// ReadRegistration: read a registration.
func (c *Client) ReadRegistration(ctx context.Context, id RegistrationID) (*Registration, error) {
	out := new(Registration)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/einvoice_registrations/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// EndRegistration: end a registration. No invoice gets a link from now on; links that were made go on. Ending it
// again changes nothing.
func (c *Client) EndRegistration(ctx context.Context, id RegistrationID) error {
	return c.do(ctx, call{method: http.MethodDelete, path: at("/v1/einvoice_registrations/{}", string(id))}, nil, nil)
}

// ReadBranding: how the payment page shows the merchant.
func (c *Client) ReadBranding(ctx context.Context) (*Branding, error) {
	out := new(Branding)
	if err := c.do(ctx, call{method: http.MethodGet, path: "/v1/branding"}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// EditBranding: change how the payment page shows the merchant. What is not named stays; null puts a field back to
// what it is for a merchant that says nothing. With version, a change that somebody else made meanwhile is refused as
// stale.
func (c *Client) EditBranding(ctx context.Context, in BrandingChange) (*Branding, error) {
	out := new(Branding)
	if err := c.do(ctx, call{method: http.MethodPatch, path: "/v1/branding"}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// WritePrivacyNotice: say where the merchant's privacy notice is.
func (c *Client) WritePrivacyNotice(ctx context.Context, in PrivacyNotice) (*Branding, error) {
	out := new(Branding)
	if err := c.do(ctx, call{method: http.MethodPut, path: "/v1/branding/privacy_notice"}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeclineTextFilter are the parameters of ListDeclineTexts; what is zero is left out.
type DeclineTextFilter struct {
	Limit  int    `query:"limit"` // Of a page.
	Cursor string `query:"cursor"`
}

// ListDeclineTexts: list the merchant's own sentences about refusals.
func (c *Client) ListDeclineTexts(ctx context.Context, filter DeclineTextFilter) (Page[DeclineText], error) {
	var out Page[DeclineText]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/decline_texts", query: query(filter)}, nil, &out)
	return out, err
}

// DeclineTexts goes through all pages of ListDeclineTexts. An error is the last thing it yields.
func (c *Client) DeclineTexts(ctx context.Context, filter DeclineTextFilter) iter.Seq2[DeclineText, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[DeclineText], error) {
		filter.Cursor = cursor
		return c.ListDeclineTexts(ctx, filter)
	}, filter.Cursor)
}

// SaveDeclineText: replace one sentence about a refusal. null puts the usual one back. Whether money was taken is
// always said in a sentence that stays.
func (c *Client) SaveDeclineText(ctx context.Context, in DeclineTextChange) (*DeclineText, error) {
	out := new(DeclineText)
	if err := c.do(ctx, call{method: http.MethodPatch, path: "/v1/decline_texts"}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ApiKeyFilter are the parameters of ListApiKeys; what is zero is left out.
type ApiKeyFilter struct {
	Limit  int    `query:"limit"` // Of a page.
	Cursor string `query:"cursor"`
}

// ListApiKeys: list API keys, newest first. Keys are made in the panel only: whoever got hold of one could make
// himself others.
func (c *Client) ListApiKeys(ctx context.Context, filter ApiKeyFilter) (Page[ApiKey], error) {
	var out Page[ApiKey]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/api_keys", query: query(filter)}, nil, &out)
	return out, err
}

// ApiKeys goes through all pages of ListApiKeys. An error is the last thing it yields.
func (c *Client) ApiKeys(ctx context.Context, filter ApiKeyFilter) iter.Seq2[ApiKey, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[ApiKey], error) {
		filter.Cursor = cursor
		return c.ListApiKeys(ctx, filter)
	}, filter.Cursor)
}

// RevokeApiKey: revoke an API key. At once and for good, also the one that asks. Again changes nothing.
func (c *Client) RevokeApiKey(ctx context.Context, id APIKeyID) error {
	return c.do(ctx, call{method: http.MethodDelete, path: at("/v1/api_keys/{}", string(id))}, nil, nil)
}

// UserFilter are the parameters of ListUsers; what is zero is left out.
type UserFilter struct {
	Limit  int    `query:"limit"` // Of a page.
	Cursor string `query:"cursor"`
}

// ListUsers: list who works in the panel. Colleagues are invited, and get their roles, in the panel only: a key must
// not become a person.
func (c *Client) ListUsers(ctx context.Context, filter UserFilter) (Page[User], error) {
	var out Page[User]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/users", query: query(filter)}, nil, &out)
	return out, err
}

// Users goes through all pages of ListUsers. An error is the last thing it yields.
func (c *Client) Users(ctx context.Context, filter UserFilter) iter.Seq2[User, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[User], error) {
		filter.Cursor = cursor
		return c.ListUsers(ctx, filter)
	}, filter.Cursor)
}

// RemoveUser: remove somebody from the panel. His visits end at once; his links stay. The last owner stays.
func (c *Client) RemoveUser(ctx context.Context, id UserID) error {
	return c.do(ctx, call{method: http.MethodDelete, path: at("/v1/users/{}", string(id))}, nil, nil)
}

// AuditFilter are the parameters of ListAuditEvents; what is zero is left out.
type AuditFilter struct {
	Actor  string    `query:"actor"` // Only those of one: user:, api: and an id, or operator.
	About  string    `query:"about"` // Only those of one kind: the part of the type before its point.
	From   time.Time `query:"from"`  // Created at or after this time.
	To     time.Time `query:"to"`    // Created before this time.
	Limit  int       `query:"limit"` // Of a page.
	Cursor string    `query:"cursor"`
}

// ListAuditEvents: list changes of the merchant's settings, newest first. Who did what, from where, and when. Lines
// are chained to each other and cannot be removed.
func (c *Client) ListAuditEvents(ctx context.Context, filter AuditFilter) (Page[AuditEvent], error) {
	var out Page[AuditEvent]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/audit_events", query: query(filter)}, nil, &out)
	return out, err
}

// AuditEvents goes through all pages of ListAuditEvents. An error is the last thing it yields.
func (c *Client) AuditEvents(ctx context.Context, filter AuditFilter) iter.Seq2[AuditEvent, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[AuditEvent], error) {
		filter.Cursor = cursor
		return c.ListAuditEvents(ctx, filter)
	}, filter.Cursor)
}

// VerifyAuditEvents: read the whole audit trail and say whether it is as it was written.
func (c *Client) VerifyAuditEvents(ctx context.Context) (*AuditCheck, error) {
	out := new(AuditCheck)
	if err := c.do(ctx, call{method: http.MethodGet, path: "/v1/audit_events/verify"}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// RequestFilter are the parameters of ListRequests; what is zero is left out.
type RequestFilter struct {
	Key    string    `query:"key"`    // Only calls with this key, by its id.
	Failed bool      `query:"failed"` // Only calls that ended with an error.
	From   time.Time `query:"from"`   // Created at or after this time.
	To     time.Time `query:"to"`     // Created before this time.
	Limit  int       `query:"limit"`  // Of a page.
	Cursor string    `query:"cursor"`
}

// ListRequests: list what programs asked, newest first. Every call with a key of the merchant and how it ended; no
// query, body or header. A line is there after some seconds. The newest 10,000 of each key are kept, for thirty
// days.
func (c *Client) ListRequests(ctx context.Context, filter RequestFilter) (Page[Request], error) {
	var out Page[Request]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/requests", query: query(filter)}, nil, &out)
	return out, err
}

// Requests goes through all pages of ListRequests. An error is the last thing it yields.
func (c *Client) Requests(ctx context.Context, filter RequestFilter) iter.Seq2[Request, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Request], error) {
		filter.Cursor = cursor
		return c.ListRequests(ctx, filter)
	}, filter.Cursor)
}

// CreateOfflineKey: make a key that signs links by itself. A program that has the key mints valid addresses of
// links without asking (docs/offline-links.md). secret is told in this answer and in no other.
func (c *Client) CreateOfflineKey(ctx context.Context, in NewOfflineKey, options ...Option) (*OfflineKey, error) {
	out := new(OfflineKey)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/offline_keys"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// OfflineKeyFilter are the parameters of ListOfflineKeys; what is zero is left out.
type OfflineKeyFilter struct {
	Limit  int    `query:"limit"` // Of a page.
	Cursor string `query:"cursor"`
}

// ListOfflineKeys: list offline keys, newest first.
func (c *Client) ListOfflineKeys(ctx context.Context, filter OfflineKeyFilter) (Page[OfflineKey], error) {
	var out Page[OfflineKey]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/offline_keys", query: query(filter)}, nil, &out)
	return out, err
}

// OfflineKeys goes through all pages of ListOfflineKeys. An error is the last thing it yields.
func (c *Client) OfflineKeys(ctx context.Context, filter OfflineKeyFilter) iter.Seq2[OfflineKey, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[OfflineKey], error) {
		filter.Cursor = cursor
		return c.ListOfflineKeys(ctx, filter)
	}, filter.Cursor)
}

// ReadOfflineKey: read an offline key.
func (c *Client) ReadOfflineKey(ctx context.Context, id OfflineKeyID) (*OfflineKey, error) {
	out := new(OfflineKey)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/offline_keys/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// RevokeOfflineKey: revoke an offline key. What it signed and nobody opened makes no link any more; links that
// were opened go on. Again changes nothing.
func (c *Client) RevokeOfflineKey(ctx context.Context, id OfflineKeyID) error {
	return c.do(ctx, call{method: http.MethodDelete, path: at("/v1/offline_keys/{}", string(id))}, nil, nil)
}

// RevokeOfflineLink: withdraw the link of a reference. Whether it was opened already, and is a link, or never will
// be one. Again gives the same answer.
func (c *Client) RevokeOfflineLink(ctx context.Context, in RevokeOfflineLink, options ...Option) (*RevokedOfflineLink, error) {
	out := new(RevokedOfflineLink)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/offline_links/revoke"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// ListOfDay says whose list a bank's file is, and of which day.
type ListOfDay struct {
	Acquirer string `query:"acquirer"` // With a file, whose list it is.
	Day      string `query:"day"`      // With a file, which day in Europe/Istanbul; needed where the file has several.
}

// CreateReconciliation: hold a bank's list of a day against the ledger. This asks the bank for its own list;
// ReconcileFile uploads a file.
func (c *Client) CreateReconciliation(ctx context.Context, in NewReconciliation, options ...Option) (*Reconciliation, error) {
	out := new(Reconciliation)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/reconciliations"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// ReconcileFile holds a bank's file, CSV or XLSX as it came, against the ledger. kind is its media type, like
// text/csv.
func (c *Client) ReconcileFile(ctx context.Context, filter ListOfDay, kind string, file []byte, options ...Option) (*Reconciliation, error) {
	out := new(Reconciliation)
	one := call{method: http.MethodPost, path: "/v1/reconciliations", query: query(filter), kind: kind, body: file}
	if err := c.do(ctx, one, nil, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// ReconciliationFilter are the parameters of ListReconciliations; what is zero is left out.
type ReconciliationFilter struct {
	Acquirer string `query:"acquirer"` // Only those of this account.
	Day      string `query:"day"`      // Only those of this day.
	Limit    int    `query:"limit"`    // Of a page.
	Cursor   string `query:"cursor"`
}

// ListReconciliations: list reconciliations, newest first.
func (c *Client) ListReconciliations(ctx context.Context, filter ReconciliationFilter) (Page[Reconciliation], error) {
	var out Page[Reconciliation]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/reconciliations", query: query(filter)}, nil, &out)
	return out, err
}

// Reconciliations goes through all pages of ListReconciliations. An error is the last thing it yields.
func (c *Client) Reconciliations(ctx context.Context, filter ReconciliationFilter) iter.Seq2[Reconciliation, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Reconciliation], error) {
		filter.Cursor = cursor
		return c.ListReconciliations(ctx, filter)
	}, filter.Cursor)
}

// ReadReconciliation: read a reconciliation.
func (c *Client) ReadReconciliation(ctx context.Context, id ReconciliationID) (*Reconciliation, error) {
	out := new(Reconciliation)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/reconciliations/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ReconciliationRowFilter are the parameters of ListReconciliationRows; what is zero is left out.
type ReconciliationRowFilter struct {
	Class  ReconciliationClass `query:"class"` // Only rows that came out like this.
	Open   bool                `query:"open"`  // Only rows that call for somebody.
	Limit  int                 `query:"limit"` // Of a page.
	Cursor string              `query:"cursor"`
}

// ReconciliationFileFilter are the parameters of ReadReconciliationFile; what is zero is left out.
type ReconciliationFileFilter struct {
	Class   ReconciliationClass `query:"class"` // Only rows that came out like this.
	Open    bool                `query:"open"`  // Only rows that call for somebody.
	Dialect string              `query:"dialect"`
	Lang    string              `query:"lang"` // The language, whatever Accept-Language asks for.
}

// ReadReconciliationFile: read the rows of a reconciliation as a file. The report reconciliation, of this one alone
// and in the bank's order. It is sent while it is read, and counts as a report on the way. The answer is streamed:
// close it, and an error while reading means that it is no whole report.
func (c *Client) ReadReconciliationFile(ctx context.Context, id ReconciliationID, format string, filter ReconciliationFileFilter) (io.ReadCloser, error) {
	return c.stream(ctx, call{method: http.MethodGet, path: at("/v1/reconciliations/{}/rows.{}", string(id), format), query: query(filter)})
}

// ListReconciliationRows: list the rows of a reconciliation in the bank's order.
func (c *Client) ListReconciliationRows(ctx context.Context, id ReconciliationID, filter ReconciliationRowFilter) (Page[ReconciliationRow], error) {
	var out Page[ReconciliationRow]
	err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/reconciliations/{}/rows", string(id)), query: query(filter)}, nil, &out)
	return out, err
}

// ReconciliationRows goes through all pages of ListReconciliationRows. An error is the last thing it yields.
func (c *Client) ReconciliationRows(ctx context.Context, id ReconciliationID, filter ReconciliationRowFilter) iter.Seq2[ReconciliationRow, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[ReconciliationRow], error) {
		filter.Cursor = cursor
		return c.ListReconciliationRows(ctx, id, filter)
	}, filter.Cursor)
}

// ResolveReconciliationRow: do something about a row. ask asks the bank about the payment now and applies its
// answer; the row is repaired when the ledger has then what the bank says and what the list's line says, and
// stays open when not. give_back takes back what the bank holds for a payment that ended here without money.
// manual writes the bank's line down as a manual entry, which is no payment and is marked in every report.
// accept says in a note why the row may stay.
func (c *Client) ResolveReconciliationRow(ctx context.Context, id ReconciliationID, number int, in ReconciliationAction, options ...Option) (*ReconciliationRow, error) {
	out := new(ReconciliationRow)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/reconciliations/{}/rows/{}", string(id), strconv.Itoa(number))}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// CloseReconciliation: close the day. Nothing of the account's day changes afterwards. While rows are open, and where
// the list has no row of the day, rows that could not be read or rows of another day, a note says why it is closed all
// the same.
func (c *Client) CloseReconciliation(ctx context.Context, id ReconciliationID, in CloseReconciliation, options ...Option) (*Reconciliation, error) {
	out := new(Reconciliation)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/reconciliations/{}/close", string(id))}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// ReadBankColumns: how the account's bank heads its list.
func (c *Client) ReadBankColumns(ctx context.Context, id AccountID) (*BankColumns, error) {
	out := new(BankColumns)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/acquirers/{}/bank_columns", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// WriteBankColumns: say how the account's bank heads its list.
func (c *Client) WriteBankColumns(ctx context.Context, id AccountID, in BankColumns) (*BankColumns, error) {
	out := new(BankColumns)
	if err := c.do(ctx, call{method: http.MethodPut, path: at("/v1/acquirers/{}/bank_columns", string(id))}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// CreateWebhookEndpoint: make a webhook endpoint. Events are sent to it by the Standard Webhooks specification, at
// least once, those about one object in order. secret is told in this answer and in no other. The address is asked
// whether it answers a signed event of type ping with 2xx; check says how that went, and nothing is refused for
// it.
func (c *Client) CreateWebhookEndpoint(ctx context.Context, in NewWebhookEndpoint, options ...Option) (*WebhookEndpoint, error) {
	out := new(WebhookEndpoint)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/webhook_endpoints"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// WebhookEndpointFilter are the parameters of ListWebhookEndpoints; what is zero is left out.
type WebhookEndpointFilter struct {
	Limit  int    `query:"limit"` // Of a page.
	Cursor string `query:"cursor"`
}

// ListWebhookEndpoints: list webhook endpoints, newest first.
func (c *Client) ListWebhookEndpoints(ctx context.Context, filter WebhookEndpointFilter) (Page[WebhookEndpoint], error) {
	var out Page[WebhookEndpoint]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/webhook_endpoints", query: query(filter)}, nil, &out)
	return out, err
}

// WebhookEndpoints goes through all pages of ListWebhookEndpoints. An error is the last thing it yields.
func (c *Client) WebhookEndpoints(ctx context.Context, filter WebhookEndpointFilter) iter.Seq2[WebhookEndpoint, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[WebhookEndpoint], error) {
		filter.Cursor = cursor
		return c.ListWebhookEndpoints(ctx, filter)
	}, filter.Cursor)
}

// ReadWebhookEndpoint: read a webhook endpoint.
func (c *Client) ReadWebhookEndpoint(ctx context.Context, id WebhookEndpointID) (*WebhookEndpoint, error) {
	out := new(WebhookEndpoint)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/webhook_endpoints/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// EditWebhookEndpoint: change a webhook endpoint. What is not given stays. Deliveries that wait go to the new
// address. One that was disabled because it answered 410 is enabled again by "enabled": true.
func (c *Client) EditWebhookEndpoint(ctx context.Context, id WebhookEndpointID, in WebhookEndpointChange) (*WebhookEndpoint, error) {
	out := new(WebhookEndpoint)
	if err := c.do(ctx, call{method: http.MethodPatch, path: at("/v1/webhook_endpoints/{}", string(id))}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteWebhookEndpoint: delete a webhook endpoint.
func (c *Client) DeleteWebhookEndpoint(ctx context.Context, id WebhookEndpointID) error {
	return c.do(ctx, call{method: http.MethodDelete, path: at("/v1/webhook_endpoints/{}", string(id))}, nil, nil)
}

// RotateWebhookEndpoint: give a webhook endpoint a new secret. For 24 hours every webhook carries two signatures,
// the new secret's first.
func (c *Client) RotateWebhookEndpoint(ctx context.Context, id WebhookEndpointID, options ...Option) (*WebhookEndpoint, error) {
	out := new(WebhookEndpoint)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/webhook_endpoints/{}/rotate", string(id))}, nil, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// PingWebhookEndpoint: ask a webhook endpoint whether it answers. A signed event of type ping is sent once; it
// stands in no list and is not repeated.
func (c *Client) PingWebhookEndpoint(ctx context.Context, id WebhookEndpointID, options ...Option) (*WebhookCheck, error) {
	out := new(WebhookCheck)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/webhook_endpoints/{}/ping", string(id))}, nil, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// DeliveryFilter are the parameters of ListWebhookDeliveries; what is zero is left out.
type DeliveryFilter struct {
	Event  EventID        `query:"event"`  // Only those of this event.
	Status DeliveryStatus `query:"status"` // Only those of this status.
	From   time.Time      `query:"from"`   // Created at or after this time.
	To     time.Time      `query:"to"`     // Created before this time.
	Limit  int            `query:"limit"`  // Of a page.
	Cursor string         `query:"cursor"`
}

// ListWebhookDeliveries: list a webhook endpoint's deliveries, newest first. Each with every attempt. They are
// kept for 30 days.
func (c *Client) ListWebhookDeliveries(ctx context.Context, id WebhookEndpointID, filter DeliveryFilter) (Page[Delivery], error) {
	var out Page[Delivery]
	err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/webhook_endpoints/{}/deliveries", string(id)), query: query(filter)}, nil, &out)
	return out, err
}

// WebhookDeliveries goes through all pages of ListWebhookDeliveries. An error is the last thing it yields.
func (c *Client) WebhookDeliveries(ctx context.Context, id WebhookEndpointID, filter DeliveryFilter) iter.Seq2[Delivery, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Delivery], error) {
		filter.Cursor = cursor
		return c.ListWebhookDeliveries(ctx, id, filter)
	}, filter.Cursor)
}

// EventFilter are the parameters of ListEvents; what is zero is left out.
type EventFilter struct {
	After  EventID   `query:"after"` // The id of an event; those behind it follow, oldest first. next_cursor then goes here, not into cursor.
	Type   EventType `query:"type"`  // Only events of this type.
	From   time.Time `query:"from"`  // Created at or after this time.
	To     time.Time `query:"to"`    // Created before this time.
	Limit  int       `query:"limit"` // Of a page.
	Cursor string    `query:"cursor"`
}

// ListEvents: list events, newest first. With after it is those behind an event, oldest first. Their order is fixed,
// and an event that is committed later never stands before one that was answered: whoever goes on behind the last
// event that was read misses none. Events have their place for ever.
func (c *Client) ListEvents(ctx context.Context, filter EventFilter) (Page[Notice], error) {
	var out Page[Notice]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/events", query: query(filter)}, nil, &out)
	return out, err
}

// Events goes through all pages of ListEvents. An error is the last thing it yields.
func (c *Client) Events(ctx context.Context, filter EventFilter) iter.Seq2[Notice, error] {
	from, follow := filter.Cursor, filter.After != ""
	if follow {
		from = string(filter.After)
	}
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Notice], error) {
		if follow {
			filter.After = EventID(cursor)
		} else {
			filter.Cursor = cursor
		}
		return c.ListEvents(ctx, filter)
	}, from)
}

// RedeliverEvents: send a range of events again. To every enabled endpoint that wants them, or to one. Each event
// keeps its id. At most 1,000 events are taken at once; next_cursor then goes into after for the next ones.
func (c *Client) RedeliverEvents(ctx context.Context, in Redelivery, options ...Option) (*Ways, error) {
	out := new(Ways)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/events/redeliver"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// ReadEvent: read an event.
func (c *Client) ReadEvent(ctx context.Context, id EventID) (*Notice, error) {
	out := new(Notice)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/events/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// RedeliverEvent: send an event again. To every enabled endpoint that wants it, or to one. The event keeps its id.
func (c *Client) RedeliverEvent(ctx context.Context, id EventID, in RedeliveryOfOne, options ...Option) (*Ways, error) {
	out := new(Ways)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/events/{}/redeliver", string(id))}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// ReportListFilter are the parameters of ListReports; what is zero is left out.
type ReportListFilter struct {
	Lang string `query:"lang"` // The language, whatever Accept-Language asks for.
}

// ListReports: list the reports, their columns and filters.
func (c *Client) ListReports(ctx context.Context, filter ReportListFilter) (*ReportList, error) {
	out := new(ReportList)
	if err := c.do(ctx, call{method: http.MethodGet, path: "/v1/reports", query: query(filter)}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ReportFilter are the parameters of ReadReport; what is zero is left out.
type ReportFilter struct {
	From     time.Time  `query:"from"`     // Beginning of the period, inclusive; a date is midnight in Europe/Istanbul.
	To       time.Time  `query:"to"`       // End of the period, exclusive; from=2026-11-22&to=2026-11-23 is one day.
	Status   string     `query:"status"`   // Only rows of this status (links, payments, refunds, chargebacks).
	Kind     RefundKind `query:"kind"`     // Only voids, or only refunds (refunds).
	Currency Currency   `query:"currency"` // Only rows of this currency.
	Acquirer string     `query:"acquirer"` // Only rows of this virtual POS (all but links).
	Dialect  string     `query:"dialect"`
	Lang     string     `query:"lang"` // The language, whatever Accept-Language asks for.
}

// ReadReport: read a report as a file. Rows come newest first and are sent while they are read, so a report may be
// of any length. An answer that breaks off without its end (no last chunk) is not a whole report; ask again. Each
// merchant may have four reports on the way at once; the next one is 429. What is a filter of a report stands in
// /v1/reports; any other is refused. Texts of CSV files that a spreadsheet would calculate have an apostrophe
// before them. The answer is streamed: close it, and an error while reading means that it is no whole report.
func (c *Client) ReadReport(ctx context.Context, name string, format string, filter ReportFilter) (io.ReadCloser, error) {
	return c.stream(ctx, call{method: http.MethodGet, path: at("/v1/reports/{}.{}", name, format), query: query(filter)})
}

// CreateReportSchedule: mail a report every day, week or month. At 07:00 in Europe/Istanbul the report is made of the
// period that has ended (yesterday, the last whole week, the last month) and mailed to each address, the totals in
// the text and the file attached. A file of more than 5 MB is not sent; the mail says so, and leads to the rows in
// the panel. A merchant has at most twenty.
func (c *Client) CreateReportSchedule(ctx context.Context, in NewReportSchedule, options ...Option) (*ReportSchedule, error) {
	out := new(ReportSchedule)
	if err := c.do(ctx, call{method: http.MethodPost, path: "/v1/report_schedules"}, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// ReportScheduleFilter are the parameters of ListReportSchedules; what is zero is left out.
type ReportScheduleFilter struct {
	Limit  int    `query:"limit"` // Of a page.
	Cursor string `query:"cursor"`
}

// ListReportSchedules: list scheduled reports, newest first.
func (c *Client) ListReportSchedules(ctx context.Context, filter ReportScheduleFilter) (Page[ReportSchedule], error) {
	var out Page[ReportSchedule]
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/report_schedules", query: query(filter)}, nil, &out)
	return out, err
}

// ReportSchedules goes through all pages of ListReportSchedules. An error is the last thing it yields.
func (c *Client) ReportSchedules(ctx context.Context, filter ReportScheduleFilter) iter.Seq2[ReportSchedule, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[ReportSchedule], error) {
		filter.Cursor = cursor
		return c.ListReportSchedules(ctx, filter)
	}, filter.Cursor)
}

// ReadReportSchedule: read a scheduled report.
func (c *Client) ReadReportSchedule(ctx context.Context, id ReportScheduleID) (*ReportSchedule, error) {
	out := new(ReportSchedule)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/report_schedules/{}", string(id))}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// EditReportSchedule: change a scheduled report. What is not named stays; null puts a field back to what it is when a
// schedule is made without it. The next report comes on the next of the new mornings.
func (c *Client) EditReportSchedule(ctx context.Context, id ReportScheduleID, in ReportScheduleChange) (*ReportSchedule, error) {
	out := new(ReportSchedule)
	if err := c.do(ctx, call{method: http.MethodPatch, path: at("/v1/report_schedules/{}", string(id))}, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteReportSchedule: end a scheduled report. Mails of it that wait to be sent are not sent any more.
func (c *Client) DeleteReportSchedule(ctx context.Context, id ReportScheduleID) error {
	return c.do(ctx, call{method: http.MethodDelete, path: at("/v1/report_schedules/{}", string(id))}, nil, nil)
}

// SendReportSchedule: mail a scheduled report now. Of the period that has ended by today, beside those of its
// mornings, which stay as they are. An address gets at most three within an hour that were asked for. The answer says
// how its mails fare; read the schedule again to follow them.
func (c *Client) SendReportSchedule(ctx context.Context, id ReportScheduleID, options ...Option) (*ReportSchedule, error) {
	out := new(ReportSchedule)
	if err := c.do(ctx, call{method: http.MethodPost, path: at("/v1/report_schedules/{}/send", string(id))}, nil, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// InstallmentFilter are the parameters of ListInstallments; what is zero is left out.
type InstallmentFilter struct {
	BIN      string   `query:"bin"`    // The first six to eight digits of the card. Never more.
	Amount   int64    `query:"amount"` // The price in minor units.
	Currency Currency `query:"currency"`
	Link     LinkID   `query:"link"` // Within the counts and the category of this link. The price stays the one that is asked for.
}

// ListInstallments: what a card may choose for a price. The table that a payer with this card would see, and
// the reason for every count that is not offered: within the merchant's own counts and category, or within
// those of a link.
func (c *Client) ListInstallments(ctx context.Context, filter InstallmentFilter) (*OfferTable, error) {
	out := new(OfferTable)
	if err := c.do(ctx, call{method: http.MethodGet, path: "/v1/installments", query: query(filter)}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ReadBin: what a card's prefix tells. An unknown prefix is no error; what is not known of it is null.
func (c *Client) ReadBin(ctx context.Context, bin string) (*BinFacts, error) {
	out := new(BinFacts)
	if err := c.do(ctx, call{method: http.MethodGet, path: at("/v1/bins/{}", bin)}, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ReadContract: this document.
func (c *Client) ReadContract(ctx context.Context) ([]byte, error) {
	return c.read(ctx, call{method: http.MethodGet, path: "/v1/openapi.yaml"})
}

// Package api is what merchants' programs talk to: versioned JSON under /v1. It parses, calls the
// flow or the ledger once, and writes; it deliberately decides nothing about money.
//
//	POST   /v1/links                make a link            (Idempotency-Key)
//	GET    /v1/links                list, newest first
//	GET    /v1/links/:id            one link
//	PATCH  /v1/links/:id            new terms, same address
//	DELETE /v1/links/:id            dead at once
//	POST   /v1/link_batches         many links at once, of rows or a table                 (Idempotency-Key)
//	POST   /v1/link_batches/check   what would be made of them, and what is wrong with each row
//	GET    /v1/link_batches         list, newest first; also /:id and /:id/rows
//	POST   /v1/links/:id/send       deliver it             (Idempotency-Key)
//	GET    /v1/links/:id/messages   what was sent, newest first; one of them by /v1/messages/:id
//	GET    /v1/notifications        who is told of payments, and reminders; PATCH
//	GET    /v1/message_templates    the words around links; PATCH, and POST /preview
//	GET    /v1/suppressions         whom nothing is sent to; POST, and POST /remove
//	GET    /v1/links/:id/share      texts and addresses for sending it by hand
//	GET    /v1/links/:id/qr.svg     the short address as QR; also qr.png, and qr.pdf to print
//	GET    /v1/payments             list, newest first
//	GET    /v1/payments/:id         one payment with its events and refunds
//	GET    /v1/payments/:id/consents what its payer agreed to
//	GET    /v1/merchant             what payers and texts are told of the merchant; PATCH
//	GET    /v1/legal_texts          the texts that consumers agree to; PATCH
//	POST   /v1/payments/:id/ask     ask the bank now what became of a pending one
//	POST   /v1/payments/:id/void    take the whole sale back, before the bank's day end    (Idempotency-Key)
//	POST   /v1/payments/:id/refunds give back all or a part of it afterwards               (Idempotency-Key)
//	GET    /v1/refunds              voids and refunds, newest first
//	GET    /v1/refunds/:id          one of them
//	POST   /v1/payments/:id/chargebacks  what the bank writes of a dispute                 (Idempotency-Key)
//	GET    /v1/chargebacks          disputes, newest first
//	GET    /v1/chargebacks/:id      one of them
//	PATCH  /v1/chargebacks/:id      how it goes on
//	POST   /v1/acquirers            a virtual POS; its credentials are tried at the bank   (Idempotency-Key)
//	GET    /v1/acquirers            list, highest priority first
//	GET    /v1/acquirers/:id        one of them, without its secrets
//	PATCH  /v1/acquirers/:id        other settings, in force at once
//	DELETE /v1/acquirers/:id        no new payments
//	POST   /v1/acquirers/:id/verify ask the bank now
//	POST   /v1/checkout/sessions     a shop's order, paid on our page                       (Idempotency-Key)
//	GET    /v1/checkout/sessions/:id how it stands
//	POST   /v1/einvoices            the link of a UBL-TR invoice (application/xml)          (Idempotency-Key)
//	GET    /v1/einvoices            who paid and who waits, newest first
//	GET    /v1/einvoices/:id        one of them
//	GET    /v1/einvoices/:id/document  the invoice with the note in it
//	POST   /v1/einvoice_registrations  by which intermediary invoices are collected        (Idempotency-Key)
//	GET    /v1/einvoice_registrations  list; also /:id, and DELETE /:id
//	GET    /v1/branding             how the payment page shows the merchant; PATCH, and PUT /privacy_notice
//	GET    /v1/decline_texts        the merchant's own sentences about refusals; PATCH
//	GET    /v1/api_keys             list; DELETE /:id revokes one
//	GET    /v1/users                who works in the panel; DELETE /:id removes one
//	GET    /v1/audit_events         what of the merchant's settings was changed, newest first; /verify reads the whole chain
//	GET    /v1/requests             what the merchant's programs asked, newest first
//	POST   /v1/offline_keys         a key that signs links by itself, told once            (Idempotency-Key)
//	GET    /v1/offline_keys         list; also /:id, and DELETE /:id
//	POST   /v1/offline_links/revoke withdraw the link of a reference, opened or not
//	POST   /v1/reconciliations      hold a bank's list of a day against ours: its file, or JSON to ask the bank (Idempotency-Key)
//	GET    /v1/reconciliations      list; also /:id, /:id/rows and the rows as a file, /:id/rows.:format
//	POST   /v1/reconciliations/:id/rows/:number  repair a row, write it down by hand, accept it (Idempotency-Key)
//	POST   /v1/reconciliations/:id/close         close the day                             (Idempotency-Key)
//	GET    /v1/acquirers/:id/bank_columns        how the bank heads its list; also PUT
//	GET    /v1/webhook_endpoints    who is told of events; POST, and /:id GET PATCH DELETE, /:id/rotate, /:id/ping, /:id/deliveries
//	GET    /v1/events               what happened, newest first, or behind an event without a gap; also /:id
//	POST   /v1/events/:id/redeliver tell it again; /v1/events/redeliver a range            (Idempotency-Key)
//	POST   /v1/products             something that links sell lines of                      (Idempotency-Key)
//	GET    /v1/products             list, newest first; also /:id, and PATCH and DELETE /:id
//	GET    /v1/reports              the reports, their columns and filters
//	POST   /v1/report_schedules     mail a report every day, week or month                 (Idempotency-Key)
//	GET    /v1/report_schedules     list, and how each last went; also /:id, PATCH, DELETE
//	POST   /v1/report_schedules/:id/send  the same now                                     (Idempotency-Key)
//	GET    /v1/reports/:name.:format one of them as json, csv or xlsx, of any length
//	GET    /v1/installments         the offer table of a price
//	GET    /v1/bins/:bin            what a prefix tells
//	GET    /v1/openapi.yaml         the contract
//	GET    /docs                    the same as a page for people
//	GET    /docs/errors             what the codes of answers mean, for people; also /docs/errors/:code
//
// Every row is selected by the merchant of the key in the same statement; what belongs to somebody
// else is not found, in the same words.
package api

import (
	"context"
	_ "embed"
	"html/template"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/web"
)

//go:embed openapi.yaml
var openAPI []byte

// Flow is what the API needs of checkout.Service.
type Flow interface {
	CreateLink(ctx context.Context, by checkout.By, m checkout.MerchantID, t checkout.LinkTerms, idem func(checkout.Link) (checkout.Idempotency, error)) (checkout.Link, error)
	EditLink(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.LinkID, seen int64, edit func(*checkout.LinkTerms) error) (checkout.Link, error)
	DeleteLink(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.LinkID) error
	OffersOf(ctx context.Context, m checkout.MerchantID, within checkout.LinkID, price checkout.Money, prefix string) (checkout.OfferTable, error)
	GiveBack(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.PaymentID, ask checkout.RefundAsk) (checkout.Refund, error)
	RecordChargeback(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.PaymentID, ask checkout.ChargebackAsk) (checkout.Chargeback, error)
	ChangeChargeback(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ChargebackID, change checkout.ChargebackChange) (checkout.Chargeback, error)
	CreateAccount(ctx context.Context, by checkout.By, m checkout.MerchantID, a checkout.Account, verify bool, idem func(checkout.Account) (checkout.Idempotency, error)) (checkout.Account, error)
	EditAccount(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.AccountID, verify bool, edit func(*checkout.Account) error) (checkout.Account, error)
	DeleteAccount(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.AccountID) error
	VerifyAccount(ctx context.Context, m checkout.MerchantID, id checkout.AccountID) error
	AccountsOf(ctx context.Context, m checkout.MerchantID) ([]checkout.Account, error)
	Account(ctx context.Context, m checkout.MerchantID, id checkout.AccountID) (checkout.Account, error)
	CreateSession(ctx context.Context, by checkout.By, m checkout.MerchantID, t checkout.LinkTerms, cancel string, idem func(checkout.Session, checkout.Link) (checkout.Idempotency, error)) (checkout.Session, checkout.Link, error)
	SessionOf(ctx context.Context, m checkout.MerchantID, id checkout.SessionID) (checkout.Session, checkout.Link, error)
	SessionURL(id checkout.SessionID) string
	SessionSecret(id checkout.SessionID) string
	LinkURL(t checkout.Token) string
	LinkEInvoice(ctx context.Context, by checkout.By, m checkout.MerchantID, f checkout.InvoiceFacts, write func(note, own string) []byte, idem func(checkout.LinkedInvoice) (checkout.Idempotency, error)) (i checkout.LinkedInvoice, made bool, err error)
	InvoiceNote(l checkout.Link) string
	Register(ctx context.Context, by checkout.By, r checkout.Registration, idem func(checkout.Registration) (checkout.Idempotency, error)) (checkout.Registration, error)
	CreateOfflineKey(ctx context.Context, by checkout.By, m checkout.MerchantID, name string, idem func(checkout.OfflineKey) (checkout.Idempotency, error)) (checkout.OfflineKey, error)
	OfflineKeysOf(ctx context.Context, m checkout.MerchantID) ([]checkout.OfflineKey, error)
	OfflineKeyOf(ctx context.Context, m checkout.MerchantID, id checkout.OfflineKeyID) (checkout.OfflineKey, error)
	RevokeOfflineKey(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.OfflineKeyID) error
	RevokeOffline(ctx context.Context, by checkout.By, m checkout.MerchantID, reference checkout.OrderNumber) (checkout.LinkID, error)
	CreateProduct(ctx context.Context, by checkout.By, m checkout.MerchantID, t checkout.ProductTerms, idem func(checkout.Product) (checkout.Idempotency, error)) (checkout.Product, error)
	EditProduct(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ProductID, edit func(*checkout.ProductTerms)) (checkout.Product, error)
	DeleteProduct(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ProductID) error
	ProductOf(ctx context.Context, m checkout.MerchantID, id checkout.ProductID) (checkout.Product, error)
	Reconcile(ctx context.Context, by checkout.By, m checkout.MerchantID, a checkout.AccountID, day checkout.Day, list checkout.List, idem func(checkout.Run) (checkout.Idempotency, error)) (checkout.Run, error)
	PullDay(ctx context.Context, by checkout.By, m checkout.MerchantID, a checkout.AccountID, day checkout.Day, idem func(checkout.Run) (checkout.Idempotency, error)) (checkout.Run, error)
	Runs(ctx context.Context, q checkout.RunQuery) ([]checkout.Run, string, error)
	RunOf(ctx context.Context, m checkout.MerchantID, id checkout.RunID) (checkout.Run, error)
	RowsOf(ctx context.Context, q checkout.RowQuery) ([]checkout.RunRow, string, error)
	Resolve(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.RunID, number int, ask checkout.RowAsk) (checkout.RunRow, error)
	CloseDay(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.RunID, note string, idem func(checkout.Run) (checkout.Idempotency, error)) (checkout.Run, error)
	ColumnsOf(ctx context.Context, m checkout.MerchantID, a checkout.AccountID) (checkout.Columns, error)
	SetColumns(ctx context.Context, by checkout.By, m checkout.MerchantID, a checkout.AccountID, c checkout.Columns, fields []string) error
	EndRegistration(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.RegistrationID) error
	SendLink(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.LinkID, ask checkout.SendAsk) (checkout.Message, error)
	Message(ctx context.Context, m checkout.MerchantID, id checkout.MessageID) (checkout.Message, error)
	Messages(ctx context.Context, q checkout.MessageQuery) ([]checkout.Message, string, error)
	ShareOf(ctx context.Context, m checkout.MerchantID, l checkout.Link, lang string) (checkout.Share, error)
	DeliveryChannels() []checkout.Channel
	Shop(ctx context.Context, id checkout.MerchantID) (*checkout.Shop, error)
	Details(ctx context.Context, id checkout.MerchantID) (checkout.Merchant, checkout.Seller, []string, error)
	SetSeller(ctx context.Context, by checkout.By, m checkout.MerchantID, version int64, edit func(*checkout.Seller)) (checkout.Seller, error)
	LegalTexts(ctx context.Context, m checkout.MerchantID) (inForce, own []checkout.LegalText, err error)
	SaveLegalText(ctx context.Context, by checkout.By, m checkout.MerchantID, k checkout.ConsentKind, lang, words string) (checkout.LegalText, error)
	PaymentConsents(ctx context.Context, m checkout.MerchantID, id checkout.PaymentID) ([]checkout.Consent, error)
	MessageSettings(ctx context.Context, m checkout.MerchantID) (checkout.MessageSettings, error)
	ChangeMessageSettings(ctx context.Context, by checkout.By, m checkout.MerchantID, version int64, edit func(*checkout.MessageSettings) error) (checkout.MessageSettings, error)
	Wordings(ctx context.Context, m checkout.MerchantID) ([]checkout.Wording, int64, error)
	SaveWording(ctx context.Context, by checkout.By, m checkout.MerchantID, version int64, w checkout.Wording) (checkout.Wording, int64, error)
	PreviewWording(ctx context.Context, m checkout.MerchantID, w checkout.Wording) (checkout.WordingPreview, error)
	Suppressed(ctx context.Context, m checkout.MerchantID) ([]checkout.Suppression, error)
	SuppressAddress(ctx context.Context, by checkout.By, m checkout.MerchantID, c checkout.Channel, to string) (checkout.Suppression, error)
	UnsuppressAddress(ctx context.Context, by checkout.By, m checkout.MerchantID, c checkout.Channel, to string) error
	AskNow(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.PaymentID) (checkout.Payment, error)
	Keys(ctx context.Context, m checkout.MerchantID) ([]checkout.APIKey, error)
	RevokeKey(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.KeyID) error
	Colleagues(ctx context.Context, m checkout.MerchantID) ([]checkout.Colleague, error)
	RemoveColleague(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.UserID) error
	ChangeMerchant(ctx context.Context, by checkout.By, id checkout.MerchantID, version int64, edit func(*checkout.Merchant)) (checkout.Merchant, error)
	PageWords(ctx context.Context, m checkout.MerchantID) (checkout.PageWords, error)
	SetNoticeURL(ctx context.Context, by checkout.By, m checkout.MerchantID, address string) error
	SetDecline(ctx context.Context, by checkout.By, m checkout.MerchantID, lang string, r checkout.Reason, text string) error
	BatchIDOf(m checkout.MerchantID, key string) checkout.BatchID
	CheckRows(ctx context.Context, m checkout.MerchantID, rows []checkout.LinkRow) error
	CreateBatch(ctx context.Context, by checkout.By, m checkout.MerchantID, n checkout.NewBatch) (checkout.Batch, error)
	ReportSchedules(ctx context.Context, m checkout.MerchantID) ([]checkout.ReportSchedule, error)
	ReportScheduleOf(ctx context.Context, m checkout.MerchantID, id checkout.ReportScheduleID) (checkout.ReportSchedule, error)
	CreateReportSchedule(ctx context.Context, by checkout.By, m checkout.MerchantID, t checkout.ReportTerms, idem func(checkout.ReportSchedule) (checkout.Idempotency, error)) (checkout.ReportSchedule, error)
	EditReportSchedule(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ReportScheduleID, change func(*checkout.ReportTerms)) (checkout.ReportSchedule, error)
	DeleteReportSchedule(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ReportScheduleID) error
	SendReportNow(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ReportScheduleID, once checkout.Idempotency) error
}

// Ledger is what the API reads directly.
type Ledger interface {
	LinkByID(ctx context.Context, m checkout.MerchantID, id checkout.LinkID) (checkout.Link, error)
	SearchLinks(ctx context.Context, q checkout.LinkQuery) ([]checkout.Link, string, error)
	PaymentOf(ctx context.Context, m checkout.MerchantID, id checkout.PaymentID) (checkout.Payment, error)
	SearchPayments(ctx context.Context, q checkout.PaymentQuery) ([]checkout.Payment, string, error)
	PaymentsOfLinks(ctx context.Context, m checkout.MerchantID, links []checkout.LinkID, newest int) (map[checkout.LinkID][]checkout.Payment, error)
	StopsNow(ctx context.Context, m checkout.MerchantID, links []checkout.LinkID) (map[checkout.LinkID][]checkout.Stop, error)
	Attention(ctx context.Context, m checkout.MerchantID, payments []checkout.PaymentID) (map[checkout.PaymentID][]checkout.Event, error)
	Events(ctx context.Context, m checkout.MerchantID, subject string) ([]checkout.Event, error)
	EventsOf(ctx context.Context, m checkout.MerchantID, payments []checkout.PaymentID) (map[checkout.PaymentID][]checkout.Event, error)
	RefundOf(ctx context.Context, m checkout.MerchantID, id checkout.RefundID) (checkout.Refund, error)
	RefundsOf(ctx context.Context, m checkout.MerchantID, payments []checkout.PaymentID) (map[checkout.PaymentID][]checkout.Refund, error)
	SearchRefunds(ctx context.Context, q checkout.RefundQuery) ([]checkout.Refund, string, error)
	ChargebackOf(ctx context.Context, m checkout.MerchantID, id checkout.ChargebackID) (checkout.Chargeback, error)
	SearchChargebacks(ctx context.Context, q checkout.ChargebackQuery) ([]checkout.Chargeback, string, error)
	EInvoiceOf(ctx context.Context, m checkout.MerchantID, id checkout.EInvoiceID) (checkout.LinkedInvoice, error)
	EInvoiceDocument(ctx context.Context, m checkout.MerchantID, id checkout.EInvoiceID) ([]byte, error)
	SearchEInvoices(ctx context.Context, q checkout.EInvoiceQuery) ([]checkout.LinkedInvoice, string, error)
	Registrations(ctx context.Context, m checkout.MerchantID) ([]checkout.Registration, error)
	EndpointOf(ctx context.Context, m checkout.MerchantID, id checkout.EndpointID) (checkout.Endpoint, error)
	Endpoints(ctx context.Context, m checkout.MerchantID) ([]checkout.Endpoint, error)
	SaveEndpoint(ctx context.Context, e checkout.Endpoint, ev checkout.Event, idem checkout.Idempotency) error
	NoticeOf(ctx context.Context, m checkout.MerchantID, id checkout.EventID) (checkout.Notice, error)
	Notices(ctx context.Context, q checkout.NoticeQuery) (found []checkout.Notice, more bool, err error)
	Redeliver(ctx context.Context, m checkout.MerchantID, to checkout.EndpointID, all []checkout.Notice, answer func(checkout.Ways) (checkout.Idempotency, error)) (checkout.Ways, error)
	DeliveryOf(ctx context.Context, m checkout.MerchantID, id checkout.DeliveryID) (checkout.Delivery, error)
	SearchDeliveries(ctx context.Context, q checkout.DeliveryQuery) ([]checkout.Delivery, string, error)
	KeepAnswer(ctx context.Context, i checkout.Idempotency) error
	DeliveredWith(ctx context.Context, m checkout.MerchantID, links []checkout.LinkID) (map[checkout.LinkID][]checkout.Channel, error)
	Merchant(ctx context.Context, id checkout.MerchantID) (checkout.Merchant, error)
	checkout.TrailLedger
	BatchOf(ctx context.Context, m checkout.MerchantID, id checkout.BatchID) (checkout.Batch, error)
	SearchBatches(ctx context.Context, q checkout.BatchQuery) ([]checkout.Batch, string, error)
	BatchLinks(ctx context.Context, m checkout.MerchantID, id checkout.BatchID, after, limit int) ([]checkout.BatchLink, error)
	BatchSums(ctx context.Context, m checkout.MerchantID, id checkout.BatchID) ([]checkout.BatchSum, error)
	SearchProducts(ctx context.Context, q checkout.ProductQuery) ([]checkout.Product, string, error)
	SearchRequests(ctx context.Context, q checkout.RequestQuery) ([]checkout.RequestLine, string, error)
	report.Ledger
	KeyByHash(ctx context.Context, hash []byte) (checkout.APIKey, error)
	Answer(ctx context.Context, m checkout.MerchantID, key string) (checkout.Idempotency, bool, error)
}

// Limits bounds what one key, or one address without a good key ("unknown " and the address), may
// ask. It answers checkout.ErrVelocity with RetryAfter.
type Limits interface {
	Quota(ctx context.Context, key string) (checkout.Quota, error)
}

// Config wires the surface.
type Config struct {
	Flow   Flow
	Ledger Ledger
	BINs   checkout.BINs
	Banks  checkout.Banks
	Demo   bool // accounts may be saved without asking their bank
	Limits Limits
	Hooks  Hooks
	Clock  checkout.Clock
	// Journal notes requests; nil = none are noted.
	Journal *Journal
	Hash    func(secret string) []byte // keyed hash under which keys are stored
	// PublicURL is what the gateway is reached at; https lets browsers be told to keep to it.
	PublicURL string
	// Style is the style sheet of the pages for programmers, DocsStyle what the reference adds to it; without a Path
	// there is none.
	Style, DocsStyle Style
}

// Style is a style sheet of ours: its address, and its content's hash for the browser to check (SRI).
type Style struct{ Path, Integrity string }

// Surface is the programs' side.
type Surface struct {
	Config
	headers web.PageHeaders // of answers to programs
	pages   web.PageHeaders // of pages about errors
	docPage *template.Template
	// references are the page about the API by language, each made when it is first asked for.
	references map[string]*reference
	validate   *validator.Validate
	running    sync.Map // idempotency keys at work in this process
	writing    writing  // reports being written
}

// New makes the surface.
func New(c Config) (*Surface, error) {
	v, err := newValidator()
	if err != nil {
		return nil, err
	}
	docs, err := newDocs()
	if err != nil {
		return nil, err
	}
	return &Surface{Config: c, headers: web.NewAPIHeaders(c.PublicURL), pages: web.NewPageHeaders(c.PublicURL), docPage: docs, validate: v,
		references: map[string]*reference{"en": {}, "tr": {}}}, nil
}

// Register adds the routes.
func (s *Surface) Register(app *fiber.App) {
	app.Get("/v1/openapi.yaml", s.contract)
	app.Get("/docs", s.referencePage)
	app.Get("/docs/errors", s.errorList)
	app.Get("/docs/errors/:code", s.errorCode)
	v1 := app.Group("/v1", s.authenticate)
	v1.Post("/links", takes(), s.createLink)
	v1.Get("/links", takes(append([]string{"status", "order_id", "q", "stopped"}, listParams...)...), s.listLinks)
	v1.Post("/link_batches", takes(batchParams...), s.createBatch)
	v1.Post("/link_batches/check", takes(batchParams...), s.once(s.checkBatch))
	v1.Get("/link_batches", takes(append([]string{"kind"}, listParams...)...), s.listBatches)
	v1.Get("/link_batches/:id", takes(), s.readBatch)
	v1.Get("/link_batches/:id/rows", takes("refused", "limit", "cursor"), s.listBatchRows)
	v1.Get("/links/:id", takes(), s.readLink)
	v1.Patch("/links/:id", takes(), s.editLink)
	v1.Delete("/links/:id", takes(), s.deleteLink)
	v1.Post("/links/:id/send", takes(), s.sendLink)
	v1.Get("/links/:id/messages", takes(append([]string{"status", "kind"}, listParams...)...), s.listMessages)
	v1.Get("/links/:id/share", takes("lang"), s.shareLink)
	v1.Get("/messages/:id", takes(), s.readMessage)
	v1.Get("/notifications", takes(), s.readNotifications)
	v1.Patch("/notifications", takes(), s.editNotifications)
	v1.Get("/message_templates", takes(), s.listWordings)
	v1.Patch("/message_templates", takes(), s.saveWording)
	v1.Post("/message_templates/preview", takes(), s.once(s.previewWording))
	v1.Get("/suppressions", takes("limit", "cursor"), s.listSuppressions)
	v1.Post("/suppressions", takes(), s.once(s.suppress))
	v1.Post("/suppressions/remove", takes(), s.once(s.unsuppress))
	v1.Get("/links/:id/qr.svg", takes(), s.qrSVG)
	v1.Get("/links/:id/qr.png", takes(), s.qrPNG)
	v1.Get("/links/:id/qr.pdf", takes("lang"), s.qrPDF)
	v1.Get("/payments", takes(append([]string{"link", "status", "order_id", "reference", "attention", "min", "max"}, listParams...)...), s.listPayments)
	v1.Get("/payments/:id", takes(), s.readPayment)
	v1.Get("/payments/:id/consents", takes(), s.paymentConsents)
	v1.Get("/merchant", takes(), s.readMerchant)
	v1.Patch("/merchant", takes(), s.editMerchant)
	v1.Get("/legal_texts", takes(), s.listLegalTexts)
	v1.Patch("/legal_texts", takes(), s.saveLegalText)
	v1.Post("/payments/:id/ask", takes(), s.once(s.askPayment))
	v1.Post("/payments/:id/void", takes(), s.voidPayment)
	v1.Post("/payments/:id/refunds", takes(), s.refundPayment)
	v1.Get("/refunds", takes(append([]string{"payment", "kind", "status"}, listParams...)...), s.listRefunds)
	v1.Get("/refunds/:id", takes(), s.readRefund)
	v1.Post("/payments/:id/chargebacks", takes(), s.recordChargeback)
	v1.Get("/chargebacks", takes(append([]string{"payment", "status"}, listParams...)...), s.listChargebacks)
	v1.Get("/chargebacks/:id", takes(), s.readChargeback)
	v1.Patch("/chargebacks/:id", takes(), s.changeChargeback)
	v1.Post("/acquirers", takes(), s.createAcquirer)
	v1.Get("/acquirers", takes("limit", "cursor"), s.listAcquirers)
	v1.Get("/acquirers/:id", takes(), s.readAcquirer)
	v1.Patch("/acquirers/:id", takes(), s.editAcquirer)
	v1.Delete("/acquirers/:id", takes(), s.deleteAcquirer)
	v1.Post("/acquirers/:id/verify", takes(), s.once(s.verifyAcquirer))
	v1.Post("/checkout/sessions", takes(), s.createSession)
	v1.Get("/checkout/sessions/:id", takes(), s.readSession)
	v1.Post("/einvoices", takes(), s.linkEInvoice)
	v1.Get("/einvoices", takes(append([]string{"status", "q"}, listParams...)...), s.listEInvoices)
	v1.Get("/einvoices/:id", takes(), s.readEInvoice)
	v1.Get("/einvoices/:id/document", takes(), s.einvoiceDocument)
	v1.Post("/einvoice_registrations", takes(), s.register)
	v1.Get("/einvoice_registrations", takes("intermediary", "status", "limit", "cursor"), s.listRegistrations)
	v1.Get("/einvoice_registrations/:id", takes(), s.readRegistration)
	v1.Delete("/einvoice_registrations/:id", takes(), s.endRegistration)
	v1.Get("/branding", takes(), s.readBranding)
	v1.Patch("/branding", takes(), s.editBranding)
	v1.Put("/branding/privacy_notice", takes(), s.writePrivacyNotice)
	v1.Get("/decline_texts", takes("limit", "cursor"), s.listDeclineTexts)
	v1.Patch("/decline_texts", takes(), s.saveDeclineText)
	v1.Get("/api_keys", takes("limit", "cursor"), s.listKeys)
	v1.Delete("/api_keys/:id", takes(), s.revokeKey)
	v1.Get("/users", takes("limit", "cursor"), s.listUsers)
	v1.Delete("/users/:id", takes(), s.removeUser)
	v1.Get("/audit_events", takes(append([]string{"actor", "about"}, listParams...)...), s.listAudit)
	v1.Get("/audit_events/verify", takes(), s.verifyAudit)
	v1.Get("/requests", takes(append([]string{"key", "failed"}, listParams...)...), s.listRequests)
	v1.Post("/offline_keys", takes(), s.createOfflineKey)
	v1.Get("/offline_keys", takes("limit", "cursor"), s.listOfflineKeys)
	v1.Get("/offline_keys/:id", takes(), s.readOfflineKey)
	v1.Delete("/offline_keys/:id", takes(), s.revokeOfflineKey)
	v1.Post("/offline_links/revoke", takes(), s.once(s.revokeOfflineLink))
	v1.Post("/reconciliations", takes("acquirer", "day"), s.createRun)
	v1.Get("/reconciliations", takes("acquirer", "day", "limit", "cursor"), s.listRuns)
	v1.Get("/reconciliations/:id", takes(), s.readRun)
	v1.Get("/reconciliations/:id/rows", takes("class", "open", "limit", "cursor"), s.listRunRows)
	v1.Get("/reconciliations/:id/rows.:format", takes("class", "open", "lang", "dialect"), s.readRunFile)
	v1.Post("/reconciliations/:id/rows/:number", takes(), s.resolveRow)
	v1.Post("/reconciliations/:id/close", takes(), s.closeRun)
	v1.Get("/acquirers/:id/bank_columns", takes(), s.readColumns)
	v1.Put("/acquirers/:id/bank_columns", takes(), s.writeColumns)
	v1.Post("/webhook_endpoints", takes(), s.createEndpoint)
	v1.Get("/webhook_endpoints", takes("limit", "cursor"), s.listEndpoints)
	v1.Get("/webhook_endpoints/:id", takes(), s.readEndpoint)
	v1.Patch("/webhook_endpoints/:id", takes(), s.editEndpoint)
	v1.Delete("/webhook_endpoints/:id", takes(), s.deleteEndpoint)
	v1.Post("/webhook_endpoints/:id/rotate", takes(), s.rotateEndpoint)
	v1.Post("/webhook_endpoints/:id/ping", takes(), s.pingEndpoint)
	v1.Get("/webhook_endpoints/:id/deliveries", takes(append([]string{"event", "status"}, listParams...)...), s.listDeliveries)
	v1.Get("/events", takes("after", "type", "from", "to", "limit", "cursor"), s.listEvents)
	v1.Post("/events/redeliver", takes(), s.redeliverEvents)
	v1.Get("/events/:id", takes(), s.readEvent)
	v1.Post("/events/:id/redeliver", takes(), s.redeliverEvent)
	v1.Post("/products", takes(), s.createProduct)
	v1.Get("/products", takes("q", "status", "limit", "cursor"), s.listProducts)
	v1.Get("/products/:id", takes(), s.readProduct)
	v1.Patch("/products/:id", takes(), s.editProduct)
	v1.Delete("/products/:id", takes(), s.deleteProduct)
	v1.Get("/reports", takes("lang"), s.listReports)
	v1.Get("/reports/:name.:format", s.readReport)
	v1.Post("/report_schedules", takes(), s.createSchedule)
	v1.Get("/report_schedules", takes("limit", "cursor"), s.listSchedules)
	v1.Get("/report_schedules/:id", takes(), s.readSchedule)
	v1.Patch("/report_schedules/:id", takes(), s.editSchedule)
	v1.Delete("/report_schedules/:id", takes(), s.deleteSchedule)
	v1.Post("/report_schedules/:id/send", takes(), s.sendSchedule)
	v1.Get("/installments", takes("bin", "amount", "currency", "link"), s.installments)
	v1.Get("/bins/:bin", takes(), s.bin)
}

// contract answers this surface's own description; it needs no key.
func (s *Surface) contract(c *fiber.Ctx) error {
	s.headers.Apply(c)
	c.Set(fiber.HeaderContentType, "application/yaml")
	return c.Send(openAPI)
}

// caller is who asks, found by its key.
type caller struct {
	merchant checkout.MerchantID
	key      checkout.KeyID
}

type callerKey struct{}

func callerOf(c *fiber.Ctx) caller {
	who, ok := c.Context().UserValue(callerKey{}).(caller)
	if !ok {
		panic("api: a route without authentication")
	}
	return who
}

// by names the caller in the audit trail.
func (s *Surface) by(c *fiber.Ctx) checkout.By {
	return checkout.By{Actor: "api:" + string(callerOf(c).key), IP: web.ClientIP(c)}
}

// authenticate finds the key by its keyed hash. A key in the address is refused before it is looked
// up, since addresses end up in logs (A44).
func (s *Surface) authenticate(c *fiber.Ctx) error {
	if path := c.Path(); path != "/v1" && !strings.HasPrefix(path, "/v1/") {
		return c.Next() // "/v12" begins like the group, too
	}
	s.headers.Apply(c)
	if keyInAddress(c) {
		return web.BadRequest("api_key_in_address")
	}
	secret, ok := bearer(c)
	if !ok {
		return s.refused(c)
	}
	k, err := s.Ledger.KeyByHash(c.UserContext(), s.Hash(secret))
	if checkout.KindOf(err) == checkout.KindUnauthorized {
		return s.refused(c)
	}
	if err != nil {
		return err
	}
	if err := s.counted(c, string(k.ID)); err != nil {
		return err
	}
	c.Context().SetUserValue(callerKey{}, caller{merchant: k.Merchant, key: k.ID})
	return s.Journal.follow(c, k)
}

// maxSecret is longer than any key that we make.
const maxSecret = 200

// bearer reads the secret of the one Authorization header.
func bearer(c *fiber.Ctx) (secret string, ok bool) {
	sent := c.Request().Header.PeekAll(fiber.HeaderAuthorization)
	if len(sent) != 1 {
		return "", false
	}
	scheme, secret, _ := strings.Cut(string(sent[0]), " ")
	secret = strings.TrimSpace(secret)
	return secret, strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(secret, keyPrefix) && len(secret) <= maxSecret
}

const (
	// keyPrefix is how every API key begins.
	keyPrefix = "sk_"
	// shortestKey is shorter than any key, and longer than what search texts like "sk_12" have.
	shortestKey = 12
)

// keyInAddress says whether the path or a query parameter looks like an API key.
func keyInAddress(c *fiber.Ctx) bool {
	looksLikeKey := func(text string) bool {
		i := strings.Index(text, keyPrefix)
		return i >= 0 && len(text)-i >= shortestKey && (i == 0 || strings.ContainsAny(text[i-1:i], " /=:;,"))
	}
	uri := c.Request().URI()
	for name, value := range uri.QueryArgs().All() {
		if looksLikeKey(string(name)) || looksLikeKey(string(value)) {
			return true
		}
	}
	return looksLikeKey(string(uri.Path()))
}

// stranger begins the name under which an address without a good key is counted.
const stranger = "unknown "

// refused counts a try without a good key against its address.
func (s *Surface) refused(c *fiber.Ctx) error {
	if err := s.counted(c, stranger+web.ClientIP(c)); err != nil {
		return err
	}
	return checkout.ErrNoKey
}

// counted counts one call and tells what is left, in the fields of draft-ietf-httpapi-ratelimit-headers-10.
func (s *Surface) counted(c *fiber.Ctx, name string) error {
	q, err := s.Limits.Quota(c.UserContext(), name)
	if q.Limit > 0 {
		policy := `"key"`
		if strings.HasPrefix(name, stranger) {
			policy = `"address"`
		}
		c.Set("RateLimit-Policy", policy+";q="+strconv.FormatInt(q.Limit, 10)+";w="+strconv.FormatInt(int64(q.Span/time.Second), 10))
		c.Set("RateLimit", policy+";r="+strconv.FormatInt(q.Left, 10)+";t="+strconv.FormatInt(int64((q.Reset+time.Second-1)/time.Second), 10))
	}
	return err
}

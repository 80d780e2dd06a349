package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// reply is an error with a status of its own, for what the kinds do not tell apart.
type reply struct {
	status int
	err    *checkout.Error
}

func (r *reply) Error() string { return strconv.Itoa(r.status) + " " + r.err.Error() }
func (r *reply) Unwrap() error { return r.err }

// Is lets errors.Is find the values of this package again.
func (r *reply) Is(target error) bool {
	t, ok := target.(*reply)
	return ok && t.status == r.status && t.err.Code == r.err.Code
}

// Reply gives e a status of its own, for the few answers where the kind's status is not what the
// contract says (400 for a malformed BIN, 415 for a wrong coding).
func Reply(status int, e *checkout.Error) error { return &reply{status: status, err: e} }

// spoken is an error whose words are wanted in a language.
type spoken struct {
	error
	lang string
}

func (s spoken) Unwrap() error { return s.error }

// In has a program read of err in the language that its form named, before the one that its headers wish.
func In(lang string, err error) error { return spoken{err, lang} }

// BadRequest is Reply with 400 and a code.
func BadRequest(code string) error {
	return Reply(fiber.StatusBadRequest, &checkout.Error{Kind: checkout.KindInvalid, Code: code})
}

// StatusOf is the one table from kinds to statuses.
func StatusOf(k checkout.Kind) int {
	switch k {
	case checkout.KindInvalid:
		return fiber.StatusUnprocessableEntity
	case checkout.KindNotFound:
		return fiber.StatusNotFound
	case checkout.KindUnauthorized:
		return fiber.StatusUnauthorized
	case checkout.KindForbidden:
		return fiber.StatusForbidden
	case checkout.KindGone:
		return fiber.StatusGone
	case checkout.KindConflict:
		return fiber.StatusConflict
	case checkout.KindTooMany:
		return fiber.StatusTooManyRequests
	case checkout.KindForged:
		return fiber.StatusBadRequest
	case checkout.KindUnavailable:
		return fiber.StatusServiceUnavailable
	}
	return fiber.StatusInternalServerError
}

// classify says how any error is answered. What nobody classified is internal, and the answer
// carries a reference and nothing of the error.
func classify(err error) (*checkout.Error, int) {
	var r *reply
	if errors.As(err, &r) {
		return r.err, r.status
	}
	var e *checkout.Error
	if errors.As(err, &e) {
		return e, StatusOf(e.Kind)
	}
	var f *fiber.Error
	if errors.As(err, &f) {
		return classifyFiber(f)
	}
	return &checkout.Error{Kind: checkout.KindInternal, Code: "internal", Cause: err}, fiber.StatusInternalServerError
}

// Outcome is the code and the status that an error will be answered with.
func Outcome(err error) (code string, status int) {
	e, status := classify(err)
	return e.Code, status
}

// classifyFiber answers what the router and the server refuse. Their texts may hold request bytes
// and are dropped.
func classifyFiber(f *fiber.Error) (*checkout.Error, int) {
	kind, code, status := checkout.KindInvalid, "bad_request", f.Code
	switch f.Code {
	case fiber.StatusNotFound:
		kind, code = checkout.KindNotFound, "not_found"
	case fiber.StatusMethodNotAllowed:
		code = "method_not_allowed"
	case fiber.StatusRequestTimeout:
		code = "request_timeout"
	case fiber.StatusRequestEntityTooLarge:
		code = "request_too_large"
	case fiber.StatusUnsupportedMediaType:
		code = "unsupported_media_type"
	case fiber.StatusRequestHeaderFieldsTooLarge:
		code = "head_too_large"
	case fiber.StatusBadGateway: // Fiber's word for a client that went away while sending
		status = fiber.StatusBadRequest
	default:
		if f.Code >= 500 {
			kind, code = checkout.KindInternal, "internal"
		}
	}
	return &checkout.Error{Kind: kind, Code: code}, status
}

// respond is the only place where an error becomes an answer: problem+json for programs, a page
// for people. Whatever the handler had already written is thrown away.
func (e *edge) respond(c *fiber.Ctx, err error, route string) (code, ref string) {
	ce, status := classify(err)
	ref = e.NewRef()
	e.log(c, err, ce, slog.Int("status", status), slog.String("ref", ref), slog.String("route", route))

	allow := string(c.Response().Header.Peek(fiber.HeaderAllow))       // of the router's 405
	location := string(c.Response().Header.Peek(fiber.HeaderLocation)) // of what was there before (409)
	kept := keptHeaders(c)
	c.Response().Reset()
	for i, name := range rateHeaders {
		if kept[i] != "" {
			c.Set(name, kept[i])
		}
	}
	c.Status(status)
	if allow != "" {
		c.Set(fiber.HeaderAllow, allow)
	}
	if location != "" {
		c.Set(fiber.HeaderLocation, location)
	}
	retryAfter(c, ce, status)
	if status == fiber.StatusUnauthorized {
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="odelink"`)
	}
	if WantsProblem(c) {
		e.program.Apply(c)
		lang := ProgramLanguage(c)
		if s := (spoken{}); errors.As(err, &s) {
			lang = s.lang
		}
		e.problem(c, ce, status, ref, lang)
	} else {
		e.pages.Apply(c)
		e.page(c, ce, status, ref)
	}
	return ce.Code, ref
}

// log writes an error once, here where it is answered: loud when it is ours, quiet when it is the
// client's, so that strangers cannot fill the log.
func (e *edge) log(c *fiber.Ctx, err error, ce *checkout.Error, attrs ...slog.Attr) {
	level := slog.LevelDebug
	switch {
	case ce.Kind == checkout.KindInternal:
		level = slog.LevelError
	case ce.Kind == checkout.KindUnavailable, ce.Code == "pan_in_wrong_place":
		level = slog.LevelWarn
	}
	if !e.Log.Enabled(c.UserContext(), level) {
		return
	}
	attrs = append(attrs, slog.String("code", ce.Code))
	// The text of the router's and the server's errors quotes the request.
	var f *fiber.Error
	if !errors.As(err, &f) {
		attrs = append(attrs, slog.Any("err", err))
	}
	e.Log.LogAttrs(c.UserContext(), level, "request refused", attrs...)
}

// Waits that are named when an error does not name one.
const (
	retryTooMany     = time.Minute
	retryUnavailable = 5 * time.Second
)

func retryAfter(c *fiber.Ctx, ce *checkout.Error, status int) {
	wait := ce.RetryAfter
	switch {
	case wait > 0:
	case status == fiber.StatusTooManyRequests:
		wait = retryTooMany
	case status == fiber.StatusServiceUnavailable:
		wait = retryUnavailable
	default:
		return
	}
	c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// WantsProblem says whether the client is a program: it called an address that speaks JSON, or asked for JSON and
// not for a page.
func WantsProblem(c *fiber.Ctx) bool {
	return speaksJSON(string(c.Request().URI().Path())) || WantsJSON(c)
}

// speaksJSON says whether a path answers JSON only, its errors included: the API's, and what a card may choose on a
// link (contract, section 3).
func speaksJSON(path string) bool {
	return isAPI(path) || strings.HasPrefix(path, "/p/") && strings.HasSuffix(path, "/installments")
}

// isAPI says whether a path is the API's: of the version that there is, or of one that there is not, which a program asks
// for as well.
func isAPI(path string) bool {
	rest, versioned := strings.CutPrefix(path, "/v")
	number, _, _ := strings.Cut(rest, "/")
	return versioned && number != "" && strings.Trim(number, "0123456789") == ""
}

// WantsJSON says whether Accept names JSON and no HTML.
func WantsJSON(c *fiber.Ctx) bool {
	accept := string(c.Request().Header.Peek(fiber.HeaderAccept))
	return (strings.Contains(accept, "application/json") || strings.Contains(accept, "application/problem+json")) &&
		!strings.Contains(accept, "text/html")
}

// Problem is an RFC 9457 problem details object, as the API answers every error.
type Problem struct {
	Type     string         `json:"type"` // "/docs/errors/" and the code: stable, the same on every installation
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail"`
	Instance string         `json:"instance"` // the reference that our log has too
	Code     string         `json:"code"`
	Errors   []ProblemField `json:"errors,omitempty"`
}

// ProblemField is one mistake in one field.
type ProblemField struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// problemType begins every Problem's type.
const problemType = "/docs/errors/"

// problem answers in the client's language; only the code is for programs to go by.
func (e *edge) problem(c *fiber.Ctx, ce *checkout.Error, status int, ref, lang string) {
	p := Problem{
		Type: problemType + ce.Code, Title: titleOf(lang, title(ce.Kind, status)), Status: status,
		Detail: e.sentence(lang, ce.Code, nil), Instance: ref, Code: ce.Code,
	}
	for _, f := range ce.Fields {
		p.Errors = append(p.Errors, ProblemField{Field: f.Field, Code: f.Code, Message: e.mistake(lang, f)})
	}
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers: cannot fail
		body = []byte("{}")
	}
	c.Set(fiber.HeaderContentLanguage, lang)
	c.Response().Header.SetContentType(problemJSON)
	c.Response().SetBodyRaw(body)
}

// mistake says what is wrong with a field: in words of its own, where the code's are for any.
func (e *edge) mistake(lang string, f checkout.FieldError) string {
	if e.Message != nil {
		if s := e.Message(lang, f.Field+" "+f.Code, f.Args); s != "" {
			return s
		}
	}
	return e.sentence(lang, f.Code, f.Args)
}

// sentence says what a code means: the surface's words, else ours, else the code's own words.
func (e *edge) sentence(lang, code string, args map[string]string) string {
	if e.Message != nil {
		if s := e.Message(lang, code, args); s != "" {
			return s
		}
	}
	if s := sentences[code]; s != "" {
		return s
	}
	words := strings.ReplaceAll(code, "_", " ")
	if words == "" {
		return "The request was refused."
	}
	return strings.ToUpper(words[:1]) + words[1:] + "."
}

// titles are the same for every problem of one kind, apart from the language (RFC 9457, section
// 3.1.3): English, then Turkish.
type titles [2]string

var (
	titleCannot   = titles{"The request cannot be taken", "İstek kabul edilemiyor"}
	titleInternal = titles{"Something went wrong here", "Bizde bir şey ters gitti"}
	titleOfKind   = map[checkout.Kind]titles{
		checkout.KindInvalid:      {"The request has mistakes", "İstekte hatalar var"},
		checkout.KindNotFound:     {"Not found", "Bulunamadı"},
		checkout.KindUnauthorized: {"Not signed in", "Oturum açılmamış"},
		checkout.KindForbidden:    {"Not allowed", "İzin yok"},
		checkout.KindGone:         {"No longer available", "Artık geçerli değil"},
		checkout.KindConflict:     {"Not possible in this state", "Bu durumda olamaz"},
		checkout.KindTooMany:      {"Too many requests", "Çok fazla istek"},
		checkout.KindForged:       {"The bank's answer was not accepted", "Bankanın yanıtı kabul edilmedi"},
		checkout.KindUnavailable:  {"Temporarily unavailable", "Geçici olarak kullanılamıyor"},
	}
)

func title(k checkout.Kind, status int) titles {
	if k == checkout.KindInvalid && status != fiber.StatusUnprocessableEntity {
		return titleCannot
	}
	if t, ok := titleOfKind[k]; ok {
		return t
	}
	return titleInternal
}

func titleOf(lang string, t titles) string {
	if lang == "tr" {
		return t[1]
	}
	return t[0]
}

// sentences are what the codes of the edge and of the domain mean, for programs' authors.
var sentences = map[string]string{
	"internal":                       "Something went wrong on our side. Quote the instance when you ask for help.",
	"not_found":                      "There is nothing at this address.",
	"bad_request":                    "The request could not be read.",
	"method_not_allowed":             "This address does not take this method; the Allow header lists those it takes.",
	"request_timeout":                "The request took too long to arrive.",
	"request_too_large":              "The body is larger than this address takes.",
	"head_too_large":                 "The request line and headers are larger than this server takes.",
	"unsupported_media_type":         "The body has a media type that this address does not take.",
	"content_encoding_not_supported": "Send the body without a Content-Encoding.",
	"wrong_host":                     "This server does not answer for the host that the request names.",
	"pan_in_wrong_place":             "A card number stands in the address or a header. Card numbers belong into the card form only; nothing was stored.",
	"too_many_fields":                "The form has more fields than this address takes.",
	"form_malformed":                 "The form could not be read.",
	"validation_failed":              "Some fields have mistakes; see errors.",
	"link_not_found":                 "No such link.",
	"payment_not_found":              "No such payment.",
	"merchant_not_found":             "No such merchant.",
	"acquirer_not_found":             "No such acquirer account.",
	"invalid_api_key":                "The API key is missing, unknown or revoked.",
	"link_not_active_yet":            "The link is not active yet.",
	"link_expired":                   "The link has expired.",
	"link_deleted":                   "The link was deleted.",
	"link_paid":                      "The link has been paid.",
	"link_busy":                      "Another payment of this link is being authorised or confirmed.",
	"link_resting":                   "The link rests after too many refusals until its merchant wakes it.",
	"too_many_tries":                 "Too many tries; see Retry-After.",
	"terms_changed":                  "The link changed after its page was shown; show the new terms first.",
	"payment_begun":                  "This page's attempt is a payment already; the Location header leads to it. Nothing was begun.",
	"order_id_taken":                 "This order_id was used before. Order numbers are never used twice.",
	"idempotency_key_reused":         "This Idempotency-Key was used before with another request.",
	"idempotency_key_known":          "A request with this Idempotency-Key is still running.",
	"stale":                          "The object changed since it was read; read it again.",
	"state_does_not_allow":           "The object's state does not allow this step.",
	"currency_not_permitted":         "The merchant may not collect in this currency.",
	"bank_unreachable":               "The bank could not be reached. Nothing was charged.",
	"no_acquirer":                    "No acquirer account takes this payment.",
	"temporarily_unavailable":        "A store did not answer; nothing was done. Try again later.",
	"hot_state_away":                 "A store did not answer; nothing was done. Try again later.",
	"callback_rejected":              "The callback is not what the bank would have sent for this payment. Nothing changed.",
}

// page lets the pay surface render the error, and falls back to a page without any style when that
// fails: the last thing that may break is telling that something broke.
func (e *edge) page(c *fiber.Ctx, ce *checkout.Error, status int, ref string) {
	if e.ErrorPage != nil && e.tryPage(c, ce, status, ref) {
		return
	}
	c.Response().Header.SetContentType("text/html; charset=utf-8")
	c.Status(status)
	lang, text := Language(c), "Sayfa açılamadı."
	if lang == "en" {
		text = "The page could not be opened."
	}
	c.Response().SetBodyString(`<!doctype html><html lang="` + lang + `"><meta charset="utf-8"><title>` + text + `</title><h1>` + text +
		`</h1><p>` + strconv.Itoa(status) + ` · ` + ref + `</p></html>`)
}

// tryPage says whether the surface rendered the page.
func (e *edge) tryPage(c *fiber.Ctx, ce *checkout.Error, status int, ref string) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			e.Log.Error("error page", "ref", ref, "err", recovered(r))
			ok = false
		}
	}()
	if err := e.ErrorPage(c, ce, status, ref); err != nil {
		e.Log.Error("error page", "ref", ref, "err", err)
		return false
	}
	return true
}

// rateHeaders are told with an error too: what is left of a rate is true however the request ended.
var rateHeaders = [...]string{"RateLimit", "RateLimit-Policy"}

func keptHeaders(c *fiber.Ctx) (kept [len(rateHeaders)]string) {
	for i, name := range rateHeaders {
		kept[i] = string(c.Response().Header.Peek(name)) // a copy: the response is about to be emptied
	}
	return kept
}

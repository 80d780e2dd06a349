package banksim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// face is how a server call's answer is written: three encodings of the same fields (section 6).
type face int

const (
	faceText face = iota
	faceXML
	faceJSON
)

// serverXML reads the fields of a PayforRequest. What is no such document is answered as by a web server that choked on it, never
// with a code.
func (p *payfor) serverXML(c *call) reply {
	form, err := xmlParams(c.body)
	if err != nil {
		return brokenPage
	}
	return p.server(c, form, faceXML)
}

// xmlParams reads a flat document: the elements below the root with their text. Document types and nested elements are refused.
func xmlParams(body []byte) (params, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	form, depth, root, name := params{}, 0, false, ""
	var text strings.Builder
	for {
		t, err := d.Token()
		if err == io.EOF {
			if !root || depth != 0 {
				return nil, errors.New("the document is not whole")
			}
			return form, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, errors.New("document types are not read")
		case xml.StartElement:
			depth++
			if depth == 1 && asciiLower(t.Name.Local) != "payforrequest" || depth > 2 {
				return nil, fmt.Errorf("unexpected element %q", t.Name.Local)
			}
			root, name = true, t.Name.Local
			text.Reset()
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if depth == 2 {
				form.set(name, strings.TrimSpace(text.String()))
			}
			depth--
		}
	}
}

// server answers one server call.
func (p *payfor) server(c *call, form params, as face) reply {
	if len(form) == 0 {
		return p.short(as, Record{Code: "M043"}, Order{}, form)
	}
	if form.get("SecureType") == modelFinish {
		return p.finish(c, form, as)
	}
	txn := form.get("TxnType")
	step, act := p.operation(txn)
	orderID := form.get("OrgOrderId")
	if orderID == "" {
		orderID = form.get("OrderId")
	}
	c.note(dialectPayFor, step, orderID)
	f := p.bank.faults.take(dialectPayFor, step, form.get("MerchantID"), orderID)
	if f == nil && step == StepProvision {
		f = scripted(Card{Script: scriptOf(form.get("Pan"))})
	}
	return p.bank.under(c.r.Context(), f, p.bank.hold, func() reply {
		m, code := p.authenticate(form, txn)
		switch {
		case code != "":
			return p.short(as, Record{Code: code}, Order{OrderID: orderID}, form)
		case act == nil:
			return p.short(as, Record{Code: "M015"}, Order{OrderID: orderID}, form)
		case f.is(FaultNotFound):
			return p.notFound(as, step, orderID, form, m)
		}
		return act(p, serverCall{c, form, as, m, orderID, f})
	})
}

// serverCall is a server call whose sender is known.
type serverCall struct {
	*call
	form    params
	as      face
	m       Merchant
	orderID string
	f       *Fault
}

func (s serverCall) key() orderKey {
	return orderKey{dialectPayFor, s.m.MbrID, s.m.MerchantID, s.orderID}
}

// operation is what a TxnType does and the step its faults belong to.
func (p *payfor) operation(txn string) (string, func(*payfor, serverCall) reply) {
	switch txn {
	case "Auth", "PreAuth":
		return StepProvision, (*payfor).sale
	case "PostAuth":
		return StepCapture, (*payfor).capture
	case "Void":
		return StepVoid, (*payfor).void
	case "Refund":
		return StepRefund, (*payfor).refund
	case "OrderInquiry":
		return StepInquiry, (*payfor).inquiry
	case "TxnHistory":
		return StepInquiry, (*payfor).history
	case "BatchClose":
		return "batch", (*payfor).closeBatch
	}
	return "", nil
}

// authenticate knows the sender by user code and password. An inquiry with a wrong password finds nothing instead of being refused,
// as on the test system (section 6.5).
func (p *payfor) authenticate(form params, txn string) (Merchant, string) {
	if form.get("MbrId") == "" {
		return Merchant{}, "M013"
	}
	if form.get("MerchantID") == "" {
		return Merchant{}, "M024"
	}
	m, ok := p.bank.merchant(dialectPayFor, form.get("MbrId"), form.get("MerchantID"))
	code := ""
	switch {
	case !ok:
		code = "V001"
	case form.get("UserCode") == "":
		code = "M016"
	case form.get("UserPass") == "":
		code = "M017"
	case m.passOf(form.get("UserCode")) == "":
		code = "V035"
	case form.get("UserPass") != m.passOf(form.get("UserCode")):
		code = "M009"
	case form.get("UserCode") != m.userFor(txn).Code:
		code = "V038"
	default:
		return m, ""
	}
	if txn == "OrderInquiry" {
		code = "V013"
	}
	return Merchant{}, code
}

// finish is the completion of a 3DModel payment: amount, card and currency are those kept under RequestGuid (section 5).
func (p *payfor) finish(c *call, form params, as face) reply {
	b := p.bank
	o, known := b.books.findSeq(payforSeq(form.get("RequestGuid")))
	orderID := form.get("OrderId")
	c.note(dialectPayFor, StepProvision, orderID)
	f := b.faults.take(dialectPayFor, StepProvision, o.MerchantID, orderID)
	if f == nil && known {
		f = scripted(o.Card)
	}
	return b.under(c.r.Context(), f, b.hold, func() reply {
		m, _ := b.merchantOf(o)
		switch {
		case !known:
			return p.short(as, Record{Code: "V013", Detail: "99961"}, Order{OrderID: orderID}, form)
		case o.OrderID != orderID, o.Dialect != dialectPayFor, o.Model != model3D, form.get("UserCode") != m.UserCode,
			form.get("UserPass") != m.UserPass, m.UserPass == "":
			return p.short(as, Record{Code: "V036"}, Order{OrderID: orderID}, form)
		}
		done, err := b.books.change(o.key(), func(o *Order) error { return p.provision(o, f) })
		switch {
		case errors.Is(err, errStage) && done.Stage == StageChallenge:
			return p.short(as, Record{Code: "V020"}, done, form)
		case errors.Is(err, errStage):
			// Sent twice, or after a failed 3-D: the sheet leaves the answer open (section 5); the money moves once.
			return p.short(as, Record{Code: "V036"}, done, form)
		case err != nil:
			return brokenPage
		}
		if f.is(FaultWrongOrder) {
			done.OrderID = f.text(done.OrderID + "X")
		}
		return p.short(as, done.Records[0], done, form)
	})
}

// provision takes the money of an authenticated order, once.
func (p *payfor) provision(o *Order, f *Fault) error {
	if o.Stage != StageAuthenticated {
		return errStage
	}
	amount, bookedAt := o.Amount, p.bank.now()
	if f.is(FaultWrongAmount) {
		amount += f.number(100)
	}
	if f.is(FaultLate) {
		bookedAt = bookedAt.Add(f.span())
	}
	code := partOf(o.Card.Script).code
	if f.is(FaultDecline) {
		code = f.text("05")
	}
	o.Stage = StageDone
	r := &o.Records[0]
	r.Trail += ",1,6,10"
	p.issuer(o, r, code, amount, bookedAt)
	return nil
}

// sale is an authorisation without 3-D.
func (p *payfor) sale(s serverCall) reply {
	b := p.bank
	o := p.draft(s.call, s.form)
	o.OrderID, s.orderID = s.form.get("OrderId"), s.form.get("OrderId")
	refused := func(code string) reply { return p.short(s.as, Record{Code: code}, o, s.form) }
	if o.Model != modelPlain {
		return refused("M014")
	}
	if !s.m.allowsModel(modelPlain) {
		return refused("M021")
	}
	for _, code := range []string{checkOrderID(o.OrderID), p.checkMoney(s.m, s.form, &o), p.checkHabits(s.m, s.form, &o)} {
		if code != "" {
			return refused(code)
		}
	}
	if _, taken := b.books.find(o.key()); taken {
		return refused("101310")
	}
	card := typedCard{s.form.get("Pan"), s.form.get("Expiry"), s.form.get("Cvv2"), s.form.get("CardHolderName")}
	if code := card.payforCode(); code != "" {
		return refused(code)
	}
	o.Card, o.Stage = card.remember(b.now()), StageAuthenticated
	o.Records = []Record{{TxnType: o.TxnType, Amount: o.Amount, Code: "V000", Trail: "1", Status: "N", Result: "Failed", At: b.now()}}
	if _, err := b.books.open(o); err != nil {
		if errors.Is(err, errTaken) {
			return refused("101310")
		}
		return refused("V003")
	}
	done, err := b.books.change(o.key(), func(o *Order) error { return p.provision(o, s.f) })
	if err != nil {
		return brokenPage
	}
	return p.short(s.as, done.Records[0], done, s.form)
}

// payforReason is the code of each reason why money does not move. A second void finds nothing (section 6.2), while a refund or capture
// of something voided is told so.
func payforReason(txn string, err error) Record {
	if errors.Is(err, errVoided) && txn != "Void" {
		return Record{Code: "V017"}
	}
	codes := map[error]Record{
		errNoOrder: {Code: "V013", Detail: "99961"}, errNoHold: {Code: "V013", Detail: "99961"}, errNotSold: {Code: "V022"}, errVoided: {Code: "V013", Detail: "99961"},
		errBatchOpen: {Code: "V014", Detail: "99962"}, errBatchShut: {Code: "V018"}, errPartial: {Code: "V019"}, errOverSale: {Code: "V015"},
		errRefunded: {Code: "V037"}, errNotPreAuth: {Code: "V016"}, errCaptured: {Code: "V025"}, errTooOld: {Code: "V026"},
		errTolerance: {Code: "V027"}, errCurrency: {Code: "V030"},
	}
	for reason, r := range codes {
		if errors.Is(err, reason) {
			return r
		}
	}
	return Record{}
}

// follow makes a follow-up operation on an order and its record, failures included (section 6.6: one record per attempt).
func (p *payfor) follow(s serverCall, txn string, amount int64, do func(o *Order, r *Record) error) reply {
	b := p.bank
	var r Record
	o, err := b.books.change(s.key(), func(o *Order) error {
		if _, err := o.live(b.now()); o.Hold != nil && err != nil {
			return errNoOrder // booked late: nobody knows it yet
		}
		r = Record{TxnType: txn, Amount: amount, Trail: "1,10", Status: "N", Result: "Failed", At: b.now()}
		reason := s.refusedBy(o)
		if reason == nil {
			reason = do(o, &r)
		}
		switch {
		case s.f.is(FaultDecline):
			r.Code = s.f.text("05")
		case reason != nil:
			why := payforReason(txn, reason)
			r.Code, r.Detail = why.Code, why.Detail
			if errors.Is(reason, errBatchOpen) {
				r.AuthCode = o.Hold.AuthCode // odd, and recorded (section 6.3)
			}
		default:
			r.Code, r.Status, r.Result, r.Stan = "00", "Y", "Success", b.books.nextStan()
			r.AuthCode, r.RRN = authCode(r.Stan), retrieval(r.At, r.Stan)
		}
		o.Records = append(o.Records, r)
		return nil
	})
	switch {
	case errors.Is(err, errNoOrder):
		return p.short(s.as, payforReason("", errNoOrder), Order{OrderID: s.orderID}, s.form)
	case err != nil:
		return brokenPage
	}
	if s.f.is(FaultWrongOrder) {
		o.OrderID = s.f.text(o.OrderID + "X")
	}
	return p.short(s.as, r, o, s.form)
}

// refusedBy is what stands against any follow-up: a decline fault, or another currency than the order's.
func (s serverCall) refusedBy(o *Order) error {
	number := s.form.get("Currency")
	switch {
	case s.f.is(FaultDecline):
		return errNoHold
	case number != "" && number != currencyNumber(o.Currency):
		return errCurrency
	}
	return nil
}

func currencyNumber(code string) string { return currencyByCode(code).number }

// amount reads the amount of a follow-up in the order's currency.
func (p *payfor) amount(s serverCall) (int64, string) {
	yen := s.form.get("Currency") == "392"
	amount, code := payforAmount(s.form.get("PurchAmount"), s.m.LooseAmount, yen)
	switch {
	case code != "":
		return 0, code
	case yen && amount%100 != 0:
		return 0, "M050"
	case yen:
		amount /= 100
	}
	return amount, ""
}

func (p *payfor) void(s serverCall) reply {
	amount := int64(0)
	if s.form.get("PurchAmount") != "" {
		var code string
		if amount, code = p.amount(s); code != "" {
			return p.short(s.as, Record{Code: code}, Order{OrderID: s.orderID}, s.form)
		}
	}
	return p.follow(s, "Void", amount, func(o *Order, r *Record) error {
		if err := o.void(p.bank.now(), amount); err != nil {
			return err
		}
		r.Amount = o.Hold.Amount
		// The voided one is the capture where there is one, else the order's own record (section 6.2).
		target := &o.Records[0]
		for i := range o.Records {
			if o.Records[i].TxnType == "PostAuth" && o.Records[i].Code == "00" {
				target = &o.Records[i]
			}
		}
		target.VoidedAt, target.VoidedBy = p.bank.now(), s.form.get("UserCode")
		return nil
	})
}

func (p *payfor) refund(s serverCall) reply {
	if s.form.get("PurchAmount") == "" {
		return p.short(s.as, Record{Code: "V031"}, Order{OrderID: s.orderID}, s.form)
	}
	amount, code := p.amount(s)
	if code != "" {
		return p.short(s.as, Record{Code: code}, Order{OrderID: s.orderID}, s.form)
	}
	return p.follow(s, "Refund", amount, func(o *Order, _ *Record) error { return o.refund(p.bank.now(), amount) })
}

func (p *payfor) capture(s serverCall) reply {
	amount, code := p.amount(s)
	if code != "" {
		return p.short(s.as, Record{Code: code}, Order{OrderID: s.orderID}, s.form)
	}
	return p.follow(s, "PostAuth", amount, func(o *Order, _ *Record) error {
		return o.capture(p.bank.now(), amount, o.Currency == "TRY")
	})
}

// closeBatch closes the sender's batch in one currency, or in all with 8.
func (p *payfor) closeBatch(s serverCall) reply {
	number := s.form.get("Currency")
	if _, known := currencyByNumber(number); !known && number != "8" {
		return p.short(s.as, Record{Code: "M002"}, Order{}, s.form)
	}
	_, err := p.bank.books.closeBatch(func(o *Order) bool {
		return o.Dialect == dialectPayFor && o.MbrID == s.m.MbrID && o.MerchantID == s.m.MerchantID &&
			(number == "8" || currencyNumber(o.Currency) == number)
	})
	if err != nil {
		return brokenPage
	}
	return p.short(s.as, Record{Code: "00"}, Order{}, s.form)
}

// short is the answer of every call that moves money (section 5).
func (p *payfor) short(as face, r Record, o Order, form params) reply {
	lang := o.Lang
	if lang == "" {
		lang = form.get("Lang")
	}
	list := fieldList{
		{"AuthCode", r.AuthCode}, {"HostRefNum", r.RRN}, {"ProcReturnCode", r.Code}, {"TransId", o.OrderID},
		{"ErrMsg", payforText(r.Code, lang)}, {"CardHolderName", o.Card.Holder}, {"ArtiTaksit", "0"}, {"BankInternalResponseMessage", ""},
		{"PAYFORFROMXMLREQUEST", flag(as == faceXML, "1", "0")}, {"SESSION_SYSTEM_USER", "0"},
	}
	if r.Detail != "" {
		list = append(list, field{"IrcCode", r.Detail}, field{"IrcDet", payforText(r.Code, lang)})
	}
	return p.answer(as, "PayforResponse", list)
}

func flag(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// inquiry is the state of an order: its capture when there is one, else its own record (section 6.5).
func (p *payfor) inquiry(s serverCall) reply {
	o, ok := p.bank.books.find(s.key())
	late := ok && o.Hold != nil && p.bank.now().Before(o.Hold.BookedAt)
	if !ok || (late && !s.f.is(FaultDecline, FaultUnfinished)) { // those two lie about an order that is still being booked, too
		return p.notFound(s.as, StepInquiry, s.orderID, s.form, s.m)
	}
	r := o.Records[0]
	for _, next := range o.Records {
		if next.TxnType == "PostAuth" && next.Code == "00" {
			r = next
		}
	}
	switch {
	case o.Stage == StageAuthenticated, s.f.is(FaultUnfinished):
		r.Code, r.Status, r.Result, r.AuthCode, r.RRN = "V000", "N", "Failed", "", ""
	case s.f.is(FaultDecline):
		r.Code, r.Status, r.Result, r.AuthCode, r.RRN = s.f.text("05"), "N", "Failed", "", ""
	}
	lies(&o, &r, s.f)
	return p.answer(s.as, "PayforResponse", p.inquiryFields(o, r, s.m, s.as).list)
}

// inquiryFields are the callback's fields with the differences of section 6.5.
func (p *payfor) inquiryFields(o Order, r Record, m Merchant, as face) *payforFields {
	told := p.recordFields(o, r, m)
	told.rename("TransactionDate", "InsertDatetime")
	told.put("D3Stat", o.ThreeD)
	told.rename("D3Stat", "D3Status")
	told.drop("3DStatus")
	told.drop("RRN")
	told.put("HostRefNum", "")
	if o.Callback != nil {
		// The signature stays that of the callback (section 4.4).
		told.put("ResponseRnd", o.Callback.Rnd)
		told.put("ResponseHash", callbackHash(m.MerchantID, m.MerchantPass, o.OrderID, o.Callback.AuthCode, o.Callback.Code, o.ThreeD,
			o.Callback.Rnd, m.UserCode, m.SHA256))
	}
	yes, no := "true", "false"
	if p.bank.opts.Hostile && o.Seq%2 == 0 {
		yes, no = "True", "False" // any case (section 6.5)
	}
	told.put("PAYFORFROMXMLREQUEST", flag(as == faceXML, "1", "0"))
	told.put("IsVoided", flag(!r.VoidedAt.IsZero(), yes, no))
	told.put("IsRefunded", flag(o.Hold != nil && o.Hold.Refunded > 0, yes, no))
	told.put("TrxDate", r.At.In(turkey).Format("02.01.2006 15:04"))
	told.put("ReturnMessage", payforText(r.Code, o.Lang))
	return told
}

// unknown is the record of an order that the bank does not know.
func (p *payfor) unknown(orderID string, form params, m Merchant, as face) *payforFields {
	o := Order{Dialect: dialectPayFor, MbrID: m.MbrID, MerchantID: m.MerchantID, OrderID: orderID, Lang: form.get("Lang"),
		Echo: map[string]string{"PurchAmount": "0"}}
	told := p.inquiryFields(o, Record{Code: "V013", Detail: "99961", Status: "N", Result: "Failed"}, m, as)
	told.put("TrxDate", "01.01.0001 00:00")
	return told
}

func (p *payfor) notFound(as face, step, orderID string, form params, m Merchant) reply {
	if step != StepInquiry {
		return p.short(as, payforReason("", errNoOrder), Order{OrderID: orderID}, form)
	}
	return p.answer(as, "PayforResponse", p.unknown(orderID, form, m, as).list)
}

// history reports every attempt of an order, or of all orders of a day (section 6.6).
func (p *payfor) history(s serverCall) reply {
	b, now := p.bank, p.bank.now()
	id, day := s.form.get("OrderId"), s.form.get("ReqDate")
	if id == "" && day == "" {
		return p.short(s.as, Record{Code: "M028"}, Order{}, s.form)
	}
	orders := b.books.all(func(o *Order) bool {
		return o.Dialect == dialectPayFor && o.MbrID == s.m.MbrID && o.MerchantID == s.m.MerchantID && (id == "" || o.OrderID == id) &&
			(o.Hold == nil || !now.Before(o.Hold.BookedAt))
	})
	report := []fieldList{}
	for _, o := range orders {
		for i, r := range o.Records {
			if day != "" && r.At.In(turkey).Format("20060102") != day {
				continue
			}
			if i == 0 && o.Stage == StageAuthenticated {
				r.Code = "V000"
			}
			report = append(report, p.historyFields(o, i, r, s.m).list)
		}
	}
	if len(report) == 0 && id != "" {
		report = append(report, p.unknown(id, s.form, s.m, s.as).list)
	}
	return p.report(s.as, report)
}

func (p *payfor) historyFields(o Order, i int, r Record, m Merchant) *payforFields {
	told := p.inquiryFields(o, r, m, faceXML)
	told.put("HostRefNum", r.RRN)
	at := r.At.In(turkey)
	told.put("InsertDatetime", payforTime(r.At))
	told.put("lastUpdated", payforTime(r.At))
	told.put("status", "Active")
	told.put("PaymentSeq", decimalDigits(i+1))
	told.put("TxnAmount", currencyByCode(o.Currency).decimal(r.Amount))
	told.put("TerminalTxnType", r.TxnType)
	told.put("F12", unpadded(at.Format("150405")))
	told.put("F13", unpadded(at.Format("0102")))
	if i > 0 {
		told.put("F37_ORG", o.Records[0].RRN)
		told.put("F11_ORG", decimalDigits(o.Records[0].Stan))
		told.put("OrgTxnType", o.TxnType)
		told.put("RefundedAmount", "0")
	}
	if r.TxnType == "Refund" {
		// Of a failed refund too: the amount that was tried (section 6.6).
		told.put("RefundedAmount", currencyByCode(o.Currency).decimal(r.Amount))
	}
	told.put("IsBatchClosed", flag(o.Hold != nil && o.Hold.batchClosed(p.bank.now()), "True", "False"))
	return told
}

// answer writes a flat answer.
func (p *payfor) answer(as face, root string, list fieldList) reply {
	if as != faceXML {
		return message(as, list)
	}
	var s strings.Builder
	s.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\r\n<" + root + ">\r\n")
	p.elements(&s, list)
	s.WriteString("</" + root + ">")
	return body("text/xml; charset=utf-8", s.String())
}

// elements writes one element per field; a hostile bank breaks the line inside the empty ones (section 6).
func (p *payfor) elements(s *strings.Builder, list fieldList) {
	for _, f := range list {
		s.WriteString("<" + f.name + ">")
		if f.value == "" && p.bank.opts.Hostile {
			s.WriteString("\r\n    ")
		}
		// A strings.Builder takes everything.
		_ = xml.EscapeText(s, []byte(f.value))
		s.WriteString("</" + f.name + ">\r\n")
	}
}

// report writes a history.
func (p *payfor) report(as face, records []fieldList) reply {
	switch as {
	case faceJSON:
		list := make([]json.RawMessage, len(records))
		for i, r := range records {
			list[i] = json.RawMessage(`{"PaymentRequest":` + jsonObject(r) + `,"ExtraParameters":[],"IsOnUsCard":false}`)
		}
		return answerJSON(http.StatusOK, map[string]any{"PaymentRequestExtended": list})
	case faceText:
		var s strings.Builder
		for _, r := range records {
			s.WriteString(textLine(r) + "\r\n")
		}
		return body("text/plain; charset=utf-8", s.String())
	}
	var s strings.Builder
	s.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\r\n" + `<TxnHistoryReport xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="TxnHistoryReport.xsd">` + "\r\n")
	for _, r := range records {
		s.WriteString("<PaymentRequestExtended>\r\n<PaymentRequest xmlns=\"http://ocean.smartway.com/\">\r\n")
		p.elements(&s, r)
		s.WriteString("</PaymentRequest>\r\n<ExtraParameters></ExtraParameters>\r\n<IsOnUsCard>false</IsOnUsCard>\r\n</PaymentRequestExtended>\r\n")
	}
	s.WriteString("</TxnHistoryReport>")
	return body("text/xml; charset=utf-8", s.String())
}

// message writes the text and JSON faces.
func message(as face, list fieldList) reply {
	if as == faceJSON {
		return body("application/json; charset=utf-8", `{"PaymentRequest":`+jsonObject(list)+`,"PaymentAddress":[],"ExtraParameters":[],"IsOnUsCard":false}`)
	}
	return body("text/plain; charset=utf-8", textLine(list))
}

// textLine is Key=Value;;Key=Value.
func textLine(list fieldList) string {
	pairs := make([]string, len(list))
	for i, f := range list {
		pairs[i] = f.name + "=" + f.value
	}
	return strings.Join(pairs, ";;")
}

// jsonObject keeps the order of the fields; counters are numbers, as JsonGate writes them (section 1).
func jsonObject(list fieldList) string {
	var s strings.Builder
	s.WriteByte('{')
	for i, f := range list {
		if i > 0 {
			s.WriteByte(',')
		}
		s.WriteString(jsonText(f.name) + ":")
		switch f.name {
		case "Exponent", "UsedPoint", "RefundedPoint", "PaymentLinkId", "HasAddressCount":
			if digitsOnly(f.value) {
				s.WriteString(f.value)
				continue
			}
		}
		s.WriteString(jsonText(f.value))
	}
	s.WriteByte('}')
	return s.String()
}

func jsonText(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return `""` // not reached: every string has a JSON form
	}
	return string(text)
}

func body(kind, text string) reply {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, text)
	}
}

var _ dialect = (*payfor)(nil)

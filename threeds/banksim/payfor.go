package banksim

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The PayFor dialect of QNB Finansbank (MbrId 5) and Ziraat Katılım (MbrId 12), written from the payfor protocol sheet; section numbers
// in these files are that sheet's.
//
//	POST /payfor/…/Default.aspx   3DModel and 3DPay start (HTML); every server call in text form
//	POST /payfor/…/3DHost.aspx    3DHost start (HTML)
//	POST /payfor/…/XMLGate.aspx   every server call in XML
//	POST /payfor/…/JsonGate.aspx  every server call, form in, JSON out
//
// Whatever stands between /payfor and the page is ignored, so /payfor/Gateway/ and /payfor/Mpi/ are the same bank; MbrId tells the banks apart.
const dialectPayFor = "payfor"

// The secure types (section 2).
const (
	model3D     = "3DModel"
	model3DPay  = "3DPay"
	model3DHost = "3DHost"
	modelPlain  = "NonSecure"
	modelFinish = "3DModelPayment"
)

type payfor struct{ bank *Bank }

// refusal is why a message was not taken; the zero value is none.
type refusal struct {
	code   string
	detail string // IrcCode
	early  bool   // before the merchant record is loaded: signed with SHA-256 and without HashType (section 4.4)
}

func (p *payfor) serve(c *call) reply {
	path := asciiLower(c.r.URL.Path)
	page := path[strings.LastIndexByte(path, '/')+1:]
	known := slices.Contains([]string{"default.aspx", "3dhost.aspx", "xmlgate.aspx", "jsongate.aspx"}, page)
	switch {
	case !known:
		return notFound
	case c.r.Method != http.MethodPost:
		return p.loginPage
	case page == "xmlgate.aspx":
		return p.serverXML(c)
	case page == "jsongate.aspx":
		return p.server(c, c.form(), faceJSON)
	}
	form := c.form()
	model := form.get("SecureType")
	switch {
	case page == "3dhost.aspx", model == model3D, model == model3DPay, model == model3DHost:
		return p.open(c, form, page == "3dhost.aspx")
	}
	return p.server(c, form, faceText)
}

// loginPage is what a browser gets that just looks: PayFor's pages are also the merchants' log-in.
func (p *payfor) loginPage(w http.ResponseWriter, _ *http.Request) {
	htmlHead(w, http.StatusOK)
	_, _ = w.Write([]byte("<!DOCTYPE html><title>Login</title><h1>Payfor (TEST)</h1><p>This address takes POST.</p>"))
}

// open takes the first message of a 3-D payment (sections 3.2 to 3.5).
func (p *payfor) open(c *call, form params, hostPage bool) reply {
	b := p.bank
	o := p.draft(c, form)
	c.note(dialectPayFor, StepOpen, o.OrderID)
	f := b.faults.take(dialectPayFor, StepOpen, o.MerchantID, o.OrderID)
	return b.under(c.r.Context(), f, b.hold, func() reply {
		m, refused := p.check(c, form, &o, hostPage)
		if refused.code == "" && f.is(FaultDecline) {
			refused = refusal{code: f.text("V034")}
		}
		if refused.code == "" {
			refused = p.register(&o, form, m)
		}
		if refused.code != "" {
			return p.refuse(c, o, m, refused, f)
		}
		if f.is(FaultForgeHash, FaultDropHash, FaultWrongAmount, FaultWrongOrder, FaultWrongCurrency) {
			// The open step has no signature of its own: the lie waits for this order's callback. The list being full only means no lie.
			_, _ = b.faults.add(Fault{Dialect: dialectPayFor, Step: StepCallback, Fault: f.Fault, Value: f.Value, OrderID: o.OrderID, Times: 1})
		}
		switch {
		case o.Stage == StageCard:
			return b.handOver(c, o.Lang, b.insideAddress(c, o, cardPath), []field{{"threeDSSessionData", o.Session}})
		case partOf(o.Card.Script).silent:
			return p.settle(c, o, true)
		}
		return b.challengeForm(c, o)
	})
}

// draft is the order as the message describes it, believed or not, so that a refusal can echo it.
func (p *payfor) draft(c *call, form params) Order {
	echo := map[string]string{"RequestIp": remoteIP(c.r)}
	for _, name := range []string{"PurchAmount", "Currency", "OkUrl", "FailUrl", "Rnd", "Hash", "UserCode", "InstallmentCount", "TerminalID",
		"Description", "SubMerchantCode", "BonusAmount", "OrgOrderId", "TemplateType"} {
		if v := form.get(name); v != "" {
			echo[name] = v
		}
	}
	echo["Description"] = mask(echo["Description"]) // free text, the one place where a careless shop could put a card number
	return Order{Dialect: dialectPayFor, MbrID: form.get("MbrId"), MerchantID: form.get("MerchantID"), OrderID: form.get("OrderId"),
		Model: form.get("SecureType"), TxnType: form.get("TxnType"), Lang: form.get("Lang"), Echo: echo, OpenedAt: p.bank.now()}
}

// check makes the opening checks in the order of section 10 and fills in what they read. The card comes in register.
func (p *payfor) check(c *call, form params, o *Order, hostPage bool) (Merchant, refusal) {
	early := func(code string) (Merchant, refusal) { return Merchant{}, refusal{code: code, early: true} }
	switch {
	case len(form) == 0:
		return early("M043")
	case o.MbrID == "":
		return early("M013")
	case o.MerchantID == "":
		return early("M024")
	}
	m, ok := p.bank.merchant(dialectPayFor, o.MbrID, o.MerchantID)
	switch {
	case !ok:
		return early("V001")
	case form.get("UserCode") == "":
		return m, refusal{code: "M016", early: true}
	case form.get("UserCode") != m.UserCode:
		return m, refusal{code: "V035", early: true}
	case m.ServerOnly && fromBrowser(c.r):
		return m, refusal{code: "M047", early: true}
	}
	for _, judge := range []func() string{
		func() string { return p.checkModel(m, *o, hostPage) },
		func() string { return checkOrderID(o.OrderID) },
		func() string { return checkAddresses(form) },
		func() string { return p.checkMoney(m, form, o) },
		func() string { return p.checkHabits(m, form, o) },
	} {
		if code := judge(); code != "" {
			return m, refusal{code: code, early: true}
		}
	}
	if form.get("Hash") != requestHash(form, m) {
		return m, refusal{code: "M030"}
	}
	return m, refusal{}
}

func (p *payfor) checkModel(m Merchant, o Order, hostPage bool) string {
	switch {
	case o.Model != model3D && o.Model != model3DPay && o.Model != model3DHost:
		return "M014"
	case !m.allowsModel(o.Model), hostPage != (o.Model == model3DHost):
		return "M021"
	case o.TxnType != "Auth" && o.TxnType != "PreAuth":
		return "M015"
	}
	return ""
}

func checkOrderID(id string) string {
	switch {
	case id == "":
		return "M028"
	case len(id) > 50:
		return "M025"
	}
	return ""
}

func checkAddresses(form params) string {
	absolute := func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
	}
	switch {
	case !absolute(form.get("FailUrl")):
		return "M007"
	case !absolute(form.get("OkUrl")):
		return "M010"
	case len(form.get("OkUrl")) > 200:
		return "M038"
	}
	return ""
}

// checkMoney reads amount and currency. The limits are those of section 2; yen may be written with or without the two zeros, because
// the sheet leaves that open, but never with a fraction.
func (p *payfor) checkMoney(m Merchant, form params, o *Order) string {
	amount, code := payforAmount(form.get("PurchAmount"), m.LooseAmount, form.get("Currency") == "392")
	if code != "" {
		return code
	}
	number := form.get("Currency")
	cur, known := currencyByNumber(number)
	switch {
	case number == "":
		return "M003"
	case !known:
		return "M002"
	case !m.allowsCurrency(cur.code):
		return "V030"
	case cur.exponent == 0 && amount%100 != 0:
		return "M050"
	case cur.exponent == 0:
		amount /= 100
	}
	o.Amount, o.Currency = amount, cur.code
	return ""
}

// payforAmount reads hundredths: exactly two decimals after a point unless the merchant is loose (section 2: the bank asked for that in 2026).
func payforAmount(text string, loose, yen bool) (int64, string) {
	if text == "" {
		return 0, "M012"
	}
	amount, decimals, ok := parseDecimal(text)
	switch {
	case !ok || len(text) > 20, !loose && decimals != 2 && (!yen || decimals != -1):
		return 0, "M004"
	case amount < 1 || amount > 200_000_00:
		return 0, "M019"
	}
	return amount, ""
}

// checkHabits holds the strictnesses of 2026 (section 2): instalments 0 and never 1, Lang in upper case, MOTO always there.
func (p *payfor) checkHabits(m Merchant, form params, o *Order) string {
	count, code := payforInstallments(form.get("InstallmentCount"), m.LooseInstallments)
	if code != "" {
		return code
	}
	o.Installments = count
	lang, moto := form.get("Lang"), form.get("MOTO")
	switch {
	case lang != "TR" && lang != "EN" && !m.LooseLang:
		return "M048"
	case moto != "0" && moto != "1" && !(moto == "" && m.LooseMOTO):
		return "M048"
	}
	return ""
}

func payforInstallments(text string, loose bool) (int, string) {
	if loose && (text == "" || text == "1") {
		return 0, ""
	}
	if !digitsOnly(text) || len(text) > 3 || (len(text) > 1 && text[0] == '0') || text == "1" {
		return 0, "M020"
	}
	count, err := strconv.Atoi(text)
	if err != nil || count > 36 {
		return 0, "V024"
	}
	return count, ""
}

// fromBrowser recognises a card holder's browser by what only browsers send.
func fromBrowser(r *http.Request) bool {
	h := r.Header
	return h.Get("Sec-Fetch-Mode") != "" || h.Get("Origin") != "" ||
		(strings.Contains(h.Get("Accept"), "text/html") && strings.HasPrefix(h.Get("User-Agent"), "Mozilla/"))
}

// register looks at the card and enters the order into the books, where its number is taken for ever. A number used before is
// refused ahead of a bad card (section 10).
func (p *payfor) register(o *Order, form params, m Merchant) refusal {
	b := p.bank
	if _, taken := b.books.find(o.key()); taken {
		return refusal{code: "101310", early: true}
	}
	o.Stage, o.Session = StageCard, b.token()
	if o.Model != model3DHost {
		card := typedCard{form.get("Pan"), form.get("Expiry"), form.get("Cvv2"), form.get("CardHolderName")}
		if code := card.payforCode(); code != "" {
			return refusal{code: code}
		}
		o.Stage, o.Card = StageChallenge, card.remember(b.now())
	}
	o.Records = []Record{{TxnType: o.TxnType, Amount: o.Amount, Code: "V000", Trail: "1", Status: "N", Result: "Failed", At: b.now()}}
	opened, err := b.books.open(*o)
	switch {
	case errors.Is(err, errTaken):
		return refusal{code: "101310", early: true}
	case err != nil:
		return refusal{code: "V003"}
	}
	*o = opened
	return refusal{}
}

// payforCode is what is wrong with a card as typed, empty when nothing is.
func (t typedCard) payforCode() string {
	switch {
	case t.number == "":
		return "M008"
	case !validExpiry(t.expiry):
		return "M006"
	case len(t.cvv) < 3 || len(t.cvv) > 4 || !digitsOnly(t.cvv):
		return "M005"
	case !validPAN(t.number):
		return "M041"
	}
	return ""
}

// enter takes the card from the hosted page. The codes are those of words, so that the payer reads what to mend.
func (p *payfor) enter(c *call, o Order, card typedCard) (reply, refusal) {
	switch card.payforCode() {
	case "":
	case "M006":
		return nil, refusal{code: "expiryBad"}
	case "M005":
		return nil, refusal{code: "cvvBad"}
	default:
		return nil, refusal{code: "panBad"}
	}
	o, err := p.bank.books.change(o.key(), func(o *Order) error {
		if o.Stage != StageCard {
			return errStage
		}
		o.Stage, o.Card = StageChallenge, card.remember(p.bank.now())
		o.Records[0].Trail = "1,2"
		return nil
	})
	switch {
	case err != nil && !errors.Is(err, errStage):
		return brokenPage, refusal{}
	case o.Stage == StageChallenge && !partOf(o.Card.Script).silent:
		return seeOther(challengePath + "/" + o.Session), refusal{}
	}
	return p.settle(c, o, true), refusal{}
}

// settle ends the 3-D step and, in the one-step models, takes the money; then it sends the browser back.
func (p *payfor) settle(c *call, o Order, passed bool) reply {
	b := p.bank
	f := b.faults.take(dialectPayFor, StepCallback, o.MerchantID, o.OrderID)
	if f == nil && o.Model != model3D && o.ThreeD == "" && passed {
		// In the one-step models the money step lies inside: 901 is charged and never sent back, 902 neither, 903 sent back unreadable.
		if f = scripted(o.Card); f.is(FaultReset) {
			f = &Fault{Fault: FaultTimeoutBefore}
		}
	}
	act := func() reply {
		done, err := b.books.change(o.key(), func(o *Order) error { return p.conclude(o, passed, f) })
		if err != nil && !errors.Is(err, errStage) {
			return brokenPage
		}
		return p.callback(c, done, f)
	}
	if f.is(FaultGarbage, FaultDuplicate) {
		return act() // told in the callback's own fields
	}
	return b.under(c.r.Context(), f, b.lostPage(c, o.Lang), act)
}

// conclude writes the outcome of the 3-D step into the order: section 4.2, row by row.
func (p *payfor) conclude(o *Order, passed bool, f *Fault) error {
	if o.Stage != StageChallenge && o.Stage != StageCard {
		return errStage
	}
	b, now, play := p.bank, p.bank.now(), partOf(o.Card.Script)
	r := &o.Records[0]
	o.Stage = StageDone
	o.ThreeD = play.status
	host := ""
	if o.Model == model3DHost {
		host = "2,"
	}
	m, _ := b.merchantOf(*o)
	half := play.status != "1" && play.status != "0"
	switch {
	case !passed, f.is(FaultDecline), play.status == "0", half && o.Model != model3D && !m.HalfSecure:
		if !passed || f.is(FaultDecline) {
			o.ThreeD = "-1"
		}
		r.Code, r.Detail, r.Trail, r.Status, r.Result = "MR15", "MR15", "1,"+host+"4,5", "N", "Failed"
		switch {
		case o.Model == model3D:
			r.Code = "V034"
		case o.Model == model3DHost:
			r.Status = "P"
		}
		r.Code = declineCode(f, r.Code)
	case o.Model == model3D:
		o.Stage = StageAuthenticated
		r.Code, r.Trail, r.Status, r.Result = "V033", "1,3,5", "N", "Failed"
	default:
		r.Trail = "1," + host + "3,10,5"
		p.issuer(o, r, play.code, o.Amount, now)
	}
	r.At = now
	r.Rnd = "PF" + strconv.FormatInt(b.books.tick(now), 10)
	copied := *r
	o.Callback = &copied
	return nil
}

// declineCode is the code a decline fault asks for, or what would be said anyway.
func declineCode(f *Fault, otherwise string) string {
	if f.is(FaultDecline) {
		return f.text(otherwise)
	}
	return otherwise
}

// issuer asks the card's bank for amount and writes its word into r. The caller is inside change.
func (p *payfor) issuer(o *Order, r *Record, code string, amount int64, bookedAt time.Time) {
	now := p.bank.now()
	r.Stan, r.At, r.Code, r.Status, r.Result = p.bank.books.nextStan(), now, code, "N", "Failed"
	if code != "00" {
		return
	}
	r.AuthCode, r.RRN = authCode(r.Stan), retrieval(now, r.Stan)
	r.Status, r.Result, r.Amount = "Y", "Success", amount
	o.authorize(r, amount, bookedAt)
}

// authCode has the shape of the test system's: S and five digits, the last ones of the message number (sections 2 and 5).
func authCode(stan int) string {
	return "S" + strconv.Itoa(100_000 + stan%100_000)[1:]
}

// callback is the page that carries the recorded outcome to the merchant, with the lies f asks for.
func (p *payfor) callback(c *call, o Order, f *Fault) reply {
	if o.Callback == nil {
		return brokenPage
	}
	c.note(dialectPayFor, StepCallback, o.OrderID)
	m, _ := p.bank.merchantOf(o)
	r := *o.Callback
	address := o.Echo["FailUrl"]
	if r.Code == "00" || r.Code == "V033" {
		address = o.Echo["OkUrl"]
	}
	lies(&o, &r, f)
	told := p.recordFields(o, r, m)
	told.put("ReturnUrl", address)
	p.sign(told, m, o, r, m.SHA256, f)
	return p.send(c, told, o.Lang, address, f)
}

// refuse answers an opening that was not taken: the same fields, RequestGuid 0 and nothing of the merchant's record (section 10). Without
// an address to go back to it is a line of text.
func (p *payfor) refuse(c *call, o Order, m Merchant, why refusal, f *Fault) reply {
	r := Record{TxnType: o.TxnType, Code: why.code, Detail: why.detail, Trail: "1,5",
		Rnd: "PF" + strconv.FormatInt(p.bank.books.nextTicks(p.bank.now()), 10)}
	if checkAddresses(params{"failurl": o.Echo["FailUrl"], "okurl": "http://any"}) != "" {
		return message(faceText, fieldList{{"ProcReturnCode", why.code}, {"ErrMsg", payforText(why.code, o.Lang)},
			{"TransId", o.OrderID}})
	}
	o.Seq, o.ThreeD, o.Session = 0, "-1", ""
	lies(&o, &r, f)
	told := p.recordFields(o, r, Merchant{})
	told.put("ReturnUrl", o.Echo["FailUrl"])
	told.put("D3Stat", "")
	p.sign(told, m, o, r, why.early || m.SHA256, f)
	return p.send(c, told, o.Lang, o.Echo["FailUrl"], f)
}

// lies changes what an answer says about an order.
func lies(o *Order, r *Record, f *Fault) {
	switch {
	case f.is(FaultWrongAmount):
		o.Amount += f.number(100)
		r.Amount = o.Amount
		o.Echo = changed(o.Echo, "PurchAmount", currencyByCode(o.Currency).decimal(o.Amount))
	case f.is(FaultWrongCurrency):
		o.Echo = changed(o.Echo, "Currency", f.text("840"))
	case f.is(FaultWrongOrder):
		o.OrderID = f.text(o.OrderID + "X")
	}
}

// changed is echo with one other value; the stored order keeps its own.
func changed(echo map[string]string, name, value string) map[string]string {
	next := map[string]string{name: value}
	for k, v := range echo {
		if k != name {
			next[k] = v
		}
	}
	return next
}

// sign writes the signature of section 4.4 and which hash it is. Ziraat Katılım and the early refusals use SHA-256 and do not say so;
// of the SHA-1 messages a hostile bank sends both generations, with HashType (2022) and without (2024).
func (p *payfor) sign(told *payforFields, m Merchant, o Order, r Record, sha256 bool, f *Fault) {
	hash := callbackHash(m.MerchantID, m.MerchantPass, o.OrderID, r.AuthCode, r.Code, o.ThreeD, r.Rnd, m.UserCode, sha256)
	if m.MerchantPass == "" {
		hash = "" // nobody's secret to sign with
	}
	switch {
	case f.is(FaultForgeHash):
		hash = callbackHash("forged", hash, r.Rnd, "", "", "", "", "", sha256)
	case f.is(FaultGarbage):
		hash = "%%not*a-hash%%"
	case f.is(FaultDropHash):
		hash = ""
	}
	told.put("ResponseHash", hash)
	told.put("ResponseRnd", r.Rnd)
	if f.is(FaultDropHash) && f.text("") != "empty" {
		told.drop("ResponseHash")
	}
	switch {
	case sha256, p.bank.opts.Hostile && o.Seq%3 == 0:
		told.put("ArtiTaksit", "0")
		told.put("AuthId", "")
	default:
		told.put("HashType", "Sha1")
	}
}

// send shuffles what a hostile bank shuffles and hands the fields to the browser.
func (p *payfor) send(c *call, told *payforFields, lang, address string, f *Fault) reply {
	b := p.bank
	list := told.list
	twice := f.is(FaultDuplicate)
	if b.opts.Hostile {
		list = slices.Clone(list)
		for i := len(list) - 1; i > 0; i-- {
			j := b.pick(i + 1)
			list[i], list[j] = list[j], list[i]
		}
		for i := range list {
			if list[i].name == "MerchantID" && b.pick(2) == 0 {
				list[i].name = "MerchantId" // both spellings are in use (section 1)
			}
		}
		twice = twice || b.pick(8) == 0
	}
	return b.sendBack(c, lang, address, list, twice)
}

// requestHash is the signature an opening must carry (section 3.3): values exactly as posted, no separators.
func requestHash(form params, m Merchant) string {
	sum := sha1.Sum([]byte(form.get("MbrId") + form.get("OrderId") + form.get("PurchAmount") + form.get("OkUrl") + form.get("FailUrl") +
		form.get("TxnType") + form.get("InstallmentCount") + form.get("Rnd") + m.MerchantPass))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// callbackHash is the signature of what the bank says (section 4.4).
func callbackHash(merchantID, merchantPass, orderID, authCode, code, threeD, rnd, userCode string, long bool) string {
	plain := []byte(merchantID + merchantPass + orderID + authCode + code + threeD + rnd + userCode)
	if long {
		sum := sha256.Sum256(plain)
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	sum := sha1.Sum(plain)
	return base64.StdEncoding.EncodeToString(sum[:])
}

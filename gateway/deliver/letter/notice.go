package letter

import (
	"strconv"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

// tones are the colours of notices.
var tones = map[string]string{
	"payment.paid": "good", "payment.declined": "bad", "payment.pending": "wait", "payment.voided": "wait", "payment.refunded": "wait",
}

// notice tells a merchant of an event. Of the card it shows what the API does, and in a text message nothing (J6).
func notice(l *templates.Locale, f checkout.LetterFacts) checkout.Letter {
	sum := amount(l, f.Link)
	if p := f.Payment; p != nil {
		sum = l.Money(p.Total.Minor, string(p.Total.Currency))
		if f.Topic == "payment.refunded" {
			sum = l.Money(p.Refunded, string(p.Total.Currency))
		}
	}
	key := "mail.notice." + f.Topic
	told := []string{"amount", sum, "order", string(f.Link.Order)}
	title := l.Text(key+".title", told...)
	if f.Channel == checkout.ChannelSMS {
		return checkout.Letter{Text: short(l, f.Merchant, l.Text("mail.sms.notice", "merchant", line(f.Merchant.Name), "text", title))}
	}
	out := frame(l, f.Merchant)
	out.ReplyTo = ""
	out.Subject, out.Text, out.Sum, out.Tone = line(title), l.Text(key+".text", told...), sum, tones[f.Topic]
	out.Rows = noticeRows(l, f)
	out.Foot = []string{l.Text("mail.notice_foot", "merchant", f.Merchant.Name)}
	return out
}

// noticeRows are the facts of an event.
func noticeRows(l *templates.Locale, f checkout.LetterFacts) []checkout.LetterRow {
	all := []string{
		l.Text("mail.row.order"), string(f.Link.Order),
		l.Text("mail.row.description"), calm(f.Link.Description),
		l.Text("mail.row.customer"), calm(f.Link.Customer.Name),
	}
	p := f.Payment
	if p == nil {
		return rows(append(all, l.Text("mail.row.until"), l.When(f.Link.ExpiresAt))...)
	}
	card, count, reason := "", "", ""
	if p.Card.Last4 != "" {
		card = line(l.Text("brand."+string(p.Card.Brand)) + " •••• " + p.Card.Last4)
	}
	if p.Installments > 1 {
		count = strconv.Itoa(p.Installments)
	}
	if p.Decline.Code != "" {
		reason = l.Text("decline.generic")
		if key := "decline." + string(p.Decline.Code); l.Has(key) {
			reason = l.Text(key)
		}
		reason += " (" + string(p.Decline.Code) + ")"
	}
	if f.Topic == "payment.refunded" {
		all = append(all, l.Text("mail.row.total"), l.Money(p.Total.Minor, string(p.Total.Currency)))
	}
	at := p.UpdatedAt
	if f.Topic == "payment.paid" && !p.PaidAt.IsZero() {
		at = p.PaidAt
	}
	all = append(all,
		l.Text("mail.row.card"), card,
		l.Text("mail.row.bank"), p.Card.Issuer,
		l.Text("mail.row.installments"), count,
		l.Text("mail.row.reason"), reason,
		l.Text("mail.row.auth"), p.AuthCode,
		l.Text("mail.row.reference"), p.ID.Reference(),
		l.Text("mail.row.items"), calm(checkout.ItemLine(p.Items)),
		l.Text("mail.row.note"), calm(p.PayerNote),
	)
	for _, a := range p.Answers {
		all = append(all, calm(a.Label.In(l.Code)), calm(a.Shown()))
	}
	return rows(append(all, l.Text("mail.row.time"), l.When(at))...)
}

package letter

import (
	"strconv"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

// agreed brings a consumer a copy of what was agreed to; the texts themselves are attached as they were shown
// (Regulation on Distance Contracts, article 6: confirmed in writing or on a permanent data carrier).
func agreed(l *templates.Locale, f checkout.LetterFacts) checkout.Letter {
	p := f.Payment
	total, count := l.Money(p.Total.Minor, string(p.Total.Currency)), ""
	if p.Installments > 1 {
		count = strconv.Itoa(p.Installments)
	}
	told := []string{"merchant", line(f.Merchant.Name), "amount", total, "order", string(p.Order)}
	out := frame(l, f.Merchant)
	out.Subject, out.Text, out.Sum, out.Tone = line(l.Text("mail.agreed.subject", told...)), l.Text("mail.agreed.text", told...), total, "good"
	out.Rows = rows(
		l.Text("mail.row.order"), string(p.Order),
		l.Text("mail.row.description"), calm(f.Link.Description),
		l.Text("mail.row.items"), calm(checkout.ItemLine(p.Items)),
		l.Text("mail.row.installments"), count,
		l.Text("mail.row.time"), l.When(p.PaidAt),
		l.Text("mail.row.reference"), p.ID.Reference(),
	)
	out.Foot = append(out.Foot, l.Text("mail.agreed.foot", told...), contact(f.Merchant))
	return out
}

package seed

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// VisitCookie is the panel's cookie, over http.
const VisitCookie = "odelink_panel"

// Visitor is somebody who is signed in at the panel of the first merchant.
type Visitor struct {
	User   checkout.UserID
	Secret string // of the cookie
}

// SignIn makes a user of the first merchant, who sees all or his own links only, and a visit of his, under the keyed
// hash of what his cookie holds (gateway/panel/door.go).
func (l *Ledger) SignIn(ctx context.Context, role checkout.Role, own bool) (Visitor, error) {
	id := l.live.User()
	v := Visitor{User: id, Secret: l.live.Secret(43)}
	u := checkout.User{ID: id, Email: strings.ToLower(string(id)) + "@ahsap.example", Name: "Derya Ak", Password: checkout.Hidden("nobody signs in with it"), Version: 1, CreatedAt: l.began, UpdatedAt: l.began}
	visit := checkout.Visit{
		Hash: l.Store.HashKey("visit " + v.Secret), User: id, Merchant: l.Merchant, Stage: checkout.StageIn, IP: "127.0.0.1", Agent: "seed",
		CreatedAt: l.began, SeenAt: l.began, EndsAt: l.began.Add(checkout.VisitMost),
	}
	err := l.Store.SaveUser(ctx, u)
	if err == nil {
		m := checkout.Member{Merchant: l.Merchant, User: id, Role: role, OwnLinks: own, CreatedAt: l.began}
		err = l.Store.SaveMember(ctx, m, l.event(l.Merchant, string(l.Merchant), "member.saved"))
	}
	if err == nil {
		err = l.Store.OpenVisit(ctx, visit)
	}
	return v, err
}

// PanelPages are addresses of the panel that a merchant with a filled ledger opens: lists with each filter and with
// what people type, first pages and following ones, and single links and payments, those with the longest history
// among them. Pages without parameters are not among them.
func (l *Ledger) PanelPages(ctx context.Context) ([]string, error) {
	named, err := l.Store.LinkByToken(ctx, Token(8))
	if err != nil {
		return nil, err
	}
	heavy, quiet := "/panel/links/"+string(linkID(7)), "/panel/links/"+string(linkID(Unpaid(0)))
	pages := []string{
		heavy, heavy + "/edit", heavy + "/print", quiet, quiet + "/edit", "/panel/links/new?from=" + string(linkID(7)),
		"/panel/payments?link=" + string(linkID(7)), "/panel/payments?attention=true", "/panel/payments?min=100,07&max=100,07", "/panel/payments?min=100&max=300",
		"/panel/payments?currency=EUR", "/panel/payments?currency=JPY", "/panel/payments?acquirer=" + string(l.merchants[0].accounts[1].ID),
	}
	for _, s := range checkout.Statuses {
		pages = append(pages, "/panel/payments?status="+string(s))
	}
	for _, s := range []checkout.LinkStatus{checkout.LinkActive, checkout.LinkScheduled, checkout.LinkPaid, checkout.LinkExpired, checkout.LinkDeleted} {
		pages = append(pages, "/panel/links?status="+string(s))
	}
	for _, typed := range []string{"Özel ders", "Ayşe Yılmaz", "musteri8@ornek.example", string(named.Order), "9999", "250,00", "415565******0042", "kimse böyle aramadı"} {
		pages = append(pages, "/panel/links?q="+url.QueryEscape(typed), "/panel/payments?q="+url.QueryEscape(typed))
	}
	day := func(ago int) string { return l.began.AddDate(0, 0, -ago).Format(time.DateOnly) }
	for _, list := range []string{"/panel/links", "/panel/payments", "/panel/reports/links", "/panel/reports/payments", "/panel/reports/refunds", "/panel/reports/installments",
		"/panel/reports/declines", "/panel/reports/settlement", "/panel/settings/audit", "/panel/invoices"} {
		pages = append(pages, list+"?from="+day(1)+"&to="+day(1), list+"?from="+day(30)+"&to="+day(0))
	}
	more, err := l.found(ctx)
	return append(pages, more...), err
}

// found are pages whose addresses stand in the ledger.
func (l *Ledger) found(ctx context.Context) (pages []string, err error) {
	links, nextLinks, err := l.Store.SearchLinks(ctx, checkout.LinkQuery{Merchant: l.Merchant, Limit: 50})
	payments, nextPayments, paymentsErr := l.Store.SearchPayments(ctx, checkout.PaymentQuery{Merchant: l.Merchant, Limit: 50, Status: checkout.StatusPaid})
	refunded, _, refundedErr := l.Store.SearchPayments(ctx, checkout.PaymentQuery{Merchant: l.Merchant, Limit: 1, Status: checkout.StatusRefunded})
	if err = errors.Join(err, paymentsErr, refundedErr); err != nil {
		return nil, err
	}
	for _, link := range links[:min(1, len(links))] {
		pages = append(pages, "/panel/links/"+string(link.ID), "/panel/links?cursor="+nextLinks)
	}
	for _, p := range payments[:min(1, len(payments))] {
		pages = append(pages, "/panel/payments?cursor="+nextPayments)
		for _, typed := range []string{string(p.ID), p.ID.Reference(), p.RRN, p.AuthCode, string(p.BankOrder)} {
			pages = append(pages, "/panel/payments?q="+url.QueryEscape(typed))
		}
	}
	for _, p := range append(payments[:min(1, len(payments))], refunded...) {
		pages = append(pages, "/panel/payments/"+string(p.ID), "/panel/payments/"+string(p.ID)+"/evidence")
	}
	return pages, nil
}

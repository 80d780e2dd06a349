package sqlstore

import (
	"math"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Questions that have to be answered from an index, for a test that asks the engines for their plans.
func PaymentSearch(q checkout.PaymentQuery) (text string, args []any, err error) {
	return PaymentSearchHinted(q, false)
}

func PaymentSearchHinted(q checkout.PaymentQuery, hints bool) (text string, args []any, err error) {
	return paymentSearch(q, defaultPage, hints, meant{})
}

// PaymentWalk is the question where a text names many links.
func PaymentWalk(q checkout.PaymentQuery, hints bool) (text string, args []any, err error) {
	return paymentSearch(q, defaultPage, hints, meant{walk: true})
}

// LinkSearch is the question for a page of links, of which a text names these or many.
func LinkSearch(q checkout.LinkQuery, few []checkout.LinkID) (text string, args []any, err error) {
	return linkSearch(q, defaultPage, 1, meant{few: few != nil, links: few})
}

func TextSearch(m checkout.MerchantID, maker checkout.UserID, typed string) (text string, args []any) {
	return textSearch(m, maker, typed)
}

func PaymentSums(q checkout.PaymentQuery) (text string, args []any, err error) {
	return paymentSums(q, checkout.MostSummed, false)
}

func AttentionOf(m checkout.MerchantID, of []checkout.PaymentID) (text string, args []any) {
	return attentionOf(m, of)
}

func TrailsOf(m checkout.MerchantID, of []checkout.PaymentID) (text string, args []any) {
	return trailsOf(m, of)
}

func ReportPayments(q checkout.ReportQuery) (text string, args []any) { return reportPayments(q) }

func ReportRefused(q checkout.ReportQuery) (text string, args []any) { return reportRefused(q) }

func ReportChargebacks(q checkout.ReportQuery) (text string, args []any) { return reportChargebacks(q) }

func OpenChargebacks(m checkout.MerchantID) (text string, args []any) { return openChargebacks(m, "") }

func ReportSold(q checkout.ReportQuery) (text string, args []any) { return reportSold(q) }

// ProductSearch is the question for a page of a catalogue.
func ProductSearch(q checkout.ProductQuery) (text string, args []any, err error) {
	return productSearch(q, defaultPage)
}

func ReportCollected(q checkout.ReportQuery) (text string, args []any) { return reportCollected(q) }

func CollectedByCount(q checkout.ReportQuery) (text string, args []any) { return collectedByCount(q) }

func PaidGroups(m checkout.MerchantID, maker checkout.UserID, from, to time.Time) (text string, args []any) {
	return paidGroups(m, maker, from, to)
}

// CallingEvents is the first question of a list of what calls for a person.
func CallingEvents(q checkout.PaymentQuery) (text string, args []any) {
	return callingQuestion(q, spot{at: math.MaxInt64}, callingEvents)
}

func Calling(m checkout.MerchantID, maker checkout.UserID, most int) (text string, args []any) {
	return calling(m, maker, most)
}

// StopQuestions are those of links' pages and lists, and of every first screen.
func StopQuestions(m checkout.MerchantID, maker checkout.UserID, id checkout.LinkID) map[string]func() (string, []any) {
	return map[string]func() (string, []any){
		"stops_link":     func() (string, []any) { return stopsOf(m, id, 50) },
		"stops_merchant": func() (string, []any) { return stopsNow(m, []checkout.LinkID{id, "lnk_2"}, 1) },
		"stops_merchant of a first screen": func() (string, []any) {
			return stopping(m, maker, 1, 100)
		},
		"links_resting": func() (string, []any) { return resting(m, maker, 1, 100) },
	}
}

var LiveQuestion, EndingQuestion = liveQuestion, ending

// CursorAt names a row of a list.
func CursorAt(micros int64, id string) string { return makeCursor(fromMicros(micros), id) }

// PaymentWrites are the statements that a payment's steps write with, in SQLite.
func PaymentWrites() []string {
	return []string{payments.one, paymentMove.one, linkCounters.one, events.one, outbox.one}
}

// MessageSearch is the question for a page of messages.
func MessageSearch(q checkout.MessageQuery) (text string, args []any, err error) {
	return messageSearch(q, defaultPage)
}

// Counters is the row by which a payment changes its link's counters, and the same chosen from the whole row.
func Counters(l checkout.Link, seq, former int64, head []byte) (got, want []any, err error) {
	state := &linkState{linkRow: linkRow{Link: l, changedAt: 7, seq: seq, head: head}, rev0: former}
	values, err := state.values()
	return state.counters(), linkCounters.pick(values, former), err
}

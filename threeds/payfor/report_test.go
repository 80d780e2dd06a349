package payfor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// history is a day's report of records, as the sheet describes it.
func history(records ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\r\n" + `<TxnHistoryReport xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`)
	for _, r := range records {
		flat := strings.TrimSuffix(strings.TrimPrefix(r[strings.Index(r, "<PayforResponse>"):], "<PayforResponse>"), "</PayforResponse>")
		b.WriteString(`<PaymentRequestExtended><PaymentRequest xmlns="http://ocean.smartway.com/">` + flat + "</PaymentRequest><ExtraParameters></ExtraParameters><IsOnUsCard>false</IsOnUsCard></PaymentRequestExtended>")
	}
	return b.String() + "</TxnHistoryReport>"
}

func attempt(pairs ...string) string {
	return record(append([]string{"InsertDatetime", "2026-11-22T14:30:05", "TxnAmount", "250.00"}, pairs...)...)
}

func TestDayMessage(t *testing.T) {
	c := newCase(t, Mode3DModel)
	c.reply = history()
	lines, err := c.acq.(checkout.Lister).List(t.Context(), "2026-11-22")
	if err != nil || len(lines) != 0 {
		t.Fatalf("%v %v", lines, err)
	}
	want := `<SecureType>Report</SecureType><TxnType>TxnHistory</TxnType><ReqDate>20261122</ReqDate><Lang>TR</Lang></PayforRequest>`
	if got := c.calls[0].Get("xml"); !strings.HasSuffix(got, want) {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
}

func TestDayAnswers(t *testing.T) {
	for name, tc := range map[string]struct{ reply, want string }{
		"a sale":                        {history(attempt()), "sale done ODQ7ZK2MABCDEFGHIJKX 632610040917/S40917 250.00 TRY 11:30:05"},
		"a sale that was voided":        {history(attempt("TxnStatus", "V", "IsVoided", "True")), "sale voided ODQ7ZK2MABCDEFGHIJKX 632610040917/S40917 250.00 TRY 11:30:05"},
		"a void":                        {history(attempt("TxnType", "Void", "HostRefNum", "632610040999")), "void done ODQ7ZK2MABCDEFGHIJKX 632610040999/S40917 250.00 TRY 11:30:05"},
		"a refund, by its own amount":   {history(attempt("TxnType", "Refund", "TxnAmount", "10.00")), "refund done ODQ7ZK2MABCDEFGHIJKX 632610040917/S40917 10.00 TRY 11:30:05"},
		"a refund that failed":          {history(attempt("TxnType", "Refund", "ProcReturnCode", "V014")), "refund failed ODQ7ZK2MABCDEFGHIJKX 632610040917/S40917 250.00 TRY 11:30:05"},
		"a decline":                     {history(attempt("ProcReturnCode", "51", "AuthCode", "")), "sale failed ODQ7ZK2MABCDEFGHIJKX 632610040917/ 250.00 TRY 11:30:05"},
		"one that is still open":        {history(attempt("ProcReturnCode", "V000", "AuthCode", "")), "sale failed ODQ7ZK2MABCDEFGHIJKX 632610040917/ 250.00 TRY 11:30:05"},
		"a follow-up names its order":   {history(attempt("TxnType", "Void", "OrderId", "X1", "OrgOrderId", "ODQ7ZK2MABCDEFGHIJKX")), "void done ODQ7ZK2MABCDEFGHIJKX 632610040917/S40917 250.00 TRY 11:30:05"},
		"two":                           {history(attempt(), attempt("OrderId", "B")), "sale done ODQ7ZK2MABCDEFGHIJKX 632610040917/S40917 250.00 TRY 11:30:05|sale done B 632610040917/S40917 250.00 TRY 11:30:05"},
		"what moves no money":           {history(attempt("TxnType", "PreAuth"), attempt("TxnType", "BatchClose")), ""},
		"no order":                      {history(attempt("OrderId", "", "ProcReturnCode", "V013")), ""},
		"a failure that cannot be read": {history(attempt("ProcReturnCode", "51", "PurchAmount", "x")), ""},
		"money that cannot be read":     {history(attempt("PurchAmount", "x")), "error"},
		"a time that cannot be read":    {history(attempt("InsertDatetime", "x")), "error"},
		"a currency that nobody knows":  {history(attempt("Currency", "1")), "error"},
		"another merchant's":            {history(attempt("MerchantID", "085300000009704")), "error"},
		"an answer of another kind":     {short("ProcReturnCode", "V004"), "error"},
		"a page":                        {"<html><body>login</body></html>", "error"},
		"a report that was cut":         {history(attempt())[:400], "error"},
		"a document type":               {`<!DOCTYPE x><TxnHistoryReport></TxnHistoryReport>`, "error"},
		"endless depth":                 {"<TxnHistoryReport>" + strings.Repeat("<a>", 50) + strings.Repeat("</a>", 50) + "</TxnHistoryReport>", "error"},
		"nothing":                       {"", "error"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCase(t, Mode3DPay)
			c.reply = tc.reply
			lines, err := c.a.List(t.Context(), "2026-11-22")
			var all []string
			for i, l := range lines {
				if l.Row != i+1 || !l.Timed {
					t.Errorf("%+v", l)
				}
				all = append(all, fmt.Sprintf("%s %s %s %s/%s %s %s", l.Kind, l.State, l.Order, l.RRN, l.AuthCode, l.Amount, l.At.Format("15:04:05")))
			}
			got := strings.Join(all, "|")
			if err != nil {
				got = "error"
				if strings.Contains(err.Error(), "Us3r") {
					t.Errorf("a secret: %v", err)
				}
			}
			if got != tc.want {
				t.Errorf("%s, want %s (%v)", got, tc.want, err)
			}
		})
	}
	c := newCase(t, Mode3DModel)
	c.status = 500
	if _, err := c.a.List(t.Context(), "2026-11-22"); err == nil {
		t.Error("status 500 is a list")
	}
}

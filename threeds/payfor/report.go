package payfor

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

var _ checkout.Lister = (*acquirer)(nil)

const (
	// maxReport is room for some five thousand attempts of a day, at six thousand bytes each.
	maxReport = 32 << 20
	// maxReportDepth: report, record, request, field.
	maxReportDepth = 6
)

// List asks for the history of a day (section 6.6): a record for each attempt, failures included. A record of money
// that cannot be read makes the whole list unreadable, since one that is missing would look like a difference.
func (a *acquirer) List(ctx context.Context, day checkout.Day) ([]checkout.BankLine, error) {
	res, err := a.client.Post(ctx, wire.Call{URL: a.set.base.JoinPath("XMLGate.aspx"), Type: wire.XMLType, Limit: maxReport, Timeout: a.client.Timeouts.Money,
		Body: wire.EncodeXML("PayforRequest", a.follow(a.set.reports, "Report", "TxnHistory",
			checkout.Field{Name: "ReqDate", Value: strings.ReplaceAll(string(day), "-", "")}, checkout.Field{Name: "Lang", Value: lang("tr")}))})
	if err != nil {
		return nil, fmt.Errorf("asking for the day %s: %w", day, err)
	}
	if res.Status != http.StatusOK {
		return nil, fmt.Errorf("asking for the day %s: the bank answered with status %d", day, res.Status)
	}
	lines, err := a.readReport(wire.Text(res.Body))
	if err != nil {
		return nil, fmt.Errorf("asking for the day %s: %w", day, err)
	}
	return lines, nil
}

var errReport = errors.New("not the report that was expected")

// readReport goes through a report once; wire.ReadXML would hold all of it as a tree.
func (a *acquirer) readReport(text string) (lines []checkout.BankLine, err error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // Text has decoded already
	depth, root := 0, ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: unreadable at byte %d", errReport, d.InputOffset())
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, fmt.Errorf("%w: it has a document type", errReport)
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if depth++; depth > maxReportDepth {
				return nil, fmt.Errorf("%w: too deep", errReport)
			}
			if depth == 1 {
				root = t.Name.Local
			}
			if t.Name.Local != "PaymentRequest" {
				continue
			}
			record, err := readRecord(d, t)
			if err != nil {
				return nil, err
			}
			depth--
			l, ok, err := a.line(record)
			if err != nil {
				return nil, err
			}
			if ok {
				l.Row = len(lines) + 1
				lines = append(lines, l)
			}
		}
	}
	if root != "TxnHistoryReport" {
		return nil, fmt.Errorf("%w: root is not TxnHistoryReport", errReport)
	}
	return lines, nil
}

// readRecord reads the flat fields of one record.
func readRecord(d *xml.Decoder, start xml.StartElement) (answer, error) {
	var fields struct {
		All []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	if err := d.DecodeElement(&fields, &start); err != nil {
		return answer{}, fmt.Errorf("%w: a record that cannot be read", errReport)
	}
	ans := answer{node: wire.Node{Name: start.Name.Local}}
	for _, f := range fields.All {
		ans.node.Children = append(ans.node.Children, wire.Node{Name: f.XMLName.Local, Text: f.Text})
	}
	ans.code = ans.get(fieldCode)
	return ans, nil
}

// lineKinds are the transactions that move money of ours; of the others a list says nothing.
var lineKinds = map[string]checkout.LineKind{"Auth": checkout.LineSale, "PostAuth": checkout.LineSale, "Void": checkout.LineVoid, "Refund": checkout.LineRefund}

// line reads one record; ok is false for one that is about no money and no order.
func (a *acquirer) line(ans answer) (l checkout.BankLine, ok bool, err error) {
	kind, known := lineKinds[ans.get("TxnType")]
	order := ans.get("OrgOrderId")
	if order == "" {
		order = ans.get(fieldOrder)
	}
	if !known || order == "" {
		return l, false, nil
	}
	if merchant := ans.get(fieldMerchant) + ans.get("MerchantId"); merchant != a.set.merchantID {
		return l, false, errNotOwn
	}
	l = checkout.BankLine{Kind: kind, State: checkout.LineFailed, Order: order, AuthCode: ans.ref(fieldAuth), RRN: ans.ref("HostRefNum"), Timed: true}
	if l.RRN == "" {
		l.RRN = ans.ref("F37")
	}
	if ans.code == codeApproved {
		l.State = checkout.LineDone
		if kind == checkout.LineSale && voided(ans) {
			l.State = checkout.LineVoided
		}
	}
	at, timeErr := time.ParseInLocation("2006-01-02T15:04:05", ans.get("InsertDatetime"), checkout.Istanbul())
	amount, moneyErr := moved(ans, kind)
	l.At, l.Amount = at.UTC(), amount
	if err := errors.Join(timeErr, moneyErr); err != nil && l.State != checkout.LineFailed {
		return l, false, fmt.Errorf("%w: a record of order %s", errReport, wire.Mask(order))
	}
	return l, timeErr == nil && moneyErr == nil, nil
}

// moved is the amount of a record: of a refund its own, of others the sale's.
func moved(ans answer, kind checkout.LineKind) (checkout.Money, error) {
	cur, ok := wire.CurrencyByNumeric(ans.get("Currency"))
	if !ok {
		return checkout.Money{}, errCurrency
	}
	text := ans.get("TxnAmount")
	if kind != checkout.LineRefund || text == "" {
		text = ans.get("PurchAmount")
	}
	return wire.ParseAmount(text, cur)
}

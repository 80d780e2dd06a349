package baseline

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"github.com/odelink/odelink/gateway/web/page"
)

// bank speaks PayFor's 3DModel, the good path and its refusals (payfor.md 3 to 5).
type bank struct {
	Account
	client *http.Client
}

var errDeclined = errors.New("the bank said no")

func hash(texts ...string) string {
	sum := sha1.Sum([]byte(strings.Join(texts, "")))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// open sends the card to the bank and answers the form that its page holds.
func (b *bank) open(ctx context.Context, p payment, f cardForm, back string) (page.Form, error) {
	amount, count := fmt.Sprintf("%d.%02d", p.Amount/100, p.Amount%100), fmt.Sprint(p.Installments)
	if p.Installments == 1 {
		count = "0"
	}
	form := url.Values{
		"MbrId": {b.MbrID}, "MerchantID": {b.MerchantID}, "UserCode": {b.UserCode}, "SecureType": {"3DModel"}, "TxnType": {"Auth"},
		"InstallmentCount": {count}, "Currency": {"949"}, "OkUrl": {back}, "FailUrl": {back}, "OrderId": {p.BankOrder}, "PurchAmount": {amount},
		"Lang": {"TR"}, "MOTO": {"0"}, "Rnd": {p.Nonce}, "Pan": {f.Number}, "Expiry": {strings.ReplaceAll(f.Expiry, "/", "")}, "Cvv2": {f.CVC},
		"Hash": {hash(b.MbrID, p.BankOrder, amount, back, back, "Auth", count, p.Nonce, b.StoreKey)},
	}
	body, err := b.post(ctx, "Default.aspx", "application/x-www-form-urlencoded", []byte(form.Encode()))
	if err != nil {
		return page.Form{}, err
	}
	doc, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return page.Form{}, err
	}
	var out page.Form
	for n := range doc.Descendants() {
		switch n.Data {
		case "form":
			out.Action = attr(n, "action")
		case "input":
			if name := attr(n, "name"); name != "" {
				out.Fields = append(out.Fields, page.Field{Name: name, Value: attr(n, "value")})
			}
		}
	}
	if out.Action == "" {
		return page.Form{}, errors.New("the bank's page holds no form")
	}
	return out, nil
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// genuine says whether a callback is the bank's, of this payment, and passed 3-D Secure.
func (b *bank) genuine(p payment, f url.Values) bool {
	want := hash(b.MerchantID, b.StoreKey, f.Get("OrderId"), f.Get("AuthCode"), f.Get("ProcReturnCode"), f.Get("3DStatus"), f.Get("ResponseRnd"), b.UserCode)
	return subtle.ConstantTimeCompare([]byte(want), []byte(f.Get("ResponseHash"))) == 1 &&
		f.Get("OrderId") == p.BankOrder && f.Get("Rnd") == p.Nonce && f.Get("3DStatus") == "1"
}

// authorize has the money moved.
func (b *bank) authorize(ctx context.Context, p payment, guid string) (authCode, rrn string, err error) {
	body, err := xml.Marshal(struct {
		XMLName                                              xml.Name `xml:"PayforRequest"`
		RequestGuid, UserCode, UserPass, OrderId, SecureType string
	}{RequestGuid: guid, UserCode: b.UserCode, UserPass: b.UserPass, OrderId: p.BankOrder, SecureType: "3DModelPayment"})
	if err != nil {
		return "", "", err
	}
	text, err := b.post(ctx, "XMLGate.aspx", "text/xml; charset=utf-8", body)
	if err != nil {
		return "", "", err
	}
	var answer struct{ ProcReturnCode, TransId, AuthCode, HostRefNum string }
	if err := xml.Unmarshal(text, &answer); err != nil {
		return "", "", err
	}
	switch {
	case answer.TransId != p.BankOrder:
		return "", "", errors.New("the answer is about another order")
	case answer.ProcReturnCode != "00":
		return "", "", errDeclined
	}
	return answer.AuthCode, answer.HostRefNum, nil
}

func (b *bank) post(ctx context.Context, path, kind string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	resp, err := b.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the bank answered with status %d", resp.StatusCode)
	}
	return io.ReadAll(io.LimitReader(resp.Body, 1<<20))
}

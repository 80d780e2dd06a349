package wire

import (
	"net/url"
	"strings"

	"github.com/odelink/odelink/checkout"
)

// FormType is the Content-Type of EncodeForm.
const FormType = "application/x-www-form-urlencoded; charset=utf-8"

// EncodeForm writes fields percent-encoded, in their order.
func EncodeForm(fields []checkout.Field) []byte {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(f.Name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(f.Value))
	}
	return []byte(b.String())
}

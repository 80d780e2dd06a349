package panel

import (
	"bytes"
	"image"
	_ "image/jpeg" // kinds of picture that a logo may be
	_ "image/png"
	"net/http"

	_ "golang.org/x/image/webp"

	"github.com/odelink/odelink/checkout"
)

// logoSide is how many pixels a logo may be wide and high: at most 32 MB when it is decoded.
const logoSide = 2000

// ReadLogo answers a picture with its type, which is what its bytes say, whatever its name. It is decoded once,
// so that what is stored under a merchant's name is a picture from its beginning to its end. Invalid (logo_format):
// no PNG, JPEG or WebP, an incomplete one, one of more than checkout.MaxLogo bytes or logoSide pixels a side.
func ReadLogo(data []byte) (checkout.Logo, error) {
	bad := checkout.Invalid(checkout.FieldError{Field: "logo", Code: "logo_format"})
	if len(data) > checkout.MaxLogo {
		return checkout.Logo{}, bad
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || size.Width < 1 || size.Height < 1 || size.Width > logoSide || size.Height > logoSide {
		return checkout.Logo{}, bad
	}
	if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
		return checkout.Logo{}, bad
	}
	return checkout.Logo{Type: http.DetectContentType(data), Data: data}, nil
}

package panel

import (
	"io"
	"net/http/httptest"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// A32: what a browser calls itself is kept with each sign-in.
func TestA32_ABrowsersNameHoldsNoCard(t *testing.T) {
	app := fiber.New()
	app.Get("/", func(c *fiber.Ctx) error { return c.SendString(agent(c)) })
	for name, want := range map[string]string{"Mozilla/5.0 (X11)": "Mozilla/5.0 (X11)", "x4155650000000007y": "", "4155.6500.0000.0007": ""} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("User-Agent", name)
		resp, err := app.Test(r)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(resp.Body); string(got) != want || err != nil {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}

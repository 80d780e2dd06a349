package payfor

import (
	_ "embed"
	"encoding/json"
	"testing"

	"github.com/odelink/odelink/checkout"
)

//go:embed testdata/vectors.json
var vectorFile []byte

// vectors are known inputs and hashes of the dialect.
type vectors struct {
	Requests []struct {
		ID, Secret, Hash string
		Fields           [][2]string
		Also             map[string]string
	}
	Callbacks []callbackVector
	Shifted   []struct {
		ID, Kind, Secret, Hash string
		MerchantID             string `json:"merchant_id"`
		UserCode               string `json:"user_code"`
		Genuine, Forged        map[string]string
	}
}

type callbackVector struct {
	ID, Secret, Algorithm, Hash string
	MerchantID                  string `json:"merchant_id"`
	UserCode                    string `json:"user_code"`
	Fields                      map[string]string
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	var v vectors
	if err := json.Unmarshal(vectorFile, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Requests) != 6 || len(v.Callbacks) != 8 || len(v.Shifted) != 2 {
		t.Fatalf("vectors: %d requests, %d callbacks, %d shifted", len(v.Requests), len(v.Callbacks), len(v.Shifted))
	}
	return v
}

func TestRequestHashVectors(t *testing.T) {
	for _, v := range readVectors(t).Requests {
		t.Run(v.ID, func(t *testing.T) {
			var fields []checkout.Field
			for _, f := range v.Fields {
				fields = append(fields, checkout.Field{Name: f[0], Value: f[1]})
			}
			if got := requestHash(fields, v.Secret); got != v.Hash {
				t.Errorf("hash is %s, want %s", got, v.Hash)
			}
			for i := range fields {
				spoilt := append([]checkout.Field(nil), fields...)
				spoilt[i].Value += "x"
				if requestHash(spoilt, v.Secret) == v.Hash {
					t.Errorf("%s is not under the hash", fields[i].Name)
				}
			}
		})
	}
}

func TestCallbackHashVectors(t *testing.T) {
	for _, v := range readVectors(t).Callbacks {
		t.Run(v.ID, func(t *testing.T) {
			a := &acquirer{set: settings{merchantID: v.MerchantID, user: user{code: v.UserCode}, merchantPass: v.Secret}}
			length := map[string]int{"SHA-1": sha1Length, "SHA-256": sha256Length}[v.Algorithm]
			if got := a.responseHash(formOf(v.Fields), length); got != v.Hash || len(got) != length {
				t.Errorf("hash is %s, want %s", got, v.Hash)
			}
		})
	}
}

// A callback vector, completed to a whole message for the payment it belongs to, is believed; the same hash in the
// other length's place is not.
func TestCallbackVectorsAreJudged(t *testing.T) {
	want := map[string]checkout.VerdictResult{
		"C1": checkout.VerdictAuthenticated, "C2": checkout.VerdictCharged, "C3": checkout.VerdictNotAuthenticated,
		"C4": checkout.VerdictNotAuthenticated, "C5": checkout.VerdictRefused, "C6": checkout.VerdictAuthenticated,
		"C256-1": checkout.VerdictRefused, "C256-2": checkout.VerdictAuthenticated,
	}
	modes := map[string]string{"C2": Mode3DPay, "C4": Mode3DHost, "C5": Mode3DPay}
	for _, v := range readVectors(t).Callbacks {
		t.Run(v.ID, func(t *testing.T) {
			c := newCase(t, modes[v.ID])
			c.a.set.merchantID, c.a.set.user.code, c.a.set.merchantPass = v.MerchantID, v.UserCode, v.Secret
			c.o.BankOrder = checkout.BankOrder(v.Fields["OrderId"])
			form := c.callback(v.Fields)
			form.Del("HashType")
			form.Set("ResponseHash", v.Hash)
			got, err := c.judge(form)
			if err != nil || got.Result != want[v.ID] {
				t.Fatalf("verdict %d, %v; want %d", got.Result, err, want[v.ID])
			}
			form.Set("HashType", "Sha256")
			if v.Algorithm == "SHA-256" {
				form.Set("HashType", "Sha1")
			}
			c.refused(form, checkout.ForgedHashMismatch)
		})
	}
}

// TestA06_BoundaryShift: both halves of each pair have one hash; the forged half must not get as far.
func TestA06_BoundaryShift(t *testing.T) {
	for _, v := range readVectors(t).Shifted {
		t.Run(v.ID, func(t *testing.T) {
			if v.Kind == "request" {
				for _, half := range []map[string]string{v.Genuine, v.Forged} {
					var fields []checkout.Field
					for name, value := range half {
						fields = append(fields, checkout.Field{Name: name, Value: value})
					}
					if requestHash(fields, v.Secret) != v.Hash {
						t.Error("the pair does not share its hash")
					}
				}
				c := newCase(t, "")
				c.o.BankOrder = checkout.BankOrder(v.Genuine["OrderId"])
				if _, err := c.a.Begin(t.Context(), c.o, card(t)); err == nil {
					t.Error("an order number that ends in a digit was sent to the bank")
				}
				return
			}
			c := newCase(t, Mode3DPay)
			c.a.set.merchantID, c.a.set.user.code, c.a.set.merchantPass = v.MerchantID, v.UserCode, v.Secret
			c.o.BankOrder = checkout.BankOrder(v.Genuine["OrderId"])
			genuine := c.callback(v.Genuine)
			genuine.Set("ResponseHash", v.Hash)
			if got, err := c.judge(genuine); err != nil || got.Result != checkout.VerdictRefused {
				t.Fatalf("the genuine decline: %d, %v", got.Result, err)
			}
			forged := c.callback(v.Forged)
			forged.Set("ResponseHash", v.Hash)
			if c.a.responseHash(message{forged}, sha1Length) != v.Hash {
				t.Fatal("the forged half does not share the hash")
			}
			c.refused(forged, checkout.ForgedFieldShape)
		})
	}
}

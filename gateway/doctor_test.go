package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"time"
)

// Features 4.9: a certificate that ends within a month, or whose key is too short, is told before a payer's browser tells it.
func TestDoctorJudgesTheCertificate(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	rsaOf := func(bits int) *rsa.PublicKey {
		return &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), uint(bits-1)), E: 65537}
	}
	curve := &ecdsa.PublicKey{Curve: elliptic.P256()}
	for name, c := range map[string]struct {
		key  any
		days int
		says []string
	}{
		"good":               {rsaOf(2048), 31, nil},
		"a curve":            {curve, 90, nil},
		"within a month":     {curve, 29, []string{"ends on 2026-12-22, within a month"}},
		"over":               {curve, -1, []string{"ends on 2026-11-22"}},
		"a short key":        {rsaOf(1024), 90, []string{"1024 bits, at least 2048"}},
		"short in both ways": {rsaOf(2047), 3, []string{"within a month", "2047 bits"}},
	} {
		f := judgeCertificate(&x509.Certificate{PublicKey: c.key, NotAfter: now.AddDate(0, 0, c.days)}, now)
		if (f.err == nil) != (c.says == nil) {
			t.Errorf("%s: %v", name, f.err)
			continue
		}
		for _, part := range c.says {
			if !strings.Contains(f.err.Error(), part) {
				t.Errorf("%s: %v, not %q", name, f.err, part)
			}
		}
	}
}

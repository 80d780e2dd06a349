package checkout

import "testing"

// I11: whatever an adapter lets through, only byte-equal "1" authorises, and 2, 3, 4 where the account
// allowed them when the attempt was made.
func TestI11_WhatMayAuthorize(t *testing.T) {
	for _, status := range []string{"1", "2", "3", "4", "0", "5", "6", "7", "8", "9", "-1", "", "01", " 1", "1 ", "1,1", "１", "Y", "10", "1\n"} {
		half := status == "2" || status == "3" || status == "4"
		for _, allowed := range []bool{false, true} {
			want := status == "1" || half && allowed
			if got := mayAuthorize(Payment{HalfSecure: allowed}, status); got != want {
				t.Errorf("mdStatus %q, half-secure allowed %t: %t", status, allowed, got)
			}
		}
	}
}

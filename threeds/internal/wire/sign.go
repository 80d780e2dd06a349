package wire

import "crypto/subtle"

// SameSignature compares the text of a signature in constant time. Comparing the text and not its decoded bytes keeps
// out the second spellings that base64 has for the same bytes. Every dialect compares through this function.
func SameSignature(got, want string) bool {
	return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

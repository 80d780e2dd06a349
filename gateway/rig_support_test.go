package main

import (
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"os"
	"strings"

	"golang.org/x/net/html"
)

// newSeed is a source of randomness that repeats for one test name.
func newSeed(name string) io.Reader { return rand.NewChaCha8(sha256.Sum256([]byte(name))) }

func openAppend(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
}

// plainText is what a person reads of a page: no markup, entities decoded, white space folded.
func plainText(page string) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	hidden := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.Join(strings.Fields(strings.ReplaceAll(out.String(), "\u00a0", " ")), " ")
		case html.StartTagToken:
			if name, _ := z.TagName(); string(name) == "script" || string(name) == "style" {
				hidden++
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "script" || string(name) == "style" {
				hidden--
			}
			out.WriteByte(' ')
		case html.TextToken:
			if hidden == 0 {
				out.WriteString(html.UnescapeString(string(z.Text())))
			}
		}
	}
}

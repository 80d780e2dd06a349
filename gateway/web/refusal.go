package web

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
)

const (
	plainText   = "text/plain; charset=utf-8"
	problemJSON = "application/problem+json"
)

// wish is what can be read of a head that is refused, as far as it came: how to tell why.
type wish struct {
	program bool   // it asks for what speaks JSON
	lang    string // "tr" or "en"
}

// asked reads the wish out of a head that may be malformed or cut: a guess that decides over the form
// of the answer and nothing else.
func asked(head []byte) wish {
	line, rest, _ := bytes.Cut(bytes.TrimLeft(head, "\r\n"), []byte{'\n'})
	_, target, _ := bytes.Cut(line, []byte{' '})
	if end := bytes.IndexAny(target, " ?\r"); end >= 0 {
		target = target[:end]
	}
	w := wish{program: speaksJSON(string(target)), lang: "en"}
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if name, value, ok := bytes.Cut(line, []byte{':'}); ok && bytes.EqualFold(name, []byte("accept-language")) {
			w.lang = accepted(bytes.TrimSpace(value), "en")
		}
	}
	return w
}

// answer tells a client why its head is refused: programs as every refusal of the API is told, others
// in one line. The reference leads to a line of the log, for who watches it closely: strangers must
// not be able to fill it.
func (l *Listener) answer(c net.Conn, r refusal, said wish) {
	text := r.text
	if said.lang == "tr" {
		text = r.tr
	}
	language := "Content-Language: " + said.lang + "\r\n"
	if !said.program {
		writeRefusal(c, r, language, plainText, []byte(text+"\n"))
		return
	}
	ref := newRef()
	l.opts.Log.Debug("request refused", slog.Int("status", r.status), slog.String("ref", ref), slog.String("code", r.code), slog.String("head", r.word))
	body, err := json.Marshal(Problem{
		Type: problemType + r.code, Title: titleOf(said.lang, titleCannot), Status: r.status, Detail: text, Instance: ref, Code: r.code,
	})
	if err != nil { // strings and numbers: cannot fail
		body = []byte("{}")
	}
	writeRefusal(c, r, language, problemJSON, body)
}

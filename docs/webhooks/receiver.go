// Command receiver is a webhook receiver with the standard library alone.
//
//	WEBHOOK_SECRET=whsec_… ADDR=127.0.0.1:4000 go run docs/webhooks/receiver.go
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// tolerance is how old, or how far ahead, a webhook may be: what somebody recorded cannot be sent again later.
const tolerance = 5 * time.Minute

// verify says whether a webhook is from the gateway: signed with the secret, over these bytes, just now.
func verify(secret string, h http.Header, body []byte, now time.Time) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return err
	}
	id, sent := h.Get("webhook-id"), h.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sent, 10, 64)
	if err != nil || id == "" {
		return errors.New("no webhook")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return errors.New("too old, or from the future")
	}
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + sent + "."))
	m.Write(body)
	want := []byte("v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)))
	for _, one := range strings.Fields(h.Get("webhook-signature")) { // two while the secret rotates
		if hmac.Equal([]byte(one), want) {
			return nil
		}
	}
	return errors.New("not signed with our secret")
}

func main() {
	secret := os.Getenv("WEBHOOK_SECRET")
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			err = verify(secret, r.Header, body, time.Now())
		}
		if err != nil {
			http.Error(w, "refused", http.StatusBadRequest)
			return
		}
		var event struct{ ID, Type string }
		if err := json.Unmarshal(body, &event); err != nil {
			http.Error(w, "refused", http.StatusBadRequest)
			return
		}
		// Remember event.ID: the same event may come twice. Do the work after the answer.
		fmt.Println(event.ID, event.Type)
		w.WriteHeader(http.StatusNoContent)
	})
	listener, err := net.Listen("tcp", os.Getenv("ADDR"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}

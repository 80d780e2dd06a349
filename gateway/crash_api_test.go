package main

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// keyed makes a link with an Idempotency-Key; replayed says that the answer was given before.
func (r *rig) keyed(key string, body map[string]any) (status int, answer map[string]any, replayed bool) {
	r.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequest("POST", r.base+"/v1/links", bytes.NewReader(raw))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+demoAPIKey)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", strip(key))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		r.t.Fatalf("create: %d, %v", resp.StatusCode, err)
	}
	return resp.StatusCode, answer, resp.Header.Get("Idempotent-Replayed") == "true"
}

// strip leaves what an Idempotency-Key may hold.
func strip(key string) string {
	out := []byte(key)
	for i, c := range out {
		if c <= ' ' || c > '~' {
			out[i] = '-'
		}
	}
	return string(out)
}

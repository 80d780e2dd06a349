package redisstore

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	for url, want := range map[string]address{
		"redis://localhost":                                          {hosts: []string{"localhost:6379"}},
		"redis://127.0.0.1:7000/3":                                   {hosts: []string{"127.0.0.1:7000"}, db: 3},
		"redis://127.0.0.1:7000/":                                    {hosts: []string{"127.0.0.1:7000"}},
		"redis://[::1]:7000?db=2":                                    {hosts: []string{"[::1]:7000"}, db: 2},
		"redis://[::1]":                                              {hosts: []string{"[::1]:6379"}},
		"rediss://u:p%40ss@r.example:6380":                           {tls: true, user: "u", pass: "p@ss", hosts: []string{"r.example:6380"}},
		"redis://:secret@r.example":                                  {pass: "secret", hosts: []string{"r.example:6379"}},
		"redis+cluster://a:1,b:2,c:3":                                {kind: "cluster", hosts: []string{"a:1", "b:2", "c:3"}},
		"redis+cluster://a,[::1]:2/0":                                {kind: "cluster", hosts: []string{"a:6379", "[::1]:2"}},
		"rediss+cluster://u:p@a:1":                                   {kind: "cluster", tls: true, user: "u", pass: "p", hosts: []string{"a:1"}},
		"redis+sentinel://a:1,b:2/main":                              {kind: "sentinel", hosts: []string{"a:1", "b:2"}, master: "main"},
		"redis+sentinel://u:p@a,b/main?db=4":                         {kind: "sentinel", user: "u", pass: "p", hosts: []string{"a:26379", "b:26379"}, master: "main", db: 4},
		"rediss+sentinel://a/m":                                      {kind: "sentinel", tls: true, hosts: []string{"a:26379"}, master: "m"},
		"redis+sentinel://a/m?sentinel_user=su&sentinel_password=sp": {kind: "sentinel", hosts: []string{"a:26379"}, master: "m", guardUser: "su", guard: "sp"},
	} {
		got, err := parseURL(url)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v, %v\nwant %+v", url, got, err, want)
		}
	}
}

func TestAWrongURLIsRefusedWithoutItsPassword(t *testing.T) {
	for name, url := range map[string]string{
		"nothing":                     "",
		"no scheme":                   "localhost:6379",
		"another scheme":              "http://:hunter2@localhost",
		"an unknown kind":             "redis+ring://:hunter2@localhost",
		"an empty kind":               "redis+://:hunter2@localhost",
		"no host":                     "redis://:hunter2@",
		"an empty host in the list":   "redis+cluster://:hunter2@a:1,,b:2",
		"several hosts, one server":   "redis://:hunter2@a:1,b:2",
		"a port that is none":         "redis://:hunter2@a:port",
		"a port too large":            "redis://:hunter2@a:65536",
		"a database that is none":     "redis://:hunter2@a/x",
		"a negative database":         "redis://:hunter2@a/-1",
		"a database of a cluster":     "redis+cluster://:hunter2@a:1/1",
		"sentinel without a master":   "redis+sentinel://:hunter2@a:1",
		"sentinel with a longer path": "redis+sentinel://:hunter2@a:1/m/2",
		"a fragment":                  "redis://:hunter2@a/1#x",
		"a wrong escape":              "redis://:hunter2%zz@a",
		"an unknown parameter":        "redis://:hunter2@a?sslmode=off",
		"two databases":               "redis://:hunter2@a/1?db=2",
		"a sentinel's, alone":         "redis://:hunter2@a?sentinel_password=hunter2",
	} {
		if _, err := Open(t.Context(), Config{URL: url}); err == nil {
			t.Errorf("%s: opened", name)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
	}
}

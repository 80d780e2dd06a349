package testenv

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// errUnwanted is the answer of a server that should be gone.
var errUnwanted = errors.New("still there")

// dialAndAsk sends a PING and leaves the answer unread.
func dialAndAsk(addr string) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	_, err = conn.Write([]byte("PING\r\n"))
	return conn, err
}

// folderHolds says whether any file below a folder contains a text as it is.
func folderHolds(t *testing.T, dir, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		found = found || bytes.Contains(data, []byte(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

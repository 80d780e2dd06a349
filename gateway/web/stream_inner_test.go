package web

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// patient is a connection that remembers until when it was told to wait.
type patient struct {
	net.Conn
	until []time.Time
}

func (p *patient) SetWriteDeadline(t time.Time) error {
	p.until = append(p.until, t)
	return nil
}

// Who takes each piece in time may take longer for the whole than one answer's time.
func TestEachPieceOfAStreamHasItsOwnTime(t *testing.T) {
	conn := &patient{}
	s := &stream{body: strings.NewReader("abcd"), conn: conn, log: slog.New(slog.DiscardHandler)}
	begun := time.Now()
	for range 2 {
		if _, err := io.ReadFull(s, make([]byte, 2)); err != nil {
			t.Fatal(err)
		}
	}
	if len(conn.until) != 2 || conn.until[0].Before(begun.Add(WriteTimeout)) || conn.until[1].Before(conn.until[0]) {
		t.Errorf("deadlines %v", conn.until)
	}
}

package run

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/odelink/odelink/loadtest/shop"
)

func TestWhoListensOnThisMachineIsFound(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if pid := listener(l.Addr().String()); pid != os.Getpid() {
		t.Errorf("pid %d, want %d", pid, os.Getpid())
	}
	for _, address := range []string{"192.0.2.1:80", "127.0.0.1:1", "127.0.0.1", "shop.example:443"} {
		if pid := listener(address); pid != 0 {
			t.Errorf("%s: pid %d", address, pid)
		}
	}
	both := findProcesses(shop.Target{Name: "ours", URL: "http://" + l.Addr().String(), Bank: "http://" + l.Addr().String()})
	if len(both) != 1 || both[0].role != RoleTarget || both[0].name != "ours with its bank" {
		t.Errorf("one process for both: %+v", both)
	}
}

func TestAProcessIsLookedAtFromPointToPoint(t *testing.T) {
	e := look([]watched{{"me", RoleTarget, os.Getpid()}})
	e.look(50 * time.Millisecond) // too short for a point, not for the sum
	e.look(time.Second)
	e.look(2 * time.Second)
	p := e.all[0]
	if len(p.Points) != 2 || p.Points[0].At != 1 || p.Points[1].RSS == 0 {
		t.Errorf("points %+v", p.Points)
	}
	e.all[0].CPU = 3
	m := Measured{Processes: e.all}
	if _, known := m.TargetCPU(); known {
		t.Error("processor time a request, of no request")
	}
}

package run

import (
	"time"

	"github.com/odelink/odelink/loadtest/client"
	"github.com/odelink/odelink/loadtest/shop"
)

// Process is a process of the target on this machine, second by second.
type Process struct {
	Name   string   `json:"name"`
	Role   string   `json:"role"`
	PID    int      `json:"pid"`
	Points []Burden `json:"points"`
	CPU    float64  `json:"cpu_seconds"` // over the run
}

// Roles of processes. A target that has its bank in itself is the target.
const (
	RoleTarget = "target"
	RoleBank   = "bank"
)

// Burden is one point.
type Burden struct {
	At  float64 `json:"at"`
	CPU float64 `json:"cpu"` // processors used since the point before
	RSS int64   `json:"rss"` // bytes
}

// watched is a process that eyes look at.
type watched struct {
	name, role string
	pid        int
}

// findProcesses finds who listens at the target's and its bank's address, if that is this machine and it
// tells (Linux does).
func findProcesses(t shop.Target) (all []watched) {
	for _, w := range []struct{ name, role, address string }{
		{t.Name, RoleTarget, t.URL}, {t.Name + "'s bank", RoleBank, t.Bank},
	} {
		host, err := client.HostOf(w.address)
		if err != nil {
			continue
		}
		pid := listener(host.Address)
		switch {
		case pid == 0:
		case len(all) == 1 && all[0].pid == pid:
			all[0].name = t.Name + " with its bank"
		default:
			all = append(all, watched{w.name, w.role, pid})
		}
	}
	return all
}

// eyes look at processes for as long as a load lasts.
type eyes struct {
	all  []Process
	last []time.Duration
	at   time.Duration
}

func look(at []watched) *eyes {
	e := &eyes{}
	for _, w := range at {
		cpu, _ := burden(w.pid)
		e.all = append(e.all, Process{Name: w.name, Role: w.role, PID: w.pid})
		e.last = append(e.last, cpu)
	}
	return e
}

// shortestLook is what lies between two points at least: processor time is counted in hundredths of a
// second, and in less than this they would say nothing. What was used still counts.
const shortestLook = 200 * time.Millisecond

func (e *eyes) look(at time.Duration) {
	span := at - e.at
	for i := range e.all {
		cpu, rss := burden(e.all[i].PID)
		used := max(cpu-e.last[i], 0)
		e.all[i].CPU += used.Seconds()
		if span >= shortestLook {
			e.all[i].Points = append(e.all[i].Points, Burden{At: at.Seconds(), CPU: used.Seconds() / span.Seconds(), RSS: rss})
		}
		e.last[i] = cpu
	}
	e.at = at
}

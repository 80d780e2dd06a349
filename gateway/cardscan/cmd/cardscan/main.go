// Command cardscan reads everything below the folders it is given and names each card number and
// security code that it finds, masked. It changes nothing.
//
//	go run ./gateway/cardscan/cmd/cardscan DIR…
//
// It ends with 0 when there is none, 1 when there is one, 2 when something could not be read. Before it
// looks, it proves on planted samples that it would find them.
package main

import (
	"fmt"
	"os"

	"github.com/odelink/odelink/gateway/cardscan"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: cardscan DIR…")
		os.Exit(2)
	}
	found, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "cardscan:", err)
		os.Exit(2)
	}
	if found > 0 {
		os.Exit(1)
	}
}

func run(paths []string) (int, error) {
	known, err := cardscan.Registered()
	if err != nil {
		return 0, err
	}
	scanner := &cardscan.Scanner{Known: known}
	dir, err := os.MkdirTemp("", "cardscan-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	planted, err := cardscan.Plant(dir)
	if err != nil {
		return 0, err
	}
	samples, _, err := scanner.Scan(dir)
	if err != nil {
		return 0, err
	}
	if _, err := cardscan.Missed(dir, planted, samples); err != nil {
		return 0, err
	}
	found, stats, err := scanner.Scan(paths...)
	if err != nil {
		return 0, err
	}
	for _, f := range found {
		fmt.Println(f)
	}
	fmt.Printf("%d files, %.1f MB, %d programs not read, %d planted samples found, %d findings\n",
		stats.Files, float64(stats.Bytes)/1e6, len(stats.Programs), len(planted), len(found))
	return len(found), nil
}

// Command screenshots takes pictures of every page that a card holder or a merchant can meet, on a phone (360 × 740)
// and on a desktop (1440 × 900), as PNG files with fixed names. It judges nothing: the browser tests do,
// and people who look at the pictures.
//
//	go run ./gateway/cmd/screenshots docs/screenshots
//
// It builds the gateway, runs its demo on free ports of this machine, makes links by the merchant API,
// pays them in a headless Chromium, and tells the simulated bank to misbehave where a page needs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/odelink/odelink/gateway/testenv/browser"
)

// patience bounds the whole run.
const patience = 40 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "say where to: go run ./gateway/cmd/screenshots docs/screenshots")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

// run takes all pictures into a folder.
func run(ctx context.Context, dir string) (err error) {
	work, err := os.MkdirTemp("", "odelink-screenshots-")
	if err != nil {
		return fmt.Errorf("make a working folder: %w", err)
	}
	defer os.RemoveAll(work)
	if err := chooseFonts(work); err != nil {
		return err
	}
	program, err := buildGateway(ctx, work)
	if err != nil {
		return err
	}
	s := &studio{dir: dir}
	defer func() {
		// The browser's methods end a run as they end a test: by a panic that is caught here.
		if r := recover(); r != nil {
			f, ours := r.(failure)
			if !ours {
				panic(r)
			}
			err = errors.Join(err, f.err)
		}
		s.cleanUp()
	}()
	for _, stage := range []struct {
		limits bool
		take   func(*studio)
	}{{false, everyPage}, {true, tooManyTries}} {
		d, err := startDemo(ctx, program, stage.limits)
		if err != nil {
			return err
		}
		s.demo = d
		stage.take(s)
		if err := d.stop(); err != nil {
			return err
		}
	}
	fmt.Printf("%d pictures in %s\n", s.taken, dir)
	return nil
}

// failure carries an error out of the browser's methods.
type failure struct{ err error }

// studio is where pictures are taken. To package browser it is the test that a page belongs to.
type studio struct {
	*demo
	dir     string
	taken   int
	cleanup []func()
}

// Helper has nothing to mark.
func (s *studio) Helper() {}

// Cleanup runs f when all pictures are taken.
func (s *studio) Cleanup(f func()) { s.cleanup = append(s.cleanup, f) }

// Errorf ends the run: a picture of a page that went wrong is worth nothing.
func (s *studio) Errorf(format string, args ...any) { s.Fatalf(format, args...) }

// Fatal ends the run.
func (s *studio) Fatal(args ...any) { panic(failure{errors.New(fmt.Sprint(args...))}) }

// Fatalf ends the run.
func (s *studio) Fatalf(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

func (s *studio) cleanUp() {
	for _, f := range slices.Backward(s.cleanup) {
		f()
	}
}

// view is one way of looking at a page.
type view struct {
	suffix  string
	options browser.Options
}

func phone(lang string, dark bool) view {
	o := browser.Phone()
	o.Lang, o.Dark, o.ReducedMotion = lang, dark, true
	return view{"phone", o}
}

func desktop(lang string, dark bool) view {
	return view{"desktop", browser.Options{Width: 1440, Height: 900, Lang: lang, Dark: dark, ReducedMotion: true}}
}

// bothSizes are the sizes that every page is judged at.
func bothSizes(lang string) []view { return []view{phone(lang, false), desktop(lang, false)} }

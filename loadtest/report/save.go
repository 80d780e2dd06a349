package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Names of the files.
const (
	JSONFile = "report.json"
	HTMLFile = "report.html"
)

// JSON writes every figure.
func (r Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// Save writes both files into a folder, which it makes. The figures go first: a page can be made of them
// again. The error names what could not be written; the other file may be there.
func Save(dir string, r Report) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(
		write(filepath.Join(dir, JSONFile), r.JSON),
		write(filepath.Join(dir, HTMLFile), r.HTML),
	)
}

// Rescue writes the figures where there may still be room: into the system's folder for temporary files.
func Rescue(r Report) (path string, err error) {
	f, err := os.CreateTemp("", "loadtest-*.json")
	if err != nil {
		return "", err
	}
	if err := errors.Join(r.JSON(f), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// Try says whether files can be written into a folder, so that this is known before a test and not after it.
func Try(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".try-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// write makes a file whole or not at all: a reader never finds half a report, and a full disk leaves the
// one of the last test in its place.
func write(path string, content func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	err = content(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync() // a full disk may say so only now
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}

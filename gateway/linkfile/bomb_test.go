//go:build !race

package linkfile_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/odelink/odelink/gateway/linkfile"
)

// Measured with nobody beside it.

// A57: of a table with more rows than links are made of, those beyond are not held.
func TestA57_RowsBeyondTheMostAreNotHeld(t *testing.T) {
	var book bytes.Buffer
	z := zip.NewWriter(&book)
	err := z.AddFS(fstest.MapFS{
		"xl/workbook.xml":            {Data: []byte(`<workbook xmlns:r="r"><sheets><sheet r:id="a"/></sheets></workbook>`)},
		"xl/_rels/workbook.xml.rels": {Data: []byte(`<Relationships><Relationship Id="a" Target="a.xml"/></Relationships>`)},
		"xl/a.xml":                   {Data: []byte("<sheetData>" + strings.Repeat(`<row><c r="GR1"><v>1</v></c></row>`, 99_999) + "</sheetData>")},
	})
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = linkfile.Read(book.Bytes())
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, linkfile.ErrTooManyRows) || took > 256<<20 {
		t.Errorf("%d bytes: %v, for %d bytes of memory", book.Len(), err, took)
	}
}

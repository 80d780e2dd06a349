//go:build !race

package sheet_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/odelink/odelink/gateway/sheet"
)

// One reader of many megabytes, with nobody beside it: the race detector would make it thirty times as long.

// A57: what a package unpacks to is counted, whatever it says of itself.
func TestA57_ABombIsPutOut(t *testing.T) {
	huge := strings.Repeat("<row><c><v>1</v></c></row>", 200_000)
	if data := book(t, huge, nil); len(data) > sheet.MaxBytes || shown(t, data) != "file_too_large" {
		t.Errorf("%d bytes: %.60s", len(data), shown(t, data))
	}
	deep := book(t, `<row><c t="inlineStr"><is><t>`+strings.Repeat(" ", 33<<20)+"</t></is></c></row>", nil)
	if got := shown(t, deep); len(deep) > sheet.MaxBytes || got != "file_too_large" {
		t.Errorf("one cell of %d bytes: %.60s", len(deep), got)
	}
	wide := book(t, "<row "+strings.Repeat(`a="" `, 6_000_000)+"/>", nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := shown(t, wide)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; got != "file_too_large" || took > 128<<20 {
		t.Errorf("a tag of six million attributes in %d bytes: %.60s, for %d bytes of memory", len(wide), got, took)
	}
	texts := map[string]string{"xl/sharedStrings.xml": "<sst>" + strings.Repeat("<si><t>x</t></si>", 600_000) + "</sst>"}
	if got := shown(t, book(t, "", texts)); got != "file_too_large" {
		t.Errorf("shared texts: %.60s", got)
	}
}

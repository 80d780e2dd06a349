package panel

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/web"
)

// exportsAtOnce bounds how many files are written at once: each takes pages of everybody's database for as long
// as its reader wants.
const exportsAtOnce = 8

// exportRetry is when another one may be asked for.
const exportRetry = 10 * time.Second

// fileKind is a kind of file that tables are exported as: a format and, of CSV, its dialect. Word is its name in
// addresses and words.
type fileKind struct {
	Word    string
	format  string
	dialect report.Dialect
}

// fileKinds are those of the export menu, in its order.
var fileKinds = []fileKind{
	{"csv", "csv", report.DialectTR}, {"rfc4180.csv", "csv", report.DialectRFC4180}, {"xlsx", "xlsx", report.DialectTR}, {"json", "json", report.DialectTR},
}

// kindOf finds a kind of file by its word.
func kindOf(word string) (fileKind, bool) {
	i := slices.IndexFunc(fileKinds, func(k fileKind) bool { return k.Word == word })
	if i < 0 {
		return fileKind{}, false
	}
	return fileKinds[i], true
}

// export answers a report as a file, written while it is read. The file is named after the report and its days.
func (s *Surface) export(c *fiber.Ctx, w *who, r report.Report, q report.Query, word string) error {
	kind, known := kindOf(word)
	format, there := report.FormatByName(kind.format)
	if !known || !there {
		return &checkout.Error{Kind: checkout.KindNotFound, Code: "not_found"}
	}
	select {
	case s.exporting <- struct{}{}:
	default:
		return checkout.ErrVelocity.After(exportRetry)
	}
	over := func() { <-s.exporting }
	// The answer outlives the handler; a browser that goes away ends the reading.
	body, err := report.Open(context.WithoutCancel(c.UserContext()), s.Ledger, r, q, format, w.lang, kind.dialect)
	if err != nil {
		over()
		return err
	}
	s.headers.Apply(c)
	c.Set(fiber.HeaderContentType, format.Type)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+report.FileName(r, q.From, q.To, format)+`"`)
	web.Stream(c, body, over)
	return nil
}

// Files are the kinds of file that a table of this page is exported as, each with its address and its word, for
// the part "export". path is the address without the kind; the page's own filters go with it.
func (p *Page) Files(path string) (all []Choice) {
	query := p.Query
	if query != "" {
		query = "?" + query
	}
	for _, k := range fileKinds {
		all = append(all, Choice{Value: path + "." + k.Word + query, Label: p.T("export." + k.Word)})
	}
	return all
}

// exportMenu is what the part "export" draws.
type exportMenu struct {
	P     *Page
	Table string // id of the table that is copied
	Files []Choice
}

// Export is the menu of a table: it is copied, printed, or had as a file from path.
func (p *Page) Export(path, table string) exportMenu {
	return exportMenu{p, table, p.Files(path)}
}

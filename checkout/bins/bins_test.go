package bins_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/bins"
)

const header = "prefix,bank_code,bank_name,brand,card_type,programme,commercial\n"

// read imports a text that must be good.
func read(t *testing.T, text string) bins.Rows {
	t.Helper()
	rows, _, err := bins.Import(strings.NewReader(text), "test.csv")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestLookup(t *testing.T) {
	table := bins.New(nil)
	table.Replace(read(t, header+
		"97922000,0146,Odeabank,troy,credit,Axess,0\n"+
		"97922005,0010,Ziraat Bankası,troy,credit,Bankkart,0\n"+
		"9792209,0099,ING,troy,debit,,0\n"+
		"97922095,0062,Garanti BBVA,troy,credit,Bonus,1\n"))
	tests := []struct{ name, prefix, want string }{
		{"six digits of the embedded table", "415565", "415565 0111 visa credit CardFinans false"},
		{"eight digits fall back to the row of six", "41556599", "415565 0111 visa credit CardFinans false"},
		{"eight digits of the embedded table before its six", "41556501", "41556501 0111 visa credit CardFinans false"},
		{"seven digits do not reach a row of eight", "4155650", "415565 0111 visa credit CardFinans false"},
		{"debit at the same bank", "40070900", "400709 0111 visa debit CardFinans false"},
		{"another programme", "45063400", "450634 0067 visa credit World false"},
		{"one prefix of six shared by two banks, the one", "97922000", "97922000 0146 troy credit Axess false"},
		{"the other", "97922005", "97922005 0010 troy credit Bankkart false"},
		{"their six digits alone say the brand", "979220", "  troy   false"},
		{"a row of seven digits", "97922091", "9792209 0099 troy debit  false"},
		{"asked with seven digits", "9792209", "9792209 0099 troy debit  false"},
		{"a row of eight before that of seven", "97922095", "97922095 0062 troy credit Bonus true"},
		{"digits after the eighth are not looked at", "9792209512345678", "97922095 0062 troy credit Bonus true"},
		{"unknown Visa", "499999", "  visa   false"},
		{"unknown American Express", "37999999", "  amex   false"},
		{"first digit 0 is no card", "041556", "     false"},
		{"first digit 1 is no card", "141556", "     false"},
		{"90 is no card", "901234", "     false"},
		{"9792 is", "979299", "  troy   false"},
		{"a few digits say the brand", "4", "  visa   false"},
		{"no digits say nothing", "", "     false"},
		{"letters say nothing", "41556x", "     false"},
		{"other scripts' digits say nothing", "٤١٥٥٦٥", "     false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := table.Lookup(tt.prefix)
			got := fmt.Sprintf("%s %s %s %s %s %t", b.Prefix, b.IssuerCode, b.Brand, b.Kind, b.Program, b.Commercial)
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// The longest prefix of 8, 7, 6 digits, worked out the slow way for every row and its neighbours.
func TestLookupAgreesWithTheSlowWay(t *testing.T) {
	table, rows := bins.New(nil), bins.Embedded()
	byPrefix := map[string]bins.Row{}
	for _, r := range rows {
		byPrefix[r.Prefix] = r
	}
	slow := func(digits string) checkout.BIN {
		for n := min(8, len(digits)); n >= 6; n-- {
			if r, ok := byPrefix[digits[:n]]; ok {
				return r.BIN()
			}
		}
		return checkout.BIN{Brand: checkout.BrandOf(digits)}
	}
	for _, r := range rows {
		var n int
		if _, err := fmt.Sscan(r.Prefix, &n); err != nil {
			t.Fatal(err)
		}
		for _, digits := range []string{r.Prefix, (r.Prefix + "00")[:8], (r.Prefix + "99")[:8], fmt.Sprint(n - 1), fmt.Sprint(n + 1)} {
			if digits[0] == '1' || strings.HasPrefix(digits, "90") {
				continue
			}
			if got, want := table.Lookup(digits), slow(digits); got != want {
				t.Errorf("%s is %+v, want %+v", digits, got, want)
			}
		}
	}
}

// The embedded table keeps the promises of its README.
func TestEmbeddedTable(t *testing.T) {
	rows := bins.Embedded()
	if len(rows) != 1090 || bins.New(nil).Len() != 1090 {
		t.Errorf("%d rows", len(rows))
	}
	programmes := []string{"", "Bonus", "World", "Maximum", "Axess", "Wings", "CardFinans", "Advantage", "Paraf", "Bankkart", "Sağlam Kart", "Shop&Fly", "Miles&Smiles"}
	for i, r := range rows {
		if i > 0 && rows[i-1].Prefix >= r.Prefix {
			t.Errorf("%s stands after %s", r.Prefix, rows[i-1].Prefix)
		}
		if len(r.Prefix) != 6 && len(r.Prefix) != 8 {
			t.Errorf("%s has %d digits", r.Prefix, len(r.Prefix))
		}
		if r.Brand == "" || r.Brand != checkout.BrandOf(r.Prefix) {
			t.Errorf("%s is %q, its range is %q", r.Prefix, r.Brand, checkout.BrandOf(r.Prefix))
		}
		if r.BankCode == "" || r.BankName == "" || !slices.Contains(programmes, r.Program) {
			t.Errorf("%+v", r)
		}
		if strings.HasPrefix(r.Prefix, "72") {
			t.Errorf("%s is a shop's own card", r.Prefix)
		}
	}
	rows[0] = bins.Row{}
	if bins.Embedded()[0].Prefix == "" {
		t.Error("a caller can change the embedded table")
	}
}

// The file itself is in the form that Encode writes: a change shows as a change of its rows only.
func TestEmbeddedFileIsInCanonicalForm(t *testing.T) {
	file, err := os.ReadFile("tr-bins.csv")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := bins.Embedded().Encode(&out); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, out.Bytes()) {
		t.Error("tr-bins.csv is not what Encode writes for its rows")
	}
}

func TestZeroTableKnowsBrandsOnly(t *testing.T) {
	var table bins.Table
	if got := table.Lookup("41556500"); got != (checkout.BIN{Brand: checkout.BrandVisa}) || table.Len() != 0 {
		t.Errorf("%+v, %d rows", got, table.Len())
	}
}

// Only unknown prefixes of cards are reported, and never more than eight digits of them.
func TestI14_UnknownPrefixesAreObservedWithEightDigitsAtMost(t *testing.T) {
	var seen []string
	table := bins.New(func(prefix string) { seen = append(seen, prefix) })
	for _, digits := range []string{
		"499999", "49999999", "4999999912345678", "41556500", "041556", "901234", "4999", "", "49999x",
	} {
		table.Lookup(digits)
	}
	if want := []string{"499999", "49999999", "49999999"}; !reflect.DeepEqual(seen, want) {
		t.Errorf("observed %q, want %q", seen, want)
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	table := bins.New(nil)
	if n := testing.AllocsPerRun(100, func() { table.Lookup("41556599"); table.Lookup("49999999") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// A reader meets the old table or the new one, never a mixture: both rows of a table carry its name.
func TestReplaceWhileAsked(t *testing.T) {
	table := bins.New(nil)
	odd := read(t, header+"99999901,0001,Odd,,credit,,\n99999902,0001,Odd,,credit,,\n")
	even := read(t, header+"99999901,0002,Even,,debit,,\n99999902,0002,Even,,debit,,\n")
	table.Replace(odd)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				b := table.Lookup("99999901")
				if (b.Issuer != "Odd" || b.Kind != checkout.CardCredit) && (b.Issuer != "Even" || b.Kind != checkout.CardDebit) {
					t.Errorf("between two tables: %+v", b)
					return
				}
			}
		})
	}
	for range 20 {
		table.Replace(even)
		table.Replace(odd)
	}
	close(done)
	wg.Wait()
	table.Replace()
	if b := table.Lookup("99999901"); b.Prefix != "" || table.Len() != 1090 {
		t.Errorf("after the import was taken back: %+v, %d rows", b, table.Len())
	}
}

func TestImportedRowsLieOverTheEmbeddedOnes(t *testing.T) {
	first := read(t, header+"415565,0157,Enpara,visa,credit,CardFinans,0\n400709,0111,QNB,,credit,,\n")
	second := read(t, header+"400709,,,,,,\n")
	table := bins.New(nil)
	table.Replace(first, second)
	if b := table.Lookup("41556500"); b.IssuerCode != "0157" || b.Issuer != "Enpara" {
		t.Errorf("the import does not win: %+v", b)
	}
	if b := table.Lookup("41556501"); b.IssuerCode != "0111" {
		t.Errorf("a longer embedded prefix does not win: %+v", b)
	}
	want := checkout.BIN{Prefix: "400709", Brand: checkout.BrandVisa}
	if b := table.Lookup("40070900"); b != want {
		t.Errorf("a bare prefix in the later file does not make the card unknown: %+v", b)
	}
	if table.Len() != 1090 {
		t.Errorf("%d rows", table.Len())
	}
}

func TestImportForms(t *testing.T) {
	want := bins.Rows{
		{Prefix: "41556512", BankCode: "0111", BankName: "QNB Şişli İğne", Brand: "visa", Kind: "credit", Program: "CardFinans", Commercial: "1"},
		{Prefix: "979203", BankCode: "0062", BankName: "Garanti, BBVA", Program: "Sağlam Kart"},
	}
	const utf8 = "prefix;bank_code;bank_name;brand;card_type;programme;commercial\r\n" +
		"979203;62;\"Garanti, BBVA\";;;Sağlam Kart;\r\n;;;;;;\r\n\r\n41556512; 0111 ;QNB Şişli İğne;VISA;Credit;CardFinans;1\r\n;;;;;;\r\n"
	windows := strings.NewReplacer("ş", "\xfe", "Ş", "\xde", "İ", "\xdd", "ğ", "\xf0", "ı", "\xfd").Replace(utf8)
	for name, text := range map[string]string{
		"semicolons, as a Turkish spreadsheet writes": utf8,
		"with a byte order mark":                      "\ufeff" + utf8,
		"in Windows-1254":                             windows,
		"with tabs":                                   strings.ReplaceAll(utf8, ";", "\t"),
		"with commas":                                 strings.ReplaceAll(utf8, ";", ","),
		"without a line break at the end":             strings.TrimRight(utf8, "\r\n;"),
		"the same row twice":                          utf8 + "979203;0062;\"Garanti, BBVA\";;;Sağlam Kart;\r\n",
		"header in capitals and with spaces":          strings.Replace(utf8, "bank_code;bank_name", " Bank_Code ; BANK_NAME", 1),
		"columns in another order": "commercial,programme,card_type,brand,bank_name,bank_code,prefix\n" +
			"1,CardFinans,credit,visa,QNB Şişli İğne,0111,41556512\n,Sağlam Kart,,,\"Garanti, BBVA\",0062,979203\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got := read(t, text); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestImportRefuses(t *testing.T) {
	const good = "415565,0111,QNB,visa,credit,CardFinans,0\n"
	long := strings.Repeat("ş", 81)
	tests := []struct{ name, text, want string }{
		{"nothing", "", "line 1 empty_file"},
		{"a header alone", header, "empty_file"},
		{"separators alone", header + ",,,,,,\n", "empty_file"},
		{"no header", good, "line 1 no_header"},
		{"a column nobody knows", "prefix,bank_code,bank_name,brand,card_type,programme,commercial,country\n", "line 1 column 8 unknown_column"},
		{"a column twice", "prefix,bank_code,bank_name,brand,card_type,programme,commercial,brand\n", "line 1 brand column_twice"},
		{"columns missing", "prefix,bank_code,bank_name,brand,card_type\n", "line 1 programme missing_column, line 1 commercial missing_column"},
		{"UTF-16", "p\x00r\x00e\x00f\x00i\x00x\x00", "encoding"},
		{"bytes that are no text", header + "415565,0111,Q\x81NB,,,,\n", "encoding"},
		{"five digits", header + "41556,,,,,,\n", "line 2 prefix prefix_form"},
		{"nine digits", header + "415565001,,,,,,\n", "line 2 prefix prefix_form"},
		{"a whole card number", header + "4155650100416111,,,,,,\n", "line 2 prefix prefix_form"},
		{"letters in a prefix", header + "41556O,,,,,,\n", "line 2 prefix prefix_form"},
		{"a sign in a prefix", header + "+415565,,,,,,\n", "line 2 prefix prefix_form"},
		{"other scripts' digits", header + "٤١٥٥٦٥,,,,,,\n", "line 2 prefix prefix_form"},
		{"no prefix", header + ",0111,QNB,,,,\n", "line 2 prefix prefix_form"},
		{"a meal card", header + "901234,,,,,,\n041556,,,,,,\n141556,,,,,,\n", "line 2 prefix prefix_not_payable, line 3 prefix prefix_not_payable, line 4 prefix prefix_not_payable"},
		{"a prefix twice with other values", header + good + "415565,0111,QNB,visa,debit,CardFinans,0\n", "line 3 prefix prefix_twice"},
		{"a bank code of five digits", header + "415565,00111,,,,,\n", "line 2 bank_code bank_code_form"},
		{"a bank code of letters", header + "415565,QNB,,,,,\n", "line 2 bank_code bank_code_form"},
		{"a brand nobody knows", header + "415565,,,vize,,,\n", "line 2 brand brand_word"},
		{"a kind nobody knows", header + "415565,,,,kredi,,\n", "line 2 card_type card_type_word"},
		{"a mark that is neither 0 nor 1", header + "415565,,,,,,yes\n", "line 2 commercial commercial_word"},
		{"a very long name", header + "415565,," + long + ",,,,\n", "line 2 bank_name text_form"},
		{"a name that reorders its neighbours", header + "415565,,Q\u202eNB,,,,\n", "line 2 bank_name text_form"},
		{"a line break in a programme", header + "415565,,,,,\"Card\nFinans\",\n", "line 2 programme text_form"},
		{"too few cells, and the mistakes after it", header + "415565,0111\n" + good + "415566,,,vize,,,\n", "line 2 number_of_cells, line 4 brand brand_word"},
		{"several mistakes in one line", header + "41,x,,y,z,,2\n", "line 2 prefix prefix_form, line 2 bank_code bank_code_form, line 2 brand brand_word, line 2 card_type card_type_word, line 2 commercial commercial_word"},
		{"a quotation mark that is not closed", header + good + "415566,,\"QNB,,,,\n" + good, "line 3 quotes"},
		{"line numbers count empty lines and broken cells", header + "\n\"415565\",,QNB,,,,\n\n\n4155,,,,,,\n", "line 6 prefix prefix_form"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, report, err := bins.Import(strings.NewReader(tt.text), "acquirer.csv")
			var wrong *bins.FileError
			if !errors.As(err, &wrong) || rows != nil || !reflect.DeepEqual(report, bins.Report{}) {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			var got []string
			for _, m := range wrong.Mistakes {
				var words []string
				if m.Line > 0 {
					words = append(words, fmt.Sprintf("line %d", m.Line))
				}
				if m.Column != "" {
					words = append(words, m.Column)
				}
				got = append(got, strings.Join(append(words, m.Code), " "))
			}
			if list := strings.Join(got, ", "); list != tt.want {
				t.Errorf("got  %s\nwant %s", list, tt.want)
			}
			if text := err.Error(); !strings.HasPrefix(text, "importing acquirer.csv: ") || strings.HasSuffix(text, ": ") || strings.Contains(text, ": ;") {
				t.Errorf("the error reads %q", text)
			}
			if strings.Contains(err.Error(), "4155650100416111") {
				t.Error("a card number from the file stands in the error")
			}
		})
	}
}

func TestImportHoldsItsLimits(t *testing.T) {
	_, _, err := bins.Import(io.LimitReader(endless('a'), 9<<20), "x")
	if err == nil || !strings.Contains(err.Error(), "larger than 8 MB") {
		t.Errorf("nine megabytes: %v", err)
	}
	var big strings.Builder
	big.WriteString(header)
	for n := range 50_001 {
		fmt.Fprintf(&big, "%d,,,,,,\n", 40_000_000+n)
	}
	if _, _, err = bins.Import(strings.NewReader(big.String()), "x"); err == nil || !strings.Contains(err.Error(), "line 50002: the file has more than 50,000 rows") {
		t.Errorf("50,001 rows: %v", err)
	}
	_, _, err = bins.Import(strings.NewReader(header+strings.Repeat("x,,,,,,\n", 250)), "x")
	var wrong *bins.FileError
	if !errors.As(err, &wrong) || len(wrong.Mistakes) != 100 || wrong.More != 150 || !strings.HasSuffix(err.Error(), "and 150 more") {
		t.Errorf("250 mistakes: %d listed", len(wrong.Mistakes))
	}
	broken := errors.New("cable pulled")
	if _, _, err = bins.Import(io.MultiReader(strings.NewReader(header), failing{broken}), "x"); !errors.Is(err, broken) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// What was imported can be kept as Encode writes it and read again.
func TestEncodeIsReadBackAsItself(t *testing.T) {
	rows := read(t, header+"415565,62,\"Q \"\"N\"\", B\",,credit,Sağlam Kart,\n9792209,,,troy,,,1\n41556501,,,,,,\n")
	var first, second bytes.Buffer
	if err := rows.Encode(&first); err != nil {
		t.Fatal(err)
	}
	again := read(t, first.String())
	if !reflect.DeepEqual(again, rows) {
		t.Errorf("%+v became %+v", rows, again)
	}
	if err := again.Encode(&second); err != nil || first.String() != second.String() {
		t.Errorf("written twice: %v\n%s\n%s", err, &first, &second)
	}
	broken := errors.New("disk full")
	if err := rows.Encode(full{broken}); !errors.Is(err, broken) {
		t.Errorf("a full disk: %v", err)
	}
}

type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func TestReport(t *testing.T) {
	before := read(t, header+
		"415565,0111,QNB,visa,credit,CardFinans,0\n41556501,0111,QNB,visa,debit,CardFinans,0\n41556502,0157,Enpara,visa,credit,CardFinans,0\n"+
		"400709,0111,QNB,visa,debit,,0\n450634,0067,Yapı Kredi,visa,credit,World,0\n")
	after := read(t, header+
		"415565,0157,Enpara,,credit,CardFinans,0\n"+ // another bank; the empty brand is no change
		"41556501,0111,QNB,visa,debit,CardFinans,0\n"+ // the same
		"40070911,0111,QNB,visa,credit,,\n"+ // finer, and otherwise
		"45063411,0067,Yapı Kredi,visa,credit,World,0\n"+ // finer, and the same
		"499999,0099,ING,visa,debit,,0\n") // new
	got := bins.Compare(before, after)
	want := bins.Report{
		Rows: 5, Added: 2, Same: 1, Changed: 2,
		Changes: []bins.Change{
			{Prefix: "40070911", Over: "400709", Column: "card_type", Was: "debit", Is: "credit"},
			{Prefix: "40070911", Over: "400709", Column: "commercial", Was: "0", Is: ""},
			{Prefix: "415565", Column: "bank_code", Was: "0111", Is: "0157"},
			{Prefix: "415565", Column: "bank_name", Was: "QNB", Is: "Enpara"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	kept := bins.Compare(before, after[1:2]).Kept // 415565 alone, over two longer rows
	wantKept := []bins.Change{
		{Prefix: "41556501", Over: "415565", Column: "bank_code", Was: "0111", Is: "0157"},
		{Prefix: "41556501", Over: "415565", Column: "bank_name", Was: "QNB", Is: "Enpara"},
		{Prefix: "41556501", Over: "415565", Column: "card_type", Was: "debit", Is: "credit"},
	}
	if !reflect.DeepEqual(kept, wantKept) {
		t.Errorf("kept %+v, want %+v", kept, wantKept)
	}
}

// The report of a file is the same every time, and says against the embedded table what changes.
func TestImportReportsConflictsWithTheEmbeddedTable(t *testing.T) {
	const text = header + "415565,0157,Enpara,visa,credit,,0\n999999,0099,ING,,debit,,\n400709,0111,QNB,visa,debit,CardFinans,0\n"
	_, first, err := bins.Import(strings.NewReader(text), "enpara.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, second, _ := bins.Import(strings.NewReader(text), "enpara.csv") // the same text: no error above, none here
	if !reflect.DeepEqual(first, second) {
		t.Error("two reports of one file differ")
	}
	for _, line := range []string{
		"enpara.csv: 3 rows, 1 new, ", "415565 bank_code: 0157, was 0111\n", "415565 programme: unknown, was CardFinans\n",
		"longer prefixes that stay as they were:\n  41556501 bank_code: 0111, the file says 0157 for 415565\n",
	} {
		if !strings.Contains(first.String(), line) {
			t.Errorf("the report lacks %q:\n%s", line, first)
		}
	}
	if len(first.SHA256) != 64 || first.Source != "enpara.csv" {
		t.Errorf("source %q, digest %q", first.Source, first.SHA256)
	}
}

// Whatever a file holds: no panic, all or nothing, and what is taken keeps its promises.
func FuzzImport(f *testing.F) {
	f.Add([]byte(header + "415565,0111,QNB,visa,credit,CardFinans,0\n"))
	f.Add([]byte("\xef\xbb\xbfprefix;bank_code;bank_name;brand;card_type;programme;commercial\r\n979203;62;\xddng;;;;\r\n"))
	f.Add([]byte("commercial\tprogramme\tcard_type\tbrand\tbank_name\tbank_code\tprefix\n1\t\"a\"\"b\"\t\t\t\t\t41556512"))
	f.Add([]byte(header + "\"415565\n,,,,,"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, report, err := bins.Import(bytes.NewReader(data), "fuzz")
		if err != nil {
			if rows != nil || report.Rows != 0 {
				t.Fatalf("refused, but %d rows", len(rows))
			}
			return
		}
		if len(rows) == 0 || report.Rows != len(rows) || report.Added+report.Same+report.Changed != len(rows) {
			t.Fatalf("%d rows, report %+v", len(rows), report)
		}
		table := bins.New(nil)
		table.Replace(rows)
		for i, r := range rows {
			if got := table.Lookup(r.Prefix); got != r.BIN() {
				t.Fatalf("%s is %+v, want %+v", r.Prefix, got, r.BIN())
			}
			if i > 0 && rows[i-1].Prefix >= r.Prefix {
				t.Fatalf("%s after %s", r.Prefix, rows[i-1].Prefix)
			}
		}
		var out bytes.Buffer
		if err := rows.Encode(&out); err != nil {
			t.Fatal(err)
		}
		if again, _, err := bins.Import(&out, "fuzz"); err != nil || !reflect.DeepEqual(again, rows) {
			t.Fatalf("read back: %v", err)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	table := bins.New(nil)
	b.ReportAllocs()
	for b.Loop() {
		if table.Lookup("41556599").Prefix == "" {
			b.Fatal("not found")
		}
	}
}

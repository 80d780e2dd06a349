package sqlstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
)

// plan is how a database would answer a question, in its own words.
func plan(t *testing.T, url, text string, args []any) string {
	t.Helper()
	var steps []string
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		err = sqlitex.Execute(conn, "EXPLAIN QUERY PLAN "+text, &sqlitex.ExecOptions{Args: args, ResultFunc: func(s *sqlite.Stmt) error {
			steps = append(steps, s.ColumnText(3))
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(steps, "\n")
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	// Of an empty table PostgreSQL reads all, which is not what is asked here.
	if _, err := conn.Exec(t.Context(), "SET enable_seqscan = off"); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), "EXPLAIN "+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	steps, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}

// What a merchant asks about single payments must not walk through all that the merchant has.
func TestFewPaymentsAreFoundByAnIndex(t *testing.T) {
	const m = checkout.MerchantID("mer_0000000000000000000001")
	ask := func(q checkout.PaymentQuery) func() (string, []any, error) {
		q.Merchant = m
		return func() (string, []any, error) { return sqlstore.PaymentSearch(q) }
	}
	questions := map[string]struct {
		ask   func() (string, []any, error)
		index []string
	}{
		"by reference": {ask(checkout.PaymentQuery{Reference: "2bN8yQeWfU"}), []string{"payments"}},
		"by reference and attention": {
			ask(checkout.PaymentQuery{Reference: "2bN8yQeWfU", Attention: true}), []string{"payments"},
		},
		"by a rare status":            {ask(checkout.PaymentQuery{Status: checkout.StatusPending}), []string{"payments_rare"}},
		"by a rare status, next page": {ask(checkout.PaymentQuery{Status: checkout.StatusRefunded, Cursor: sqlstore.CursorAt(1, "pay_2222222222222222222222")}), []string{"payments_rare"}},
		"by order number":             {ask(checkout.PaymentQuery{Order: "OD-1"}), []string{"payments_link"}},
		"in a currency that few have": {ask(checkout.PaymentQuery{Currency: checkout.JPY}), []string{"payments_foreign"}},
		"of a link":                   {ask(checkout.PaymentQuery{Link: "lnk_1"}), []string{"payments_link"}},
		"attention":                   {ask(checkout.PaymentQuery{Attention: true}), []string{"payments"}}, // and events by one index of two
		"waiting":                     {ask(checkout.PaymentQuery{Waiting: true}), []string{"payments_rare"}},
		"attention of a page": {func() (string, []any, error) {
			text, args := sqlstore.AttentionOf(m, []checkout.PaymentID{"pay_1", "pay_2", "pay_3"})
			return text, args, nil
		}, []string{"events_attention"}},
		"events of a page": {func() (string, []any, error) {
			text, args := sqlstore.TrailsOf(m, []checkout.PaymentID{"pay_1", "pay_2", "pay_3"})
			return text, args, nil
		}, []string{"events"}},
	}
	files(t, func(t *testing.T, url string) {
		open(t, url)
		for name, question := range questions {
			text, args, err := question.ask()
			if err != nil {
				t.Fatal(err)
			}
			got := plan(t, url, text, args)
			for _, index := range question.index {
				if !searches(got, index) {
					t.Errorf("%s: %s is not searched by an index\n%s", name, index, got)
				}
			}
			if strings.Contains(got, "payments_merchant") || strings.Contains(got, "SCAN payments") || strings.Contains(got, "SCAN events") || strings.Contains(got, "Seq Scan") {
				t.Errorf("%s: all of a merchant's rows are read\n%s", name, got)
			}
		}
	})
}

// What a person types is looked for in every way that it can be meant, each by its own index: none reads all of a
// merchant's payments.
func TestWhatIsTypedIsFoundByIndexes(t *testing.T) {
	const m = checkout.MerchantID("mer_0000000000000000000001")
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	files(t, func(t *testing.T, url string) {
		open(t, url)
		texts := "link_texts"
		if strings.HasPrefix(url, "sqlite:") {
			texts = "links_merchant"
		}
		for typed, indexes := range map[string][]string{
			"pay_2222222222222222222222":                   {"payments"},
			"lnk_2222222222222222222222":                   {"payments_link"},
			"https://pay.example/p/2bN8yQeWfU3kLm9pRsT7vX": {"payments_link"},
			"2bN8yQeWfU":       {"payments", "payments_rrn", "payments_auth_code", "payments_link", "payments_bank_order_key"},
			"1234":             {"payments_last4", "payments_total", "payments_rrn"},
			"415565******1234": {"payments_last4"},
			"415565":           {"payments_bin", "payments_rrn", "payments_auth_code"},
			"250,00":           {"payments_total"},
			"Ayşe":             {"payments_link", texts},
		} {
			any, ok := checkout.ReadPaymentText(typed)
			if !ok {
				t.Fatal(typed)
			}
			for _, q := range []checkout.PaymentQuery{{}, {From: day, To: day.AddDate(0, 0, 1)}, {Cursor: sqlstore.CursorAt(1, "pay_2222222222222222222222")}} {
				q.Merchant, q.Any = m, &any
				text, args, err := sqlstore.PaymentSearchHinted(q, strings.HasPrefix(url, "sqlite:"))
				if err != nil {
					t.Fatal(err)
				}
				got := plan(t, url, text, args)
				for _, index := range indexes {
					if index == "payments_bank_order_key" && strings.Contains(got, "sqlite_autoindex_payments_2") {
						continue // SQLite's name for it
					}
					if !searches(got, index) && !strings.Contains(got, "Backward using "+index) && !strings.Contains(got, "Backward on "+index) {
						t.Errorf("%s: %s is not searched\n%s", typed, index, got)
					}
				}
				if strings.Contains(got, "payments_merchant") || strings.Contains(got, "SCAN payments") || strings.Contains(got, "Seq Scan") {
					t.Errorf("%s: all of a merchant's payments are read\n%s", typed, got)
				}
			}
		}
	})
}

// Links that a text names are found in PostgreSQL's narrow table of texts, or among the merchant's own in SQLite. Few of them are looked up, and of many the newest are
// met on the walk through a merchant's links: neither reads all the wide rows.
func TestLinksAreFoundByTheirTexts(t *testing.T) {
	const m, maker = checkout.MerchantID("mer_0000000000000000000001"), checkout.UserID("usr_0000000000000000000001")
	files(t, func(t *testing.T, url string) {
		open(t, url)
		for _, who := range []checkout.UserID{"", maker} {
			text, args := sqlstore.TextSearch(m, who, "Ayşe")
			got := plan(t, url, text, args)
			if alone := searches(got, "link_texts") && !strings.Contains(got, "links"); !alone && !searches(got, "links_merchant") || strings.Contains(got, "Seq Scan") {
				t.Errorf("not found among a merchant's texts\n%s", got)
			}
			for index, few := range map[string][]checkout.LinkID{"links": {"lnk_1", "lnk_2"}, "links_merchant": nil} {
				for _, status := range []checkout.LinkStatus{"", checkout.LinkActive} {
					text, args, err := sqlstore.LinkSearch(checkout.LinkQuery{Merchant: m, Text: "Ayşe", Maker: who, Status: status}, few)
					if err != nil {
						t.Fatal(err)
					}
					if got := plan(t, url, text, args); !searches(got, index) && !strings.Contains(got, "Backward using "+index) || few == nil && (strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "Sort")) {
						t.Errorf("not found by %s\n%s", index, got)
					}
				}
			}
		}
	})
}

// searches says whether a plan finds rows of a table by its primary key, or by the index of that name.
func searches(plan, what string) bool {
	for _, words := range []string{
		"SEARCH %s USING INDEX sqlite_autoindex", "SEARCH %s USING PRIMARY KEY", "USING INDEX %s (", "USING COVERING INDEX %s (", // SQLite
		"using %s_pkey on", "using %s on", "on %s_pkey ", "on %s ", // PostgreSQL
	} {
		if strings.Contains(plan, fmt.Sprintf(words, what)) {
			return true
		}
	}
	return false
}

// Lists of a merchant come in the order of an index: what the first page costs must not grow with what is behind it.
func TestListsComeInTheOrderOfAnIndex(t *testing.T) {
	const m = checkout.MerchantID("mer_0000000000000000000001")
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	files(t, func(t *testing.T, url string) {
		open(t, url)
		for name, q := range map[string]checkout.PaymentQuery{
			"newest":              {Merchant: m},
			"next page":           {Merchant: m, Cursor: sqlstore.CursorAt(1, "pay_2222222222222222222222")},
			"of a day":            {Merchant: m, From: day, To: day.AddDate(0, 0, 1)},
			"of a frequent state": {Merchant: m, Status: checkout.StatusDeclined},
		} {
			text, args, err := sqlstore.PaymentSearch(q)
			if err != nil {
				t.Fatal(err)
			}
			got := plan(t, url, text, args)
			if !searches(got, "payments_merchant") && !strings.Contains(got, "Backward using payments_merchant") && !strings.Contains(got, "Backward on payments_merchant") ||
				strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "Sort") {
				t.Errorf("%s: not in the order of payments_merchant\n%s", name, got)
			}
			// What a text finds that names many links walks the same way, and looks at each payment's link.
			q.Any = &checkout.PaymentText{Text: "Ayşe"}
			if text, args, err = sqlstore.PaymentWalk(q, strings.HasPrefix(url, "sqlite:")); err != nil {
				t.Fatal(err)
			}
			if got = plan(t, url, text, args); !strings.Contains(got, "payments_merchant") || !searches(got, "links") || strings.Contains(got, "SCAN payments") || strings.Contains(got, "Seq Scan") {
				t.Errorf("%s: a walk for a text is none\n%s", name, got)
			}
			q.Any = nil
			// Its sums walk the same way, as far as they go.
			if text, args, err = sqlstore.PaymentSums(q); err != nil {
				t.Fatal(err)
			}
			if got = plan(t, url, text, args); !strings.Contains(got, "payments_merchant") || strings.Contains(got, "SCAN payments") || strings.Contains(got, "Seq Scan") {
				t.Errorf("%s: the sums do not walk payments_merchant\n%s", name, got)
			}
		}
	})
}

// An empty hot state is filled while payers wait for pages: what each page of that costs must not grow with the
// links that are over, nor with those that come behind it.
func TestLiveLinksAreWalkedByTheirIndex(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		open(t, url)
		for index, question := range map[string]struct {
			text string
			args []any
		}{
			"links_open":   {sqlstore.LiveQuestion, []any{int64(1), "lnk_1", int64(500)}},
			"links_ending": {sqlstore.EndingQuestion, []any{int64(1), int64(500)}},
		} {
			got := plan(t, url, question.text, question.args)
			if !searches(got, index) {
				t.Errorf("not read from %s\n%s", index, got)
			}
			for _, all := range []string{"SCAN links", "Seq Scan", "TEMP B-TREE", "Sort"} {
				if strings.Contains(got, all) {
					t.Errorf("the whole table is read, or sorted\n%s", got)
				}
			}
		}
	})
}

// A report is read page by page in the order of an index: a million rows cost a million rows, not their sorting.
func TestReportsComeInTheOrderOfAnIndex(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	whole := checkout.ReportQuery{Merchant: "mer_0000000000000000000001", From: day, To: day.AddDate(0, 0, 1)}
	next := whole
	next.After = checkout.ReportPlace{At: day.Add(time.Hour), ID: "pay_2222222222222222222222"}
	files(t, func(t *testing.T, url string) {
		open(t, url)
		for _, q := range []checkout.ReportQuery{whole, next} {
			for index, ask := range map[string]func(checkout.ReportQuery) (string, []any){"payments_merchant": sqlstore.ReportPayments, "payments_collected": sqlstore.ReportCollected, "payments_declined": sqlstore.ReportRefused, "chargebacks_received": sqlstore.ReportChargebacks, "payments_sold": sqlstore.ReportSold} {
				text, args := ask(q)
				got := plan(t, url, text, args)
				if !searches(got, index) && !strings.Contains(got, "Backward using "+index) || strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "Sort") {
					t.Errorf("not in the order of %s\n%s", index, got)
				}
			}
		}
	})
}

// A month of a busy merchant is added up from one index, without a look at its payments; what calls for a person is
// counted no further than asked.
func TestSumsAreAnsweredFromAnIndexAlone(t *testing.T) {
	const m, maker = checkout.MerchantID("mer_0000000000000000000001"), checkout.UserID("usr_0000000000000000000001")
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	q := checkout.ReportQuery{Merchant: m, From: day, To: day.AddDate(0, 1, 0)}
	ofAccount := q
	ofAccount.Account, ofAccount.Currency = "acc_0000000000000000000001", checkout.USD
	files(t, func(t *testing.T, url string) {
		open(t, url)
		for what, ask := range map[string]func() (string, []any){
			"by instalments":                func() (string, []any) { return sqlstore.CollectedByCount(q) },
			"by instalments, of an account": func() (string, []any) { return sqlstore.CollectedByCount(ofAccount) },
			"by day":                        func() (string, []any) { return sqlstore.PaidGroups(m, "", q.From, q.To) },
			"by day, of who made the links": func() (string, []any) { return sqlstore.PaidGroups(m, maker, q.From, q.To) },
		} {
			text, args := ask()
			if got := plan(t, url, text, args); !strings.Contains(got, "COVERING INDEX payments_collected") && !strings.Contains(got, "Index Only Scan using payments_collected") {
				t.Errorf("%s: payments are looked at\n%s", what, got)
			}
		}
		for _, who := range []checkout.UserID{"", maker} {
			text, args := sqlstore.CallingEvents(checkout.PaymentQuery{Merchant: m, Maker: who})
			got := plan(t, url, text, args)
			if !searches(got, "events_calling") && !strings.Contains(got, "Backward using events_calling") || strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "Sort") || strings.Contains(got, "Seq Scan") {
				t.Errorf("of %q: not from the newest event\n%s", who, got)
			}
			text, args = sqlstore.Calling(m, who, 100)
			got = plan(t, url, text, args)
			if !strings.Contains(got, "events_attention") || strings.Contains(got, "SCAN events") || strings.Contains(got, "SCAN payments") || strings.Contains(got, "SCAN p\n") || strings.Contains(got, "Seq Scan") {
				t.Errorf("of %q: all rows are read\n%s", who, got)
			}
		}
	})
}

// Every first screen asks how many disputes wait for an answer.
func TestOpenChargebacksAreCountedByTheirIndex(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		open(t, url)
		text, args := sqlstore.OpenChargebacks("mer_0000000000000000000001")
		if got := plan(t, url, text, args); !searches(got, "chargebacks_open") {
			t.Errorf("not counted by chargebacks_open\n%s", got)
		}
	})
}

// Every first screen asks whom the limits stop, and every page of links.
func TestStopsAreFoundByTheirIndexes(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		open(t, url)
		for _, maker := range []checkout.UserID{"", "usr_0000000000000000000001"} {
			for name, ask := range sqlstore.StopQuestions("mer_0000000000000000000001", maker, "lnk_1") {
				index, _, _ := strings.Cut(name, " ")
				text, args := ask()
				got := plan(t, url, text, args)
				if !searches(got, index) && !strings.Contains(got, "Backward using "+index) || strings.Contains(got, "SCAN stops") || strings.Contains(got, "SCAN links") || strings.Contains(got, "Seq Scan") {
					t.Errorf("%s of %q: not by its index\n%s", name, maker, got)
				}
			}
		}
	})
}

// A page of a catalogue is read in its own order from the merchant's living products, whatever others have and whatever
// was deleted.
func TestProductsComeInTheOrderOfAnIndex(t *testing.T) {
	sold := true
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	files(t, func(t *testing.T, url string) {
		open(t, url)
		for name, q := range map[string]checkout.ProductQuery{
			"all": {}, "sold": {Active: &sold}, "a text": {Text: "yağ"}, "the next page": {Cursor: sqlstore.CursorAt(day.UnixMicro(), "prd_2222222222222222222222")},
		} {
			q.Merchant = "mer_0000000000000000000001"
			text, args, err := sqlstore.ProductSearch(q)
			if err != nil {
				t.Fatal(err)
			}
			got := plan(t, url, text, args)
			if !searches(got, "products_merchant") && !strings.Contains(got, "Backward using products_merchant") || strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "Sort") {
				t.Errorf("%s: not in the order of products_merchant\n%s", name, got)
			}
		}
	})
}

package sqlstore

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Page sizes: the contract's limit, and what a query without one gets.
const (
	maxPage     = 100
	defaultPage = 20
)

// filter gathers conditions and their parameters.
type filter struct {
	where []string
	args  []any
}

// add takes a condition whose one "?" or several stand for the value.
func (f *filter) add(condition string, values ...any) {
	for _, v := range values {
		f.args = append(f.args, v)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(f.args)), 1)
	}
	f.where = append(f.where, condition)
}

// between limits a creation time: from inclusive, to exclusive.
func (f *filter) between(from, to time.Time) {
	if !from.IsZero() {
		f.add("created_at >= ?", micros(from))
	}
	if !to.IsZero() {
		f.add("created_at < ?", micros(to))
	}
}

// page finishes a query that lists newest first, with one row more than asked for: that one says
// whether there is a next page. ours tells the ids of this list.
func (f *filter) page(t *table, ours func(id string) bool, cursor string, limit int) (string, error) {
	if cursor != "" {
		at, id, ok := readCursor(cursor)
		if !ok || !ours(id) {
			return "", checkout.ErrCursor
		}
		f.add("(created_at, id) < (?, ?)", at, id)
	}
	f.args = append(f.args, int64(limit+1))
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY created_at DESC, id DESC LIMIT $%d",
		t.list, t.name, strings.Join(f.where, " AND "), len(f.args)), nil
}

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// A cursor names the last row of a page by creation time and id, so that rows made meanwhile, which
// stand before it, move nothing.
func makeCursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString(append(binary.BigEndian.AppendUint64(nil, uint64(micros(at))), id...))
}

// readCursor takes exactly what makeCursor writes: the decoder alone would also take line ends and stray
// bits.
func readCursor(text string) (at int64, id string, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) <= 8 || base64.RawURLEncoding.EncodeToString(b) != text {
		return 0, "", false
	}
	at, id = int64(binary.BigEndian.Uint64(b)), string(b[8:])
	return at, id, at > 0
}

func isLink(id string) bool    { return checkout.LinkID(id).Valid() }
func isPayment(id string) bool { return checkout.PaymentID(id).Valid() }

// like makes a pattern that finds text anywhere; its own signs mean themselves.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(fold(text)) + "%"
}

// SearchLinks answers a page of a merchant's links, newest first, and the cursor of the next one.
func (s *Store) SearchLinks(ctx context.Context, q checkout.LinkQuery) ([]checkout.Link, string, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	var named meant
	if q.Text != "" {
		var err error
		if named, err = s.linksMeant(ctx, q.Merchant, q.Maker, q.Text); err != nil {
			return nil, "", err
		}
	}
	limit := pageSize(q.Limit)
	var out []checkout.Link
	err := s.readWithin(ctx, searchTime, func(db querier) error {
		out = nil
		now, err := s.clock(ctx, db)
		if err != nil {
			return err
		}
		text, args, err := linkSearch(q, limit, now, named)
		if err != nil {
			return err
		}
		return db.query(ctx, text, func(r row) error {
			l, err := scanLink(r)
			if err == nil {
				out = append(out, l.Link)
			}
			return err
		}, args...)
	})
	if err != nil {
		return nil, "", err
	}
	if len(out) <= limit {
		return out, "", nil
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

// linkSearch is the question of SearchLinks: few links that a text names are looked up, of many the newest are met soon
// on the walk through all.
func linkSearch(q checkout.LinkQuery, limit int, now int64, named meant) (text string, args []any, err error) {
	f := &filter{}
	switch {
	case q.Text == "":
		f.add("merchant = ?", string(q.Merchant))
		f.byMaker("id", q.Merchant, q.Maker)
	case named.few && len(named.links) == 0:
		f.add("1 = 0")
	case named.few:
		f.add("merchant || '' = ?", string(q.Merchant))
		in(f, "id", named.links)
	default:
		f.add("merchant = ?", string(q.Merchant))
		f.add(`search LIKE ? ESCAPE '\'`, like(q.Text))
		f.madeBy("links.id", q.Merchant, q.Maker)
	}
	if q.Status != "" {
		f.status(q.Status, now)
	}
	if q.Order != "" {
		f.add("merchant_order = ?", string(q.Order))
	}
	if q.Stopped {
		f.stopped(q.Merchant, now)
	}
	f.between(q.From, q.To)
	text, err = f.page(links, isLink, q.Cursor, limit)
	return text, f.args, err
}

// status is Link.Status in SQL. A word that is no status finds nothing.
func (f *filter) status(s checkout.LinkStatus, now int64) {
	const undeleted = "NOT " + spent + " AND deleted_at = 0"
	switch s {
	case checkout.LinkPaid:
		f.add(spent)
	case checkout.LinkDeleted:
		f.add("NOT " + spent + " AND deleted_at > 0")
	case checkout.LinkExpired:
		f.add(undeleted+" AND expires_at <= ?", now)
	case checkout.LinkScheduled:
		f.add(undeleted+" AND expires_at > ? AND active_from > ?", now, now)
	case checkout.LinkActive:
		f.add(undeleted+" AND expires_at > ? AND active_from <= ?", now, now)
	default:
		f.add("1 = 0")
	}
}

// SearchPayments answers a page of a merchant's payments, newest first, and the cursor of the next.
func (s *Store) SearchPayments(ctx context.Context, q checkout.PaymentQuery) ([]checkout.Payment, string, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	limit := pageSize(q.Limit)
	out, err := s.newestPayments(ctx, q, limit)
	if err != nil {
		return nil, "", err
	}
	if len(out) <= limit {
		return out, "", nil
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

// newestPayments finds a page of a list and one row more, the way that what is asked is met soonest.
func (s *Store) newestPayments(ctx context.Context, q checkout.PaymentQuery, limit int) ([]checkout.Payment, error) {
	if q.Attention && q.Any == nil && !q.Waiting && walked(q) {
		return s.callingPayments(ctx, q, limit+1)
	}
	var named meant
	if q.Any != nil && q.Any.Text != "" {
		var err error
		if named, err = s.linksMeant(ctx, q.Merchant, q.Maker, q.Any.Text); err != nil {
			return nil, err
		}
		named.walk = !named.few && !q.Waiting && !q.Attention && walked(q)
	}
	out, found, err := s.findPayments(ctx, q, limit, named)
	if err == nil && !found {
		out, _, err = s.findPayments(ctx, q, limit, meant{})
	}
	return out, err
}

// meant says how the links are found that a text names.
type meant struct {
	few   bool // they are these
	links []checkout.LinkID
	walk  bool // so many that the newest payments are mostly theirs
}

const (
	// fewMeant is how many links are few: their payments are looked up and put in order.
	fewMeant = 500
	// walkTime bounds the walk through payments, of which a thousandth takes a moment: many links may be named
	// that nobody has paid.
	walkTime = 250 * time.Millisecond
)

// walked says whether a list asks nothing that few of the newest payments would pass, but perhaps who made their links.
func walked(q checkout.PaymentQuery) bool {
	return q.Status == "" && q.Account == "" && q.Currency == "" && q.Min == 0 && q.Max == 0 && q.Link == "" && q.Order == "" && q.Reference == ""
}

// linksMeant finds the links that a text names, of who may see no others: his own.
func (s *Store) linksMeant(ctx context.Context, m checkout.MerchantID, maker checkout.UserID, typed string) (named meant, err error) {
	text, args := textSearch(m, maker, typed)
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		named.links = nil
		return db.query(ctx, text, func(r row) error {
			named.links = append(named.links, checkout.LinkID(r.text()))
			return nil
		}, args...)
	})
	named.few = len(named.links) <= fewMeant
	return named, err
}

// textSearch reads the texts of a merchant's links, which PostgreSQL keeps apart from the wide rows of links.
func textSearch(m checkout.MerchantID, maker checkout.UserID, typed string) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ?", string(m))
	f.add(`search LIKE ? ESCAPE '\'`, like(typed))
	f.madeBy("link_texts.link", m, maker)
	f.args = append(f.args, int64(fewMeant+1))
	return fmt.Sprintf("SELECT link FROM link_texts WHERE %s LIMIT $%d", f.clause(), len(f.args)), f.args
}

// findPayments asks for a page and one row more. A walk may end without having found it.
func (s *Store) findPayments(ctx context.Context, q checkout.PaymentQuery, limit int, named meant) (out []checkout.Payment, found bool, err error) {
	text, args, err := paymentSearch(q, limit, s.engine.section() == "sqlite", named)
	if err != nil {
		return nil, false, err
	}
	read := func(db querier) error {
		out = nil
		return db.query(ctx, text, func(r row) error {
			p, err := scanPayment(r)
			out = append(out, p)
			return err
		}, args...)
	}
	if named.walk {
		found, err = s.readSoon(ctx, walkTime, read)
		return out, found, err
	}
	return out, true, s.readWithin(ctx, searchTime, read)
}

// paymentSearch is the question of SearchPayments. Where few payments can be meant, the merchant is held
// against an expression, so that no planner walks through all payments of the merchant to meet them. What a
// person typed is looked for in each way that it can be meant by an index of that way's own, newest first and no
// more than a page of each: what is searched does not grow with what is found. hints names that index, to an engine
// that takes the name: SQLite, which knows nothing of a table that was not analysed, draws lots.
func paymentSearch(q checkout.PaymentQuery, limit int, hints bool, named meant) (text string, args []any, err error) {
	return paymentsFound(payments.list, q, limit, hints, named)
}

// paymentsFound is paymentSearch for these columns.
func paymentsFound(columns string, q checkout.PaymentQuery, limit int, hints bool, named meant) (text string, args []any, err error) {
	f := &filter{}
	if q.Any == nil && !q.Waiting {
		f.paymentsOf(q, q.Reference != "" || q.Attention)
		text, err = f.page(&table{name: payments.name, list: columns}, isPayment, q.Cursor, limit)
		return text, f.args, err
	}
	if text, err = f.anyOf(q, limit, hints, named); err != nil {
		return "", nil, err
	}
	f.args = append(f.args, int64(limit+1))
	return fmt.Sprintf("SELECT %s FROM payments WHERE id IN (%s) ORDER BY created_at DESC, id DESC LIMIT $%d", columns, text, len(f.args)), f.args, nil
}

// PaymentSums adds up at most checkout.MostSummed payments of a list, the newest, in one question. Filters that few of
// a merchant's payments pass make a walk of them.
func (s *Store) PaymentSums(ctx context.Context, q checkout.PaymentQuery, within time.Duration) (checkout.PaymentSums, error) {
	text, args, err := paymentSums(q, checkout.MostSummed, s.engine.section() == "sqlite")
	if err != nil {
		return checkout.PaymentSums{}, err
	}
	var out checkout.PaymentSums
	inTime, err := s.readSoon(ctx, within, func(db querier) error {
		out = checkout.PaymentSums{Known: true}
		return db.query(ctx, text, func(r row) error {
			one := checkout.PaymentSum{Currency: checkout.Currency(r.text()), Tries: r.num(), Paid: r.num(), Collected: r.num(), Back: r.num()}
			if out.More = out.More || r.num() > checkout.MostSummed; one.Tries > 0 {
				out.Each = append(out.Each, one)
			}
			return nil
		}, args...)
	})
	if !inTime {
		out = checkout.PaymentSums{}
	}
	return out, err
}

// paymentSums numbers the payments of a list from the newest, one more than are summed: that one says that there are
// more. It walks the index that the list's own pages walk.
func paymentSums(q checkout.PaymentQuery, most int, hints bool) (text string, args []any, err error) {
	q.Cursor = ""
	text, args, err = paymentsFound("currency, total, refunded, paid_at, created_at, id", q, most, hints, meant{})
	if err != nil {
		return "", nil, err
	}
	one := func(value, where string) string {
		return fmt.Sprintf("CAST(sum(CASE WHEN place <= %d%s THEN %s ELSE 0 END) AS BIGINT)", most, where, value)
	}
	return "SELECT currency, " + strings.Join([]string{one("1", ""), one("1", " AND paid_at > 0"), one("total", " AND paid_at > 0"), one("refunded", " AND paid_at > 0")}, ", ") +
		", max(place) FROM (SELECT currency, total, refunded, paid_at, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place FROM (" + text +
		") AS found) AS placed GROUP BY currency ORDER BY 2 DESC, 1", args, nil
}

// way is one way in which what was typed can be meant, and its index; "" = it names few payments by itself.
type way struct {
	index string
	take  func(f *filter)
}

// anyOf is a list of the ids of payments that what was typed can mean.
func (f *filter) anyOf(q checkout.PaymentQuery, limit int, hints bool, named meant) (string, error) {
	var each []string
	for _, w := range waysOf(q, named) {
		one := &filter{args: f.args}
		one.paymentsOf(q, w.index == "")
		w.take(one)
		from := payments.name
		if hints && w.index != "" {
			from += " INDEXED BY " + w.index
		}
		text, err := one.page(&table{name: from, list: "id"}, isPayment, q.Cursor, limit)
		if err != nil {
			return "", err
		}
		f.args = one.args
		each = append(each, "SELECT id FROM ("+text+") AS w"+strconv.Itoa(len(each)))
	}
	return strings.Join(each, " UNION "), nil
}

func waysOf(q checkout.PaymentQuery, named meant) (all []way) {
	is := func(index, condition string, values ...any) {
		all = append(all, way{index, func(f *filter) { f.add(condition, values...) }})
	}
	if q.Any == nil {
		for _, s := range []checkout.Status{checkout.StatusAuthorizing, checkout.StatusPending} {
			is("payments_rare", "status = ? AND "+rare, string(s))
		}
		return all
	}
	t, m := q.Any, string(q.Merchant)
	if t.ID != "" {
		is("", "id = ?", string(t.ID))
	}
	if t.Reference != "" {
		all = append(all, way{"", func(f *filter) { f.reference(t.Reference) }})
	}
	if t.Link != "" {
		is("", "link = ?", string(t.Link))
	}
	if t.Token != "" {
		is("", "link = (SELECT id FROM links WHERE merchant = ? AND token = ?)", m, string(t.Token))
	}
	if t.Word != "" {
		is("", "link = (SELECT id FROM links WHERE merchant = ? AND merchant_order = ?)", m, t.Word)
		is("", "bank_order = ?", t.Word)
		is("payments_rrn", "rrn = ? AND rrn <> ''", t.Word)
		is("payments_auth_code", "auth_code = ? AND auth_code <> ''", t.Word)
	}
	switch {
	case t.BIN != "" && t.Last4 != "":
		is("payments_last4", "card_last4 = ? AND card_bin LIKE ?", t.Last4, t.BIN+"%")
	case t.Last4 != "":
		is("payments_last4", "card_last4 = ?", t.Last4)
	case t.BIN != "":
		is("payments_bin", "substr(card_bin, 1, 6) = ? AND card_bin LIKE ?", t.BIN[:min(6, len(t.BIN))], t.BIN+"%")
	}
	for minor, currencies := range amounts(t.Amounts) {
		all = append(all, way{"payments_total", func(f *filter) {
			f.add("total = ?", minor)
			in(f, "currency", currencies)
		}})
	}
	switch {
	case t.Text == "", named.few && len(named.links) == 0:
	case named.few:
		all = append(all, way{"", func(f *filter) { in(f, "link", named.links) }})
	case named.walk:
		is("payments_merchant", `(SELECT search LIKE ? ESCAPE '\' FROM links WHERE links.id = payments.link)`, like(t.Text))
	default:
		is("", `link IN (SELECT link FROM link_texts WHERE merchant = ? AND search LIKE ? ESCAPE '\')`, m, like(t.Text))
	}
	if len(all) == 0 {
		is("", "1 = 0")
	}
	return all
}

// amounts are the currencies that each number of minor units is meant in, in the order of the amounts.
func amounts(all []checkout.Money) iter.Seq2[int64, []checkout.Currency] {
	return func(yield func(int64, []checkout.Currency) bool) {
		told := map[int64]bool{}
		for _, m := range all {
			if told[m.Minor] {
				continue
			}
			told[m.Minor] = true
			var in []checkout.Currency
			for _, other := range all {
				if other.Minor == m.Minor {
					in = append(in, other.Currency)
				}
			}
			if !yield(m.Minor, in) {
				return
			}
		}
	}
}

// paymentsOf takes the conditions of a query but what was typed; few says that others name few payments.
func (f *filter) paymentsOf(q checkout.PaymentQuery, few bool) {
	merchant := "merchant = ?"
	if few {
		merchant = "merchant || '' = ?"
	}
	f.add(merchant, string(q.Merchant))
	if q.Reference != "" {
		f.reference(q.Reference)
	}
	if q.Attention {
		f.add("id IN (SELECT subject FROM events WHERE merchant = ? AND "+attention+")", string(q.Merchant))
	}
	if q.Link != "" {
		f.add("link = ?", string(q.Link))
	}
	if q.Waiting {
		f.add("status IN ('authorizing', 'pending')")
	}
	if q.Status != "" {
		f.add("status = ?", string(q.Status))
		if !frequent(q.Status) {
			f.add(rare)
		}
	}
	if q.Order != "" {
		// An order number has one link, and payments are found by that.
		f.add("link = (SELECT id FROM links WHERE merchant = ? AND merchant_order = ?)", string(q.Merchant), string(q.Order))
	}
	if q.Maker != "" {
		f.add("link IN (SELECT link FROM link_makers WHERE merchant = ? AND maker = ?)", string(q.Merchant), string(q.Maker))
	}
	f.priced(q)
	f.between(q.From, q.To)
}

func (f *filter) priced(q checkout.PaymentQuery) {
	if q.Currency != "" {
		f.add("currency = ?", string(q.Currency))
		if q.Currency != checkout.TRY {
			f.add(foreign)
		}
	}
	if q.Account != "" {
		f.add("account = ?", string(q.Account))
	}
	if q.Min > 0 {
		f.add("total >= ?", q.Min)
	}
	if q.Max > 0 {
		f.add("total <= ?", q.Max)
	}
}

// rare are the states of the index payments_rare, in its words: neither engine finds them in a parameter.
const rare = "status <> 'paid' AND status <> 'declined' AND status <> 'failed' AND status <> 'abandoned'"

// foreign are the currencies of the index payments_foreign, in its words.
const foreign = "currency <> 'TRY'"

// frequent says whether a state is none of those: payments in it are met soon on the walk from the newest.
func frequent(s checkout.Status) bool {
	switch s {
	case checkout.StatusPaid, checkout.StatusDeclined, checkout.StatusFailed, checkout.StatusAbandoned:
		return true
	}
	return false
}

// reference finds payments by the beginning of their ids: a range of the primary key.
func (f *filter) reference(reference string) {
	prefix, ok := checkout.ReferencedBy(reference)
	if !ok {
		f.add("1 = 0")
		return
	}
	f.add("id >= ? AND id < ?", prefix, prefix+pastIDs)
}

// attention is which events call for a person. Its words are those of the indexes events_attention and events_calling:
// neither engine uses them for a parameter.
const attention = "type = '" + checkout.EventAmountDiffers + "'"

// Attention answers the events for which a person should look at payments.
func (s *Store) Attention(ctx context.Context, m checkout.MerchantID, of []checkout.PaymentID) (map[checkout.PaymentID][]checkout.Event, error) {
	return s.byPayment(ctx, m, of, attentionOf)
}

// EventsOf answers the audit trails of payments.
func (s *Store) EventsOf(ctx context.Context, m checkout.MerchantID, of []checkout.PaymentID) (map[checkout.PaymentID][]checkout.Event, error) {
	return s.byPayment(ctx, m, of, trailsOf)
}

// byPayment sorts the events that one question about payments answers.
func (s *Store) byPayment(ctx context.Context, m checkout.MerchantID, of []checkout.PaymentID,
	ask func(checkout.MerchantID, []checkout.PaymentID) (string, []any)) (map[checkout.PaymentID][]checkout.Event, error) {
	found := map[checkout.PaymentID][]checkout.Event{}
	if len(of) == 0 {
		return found, nil
	}
	text, args := ask(m, of)
	err := s.readWithin(ctx, searchTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			l, err := scanLine(r)
			p := checkout.PaymentID(l.Subject)
			found[p] = append(found[p], l.Event)
			return err
		}, args...)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func trailsOf(m checkout.MerchantID, of []checkout.PaymentID) (text string, args []any) {
	return eventsOf(m, of)
}

func attentionOf(m checkout.MerchantID, of []checkout.PaymentID) (text string, args []any) {
	return eventsOf(m, of, attention)
}

// eventsOf reads events of payments, of each in its order.
func eventsOf(m checkout.MerchantID, of []checkout.PaymentID, only ...string) (text string, args []any) {
	f := &filter{where: only}
	f.add("merchant = ?", string(m))
	ids := make([]any, len(of))
	for i, id := range of {
		ids[i] = string(id)
	}
	f.add("subject IN (?"+strings.Repeat(", ?", len(of)-1)+")", ids...)
	return "SELECT " + events.list + " FROM events WHERE " + strings.Join(f.where, " AND ") + " ORDER BY subject, seq", f.args
}

// PaymentsOfLinks answers the newest payments of each link. PostgreSQL is asked once and walks the index
// from the newest payment of each link. The merchant is held against the link there and not against each
// payment, or the planner might walk through all payments of the merchant instead. SQLite, which is no
// journey away and has no lateral join, is asked link by link with one prepared statement.
func (s *Store) PaymentsOfLinks(ctx context.Context, m checkout.MerchantID, of []checkout.LinkID, newest int) (map[checkout.LinkID][]checkout.Payment, error) {
	found := make(map[checkout.LinkID][]checkout.Payment, len(of))
	if len(of) == 0 {
		return found, nil
	}
	collect := func(r row) error {
		p, err := scanPayment(r)
		found[p.Link] = append(found[p.Link], p)
		return err
	}
	const order = " ORDER BY created_at DESC, id DESC"
	err := s.readWithin(ctx, searchTime, func(db querier) error {
		if s.engine.section() == "postgres" {
			ids := make([]string, len(of))
			for i, id := range of {
				ids[i] = string(id)
			}
			return db.query(ctx, "SELECT p.* FROM links AS l CROSS JOIN LATERAL (SELECT "+payments.list+" FROM payments WHERE link = l.id"+order+
				" LIMIT $3) AS p WHERE l.merchant = $1 AND l.id = ANY(string_to_array($2, ' ')) ORDER BY p.created_at DESC, p.id DESC",
				collect, string(m), strings.Join(ids, " "), int64(newest))
		}
		for _, id := range of {
			err := db.query(ctx, "SELECT "+payments.list+" FROM payments WHERE merchant = $1 AND link = $2"+order+" LIMIT $3",
				collect, string(m), string(id), int64(newest))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

package sqlstore

import (
	"context"
	"strconv"
	"time"

	"github.com/odelink/odelink/checkout"
)

var (
	stops     = newTable("stops", "id:t link:t merchant:t name:t bin:t last4:t since:n last_at:n until_at:n tries:n lasts:n told:n")
	stopMoves = newUpdate(stops, "tries", "last_at", "until_at", "tries", "lasts", "told")
)

// stopState is a happening in this transaction.
type stopState struct {
	checkout.Stop
	id          string
	lasts, told bool
	tries0      int64 // as loaded
	fresh       bool
	listed      bool
}

func (st *stopState) values() []any {
	return []any{
		st.id, string(st.Link), string(st.Merchant), string(st.Limit), st.BIN, st.Last4, micros(st.Since), micros(st.Last), micros(st.Until),
		st.Tries, num(st.lasts), num(st.told),
	}
}

func scanStop(r row) *stopState {
	st := &stopState{id: r.text()}
	st.Link, st.Merchant, st.Limit = checkout.LinkID(r.text()), checkout.MerchantID(r.text()), checkout.Limit(r.text())
	st.BIN, st.Last4 = r.text(), r.text()
	st.Since, st.Last, st.Until = fromMicros(r.num()), fromMicros(r.num()), fromMicros(r.num())
	st.Tries = r.num()
	st.lasts, st.told = r.num() != 0, r.num() != 0
	st.tries0 = st.Tries
	return st
}

// AddStop adds tries to a happening, in the transaction of whatever else is written just then.
func (s *Store) AddStop(ctx context.Context, add checkout.Stop) error {
	u := &unit{needs: needs{links: []checkout.LinkID{add.Link}, stops: []checkout.LinkID{add.Link}}}
	if add.BIN != "" {
		u.needs.told = []pair{{string(add.Merchant), add.BIN}}
	}
	u.run = func(w *work) error { return w.stop(add) }
	return s.do(ctx, string(add.Link), u)
}

func (w *work) loadedStop(r row) error {
	if st := scanStop(r); w.stops[st.id] == nil {
		if w.stops == nil {
			w.stops = map[string]*stopState{}
		}
		w.stops[st.id] = st
	}
	return nil
}

func (w *work) stop(add checkout.Stop) error {
	l := w.links[add.Link]
	if l == nil || l.Merchant != add.Merchant {
		return checkout.ErrNoLink
	}
	have, full := w.lastingStop(add)
	if have == nil && full {
		add.BIN, add.Last4 = "", "" // with others
		have, _ = w.lastingStop(add)
	}
	if have == nil {
		return w.beginStop(l, add)
	}
	have.Tries += add.Tries
	if add.Last.After(have.Last) {
		have.Last = add.Last
	}
	if add.Until.After(have.Until) {
		have.Until = add.Until
	}
	w.listStop(have)
	return nil
}

// lastingStop finds the happening that tries belong to; full says that no more of them are kept apart. Those that are over
// are noted so on the way.
func (w *work) lastingStop(add checkout.Stop) (have *stopState, full bool) {
	n := 0
	for _, st := range w.stops {
		switch {
		case st.Link != add.Link || !st.lasts:
		case st.Over(add.Since):
			st.lasts = false
			w.listStop(st)
		case st.Limit != add.Limit:
		case st.BIN == add.BIN && st.Last4 == add.Last4:
			have = st
		default:
			n++
		}
	}
	return have, n >= checkout.MostStops
}

// beginStop writes a happening and the event of its link that says so. The link's page shows nothing else for it, so
// its Rev and its time of change stay.
func (w *work) beginStop(l *linkState, add checkout.Stop) error {
	st := &stopState{Stop: add, lasts: true, told: true, fresh: true}
	topic := checkout.TopicPayerStopped
	if w.toldOf(add) {
		st.told, topic = false, ""
	}
	next := *l
	next.terms = true
	err := w.recordLink(&next, checkout.Event{Type: checkout.TopicPayerStopped, Actor: "limits", At: add.Since, Data: add.StopData()}, topic)
	if err != nil {
		return err
	}
	*l = next
	w.list(l)
	st.id = string(l.ID) + "/" + strconv.FormatInt(l.seq, 10)
	if w.stops == nil {
		w.stops = map[string]*stopState{}
	}
	w.stops[st.id] = st
	w.listStop(st)
	return nil
}

// endStops ends what lasts of a link's own limit: its refusals are counted anew since its merchant edited or woke it.
func (w *work) endStops(id checkout.LinkID, at time.Time) {
	for _, st := range w.stops {
		if st.Link == id && st.lasts && st.Limit == checkout.LimitLink {
			st.lasts = false
			if st.Until.After(at) {
				st.Until = at
			}
			w.listStop(st)
		}
	}
}

// toldOf says whether the merchant was told of the same card, or of cards that begin alike, while that lasts. What was
// told of one that is over is told no more.
func (w *work) toldOf(add checkout.Stop) (told bool) {
	if add.BIN == "" {
		return false
	}
	for _, st := range w.stops {
		if !st.told || st.Merchant != add.Merchant || st.Limit != add.Limit || st.BIN != add.BIN || st.Last4 != add.Last4 {
			continue
		}
		if !st.Over(add.Since) {
			told = true
			continue
		}
		st.told = false
		w.listStop(st)
	}
	return told
}

func (w *work) listStop(st *stopState) {
	if !st.listed {
		st.listed = true
		w.changedStops = append(w.changedStops, st)
	}
}

// stopWrites are the happenings that changed.
func (w *work) stopWrites() (changed, made write) {
	changed, made = write{table: stops, set: stopMoves}, write{table: stops}
	for _, st := range w.changedStops {
		if st.fresh {
			made.rows = append(made.rows, st.values())
		} else {
			changed.rows = append(changed.rows, stopMoves.pick(st.values(), st.tries0))
		}
	}
	return changed, made
}

// StopsOf reads the index stops_link from its end.
func (s *Store) StopsOf(ctx context.Context, m checkout.MerchantID, id checkout.LinkID, limit int) (all []checkout.Stop, err error) {
	text, args := stopsOf(m, id, limit)
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		all = nil
		return db.query(ctx, text, func(r row) error { all = append(all, scanStop(r).Stop); return nil }, args...)
	})
	return all, err
}

func stopsOf(m checkout.MerchantID, id checkout.LinkID, limit int) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ? AND link = ?", string(m), string(id))
	f.add("1 = 1 ORDER BY since DESC, id DESC LIMIT ?", int64(limit))
	return "SELECT " + stops.list + " FROM stops WHERE " + f.clause(), f.args
}

// StopsNow reads what lasts from the index stops_merchant.
func (s *Store) StopsNow(ctx context.Context, m checkout.MerchantID, ids []checkout.LinkID) (map[checkout.LinkID][]checkout.Stop, error) {
	found := map[checkout.LinkID][]checkout.Stop{}
	if len(ids) == 0 {
		return found, nil
	}
	err := s.readWithin(ctx, searchTime, func(db querier) error {
		clear(found)
		now, err := s.clock(ctx, db)
		if err != nil {
			return err
		}
		text, args := stopsNow(m, ids, now)
		return db.query(ctx, text, func(r row) error {
			st := scanStop(r)
			found[st.Link] = append(found[st.Link], st.Stop)
			return nil
		}, args...)
	})
	return found, err
}

func stopsNow(m checkout.MerchantID, ids []checkout.LinkID, now int64) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ?", string(m))
	f.add("until_at > ?", now)
	in(f, "link", ids)
	return "SELECT " + stops.list + " FROM stops WHERE " + f.clause() + " ORDER BY since DESC, id DESC", f.args
}

// payable is which links could be paid; its question is the moment.
const payable = "deleted_at = 0 AND NOT " + spent + " AND active_from <= ? AND expires_at > ?"

// Stopping reads the indexes stops_merchant and links_resting, and no further than it answers.
func (s *Store) Stopping(ctx context.Context, m checkout.MerchantID, maker checkout.UserID, most int) (found checkout.Stopping, err error) {
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		found = checkout.Stopping{}
		now, err := s.clock(ctx, db)
		if err != nil {
			return err
		}
		text, args := stopping(m, maker, now, most)
		err = db.query(ctx, text, func(r row) error { found.Stops = append(found.Stops, scanStop(r).Stop); return nil }, args...)
		if err != nil {
			return err
		}
		text, args = resting(m, maker, now, most)
		return db.query(ctx, text, func(r row) error { found.Resting = r.num(); return nil }, args...)
	})
	return found, err
}

func stopping(m checkout.MerchantID, maker checkout.UserID, now int64, most int) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ?", string(m))
	f.add("until_at > ?", now)
	f.add("EXISTS (SELECT 1 FROM links WHERE links.id = stops.link AND "+payable+")", now, now)
	f.byMaker("link", m, maker)
	f.add("1 = 1 ORDER BY since DESC, id DESC LIMIT ?", int64(most))
	return "SELECT " + stops.list + " FROM stops WHERE " + f.clause(), f.args
}

func resting(m checkout.MerchantID, maker checkout.UserID, now int64, most int) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ?", string(m))
	f.add("resting_since > 0")
	// payable, in other words than those of the index links_open: that has every link of everybody's.
	f.add("deleted_at <= 0 AND NOT "+spent+" AND active_from <= ? AND expires_at > ?", now, now)
	f.byMaker("id", m, maker)
	f.add("1 = 1 LIMIT ?", int64(most))
	return "SELECT count(*) FROM (SELECT 1 FROM links WHERE " + f.clause() + ") AS found", f.args
}

// stopped limits to links that could be paid whose payers are stopped, or that rest.
func (f *filter) stopped(m checkout.MerchantID, now int64) {
	f.add("id IN (SELECT link FROM stops WHERE merchant = ? AND until_at > ? UNION SELECT id FROM links WHERE merchant = ? AND resting_since > 0)", string(m), now, string(m))
	f.add(payable, now, now)
}

package sqlstore

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/odelink/odelink/checkout"
)

var (
	reportSchedules = newTable("report_schedules", `id:t merchant:t version:n terms:t created_at:n updated_at:n digest:b
		due_at:n attempts:n made_at:n made_from:n made_to:n rows:n error:t`)
	reportTermsAll = newUpdate(reportSchedules, "merchant", "version", "terms", "updated_at", "digest", "due_at", "attempts", "error")
	reportMails    = newTable("report_mails", `id:t merchant:t schedule:t recipient:t address:t lang:t letter:t file:t created_at:n
		status:t reason:t attempts:n unsure:n due_at:n updated_at:n`)
	reportFiles = newTable("report_files", "id:t merchant:t name:t type:t body:b")
)

// errScheduleChanged: the row is not what this program wrote (A67).
var errScheduleChanged = errors.New("a row of report schedules was changed")

// scheduleDigest binds what the merchant said.
func (k *lasting) scheduleDigest(values []any) []byte {
	return k.digest(reportSchedules.name, values[:reportSchedules.from("digest")])
}

func (s *Store) scheduleValues(r checkout.ReportSchedule) ([]any, error) {
	keys := s.keys.Load()
	if keys == nil {
		return nil, errNoKeys
	}
	terms, err := encodeJSON(r.ReportTerms)
	if err != nil {
		return nil, err
	}
	values := []any{
		string(r.ID), string(r.Merchant), r.Version, plain(terms), micros(r.CreatedAt), micros(r.UpdatedAt), nil,
		micros(r.DueAt), int64(r.Attempts), micros(r.MadeAt), micros(r.MadeFrom), micros(r.MadeTo), r.Rows, r.Error,
	}
	values[reportSchedules.from("digest")] = keys.scheduleDigest(values)
	return values, nil
}

func (s *Store) scanSchedule(from row) (r checkout.ReportSchedule, err error) {
	keys := s.keys.Load()
	if keys == nil {
		return r, errNoKeys
	}
	values := reportSchedules.raw(from)
	again := &written{values: values}
	r.ID, r.Merchant, r.Version = checkout.ReportScheduleID(again.text()), checkout.MerchantID(again.text()), again.num()
	terms := again.text()
	r.CreatedAt, r.UpdatedAt = fromMicros(again.num()), fromMicros(again.num())
	if !hmac.Equal(again.blob(), keys.scheduleDigest(values)) {
		return r, fmt.Errorf("report schedule %s: %w", r.ID, errScheduleChanged)
	}
	if err = decodeJSON(terms, &r.ReportTerms); err != nil {
		return r, fmt.Errorf("terms of report schedule %s: %w", r.ID, err)
	}
	r.DueAt, r.Attempts, r.MadeAt = fromMicros(again.num()), int(again.num()), fromMicros(again.num())
	r.MadeFrom, r.MadeTo, r.Rows, r.Error = fromMicros(again.num()), fromMicros(again.num()), again.num(), again.text()
	return r, nil
}

func (s *Store) schedulesWhere(ctx context.Context, q querier, where string, args ...any) (out []checkout.ReportSchedule, err error) {
	err = q.query(ctx, "SELECT "+reportSchedules.list+" FROM report_schedules WHERE "+where, func(r row) error {
		one, err := s.scanSchedule(r)
		out = append(out, one)
		return err
	}, args...)
	return out, err
}

// ReportSchedules answers a merchant's with the mails of what was last made, oldest first.
func (s *Store) ReportSchedules(ctx context.Context, m checkout.MerchantID) (out []checkout.ReportSchedule, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		if out, err = s.schedulesWhere(ctx, q, "merchant = $1 ORDER BY created_at, id", string(m)); err != nil {
			return err
		}
		at := map[string]int{}
		for i, r := range out {
			at[string(r.ID)] = i
		}
		return q.query(ctx, `SELECT m.schedule, m.address, m.status, m.reason, m.attempts, m.updated_at FROM report_schedules s
			JOIN report_mails m ON m.schedule = s.id AND m.created_at = s.made_at WHERE s.merchant = $1 ORDER BY m.address, m.id`, func(r row) error {
			i, known := at[r.text()]
			if !known {
				return nil // made since the schedules were read
			}
			out[i].Mails = append(out[i].Mails, checkout.ReportMail{
				To: r.text(), Status: checkout.MessageStatus(r.text()), Reason: r.text(), Attempts: int(r.num()), At: fromMicros(r.num()),
			})
			return nil
		}, string(m))
	})
	return out, err
}

// ReportScheduleOf is for the merchant.
func (s *Store) ReportScheduleOf(ctx context.Context, m checkout.MerchantID, id checkout.ReportScheduleID) (checkout.ReportSchedule, error) {
	all, err := s.ReportSchedules(ctx, m)
	if err != nil {
		return checkout.ReportSchedule{}, err
	}
	for _, r := range all {
		if r.ID == id {
			return r, nil
		}
	}
	return checkout.ReportSchedule{}, checkout.ErrNoReportSchedule
}

// SaveReportSchedule makes a schedule or replaces its terms; what was made of it stays.
func (s *Store) SaveReportSchedule(ctx context.Context, r checkout.ReportSchedule, e checkout.Event, i checkout.Idempotency) error {
	values, err := s.scheduleValues(r)
	if err != nil {
		return err
	}
	return s.changeMerchant(ctx, r.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if err := c.keepAnswer(ctx, i); err != nil {
			return err
		}
		have, err := s.schedulesWhere(ctx, c.tx, "merchant = $1 ORDER BY created_at, id", string(r.Merchant))
		if err != nil {
			return err
		}
		if err := mayReplaceSchedule(have, r); err != nil {
			return err
		}
		if err := c.tx.apply(ctx, []write{saving(reportSchedules, reportTermsAll, r.Version > 1, values)}); err != nil {
			return err
		}
		return c.note(ctx, e)
	})
}

// mayReplaceSchedule holds a saved schedule against those that the merchant has.
func mayReplaceSchedule(have []checkout.ReportSchedule, r checkout.ReportSchedule) error {
	for _, old := range have {
		if old.ID != r.ID {
			continue
		}
		if old.Version != r.Version-1 {
			return checkout.ErrStale
		}
		return nil
	}
	switch {
	case r.Version != 1:
		return checkout.ErrNoReportSchedule
	case len(have) >= checkout.MaxReportSchedules:
		return checkout.ErrReportSchedules
	}
	return nil
}

// DeleteReportSchedule removes a schedule with its mails and their files.
func (s *Store) DeleteReportSchedule(ctx context.Context, m checkout.MerchantID, id checkout.ReportScheduleID, e checkout.Event) error {
	return s.aboutMessages(ctx, m, e, func(ctx context.Context, t tx) error {
		n, err := t.exec(ctx, "DELETE FROM report_schedules WHERE id = $1 AND merchant = $2", string(id), string(m))
		if err == nil && n == 0 {
			err = checkout.ErrNoReportSchedule
		}
		if err != nil {
			return err
		}
		if _, err = t.exec(ctx, "DELETE FROM report_files WHERE merchant = $1 AND id IN (SELECT file FROM report_mails WHERE schedule = $2)", string(m), string(id)); err != nil {
			return err
		}
		_, err = t.exec(ctx, "DELETE FROM report_mails WHERE schedule = $1 AND merchant = $2", string(id), string(m))
		return err
	})
}

// LeaseReportSchedule hands out one that is due. One whose row was changed is passed over, so that it holds up nobody's;
// verify finds it.
func (s *Store) LeaseReportSchedule(ctx context.Context, until time.Time) (leased checkout.ReportSchedule, ok bool, err error) {
	err = s.solo(ctx, func(ctx context.Context, t tx) error {
		ok = false
		now, err := s.clock(ctx, t)
		if err != nil {
			return err
		}
		var ids []string
		err = t.query(ctx, "SELECT "+reportSchedules.list+" FROM report_schedules WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1"+s.engine.skipLocked(), func(r row) error {
			one, err := s.scanSchedule(r)
			ids = append(ids, string(one.ID))
			if ok = err == nil; ok {
				leased = one
			} else if errors.Is(err, errScheduleChanged) {
				s.log.Error("a report is not sent: its schedule was changed by hand", "schedule", one.ID)
				err = nil
			}
			return err
		}, now)
		if err != nil || len(ids) == 0 {
			return err
		}
		leased.DueAt = fromMicros(micros(until))
		leased.Attempts++
		_, err = t.exec(ctx, "UPDATE report_schedules SET due_at = $2, attempts = attempts + 1 WHERE id = $1", ids[0], micros(until))
		return err
	})
	return leased, ok && err == nil, err
}

// EndReportRun writes down what became of a schedule, with its mails.
func (s *Store) EndReportRun(ctx context.Context, run checkout.ReportRun) error {
	if !run.Now {
		return s.solo(ctx, func(ctx context.Context, t tx) error { return endRun(ctx, t, run) })
	}
	return s.changeMerchant(ctx, run.Schedule.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if err := c.keepAnswer(ctx, run.Idem); err != nil {
			return err
		}
		if err := endRun(ctx, c.tx, run); err != nil {
			return err
		}
		return c.note(ctx, run.Event)
	})
}

func endRun(ctx context.Context, t tx, run checkout.ReportRun) error {
	r := run.Schedule
	n, err := int64(0), error(nil)
	switch {
	case run.Error != "":
		n, err = t.exec(ctx, "UPDATE report_schedules SET due_at = $2, error = $3 WHERE id = $1 AND version = $4 AND attempts = $5 AND due_at = $6",
			string(r.ID), micros(run.Next), run.Error, r.Version, int64(r.Attempts), micros(r.DueAt))
	case run.Now:
		n, err = t.exec(ctx, "UPDATE report_schedules SET made_at = $2, made_from = $3, made_to = $4, rows = $5 WHERE id = $1 AND version = $6",
			string(r.ID), micros(run.MadeAt), micros(run.From), micros(run.To), run.Rows, r.Version)
	default:
		n, err = t.exec(ctx, `UPDATE report_schedules SET due_at = $2, attempts = 0, error = '', made_at = $3, made_from = $4, made_to = $5, rows = $6
			WHERE id = $1 AND version = $7 AND attempts = $8 AND due_at = $9`,
			string(r.ID), micros(run.Next), micros(run.MadeAt), micros(run.From), micros(run.To), run.Rows, r.Version, int64(r.Attempts), micros(r.DueAt))
	}
	if err == nil && n == 0 {
		err = checkout.ErrStale
	}
	if err != nil || run.Error != "" {
		return err
	}
	return addReportMails(ctx, t, run)
}

// addReportMails writes the mails down, and the file if one of them is to be sent.
func addReportMails(ctx context.Context, t tx, run checkout.ReportRun) error {
	if len(run.Mails) == 0 {
		return nil
	}
	file, waiting := "", 0
	if run.File != nil {
		file = string(run.Mails[0].ID) // one name for all
	}
	w := write{table: reportMails}
	for _, m := range run.Mails {
		if err := mayBeSent(ctx, t, run, &m); err != nil {
			return err
		}
		letter, err := encodeJSON(m.Letter)
		if err != nil {
			return err
		}
		of := file
		if m.Status == checkout.MessageQueued {
			waiting++
		} else {
			of = ""
		}
		w.rows = append(w.rows, []any{
			string(m.ID), string(m.Merchant), string(run.Schedule.ID), m.Person(), m.To, m.Lang, plain(letter), of, micros(m.CreatedAt),
			string(m.Status), m.Reason, int64(0), int64(0), micros(m.DueAt), micros(m.UpdatedAt),
		})
	}
	if waiting == 0 && run.Now {
		return checkout.ErrSuppressed
	}
	writes := []write{w}
	if file != "" && waiting > 0 {
		writes = append(writes, write{table: reportFiles, rows: [][]any{{file, string(run.Schedule.Merchant), run.File.Name, run.File.Type, run.File.Body}}})
	}
	return t.apply(ctx, writes)
}

// mayBeSent keeps a mail from an address that the merchant never writes to, and refuses what was asked for too often.
func mayBeSent(ctx context.Context, t tx, run checkout.ReportRun, m *checkout.Message) error {
	err := t.query(ctx, "SELECT recipient FROM suppressions WHERE merchant = $1 AND recipient = $2", func(row) error {
		m.Status, m.Reason = checkout.MessageSuppressed, checkout.SuppressedAddress
		return nil
	}, string(m.Merchant), m.Recipient())
	if err != nil || !run.Now || run.PerRecipient == 0 {
		return err
	}
	var before []checkout.SentBefore
	err = t.query(ctx, "SELECT created_at FROM report_mails WHERE merchant = $1 AND recipient = $2 AND status <> 'suppressed' ORDER BY created_at", func(r row) error {
		before = append(before, checkout.SentBefore{At: fromMicros(r.num())})
		return nil
	}, string(m.Merchant), m.Person())
	if err != nil {
		return err
	}
	limits := checkout.MessageLimits{PerRecipient: run.PerRecipient}
	if reason, wait := limits.Hold(*m, run.MadeAt, nil, before); reason != "" {
		return checkout.HeldError(reason, wait)
	}
	return nil
}

// LeaseReportMails hands out mails that are due, with their files.
func (s *Store) LeaseReportMails(ctx context.Context, until time.Time, limit int) (out []checkout.Message, err error) {
	err = s.solo(ctx, func(ctx context.Context, t tx) error {
		out = nil
		now, err := s.clock(ctx, t)
		if err != nil {
			return err
		}
		var files []string
		err = t.query(ctx, "SELECT "+reportMails.list+" FROM report_mails WHERE status = 'queued' AND due_at <= $1 ORDER BY due_at, id LIMIT $2"+s.engine.skipLocked(), func(r row) error {
			m, file, err := scanReportMail(r)
			m.DueAt = fromMicros(micros(until))
			m.Attempts++
			m.Unsure++
			out, files = append(out, m), append(files, file)
			return err
		}, now, int64(limit))
		if err != nil {
			return err
		}
		known := map[string]*checkout.MessageFile{}
		for i, m := range out {
			file, err := reportFile(ctx, t, known, files[i])
			if err != nil {
				return err
			}
			if file != nil {
				out[i].Files = []checkout.MessageFile{*file}
			}
			if _, err := t.exec(ctx, "UPDATE report_mails SET due_at = $2, attempts = $3, unsure = $4 WHERE id = $1", string(m.ID), micros(until), int64(m.Attempts), int64(m.Unsure)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func scanReportMail(r row) (m checkout.Message, file string, err error) {
	m.Kind, m.Channel = checkout.MessageReport, checkout.ChannelEmail
	m.ID, m.Merchant = checkout.MessageID(r.text()), checkout.MerchantID(r.text())
	_, _ = r.text(), r.text() // its schedule; and the person follows from the address
	m.To, m.Lang = r.text(), r.text()
	err = decodeJSON(r.text(), &m.Letter)
	file, m.CreatedAt = r.text(), fromMicros(r.num())
	m.Status, m.Reason, m.Attempts, m.Unsure = checkout.MessageStatus(r.text()), r.text(), int(r.num()), int(r.num())
	m.DueAt, m.UpdatedAt = fromMicros(r.num()), fromMicros(r.num())
	if err != nil {
		err = fmt.Errorf("letter of report mail %s: %w", m.ID, err)
	}
	return m, file, err
}

// reportFile reads a file once for all mails that have it.
func reportFile(ctx context.Context, q querier, known map[string]*checkout.MessageFile, id string) (*checkout.MessageFile, error) {
	if f, ok := known[id]; ok || id == "" {
		return f, nil
	}
	err := q.query(ctx, "SELECT name, type, body FROM report_files WHERE id = $1", func(r row) error {
		known[id] = &checkout.MessageFile{Name: r.text(), Type: r.text(), Body: r.blob()}
		return nil
	}, id)
	if err == nil && known[id] == nil {
		err = fmt.Errorf("the file of report %s is gone", id)
	}
	return known[id], err
}

// EndReportMail records an attempt. The file goes with the last mail that waited for it.
func (s *Store) EndReportMail(ctx context.Context, m checkout.Message, made checkout.MessageSend, next time.Time, bounced bool) error {
	m.UpdatedAt, m.Reason = made.At.Add(made.Took), made.Error
	if !made.Unclear {
		m.Unsure--
	}
	switch {
	case made.Error == "":
		m.Status = checkout.MessageSent
	case next.IsZero():
		m.Status = checkout.MessageFailed
	default:
		m.DueAt = next
	}
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		n, err := t.exec(ctx, "UPDATE report_mails SET status = $2, reason = $3, unsure = $4, due_at = $5, updated_at = $6 WHERE id = $1 AND status = 'queued' AND attempts = $7",
			string(m.ID), string(m.Status), m.Reason, int64(m.Unsure), micros(m.DueAt), micros(m.UpdatedAt), int64(m.Attempts))
		if err == nil && n == 0 {
			err = checkout.ErrStale
		}
		if err != nil || m.Status == checkout.MessageQueued {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM report_files WHERE id IN (SELECT file FROM report_mails WHERE id = $1)"+unawaited, string(m.ID)); err != nil || !bounced {
			return err
		}
		return suppress(ctx, t, checkout.Suppression{Merchant: m.Merchant, Channel: m.Channel, To: m.To, Reason: checkout.SuppressedByBounce, CreatedAt: m.UpdatedAt})
	})
}

// unawaited are files that no mail waits for.
const unawaited = " AND NOT EXISTS (SELECT 1 FROM report_mails w WHERE w.file = report_files.id AND w.status = 'queued')"

// ForgetReportMails removes old mails, and files that none waits for any more.
func (s *Store) ForgetReportMails(ctx context.Context, before time.Time, limit int) (int, error) {
	gone := int64(0)
	err := s.solo(ctx, func(ctx context.Context, t tx) (err error) {
		if _, err = t.exec(ctx, "DELETE FROM report_files WHERE id <> ''"+unawaited); err == nil {
			gone, err = t.exec(ctx, "DELETE FROM report_mails WHERE id IN (SELECT id FROM report_mails WHERE updated_at < $1 AND status <> 'queued' ORDER BY updated_at, id LIMIT $2)", micros(before), int64(limit))
		}
		return err
	})
	return int(gone), err
}

// changedSchedules finds schedules that are not what this program wrote (A67).
func (s *Store) changedSchedules(ctx context.Context) (found []Finding, err error) {
	err = s.reading(ctx, false, func(q querier) error {
		found = nil
		return q.query(ctx, "SELECT "+reportSchedules.list+" FROM report_schedules", func(r row) error {
			if one, err := s.scanSchedule(r); err != nil {
				found = append(found, Finding{Subject: string(one.Merchant), Row: string(one.ID), What: FoundRowChanged})
			}
			return nil
		})
	})
	return found, err
}

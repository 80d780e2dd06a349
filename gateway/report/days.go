package report

import (
	"time"
	_ "time/tzdata" // report days are Istanbul's, also where the system has no zone files
)

// Zone is what report days and local times are in (domain.md 5.4): by name, since before 2016 it had a summer
// time.
var Zone = zone("Europe/Istanbul")

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic("report: " + err.Error())
	}
	return z
}

// dayOf is the beginning of the calendar day of a moment.
func dayOf(t time.Time) time.Time {
	y, m, d := t.In(Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, Zone)
}

// holidays are the public holidays of every year on which banks rest (Law 2429); half days count as business
// days.
var holidays = map[[2]int]bool{
	{1, 1}: true, {4, 23}: true, {5, 1}: true, {5, 19}: true, {7, 15}: true, {8, 30}: true, {10, 29}: true,
}

// feasts are the religious holidays, whose days are announced year by year (calendar of the Presidency of
// Religious Affairs). For a year that is not here they are not known.
var feasts = map[string]bool{
	"2025-03-30": true, "2025-03-31": true, "2025-04-01": true,
	"2025-06-06": true, "2025-06-07": true, "2025-06-08": true, "2025-06-09": true,
	"2026-03-20": true, "2026-03-21": true, "2026-03-22": true,
	"2026-05-27": true, "2026-05-28": true, "2026-05-29": true, "2026-05-30": true,
}

// businessDay is day, or the first business day behind it (domain.md 5.2).
func businessDay(day time.Time) time.Time {
	for {
		weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
		if !weekend && !holidays[[2]int{int(day.Month()), day.Day()}] && !feasts[day.Format(time.DateOnly)] {
			return day
		}
		day = day.AddDate(0, 0, 1)
	}
}

// nextMonth is the same day n months later, or the last of a month that has no such day.
func nextMonth(day time.Time, n int) time.Time {
	first := time.Date(day.Year(), day.Month()+time.Month(n), 1, 0, 0, 0, 0, Zone)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(day.Day(), last)-1)
}

package language

import (
	"fmt"
	"math"
	"time"

	"github.com/kehuo/provision/provision"
)

// Bytes writes a size or a rate in decimal units with three figures, so that its width is steady: "812 B", "4.10 MB", "41.0 MB", "410 MB".
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n), "kMGTPE"
	i := -1
	for value >= 999.5 && i < len(units)-1 {
		value /= 1000
		i++
	}
	return fmt.Sprintf("%.*f %cB", decimals(value), value, units[i])
}

func decimals(value float64) int {
	switch {
	case value >= 99.95:
		return 0
	case value >= 9.995:
		return 1
	}
	return 2
}

// Amount writes n in unit, one of the units of provision.StepProgress.
func Amount(n int64, unit string) string {
	if unit == provision.UnitBytes {
		return Bytes(n)
	}
	return fmt.Sprint(n)
}

// Duration writes d as a person would say it: "84 ms", "1.2 s", "48 s", "3:07", "1:02:03".
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 59500*time.Millisecond:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return Clock(d)
}

// Age writes how long something has lasted, in the largest unit of which there are two: "90 s", "12 min", "40 h", "3 days".
func (p *Printer) Age(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return p.T("age.seconds", int(max(d, 0).Seconds()))
	case d < 2*time.Hour:
		return p.T("age.minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return p.T("age.hours", int(d.Hours()))
	}
	return p.T("age.days", int(d.Hours()/24))
}

// Clock writes d in whole seconds: "0:07", "3:07", "1:02:03".
func Clock(d time.Duration) string {
	s := int64(math.Round(d.Seconds()))
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Percent is done of total as a whole number from 0 to 100, 100 only when all is done; 0 while total is unknown.
func Percent(done, total int64) int {
	if total <= 0 || done <= 0 {
		return 0
	}
	if done >= total {
		return 100
	}
	return int(float64(done) / float64(total) * 100)
}

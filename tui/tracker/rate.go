package tracker

import "time"

const (
	// window is the stretch of time over which a rate is measured: long enough to be calm, short enough to notice a stall.
	window = 5 * time.Second
	// spacing is how far apart the samples in the window are.
	spacing = 250 * time.Millisecond
	// settled is how long a rate must have been measured before it is shown.
	settled = time.Second
)

// Rate measures how fast something grows. The zero value has seen nothing.
type Rate struct {
	samples []sample
}

type sample struct {
	at   time.Time
	done int64
}

func (r *Rate) add(at time.Time, done int64) {
	if n := len(r.samples); n > 0 && done < r.samples[n-1].done {
		r.samples = r.samples[:0] // another thing is being measured now
	}
	if n := len(r.samples); n > 1 && at.Sub(r.samples[n-2].at) < spacing {
		r.samples[n-1] = sample{at, done}
		return
	}
	for len(r.samples) > 2 && at.Sub(r.samples[1].at) > window {
		r.samples = append(r.samples[:0], r.samples[1:]...)
	}
	r.samples = append(r.samples, sample{at, done})
}

// PerSecond is the rate by now; 0 while it is not known yet. Time without an event counts, so that a stall shows.
func (r *Rate) PerSecond(now time.Time) float64 {
	if len(r.samples) < 2 {
		return 0
	}
	first, last := r.samples[0], r.samples[len(r.samples)-1]
	took := max(now.Sub(first.at), last.at.Sub(first.at))
	if took < settled {
		return 0
	}
	return float64(last.done-first.done) / took.Seconds()
}

// Left is how long the rest of total takes at the rate of now; ok is false while that is not known.
func (r *Rate) Left(now time.Time, done, total int64) (left time.Duration, ok bool) {
	rate := r.PerSecond(now)
	if rate <= 0 || total <= done {
		return 0, false
	}
	seconds := float64(total-done) / rate
	if seconds > (99 * time.Hour).Seconds() {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

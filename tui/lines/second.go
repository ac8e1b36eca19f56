package lines

import "time"

// second keeps the last time that was written: formatting one costs more than the rest of a line of output.
type second struct {
	at   time.Time
	text []byte
}

// append writes t, in t's own zone, to the precision of layout; times closer than that precision share the text.
func (s *second) append(b []byte, t time.Time, layout string) []byte {
	precision := time.Second
	if layout == logTime {
		precision = time.Millisecond
	}
	cut := t.Truncate(precision)
	if s.text == nil || !cut.Equal(s.at) || cut.Location() != s.at.Location() {
		s.at, s.text = cut, t.AppendFormat(s.text[:0], layout)
	}
	return append(b, s.text...)
}

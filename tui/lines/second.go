package lines

import "time"

// second keeps the last time that was written: formatting one costs more than the rest of a line of output.
type second struct {
	count int64 // of seconds or milliseconds
	zone  *time.Location
	text  []byte
}

// append writes t, in t's own zone, to the precision of layout; times closer than that precision share the text.
func (s *second) append(b []byte, t time.Time, layout string) []byte {
	count := t.Unix()
	if layout == logTime {
		count = t.UnixMilli()
	}
	if s.text == nil || count != s.count || t.Location() != s.zone {
		s.count, s.zone, s.text = count, t.Location(), t.AppendFormat(s.text[:0], layout)
	}
	return append(b, s.text...)
}

//go:build linux

package router

import "strings"

// The parts of TLS that a router reads (RFC 8446, sections 4 and 5; RFC 6066, section 3).
const (
	recordHandshake = 22
	recordLongest   = 1<<14 + 2048
	clientHello     = 1
	extensionSNI    = 0
)

// unrecognizedName is the fatal alert for a name that no site has.
var unrecognizedName = []byte{21, 3, 1, 0, 2, 2, 112}

// progress is how far the head of a connection has come.
type progress int

const (
	incomplete progress = iota // more bytes are needed
	complete
	malformed
)

// serverName is the name that a TLS client asks for, in lower case; empty where it names none. A ClientHello may come in several records.
func serverName(seen []byte) (string, progress) {
	var hello []byte
	for len(seen) > 0 {
		if seen[0] != recordHandshake || len(seen) > 1 && seen[1] != 3 {
			return "", malformed
		}
		if len(seen) < 5 {
			return "", incomplete
		}
		length := int(seen[3])<<8 | int(seen[4])
		if length == 0 || length > recordLongest {
			return "", malformed
		}
		part := seen[5:min(len(seen), 5+length)]
		if hello == nil {
			hello = part
		} else {
			hello = append(hello[:len(hello):len(hello)], part...)
		}
		if len(hello) > 0 && hello[0] != clientHello {
			return "", malformed
		}
		if len(hello) >= 4 {
			size := int(hello[1])<<16 | int(hello[2])<<8 | int(hello[3])
			if size > helloLimit {
				return "", malformed
			}
			if len(hello) >= 4+size {
				return nameIn(hello[4 : 4+size])
			}
		}
		seen = seen[5+len(part):]
	}
	return "", incomplete
}

// nameIn finds the name in a whole ClientHello.
func nameIn(hello []byte) (string, progress) {
	r := fields{rest: hello}
	r.take(2 + 32)    // version, random
	r.take(r.size(1)) // session
	r.take(r.size(2)) // cipher suites
	r.take(r.size(1)) // compression
	if r.short {
		return "", malformed
	}
	if len(r.rest) == 0 {
		return "", complete // as before TLS had extensions
	}
	extensions := fields{rest: r.take(r.size(2))}
	for !r.short && !extensions.short && len(extensions.rest) > 0 {
		kind := extensions.size(2)
		content := extensions.take(extensions.size(2))
		if kind != extensionSNI || extensions.short {
			continue
		}
		list := fields{rest: content}
		names := fields{rest: list.take(list.size(2))}
		for !list.short && !names.short && len(names.rest) > 0 {
			kind := names.size(1)
			if name := names.take(names.size(2)); kind == 0 && !names.short {
				return strings.ToLower(strings.TrimSuffix(string(name), ".")), complete
			}
		}
		return "", malformed
	}
	if r.short || extensions.short {
		return "", malformed
	}
	return "", complete
}

// fields reads what stands one behind the other; short once there was less than was asked for.
type fields struct {
	rest  []byte
	short bool
}

func (f *fields) take(n int) []byte {
	if f.short || n > len(f.rest) {
		f.short = true
		return nil
	}
	taken := f.rest[:n]
	f.rest = f.rest[n:]
	return taken
}

// size reads a number of so many bytes.
func (f *fields) size(bytes int) (n int) {
	for _, b := range f.take(bytes) {
		n = n<<8 | int(b)
	}
	return n
}

package report

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

const (
	// minSecret is the length of the shortest value that is masked. A shorter one ("80", "redis") stands in words that
	// have nothing to do with it, and masking it would only show where it is.
	minSecret = 6
	// pieceLength is how much of an encoded value is masked without the rest, where the end of a line or text cut it off.
	pieceLength = 24
	gramLength  = 4
	maxPlaces   = 16 // of one gram: "AAAA" may stand anywhere in a key
	mixedBits   = 18 // of the hash of a gram: 32 KiB, which the processor keeps close
)

// ordinary are values of settings that are no secret wherever they stand.
var ordinary = []string{
	"debug", "default", "development", "disabled", "enabled", "localhost", "production", "release", "staging", "testing", "verbose", "warning",
	"127.0.0.1", "0.0.0.0",
}

// Masker hides known secrets in text that others print. It is made once and may be used by several readers at a time.
type Masker struct {
	forms  []form
	filter [1 << (mixedBits - 6)]uint64 // which grams are known at all, by their hash
	places map[uint32][]place           // gram -> where it stands in the forms
}

// form is one way in which a secret may be written.
type form struct {
	text          string
	before, after int  // neighbours that hold a few bits of the secret too
	padded        bool // "=" may follow
	need          int  // bytes of it that are masked, at least
}

// place is a position within a form.
type place struct{ form, offset int32 }

// NewMasker returns the masker of the given secrets. What is shorter than 6 characters without the blanks and quotes around
// it, and a common setting such as "production" or "localhost", is no secret: it would be masked in words of its own. Every
// line of 12 characters or more of a longer secret, a key for example, is one by itself.
func NewMasker(secrets []provision.Secret) *Masker {
	m := &Masker{places: map[uint32][]place{}}
	seen := map[string]bool{}
	for _, s := range secrets {
		for _, value := range spellings(s.Reveal()) {
			if seen[value] {
				continue
			}
			seen[value] = true
			for _, f := range formsOf(value) {
				if len(f.text) >= minSecret && (!seen[f.text] || f.text == value) {
					seen[f.text] = true
					m.add(f)
				}
			}
		}
	}
	return m
}

// spellings are the values that stand for a secret: as it is, without what an application takes off it, and its lines.
func spellings(value string) []string {
	bare := strings.TrimSpace(value)
	all := []string{bare, strings.TrimSpace(strings.Trim(bare, `"'`))}
	for line := range strings.SplitSeq(strings.ReplaceAll(bare, `\n`, "\n"), "\n") {
		if line = strings.TrimSpace(line); len(line) >= 2*minSecret {
			all = append(all, line)
		}
	}
	return slices.DeleteFunc(all, func(v string) bool {
		return len(v) < minSecret || slices.Contains(ordinary, strings.ToLower(v))
	})
}

// formsOf are the ways to write a value: as it is, with the escapes of JSON, Go, shell, HTML and URLs, in Base64 and in hex.
func formsOf(value string) []form {
	escaped := []string{
		value, inJSON(value, true), inJSON(value, false), inJSON(inJSON(value, true), true), inJSON(inJSON(value, false), false),
		within(strconv.Quote(value)), within(strconv.QuoteToASCII(value)), asASCII(inJSON(value, false)),
		strings.ReplaceAll(value, "'", `'\''`), strings.ReplaceAll(value, "'", `'"'"'`),
		url.QueryEscape(value), url.PathEscape(value), (&url.URL{Path: value}).EscapedPath(), strings.ReplaceAll(url.QueryEscape(value), "+", "%20"),
		url.UserPassword("", value).String()[1:],
	}
	for _, quotes := range [][2]string{{"&#34;", "&#39;"}, {"&quot;", "&#39;"}, {"&quot;", "&#x27;"}, {"&quot;", "&apos;"}, {`"`, "'"}} {
		escaped = append(escaped, strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, quotes[0], "'", quotes[1]).Replace(value))
	}
	for _, text := range escaped[:len(escaped):len(escaped)] {
		escaped = append(escaped, lowerEscapes(text))
	}
	var forms []form
	for _, text := range escaped {
		text = flatten(text).text // as the text that it is looked for in
		forms = append(forms, form{text: text, need: len(text)})
	}
	for _, text := range []string{hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value)))} {
		forms = append(forms, form{text: text, need: min(len(text), pieceLength)})
	}
	// What stands before a value, "user:" for example, moves it by 0, 1 or 2 bytes against the groups of Base64.
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for shift := range 3 {
			encoded := encoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + value))
			first, bits := (8*shift+5)/6, 8*(shift+len(value))
			f := form{text: encoded[first : bits/6], before: min(shift, 1), padded: true}
			if bits%6 != 0 {
				f.after = 1
			}
			f.need = min(len(f.text), pieceLength)
			forms = append(forms, f)
		}
	}
	return forms
}

func inJSON(value string, html bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	_ = e.Encode(value) // of a string, into memory
	return within(strings.TrimSuffix(b.String(), "\n"))
}

func within(quoted string) string { return quoted[1 : len(quoted)-1] }

// asASCII writes other characters as JSON for ASCII does, é as \u00e9.
func asASCII(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			b.WriteString(within(strconv.QuoteRuneToASCII(r)))
		}
	}
	return b.String()
}

// lowerEscapes is the text with the digits of its %C3 in lower case.
func lowerEscapes(text string) string {
	b := []byte(text)
	for i := range b {
		if b[i] == '%' {
			copy(b[i:], strings.ToLower(string(b[i:min(i+3, len(b))])))
		}
	}
	return string(b)
}

// add takes a form up. Of one that is masked in pieces, each piece holds one of the grams whole.
func (m *Masker) add(f form) {
	id := int32(len(m.forms))
	m.forms = append(m.forms, f)
	for offset := 0; offset <= len(f.text)-f.need; offset += pieceLength - gramLength {
		gram := gramAt(f.text, offset)
		if offset > 0 && len(m.places[gram]) >= maxPlaces {
			continue
		}
		m.places[gram] = append(m.places[gram], place{id, int32(offset)})
		mixed := mix(gram)
		m.filter[mixed/64] |= 1 << (mixed % 64)
	}
}

func gramAt(text string, i int) uint32 {
	return uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | uint32(text[i+3])<<24
}

func mix(gram uint32) uint32 { return gram * 2654435761 >> (32 - mixedBits) }

// Line returns text, one line or several, with each known secret in it replaced by "[secret]": as it is, escaped for JSON, Go,
// HTML or a URL, in Base64, in hex, wrapped over lines and split by control sequences. Text without one is returned as it is.
func (m *Masker) Line(text string) string {
	if m == nil || len(m.forms) == 0 {
		return text
	}
	flat := flatten(text)
	if flat.sequence >= minSecret { // it may hold one itself, in the title of a window
		text = m.mask(text, flatText(text))
		flat = flatten(text)
	}
	return m.mask(text, flat)
}

func (m *Masker) mask(text string, flat flat) string {
	var b strings.Builder
	done := 0
	for i := m.next(flat.text, 0); i >= 0; {
		from, to := m.match(flat.text, i)
		if from < 0 {
			i = m.next(flat.text, i+1)
			continue
		}
		if start := flat.origin(from); start >= done { // else it is within what is hidden already
			b.WriteString(text[done:start])
			b.WriteString(hiddenSecret)
		}
		done = max(done, flat.origin(to-1)+1)
		i = m.next(flat.text, to)
	}
	if done == 0 {
		return text
	}
	return b.String() + text[done:]
}

// next is the first position from i on where a gram of a form may stand; -1 for none.
func (m *Masker) next(text string, i int) int {
	if i+gramLength > len(text) {
		return -1
	}
	gram := gramAt(text, i)
	for at := i + gramLength; ; at++ {
		if mixed := mix(gram); m.filter[mixed/64]&(1<<(mixed%64)) != 0 {
			return at - gramLength
		}
		if at == len(text) {
			return -1
		}
		gram = gram>>8 | uint32(text[at])<<24
	}
}

// match is the longest secret with a gram at i, and the neighbours that tell of it; from is -1 for none.
func (m *Masker) match(text string, i int) (from, to int) {
	from = -1
	for _, p := range m.places[gramAt(text, i)] {
		f, offset := &m.forms[p.form], int(p.offset)
		start, end := i, offset
		for start > 0 && offset > 0 && text[start-1] == f.text[offset-1] {
			start, offset = start-1, offset-1
		}
		for end < len(f.text) && i+end-int(p.offset) < len(text) && text[i+end-int(p.offset)] == f.text[end] {
			end++
		}
		if end-offset < f.need || end-offset <= to-from {
			continue
		}
		from, to = start, start+end-offset
		if offset == 0 {
			from = max(0, from-f.before)
		}
		if end == len(f.text) {
			to = min(len(text), to+f.after)
			for f.padded && to < len(text) && text[to] == '=' {
				to++
			}
		}
	}
	return from, to
}

// flat is a text without the ends of its lines, their indentation, and control sequences.
type flat struct {
	text     string
	cuts     []cut
	sequence int // the length of the longest control sequence
}

// cut is a position in a flat text before which bytes were left out, as many in all up to here.
type cut struct{ at, removed int }

func flatText(text string) flat { return flat{text: text} }

func flatten(text string) flat {
	if plain(text) == len(text) {
		return flatText(text)
	}
	f := flat{}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		n := plain(text[i:])
		b.WriteString(text[i : i+n])
		i += n
		if n = breakLength(text[i:]); n == 0 {
			n = safetext.Sequence(text[i:])
			f.sequence = max(f.sequence, n)
		}
		switch {
		case n > 0:
			i += n
			f.cuts = append(f.cuts, cut{b.Len(), i - b.Len()})
		case i < len(text):
			b.WriteByte(text[i])
			i++
		}
	}
	f.text = b.String()
	return f
}

// plain is how many bytes at the start of a text interrupt nothing.
func plain(text string) int {
	n := 0
	for {
		n += safetext.Prefix(text[n:])
		if n == len(text) || text[n] < 0x80 || text[n] == 0xc2 { // which CSI as one character begins with
			return n
		}
		n++
	}
}

// breakLength is the length of a line's end with the next one's indentation, or of a control character, at the start of a text.
func breakLength(text string) int {
	switch {
	case text == "" || text[0] == 0x1b || text[0] == '\t' || text[0] >= ' ' && text[0] != 0x7f:
		return 0
	case text[0] == '\n' || text[0] == '\r':
		return len(text) - len(strings.TrimLeft(text, "\r\n\t "))
	}
	return 1
}

// origin is where the byte at a position of the flat text stands in the text itself.
func (f flat) origin(at int) int {
	i, _ := slices.BinarySearchFunc(f.cuts, at+1, func(c cut, at int) int { return c.at - at })
	if i == 0 {
		return at
	}
	return at + f.cuts[i-1].removed
}

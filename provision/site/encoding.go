package site

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"

	"github.com/kehuo/provision/provision"
)

// encoding is how an editor on Windows saves a text that everything on the host reads as UTF-8.
type encoding string

const (
	encodingUTF8   encoding = ""
	encodingMarked encoding = "UTF-8, BOM" // a byte order mark in front
	encodingUTF16  encoding = "UTF-16"
)

// decode is a text as UTF-8 without a byte order mark, and how it was.
func decode(raw []byte) ([]byte, encoding) {
	if text, ok := bytes.CutPrefix(raw, []byte("\xef\xbb\xbf")); ok {
		return text, encodingMarked
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case len(raw) < 2:
		return raw, encodingUTF8
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
	case bytes.HasPrefix(raw, []byte("\xfe\xff")), raw[0] == 0 && raw[1] != 0 && halfEmpty(raw):
		order = binary.BigEndian
	case raw[0] != 0 && raw[1] == 0 && halfEmpty(raw):
	default:
		return raw, encodingUTF8
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = order.Uint16(raw[2*i:])
	}
	return bytes.TrimPrefix([]byte(string(utf16.Decode(units))), []byte("\xef\xbb\xbf")), encodingUTF16
}

// halfEmpty reports whether about every second byte is zero, as in a text of Latin letters in UTF-16.
func halfEmpty(raw []byte) bool { return bytes.Count(raw, []byte{0})*5 > len(raw)*2 }

// stepStart is StepDockerfile for what starts the container.
const stepStart = ""

// encoding notes a file that is not saved as UTF-8. Docker and OpenSSL skip a byte order mark; nginx, the kernel and a shell do
// not.
func (x *examiner) encoding(f File, step string) {
	marked := provision.SeverityError
	switch step {
	case stepStart:
		step = StepDockerfile
	case StepDockerfile:
		marked = provision.SeverityInfo
	case StepCertificateLines:
		marked = provision.SeverityWarning
	}
	at := place{step: step, file: f.Path, line: 1, evidence: string(f.encoding)}
	switch f.encoding {
	case encodingUTF16:
		x.mendable(at, provision.SeverityError, "site.file-utf16", f.Path)
	case encodingMarked:
		x.mendable(at, marked, "site.file-bom", f.Path)
	}
}

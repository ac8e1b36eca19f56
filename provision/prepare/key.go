package prepare

import (
	"bytes"
	"crypto/sha1" // the fingerprint of an OpenPGP key of version 4 is one
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// The lines around a key, and what is read of a file that claims to hold one, in bytes.
const (
	keyBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	keyEnd   = "-----END PGP PUBLIC KEY BLOCK-----"
	KeyLimit = 64 << 10
)

var (
	errNoKey    = errors.New("no OpenPGP public key")
	errManyKeys = errors.New("more than one OpenPGP public key")
)

// WrongKeyError is a key that is not the one that signs Docker's packages.
type WrongKeyError struct{ Fingerprint string }

func (e *WrongKeyError) Error() string { return "its fingerprint is " + e.Fingerprint }

// PinnedKey is the armoured key of a file, which has to be that of the fingerprint and the only one: a package manager trusts each
// key that it finds in there.
func PinnedKey(file []byte, fingerprint string) ([]byte, error) {
	_, rest, begun := bytes.Cut(file, []byte(keyBegin))
	body, _, ended := bytes.Cut(rest, []byte(keyEnd))
	if !begun || !ended {
		return nil, errNoKey
	}
	packets, err := dearmour(body)
	if err != nil {
		return nil, err
	}
	key, err := onlyKey(packets)
	if err != nil {
		return nil, err
	}
	sum := sha1.New()
	sum.Write(binary.BigEndian.AppendUint16([]byte{0x99}, uint16(len(key))))
	sum.Write(key)
	if got := hex.EncodeToString(sum.Sum(nil)); got != fingerprint {
		return nil, &WrongKeyError{got}
	}
	return bytes.Join([][]byte{[]byte(keyBegin), body, []byte(keyEnd + "\n")}, nil), nil
}

// dearmour decodes the lines between those of keyBegin and keyEnd: headers, an empty line, base64, a checksum.
func dearmour(body []byte) ([]byte, error) {
	if _, after, headed := bytes.Cut(bytes.ReplaceAll(body, []byte("\r"), nil), []byte("\n\n")); headed {
		body = after
	}
	if at := bytes.LastIndex(body, []byte("\n=")); at >= 0 {
		body = body[:at]
	}
	packets, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(body), nil)))
	if err != nil {
		return nil, errNoKey
	}
	return packets, nil
}

// The tag of a packet that is a primary key, and the version of keys that a fingerprint is of.
const (
	publicKeyTag = 6
	keyVersion   = 4
)

// onlyKey is the body of the one primary key among packets (RFC 4880, section 4.2).
func onlyKey(packets []byte) (key []byte, err error) {
	for len(packets) > 0 {
		tag, body, rest, ok := nextPacket(packets)
		switch {
		case !ok:
			return nil, errNoKey
		case tag == publicKeyTag && key != nil:
			return nil, errManyKeys
		case tag == publicKeyTag:
			key = body
		}
		packets = rest
	}
	if len(key) == 0 || len(key) > 0xffff || key[0] != keyVersion {
		return nil, errNoKey
	}
	return key, nil
}

// nextPacket takes the first packet apart. One whose length comes in parts is none that a key has.
func nextPacket(p []byte) (tag int, body, rest []byte, ok bool) {
	if len(p) < 2 || p[0]&0x80 == 0 {
		return 0, nil, nil, false
	}
	tag = int(p[0] & 0x3f)
	octets := 1 // of the length
	if old := p[0]&0x40 == 0; old {
		tag, octets = int(p[0]>>2)&0xf, 1<<(p[0]&3)
	} else if p[1] >= 192 && p[1] < 224 {
		octets = 2
	} else if p[1] == 255 {
		octets, p = 4, p[1:]
	} else if p[1] > 223 {
		return 0, nil, nil, false
	}
	if octets > 4 || len(p) < 1+octets {
		return 0, nil, nil, false
	}
	length := 0
	for _, b := range p[1 : 1+octets] {
		length = length<<8 | int(b)
	}
	if len(p) > 0 && octets == 2 && p[0]&0x40 != 0 {
		length = length - 192<<8 + 192
	}
	if length > len(p)-1-octets {
		return 0, nil, nil, false
	}
	return tag, p[1+octets : 1+octets+length], p[1+octets+length:], true
}

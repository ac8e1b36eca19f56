package provision

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a value that must not appear in output of any kind: whatever prints, formats, marshals or logs it shows
// "[redacted]". Only Reveal gives the value back.
//
// It holds a pointer, because package fmt looks past the methods where it cannot call them, in unexported fields, and does
// not ask them for %p and %w: there it prints where the value is and not what.
type Secret struct{ value *string }

const redacted = "[redacted]"

// NewSecret hides value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal returns the hidden value, for handing it to the one place that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is nothing to hide.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// String implements fmt.Stringer.
func (Secret) String() string { return redacted }

// Format implements fmt.Formatter, so that no verb, %#v among them, shows the value.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements encoding.TextMarshaler, which covers JSON and YAML, map keys among them.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

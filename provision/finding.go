package provision

// Severity ranks a finding.
type Severity string

// The severities, the gravest first. SeverityUnknown marks a failure that was seen but not recognised.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityInfo    Severity = "info"
	SeverityUnknown Severity = "unknown"
)

// Finding names something that is wrong, or will be: why, where it shows, and what to do about it.
type Finding struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code,omitempty"` // stable name, "build.base-image-missing" for example
	Cause    string   `json:"cause"`          // in the program's own words
	Evidence string   `json:"evidence"`       // the very line that shows it
	Fix      string   `json:"fix"`            // what to type or to change
}

// Grave reports whether the finding explains a failure.
func (f Finding) Grave() bool { return f.Severity == SeverityError || f.Severity == SeverityUnknown }

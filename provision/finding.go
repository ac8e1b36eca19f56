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

	// File is the file of the site that it is about, in the site's folder, and Line the line there, where they are known.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Grave reports whether the finding explains a failure.
func (f Finding) Grave() bool { return f.Severity == SeverityError || f.Severity == SeverityUnknown }

package provision

import (
	"encoding/json"
	"iter"
	"strings"
	"time"
)

// Event is one thing that happened in a run. Every reader (the wizard, the line printer, --json, the log file) sees the
// same stream of them, in order.
type Event struct {
	Time time.Time
	Host string // empty for the run as a whole
	Step string // the step's id, empty outside a step
	Body Body
}

// Body is what an event carries beyond its time and place. The set is closed: readers switch on the concrete type.
type Body interface {
	// EventType is the event's name on the wire, "step.progress" for example.
	EventType() string
}

// Sink receives events. The engine calls it from one goroutine at a time; a sink that must not block queues for itself.
type Sink func(Event)

// RunStarted opens the stream.
type RunStarted struct {
	Command string   `json:"command,omitempty"` // what the person typed, "provision plan"
	Site    string   `json:"site"`
	Hosts   []string `json:"hosts"`
	Steps   []string `json:"steps"` // ids in the order in which they will run
	LogFile string   `json:"log_file,omitempty"`
}

// PlanReady tells what a run is about to change on one host.
type PlanReady struct {
	Changes []Change `json:"changes"`
}

// RolloutWave tells that some hosts are changed now, side by side, while others wait for them.
type RolloutWave struct {
	Number int           // of the wave, from 1
	Hosts  []string      // in the order of the inventory
	Left   int           // how many hosts come after them
	Pause  time.Duration // before the next wave
}

// MarshalJSON writes the pause in milliseconds.
func (w RolloutWave) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Number  int      `json:"number"`
		Hosts   []string `json:"hosts"`
		Left    int      `json:"left"`
		PauseMS int64    `json:"pause_ms"`
	}{w.Number, w.Hosts, w.Left, w.Pause.Milliseconds()})
}

// StepStarted opens a step.
type StepStarted struct {
	Title string `json:"title"` // in the language of the run
}

// StepCommand is a command about to run on the host, as a person could type it there. Secrets are never part of it.
type StepCommand struct {
	Command string `json:"command"`
}

// StepProgress measures a step. Total is 0 while it is unknown.
type StepProgress struct {
	Done   int64  `json:"done"`
	Total  int64  `json:"total"`
	Unit   string `json:"unit"` // UnitBytes, UnitFiles, UnitSteps or UnitSeconds
	Detail string `json:"detail,omitempty"`
}

// The units of StepProgress.
const (
	UnitBytes = "bytes"
	UnitFiles = "files"
	UnitSteps = "steps"

	// UnitSeconds measures a wait: Done of at most Total, Detail says what for.
	UnitSeconds = "seconds"
)

// StepOutput is what a command printed, control sequences already neutralised: one or more whole lines, parted by \n and
// without the last line end. What came together stays together, because a build may print a million lines.
type StepOutput struct {
	Stream string `json:"stream"` // StreamOut or StreamErr
	Text   string `json:"text"`
}

// Lines are the lines of the text, one by one.
func (o StepOutput) Lines() iter.Seq[string] { return strings.SplitSeq(o.Text, "\n") }

// The streams of StepOutput.
const (
	StreamOut = "stdout"
	StreamErr = "stderr"
)

// DecisionAsked records that the run waits for an answer; DecisionMade what the answer was, never a secret one.
type DecisionAsked struct {
	Kind     DecisionKind `json:"kind"`
	Question string       `json:"question"`
}

// DecisionMade closes a DecisionAsked.
type DecisionMade struct {
	Kind   DecisionKind `json:"kind"`
	Answer string       `json:"answer"`
}

// Status is how a step or a host ended.
type Status string

// The ways in which a step ends, or a host.
const (
	StatusOK      Status = "ok"      // was as wanted already
	StatusChanged Status = "changed" // was made as wanted
	StatusSkipped Status = "skipped" // not reached, because an earlier step failed
	StatusFailed  Status = "failed"

	StatusUnreachable Status = "unreachable" // a host that cannot be reached or refuses the login
	StatusNotStarted  Status = "not_started" // a host whose turn did not come, because another one failed
)

// StepFinished closes a step.
type StepFinished struct {
	Status   Status
	Duration time.Duration
	Err      error // set when Status is StatusFailed
}

// MarshalJSON writes the duration in milliseconds and the error as its sentence.
func (f StepFinished) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Status     Status `json:"status"`
		DurationMS int64  `json:"duration_ms"`
		Error      string `json:"error,omitempty"`
	}{f.Status, f.Duration.Milliseconds(), sentence(f.Err)})
}

// HostResult is how the run ended on one host.
type HostResult struct {
	Changed int
	Status  Status
	Err     error
	Lasting []Finding // what a person should know of the site beyond the run

	Waited time.Duration // for the answers of a person: it is no part of any duration
}

// MarshalJSON writes the error as its sentence.
func (r HostResult) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Changed int       `json:"changed"`
		Status  Status    `json:"status"`
		Error   string    `json:"error,omitempty"`
		Lasting []Finding `json:"lasting,omitempty"`
	}{r.Changed, r.Status, sentence(r.Err), r.Lasting})
}

// SiteCheck is one request that was made to the finished site, and what came back.
type SiteCheck struct {
	Vantage         string        // where it was asked and how: one of the stations below
	URL             string        // what was asked for
	Status          int           // of the answer
	Server          string        // the Server header
	Location        string        // where a redirect leads; empty without one
	CertificateDays int           // whole days until the certificate ends; 0 without TLS
	Duration        time.Duration // from the request to the whole answer
}

// The stations of SiteCheck: from this machine, or from the host itself through the connection.
const (
	VantageHTTP      = "http"
	VantageHTTPS     = "https"
	VantageHostHTTP  = "host-http"
	VantageHostHTTPS = "host-https"
)

// MarshalJSON writes the duration in milliseconds.
func (m SiteCheck) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Vantage         string `json:"station"`
		URL             string `json:"url"`
		Status          int    `json:"status"`
		Server          string `json:"server,omitempty"`
		Location        string `json:"location,omitempty"`
		CertificateDays int    `json:"certificate_days,omitempty"`
		DurationMS      int64  `json:"duration_ms"`
	}{m.Vantage, m.URL, m.Status, m.Server, m.Location, m.CertificateDays, m.Duration.Milliseconds()})
}

// RunFinished closes the stream of a run.
type RunFinished struct {
	Changed  int // changes made on all hosts; 0 on a re-run that had nothing to do
	ExitCode int
	Duration time.Duration
	Hosts    map[string]HostResult
	Err      error // of the run as a whole: it ended before any host was reached
}

// MarshalJSON writes the duration in milliseconds.
func (f RunFinished) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Changed    int                   `json:"changed"`
		ExitCode   int                   `json:"exit_code"`
		DurationMS int64                 `json:"duration_ms"`
		Hosts      map[string]HostResult `json:"hosts"`
		Error      string                `json:"error,omitempty"`
	}{f.Changed, f.ExitCode, f.Duration.Milliseconds(), present(f.Hosts), sentence(f.Err)})
}

// PlanFinished closes the stream of a plan, which changes nothing.
type PlanFinished struct {
	Changes  []Change
	ExitCode int
	Hosts    map[string]HostResult
	Err      error // of the plan as a whole: it ended before any host was reached
}

// MarshalJSON writes the error as its sentence, and no changes as an empty list.
func (f PlanFinished) MarshalJSON() ([]byte, error) {
	changes := f.Changes
	if changes == nil {
		changes = []Change{}
	}
	return json.Marshal(struct {
		Changes  []Change              `json:"changes"`
		ExitCode int                   `json:"exit_code"`
		Hosts    map[string]HostResult `json:"hosts"`
		Error    string                `json:"error,omitempty"`
	}{changes, f.ExitCode, present(f.Hosts), sentence(f.Err)})
}

// present is hosts as an object, never null.
func present(hosts map[string]HostResult) map[string]HostResult {
	if hosts == nil {
		return map[string]HostResult{}
	}
	return hosts
}

func (RunStarted) EventType() string    { return "run.started" }
func (PlanReady) EventType() string     { return "plan.ready" }
func (RolloutWave) EventType() string   { return "rollout.wave" }
func (StepStarted) EventType() string   { return "step.started" }
func (StepCommand) EventType() string   { return "step.command" }
func (StepProgress) EventType() string  { return "step.progress" }
func (StepOutput) EventType() string    { return "step.output" }
func (Finding) EventType() string       { return "finding" }
func (DecisionAsked) EventType() string { return "decision.asked" }
func (DecisionMade) EventType() string  { return "decision.made" }
func (SiteCheck) EventType() string     { return "site.measured" }
func (StepFinished) EventType() string  { return "step.finished" }
func (RunFinished) EventType() string   { return "run.finished" }
func (PlanFinished) EventType() string  { return "plan.finished" }

// MarshalJSON writes the event as one flat object: time, type, host and step, then the body's own fields.
func (e Event) MarshalJSON() ([]byte, error) {
	head, err := json.Marshal(struct {
		Time time.Time `json:"time"`
		Type string    `json:"type"`
		Host string    `json:"host,omitempty"`
		Step string    `json:"step,omitempty"`
	}{e.Time, e.Body.EventType(), e.Host, e.Step})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(e.Body)
	if err != nil {
		return nil, err
	}
	if len(body) <= len("{}") {
		return head, nil
	}
	return append(append(head[:len(head)-1], ','), body[1:]...), nil
}

func sentence(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

package diagnose

import (
	"fmt"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

const (
	reportLines = 200      // of the log, from its end
	reportBytes = 64 << 10 // of the log at most
)

// Report is what a person sends to whoever helps: what was tried, with which versions, what was found, and the log.
type Report struct {
	Time     time.Time
	Versions []Version
	Tried    []string // steps and commands, in order
	Findings []provision.Finding
	Log      string // only its last 200 lines, 64 KiB at most, are shown
}

// Version is one program of the report: provision, the operating system, Docker on a host.
type Version struct {
	Name  string
	Value string
}

// Text is the report as the person reads it before it is written. Everything in it went through mask.
func (r Report) Text(mask Mask, tag language.Tag) string {
	h := headings(tag)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s %s\n", h.title, h.time, r.Time.UTC().Format(time.RFC3339))
	section(&b, h.versions, len(r.Versions) == 0, h.none)
	for _, v := range r.Versions {
		fmt.Fprintf(&b, "  %s: %s\n", v.Name, oneLine(v.Value))
	}
	section(&b, h.tried, len(r.Tried) == 0, h.none)
	for i, what := range r.Tried {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, oneLine(what))
	}
	section(&b, h.findings, len(r.Findings) == 0, h.none)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  [%s] %s\n    %s %s\n    %s %s\n    %s %s\n", f.Severity, f.Code,
			h.cause, f.Cause, h.evidence, strings.ReplaceAll(f.Evidence, "\n", "\n      "), h.fix, f.Fix)
	}
	lines := logTail(r.Log)
	section(&b, h.log, len(lines) == 0, h.none)
	for _, line := range lines {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	return mask.Text(b.String())
}

func section(b *strings.Builder, title string, empty bool, none string) {
	fmt.Fprintf(b, "\n%s\n", title)
	if empty {
		fmt.Fprintf(b, "  %s\n", none)
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// logTail returns the last lines of a log without control sequences.
func logTail(log string) []string {
	if len(log) > reportBytes {
		log = log[len(log)-reportBytes:]
		if _, rest, ok := strings.Cut(log, "\n"); ok {
			log = rest
		}
	}
	var lines []string
	_ = eachLine(strings.NewReader(log), func(line []byte) { // a string's reader has no error but io.EOF
		if text := string(clean(nil, line)); text != "" {
			lines = append(lines, text)
		}
	})
	return lines[max(0, len(lines)-reportLines):]
}

type reportHeadings struct {
	title, time, versions, tried, findings, cause, evidence, fix, log, none string
}

func headings(tag language.Tag) reportHeadings {
	if tag == language.Chinese {
		return reportHeadings{"provision 故障报告", "时间：", "版本", "做过的事", "诊断结果", "原因：", "证据：", "处理：", "日志（末尾部分）", "（无）"}
	}
	return reportHeadings{"provision failure report", "time:", "versions", "what was tried", "findings", "cause:", "evidence:", "fix:", "log (its end)", "(none)"}
}

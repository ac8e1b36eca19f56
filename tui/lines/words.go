package lines

import (
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/cells"
)

// startText opens a stream in words: what was called for, of which site, on which hosts.
func startText(words *language.Printer, b provision.RunStarted) string {
	_, command, _ := strings.Cut(b.Command, " ")
	key := "lines.start." + command
	switch command {
	case "plan", "rollback", "down":
	default:
		key = "lines.start"
	}
	return words.T(key, b.Site, strings.Join(b.Hosts, ", "))
}

// WaveText tells which hosts of a rollout are changed now: "wave 2: b, c; 3 more after it, 10 s later".
func WaveText(words *language.Printer, w provision.RolloutWave) string {
	text := words.T("lines.wave", w.Number, strings.Join(w.Hosts, ", "))
	if w.Left > 0 {
		text += words.T("lines.wave.left", w.Left)
		if w.Pause > 0 {
			text += words.T("lines.wave.pause", language.Duration(w.Pause))
		}
	}
	return text
}

// FindingText writes a finding as a few lines of text: cause, evidence, fix.
func FindingText(words *language.Printer, f provision.Finding) string {
	var b strings.Builder
	b.WriteString(words.T("lines.labelled", words.T("lines.severity."+string(f.Severity)), f.Cause))
	if f.Evidence != "" {
		b.WriteString("\n  " + words.T("lines.labelled", words.T("lines.evidence"), cells.Hang(f.Evidence, "    ")))
	}
	if f.Fix != "" {
		b.WriteString("\n  " + words.T("lines.labelled", words.T("lines.fix"), cells.Hang(f.Fix, "    ")))
	}
	return b.String()
}

// ProgressText writes progress as one line: "42 %, 4.10 MB of 9.80 MB, resource/logo.png".
func ProgressText(words *language.Printer, p provision.StepProgress) string {
	parts := []string{Figures(words, p)}
	if p.Total > 0 && (p.Unit == provision.UnitBytes || p.Unit == provision.UnitFiles) {
		parts = []string{strconv.Itoa(language.Percent(p.Done, p.Total)) + " %", parts[0]}
	}
	if p.Detail != "" {
		parts = append(parts, p.Detail)
	}
	return strings.Join(parts, ", ")
}

// Figures writes how far progress is: "4.10 MB of 9.80 MB".
func Figures(words *language.Printer, p provision.StepProgress) string {
	done, total := language.Amount(p.Done, p.Unit), language.Amount(p.Total, p.Unit)
	switch {
	case p.Total <= 0:
		return words.T("lines.progress."+p.Unit, done)
	case p.Unit == provision.UnitSteps: // a build's instruction n of m
		return words.T("lines.progress.step-of", done, total)
	}
	return words.T("lines.progress."+p.Unit+"-of", done, total)
}

// Asked writes what was asked for and from where: "from the host: GET http://example.com/".
func Asked(words *language.Printer, m provision.SiteCheck) string {
	from := words.T("lines.from.here")
	if m.Vantage == provision.VantageHostHTTP || m.Vantage == provision.VantageHostHTTPS {
		from = words.T("lines.from.host")
	}
	return words.T("lines.labelled", from, "GET "+m.URL)
}

// Measurement writes what came back from a station as one line: status, product, certificate, time.
func Measurement(words *language.Printer, m provision.SiteCheck) string {
	if m.Status == 0 {
		return words.T("lines.no-answer")
	}
	parts := []string{strconv.Itoa(m.Status)}
	if m.Location != "" {
		parts = append(parts, "Location: "+m.Location)
	}
	if m.Server != "" {
		parts = append(parts, "Server: "+m.Server)
	}
	if m.CertificateDays != 0 {
		parts = append(parts, words.T("lines.certificate-days", m.CertificateDays))
	}
	return strings.Join(append(parts, language.Duration(m.Duration)), ", ")
}

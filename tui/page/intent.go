package page

import (
	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/setup"
)

// The intents: what a page asks the root to do.
type (
	// AnswerMsg answers the decision that was asked.
	AnswerMsg struct{ Answer provision.Answer }
	// RetryMsg starts the run again; it goes on where it failed.
	RetryMsg struct{}
	// EditMsg opens File in the person's editor, and then the run starts again.
	EditMsg struct{ File string }
	// LogMsg shows the log file.
	LogMsg struct{}
	// PagerMsg opens the log file in the person's pager.
	PagerMsg struct{}
	// ReportMsg makes the report, with what Agreed names left unmasked, and shows it.
	ReportMsg struct{ Agreed []string }
	// SaveMsg writes the report that is shown.
	SaveMsg struct{ Text string }
	// NoticeMsg says Text in the footer until the next key.
	NoticeMsg struct{ Text string }
	// LeaveMsg ends the wizard.
	LeaveMsg struct{}
	// StayMsg goes back to what was on the screen before.
	StayMsg struct{}
	// CheckMsg asks to check what the form holds now. Number grows with every one.
	CheckMsg struct {
		Number int
		Values setup.Answers
		Offers setup.Offers // as the form has them
	}
	// WriteMsg asks to write the inventory.
	WriteMsg struct{ Values setup.Answers }
)

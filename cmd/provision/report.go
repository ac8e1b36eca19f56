package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/report"
)

// reportFlags ask for a report to send to whoever helps.
type reportFlags struct {
	file  string
	names bool
}

func (r *reportFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&r.file, "report", "", "")
	c.Flags().BoolVar(&r.names, "report-names", false, "")
}

// create makes the file before anything is done, so that a wrong name is said at once.
func (r *reportFlags) create(needed ...string) (*os.File, error) {
	file, err := report.CreateFile(r.file, needed...)
	if err != nil {
		return nil, provision.Fail("report.closed", err).WithExit(provision.ExitUsage)
	}
	return file, nil
}

// report writes what the recorder has of a run that is over into the file made for it.
func (s *session) report(file *os.File, flags reportFlags, told *report.Recorder, logFile string) error {
	var log []byte
	var err error
	if logFile != "" { // a run that came to nothing has none
		log, err = os.ReadFile(logFile)
	}
	mask, maskErr := report.MaskOf(s.inventory, flags.names)
	if err = errors.Join(err, maskErr); err == nil {
		_, err = file.WriteString(told.Text(time.Now(), programVersion(), string(log), mask, s.words))
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return provision.Fail("report.unwritten", err)
	}
	_, err = fmt.Fprintln(os.Stderr, s.words.T("report.written", flags.file))
	return err
}

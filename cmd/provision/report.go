package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
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
func (r *reportFlags) create() (*os.File, error) {
	file, err := createPrivate(r.file)
	if err != nil {
		return nil, provision.WithExit(provision.ExitUsage, fmt.Errorf("open the report: %w; name another file with --report", err))
	}
	return file, nil
}

// report writes what the recorder has of a run that is over into the file made for it.
func (s *session) report(file *os.File, flags reportFlags, told *recorder, logFile string) error {
	var log []byte
	var err error
	if logFile != "" { // a run that came to nothing has none
		log, err = os.ReadFile(logFile)
	}
	mask, maskErr := maskOf(s.inventory, flags.names)
	if err = errors.Join(err, maskErr); err == nil {
		_, err = file.WriteString(told.report(string(log)).Text(mask, s.words.Tag()))
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err = fmt.Fprintln(os.Stderr, s.words.T("report.written", flags.file))
	return err
}

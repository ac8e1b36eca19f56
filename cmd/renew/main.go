// Command renew runs on a site's host, once a day: it renews the site's certificate if that is due. What it needs lies in the folder
// that it lies in itself.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/renewal"
)

// patience is how long a run may take in all.
const patience = 5 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	program, err := os.Executable()
	if err == nil {
		err = renewal.Run(ctx, filepath.Dir(program))
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, language.New(language.English).Error(err))
		os.Exit(1) //nolint:gocritic // nothing is left to be cleaned up
	}
}

package remote

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	firstTries   = 6                // attempts of Dial at a host that hangs up
	reconnecting = 10 * time.Minute // how long Reconnect tries: a reboot takes less
)

// pauses grow from a fifth of a second to five seconds, with the library's jitter.
func pauses() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 200 * time.Millisecond
	b.MaxInterval = 5 * time.Second
	return b
}

// permanent takes the retry library's own wrapping off an error.
func permanent(ctx context.Context, err error) error {
	var wrapped *backoff.PermanentError
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

package certificate

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/go-acme/lego/v5/acme/api"
)

// Window is when the CA wants a certificate to be renewed; the zero value where it does not say.
type Window struct{ Start, End time.Time }

// RenewAt is when a certificate is to be renewed: a moment of the CA's window, another one for each certificate, so that not all
// of the world comes at once; without a window, when a third of its life is left. In the last tenth of its life it is renewed
// whatever the CA says.
func RenewAt(leaf *x509.Certificate, w Window) time.Time {
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	latest := leaf.NotAfter.Add(-life / 10)
	at := leaf.NotAfter.Add(-life / 3)
	if span := w.End.Sub(w.Start); span > 0 {
		var share uint64
		if len(leaf.Signature) >= 8 {
			share = binary.BigEndian.Uint64(leaf.Signature) >> 11
		}
		at = w.Start.Add(time.Duration(float64(share) / (1 << 53) * float64(span)))
	}
	if at.After(latest) {
		return latest
	}
	return at
}

// windowPatience is how long the CA may take to tell its window: a run does not wait long for what it can do without.
const windowPatience = 5 * time.Second

// How long to wait before the window is asked for again, whatever the CA says, and where it does not answer.
const (
	leastPause = 10 * time.Minute
	mostPause  = 24 * time.Hour
	failPause  = time.Hour
)

// Window asks the CA when a pair is to be renewed, unless it said so a short while ago. A CA that does not answer keeps nobody
// from anything: what it said last holds.
func (k *Keeper) Window(ctx context.Context, p Pair, now time.Time) Window {
	r := k.known(p)
	if p.Leaf == nil || now.Before(r.AskAgain) {
		return Window{r.Start, r.End}
	}
	ctx, cancel := context.WithTimeout(ctx, windowPatience)
	defer cancel()
	pause := failPause
	if info, err := k.renewalInfo(ctx, p.Leaf); err == nil {
		r.Start, r.End = info.Start, info.End
		pause = min(max(info.retryAfter, leastPause), mostPause)
	}
	r.Fingerprint, r.AskAgain = p.Fingerprint(), now.Add(pause)
	if text, err := json.Marshal(r); err == nil {
		_ = k.write(renewalFile, text) // it is asked again, then
	}
	return Window{r.Start, r.End}
}

// KnownWindow is what the CA said last of when to renew a pair. Nobody is asked.
func (k *Keeper) KnownWindow(p Pair) Window {
	r := k.known(p)
	return Window{r.Start, r.End}
}

type renewalInfo struct {
	Window
	retryAfter time.Duration
}

func (k *Keeper) renewalInfo(ctx context.Context, leaf *x509.Certificate) (renewalInfo, error) {
	core, err := k.core(ctx)
	if err != nil {
		return renewalInfo{}, err
	}
	id, err := api.MakeARICertID(leaf)
	if err != nil {
		return renewalInfo{}, err
	}
	info, err := core.Certificates.GetRenewalInfo(ctx, id)
	if err != nil {
		return renewalInfo{}, err
	}
	return renewalInfo{Window{info.SuggestedWindow.Start, info.SuggestedWindow.End}, info.RetryAfter}, nil
}

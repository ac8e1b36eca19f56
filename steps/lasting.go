package steps

import (
	"context"
	"slices"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/survey"
)

// namesPatience is how long the DNS may take to answer once a release is live.
const namesPatience = 2 * time.Second

// names is the question where the DNS sends the visitors of a domain, asked while the run does its work.
type names struct {
	cancel context.CancelFunc
	done   chan struct{}
	wrong  *provision.Finding
}

// askNames begins it, where somebody is there to be asked.
func (h *Host) askNames(ctx context.Context, address string) {
	if domain := h.Inventory.Site.Domain; domain != "" && h.Lookup != nil && h.names.done == nil && h.Manifest != nil {
		ctx, h.names.cancel = context.WithCancel(ctx)
		h.names.done = make(chan struct{})
		go func() {
			defer close(h.names.done)
			if wrong := survey.AskNames(ctx, h.Lookup, domain, address).Finding(h.Words); ctx.Err() == nil {
				h.names.wrong = wrong
			}
		}()
	}
}

// end ends it; one that has not been answered is waited for where a release has just become live.
func (n *names) end(released bool) {
	if n.done == nil {
		return
	}
	if released {
		select {
		case <-n.done:
		case <-time.After(namesPatience):
		}
	}
	n.cancel()
	<-n.done
}

// Lasting implements provision.Warner: what visitors will meet, and who has the key.
func (h *Host) Lasting() []provision.Finding {
	codes := []string{
		"site.certificate-self-signed", "site.certificate-expired", "site.certificate-expires-now", "site.certificate-expires-soon", "site.chain-incomplete",
		"site.key-in-image", "site.git-uploaded", "site.secrets-uploaded",
	}
	var list []provision.Finding
	for _, p := range h.Report.Problems {
		if slices.Contains(codes, p.Finding.Code) && !slices.ContainsFunc(list, func(f provision.Finding) bool { return f.Cause == p.Finding.Cause }) {
			p.Finding.File, p.Finding.Line = p.File, p.Line
			list = append(list, p.Finding)
		}
	}
	if h.names.wrong != nil {
		list = append(list, *h.names.wrong)
	}
	return list
}

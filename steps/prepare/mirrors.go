package prepare

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/kehuo/provision/provision/prepare"
)

// mirrorWait is how long a mirror may take to answer.
const mirrorWait = 10 * time.Second

// measure asks the mirrors of a repository for its key, all at once and from the host's place in the network, and returns those that
// answered with the right one, the fastest first.
func measure(ctx context.Context, dial dial, r prepare.Repository, urls []string) []prepare.Mirror {
	ctx, cancel := context.WithTimeout(ctx, mirrorWait)
	defer cancel()
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true, TLSHandshakeTimeout: mirrorWait}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var (
		mu      sync.Mutex
		asking  sync.WaitGroup
		mirrors []prepare.Mirror
	)
	for _, url := range urls {
		asking.Go(func() {
			begun := time.Now()
			key, err := fetchKey(ctx, client, r, url)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			mirrors = append(mirrors, prepare.Mirror{URL: url, Latency: time.Since(begun), Key: key})
		})
	}
	asking.Wait()
	slices.SortFunc(mirrors, func(a, b prepare.Mirror) int { return cmp.Compare(a.Latency, b.Latency) })
	return mirrors
}

// registryWait is how long a registry may take to answer: a host that has none in reach must not wait for long.
const registryWait = 4 * time.Second

// reachesRegistry reports whether a registry that the base images come from answers the host, whatever it says.
func (h *Host) reachesRegistry(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, registryWait)
	defer cancel()
	transport := &http.Transport{DialContext: h.connection.Dial, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	answered := make(chan bool)
	urls := prepare.Registries(h.Bases[0], h.Inventory.Prepare.Docker.Mirrors)
	for _, url := range urls {
		go func() {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v2/", nil)
			if err != nil {
				answered <- false
				return
			}
			answer, err := (&http.Client{Transport: transport}).Do(request)
			if err == nil {
				_ = answer.Body.Close()
			}
			answered <- err == nil
		}()
	}
	reached := false
	for range urls {
		if <-answered {
			reached = true
			cancel() // the others, which end at once
		}
	}
	return reached
}

func fetchKey(ctx context.Context, client *http.Client, r prepare.Repository, mirror string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.KeyURL(mirror), nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", mirror, answer.Status)
	}
	file, err := io.ReadAll(io.LimitReader(answer.Body, prepare.KeyLimit))
	if err != nil {
		return nil, err
	}
	return prepare.PinnedKey(file, r.Fingerprint)
}

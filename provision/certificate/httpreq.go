package certificate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// httpreqDNS has a web service put records into the DNS, asked as lego's provider of that name asks it.
type httpreqDNS struct {
	endpoint *url.URL
	raw      bool
	user     string
	password provision.Secret
	http     http.Client
}

// The variables of lego's provider httpreq.
const (
	httpreqEndpoint = "HTTPREQ_ENDPOINT"
	httpreqMode     = "HTTPREQ_MODE"
	httpreqUser     = "HTTPREQ_USERNAME"
	httpreqPassword = "HTTPREQ_PASSWORD" //nolint:gosec // the name of it
)

func newHTTPReqDNS(file string, values map[string]provision.Secret) (*httpreqDNS, error) {
	endpoint, err := url.Parse(values[httpreqEndpoint].Reveal())
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		return nil, provision.Fail("acme.httpreq-endpoint", file, httpreqEndpoint).WithExit(provision.ExitUsage)
	}
	return &httpreqDNS{
		endpoint: endpoint, raw: values[httpreqMode].Reveal() == modeRaw, user: values[httpreqUser].Reveal(), password: values[httpreqPassword],
		http: http.Client{Timeout: 30 * time.Second},
	}, nil
}

// Present implements Solver.
func (h *httpreqDNS) Present(ctx context.Context, domain, token, keyAuth string) error {
	return h.post(ctx, "present", domain, token, keyAuth)
}

// CleanUp implements Solver.
func (h *httpreqDNS) CleanUp(ctx context.Context, domain, token, keyAuth string) error {
	return h.post(ctx, "cleanup", domain, token, keyAuth)
}

func (h *httpreqDNS) post(ctx context.Context, what, domain, token, keyAuth string) error {
	name, value := record(domain, keyAuth)
	message := map[string]string{"fqdn": name + ".", "value": value}
	if h.raw {
		message = map[string]string{"domain": domain, "token": token, "keyAuth": keyAuth}
	}
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.endpoint.JoinPath(what).String(), bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if h.user != "" && h.password.Reveal() != "" {
		request.SetBasicAuth(h.user, h.password.Reveal())
	}
	response, err := h.http.Do(request)
	if err != nil {
		return provision.Fail("acme.httpreq-unreached", h.endpoint.Host, err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, _ := io.ReadAll(io.LimitReader(response.Body, saidLimit)); response.StatusCode/100 != 2 {
		said := cmp.Or(safetext.OneLine(string(body), saidLimit), response.Status)
		return provision.Fail("acme.httpreq-refused", h.endpoint.Host, what, name, provision.ForeignError(said))
	}
	return nil
}

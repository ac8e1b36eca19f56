package certificate

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what the interface asks for
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/safetext"
)

// aliDNS puts records into Alibaba Cloud DNS.
type aliDNS struct {
	endpoint string
	id       string
	secret   provision.Secret
	token    provision.Secret // of a temporary login; empty: none
	http     http.Client
	mu       sync.Mutex
	records  map[string]string // by name and value, of what was added
}

// The variables of a file with credentials, as Alibaba's own tools and lego name them.
var (
	idVariables     = []string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY"}
	secretVariables = []string{"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY"}
	tokenVariables  = []string{"ALIBABA_CLOUD_SECURITY_TOKEN", "ALICLOUD_SECURITY_TOKEN"}
)

const (
	endpointVariable = "ALICLOUD_DNS_ENDPOINT"
	aliDNSEndpoint   = "https://alidns.aliyuncs.com/"
	aliDNSVersion    = "2015-01-09"
	recordTTL        = "600" // the least of a free plan
)

// readCredentials reads a file of NAME=value lines that the user alone may read.
func readCredentials(file string) (map[string]provision.Secret, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, provision.Fail("acme.credentials-unread", file, err).WithExit(provision.ExitUsage)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, provision.Fail("acme.credentials-open", file, info.Mode().Perm()).WithExit(provision.ExitUsage)
	}
	values, err := inventory.ReadEnvironment(file)
	if err != nil {
		return nil, provision.Fail("acme.credentials-unread", file, err).WithExit(provision.ExitUsage)
	}
	return values, nil
}

func newAliDNS(file string, values map[string]provision.Secret) (*aliDNS, error) {
	value := func(names []string) string {
		for _, name := range names {
			if text := values[name].Reveal(); text != "" {
				return text
			}
		}
		return ""
	}
	a := &aliDNS{
		endpoint: cmp.Or(values[endpointVariable].Reveal(), aliDNSEndpoint), id: value(idVariables),
		secret: provision.NewSecret(value(secretVariables)), token: provision.NewSecret(value(tokenVariables)),
		http: http.Client{Timeout: 15 * time.Second}, records: map[string]string{},
	}
	if a.id == "" || a.secret.Reveal() == "" {
		return nil, provision.Fail("acme.credentials-lack", file, idVariables[0], secretVariables[0]).WithExit(provision.ExitUsage)
	}
	return a, nil
}

// Present implements Solver.
func (a *aliDNS) Present(ctx context.Context, domain, _, keyAuth string) error {
	name, value := record(domain, keyAuth)
	zone, err := a.zone(ctx, name)
	if err != nil {
		return err
	}
	var added struct{ RecordId string } //nolint:revive // the interface's own name
	err = a.call(ctx, "AddDomainRecord", map[string]string{
		"DomainName": zone, "RR": strings.TrimSuffix(name, "."+zone), "Type": "TXT", "Value": value, "TTL": recordTTL,
	}, &added)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.records[name+" "+value] = added.RecordId
	return nil
}

// CleanUp implements Solver: it removes the record that was added, and no other.
func (a *aliDNS) CleanUp(ctx context.Context, domain, _, keyAuth string) error {
	name, value := record(domain, keyAuth)
	a.mu.Lock()
	id := a.records[name+" "+value]
	a.mu.Unlock()
	if id == "" {
		return nil
	}
	return a.call(ctx, "DeleteDomainRecord", map[string]string{"RecordId": id}, nil)
}

// zonePages bounds how many pages of zones are read, of 100 each.
const zonePages = 50

// zone is the zone of the account that a name lies in, the innermost one.
func (a *aliDNS) zone(ctx context.Context, name string) (string, error) {
	best := ""
	for page := 1; page <= zonePages; page++ {
		var list struct {
			TotalCount int
			Domains    struct {
				Domain []struct{ DomainName, PunyCode string }
			}
		}
		err := a.call(ctx, "DescribeDomains", map[string]string{"PageNumber": strconv.Itoa(page), "PageSize": "100"}, &list)
		if err != nil {
			return "", err
		}
		for _, d := range list.Domains.Domain {
			if zone := cmp.Or(d.PunyCode, d.DomainName); strings.HasSuffix(name, "."+zone) && len(zone) > len(best) {
				best = zone
			}
		}
		if page*100 >= list.TotalCount {
			break
		}
	}
	if best == "" {
		return "", provision.Fail("acme.dns-no-zone", strings.TrimPrefix(name, "_acme-challenge."))
	}
	return best, nil
}

// call is one question to the interface, signed as RPC signature version 1.0 asks.
func (a *aliDNS) call(ctx context.Context, action string, parameters map[string]string, answer any) error {
	all := map[string]string{
		"Action": action, "Version": aliDNSVersion, "Format": "JSON", "AccessKeyId": a.id, "SignatureMethod": "HMAC-SHA1",
		"SignatureVersion": "1.0", "SignatureNonce": rand.Text(), "Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05Z"),
	}
	if token := a.token.Reveal(); token != "" {
		all["SecurityToken"] = token
	}
	maps.Copy(all, parameters)
	form := canonical(all) + "&Signature=" + escape(sign(http.MethodPost, all, a.secret))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.endpoint, strings.NewReader(form))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := a.http.Do(request)
	if err != nil {
		return provision.Fail("acme.dns-unreached", request.URL.Host, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return provision.Fail("acme.dns-unreached", request.URL.Host, err)
	}
	if response.StatusCode != http.StatusOK {
		var refused struct{ Code, Message string }
		_ = json.Unmarshal(body, &refused)
		said := safetext.OneLine(strings.TrimSpace(refused.Code+" "+refused.Message), saidLimit)
		return provision.Fail("acme.dns-refused", action, provision.ForeignError(cmp.Or(said, response.Status)))
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return provision.Fail("acme.dns-refused", action, provision.ForeignError("the answer is no JSON"))
	}
	return nil
}

// sign is the signature of a request with these parameters.
func sign(method string, parameters map[string]string, secret provision.Secret) string {
	mac := hmac.New(sha1.New, []byte(secret.Reveal()+"&"))
	_, _ = io.WriteString(mac, method+"&"+escape("/")+"&"+escape(canonical(parameters)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// canonical are parameters in the order of their names.
func canonical(parameters map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		parts = append(parts, escape(name)+"="+escape(parameters[name]))
	}
	return strings.Join(parts, "&")
}

// escape writes a text as RFC 3986 has it, which is not quite as net/url does.
func escape(text string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
}

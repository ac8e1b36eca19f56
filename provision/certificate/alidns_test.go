package certificate

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate/acmetest"
)

// fakeAliDNS is Alibaba's DNS interface as far as it is used: it checks each signature, and shows its records in the DNS of the test.
type fakeAliDNS struct {
	id, secret string
	server     *httptest.Server

	mu      sync.Mutex
	records map[string][2]string // by id: name and value
	added   int
	nonces  map[string]bool
	ca      *acmetest.CA
}

func newFakeAliDNS(t *testing.T, ca *acmetest.CA) *fakeAliDNS {
	t.Helper()
	f := &fakeAliDNS{id: "id", secret: "s3cret+/=", records: map[string][2]string{}, nonces: map[string]bool{}, ca: ca}
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

func (f *fakeAliDNS) count() (added, left int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.added, len(f.records)
}

func (f *fakeAliDNS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	refuse := func(code string) {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"Code": code, "Message": "refused"})
	}
	if err := r.ParseForm(); err != nil {
		refuse("Malformed")
		return
	}
	signed := map[string]string{}
	for name := range r.Form {
		if name != "Signature" {
			signed[name] = r.Form.Get(name)
		}
	}
	nonce := signed["SignatureNonce"]
	switch {
	case signed["AccessKeyId"] != f.id || sign(r.Method, signed, provision.NewSecret(f.secret)) != r.Form.Get("Signature"):
		refuse("SignatureDoesNotMatch")
		return
	case f.nonces[nonce] || nonce == "" || signed["Version"] != aliDNSVersion:
		refuse("SignatureNonceUsed")
		return
	}
	f.nonces[nonce] = true
	switch signed["Action"] {
	case "DescribeDomains":
		zones := []map[string]string{{"DomainName": "com"}, {"DomainName": "example.com", "PunyCode": "example.com"}, {"DomainName": "ple.com"}}
		_ = json.NewEncoder(w).Encode(map[string]any{"TotalCount": len(zones), "Domains": map[string]any{"Domain": zones}})
	case "AddDomainRecord":
		if signed["DomainName"] != "example.com" || signed["Type"] != "TXT" {
			refuse("InvalidDomainName.NoExist")
			return
		}
		f.added++
		id := strconv.Itoa(f.added)
		f.records[id] = [2]string{signed["RR"] + "." + signed["DomainName"], signed["Value"]}
		f.show()
		_ = json.NewEncoder(w).Encode(map[string]string{"RecordId": id})
	case "DeleteDomainRecord":
		if _, ok := f.records[signed["RecordId"]]; !ok {
			refuse("InvalidRecordId")
			return
		}
		delete(f.records, signed["RecordId"])
		_ = json.NewEncoder(w).Encode(map[string]string{})
	default:
		refuse("InvalidAction")
	}
}

// show puts the records into the DNS of the test.
func (f *fakeAliDNS) show() {
	for _, id := range slices.Sorted(maps.Keys(f.records)) {
		f.ca.SetTXT(f.records[id][0], f.records[id][1])
	}
}

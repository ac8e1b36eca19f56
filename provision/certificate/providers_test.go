package certificate

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/certificate/acmetest"
	"github.com/kehuo/provision/provision/inventory"
)

// withProvider is a keeper for all names of a zone, by a provider with these credentials.
func withProvider(t *testing.T, ca *acmetest.CA, provider, zone, credentials string) *Keeper {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dns.env")
	if err := os.WriteFile(file, []byte(credentials), 0o600); err != nil {
		t.Fatal(err)
	}
	k := keeper(t, ca, zone, "*."+zone)
	k.Challenge, k.dns.Provider, k.dns.Credentials = inventory.ChallengeDNS, provider, file
	return k
}

// byProgram has a program of the person's own add and remove the records.
func byProgram(t *testing.T, ca *acmetest.CA) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho \"$TOKEN $*\" >>" + dir + "/called\ncase $1 in present) path=set-txt ;; *) path=clear-txt ;; esac\n" +
		"[ \"$FAIL\" ] && { echo 'no such zone' >&2; exit 3; }\n" +
		"exec curl -fsS -d \"{\\\"host\\\":\\\"$2\\\",\\\"value\\\":\\\"$3\\\"}\" " + ca.DNS() + "/$path\n"
	program := filepath.Join(dir, "records")
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	k := withProvider(t, ca, inventory.ProviderExec, "exec.example.com", "EXEC_PATH="+program+"\nTOKEN=secret\n")
	pair, err := k.Obtain(t.Context(), nil, Pair{}, silent)
	if err != nil || !pair.Covers(k.Names) {
		t.Fatalf("%+v, %v", pair.Leaf, err)
	}
	called, err := os.ReadFile(filepath.Join(dir, "called"))
	if err != nil || strings.Count(string(called), "secret present _acme-challenge.exec.example.com. ") != 2 || strings.Count(string(called), "cleanup") != 2 {
		t.Errorf("it was called as\n%s%v", called, err)
	}
	failing := withProvider(t, ca, inventory.ProviderExec, "exec.example.com", "EXEC_PATH="+program+"\nFAIL=yes\n")
	_, err = failing.Obtain(t.Context(), nil, Pair{}, silent)
	wantFailure(t, err, "acme.exec-failed")
	if err == nil || !strings.Contains(err.Error(), "no such zone") {
		t.Errorf("%v does not tell what the program said", err)
	}
	wantFailure(t, withProvider(t, ca, inventory.ProviderExec, "exec.example.com", "EXEC_PATH=rm -rf /\n").Check(), "acme.exec-path")
}

// byService has a web service add and remove the records.
func byService(t *testing.T, ca *acmetest.CA) {
	asked := 0
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		user, password, _ := r.BasicAuth()
		var message struct{ FQDN, Value string }
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil || user != "me" || password != "secret" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		switch name := strings.TrimSuffix(message.FQDN, "."); r.URL.Path {
		case "/dns/present":
			ca.SetTXT(name, message.Value)
		case "/dns/cleanup":
			ca.ClearTXT(name)
		}
	}))
	t.Cleanup(service.Close)
	credentials := "HTTPREQ_ENDPOINT=" + service.URL + "/dns\nHTTPREQ_USERNAME=me\nHTTPREQ_PASSWORD="
	k := withProvider(t, ca, inventory.ProviderHTTPReq, "httpreq.example.com", credentials+"secret\n")
	pair, err := k.Obtain(t.Context(), nil, Pair{}, silent)
	if err != nil || !pair.Covers(k.Names) || asked != 4 {
		t.Fatalf("%+v, asked %d times, %v", pair.Leaf, asked, err)
	}
	_, err = withProvider(t, ca, inventory.ProviderHTTPReq, "httpreq.example.com", credentials+"wrong\n").Obtain(t.Context(), nil, Pair{}, silent)
	wantFailure(t, err, "acme.httpreq-refused")
	_, err = withProvider(t, ca, inventory.ProviderHTTPReq, "httpreq.example.com", "HTTPREQ_ENDPOINT=http://127.0.77.9:1\n").Obtain(t.Context(), nil, Pair{}, silent)
	wantFailure(t, err, "acme.httpreq-unreached")
	wantFailure(t, withProvider(t, ca, inventory.ProviderHTTPReq, "httpreq.example.com", "").Check(), "acme.httpreq-endpoint")
}

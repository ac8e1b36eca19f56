package prepare

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"github.com/kehuo/provision/provision/prepare"
)

// TestMirrors: those that answer with the right key are found, the fastest first; one with another key, without one, or without an
// answer is none.
func TestMirrors(t *testing.T) {
	key, err := os.ReadFile("../../provision/prepare/testdata/a.asc")
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := os.ReadFile("../../provision/prepare/testdata/b.asc")
	if err != nil {
		t.Fatal(err)
	}
	slow := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow/linux/debian/gpg":
			<-slow
			_, _ = w.Write(key)
		case "/fast/linux/debian/gpg":
			_, _ = w.Write(key)
			close(slow)
		case "/wrong/linux/debian/gpg":
			_, _ = w.Write(wrong)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	var urls []string
	for _, name := range []string{"slow", "fast", "wrong", "none"} {
		urls = append(urls, server.URL+"/"+name)
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	r := prepare.Repository{Folder: "linux/debian", Fingerprint: "950070f4df2ca6e0c61993de6081c99a8561a30a"}
	var got []string
	found := measure(t.Context(), dial, r, append(urls, "http://127.0.0.1:1"))
	for _, m := range found {
		got = append(got, m.URL)
	}
	slices.Sort(got)
	if want := []string{server.URL + "/fast", server.URL + "/slow"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	if !slices.IsSortedFunc(found, func(a, b prepare.Mirror) int { return cmp.Compare(a.Latency, b.Latency) }) {
		t.Errorf("the fastest is not the first: %v", found)
	}
}

package docker_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/docker"
)

// A host's engine that answers without end takes little memory and gets an error.
func TestAnswersAreBounded(t *testing.T) {
	for name, c := range map[string]struct{ begin, repeated string }{
		"containers":         {"[{}", ",{}"},
		"labels":             {`[{"Labels":{"a":"b"`, `,"` + strings.Repeat("x", 200) + `":""`},
		"networks":           {`{"NetworkSettings":{"Networks":{"a":{}`, `,"b":{}`},
		"names":              {`{"RepoTags":["a"`, `,""`},
		"brackets":           {`{"State":`, "["},
		"what is not asked":  {`{"X":[1`, ",1"},
		"one text":           {`{"Id":"`, "xxxxxxxx"},
		"blanks in the list": {"[", " "},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				chunk := strings.Repeat(c.repeated, 64<<10/len(c.repeated))
				_, err := io.WriteString(w, c.begin)
				for r.Context().Err() == nil && err == nil {
					_, err = io.WriteString(w, chunk)
				}
			}))
			defer server.Close()
			engine := docker.NewEngine(func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
			})
			defer engine.Close()
			before := allocated()
			if list, err := engine.Containers(t.Context()); err == nil {
				t.Errorf("%d containers", len(list))
			}
			if c, err := engine.Container(t.Context(), "a"); err == nil {
				t.Errorf("the container %+v", c)
			}
			if i, err := engine.Image(t.Context(), "a"); err == nil {
				t.Errorf("the image %+v", i)
			}
			if took := (allocated() - before) >> 20; took > 300 {
				t.Errorf("%d MiB were allocated", took)
			} else {
				t.Logf("%d MiB were allocated", took)
			}
		})
	}
	if _, err := docker.ParseInspect([]byte("[" + strings.Repeat("1,", 16<<20) + "1]")); err == nil {
		t.Error("an inspection of 32 MiB is read")
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

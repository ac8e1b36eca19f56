package prepare

import (
	"testing"

	"github.com/kehuo/provision/provision/inventory"
)

// TestDaemonKeepsWhatIsThere: nothing that somebody else has set is changed, dropped or moved, and a second run changes nothing.
func TestDaemonKeepsWhatIsThere(t *testing.T) {
	const limits = `"log-opts": {
    "max-file": "3",
    "max-size": "10m"
  }`
	for _, test := range []struct {
		name, there, want string
		wanted            inventory.PrepareDocker
		swarm             bool
	}{
		{name: "none", want: "{\n  " + limits + ",\n  \"live-restore\": true\n}\n"},
		{name: "an empty object", there: "{}\n", want: "{\n  " + limits + ",\n  \"live-restore\": true\n}\n"},
		{name: "somebody else's keys in their order", there: "{\"data-root\": \"/data\",\n \"bip\":\"10.9.0.1/24\", \"dns\": [ \"1.1.1.1\" ]}",
			want: "{\n  \"data-root\": \"/data\",\n  \"bip\": \"10.9.0.1/24\",\n  \"dns\": [ \"1.1.1.1\" ],\n  " + limits + ",\n  \"live-restore\": true\n}\n"},
		{name: "another log driver", there: `{"log-driver": "journald", "live-restore": false}`, want: `{"log-driver": "journald", "live-restore": false}`},
		{name: "a limit of theirs", there: `{"log-opts": {"max-size": "1g"}, "live-restore": true}`,
			want: "{\n  \"log-opts\": {\n    \"max-file\": \"3\",\n    \"max-size\": \"1g\"\n  },\n  \"live-restore\": true\n}\n"},
		{name: "a swarm", there: `{"log-opts": {"max-size": "1g", "max-file": "2"}}`, swarm: true, want: `{"log-opts": {"max-size": "1g", "max-file": "2"}}`},
		{name: "mirrors beside theirs", there: `{"log-driver": "none", "live-restore": true, "registry-mirrors": ["https://a.example/"]}`,
			wanted: inventory.PrepareDocker{Mirrors: []string{"https://a.example", "https://b.example"}},
			want:   "{\n  \"log-driver\": \"none\",\n  \"live-restore\": true,\n  \"registry-mirrors\": [\n    \"https://a.example/\",\n    \"https://b.example\"\n  ]\n}\n"},
		{name: "what the inventory asks for", there: `{"log-driver": "none", "live-restore": true, "mtu": 1500}`,
			wanted: inventory.PrepareDocker{Daemon: map[string]any{"mtu": 1450.0}},
			want:   "{\n  \"log-driver\": \"none\",\n  \"live-restore\": true,\n  \"mtu\": 1450\n}\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Docker{DaemonText: test.there, Swarm: test.swarm}.Daemon(test.wanted)
			if err != nil || got != test.want {
				t.Fatalf("%v\n%s\nwant\n%s", err, got, test.want)
			}
			if again, err := (Docker{DaemonText: got, Swarm: test.swarm}).Daemon(test.wanted); err != nil || again != got {
				t.Errorf("a second run makes of it\n%s, %v", again, err)
			}
		})
	}
	for _, broken := range []string{"[]", "{", `{"a": }`, `{"a": 1`, "no json"} {
		if got, err := (Docker{DaemonText: broken}).Daemon(inventory.PrepareDocker{}); err == nil {
			t.Errorf("%q becomes %q", broken, got)
		}
	}
}

// FuzzDaemon: whatever lies on a host is refused or becomes a file that a second run leaves alone.
func FuzzDaemon(f *testing.F) {
	f.Add(`{"a": [1, {"b": null}], "log-opts": 3}`)
	f.Add(`{"a": 1, "a": 2, "live-restore": "x"}`)
	f.Fuzz(func(t *testing.T, there string) {
		got, err := Docker{DaemonText: there}.Daemon(inventory.PrepareDocker{Mirrors: []string{"https://a.example"}})
		if err != nil {
			return
		}
		if again, err := (Docker{DaemonText: got}).Daemon(inventory.PrepareDocker{Mirrors: []string{"https://a.example"}}); err != nil || again != got {
			t.Errorf("%q becomes %q, and that %q, %v", there, got, again, err)
		}
	})
}

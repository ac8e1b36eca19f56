package inventory

import "time"

// DefaultUser is the tutorial's login.
const DefaultUser = "kevin"

// Defaults is the tutorial's site: what a field has that the inventory leaves out. Source is still relative, "./site".
func Defaults() Site {
	return Site{
		Name:        "myweb",
		Source:      "./site",
		Upload:      []string{"."},
		Directory:   "/home/kevin/dev/myweb",
		Image:       "myweb_image:server",
		Container:   "myweb_https",
		Ports:       DefaultPorts(true),
		Command:     []string{"bash", "./start.sh"},
		Environment: map[string]string{},
		Restart:     "unless-stopped",
		Certificate: "ssl_files/kevinhuo_cool.pem",
		Key:         "ssl_files/kevinhuo_cool.key",
		Health:      Health{Path: "/", Status: 200, Timeout: time.Minute},
		Keep:        3,
		Server:      "nginx",
		Log:         Log{MaxSize: "10m", MaxFile: 3},
		Cutover:     CutoverAuto,
	}
}

// DefaultPorts are the ports of a site that names none: those for http and https, or the one for http where it has no pair.
func DefaultPorts(tls bool) []Port {
	ports := []Port{{Host: 80, Container: 80, Protocol: "tcp"}}
	if tls {
		ports = append(ports, Port{Host: 443, Container: 443, Protocol: "tcp"})
	}
	return ports
}

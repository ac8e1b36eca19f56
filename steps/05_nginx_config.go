package steps

import "github.com/kehuo/provision/provision"

// nginxConfig is the tutorial's step 5: default.conf has the TLS server on port 443, and the server on port 80 that sends every
// request there. The servers are there or the person adds them, by hand or with --fix.
type nginxConfig struct{ local }

func newNginxConfig(h *Host, s step) provision.Step { return nginxConfig{newLocal(h, s)} }

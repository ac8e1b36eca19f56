package steps

import "github.com/kehuo/provision/provision"

// certificateLines is the tutorial's step 4: the Dockerfile copies the certificate and its key to where nginx reads them. The lines
// are there or the person adds them, by hand or with --fix.
type certificateLines struct{ local }

func newCertificateLines(h *Host, s step) provision.Step { return certificateLines{newLocal(h, s)} }

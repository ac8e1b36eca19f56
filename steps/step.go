package steps

import (
	"github.com/kehuo/provision/provision"
)

// The steps' ids, in their order.
const (
	stepLogin            = "01-login"
	stepDirectory        = "02-directory"
	stepDockerfile       = "03-dockerfile"
	stepCertificateLines = "04-certificate-lines"
	stepNginxConfig      = "05-nginx-config"
	stepFiles            = "06-files"
	stepBuild            = "07-build"
	stepImage            = "08-image"
	stepRun              = "09-run"
	stepStatus           = "10-status"
	stepSite             = "11-site"
)

// title is a step's title in the language of the run.
func (h *Host) title(step string) string { return h.Words.T("step." + step + ".title") }

// one is a plan of a single change.
func one(action, reason string) []provision.Change {
	return []provision.Change{{Action: action, Reason: reason}}
}

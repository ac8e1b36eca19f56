package language

func english() map[string]string {
	return map[string]string{
		"step.01-login.title":             "Log in",
		"step.02-directory.title":         "The site's directory",
		"step.03-dockerfile.title":        "Dockerfile",
		"step.04-certificate-lines.title": "COPY lines of the certificate pair",
		"step.05-nginx-config.title":      "nginx configuration",
		"step.06-files.title":             "Upload files",
		"step.07-build.title":             "Build the image",
		"step.08-image.title":             "Check the image",
		"step.09-run.title":               "Run the container",
		"step.10-status.title":            "Container status",
		"step.11-site.title":              "The site answers",

		"lines.start":             "Deploying %s to %s",
		"lines.plan":              "Plan: %d to change",
		"lines.planned":           "%d to change; nothing was changed",
		"lines.done":              "Done: %d changed, %s",
		"lines.failed":            "Not finished: %d changed, %s",
		"lines.status.ok":         "ok",
		"lines.status.changed":    "changed",
		"lines.status.skipped":    "skipped",
		"lines.status.failed":     "failed",
		"lines.severity.error":    "ERROR",
		"lines.severity.warning":  "WARNING",
		"lines.severity.info":     "NOTE",
		"lines.severity.unknown":  "UNKNOWN FAILURE",
		"lines.evidence":          "evidence",
		"lines.fix":               "fix",
		"lines.certificate-days":  "certificate good for %d days",
		"lines.progress.bytes":    "%s",
		"lines.progress.files":    "%s files",
		"lines.progress.steps":    "step %s",
		"lines.progress.bytes-of": "%s of %s",
		"lines.progress.files-of": "%s of %s files",
		"lines.progress.step-of":  "step %s of %s",

		"wizard.rate":    "%s/s",
		"wizard.left":    "%s left",
		"wizard.dropped": "%d lines not shown here; the log file has them",

		"wizard.station.http":       "port 80 from here:    ",
		"wizard.station.https":      "port 443 from here:   ",
		"wizard.station.host-http":  "port 80 on the host:  ",
		"wizard.station.host-https": "port 443 on the host: ",
	}
}

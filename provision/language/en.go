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
	}
}

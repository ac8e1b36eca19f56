//go:build host

package steps_test

// plainly has the site speak http alone, on a port of the host's.
func (c *cloud) plainly(ports string) {
	c.t.Helper()
	c.site["certificate"], c.site["key"], c.site["ports"] = `""`, `""`, ports
	c.write("resource/default.conf", "server {\n  listen 80;\n  location / { proxy_pass http://127.0.0.1:5000; }\n}\n")
}

// asksWhatWasAsked goes back over releases that changed ports and TLS: an earlier release is asked what it was asked
// when it was made, not what the inventory asks of a later one.
func asksWhatWasAsked(c *cloud) {
	t := c.t
	config := c.read("resource/default.conf")
	c.plainly(`["443:80"]`)
	c.mustDeploy()
	plain := c.release()

	c.write("resource/default.conf", config)
	delete(c.site, "certificate")
	delete(c.site, "key")
	delete(c.site, "ports")
	c.mustDeploy()
	c.mustRollback("")
	if c.release() != plain {
		t.Errorf("from https back to http: %s is live, want %s", c.release(), plain)
	}
	c.mustRollback(plain) // nothing to do, and it answers as it did

	c.plainly(`["80:80"]`)
	c.mustDeploy()
	c.mustRollback(plain)
	if c.release() != plain {
		t.Errorf("back to the port of before: %s is live, want %s", c.release(), plain)
	}
}

package inventory

import "slices"

// WebPorts picks the ports that speak https and http: 443 and 80, as the tutorial has them, in the container or else on the host.
// Where a site with a certificate has no such port for https, 8443 or else the first one that is not http's has to be it; on a
// site without one, the first port there is speaks http.
func WebPorts(published []Port, tls bool) (secure, plain *Port) {
	ports := slices.DeleteFunc(slices.Clone(published), func(p Port) bool { return p.Protocol != "tcp" })
	pick := func(fits ...func(Port) bool) *Port {
		for _, fit := range fits {
			if at := slices.IndexFunc(ports, fit); at >= 0 {
				return &ports[at]
			}
		}
		return nil
	}
	inside := func(port int) func(Port) bool {
		return func(p Port) bool { return p.Container == port }
	}
	outside := func(port int) func(Port) bool { return func(p Port) bool { return p.Host == port } }
	if !tls {
		return nil, pick(inside(80), outside(80), func(Port) bool { return true })
	}
	secure = pick(inside(443), outside(443), inside(8443), func(p Port) bool { return p.Container != 80 && p.Host != 80 })
	other := func(fit func(Port) bool) func(Port) bool {
		return func(p Port) bool { return (secure == nil || p != *secure) && fit(p) }
	}
	return secure, pick(other(inside(80)), other(outside(80)))
}

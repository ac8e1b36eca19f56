package site

import (
	"io/fs"
	"slices"
	"strings"
)

// Bases are the images that a site's Dockerfile builds from; none that only the build knows, and none where it cannot be read.
func Bases(folder fs.FS, s Site) []string {
	s = s.within()
	r := parseRecipe(readFile(folder, s.Dockerfile).Content, s.Args)
	r.until(s.Target)
	var list []string
	for _, b := range r.bases() {
		if !b.Frontend && !slices.Contains(list, b.Image) {
			list = append(list, b.Image)
		}
	}
	return list
}

// unknownDir stands for the WORKDIR of a base image that is not known.
const unknownDir = "/{workdir}"

// baseName is an image's name without registry, tag and digest: "nginx" for docker.io/library/nginx:1.27, "owner/nginx" for
// another's.
func baseName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	for _, registry := range []string{"index.docker.io/", "docker.io/", "library/", "public.ecr.aws/docker/library/", "mirror.gcr.io/library/"} {
		image = strings.TrimPrefix(image, registry)
	}
	return image
}

// knownBases are official images whose WORKDIR is the root and whose folders are those of the distribution.
func knownBases() []string {
	return []string{
		"alpine", "almalinux", "amazonlinux", "busybox", "centos", "debian", "eclipse-temurin", "fedora", "nginx", "nginxinc/nginx-unprivileged", "node",
		"openjdk", "python", "rockylinux", "ruby", "rust", "scratch", "ubuntu", "openresty/openresty",
	}
}

// isKnownBase reports whether the folders of a base image are known.
func isKnownBase(base word) bool {
	return !base.open && slices.Contains(knownBases(), baseName(base.text))
}

// isStockNginx reports whether a base image is nginx' own, which serves with a configuration of its own and renders templates.
func isStockNginx(base word) bool {
	return !base.open && slices.Contains([]string{"nginx", "nginxinc/nginx-unprivileged"}, baseName(base.text))
}

// workdirOf is the folder that a stage on a base image begins in.
func workdirOf(base word) string {
	if isKnownBase(base) {
		return "/"
	}
	return unknownDir
}

// baseFolders are those that the images with nginx and the distributions have: to copy onto one of them is to copy into it.
func baseFolders(base word) []string {
	folders := []string{
		"/bin", "/dev", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin",
		"/usr/lib", "/usr/local", "/usr/local/bin", "/usr/sbin", "/usr/share", "/var", "/var/cache", "/var/lib", "/var/log", "/var/run", "/etc/ssl",
		"/etc/ssl/certs", "/etc/ssl/private",
	}
	if base.open || strings.Contains(baseName(base.text), "nginx") || !isKnownBase(base) {
		folders = append(folders, "/etc/nginx", "/etc/nginx/conf.d", "/usr/share/nginx", "/usr/share/nginx/html", "/var/www")
	}
	if isStockNginx(base) {
		folders = append(folders, "/docker-entrypoint.d")
	}
	return folders
}

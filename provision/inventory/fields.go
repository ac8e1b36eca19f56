package inventory

import (
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/kehuo/provision/provision"
)

// DefaultUser is the tutorial's login.
const DefaultUser = "kevin"

// maxTimeout bounds health.timeout: whoever waits longer for a container waits for one that will not come.
const maxTimeout = time.Hour

const (
	maxStatus   = 599 // of HTTP
	maxLogFiles = 1000
	maxHosts    = 10000
)

// fields is the table of what an inventory may have, in the order in which it is written. A row is all that the program knows
// of a field, but for its words, "inventory.field.PATH" in the catalogue, and what takes several fields to tell (whole.go).
func fields() []field {
	return []field{
		{path: "site", read: optional("site")},
		of("site.name", func(r record) *string { return &r.Site.Name }, "myweb", text(CheckName).like(likeName)),
		of("site.source", func(r record) *string { return &r.Site.Source }, "./site", folder()),
		of("site.upload", func(r record) *[]string { return &r.Site.Upload }, []string{"."}, texts(`["."]`, checkWithin).each(likeWithin)),
		of("site.directory", func(r record) *string { return &r.Site.Directory }, "/home/kevin/dev/myweb", text(CheckDirectory).like(likeDirectory)),
		of("site.image", func(r record) *string { return &r.Site.Image }, "myweb_image:server", text(CheckImage).like(likeImage)),
		of("site.container", func(r record) *string { return &r.Site.Container }, "myweb_https", text(CheckContainer).like(likeContainer)),
		of("site.ports", func(r record) *[]Port { return &r.Site.Ports }, DefaultPorts(true), ports()),
		of("site.command", func(r record) *[]string { return &r.Site.Command }, []string{"bash", "./start.sh"}, command()),
		of("site.environment", func(r record) *map[string]string { return &r.Site.Environment }, map[string]string{}, environment()),
		of("site.environment_file", func(r record) *string { return &r.Site.EnvironmentFile }, "", environmentFile()).orExample(".env"),
		of("site.secrets", func(r record) *string { return &r.Site.Secrets }, SecretsEnvironment, text(checkSecrets).among(SecretsEnvironment, SecretsFile)).
			unless(func(r record) bool { return r.Site.Secrets != SecretsFile }),
		of("site.volumes", func(r record) *[]string { return &r.Site.Volumes }, nil, volumes()),
		of("site.options", func(r record) *[]string { return &r.Site.Options }, nil, options()),
		of("site.restart", func(r record) *string { return &r.Site.Restart }, "unless-stopped", text(CheckRestart).like(likeRestart)),
		of("site.domain", func(r record) *string { return &r.Site.Domain }, "", domain().like(likeDomain)),
		of("site.certificate", func(r record) *string { return &r.Site.Certificate }, "ssl_files/kevinhuo_cool.pem", text(checkPairFile).like(likePairFile)),
		of("site.key", func(r record) *string { return &r.Site.Key }, "ssl_files/kevinhuo_cool.key", text(checkPairFile).like(likePairFile)).
			unless(func(r record) bool { return r.Site.BringsPair() }),
		{path: "site.acme"},
		of("site.acme.email", func(r record) *string { return &r.Site.ACME.Email }, "", text(checkEmail)).orNothing(),
		of("site.acme.challenge", func(r record) *string { return &r.Site.ACME.Challenge }, ChallengeHTTP, text(checkChallenge)).
			unless(func(r record) bool { return r.Site.ACME.Challenge != ChallengeDNS }),
		of("site.acme.directory", func(r record) *string { return &r.Site.ACME.Directory }, DirectoryLetsEncrypt, text(checkDirectoryURL)).
			unless(func(r record) bool {
				return r.Site.ACME.Directory == "" || r.Site.ACME.Directory == DirectoryLetsEncrypt
			}),
		of("site.acme.ca_file", func(r record) *string { return &r.Site.ACME.CAFile }, "", file(checkLocalPath)).orNothing(),
		of("site.acme.names", func(r record) *[]string { return &r.Site.ACME.Names }, nil, texts(`[example.com, www.example.com]`, checkCertificateName)).orNothing(),
		of("site.acme.renew", func(r record) *string { return &r.Site.ACME.Renew }, RenewHere, text(checkRenew)).
			unless(func(r record) bool { return r.Site.ACME.Renew == "" || r.Site.ACME.Renew == RenewHere }),
		{path: "site.acme.dns"},
		of("site.acme.dns.provider", func(r record) *string { return &r.Site.ACME.DNS.Provider }, "", text(checkProvider)).orNothing(),
		of("site.acme.dns.credentials", func(r record) *string { return &r.Site.ACME.DNS.Credentials }, "", file(checkLocalPath)).orNothing(),
		of("site.acme.dns.resolvers", func(r record) *[]string { return &r.Site.ACME.DNS.Resolvers }, nil, texts(`[223.5.5.5]`, checkResolver)).orNothing(),
		{path: "site.health"},
		of("site.health.path", func(r record) *string { return &r.Site.Health.Path }, "/", text(CheckHealthPath).like(likeURLPath)),
		of("site.health.status", func(r record) *int { return &r.Site.Health.Status }, 200, integer(100, maxStatus)),
		of("site.health.text", func(r record) *string { return &r.Site.Health.Text }, "", text(checkNoNUL)).orNothing(),
		of("site.health.timeout", func(r record) *time.Duration { return &r.Site.Health.Timeout }, time.Minute, duration(maxTimeout)),
		of("site.keep", func(r record) *int { return &r.Site.Keep }, 3, integer(0, 100)),
		of("site.keep_size", func(r record) *int64 { return &r.Site.KeepSize }, 0, size()).orDefault(),
		of("site.delete", func(r record) *bool { return &r.Site.Delete }, false, boolean()),
		of("site.server", func(r record) *string { return &r.Site.Server }, "nginx", text(CheckServer).like(likeServer)),
		of("site.init", func(r record) *bool { return &r.Site.Init }, false, boolean()),
		{path: "site.log"},
		of("site.log.max_size", func(r record) *string { return &r.Site.Log.MaxSize }, "10m", text(checkLogSize).like(likeLogSize)).orNothing(),
		of("site.log.max_file", func(r record) *int { return &r.Site.Log.MaxFile }, 3, integer(1, maxLogFiles)).orNothing(),
		{path: "site.build"},
		of("site.build.file", func(r record) *string { return &r.Site.Build.File }, "Dockerfile", text(checkWithin).like(likeWithin)).orDefault(),
		of("site.build.context", func(r record) *string { return &r.Site.Build.Context }, ".", text(checkWithin).like(likeWithin)).orDefault(),
		of("site.build.target", func(r record) *string { return &r.Site.Build.Target }, "", text(checkBuildWord).like(likeBuildWord)).orNothing(),
		of("site.build.args", func(r record) *map[string]string { return &r.Site.Build.Args }, nil, arguments()).orNothing(),
		of("site.build.secrets", func(r record) *map[string]string { return &r.Site.Build.Secrets }, nil, lent()).orNothing(),
		of("site.build.ssh", func(r record) *map[string]string { return &r.Site.Build.SSH }, nil, lent()).orNothing(),
		of("site.build.platform", func(r record) *string { return &r.Site.Build.Platform }, "", text(checkPlatform).like(likePlatform)).orNothing(),
		of("site.build.network", func(r record) *string { return &r.Site.Build.Network }, "", text(checkBuildWord).like(likeBuildWord)).orNothing(),
		of("site.build.cache_from", func(r record) *[]string { return &r.Site.Build.CacheFrom }, nil, texts(`["registry.example/myweb:cache"]`, checkBuildWord).each(likeBuildWord)).orNothing(),
		of("site.build.pull", func(r record) *bool { return &r.Site.Build.Pull }, false, boolean()).orNothing(),
		of("site.build.no_cache", func(r record) *bool { return &r.Site.Build.NoCache }, false, boolean()).orNothing(),
		{path: "site.hooks"},
		of("site.hooks.before_build", func(r record) *string { return &r.Site.Hooks.BeforeBuild }, "", text(checkNoNUL)).orNothing(),
		of("site.hooks.before_switch", func(r record) *string { return &r.Site.Hooks.BeforeSwitch }, "", text(checkNoNUL)).orNothing(),
		of("site.hooks.after_switch", func(r record) *string { return &r.Site.Hooks.AfterSwitch }, "", text(checkNoNUL)).orNothing(),
		of("site.cutover", func(r record) *string { return &r.Site.Cutover }, CutoverAuto, text(CheckCutover).among(CutoverAuto, CutoverWarm, CutoverCold)),
		of("site.build_on", func(r record) *string { return &r.Site.BuildOn }, BuildOnEach, text(CheckName).like(likeName)).orDefault(),
		of("site.base_images", func(r record) *string { return &r.Site.BaseImages }, BaseImagesAuto, choice(BaseImagesAuto, BaseImagesHost, BaseImagesHere)).orDefault(),
		of("site.mirrors", func(r record) *[]string { return &r.Site.Mirrors }, nil, texts(`["https://mirror.example.com"]`, checkMirror).each(likeMirror)).orNothing(),

		{path: "hosts", read: (*decoder).hosts},
		of("hosts[].name", func(r record) *string { return &r.Host.Name }, "", text(CheckName).like(likeName)).unless(func(r record) bool { return r.Host.Name == r.Host.Address }),
		of("hosts[].address", func(r record) *string { return &r.Host.Address }, "", needed(CheckAddress).like(likeAddress)),
		of("hosts[].port", func(r record) *int { return &r.Host.Port }, 0, integer(1, 65535)).orExample("22"),
		of("hosts[].user", func(r record) *string { return &r.Host.User }, "", text(CheckUser).like(likeUser)).orExample(DefaultUser),
		of("hosts[].identity", func(r record) *string { return &r.Host.Identity }, "", file(checkIdentity)).orExample("~/.ssh/id_ed25519"),
		of("hosts[].known_hosts", func(r record) *string { return &r.Host.KnownHosts }, "", file(checkKnownHosts)).orExample("~/.ssh/known_hosts"),
		of("hosts[].prepare_as", func(r record) *string { return &r.Host.PrepareAs }, "", text(CheckUser).like(likeUser)).orNothing(),
		of("hosts[].labels", func(r record) *map[string]string { return &r.Host.Labels }, nil, labels()).orNothing(),
		of("hosts[].environment", func(r record) *map[string]string { return &r.Host.Environment }, nil, ofHost()).orNothing(),
		of("hosts[].ports", func(r record) *[]Port { return &r.Host.Ports }, nil, ports()).orNothing(),
		of("hosts[].domain", func(r record) *string { return &r.Host.Domain }, "", domain().like(likeDomain)).orNothing(),

		{path: "rollout", read: optional("rollout")},
		of("rollout.canary", func(r record) *int { return &r.Rollout.Canary }, 0, integer(0, maxHosts)).orDefault(),
		of("rollout.batch", func(r record) *provision.Share { return &r.Rollout.Batch }, provision.Share{Number: 100, Percent: true}, share()).orDefault(),
		of("rollout.pause", func(r record) *time.Duration { return &r.Rollout.Pause }, 0, pause(maxTimeout)).orDefault(),
		of("rollout.on_failure", func(r record) *string { return &r.Rollout.OnFailure }, OnFailureStop, choice(OnFailureStop, OnFailureRollback)).orDefault(),

		{path: "prepare", read: optional("prepare")},
		{path: "prepare.user"},
		of("prepare.user.keys", func(r record) *[]string { return &r.Prepare.User.Keys }, nil, publicKeys()).orNothing(),
		of("prepare.user.sudo", func(r record) *bool { return &r.Prepare.User.Sudo }, false, boolean()).orNothing(),
		of("prepare.packages", func(r record) *[]string { return &r.Prepare.Packages }, nil, texts("[git, htop]", checkPackage).each(likePackage)).orNothing(),
		{path: "prepare.docker"},
		of("prepare.docker.source", func(r record) *string { return &r.Prepare.Docker.Source }, DockerAuto, text(checkDockerSource).like(likeDockerSource)).orDefault(),
		of("prepare.docker.mirrors", func(r record) *[]string { return &r.Prepare.Docker.Mirrors }, nil, texts(`["https://mirror.example.com"]`, checkMirror).each(likeMirror)).orNothing(),
		of("prepare.docker.daemon", func(r record) *map[string]any { return &r.Prepare.Docker.Daemon }, nil, object()).orNothing(),
		of("prepare.firewall", func(r record) *string { return &r.Prepare.Firewall }, FirewallOpen, choice(FirewallOpen, FirewallStrict)).orDefault(),
		of("prepare.ssh", func(r record) *string { return &r.Prepare.SSH }, SSHKeep, choice(SSHKeep, SSHStrict)).orDefault(),
		of("prepare.updates", func(r record) *bool { return &r.Prepare.Updates }, false, boolean()).orNothing(),
		of("prepare.swap", func(r record) *string { return &r.Prepare.Swap }, SwapAuto, text(checkSwap).like(likeSwap)).orDefault(),
	}
}

// record is what the rows of the table refer to: the inventory, and one of its hosts.
type record struct {
	*Inventory
	Host *Host
}

// field is a row of the table. One without a default and words to write is a mapping of the rows below it.
type field struct {
	path    string // site.health.timeout, hosts[].port
	read    func(d *decoder, r record, name string, n ast.Node)
	reset   func(r record)                     // to the default
	write   func(t *template, r record) string // the value as YAML
	absent  func(r record) bool                // not written but for the example, as a comment; nil: always written
	example string                             // empty: none
	unset   func(r record) bool                // the value is empty
	usual   func(r record) bool                // the value is the default
	schema  schema                             // of the value, without its words
}

// of is the row of a field, from where its value stands, its default and its kind.
func of[T any](path string, at func(record) *T, standard T, k kind[T]) field {
	return field{
		path: path,
		read: func(d *decoder, r record, name string, n ast.Node) {
			if value, ok := k.read(d, name, n); ok {
				*at(r) = value
			}
		},
		reset:  func(r record) { *at(r) = standard },
		write:  func(t *template, r record) string { return k.write(t, *at(r)) },
		unset:  func(r record) bool { return reflect.ValueOf(at(r)).Elem().IsZero() },
		usual:  func(r record) bool { return reflect.DeepEqual(*at(r), standard) },
		schema: k.schema,
	}
}

// orExample has an annotated file show an example, as a comment, where the field is empty.
func (f field) orExample(example string) field {
	f.absent, f.example = f.unset, example
	return f
}

// orNothing has an annotated file leave the field out where it is empty.
func (f field) orNothing() field {
	f.absent = f.unset
	return f
}

// orDefault has an annotated file leave the field out where it has its default, or nothing.
func (f field) orDefault() field {
	return f.unless(func(r record) bool { return f.usual(r) || f.unset(r) })
}

// unless is orNothing with a condition of its own.
func (f field) unless(absent func(record) bool) field {
	f.absent = absent
	return f
}

// isMapping reports whether the row stands for a mapping of the rows below it.
func (f field) isMapping() bool { return f.write == nil }

// name is the key of the field in its mapping.
func (f field) name() string { return f.path[strings.LastIndexByte(f.path, '.')+1:] }

// below are the rows of the fields of a mapping; those of the file itself for an empty path.
func below(path string) []field {
	var list []field
	for _, f := range fields() {
		if parent := strings.TrimSuffix(strings.TrimSuffix(f.path, f.name()), "."); parent == path {
			list = append(list, f)
		}
	}
	return list
}

// Defaults is the tutorial's site: what a field has that the inventory leaves out. Source is still relative, "./site".
func Defaults() Site { return defaults().Site }

// defaults is an inventory of nothing but defaults.
func defaults() *Inventory {
	r := record{&Inventory{}, &Host{}}
	for _, f := range fields() {
		if !f.isMapping() {
			f.reset(r)
		}
	}
	return r.Inventory
}

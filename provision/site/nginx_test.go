package site

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

const (
	tlsLines = "ssl_certificate /etc/nginx/cert/kevinhuo_cool.pem;\nssl_certificate_key /etc/nginx/cert/kevinhuo_cool.key;\n"
	tlsRest  = "ssl_session_timeout 10m;\nssl_prefer_server_ciphers on;\n"
	tlsPart  = "server {\nlisten 443 ssl;\n" + tlsLines + tlsRest + "}\n"
	redirect = "server {\nlisten 80;\nrewrite ^(.*) https://$host$1 permanent;\n}\n"
)

func conf(text string) map[string]string { return map[string]string{"resource/default.conf": text} }

// mainConf is a site with an nginx.conf of its own.
func mainConf(text string) map[string]string {
	return map[string]string{"nginx.conf": text, "resource/default.conf": "", "Dockerfile": strings.Join([]string{from, copyPEM, copyKey, "COPY nginx.conf /etc/nginx/nginx.conf"}, "\n")}
}

func TestTLSServer(t *testing.T) {
	for name, c := range map[string]change{
		"http2":                {files: conf("server { listen 443 ssl http2; " + tlsLines + tlsRest + "}\n" + redirect)},
		"IPv6 too":             {files: conf("server {\nlisten 443 ssl;\nlisten [::]:443 ssl;\n" + tlsLines + tlsRest + "}\n" + redirect)},
		"IPv6 alone":           {files: conf("server {\nlisten [::]:443 ssl ipv6only=off;\n" + tlsLines + tlsRest + "}\n" + redirect)},
		"address":              {files: conf("server {\nlisten *:443 ssl default_server;\n" + tlsLines + tlsRest + "}\n" + redirect)},
		"ssl on":               {files: conf("server {\nlisten 443;\nssl on;\n" + tlsLines + tlsRest + "}\n" + redirect), want: []string{"tls-ssl-on"}},
		"inherited":            {files: mainConf("events {}\nhttp {\n" + tlsLines + tlsRest + "server { listen 443 ssl; }\n" + redirect + "}\n")},
		"in http":              {files: mainConf("events {}\nhttp {\n" + tlsPart + redirect + "}\n")},
		"other published port": {files: conf("server {\nlisten 8443 ssl;\n" + tlsLines + tlsRest + "}\n" + redirect), site: func(s *Site) { s.Ports = ports(80, 8443) }},
		"port 443 without ssl": {files: conf("server {\nlisten 443;\n" + tlsLines + tlsRest + "}\n" + redirect), want: []string{"tls-no-ssl"}, edit: "listen 443 ssl;"},
		"no certificate":       {files: conf("server {\n  listen 443 ssl;\n  " + tlsRest + "}\n" + redirect), want: []string{"tls-certificate-missing", "tls-key-missing"}, edit: "  ssl_certificate_key /etc/nginx/cert/kevinhuo_cool.key;"},
		"no timeout":           {files: conf("server {\n\tlisten 443 ssl;\n" + tlsLines + "ssl_prefer_server_ciphers on;\n}\n" + redirect), want: []string{"tls-timeout-missing"}, edit: "\tssl_session_timeout 10m;"},
		"no preference":        {files: conf("server { listen 443 ssl; " + strings.ReplaceAll(tlsLines, "\n", " ") + "ssl_session_timeout 10m; }\n" + redirect), want: []string{"tls-ciphers-missing"}, edit: "    ssl_prefer_server_ciphers on;"},
		"preference off":       {files: conf("server {\nlisten 443 ssl;\n" + tlsLines + "ssl_session_timeout 1d;\nssl_prefer_server_ciphers off;\n}\n" + redirect), want: []string{"tls-ciphers-off"}},
		"old protocols":        {files: conf("server {\nlisten 443 ssl;\nssl_protocols TLSv1 TLSv1.2;\n" + tlsLines + tlsRest + "}\n" + redirect), want: []string{"tls-old-protocols"}},
		"one commented":        {files: conf("server {\nlisten 443 ssl;\n#ssl_session_timeout 10m;\n" + tlsLines + "ssl_prefer_server_ciphers on;\n}\n" + redirect), want: []string{"directive-commented-out"}, edit: "ssl_session_timeout 10m;"},
		"whole server commented": {files: conf("#" + strings.ReplaceAll(strings.TrimSpace(tlsPart), "\n", "\n#") + "\n\n" + redirect), want: []string{"tls-commented-out"},
			edit: "listen 443 ssl;"},
		"no server":         {files: conf("gzip on;\n"), want: []string{"config-no-server"}},
		"only the redirect": {files: conf(redirect), want: []string{"tls-missing"}},
		"missing file":      {files: map[string]string{"resource/default.conf": "", "Dockerfile": strings.Join([]string{from, copyPEM, copyKey}, "\n")}},
		"plain application": {files: map[string]string{"resource/default.conf": "", "Dockerfile": from + "\nCOPY . /app"},
			site: func(s *Site) { s.Certificate, s.Key = "", "" }},
		"named and missing": {files: map[string]string{"resource/default.conf": "", "Dockerfile": strings.Join([]string{from, copyPEM, copyKey, copyConf}, "\n")}, want: []string{"copy-missing"}},
		"missing folder": {files: map[string]string{"resource/default.conf": "", "Dockerfile": strings.Join([]string{from, copyPEM, copyKey, "COPY resource /etc/nginx/conf.d/"}, "\n")},
			want: []string{"copy-missing"}},
		"empty file": {files: conf("\n"), want: []string{"file-empty"}},
		"without TLS": {files: conf("server { listen 80; location / { proxy_pass http://127.0.0.1:5000; } }"),
			site: func(s *Site) { s.Certificate, s.Key = "", "" }},
		"another server": {files: conf("this is { no nginx"), site: func(s *Site) { s.Server, s.Certificate, s.Key = "gunicorn", "", "" }},
		"pair exchanged": {files: conf("server {\nlisten 443 ssl;\nssl_certificate /etc/nginx/cert/kevinhuo_cool.key;\nssl_certificate_key /etc/nginx/cert/kevinhuo_cool.pem;\n" + tlsRest + "}\n" + redirect),
			want: []string{"certificate-copied-elsewhere", "key-copied-elsewhere", "pair-swapped"}},
	} {
		t.Run(name, func(t *testing.T) { c.run(t) })
	}
}

func TestRedirect(t *testing.T) {
	for name, c := range map[string]change{
		"return":              {files: conf(tlsPart + "server { listen 80 default_server; return 301 https://$host$request_uri; }")},
		"return without code": {files: conf(tlsPart + "server { listen 80 default; return https://$host$request_uri; }")},
		"in location":         {files: conf(tlsPart + "server { listen 80; location /.well-known/ { root /a; } location / { return 308 https://$host$request_uri; } }")},
		"in if":               {files: conf(tlsPart + "server { listen 80; if ($host = kevinhuo.cool) { return 301 https://kevinhuo.cool$request_uri; } return 404; }")},
		"implicit listen":     {files: conf(tlsPart + "server { return 301 https://$host$request_uri; }")},
		"one server for both": {files: conf("server {\nlisten 80;\nlisten 443 ssl;\nif ($scheme = http) { return 301 https://$host$request_uri; }\n" + tlsLines + tlsRest + "}\n")},
		"missing":             {files: conf(tlsPart), want: []string{"redirect-missing"}, edit: "    rewrite ^(.*) https://$host$1 permanent;"},
		"missing in http":     {files: mainConf("events {}\nhttp {\n  " + strings.ReplaceAll(tlsPart, "\n", "\n  ") + "\n}\n"), want: []string{"redirect-missing"}, edit: "      rewrite ^(.*) https://$host$1 permanent;"},
		"serves instead":      {files: conf(tlsPart + "server {\n    listen 80;\n    location / { root /a; }\n}\n"), want: []string{"redirect-none"}, edit: "    rewrite ^(.*) https://$host$1 permanent;"},
		"to http":             {files: conf(tlsPart + "server {\n    listen 80;\n    return 301 http://$host$request_uri;\n}\n"), want: []string{"redirect-none"}, edit: "    rewrite ^(.*) https://$host$1 permanent;"},
		"some paths only":     {files: conf(tlsPart + "server {\n    listen 80;\n    location /a { return 301 https://$host$request_uri; }\n}\n"), want: []string{"redirect-none"}, edit: "    rewrite ^(.*) https://$host$1 permanent;"},
		"shared":              {files: conf("server {\n    listen 80; # http\n    listen 443 ssl;\n    server_name kevinhuo.cool;\n" + tlsLines + tlsRest + "}\n"), want: []string{"redirect-shared"}, edit: "    server_name kevinhuo.cool;"},
		"to localhost":        {files: conf(tlsPart + "server { listen 80; server_name localhost; return 301 https://$server_name$request_uri; }"), want: []string{"redirect-localhost"}},
		"to its name":         {files: conf(tlsPart + "server { listen 80; server_name kevinhuo.cool; return 301 https://$server_name$request_uri; }")},
		"commented": {files: conf(tlsPart + "#server {\n#    listen 80;\n#    return 301 https://$host$request_uri;\n#}\n"), want: []string{"redirect-commented-out"},
			edit: "    return 301 https://$host$request_uri;"},
	} {
		t.Run(name, func(t *testing.T) { c.run(t) })
	}
}

func TestSyntax(t *testing.T) {
	for name, c := range map[string]change{
		"no semicolon in a block": {files: conf(strings.Replace(tlsPart, "ciphers on;", "ciphers on", 1) + redirect), want: []string{"config-semicolon"}, edit: "ssl_prefer_server_ciphers on;"},
		"no semicolon, run on":    {files: conf(strings.Replace(tlsPart, "443 ssl;", "443 ssl", 1) + redirect), want: []string{"config-semicolon"}, edit: "listen 443 ssl;"},
		"brace not closed":        {files: conf(tlsPart + "server {\nlisten 80;\n"), want: []string{"config-syntax"}},
		"brace too many":          {files: conf(tlsPart + redirect + "}\n"), want: []string{"config-syntax"}},
		"quote not closed":        {files: conf(tlsPart + "server { add_header A 'b; }\n"), want: []string{"config-syntax"}},
		"directive twice":         {files: conf(strings.Replace(tlsPart, tlsRest, tlsRest+"ssl_session_timeout 5m;\n", 1) + redirect), want: []string{"config-duplicate"}},
		"two certificates":        {files: conf(strings.Replace(tlsPart, tlsLines, tlsLines+tlsLines, 1) + redirect)},
		"listen twice":            {files: conf(strings.Replace(tlsPart, "listen 443 ssl;", "listen 443 ssl; listen 0.0.0.0:443 ssl;", 1) + redirect), want: []string{"listen-twice"}},
		"two default servers":     {files: conf(tlsPart + "server { listen 80 default_server; server_name a; return 301 https://$host; }\nserver { listen 80 default_server; server_name b; return 301 https://$host; }\n"), want: []string{"default-server-twice"}},
		"same name twice":         {files: conf(tlsPart + redirect + redirect), want: []string{"server-hidden"}},
		"upstream":                {files: conf("upstream app { server 127.0.0.1:5000; }\n" + strings.Replace(tlsPart, tlsRest, tlsRest+"location / { proxy_pass http://app; }", 1) + redirect)},
		"upstream unknown":        {files: conf(strings.Replace(tlsPart, tlsRest, tlsRest+"location / { proxy_pass http://app/; }", 1) + redirect), want: []string{"upstream-unknown"}},
		"proxy to addresses":      {files: conf(strings.Replace(tlsPart, tlsRest, tlsRest+"location / { proxy_pass http://localhost:5000; } location /a { proxy_pass http://unix:/run/a.sock; } location /b { proxy_pass http://[::1]:80; } location /c { proxy_pass http://$host; }", 1) + redirect)},
		"lua":                     {files: conf(strings.Replace(tlsPart, tlsRest, tlsRest+"location / { content_by_lua_block { if a then ngx.say(\"{\") end -- }\n } }", 1) + redirect)},
		"brace outside quotes":    {files: conf(strings.Replace(tlsPart, tlsRest, tlsRest+"location ~ ^/[0-9]{6}$ { return 204; }\n", 1) + redirect), want: []string{"config-quote"}},
		"run on where nginx may":  {files: conf(strings.Replace(tlsPart, tlsRest, tlsRest+"server_name kevinhuo.cool\nroot /srv;\n", 1) + redirect), want: []string{"config-run-on"}, edit: "server_name kevinhuo.cool;"},
		"quic beside TLS":         {files: conf(strings.Replace(tlsPart, "listen 443 ssl;", "listen 443 quic reuseport; listen 443 ssl; http2 on; http3 on;", 1) + redirect)},
		"IPv4 bound twice":        {files: conf(strings.Replace(tlsPart, "listen 443 ssl;", "listen 443 ssl; listen [::]:443 ssl ipv6only=off;", 1) + redirect), want: []string{"listen-both"}},
		"not a configuration":     {files: conf("\x00\x01\x02"), want: []string{"config-syntax"}},
	} {
		t.Run(name, func(t *testing.T) { c.run(t) })
	}
}

func TestWhereConfigurationLies(t *testing.T) {
	good := tlsPart + redirect
	for name, c := range map[string]change{
		"other name":        {files: map[string]string{"Dockerfile": from + "\n" + copyPEM + "\n" + copyKey + "\nCOPY nginx/site.conf /etc/nginx/conf.d/default.conf", "nginx/site.conf": good, "resource/default.conf": "broken {"}},
		"folder":            {files: map[string]string{"Dockerfile": from + "\n" + copyPEM + "\n" + copyKey + "\nCOPY conf.d /etc/nginx/conf.d", "conf.d/a.conf": tlsPart, "conf.d/b.conf": redirect, "resource/default.conf": ""}},
		"sites-enabled":     {files: map[string]string{"Dockerfile": from + "\n" + copyPEM + "\n" + copyKey + "\nCOPY site /etc/nginx/sites-enabled/default", "site": good, "resource/default.conf": ""}},
		"with nginx.conf":   {files: map[string]string{"Dockerfile": from + "\n" + copyPEM + "\n" + copyKey + "\nCOPY resource/ /etc/nginx/conf.d/\nCOPY nginx.conf /etc/nginx/nginx.conf", "nginx.conf": "events {} http { include /etc/nginx/conf.d/*.conf; }"}},
		"all in nginx.conf": {files: map[string]string{"Dockerfile": from + "\n" + copyPEM + "\n" + copyKey + "\nCOPY nginx.conf /etc/nginx/", "nginx.conf": "events {} http {\n" + good + "}", "resource/default.conf": ""}},
		"moved by a script": {files: map[string]string{"Dockerfile": from + "\n" + copyPEM + "\n" + copyKey + "\nCOPY . /project/", "start.sh": "cp resource/default.conf /etc/nginx/conf.d/\nnginx\n"}},
		"not copied":        {files: map[string]string{"Dockerfile": from + "\n" + copyPEM + "\n" + copyKey}, want: []string{"config-not-copied"}},
	} {
		t.Run(name, func(t *testing.T) { c.run(t) })
	}
}

func TestSkippedIsSaid(t *testing.T) {
	for server, code := range map[string]string{"gunicorn": "site.nginx-skipped", "": "site.nginx-unnamed"} {
		report := change{site: func(s *Site) { s.Server = server }}.run(t)
		of := report.Of(StepNginxConfig)
		if len(of) != 1 || of[0].Finding.Severity != provision.SeverityInfo || of[0].Finding.Code != code {
			t.Errorf("with the server %q step 5 says %+v", server, of)
		}
	}
}

// An error of the parser that does not say where it stopped has a place all the same.
func TestAParserErrorWithoutAPlace(t *testing.T) {
	if got := syntaxOf(errors.New("cannot be read")); got == nil || got.Line != 1 || got.Unfinished != nil {
		t.Errorf("it is %+v", got)
	}
	_, err := nginxconf.Parse("", "a;\nb {\n}}\n")
	if got := syntaxOf(fmt.Errorf("default.conf: %w", err)); got.Line != 3 {
		t.Errorf("it is %+v", got)
	}
}

const stockFrom = "FROM nginx:1.27"

// What nginx reads is found by the lines that bring it; what they do not show is left to the image.
func TestWhatTheFilesShow(t *testing.T) {
	pair := copyPEM + "\n" + copyKey + "\n"
	shop := func(s *Site) { s.Domain, s.Command = "kevinhuo.cool", nil }
	tls := strings.Replace(tlsPart, "listen 443 ssl;", "listen 443 ssl;\nserver_name kevinhuo.cool;", 1)
	for name, c := range map[string]struct {
		change
		unseen bool
	}{
		"snippet": {change: change{files: map[string]string{
			"Dockerfile": stockFrom + "\n" + pair + "COPY conf/ /etc/nginx/", "conf/conf.d/a.conf": "server { listen 443 ssl; server_name kevinhuo.cool; include snippets/tls.conf; }\n" + redirect,
			"conf/snippets/tls.conf": tlsLines + tlsRest}}},
		"snippet that is missing": {change: change{files: map[string]string{
			"Dockerfile": stockFrom + "\n" + pair + "COPY a.conf /etc/nginx/conf.d/", "a.conf": "server { listen 443 ssl; include snippets/tls.conf; }\n" + redirect}, want: []string{"include-missing"}}},
		"stock, http": {change: change{files: map[string]string{"Dockerfile": stockFrom + "\nCOPY start.sh /usr/share/nginx/html/", "resource/default.conf": ""},
			site: func(s *Site) { s.Certificate, s.Key, s.Command = "", "", nil }}},
		"stock, https": {change: change{files: map[string]string{"Dockerfile": stockFrom + "\n" + pair, "resource/default.conf": ""}, want: []string{"config-stock"}}},
		"made by RUN":  {change: change{files: map[string]string{"Dockerfile": stockFrom + "\n" + pair + "RUN sed 's/x/y/' /tmp/x > /etc/nginx/conf.d/default.conf", "resource/default.conf": ""}}, unseen: true},
		"placed by RUN": {change: change{files: map[string]string{"Dockerfile": stockFrom + "\n" + pair + "COPY a.conf /tmp/\nRUN rm /etc/nginx/conf.d/default.conf && cp /tmp/a.conf /etc/nginx/conf.d/site.conf", "a.conf": redirect, "resource/default.conf": ""},
			want: []string{"tls-missing"}}},
		"template": {change: change{files: map[string]string{"Dockerfile": stockFrom + "\nENV NAME=kevinhuo.cool\n" + pair + "COPY a.template /etc/nginx/templates/default.conf.template", "resource/default.conf": "",
			"a.template": strings.ReplaceAll(tls, "kevinhuo.cool;", "${NAME};") + redirect}}},
		"template, open": {change: change{files: map[string]string{"Dockerfile": stockFrom + "\n" + pair + "COPY a.template /etc/nginx/templates/default.conf.template", "resource/default.conf": "",
			"a.template": "server { listen ${PORT}; server_name ${NAME}; }\n"}}, unseen: true},
		"start script": {change: change{files: map[string]string{"Dockerfile": from + "\n" + pair + copyConf + "\nCOPY start.sh /start.sh", "resource/default.conf": "server { listen @PORT@; }\n",
			"start.sh": "sed -i s/@PORT@/80/ /etc/nginx/conf.d/default.conf\nnginx\n"}, site: func(s *Site) { s.Command = []string{"bash", "/start.sh"} }}, unseen: true},
		"other main": {change: change{files: map[string]string{"Dockerfile": stockFrom + "\n" + pair + "COPY a.conf /app/nginx.conf\nCMD [\"nginx\", \"-c\", \"/app/nginx.conf\"]", "resource/default.conf": "",
			"a.conf": "events {}\nhttp {\n" + tls + redirect + "}\n"}}},
		"mounted": {change: change{files: map[string]string{"Dockerfile": stockFrom, "a.conf": tls + redirect, "resource/default.conf": ""},
			site: func(s *Site) {
				shop(s)
				s.Volumes = []string{s.Directory + "/a.conf:/etc/nginx/conf.d/default.conf:ro", s.Directory + "/ssl_files:/etc/nginx/cert:ro"}
			}}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.site == nil {
				c.site = shop
			}
			if report := c.run(t); report.Unseen != c.unseen {
				t.Errorf("more than the files show: %v, want %v", report.Unseen, c.unseen)
			}
		})
	}
}

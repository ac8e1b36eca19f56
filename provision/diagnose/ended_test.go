package diagnose_test

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/language"
)

const boot = `[2026-11-30 18:43:38 +0000] [1] [INFO] Starting gunicorn 20.1.0
[2026-11-30 18:43:38 +0000] [1] [INFO] Listening at: http://127.0.0.1:5000 (1)
[2026-11-30 18:43:38 +0000] [7] [INFO] Booting worker with pid: 7
`

const halt = `[2026-11-30 18:43:42 +0000] [7] [INFO] Worker exiting (pid: 7)
[2026-11-30 18:43:42 +0000] [1] [INFO] Shutting down: Master
[2026-11-30 18:43:42 +0000] [1] [INFO] Reason: Worker failed to boot.
`

func TestALogThatShowsTheEnd(t *testing.T) {
	traceback := boot + "[2026-11-30 18:43:38 +0000] [7] [ERROR] Exception in worker process\nTraceback (most recent call last):\n  File \"/app/app.py\", line 5, in <module>\n"
	for name, test := range map[string]struct{ log, code string }{
		"a worker that failed to boot":     {traceback + "    import flask_cors\nModuleNotFoundError: No module named 'flask_cors'\n" + halt, "run.python-module"},
		"a syntax error, before the end":   {boot + "  File \"/app/app.py\", line 5\n    def index()\nSyntaxError: expected ':'\n", "run.python-syntax"},
		"why is not known":                 {traceback + "app.Surprise: 7\n" + halt, "run.gunicorn-boot"},
		"nginx refuses its configuration":  {"nginx: [emerg] unknown directive \"proxy_passs\" in /etc/nginx/conf.d/default.conf:3\n", "nginx.unknown-directive"},
		"the program is not there":         {"exec /start.sh: no such file or directory\n", "run.command-not-found"},
		"Node ends":                        {"/app/server.js:3\ns.listen(process.env.PORT.toString());\n\nTypeError: Cannot read properties of undefined (reading 'toString')\n    at Module._compile (node:internal/modules/cjs/loader:1521:14)\n\nNode.js v20.20.2\n", "run.node-error"},
		"the folder of the log is missing": {"\nError: Error: '/var/log/gunicorn/error.log' isn't writable [FileNotFoundError(2, 'No such file or directory')]\n", "run.log-folder"},
	} {
		found, ended := diagnose.Ended(test.log, diagnose.Place{Where: diagnose.Run}, language.English)
		if !ended || found.Code != test.code {
			t.Errorf("%s: %v %s, want %s", name, ended, found.Code, test.code)
		}
	}
}

func TestALogThatShowsNoEnd(t *testing.T) {
	logs := map[string]string{
		"nothing yet": "",
		"it boots":    boot,
		"an error in an answer": boot + "[2026-11-30 18:44:00,474] ERROR in app: Exception on / [GET]\nTraceback (most recent call last):\n" +
			"  File \"/app/app.py\", line 6, in index\n    return ast.literal_eval(text)\n  File \"<unknown>\", line 1\nSyntaxError: invalid syntax\n",
		"a module that only a view wants": boot + "[2026-11-30 18:44:00,474] ERROR in app: Exception on /pdf [GET]\nTraceback (most recent call last):\n" +
			"  File \"/app/app.py\", line 6, in pdf\nModuleNotFoundError: No module named 'reportlab'\n",
		"a database that is not up yet": boot + "Traceback (most recent call last):\n  File \"/app/app.py\", line 6, in <module>\n" +
			"psycopg2.OperationalError: connection to server at \"db\" (172.18.0.2), port 5432 failed: Connection refused\n" + halt,
		"a slow worker":             boot + "[2026-11-30 18:44:04 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:7)\n",
		"the application is not up": "2024/01/15 10:23:41 [error] 12#0: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, upstream: \"http://127.0.0.1:5000/\"\n",
	}
	for _, s := range corpus(t) {
		if s.healthy() {
			logs[s.place+"/"+s.name] = s.output
		}
	}
	for _, v := range secondCorpus(t) {
		if v.expect == "none" || strings.HasPrefix(v.name, "site/") {
			logs[v.name] = v.output
		}
	}
	for name, log := range logs {
		if found, ended := diagnose.Ended(log, diagnose.Place{Where: diagnose.Run}, language.English); ended {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

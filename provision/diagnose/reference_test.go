package diagnose

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

var update = flag.Bool("update", false, "write docs/troubleshooting.md anew")

// docs/troubleshooting.md is the catalogue of failures, in each language.
func TestReference(t *testing.T) {
	for tag, page := range map[language.Tag]string{language.English: "../../docs/troubleshooting.md", language.Chinese: "../../docs/zh-CN/troubleshooting.md"} {
		text := troubleshooting(tag)
		if *update {
			if err := os.WriteFile(page, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := os.ReadFile(page); err != nil || !bytes.Equal(kept, text) {
			t.Errorf("%s is not what the catalogue says; run the test with -update: %v", page, err)
		}
	}
}

// pageWords are the page's own words: its beginning, and a heading for each place of the catalogue.
var pageWords = map[language.Tag]struct {
	about, warning string
	headings       map[Where]string
}{
	language.English: {
		"# Troubleshooting\n\nA run that fails names its cause, the line that shows it, and the fix. For the output of something else, a build by hand for example:\n\n" +
			"```sh\nprovision diagnose build.log\ndocker build . 2>&1 | provision diagnose\nprovision doctor      # checks this machine, the host and the site; changes nothing\n```\n\n" +
			"These failures are known. The name of each is the `code` of its finding with `--json`; words in capitals stand for what the output names.\n",
		"warning", map[Where]string{
			Connect: "Reaching the host", Packages: "Installing packages on the host", SFTP: "Moving files", Build: "Building the image",
			Docker: "The Docker Engine", Nginx: "nginx and its configuration", Run: "Starting the container", Site: "What a visitor gets",
		},
	},
	language.Chinese: {
		"# 故障排查\n\n运行失败时，程序会给出原因、相关输出和解决办法。要分析其他命令的输出，例如手工构建的输出：\n\n" +
			"```sh\nprovision diagnose build.log\ndocker build . 2>&1 | provision diagnose\nprovision doctor      # 检查本机、主机和网站；不做任何改动\n```\n\n" +
			"以下是程序认识的故障。每项的名称就是 `--json` 输出中该发现的 `code`；大写的词代表输出中的具体名称。\n",
		"警告", map[Where]string{
			Connect: "连接主机", Packages: "在主机上安装软件包", SFTP: "传输文件", Build: "构建镜像",
			Docker: "Docker 引擎", Nginx: "nginx 及其配置", Run: "启动容器", Site: "访问网站",
		},
	},
}

func troubleshooting(tag language.Tag) []byte {
	var b bytes.Buffer
	page := pageWords[tag]
	b.WriteString(page.about)
	for _, where := range []Where{Connect, Packages, SFTP, Build, Docker, Nginx, Run, Site} {
		fmt.Fprintf(&b, "\n## %s\n\n", page.headings[where])
		for _, e := range known().entries {
			if e.where != where {
				continue
			}
			note := ""
			if e.Severity == provision.SeverityWarning {
				note = " (" + page.warning + ")"
			}
			fmt.Fprintf(&b, "- **%s** `%s`%s<br>\n  %s\n", inMarkdown(e.Cause[tag]), e.Code, note, inMarkdown(e.Fix[tag]))
		}
	}
	return b.Bytes()
}

var (
	named  = regexp.MustCompile(`\{([a-z]+)\}`)
	marks  = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, "`", "\\`", "$", `\$`, "~", `\~`, "[", `\[`)
	blanks = regexp.MustCompile(`\s+`)
)

// inMarkdown is a text of the catalogue with nothing caught: a name without other words becomes the name in capitals.
func inMarkdown(text string) string {
	names := map[string]string{}
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		names[m[1]] = strings.ToUpper(m[1])
	}
	return marks.Replace(blanks.ReplaceAllString(strings.TrimSpace(fill(text, names)), " "))
}

package release

import (
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
)

// What a host kept of a release is data that somebody else may have written: it is judged as an inventory is, whatever is wrong
// with it is said in a sentence, and nothing of it is run.
func TestForgedReleasesAreRefused(t *testing.T) {
	const good = `{"tree":"feedfacefeedface","image":"myweb:feedfacefeed","spec":{"ports":["80:80"],"command":["run"],` +
		`"environment":{"A":"b"},"volumes":["/data:/data"],"options":["--memory=1g"],"restart":"always","log_max_size":"10m","log_max_file":3},"asked":` +
		`{"ports":[{"Address":"","Host":80,"Container":80,"Protocol":"tcp"}],"health":{"Path":"/","Status":200,"Text":"","Timeout":2000000000},"server":"nginx","domain":"a.example","tls":false}}`
	read := func(text string) error {
		h := newFakeHost(t)
		h.on("saved", text)
		_, err := readSaved(t.Context(), h, h.newSwitch("").Site, "aaaaaaaaaaaa")
		return err
	}
	if err := read(good); err != nil {
		t.Fatal(err)
	}
	for old, forged := range map[string]string{
		`"ports":["80:80"]`:         `"ports":["--privileged"]`,
		`"80:80"`:                   `"80:-80"`,
		`"environment":{"A":"b"}`:   `"environment":{"A=x --privileged":"b"}`,
		`{"A":"b"}`:                 `{"A\u001b[31m":"b"}`,
		`"/data:/data"`:             `"/:/"`,
		`"volumes":["/data:/data"]`: `"volumes":"/data:/data"`,
		`"--memory=1g"`:             `"--name=other"`,
		`["--memory=1g"]`:           `["--label","io.provision.site=other"]`,
		`"options":["--memory=1g"]`: `"options":["image","sh"]`,
		`"restart":"always"`:        `"restart":"always --privileged"`,
		`"10m"`:                     `"-1"`,
		`"log_max_file":3`:          `"log_max_file":-3`,
		`"Host":80`:                 `"Host":99999`,
		`"Address":""`:              `"Address":"\u001b[31m"`,
		`"Path":"/"`:                `"Path":"/ HTTP/1.1\r\nX: y"`,
		`"Status":200`:              `"Status":-200`,
		`"Timeout":2000000000`:      `"Timeout":9000000000000000000`,
		`"server":"nginx"`:          `"server":"nginx\r\n"`,
		`"domain":"a.example"`:      `"domain":"a.example/../.."`,
		`"command":["run"]`:         `"command":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000),
		`"image":"myweb:`:           `"image":"/etc/passwd:`,
		`"tree":"feedface`:          `"tree":"../feedface`,
	} {
		text := strings.Replace(good, old, forged, 1)
		if text == good {
			t.Fatalf("%s is not in it", old)
		}
		began := time.Now()
		err := read(text)
		if provision.CodeOf(err) != "release.saved-unreadable" {
			t.Errorf("%.200s gives %v", forged, err)
			continue
		}
		if sentence := language.New(language.English).Error(err); sentence != safetext.Line(sentence) || len(sentence) > 1000 || strings.Contains(sentence, "inventory.") {
			t.Errorf("%.200s is refused with %q", forged, sentence)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%.200s takes %v", forged, took)
		}
	}
}

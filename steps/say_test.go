package steps

import (
	"errors"
	"fmt"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// TestWhatTheEngineSaysIsInTheLanguageOfTheRun: in English it is what the engine itself says.
func TestWhatTheEngineSaysIsInTheLanguageOfTheRun(t *testing.T) {
	en, zh := language.New(language.English), language.New(language.Chinese)
	interrupt := errors.New("interrupt signal received")
	for _, c := range []struct {
		err  error
		want string
	}{
		{provision.ErrDeclined, "计划没有得到批准，没有做任何改动"},
		{&provision.Stopped{Host: "aliyun", Cause: interrupt}, "在主机 aliyun 上的运行已停止：收到中断信号"},
		{&provision.Stopped{Host: "aliyun", Step: stepBuild, Cause: interrupt, Left: "构建继续。"}, "运行在步骤 07-build（主机 aliyun）停止：收到中断信号。构建继续。"},
	} {
		if got := Say(en, c.err); got != c.err.Error() {
			t.Errorf("English: %q, want %q", got, c.err)
		}
		if got := Say(zh, c.err); got != c.want {
			t.Errorf("Chinese: %q, want %q", got, c.want)
		}
	}
	if err := provision.Said("x", provision.WithExit(5, fmt.Errorf("y: %w", interrupt))); provision.ExitCode(err) != 5 || !errors.Is(err, interrupt) {
		t.Errorf("other words hide what it is: %v", err)
	}
}

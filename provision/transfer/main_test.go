package transfer

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/kehuo/provision/provision/language"
)

var english = language.New(language.English)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

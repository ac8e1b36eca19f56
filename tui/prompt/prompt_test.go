package prompt

import "testing"

func TestAPromptHasOneColon(t *testing.T) {
	for question, want := range map[string]string{"Password": "Password: ", "Password:": "Password: ", "Password: ": "Password: ", "密码：": "密码: "} {
		if got := Asking(question); got != want {
			t.Errorf("%q is asked as %q", question, got)
		}
	}
}

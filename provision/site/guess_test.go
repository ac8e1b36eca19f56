package site

import "testing"

// EXPOSE and nginx' listen lines agree whatever their order, and then nobody is asked for the ports.
func TestGuessOfUsualPorts(t *testing.T) {
	root := folder(t, map[string]string{"Dockerfile": goodDockerfile + "EXPOSE 80 443\n"})
	if guess := GuessAt(root); len(guess.Ports) != 1 || len(guess.Ports[0]) != 2 {
		t.Errorf("ports are %+v", guess.Ports)
	}
}

package docker

import "regexp"

// ownLabel is one of our labels in a command as it is typed into a shell; a quote within a quoted word is '"'"'.
var ownLabel = regexp.MustCompile(` --label (?:'io\.provision\.(?:[^']|'"'"')*'|io\.provision\.[^ ']*)`)

// Unlabelled is a command, as it is typed into a shell, without the labels that are only of use to us.
func Unlabelled(command string) string { return ownLabel.ReplaceAllString(command, "") }

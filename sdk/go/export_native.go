//go:build !wasip1

package lanner

import (
	"fmt"
	"os"
)

// say goes to standard error where there is no host.
func say(level Level, message string) {
	names := [...]string{"debug", "info", "warn", "error"}
	fmt.Fprintf(os.Stderr, "%s: %s\n", names[level], message)
}

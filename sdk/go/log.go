package lanner

import "fmt"

// Debugf says something to who writes the pack.
func Debugf(format string, args ...any) { say(LevelDebug, fmt.Sprintf(format, args...)) }

// Infof says what is worth knowing to the people who run the host. Limited there: a flood is cut and counted. Outside of a host, in
// tests, it goes to standard error.
func Infof(format string, args ...any) { say(LevelInfo, fmt.Sprintf(format, args...)) }

// Warnf says that something is not as it should be, and that the pack goes on.
func Warnf(format string, args ...any) { say(LevelWarn, fmt.Sprintf(format, args...)) }

// Errorf says that something did not work.
func Errorf(format string, args ...any) { say(LevelError, fmt.Sprintf(format, args...)) }

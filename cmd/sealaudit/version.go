package main

import (
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// release names the version of a build that is made outside of a checkout:
// -ldflags "-X main.release=v1.2.3", or the commit's 40 digits.
var release string

var (
	commit   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	semantic = regexp.MustCompile(`^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
)

// version is the module's version without its "v", with the commit of a build
// from a checkout; "0.0.0-devel" when the build does not know it. It always
// has the form of a semantic version, as SARIF's readers want it.
func version() string {
	if named := versionOf(release); named != "" {
		return named
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "0.0.0-devel"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}

// versionOf is what a named release is called, or "" for what is neither a
// version nor a commit.
func versionOf(release string) string {
	switch {
	case commit.MatchString(release):
		return "0.0.0-devel+" + release
	case semantic.MatchString(release):
		return strings.TrimPrefix(release, "v")
	}
	return ""
}

func newVersion(std streams) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(std.out, "sealaudit", version())
			return err
		},
	}
}

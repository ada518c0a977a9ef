package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/sealaudit/sealaudit/rego"
)

const configName = "sealaudit.yaml"

// settle applies configuration to a command's flags: the command line first,
// then the environment, then sealaudit.yaml. Params in the file go to judge,
// which is nil for a command that does not judge.
func settle(c *cobra.Command, judge *judgeFlags) error {
	if err := fromEnvironment(c); err != nil {
		return err
	}
	path, required := configName, false
	if f := c.Flags().Lookup("config"); f != nil && f.Value.String() != "" {
		path, required = f.Value.String(), true
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !required {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	return (&configFile{path: path, command: c, judge: judge}).apply(text)
}

func addConfigFlag(fs *pflag.FlagSet) {
	fs.String("config", "", "read this configuration `file` (default: "+configName+" in the working directory, if there is one)")
}

// configFile decodes a configuration strictly: every key is a flag's name, or
// params, and every error has its line and column.
type configFile struct {
	path    string
	command *cobra.Command
	judge   *judgeFlags
}

func (f *configFile) apply(text []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if doc.Kind == 0 {
		return nil // empty
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return f.at(root, "the configuration is not a mapping of flags to values")
	}
	seen := map[string]bool{}
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if seen[key.Value] {
			return f.at(key, "%q is set twice", key.Value)
		}
		seen[key.Value] = true
		if err := f.set(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (f *configFile) set(key, value *yaml.Node) error {
	switch key.Value {
	case "params":
		return f.setParams(value)
	case "waivers":
		return f.setWaivers(value)
	}
	if err := typedOnly(key.Value); err != nil {
		return f.at(key, "%v", err)
	}
	flag := f.command.Flags().Lookup(key.Value)
	own := key.Value == "help" || key.Value == "config" // of the command line alone
	if flag == nil || own {
		if !own && known(f.command.Root(), key.Value) {
			return nil // a flag of another command
		}
		return f.at(key, "there is no setting %q; settings are named like the flags of scan --help", key.Value)
	}
	if flag.Changed {
		return nil // the command line or the environment decides
	}
	values := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		if _, list := flag.Value.(pflag.SliceValue); !list {
			return f.at(value, "%s takes one value, not a list", key.Value)
		}
		values = value.Content
	}
	for _, v := range values {
		if v.Kind != yaml.ScalarNode {
			return f.at(v, "%s takes plain values", key.Value)
		}
		if err := f.command.Flags().Set(key.Value, v.Value); err != nil {
			return f.at(v, "%s: %v", key.Value, err)
		}
	}
	return nil
}

// known says whether any command has the flag, so that one file serves all.
func known(c *cobra.Command, flag string) bool {
	if c.Flags().Lookup(flag) != nil {
		return true
	}
	for _, sub := range c.Commands() {
		if known(sub, flag) {
			return true
		}
	}
	return false
}

// setParams reads params: {POLICY: {NAME: VALUE}}. The engine checks names
// and values.
func (f *configFile) setParams(value *yaml.Node) error {
	if value.Kind != yaml.MappingNode {
		return f.at(value, "params is a mapping of policies to their parameters")
	}
	params := map[string]map[string]any{}
	for i := 0; i < len(value.Content); i += 2 {
		of := map[string]any{}
		if err := value.Content[i+1].Decode(&of); err != nil {
			return f.at(value.Content[i+1], "the parameters of %s are not a mapping of names to values", value.Content[i].Value)
		}
		params[value.Content[i].Value] = of
	}
	if f.judge != nil {
		f.judge.fileParams = params
	}
	return nil
}

// setWaivers reads waivers: a list of mappings. What they name is checked
// against the policies later.
func (f *configFile) setWaivers(value *yaml.Node) error {
	if value.Kind != yaml.SequenceNode {
		return f.at(value, "waivers is a list of waivers")
	}
	var waivers []rego.Waiver
	for _, n := range value.Content {
		var w rego.Waiver
		fields := map[string]*string{"policy": &w.Policy, "resource": &w.Resource, "owner": &w.Owner, "reason": &w.Reason, "ticket": &w.Ticket, "expires": &w.Expires}
		if n.Kind != yaml.MappingNode {
			return f.at(n, "a waiver is a mapping: policy, resource, owner, reason, ticket, expires")
		}
		for i := 0; i < len(n.Content); i += 2 {
			into := fields[n.Content[i].Value]
			if into == nil || n.Content[i+1].Kind != yaml.ScalarNode || *into != "" {
				return f.at(n.Content[i], "a waiver has policy, resource, owner, reason, ticket and expires, each once and with a plain value; not %q", n.Content[i].Value)
			}
			*into = n.Content[i+1].Value
		}
		if err := w.Check(); err != nil {
			return f.at(n, "%v", err)
		}
		waivers = append(waivers, w)
	}
	if f.judge != nil {
		f.judge.waivers = waivers
	}
	return nil
}

func (f *configFile) at(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", f.path, n.Line, n.Column, fmt.Sprintf(format, args...))
}

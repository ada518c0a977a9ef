package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/collectors"
)

func proveFlagsOf(t *testing.T, demo bool, args ...string) *proveFlags {
	t.Helper()
	f := &proveFlags{}
	fs := pflag.NewFlagSet("scan", pflag.ContinueOnError)
	f.add(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	f.settle(fs, demo)
	return f
}

// A seed that is not given is another one each time, within what JSON holds.
func TestProveSeed(t *testing.T) {
	one, two := proveFlagsOf(t, false, "--prove"), proveFlagsOf(t, false, "--prove")
	if one.sampling.Seed == two.sampling.Seed || one.check() != nil {
		t.Errorf("seeds %d and %d", one.sampling.Seed, two.sampling.Seed)
	}
	if got := proveFlagsOf(t, true).sampling; got != (collectors.Sampling{Size: 50, Seed: 1, List: 100_000, MaxBytes: 64 << 20}) {
		t.Errorf("the demo samples %+v", got)
	}
	if got := proveFlagsOf(t, true, "--prove-seed=0").sampling.Seed; got != 0 {
		t.Errorf("the given seed is %d", got)
	}
	for _, bad := range []string{"--prove-sample=0", "--prove-list=0", "--prove-max-bytes=-1", "--prove-seed=9007199254740993"} {
		if err := proveFlagsOf(t, true, bad).check(); err == nil || !strings.Contains(err.Error(), strings.Split(bad, "=")[0]) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestCustomerKeyFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := bytes.Repeat([]byte{0xa5}, 32)
	write("raw.key", key)
	write("short.key", key[:16])
	for name, text := range map[string]string{
		"lines": "# whose is it\n\nbucket/a=b/ = raw.key\nother/=" + filepath.Join(dir, "raw.key") + "\n",
		"json":  `{"other/": "raw.key", "bucket/a=b/": "raw.key"}`,
	} {
		f := proveFlagsOf(t, true, "--prove-sse-c", write(name, []byte(text)))
		zero, err := f.load()
		if err != nil {
			t.Fatal(name, err)
		}
		got := map[string][]byte{}
		for _, k := range f.options.Keys.Customer {
			got[k.Prefix] = bytes.Clone(k.Key)
		}
		if diff := cmp.Diff(map[string][]byte{"bucket/a=b/": key, "other/": key}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		zero()
		if !bytes.Equal(f.options.Keys.Customer[0].Key, make([]byte, 32)) {
			t.Errorf("%s: the key is still there", name)
		}
	}
	for text, says := range map[string]string{"bucket": "line 1", "": "no key", "a/=": "line 1", "{": "JSON", "a/=short.key": "16 bytes", "a/=none.key": "none.key"} {
		_, err := proveFlagsOf(t, true, "--prove-sse-c", write("bad", []byte(text))).load()
		if err == nil || !strings.HasPrefix(err.Error(), "--prove-sse-c: ") || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := proveFlagsOf(t, true, "--prove-keyring", "nonsense").load(); err == nil || !strings.HasPrefix(err.Error(), "--prove-keyring nonsense: ") {
		t.Error(err)
	}
}

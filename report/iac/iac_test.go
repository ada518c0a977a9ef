package iac

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes files in a new directory and returns it.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t testing.TB, dir string, dirs, states []string) (*Index, []string) {
	t.Helper()
	for _, list := range [][]string{dirs, states} {
		for i := range list {
			list[i] = filepath.Join(dir, list[i])
		}
	}
	x, notices, err := Read(dirs, states)
	if err != nil {
		t.Fatal(err)
	}
	return x, notices
}

// found is "file:line address", and the leaf's after " in ".
func found(dir string, x *Index, r Resource) string {
	p, ok := x.Find(r)
	if !ok {
		return ""
	}
	where := func(b Block) string {
		return fmt.Sprintf("%s:%d", strings.TrimPrefix(b.File, dir+"/"), b.Line)
	}
	s := where(p.At) + " " + p.Address
	if p.Leaf != nil {
		s += " in " + where(*p.Leaf)
	}
	return s
}

func TestLiteralNames(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"bucket", `resource "aws_s3_bucket" "a" { bucket = "logs" }`, "main.tf:1 aws_s3_bucket.a"},
		{"made of something", `resource "aws_s3_bucket" "a" { bucket = "${"logs"}" }`, ""},
		{"a variable", `resource "aws_s3_bucket" "a" { bucket = var.logs }`, ""},
		{"a function", `resource "aws_s3_bucket" "a" { bucket = lower("logs") }`, ""},
		{"another attribute", `resource "aws_s3_bucket" "a" { tags = { bucket = "logs" } }`, ""},
		{"another type", `resource "aws_kinesis_stream" "a" { name = "logs" }`, ""},
		{"what only belongs to it", `resource "aws_s3_bucket_policy" "a" { bucket = "logs" }`, ""},
		{"two blocks", "resource \"aws_s3_bucket\" \"a\" { bucket = \"logs\" }\nresource \"aws_s3_bucket\" \"b\" { bucket = \"logs\" }", ""},
		{"a comment", `# resource "aws_s3_bucket" "a" { bucket = "logs" }`, ""},
		{"a heredoc", "locals {\n  x = <<EOT\nresource \"aws_s3_bucket\" \"a\" { bucket = \"logs\" }\nEOT\n}", ""},
		{"after a heredoc", "locals {\n  x = <<EOT\na\nEOT\n}\nresource \"aws_s3_bucket\" \"a\" {\n  bucket = \"logs\"\n}", "main.tf:6 aws_s3_bucket.a"},
		{"before an error", "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"logs\"\n}\nresource {{{", "main.tf:1 aws_s3_bucket.a"},
	} {
		dir := write(t, map[string]string{"main.tf": tc.text})
		x, _ := read(t, dir, []string{"."}, nil)
		if got := found(dir, x, Resource{Type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::logs", Name: "logs"}); got != tc.want {
			t.Errorf("%s: found %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestTemplates(t *testing.T) {
	dir := write(t, map[string]string{
		"a/stack.yaml": "Resources:\n  # é\n  Logs:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: logs\n  Orders:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: !Sub 'orders-${Stage}'\n  Twice:\n    Type: AWS::KMS::Key\n",
		"b/stack.json": "{\n\t\"Resources\": {\n\t\t\"Clicks\": {\"Type\": \"AWS::Kinesis::Stream\", \"Properties\": {\"Name\": {\"Ref\": \"X\"}}},\n\t\t\"Twice\": {\"Type\": \"AWS::KMS::Key\"}\n\t}\n}",
		"c/other.yml":  "Resources: [AWS::S3::Bucket]\n",
	})
	x, notices := read(t, dir, []string{"."}, nil)
	if len(notices) > 0 {
		t.Error(notices)
	}
	for _, tc := range []struct {
		r    Resource
		want string
	}{
		{Resource{Type: "AWS::S3::Bucket", Name: "logs"}, "a/stack.yaml:3 Logs"},
		{Resource{Type: "AWS::S3::Bucket", Name: "stack-logs-1x", Logical: "Logs"}, "a/stack.yaml:3 Logs"},
		{Resource{Type: "AWS::DynamoDB::Table", Name: "orders-${Stage}"}, ""},
		{Resource{Type: "AWS::DynamoDB::Table", Name: "orders-prod", Logical: "Orders"}, "a/stack.yaml:7 Orders"},
		{Resource{Type: "AWS::S3::Bucket", Name: "orders-prod", Logical: "Orders"}, ""},
		{Resource{Type: "AWS::Kinesis::Stream", Name: "x", Logical: "Clicks"}, "b/stack.json:3 Clicks"},
		{Resource{Type: "AWS::KMS::Key", Name: "x", Logical: "Twice"}, ""},
		{Resource{Type: "AWS::KMS::Key"}, ""},
	} {
		if got := found(dir, x, tc.r); got != tc.want {
			t.Errorf("%+v: found %q, want %q", tc.r, got, tc.want)
		}
	}
	if p, _ := x.Find(Resource{Type: "AWS::Kinesis::Stream", Logical: "Clicks"}); p.At.Column != 3 || p.At.End != 11 {
		t.Errorf("the key is at columns %d to %d, want 3 to 11", p.At.Column, p.At.End)
	}
}

const stream = "resource \"aws_kinesis_stream\" \"this\" {\n  name = %s\n}\n"

func values(module, resources string) string {
	return fmt.Sprintf(`{"root_module":{"child_modules":[{"address":%q,"resources":[%s]}]}}`, module, resources)
}

func managed(address, arn, name string) string {
	if arn != "" {
		arn = fmt.Sprintf(`"arn":%q,`, arn)
	}
	return fmt.Sprintf(`{"address":%q,"mode":"managed","type":"aws_kinesis_stream","name":"this","values":{%s"name":%q}}`, address, arn, name)
}

func TestStatesAndPlans(t *testing.T) {
	files := map[string]string{
		"prod/main.tf":      "module \"a\" {\n  source = \"../modules/a\"\n}\n\nmodule \"far\" {\n  source = \"acme/x/aws\"\n}\n\nmodule \"loop\" {\n  source = \"./\"\n}\n",
		"modules/a/main.tf": "module \"b\" {\n  source = \"./b\"\n}\n", "modules/a/b/main.tf": "\n" + fmt.Sprintf(stream, `"literal"`),
		"dev/main.tf": "module \"a\" {\n  source = \"../modules/a\"\n}\n",
		"state.json":  `{"format_version":"1.0","terraform_version":"1.9.8","values":` + values(`module.a["x.y[]\"."].module.b[0]`, managed("A", "arn:a", "orders")+","+managed("A2", "arn:same", "x")+","+managed("A3", "arn:same", "y")) + `}`,
		"far.json":    `{"format_version":"1.0","values":` + values("module.far", managed("F", "arn:f", "far")) + `}`,
		"plan.json": `{"format_version":"1.2","planned_values":` + values("module.a.module.b", managed("P", "", "new")+","+managed("P2", "arn:p", "old")) +
			`,"prior_state":{"format_version":"1.0","values":` + values("module.a.module.b", managed("P2", "arn:p", "old")) + `}}`,
		"none.json": `{"format_version":"1.0"}`,
	}
	for _, tc := range []struct {
		name         string
		dirs, states []string
		r            Resource
		want         string
		notices      int
	}{
		{"in a module of a module", []string{"prod"}, []string{"state.json"}, Resource{ARN: "arn:a"}, "prod/main.tf:1 A in modules/a/b/main.tf:2", 0},
		{"the modules are elsewhere below", []string{"prod", "modules"}, []string{"state.json"}, Resource{ARN: "arn:a"}, "prod/main.tf:1 A in modules/a/b/main.tf:2", 0},
		{"two root modules have it", []string{"."}, []string{"state.json"}, Resource{ARN: "arn:a"}, "", 1},
		{"an ARN of two addresses", []string{"prod"}, []string{"state.json"}, Resource{ARN: "arn:same"}, "", 0},
		{"a module of a registry", []string{"prod"}, []string{"far.json"}, Resource{ARN: "arn:f"}, "prod/main.tf:5 F", 0},
		{"not made yet", []string{"prod"}, []string{"plan.json"}, Resource{Type: "AWS::Kinesis::Stream", ARN: "arn:new", Name: "new"}, "prod/main.tf:1 P in modules/a/b/main.tf:2", 0},
		{"planned and there", []string{"prod"}, []string{"plan.json"}, Resource{ARN: "arn:p"}, "prod/main.tf:1 P2 in modules/a/b/main.tf:2", 0},
		{"by its name without a state", []string{"prod"}, nil, Resource{Type: "AWS::Kinesis::Stream", ARN: "arn:l", Name: "literal"}, "modules/a/b/main.tf:2 aws_kinesis_stream.this", 0},
		{"a state says that the block is another's", []string{"prod"}, []string{"state.json"}, Resource{Type: "AWS::Kinesis::Stream", ARN: "arn:l", Name: "literal"}, "", 0},
		{"an empty state", []string{"prod"}, []string{"none.json"}, Resource{ARN: "arn:a"}, "", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := write(t, files)
			x, notices := read(t, dir, tc.dirs, tc.states)
			if got := found(dir, x, tc.r); got != tc.want {
				t.Errorf("found %q, want %q", got, tc.want)
			}
			if len(notices) != tc.notices {
				t.Errorf("notices %q", notices)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	dir := write(t, map[string]string{"a/main.tf": "", "x.json": "{}", "y.json": "<", "v3.json": `{"version": 4, "resources": []}`})
	at := func(name string) []string { return []string{filepath.Join(dir, name)} }
	for _, tc := range []struct {
		dirs, states []string
		want         string
	}{
		{at("nowhere"), nil, "name a directory"},
		{at("x.json"), nil, "is no directory"},
		{nil, at("x.json"), "name it with --iac"},
		{at("a"), at("nowhere"), "write it with terraform show -json"},
		{at("a"), at("x.json"), "is no output of terraform show -json"},
		{at("a"), at("y.json"), "is no output of terraform show -json"},
		{at("a"), at("v3.json"), "is no output of terraform show -json"},
	} {
		if _, _, err := Read(tc.dirs, tc.states); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v %v: error %v, want %q", tc.dirs, tc.states, err, tc.want)
		}
	}
}

// What a stranger's pull request may hold neither ends the program nor leads
// out of the directory, and is told.
func TestHostileCode(t *testing.T) {
	deep := func(s string) string { return "locals { x = " + strings.Repeat(s, 200000) }
	good := `resource "aws_s3_bucket" "a" { bucket = "logs" }`
	dir := write(t, map[string]string{
		"in/good.tf": good, "in/brackets.tf": deep("["), "in/not.tf": deep("!"), "in/minus.tf": deep("- "), "in/ask.tf": deep("a?b:"),
		"in/deep.tf.json": strings.Repeat("[", 200000), "in/large.tf": strings.Repeat("#\n", 1<<20),
		"in/stack.yaml": "Resources: # AWS::\n  " + strings.Repeat("[", 200000), "in/broken.tf": "resource {",
		"out/main.tf": `resource "aws_s3_bucket" "b" { bucket = "out" }`, "in/.terraform/modules/a/main.tf": `resource "aws_s3_bucket" "c" { bucket = "hidden" }`,
		"in/sub/data.json": strings.Repeat(" ", 2<<20),
	})
	for link, to := range map[string]string{"in/link": "../out", "in/link.tf": "../out/main.tf"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	x, notices := read(t, dir, []string{"in"}, nil)
	for name, want := range map[string]string{"logs": "in/good.tf:1 aws_s3_bucket.a", "out": "", "hidden": ""} {
		if got := found(dir, x, Resource{Type: "AWS::S3::Bucket", Name: name}); got != want {
			t.Errorf("%s: found %q, want %q", name, got, want)
		}
	}
	text := strings.Join(notices, "\n")
	for _, name := range []string{"brackets.tf", "not.tf", "minus.tf", "ask.tf", "deep.tf.json", "large.tf", "stack.yaml"} {
		if !strings.Contains(text, name+" is passed over: ") {
			t.Errorf("no notice of %s", name)
		}
	}
	if !strings.Contains(text, "broken.tf is read in part: line 1: ") || strings.Count(text, "broken.tf") != 1 {
		t.Errorf("the notice of a broken file is not short: %s", text)
	}
	if len(notices) != 8 {
		t.Errorf("%d notices: %.2000s", len(notices), text)
	}
}

// A broken end leaves what stands before it, and a directory without any code
// is told: a result that points nowhere must not come as a surprise.
func TestPartsAndEmptyDirectories(t *testing.T) {
	dir := write(t, map[string]string{"some/main.tf": `resource "aws_s3_bucket" "a" { bucket = "logs" }` + "\nresource {", "none/readme.md": "# none", "none/deep/values.yaml": "a: 1"})
	x, notices := read(t, dir, []string{"some", "none"}, nil)
	if got := found(dir, x, Resource{Type: "AWS::S3::Bucket", Name: "logs"}); got != "some/main.tf:1 aws_s3_bucket.a" {
		t.Errorf("found %q", got)
	}
	if len(notices) != 2 || !strings.Contains(notices[0], "main.tf is read in part: line 2: ") || !strings.Contains(notices[1], "none has no Terraform") {
		t.Errorf("%q", notices)
	}
}

func TestColumnsAreUTF16(t *testing.T) {
	dir := write(t, map[string]string{"main.tf": "/* 🪣é */ resource \"aws_s3_bucket\" \"a🪣\" { bucket = \"logs\" }"})
	x, _ := read(t, dir, []string{"."}, nil)
	p, ok := x.Find(Resource{Type: "AWS::S3::Bucket", Name: "logs"})
	if !ok || p.At.Column != 11 || p.At.End != 11+len(`resource "aws_s3_bucket" "a`)+2+1 {
		t.Errorf("found %v at %+v", ok, p.At)
	}
}

func FuzzCode(f *testing.F) {
	f.Add("main.tf", `resource "aws_s3_bucket" "a" { bucket = "logs" }`)
	f.Add("a.tf.json", `{"resource":{"aws_s3_bucket":{"a":{"bucket":"logs"}}},"module":{"x":[{"source":"./"}]}}`)
	f.Add("a.yaml", "Resources:\n  A: {Type: AWS::S3::Bucket, Properties: {BucketName: *a}}\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		tr := newTree()
		for _, read := range []func(string, []byte) error{tr.terraform, tr.terraformJSON, tr.template} {
			_ = read("/x/"+filepath.Base(name), []byte(text)) // must not panic
		}
		tr.follow()
		tr.index(&Index{literal: map[nameKey][]Block{}, logical: map[nameKey][]Block{}})
		_ = steps(text)
	})
}

package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sealaudit/sealaudit/"

// allowed are the rooms of the house, longest prefix first, and what each may
// import of ours. Imports run one way: cmd → report → rego → collectors ←
// collectors/<service> → internal/awsapi.
func allowed() []struct {
	room string
	may  []string
} {
	return []struct {
		room string
		may  []string
	}{
		{"cmd/", []string{"collectors", "collectors/all", "collectors/envelope", "policies", "rego", "report", "report/iac", "fixtures", "internal/awsapi", "internal/dsse", "internal/lab", "internal/envelope", "internal/envelope/"}},
		{"report/iac", nil},
		{"report", []string{"rego", "collectors"}},
		{"rego", []string{"collectors"}},
		{"policies", nil},
		{"fixtures", nil},
		{"collectors/all", []string{"collectors", "collectors/", "internal/awsapi"}},
		{"collectors/envelope", []string{"collectors", "collectors/kms", "internal/awsapi", "internal/envelope", "internal/envelope/"}},
		{"collectors/", []string{"collectors", "collectors/kms", "internal/awsapi", "internal/iampolicy"}},
		{"collectors", nil},
		{"internal/awsapi/awsapitest", []string{"collectors", "internal/awsapi"}},
		{"internal/awsapi", []string{"collectors"}},
		{"internal/lab", []string{"internal/envelope", "internal/envelope/"}},
		{"internal/envelope", []string{"internal/envelope", "internal/envelope/"}},
		{"internal/", nil},
	}
}

// TestImportsRunOneWay holds the structure of the house: who may import whom,
// and where OPA and the AWS SDK may be seen. Tests may import more.
func TestImportsRunOneWay(t *testing.T) {
	root := os.DirFS("../..")
	files, err := goFiles(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d files found: the test looks in the wrong place", len(files))
	}
	for _, file := range files {
		src, err := fs.ReadFile(root, file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := forbidden(path.Dir(file), imported); why != "" {
				t.Errorf("%s imports %s: %s", file, imported, why)
			}
		}
	}
}

func goFiles(root fs.FS) ([]string, error) {
	var files []string
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && p != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go") {
			files = append(files, p)
		}
		return err
	})
	return files, err
}

func forbidden(room, imported string) string {
	if ours, ok := strings.CutPrefix(imported, module); ok {
		for _, rule := range allowed() {
			if room == rule.room || strings.HasPrefix(room, rule.room) && (strings.HasSuffix(rule.room, "/") || strings.HasPrefix(room, rule.room+"/")) {
				if strings.HasPrefix(ours, room+"/") || slices.ContainsFunc(rule.may, func(m string) bool { return ours == m || strings.HasSuffix(m, "/") && strings.HasPrefix(ours, m) }) {
					return ""
				}
				return room + " may import only " + strings.Join(rule.may, ", ")
			}
		}
		return "no rule for " + room
	}
	switch {
	case strings.HasPrefix(imported, "github.com/open-policy-agent/opa") && room != "rego":
		return "OPA is seen in rego only"
	case (strings.HasPrefix(imported, "github.com/hashicorp/") || strings.HasPrefix(imported, "github.com/zclconf/")) && room != "report/iac":
		return "Terraform's parsers are seen in report/iac only"
	case strings.HasPrefix(imported, "github.com/aws/") && !strings.HasPrefix(room, "collectors/") && !strings.HasPrefix(room+"/", "internal/awsapi/") && !strings.HasPrefix(room, "cmd/"):
		return "the AWS SDK is seen in collectors/<service>, internal/awsapi and cmd only"
	}
	return ""
}

// A test that can't fail is a defect.
func TestForbiddenImportsAreSeen(t *testing.T) {
	for _, tc := range []struct{ room, imported string }{
		{"rego", module + "report"},
		{"collectors", module + "internal/awsapi"},
		{"collectors", module + "internal/dsse"},
		{"internal/dsse", module + "collectors"},
		{"collectors/s3", module + "collectors/kinesis"},
		{"collectors/s3", module + "internal/envelope"},
		{"collectors/envelope", module + "collectors/s3"},
		{"internal/lab", module + "collectors"},
		{"internal/iampolicy", module + "collectors"},
		{"report", module + "internal/awsapi"},
		{"policies", module + "rego"},
		{"report/iac", module + "rego"},
		{"report", "github.com/hashicorp/hcl/v2"},
		{"report", "github.com/open-policy-agent/opa/v1/ast"},
		{"collectors", "github.com/aws/aws-sdk-go-v2/aws"},
	} {
		if forbidden(tc.room, tc.imported) == "" {
			t.Errorf("%s may import %s", tc.room, tc.imported)
		}
	}
}

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	sample "github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

func TestLocators(t *testing.T) {
	for locator, want := range map[string]objectID{
		"s3://b/k":                             {"b", "k", ""},
		"s3://b/a/b c?d=e&f#g%20":              {"b", "a/b c?d=e&f#g%20", ""},
		"s3://b/k?versionId=v1":                {"b", "k", "v1"},
		"s3://b/k?versionId=v1?versionId=null": {"b", "k?versionId=v1", "null"},
		"s3://b//":                             {"b", "/", ""},
	} {
		if got, err := parseObject(locator); err != nil || got != want {
			t.Errorf("%s is %q, %v", locator, got, err)
		}
	}
	for locator, want := range map[string]itemID{
		"dynamodb://t?pk=a":                {"t", keyText{"a", "", true}, keyText{}},
		"dynamodb://t?pk=a%26b+c=d&sk=%25": {"t", keyText{"a&b+c=d", "", true}, keyText{"%", "", true}},
		"dynamodb://t?sk:N=7&pk:B=AA==":    {"t", keyText{"AA==", "B", true}, keyText{"7", "N", true}},
	} {
		if got, err := parseItem(locator); err != nil || got != want {
			t.Errorf("%s is %+v, %v", locator, got, err)
		}
	}
	for _, bad := range []string{"s3://", "s3://b", "s3://b/", "s3:///k", "s3://b/?versionId=1", "s3://b/k?versionId=", "file",
		"dynamodb://", "dynamodb://t", "dynamodb://?pk=1", "dynamodb://t?pk=", "dynamodb://t?sk=1", "dynamodb://t?pk=1&pk=2", "dynamodb://t?pk=1&", "dynamodb://t?pk=%", "dynamodb://t?id=1", "dynamodb://t?pk:M=1"} {
		if _, _, err := parseLocator(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestKeyValues(t *testing.T) {
	s := schema{types: map[string]types.ScalarAttributeType{"s": "S", "n": "N", "b": "B"}}
	for _, tc := range []struct {
		name, text, kind string
		want             item.Value
	}{
		{"s", "1", "", item.Text("1")}, {"n", "1", "", item.Number("1")}, {"b", "AQI=", "", item.Bytes([]byte{1, 2})},
		{"other", "1", "N", item.Number("1")}, {"n", "x", "", item.Value{}}, {"b", "?", "", item.Value{}}, {"other", "1", "", item.Value{}},
	} {
		got, err := s.keyValue(tc.name, keyText{tc.text, tc.kind, true})
		if !got.Equal(tc.want) || (err == nil) != (tc.want.Type != "") {
			t.Errorf("%+v: %+v %v", tc, got, err)
		}
	}
}

// Every type of attribute value comes as it would from a file.
func TestItemValues(t *testing.T) {
	text := types.AttributeValueMemberS{Value: "a"}
	all := map[string]types.AttributeValue{
		"S": &text, "N": &types.AttributeValueMemberN{Value: "1"}, "B": &types.AttributeValueMemberB{Value: []byte{1}},
		"BOOL": &types.AttributeValueMemberBOOL{Value: true}, "NULL": &types.AttributeValueMemberNULL{Value: true},
		"SS": &types.AttributeValueMemberSS{Value: []string{"a"}}, "NS": &types.AttributeValueMemberNS{Value: []string{"1"}},
		"BS": &types.AttributeValueMemberBS{Value: [][]byte{{1}}}, "L": &types.AttributeValueMemberL{Value: []types.AttributeValue{&text}},
		"M": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"k": &text}},
	}
	want, err := ddb.Parse([]byte(`{"S":{"S":"a"},"N":{"N":"1"},"B":{"B":"AQ=="},"BOOL":{"BOOL":true},"NULL":{"NULL":true},"SS":{"SS":["a"]},"NS":{"NS":["1"]},"BS":{"BS":["AQ=="]},"L":{"L":[{"S":"a"}]},"M":{"M":{"k":{"S":"a"}}}}`))
	if err != nil || len(want) != len(all) {
		t.Fatal(err)
	}
	for name, v := range all {
		if got, err := sample.ItemValue(v, 0); err != nil || !got.Equal(want[name]) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	var deep types.AttributeValue = &text
	for range item.MaxDepth + 2 {
		deep = &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"k": deep}}}}
	}
	if _, err := sample.ItemValue(deep, 0); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("a deep value: %v", err)
	}
	if _, err := sample.ItemValue(&types.UnknownUnionMember{}, 0); !errors.Is(err, envelope.ErrUnsupported) {
		t.Errorf("an unknown type: %v", err)
	}
}

// What can be read once is kept to be read twice, and nothing is left of it.
func TestReadTwice(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, size := range []int{10, 17 << 20} {
		b := bytes.Repeat([]byte("x"), size)
		r, remove, err := readTwice(io.MultiReader(bytes.NewReader(b)), int64(size))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, b) {
				t.Errorf("%d bytes: %d, %v", size, len(got), err)
			}
			if _, err := r.(io.Seeker).Seek(0, io.SeekStart); err != nil {
				t.Error(err)
			}
		}
		remove()
	}
	broken := io.MultiReader(strings.NewReader("x"), failing{})
	for _, size := range []int64{10, 17 << 20} {
		if _, _, err := readTwice(broken, size); err == nil {
			t.Errorf("a broken body of %d bytes is kept", size)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken") }

// S3 must refuse an object without its key; that it serves it refutes.
func TestRefusesWithout(t *testing.T) {
	a := newAccount(t)
	f := awsFlags{timeout: demoTimeout, attempt: demoTimeout}
	c, err := f.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.objects["b/sealed"] = storedObject{body: []byte("x"), sse: ssec.Digest(make([]byte, 32))}
	a.objects["b/open"] = storedObject{body: []byte("x")}
	a.fail("s3:GetObject b/denied", "AccessDenied")
	for key, want := range map[string]error{"sealed": nil, "open": envelope.ErrFormat, "denied": envelope.ErrRefused, "none": envelope.ErrUnavailable} {
		if err := c.refusesWithout(t.Context(), objectID{bucket: "b", key: key}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", key, err, want)
		}
	}
}

//go:build emulator

package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	local "github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

// canary is in every plaintext that is written, and in nothing that a scan may
// write.
const canary = "CANARY-4711 what nobody may see"

func canaryText() []byte { return []byte(strings.Repeat(canary+" ", 300)) }

// Region of what the proofs are about, which the other tests leave alone, and
// another one.
const proofRegion, farRegion = "ap-southeast-2", "ap-northeast-1"

// sealers seal under keys of the emulator.
type sealers struct {
	t    *testing.T
	good *envelopeKeys // a key of the region
	far  *envelopeKeys // a key of another region
	lost *envelopeKeys // a key of the region that the emulator does not have
	keys map[string]string
}

func emulatorConfig(t *testing.T, region string) aws.Config {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func newSealers(t *testing.T) *sealers {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gone.json")
	s := &sealers{t: t, keys: map[string]string{}}
	for region, name := range map[string]string{proofRegion: "good", farRegion: "far"} {
		out := must[*kms.CreateKeyOutput](t)(kms.NewFromConfig(emulatorConfig(t, region)).CreateKey(t.Context(),
			&kms.CreateKeyInput{KeyUsage: kmstypes.KeyUsageTypeEncryptDecrypt, MultiRegion: aws.Bool(false)})) // which moto has null unless given
		arn := aws.ToString(out.KeyMetadata.Arn)
		s.keys[arn] = name
		keys := s.load(&keyFlags{keyrings: []string{"aws-kms:" + arn}})
		if name == "good" {
			s.good = keys
		} else {
			s.far = keys
		}
	}
	gone := local.New(local.Config{Region: proofRegion, Account: emulated})
	key := must[local.Key](t)(gone.CreateKey(local.KeySpec{}))
	if err := gone.Save(file); err != nil {
		t.Fatal(err)
	}
	s.keys[key.ARN] = "gone"
	s.lost = s.load(&keyFlags{keyrings: []string{"kms-file:" + file}, kmsKey: key.ARN})
	return s
}

func (s *sealers) load(f *keyFlags) *envelopeKeys {
	s.t.Helper()
	flags := awsFlags{timeout: demoTimeout, attempt: demoTimeout}
	f.cloud = must[*cloud](s.t)(flags.open(s.t.Context()))
	k := must[*envelopeKeys](s.t)(f.load())
	if err := k.settle(); err != nil {
		s.t.Fatal(err)
	}
	return k
}

// sealedText is something sealed, as it is stored.
type sealedText struct {
	body        []byte
	metadata    map[string]string
	instruction []byte
}

func (s *sealers) object(k *envelopeKeys, o s3ec.SealOptions) sealedText {
	s.t.Helper()
	var b bytes.Buffer
	metadata, instruction, err := s3ec.Seal(context.Background(), &b, bytes.NewReader(canaryText()), k.s3, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return sealedText{b.Bytes(), metadata, instruction}
}

func (s *sealers) message(k *envelopeKeys) sealedText {
	s.t.Helper()
	out, err := messageTrial(context.Background(), k, canaryText(), esdk.Suite(0x0578), map[string]string{"purpose": canary})
	if err != nil {
		s.t.Fatal(err)
	}
	return sealedText{body: out.parts[0].bytes}
}

// tampered has one bit of the middle changed.
func (a sealedText) tampered() sealedText {
	a.body = bytes.Clone(a.body)
	a.body[len(a.body)/2] ^= 1
	return a
}

// item seals an item for a table with the keys "id" and "sort".
func (s *sealers) item(k *envelopeKeys, table, id string, format ddb.Format) map[string]types.AttributeValue {
	s.t.Helper()
	plain := ddb.Item{"id": item.Text(id), "sort": item.Number("7"), "text": item.Text(canary)}
	if format == ddb.Plain {
		return storedItem(s.t, plain)
	}
	sealed, err := ddb.Seal(context.Background(), plain, format, k.forItem(plain), ddb.Config{Table: table, Partition: "id", Sort: "sort",
		Default: item.EncryptAndSign, Actions: map[string]ddb.Action{"id": item.SignOnly, "sort": item.SignOnly}})
	if err != nil {
		s.t.Fatal(err)
	}
	return storedItem(s.t, sealed)
}

// storedItem is an item of texts, numbers and bytes as the SDK takes it.
func storedItem(t *testing.T, it ddb.Item) map[string]types.AttributeValue {
	t.Helper()
	stored := map[string]types.AttributeValue{}
	for name, v := range it {
		switch v.Type {
		case item.S:
			stored[name] = &types.AttributeValueMemberS{Value: v.Data}
		case item.N:
			stored[name] = &types.AttributeValueMemberN{Value: v.Data}
		case item.B:
			stored[name] = &types.AttributeValueMemberB{Value: []byte(v.Data)}
		default:
			t.Fatalf("an attribute is a %s", v.Type)
		}
	}
	return stored
}

// changedText changes one bit of an encrypted attribute.
func changedText(t *testing.T, it map[string]types.AttributeValue) map[string]types.AttributeValue {
	t.Helper()
	v, ok := it["text"].(*types.AttributeValueMemberB)
	if !ok {
		t.Fatal("the text is not encrypted")
	}
	v.Value = bytes.Clone(v.Value)
	v.Value[len(v.Value)/2] ^= 1
	return it
}

// Package s3ec opens and verifies objects of the Amazon S3 Encryption Client:
// format V1 (AES-CBC, key wrapped with AES-ECB or RSA PKCS #1), V2 (AES-GCM,
// and its CBC reading mode) and V3 (AES-GCM under a derived, committed key),
// with the envelope in the object's metadata or in an instruction file. It
// writes V2 and V3.
//
// Specification: the "S3 Encryption Client" part of the AWS Encryption SDK
// specification repository, "Content Metadata" and "Metadata Strategy"
// (s3-encryption/data-format/content-metadata.md, metadata-strategy.md).
//
// A body is authenticated by one tag at its end. [Verify] checks that tag
// without decrypting, in pieces of 128 KiB. [Open] decrypts bodies of up to 16
// MiB in memory and reads larger ones twice, from the [io.Seeker] that the body
// is or from a temporary file of ciphertext: once to check the tag, once to
// decrypt, each piece under a tag of its own that the first reading gave, so
// that no byte of plaintext is written before the whole body is authentic.
//
// A body or plaintext that is in the caller's memory, a [bytes.Reader] or
// [bytes.Buffer], is read where it is and not copied. Nothing else may write to
// that memory meanwhile. Of such a body Open decrypts the last 24 MiB and
// checks all of it in one go, and then decrypts what comes before.
//
// It never answers for a part of an object: what the clients call a ranged
// read decrypts with AES-CTR and authenticates nothing, and is out of scope. A
// body that is not the whole object is refuted like a damaged one.
package s3ec

import (
	"context"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Format is the format's name in a proof.
const Format = "S3 Encryption Client"

// InstructionSuffix is appended to an object's key to name its instruction
// file ("Metadata Strategy", "Instruction File").
const InstructionSuffix = ".instruction"

// InstructionMarker is the name in an instruction file's own metadata that
// says what it is. Its value is empty.
const InstructionMarker = "x-amz-crypto-instr-file"

// Object is what S3 has of one encrypted object.
type Object struct {
	// Metadata is the user metadata; names may come with their "x-amz-meta-"
	// prefix and in any case.
	Metadata map[string]string
	// Instruction is the body of the object's instruction file, nil if it has
	// none. It is read only where the metadata holds no envelope.
	Instruction []byte
	// Body is the whole ciphertext. Open reads it twice where it is larger
	// than fits in memory; that needs no temporary file if it can seek. What
	// is in memory already comes cheapest as a bytes.Reader.
	Body io.Reader
	// Size is the body's length where the store says it, else 0. A body that
	// ends elsewhere was not read to its end, which refutes nothing.
	Size int64
}

// KMS is what the kms and kms+context wraps ask of a key service. Errors wrap
// the classes of package envelope.
type KMS interface {
	// Decrypt unwraps a data key. An empty keyID leaves the choice of the key
	// to the blob.
	Decrypt(ctx context.Context, keyID string, blob []byte, encryptionContext map[string]string) (envelope.DataKey, error)
	// GenerateDataKey makes a data key of so many bytes, and its blob.
	GenerateDataKey(ctx context.Context, keyID string, bytes int, encryptionContext map[string]string) (envelope.DataKey, []byte, error)
}

// Options say how to read. The zero value verifies and opens what is
// authenticated.
type Options struct {
	// Context is the encryption context that the caller expects of a KMS wrap,
	// without the names that the clients add. Nil compares nothing.
	Context map[string]string
	// Values puts the values of the encryption context into the proof.
	Values bool
	// Unauthenticated lets Open write the plaintext of AES-CBC, which nothing
	// authenticates. Verify reads CBC without it.
	Unauthenticated bool
	// TempDir is where Open keeps ciphertext that it must read twice and
	// cannot seek in; "" is the system's.
	TempDir string
	// Run remembers the data keys and initialisation vectors of all objects
	// of a run, to find them used twice. Nil remembers nothing.
	Run *Run
}

package lab

import (
	"fmt"
	"strings"
)

// Object is one object that a bucket has from the start, or so many of them.
// It is written through the path that calls take, at the time that it says.
// Two of one key are two versions where the bucket has versioning.
type Object struct {
	Key   string `yaml:"Key"`   // {n} is its number
	Count int    `yaml:"Count"` // how many, numbered from 1; 0 is one
	Body  string `yaml:"Body"`  // plaintext; {n} is the number
	Size  int    `yaml:"Size"`  // bytes: the body is repeated to so many; 0 is the body once

	LastModified any               `yaml:"LastModified"` // a date or now-2d; absent is when the account starts
	ContentType  string            `yaml:"ContentType"`
	StorageClass string            `yaml:"StorageClass"`
	Metadata     map[string]string `yaml:"Metadata"` // of the user; over what a client-side format writes
	Tags         map[string]string `yaml:"Tags"`
	PartSize     int               `yaml:"PartSize"`     // bytes: it was uploaded in parts of so many; 0 is at once
	DeleteMarker bool              `yaml:"DeleteMarker"` // no object, but the deletion of what was there

	// As in the request that wrote it. "none" is an object without any
	// encryption, from before 5 January 2023; "" is the bucket's default, and
	// SSE-C takes the demonstration key of the name SSECustomerKey.
	ServerSideEncryption    string            `yaml:"ServerSideEncryption"`
	SSEKMSKeyId             string            `yaml:"SSEKMSKeyId"`
	BucketKeyEnabled        *bool             `yaml:"BucketKeyEnabled"`
	SSEKMSEncryptionContext map[string]string `yaml:"SSEKMSEncryptionContext"`
	SSECustomerKey          string            `yaml:"SSECustomerKey"`

	Client *ClientSide `yaml:"Client"` // the body is an artefact of a client-side library

	KeyGone  bool              `yaml:"KeyGone"`  // the KMS key that was used, named by ARN, has been deleted since
	Tampered bool              `yaml:"Tampered"` // one bit of the artefact was changed before S3 got it
	Damaged  bool              `yaml:"Damaged"`  // one bit was changed on S3's disk
	Errors   map[string]string `yaml:"Errors"`   // operations that fail on it: GetObject: denied
}

// ClientSide says how a client encrypted an object before S3 got it.
type ClientSide struct {
	Format string `yaml:"Format"` // s3ec-v1, s3ec-v2, s3ec-v3 or esdk
	// Wrap is aes or rsa, under the demonstration key of the name Key, or
	// kms+context under the KMS key; s3ec-v2 has kms too, whose context says
	// nothing of the content. "" is kms+context, aes for s3ec-v1.
	Wrap        string            `yaml:"Wrap"`
	Key         string            `yaml:"Key"`         // id, ARN or alias of a KMS key, or a name; "" is "client"
	Context     map[string]string `yaml:"Context"`     // encryption context, or material description
	Instruction bool              `yaml:"Instruction"` // of s3ec: the envelope is in an instruction file
	CBC         bool              `yaml:"CBC"`         // of s3ec-v2: the content is under AES-CBC
	MD5         bool              `yaml:"MD5"`         // of s3ec-v1: the MD5 of the plaintext stands in the metadata
	SameKey     bool              `yaml:"SameKey"`     // of s3ec-v2 under KMS: all of Count have one data key and one IV
	Suite       int               `yaml:"Suite"`       // of esdk: 0x0578 …; 0 is the library's default
}

// check finds what an object can't be.
func (o *Object) check(region, bucket string) error {
	kms := o.Client != nil && strings.HasPrefix(o.Client.wrap(), "kms")
	var why string
	switch {
	case o.Key == "":
		why = "it has no Key"
	case o.Count > 1 && !strings.Contains(o.Key, "{n}"):
		why = "Count needs {n} in the Key"
	case o.Count < 0 || o.Size < 0 || o.PartSize < 0:
		why = "a number is negative"
	case o.Tampered && o.Client == nil:
		why = "Tampered needs a Client, since S3 would serve anything else as it was; see Damaged"
	case o.ServerSideEncryption == ssec && o.SSECustomerKey == "":
		why = "SSE-C needs a SSECustomerKey, the name of a demonstration key"
	case o.KeyGone && !strings.HasPrefix(o.SSEKMSKeyId, "arn:") && !(kms && strings.HasPrefix(o.Client.Key, "arn:")):
		why = "KeyGone needs the ARN of a KMS key"
	case o.Client != nil:
		why = o.Client.check()
	}
	if why == "" {
		return nil
	}
	return fmt.Errorf("%s/s3.yaml: %s: object %s: %s; see the type Object", region, bucket, o.Key, why)
}

func (c *ClientSide) check() string {
	switch wrap := c.wrap(); {
	case c.Format != "s3ec-v1" && c.Format != "s3ec-v2" && c.Format != "s3ec-v3" && c.Format != "esdk":
		return "Client.Format is s3ec-v1, s3ec-v2, s3ec-v3 or esdk"
	case wrap != "aes" && wrap != "rsa" && wrap != "kms+context" && wrap != "kms":
		return "Client.Wrap is aes, rsa, kms or kms+context"
	case strings.HasPrefix(wrap, "kms") && c.Key == "":
		return "Client.Wrap under KMS needs a Key"
	case wrap == "kms" && c.Format != "s3ec-v2" && c.Format != "esdk":
		return "Client.Wrap kms is of s3ec-v2"
	case c.Format == "s3ec-v1" && wrap == "kms+context":
		return "s3ec-v1 has no kms+context; take aes, rsa, or s3ec-v2 with CBC"
	case (c.CBC || c.SameKey) && (c.Format != "s3ec-v2" || !strings.HasPrefix(wrap, "kms")):
		return "CBC and SameKey are of s3ec-v2 under KMS"
	case c.MD5 && c.Format != "s3ec-v1":
		return "MD5 is of s3ec-v1"
	}
	return ""
}

func (c *ClientSide) wrap() string {
	switch {
	case c.Wrap != "":
		return c.Wrap
	case c.Format == "s3ec-v1":
		return "aes"
	}
	return "kms+context"
}

package iampolicy

import "strings"

// Uploads says which kinds of s3:PutObject request (also multipart uploads
// and copies, which need the same permission) the policy denies to everybody
// on every object. The kinds differ in the encryption headers they send.
type Uploads struct {
	NoHeader      Answer `json:"no_header"`       // none: the bucket's default applies
	AES256        Answer `json:"aes256"`          // SSE-S3
	KMSWithoutKey Answer `json:"kms_without_key"` // aws:kms and no key: S3 uses aws/s3
	KMSRightKey   Answer `json:"kms_right_key"`   // aws:kms with the bucket's default key
	KMSWrongKey   Answer `json:"kms_wrong_key"`   // aws:kms with any other key
	DSSERightKey  Answer `json:"dsse_right_key"`  // aws:kms:dsse with the bucket's default key
	SSEC          Answer `json:"sse_c"`           // a key of the customer, which AWS doesn't keep
}

type namedAnswer struct {
	name   string
	answer *Answer
}

func (u *Uploads) list() []namedAnswer {
	return []namedAnswer{
		{"no_header", &u.NoHeader}, {"aes256", &u.AES256}, {"kms_without_key", &u.KMSWithoutKey},
		{"kms_right_key", &u.KMSRightKey}, {"kms_wrong_key", &u.KMSWrongKey},
		{"dsse_right_key", &u.DSSERightKey}, {"sse_c", &u.SSEC},
	}
}

const (
	sseKey      = "s3:x-amz-server-side-encryption"
	kmsKeyIDKey = "s3:x-amz-server-side-encryption-aws-kms-key-id"
	sseCKey     = "s3:x-amz-server-side-encryption-customer-algorithm"
)

const effectiveKeyCaveat = "the answer changes if S3 compares " + kmsKeyIDKey +
	" with the key it ends up using instead of the header, which AWS does not document"

func (a *bucketAnalysis) uploads() Uploads {
	var u Uploads
	if a.directory() && a.policy != nil {
		for _, n := range u.list() {
			*n.answer = answer(Unknown, nil, "uploads to a directory bucket are authorised by its session, which is not modelled")
		}
		return u
	}
	kms, dsse := "aws:kms", "aws:kms:dsse"
	right := []string{a.defaultKey()}
	if right[0] == "" {
		right = a.otherKeys() // any key: there is no right one
	}
	u.NoHeader = a.upload("", "", "", "uploads without an encryption header")
	u.AES256 = a.upload("AES256", "", "", "uploads with AES256")
	u.KMSWithoutKey = a.upload(kms, "", "", "uploads with aws:kms and no key")
	u.KMSRightKey = a.keyed(kms, right, "uploads with aws:kms and the bucket's key")
	u.KMSWrongKey = a.keyed(kms, a.otherKeys(), "uploads with aws:kms and another key")
	u.DSSERightKey = a.keyed(dsse, right, "uploads with aws:kms:dsse and the bucket's key")
	u.SSEC = a.upload("", "", "AES256", "uploads with SSE-C")
	a.caveat(&u.NoHeader, "", right[0])
	a.caveat(&u.KMSWithoutKey, kms, a.madeUpKey())
	return u
}

// upload asks for one kind of upload; an empty header is one not sent.
func (a *bucketAnalysis) upload(sse, key, customer, what string) Answer {
	context := a.base()
	context["aws:securetransport"] = []string{"true"}
	context["s3:tlsversion"] = []string{"1.3"}
	for name, value := range map[string]string{sseKey: sse, kmsKeyIDKey: key, sseCKey: customer} {
		context[name] = nil
		if value != "" {
			context[name] = []string{value}
		}
	}
	_, objects := a.targets()
	objects.service, objects.actions = "s3:PutObject", []string{"s3:PutObject"}
	return a.denied(context, objects, what, focusOf(a.policy))
}

// focusOf is the encryption key that the policy's Deny statements read.
func focusOf(p *Policy) string {
	if p != nil {
		for _, key := range []string{sseKey, kmsKeyIDKey, sseCKey} {
			for i := range p.statements {
				if p.statements[i].deny && p.statements[i].mentions(key) {
					return key
				}
			}
		}
	}
	return sseKey
}

// keyed asks for uploads with any of some keys. Against a known default key
// they are denied when all are; without one, only what holds for every key is
// an answer.
func (a *bucketAnalysis) keyed(sse string, keys []string, what string) Answer {
	var first, open *Answer
	for _, key := range keys {
		got := a.upload(sse, key, "", what)
		switch {
		case got.Tri() == False && a.defaultKey() != "":
			return got
		case got.Tri() == Unknown:
			open = &got
		case first == nil:
			first = &got
		case got.Tri() != first.Tri():
			return answer(Unknown, nil, "whether %s are denied depends on the key, and the bucket's default key is not known", what)
		}
	}
	if open != nil {
		return *open
	}
	return *first
}

// defaultKey is the bucket's key when it is known by its full key ARN, the
// form that the condition key has.
func (a *bucketAnalysis) defaultKey() string {
	if strings.HasPrefix(a.bucket.DefaultKeyARN, "arn:") && strings.Contains(a.bucket.DefaultKeyARN, ":key/") {
		return a.bucket.DefaultKeyARN
	}
	return ""
}

// madeUpKey is the ARN of a key that the policy doesn't name.
func (a *bucketAnalysis) madeUpKey() string {
	account := "000000000000"
	if a.policy != nil {
		account = a.policy.strangerAccount(a.bucket.Account)
	}
	return "arn:" + a.bucket.Partition + ":kms:us-east-1:" + account + ":key/" + unlisted
}

// otherKeys stand for every key but the default one: a made-up key, and one
// for each that the policy names.
func (a *bucketAnalysis) otherKeys() []string {
	keys := []string{a.madeUpKey()}
	if a.policy == nil {
		return keys
	}
	for _, key := range append(a.policy.derive(kmsKeyIDKey).named, a.sibling()...) {
		if key != a.defaultKey() && strings.HasPrefix(key, "arn:") && len(keys) < maxOptions {
			keys = append(keys, key)
		}
	}
	return keys
}

// sibling is another key of the default key's account and region.
func (a *bucketAnalysis) sibling() []string {
	prefix, _, ok := strings.Cut(a.defaultKey(), ":key/")
	if !ok {
		return nil
	}
	return []string{prefix + ":key/" + unlisted}
}

// caveat marks an answer that hangs on whether S3 compares the key id
// condition with the header or with the key in effect.
func (a *bucketAnalysis) caveat(an *Answer, sse, effective string) {
	if effective == "" || a.policy == nil {
		return
	}
	if other := a.upload(sse, effective, "", "uploads"); other.Tri() != an.Tri() {
		an.Caveat = effectiveKeyCaveat
	}
}

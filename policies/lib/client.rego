# What client-side encryption says of itself and what opening it showed.
# Functions of values: they never look at the input themselves.
package lib.client

import data.lib.encryption

# sealed says whether a fact called "format" is of data that a client encrypted:
# an instruction file and an item of a key store hold keys, and are none.
sealed(format) if not format in {"none", "s3ec-instruction", "key-store"}

# refuted says which step of a proof did not hold, and why.
refuted(proof) := steps[0] if {
	steps := [text |
		some shown in proof.steps
		some step in shown.steps
		step.verdict == "refuted"
		text := sprintf("the step %q does not hold%s", [step.name, why(step)])
	]
}

else := "a step does not hold"

why(step) := sprintf(" (%s)", [text]) if text := step.why

else := ""

# key_faults say what is wrong with KMS keys that data was encrypted with, from
# a fact called "kms_keys".
key_faults(keys) := {key_fault(key) | some key in keys}

key_fault(key) := sprintf("KMS has no key %q", [key_name(key)]) if key.exists == false

else := sprintf("the state of key %q is %s", [key_name(key), key.state]) if not encryption.usable(key.state)

key_name(key) := arn if arn := key.arn

else := key.id

# foreign are those of the keys' texts that are the ARN of a KMS key of another
# account than own and those that are allowed. Others have no account to judge.
foreign(keys, own, allowed) := {key |
	some key in keys
	account := account_of(key)
	account != own
	not account in allowed
}

# account_of is the account in the ARN of a KMS key. It is undefined for another
# text.
account_of(key) := parts[4] if {
	parts := split(key, ":")
	count(parts) == 6
	parts[0] == "arn"
	parts[2] == "kms"
}

# judged are the weaknesses that a policy of their own judges, or the format's.
judged := {
	"context-unbound",
	"duplicate-data-key",
	"duplicate-iv",
	"no-key-derivation",
	"not-committing",
	"pkcs1-wrap",
	"plaintext-md5",
	"sha1-wrap",
	"unauthenticated-cbc",
	"unauthenticated-ecb-wrap",
	"unsigned",
	"unsigned-attributes",
	"unsigned-description",
}

# wraps are the weaknesses of how a data key is wrapped, in words.
wraps := {
	"pkcs1-wrap": "the data key is wrapped with RSA PKCS #1 v1.5",
	"sha1-wrap": "the data key is wrapped with RSA-OAEP over SHA-1",
	"unauthenticated-ecb-wrap": "the data key is wrapped with AES-ECB, which does not authenticate it",
}

# texts are the weaknesses that sound judges, in words.
texts := {
	"frame-sequence": "the initialisation vectors of frames are not their sequence numbers",
	"length-claim": "the metadata claims another length of the plaintext than it has",
	"many-data-keys": "there are more than 16 wrapped data keys",
	"net-4.0.0": "the writer was version 4.0.0 for .NET, whose header tag is not the specification's",
	"repeated-iv": "frames share an initialisation vector, which reveals them and lets anyone forge",
}

# weakness is a weakness in words, or its id where there are none here.
weakness(id) := text if text := texts[id]

else := sprintf("it has the weakness %s", [id])

# repeats say which of data keys and initialisation vectors occur twice, from a
# fact called "duplicates". derived: each ciphertext has a key of its own that
# is derived from the data key.
repeats(duplicates, derived) := {text |
	some name, what in {"ivs": "an initialisation vector under one data key", "data_keys": "a data key"}
	duplicates[name] > 0
	not harmless(name, derived)
	text := sprintf("%d share %s with another ciphertext", [duplicates[name], what])
}

harmless("data_keys", true)

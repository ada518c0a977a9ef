package collectors

import "time"

// Manifest describes a snapshot: who read what, when, with what, and the
// digest of every other entry of its bundle.
type Manifest struct {
	Format   string    `json:"format"` // "sealaudit-bundle/1"
	Tool     string    `json:"tool"`   // "sealaudit <version>"
	Demo     bool      `json:"demo"`   // of the embedded account, not of a real one
	Caller   string    `json:"caller"` // ARN of the identity that read
	Accounts []string  `json:"accounts"`
	Regions  []string  `json:"regions"`
	Services []string  `json:"services"`
	Started  time.Time `json:"started"`            // UTC
	Ended    time.Time `json:"ended"`              // UTC; the clock that policies see
	SkewMS   int64     `json:"clock_skew_ms"`      // local clock minus AWS's (Date header), milliseconds
	Endpoint string    `json:"endpoint,omitempty"` // custom endpoint, when one was used
	FIPS     bool      `json:"fips"`               // FIPS endpoints were asked for
	// Previous is the evidence digest of the run before this one, if it was
	// named: so runs are a chain, in which none can be replaced or left out.
	Previous string `json:"previous,omitempty"`
	// Sampling is how ciphertexts were sampled, when they were.
	Sampling *Sampling `json:"sampling,omitempty"`
	// Probes are the ARNs of what the run was told to write a canary to; it
	// wrote to nothing else. Their rows say whether it could.
	Probes []string `json:"probes,omitempty"`
	// Interrupted is why the collection ended early, if it did.
	Interrupted string     `json:"interrupted,omitempty"`
	Coverage    []Coverage `json:"coverage"`
	Entries     []Entry    `json:"entries"` // in the bundle's order
}

// Entry is one file of the bundle.
type Entry struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // bytes, uncompressed
	Digest string `json:"digest"` // "sha256:…" of the content
	Packed string `json:"packed"` // "sha256:…" of the compressed bytes
}

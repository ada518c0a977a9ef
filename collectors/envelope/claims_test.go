package envelope

import (
	"slices"
	"testing"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

// What a header claims is a gap only where the header could not be had, and for
// the reason that the proof has.
func TestClaimGaps(t *testing.T) {
	denied := []collectors.Gap{{Attributes: []string{proofPath}, Reason: collectors.Denied, Permission: "s3:GetObject"}}
	seen := func(c Client, v envelope.Verdict, gaps []collectors.Gap) Sighting {
		return Sighting{Client: c, Proof: &envelope.Proof{Verdict: v}, Gaps: gaps}
	}
	for what, tc := range map[string]struct {
		seen Sighting
		want int
	}{
		"not had":                   {seen(Client{Format: "esdk"}, envelope.Unknown, denied), 1},
		"read, and not opened":      {seen(Client{Format: "esdk-v2", Algorithm: "0578"}, envelope.Unknown, denied), 0},
		"no header":                 {seen(Client{Format: "s3ec"}, envelope.Refuted, nil), 0},
		"a customer-provided key":   {seen(Client{Format: "none"}, envelope.Unknown, denied), 0},
		"nothing to open":           {Sighting{Client: Client{Format: "key-store"}}, 0},
		"no reason, which is a bug": {seen(Client{Format: "esdk"}, envelope.Unknown, nil), 0},
	} {
		got := claimGaps(&tc.seen)
		if len(got) != tc.want {
			t.Fatalf("%s: gaps %v, want %d", what, got, tc.want)
		}
		for _, g := range got {
			if g.Reason != collectors.Denied || g.Permission != "s3:GetObject" || !slices.Contains(g.Attributes, "facts.client_side.committing") ||
				slices.Contains(g.Attributes, clientPath+".format") {
				t.Errorf("%s: gap %+v", what, g)
			}
		}
	}
	if !slices.Equal(denied[0].Attributes, []string{proofPath}) {
		t.Errorf("the proof's own gap was changed: %v", denied[0])
	}
}

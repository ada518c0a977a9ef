package report

import "fmt"

// limits say what the report is not, and what this file leaves to others.
func limits(d Data, n tally, data *rows, e *evidence) []string {
	out := []string{
		"It shows the account as it was between " + clock(d.Manifest.Started) + " and " + clock(d.Manifest.Ended) + ", not before and not since.",
		"It covers what the section on the population lists. What was not read is unknown; unknown is neither pass nor fail.",
		"Framework requirements are those that a policy supports. A pass supports a requirement and does not prove it; this report is no opinion, and only an auditor concludes.",
		"PCI DSS 3.5.1.2, in force since 31 March 2025: where disk-level encryption protects PAN on media that can't be removed, PAN must be unreadable by another mechanism too; so it is for every encryption that hands out clear PAN by itself while the system runs. Encryption at rest by S3, Kinesis, Firehose or DynamoDB alone therefore does not meet 3.5.1; a pass here is supporting evidence and not \"in place\".",
		"Attested is what AWS states and nobody outside of AWS can check.",
	}
	if len(e.cohorts) > 0 {
		out = append(out,
			"A proof is of the sampled ciphertext. Bounds of a share say how far the rest may differ; they hold at 95 % and for what was listed.",
			"Server-side encryption can't be proven from outside: the service decrypts before it answers. What it says of each object or record is shown; verified is only what was opened by its tag.")
	}
	out = append(out, "Characters that can't be seen, such as control characters and reversed writing, are shown as escapes like \\u202e.")
	if left := n.all.total() - len(data.Findings); left > 0 {
		out = append(out, fmt.Sprintf("This file has the first %d of %d findings, failures first; the JSON report has all.", len(data.Findings), n.all.total()))
	}
	if data.noCalls > 0 {
		out = append(out, fmt.Sprintf("For %s the evidence calls are not in this file, which has room for %d calls; the JSON report has them.", plural(data.noCalls, "row"), maxCalls))
	}
	if left := len(e.cohorts) - len(e.shown); left > 0 {
		out = append(out, fmt.Sprintf("This file unfolds the first %d of %d cohorts, what was refuted first; the bundle's resources.jsonl has all.", len(e.shown), len(e.cohorts)))
	}
	return out
}

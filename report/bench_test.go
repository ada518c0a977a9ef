package report

import (
	"io"
	"testing"
)

// BenchmarkWrite writes 25,000 findings in each format: bytes of the report
// and of what it allocates.
func BenchmarkWrite(b *testing.B) {
	d := largeHTML(25000) // the others ignore the evidence
	for _, f := range Formats() {
		b.Run(f.Name, func(b *testing.B) {
			size := len(render(b, f.Name, d, Options{SARIFProfile: "full"}))
			b.ReportAllocs()
			for b.Loop() {
				if err := Write(io.Discard, f.Name, d, Options{SARIFProfile: "full"}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size), "report-B")
		})
	}
}

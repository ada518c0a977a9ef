package collectors

// Sampling says which ciphertexts a run samples. The same sampling of the same
// account picks the same ones.
type Sampling struct {
	Size     int   `json:"size"`      // of the sample of each bucket, shard or table
	Seed     int64 `json:"seed"`      // that the choice depends on
	List     int   `json:"list"`      // names that are listed of each at most
	MaxBytes int64 `json:"max_bytes"` // of a ciphertext that is opened; of longer ones only headers are read
}

// A SamplingCollector is a collector whose facts are of a sample. What an
// earlier run has of it counts only if that run sampled alike.
type SamplingCollector interface {
	Collector
	Sampling() Sampling
}

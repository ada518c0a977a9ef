package envelope

import "strings"

// label is a short name of a shape, for people.
func (s *Sighting) label() string {
	if s.Label != "" {
		return s.Label
	}
	parts := []string{s.Server.label()}
	if f := s.Client.Format; f != "none" {
		parts = append(parts, clientLabel(f))
	}
	if v := s.verdict(); v != "" {
		parts = append(parts, string(v))
	} else if s.Server.Algorithm == "" && s.Client.Format == "" {
		return "not read"
	}
	return strings.Join(parts, ", ")
}

func (s Server) label() string {
	switch s.Algorithm {
	case "":
		return "encryption not read"
	case "none", "NONE":
		return "not encrypted"
	case "AES256":
		return "SSE-S3"
	case "aws:kms":
		return "SSE-KMS"
	case "aws:kms:dsse":
		return "DSSE-KMS"
	}
	return s.Algorithm
}

func clientLabel(format string) string {
	name, version, _ := strings.Cut(format, "-v")
	switch {
	case format == "":
		return "content not read"
	case format == "s3ec-instruction":
		return "instruction file"
	case name == "s3ec" && version != "":
		return "S3EC V" + version
	case name == "esdk" && version != "":
		return "ESDK v" + version
	}
	return format
}
